//! What a server does wrong, and what follows.

use std::sync::atomic::Ordering;

use proptest::prelude::*;

use super::scene::{self, Life, RUN, Scene, account, group, links};
use super::sim::Fault::{self, Busy, LostReply, LostRequest, NotSent, Refused};
use crate::apply::{ApplyError, Take, Tally};
use crate::plan::operation::Operation;
use crate::store::journal::{self, Event};
use crate::store::runs::{self, OperationState, RunState};
use crate::store::tests::{create, noon};
use crate::store::{refused, secrets, trap::Trap};

fn operations() -> Vec<Operation> {
    let mut all = vec![create(1, 0, "rentree:container:0599990N", scene::BASE)];
    all.extend((1..=20).map(|id| account(id + 1, 1, id)));
    all.push(group(22, 2, "2 A", &[]));
    all.push(links(23, 3, "2 A", &(1..=20).collect::<Vec<_>>(), true));
    all
}

fn scene_with(faults: &[(u64, &[Fault])]) -> Scene {
    let scene = Scene::new(20, operations());
    for (seq, faults) in faults {
        scene.server.faults.borrow_mut().insert(*seq, faults.iter().cloned().collect());
    }
    scene
}

/// One drive with faults, then the rest without: always the same end.
fn check(faults: &[(u64, &[Fault])], first: OperationState, words: &str) -> Scene {
    let scene = scene_with(faults);
    let seq = faults[0].0;
    let (_, tally) = scene.finish(Take::Open);
    let (state, detail) = scene.state(seq);
    assert_eq!(state, first, "{faults:?}: {tally:?}");
    assert!(detail.contains(words), "{faults:?}: {detail}");
    scene.server.faults.borrow_mut().clear();
    scene.finish(Take::OpenAndFailed);
    assert_eq!(runs::get(&scene.store(), RUN).unwrap().state, RunState::Applied, "{faults:?}");
    assert_eq!(scene.server.entries.borrow().len(), 22, "{faults:?}");
    scene.assert_secrets();
    scene
}

#[test]
fn every_fault_ends_as_it_should() {
    use OperationState::{Already, Done, Failed, Started};
    // The reply is lost after the work was done: looked at, never done again.
    check(&[(5, &[LostReply])], Already, "");
    check(&[(1, &[LostReply])], Already, "");
    check(&[(23, &[LostReply])], Already, "");
    // Lost before it was done, seen or not.
    check(&[(5, &[LostRequest])], Done, "");
    check(&[(5, &[NotSent])], Done, "");
    check(&[(5, &[NotSent]), (6, &[LostReply]), (7, &[LostRequest, LostReply])], Done, "");
    // Put off: tried again, but not for ever.
    check(&[(5, &[Busy, Busy])], Done, "");
    check(&[(5, &[Busy, Busy, Busy])], Failed, "not now (51): busy");
    check(&[(5, &[LostReply, Busy, Busy])], Already, "");
    check(&[(5, &[LostReply, Busy, Busy, Busy])], Started, "not now");
    // Refused: set aside with the server's own words.
    check(&[(5, &[Refused])], Failed, "refused by the server (65): schema says no");
    check(&[(5, &[LostRequest, Refused])], Failed, "schema says no");
    // It breaks every connection: found alone, the rest is done.
    check(&[(5, &[LostRequest, LostRequest, LostRequest, LostRequest])], Started, "no reply");
}

#[test]
fn one_poisoned_operation_does_not_stop_the_others() {
    let scene = scene_with(&[(5, &[LostRequest, LostRequest, LostRequest])]);
    let (state, tally) = scene.finish(Take::Open);
    assert_eq!(state, RunState::Interrupted);
    // The group lacks one member, and is failed for that.
    let expected = Tally { done: 21, failed: 1, unknown: 1, ..Tally::default() };
    assert_eq!(tally, expected);
    assert_eq!(scene.state(23).1, "in part: waits for operation 5");
    assert_eq!(
        scene.server.entries.borrow()[&format!("cn=2 A,{}", scene::BASE)].links["member"].len(),
        19
    );
}

#[test]
fn what_is_refused_in_every_run_is_counted_until_it_is_done() {
    // SEC-47: refused, or never an answer: both are poison, and both are listed.
    for (fault, words) in [(Refused, "schema says no"), (LostRequest, "no reply")] {
        let scene = scene_with(&[(5, &vec![fault.clone(); 30])]);
        for tries in 1..=refused::TRIES_MAX {
            scene.finish(if fault == Refused { Take::OpenAndFailed } else { Take::Open });
            let [listed] = &refused::list(&scene.store()).unwrap()[..] else { panic!("{fault:?}") };
            assert_eq!((listed.object.as_str(), listed.tries), ("rentree:account:4", tries));
            assert!(listed.detail.contains(words), "{listed:?}");
            assert_eq!(listed.is_set_aside(), tries == refused::TRIES_MAX);
        }
        let aside = refused::set_aside(&scene.store(), RUN, "ldap").unwrap();
        assert_eq!(aside.into_keys().collect::<Vec<_>>(), [5]);
        let elsewhere = refused::set_aside(&scene.store(), RUN, "other").unwrap();
        assert!(elsewhere.is_empty());
        // Put off is not refused: an overloaded server is not poison.
        scene.server.faults.borrow_mut().insert(5, vec![Busy; 3].into());
        scene.finish(Take::OpenAndFailed);
        assert_eq!(refused::list(&scene.store()).unwrap()[0].tries, refused::TRIES_MAX);
        scene.server.faults.borrow_mut().clear();
        assert_eq!(scene.finish(Take::OpenAndFailed).0, RunState::Applied);
        assert_eq!(refused::list(&scene.store()).unwrap(), []);
        scene.assert_secrets();
    }
}

#[test]
fn a_target_that_is_dead_for_a_while_is_waited_for() {
    let scene = scene_with(&[(5, &[NotSent])]);
    scene.server.down.set(3);
    let (state, _) = scene.finish(Take::Open);
    assert_eq!(state, RunState::Applied);
}

#[test]
fn a_dead_target_leaves_the_rest_planned_for_replay() {
    let scene = scene_with(&[(5, &[LostReply]), (6, &[NotSent])]);
    scene.server.down.set(1000);
    let Life::Failed(ApplyError::TargetLost { target, what, tally }) = scene.live(None, Take::Open)
    else {
        panic!("it should be lost")
    };
    assert_eq!((target.as_str(), what.as_str()), ("ldap", "connection refused"));
    assert_eq!(tally.unknown, 1, "the one that was in flight: {tally:?}");
    assert!(tally.put_back >= 1 && tally.failed == 0, "{tally:?}");
    let store = scene.store();
    let unknown = journal::lines(&store, RUN, Some(5)).unwrap();
    assert_eq!(unknown.last().unwrap().event, Event::Unknown);
    // The secret of the unknown one is kept; those of accounts never sent are not.
    let standing = scene.server.passwords.borrow().len();
    assert_eq!(secrets::list(&store).unwrap().len(), standing);
    scene.server.down.set(0);
    assert_eq!(scene.finish(Take::Open).0, RunState::Applied);
    assert_eq!(scene.server.observed.get(), 1, "looked once");
    scene.assert_secrets();
}

#[test]
fn a_signal_finishes_what_is_in_flight_and_no_more() {
    let scene = scene_with(&[]);
    scene.stop.store(true, Ordering::SeqCst);
    let (state, tally) = scene.finish(Take::Open);
    assert_eq!(state, RunState::Interrupted);
    assert!(tally.stopped && tally.done == 0, "{tally:?}");
    assert_eq!(*scene.server.received.borrow(), [] as [u64; 0]);
    scene.stop.store(false, Ordering::SeqCst);
    assert_eq!(scene.finish(Take::Open).0, RunState::Applied);
    scene.assert_secrets();
}

#[test]
fn a_changed_entry_is_set_aside_and_not_taken_up_by_replay() {
    // SEC-43.
    let scene = scene_with(&[]);
    let mut foreign = crate::store::tests::entry("rentree:account:4", &scene::dn("p.n4"));
    foreign.attributes.insert("sn", ["Autre"]);
    scene.server.put(foreign.clone());
    let (_, tally) = scene.finish(Take::Open);
    assert_eq!(scene.state(5), (OperationState::Stale, "another entry stands there".into()));
    assert_eq!((tally.stale, tally.failed), (1, 1), "the links to it wait: {tally:?}");
    assert_eq!(scene.server.entries.borrow()[&foreign.dn], foreign, "not written over");
    let received = scene.server.received.borrow().len();
    let (_, tally) = scene.finish(Take::OpenAndFailed);
    assert_eq!(scene.server.received.borrow().len(), received + 1, "the links only");
    assert_eq!(tally.failed, 1);
    // No secret is kept for an account that is not ours to hand over.
    assert!(secrets::list(&scene.store()).unwrap().iter().all(|secret| secret.person.0 != 4));
}

#[test]
fn an_account_that_somebody_else_made_as_wanted_gets_no_secret() {
    let scene = scene_with(&[]);
    scene.server.put(crate::store::tests::entry("rentree:account:4", &scene::dn("p.n4")));
    scene.finish(Take::Open);
    assert_eq!(scene.state(5).0, OperationState::Already);
    scene.assert_secrets();
}

#[test]
fn nothing_is_sent_without_somebody_to_open_the_secrets() {
    // SEC-14: no recipient, no creation.
    let scene = scene_with(&[]);
    let mut store = scene.store();
    journal::begin(&mut store, RUN, &scene.plan, noon()).unwrap();
    let mut sim = super::sim::Sim::new(&scene.server);
    let mut context = crate::apply::Context {
        store: &mut store,
        run: RUN,
        take: Take::Open,
        recipient: None,
        entropy: &mut |_| panic!("nothing is drawn"),
        now: &noon,
        progress: &mut |_| (),
        stop: &|| false,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let drive = crate::apply::drive(&mut sim, "ldap", &mut context, &scene.settings);
    let error = runtime.block_on(drive).unwrap_err();
    assert!(matches!(error, ApplyError::NoRecipient), "{error}");
    assert_eq!(journal::lines(&store, RUN, None).unwrap(), []);
}

#[test]
fn stages_wait_for_one_another_and_the_window_is_kept() {
    // docs: slapd closes a connection beyond its window, and does not promise order within it.
    let scene = scene_with(&[(3, &[Busy])]);
    scene.finish(Take::Open);
    let received = scene.server.received.borrow();
    let stage = |seq: &u64| scene.plan.operations[*seq as usize - 1].stage;
    assert!(received.is_sorted_by_key(stage), "{received:?}");
    drop(received);
    assert_eq!(scene.server.in_flight_max.get(), scene.settings.window);
}

#[test]
fn a_store_that_fails_stops_the_drive_before_the_next_write() {
    // DESIGN rule 7: what cannot be announced is not sent.
    let scene = scene_with(&[]);
    // Begun (2 effects); the container announced, written, settled (2 each); then the store dies.
    let life = scene.live(Some(Trap::after(8)), Take::Open);
    assert!(matches!(life, Life::Failed(ApplyError::Store(_))), "{life:?}");
    assert_eq!(*scene.server.received.borrow(), [1]);
}

fn config() -> ProptestConfig {
    ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_goes_wrong_replay_reaches_the_same_end(
        faults in prop::collection::vec(
            (1u64..=23, prop::collection::vec(
                prop::sample::select(vec![LostReply, LostRequest, NotSent, Busy, Refused]), 1..6)),
            0..12),
        crash in prop::option::of(0u64..120),
    ) {
        let scene = scene_with(&[]);
        for (seq, faults) in faults {
            scene.server.faults.borrow_mut().insert(seq, faults.into());
        }
        let mut lives = 0;
        let mut trap = crash.map(Trap::after);
        loop {
            lives += 1;
            prop_assert!(lives < 40);
            match scene.live(trap.take(), Take::OpenAndFailed) {
                Life::Finished(RunState::Applied, _) => break,
                Life::Finished(..) | Life::Failed(_) => {}
            }
        }
        prop_assert_eq!(scene.server.entries.borrow().len(), 22);
        let class = format!("cn=2 A,{}", scene::BASE);
        let members = scene.server.entries.borrow()[&class].links["member"].len();
        prop_assert_eq!(members, 20);
        scene.assert_secrets();
    }
}
