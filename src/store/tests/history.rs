use super::*;
use crate::clock::forecast::Pace;
use crate::plan::{Objection, Stray, guard};
use crate::store::history;
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::plans;
use crate::store::runs::RunId;

fn after(seconds: i64) -> jiff::Timestamp {
    noon() + jiff::SignedDuration::from_secs(seconds)
}

/// A begun run that makes the accounts 1 to `count`; each ends as told, three seconds later.
fn run(store: &mut Store, count: u64, event: Event, detail: &str) -> RunId {
    let creations: Vec<_> = (1..=count)
        .map(|n| create(n, 2, &format!("rentree:account:{n}"), &format!("uid=e{n},dc=test")))
        .collect();
    let mut plan = plan(0xab, Vec::new(), creations);
    plan.generation = crate::store::registry::load(store).unwrap().generation;
    plan.summary.oldest_receipt = Some(noon());
    plan.summary.since = [(uai(), noon())].into();
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, noon()).unwrap();
    let starts: Vec<_> = (1..=count).map(|seq| Start { seq, attempt: 1, secret: None }).collect();
    journal::start(store, run, "ldap", noon(), &starts).unwrap();
    let settlement = |seq| {
        let detail = Some(detail.to_owned());
        Settlement { seq, attempt: 1, event, detail, secret: None, refusal: None }
    };
    let settlements: Vec<_> = (1..=count).map(settlement).collect();
    journal::settle(store, run, "ldap", after(3), &settlements).unwrap();
    run
}

#[test]
fn what_a_run_did_is_known_to_the_next_plan_and_what_it_did_not_is_owed() {
    // DESIGN section 5: the deadline of work that failed does not vanish.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    assert!(history::past(&store).unwrap().owed.is_empty());
    run(&mut store, 60, Event::Failed, "refused by the server (53): no");
    let past = history::past(&store).unwrap();
    assert!(past.made.is_empty());
    assert_eq!(past.owed, [("ldap".to_owned(), [(uai(), noon())].into())].into());
    run(&mut store, 60, Event::Done, "");
    let past = history::past(&store).unwrap();
    assert_eq!((past.made["ldap"].len(), past.owed.len()), (60, 0));
}

#[test]
fn what_is_owed_is_owed_by_school_and_a_plan_of_before_knew_the_oldest_only() {
    //
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for (generation, since) in [(0, Some(after(-60))), (1, None)] {
        let mut plan = plan(0xab, Vec::new(), vec![create(1, 2, "rentree:account:1", "uid=e1")]);
        plan.generation = generation;
        plan.summary.oldest_receipt = Some(noon());
        let done_elsewhere = ("0809990Z".parse().unwrap(), after(-90));
        plan.summary.since =
            since.map(|at| (uai(), at)).into_iter().chain([done_elsewhere]).collect();
        if since.is_none() {
            plan.summary.since.clear();
        }
        let run = plans::save(&mut store, "run", &plan).unwrap();
        journal::begin(&mut store, run, &plan, noon()).unwrap();
        let owed = history::past(&store).unwrap().owed;
        let here = [(uai(), since.unwrap_or(noon()))].into();
        assert_eq!(owed, [("ldap".to_owned(), here)].into());
    }
}

#[test]
fn a_run_is_measured_step_by_step_and_earlier_ones_by_stage() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let first = run(&mut store, 60, Event::Failed, "refused by the server (53): no");
    let second = run(&mut store, 60, Event::Done, "");
    let pace = Pace { operations: 60, seconds: 3.0 };
    let paces = &history::paces(&store, Some(second)).unwrap()["ldap"];
    assert_eq!((paces.past.clone(), paces.run.clone()), ([(2, pace)].into(), vec![(2, pace)]));
    let paces = &history::paces(&store, None).unwrap()["ldap"];
    let both = Pace { operations: 120, seconds: 6.0 };
    assert_eq!((paces.past.clone(), paces.run.len()), ([(2, both)].into(), 0));
    assert!(first < second);
}

#[test]
fn strays_are_acknowledged_with_the_objection_to_them_and_not_otherwise() {
    // SEC-42.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let key = "rentree:account:9".parse().unwrap();
    let stray = Stray { target: "ldap".into(), key, dn: "uid=x,dc=test".into() };
    for (generation, objection) in [(0, "too-many-disables"), (1, guard::REGISTRY_OLDER)] {
        let mut plan = plan(0xab, Vec::new(), Vec::new());
        plan.generation = generation;
        plan.strays = vec![stray.clone()];
        let (id, text) = (objection.to_owned(), String::new());
        plan.objections = vec![Objection { id, uai: None, text }];
        let run = plans::save(&mut store, "plan", &plan).unwrap();
        journal::begin(&mut store, run, &plan, noon()).unwrap();
        let seen = history::past(&store).unwrap().acknowledged.contains(&stray);
        assert_eq!(seen, objection == guard::REGISTRY_OLDER);
    }
}

#[test]
fn a_witness_is_kept_the_first_time_and_compared_ever_after() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    for (value, same) in [("a", true), ("a", true), ("b", false), ("a", true)] {
        assert_eq!(history::witnesses(&mut store, "ine-key", value).unwrap(), same, "{value}");
    }
}
