//! Who let a plan pass its guards: approvals given beforehand, and the lifting (SEC-42). Nothing of
//! it is ever changed or deleted.

use jiff::Timestamp;
use rusqlite::{Row, params};
use serde::Serialize;

use super::column::{At, words};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::ids::Digest;

words! {
    /// What a person did.
    Act {
        Approved = "approved",
        Lifted = "lifted",
    }
}

/// One person, one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assent {
    pub act: Act,
    pub who: String,
    /// The user of the system who typed it.
    pub system_user: String,
    pub reason: String,
    pub at: Timestamp,
}

/// Keeps one.
pub fn give(
    store: &mut Store,
    run: RunId,
    hash: &Digest,
    assent: &Assent,
) -> Result<(), StoreError> {
    let Assent { act, who, system_user, reason, at } = assent;
    store.write(|transaction| {
        transaction.execute(
            "INSERT INTO assent (run, plan_hash, act, who, system_user, reason, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![run.0, hash.as_str(), act, who, system_user, reason, At(*at)],
        )?;
        Ok(())
    })
}

const COLUMNS: &str = "act, who, system_user, reason, at";

fn read(row: &Row<'_>) -> rusqlite::Result<Assent> {
    let At(at) = row.get(4)?;
    let (act, who) = (row.get(0)?, row.get(1)?);
    Ok(Assent { act, who, system_user: row.get(2)?, reason: row.get(3)?, at })
}

/// Of one run, in order.
pub fn of_run(store: &Store, run: RunId) -> Result<Vec<Assent>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM assent WHERE run = ?1 ORDER BY id");
    let mut statement = store.connection.prepare(&sql)?;
    Ok(statement.query_map([run.0], read)?.collect::<Result<_, _>>()?)
}

/// The approvals of a plan: of what its hash names, whatever the run.
pub fn approvals(store: &Store, hash: &Digest) -> Result<Vec<Assent>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM assent WHERE plan_hash = ?1 AND act = 'approved' ORDER BY id"
    );
    let mut statement = store.connection.prepare(&sql)?;
    Ok(statement.query_map([hash.as_str()], read)?.collect::<Result<_, _>>()?)
}
