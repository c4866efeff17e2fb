//! SEC-44: killed at any instant, and again, the end is the same.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::on_all_cores::on_all_cores;
use super::scene::{self, Life, Scene, account, dn, group, links, login};
use crate::apply::{ApplyError, Take};
use crate::model::entry::{Attributes, Entry};
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::store::runs::{OperationState, RunState};
use crate::store::tests::{create, entry, operation};
use crate::store::trap::Trap;
use crate::store::{FILE, Options, StoreError};

/// Entries of last year.
fn last_year() -> Vec<Entry> {
    let old = |id: u64| {
        let mut entry = entry(&format!("rentree:account:{id}"), &dn(&login(id)));
        entry.attributes.insert("sn", ["Avant"]);
        entry
    };
    let mut class = entry("rentree:division:0599990N:6 B", &format!("cn=6 B,{}", scene::BASE));
    class.links.insert("member".into(), (21..=24).map(|id| dn(&login(id))).collect());
    (21..=26).map(old).chain([class]).collect()
}

/// 40 operations of every kind, in stages, on new entries and on those of last year.
fn forty() -> Vec<Operation> {
    let mut all = vec![create(0, 0, "rentree:container:0599990N", scene::BASE)];
    all.extend((1..=20).map(|id| account(0, 1, id)));
    let person = |id: u64| format!("rentree:account:{id}");
    let attributes = |name: &str, value: &str| Attributes::from([(name, [value])]);
    for id in 21..=24 {
        let (before, after) = (attributes("sn", "Avant"), attributes("sn", "Après"));
        let action = Action::Modify { dn: dn(&login(id)), before, after };
        all.push(operation(0, 2, OperationKind::Update, &person(id), action));
    }
    let rename = Action::Rename { from: dn(&login(25)), to: dn("p.nouveau") };
    all.push(operation(0, 2, OperationKind::Rename, &person(25), rename));
    all.push(group(0, 3, "2 A", &[1, 2, 3]));
    all.push(group(0, 3, "2 B", &[]));
    all.push(group(0, 3, "2 C", &[7, 21]));
    for code in ["2 A", "2 B", "2 C", "6 B"] {
        all.push(links(0, 4, code, &[4, 5, 6, 8, 9, 10], true));
    }
    all.push(links(0, 4, "6 B", &[21, 22], false));
    for id in 21..=24 {
        let after = attributes("pwdAccountLockedTime", "000001010000Z");
        let action = Action::Modify { dn: dn(&login(id)), before: Attributes::new(), after };
        all.push(operation(0, 5, OperationKind::Disable, &person(id), action));
    }
    let before = last_year()[5].attributes.clone();
    let delete = Action::Delete { dn: dn(&login(26)), before };
    all.push(operation(0, 6, OperationKind::Delete, &person(26), delete));
    let mut blocked = account(0, 1, 27);
    blocked.blocked = Some("an unmarked entry stands there".into());
    all.push(blocked);
    for (rank, operation) in all.iter_mut().enumerate() {
        operation.seq = rank as u64 + 1;
    }
    assert_eq!(all.len(), 40);
    all
}

/// 6 operations: enough for a crash in the recovery of a crash.
fn six() -> Vec<Operation> {
    vec![
        create(1, 0, "rentree:container:0599990N", scene::BASE),
        account(2, 1, 1),
        account(3, 1, 2),
        account(4, 1, 3),
        group(5, 2, "2 A", &[1, 2]),
        links(6, 2, "6 B", &[3], true),
    ]
}

fn trapped(life: &Life) -> bool {
    matches!(life, Life::Failed(ApplyError::Store(StoreError::Trapped)))
}

/// What a run without a crash leaves, and how many effects it has.
fn undisturbed(scene: &Scene) -> (BTreeMap<String, Entry>, u64) {
    const MANY: u64 = 1_000_000;
    let trap = Trap::after(MANY);
    let life = scene.live(Some(trap.clone()), Take::Open);
    assert!(matches!(life, Life::Finished(RunState::Applied, _)), "{life:?}");
    scene.assert_secrets();
    (scene.server.entries.borrow().clone(), MANY - trap.left())
}

fn assert_same_end(scene: &Scene, expected: &BTreeMap<String, Entry>, context: &str) {
    assert_eq!(*scene.server.entries.borrow(), *expected, "{context}");
    scene.assert_secrets();
    for (seq, state, detail) in scene.states() {
        let settled = match state {
            OperationState::Done | OperationState::Already | OperationState::Blocked => true,
            OperationState::Planned
            | OperationState::Started
            | OperationState::Failed
            | OperationState::Stale => false,
        };
        assert!(settled, "{context}: operation {seq} is {state:?}: {detail:?}");
    }
    let registry = crate::store::registry::load(&scene.store()).unwrap();
    assert_eq!(registry.generation, 1, "{context}: the registry was changed once");
}

fn scene(people: u64, operations: fn() -> Vec<Operation>) -> Scene {
    let scene = Scene::new(people, operations());
    last_year().into_iter().for_each(|entry| scene.server.put(entry));
    scene
}

#[test]
fn killed_at_any_effect_the_next_process_reaches_the_same_end() {
    // SEC-44, SEC-14, DESIGN rule 7. Every write checks that it was announced (`sim.rs`).
    let (expected, effects) = undisturbed(&scene(26, forty));
    assert!(effects > 2 * 39, "{effects}");
    on_all_cores(effects, |effect| {
        let scene = scene(26, forty);
        let life = scene.live(Some(Trap::after(effect)), Take::Open);
        assert!(trapped(&life), "crash at {effect}: {life:?}");
        let (state, _) = scene.finish(Take::Open);
        assert_eq!(state, RunState::Applied, "crash at {effect}");
        assert_same_end(&scene, &expected, &format!("crash at {effect}"));
    });
    println!("{effects} crash points");
}

#[test]
fn killed_at_any_effect_of_the_recovery_too_the_end_is_the_same() {
    // SEC-44: crash × crash.
    let (expected, effects) = undisturbed(&scene(3, six));
    let pairs = AtomicU64::new(0);
    on_all_cores(effects, |first| {
        let died = (0..).take_while(|second| dies_twice(first, *second, &expected)).count();
        pairs.fetch_add(died as u64, Ordering::Relaxed);
    });
    let pairs = pairs.into_inner();
    assert!(pairs > effects, "{pairs}");
    println!("{pairs} runs with two crashes");
}

/// False when the second process ended before its crash.
fn dies_twice(first: u64, second: u64, expected: &BTreeMap<String, Entry>) -> bool {
    let scene = scene(3, six);
    let context = format!("crashes at {first}, {second}");
    assert!(trapped(&scene.live(Some(Trap::after(first)), Take::Open)), "{context}");
    let died = trapped(&scene.live(Some(Trap::after(second)), Take::Open));
    if died {
        scene.assert_standing_accounts_have_their_secret();
        let (state, _) = scene.finish(Take::Open);
        assert_eq!(state, RunState::Applied, "{context}");
    }
    assert_same_end(&scene, expected, &context);
    died
}

#[test]
fn a_second_drive_writes_nothing() {
    let scene = scene(26, forty);
    scene.finish(Take::Open);
    let changes = scene.server.changes.get();
    let received = scene.server.received.borrow().len();
    let (state, tally) = scene.finish(Take::OpenAndFailed);
    assert_eq!((state, tally), (RunState::Applied, crate::apply::Tally::default()));
    assert_eq!(scene.server.changes.get(), changes);
    assert_eq!(scene.server.received.borrow().len(), received);
    assert_eq!(scene.server.observed.get(), 0, "nothing to recover, nothing read");
}

#[test]
fn no_password_is_in_the_bytes_of_the_store() {
    // SEC-14, R-55: neither in the file nor in its write-ahead log, before a crash and after.
    let scene = scene(26, forty);
    let life = scene.live(Some(Trap::after(40)), Take::Open);
    assert!(trapped(&life));
    scene.finish(Take::Open);
    let store = scene.store();
    let passwords: Vec<String> =
        scene.server.passwords.borrow().values().flatten().cloned().collect();
    assert_eq!(passwords.len(), 20);
    let root = scene.folder();
    let mut files = 0;
    for folder in std::fs::read_dir(root.parent().unwrap()).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            files += 1;
            for password in &passwords {
                let found = bytes.windows(password.len()).any(|part| part == password.as_bytes());
                assert!(!found, "a password in clear");
            }
        }
    }
    assert!(files >= 3, "{files}");
    drop(store);
}

#[test]
fn a_disk_that_fills_up_at_any_moment_loses_nothing() {
    // Nothing half-done: with room again, the next process reaches the same end.
    let (expected, _) = undisturbed(&scene(26, forty));
    let mut full = 0;
    for pages in 0.. {
        let scene = scene(26, forty);
        let size = std::fs::metadata(scene.folder().join(FILE)).unwrap().len();
        let options = Options { size_max_bytes: Some(size + pages * 4096), trap: None };
        match scene.live_on(&options, Take::Open) {
            Life::Finished(..) => break,
            Life::Failed(ApplyError::Store(StoreError::Full)) => full += 1,
            Life::Failed(error) => panic!("{error}"),
        }
        let (state, _) = scene.finish(Take::Open);
        assert_eq!(state, RunState::Applied, "full after {pages} pages");
        assert_same_end(&scene, &expected, &format!("full after {pages} pages"));
    }
    assert!(full > 3, "{full}");
}
