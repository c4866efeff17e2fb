use super::*;
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
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, noon()).unwrap();
    let starts: Vec<_> = (1..=count).map(|seq| Start { seq, attempt: 1, secret: None }).collect();
    journal::start(store, run, "ldap", noon(), &starts).unwrap();
    let settlement = |seq| {
        let detail = Some(detail.to_owned());
        Settlement { seq, attempt: 1, event, detail, secret: None, refused: false }
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
    assert_eq!(history::past(&store).unwrap().owed, None);
    run(&mut store, 60, Event::Failed, "refused by the server (19): some not unique");
    let past = history::past(&store).unwrap();
    assert!(past.made.is_empty() && past.owed == Some(noon()) && past.refused.len() == 60);
    assert_eq!(history::rates(&store).unwrap(), [("ldap".to_owned(), 20.0)].into());
    run(&mut store, 60, Event::Done, "");
    let past = history::past(&store).unwrap();
    assert_eq!((past.made["ldap"].len(), past.owed, past.refused.len()), (60, None, 0));
    assert_eq!(history::rates(&store).unwrap(), [("ldap".to_owned(), 20.0)].into());
}

#[test]
fn a_refusal_for_another_reason_leaves_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    run(&mut store, 2, Event::Failed, "refused by the server (50): unique rights");
    assert!(history::past(&store).unwrap().refused.is_empty());
    assert!(history::rates(&store).unwrap().is_empty(), "too few to be measured");
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
