//! Guards: limits that stop a plan before anything is written (SEC-42, DESIGN rule 1). Each lists
//! its objections with the arithmetic; a person lifts them by the plan's hash, never by a switch.

mod share;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::operation::{Operation, OperationKind};
use super::{Objection, place};
use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::Uai;
use crate::model::observed::Observed;
use share::{GONE, MADE_EARLIER, OUT_OF_SEASON, Share};

/// The objection to marked accounts that the registry never gave; lifting it acknowledges them.
pub const REGISTRY_OLDER: &str = "registry-older-than-directory";

/// The limits. A share equal to its limit passes; one account more does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Of the usable accounts of a school.
    pub disables_percent_max: u64,
    /// Of all usable accounts.
    pub disables_all_percent_max: u64,
    /// Of the standing accounts of a school; and, of those that earlier runs made, how many may be
    /// gone without us, or out of sight.
    pub deletes_percent_max: u64,
    /// Of all standing accounts.
    pub deletes_all_percent_max: u64,
    /// Of the standing accounts, out of season; for schools that have accounts already.
    pub creations_percent_max: u64,
    /// Of the open workspaces of a school, or of its pupils with a class.
    pub classes_lost_percent_max: u64,
    pub classes_lost_all_percent_max: u64,
    /// A school with fewer is measured as if it had so many: what counts there is the number.
    pub accounts_min: u64,
    pub season: Season,
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
        deletes_percent_max: 10,
        deletes_all_percent_max: 2,
        creations_percent_max: 30,
        classes_lost_percent_max: 30,
        classes_lost_all_percent_max: 10,
        accounts_min: 10,
        season: Season { from: (8, 20), until: (10, 31) },
    };
}

impl Season {
    fn holds(self, day: Date) -> bool {
        let (day, Self { from, until }) = ((day.month(), day.day()), self);
        if from <= until { from <= day && day <= until } else { from <= day || day <= until }
    }
}

/// What stands now and what the registry is about to lose, as plain numbers, by school. Persons
/// and workspaces are counted once, whatever the number of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SchoolFacts {
    /// Accounts that stand in the targets.
    pub accounts: u64,
    /// Of these, the ones that can be used.
    pub usable: u64,
    /// Accounts that earlier runs made in a target that was read, and none deleted.
    pub made: u64,
    /// Of these, the ones that do not stand in one of them: gone without us, or out of sight.
    pub missing: u64,
    /// Persons with a usable account whose last enrolment here ends with this plan.
    pub leaving: u64,
    /// Open workspaces of divisions and groups, before the plan.
    pub groups: u64,
    /// Of these, the ones that the plan freezes.
    pub groups_freezing: u64,
    /// Pupils with a class, before the plan.
    pub pupils: u64,
    /// Of these, the ones that stay and have no class any more.
    pub pupils_losing_division: u64,
}

/// By school; under none, whatever belongs to no school: it counts in the whole.
pub type GuardFacts = BTreeMap<Option<Uai>, SchoolFacts>;

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
    found
}

/// What the operations do to the accounts of a school: distinct accounts, over all targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Toll {
    disables: u64,
    deletes: u64,
    creations: u64,
}

impl Toll {
    fn add(&mut self, other: &Self, school: &SchoolFacts) {
        self.disables += other.disables;
        self.deletes += other.deletes;
        // A school that has no account yet may begin on any day.
        self.creations += if school.accounts > 0 { other.creations } else { 0 };
    }
}

impl SchoolFacts {
    fn add(&mut self, other: &Self) {
        let Self {
            accounts,
            usable,
            made,
            missing,
            leaving,
            groups,
            groups_freezing,
            pupils,
            pupils_losing_division,
        } = other;
        self.accounts += accounts;
        self.usable += usable;
        self.made += made;
        self.missing += missing;
        self.leaving += leaving;
        self.groups += groups;
        self.groups_freezing += groups_freezing;
        self.pupils += pupils;
        self.pupils_losing_division += pupils_losing_division;
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
            OperationKind::Update
            | OperationKind::Rename
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
    let share = |part, of, percent_max, what, done| {
        Share { part, of, percent_max, least, floor: 0, what, done }.over()
    };
    let disables = share(
        toll.disables,
        school.usable,
        policy.disables_percent_max,
        "usable accounts",
        "would be disabled",
    );
    object("too-many-disables", disables);
    let deletes = share(
        toll.deletes,
        school.accounts,
        policy.deletes_percent_max,
        "accounts",
        "would be deleted",
    );
    object("too-many-deletes", deletes);
    if school.accounts > 0 && !policy.season.holds(today) {
        let limit = policy.creations_percent_max;
        let creations =
            share(toll.creations, school.accounts, limit, "standing accounts", OUT_OF_SEASON);
        object("too-many-creations", creations);
    }
    object("classes-lost", classes_lost(school, policy.classes_lost_percent_max, least));
    object("school-emptied", emptied(toll, school, policy));
    let missing =
        share(school.missing, school.made, policy.deletes_percent_max, MADE_EARLIER, GONE);
    object("accounts-missing", missing);
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
    // What one small school may do, the whole may do: else a directory of 40 accounts, of which
    // 2 % is none, could never lose anybody.
    let floor = |percent_max: u64| least * percent_max / 100;
    let disables = Share {
        part: toll.disables,
        of: all.usable,
        percent_max: policy.disables_all_percent_max,
        least,
        floor: floor(policy.disables_percent_max),
        what: "usable accounts in all",
        done: "would be disabled",
    };
    object("too-many-disables-overall", disables.over());
    let deletes = Share {
        part: toll.deletes,
        of: all.accounts,
        percent_max: policy.deletes_all_percent_max,
        least,
        floor: floor(policy.deletes_percent_max),
        what: "accounts in all",
        done: "would be deleted",
    };
    object("too-many-deletes-overall", deletes.over());
    if all.accounts > 0 && !policy.season.holds(today) {
        let creations = Share {
            part: toll.creations,
            of: all.accounts,
            percent_max: policy.creations_percent_max,
            least,
            floor: 0,
            what: "standing accounts in all",
            done: OUT_OF_SEASON,
        };
        object("too-many-creations-overall", creations.over());
    }
    object("classes-lost-overall", classes_lost(all, policy.classes_lost_all_percent_max, least));
    let missing = Share {
        part: all.missing,
        of: all.made,
        percent_max: policy.deletes_all_percent_max,
        least,
        floor: floor(policy.deletes_percent_max),
        what: MADE_EARLIER,
        done: GONE,
    };
    object("accounts-missing-overall", missing.over());
}

/// Workspaces that freeze, or pupils who stay without a class: an incomplete structures file that
/// looked complete.
fn classes_lost(facts: &SchoolFacts, percent_max: u64, least: u64) -> Option<String> {
    let share =
        |part, of, what, done| Share { part, of, percent_max, least, floor: 0, what, done }.over();
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
