use std::collections::BTreeSet;

use super::*;
use crate::model::entry::Attributes;
use crate::plan::{Objection, guard};
use crate::store::assent::{self, Act, Assent};
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::runs::RunId;
use crate::store::{memory, plans, registry, undo};

fn after(hours: i64) -> Timestamp {
    noon() + jiff::SignedDuration::from_hours(hours)
}

/// A run that turns the accounts 1 to `count`, begun so many hours after noon and done.
fn turned(store: &mut Store, hash: u8, kind: OperationKind, count: u64, hours: i64) -> RunId {
    turned_over(store, &[], hash, kind, count, hours)
}

/// The same, of a plan to which there were objections: what of, and of the school or of the whole.
fn turned_over(
    store: &mut Store,
    objections: &[(&str, Option<Uai>)],
    hash: u8,
    kind: OperationKind,
    count: u64,
    hours: i64,
) -> RunId {
    let action = |n: u64| Action::Modify {
        dn: format!("uid=e{n},dc=test"),
        before: Attributes::new(),
        after: [("sn".to_owned(), vec!["x".to_owned()])].into(),
    };
    let one = |n| operation(n, 50, kind, &format!("rentree:account:{n}"), action(n));
    let mut plan = plan(hash, Vec::new(), (1..=count).map(one).collect());
    plan.generation = registry::generation_now(store).unwrap();
    let objection = |(id, uai): &(&str, Option<Uai>)| Objection {
        id: (*id).into(),
        uai: uai.clone(),
        text: "".into(),
    };
    plan.objections = objections.iter().map(objection).collect();
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, after(hours)).unwrap();
    let starts: Vec<_> = (1..=count).map(|seq| Start { seq, attempt: 1, secret: None }).collect();
    journal::start(store, run, "ldap", after(hours), &starts).unwrap();
    let done = |seq| {
        let (event, detail, secret) = (Event::Done, None, None);
        Settlement { seq, attempt: 1, event, detail, secret, refusal: None }
    };
    let done: Vec<_> = (1..=count).map(done).collect();
    journal::settle(store, run, "ldap", after(hours), &done).unwrap();
    run
}

/// What counts in the sum of the school, and in that of all.
fn lately(store: &Store, since: i64) -> (usize, usize) {
    let lately = undo::lately(store, after(since)).unwrap();
    let (mut school, mut all) = (0, 0);
    for gone in lately.values() {
        school += gone.disabled.union(&gone.deleted).count();
        all += gone.disabled_in_all.union(&gone.deleted_in_all).count();
    }
    (school, all)
}

fn lift(store: &mut Store, run: RunId, hash: u8) -> Assent {
    let assent = Assent {
        act: Act::Lifted,
        who: "Adèle".to_owned(),
        system_user: "root".to_owned(),
        reason: "fin de conservation".to_owned(),
        at: after(7),
    };
    assent::give(store, run, &digest(hash), &assent).unwrap();
    assent
}

#[test]
fn what_was_disabled_counts_for_a_day_unless_it_came_back() {
    // SEC-42.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    turned(&mut store, 1, OperationKind::Disable, 3, 0);
    turned(&mut store, 2, OperationKind::Disable, 2, 5);
    assert_eq!(lately(&store, -1), (3, 3), "each account once");
    assert_eq!(lately(&store, 0), (2, 2), "the first run is a day old");
    assert_eq!(lately(&store, 5), (0, 0));
    turned(&mut store, 3, OperationKind::Enable, 1, 6);
    assert_eq!(lately(&store, -1), (2, 2));
}

#[test]
fn what_was_let_pass_does_not_count_again_where_it_was_let_pass() {
    // SEC-42: one person lets pass what one school loses. School by school that adds up to more
    // than the whole may lose, which takes two.
    let (here, there) = (Some(uai()), Some("0809990Z".parse::<Uai>().unwrap()));
    let cases: &[(&str, Option<Uai>, (usize, usize))] = &[
        (guard::TOO_MANY_DELETES, here.clone(), (0, 3)),
        (guard::TOO_MANY_DELETES, there, (3, 3)),
        (guard::TOO_MANY_DELETES_OVERALL, None, (3, 0)),
        // Nobody has looked at how many were deleted.
        (guard::TOO_MANY_DISABLES, here.clone(), (3, 3)),
        (guard::TOO_MANY_DISABLES_OVERALL, None, (3, 3)),
        (guard::CLOCK_STEPPED_BACK, None, (3, 3)),
        (guard::ROLLED_BACK, here, (3, 3)),
    ];
    for (id, school, expect) in cases {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let objections = [(*id, school.clone())];
        let run = turned_over(&mut store, &objections, 4, OperationKind::Delete, 3, 7);
        assert_eq!(lately(&store, 6), (3, 3), "{id}: not lifted yet");
        lift(&mut store, run, 4);
        assert_eq!(lately(&store, 6), *expect, "{id} {school:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let both = [(guard::TOO_MANY_DISABLES, Some(uai())), (guard::TOO_MANY_DISABLES_OVERALL, None)];
    let run = turned_over(&mut store, &both, 5, OperationKind::Disable, 3, 7);
    lift(&mut store, run, 5);
    assert_eq!(lately(&store, 6), (0, 0));
}

#[test]
fn an_assent_is_kept_as_it_was_given() {
    // SEC-42.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = turned(&mut store, 4, OperationKind::Delete, 3, 7);
    let assent = lift(&mut store, run, 4);
    assert_eq!(assent::of_run(&store, run).unwrap(), [assent]);
    assert!(assent::approvals(&store, &digest(4)).unwrap().is_empty(), "lifting approves nothing");
    for sql in ["UPDATE assent SET who = 'x'", "DELETE FROM assent"] {
        assert!(store.connection.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn what_a_run_replaced_is_kept_and_what_it_made_was_not_there() {
    //
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let begin = |store: &mut Store, hash, persons: Vec<Person>| {
        let mut plan = plan(hash, persons, Vec::new());
        plan.generation = registry::generation_now(store).unwrap();
        let run = plans::save(store, "run", &plan).unwrap();
        assert_eq!(undo::before(store, run).unwrap(), None, "not begun");
        journal::begin(store, run, &plan, noon()).unwrap();
        run
    };
    let first = begin(&mut store, 1, vec![person(1, "ines"), person(2, "paul")]);
    assert!(undo::before(&store, first).unwrap().unwrap().persons.is_empty());
    let mut changed = person(2, "paul");
    changed.birth_date = None;
    let second = begin(&mut store, 2, vec![changed, person(3, "zoe")]);
    let before = undo::before(&store, second).unwrap().unwrap();
    let ids: BTreeSet<u64> = before.persons.keys().map(|id| id.0).collect();
    assert_eq!(ids, [2].into());
    assert_eq!(before.persons[&PersonId(2)], person(2, "paul"));
    let sql = "UPDATE registry_before SET document = '{}'";
    assert!(store.connection.execute(sql, []).is_err(), "it is never changed");
}

/// since when an account is disabled, and whether a target was ever written to.
#[test]
fn the_day_of_a_disabling_is_remembered_until_it_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    assert!(!memory::was_written(&store, "ldap").unwrap());
    turned(&mut store, 1, OperationKind::Disable, 3, 0);
    turned(&mut store, 2, OperationKind::Enable, 1, 5);
    turned(&mut store, 3, OperationKind::Update, 2, 6);
    let disabled = memory::disabled_at(&store, "ldap").unwrap();
    assert_eq!(disabled, [(PersonId(2), after(0)), (PersonId(3), after(0))].into());
    assert!(memory::was_written(&store, "ldap").unwrap());
    assert!(!memory::was_written(&store, "office365").unwrap());
    assert!(memory::disabled_at(&store, "office365").unwrap().is_empty());
}

#[test]
fn the_memory_of_a_target_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    assert_eq!(memory::load(&store, "office365").unwrap(), None);
    memory::save(&mut store, "office365", "{1}").unwrap();
    memory::save(&mut store, "office365", "{2}").unwrap();
    drop(store);
    let mut store = open(folder.path());
    assert_eq!(memory::load(&store, "office365").unwrap().as_deref(), Some("{2}"));
    assert_eq!(memory::load(&store, "other").unwrap(), None);
    // The speed may be newer than the rest, never older.
    memory::save_speed(&mut store, "office365", "0.5").unwrap();
    assert_eq!(memory::load_speed(&store, "office365").unwrap().as_deref(), Some("0.5"));
    assert_eq!(memory::load(&store, "office365").unwrap().as_deref(), Some("{2}"));
    memory::save(&mut store, "office365", "{3}").unwrap();
    assert_eq!(memory::load_speed(&store, "office365").unwrap(), None);
}
