//! The order of a plan: stages, and the rank of each operation.
//!
//! Operations of one stage are written together on one connection, and a server keeps no order
//! between them (targets.md T5): whatever must stand first has a lower stage.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::operation::{Action, Operation, OperationKind};
use super::waves::{self, Waves};
use crate::model::dn;
use crate::model::entry::{ObjectKey, ObjectKind};
use crate::model::ids::Uai;

/// Containers: their depth below the base, a parent before its children.
pub const CONTAINERS: u16 = 0;
/// The deepest stage of containers; deeper ones share it.
pub const CONTAINERS_DEEPEST: u16 = 9;
/// Accounts come to their new place before anything is done to them there.
pub const ACCOUNT_MOVES: u16 = 10;
/// Creations, updates and enables of accounts.
pub const ACCOUNTS: u16 = 20;
pub const GROUP_MOVES: u16 = 25;
/// Groups come after accounts: the creation of a group holds its first members.
pub const GROUPS: u16 = 30;
/// New members come before old ones leave: a `groupOfNames` is never empty in between.
pub const LINKS_IN: u16 = 40;
pub const LINKS_OUT: u16 = 45;
/// What takes away from people comes late: an interrupted run has then done the useful part.
pub const DISABLES: u16 = 50;
pub const DELETES: u16 = 60;
/// A team is made of a group that has stood for a while: it waits, and nothing waits for it.
pub const TEAMS: u16 = 70;

/// Stages of one wave: the next wave has the same ones, so much higher (`plan::waves`).
pub const WAVE: u16 = 100;

/// The stage whatever the wave: what is done in it, and what that costs.
pub fn without_wave(stage: u16) -> u16 {
    stage % WAVE
}

/// The stage of an operation in the first wave.
pub fn stage(kind: OperationKind, key: &ObjectKey, action: &Action) -> u16 {
    match (action, key.kind()) {
        // One group takes one write at a time: a licence group that everybody is in is written
        // beside the accounts and the classes, or it would be waited for alone. Who leaves it gives
        // the seat free before somebody comes.
        (Action::Create { .. } | Action::RemoveLinks { .. }, _) if is_licence(key) => ACCOUNTS,
        (Action::AddLinks { .. }, _) if is_licence(key) => GROUPS,
        (Action::AddLinks { .. }, _) => LINKS_IN,
        (Action::RemoveLinks { .. }, _) => LINKS_OUT,
        (Action::Delete { .. }, _) => DELETES,
        (Action::Rename { .. }, ObjectKind::Account) => ACCOUNT_MOVES,
        (Action::Rename { .. }, _) => GROUP_MOVES,
        (Action::Modify { .. }, _) if kind == OperationKind::Disable => DISABLES,
        (_, ObjectKind::Account) => ACCOUNTS,
        (_, ObjectKind::Group) => GROUPS,
        (_, ObjectKind::Container) => depth(key),
        (_, ObjectKind::Team) => TEAMS,
    }
}

pub(super) fn is_licence(key: &ObjectKey) -> bool {
    matches!(key, ObjectKey::Licence(_))
}

fn depth(key: &ObjectKey) -> u16 {
    let slashes = match key {
        ObjectKey::Container(path) => path.matches('/').count(),
        ObjectKey::Account(_)
        | ObjectKey::Group(_)
        | ObjectKey::Yearly(_)
        | ObjectKey::Team(_)
        | ObjectKey::Licence(_) => 0,
    };
    let depth = u16::try_from(slashes).unwrap_or(CONTAINERS_DEEPEST);
    CONTAINERS + depth.min(CONTAINERS_DEEPEST)
}

/// Puts operations in the order of (wave, stage, deadline of the school, school, kind, name) and
/// numbers them from 1; links of licence groups begin the work of their school, since they take
/// longest.
/// The order they come in does not matter (DESIGN rule 10). `since` has the receipts that schools
/// wait since: a later receipt never has an earlier deadline, whatever the calendar, so the first
/// receipt is the first deadline. What no delivery asks for comes last.
pub fn arrange(operations: &mut [Operation], since: &BTreeMap<Uai, Timestamp>, waves: &Waves) {
    waves::assign(operations, waves);
    operations.sort_by_cached_key(|operation| {
        let (attribute, value) = match &operation.action {
            Action::AddLinks { attribute, values, .. }
            | Action::RemoveLinks { attribute, values, .. } => {
                (attribute.clone(), values.first().cloned())
            }
            Action::Create { .. }
            | Action::Modify { .. }
            | Action::Rename { .. }
            | Action::Delete { .. } => (String::new(), None),
        };
        (
            operation.stage,
            waits_since(operation, since),
            operation.uai.clone(),
            !is_licence(&operation.key),
            operation.kind,
            dn::comparable(operation.action.dn()),
            operation.target.clone(),
            operation.key.clone(),
            attribute,
            value,
        )
    });
    for (operation, seq) in operations.iter_mut().zip(1..) {
        operation.seq = seq;
    }
}

fn waits_since(operation: &Operation, since: &BTreeMap<Uai, Timestamp>) -> Timestamp {
    let known = operation.uai.as_ref().and_then(|uai| since.get(uai));
    known.copied().unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::simulator::{account, one_creation};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn within_a_stage_the_school_with_the_earliest_deadline_comes_first() {
        let of = |id, school: &str| one_creation("ldap", account(id, school, &format!("p.n{id}")));
        let mut operations =
            vec![of(1, "0590001F"), of(2, "0599990N"), of(3, "0809990Z"), of(4, "0599990N")];
        let mut links = of(5, "0599990N");
        links.stage = LINKS_IN;
        operations.insert(0, links);
        let since = [("0599990N", 1), ("0809990Z", 2)]
            .map(|(uai, day)| (uai.parse().unwrap(), Timestamp::from_second(day).unwrap()));
        arrange(&mut operations, &since.into(), &Waves::new());
        let order: Vec<String> = operations.iter().map(|one| one.key.to_string()).collect();
        // What must stand first still does, and a school without a deadline is last.
        assert_eq!(order, [2, 4, 3, 1, 5].map(|id| format!("rentree:account:{id}")));
        assert!(operations.iter().map(|one| one.seq).eq(1..=5));
    }

    #[test]
    fn a_licence_group_is_written_beside_accounts_and_classes() {
        // SEC-47: nothing waits for it alone. It is made, and seats are given free, before anybody
        // comes.
        let licence: ObjectKey = "rentree:licence:pupils".parse().unwrap();
        let (dn, attribute, values) = (String::new(), "members".to_owned(), BTreeSet::new());
        let come = Action::AddLinks { dn: dn.clone(), attribute, values };
        let (attribute, values) = ("members".to_owned(), BTreeSet::new());
        let go = Action::RemoveLinks { dn, attribute, values };
        assert_eq!(stage(OperationKind::AddMember, &licence, &come), GROUPS);
        assert_eq!(stage(OperationKind::RemoveMember, &licence, &go), ACCOUNTS);
        let class: ObjectKey = "rentree:division@2026:0590001F:2A".parse().unwrap();
        assert_eq!(stage(OperationKind::AddMember, &class, &come), LINKS_IN);
        assert_eq!(stage(OperationKind::RemoveMember, &class, &go), LINKS_OUT);
        // And first of its school.
        let account = one_creation("o365", account(1, "0590001F", "p.n1"));
        let mut leave = account.clone();
        (leave.kind, leave.key, leave.action) = (OperationKind::RemoveMember, licence, go);
        let mut operations = vec![account, leave];
        arrange(&mut operations, &BTreeMap::new(), &Waves::new());
        let kinds: Vec<OperationKind> = operations.iter().map(|one| one.kind).collect();
        assert_eq!(kinds, [OperationKind::RemoveMember, OperationKind::Create]);
    }

    #[test]
    fn a_parent_container_comes_before_its_children() {
        let check = |path: &str, expect: u16| {
            assert_eq!(depth(&ObjectKey::Container(path.to_owned())), expect, "{path}");
        };
        check("", 0);
        check("0599990N", 0);
        check("0599990N/personnes", 1);
        check("a/b/c/d/e/f/g/h/i/j/k/l", 9);
    }
}
