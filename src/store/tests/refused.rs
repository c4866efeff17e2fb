//! What is refused over several runs: counted, and solved by a plan that no longer wants it.

use super::*;
use crate::plan::origin::Scope;
use crate::store::journal::{self, Event, Refusal, Settlement, Start};
use crate::store::refused::{self, Refused};
use crate::store::{plans, registry};

/// Not her school.
const BAIE: &str = "0809990Z";
const DN: &str = "uid=ines.lefevre,ou=0599990N,dc=x";

/// A night: a plan of these operations; the first is refused.
fn night(store: &mut Store, rank: u8, operations: Vec<Operation>, unread: &[&str]) -> Vec<Refused> {
    night_of(store, rank, operations, unread, Scope::All)
}

fn night_of(
    store: &mut Store,
    rank: u8,
    operations: Vec<Operation>,
    unread: &[&str],
    scope: Scope,
) -> Vec<Refused> {
    let mut plan = plan(rank, Vec::new(), operations);
    plan.generation = registry::load(store).unwrap().generation;
    plan.origin.scope = scope;
    plan.summary.unread = unread.iter().map(|name| (name.to_string(), "down".into())).collect();
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, noon()).unwrap();
    let seqs: Vec<u64> = plan.operations.iter().map(|operation| operation.seq).take(1).collect();
    let start = |seq: &u64| Start { seq: *seq, attempt: 1, secret: None };
    let starts: Vec<Start> = seqs.iter().map(start).collect();
    journal::start(store, run, "ldap", noon(), &starts).unwrap();
    let refusal = |seq: &u64| Settlement {
        seq: *seq,
        attempt: 1,
        event: Event::Failed,
        detail: Some("constraint violation".into()),
        secret: None,
        refusal: Some(Refusal::Any),
    };
    let settlements: Vec<Settlement> = seqs.iter().map(refusal).collect();
    journal::settle(store, run, "ldap", noon(), &settlements).unwrap();
    crate::store::runs::finish(store, run, noon()).unwrap();
    refused::list(store).unwrap()
}

#[test]
fn refusals_are_counted_by_content_over_runs_and_forgotten_once_unwanted() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let ines = |dn: &str| vec![create(1, 1, "rentree:account:1", dn)];
    // The rank in the plan is no part of the content.
    let mut second = ines(DN);
    second[0].seq = 7;
    assert_eq!(night(&mut store, 1, ines(DN), &[])[0].tries, 1);
    let listed = night(&mut store, 2, second, &[]);
    assert_eq!((listed.len(), listed[0].tries, listed[0].is_set_aside()), (1, 2, false));
    assert!(night(&mut store, 3, ines(DN), &[])[0].is_set_aside());
    // A target that could not be read plans nothing, and solves nothing.
    assert_eq!(night(&mut store, 4, Vec::new(), &["ldap"])[0].tries, 3);
    // A part of the plan, for another school, says nothing of hers.
    let elsewhere = Scope::Only([BAIE.parse().unwrap()].into());
    assert_eq!(night_of(&mut store, 9, Vec::new(), &[], elsewhere)[0].tries, 3);
    let renamed = night(&mut store, 5, ines("uid=ines.dupont,ou=0599990N,dc=x"), &[]);
    assert_eq!((renamed.len(), renamed[0].tries), (1, 1), "other content begins anew");
    assert_eq!(night(&mut store, 6, Vec::new(), &[]), [], "she is gone");
}
