//! What the registry is about to lose, school by school: the numbers that the guards look at.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::{PersonId, Uai};
use crate::model::observed::Observed;
use crate::model::person::{Enrolment, EnrolmentState, Person};
use crate::model::registry::Registry;
use crate::model::workspace::WorkspaceState;
use crate::plan::guard::{self, GuardFacts};
use crate::plan::operation::{Operation, OperationKind};
use crate::plan::place;
use crate::store::undo::{Gone, Lately};

/// Counts what goes from `before` to `after`, and the accounts that stand in the targets. `made`
/// are the accounts that earlier runs made, by target. `new_year` tells the schools that turn to a
/// new school year in this plan: that everybody changes class there is no loss.
pub fn guard_facts(
    before: &Registry,
    after: &Registry,
    observed: &BTreeMap<String, Observed>,
    desired: &BTreeMap<ObjectKey, Entry>,
    made: &BTreeMap<String, BTreeSet<PersonId>>,
    new_year: &dyn Fn(&Uai) -> bool,
) -> GuardFacts {
    let mut facts = GuardFacts::new();
    for old in before.persons.values() {
        if let Some(new) = after.persons.get(&old.id) {
            count_person(&mut facts, old, new, new_year);
        }
    }
    for (key, space) in &before.workspaces {
        if space.state != WorkspaceState::Open || new_year(&key.uai) {
            continue;
        }
        let school = facts.entry(Some(key.uai.clone())).or_default();
        school.groups += 1;
        let frozen = after.workspaces.get(key).is_some_and(|new| new.state != WorkspaceState::Open);
        school.groups_freezing += u64::from(frozen);
    }
    count_missing(&mut facts, before, observed, made);
    let seen: Vec<&Observed> = observed.values().collect();
    guard::count_standing(&mut facts, &seen, desired);
    facts
}

/// What runs took away a short while ago counts with what the plan takes; as of now, whatever was
/// counted before. Whom the plan takes away as well, in another target, is one person.
pub fn count_lately(facts: &mut GuardFacts, lately: &Lately, operations: &[Operation]) {
    let now = |kind: OperationKind| -> BTreeSet<&ObjectKey> {
        let counted = operations.iter().filter(|one| one.kind == kind && one.blocked.is_none());
        counted.map(|one| &one.key).collect()
    };
    let (disables, deletes) = (now(OperationKind::Disable), now(OperationKind::Delete));
    let others = |gone: &BTreeSet<ObjectKey>, now: &BTreeSet<&ObjectKey>| {
        gone.iter().filter(|key| !now.contains(key)).count() as u64
    };
    for school in facts.values_mut() {
        school.disabled_lately = 0;
        school.deleted_lately = 0;
        school.disabled_lately_in_all = 0;
        school.deleted_lately_in_all = 0;
    }
    for (uai, Gone { disabled, deleted, disabled_in_all, deleted_in_all }) in lately {
        let school = facts.entry(uai.clone()).or_default();
        school.disabled_lately = others(disabled, &disables);
        school.deleted_lately = others(deleted, &deletes);
        school.disabled_lately_in_all = others(disabled_in_all, &disables);
        school.deleted_lately_in_all = others(deleted_in_all, &deletes);
    }
}

/// Accounts that the plan makes only where their school has none yet.
pub fn count_beginnings(
    facts: &mut GuardFacts,
    operations: &[Operation],
    observed: &BTreeMap<String, Observed>,
) {
    let mut there: BTreeSet<(&str, Option<Uai>)> = BTreeSet::new();
    for (target, seen) in observed {
        let accounts = seen.entries.values().filter(|one| one.key.kind() == ObjectKind::Account);
        let school = |one: &Entry| one.uai.clone().or_else(|| place::school(&one.dn));
        there.extend(accounts.map(|one| (target.as_str(), school(one))));
    }
    let mut makes: BTreeMap<(&ObjectKey, &Option<Uai>), bool> = BTreeMap::new();
    for one in operations.iter().filter(|one| one.blocked.is_none()) {
        if one.kind == OperationKind::Create && one.key.kind() == ObjectKind::Account {
            let begins = !there.contains(&(one.target.as_str(), one.uai.clone()));
            *makes.entry((&one.key, &one.uai)).or_insert(true) &= begins;
        }
    }
    for ((_, uai), begins) in makes {
        facts.entry(uai.clone()).or_default().beginning += u64::from(begins);
    }
}

/// Accounts that earlier runs made and that do not stand any more. One whose deletion was ours is
/// none of them, also while nobody made it again.
fn count_missing(
    facts: &mut GuardFacts,
    before: &Registry,
    observed: &BTreeMap<String, Observed>,
    made: &BTreeMap<String, BTreeSet<PersonId>>,
) {
    let mut stands: BTreeMap<PersonId, bool> = BTreeMap::new();
    for (target, seen) in observed {
        for person in made.get(target).into_iter().flatten() {
            let here = seen.entries.contains_key(&ObjectKey::Account(*person));
            *stands.entry(*person).or_insert(true) &= here;
        }
    }
    for (person, stands) in stands {
        let Some(person) = before.persons.get(&person) else { continue };
        if person.account.as_ref().is_some_and(|account| account.state.stands()) {
            let school = facts.entry(person.place.clone()).or_default();
            school.made += 1;
            school.missing += u64::from(!stands);
        }
    }
}

fn count_person(
    facts: &mut GuardFacts,
    old: &Person,
    new: &Person,
    new_year: &dyn Fn(&Uai) -> bool,
) {
    let usable = old.account.as_ref().is_some_and(|account| account.state.works());
    let here = |person: &Person| person.current().count() > 0;
    if let Some(place) = old.place.as_ref().filter(|_| usable && here(old) && !here(new)) {
        facts.entry(Some(place.clone())).or_default().leaving += 1;
    }
    let in_class = |one: &Enrolment| {
        one.role.is_pupil() && one.state == EnrolmentState::Current && one.division.is_some()
    };
    for (uai, one) in old.enrolments.iter().filter(|(uai, one)| in_class(one) && !new_year(uai)) {
        let school = facts.entry(Some(uai.clone())).or_default();
        school.pupils += 1;
        let loses = new.enrolments.get(uai).is_some_and(|now| {
            let Enrolment { state, division, .. } = now;
            *state == EnrolmentState::Current && division.is_none() && one.division.is_some()
        });
        school.pupils_losing_division += u64::from(loses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::simulator::{account, keyed, one_creation};

    const SCHOOL: &str = "0599990N";

    /// SEC-42: a school that begins in one target is no flood of new accounts; what a target that
    /// has it already gets more is one.
    #[test]
    fn accounts_made_only_where_their_school_is_new_are_a_beginning() {
        let stands = |school: &str| Observed {
            entries: keyed([account(90, school, "p.n90")]),
            ..Observed::default()
        };
        let observed = BTreeMap::from([
            ("annuaire".to_owned(), stands(SCHOOL)),
            ("office365".to_owned(), stands("0809990Z")),
        ]);
        let make =
            |target: &str, id| one_creation(target, account(id, SCHOOL, &format!("p.n{id}")));
        let mut blocked = make("office365", 4);
        blocked.blocked = Some("homonym".to_owned());
        let operations = [
            make("office365", 1),
            make("office365", 2),
            make("annuaire", 2),
            make("annuaire", 3),
            blocked,
        ];
        let mut facts = GuardFacts::new();
        count_beginnings(&mut facts, &operations, &observed);
        assert_eq!(facts.values().map(|school| school.beginning).collect::<Vec<_>>(), [1]);
    }

    /// SEC-42: whoever was disabled in one target an hour ago, and is now in another, is one.
    #[test]
    fn a_person_who_goes_from_one_target_after_the_other_counts_once() {
        let uai: Uai = SCHOOL.parse().unwrap();
        let key = |person| ObjectKey::Account(PersonId(person));
        let gone = BTreeSet::from([key(1), key(2)]);
        let gone = Gone {
            disabled: gone.clone(),
            deleted: gone.clone(),
            disabled_in_all: gone.clone(),
            deleted_in_all: gone,
        };
        let lately = Lately::from([(Some(uai.clone()), gone)]);
        let of = |kind, blocked: Option<&str>| Operation {
            kind,
            blocked: blocked.map(str::to_owned),
            ..one_creation("lab2", account(1, SCHOOL, "p.n1"))
        };
        let earlier = |operations: &[Operation]| {
            let mut facts = GuardFacts::new();
            count_lately(&mut facts, &lately, operations);
            let school = facts[&Some(uai.clone())];
            assert_eq!(school.disabled_lately, school.disabled_lately_in_all);
            assert_eq!(school.deleted_lately, school.deleted_lately_in_all);
            (school.disabled_lately, school.deleted_lately)
        };
        assert_eq!(earlier(&[]), (2, 2));
        assert_eq!(earlier(&[of(OperationKind::Disable, None)]), (1, 2));
        assert_eq!(earlier(&[of(OperationKind::Delete, None)]), (2, 1));
        assert_eq!(earlier(&[of(OperationKind::Update, None)]), (2, 2));
        assert_eq!(earlier(&[of(OperationKind::Disable, Some("it stands no more"))]), (2, 2));
    }
}
