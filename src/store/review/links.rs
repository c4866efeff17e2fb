//! Which record was given to whom, on what evidence.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, params};

use super::super::column::{At, document, json};
use super::super::runs::RunId;
use super::super::{Store, StoreError};
use super::{record_key, source_word, word, word_of};
use crate::matching::answer::RecordKey;
use crate::model::ids::PersonId;
use crate::model::registry::{Link, LinkEvidence};

/// A link of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub key: RecordKey,
    pub person: PersonId,
    pub evidence: LinkEvidence,
    pub weighing: Option<String>,
    pub at: Timestamp,
}

/// Writes the links of a change; in the transaction that writes the registry.
pub(in crate::store) fn write(
    transaction: &Transaction<'_>,
    links: &[Link],
    at: Timestamp,
) -> Result<(), StoreError> {
    let mut insert = transaction.prepare(
        "INSERT INTO link (uai, source, number, person, evidence, weighing, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for Link { person, uai, source, number, evidence, weighing } in links {
        insert.execute(params![
            uai.as_str(),
            source_word(*source),
            number,
            person.0,
            word_of(evidence)?,
            weighing,
            At(at)
        ])?;
    }
    Ok(())
}

/// Keeps the links of a plan until it is applied.
pub(in crate::store) fn save_planned(
    transaction: &Transaction<'_>,
    run: RunId,
    links: &[Link],
) -> Result<(), StoreError> {
    let mut insert =
        transaction.prepare("INSERT INTO plan_link (run, seq, document) VALUES (?1, ?2, ?3)")?;
    for (seq, link) in links.iter().enumerate() {
        insert.execute(params![run.0, seq, json(link)?])?;
    }
    Ok(())
}

pub(in crate::store) fn planned(
    connection: &Connection,
    run: RunId,
) -> Result<Vec<Link>, StoreError> {
    let sql = "SELECT document FROM plan_link WHERE run = ?1 ORDER BY seq";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([run.0], |row| document(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The number of the last link; 0 before the first.
pub(super) fn last(connection: &Connection) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(max(id), 0) FROM link";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// The last link of each record that was ever asked about to each person, by its number.
pub fn last_of_asked(store: &Store) -> Result<BTreeMap<(RecordKey, PersonId), u64>, StoreError> {
    let sql = "SELECT DISTINCT uai, source, number, person,
                   (SELECT max(id) FROM link other
                    WHERE (other.uai, other.source, other.number, other.person)
                          = (link.uai, link.source, link.number, link.person))
               FROM question JOIN link USING (uai, source, number)";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement
        .query_map([], |row| Ok(((record_key(row, 0)?, PersonId(row.get(3)?)), row.get(4)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What one person was given, oldest first.
pub fn of_person(store: &Store, person: PersonId) -> Result<Vec<Given>, StoreError> {
    let sql = "SELECT uai, source, number, person, evidence, weighing, at FROM link
               WHERE person = ?1 ORDER BY id";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([person.0], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Given> {
    let At(at) = row.get(6)?;
    Ok(Given {
        key: record_key(row, 0)?,
        person: PersonId(row.get(3)?),
        evidence: word(row, 4)?,
        weighing: row.get(5)?,
        at,
    })
}
