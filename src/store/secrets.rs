//! Sealed initial secrets (SEC-14): what the reader of the sheets opens, and nobody else.
//!
//! A secret is sealed in the transaction that announces the creation of its account, so an account
//! whose secret was never sealed cannot exist. An announced creation may never have been done, or
//! be done twice over a crash; these rules leave the one secret that the account has:
//!
//! - written by an attempt: its secret; those of all other attempts go;
//! - certainly not written by an attempt: its secret goes;
//! - no answer: all stay, until somebody looks (`apply/recover.rs`).

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::column::{At, parsed};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::ids::{Login, PersonId};

/// Secrets that nobody fetched are gone after this (SEC-13, requirements 3.2).
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A secret to be kept with the announcement of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub person: PersonId,
    pub login: Login,
    pub sealed: Vec<u8>,
}

/// A kept secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SealedSecret {
    pub person: PersonId,
    pub target: String,
    pub run: RunId,
    pub seq: u64,
    pub attempt: u32,
    pub login: Login,
    /// Of JSON `{"login": …, "password": …}`.
    pub sealed: Vec<u8>,
    pub created_at: Timestamp,
}

/// What an outcome means for the secrets of its account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretFate {
    /// This attempt wrote the account: the others go.
    ThisAttempt,
    /// This attempt certainly did not: its secret goes. Of older ones the newest stays: if one of
    /// them wrote it, it is that one, for each attempt but the first began with a look that found
    /// nothing.
    EarlierAttempt,
    /// The account was found standing before this attempt drew a secret: the newest is its own.
    Newest,
}

/// One attempt of one creation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt<'a> {
    pub(super) target: &'a str,
    pub(super) run: RunId,
    pub(super) seq: u64,
    pub(super) attempt: u32,
}

/// The secret of every account, by login. Where a crash left several, the newest is its own (see
/// above); somebody may have planned anew instead of taking the run up again.
pub fn list(store: &Store) -> Result<Vec<SealedSecret>, StoreError> {
    let sql = "SELECT person, target, run, seq, attempt, login, sealed, created_at
               FROM sealed_secret
               WHERE id IN (SELECT max(id) FROM sealed_secret GROUP BY person, target)
               ORDER BY login, target";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let At(created_at) = row.get(7)?;
        Ok(SealedSecret {
            person: PersonId(row.get(0)?),
            target: row.get(1)?,
            run: RunId(row.get(2)?),
            seq: row.get(3)?,
            attempt: row.get(4)?,
            login: parsed(row, 5)?,
            sealed: row.get(6)?,
            created_at,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Erases the secrets that are older than [`KEPT`]; gives back how many.
pub fn purge(store: &mut Store, now: Timestamp) -> Result<u64, StoreError> {
    let Ok(limit) = now.checked_sub(KEPT) else { return Ok(0) };
    let erased = store.write(|transaction| {
        let sql = "DELETE FROM sealed_secret WHERE created_at < ?1";
        Ok(transaction.execute(sql, [At(limit)])? as u64)
    })?;
    if erased > 0 {
        // What the write-ahead log still holds of them goes too.
        store.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    Ok(erased)
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    which: Attempt<'_>,
    at: Timestamp,
    secret: &Sealed,
) -> Result<(), StoreError> {
    let Attempt { target, run, seq, attempt } = which;
    let Sealed { person, login, sealed } = secret;
    transaction
        .prepare_cached(
            "INSERT INTO sealed_secret
                 (person, target, run, seq, attempt, login, sealed, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![person.0, target, run.0, seq, attempt, login.as_str(), sealed, At(at)])?;
    Ok(())
}

pub(super) fn settle(
    transaction: &Transaction<'_>,
    which: Attempt<'_>,
    person: PersonId,
    fate: SecretFate,
) -> Result<(), StoreError> {
    let Attempt { target, run, seq, attempt } = which;
    let drop_this = "DELETE FROM sealed_secret
                     WHERE person = ?1 AND target = ?2 AND (run, seq, attempt) = (?3, ?4, ?5)";
    let drop_others = "DELETE FROM sealed_secret
                       WHERE person = ?1 AND target = ?2 AND (run, seq, attempt) <> (?3, ?4, ?5)";
    let keep_newest = "DELETE FROM sealed_secret
                       WHERE person = ?1 AND target = ?2
                         AND id < (SELECT max(id) FROM sealed_secret
                                   WHERE person = ?1 AND target = ?2)";
    let of_attempt = params![person.0, target, run.0, seq, attempt];
    let of_account = params![person.0, target];
    match fate {
        SecretFate::ThisAttempt => {
            transaction.prepare_cached(drop_others)?.execute(of_attempt)?;
        }
        SecretFate::EarlierAttempt => {
            transaction.prepare_cached(drop_this)?.execute(of_attempt)?;
            transaction.prepare_cached(keep_newest)?.execute(of_account)?;
        }
        SecretFate::Newest => {
            transaction.prepare_cached(keep_newest)?.execute(of_account)?;
        }
    }
    Ok(())
}
