//! What the deadlines are told from: t0 never moves, t1 is when the target was seen to have it.

use std::collections::BTreeSet;

use super::*;
use crate::clock::figures::{Cause, Item};
use crate::model::delivery::{Counts, Source, Status};
use crate::plan::operation::Side;
use crate::plan::origin::{Origin, Scope};
use crate::plan::{DeliveryLine, Wait};
use crate::store::items::{DONE_AFTER, PUT_OFF, items};
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::runs::{self, RunId};
use crate::store::{history, plans, proof};

fn hours(hours: i64) -> Timestamp {
    noon() + jiff::SignedDuration::from_hours(hours)
}

/// Two accounts; what waits is told as `number cause since`, hours from noon.
fn planned(store: &mut Store, since: i64, waits: &[(&str, Cause, i64)]) -> RunId {
    let creations =
        [1, 2].map(|n| create(n, 2, &format!("rentree:account:{n}"), &format!("uid=e{n},dc=test")));
    let mut plan = plan(0xab, Vec::new(), creations.into());
    plan.generation = crate::store::registry::load(store).unwrap().generation;
    plan.made_at = hours(since);
    plan.summary.since = [(uai(), hours(since))].into();
    plan.summary.waits = waits
        .iter()
        .map(|(number, cause, since)| Wait {
            uai: uai(),
            source: Source::SieclePupils,
            number: (*number).to_owned(),
            cause: *cause,
            since: hours(*since),
        })
        .collect();
    plan.summary.deliveries = vec![DeliveryLine {
        name: "a.xml".into(),
        uai: Some(uai()),
        source: Some(Source::SieclePupils),
        school_year: None,
        exported_at: None,
        received_at: hours(since),
        status: Status::Current,
        counts: Counts::default(),
    }];
    plans::save(store, "run", &plan).unwrap()
}

fn begin(store: &mut Store, run: RunId, at: i64) {
    let plan = plans::load(store, run).unwrap();
    journal::begin(store, run, &plan, hours(at)).unwrap();
}

fn settle(store: &mut Store, run: RunId, seq: u64, event: Event, detail: &str, at: i64) {
    let attempt = journal::lines(store, run, Some(seq)).unwrap().len() as u32 + 1;
    let start = [Start { seq, attempt, secret: None }];
    journal::start(store, run, "ldap", hours(at), &start).unwrap();
    let detail = Some(detail.to_owned()).filter(|text| !text.is_empty());
    let end = [Settlement { seq, attempt, event, detail, secret: None, refusal: None }];
    journal::settle(store, run, "ldap", hours(at), &end).unwrap();
}

/// The items as `since ended count cause net`, hours from noon.
#[track_caller]
fn check(store: &Store, run: Option<RunId>, expect: &[&str]) {
    let from_noon = |at: Timestamp| at.duration_since(noon()).as_hours();
    let mut told: Vec<String> = items(store, run)
        .unwrap()
        .into_iter()
        .map(|Item { uai: _, since, net_since, ended, cause, count }| {
            let ended = ended.map_or("-".to_owned(), |at| from_noon(at).to_string());
            let (since, net) = (from_noon(since), from_noon(net_since));
            format!("{since} {ended} {count} {} {net}", cause.as_str())
        })
        .collect();
    told.sort();
    assert_eq!(told, expect);
}

#[test]
fn the_clock_of_an_operation_runs_from_the_receipt_to_the_confirmation() {
    // Requirements 2.3, R-08: planning again, replay and restart move no start.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = planned(&mut store, 0, &[]);
    check(&store, None, &["0 - 2 operator 0"]);
    begin(&mut store, run, 2);
    settle(&mut store, run, 1, Event::Done, "", 3);
    settle(&mut store, run, 2, Event::Failed, &format!("{PUT_OFF}51): busy"), 3);
    check(&store, None, &["0 - 1 throttling 0", "0 3 1 operator 0"]);
    runs::finish(&mut store, run, hours(4)).unwrap();
    drop(store);
    let mut store = open(folder.path());
    runs::resume(&mut store, run).unwrap();
    settle(&mut store, run, 2, Event::Done, &format!("{DONE_AFTER}2 time(s)"), 90);
    runs::finish(&mut store, run, hours(90)).unwrap();
    check(&store, None, &["0 3 1 operator 0", "0 90 1 throttling 0"]);
}

#[test]
fn what_a_run_leaves_is_open_in_the_newest_plan_only_and_keeps_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let first = planned(&mut store, 0, &[]);
    begin(&mut store, first, 1);
    settle(&mut store, first, 1, Event::Done, "", 1);
    settle(&mut store, first, 2, Event::Failed, "refused by the server (53): no", 1);
    runs::finish(&mut store, first, hours(1)).unwrap();
    check(&store, None, &["0 - 1 target 0", "0 1 1 operator 0"]);
    let owed = history::past(&store).unwrap().owed;
    assert_eq!(owed, [("ldap".to_owned(), [(uai(), noon())].into())].into());
    let second = planned(&mut store, 0, &[]);
    check(&store, None, &["0 - 2 operator 0", "0 1 1 operator 0"]);
    begin(&mut store, second, 80);
    settle(&mut store, second, 1, Event::Already, "", 80);
    settle(&mut store, second, 2, Event::Done, "", 80);
    // What the run before had and did not do is the target's delay, not the operator's.
    check(&store, Some(second), &["0 80 1 operator 0", "0 80 1 target 0"]);
    check(&store, Some(first), &["0 1 1 operator 0"]);
}

#[test]
fn the_clock_stops_when_what_was_written_was_seen_to_stand() {
    // R-08; requirements 2.4, t1.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = planned(&mut store, 0, &[]);
    begin(&mut store, run, 1);
    settle(&mut store, run, 1, Event::Done, "", 1);
    settle(&mut store, run, 2, Event::Done, "", 1);
    check(&store, None, &["0 1 2 operator 0"]);
    let other = plans::load(&store, run).unwrap().operations[1].key.clone();
    proof::save(&mut store, run, "ldap", hours(2), &[other].into()).unwrap();
    check(&store, None, &["0 1 1 operator 0", "0 2 1 target 0"]);
    // Read once more: what was proven keeps its instant; another target is not meant.
    proof::save(&mut store, run, "elsewhere", hours(3), &BTreeSet::new()).unwrap();
    check(&store, None, &["0 1 1 operator 0", "0 2 1 target 0"]);
    proof::save(&mut store, run, "ldap", hours(4), &BTreeSet::new()).unwrap();
    check(&store, None, &["0 2 1 target 0", "0 4 1 target 0"]);
}

#[test]
fn a_rollback_and_a_part_of_other_schools_leave_the_clock_of_a_school_as_it_is() {
    // neither says anything of what is owed to this school.
    let there: Uai = "0809990Z".parse().unwrap();
    for origin in [
        Origin { undoes: Some(1), ..Origin::default() },
        Origin { scope: Scope::Only([there.clone()].into()), ..Origin::default() },
        Origin { scope: Scope::Without([uai()].into()), ..Origin::default() },
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = open(folder.path());
        let first = planned(&mut store, 0, &[("9", Cause::Hold, 0)]);
        begin(&mut store, first, 1);
        settle(&mut store, first, 1, Event::Done, "", 1);
        settle(&mut store, first, 2, Event::Failed, "refused by the server (53): no", 1);
        runs::finish(&mut store, first, hours(1)).unwrap();
        let told = ["0 - 1 hold 0", "0 - 1 target 0", "0 1 1 operator 0"];
        check(&store, None, &told);
        let mut other = plan(0xcd, Vec::new(), Vec::new());
        other.generation = crate::store::registry::generation_now(&store).unwrap();
        if origin.undoes.is_none() {
            let creation = create(1, 2, "rentree:account:3", "uid=e3,dc=test");
            other.operations = vec![Operation { uai: Some(there.clone()), ..creation }];
            other.summary.since = [(there.clone(), hours(20))].into();
        }
        other.origin = origin;
        let other = plans::save(&mut store, "apply", &other).unwrap();
        let all = |store: &Store| -> Vec<Item> {
            items(store, None).unwrap().into_iter().filter(|one| one.uai == uai()).collect()
        };
        assert_eq!(all(&store).len(), 3, "planned");
        begin(&mut store, other, 21);
        assert_eq!(all(&store).len(), 3, "begun");
        let open = crate::store::items::open(&store).unwrap();
        assert_eq!(open.iter().filter(|one| one.uai == uai()).count(), 2);
        let owed = history::past(&store).unwrap().owed;
        assert_eq!(owed["ldap"].get(&uai()), Some(&noon()));
        // A run of this school ends it, and took over what the first had not done.
        let third = planned(&mut store, 0, &[]);
        begin(&mut store, third, 80);
        settle(&mut store, third, 1, Event::Already, "", 80);
        settle(&mut store, third, 2, Event::Done, "", 80);
        runs::finish(&mut store, third, hours(80)).unwrap();
        check(&store, Some(third), &["0 80 1 hold 0", "0 80 1 operator 0", "0 80 1 target 0"]);
        let owed = history::past(&store).unwrap().owed;
        assert!(owed.values().all(|schools| !schools.contains_key(&uai())));
    }
}

#[test]
fn the_two_parts_of_a_plan_are_each_the_word_on_their_own_schools() {
    //
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let there: Uai = "0809990Z".parse().unwrap();
    let schools = [there.clone()];
    let scopes = [Scope::All, Scope::Only(schools.clone().into()), Scope::Without(schools.into())];
    for (rank, scope) in scopes.into_iter().enumerate() {
        let mut plan = plan(0xa0 + rank as u8, Vec::new(), Vec::new());
        let creation = create(1, 2, "rentree:account:1", "uid=e1,dc=test");
        let elsewhere = create(2, 2, "rentree:account:2", "uid=e2,dc=test");
        let both = [creation, Operation { uai: Some(there.clone()), ..elsewhere }];
        plan.operations = both.into_iter().filter(|one| scope.has(one.uai.as_ref())).collect();
        plan.generation = crate::store::registry::generation_now(&store).unwrap();
        plan.summary.since = [(uai(), hours(1)), (there.clone(), hours(2))].into();
        plan.origin.scope = scope;
        let run = plans::save(&mut store, "apply", &plan).unwrap();
        if rank == 1 {
            begin(&mut store, run, 3);
        }
    }
    check(&store, None, &["1 - 1 operator 1", "2 - 1 target 2"]);
    check(&store, Some(RunId(2)), &["2 - 1 target 2"]);
    check(&store, Some(RunId(1)), &[]);
    let owed = history::past(&store).unwrap().owed;
    assert_eq!(owed, [("ldap".to_owned(), [(there, hours(2))].into())].into());
}

#[test]
fn a_record_that_waits_keeps_its_start_and_ends_with_the_run_that_took_it() {
    // Requirements 2.3: a row that the school corrects has a new start, and the first is kept.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let waits = [("7", Cause::Source, 0), ("8", Cause::Review, 0), ("9", Cause::Hold, 0)];
    let first = planned(&mut store, 0, &waits);
    begin(&mut store, first, 1);
    // The next delivery does not set the clock of whoever still waits back.
    let second = planned(&mut store, 100, &[("9", Cause::Hold, 100)]);
    let open = ["0 - 1 hold 0", "0 - 2 operator 0"];
    check(&store, None, &open);
    begin(&mut store, second, 101);
    check(
        &store,
        Some(second),
        &["0 - 1 hold 0", "0 - 1 review 0", "0 - 1 source 100", "0 - 2 target 0"],
    );
    settle(&mut store, second, 1, Event::Done, "", 102);
    settle(&mut store, second, 2, Event::Done, "", 102);
    runs::finish(&mut store, second, hours(103)).unwrap();
    check(
        &store,
        Some(second),
        &["0 - 1 hold 0", "0 102 2 target 0", "0 103 1 review 0", "0 103 1 source 100"],
    );
    let set_back = "UPDATE record_wait SET since = '2027' WHERE left_run IS NULL";
    assert!(store.connection.execute(set_back, []).is_err());
    assert!(store.connection.execute("DELETE FROM record_wait", []).is_err());
}

#[test]
fn a_target_that_could_not_be_read_is_open_for_every_school_with_news() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut plan = plan(0xab, Vec::new(), Vec::new());
    plan.summary.since = [(uai(), noon())].into();
    plan.summary.unread = [("ldap".to_owned(), "no route".to_owned())].into();
    plans::save(&mut store, "run", &plan).unwrap();
    check(&store, None, &["0 - 1 target 0"]);
}

#[test]
fn a_target_that_is_away_ages_its_own_clock_and_not_that_of_the_others() {
    // t0 never moves, and is of what was received then.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = |store: &mut Store, near: &[i64], at: i64| {
        let made: Vec<Operation> =
            near.iter().map(|_| create(1, 2, "rentree:account:1", "uid=e1,dc=test")).collect();
        let mut plan = plan(at as u8, Vec::new(), made);
        plan.generation = crate::store::registry::generation_now(store).unwrap();
        plan.summary.since = [(uai(), noon())].into();
        let near = near.iter().map(|since| (uai(), hours(*since))).collect();
        let away = [(uai(), noon())].into();
        plan.summary.since_at = [("ldap".to_owned(), near), ("away".to_owned(), away)].into();
        plan.summary.unread = [("away".to_owned(), "no route".to_owned())].into();
        let run = plans::save(store, "run", &plan).unwrap();
        begin(store, run, at);
        if !plan.operations.is_empty() {
            settle(store, run, 1, Event::Done, "", at);
        }
        runs::finish(store, run, hours(at)).unwrap();
        let owed = history::past(store).unwrap().owed;
        assert_eq!(owed, [("away".to_owned(), [(uai(), noon())].into())].into());
    };
    run(&mut store, &[0], 1);
    check(&store, None, &["0 - 1 target 0", "0 1 1 operator 0"]);
    run(&mut store, &[], 20);
    check(&store, None, &["0 - 1 target 0", "0 1 1 operator 0"]);
    // A new delivery, a week later: on time where it could be written.
    run(&mut store, &[150], 151);
    check(&store, None, &["0 - 1 target 0", "0 1 1 operator 0", "150 151 1 operator 150"]);
}

#[test]
fn what_is_refused_for_ever_makes_nothing_late_but_itself() {
    // Requirements 2.3: one start for each delivery; a stuck entry keeps its own.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let plan_of = |store: &mut Store, people: &[u64], owed: i64, news: Option<i64>, at: i64| {
        let creations = (1..).zip(people).map(|(seq, n)| {
            create(seq, 2, &format!("rentree:account:{n}"), &format!("uid=e{n},dc=test"))
        });
        let mut plan = plan(0xab, Vec::new(), creations.collect());
        plan.generation = crate::store::registry::load(store).unwrap().generation;
        plan.made_at = hours(at);
        plan.summary.since = [(uai(), hours(owed))].into();
        plan.summary.since_at = [("ldap".to_owned(), plan.summary.since.clone())].into();
        plan.summary.news = Some(news.map(|news| (uai(), hours(news))).into_iter().collect());
        plans::save(store, "run", &plan).unwrap()
    };
    let night = |store: &mut Store, run: RunId, at: i64, done: &[u64]| {
        begin(store, run, at);
        settle(store, run, 1, Event::Failed, "refused by the server (53): no", at);
        for seq in done {
            settle(store, run, *seq, Event::Done, "", at);
        }
        runs::finish(store, run, hours(at)).unwrap();
    };
    let first = plan_of(&mut store, &[1, 2], 0, Some(0), 1);
    night(&mut store, first, 2, &[2]);
    // Nothing new: the same entry is tried again.
    let second = plan_of(&mut store, &[1], 0, None, 24);
    night(&mut store, second, 24, &[]);
    check(&store, None, &["0 - 1 target 0", "0 2 1 operator 0"]);
    // Weeks later somebody comes, and somebody goes whom no delivery tells of.
    let third = plan_of(&mut store, &[1, 3], 0, Some(400), 401);
    check(&store, None, &["0 - 1 operator 0", "0 2 1 operator 0", "400 - 1 operator 400"]);
    night(&mut store, third, 402, &[2]);
    check(&store, None, &["0 - 1 target 0", "0 2 1 operator 0", "400 402 1 operator 400"]);
    check(&store, Some(third), &["0 - 1 target 0", "400 402 1 operator 400"]);
    let fourth = plan_of(&mut store, &[1, 4], 0, None, 500);
    night(&mut store, fourth, 500, &[2]);
    check(&store, Some(fourth), &["0 - 1 target 0"]);
}

#[test]
fn an_account_waits_since_the_file_that_tells_of_it() {
    // Requirements 2.3: one start for each file of a school, also for what was left to a next run.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let key = |n: u64| format!("rentree:account:{n}");
    let plan_of = |store: &mut Store, people: &[u64], received: [i64; 2], later: &[u64]| {
        let creations = (1..).zip(people);
        let creations =
            creations.map(|(seq, n)| create(seq, 2, &key(*n), &format!("uid=e{n},dc=test")));
        let mut plan = plan(0xab, Vec::new(), creations.collect());
        plan.generation = crate::store::registry::load(store).unwrap().generation;
        plan.summary.since = [(uai(), hours(received[0]))].into();
        plan.summary.news = Some([(uai(), hours(received[0]))].into());
        let own = later.iter().map(|n| (key(*n).parse().unwrap(), hours(received[1])));
        let later = [(Side::Entry, own.collect())].into();
        plan.summary.later = [("ldap".to_owned(), [(uai(), later)].into())].into();
        plans::save(store, "run", &plan).unwrap()
    };
    // A pupil, and two of the staff, whose file came ten hours later.
    let first = plan_of(&mut store, &[1, 2, 3], [0, 10], &[2, 3]);
    check(&store, None, &["0 - 1 operator 0", "10 - 2 operator 10"]);
    begin(&mut store, first, 20);
    settle(&mut store, first, 1, Event::Done, "", 21);
    settle(&mut store, first, 2, Event::Done, "", 22);
    settle(&mut store, first, 3, Event::Failed, "refused by the server (53): no", 23);
    runs::finish(&mut store, first, hours(24)).unwrap();
    check(&store, None, &["0 21 1 operator 0", "10 - 1 target 10", "10 22 1 operator 10"]);
    // The one that is left keeps its start beside somebody new.
    plan_of(&mut store, &[3, 4], [100, 110], &[3, 4]);
    let done = ["0 21 1 operator 0", "10 - 1 operator 10", "10 22 1 operator 10"];
    check(&store, None, &[&done[..], &["110 - 1 operator 110"]].concat());
}

#[test]
fn what_one_school_waits_for_in_a_group_of_all_schools_is_no_clock_of_another() {
    // Requirements 2.3; R-74.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let there: Uai = "0809990Z".parse().unwrap();
    let plan_of = |store: &mut Store, news: &[(&Uai, i64)]| {
        let join = |(seq, school): (u64, &Uai)| {
            let mut one = create(seq, 2, "rentree:licence:pupils", "pupils");
            one.uai = Some(school.clone());
            one
        };
        let both = [uai(), there.clone()];
        let joins = (1..).zip(&both).map(join);
        let mut plan = plan(0xab, Vec::new(), joins.collect());
        plan.generation = crate::store::registry::load(store).unwrap().generation;
        plan.summary.since = both.iter().map(|school| (school.clone(), noon())).collect();
        let news = news.iter().map(|(school, at)| ((*school).clone(), hours(*at)));
        plan.summary.news = Some(news.collect());
        plans::save(store, "run", &plan).unwrap()
    };
    let first = plan_of(&mut store, &[(&uai(), 0), (&there, 40)]);
    begin(&mut store, first, 50);
    for seq in [1, 2] {
        settle(&mut store, first, seq, Event::Failed, "refused by the server (53): no", 50);
    }
    runs::finish(&mut store, first, hours(51)).unwrap();
    plan_of(&mut store, &[]);
    let of = |school: &Uai| {
        let open = items(&store, None).unwrap().into_iter().filter(|item| item.uai == *school);
        open.map(|item| item.since).collect::<Vec<_>>()
    };
    assert_eq!(of(&uai()), [hours(0)]);
    assert_eq!(of(&there), [hours(40)]);
}
