//! Which deliveries are in force, over all schools.
//!
//! Absence is not departure (DESIGN rule 1): a delivery that was in force stays so until a better
//! one of the same school and source replaces it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::order;
use super::policy::Policy;
use crate::model::delivery::{Header, Source, Status};
use crate::model::finding::{self as kind, Finding, Kind, Place};
use crate::model::ids::{Digest, SchoolYear, Uai};
use crate::model::school::{School, SchoolSource, Schools};

/// An export cannot be later than its receipt; clocks of two houses may differ by this much.
const CLOCK_DIFFERENCE_MAX: SignedDuration = SignedDuration::from_hours(24);

/// What is known of a good delivery without its rows.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    pub digest: &'a Digest,
    pub name: &'a str,
    pub received_at: Timestamp,
    /// Of the same bytes; the same as `received_at` when they came once.
    pub last_received_at: Timestamp,
    pub header: &'a Header,
}

/// What becomes of one delivery, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    pub status: Status,
    pub findings: Vec<Finding>,
}

/// What becomes of all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    pub rulings: BTreeMap<Digest, Ruling>,
    /// All of them, those that others replace first.
    pub order: Vec<Digest>,
    /// What is missing, by school; schools without such a finding are not in the map.
    pub missing: BTreeMap<Uai, Vec<Finding>>,
}

/// Rules on every delivery known. `in_force` is the basis of the last applied run.
pub fn batch(
    heads: &[Head<'_>],
    schools: &Schools,
    in_force: &BTreeSet<Digest>,
    policy: &Policy,
    now: Timestamp,
) -> Batch {
    let today = day(now, policy);
    let made = order::made(heads, policy);
    let made_at = |head: &Head<'_>| made.get(head.digest).copied().unwrap_or(head.received_at);
    // The newest is the last by this order.
    let rank = |head: &Head<'_>| {
        let year = head.header.school_year;
        (year, made_at(head), head.received_at, head.digest.clone())
    };
    let active = SchoolYear::on(today, policy.turn);
    let mut ranked: Vec<&Head<'_>> = heads.iter().collect();
    ranked.sort_by_key(|head| rank(head));
    let order = ranked.into_iter().map(|head| head.digest.clone()).collect();
    let mut batch = Batch { order, ..Batch::default() };
    let mut usable: BTreeMap<(&Uai, Source), BTreeMap<_, Head<'_>>> = BTreeMap::new();
    let mut past = Vec::new();
    for head in heads {
        match standing(head, schools, in_force, policy, now) {
            Standing::Refused(finding) => batch.rule(head, Status::Refused, Some(finding)),
            Standing::Early(finding) => batch.rule(head, Status::Early, Some(finding)),
            Standing::Past => past.push(head),
            Standing::Usable => {
                let key = (&head.header.uai, head.header.source);
                usable.entry(key).or_default().insert(rank(head), *head);
            }
        }
    }
    let mut current: BTreeMap<(&Uai, Source), Head<'_>> = BTreeMap::new();
    for (key, mut ranked) in usable {
        let Some((_, newest)) = ranked.pop_last() else { continue };
        current.insert(key, newest);
        batch.rule(&newest, Status::Current, old(&newest, made_at(&newest), policy, today));
        for head in ranked.values() {
            let finding = about(kind::DELIVERY_OLDER, head).with("current", newest.name);
            batch.rule(head, Status::Superseded, Some(finding));
        }
    }
    for head in past {
        let replaced = current.get(&(&head.header.uai, head.header.source));
        let was_right =
            SchoolYear::on(day(head.received_at, policy), policy.turn) <= head.header.school_year;
        match replaced.filter(|newer| was_right && rank(head) < rank(newer)) {
            // History, not a mistake of today.
            Some(newer) => {
                let finding = about(kind::DELIVERY_OLDER, head).with("current", newer.name);
                batch.rule(head, Status::Superseded, Some(finding));
            }
            None => batch.rule(head, Status::Refused, Some(wrong_year(head, active))),
        }
    }
    for school in schools.values() {
        batch.complete(school, &current, active);
    }
    batch
}

impl Batch {
    fn rule(&mut self, head: &Head<'_>, status: Status, finding: Option<Finding>) {
        let ruling = Ruling { status, findings: finding.into_iter().collect() };
        self.rulings.insert(head.digest.clone(), ruling);
    }

    /// Tells what a school has not delivered.
    fn complete(
        &mut self,
        school: &School,
        current: &BTreeMap<(&Uai, Source), Head<'_>>,
        active: SchoolYear,
    ) {
        if school.source != SchoolSource::StsSiecle {
            return;
        }
        let of = |source| current.get(&(&school.uai, source));
        let this_year = |source| of(source).is_some_and(|head| head.header.school_year == active);
        let expected = [Source::SieclePupils, Source::Sts];
        let missing: Vec<&str> =
            expected.into_iter().filter(|it| !this_year(*it)).map(Source::french).collect();
        if !missing.is_empty() {
            let finding = kind::DELIVERY_MISSING
                .at(Place::default())
                .of(&school.uai)
                .with("missing", missing.join(" ; "))
                .with("year", active);
            self.missing.insert(school.uai.clone(), vec![finding]);
        }
        if let (Some(pupils), Some(sts)) = (of(Source::SieclePupils), of(Source::Sts))
            && sts.header.school_year < pupils.header.school_year
            && let Some(ruling) = self.rulings.get_mut(sts.digest)
        {
            let finding = about(kind::STS_OLDER, sts)
                .with("year", sts.header.school_year)
                .with("expected", pupils.header.school_year);
            ruling.findings.push(finding);
        }
    }
}

/// What can be said of a delivery without looking at the others.
enum Standing {
    Usable,
    Early(Finding),
    /// Of an earlier year and not in force: history when something replaces it, else refused.
    Past,
    Refused(Finding),
}

fn standing(
    head: &Head<'_>,
    schools: &Schools,
    in_force: &BTreeSet<Digest>,
    policy: &Policy,
    now: Timestamp,
) -> Standing {
    let today = day(now, policy);
    let Header { source: _, uai, school_year, exported_at } = head.header;
    // SEC-41, R-01: nothing is taken for a school outside the agreement.
    match schools.get(uai).map(|school| school.source) {
        None => return Standing::Refused(about(kind::UAI_UNKNOWN, head).with("uai", uai)),
        Some(SchoolSource::Pgcu) => {
            return Standing::Refused(about(kind::SCHOOL_WITHOUT_FILES, head).with("uai", uai));
        }
        Some(SchoolSource::StsSiecle | SchoolSource::Other) => {}
    }
    // It would outrank every later file until that day.
    if !believable(head.received_at, now) {
        let finding = about(kind::RECEIPT_IN_FUTURE, head);
        return Standing::Refused(finding.with("received", day(head.received_at, policy)));
    }
    if exported_at.is_some_and(|at| at.duration_since(head.received_at) > CLOCK_DIFFERENCE_MAX) {
        let exported = exported_at.map(|at| day(at, policy)).unwrap_or_default();
        let finding = about(kind::EXPORT_IN_FUTURE, head)
            .with("exported", exported)
            .with("received", day(head.received_at, policy));
        return Standing::Refused(finding);
    }
    let active = SchoolYear::on(today, policy.turn);
    if too_soon(*school_year, today, policy) {
        return Standing::Refused(wrong_year(head, active));
    }
    // A year that was wrong when it was received stays so: the school was told that nothing of the
    // file is taken over, and as the years go by the one in it would come to be right. What is in
    // force all the same, by an older version, stays: absence is not departure.
    let received_on = day(head.last_received_at, policy);
    if too_soon(*school_year, received_on, policy) && !in_force.contains(head.digest) {
        let finding = about(kind::YEAR_TOO_SOON, head).with("year", school_year);
        return Standing::Refused(finding.with("received", received_on));
    }
    if *school_year == active {
        return Standing::Usable;
    }
    if *school_year > active {
        return Standing::Early(about(kind::DELIVERY_EARLY, head).with("year", school_year));
    }
    let last_year = school_year.next() == active;
    let stays = last_year && in_force.contains(head.digest);
    if stays { Standing::Usable } else { Standing::Past }
}

/// The school year is neither that of the day nor, between the two dates of one summer, the next.
fn too_soon(school_year: SchoolYear, on: Date, policy: &Policy) -> bool {
    let active = SchoolYear::on(on, policy.turn);
    let is_summer = (policy.early_from..policy.turn).contains(&(on.month(), on.day()));
    school_year > active && !(school_year == active.next() && is_summer)
}

/// A receipt is not later than now, as far as clocks agree.
pub fn believable(received_at: Timestamp, now: Timestamp) -> bool {
    received_at.duration_since(now) <= CLOCK_DIFFERENCE_MAX
}

/// the age of the data, by the export date, else by the receipt. Labels do not age.
fn old(head: &Head<'_>, made_at: Timestamp, policy: &Policy, today: Date) -> Option<Finding> {
    if !matches!(head.header.source, Source::SieclePupils | Source::Sts) {
        return None;
    }
    let exported = day(head.header.exported_at.unwrap_or(made_at), policy);
    let age_days = (today - exported).get_days();
    let old = i64::from(age_days) > i64::from(policy.export_age_days_max);
    old.then(|| about(kind::EXPORT_OLD, head).with("exported", exported).with("days", age_days))
}

fn wrong_year(head: &Head<'_>, active: SchoolYear) -> Finding {
    about(kind::YEAR_WRONG, head).with("year", head.header.school_year).with("expected", active)
}

fn about(kind: Kind, head: &Head<'_>) -> Finding {
    kind.at(Place::file(head.name)).of(&head.header.uai)
}

fn day(instant: Timestamp, policy: &Policy) -> Date {
    policy.zone.to_datetime(instant).date()
}

#[cfg(test)]
mod tests;
