//! What becomes of the questions of the store when a plan has been made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::matching::answer::{Fingerprint, RecordKey};
use crate::model::asked::AskedRecord;
use crate::model::ids::PersonId;
use crate::store::review::QuestionState;
use crate::store::review::questions::{Asked, Change, Question};

/// What a plan heard of a record that it did not ask about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// No delivery of the school is in force, or the record is set aside.
    Nothing,
    /// The school does not list it any more.
    Left,
    /// It was given to a person.
    Given { person: PersonId, facts: Fingerprint, record: Box<AskedRecord> },
}

/// Turns what a plan asked into changes of the stored questions.
pub fn changes(
    known: &[Question],
    asked: Vec<(Asked, bool)>,
    hear: &dyn Fn(&RecordKey) -> Heard,
    exists: &dyn Fn(PersonId) -> bool,
) -> Vec<Change> {
    let mut by_record: BTreeMap<&RecordKey, Vec<&Question>> = BTreeMap::new();
    for question in known.iter().filter(|question| question.state.is_open()) {
        by_record.entry(&question.asked.key).or_default().push(question);
    }
    let since = |key: &RecordKey| -> Option<Timestamp> {
        by_record.get(key)?.iter().map(|question| question.first_asked_at).min()
    };
    let keys: BTreeSet<RecordKey> = asked.iter().map(|(one, _)| one.key.clone()).collect();
    let mut again: BTreeSet<u64> = BTreeSet::new();
    let mut changes = Vec::new();
    for (one, granted) in asked {
        let state = if granted { QuestionState::OwnAccount } else { QuestionState::Open };
        let same = |question: &&&Question| {
            (question.asked.facts, &question.asked.about) == (one.facts, &one.about)
        };
        let old = by_record.get(&one.key).and_then(|all| all.iter().find(same));
        match old.map(|question| question.id) {
            Some(id) => {
                again.insert(id);
                changes.push(Change::Again { id, asked: Box::new(one), state });
            }
            None => {
                let first_asked_at = since(&one.key);
                changes.push(Change::Ask { asked: Box::new(one), state, first_asked_at });
            }
        }
    }
    for question in by_record.values().flatten().filter(|one| !again.contains(&one.id)) {
        // The number of a person that no applied plan has made may be somebody else's next time.
        let of_nobody = question.asked.about.iter().any(|person| !exists(*person));
        if of_nobody || keys.contains(&question.asked.key) {
            changes.push(Change::Gone { id: question.id });
        } else {
            not_asked(question, hear(&question.asked.key), &mut changes);
        }
    }
    changes
}

/// A question that this plan did not ask. One whose record has an account of its own stays open:
/// its number proves it now, and only an answer can still join it to the person that it resembled.
fn not_asked(question: &Question, heard: Heard, changes: &mut Vec<Change>) {
    match heard {
        Heard::Nothing => {}
        Heard::Given { person, facts, record }
            if question.state == QuestionState::OwnAccount
                && !question.asked.about.contains(&person) =>
        {
            if facts != question.asked.facts {
                let asked = Asked { facts, record: *record, ..question.asked.clone() };
                let first_asked_at = Some(question.first_asked_at);
                changes.push(Change::Gone { id: question.id });
                let state = QuestionState::OwnAccount;
                changes.push(Change::Ask { asked: Box::new(asked), state, first_asked_at });
            }
        }
        Heard::Left | Heard::Given { .. } => changes.push(Change::Gone { id: question.id }),
    }
}

#[cfg(test)]
#[path = "asked_tests.rs"]
mod tests;
