//! What waits for what did not happen.

use super::scene::{self, Scene, account, dn, group, links, login};
use super::sim::Fault::Refused;
use crate::apply::Take;
use crate::apply::waits::{Gaps, Sendable};
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::store::runs::{OperationState, RunState};
use crate::store::tests::{create, operation};

fn refuse(operations: Vec<Operation>, seq: u64) -> Scene {
    let scene = Scene::new(4, operations);
    scene.server.faults.borrow_mut().insert(seq, [Refused].into());
    scene.finish(Take::Open);
    scene
}

fn assert_waits(scene: &Scene, seq: u64, words: &str) {
    assert_eq!(scene.state(seq), (OperationState::Failed, words.to_owned()));
}

#[test]
fn an_entry_below_a_missing_container_waits() {
    let operations = vec![
        create(1, 0, "rentree:container:0599990N", scene::BASE),
        create(2, 1, "rentree:container:0599990N/classes", &format!("ou=classes,{}", scene::BASE)),
        account(3, 2, 1),
        create(4, 2, "rentree:container:autre", "ou=autre,dc=x"),
        group(5, 3, "2 A", &[]),
    ];
    let scene = refuse(operations, 1);
    for seq in [2, 3, 5] {
        assert_waits(&scene, seq, "waits for operation 1");
    }
    assert_eq!(scene.state(4).0, OperationState::Done, "beside it, not below");
    assert_eq!(*scene.server.received.borrow(), [1, 4]);
    assert_eq!(scene.finish(Take::OpenAndFailed).0, RunState::Applied);
    scene.assert_secrets();
}

#[test]
fn whoever_cannot_move_is_disabled_where_he_stands() {
    // A stranger holds the new name; a leaver does not stay usable for that.
    let mut rename = account(1, 0, 1);
    let key = rename.key.clone();
    let (old, new) = (dn("p.ancien"), dn(&login(1)));
    rename.kind = OperationKind::Rename;
    rename.action = Action::Rename { from: old.clone(), to: new.clone() };
    let modify = |seq, at: &str| {
        let mut modify = account(seq, 1, 1);
        modify.kind = OperationKind::Disable;
        let (before, after) = Default::default();
        modify.action = Action::Modify { dn: at.to_owned(), before, after };
        modify
    };
    let mut gaps = crate::apply::waits::Gaps::default();
    gaps.add(&rename);
    use crate::apply::waits::Sendable::{Nothing, Whole};
    assert!(matches!(gaps.sendable(modify(2, &old)), Whole(_)));
    assert!(matches!(gaps.sendable(modify(3, &new)), Nothing(_, 1)));
    assert_eq!(modify(2, &old).key, key);
}

#[test]
fn links_to_a_missing_account_are_left_out_until_replay() {
    let operations = vec![
        account(1, 0, 1),
        account(2, 0, 2),
        group(3, 1, "2 A", &[]),
        links(4, 2, "2 A", &[1, 2], true),
        links(5, 2, "2 A", &[1], true),
        links(6, 2, "2 A", &[1], false),
    ];
    let scene = refuse(operations, 1);
    assert_waits(&scene, 4, "in part: waits for operation 1");
    assert_waits(&scene, 5, "waits for operation 1");
    assert_eq!(scene.state(6).0, OperationState::Already, "a link can always go");
    let class = format!("cn=2 A,{}", scene::BASE);
    let members = || scene.server.entries.borrow()[&class].links["member"].clone();
    assert_eq!(members(), [dn(&login(2))].into());
    assert_eq!(scene.finish(Take::OpenAndFailed).0, RunState::Applied);
    assert_eq!(members(), [dn(&login(1)), dn(&login(2))].into());
}

#[test]
fn a_group_is_made_without_its_missing_members() {
    let operations = vec![account(1, 0, 1), account(2, 0, 2), group(3, 1, "2 A", &[1, 2])];
    let scene = refuse(operations, 1);
    assert_waits(&scene, 3, "in part: waits for operation 1");
    let class = format!("cn=2 A,{}", scene::BASE);
    let members = scene.server.entries.borrow()[&class].links["member"].clone();
    assert_eq!(members, [dn(&login(2))].into(), "no dangling link");
    // The whole creation is stale by now: the next plan brings what is missing.
    assert_eq!(scene.finish(Take::OpenAndFailed).0, RunState::Applied);
    assert_eq!(scene.state(3).0, OperationState::Stale);
}

#[test]
fn the_next_operations_of_an_object_that_was_not_renamed_wait_and_others_do_not() {
    let person = "rentree:account:1";
    let modify = |seq, stage| {
        let action = Action::Modify {
            dn: dn("p.nouveau"),
            before: Default::default(),
            after: [("sn".to_owned(), vec!["Après".to_owned()])].into(),
        };
        operation(seq, stage, OperationKind::Update, person, action)
    };
    let rename = Action::Rename { from: dn(&login(1)), to: dn("p.nouveau") };
    let operations = vec![
        account(1, 0, 1),
        operation(2, 1, OperationKind::Rename, person, rename),
        modify(3, 2),
        account(4, 2, 2),
    ];
    let scene = refuse(operations.clone(), 2);
    assert_waits(&scene, 3, "waits for operation 2");
    assert_eq!(scene.state(4).0, OperationState::Done);
    assert_eq!(scene.finish(Take::OpenAndFailed).0, RunState::Applied);
    // An update that failed leaves no gap: what follows looks for itself.
    let mut operations = operations;
    operations.push(modify(5, 3));
    let scene = refuse(operations, 3);
    assert_eq!(scene.state(5).0, OperationState::Done);
}

#[test]
fn a_blocked_operation_is_never_sent_and_nothing_points_to_it() {
    // SEC-45: the unmarked entry in the way gets no membership either.
    let mut blocked = account(1, 0, 1);
    blocked.blocked = Some("an unmarked entry stands there".into());
    let operations = vec![blocked, group(2, 1, "2 A", &[]), links(3, 2, "2 A", &[1], true)];
    let scene = Scene::new(1, operations);
    scene.finish(Take::Open);
    assert_eq!(scene.state(1).0, OperationState::Blocked);
    assert_waits(&scene, 3, "waits for operation 1");
    assert_eq!(*scene.server.received.borrow(), [2]);
    scene.finish(Take::OpenAndFailed);
    assert_waits(&scene, 3, "waits for operation 1");
}

/// a team is made of its group, and of no other.
#[test]
fn a_team_waits_for_its_group() {
    let of = |seq, key: &str| Operation { key: key.parse().unwrap(), ..account(seq, 0, seq) };
    let mut gaps = Gaps::default();
    gaps.add(&of(1, "rentree:division+2026:0599990N:2A"));
    let team = of(2, "rentree:team-division+2026:0599990N:2A");
    assert_eq!(gaps.sendable(team.clone()), Sendable::Nothing(team, 1));
    let team = of(3, "rentree:team-division+2026:0599990N:2B");
    assert_eq!(gaps.sendable(team.clone()), Sendable::Whole(team));
}
