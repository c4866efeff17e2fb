//! The deadline of a run, and when its writing would end: by the measured cost of each stage, and
//! by the quota of each target.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::session::{Session, store_failure};
use crate::clock;
use crate::clock::forecast::{Costs, Measured};
use crate::model::ids::Uai;
use crate::plan::operation::Operation;
use crate::plan::waves::{self, Waves};
use crate::plan::{Summary, order};
use crate::report::plan_json::Deadline;
use crate::store::plans::{self, Queued};
use crate::store::runs::{self, RunId, RunState};
use crate::store::{Store, history};

/// When the open operations of a run would end, were they written from now on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forecast {
    /// None: nothing is left to write.
    pub end: Option<Timestamp>,
    pub open: u64,
    /// From now on, rounded up.
    pub seconds: u64,
    /// By school.
    pub schools: BTreeMap<Uai, Timestamp>,
}

/// Of a run: what is not written, from now on.
pub fn of(session: &Session, store: &Store, run: RunId) -> anyhow::Result<Forecast> {
    let queue = plans::queue(store, run).map_err(store_failure)?;
    if queue.is_empty() {
        return Ok(Forecast::default());
    }
    let measured = history::paces(store, Some(run)).map_err(store_failure)?;
    of_queue(session, &measured, &queue)
}

/// Of all that is not written: what unfinished runs left, then what was planned since.
pub fn of_all(session: &Session, store: &Store) -> anyhow::Result<Forecast> {
    let queue = history::queue(store).map_err(store_failure)?;
    if queue.is_empty() {
        return Ok(Forecast::default());
    }
    let newest = runs::latest(store).map_err(store_failure)?.map(|run| run.id);
    let measured = history::paces(store, newest).map_err(store_failure)?;
    of_queue(session, &measured, &queue)
}

/// Targets are written one after the other, the operations of each in the order of the plan.
fn of_queue(
    session: &Session,
    measured: &BTreeMap<String, Measured>,
    queue: &[Queued],
) -> anyhow::Result<Forecast> {
    let now = session.world.clock.now();
    let mut forecast = Forecast::default();
    let mut seconds = 0.0;
    for target in &session.config.targets {
        let mut measured = measured.get(&target.name).cloned().unwrap_or_default();
        measured.quota = target.writes_per_second();
        let costs = Costs::of(&measured);
        for Queued { target: _, stage, uai, operations } in
            queue.iter().filter(|one| one.target == target.name)
        {
            seconds += costs.seconds(order::without_wave(*stage), *operations);
            forecast.open += operations;
            let end = now.checked_add(SignedDuration::from_secs_f64(seconds.ceil() + 1.0))?;
            forecast.end = Some(end);
            if let Some(uai) = uai {
                forecast.schools.insert(uai.clone(), end);
            }
        }
    }
    forecast.seconds = seconds.ceil() as u64;
    Ok(forecast)
}

/// The waves that a plan is written in: one, unless a school would miss its deadline by waiting for
/// the others at each stage. `since` has the receipts that schools wait since.
pub(super) fn waves(
    session: &Session,
    store: &Store,
    operations: &[Operation],
    since: &BTreeMap<Uai, Timestamp>,
) -> anyhow::Result<Waves> {
    let sla = &session.config.sla;
    let now = session.world.clock.now();
    let deadline = |received| clock::deadline(received, &sla.calendar, sla.reading);
    let due: BTreeMap<&Uai, Timestamp> = since
        .iter()
        .map(|(uai, received)| (uai, deadline(*received)))
        .filter(|(_, deadline)| *deadline >= now)
        .collect();
    if due.is_empty() || operations.is_empty() {
        return Ok(Waves::new());
    }
    let measured = history::paces(store, None).map_err(store_failure)?;
    let forecast = of_queue(session, &measured, &queue(operations, since))?;
    let is_late = |(uai, end): (&Uai, &Timestamp)| due.get(uai).is_some_and(|due| end > due);
    let is_short = forecast.schools.iter().any(is_late);
    Ok(if is_short { waves::of(operations, since) } else { Waves::new() })
}

/// Operations that are not stored yet, in the order of one wave.
fn queue(operations: &[Operation], since: &BTreeMap<Uai, Timestamp>) -> Vec<Queued> {
    let mut counts: BTreeMap<(&str, u16, Timestamp, Option<&Uai>), u64> = BTreeMap::new();
    for Operation { target, stage, uai, .. } in operations {
        let received = uai.as_ref().and_then(|uai| since.get(uai)).copied();
        let received = received.unwrap_or(Timestamp::MAX);
        *counts.entry((target, *stage, received, uai.as_ref())).or_default() += 1;
    }
    let queued = |((target, stage, _, uai), operations): ((&str, u16, _, Option<&Uai>), u64)| {
        Queued { target: target.to_owned(), stage, uai: uai.cloned(), operations }
    };
    counts.into_iter().map(queued).collect()
}

/// The 72 hours of the oldest delivery that waits, when the writing would end, and what is left
/// then to the school that has least; a run that has nothing left to write does not forecast.
pub fn deadline(
    session: &Session,
    store: &Store,
    run: RunId,
    summary: &Summary,
) -> anyhow::Result<Option<Deadline>> {
    let Some(received) = summary.oldest_receipt else { return Ok(None) };
    let sla = &session.config.sla;
    let due = |received| clock::deadline(received, &sla.calendar, sla.reading);
    let earliest = due(received);
    let Forecast { end: forecast, schools, .. } = of(session, store, run)?;
    let end = match forecast {
        Some(end) => end,
        None => ended(store, run)?.unwrap_or(session.world.clock.now()),
    };
    // Each school by its own end; of one that has nothing left in this run, and of a plan that does
    // not tell the schools apart, by that of all.
    let margin = |received: Timestamp, end: &Timestamp| due(received).as_second() - end.as_second();
    let of_school = |(uai, received): (&Uai, &Timestamp)| {
        Some(margin(*received, if forecast.is_some() { schools.get(uai)? } else { &end }))
    };
    let margin = summary.since.iter().filter_map(of_school).min().unwrap_or(margin(received, &end));
    Ok(Some(Deadline { earliest, margin, forecast }))
}

/// The end of a run that did everything. What was set aside is not there yet, whenever it ended.
fn ended(store: &Store, run: RunId) -> anyhow::Result<Option<Timestamp>> {
    let tally = runs::tally(store, run).map_err(store_failure)?;
    let skipped = tally.values().flat_map(BTreeMap::values).any(|line| line.skipped > 0);
    let run = runs::get(store, run).map_err(store_failure)?;
    Ok(run.finished_at.filter(|_| !skipped && run.state != RunState::Stopped))
}
