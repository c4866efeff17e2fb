//! Laws of the difference, over random targets: what holds for every plan.

use proptest::prelude::*;

use super::super::Plan;
use super::super::audit::{self, Scene};
use super::super::make::{self, Parts};
use super::super::simulator::{Server, account, container, group, keyed, managed, person_dn};
use super::*;

const SCHOOLS: [&str; 2] = ["0599990N", "0809990Z"];

/// A random account: who, where, its login, an attribute, usable or not.
fn any_account() -> impl Strategy<Value = Entry> {
    (1..7u64, 0..2usize, 0..2u8, 0..3u8, any::<bool>()).prop_map(|(who, school, login, sn, on)| {
        let mut entry = account(who, SCHOOLS[school], &format!("e{who}.{login}"));
        if sn > 0 {
            entry.attributes.insert("sn", [format!("Nom{sn}")]);
        }
        entry.enabled = on;
        entry
    })
}

fn any_group() -> impl Strategy<Value = (usize, u8, BTreeSet<(u64, usize)>)> {
    (0..2usize, 0..2u8, prop::collection::btree_set((1..7u64, 0..2usize), 0..6))
}

/// Entries of one side: groups have members by person, whose DN is the one of that side.
fn side() -> impl Strategy<Value = BTreeMap<ObjectKey, Entry>> {
    let accounts = prop::collection::vec(any_account(), 0..7);
    let groups = prop::collection::vec(any_group(), 0..4);
    (accounts, groups, any::<bool>()).prop_map(|(accounts, groups, holds)| {
        let mut entries = keyed(accounts);
        let mut made = Vec::new();
        for (school, code, members) in groups {
            let member = |(who, _): &(u64, usize)| {
                let key = ObjectKey::Account(crate::model::ids::PersonId(*who));
                entries.get(&key).map(|entry| entry.dn.clone())
            };
            let members: Vec<String> = members.iter().filter_map(member).collect();
            let members: Vec<&str> = members.iter().map(String::as_str).collect();
            made.push(group(SCHOOLS[school], &format!("G{code}"), &members));
        }
        entries.extend(keyed(made));
        if holds {
            let paths = ["0599990N", "0599990N/personnes", "0809990Z"];
            entries.extend(keyed(paths.map(container)));
        }
        entries
    })
}

/// Unmarked entries, some of them in the places of accounts.
fn strangers() -> impl Strategy<Value = BTreeSet<String>> {
    let place = (0..2usize, 1..7u64, 0..2u8).prop_map(|(school, who, login)| {
        dn::comparable(&person_dn(SCHOOLS[school], &format!("e{who}.{login}")))
    });
    prop::collection::btree_set(place, 0..3)
}

#[derive(Debug, Clone)]
pub(in crate::plan) struct World {
    desired: BTreeMap<ObjectKey, Entry>,
    pub(in crate::plan) server: Server,
    known: BTreeSet<ObjectKey>,
    pub(in crate::plan) deletions: BTreeSet<ObjectKey>,
    chunk: usize,
}

pub(in crate::plan) fn world() -> impl Strategy<Value = World> {
    let people = prop::collection::btree_set((1..7u64).prop_map(account_key), 0..3);
    (side(), side(), strangers(), any::<bool>(), people, 1..4usize, any::<bool>()).prop_map(
        |(desired, standing, unmarked, follows, deletions, chunk, knows)| {
            let mut server = Server::holding(standing.values().cloned());
            server.follows = follows;
            server.unmarked = unmarked;
            server.unmarked.retain(|place| !server.marked.contains_key(place));
            let known = if knows { standing.keys().cloned().collect() } else { BTreeSet::new() };
            World { desired, server, known, deletions, chunk }
        },
    )
}

fn account_key(who: u64) -> ObjectKey {
    ObjectKey::Account(crate::model::ids::PersonId(who))
}

pub(in crate::plan) fn planned(world: &World, observed: &Observed) -> Plan {
    let found = diff(&Sides {
        target: "ldap",
        desired: &world.desired,
        observed,
        managed: &managed(),
        known: &world.known,
        deletions: &world.deletions,
        unheard: &BTreeMap::new(),
        link_chunk: world.chunk,
    });
    make::make(Parts::of(found.operations))
}

fn active(plan: &Plan) -> Vec<&Operation> {
    plan.operations.iter().filter(|operation| operation.blocked.is_none()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn applying_a_plan_leaves_nothing_to_plan(world in world()) {
        // R-27, SEC-44: and no step of it finds drift or something in its way.
        let mut server = world.server.clone();
        let first = planned(&world, &server.observe());
        server.apply(&first.operations);
        // What stood in the way may have moved or gone with the first plan: then a second one, and
        // a third after a chain of them.
        let mut left = planned(&world, &server.observe());
        let was_blocked = first.operations.iter().any(|operation| operation.blocked.is_some());
        for _ in 0..8 {
            if !was_blocked || active(&left).is_empty() {
                break;
            }
            server.apply(&left.operations);
            left = planned(&world, &server.observe());
        }
        prop_assert_eq!(active(&left), Vec::<&Operation>::new());
        for operation in &left.operations {
            prop_assert!(operation.blocked.is_some());
        }
    }

    #[test]
    fn unmarked_entries_are_the_same_after_a_plan(world in world()) {
        // SEC-45: nor does one become a member of anything.
        let mut server = world.server.clone();
        let plan = planned(&world, &server.observe());
        server.apply(&plan.operations);
        prop_assert_eq!(&server.unmarked, &world.server.unmarked);
        for operation in active(&plan) {
            let at = dn::comparable(operation.action.dn());
            prop_assert!(!world.server.unmarked.contains(&at));
        }
        for operation in active(&plan) {
            if let Action::AddLinks { values, .. } = &operation.action {
                for value in values {
                    prop_assert!(!world.server.unmarked.contains(&dn::comparable(value)));
                }
            }
        }
    }

    #[test]
    fn the_order_of_reading_does_not_change_a_byte(world in world(), seed in any::<u64>()) {
        // DESIGN rule 10.
        let observed = world.server.observe();
        let mut turned = observed.clone();
        turned.doubles.reverse();
        let mut entries: Vec<Entry> = observed.entries.values().cloned().collect();
        let middle = (seed as usize) % entries.len().max(1);
        entries.rotate_left(middle);
        turned.entries = keyed(entries);
        let text = |observed: &Observed| {
            serde_json::to_string(&planned(&world, observed)).unwrap()
        };
        prop_assert_eq!(text(&observed), text(&turned));
    }

    #[test]
    fn only_managed_attributes_change(world in world()) {
        let mut server = world.server.clone();
        for entry in server.marked.values_mut() {
            entry.attributes.insert("telephoneNumber", ["+33"]);
        }
        let stood: BTreeSet<ObjectKey> =
            server.marked.values().map(|entry| entry.key.clone()).collect();
        let mut observed = server.observe();
        for entry in observed.entries.values_mut() {
            entry.attributes.remove("telephoneNumber");
        }
        let mut plan = planned(&world, &observed);
        plan.operations.retain(|operation| operation.kind != OperationKind::Delete);
        server.apply(&plan.operations);
        for entry in server.marked.values() {
            let kept = entry.attributes.contains_key("telephoneNumber");
            prop_assert_eq!(kept, stood.contains(&entry.key));
        }
    }

    #[test]
    fn the_checker_has_nothing_against_a_plan(world in world()) {
        let observed = world.server.observe();
        let managed = managed();
        let scene = Scene { observed: &observed, managed: &managed };
        let plan = planned(&world, &observed);
        let scenes = BTreeMap::from([("ldap".to_owned(), scene)]);
        prop_assert_eq!(audit::audit(&plan, &scenes), Vec::<String>::new());
    }

    #[test]
    fn groups_and_containers_are_never_deleted(world in world()) {
        // R-27, whatever the list of deletions says.
        let mut world = world;
        world.deletions = world.server.marked.values().map(|entry| entry.key.clone()).collect();
        for operation in planned(&world, &world.server.observe()).operations {
            if operation.kind == OperationKind::Delete {
                prop_assert_eq!(operation.key.kind(), ObjectKind::Account);
                prop_assert!(!world.desired.contains_key(&operation.key));
            }
        }
    }
}
