//! Records that wait, and how long they did: what the deadlines are told from, beside the journal.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Transaction, params};

use super::column::{At, parsed};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::clock::figures::{Cause, Item};
use crate::model::delivery::Status;
use crate::model::ids::Uai;
use crate::plan::{Plan, Wait};

/// A run begins: what waits in its plan is kept, what waited and does not any more has ended. The
/// clock of a record that waited before goes on.
pub(super) fn begin(
    transaction: &Transaction<'_>,
    run: RunId,
    plan: &Plan,
    at: Timestamp,
) -> Result<(), StoreError> {
    let waits = &plan.summary.waits;
    let waiting: BTreeSet<(&str, &str, &str)> = waits.iter().map(key).collect();
    let current = plan.summary.deliveries.iter().filter(|one| one.status == Status::Current);
    let received: BTreeMap<(&str, &str), Timestamp> = current
        .filter_map(|one| Some(((one.uai.as_ref()?.as_str(), one.source?.as_str()), one)))
        .map(|(key, one)| (key, one.received_at))
        .collect();
    let mut open = transaction
        .prepare("SELECT id, uai, source, number FROM record_wait WHERE left_run IS NULL")?;
    let rows = open.query_map([], |row| {
        let key: (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok((row.get::<_, i64>(0)?, key))
    })?;
    for (id, (uai, source, number)) in rows.collect::<Result<Vec<_>, _>>()? {
        let gone = !waiting.contains(&(uai.as_str(), source.as_str(), number.as_str()));
        // Without a delivery in force nothing is known of the record.
        if let Some(net) = received.get(&(uai.as_str(), source.as_str())).filter(|_| gone) {
            transaction.execute(
                "UPDATE record_wait SET left_run = ?2, left_at = ?3, net_since = ?4 WHERE id = ?1",
                params![id, run.0, At(at), At(*net)],
            )?;
        }
    }
    let mut insert = transaction.prepare(
        "INSERT INTO record_wait (uai, source, number, cause, since) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (uai, source, number) WHERE left_run IS NULL
         DO UPDATE SET cause = excluded.cause, since = min(excluded.since, record_wait.since)",
    )?;
    for wait in waits {
        let (uai, source, number) = key(wait);
        insert.execute(params![uai, source, number, wait.cause.as_str(), At(wait.since)])?;
    }
    Ok(())
}

fn key(wait: &Wait) -> (&str, &str, &str) {
    (wait.uai.as_str(), wait.source.as_str(), &wait.number)
}

/// The waits that are over; of one run, those that it ended. Their end is that of the run.
pub(super) fn over(store: &Store, run: Option<RunId>) -> Result<Vec<Item>, StoreError> {
    let sql = "SELECT w.uai, w.cause, w.since, w.net_since, coalesce(r.finished_at, w.left_at),
                      r.state = 'applying', count(*)
               FROM record_wait w JOIN run r ON r.id = w.left_run
               WHERE ?1 IS NULL OR w.left_run = ?1 GROUP BY 1, 2, 3, 4, 5, 6";
    let mut statement = store.connection.prepare(sql)?;
    let rows = statement.query_map([run.map(|run| run.0)], |row| {
        let (At(since), At(net), At(ended)) = (row.get(2)?, row.get(3)?, row.get(4)?);
        let (cause, under_way): (String, bool) = (row.get(1)?, row.get(5)?);
        let cause = Cause::ALL.into_iter().find(|one| one.as_str() == cause);
        let cause = cause.unwrap_or(Cause::Operator);
        Ok(Item {
            uai: parsed::<Uai>(row, 0)?,
            since,
            // Only the school's own corrections begin a new clock.
            net_since: if cause == Cause::Source { net.max(since) } else { since },
            ended: (!under_way).then_some(ended),
            cause,
            count: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The waits of a plan, each on the clock on which it began.
pub(super) fn open(store: &Store, waits: &[Wait]) -> Result<Vec<Item>, StoreError> {
    let sql = "SELECT since FROM record_wait
               WHERE uai = ?1 AND source = ?2 AND number = ?3 AND left_run IS NULL";
    let mut statement = store.connection.prepare(sql)?;
    let mut items: BTreeMap<(Uai, Cause, Timestamp), u64> = BTreeMap::new();
    for wait in waits {
        let (uai, source, number) = key(wait);
        let mut rows = statement.query(params![uai, source, number])?;
        let began = rows.next()?.map(|row| row.get(0)).transpose()?;
        let since = began.map_or(wait.since, |At(at)| at.min(wait.since));
        *items.entry((wait.uai.clone(), wait.cause, since)).or_default() += 1;
    }
    let item = |((uai, cause, since), count)| Item {
        uai,
        since,
        net_since: since,
        ended: None,
        cause,
        count,
    };
    Ok(items.into_iter().map(item).collect())
}
