//! What a target refuses for ever: counted over runs, set aside after [`TRIES_MAX`], and listed
//! until it is solved, by other content, by a write that succeeds, or by no longer being wanted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::column::{At, document, json};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::ids::Digest;
use crate::plan::Plan;
use crate::plan::operation::Operation;
use crate::plan::origin::Scope;

/// Refusals of one content, after which only an operator has it tried again (`replay`).
pub const TRIES_MAX: u32 = 3;

/// An operation that the target refused, as often as is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    pub target: String,
    pub object: String,
    pub kind: String,
    pub uai: Option<String>,
    pub tries: u32,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub detail: String,
}

impl Refused {
    /// No longer sent by itself.
    pub fn is_set_aside(&self) -> bool {
        self.tries >= TRIES_MAX
    }
}

/// All that is not solved, by target and object.
pub fn list(store: &Store) -> Result<Vec<Refused>, StoreError> {
    let sql = "SELECT target, object, kind, uai, tries, first_at, last_at, detail FROM refused
               ORDER BY target, uai, object, kind";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (At(first_at), At(last_at)) = (row.get(5)?, row.get(6)?);
        Ok(Refused {
            target: row.get(0)?,
            object: row.get(1)?,
            kind: row.get(2)?,
            uai: row.get(3)?,
            tries: row.get(4)?,
            first_at,
            last_at,
            detail: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The operations of a run that are set aside, by rank, with why.
pub fn set_aside(
    store: &Store,
    run: RunId,
    target: &str,
) -> Result<BTreeMap<u64, String>, StoreError> {
    let sql = "SELECT o.seq, o.document, r.content, r.tries, r.detail
               FROM refused r JOIN plan_operation o USING (object, target, kind)
               WHERE o.run = ?1 AND r.target = ?2 AND r.tries >= ?3";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query(params![run.0, target, TRIES_MAX])?;
    let mut aside = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (operation, content): (Operation, String) = (document(row, 1)?, row.get(2)?);
        if digest(&operation)? == content {
            let (tries, detail): (u32, String) = (row.get(3)?, row.get(4)?);
            aside.insert(row.get(0)?, format!("set aside after {tries} refusals: {detail}"));
        }
    }
    Ok(aside)
}

/// Counts a refusal of an operation.
pub(super) fn count(
    transaction: &Transaction<'_>,
    run: RunId,
    seq: u64,
    at: Timestamp,
    detail: &str,
) -> Result<(), StoreError> {
    let sql = "SELECT document FROM plan_operation WHERE (run, seq) = (?1, ?2)";
    let operation: Operation =
        transaction.query_row(sql, params![run.0, seq], |row| document(row, 0))?;
    transaction.execute(
        "INSERT INTO refused (target, object, kind, content, uai, tries, first_at, last_at, detail)
         SELECT target, object, kind, ?3, uai, 1, ?4, ?4, ?5 FROM plan_operation
         WHERE (run, seq) = (?1, ?2)
         ON CONFLICT (target, object, kind, content) DO UPDATE
         SET tries = tries + 1, last_at = excluded.last_at, detail = excluded.detail",
        params![run.0, seq, digest(&operation)?, At(at), detail],
    )?;
    Ok(())
}

/// Whether there is anything to be solved.
pub(super) fn any(transaction: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM refused)";
    Ok(transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// An operation was done: it is solved, whatever its content was before.
pub(super) fn solved(
    transaction: &Transaction<'_>,
    run: RunId,
    seq: u64,
) -> Result<(), StoreError> {
    let sql = "DELETE FROM refused WHERE (target, object, kind) IN
                   (SELECT target, object, kind FROM plan_operation WHERE (run, seq) = (?1, ?2))";
    transaction.prepare_cached(sql)?.execute(params![run.0, seq])?;
    Ok(())
}

/// A run begins: what its plan does not want any more, or wants otherwise, is solved. A target that
/// could not be read has no operations, and says nothing; nor does a part of the other schools.
pub(super) fn forget_unwanted(
    transaction: &Transaction<'_>,
    plan: &Plan,
) -> Result<(), StoreError> {
    // What takes a run back says nothing of what is wanted.
    if !any(transaction)? || plan.origin.undoes.is_some() {
        return Ok(());
    }
    let sql = "SELECT target, object, kind, content, uai FROM refused";
    let mut statement = transaction.prepare(sql)?;
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?
        .collect::<Result<Vec<(String, String, String, String, Option<String>)>, _>>()?;
    let mut wanted: BTreeMap<String, Vec<&Operation>> = BTreeMap::new();
    for operation in &plan.operations {
        wanted.entry(operation.key.to_string()).or_default().push(operation);
    }
    for (target, object, kind, content, uai) in rows {
        let is = |operation: &&Operation| -> Result<bool, StoreError> {
            let same = operation.target == target && operation.kind.as_str() == kind;
            // A part joins its members later: the content of its groups is not what was refused.
            Ok(same && (plan.origin.scope != Scope::All || digest(operation)? == content))
        };
        let mut candidates = wanted.get(&object).into_iter().flatten();
        let uai = uai.and_then(|uai| uai.parse().ok());
        let stays = plan.summary.unread.contains_key(&target)
            || !plan.origin.scope.has(uai.as_ref())
            || candidates.try_fold(false, |found, one| is(one).map(|is| found || is))?;
        if !stays {
            let sql = "DELETE FROM refused
                       WHERE (target, object, kind, content) = (?1, ?2, ?3, ?4)";
            transaction.execute(sql, params![target, object, kind, content])?;
        }
    }
    Ok(())
}

/// By what a content is known again.
fn digest(operation: &Operation) -> Result<String, StoreError> {
    let bytes: [u8; 32] = Sha256::digest(json(&operation.action)?.as_bytes()).into();
    Ok(Digest::of_bytes(bytes).as_str().to_owned())
}
