use std::collections::BTreeSet;

use super::answers::{self, NewAnswer};
use super::links;
use super::questions::{self, Asked, Change};
use super::*;
use crate::matching::decide::Doubt;
use crate::model::asked::AskedRecord;
use crate::model::identifiers::Identifiers;
use crate::model::ids::PersonId;
use crate::model::person::Identifier;
use crate::model::registry::{Link, LinkEvidence};
use crate::store::runs::RunId;
use crate::store::tests::{at, noon, open, person, plan, uai};
use crate::store::{Store, journal, plans};

fn key() -> RecordKey {
    RecordKey { uai: uai(), source: Source::SieclePupils, number: "99:12".into() }
}

fn asked(facts: u64) -> Asked {
    let names = person(1, "a").names;
    Asked {
        key: key(),
        facts: Fingerprint(facts),
        about: BTreeSet::from([PersonId(1)]),
        why: Doubt::GivenNameDiffers,
        record: AskedRecord {
            names,
            birth_date: None,
            traits: crate::model::traits::Traits::default(),
            identifiers: Identifiers::from([Identifier::Siecle { uai: uai(), id: "99:12".into() }]),
            left_on: None,
            classes: Vec::new(),
        },
        weighing: None,
    }
}

/// A store with one question about person 1, in run 1, which is not begun.
fn with_question(folder: &std::path::Path) -> (Store, RunId) {
    let mut store = open(folder);
    let run = plans::save(&mut store, "plan", &plan(1, vec![person(1, "ines")], vec![])).unwrap();
    let (asked, state) = (Box::new(asked(u64::MAX)), QuestionState::Open);
    let ask = Change::Ask { asked, state, first_asked_at: None };
    questions::save(&mut store, run, 0, &[ask], noon()).unwrap();
    (store, run)
}

fn give(store: &mut Store, verdict: Verdict) {
    let question = questions::get(store, 1).unwrap().unwrap();
    let answer = NewAnswer {
        question: &question,
        verdict,
        persons: BTreeSet::from([PersonId(1)]),
        who: "Zoé",
        why: "vu",
        before: vec![person(1, "ines")],
    };
    answers::give(store, &[answer], noon()).unwrap();
}

#[test]
fn a_question_comes_back_as_it_was_asked_and_keeps_its_first_day() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = with_question(folder.path());
    let question = questions::get(&store, 1).unwrap().unwrap();
    assert_eq!((&question.asked, question.state), (&asked(u64::MAX), QuestionState::Open));
    let later = at("2026-09-05T12:00:00Z");
    let (asked, state) = (Box::new(question.asked), QuestionState::OwnAccount);
    questions::save(&mut store, run, 0, &[Change::Again { id: 1, asked, state }], later).unwrap();
    let again = questions::get(&store, 1).unwrap().unwrap();
    assert_eq!((again.first_asked_at, again.last_seen_at), (noon(), later));
    assert_eq!(again.state, QuestionState::OwnAccount);
    questions::save(&mut store, run, 0, &[Change::Gone { id: 1 }], later).unwrap();
    assert_eq!(questions::list(&store, false).unwrap(), []);
    assert_eq!(questions::list(&store, true).unwrap().len(), 1);
}

#[test]
fn an_answer_is_undone_once_and_never_changed_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, run) = with_question(folder.path());
    give(&mut store, Verdict::Later);
    assert_eq!(questions::get(&store, 1).unwrap().unwrap().state, QuestionState::Open);
    give(&mut store, Verdict::Same);
    assert_eq!(questions::get(&store, 1).unwrap().unwrap().state, QuestionState::Answered);
    assert!(answers::changed_since(&store, run).unwrap(), "the plan is stale");
    let given = answers::list(&store, Some(1)).unwrap();
    assert_eq!((given.len(), given[1].before.len()), (2, 1));
    for sql in
        ["DELETE FROM answer", "UPDATE answer SET why = 'x'", "UPDATE question SET facts = 'x'"]
    {
        assert!(store.connection.execute(sql, []).is_err(), "{sql}");
    }
    answers::undo(&mut store, 1, &[given[1].id], "Ali", "erreur", noon()).unwrap();
    let undone = &answers::list(&store, None).unwrap()[1];
    assert_eq!(undone.undone.as_ref().map(|one| one.who.as_str()), Some("Ali"));
    assert_eq!(questions::get(&store, 1).unwrap().unwrap().state, QuestionState::OwnAccount);
    assert!(answers::undo(&mut store, 1, &[undone.id], "Ali", "encore", noon()).is_err());
    assert_eq!(answers::changes(&store).unwrap(), 3);
}

#[test]
fn links_are_kept_with_the_plan_and_written_with_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, _) = with_question(folder.path());
    let mut plan = plan(2, vec![person(1, "ines")], vec![]);
    plan.change.links.push(Link {
        person: PersonId(1),
        uai: uai(),
        source: Source::SieclePupils,
        number: "99:12".into(),
        evidence: LinkEvidence::IneAndBirthDate,
        weighing: None,
    });
    let run = plans::save(&mut store, "plan", &plan).unwrap();
    assert_eq!(plans::load(&store, run).unwrap(), plan);
    assert_eq!(links::of_person(&store, PersonId(1)).unwrap(), []);
    journal::begin(&mut store, run, &plan, noon()).unwrap();
    let given = links::of_person(&store, PersonId(1)).unwrap();
    assert_eq!((&given[0].key, given[0].evidence), (&key(), LinkEvidence::IneAndBirthDate));
    let last = links::last_of_asked(&store).unwrap();
    assert_eq!(last, [((key(), PersonId(1)), 1)].into());
}
