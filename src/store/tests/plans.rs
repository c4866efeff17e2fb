use super::*;
use crate::plan::Objection;
use crate::store::journal::{self, Event, Settlement, Start};
use crate::store::plans::{self, Page, Take};
use crate::store::runs::{self, OperationState, RunId, RunState};
use crate::store::{StoreError, secrets, steps};

fn three() -> Plan {
    let mut plan = plan(
        0xab,
        vec![person(1, "ines.lefevre")],
        vec![
            create(1, 0, "rentree:container:0599990N", "ou=0599990N,dc=x"),
            create(2, 1, "rentree:account:1", "uid=ines.lefevre,ou=0599990N,dc=x"),
            create(3, 1, "rentree:division:0599990N:2 A", "cn=2 A,ou=0599990N,dc=x"),
        ],
    );
    plan.objections.push(Objection { id: "x".into(), uai: None, text: "1 of 2".into() });
    plan
}

fn begun(folder: &Path) -> (Store, RunId) {
    let mut store = open(folder);
    let run = plans::save(&mut store, "run", &three()).unwrap();
    journal::begin(&mut store, run, &three(), noon()).unwrap();
    (store, run)
}

fn start(store: &mut Store, run: RunId, seq: u64, attempt: u32) -> Result<(), StoreError> {
    journal::start(store, run, "ldap", noon(), &[Start { seq, attempt, secret: None }])
}

fn settle(store: &mut Store, run: RunId, seq: u64, attempt: u32, event: Event) {
    let settlement = Settlement {
        seq,
        attempt,
        event,
        detail: Some("mots".into()),
        secret: None,
        refusal: None,
    };
    journal::settle(store, run, "ldap", noon(), &[settlement]).unwrap();
}

#[test]
fn a_plan_comes_back_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = plans::save(&mut store, "plan", &three()).unwrap();
    let back = plans::load(&store, run).unwrap();
    assert_eq!(back, three());
    assert_eq!(serde_json::to_vec(&back).unwrap(), serde_json::to_vec(&three()).unwrap());
    assert!(store.connection.execute("UPDATE plan_operation SET stage = 0", []).is_err());
}

#[test]
fn the_same_plan_is_stored_once_until_it_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    assert_eq!(plans::save(&mut store, "plan", &three()).unwrap(), RunId(1));
    runs::stop(&mut store, RunId(1), noon()).unwrap();
    assert_eq!(plans::save(&mut store, "run", &three()).unwrap(), RunId(1));
    let mut other = three();
    other.hash = digest(0xac);
    assert_eq!(plans::save(&mut store, "plan", &other).unwrap(), RunId(2));
    assert_eq!(plans::save(&mut store, "plan", &three()).unwrap(), RunId(3));
    journal::begin(&mut store, RunId(3), &three(), noon()).unwrap();
    assert_eq!(plans::save(&mut store, "plan", &three()).unwrap(), RunId(4));
    // Made again later it is the same, and of that day; under another clock it is another.
    let later = noon() + jiff::SignedDuration::from_hours(24);
    let mut again = three();
    again.made_at = later;
    assert_eq!(plans::save(&mut store, "plan", &again).unwrap(), RunId(4));
    assert_eq!(runs::get(&store, RunId(4)).unwrap().made_at, later);
    assert_eq!(plans::load(&store, RunId(4)).unwrap(), again);
    again.rehearsed = true;
    assert_eq!(plans::save(&mut store, "plan", &again).unwrap(), RunId(5));
    assert!(runs::get(&store, RunId(5)).unwrap().rehearsed);
    let commands: Vec<_> = runs::list(&store).unwrap().into_iter().map(|run| run.id.0).collect();
    assert_eq!(commands, [5, 4, 3, 2, 1]);
}

/// SEC-43: the journal's order tells what a plan has not seen, at one instant too; the part that a
/// plan is the rest of is no news to it, and made anew the plan has seen all.
#[test]
fn what_was_written_since_a_plan_was_stored_overtakes_it() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = begun(folder.path());
    start(&mut store, run, 1, 1).unwrap();
    let mut other = three();
    other.hash = digest(0xac);
    let save = |store: &mut Store| plans::save(store, "rollback", &other).unwrap();
    let later = save(&mut store);
    let overtaken = |store: &Store, part| plans::overtaken_by(store, later, part).unwrap();
    assert_eq!(overtaken(&store, None), None);
    settle(&mut store, run, 1, 1, Event::Done);
    assert_eq!(overtaken(&store, None), Some(run));
    assert_eq!(overtaken(&store, Some(run)), None);
    assert_eq!(save(&mut store), later);
    assert_eq!(overtaken(&store, None), None);
}

#[test]
fn a_plan_is_found_by_the_beginning_of_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    plans::save(&mut store, "plan", &three()).unwrap();
    let mut other = three();
    other.hash = format!("ac{}", &digest(0xac).as_str()[2..]).parse().unwrap();
    plans::save(&mut store, "plan", &other).unwrap();
    assert_eq!(runs::find(&store, "ABAB").unwrap().id, RunId(1));
    assert_eq!(runs::find(&store, "ac").unwrap().id, RunId(2));
    assert!(matches!(runs::find(&store, "a"), Err(StoreError::PlanAmbiguous(_))));
    for nothing in ["", "b", "%", "ab'--"] {
        assert!(matches!(runs::find(&store, nothing), Err(StoreError::NoPlan(_))), "{nothing}");
    }
}

#[test]
fn nothing_is_announced_outside_a_run_that_has_begun_nor_twice() {
    // DESIGN rules 5 and 7.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let run = plans::save(&mut store, "plan", &three()).unwrap();
    assert!(matches!(start(&mut store, run, 1, 1), Err(StoreError::RunState { .. })));
    journal::begin(&mut store, run, &three(), noon()).unwrap();
    assert!(journal::begin(&mut store, run, &three(), noon()).is_err(), "begun once");
    start(&mut store, run, 1, 1).unwrap();
    assert!(start(&mut store, run, 1, 1).is_err());
    assert!(start(&mut store, run, 99, 1).is_err(), "not in the plan");
    for sql in ["UPDATE journal SET event = 'done'", "DELETE FROM journal"] {
        assert!(store.connection.execute(sql, []).is_err(), "{sql}");
    }
}

#[test]
fn states_follow_from_the_journal_and_a_page_has_what_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = begun(folder.path());
    let open = |store: &Store, take| -> Vec<(u64, OperationState, u32)> {
        let page = Page { target: "ldap", stage: 1, after: 0, rows_max: 10 };
        let rows = plans::page(store, run, &page, take).unwrap();
        rows.into_iter().map(|row| (row.operation.seq, row.state, row.attempts)).collect()
    };
    use OperationState::{Failed, Planned, Started};
    assert_eq!(open(&store, Take::Open), [(2, Planned, 0), (3, Planned, 0)]);
    start(&mut store, run, 2, 1).unwrap();
    settle(&mut store, run, 2, 1, Event::Failed);
    start(&mut store, run, 3, 1).unwrap();
    assert_eq!(open(&store, Take::Open), [(3, Started, 1)]);
    assert_eq!(open(&store, Take::OpenAndFailed), [(2, Failed, 1), (3, Started, 1)]);
    settle(&mut store, run, 3, 1, Event::PutBack);
    assert_eq!(open(&store, Take::Open), [(3, Planned, 1)]);
    start(&mut store, run, 3, 2).unwrap();
    settle(&mut store, run, 3, 2, Event::Unknown);
    assert_eq!(open(&store, Take::Open), [(3, Started, 2)]);
    let events: Vec<_> = journal::lines(&store, run, Some(3))
        .unwrap()
        .iter()
        .map(|line| format!("{} {}", line.event.as_str(), line.attempt))
        .collect();
    assert_eq!(events, ["started 1", "put-back 1", "started 2", "unknown 2"]);
    let story = steps::of_object(&store, &"rentree:account:1".parse().unwrap()).unwrap();
    assert_eq!(story.len(), 1);
    assert_eq!(story[0].detail.as_deref(), Some("mots"));
}

#[test]
fn a_run_is_applied_when_nothing_is_open_or_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = begun(folder.path());
    for (seq, event) in [(1, Event::Done), (2, Event::Stale), (3, Event::Failed)] {
        settle(&mut store, run, seq, 1, event);
    }
    assert_eq!(runs::finish(&mut store, run, noon()).unwrap(), RunState::Interrupted);
    let tally = runs::tally(&store, run).unwrap();
    let line = tally["ldap"][&OperationKind::Create];
    assert_eq!((line.planned, line.done, line.failed, line.skipped), (3, 1, 1, 1));
    runs::resume(&mut store, run).unwrap();
    settle(&mut store, run, 3, 2, Event::Already);
    assert_eq!(runs::finish(&mut store, run, noon()).unwrap(), RunState::Applied);
    runs::save_report(&mut store, run, "{}").unwrap();
    assert_eq!(runs::report(&store, run).unwrap().as_deref(), Some("{}"));
}

#[test]
fn a_run_is_not_taken_up_again_once_another_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = begun(folder.path());
    assert_eq!(runs::interrupt_leftovers(&mut store).unwrap(), [run]);
    assert_eq!(runs::get(&store, run).unwrap().state, RunState::Interrupted);
    let mut newer = plan(2, Vec::new(), Vec::new());
    newer.generation = 1;
    let second = plans::save(&mut store, "run", &newer).unwrap();
    journal::begin(&mut store, second, &newer, noon()).unwrap();
    assert!(matches!(runs::resume(&mut store, run), Err(StoreError::Stale { .. })));
    assert!(matches!(runs::get(&store, RunId(77)), Err(StoreError::NoRun(_))));
}

#[test]
fn secrets_that_nobody_fetched_are_erased_after_thirty_days() {
    // SEC-13, SEC-14, requirements 3.2: from the file too, and its write-ahead log.
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = begun(folder.path());
    let sealed = secrets::Sealed {
        person: PersonId(1),
        login: "ines.lefevre".parse().unwrap(),
        sealed: b"sealed-canary-4711".to_vec(),
    };
    let starts = [Start { seq: 2, attempt: 1, secret: Some(sealed) }];
    journal::start(&mut store, run, "ldap", noon(), &starts).unwrap();
    assert_eq!(secrets::list(&store).unwrap().len(), 1);
    let day = |days: i64| noon() + jiff::SignedDuration::from_hours(24 * days);
    assert_eq!(secrets::purge(&mut store, day(30)).unwrap(), 0);
    assert_eq!(secrets::purge(&mut store, day(31)).unwrap(), 1);
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(13).any(|part| part == b"sealed-canary"));
    }
}
