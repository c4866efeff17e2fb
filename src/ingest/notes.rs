//! What a parser notes on its way: findings of rows, and tallies of what would be too many lines.

use jiff::civil::Date;

use super::dates::{self, Form, Reading};
use super::text;
use crate::model::finding::{self, Finding, Kind, Place};

/// Something seen many times in a file: told once, with the first line and the count.
struct Tally {
    kind: Kind,
    field: &'static str,
    line: u64,
    count: u64,
}

pub(super) struct Notes<'a> {
    part: &'a str,
    findings: Vec<Finding>,
    tallies: Vec<Tally>,
}

/// Where a date stands: the row, the element, and what is said when nobody can read it.
#[derive(Clone, Copy)]
pub(super) struct DateField<'a> {
    pub id: &'a str,
    pub line: u64,
    pub element: &'static str,
    pub form: Form,
}

impl<'a> Notes<'a> {
    pub(super) fn new(part: &'a str) -> Self {
        Self { part, findings: Vec::new(), tallies: Vec::new() }
    }

    pub(super) fn at(&self, kind: Kind, line: u64) -> Finding {
        kind.at(Place::line(self.part, line))
    }

    pub(super) fn at_file(&self, kind: Kind) -> Finding {
        kind.at(Place::file(self.part))
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn tally(&mut self, kind: Kind, field: &'static str, line: u64) {
        let same = |tally: &&mut Tally| tally.kind == kind && tally.field == field;
        match self.tallies.iter_mut().find(same) {
            Some(tally) => tally.count += 1,
            None => self.tallies.push(Tally { kind, field, line, count: 1 }),
        }
    }

    /// A date of a row: absent, open-ended and unreadable ones are None. The finding shows the
    /// form of an unreadable one, never the date.
    pub(super) fn date(&mut self, written: &str, field: DateField<'_>) -> Option<Date> {
        let written = text::trim(written);
        if written.is_empty() {
            return None;
        }
        match dates::read(written, field.form) {
            Reading::Day(day) => Some(day),
            Reading::OtherForm(day) => {
                self.tally(finding::DATE_OTHER_FORM, field.element, field.line);
                Some(day)
            }
            Reading::OpenEnd => None,
            Reading::Unreadable => {
                let birth = matches!(field.element, "DATE_NAISS" | "DATE_NAISSANCE");
                let kind =
                    if birth { finding::BIRTHDATE_UNREADABLE } else { finding::DATE_UNREADABLE };
                let finding = self.at(kind, field.line).with("id", field.id);
                self.push(finding.with("field", field.element).with("form", text::form(written)));
                None
            }
        }
    }

    /// Every finding, those of rows first, in the order of the file.
    pub(super) fn into_findings(mut self) -> Vec<Finding> {
        for tally in std::mem::take(&mut self.tallies) {
            let finding = self.at(tally.kind, tally.line).with("count", tally.count);
            self.findings.push(match tally.field {
                "" => finding,
                field => finding.with("field", field),
            });
        }
        self.findings
    }
}
