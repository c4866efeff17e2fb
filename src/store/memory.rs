//! What is remembered of a target: what its client wants to know again, whether anything was ever
//! written there, since when accounts are disabled there.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::column::{At, parsed};
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;

/// The memory that the client of a target left.
pub fn load(store: &Store, target: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT document FROM target_memory WHERE target = ?1";
    Ok(store.connection.query_row(sql, [target], |row| row.get(0)).optional()?)
}

/// Keeps it in the place of the one before; the speed is in it.
pub fn save(store: &mut Store, target: &str, document: &str) -> Result<(), StoreError> {
    store.write(|transaction| {
        let sql = "INSERT OR REPLACE INTO target_memory (target, document) VALUES (?1, ?2)";
        transaction.execute(sql, params![target, document])?;
        let sql = "DELETE FROM target_memory WHERE target = ?1";
        transaction.execute(sql, [of_speed(target)])?;
        Ok(())
    })
}

/// The speed that was kept after the last memory, while the target was written.
pub fn load_speed(store: &Store, target: &str) -> Result<Option<String>, StoreError> {
    load(store, &of_speed(target))
}

/// Keeps the speed alone, which is small and must not wait.
pub fn save_speed(store: &mut Store, target: &str, speed: &str) -> Result<(), StoreError> {
    store.write(|transaction| {
        let sql = "INSERT OR REPLACE INTO target_memory (target, document) VALUES (?1, ?2)";
        transaction.execute(sql, params![of_speed(target), speed])?;
        Ok(())
    })
}

/// No target is called so.
fn of_speed(target: &str) -> String {
    format!("{target}\u{1f}speed")
}

/// Some run wrote to the target, or may have.
pub fn was_written(store: &Store, target: &str) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (
                   SELECT 1 FROM plan_operation o JOIN operation_state s USING (run, seq)
                   WHERE o.target = ?1 AND s.state IN ('done', 'already', 'started', 'failed'))";
    Ok(store.connection.query_row(sql, [target], |row| row.get(0))?)
}

/// The accounts of a target that a run of ours disabled, and none enabled or made since, with the
/// instant.
pub fn disabled_at(
    store: &Store,
    target: &str,
) -> Result<BTreeMap<PersonId, Timestamp>, StoreError> {
    // With `max`, SQLite takes the other columns from the row that has it.
    let sql = "SELECT o.object, o.kind, s.at, max(o.run)
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.target = ?1 AND o.kind IN ('disable', 'enable', 'create')
                 AND o.object LIKE 'rentree:account:%' AND s.state IN ('done', 'already')
               GROUP BY o.object";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([target])?;
    let mut disabled = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (kind, At(at)): (String, At) = (row.get(1)?, row.get(2)?);
        if let ObjectKey::Account(person) = parsed(row, 0)?
            && kind == "disable"
        {
            disabled.insert(person, at);
        }
    }
    Ok(disabled)
}
