//! What the 72 hours are counted on, read from the plans and the journal: operations, with the
//! instant at which they were seen to stand in their target, and records that wait. What could not
//! be read again has the instant at which the target confirmed it.
//!
//! Only the newest plan of a school tells what is open there: it was made from what stands in the
//! targets, so what earlier ones left is in it, with the receipt that it waits since.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::params;

use super::column::{At, parsed};
use super::history::{Latest, Plans, latest_by_target};
use super::owed::{self, Known, Of, Owed, SIDE, by_object};
use super::runs::{self, OperationState, Run, RunId, RunState};
use super::{Store, StoreError, plans, waits};
use crate::clock::figures::{Cause, Item};
use crate::model::ids::Uai;
use crate::plan::Summary;

/// How the detail of an operation begins that a target was too busy for (`target::WriteError`),
/// and of one that it put off before it did it.
pub const PUT_OFF: &str = "not now (";
pub const DONE_AFTER: &str = "put off ";

/// Everything with a clock, of all runs or of one.
pub fn items(store: &Store, only: Option<RunId>) -> Result<Vec<Item>, StoreError> {
    let mut all = runs::list(store)?;
    all.reverse();
    let mut items = waits::over(store, only)?;
    let mut known = Known::new();
    let asked = |run: &Run| only.is_none_or(|only| only == run.id);
    for run in all.iter().filter(|run| run.started_at.is_some() && asked(run)) {
        let summary = plans::header(store, run.id)?.summary;
        let owed = owed::owed(store, run.id, &mut known)?;
        done(store, run, (&summary, &owed), &mut items)?;
    }
    items.extend(still_open(store, only, &mut known)?);
    Ok(items)
}

/// What is open of all.
pub fn open(store: &Store) -> Result<Vec<Item>, StoreError> {
    still_open(store, None, &mut Known::new())
}

fn still_open(
    store: &Store,
    only: Option<RunId>,
    known: &mut Known,
) -> Result<Vec<Item>, StoreError> {
    let mut items = Vec::new();
    for Latest { run, mut summary, of, in_force: _ } in latest_by_target(store, Plans::All)? {
        if only.is_none_or(|only| only == run) {
            for (target, since) in &mut summary.since_at {
                let is_read = !summary.unread.contains_key(target);
                since.retain(|uai, _| if is_read { of.has_in(target, uai) } else { of.has(uai) });
            }
            summary.since.retain(|uai, _| of.has(uai));
            summary.missed.values_mut().for_each(|missed| missed.retain(|uai, _| of.has(uai)));
            summary.waits.retain(|wait| of.has(&wait.uai));
            let owed = owed::owed(store, run, known)?;
            left(store, &runs::get(store, run)?, (&summary, &owed), &mut items)?;
            items.extend(waits::open(store, &summary.waits)?);
        }
    }
    Ok(items)
}

/// Operations that their target has confirmed.
fn done(
    store: &Store,
    run: &Run,
    (summary, owed): (&Summary, &Owed),
    items: &mut Vec<Item>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT o.uai, coalesce(s.proven_at, s.at), coalesce(s.detail, '') LIKE ?2 || '%',
                count(*), o.target, iif(?3, o.object, ''), {SIDE}
         FROM plan_operation o JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.uai IS NOT NULL AND s.state IN ('done', 'already')
         GROUP BY 1, 2, 3, 5, 6, 7"
    );
    let mut statement = store.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![run.id.0, DONE_AFTER, by_object(summary, owed)])?;
    let mut gathered = Gathered::default();
    while let Some(row) = rows.next()? {
        let uai = parsed::<Uai>(row, 0)?;
        let of = Of::read(row, 4, &uai)?;
        let carried = owed.get(&of).copied().or_else(|| owed::missed(summary, &of, &uai));
        let fresh = || owed::fresh(summary, &of, &uai);
        let Some(since) = carried.or_else(fresh) else { continue };
        let (At(ended), put_off): (_, bool) = (row.get(1)?, row.get(2)?);
        let started = run.started_at.unwrap_or(ended);
        // Late for whoever took the longer part of the time.
        let waited = started.duration_since(since) > ended.duration_since(started);
        // What a run before had and did not do was not the operator's delay.
        let cause = match carried {
            _ if put_off => Cause::Throttling,
            None if waited => Cause::Operator,
            Some(_) | None => Cause::Target,
        };
        gathered.add((uai, since, Some(ended), cause), row.get(3)?);
    }
    gathered.pour(items);
    Ok(())
}

/// Operations of the newest plan of these schools that are not done, and targets that it could not
/// read.
fn left(
    store: &Store,
    run: &Run,
    (summary, owed): (&Summary, &Owed),
    items: &mut Vec<Item>,
) -> Result<(), StoreError> {
    let mut gathered = Gathered::default();
    let mut push = |since: Option<Timestamp>, uai: Uai, cause, count| {
        if let Some(since) = since {
            gathered.add((uai, since, None, cause), count);
        }
    };
    let sql = format!(
        "SELECT o.uai, coalesce(s.state, 'planned'), coalesce(s.detail, '') LIKE ?2 || '%',
                count(*), o.target, iif(?3, o.object, ''), {SIDE}
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)
         WHERE o.run = ?1 AND o.uai IS NOT NULL
           AND coalesce(s.state, 'planned') NOT IN ('done', 'already')
         GROUP BY 1, 2, 3, 5, 6, 7"
    );
    let mut statement = store.connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params![run.id.0, PUT_OFF, by_object(summary, owed)])?;
    while let Some(row) = rows.next()? {
        let (state, put_off): (OperationState, bool) = (row.get(1)?, row.get(2)?);
        let turn = whose_turn(run.state, state, put_off);
        let uai = parsed::<Uai>(row, 0)?;
        let of = Of::read(row, 4, &uai)?;
        // `summary` has the schools of which the plan is the last word.
        let clock = summary.since_in(&of.target).get(&uai);
        let since = owed.get(&of).copied().or_else(|| owed::fresh(summary, &of, &uai));
        push(since.filter(|_| clock.is_some()), uai, turn, row.get(3)?);
    }
    // What is to be written there nobody knows: each school with something new counts as one.
    for target in summary.unread.keys() {
        let Some(missed) = summary.missed.get(target) else {
            let schools = summary.since_in(target).iter();
            schools.for_each(|(uai, since)| push(Some(*since), uai.clone(), Cause::Target, 1));
            continue;
        };
        for (uai, files) in missed {
            push(files.values().min().copied(), uai.clone(), Cause::Target, 1);
        }
    }
    gathered.pour(items);
    Ok(())
}

/// Operations with the same school, start, end and cause are one item, however many they are.
#[derive(Default)]
struct Gathered(BTreeMap<(Uai, Timestamp, Option<Timestamp>, Cause), u64>);

impl Gathered {
    fn add(&mut self, of: (Uai, Timestamp, Option<Timestamp>, Cause), count: u64) {
        *self.0.entry(of).or_default() += count;
    }

    fn pour(self, items: &mut Vec<Item>) {
        items.extend(self.0.into_iter().map(|((uai, since, ended, cause), count)| Item {
            uai,
            since,
            net_since: since,
            ended,
            cause,
            count,
        }));
    }
}

fn whose_turn(run: RunState, operation: OperationState, put_off: bool) -> Cause {
    match (run, operation) {
        (RunState::Planned | RunState::Stopped, _) => Cause::Operator,
        // A foreign entry is in the way.
        (_, OperationState::Blocked) => Cause::Operator,
        _ if put_off => Cause::Throttling,
        (RunState::Applying | RunState::Applied | RunState::Interrupted, _) => Cause::Target,
    }
}
