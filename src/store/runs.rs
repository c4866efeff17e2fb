//! Runs: one passage through the pipeline each, with its plan, state and report.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::column::{At, parsed, words};
use super::{Store, StoreError, registry};
use crate::model::ids::Digest;
use crate::plan::operation::OperationKind;

/// The number of a run, from 1, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub u64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

words! {
    /// Where a run is.
    RunState {
        /// Its plan is stored; nothing was written.
        Planned = "planned",
        /// A guard objected; nothing was written, a confirmation can still begin it.
        Stopped = "stopped",
        /// Begun, not finished: under way, or its process died.
        Applying = "applying",
        /// Every operation is settled and none failed.
        Applied = "applied",
        /// Ended with operations that `replay` can take up.
        Interrupted = "interrupted",
    }
}

words! {
    /// Where an operation is.
    OperationState {
        Planned = "planned",
        /// Announced; done or not, only looking tells.
        Started = "started",
        Done = "done",
        /// It stood already as wanted.
        Already = "already",
        /// Refused, or waits for one that was; `replay` tries again.
        Failed = "failed",
        /// The entry was not as expected: planned anew next time.
        Stale = "stale",
        /// Could not be done from the start: never sent.
        Blocked = "blocked",
    }
}

/// One run, without its plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    pub id: RunId,
    /// `plan`, `run`…
    pub command: String,
    pub state: RunState,
    pub made_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub plan_hash: Digest,
    /// Of the registry that the plan was made from.
    pub generation: u64,
    /// Under a clock that was not the wall's.
    pub rehearsed: bool,
}

/// Operations of one target and kind. What is in none of the last three is still open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TallyLine {
    pub planned: u64,
    /// Written, or stood already.
    pub done: u64,
    pub failed: u64,
    /// Drifted or blocked: planned anew next time.
    pub skipped: u64,
}

impl TallyLine {
    pub(super) fn add(&mut self, state: OperationState, count: u64) {
        self.planned += count;
        match state {
            OperationState::Done | OperationState::Already => self.done += count,
            OperationState::Failed => self.failed += count,
            OperationState::Stale | OperationState::Blocked => self.skipped += count,
            OperationState::Planned | OperationState::Started => {}
        }
    }
}

const COLUMNS: &str = "id, command, state, made_at, started_at, finished_at, plan_hash, \
                       generation, rehearsed";

fn read(row: &Row<'_>) -> rusqlite::Result<Run> {
    let At(made_at) = row.get(3)?;
    let (started_at, finished_at): (Option<At>, Option<At>) = (row.get(4)?, row.get(5)?);
    Ok(Run {
        id: RunId(row.get(0)?),
        command: row.get(1)?,
        state: row.get(2)?,
        made_at,
        started_at: started_at.map(|At(at)| at),
        finished_at: finished_at.map(|At(at)| at),
        plan_hash: parsed(row, 6)?,
        generation: row.get(7)?,
        rehearsed: row.get(8)?,
    })
}

/// Every run, newest first.
pub fn list(store: &Store) -> Result<Vec<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run ORDER BY id DESC");
    let mut statement = store.connection.prepare(&sql)?;
    Ok(statement.query_map([], read)?.collect::<Result<_, _>>()?)
}

/// One run.
pub fn get(store: &Store, run: RunId) -> Result<Run, StoreError> {
    get_in(&store.connection, run)
}

pub(super) fn get_in(connection: &rusqlite::Connection, run: RunId) -> Result<Run, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run WHERE id = ?1");
    let found = connection.prepare_cached(&sql)?.query_row([run.0], read).optional()?;
    found.ok_or(StoreError::NoRun(run))
}

/// The newest run, begun or not.
pub fn latest(store: &Store) -> Result<Option<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM run ORDER BY id DESC LIMIT 1");
    Ok(store.connection.prepare_cached(&sql)?.query_row([], read).optional()?)
}

/// The newest run whose plan's hash begins with `prefix`; one hash may have had several runs.
pub fn find(store: &Store, prefix: &str) -> Result<Run, StoreError> {
    if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(StoreError::NoPlan(prefix.to_owned()));
    }
    let sql =
        format!("SELECT {COLUMNS} FROM run WHERE substr(plan_hash, 1, ?2) = ?1 ORDER BY id DESC");
    let mut statement = store.connection.prepare(&sql)?;
    let lower = prefix.to_ascii_lowercase();
    let runs = statement.query_map(params![lower, lower.len()], read)?;
    let runs = runs.collect::<Result<Vec<_>, _>>()?;
    match runs.as_slice() {
        [] => Err(StoreError::NoPlan(prefix.to_owned())),
        [newest, others @ ..] if others.iter().all(|run| run.plan_hash == newest.plan_hash) => {
            Ok(newest.clone())
        }
        [_, ..] => Err(StoreError::PlanAmbiguous(prefix.to_owned())),
    }
}

/// A guard stopped it: nothing was written.
pub fn stop(store: &mut Store, run: RunId, at: Timestamp) -> Result<(), StoreError> {
    store.write(|transaction| {
        expect(transaction, run, &[RunState::Planned, RunState::Stopped], "stopped")?;
        set_state(transaction, run, RunState::Stopped, Some(at))
    })
}

/// Takes a run up again. Refused once another was begun after it: what it planned may be out of
/// date, and the newer plan has seen what it left.
pub fn resume(store: &mut Store, run: RunId) -> Result<(), StoreError> {
    store.write(|transaction| {
        let states = [RunState::Applying, RunState::Interrupted, RunState::Applied];
        let row = expect(transaction, run, &states, "taken up again")?;
        let now = registry::generation(transaction)?;
        if now != row.generation + 1 {
            return Err(StoreError::Stale { planned: row.generation, now });
        }
        set_state(transaction, run, RunState::Applying, None)
    })
}

/// Whether [`resume`] would find that no other run was begun after this one.
pub fn is_newest(store: &Store, run: &Run) -> Result<bool, StoreError> {
    Ok(registry::generation_now(store)? == run.generation + 1)
}

/// Runs left `applying` by a process that died. To be called by whoever holds the lock, before
/// anything else; gives back their numbers.
pub fn interrupt_leftovers(store: &mut Store) -> Result<Vec<RunId>, StoreError> {
    let select = "SELECT id FROM run WHERE state = 'applying' ORDER BY id";
    let mut statement = store.connection.prepare(select)?;
    let rows = statement.query_map([], |row| row.get(0).map(RunId))?;
    let runs = rows.collect::<Result<Vec<_>, _>>()?;
    drop(statement);
    if !runs.is_empty() {
        store.write(|transaction| {
            transaction
                .execute("UPDATE run SET state = 'interrupted' WHERE state = 'applying'", [])?;
            Ok(())
        })?;
    }
    Ok(runs)
}

/// Ends a run: applied when every operation is settled and none failed, else interrupted.
pub fn finish(store: &mut Store, run: RunId, at: Timestamp) -> Result<RunState, StoreError> {
    store.write(|transaction| {
        expect(transaction, run, &[RunState::Applying], "finished")?;
        let open: bool = transaction.query_row(
            "SELECT EXISTS (
                 SELECT 1 FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
                 WHERE o.run = ?1
                   AND coalesce(s.state, 'planned') IN ('planned', 'started', 'failed'))",
            [run.0],
            |row| row.get(0),
        )?;
        let state = if open { RunState::Interrupted } else { RunState::Applied };
        set_state(transaction, run, state, Some(at))?;
        Ok(state)
    })
}

/// What became of its operations, by target and kind.
pub fn tally(
    store: &Store,
    run: RunId,
) -> Result<BTreeMap<String, BTreeMap<OperationKind, TallyLine>>, StoreError> {
    let sql = "SELECT o.target, o.kind, coalesce(s.state, 'planned'), count(*)
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 GROUP BY 1, 2, 3";
    let mut statement = store.connection.prepare(sql)?;
    let mut rows = statement.query([run.0])?;
    let mut tally: BTreeMap<String, BTreeMap<OperationKind, TallyLine>> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let (word, count): (String, u64) = (row.get(1)?, row.get(3)?);
        let line = tally.entry(row.get(0)?).or_default().entry(kind(&word)?).or_default();
        line.add(row.get(2)?, count);
    }
    Ok(tally)
}

pub(super) fn kind(word: &str) -> Result<OperationKind, StoreError> {
    let kind = OperationKind::ALL.into_iter().find(|kind| kind.as_str() == word);
    kind.ok_or_else(|| StoreError::Content(format!("operation kind {word}")))
}

/// Keeps the report of a run, a JSON document.
pub fn save_report(store: &mut Store, run: RunId, json: &str) -> Result<(), StoreError> {
    store.write(|transaction| {
        transaction.execute("UPDATE run SET report = ?2 WHERE id = ?1", params![run.0, json])?;
        Ok(())
    })
}

/// The report of a run, once there is one.
pub fn report(store: &Store, run: RunId) -> Result<Option<String>, StoreError> {
    let sql = "SELECT report FROM run WHERE id = ?1";
    let found = store.connection.query_row(sql, [run.0], |row| row.get(0)).optional()?;
    found.ok_or(StoreError::NoRun(run))
}

/// The run, when it is in one of these states.
pub(super) fn expect(
    transaction: &Transaction<'_>,
    run: RunId,
    states: &[RunState],
    wanted: &'static str,
) -> Result<Run, StoreError> {
    let row = get_in(transaction, run)?;
    if states.contains(&row.state) {
        Ok(row)
    } else {
        Err(StoreError::RunState { run, state: row.state, wanted })
    }
}

/// `finished_at` is that of the last end; a run that goes on has none.
fn set_state(
    transaction: &Transaction<'_>,
    run: RunId,
    state: RunState,
    finished_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let sql = "UPDATE run SET state = ?2, finished_at = ?3 WHERE id = ?1";
    transaction.execute(sql, params![run.0, state, finished_at.map(At)])?;
    Ok(())
}
