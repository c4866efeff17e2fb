//! When what a run wrote was seen to stand: the end of the 72 hours (requirements 2.4).

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::params;

use super::column::At;
use super::journal::{self, Event, Settlement};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;

/// Notes the instant for everything that the run wrote in a target, but for the objects that were
/// not seen as they were written. What was proven before keeps its instant.
pub fn save(
    store: &mut Store,
    run: RunId,
    target: &str,
    at: Timestamp,
    differing: &BTreeSet<ObjectKey>,
) -> Result<(), StoreError> {
    let differing: Vec<String> = differing.iter().map(ToString::to_string).collect();
    let differing = serde_json::Value::from(differing).to_string();
    store.write(|transaction| {
        let sql = "UPDATE operation_state SET proven_at = ?3
                   WHERE run = ?1 AND state IN ('done', 'already') AND proven_at IS NULL
                     AND seq IN (SELECT seq FROM plan_operation
                                 WHERE run = ?1 AND target = ?2
                                   AND object NOT IN (SELECT value FROM json_each(?4)))";
        transaction.execute(sql, params![run.0, target, At(at), differing])?;
        Ok(())
    })
}

/// Something that the run wrote in a target has not been read back: its process died before.
pub fn is_owed(store: &Store, run: RunId, target: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (
                   SELECT 1 FROM plan_operation o JOIN operation_state s USING (run, seq)
                   WHERE o.run = ?1 AND o.target = ?2 AND s.state IN ('done', 'already')
                     AND s.proven_at IS NULL)";
    Ok(store.connection.query_row(sql, params![run.0, target], |row| row.get(0))?)
}

/// What the target said it had done to these objects counts as failed: the clock goes on, the next
/// plan sees what stands, `replay` takes it up.
pub fn disprove(
    store: &mut Store,
    run: RunId,
    target: &str,
    at: Timestamp,
    differing: &BTreeSet<ObjectKey>,
) -> Result<(), StoreError> {
    let sql =
        "SELECT s.seq, s.attempts FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 AND o.target = ?2 AND o.object = ?3
                 AND s.state IN ('done', 'already')";
    let mut settlements = Vec::new();
    {
        let mut statement = store.connection.prepare(sql)?;
        for key in differing {
            let mut rows = statement.query(params![run.0, target, key.to_string()])?;
            while let Some(row) = rows.next()? {
                settlements.push(Settlement {
                    seq: row.get(0)?,
                    attempt: row.get(1)?,
                    event: Event::Failed,
                    detail: Some("read again, it does not stand as it was written".to_owned()),
                    secret: None,
                    refusal: None,
                });
            }
        }
    }
    journal::settle(store, run, target, at, &settlements)
}
