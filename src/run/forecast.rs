//! The deadline of a run, and when its writing would end: by the measured cost of each stage, and
//! by the quota of each target.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::session::{Session, store_failure};
use crate::clock;
use crate::clock::forecast::Costs;
use crate::model::ids::Uai;
use crate::plan::Summary;
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

/// Targets are written one after the other, the operations of each in the order of the plan.
pub fn of(session: &Session, store: &Store, run: RunId) -> anyhow::Result<Forecast> {
    let queue = plans::queue(store, run).map_err(store_failure)?;
    if queue.is_empty() {
        return Ok(Forecast::default());
    }
    let measured = history::paces(store, Some(run)).map_err(store_failure)?;
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
            seconds += costs.seconds(*stage, *operations);
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

/// The 72 hours of the oldest delivery that waits, and when the writing would end; a run that has
/// nothing left to write does not forecast.
pub fn deadline(
    session: &Session,
    store: &Store,
    run: RunId,
    summary: &Summary,
) -> anyhow::Result<Option<Deadline>> {
    let Some(received) = summary.oldest_receipt else { return Ok(None) };
    let sla = &session.config.sla;
    let earliest = clock::deadline(received, &sla.calendar, sla.reading);
    let forecast = of(session, store, run)?.end;
    let end = match forecast {
        Some(end) => end,
        None => ended(store, run)?.unwrap_or(session.world.clock.now()),
    };
    Ok(Some(Deadline { earliest, margin: earliest.as_second() - end.as_second(), forecast }))
}

/// The end of a run that did everything. What was set aside is not there yet, whenever it ended.
fn ended(store: &Store, run: RunId) -> anyhow::Result<Option<Timestamp>> {
    let tally = runs::tally(store, run).map_err(store_failure)?;
    let skipped = tally.values().flat_map(BTreeMap::values).any(|line| line.skipped > 0);
    let run = runs::get(store, run).map_err(store_failure)?;
    Ok(run.finished_at.filter(|_| !skipped && run.state != RunState::Stopped))
}
