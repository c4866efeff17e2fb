//! Accounts among themselves, run after run, and beside groups: who keeps a name, who avoids it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;
use proptest::prelude::*;

use super::tests::{names, scheme};
use super::*;
use crate::desired::declared::{Declarations, Declared};
use crate::desired::people::{self, Setting};
use crate::desired::policy::Policy;
use crate::desired::structures::Declaration;
use crate::desired::workspaces;
use crate::model::account::Account;
use crate::model::ids::{PersonId, StructureCode, StructureKey, StructureKind};
use crate::model::registry::RegistryChange;

const SCHOOL: &str = "0590001F";

/// What one run makes of the registry when the school declares these people and groups.
fn run(
    registry: &Registry,
    people: &[(u64, &str, &str)],
    groups: &[(&str, Option<&str>)],
    scheme: &Scheme,
) -> Registry {
    let uai: Uai = SCHOOL.parse().unwrap();
    let mut declarations = Declarations::default();
    for (id, family, given) in people {
        let at_school = BTreeMap::from([(uai.clone(), Declared::pupil(&uai, *id, family, given))]);
        declarations.by_person.insert(PersonId(*id), at_school);
    }
    let mut structures = BTreeMap::from([(uai.clone(), Structures::default())]);
    for (code, label) in groups {
        let key = StructureKey {
            uai: uai.clone(),
            kind: StructureKind::Group,
            code: StructureCode((*code).to_owned()),
        };
        let label = label.map(str::to_owned);
        let declaration = Declaration { label, teachers: BTreeSet::new() };
        structures.get_mut(&uai).unwrap().declared.insert(key, declaration);
    }
    let today = date(2026, 10, 1);
    let setting = Setting {
        registry,
        inputs: &[],
        declarations: &declarations,
        scheme,
        policy: &Policy::STANDARD,
        today,
    };
    let settled = people::settle(&setting, &mut taken(registry, &structures));
    let mut after = registry.clone();
    after.apply(&RegistryChange { persons: settled.changed, ..RegistryChange::default() });
    let spaces = workspaces::settle(registry, &after.persons, &structures, &[], today);
    let workspaces = spaces.into_iter().map(|space| space.workspace).collect();
    after.apply(&RegistryChange { workspaces, ..RegistryChange::default() });
    after
}

fn account(registry: &Registry, id: u64) -> &Account {
    registry.persons[&PersonId(id)].account.as_ref().unwrap()
}

fn login(registry: &Registry, id: u64) -> &str {
    account(registry, id).name.login.as_str()
}

#[test]
fn a_login_is_the_code_and_the_label_of_no_group() {
    let by_initial = scheme("naming-p.last.toml");
    let people = [(1, "DUPONT", "Marc"), (2, "DURAND", "Marie"), (3, "PETIT", "Zoé")];
    let groups = [("M.DUPONT", None), ("G1", Some("m.Durand")), ("G2", Some("Zoé PETIT"))];
    let after = run(&Registry::default(), &people, &groups, &by_initial);
    assert_eq!([1, 2, 3].map(|id| login(&after, id)), ["m.dupont2", "m.durand2", "z.petit"]);
    // The group has gone from the files, not from the registry.
    let after = run(&after, &[(4, "DUPONT", "Marc")], &[], &by_initial);
    assert_eq!(login(&after, 4), "m.dupont3");
}

#[test]
fn an_account_and_a_workspace_never_have_one_name_whichever_comes_first() {
    // No name begins with the number of a school; a scheme or an adopted directory may.
    let scheme = scheme("naming.toml");
    let mut before = run(&Registry::default(), &[(1, "DUPONT", "Léa")], &[], &scheme);
    let person = before.persons.get_mut(&PersonId(1)).unwrap();
    person.account.as_mut().unwrap().name.login = "0590001f-grp-a".parse().unwrap();
    before.former_names.insert("0590001f-grp-b".to_owned());
    let after = run(&before, &[(1, "DUPONT", "Léa")], &[("A", None), ("B", None)], &scheme);
    let names: Vec<&str> = after.workspaces.values().map(|space| space.name.as_str()).collect();
    for (name, expect) in names.iter().zip(["0590001F-grp-A-", "0590001F-grp-B-"]) {
        assert!(name.starts_with(expect), "{name}");
    }
    // The other way round.
    let spaces = run(&Registry::default(), &[], &[("A", None)], &scheme);
    assert!(taken(&spaces, &BTreeMap::new()).is_taken("0590001f-grp-a"));
}

#[test]
fn a_login_stays_when_the_name_changes() {
    // DESIGN rule 2, and R-17: the name that is left stays hers.
    let scheme = scheme("naming.toml");
    let first = run(&Registry::default(), &[(1, "DUPONT", "Léa")], &[], &scheme);
    let second = run(&first, &[(1, "MARTIN", "Léa"), (2, "DUPONT", "Léa")], &[], &scheme);
    assert_eq!(account(&second, 1), account(&first, 1));
    assert_eq!(second.persons[&PersonId(1)].names, names("MARTIN", "Léa"));
    assert_eq!(login(&second, 2), "lea.dupont2");
}

#[test]
fn a_name_that_was_given_up_is_given_to_nobody() {
    // an operator gave her another login; the old one is not free for that.
    let scheme = scheme("naming.toml");
    let mut registry = run(&Registry::default(), &[(1, "DUPONT", "Léa")], &[], &scheme);
    let mut person = registry.persons[&PersonId(1)].clone();
    let name = &mut person.account.as_mut().unwrap().name;
    for name in [&mut name.login, &mut name.short_login, &mut name.mail_local] {
        *name = "lea.martin".parse().unwrap();
    }
    registry.apply(&RegistryChange { persons: vec![person], ..RegistryChange::default() });
    let after = run(&registry, &[(2, "DUPONT", "Léa")], &[], &scheme);
    assert_eq!(login(&after, 2), "lea.dupont2");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// numbers of persons decide, not the order in which they are told, nor how many runs
    /// it takes; and a replay changes nothing.
    #[test]
    fn logins_follow_the_numbers_of_persons_in_any_order_and_in_any_number_of_runs(
        picks in prop::collection::vec(0..6_usize, 1..40),
        cut in 0..40_usize,
    ) {
        const CROWD: [(&str, &str); 6] = [
            ("DUPONT", "Léa"), ("DU PONT", "Lea"), ("DE LA ROCHEFOUCAULD", "Jean-Baptiste"),
            ("DE LA ROCHEFOUCAULT", "Jeanne-Berthe"), ("DE LA ROCHEFOUCAULX", "J B"), ("MIN", "Ad"),
        ];
        let scheme = scheme("naming.toml");
        let people: Vec<(u64, &str, &str)> =
            (1..).zip(&picks).map(|(id, pick)| (id, CROWD[*pick].0, CROWD[*pick].1)).collect();
        let backwards: Vec<_> = people.iter().rev().copied().collect();
        let once = run(&Registry::default(), &people, &[], &scheme);
        let told_backwards = run(&Registry::default(), &backwards, &[], &scheme);
        prop_assert_eq!(&once, &told_backwards);
        let replayed = run(&once, &people, &[], &scheme);
        prop_assert_eq!(&replayed.persons, &once.persons);
        let first = &people[..cut.min(people.len())];
        let in_two = run(&run(&Registry::default(), first, &[], &scheme), &people, &[], &scheme);
        prop_assert_eq!(&in_two.persons, &once.persons);
    }
}
