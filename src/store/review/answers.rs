//! Answers: given once, undone at most once, never changed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::super::column::{At, document, json};
use super::super::runs::RunId;
use super::super::{Store, StoreError};
use super::links;
use super::questions::{Asked, Question};
use super::{QuestionState, Verdict};
use crate::model::ids::PersonId;
use crate::model::person::Person;

/// An answer about to be given.
#[derive(Debug, Clone)]
pub struct NewAnswer<'a> {
    pub question: &'a Question,
    pub verdict: Verdict,
    pub persons: BTreeSet<PersonId>,
    pub who: &'a str,
    pub why: &'a str,
    /// The persons concerned, as they are now.
    pub before: Vec<Person>,
}

/// Who took an answer back, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    pub at: Timestamp,
    pub who: String,
    pub why: String,
    /// The last link that stood then.
    pub links_seen: u64,
}

/// An answer of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub id: u64,
    pub question: u64,
    pub verdict: Verdict,
    pub persons: BTreeSet<PersonId>,
    pub who: String,
    pub at: Timestamp,
    pub why: String,
    pub shown: Asked,
    pub before: Vec<Person>,
    pub links_seen: u64,
    pub undone: Option<Undone>,
}

/// Gives answers, all of them or none; a question that was decided is answered from then on.
pub fn give(
    store: &mut Store,
    answers: &[NewAnswer<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    store.write(|transaction| {
        let seen = links::last(transaction)?;
        for NewAnswer { question, verdict, persons, who, why, before } in answers {
            transaction.execute(
                "INSERT INTO answer (question, verdict, persons, who, at, why, shown, before,
                     links_seen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    question.id,
                    verdict,
                    json(persons)?,
                    who,
                    At(now),
                    why,
                    json(&question.asked)?,
                    json(before)?,
                    seen
                ],
            )?;
            if *verdict != Verdict::Later {
                set_state(transaction, question.id, QuestionState::Answered)?;
            }
        }
        Ok(())
    })
}

/// Takes the answers to a question back: it is open again, and the record has an account of its own
/// until somebody answers.
pub fn undo(
    store: &mut Store,
    question: u64,
    answers: &[u64],
    who: &str,
    why: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    store.write(|transaction| {
        let seen = links::last(transaction)?;
        for answer in answers {
            transaction.execute(
                "UPDATE answer SET undone_at = ?3, undone_by = ?4, undone_why = ?5, undone_seen = ?6
                 WHERE id = ?1 AND question = ?2",
                params![answer, question, At(now), who, why, seen],
            )?;
        }
        set_state(transaction, question, QuestionState::OwnAccount)
    })
}

fn set_state(
    transaction: &Transaction<'_>,
    question: u64,
    state: QuestionState,
) -> Result<(), StoreError> {
    let sql = "UPDATE question SET state = ?2 WHERE id = ?1";
    transaction.execute(sql, params![question, state])?;
    Ok(())
}

const COLUMNS: &str = "id, question, verdict, persons, who, at, why, shown, before, links_seen,
    undone_at, undone_by, undone_why, undone_seen";

fn read(row: &Row<'_>) -> rusqlite::Result<Answer> {
    let At(at) = row.get(5)?;
    let undone = match row.get::<_, Option<At>>(10)? {
        Some(At(at)) => {
            Some(Undone { at, who: row.get(11)?, why: row.get(12)?, links_seen: row.get(13)? })
        }
        None => None,
    };
    Ok(Answer {
        id: row.get(0)?,
        question: row.get(1)?,
        verdict: row.get(2)?,
        persons: document(row, 3)?,
        who: row.get(4)?,
        at,
        why: row.get(6)?,
        shown: document(row, 7)?,
        before: document(row, 8)?,
        links_seen: row.get(9)?,
        undone,
    })
}

/// Every answer ever given, oldest first; or those to one question.
pub fn list(store: &Store, question: Option<u64>) -> Result<Vec<Answer>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM answer WHERE ?1 IS NULL OR question = ?1 ORDER BY id");
    let mut statement = store.connection.prepare(&sql)?;
    let rows = statement.query_map([question], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many times an answer was given or undone.
pub fn changes(store: &Store) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) + count(undone_at) FROM answer";
    Ok(store.connection.query_row(sql, [], |row| row.get(0))?)
}

/// A plan that was made out of another one is of the same answers.
pub fn same_as(store: &mut Store, run: RunId, of: RunId) -> Result<(), StoreError> {
    store.write(|transaction| {
        transaction.execute(
            "INSERT OR REPLACE INTO plan_answers (run, changes)
             SELECT ?1, changes FROM plan_answers WHERE run = ?2",
            [run.0, of.0],
        )?;
        Ok(())
    })
}

/// Somebody has answered, or taken an answer back, since a plan was made.
pub fn changed_since(store: &Store, run: RunId) -> Result<bool, StoreError> {
    let sql = "SELECT changes FROM plan_answers WHERE run = ?1";
    let then: Option<u64> =
        store.connection.query_row(sql, [run.0], |row| row.get(0)).optional()?;
    let now = changes(store)?;
    Ok(then.is_some_and(|then| then != now))
}
