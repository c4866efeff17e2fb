//! Checks, one function each, in a table; what a school must correct.
//!
//! - In: the deliveries known of all schools (`batch`), then the current ones of one school and
//!   what is known of the last ones (`school`).
//! - Out: which deliveries are in force; findings, and which records are set aside.
//! - Can go wrong: nothing: whatever is wrong in a delivery is a finding.

pub mod batch;
pub mod checks;
mod counts;
mod dates;
pub mod divisions;
#[cfg(test)]
pub(crate) mod fixture;
mod fold;
mod generic;
mod identity;
pub mod names;
mod order;
pub mod overrides;
pub mod policy;
mod pupils;
mod replaced;
mod staff;
mod structures;
#[cfg(test)]
mod tests;
mod view;

pub use counts::counts;
pub use view::{Verdict, View};

use std::collections::BTreeSet;

use crate::model::delivery::{Delivery, Source};
use crate::model::finding::{ID_MISSING, NAME_MISSING, Severity};
use crate::model::record::{Content, Names};

/// Runs every check on one school. Findings come gravest first, then by place.
pub fn school(view: &View<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    for (source, delivery) in &view.current {
        set_aside_by_parser(*source, delivery, &mut verdict);
    }
    for check in checks::CHECKS {
        (check.run)(view, &mut verdict);
    }
    overrides::apply(view, &mut verdict);
    verdict.findings.sort_by(|one, other| {
        (one.severity, &one.place, &one.id, &one.facts).cmp(&(
            other.severity,
            &other.place,
            &other.id,
            &other.facts,
        ))
    });
    verdict
}

/// Rows that the parser kept but that must wait: an unreadable birth date. Rejected rows are not
/// among its records.
fn set_aside_by_parser(source: Source, delivery: &Delivery, verdict: &mut Verdict) {
    let lines: BTreeSet<u64> = counts::person_lines(delivery).collect();
    for finding in &delivery.findings {
        let rejected = finding.id == ID_MISSING.id || finding.id == NAME_MISSING.id;
        if let (Severity::SetAside, Some(line), false) =
            (finding.severity, finding.place.line, rejected)
            && lines.contains(&line)
        {
            verdict.set_aside.insert((source, line));
        }
    }
}

/// The content of a delivery that may have effect: without the rows set aside, with the names that
/// were mended. Nothing at all of a refused file.
pub fn accepted(delivery: &Delivery, verdict: &Verdict) -> Option<Content> {
    let source = delivery.header.source;
    if verdict.refused.contains(&source) {
        return None;
    }
    let stays = |line: u64| !verdict.set_aside.contains(&(source, line));
    let mend = |line: u64, names: &mut Names| {
        if let Some(mended) = verdict.repaired.get(&(source, line)) {
            names.clone_from(mended);
        }
    };
    let mut content = delivery.content.clone();
    match &mut content {
        Content::Pupils(pupils) => {
            pupils.retain(|pupil| stays(pupil.line));
            pupils.iter_mut().for_each(|pupil| mend(pupil.line, &mut pupil.names));
        }
        Content::Sts(sts) => {
            sts.staff.retain(|person| stays(person.line));
            sts.staff.iter_mut().for_each(|person| mend(person.line, &mut person.names));
        }
        Content::Structures(_) | Content::Nomenclature(_) => {}
    }
    Some(content)
}
