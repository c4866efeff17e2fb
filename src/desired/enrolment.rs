//! Enrolments of one person: what becomes of each, school by school, then between schools.
//!
//! Absence is not departure (DESIGN rule 1): only the person's own school can end an enrolment, by
//! an exit date or by a complete delivery that no longer lists the person. Two schools that claim
//! the same pupil hold each other: the account stays where it is until one lets go.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::declared::Declared;
use super::policy::Policy;
use crate::model::ids::{SchoolYear, Uai};
use crate::model::person::{EndedBy, Enrolment, EnrolmentState, Enrolments, Role};

/// What is known of one school in this run, for one person.
pub struct Hearing<'a> {
    /// What the school declares of the person now.
    pub declared: Option<&'a Declared>,
    /// The school's file of pupils, or of staff, is in force and complete: not being in it counts.
    pub complete: bool,
    /// The file was made after the first weeks of its school year: not being in it counts even
    /// when no other school lists the person.
    pub settled: bool,
    /// The school year of that file.
    pub year: Option<SchoolYear>,
    /// A record of the person waits at the school: nothing changes there.
    pub waits: bool,
}

/// The enrolments of one person after this run.
pub fn renew<'a>(
    before: &Enrolments,
    hear: &dyn Fn(&Uai, &Role) -> Hearing<'a>,
    declared: Option<&BTreeMap<Uai, Declared>>,
    place: Option<&Uai>,
    policy: &Policy,
    today: Date,
) -> Enrolments {
    let mut after = Enrolments::new();
    let mut missing: BTreeMap<Uai, bool> = BTreeMap::new();
    let mut years: BTreeMap<Uai, SchoolYear> = BTreeMap::new();
    for (uai, one) in declared.into_iter().flatten() {
        years.insert(uai.clone(), one.year);
        if let Some(enrolment) = from_declared(before.get(uai), one, today) {
            after.insert(uai.clone(), enrolment);
        }
    }
    for (uai, old) in before {
        if after.contains_key(uai) {
            continue;
        }
        let hearing = hear(uai, &old.role);
        if let Some(year) = hearing.year {
            years.insert(uai.clone(), year);
        }
        let open = !matches!(old.state, EnrolmentState::Ended { .. });
        if open && hearing.complete && !hearing.waits && hearing.declared.is_none() {
            missing.insert(uai.clone(), hearing.settled);
        }
        after.insert(uai.clone(), old.clone());
    }
    let listed = |uai: &Uai| declared.is_some_and(|all| all.contains_key(uai));
    end_missing(&mut after, &missing, &listed, policy, today);
    settle_claims(&mut after, &years, place, today);
    after
}

/// The enrolment that a record describes. A record of an exited pupil never seen before makes
/// none: there is no right to begin with.
fn from_declared(before: Option<&Enrolment>, one: &Declared, today: Date) -> Option<Enrolment> {
    let open = before.filter(|old| !matches!(old.state, EnrolmentState::Ended { .. }));
    let division = if one.division_unclear {
        before.and_then(|old| old.division.clone())
    } else {
        one.division.clone()
    };
    // A function that is missing or unknown says nothing: whoever was a teacher is one until the
    // school says something else, and the entry in the directory does not change (formats 1.3).
    let role = match (&one.role, open) {
        (Role::Unknown, Some(old)) => old.role.clone(),
        (role, _) => role.clone(),
    };
    let mut enrolment = Enrolment {
        role,
        state: match open.map(|old| &old.state) {
            Some(EnrolmentState::Held { since }) => EnrolmentState::Held { since: *since },
            _ => EnrolmentState::Current,
        },
        since: open.map_or(today, |old| old.since),
        entered_on: one.entered_on,
        division,
        groups: one.groups.clone(),
    };
    if let Some(left_on) = one.left_on.filter(|day| *day <= today) {
        let old = before?;
        if matches!(old.state, EnrolmentState::Ended { .. }) {
            return Some(old.clone());
        }
        enrolment.state = EnrolmentState::Ended { on: left_on, by: EndedBy::ExitDate };
        return Some(enrolment);
    }
    let waits_for_entry = one.entered_on.is_some_and(|day| day > today);
    let was_there = open.is_some_and(|old| old.state != EnrolmentState::Future);
    if waits_for_entry && !was_there {
        enrolment.state = EnrolmentState::Future;
    }
    Some(enrolment)
}

/// Ends the enrolments that a complete delivery no longer lists. In the first weeks of a school
/// year that alone ends nothing, nor does it later on a file made in those weeks, unless another
/// school lists the pupil, held or not: then it is a release. Staff may be of two schools:
/// that one lists them says nothing of the other.
fn end_missing(
    after: &mut Enrolments,
    missing: &BTreeMap<Uai, bool>,
    listed: &dyn Fn(&Uai) -> bool,
    policy: &Policy,
    today: Date,
) {
    let day = (today.month(), today.day());
    let being_typed = day >= policy.turn && day < policy.not_listed_from;
    let claims = after
        .iter()
        .filter(|(uai, one)| !missing.contains_key(*uai) && one.role.is_pupil() && is_claim(one));
    let claims: Vec<Uai> = claims.map(|(uai, _)| uai.clone()).collect();
    let elsewhere = claims.iter().any(listed);
    for (uai, settled) in missing {
        let Some(enrolment) = after.get_mut(uai) else { continue };
        // No account hangs on a claim that is held back by another one: it ends when it is dropped.
        let held = matches!(enrolment.state, EnrolmentState::Held { .. }) && !claims.is_empty();
        let released = (elsewhere || held) && enrolment.role.is_pupil();
        if released || (*settled && !being_typed) {
            enrolment.state = EnrolmentState::Ended { on: today, by: EndedBy::NotListed };
        }
    }
}

/// The school says that the person is there now, whether another one holds it back or not.
fn is_claim(enrolment: &Enrolment) -> bool {
    matches!(enrolment.state, EnrolmentState::Current | EnrolmentState::Held { .. })
}

/// Lets one school at most hold a pupil: the one where the account stands, while it still claims.
fn settle_claims(
    after: &mut Enrolments,
    years: &BTreeMap<Uai, SchoolYear>,
    place: Option<&Uai>,
    today: Date,
) {
    let claims = |enrolment: &Enrolment| enrolment.role.is_pupil() && is_claim(enrolment);
    let newest = after
        .iter()
        .filter(|(_, enrolment)| claims(enrolment))
        .filter_map(|(uai, _)| years.get(uai))
        .max()
        .copied();
    // A file of last year says nothing of this one: it does not hold a pupil back.
    for (uai, enrolment) in after.iter_mut().filter(|(_, enrolment)| claims(enrolment)) {
        // Of a school that is silent nothing is known: it keeps its claim.
        if years.get(uai).is_some_and(|year| Some(*year) < newest) {
            let ended = EnrolmentState::Ended { on: today, by: EndedBy::NewYearElsewhere };
            enrolment.state = ended;
        }
    }
    let claiming: Vec<Uai> = after
        .iter()
        .filter(|(_, enrolment)| claims(enrolment))
        .map(|(uai, _)| uai.clone())
        .collect();
    let keeper = match claiming.as_slice() {
        [] => return,
        [only] => Some(only.clone()),
        _ => place.filter(|place| claiming.contains(place)).cloned(),
    };
    for uai in claiming {
        let Some(enrolment) = after.get_mut(&uai) else { continue };
        enrolment.state = match (&enrolment.state, Some(&uai) == keeper.as_ref()) {
            (_, true) => EnrolmentState::Current,
            (EnrolmentState::Held { since }, false) => EnrolmentState::Held { since: *since },
            (_, false) => EnrolmentState::Held { since: today },
        };
    }
}

#[cfg(test)]
#[path = "enrolment_tests.rs"]
mod tests;
