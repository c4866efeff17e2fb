//! Laws of taking back and of applying in two parts, over the random targets of `diff/laws.rs`.

use proptest::prelude::*;

use super::super::diff::laws::{World, planned, world};
use super::super::operation::{Action, OperationKind};
use super::super::redo::{self, TakenBack};
use super::super::simulator::{Server, managed};
use super::super::trace::{self, Sure};
use super::super::waves::Waves;
use super::super::{order, part};
use super::*;
use crate::plan::Plan;

/// What stands, links as places.
fn standing(server: &Server) -> BTreeMap<ObjectKey, Entry> {
    let mut entries = server.observe().entries;
    for entry in entries.values_mut() {
        for values in entry.links.values_mut() {
            *values = values.iter().map(|value| dn::comparable(value)).collect();
        }
        entry.dn = dn::comparable(&entry.dn);
    }
    entries
}

/// The inverse of operations that were done, or of the first `done` of them.
fn taken_back(server: &Server, operations: &[Operation]) -> (Vec<Operation>, Vec<Left>) {
    let observed = server.observe();
    let mut traces = Traces::new();
    for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
        trace::fold(&mut traces, operation);
    }
    let scene = Scene {
        target: "ldap",
        names: &Names::new(),
        traces: &traces,
        observed: &observed,
        managed: &managed(),
        disabled_at: &|_| None,
        link_chunk: 2,
    };
    inverse(&scene)
}

/// Without a deletion, which nothing takes back, and without copies made by hand.
fn of_whole(mut world: World) -> (World, Plan) {
    world.deletions.clear();
    let plan = planned(&world, &world.server.observe());
    (world, plan)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_taken_back_stands_as_before_and_what_was_made_cannot_be_used(world in world()) {
        //
        let (world, plan) = of_whole(world);
        let before = standing(&world.server);
        let mut server = world.server.clone();
        server.apply(&plan.operations);
        let (back, left) = taken_back(&server, &plan.operations);
        server.apply(&back);
        let after = standing(&server);
        for (key, entry) in &after {
            match before.get(key) {
                Some(old) => prop_assert_eq!(old, entry),
                None if key.kind() == ObjectKind::Account => prop_assert!(!entry.enabled),
                None => prop_assert!(entry.links.is_empty()),
            }
        }
        prop_assert!(before.keys().all(|key| after.contains_key(key)));
        prop_assert!(left.iter().all(|one| one.key.kind() == ObjectKind::Container));
        let deleted = |one: &&Operation| one.kind == OperationKind::Delete;
        prop_assert_eq!(back.iter().find(deleted), None);
        // The same plan, made again, is told to do again what was taken back.
        let mut undone = TakenBack::new();
        for one in &back {
            let key = (one.target.clone(), one.key.clone());
            undone.entry(key).or_default().push((1, one.action.clone()));
        }
        let again = planned(&world, &server.observe());
        let acts = again.operations.iter().any(|one| one.blocked.is_none());
        prop_assert_eq!(!redo::objections(&again.operations, &undone).is_empty(), acts);
    }

    #[test]
    fn a_rollback_is_taken_back_as_well(world in world()) {
        // Where links follow: elsewhere a rollback also mends links that the run left dangling.
        let mut world = world;
        world.server.follows = true;
        let (world, plan) = of_whole(world);
        let mut server = world.server.clone();
        server.apply(&plan.operations);
        let done = standing(&server);
        let (back, _) = taken_back(&server, &plan.operations);
        server.apply(&back);
        let (forth, _) = taken_back(&server, &back);
        server.apply(&forth);
        prop_assert_eq!(standing(&server), done);
    }

    #[test]
    fn a_run_that_stopped_anywhere_is_taken_back_by_looking(world in world(), at in 0..40usize) {
        // SEC-44, R-47: the journal knows of the next operation that it was announced, and no more.
        let (world, plan) = of_whole(world);
        let before = standing(&world.server);
        let active = plan.operations.iter().filter(|one| one.blocked.is_none());
        let active: Vec<Operation> = active.cloned().collect();
        let at = at.min(active.len());
        for last in [at, (at + 1).min(active.len())] {
            let mut server = world.server.clone();
            server.apply(&active[..last]);
            let seen = server.observe().entries;
            let announced = active.iter().skip(at).enumerate().filter(|(rank, one)| {
                *rank == 0 || one.kind == OperationKind::RemoveMember
            });
            let maybe = announced
                .filter_map(|(_, one)| trace::done_part(one, Sure::Maybe, seen.get(&one.key)));
            let done: Vec<Operation> = active[..at].iter().cloned().chain(maybe).collect();
            let (back, _) = taken_back(&server, &done);
            server.apply(&back);
            for (key, entry) in standing(&server) {
                match before.get(&key) {
                    Some(old) => prop_assert_eq!(old, &entry),
                    None if key.kind() == ObjectKind::Account => prop_assert!(!entry.enabled),
                    None => prop_assert!(entry.links.is_empty()),
                }
            }
        }
    }

    #[test]
    fn what_somebody_changed_since_is_left_and_told(world in world(), who in 1..7u64) {
        // SEC-43.
        let (world, plan) = of_whole(world);
        let mut server = world.server.clone();
        server.apply(&plan.operations);
        let key = ObjectKey::Account(crate::model::ids::PersonId(who));
        let touched = plan.operations.iter().any(|one| {
            let whole = matches!(one.action, Action::Create { .. });
            let sn = match &one.action {
                Action::Modify { dn: _, before, after } => {
                    before.contains_key("sn") || after.contains_key("sn")
                }
                _ => false,
            };
            one.key == key && one.blocked.is_none() && (whole || sn)
        });
        let mut edited = false;
        for entry in server.marked.values_mut().filter(|entry| entry.key == key) {
            if touched && entry.attributes.contains_key("sn") {
                entry.attributes.insert("sn", vec!["Par la main".to_owned()]);
                edited = true;
            }
        }
        let stood = standing(&server).get(&key).cloned();
        let (back, left) = taken_back(&server, &plan.operations);
        server.apply(&back);
        if edited {
            prop_assert_eq!(standing(&server).get(&key).cloned(), stood);
            let told = left.iter().find(|one| one.key == key);
            prop_assert!(told.is_some_and(|one| one.why.contains("changed since: sn")));
        }
    }

    #[test]
    fn a_part_and_then_the_rest_is_the_whole(world in world()) {
        let plan = planned(&world, &world.server.observe());
        let mut whole = world.server.clone();
        whole.apply(&plan.operations);
        for school in ["0599990N", "0809990Z"] {
            let schools = [school.parse().unwrap()].into();
            let (mut first, mut rest) = part::split(&plan, &schools);
            order::arrange(&mut first.operations, &BTreeMap::new(), &Waves::new());
            order::arrange(&mut rest.operations, &BTreeMap::new(), &Waves::new());
            let other =
                |one: &Operation| one.uai.as_ref().is_some_and(|uai| uai.as_str() != school);
            prop_assert!(!first.operations.iter().any(other));
            let mut server = world.server.clone();
            server.apply(&first.operations);
            server.apply(&rest.operations);
            prop_assert_eq!(standing(&server), standing(&whole));
        }
    }
}
