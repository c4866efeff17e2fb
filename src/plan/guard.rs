//! Guards: limits that stop a plan before anything is written (SEC-42, DESIGN rule 1). Each lists
//! its objections with the arithmetic; a person lifts them by the plan's hash, never by a switch.

pub mod cloud;
mod facts;
pub mod half;
mod share;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::operation::{Operation, OperationKind};
use super::{Objection, place};
use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::Uai;
use crate::model::observed::Observed;
pub use facts::{GuardFacts, SchoolFacts};
use share::{GONE, MADE_EARLIER, OUT_OF_SEASON, Share};

/// The objection to marked accounts that the registry never gave; lifting it acknowledges them.
pub const REGISTRY_OLDER: &str = "registry-older-than-directory";

/// The objection to deliveries that were there and are no more.
pub const DELIVERIES_MISSING: &str = "deliveries-missing";

/// The objection to doing again what a person took back.
pub const ROLLED_BACK: &str = "rolled-back";
/// Objections to what one school loses.
pub const TOO_MANY_DISABLES: &str = "too-many-disables";
pub const TOO_MANY_DELETES: &str = "too-many-deletes";
/// Objections to the whole of a plan, which a part of it keeps (`guard/half.rs`).
pub const TOO_MANY_DISABLES_OVERALL: &str = "too-many-disables-overall";
pub const TOO_MANY_DELETES_OVERALL: &str = "too-many-deletes-overall";
pub const TOO_MANY_CREATIONS_OVERALL: &str = "too-many-creations-overall";
pub const CLASSES_LOST_OVERALL: &str = "classes-lost-overall";
pub const ACCOUNTS_MISSING_OVERALL: &str = "accounts-missing-overall";
pub const TOO_MANY_GROUP_DELETES: &str = "too-many-group-deletes";
pub const TOO_MANY_GROUP_DELETES_OVERALL: &str = "too-many-group-deletes-overall";
/// Microsoft 365 groups hold files.
pub const GROUPS_WITH_FILES: &str = "groups-with-files";
/// A rollback leaves the people of classes without any group in a tenant.
pub const CLASSES_EMPTIED: &str = "classes-emptied";
/// The subscription of a school is over, and its people lose what went with it.
pub const SUBSCRIPTION_ENDED: &str = "subscription-ended";
/// The target has no room for what the plan makes.
pub const TARGET_ROOM: &str = "target-room";
/// The clock of the machine is behind the last run.
pub const CLOCK_STEPPED_BACK: &str = "clock-stepped-back";

/// The limits. A share equal to its limit passes; one account more does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Of the usable accounts of a school.
    pub disables_percent_max: u64,
    /// Of all usable accounts.
    pub disables_all_percent_max: u64,
    /// So many of a school, and of all, whatever the share.
    pub disables_max: u64,
    pub disables_all_max: u64,
    /// Of the standing accounts of a school; and, of those that earlier runs made, how many may be
    /// gone without us, or out of sight.
    pub deletes_percent_max: u64,
    /// Of all standing accounts.
    pub deletes_all_percent_max: u64,
    /// So many of a school, and of all, whatever the share.
    pub deletes_max: u64,
    pub deletes_all_max: u64,
    /// Of the standing accounts of a school, out of season: a mapping that names everybody anew.
    pub renames_percent_max: u64,
    /// Of the standing accounts, out of season; for schools that have accounts already.
    pub creations_percent_max: u64,
    /// Of the open workspaces of a school, or of its pupils with a class.
    pub classes_lost_percent_max: u64,
    pub classes_lost_all_percent_max: u64,
    /// A school with fewer is measured as if it had so many: what counts there is the number.
    pub accounts_min: u64,
    pub season: Season,
    /// Who approves a region-wide plan and who lifts its guards are two users of the system, not
    /// only two names.
    pub two_users: bool,
}

/// The days of the rentrée, when many creations are expected: both included, (month, day).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Season {
    pub from: (i8, i8),
    pub until: (i8, i8),
}

impl Policy {
    /// The figures that SEC-42 proposes, and ours where it gives none: what `init` writes.
    pub const PROPOSED: Self = Self {
        disables_percent_max: 10,
        disables_all_percent_max: 2,
        disables_max: 200,
        disables_all_max: 2_000,
        deletes_percent_max: 5,
        deletes_all_percent_max: 1,
        deletes_max: 100,
        deletes_all_max: 1_000,
        renames_percent_max: 30,
        creations_percent_max: 30,
        classes_lost_percent_max: 30,
        classes_lost_all_percent_max: 10,
        accounts_min: 10,
        season: Season { from: (8, 20), until: (10, 31) },
        two_users: false,
    };
}

impl Season {
    fn holds(self, day: Date) -> bool {
        let (day, Self { from, until }) = ((day.month(), day.day()), self);
        if from <= until { from <= day && day <= until } else { from <= day || day <= until }
    }
}

/// Counts the accounts that stand into the facts of their schools. An account in several targets
/// is one; where an observed entry does not tell its school, its place does, else the wanted one.
pub fn count_standing(
    facts: &mut GuardFacts,
    targets: &[&Observed],
    desired: &BTreeMap<ObjectKey, Entry>,
) {
    let mut standing: BTreeMap<&ObjectKey, (Option<Uai>, bool)> = BTreeMap::new();
    for (key, entry) in targets.iter().flat_map(|observed| &observed.entries) {
        if key.kind() != ObjectKind::Account {
            continue;
        }
        let school = || {
            let wanted = || desired.get(key).and_then(|wanted| wanted.uai.clone());
            entry.uai.clone().or_else(|| place::school(&entry.dn)).or_else(wanted)
        };
        let (_, usable) = standing.entry(key).or_insert_with(|| (school(), false));
        *usable |= entry.enabled;
    }
    for (uai, usable) in standing.into_values() {
        let school = facts.entry(uai).or_default();
        school.accounts += 1;
        school.usable += u64::from(usable);
    }
}

/// Everything that the guards have against a plan, over the operations of all targets; empty when
/// it may go on. Blocked operations are never done and do not count.
pub fn objections(
    policy: &Policy,
    today: Date,
    operations: &[Operation],
    facts: &GuardFacts,
) -> Vec<Objection> {
    let tolls = tolls(operations);
    let none = Toll::default();
    let quiet = SchoolFacts::default();
    let mut found = Vec::new();
    let (mut toll_all, mut facts_all) = (Toll::default(), SchoolFacts::default());
    let schools: BTreeSet<&Option<Uai>> = facts.keys().chain(tolls.keys()).collect();
    for uai in schools {
        let toll = tolls.get(uai).unwrap_or(&none);
        let school = facts.get(uai).unwrap_or(&quiet);
        if let Some(uai) = uai {
            school_objections(policy, today, uai, toll, school, &mut found);
        }
        toll_all.add(toll, school);
        facts_all.add(school);
    }
    overall_objections(policy, today, &toll_all, &facts_all, &mut found);
    found.extend(cloud::group_deletes(policy, operations));
    found
}

/// Deliveries that are there no more: `measured` has, for each school that the last run measured
/// on, the académie that it had then (none when nobody knows) and whether anything of it is in
/// force. A whole académie that is missing stops a plan, and so does a tenth of the schools.
pub fn deliveries_missing(measured: &[(Option<String>, bool)]) -> Option<Objection> {
    let missing = measured.iter().filter(|(_, present)| !present).count();
    let mut academies: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (academy, present) in measured {
        let (all, here) = academies.entry(academy.as_deref().unwrap_or_default()).or_default();
        *all += 1;
        *here += usize::from(*present);
    }
    let whole = academies.iter().find(|(name, (_, here))| !name.is_empty() && *here == 0);
    let all = measured.len();
    let text = match whole {
        Some((academy, (schools, _))) => format!(
            "nothing of the académie {academy} is in force any more, of {schools} school(s) that \
             were delivered before"
        ),
        None if missing > 1 && missing * 10 > all => format!(
            "nothing of {missing} schools is in force any more, of {all} that were delivered \
             before: schools.csv, or the inbox, is not whole"
        ),
        None => return None,
    };
    Some(Objection { id: DELIVERIES_MISSING.to_owned(), uai: None, text })
}

/// What the operations do to the accounts of a school: distinct accounts, over all targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Toll {
    disables: u64,
    deletes: u64,
    creations: u64,
    renames: u64,
}

impl Toll {
    /// A school that has no account yet, anywhere or in one target, may begin on any day.
    fn later_creations(&self, school: &SchoolFacts) -> u64 {
        if school.accounts > 0 { self.creations.saturating_sub(school.beginning) } else { 0 }
    }

    fn add(&mut self, other: &Self, school: &SchoolFacts) {
        self.disables += other.disables;
        self.deletes += other.deletes;
        self.renames += other.renames;
        self.creations += other.later_creations(school);
    }
}

fn tolls(operations: &[Operation]) -> BTreeMap<Option<Uai>, Toll> {
    let mut counted: BTreeSet<(OperationKind, &ObjectKey)> = BTreeSet::new();
    let mut tolls: BTreeMap<Option<Uai>, Toll> = BTreeMap::new();
    for operation in operations {
        let Operation { kind, key, uai, blocked: None, .. } = operation else { continue };
        if key.kind() != ObjectKind::Account || !counted.insert((*kind, key)) {
            continue;
        }
        let toll = tolls.entry(uai.clone()).or_default();
        match kind {
            OperationKind::Disable => toll.disables += 1,
            OperationKind::Delete => toll.deletes += 1,
            OperationKind::Create => toll.creations += 1,
            OperationKind::Rename => toll.renames += 1,
            OperationKind::Update
            | OperationKind::Enable
            | OperationKind::AddMember
            | OperationKind::RemoveMember => {}
        }
    }
    tolls
}

fn school_objections(
    policy: &Policy,
    today: Date,
    uai: &Uai,
    toll: &Toll,
    school: &SchoolFacts,
    found: &mut Vec<Objection>,
) {
    let least = policy.accounts_min;
    let mut object = |id: &str, text: Option<String>| {
        found.extend(text.map(|text| Objection {
            id: id.to_owned(),
            uai: Some(uai.clone()),
            text,
        }));
    };
    object(TOO_MANY_DISABLES, disables(toll, school, policy).of_school().over());
    object(TOO_MANY_DELETES, deletes(toll, school, policy).of_school().over());
    let share = |part, of, percent_max, what, done| {
        Share { part, of, percent_max, what, done, ..Share::plain(least) }.over()
    };
    if school.accounts > 0 && !policy.season.holds(today) {
        let (of, what) = (school.accounts, "standing accounts");
        let limit = policy.creations_percent_max;
        object(
            "too-many-creations",
            share(toll.later_creations(school), of, limit, what, OUT_OF_SEASON),
        );
        let limit = policy.renames_percent_max;
        object("too-many-renames", share(toll.renames, of, limit, what, "would be renamed"));
    }
    object("classes-lost", classes_lost(school, policy.classes_lost_percent_max, least));
    object("school-emptied", emptied(toll, school, policy));
    object("accounts-missing", missing(school, policy).of_school().over());
}

fn overall_objections(
    policy: &Policy,
    today: Date,
    toll: &Toll,
    all: &SchoolFacts,
    found: &mut Vec<Objection>,
) {
    let least = policy.accounts_min;
    let mut object = |id: &str, text: Option<String>| {
        found.extend(text.map(|text| Objection { id: id.to_owned(), uai: None, text }));
    };
    object(TOO_MANY_DISABLES_OVERALL, disables(toll, all, policy).of_all().over());
    object(TOO_MANY_DELETES_OVERALL, deletes(toll, all, policy).of_all().over());
    if all.accounts > 0 && !policy.season.holds(today) {
        let creations = Share {
            part: toll.creations,
            of: all.accounts,
            percent_max: policy.creations_percent_max,
            what: "standing accounts in all",
            done: OUT_OF_SEASON,
            ..Share::plain(least)
        };
        object(TOO_MANY_CREATIONS_OVERALL, creations.over());
    }
    object(CLASSES_LOST_OVERALL, classes_lost(all, policy.classes_lost_all_percent_max, least));
    object(ACCOUNTS_MISSING_OVERALL, missing(all, policy).of_all().over());
}

/// A limit of a school and of all: shares and numbers.
struct Limit {
    share: Share,
    /// What went before it in the last 24 hours, as it counts in the whole.
    earlier_all: u64,
    /// « usable accounts in all ».
    what_all: &'static str,
    percent_all_max: u64,
    number_all_max: u64,
    /// What one small school may do, the whole may do: else a directory of 40 accounts, of which
    /// 2 % is none, could never lose anybody.
    floor_all: u64,
}

impl Limit {
    fn of_school(self) -> Share {
        self.share
    }
    fn of_all(self) -> Share {
        let Self { share, earlier_all, what_all, percent_all_max, number_all_max, floor_all } =
            self;
        let (percent_max, number_max, floor) = (percent_all_max, number_all_max, floor_all);
        let (of, earlier) = (share.of - share.earlier + earlier_all, earlier_all);
        Share { of, earlier, percent_max, number_max, floor, what: what_all, ..share }
    }
}

/// With what runs disabled in the last 24 hours: ten small plans are one large one.
fn disables(toll: &Toll, facts: &SchoolFacts, policy: &Policy) -> Limit {
    let share = Share {
        part: toll.disables,
        earlier: facts.disabled_lately,
        of: facts.usable + facts.disabled_lately,
        percent_max: policy.disables_percent_max,
        number_max: policy.disables_max,
        what: "usable accounts",
        done: "would be disabled",
        ..Share::plain(policy.accounts_min)
    };
    Limit {
        share,
        earlier_all: facts.disabled_lately_in_all,
        what_all: "usable accounts in all",
        percent_all_max: policy.disables_all_percent_max,
        number_all_max: policy.disables_all_max,
        floor_all: policy.accounts_min * policy.disables_percent_max / 100,
    }
}

/// One deletion always passes: a share that is stricter than for anything else is none of a small
/// school.
fn deletes(toll: &Toll, facts: &SchoolFacts, policy: &Policy) -> Limit {
    let share = Share {
        part: toll.deletes,
        earlier: facts.deleted_lately,
        of: facts.accounts + facts.deleted_lately,
        percent_max: policy.deletes_percent_max,
        number_max: policy.deletes_max,
        floor: policy.accounts_min.min(1),
        what: "accounts",
        done: "would be deleted",
        ..Share::plain(policy.accounts_min)
    };
    Limit {
        earlier_all: facts.deleted_lately_in_all,
        what_all: "accounts in all",
        percent_all_max: policy.deletes_all_percent_max,
        number_all_max: policy.deletes_all_max,
        floor_all: policy.accounts_min.min(1),
        share,
    }
}

fn missing(facts: &SchoolFacts, policy: &Policy) -> Limit {
    let share = Share {
        part: facts.missing,
        of: facts.made,
        percent_max: policy.deletes_percent_max,
        floor: policy.accounts_min.min(1),
        what: MADE_EARLIER,
        done: GONE,
        ..Share::plain(policy.accounts_min)
    };
    Limit {
        earlier_all: 0,
        what_all: MADE_EARLIER,
        percent_all_max: policy.deletes_all_percent_max,
        number_all_max: u64::MAX,
        floor_all: policy.accounts_min.min(1),
        share,
    }
}

/// Workspaces that freeze, or pupils who stay without a class: an incomplete structures file that
/// looked complete.
fn classes_lost(facts: &SchoolFacts, percent_max: u64, least: u64) -> Option<String> {
    let share = |part, of, what, done| {
        Share { part, of, percent_max, what, done, ..Share::plain(least) }.over()
    };
    let groups = share(
        facts.groups_freezing,
        facts.groups,
        "classes and groups",
        "would no longer be declared",
    );
    let pupils = share(
        facts.pupils_losing_division,
        facts.pupils,
        "pupils with a class",
        "would have none any more",
    );
    let texts: Vec<String> = groups.into_iter().chain(pupils).collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// Nobody would be left who can log in: a delivery of another school, or an empty one. The number
/// that a small school may lose in one go may be all of it.
fn emptied(toll: &Toll, school: &SchoolFacts, policy: &Policy) -> Option<String> {
    let least = policy.accounts_min * policy.disables_percent_max / 100;
    let gone = toll.disables.max(school.leaving);
    (school.usable > 0 && gone >= school.usable && gone > least).then(|| {
        format!(
            "all {} usable accounts would be lost: {} people leave, {} accounts would be disabled",
            school.usable, school.leaving, toll.disables
        )
    })
}

#[cfg(test)]
mod tests;
