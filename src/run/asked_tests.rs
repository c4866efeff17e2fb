use super::*;
use crate::matching::decide::Doubt;
use crate::matching::judge::Stop;
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::record::Names;
use crate::model::traits::Traits;

fn key(number: &str) -> RecordKey {
    RecordKey {
        uai: "0599990N".parse().unwrap(),
        source: Source::SieclePupils,
        number: number.into(),
    }
}

fn record(given: &str) -> AskedRecord {
    AskedRecord {
        names: Names { family: "MARTIN".into(), usage: None, given: given.into() },
        birth_date: None,
        traits: Traits::default(),
        identifiers: Identifiers::default(),
        left_on: None,
        classes: Vec::new(),
    }
}

fn asked(number: &str, facts: u64, about: u64) -> Asked {
    Asked {
        key: key(number),
        facts: Fingerprint(facts),
        about: BTreeSet::from([PersonId(about)]),
        why: Doubt::Resembles(Stop::TooLittle),
        record: record("Léa"),
        weighing: None,
    }
}

fn question(id: u64, asked: Asked, state: QuestionState) -> Question {
    Question {
        id,
        asked,
        rules: 1,
        first_asked_at: "2026-10-01T20:00:00Z".parse().unwrap(),
        last_seen_at: "2026-10-01T20:00:00Z".parse().unwrap(),
        state,
    }
}

/// Changes in short: `+` asked, `=` again, `-` gone; `*` with an account of its own.
fn told(known: &[Question], asked: Vec<(Asked, bool)>, heard: Heard) -> String {
    let changes = changes(known, asked, &|_| heard.clone(), &|person| person.0 < 90);
    let own = |state: &QuestionState| {
        if state.is_open() && *state != QuestionState::Open { "*" } else { "" }
    };
    let list: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Ask { asked, state, first_asked_at } => {
                let inherited = if first_asked_at.is_some() { " since" } else { "" };
                format!("+{}{}{inherited}", asked.facts.0, own(state))
            }
            Change::Again { id, asked: _, state } => format!("={id}{}", own(state)),
            Change::Gone { id } => format!("-{id}"),
        })
        .collect();
    list.join(" ")
}

fn given(person: u64, facts: u64) -> Heard {
    Heard::Given {
        person: PersonId(person),
        facts: Fingerprint(facts),
        record: Box::new(record("Lea")),
    }
}

#[test]
fn the_same_facts_ask_nothing_new_and_changed_ones_ask_again_without_waiting_anew() {
    use QuestionState::{Open, OwnAccount};
    let open = [question(3, asked("1", 7, 1), Open)];
    assert_eq!(told(&[], vec![(asked("1", 7, 1), false)], Heard::Nothing), "+7");
    assert_eq!(told(&open, vec![(asked("1", 7, 1), false)], Heard::Nothing), "=3");
    assert_eq!(told(&open, vec![(asked("1", 7, 1), true)], Heard::Nothing), "=3*");
    // Other facts, or another person: an answer to number 3 would be for what was not shown.
    assert_eq!(told(&open, vec![(asked("1", 8, 1), false)], Heard::Nothing), "+8 since -3");
    assert_eq!(told(&open, vec![(asked("1", 7, 2), false)], Heard::Nothing), "+7 since -3");
    let own = [question(3, asked("1", 7, 1), OwnAccount)];
    assert_eq!(told(&own, vec![(asked("1", 7, 1), true)], Heard::Nothing), "=3*");
}

#[test]
fn a_question_that_is_not_asked_any_more_is_gone_unless_nobody_was_heard() {
    use QuestionState::{Answered, Gone, Open};
    let open = [question(3, asked("1", 7, 1), Open)];
    assert_eq!(told(&open, Vec::new(), Heard::Nothing), "");
    assert_eq!(told(&open, Vec::new(), Heard::Left), "-3");
    assert_eq!(told(&open, Vec::new(), given(1, 7)), "-3");
    for state in [Answered, Gone] {
        assert_eq!(told(&[question(3, asked("1", 7, 1), state)], Vec::new(), Heard::Left), "");
    }
}

#[test]
fn a_record_with_an_account_of_its_own_can_still_be_joined() {
    let own = [question(3, asked("1", 7, 1), QuestionState::OwnAccount)];
    assert_eq!(told(&own, Vec::new(), given(12, 7)), "");
    assert_eq!(told(&own, Vec::new(), given(12, 8)), "-3 +8* since");
    // It turned out to be the person all the same.
    assert_eq!(told(&own, Vec::new(), given(1, 7)), "-3");
    assert_eq!(told(&own, Vec::new(), Heard::Left), "-3");
}

#[test]
fn a_number_that_no_applied_plan_gave_may_be_somebody_else_s_next_time() {
    let open = [question(3, asked("1", 7, 99), QuestionState::Open)];
    assert_eq!(told(&open, Vec::new(), Heard::Nothing), "-3");
    assert_eq!(told(&open, vec![(asked("1", 7, 99), false)], Heard::Nothing), "=3");
}
