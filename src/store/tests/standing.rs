//! What the monitoring is told: over all runs, not of the newest row.

use super::*;
use crate::model::delivery::{Counts, Status};
use crate::plan::origin::{Origin, Scope};
use crate::plan::{DeliveryLine, Objection};
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::plans;
use crate::store::runs::{self, RunId};
use crate::store::standing::{standing, success};

fn hours(hours: i64) -> Timestamp {
    noon() + jiff::SignedDuration::from_hours(hours)
}

fn there() -> Uai {
    "0809990Z".parse().unwrap()
}

/// Two creations, one in each of two schools, as far as the plan speaks of them; three deliveries,
/// one of a school that nobody knows; one objection to the whole, if it is `stopped`.
fn planned(store: &mut Store, origin: Origin, stopped: bool, at: i64) -> RunId {
    let mut plan = plan(at as u8, Vec::new(), Vec::new());
    let creation = create(1, 2, "rentree:account:1", "uid=e1,dc=test");
    let elsewhere = create(2, 2, "rentree:account:2", "uid=e2,dc=test");
    let both = [creation, Operation { uai: Some(there()), ..elsewhere }];
    let has = |uai: &Option<Uai>| origin.scope.has(uai.as_ref());
    plan.operations = both.into_iter().filter(|one| has(&one.uai)).collect();
    plan.made_at = hours(at);
    plan.generation = crate::store::registry::generation_now(store).unwrap();
    let line = |uai: Option<Uai>| DeliveryLine {
        name: "a.xml".into(),
        status: if uai.is_some() { Status::Current } else { Status::Refused },
        uai,
        source: None,
        school_year: None,
        exported_at: None,
        received_at: noon(),
        counts: Counts::default(),
    };
    let of_whole = origin.scope == Scope::All && origin.undoes.is_none();
    let mut lines: Vec<DeliveryLine> = [Some(uai()), Some(there())].map(line).into();
    lines.retain(|one| has(&one.uai) && origin.undoes.is_none());
    lines.extend(of_whole.then(|| line(None)));
    plan.summary.deliveries = lines;
    plan.origin = origin;
    let objection = Objection { id: "too-many".into(), uai: None, text: String::new() };
    plan.objections = stopped.then_some(objection).into_iter().collect();
    plans::save(store, "run", &plan).unwrap()
}

/// Begins a run, does its first operations as told, and ends it.
fn applied(store: &mut Store, run: RunId, events: &[Event], at: i64) {
    let plan = plans::load(store, run).unwrap();
    journal::begin(store, run, &plan, hours(at)).unwrap();
    for (event, operation) in events.iter().zip(&plan.operations) {
        let seq = operation.seq;
        let start = [Start { seq, attempt: 1, secret: None }];
        journal::start(store, run, "ldap", hours(at), &start).unwrap();
        let (event, detail) = (*event, Some("refused by the server (53): no".to_owned()));
        let end = [Settlement { seq, attempt: 1, event, detail, secret: None, refusal: None }];
        journal::settle(store, run, "ldap", hours(at), &end).unwrap();
    }
    runs::finish(store, run, hours(at)).unwrap();
}

/// `done failed open, deliveries, objections`.
#[track_caller]
fn check(store: &Store, expect: [u64; 5]) {
    let told = standing(store).unwrap();
    let (mut done, mut failed, mut open) = (0, 0, 0);
    for line in told.operations.values() {
        done += line.done;
        failed += line.failed;
        open += line.planned - line.done - line.failed - line.skipped;
    }
    let (deliveries, objections) = (told.deliveries.len() as u64, told.objections.len() as u64);
    assert_eq!([done, failed, open, deliveries, objections], expect);
}

#[test]
fn the_parts_of_a_plan_are_counted_together() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let whole = planned(&mut store, Origin::default(), true, 0);
    check(&store, [0, 0, 2, 3, 1]);
    let half = |scope, after| Origin { scope, part_of: Some(whole.0), after, ..Origin::default() };
    let part = planned(&mut store, half(Scope::Only([there()].into()), None), false, 1);
    // Until the part is begun the whole can still be confirmed.
    check(&store, [0, 0, 2, 3, 1]);
    applied(&mut store, part, &[Event::Done], 1);
    let rest = half(Scope::Without([there()].into()), Some(part.0));
    planned(&mut store, rest.clone(), false, 1);
    check(&store, [1, 0, 1, 3, 0]);
    // A stop of the rest persists.
    let stopped = planned(&mut store, rest, true, 2);
    check(&store, [1, 0, 1, 3, 1]);
    assert_eq!(success(&store, &["ldap"]).unwrap().whole, None, "a part is not all");
    applied(&mut store, stopped, &[Event::Done], 3);
    check(&store, [2, 0, 0, 3, 0]);
    assert_eq!(success(&store, &["ldap"]).unwrap().whole, Some(hours(3)));
}

#[test]
fn a_rollback_takes_neither_deliveries_nor_a_stop_away() {
    //
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let first = planned(&mut store, Origin::default(), false, 0);
    applied(&mut store, first, &[Event::Done, Event::Done], 0);
    planned(&mut store, Origin::default(), true, 1);
    check(&store, [2, 0, 2, 3, 1]);
    let undoing = Origin { undoes: Some(first.0), ..Origin::default() };
    let undoing = planned(&mut store, undoing, false, 2);
    check(&store, [2, 0, 4, 3, 1]);
    applied(&mut store, undoing, &[Event::Done], 3);
    check(&store, [3, 0, 3, 3, 1]);
    assert_eq!(success(&store, &["ldap"]).unwrap().whole, Some(hours(0)));
}

#[test]
fn what_failed_is_told_under_a_newer_plan_and_ends_with_a_replay() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let first = planned(&mut store, Origin::default(), false, 0);
    applied(&mut store, first, &[Event::Done, Event::Failed], 0);
    check(&store, [1, 1, 0, 3, 0]);
    planned(&mut store, Origin::default(), false, 1);
    check(&store, [1, 1, 2, 3, 0]);
    // Taken up again: nothing is left to the plan that was made meanwhile.
    runs::resume(&mut store, first).unwrap();
    let start = [Start { seq: 2, attempt: 2, secret: None }];
    journal::start(&mut store, first, "ldap", hours(2), &start).unwrap();
    let done = Settlement {
        seq: 2,
        attempt: 2,
        event: Event::Done,
        detail: None,
        secret: None,
        refusal: None,
    };
    journal::settle(&mut store, first, "ldap", hours(2), &[done]).unwrap();
    runs::finish(&mut store, first, hours(2)).unwrap();
    check(&store, [2, 0, 0, 3, 0]);
}

#[test]
fn a_success_reached_every_target_and_did_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let first = planned(&mut store, Origin::default(), false, 0);
    applied(&mut store, first, &[Event::Done, Event::Already], 0);
    let both = ["ldap", "second"];
    let told = success(&store, &both).unwrap();
    assert_eq!((told.whole, told.targets.len()), (Some(hours(0)), 2));
    // The second one is away: the first had everything, the whole had not.
    let mut away = plan(7, Vec::new(), Vec::new());
    away.generation = crate::store::registry::generation_now(&store).unwrap();
    away.summary.unread = [("second".to_owned(), "no route".to_owned())].into();
    let away = plans::save(&mut store, "run", &away).unwrap();
    applied(&mut store, away, &[], 24);
    let told = success(&store, &both).unwrap();
    assert_eq!(told.whole, Some(hours(0)));
    let expect = [("ldap".to_owned(), hours(24)), ("second".to_owned(), hours(0))];
    assert_eq!(told.targets, expect.into());
    // What was set aside is not done.
    let drifted = planned(&mut store, Origin::default(), false, 48);
    applied(&mut store, drifted, &[Event::Done, Event::Stale], 48);
    let told = success(&store, &both).unwrap();
    assert_eq!((told.whole, told.targets["ldap"]), (Some(hours(0)), hours(24)));
}
