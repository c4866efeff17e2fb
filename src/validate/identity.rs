//! Identifiers that two rows share, or that a row lacks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding as kind;
use crate::model::record::{PupilRecord, StaffRecord};

/// The same `ELEVE_ID`, or the same (`TYPE`, `ID`), on two rows: nobody can tell which is right.
pub(super) fn ids_duplicated(view: &View<'_>, verdict: &mut Verdict) {
    let mut pupils: BTreeMap<&str, Vec<&PupilRecord>> = BTreeMap::new();
    for pupil in view.pupils() {
        pupils.entry(&pupil.eleve_id).or_default().push(pupil);
    }
    for rows in pupils.into_values().filter(|rows| rows.len() > 1) {
        for pupil in &rows {
            let others = lines(rows.iter().map(|row| row.line), pupil.line);
            let finding = view.about_pupil(kind::ID_DUPLICATED, pupil).with("lines", others);
            verdict.add(Source::SieclePupils, finding);
        }
    }
    let mut staff: BTreeMap<_, Vec<&StaffRecord>> = BTreeMap::new();
    for person in view.staff() {
        staff.entry(&person.staff).or_default().push(person);
    }
    for rows in staff.into_values().filter(|rows| rows.len() > 1) {
        // A substitute may stand in both lists: one person said twice, so the first row serves.
        let same = rows.windows(2).all(|pair| match pair {
            [one, other] => one.names == other.names && one.birth_date == other.birth_date,
            _ => true,
        });
        for person in rows.iter().skip(usize::from(same)) {
            let others = lines(rows.iter().map(|row| row.line), person.line);
            let finding = view.about_staff(kind::ID_DUPLICATED, person).with("lines", others);
            verdict.add(Source::Sts, finding);
        }
    }
}

/// One INE on two rows: both wait, the rest goes on (formats 2.7).
pub(super) fn ine_duplicated(view: &View<'_>, verdict: &mut Verdict) {
    let mut holders: BTreeMap<_, Vec<&PupilRecord>> = BTreeMap::new();
    for pupil in view.pupils() {
        for ine in &pupil.ine {
            holders.entry(ine).or_default().push(pupil);
        }
    }
    // A pupil may share the old and the new number with the same other row: told once.
    let mut told: BTreeMap<u64, (&PupilRecord, Vec<u64>)> = BTreeMap::new();
    for rows in holders.into_values().filter(|rows| rows.len() > 1) {
        for pupil in &rows {
            let others = rows.iter().map(|row| row.line).filter(|line| *line != pupil.line);
            told.entry(pupil.line).or_insert((*pupil, Vec::new())).1.extend(others);
        }
    }
    for (line, (pupil, others)) in told {
        let finding = view
            .about_pupil(kind::INE_DUPLICATED, pupil)
            .with("lines", lines(others.into_iter(), line));
        verdict.add(Source::SieclePupils, finding);
    }
}

/// No INE: matched by other means, and told.
pub(super) fn ine_missing(view: &View<'_>, verdict: &mut Verdict) {
    let spoilt = [kind::INE_PLACEHOLDER, kind::INE_MALFORMED];
    let told = view.parser_lines(Source::SieclePupils, &spoilt);
    for pupil in view.present_pupils().filter(|pupil| pupil.ine.is_empty()) {
        if !told.contains(&pupil.line) {
            verdict.add(Source::SieclePupils, view.about_pupil(kind::INE_MISSING, pupil));
        }
    }
}

/// At most this many line numbers are worth reading.
const LINES_MAX: usize = 10;

/// The lines other than `own`, as a list.
fn lines(all: impl Iterator<Item = u64>, own: u64) -> String {
    let others: std::collections::BTreeSet<u64> = all.filter(|line| *line != own).collect();
    let mut text = String::new();
    for line in others.iter().take(LINES_MAX) {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{line}");
    }
    if others.len() > LINES_MAX {
        text.push('…');
    }
    text
}
