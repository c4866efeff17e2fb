//! Why a run stopped in a target before the end: no operation's outcome tells it.

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;

use super::column::At;
use super::runs::RunId;
use super::{Store, StoreError};

/// A target in which a run has not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Halt {
    pub target: String,
    pub at: Timestamp,
    pub what: String,
    /// Empty: nothing is to be done.
    pub hint: String,
}

/// Keeps it, in the place of the one before in that target.
pub fn save(store: &mut Store, run: RunId, halt: &Halt) -> Result<(), StoreError> {
    let Halt { target, at, what, hint } = halt;
    store.write(|transaction| {
        let sql = "INSERT OR REPLACE INTO run_stop (run, target, at, what, hint)
                   VALUES (?1, ?2, ?3, ?4, ?5)";
        transaction.execute(sql, params![run.0, target, At(*at), what, hint])?;
        Ok(())
    })
}

/// The run writes there.
pub fn clear(store: &mut Store, run: RunId, target: &str) -> Result<(), StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM run_stop WHERE run = ?1 AND target = ?2)";
    if !store.connection.query_row(sql, params![run.0, target], |row| row.get(0))? {
        return Ok(());
    }
    store.write(|transaction| {
        let sql = "DELETE FROM run_stop WHERE run = ?1 AND target = ?2";
        transaction.execute(sql, params![run.0, target])?;
        Ok(())
    })
}

/// Those of a run, by target.
pub fn of_run(store: &Store, run: RunId) -> Result<Vec<Halt>, StoreError> {
    let sql = "SELECT target, at, what, hint FROM run_stop WHERE run = ?1 ORDER BY target";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| {
        let At(at) = row.get(1)?;
        Ok(Halt { target: row.get(0)?, at, what: row.get(2)?, hint: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
