//! Questions, as they were asked.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::super::column::{At, document, json};
use super::super::runs::RunId;
use super::super::{Store, StoreError};
use super::{QuestionState, RULES_VERSION, facts, facts_text, record_key, source_word};
use crate::matching::answer::{Fingerprint, RecordKey};
use crate::matching::decide::{Doubt, Weighing};
use crate::model::asked::AskedRecord;
use crate::model::ids::PersonId;

/// What is asked: kept as it is with every answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub key: RecordKey,
    pub facts: Fingerprint,
    pub about: BTreeSet<PersonId>,
    pub why: Doubt,
    pub record: AskedRecord,
    /// None when an identifier made the doubt.
    pub weighing: Option<Weighing>,
}

/// A question of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub id: u64,
    pub asked: Asked,
    pub rules: u32,
    pub first_asked_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub state: QuestionState,
}

/// What a plan makes of the questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A new one; `first_asked_at` is that of the one that it replaces.
    Ask {
        asked: Box<Asked>,
        state: QuestionState,
        first_asked_at: Option<Timestamp>,
    },
    /// Asked again: what was weighed may differ, the facts do not.
    Again {
        id: u64,
        asked: Box<Asked>,
        state: QuestionState,
    },
    Gone {
        id: u64,
    },
}

/// Saves the questions of a plan, and how many answers it was made with.
pub fn save(
    store: &mut Store,
    run: RunId,
    answers: u64,
    changes: &[Change],
    now: Timestamp,
) -> Result<(), StoreError> {
    store.write(|transaction| {
        transaction.execute(
            "INSERT INTO plan_answers (run, changes) VALUES (?1, ?2)
             ON CONFLICT (run) DO UPDATE SET changes = excluded.changes",
            params![run.0, answers],
        )?;
        for change in changes {
            match change {
                Change::Ask { asked, state, first_asked_at } => {
                    insert(transaction, asked, *state, first_asked_at.unwrap_or(now), now)?;
                }
                Change::Again { id, asked, state } => {
                    let Asked { key: _, facts: _, about: _, why, record, weighing } = &**asked;
                    transaction
                        .prepare_cached(
                            "UPDATE question SET why = ?2, record = ?3, weighing = ?4, rules = ?5,
                                 last_seen_at = ?6, state = ?7
                             WHERE id = ?1 AND state IN ('open', 'own-account')",
                        )?
                        .execute(params![
                            id,
                            json(why)?,
                            json(record)?,
                            weighing.as_ref().map(json).transpose()?,
                            RULES_VERSION,
                            At(now),
                            state
                        ])?;
                }
                Change::Gone { id } => {
                    let sql = "UPDATE question SET state = 'gone'
                               WHERE id = ?1 AND state IN ('open', 'own-account')";
                    transaction.prepare_cached(sql)?.execute([id])?;
                }
            }
        }
        Ok(())
    })
}

fn insert(
    transaction: &rusqlite::Transaction<'_>,
    asked: &Asked,
    state: QuestionState,
    first_asked_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Asked { key, facts, about, why, record, weighing } = asked;
    transaction
        .prepare_cached(
            "INSERT INTO question (uai, source, number, facts, about, why, record, weighing,
                 rules, first_asked_at, last_seen_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            key.uai.as_str(),
            source_word(key.source),
            key.number,
            facts_text(*facts),
            json(about)?,
            json(why)?,
            json(record)?,
            weighing.as_ref().map(json).transpose()?,
            RULES_VERSION,
            At(first_asked_at),
            At(now),
            state
        ])?;
    Ok(())
}

const COLUMNS: &str = "id, uai, source, number, facts, about, why, record, weighing, rules,
    first_asked_at, last_seen_at, state";

fn read(row: &Row<'_>) -> rusqlite::Result<Question> {
    let weighing: Option<String> = row.get(8)?;
    let (At(first_asked_at), At(last_seen_at)) = (row.get(10)?, row.get(11)?);
    Ok(Question {
        id: row.get(0)?,
        asked: Asked {
            key: record_key(row, 1)?,
            facts: facts(row, 4)?,
            about: document(row, 5)?,
            why: document(row, 6)?,
            record: document(row, 7)?,
            weighing: weighing.map(|_| document(row, 8)).transpose()?,
        },
        rules: row.get(9)?,
        first_asked_at,
        last_seen_at,
        state: row.get(12)?,
    })
}

/// Those that somebody may still answer, in the order of their numbers; or all there ever were.
pub fn list(store: &Store, all: bool) -> Result<Vec<Question>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM question WHERE ?1 OR state IN ('open', 'own-account') ORDER BY id"
    );
    let mut statement = store.connection.prepare(&sql)?;
    let rows = statement.query_map([all], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// One question.
pub fn get(store: &Store, id: u64) -> Result<Option<Question>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM question WHERE id = ?1");
    let mut statement = store.connection.prepare(&sql)?;
    Ok(statement.query_row([id], read).optional()?)
}

/// The questions about one record, oldest first.
pub fn of_record(store: &Store, key: &RecordKey) -> Result<Vec<Question>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM question WHERE uai = ?1 AND source = ?2 AND number = ?3 ORDER BY id"
    );
    let mut statement = store.connection.prepare(&sql)?;
    let RecordKey { uai, source, number } = key;
    let rows = statement.query_map(params![uai.as_str(), source_word(*source), number], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Question {
    /// The first suggestion: the best candidate that was weighed, or the only person in question.
    pub fn suggested(&self) -> Option<PersonId> {
        let best = self.asked.weighing.as_ref().map(|weighing| weighing.best.person);
        let only = (self.asked.about.len() == 1).then(|| self.asked.about.first().copied());
        best.filter(|person| self.asked.about.contains(person)).or(only.flatten())
    }

    /// Everybody that an answer may name.
    pub fn persons(&self) -> BTreeSet<PersonId> {
        let weighed = self.asked.weighing.iter();
        let runners = weighed.filter_map(|weighing| Some(weighing.runner_up.as_ref()?.person));
        self.asked.about.iter().copied().chain(runners).collect()
    }
}
