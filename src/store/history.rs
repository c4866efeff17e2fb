//! What earlier runs left behind, for the next plan: accounts that were made, work that is owed,
//! how fast a target writes, strays that a person has seen.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};

use super::column::{At, document, parsed};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::plan::{Plan, Stray, guard};

/// Runs of which the rate is measured.
const MEASURED_RUNS_MAX: u32 = 5;
/// A longer silence is an interruption, and no part of the writing.
const STEP_SECONDS_MAX: f64 = 60.0;
/// Fewer operations say nothing about a rate.
const MEASURED_OPERATIONS_MIN: u64 = 50;

/// What a plan is told of the runs before it.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// By target, the accounts that a run made there and none deleted since.
    pub made: BTreeMap<String, BTreeSet<PersonId>>,
    /// The receipt of the oldest delivery whose changes are not all done.
    pub owed: Option<Timestamp>,
    /// The strays that a person has seen, and let be.
    pub acknowledged: BTreeSet<Stray>,
    /// Persons without an account anywhere, as a server held their login or address already.
    pub refused: BTreeSet<PersonId>,
}

pub fn past(store: &Store) -> Result<Past, StoreError> {
    let (made, owed) = (made_accounts(store)?, owed_since(store)?);
    Ok(Past { made, owed, acknowledged: acknowledged(store)?, refused: refused_names(store)? })
}

/// By target, the accounts that a run made there and none deleted since.
fn made_accounts(store: &Store) -> Result<BTreeMap<String, BTreeSet<PersonId>>, StoreError> {
    // With `max`, SQLite takes the other columns from the row that has it.
    let sql = "SELECT o.target, o.object, o.kind, max(o.run)
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.kind IN ('create', 'delete') AND o.object LIKE 'rentree:account:%'
                 AND s.state IN ('done', 'already')
               GROUP BY o.target, o.object";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut made: BTreeMap<String, BTreeSet<PersonId>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let kind: String = row.get(2)?;
        if let ObjectKey::Account(person) = parsed(row, 1)?
            && kind == "create"
        {
            made.entry(row.get(0)?).or_default().insert(person);
        }
    }
    Ok(made)
}

/// The server's words when a name is taken where we do not see it (slapd's `unique` overlay).
pub const NOT_UNIQUE: &str = "unique";

/// Persons whose account was never made, anywhere, and whose last creation was refused for its
/// names.
fn refused_names(store: &Store) -> Result<BTreeSet<PersonId>, StoreError> {
    let sql = "SELECT o.object, max(o.run), s.state, coalesce(s.detail, ''),
                      sum(s.state IN ('done', 'already'))
               FROM plan_operation o JOIN operation_state s USING (run, seq)
               WHERE o.kind = 'create' AND o.object LIKE 'rentree:account:%'
                 AND o.object IN (
                     SELECT f.object FROM plan_operation f JOIN operation_state t USING (run, seq)
                     WHERE f.kind = 'create' AND t.state = 'failed'
                       AND t.detail LIKE 'refused by the server (19)%')
               GROUP BY o.object";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut refused = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (state, detail): (String, String) = (row.get(2)?, row.get(3)?);
        let never_made = row.get::<_, u64>(4)? == 0;
        if let ObjectKey::Account(person) = parsed(row, 0)?
            && never_made
            && state == "failed"
            && detail.contains(NOT_UNIQUE)
        {
            refused.insert(person);
        }
    }
    Ok(refused)
}

/// The receipt that the last begun run still owes: it has operations that are not done, or targets
/// that it did not reach. A run carries over what the one before it owed.
fn owed_since(store: &Store) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT header, EXISTS (
                   SELECT 1 FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
                   WHERE o.run = run.id AND coalesce(s.state, 'planned') NOT IN ('done', 'already'))
               FROM run WHERE started_at IS NOT NULL ORDER BY id DESC LIMIT 1";
    let found: Option<(Plan, bool)> = store
        .connection
        .query_row(sql, [], |row| Ok((document(row, 0)?, row.get(1)?)))
        .optional()?;
    Ok(found.and_then(|(plan, open)| {
        let owes = open || !plan.summary.unread.is_empty();
        plan.summary.oldest_receipt.filter(|_| owes)
    }))
}

/// By target, the writes per second of its last runs that were long enough to be measured.
pub fn rates(store: &Store) -> Result<BTreeMap<String, f64>, StoreError> {
    // A refusal takes its time as well.
    let sql = "SELECT o.target, j.run, j.at,
                      sum(j.event NOT IN ('started', 'unknown', 'put-back'))
               FROM journal j JOIN plan_operation o USING (run, seq)
               WHERE j.run IN (SELECT id FROM run WHERE started_at IS NOT NULL
                               ORDER BY id DESC LIMIT ?1)
               GROUP BY o.target, j.run, j.at ORDER BY o.target, j.run, j.at";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([MEASURED_RUNS_MAX])?;
    let mut sums: BTreeMap<String, (u64, f64)> = BTreeMap::new();
    let mut before: Option<(String, u64, Timestamp)> = None;
    while let Some(row) = rows.next()? {
        let (target, run, At(at)): (String, u64, _) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let sum = sums.entry(target.clone()).or_default();
        let step = before.filter(|(of, number, _)| *of == target && *number == run);
        let seconds = step.map_or(0.0, |(_, _, last)| at.duration_since(last).as_secs_f64());
        if seconds > 0.0 && seconds <= STEP_SECONDS_MAX {
            sum.0 += row.get::<_, u64>(3)?;
            sum.1 += seconds;
        }
        before = Some((target, run, at));
    }
    sums.retain(|_, (settled, _)| *settled >= MEASURED_OPERATIONS_MIN);
    let rate =
        |(target, (settled, seconds)): (String, (u64, f64))| (target, settled as f64 / seconds);
    Ok(sums.into_iter().map(rate).collect())
}

fn acknowledged(store: &Store) -> Result<BTreeSet<Stray>, StoreError> {
    let sql = "SELECT target, object, dn FROM acknowledged_stray";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        Ok(Stray { target: row.get(0)?, key: parsed(row, 1)?, dn: row.get(2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Keeps the strays of a plan whose objection to them was lifted.
pub(super) fn acknowledge(
    transaction: &Transaction<'_>,
    run: RunId,
    plan: &Plan,
    at: Timestamp,
) -> Result<(), StoreError> {
    if !plan.objections.iter().any(|one| one.id == guard::REGISTRY_OLDER) {
        return Ok(());
    }
    let mut insert = transaction.prepare(
        "INSERT OR IGNORE INTO acknowledged_stray (target, object, dn, run, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Stray { target, key, dn } in &plan.strays {
        insert.execute(params![target, key.to_string(), dn, run.0, At(at)])?;
    }
    Ok(())
}

/// What the store was filled with goes by this name and value: keeps it the first time, and tells
/// whether it is the same ever after.
pub fn witnesses(store: &mut Store, name: &str, value: &str) -> Result<bool, StoreError> {
    let sql = "SELECT value FROM witness WHERE name = ?1";
    let kept: Option<String> =
        store.connection.query_row(sql, [name], |row| row.get(0)).optional()?;
    if let Some(kept) = kept {
        return Ok(kept == value);
    }
    store.write(|transaction| {
        let sql = "INSERT OR IGNORE INTO witness (name, value) VALUES (?1, ?2)";
        transaction.execute(sql, [name, value])?;
        let sql = "SELECT value = ?2 FROM witness WHERE name = ?1";
        Ok(transaction.query_row(sql, [name, value], |row| row.get(0))?)
    })
}
