//! Since when an operation waits: the receipt of what is new of its school in its plan, or, where
//! the run before left the same entry undone, what that waited since (requirements 2.3: no start
//! ever moves). An entry that is refused for ever makes nothing late but itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params;

use super::column::parsed;
use super::history::{Latest, Plans, latest_by_school};
use super::runs::RunId;
use super::{Store, StoreError};
use crate::model::ids::Uai;
use crate::plan::Summary;

/// By target and object, what it waits since already: of the operations of a plan, those that the
/// runs before it left.
pub(super) type Owed = BTreeMap<(String, String), Timestamp>;

/// What was worked out already: an entry that is stuck for weeks leads back through every night.
pub(super) type Known = BTreeMap<RunId, Owed>;

/// What the runs before this one left of its operations.
pub(super) fn owed(store: &Store, run: RunId, known: &mut Known) -> Result<Owed, StoreError> {
    if let Some(owed) = known.get(&run) {
        return Ok(owed.clone());
    }
    let mut owed = Owed::new();
    for before in latest_by_school(store, Plans::BegunBefore(Some(run)))? {
        unread(store, run, &before, &mut owed)?;
        let open = open(store, run, &before)?;
        if open.is_empty() {
            continue;
        }
        let earlier = self::owed(store, before.run, known)?;
        for (target, object, uai) in open {
            let fresh = || fresh(&before.summary, &target, &uai);
            let of = (target.clone(), object);
            if let Some(since) = earlier.get(&of).copied().or_else(fresh) {
                owed.insert(of, since);
            }
        }
    }
    known.insert(run, owed.clone());
    Ok(owed)
}

/// The receipt that starts the clock of what is new in a plan; none: nothing was delivered.
pub(super) fn fresh(summary: &Summary, target: &str, uai: &Uai) -> Option<Timestamp> {
    match &summary.news {
        Some(news) => news.get(uai).copied(),
        // A plan of before did not tell them apart.
        None => summary.since_in(target).get(uai).copied(),
    }
}

/// What a run did not do and this one has too: target, object, school.
fn open(
    store: &Store,
    run: RunId,
    before: &Latest,
) -> Result<Vec<(String, String, Uai)>, StoreError> {
    let sql = "SELECT DISTINCT o.target, o.object, o.uai
               FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
               WHERE o.run = ?1 AND o.uai IS NOT NULL
                 AND coalesce(s.state, 'planned') NOT IN ('done', 'already')
                 AND EXISTS (SELECT 1 FROM plan_operation n
                             WHERE n.object = o.object AND n.run = ?2 AND n.target = o.target)";
    let mut statement = store.connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![before.run.0, run.0])?;
    let mut open = Vec::new();
    while let Some(row) = rows.next()? {
        let uai = parsed::<Uai>(row, 2)?;
        if before.of.has(&uai) {
            open.push((row.get(0)?, row.get(1)?, uai));
        }
    }
    Ok(open)
}

/// Of a target that a run could not read, everything waits since that run's clock.
fn unread(store: &Store, run: RunId, before: &Latest, owed: &mut Owed) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT object, uai FROM plan_operation
               WHERE run = ?1 AND target = ?2 AND uai IS NOT NULL";
    for target in before.summary.unread.keys() {
        let since = before.summary.since_in(target);
        let mut statement = store.connection.prepare_cached(sql)?;
        let mut rows = statement.query(params![run.0, target])?;
        while let Some(row) = rows.next()? {
            let uai = parsed::<Uai>(row, 1)?;
            if let Some(since) = since.get(&uai).filter(|_| before.of.has(&uai)) {
                owed.insert((target.clone(), row.get(0)?), *since);
            }
        }
    }
    Ok(())
}
