//! `status --deadlines`: how the 72 hours are held, by school, team and region.

use jiff::civil::Date;

use super::forecast::{self, Forecast};
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use crate::clock::figures::Item;
use crate::report::deadlines::{self, Asked, Deadlines};
use crate::store::runs::{self, RunId};
use crate::store::{Store, items};

pub fn status(
    session: &Session,
    run: Option<u64>,
    since: Option<Date>,
) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    if let Some(number) = run {
        runs::get(&store, RunId(number)).map_err(|_| {
            Failure::new(ExitStatus::Usage, format!("there is no run {number}"))
                .hint("`rentree runs` lists them")
        })?;
    }
    let told = of_runs(session, &store, run.map(RunId), since)?;
    (session.world.out)(&match session.format {
        Format::Text => deadlines::text(&told, &session.config.zone),
        Format::Json => format!("{}\n", serde_json::to_string(&told)?),
    });
    Ok(ExitStatus::Done)
}

/// The figures of all runs, or of one, of what was received from a day on.
fn of_runs(
    session: &Session,
    store: &Store,
    run: Option<RunId>,
    since: Option<Date>,
) -> anyhow::Result<Deadlines> {
    let mut items = items::items(store, run).map_err(store_failure)?;
    let zone = &session.config.zone;
    let day = |item: &Item| item.since.to_zoned_datetime(zone.clone()).date();
    items.retain(|item| since.is_none_or(|since| day(item) >= since));
    let newest = runs::latest(store).map_err(store_failure)?.map(|run| run.id);
    let forecast = match run {
        None => forecast::of_all(session, store)?,
        Some(run) if newest == Some(run) => forecast::of(session, store, run)?,
        Some(_) => Forecast::default(),
    };
    Ok(told(session, &items, &forecast))
}

/// The figures of what is open, of whichever runs.
pub(super) fn open(session: &Session, store: &Store) -> anyhow::Result<Deadlines> {
    let forecast = forecast::of_all(session, store)?;
    Ok(told(session, &items::open(store).map_err(store_failure)?, &forecast))
}

fn told(session: &Session, items: &[Item], forecast: &Forecast) -> Deadlines {
    let sla = &session.config.sla;
    Deadlines::of(&Asked {
        items,
        schools: &session.config.schools,
        terms: sla.terms(session.world.clock.now()),
        shadow: &sla.shadow,
        forecast: &forecast.schools,
        end: forecast.end,
    })
}
