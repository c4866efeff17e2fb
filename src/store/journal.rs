//! The journal: what was announced and how it ended, append-only (DESIGN rule 7, SEC-44).
//!
//! `begin` once a run, then `start` before a batch is sent and `settle` once it has its outcomes;
//! each is one transaction, durable when it returns.

use jiff::Timestamp;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::column::{At, words};
use super::runs::{self, OperationState, RunId, RunState};
use super::secrets::{self, Attempt, Sealed, SecretFate};
use super::{Store, StoreError, deliveries, history, refused, registry, taken, undo, waits};
use crate::model::ids::PersonId;
use crate::plan::Plan;

words! {
    /// What happened to an operation.
    Event {
        /// Announced: what follows may have been sent.
        Started = "started",
        Done = "done",
        Already = "already",
        Failed = "failed",
        Stale = "stale",
        Blocked = "blocked",
        /// No answer: done or not, only looking tells.
        Unknown = "unknown",
        /// Announced, but certainly not done: planned again.
        PutBack = "put-back",
    }
}

impl Event {
    fn state(self) -> OperationState {
        match self {
            Self::Started | Self::Unknown => OperationState::Started,
            Self::Done => OperationState::Done,
            Self::Already => OperationState::Already,
            Self::Failed => OperationState::Failed,
            Self::Stale => OperationState::Stale,
            Self::Blocked => OperationState::Blocked,
            Self::PutBack => OperationState::Planned,
        }
    }
}

/// An operation about to be sent. The creation of an account brings its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Start {
    pub seq: u64,
    /// From 1, one more than the last.
    pub attempt: u32,
    pub secret: Option<Sealed>,
}

/// An operation that has its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub seq: u64,
    /// The attempt that it is the outcome of; the last one when nothing was sent.
    pub attempt: u32,
    pub event: Event,
    /// The server's words, or ours.
    pub detail: Option<String>,
    /// For the creation of an account that has a sure outcome.
    pub secret: Option<(PersonId, SecretFate)>,
    /// The target said no, or never answered: one more try that brought nothing.
    pub refusal: Option<Refusal>,
}

/// Why a try brought nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Any,
    /// A login or an address is somebody else's.
    NameTaken,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    pub id: u64,
    pub seq: u64,
    pub event: Event,
    pub attempt: u32,
    pub at: Timestamp,
    pub detail: Option<String>,
}

/// Begins a run: the registry, the basis and the run change together, or not at all. A plan made
/// from another generation of the registry is stale (exit status 8).
pub fn begin(store: &mut Store, run: RunId, plan: &Plan, at: Timestamp) -> Result<(), StoreError> {
    store.write(|transaction| {
        let states = [RunState::Planned, RunState::Stopped];
        let row = runs::expect(transaction, run, &states, "begun")?;
        if row.plan_hash != plan.hash {
            return Err(StoreError::NoPlan(plan.hash.to_string()));
        }
        let now = registry::generation(transaction)?;
        if now != plan.generation {
            return Err(StoreError::Stale { planned: plan.generation, now });
        }
        undo::keep(transaction, run, &plan.change)?;
        registry::write(transaction, &plan.change, at)?;
        deliveries::write_basis(transaction, run, &plan.basis)?;
        history::acknowledge(transaction, run, plan, at)?;
        refused::forget_unwanted(transaction, plan)?;
        waits::begin(transaction, run, plan, at)?;
        transaction.execute(
            "UPDATE run SET state = ?2, started_at = ?3, finished_at = NULL WHERE id = ?1",
            params![run.0, RunState::Applying, At(at)],
        )?;
        Ok(())
    })
}

/// Announces operations, with their sealed secrets. Nothing may be sent before it returns.
pub fn start(
    store: &mut Store,
    run: RunId,
    target: &str,
    at: Timestamp,
    starts: &[Start],
) -> Result<(), StoreError> {
    if starts.is_empty() {
        return Ok(());
    }
    store.write(|transaction| {
        runs::expect(transaction, run, &[RunState::Applying], "written")?;
        for Start { seq, attempt, secret } in starts {
            let which = Attempt { target, run, seq: *seq, attempt: *attempt };
            note(transaction, which, Event::Started, at, None)?;
            if let Some(secret) = secret {
                secrets::insert(transaction, which, at, secret)?;
            }
        }
        Ok(())
    })
}

/// Keeps the outcomes of a batch.
pub fn settle(
    store: &mut Store,
    run: RunId,
    target: &str,
    at: Timestamp,
    settlements: &[Settlement],
) -> Result<(), StoreError> {
    if settlements.is_empty() {
        return Ok(());
    }
    store.write(|transaction| {
        let unsolved = refused::any(transaction)?;
        for Settlement { seq, attempt, event, detail, secret, refusal } in settlements {
            let which = Attempt { target, run, seq: *seq, attempt: *attempt };
            note(transaction, which, *event, at, detail.as_deref())?;
            if let Some((person, fate)) = secret {
                secrets::settle(transaction, which, *person, *fate)?;
            }
            if *refusal == Some(Refusal::NameTaken) {
                taken::note(transaction, run, *seq, at)?;
            }
            if refusal.is_some() {
                let detail = detail.as_deref().unwrap_or_default();
                refused::count(transaction, run, *seq, at, detail)?;
            } else if unsolved && matches!(event, Event::Done | Event::Already) {
                refused::solved(transaction, run, *seq)?;
            }
        }
        Ok(())
    })
}

/// One line, and the state that follows from it.
fn note(
    transaction: &Transaction<'_>,
    which: Attempt<'_>,
    event: Event,
    at: Timestamp,
    detail: Option<&str>,
) -> Result<(), StoreError> {
    let Attempt { target: _, run, seq, attempt } = which;
    transaction
        .prepare_cached(
            "INSERT INTO journal (run, seq, event, attempt, at, detail)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![run.0, seq, event, attempt, At(at), detail])?;
    transaction
        .prepare_cached(
            "INSERT INTO operation_state (run, seq, state, attempts, detail, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (run, seq) DO UPDATE SET state = excluded.state,
                 attempts = excluded.attempts, detail = excluded.detail, at = excluded.at",
        )?
        .execute(params![run.0, seq, event.state(), attempt, detail, At(at)])?;
    Ok(())
}

/// The journal of a run, or of one of its operations, in order.
pub fn lines(store: &Store, run: RunId, seq: Option<u64>) -> Result<Vec<Line>, StoreError> {
    let sql = "SELECT id, seq, event, attempt, at, detail FROM journal
               WHERE run = ?1 AND (?2 IS NULL OR seq = ?2) ORDER BY id";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map(params![run.0, seq], |row| {
        let At(at) = row.get(4)?;
        Ok(Line {
            id: row.get(0)?,
            seq: row.get(1)?,
            event: row.get(2)?,
            attempt: row.get(3)?,
            at,
            detail: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
