//! `STS_EDT` (formats 1): staff, and the structures with who teaches in them.

use std::io::BufRead;

use jiff::civil::Date;

use super::dates::Form;
use super::notes::{DateField, Notes};
use super::structures::Structures;
use super::xml::{Verdict, Xml};
use super::{Door, count_row, push_bounded, text};
use crate::model::delivery::Counts;
use crate::model::finding;
use crate::model::ids::StructureCode;
use crate::model::record::{Content, Names, StaffKind, StaffRecord, StaffRef, StsContent};

#[derive(Default)]
pub(super) struct Sts {
    staff: Vec<StaffRecord>,
    structures: Structures,
    counts: Counts,
}

/// The children of one `INDIVIDU` that are kept.
#[derive(Default)]
struct Draft {
    usage: Option<String>,
    birth: Option<String>,
    given: Option<String>,
    birth_date: Option<Date>,
    function: Option<String>,
    head_teacher_of: Vec<(StructureCode, Option<Date>)>,
}

/// What `TYPE` says; true when it says something unknown. Absent means the académie's base.
pub(super) fn staff_kind(written: Option<&str>) -> (StaffKind, bool) {
    match written.map(text::trim) {
        Some(kind) if kind.eq_ignore_ascii_case("local") => (StaffKind::Local, false),
        Some(kind) if kind.eq_ignore_ascii_case("epp") => (StaffKind::Epp, false),
        Some("") | None => (StaffKind::Epp, false),
        Some(_) => (StaffKind::Epp, true),
    }
}

impl Sts {
    pub(super) fn read_data<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        while xml.child()? {
            let (row, substitute) = match xml.name() {
                "INDIVIDUS" => ("INDIVIDU", false),
                // A parser that reads INDIVIDUS alone loses every substitute teacher.
                "SUPPLEANTS" => ("SUPPLEANT", true),
                "STRUCTURE" => {
                    self.structures.read_sections(xml, notes, door)?;
                    continue;
                }
                _ => {
                    xml.unknown()?;
                    continue;
                }
            };
            while xml.child()? {
                if xml.name() == row {
                    self.read_person(xml, notes, door, substitute)?;
                } else {
                    xml.unknown()?;
                }
            }
        }
        Ok(())
    }

    fn read_person<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
        substitute: bool,
    ) -> Verdict<()> {
        let line = xml.line();
        count_row(&mut self.counts.read, door.people_max, notes, line)?;
        let Some(id) = xml.attribute("ID").and_then(|id| text::code(&id)) else {
            self.counts.rejected += 1;
            notes.push(notes.at(finding::ID_MISSING, line));
            return xml.skip();
        };
        let written = xml.attribute("TYPE");
        let (kind, unknown) = staff_kind(written.as_deref());
        if unknown {
            let value = text::quotable(written.as_deref().unwrap_or_default(), 20);
            let finding = notes.at(finding::STAFF_TYPE_UNKNOWN, line);
            notes.push(finding.with("id", &id).with("value", value));
        }
        drop(written);
        let draft = read_fields(xml, notes, &id, line)?;
        // Local people have one name, in NOM_USAGE: it is then the name.
        let (family, usage) = match (draft.birth, draft.usage) {
            (Some(birth), usage) => (Some(birth), usage),
            (None, usage) => (usage, None),
        };
        let (Some(family), Some(given)) = (&family, &draft.given) else {
            self.counts.rejected += 1;
            let field = if family.is_none() { "NOM_USAGE" } else { "PRENOM" };
            let finding = notes.at(finding::NAME_MISSING, line);
            notes.push(finding.with("id", &id).with("field", field));
            return Ok(());
        };
        self.counts.accepted += 1;
        self.staff.push(StaffRecord {
            line,
            staff: StaffRef { kind, id },
            names: Names { family: family.clone(), usage, given: given.clone() },
            birth_date: draft.birth_date,
            function: draft.function,
            head_teacher_of: draft.head_teacher_of,
            substitute,
        });
        Ok(())
    }

    pub(super) fn finish(self) -> (Content, Counts) {
        let structures = self.structures.into_records();
        (Content::Sts(StsContent { staff: self.staff, structures }), self.counts)
    }
}

fn read_fields<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &mut Notes<'_>,
    id: &str,
    line: u64,
) -> Verdict<Draft> {
    let mut draft = Draft::default();
    while xml.child()? {
        match xml.name() {
            "NOM_USAGE" => draft.usage = text::name(xml.text()?),
            "NOM_PATRONYMIQUE" => draft.birth = text::name(xml.text()?),
            "PRENOM" => draft.given = text::name(xml.text()?),
            "DATE_NAISSANCE" => {
                let field = DateField { id, line, element: "DATE_NAISSANCE", form: Form::Iso };
                draft.birth_date = notes.date(xml.text()?, field);
            }
            "FONCTION" => draft.function = text::code(xml.text()?),
            "PROFS_PRINC" => read_head_teacher(xml, notes, id, &mut draft.head_teacher_of)?,
            "SEXE" | "CIVILITE" | "GRADE" | "DISCIPLINES" => xml.skip()?,
            _ => xml.unknown()?,
        }
    }
    Ok(draft)
}

fn read_head_teacher<R: BufRead>(
    xml: &mut Xml<R>,
    notes: &mut Notes<'_>,
    id: &str,
    divisions: &mut Vec<(StructureCode, Option<Date>)>,
) -> Verdict<()> {
    while xml.child()? {
        if xml.name() != "PROF_PRINC" {
            xml.unknown()?;
            continue;
        }
        let line = xml.line();
        let (mut code, mut until) = (None, None);
        while xml.child()? {
            match xml.name() {
                "CODE_STRUCTURE" => code = text::code(xml.text()?).map(StructureCode),
                "DATE_FIN" => {
                    let field = DateField { id, line, element: "DATE_FIN", form: Form::Iso };
                    until = notes.date(xml.text()?, field);
                }
                "DATE_DEBUT" => xml.skip()?,
                _ => xml.unknown()?,
            }
        }
        if let Some(code) = code {
            push_bounded(divisions, (code, until), notes, line)?;
        }
    }
    Ok(())
}
