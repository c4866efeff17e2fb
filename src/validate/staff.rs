//! Functions, services and head teachers of an STSWeb file.

use std::collections::{BTreeMap, BTreeSet};

use super::counts::comparable;
use super::divisions::structures_of;
use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding as kind;
use crate::model::ids::StructureKind;
use crate::model::record::StructureRecord;

/// Without a known function no account is made, and an existing one stays as it is (formats 1.3).
pub(super) fn functions(view: &View<'_>, verdict: &mut Verdict) {
    for person in view.staff() {
        let finding = match person.function.as_deref() {
            None => view.about_staff(kind::FUNCTION_MISSING, person),
            Some(code) if (view.function_without_account)(code) => {
                view.about_staff(kind::FUNCTION_WITHOUT_ACCOUNT, person).with("function", code)
            }
            Some(code) if (view.known_function)(code) => continue,
            Some(code) => view.about_staff(kind::FUNCTION_UNKNOWN, person).with("function", code),
        };
        verdict.add(Source::Sts, finding);
    }
}

/// Pupils and classes, but no service names a teacher: the timetable has not come back.
pub(super) fn services_empty(view: &View<'_>, verdict: &mut Verdict) {
    let Some(sts) = view.sts() else { return };
    let silent = |structures: &[StructureRecord]| {
        structures.iter().all(|structure| structure.teachers.is_empty())
    };
    if !silent(&sts.structures) || sts.structures.is_empty() {
        return;
    }
    // The classes had teachers before: they keep them, and nobody leaves on such a file.
    let lost = comparable(view)
        .any(|(source, _, last)| source == Source::Sts && !silent(structures_of(&last.content)));
    if lost {
        verdict.no_departures.insert(Source::Sts);
    }
    if lost || view.present_pupils().next().is_some() {
        verdict.add(Source::Sts, view.about_file(kind::SERVICES_EMPTY, Source::Sts));
    }
}

/// Services of people who are not in the file: counted, and passed over (formats 1.2).
pub(super) fn dangling_teachers(view: &View<'_>, verdict: &mut Verdict) {
    let Some(sts) = view.sts() else { return };
    let known: BTreeSet<_> = sts.staff.iter().map(|person| &person.staff).collect();
    let named = sts.structures.iter().flat_map(|structure| &structure.teachers);
    let dangling: BTreeSet<_> = named.filter(|teacher| !known.contains(teacher)).collect();
    if !dangling.is_empty() {
        let finding =
            view.about_file(kind::DANGLING_TEACHER, Source::Sts).with("count", dangling.len());
        verdict.add(Source::Sts, finding);
    }
}

/// Head teachers, today, of a division that the file does not declare.
pub(super) fn head_teachers(view: &View<'_>, verdict: &mut Verdict) {
    let Some(sts) = view.sts() else { return };
    let divisions = sts.structures.iter().filter(|it| it.kind == StructureKind::Division);
    let known: BTreeSet<_> = divisions.map(|structure| &structure.code).collect();
    let mut unknown = BTreeMap::new();
    for person in &sts.staff {
        for (code, until) in &person.head_teacher_of {
            let active = until.is_none_or(|day| day >= view.today);
            if active && !known.contains(code) {
                unknown.insert((person.line, code), person);
            }
        }
    }
    for ((_, code), person) in unknown {
        let finding =
            view.about_staff(kind::HEAD_TEACHER_UNKNOWN_DIVISION, person).with("code", code);
        verdict.add(Source::Sts, finding);
    }
}
