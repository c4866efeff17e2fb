//! `replay`: takes up what failed or was interrupted, and only that.

use std::collections::BTreeMap;

use tokio::runtime::Runtime;

use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::targets::{self, Labs};
use super::world::Stopwatch;
use super::{applying, machine, tell};
use crate::apply::Take;
use crate::report::plan_json;
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, StoreError, plans};

pub fn replay(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    session.may_write()?;
    targets::check_secrets(session)?;
    let _lock = session.lock("replay")?;
    machine::warn_of_room(session);
    let mut store = session.store()?;
    runs::interrupt_leftovers(&mut store).map_err(store_failure)?;
    let wanted = match wanted(&store, run)? {
        Wanted::Run(run) => run,
        Wanted::Nothing(why) => return Ok(settled(session, &why)),
    };
    session.may_write_plan_of(&wanted)?;
    let id = wanted.id;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    match runs::resume(&mut store, id) {
        Ok(()) => {}
        Err(StoreError::Stale { .. }) => {
            let why = format!("a newer run has taken over what run {id} left");
            return Ok(settled(session, &why));
        }
        Err(error) => return Err(store_failure(error)),
    }
    let plan = plans::load(&store, id).map_err(store_failure)?;
    let mut watch = Stopwatch::start(&session.world);
    let applied =
        applying::drive_all(session, &mut store, &labs, &runtime, id, Take::OpenAndFailed)?;
    let spent = BTreeMap::from([("apply".to_owned(), watch.lap_ms())]);
    tell::applied(session, &store, id, &plan, &applied.tally, &spent)?;
    Ok(applied.status)
}

/// `replay --dry-run`: what would be taken up, as `status` tells it; no target is written to.
pub fn foretell(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    let _lock = session.lock("replay")?;
    let mut store = session.store()?;
    runs::interrupt_leftovers(&mut store).map_err(store_failure)?;
    let wanted = match wanted(&store, run)? {
        Wanted::Run(run) => run,
        Wanted::Nothing(why) => return Ok(settled(session, &why)),
    };
    if session.format == Format::Text {
        for target in &session.config.targets {
            let count = |take| plans::count(&store, wanted.id, &target.name, take);
            let open = count(Take::Open).map_err(store_failure)?;
            let all = count(Take::OpenAndFailed).map_err(store_failure)?;
            (session.world.out)(&format!(
                "replay would take up in {}: {open} operation(s) not sent or without an answer, \
                 {} refused; each entry is looked at first\n",
                target.name,
                all - open
            ));
        }
    }
    super::status::status(session, Some(wanted.id.0))
}

/// What there is to take up.
enum Wanted {
    Run(Run),
    Nothing(String),
}

fn wanted(store: &Store, run: Option<u64>) -> anyhow::Result<Wanted> {
    let known = runs::list(store).map_err(store_failure)?;
    let open = |one: &&Run| one.state == RunState::Interrupted;
    let found = match run {
        Some(number) => known.iter().find(|one| one.id == RunId(number)).ok_or_else(|| {
            Failure::new(ExitStatus::Usage, format!("there is no run {number}"))
                .hint("`rentree runs` lists them")
        })?,
        None => match known.iter().find(open) {
            Some(run) => run,
            None => return Ok(Wanted::Nothing("every run is settled".to_owned())),
        },
    };
    Ok(if found.state == RunState::Interrupted {
        Wanted::Run(found.clone())
    } else {
        Wanted::Nothing(format!("run {} is {}", found.id, found.state.as_str()))
    })
}

/// Nothing to do, said in the form that was asked for.
fn settled(session: &Session, why: &str) -> ExitStatus {
    match session.format {
        Format::Text => (session.world.out)(&format!("nothing to take up: {why}\n")),
        Format::Json => {
            let none = plan_json::Document::nothing();
            (session.world.out)(&format!("{}\n", serde_json::to_string(&none).unwrap_or_default()));
        }
    }
    ExitStatus::Done
}

/// Before a new run: settles what a run that was interrupted had announced and not finished. What
/// the server refused is left to the new plan.
pub(super) fn settle_interrupted(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
) -> anyhow::Result<ExitStatus> {
    runs::interrupt_leftovers(store).map_err(store_failure)?;
    let Some(last) = runs::list(store)
        .map_err(store_failure)?
        .into_iter()
        .find(|run| matches!(run.state, RunState::Interrupted | RunState::Applied))
        .filter(|run| run.state == RunState::Interrupted)
        // A rehearsal in the lab is left alone once the target is a real one.
        .filter(|run| session.may_write_plan_of(run).is_ok())
    else {
        return Ok(ExitStatus::Done);
    };
    let open = session.config.targets.iter().try_fold(0, |sum, target| {
        plans::count(store, last.id, &target.name, Take::Open).map(|count| sum + count)
    });
    if open.map_err(store_failure)? == 0 {
        return Ok(ExitStatus::Done);
    }
    (session.world.warn)(&format!("run {} was interrupted: it is finished first", last.id));
    runs::resume(store, last.id).map_err(store_failure)?;
    let applied = applying::drive_all(session, store, labs, runtime, last.id, Take::Open)?;
    // What is still wrong is in the plan that follows, and counted there.
    Ok(if applied.status == ExitStatus::Unreachable { applied.status } else { ExitStatus::Done })
}
