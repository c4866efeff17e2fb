//! What was received: deliveries by digest, refusals, and which deliveries are in force.
//!
//! The receipt instant of some bytes is the first one ever seen, under whatever name they came, and
//! never moves later; the last one is kept beside it. Contents are forgotten in time
//! (requirements 3.2), the rest stays.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::column::{At, document, json, parsed};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::delivery::{Counts, Delivery, Header, Source};
use crate::model::finding::Finding;
use crate::model::ids::{Digest, Uai};
use crate::plan::Basis;

/// Contents kept beside the one in force, a school and source (requirements 3.2).
const PREVIOUS_KEPT: u32 = 2;

/// A delivery without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRow {
    pub digest: Digest,
    pub name: String,
    pub received_at: Timestamp,
    pub last_received_at: Timestamp,
    pub heard_at: Timestamp,
    pub header: Header,
    pub counts: Counts,
    pub findings: Vec<Finding>,
    /// False once the records were forgotten.
    pub has_content: bool,
}

/// Bytes that were refused whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub digest: Digest,
    pub name: String,
    pub received_at: Timestamp,
    pub finding: Finding,
}

/// Keeps deliveries, in one transaction; gives back the receipt instants in force, in order. One
/// that was refused before, by another list of schools or an older program, is no longer.
pub fn save(store: &mut Store, deliveries: &[Delivery]) -> Result<Vec<Timestamp>, StoreError> {
    store.write(|transaction| {
        deliveries.iter().map(|delivery| save_one(transaction, delivery)).collect()
    })
}

fn save_one(transaction: &Transaction<'_>, delivery: &Delivery) -> Result<Timestamp, StoreError> {
    let Delivery { digest, name, received_at, last_received_at: last, header, .. } = delivery;
    let Delivery { content, counts, findings, .. } = delivery;
    let at = receive(transaction, digest, name, *received_at, Some((*last, *last)))?;
    transaction
        .prepare_cached("DELETE FROM refusal WHERE digest = ?1")?
        .execute([digest.as_str()])?;
    transaction
        .prepare_cached(
            "INSERT INTO delivery
                 (digest, uai, source, header, exported_at, counts, findings, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (digest) DO UPDATE SET header = excluded.header,
                 exported_at = excluded.exported_at, counts = excluded.counts,
                 findings = excluded.findings, content = excluded.content",
        )?
        .execute(params![
            digest.as_str(),
            header.uai.as_str(),
            header.source.as_str(),
            json(header)?,
            header.exported_at.map(At),
            json(counts)?,
            json(findings)?,
            json(content)?,
        ])?;
    Ok(at)
}

/// Bytes that are known and were received again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub digest: Digest,
    pub name: String,
    pub received_at: Timestamp,
    /// The last one that says something, and the last one that was looked at.
    pub last_received_at: Timestamp,
    pub heard_at: Timestamp,
}

/// Notes receipts of bytes that are known, in one transaction.
pub fn save_receipts(store: &mut Store, receipts: &[Receipt]) -> Result<(), StoreError> {
    if receipts.is_empty() {
        return Ok(());
    }
    store.write(|transaction| {
        for Receipt { digest, name, received_at, last_received_at, heard_at } in receipts {
            let later = Some((*last_received_at, *heard_at));
            receive(transaction, digest, name, *received_at, later)?;
        }
        Ok(())
    })
}

/// Notes the receipt of some bytes; the earliest instant, and its name, win and stay. The
/// later ones, last and heard, are as told, when they are told.
fn receive(
    transaction: &Transaction<'_>,
    digest: &Digest,
    name: &str,
    at: Timestamp,
    later: Option<(Timestamp, Timestamp)>,
) -> Result<Timestamp, StoreError> {
    let (last, heard) = later.unzip();
    transaction
        .prepare_cached(
            "INSERT INTO receipt (digest, name, received_at, last_received_at, heard_at)
             VALUES (?1, ?2, ?3, coalesce(?4, ?3), coalesce(?5, ?3))
             ON CONFLICT (digest) DO UPDATE SET
                 name = iif(excluded.received_at < receipt.received_at, excluded.name,
                            receipt.name),
                 received_at = min(excluded.received_at, receipt.received_at),
                 last_received_at = coalesce(?4, receipt.last_received_at),
                 heard_at = coalesce(?5, receipt.heard_at)",
        )?
        .execute(params![digest.as_str(), name, At(at), last.map(At), heard.map(At)])?;
    let At(at) = transaction
        .prepare_cached("SELECT received_at FROM receipt WHERE digest = ?1")?
        .query_row([digest.as_str()], |row| row.get(0))?;
    Ok(at)
}

/// Keeps refusals, in one transaction. Bytes that were good once stay good.
pub fn save_refusals(store: &mut Store, refusals: &[Refusal]) -> Result<(), StoreError> {
    store.write(|transaction| {
        for Refusal { digest, name, received_at, finding } in refusals {
            receive(transaction, digest, name, *received_at, None)?;
            transaction
                .prepare_cached(
                    "INSERT INTO refusal (digest, finding)
                     SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM delivery WHERE digest = ?1)
                     ON CONFLICT (digest) DO UPDATE SET finding = excluded.finding",
                )?
                .execute(params![digest.as_str(), json(finding)?])?;
        }
        Ok(())
    })
}

/// A delivery with its records; none when it is unknown or its records were forgotten: reading the
/// bytes again brings them back.
pub fn load(store: &Store, digest: &Digest) -> Result<Option<Delivery>, StoreError> {
    let sql = "SELECT d.digest, r.name, r.received_at, d.header, d.counts, d.findings, d.content,
                      r.last_received_at
               FROM delivery d JOIN receipt r USING (digest)
               WHERE d.digest = ?1 AND d.content IS NOT NULL";
    let mut statement = store.connection.prepare_cached(sql)?;
    let delivery = statement.query_row([digest.as_str()], |row| {
        let (At(received_at), At(last_received_at)) = (row.get(2)?, row.get(7)?);
        Ok(Delivery {
            digest: parsed(row, 0)?,
            name: row.get(1)?,
            received_at,
            last_received_at,
            header: document(row, 3)?,
            counts: document(row, 4)?,
            findings: document(row, 5)?,
            content: document(row, 6)?,
        })
    });
    Ok(delivery.optional()?)
}

/// Every delivery ever kept, without records: by school, source, and age of the export.
pub fn list(store: &Store) -> Result<Vec<DeliveryRow>, StoreError> {
    let sql = "SELECT d.digest, r.name, r.received_at, d.header, d.counts, d.findings,
                      d.content IS NOT NULL, r.last_received_at, r.heard_at
               FROM delivery d JOIN receipt r USING (digest)
               ORDER BY d.uai, d.source, coalesce(d.exported_at, r.last_received_at),
                        r.received_at, d.digest";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (At(received_at), At(last_received_at)) = (row.get(2)?, row.get(7)?);
        let At(heard_at) = row.get(8)?;
        Ok(DeliveryRow {
            digest: parsed(row, 0)?,
            name: row.get(1)?,
            received_at,
            last_received_at,
            heard_at,
            header: document(row, 3)?,
            counts: document(row, 4)?,
            findings: document(row, 5)?,
            has_content: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Every refusal, in order of receipt.
pub fn refusals(store: &Store) -> Result<Vec<Refusal>, StoreError> {
    let sql = "SELECT f.digest, r.name, r.received_at, f.finding
               FROM refusal f JOIN receipt r USING (digest) ORDER BY r.received_at, f.digest";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let At(received_at) = row.get(2)?;
        let (digest, name, finding) = (parsed(row, 0)?, row.get(1)?, document(row, 3)?);
        Ok(Refusal { digest, name, received_at, finding })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The deliveries in force of the last run that was begun, in order.
pub fn basis(store: &Store) -> Result<Vec<Basis>, StoreError> {
    basis_in(&store.connection)
}

pub(super) fn basis_in(connection: &rusqlite::Connection) -> Result<Vec<Basis>, StoreError> {
    let sql = "SELECT uai, source, digest, academy FROM basis ORDER BY uai, source";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let (uai, source) = (parsed::<Uai>(row, 0)?, source(row, 1)?);
        Ok(Basis { uai, source, digest: parsed(row, 2)?, academy: row.get(3)? })
    })?;
    let mut basis = rows.collect::<Result<Vec<_>, _>>()?;
    basis.sort();
    Ok(basis)
}

fn source(row: &Row<'_>, column: usize) -> rusqlite::Result<Source> {
    let text: String = row.get(column)?;
    Source::ALL
        .into_iter()
        .find(|source| source.as_str() == text)
        .ok_or(rusqlite::Error::InvalidColumnType(column, text, rusqlite::types::Type::Text))
}

/// Writes the basis of a run that begins.
pub(super) fn write_basis(
    transaction: &Transaction<'_>,
    run: RunId,
    basis: &[Basis],
) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM basis", [])?;
    let mut statement = transaction.prepare_cached(
        "INSERT INTO basis (uai, source, digest, run, academy) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for Basis { uai, source, digest, academy } in basis {
        let (uai, source, digest) = (uai.as_str(), source.as_str(), digest.as_str());
        statement.execute(params![uai, source, digest, run.0, academy])?;
    }
    Ok(())
}

/// Forgets the records that are beyond the current and two previous of their school and source;
/// those in force stay, however old, and so do those that `wait` for the turn of the year. Gives
/// back how many were forgotten.
pub fn prune(store: &mut Store, wait: &BTreeSet<Digest>) -> Result<u64, StoreError> {
    let wait = json(wait)?;
    store.write(|transaction| {
        let forgotten = transaction.execute(
            "UPDATE delivery SET content = NULL
             WHERE content IS NOT NULL AND digest NOT IN (SELECT digest FROM basis)
               AND digest NOT IN (SELECT value FROM json_each(?2))
               AND digest IN (
                   SELECT digest FROM (
                       SELECT d.digest, row_number() OVER (
                           PARTITION BY d.uai, d.source
                           ORDER BY coalesce(d.exported_at, r.last_received_at) DESC,
                                    r.received_at DESC, d.digest) AS rank
                       FROM delivery d JOIN receipt r USING (digest))
                   WHERE rank > ?1)",
            params![1 + PREVIOUS_KEPT, wait],
        )?;
        Ok(forgotten as u64)
    })
}

/// Forgets the records received before an instant (90 days, requirements 3.2), those in force left
/// out: without them the next plan would lack the whole school. Those that `wait` for the turn of
/// the year are left out too: the school was told that they will come into force.
pub fn forget_contents(
    store: &mut Store,
    older_than: Timestamp,
    wait: &BTreeSet<Digest>,
) -> Result<u64, StoreError> {
    let wait = json(wait)?;
    store.write(|transaction| {
        let forgotten = transaction.execute(
            "UPDATE delivery SET content = NULL
             WHERE content IS NOT NULL AND digest NOT IN (SELECT digest FROM basis)
               AND digest NOT IN (SELECT value FROM json_each(?2))
               AND digest IN (SELECT digest FROM receipt WHERE received_at < ?1)",
            params![At(older_than), wait],
        )?;
        Ok(forgotten as u64)
    })
}
