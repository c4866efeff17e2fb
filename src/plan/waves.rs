//! Waves: when time is short, the schools whose deadline comes first are written to their end
//! before the others begin, or all of them would be late by their last stage.
//!
//! - In: the operations of a plan, the receipts that schools wait since. - Out: each operation in
//!   its wave. - Can go wrong: nothing; what a wave needs of a later one comes with it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::operation::{Action, Operation};
use super::order::{self, WAVE, is_licence};
use crate::model::dn;
use crate::model::entry::ObjectKind;
use crate::model::ids::Uai;

/// By school, its wave, from 0. Empty: everything is one.
pub type Waves = BTreeMap<Uai, u16>;

/// Fewer operations are no wave: its stages wait for one another, and a target that is written
/// little at a time idles.
const OPERATIONS_MIN: usize = 2000;
/// Many more than a Région has schools, and few enough for the number of a stage.
const WAVES_MAX: u16 = 600;

/// The schools in waves, in the order of their deadlines (`since`: the receipts that they wait
/// since); those without one are the last.
pub fn of(operations: &[Operation], since: &BTreeMap<Uai, Timestamp>) -> Waves {
    let mut counts: BTreeMap<&Uai, usize> = BTreeMap::new();
    for uai in operations.iter().filter_map(|one| one.uai.as_ref()) {
        *counts.entry(uai).or_default() += 1;
    }
    let deadline = |uai: &Uai| since.get(uai).copied().unwrap_or(Timestamp::MAX);
    let mut schools: Vec<(&Uai, usize)> = counts.into_iter().collect();
    schools.sort_by_key(|(uai, _)| (deadline(uai), *uai));
    let (mut waves, mut wave, mut size) = (Waves::new(), 0, 0);
    for (uai, count) in schools {
        if size >= OPERATIONS_MIN && wave < WAVES_MAX {
            (wave, size) = (wave + 1, 0);
        }
        waves.insert(uai.clone(), wave);
        size += count;
    }
    waves
}

/// The waves of a plan that is made already: its parts keep them, and their hash says the same
/// today and tomorrow.
pub fn of_plan(operations: &[Operation]) -> Waves {
    let mut waves = Waves::new();
    for operation in operations.iter().filter(|one| one.key.kind() != ObjectKind::Team) {
        if let Some(uai) = &operation.uai {
            let wave = waves.entry(uai.clone()).or_insert(0);
            *wave = (operation.stage / WAVE).max(*wave);
        }
    }
    waves
}

/// Puts each operation in the wave of its school, but for what others wait for: that is in the
/// first wave, or in the first one that needs it.
pub(super) fn assign(operations: &mut [Operation], waves: &Waves) {
    for operation in &mut *operations {
        operation.stage = order::without_wave(operation.stage);
    }
    let last = waves.values().max().copied().unwrap_or(0);
    if last == 0 {
        return;
    }
    let of_school = |uai: Option<&Uai>| uai.and_then(|uai| waves.get(uai)).copied().unwrap_or(last);
    // By target and place, the first wave that links an account there.
    let mut linked: BTreeMap<(String, String), u16> = BTreeMap::new();
    for operation in &*operations {
        let wave = of_school(operation.uai.as_ref());
        for value in operation.action.linked() {
            let place = (operation.target.clone(), dn::comparable(value));
            let first = linked.entry(place).or_insert(wave);
            *first = wave.min(*first);
        }
    }
    for operation in operations {
        let own = of_school(operation.uai.as_ref());
        let wave = match (&operation.action, operation.key.kind()) {
            (_, ObjectKind::Container) | (Action::Rename { .. }, ObjectKind::Account) => 0,
            // A licence group is there first, and seats that become free are free for everybody.
            (Action::Create { .. } | Action::RemoveLinks { .. }, _)
                if is_licence(&operation.key) =>
            {
                0
            }
            // Nothing waits for a team.
            (_, ObjectKind::Team) => last,
            (Action::Create { entry }, ObjectKind::Account) => {
                let place = (operation.target.clone(), dn::comparable(&entry.dn));
                linked.get(&place).map_or(own, |first| own.min(*first))
            }
            _ => own,
        };
        operation.stage += wave * WAVE;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::audit::{self, Scene};
    use super::super::diff::laws::{planned as planned_for, world};
    use super::super::make::{self, Parts};
    use super::super::simulator::{account, container, group, managed, one_creation, person_dn};
    use super::*;

    const NEAR: &str = "0599990N";
    const FAR: &str = "0809990Z";

    fn planned() -> Vec<Operation> {
        // The teacher of the school that is due stands in the other one.
        let teacher = person_dn(FAR, "paul.martin");
        let pupil = person_dn(NEAR, "ines.lefevre");
        [
            container("0809990Z"),
            container("0599990N"),
            account(1, NEAR, "ines.lefevre"),
            account(2, FAR, "paul.martin"),
            account(3, FAR, "lea.blanc"),
            group(NEAR, "2A", &[&teacher, &pupil]),
            group(FAR, "1G3", &[&person_dn(FAR, "lea.blanc")]),
        ]
        .map(|entry| one_creation("ldap", entry))
        .into()
    }

    #[test]
    fn a_school_that_is_due_is_written_whole_before_the_others() {
        // R-74; the issue: earliest deadline first when the budget is short.
        let waves: Waves = [(NEAR, 0), (FAR, 1)].map(|(uai, n)| (uai.parse().unwrap(), n)).into();
        let mut operations = planned();
        order::arrange(&mut operations, &BTreeMap::new(), &waves);
        let order: Vec<String> = operations.iter().map(|one| one.key.to_string()).collect();
        let expect = [
            "container:0599990N",
            "container:0809990Z",
            "account:1",
            "account:2",
            "division:0599990N:2A",
            "account:3",
            "division:0809990Z:1G3",
        ];
        assert_eq!(order, expect.map(|key| format!("rentree:{key}")));
        assert_eq!(of_plan(&operations), waves);
        let stages: Vec<u16> = operations.iter().map(|one| one.stage).collect();
        assert!(stages.is_sorted(), "{stages:?}");
        assert_eq!(order::without_wave(stages[6]), order::GROUPS);
        // In one wave, the accounts of both come first.
        order::arrange(&mut operations, &BTreeMap::new(), &Waves::new());
        assert!(operations.iter().map(|one| one.stage).max() == Some(order::GROUPS));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        /// In any waves a plan keeps its rules, and ends where it would in one.
        #[test]
        fn a_plan_in_waves_is_a_good_plan_that_does_the_same(
            world in world(),
            (near, far) in (0_u16..3, 0_u16..3),
        ) {
            let observed = world.server.observe();
            let whole = planned_for(&world, &observed);
            let waves = [(NEAR, near), (FAR, far)].map(|(uai, wave)| (uai.parse().unwrap(), wave));
            let parts = Parts::of(whole.operations.clone());
            let waved = make::in_waves(parts, &waves.into());
            let managed = managed();
            let scene = Scene { observed: &observed, managed: &managed };
            let wrong = audit::audit(&waved, &[("ldap".to_owned(), scene)].into());
            prop_assert_eq!(wrong, Vec::<String>::new());
            let (mut server, mut done) = (world.server.clone(), world.server.clone());
            done.apply(&whole.operations);
            server.apply(&waved.operations);
            prop_assert_eq!(server, done);
        }
    }

    #[test]
    fn waves_follow_the_deadlines_and_are_not_small() {
        let many = |school: &str, from: u64, count: u64| -> Vec<Operation> {
            let one = |id: u64| one_creation("ldap", account(id, school, &format!("p.n{id}")));
            (from..from + count).map(one).collect()
        };
        let third = "0629990X";
        let most = OPERATIONS_MIN as u64;
        let operations = [many(NEAR, 1, 10), many(FAR, 5000, most), many(third, 9000, 10)].concat();
        let at = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let since = [(FAR, 1), (NEAR, 2)].map(|(uai, day)| (uai.parse().unwrap(), at(day)));
        let of = |uai: &str| of(&operations, &since.clone().into())[&uai.parse().unwrap()];
        // The first is large enough by itself; who has no deadline shares the last.
        assert_eq!([FAR, NEAR, third].map(of), [0, 1, 1]);
    }
}
