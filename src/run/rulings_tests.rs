use super::*;
use crate::matching::decide::Doubt;
use crate::model::asked::AskedRecord;
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::person::{Enrolments, Person};
use crate::model::record::Names;
use crate::model::traits::Traits;
use crate::store::review::answers::Undone;
use crate::store::review::questions::Asked;

fn key() -> RecordKey {
    RecordKey { uai: "0599990N".parse().unwrap(), source: Source::SieclePupils, number: "1".into() }
}

fn number() -> Identifier {
    Identifier::Siecle { uai: "0599990N".parse().unwrap(), id: "1".into() }
}

fn names() -> Names {
    Names { family: "MARTIN".into(), usage: None, given: "Léa".into() }
}

fn person(id: u64, identifiers: &[Identifier]) -> Person {
    Person {
        id: PersonId(id),
        names: names(),
        birth_date: None,
        identifiers: identifiers.iter().cloned().collect(),
        traits: Traits::default(),
        enrolments: Enrolments::new(),
        place: None,
        joined: None,
        account: None,
    }
}

/// Answer number `id`, given when link `seen` was the last one.
fn answer(id: u64, verdict: Verdict, about: u64, facts: u64, seen: u64) -> Answer {
    Answer {
        id,
        question: id,
        verdict,
        persons: BTreeSet::from([PersonId(about)]),
        who: "Zoé".into(),
        at: "2026-10-01T20:00:00Z".parse().unwrap(),
        why: "vu".into(),
        shown: Asked {
            key: key(),
            facts: Fingerprint(facts),
            about: BTreeSet::from([PersonId(about)]),
            why: Doubt::NothingAgrees,
            record: AskedRecord {
                names: names(),
                birth_date: None,
                traits: Traits::default(),
                identifiers: Identifiers::from([number()]),
                left_on: None,
                classes: Vec::new(),
            },
            weighing: None,
        },
        before: vec![person(about, &[])],
        links_seen: seen,
        undone: None,
    }
}

fn undone(mut answer: Answer, seen: u64) -> Answer {
    let at = "2026-10-02T20:00:00Z".parse().unwrap();
    answer.undone = Some(Undone { at, who: "Zoé".into(), why: "erreur".into(), links_seen: seen });
    answer
}

/// Rulings and what is said, in short: `7=1` same person on facts 7, `7#1` different; `is 1`,
/// `not 1`, `not 1 (back)` with a state to go back to.
fn told(answers: &[Answer], links: &[(u64, u64)]) -> (String, String) {
    let links = links.iter().map(|(person, link)| ((key(), PersonId(*person)), *link)).collect();
    let InForce { rulings, said } = in_force(answers, &links);
    let rulings: Vec<String> = rulings
        .values()
        .flatten()
        .map(|one| {
            let sign = if one.answer == Ruled::Same { '=' } else { '#' };
            format!("{}{sign}{}", one.facts.0, one.person)
        })
        .collect();
    let said: Vec<String> = said
        .iter()
        .map(|one| match &one.what {
            What::Same { .. } => format!("is {}", one.person),
            What::Not { before } if before.is_empty() => format!("not {}", one.person),
            What::Not { .. } => format!("not {} (back)", one.person),
        })
        .collect();
    (rulings.join(" "), said.join(", "))
}

#[track_caller]
fn check(answers: &[Answer], links: &[(u64, u64)], rulings: &str, said: &str) {
    assert_eq!(told(answers, links), (rulings.to_owned(), said.to_owned()));
}

use Verdict::{Different, Later, Same};

#[test]
fn the_latest_word_on_a_record_and_a_person_counts() {
    check(&[], &[], "", "");
    check(&[answer(1, Later, 5, 7, 0)], &[], "", "");
    check(&[answer(1, Same, 5, 7, 0)], &[], "7=5", "is 5");
    check(&[answer(1, Different, 5, 7, 0)], &[], "7#5", "not 5");
    check(&[answer(1, Same, 5, 7, 0), answer(2, Different, 5, 8, 4)], &[], "8#5", "not 5 (back)");
    check(&[answer(1, Different, 5, 7, 0), answer(2, Same, 5, 7, 0)], &[], "7=5", "is 5");
    // A record is one person: the last that somebody said.
    let two = [answer(1, Same, 5, 7, 0), answer(2, Same, 6, 7, 0)];
    check(&two, &[], "7=6", "not 5 (back), is 6");
    // `different` on the facts shown stays beside one on other facts.
    let two = [answer(1, Different, 5, 7, 0), answer(2, Different, 5, 8, 0)];
    check(&two, &[], "7#5 8#5", "not 5");
}

#[test]
fn what_was_taken_back_is_taken_from_the_person_once() {
    let back = [undone(answer(1, Same, 5, 7, 3), 9)];
    check(&back, &[], "", "not 5 (back)");
    // The link that the answer made is older than the undoing: to be taken back.
    check(&back, &[(5, 9)], "", "not 5 (back)");
    // Given again since, on proof: nobody takes that.
    check(&back, &[(5, 10)], "", "");
    check(&[undone(answer(1, Different, 5, 7, 3), 9)], &[], "", "");
}

#[test]
fn what_a_later_answer_replaced_does_not_come_back_with_its_undoing() {
    // A false merge by taking back its correction would be the worst of all.
    let same = answer(1, Same, 5, 7, 0);
    let two = [same.clone(), undone(answer(2, Different, 5, 7, 3), 9)];
    check(&two, &[(5, 2)], "", "not 5 (back)");
    check(&two, &[(5, 10)], "", "");
    let two = [same, undone(answer(2, Same, 6, 7, 3), 9)];
    check(&two, &[(5, 2)], "", "not 6 (back)");
    let two = [answer(1, Different, 5, 7, 0), undone(answer(2, Same, 5, 7, 3), 9)];
    check(&two, &[], "", "not 5 (back)");
}

#[test]
fn a_state_to_go_back_to_is_one_before_the_record_was_his() {
    let mut late = undone(answer(2, Same, 5, 7, 3), 9);
    late.before = vec![person(5, &[number()])];
    check(&[undone(answer(1, Same, 5, 7, 0), 2), late.clone()], &[], "", "not 5 (back)");
    check(&[late], &[], "", "not 5");
}
