//! `run`: check + plan + apply, for cron.

use std::collections::BTreeSet;

use tokio::runtime::Runtime;

use super::applying::{self, Work};
use super::draft::{self, Draft};
use super::outcome::ExitStatus;
use super::session::{Format, Session, store_failure};
use super::targets::Labs;
use super::turn::Spent;
use super::world::Stopwatch;
use super::{machine, plan, replay, targets, tell};
use crate::apply::Take;
use crate::model::ids::Digest;
use crate::report::plan_text::Detail;
use crate::store::{Store, StoreError, deliveries, journal, plans, runs};

pub fn run(session: &Session) -> anyhow::Result<ExitStatus> {
    session.may_write()?;
    targets::check_secrets(session)?;
    let _lock = session.lock("run")?;
    machine::warn_of_room(session);
    let mut store = session.sound_store()?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    let draft = |store: &mut Store| draft::draft(session, store, &labs, &runtime, "run");
    whole(session, &mut store, &labs, &runtime, &draft)
}

/// All that a run does, with the way to its plan.
pub(super) fn whole(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    drafted: &dyn Fn(&mut Store) -> anyhow::Result<Draft>,
) -> anyhow::Result<ExitStatus> {
    let mut spent = Spent::default();
    // What an interrupted run left is settled first: its secrets and its journal are its own.
    let left = replay::settle_interrupted(session, store, labs, runtime, &mut spent)?;
    let mut draft = drafted(store)?;
    if !draft.plan.objections.is_empty()
        && let Some((run, applied)) =
            replay::go_on(session, store, labs, runtime, draft.run, &mut spent)?
    {
        let is_reached = applied.status != ExitStatus::Unreachable;
        if is_reached && Work::new(run, Take::Open).count(session, store)? > 0 {
            runs::stop(store, draft.run, session.world.clock.now()).map_err(store_failure)?;
            let plan = plans::load(store, run).map_err(store_failure)?;
            tell::applied(session, store, run, &plan, &applied.tally, &draft.duration_ms)?;
            return Ok(left.and(applied.status));
        }
        draft = drafted(store)?;
    }
    let status = left.and(plan::status(&draft));
    if session.format == Format::Text {
        tell::plan(session, store, &draft, Detail::Summary)?;
    }
    if !draft.plan.objections.is_empty() {
        runs::stop(store, draft.run, session.world.clock.now()).map_err(store_failure)?;
        if session.format == Format::Json {
            tell::plan(session, store, &draft, Detail::Summary)?;
        }
        return Ok(status);
    }
    journal::begin(store, draft.run, &draft.plan, session.world.clock.now())
        .map_err(store_failure)?;
    let mut watch = Stopwatch::start(&session.world);
    let work = Work::new(draft.run, Take::Open);
    let applied = applying::drive_all(session, store, labs, runtime, work, &mut spent)?;
    draft.duration_ms.insert("apply".to_owned(), watch.lap_ms());
    clean(session, store, &draft.review.waiting).map_err(store_failure)?;
    tell::applied(session, store, draft.run, &draft.plan, &applied.tally, &draft.duration_ms)?;
    let told: usize = draft.review.schools.values().map(|school| school.findings.len()).sum();
    let whole = draft.review.others.iter().filter(|finding| finding.is_of_all()).count();
    for (told, whom) in
        [(told, "the schools: rentree check --out DIR"), (whole, "the Région: rentree check")]
    {
        if told > 0 && session.format == Format::Text {
            let findings = if told == 1 { "1 finding" } else { &format!("{told} findings") };
            (session.world.out)(&format!("{findings} for {whom}\n"));
        }
    }
    Ok(status.and(applied.status))
}

/// What is kept no longer than needed (requirements 3.2): older records of a school, records of 90
/// days; not those of a file that waits for the turn of the year. Sealed passwords stay until there
/// is a command that hands them over: without it, erasing them would close their accounts for good.
fn clean(
    session: &Session,
    store: &mut Store,
    waiting: &BTreeSet<Digest>,
) -> Result<(), StoreError> {
    let now = session.world.clock.now();
    deliveries::prune(store, waiting)?;
    let days_90 = jiff::SignedDuration::from_hours(24 * 90);
    if let Ok(limit) = now.checked_sub(days_90) {
        deliveries::forget_contents(store, limit, waiting)?;
    }
    Ok(())
}
