use std::collections::BTreeSet;

use super::*;
use crate::model::delivery::{Counts, Delivery, Header, Source};
use crate::model::finding::{FILE_EMPTY, NAME_REPAIRED, Place};
use crate::model::ids::SchoolYear;
use crate::model::record::{Content, StsContent};
use crate::plan::Basis;
use crate::store::deliveries::{self, Refusal};
use crate::store::{journal, plans};

fn delivery(byte: u8, day: i8) -> Delivery {
    let noon = date(2026, 9, day).at(12, 0, 0, 0).in_tz("UTC").unwrap().timestamp();
    Delivery {
        digest: digest(byte),
        name: format!("académie/{byte}.zip!sts.xml"),
        received_at: noon,
        last_received_at: noon,
        header: Header {
            source: Source::Sts,
            uai: uai(),
            school_year: SchoolYear(2026),
            exported_at: None,
        },
        content: Content::Sts(StsContent::default()),
        counts: Counts { read: 3, accepted: 2, quarantined: 0, rejected: 1 },
        findings: vec![NAME_REPAIRED.at(Place::line("a.xml", 12)).with("name", "FranÃ§ois")],
    }
}

/// The digests, by their byte, whose records are still there.
fn with_content(store: &Store) -> Vec<u8> {
    let bytes: Vec<u8> = (1..=9).collect();
    bytes
        .into_iter()
        .filter(|byte| deliveries::load(store, &digest(*byte)).unwrap().is_some())
        .collect()
}

fn begin_with(store: &mut Store, in_force: u8) {
    let mut plan = plan(100 + in_force, Vec::new(), Vec::new());
    plan.generation = crate::store::registry::load(store).unwrap().generation;
    let (digest, academy) = (digest(in_force), Some("Lille".to_owned()));
    plan.basis = vec![Basis { uai: uai(), source: Source::Sts, digest, academy }];
    let run = plans::save(store, "run", &plan).unwrap();
    journal::begin(store, run, &plan, noon()).unwrap();
    assert_eq!(deliveries::basis(store).unwrap(), plan.basis);
}

#[test]
fn a_delivery_comes_back_as_it_was_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    deliveries::save(&mut store, &[delivery(1, 2)]).unwrap();
    assert_eq!(deliveries::load(&store, &digest(1)).unwrap(), Some(delivery(1, 2)));
    assert_eq!(deliveries::load(&store, &digest(2)).unwrap(), None);
    let rows = deliveries::list(&store).unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0].counts, rows[0].has_content), (&delivery(1, 2).counts, true));
}

#[test]
fn the_first_receipt_of_some_bytes_counts_and_never_moves_later() {
    // the same bytes again, under another name and later, change nothing.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let check = |store: &mut Store, day, expect| {
        let at = deliveries::save(store, &[delivery(1, day)]).unwrap();
        assert_eq!(at, [delivery(1, expect).received_at]);
    };
    check(&mut store, 5, 5);
    check(&mut store, 9, 5);
    check(&mut store, 3, 3);
    check(&mut store, 4, 3);
    let sql = "UPDATE receipt SET received_at = '2027'";
    assert!(store.connection.execute(sql, []).is_err());
}

#[test]
fn the_last_receipt_is_kept_beside_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    deliveries::save(&mut store, &[delivery(1, 5)]).unwrap();
    let again = deliveries::Receipt {
        digest: digest(1),
        name: "autre.xml".to_owned(),
        received_at: delivery(1, 9).received_at,
        last_received_at: delivery(1, 9).received_at,
        heard_at: delivery(1, 10).received_at,
    };
    deliveries::save_receipts(&mut store, &[again]).unwrap();
    let row = deliveries::list(&store).unwrap().remove(0);
    assert_eq!(row.name, delivery(1, 5).name);
    assert_eq!(row.received_at, delivery(1, 5).received_at);
    assert_eq!(row.last_received_at, delivery(1, 9).received_at);
    assert_eq!(row.heard_at, delivery(1, 10).received_at);
    let loaded = deliveries::load(&store, &digest(1)).unwrap().unwrap();
    assert_eq!(loaded.last_received_at, row.last_received_at);
}

#[test]
fn a_refusal_is_kept_until_its_bytes_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let finding = FILE_EMPTY.at(Place::file("vide.xml"));
    let refusal =
        Refusal { digest: digest(1), name: "vide.xml".into(), received_at: noon(), finding };
    deliveries::save_refusals(&mut store, std::slice::from_ref(&refusal)).unwrap();
    assert_eq!(deliveries::refusals(&store).unwrap(), std::slice::from_ref(&refusal));
    // Received on the 1st, when it was refused: that is when the clock began.
    assert_eq!(deliveries::save(&mut store, &[delivery(1, 2)]).unwrap(), [noon()]);
    assert_eq!(deliveries::refusals(&store).unwrap(), []);
    deliveries::save_refusals(&mut store, &[refusal]).unwrap();
    assert_eq!(deliveries::refusals(&store).unwrap(), []);
}

#[test]
fn contents_beyond_the_current_and_two_previous_are_forgotten_but_never_those_in_force() {
    // Requirements 3.2.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let all: Vec<Delivery> = (1..=6).map(|byte| delivery(byte, byte as i8)).collect();
    deliveries::save(&mut store, &all).unwrap();
    begin_with(&mut store, 2);
    let none = BTreeSet::new();
    assert_eq!(deliveries::prune(&mut store, &none).unwrap(), 2);
    assert_eq!(with_content(&store), [2, 4, 5, 6]);
    assert_eq!(deliveries::list(&store).unwrap().len(), 6, "the rest of them stays");
    begin_with(&mut store, 6);
    assert_eq!(deliveries::prune(&mut store, &none).unwrap(), 1);
    assert_eq!(with_content(&store), [4, 5, 6]);
}

#[test]
fn contents_are_forgotten_after_their_time_but_never_those_in_force() {
    // Requirements 3.2: 90 days, counted by the caller.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    deliveries::save(&mut store, &[delivery(1, 1), delivery(2, 2), delivery(3, 3)]).unwrap();
    begin_with(&mut store, 1);
    let limit = at("2026-09-03T00:00:00Z");
    let none = BTreeSet::new();
    assert_eq!(deliveries::forget_contents(&mut store, limit, &none).unwrap(), 1);
    assert_eq!(with_content(&store), [1, 3]);
}

/// The school was told that its file waits for the rentrée: neither the weeks nor later files of
/// the year that ends take it away.
#[test]
fn what_waits_for_the_turn_of_the_year_is_not_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let all: Vec<Delivery> = (1..=6).map(|byte| delivery(byte, byte as i8)).collect();
    deliveries::save(&mut store, &all).unwrap();
    begin_with(&mut store, 6);
    let wait = BTreeSet::from([all[0].digest.clone()]);
    assert_eq!(deliveries::prune(&mut store, &wait).unwrap(), 2);
    assert_eq!(with_content(&store), [1, 4, 5, 6]);
    let limit = at("2026-12-01T00:00:00Z");
    assert_eq!(deliveries::forget_contents(&mut store, limit, &wait).unwrap(), 2);
    assert_eq!(with_content(&store), [1, 6]);
}
