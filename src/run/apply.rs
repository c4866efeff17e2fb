//! `apply PLAN`: exactly that plan, or nothing; or the part of it that is of some schools.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::runtime::Runtime;

use super::applying::{self, Work};
use super::lift::{self, lifted};
use super::outcome::{ExitStatus, Failure};
use super::part::{self, Part};
use super::session::{Session, store_failure};
use super::targets::Labs;
use super::turn::Spent;
use super::world::Stopwatch;
use super::{exported, machine, still, targets, tell};
use crate::apply::Take;
use crate::plan::Plan;
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, StoreError, journal, plans};

/// What was typed.
#[derive(Debug, Clone, Copy)]
pub struct Typed<'a> {
    pub plan: &'a str,
    pub lift: lift::Typed<'a>,
    /// Only these; all when there is none.
    pub schools: &'a [String],
    /// An entry that has changed since the plan stops all of it.
    pub exact: bool,
}

pub fn apply(session: &Session, typed: &Typed<'_>) -> anyhow::Result<ExitStatus> {
    session.may_write()?;
    targets::check_secrets(session)?;
    let _lock = session.lock("apply")?;
    machine::warn_of_room(session);
    let mut store = session.sound_store()?;
    let found = applicable(session, &mut store, typed.plan)?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    wanted_of(session, &mut store, &labs, &runtime, found, typed)
}

/// The plan that was typed, when it may be begun.
pub(super) fn applicable(
    session: &Session,
    store: &mut Store,
    wanted: &str,
) -> anyhow::Result<(RunId, Plan)> {
    let run = find(session, store, wanted)?;
    refuse_begun(store, &run)?;
    session.may_write_plan_of(&run)?;
    let plan = plans::load(store, run.id).map_err(store_failure)?;
    still::unchanged(session, store, run.id, &plan)?;
    part::part_is_finished(store, run.id, &plan)?;
    Ok((run.id, plan))
}

/// A plan is begun once.
pub(super) fn refuse_begun(store: &Store, run: &Run) -> anyhow::Result<()> {
    if matches!(run.state, RunState::Planned | RunState::Stopped) {
        return Ok(());
    }
    let what = format!("plan {} is {} already", run.id, run.state.as_str());
    let anew = still::anew(&plans::header(store, run.id).map_err(store_failure)?.origin);
    Err(Failure::new(ExitStatus::Stale, what)
        .hint(format!("`{anew}` makes a new one; `rentree replay` takes up what failed"))
        .into())
}

/// What was typed of a plan that may be begun: all of it, or a part.
pub(super) fn wanted_of(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    (run, plan): (RunId, Plan),
    typed: &Typed<'_>,
) -> anyhow::Result<ExitStatus> {
    let exact = |store: &Store, plan: &Plan| match typed.exact {
        true => still::entries_unchanged(session, store, labs, runtime, plan),
        false => Ok(()),
    };
    let (id, plan) = if typed.schools.is_empty() {
        exact(store, &plan)?;
        (run, plan)
    } else {
        let schools = part::schools(session, typed.schools)?;
        let part = Part::of_typed(store, (run, plan), schools)?;
        let plan = part.made(session, store)?;
        exact(store, &plan)?;
        (part.save(store, &plan)?, plan)
    };
    whole(session, store, labs, runtime, (id, &plan), typed.lift)
}

/// Begins the run of a plan and does it. Of a part, the rest is kept before anything is written:
/// whatever happens to the part, it is not lost.
fn whole(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    (run, plan): (RunId, &Plan),
    lift: lift::Typed<'_>,
) -> anyhow::Result<ExitStatus> {
    let rest = part::rest(session, store, (run, plan))?;
    lifted(store, session, run, plan, lift)?;
    match journal::begin(store, run, plan, session.world.clock.now()) {
        Ok(()) => {}
        Err(StoreError::Stale { .. }) => return Err(still::registry_changed(plan)),
        Err(error) => return Err(store_failure(error)),
    }
    let kept = rest.as_ref().map(|rest| rest.save(store)).transpose()?;
    let mut watch = Stopwatch::start(&session.world);
    let spent = &mut Spent::default();
    let work = Work::new(run, Take::Open);
    let applied = applying::drive_all(session, store, labs, runtime, work, spent)?;
    let spent = BTreeMap::from([("apply".to_owned(), watch.lap_ms())]);
    tell::applied(session, store, run, plan, &applied.tally, &spent)?;
    if let (Some(rest), Some(kept)) = (rest, kept) {
        rest.tell(session, kept);
    }
    Ok(applied.status)
}

/// `latest`, a number, the beginning of a hash, or a file that `plan --out` wrote.
pub(super) fn find(session: &Session, store: &Store, wanted: &str) -> anyhow::Result<Run> {
    let missing = || {
        anyhow::Error::from(
            Failure::new(ExitStatus::Usage, format!("no plan is called {wanted}"))
                .hint("`rentree runs` lists them; `rentree plan` makes one"),
        )
    };
    if wanted == "latest" {
        return runs::latest(store).map_err(store_failure)?.ok_or_else(missing);
    }
    if !wanted.bytes().all(|byte| byte.is_ascii_hexdigit()) && Path::new(wanted).is_file() {
        let hash = exported::verified(session, Path::new(wanted))?;
        return runs::find(store, hash.as_str()).map_err(|_| {
            let what = format!("the plan in {wanted}, {}, is not in the store", hash.short());
            let hint =
                "a store that was put back knows no plan made since; `rentree plan` makes one";
            Failure::new(ExitStatus::Usage, what).hint(hint).into()
        });
    }
    match wanted.parse::<u64>() {
        Ok(number) if wanted.len() < 12 => runs::get(store, RunId(number)).map_err(|_| missing()),
        _ => runs::find(store, wanted).map_err(|_| missing()),
    }
}
