//! `replay`: takes up what failed or was interrupted, and only that.

use std::collections::BTreeMap;

use tokio::runtime::Runtime;

use super::applying::{self, Applied, Work};
use super::next::{self, After};
use super::outcome::{ExitStatus, Failure};
use super::session::{Format, Session, store_failure};
use super::targets::{self, Labs};
use super::turn::Spent;
use super::world::Stopwatch;
use super::{machine, part, tell};
use crate::apply::Take;
use crate::report::plan_json;
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, StoreError, plans};

pub fn replay(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    session.may_write()?;
    targets::check_secrets(session)?;
    let _lock = session.lock("replay")?;
    machine::warn_of_room(session);
    let mut store = session.sound_store()?;
    machine::refuse_stepped_back(session, &store)?;
    runs::interrupt_leftovers(&mut store).map_err(store_failure)?;
    let wanted = match wanted(&store, run)? {
        Wanted::Run(run) => run,
        Wanted::Nothing(why, status) => return Ok(settled(session, &why, status)),
    };
    session.may_write_plan_of(&wanted)?;
    let runtime = applying::runtime()?;
    let labs = targets::start_labs(session)?;
    taken_up(session, &mut store, &labs, &runtime, &wanted)
}

/// Takes a run up: what is open of it, and what was refused.
pub(super) fn taken_up(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    wanted: &Run,
) -> anyhow::Result<ExitStatus> {
    let id = wanted.id;
    match runs::resume(store, id) {
        Ok(()) => {}
        Err(StoreError::Stale { .. }) => return passed(session, store, wanted),
        Err(error) => return Err(store_failure(error)),
    }
    let plan = plans::load(store, id).map_err(store_failure)?;
    let rest = part::forgotten_rest(session, store, (id, &plan))?;
    let kept = rest.as_ref().map(|rest| rest.save(store)).transpose()?;
    let mut watch = Stopwatch::start(&session.world);
    let (work, spent) = (Work::new(id, Take::OpenAndFailed), &mut Spent::default());
    let applied = applying::drive_all(session, store, labs, runtime, work, spent)?;
    let spent = BTreeMap::from([("apply".to_owned(), watch.lap_ms())]);
    tell::applied(session, store, id, &plan, &applied.tally, &spent)?;
    if let (Some(rest), Some(kept)) = (rest, kept) {
        rest.tell(session, kept);
    }
    Ok(applied.status)
}

/// A run that is not taken up behind one that was begun after it.
fn passed(session: &Session, store: &Store, run: &Run) -> anyhow::Result<ExitStatus> {
    let known = runs::list(store).map_err(store_failure)?;
    let what = match next::after(store, &known, run)? {
        After::TakenOver(by) => {
            let why = format!("run {by}, begun since, has taken over what run {} left", run.id);
            let (why, status) = nothing(store, &known, why)?;
            return Ok(settled(session, &why, status));
        }
        After::Behind(why) => format!("run {} is not taken up: {why}", run.id),
    };
    Err(Failure::new(ExitStatus::Stale, what)
        .hint("nothing was written; what it left is in the next plan: rentree plan")
        .into())
}

/// `replay --dry-run`: what would be taken up, as `status` tells it; no target is written to.
pub fn foretell(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    let lock = session.lock("replay")?;
    let store = session.store()?;
    let wanted = match wanted(&store, run)? {
        Wanted::Run(run) => run,
        Wanted::Nothing(why, status) => return Ok(settled(session, &why, status)),
    };
    if !runs::is_newest(&store, &wanted).map_err(store_failure)? {
        return passed(session, &store, &wanted);
    }
    if session.format == Format::Text {
        for target in &session.config.targets {
            let counts =
                plans::unsettled(&store, wanted.id, &target.name).map_err(store_failure)?;
            let plans::Unsettled { not_sent, unanswered, put_off, waiting, refused } = counts;
            (session.world.out)(&format!(
                "replay would take up in {}: {not_sent} not sent, {unanswered} without an answer, \
                 {put_off} that it was too busy for, {waiting} waiting for another one, {refused} \
                 refused; each entry is looked at first\n",
                target.name,
            ));
        }
    }
    // Ours is not a run under way.
    drop(lock);
    super::status::status(session, Some(wanted.id.0))
}

/// What there is to take up.
pub(super) enum Wanted {
    Run(Run),
    /// Why, and what it ends with: a target that could not be read waits for more than a replay.
    Nothing(String, ExitStatus),
}

fn nothing(store: &Store, known: &[Run], why: String) -> anyhow::Result<(String, ExitStatus)> {
    let unplanned = next::unplanned(store, known)?;
    let status = if unplanned.is_empty() { ExitStatus::Done } else { ExitStatus::Unreachable };
    Ok((why + &unplanned, status))
}

pub(super) fn wanted(store: &Store, run: Option<u64>) -> anyhow::Result<Wanted> {
    let known = runs::list(store).map_err(store_failure)?;
    // Under the lock, what is being applied was left so by a process that died.
    let is_open = |run: &Run| matches!(run.state, RunState::Interrupted | RunState::Applying);
    let found = match run {
        Some(number) => known.iter().find(|one| one.id == RunId(number)).ok_or_else(|| {
            Failure::new(ExitStatus::Usage, format!("there is no run {number}"))
                .hint("`rentree runs` lists them")
        })?,
        None => match known.iter().find(|run| is_open(run)) {
            Some(run) => run,
            None => {
                let why = "every run is settled".to_owned();
                let (why, status) = nothing(store, &known, why)?;
                return Ok(Wanted::Nothing(why, status));
            }
        },
    };
    Ok(if is_open(found) {
        Wanted::Run(found.clone())
    } else {
        let why = format!("run {} is {}", found.id, found.state.as_str());
        let (why, status) = nothing(store, &known, why)?;
        Wanted::Nothing(why, status)
    })
}

/// Nothing to do, said in the form that was asked for.
fn settled(session: &Session, why: &str, status: ExitStatus) -> ExitStatus {
    match session.format {
        Format::Text => (session.world.out)(&format!("nothing to take up: {why}\n")),
        Format::Json => {
            let none = plan_json::Document::nothing();
            (session.world.out)(&format!("{}\n", serde_json::to_string(&none).unwrap_or_default()));
        }
    }
    status
}

/// The run that was begun last, when it was interrupted and may go on before a plan or in its
/// place. A rehearsal in the lab is left alone once the target is a real one; where the clock has
/// stepped back, a guard stops the plan, and what was left waits for the person as well.
fn interrupted(session: &Session, store: &Store) -> anyhow::Result<Option<RunId>> {
    if machine::stepped_back(session, store).map_err(store_failure)?.is_some() {
        return Ok(None);
    }
    let known = runs::list(store).map_err(store_failure)?;
    let last = known
        .into_iter()
        .find(|run| matches!(run.state, RunState::Interrupted | RunState::Applied))
        .filter(|run| run.state == RunState::Interrupted)
        .filter(|run| session.may_write_plan_of(run).is_ok());
    Ok(last.map(|run| run.id))
}

/// The run that was begun last was interrupted, and left something that `replay` would take up.
pub(super) fn is_due(session: &Session, store: &Store) -> anyhow::Result<bool> {
    match interrupted(session, store)? {
        Some(last) => Ok(Work::new(last, Take::Open).count(session, store)? > 0),
        None => Ok(false),
    }
}

/// Before a new plan: settles what a run that was interrupted had announced and not finished, and
/// finishes what it left of directories; what it wrote there and did not read back is read. What
/// the server refused is left to the new plan, and what was never sent to a tenant too.
pub(super) fn settle_interrupted(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    spent: &mut Spent,
) -> anyhow::Result<ExitStatus> {
    runs::interrupt_leftovers(store).map_err(store_failure)?;
    let Some(last) = interrupted(session, store)? else { return Ok(ExitStatus::Done) };
    let work = Work::before_a_plan(last);
    if work.is_done(session, store)? {
        return Ok(ExitStatus::Done);
    }
    (session.world.warn)(&format!("run {last} was interrupted: it is finished first"));
    runs::resume(store, last).map_err(store_failure)?;
    let applied = applying::drive_all(session, store, labs, runtime, work, spent)?;
    if session.format == Format::Text {
        (session.world.out)(&format!("{}\n", tell::outcome(last, &applied.tally)));
    }
    // What is still wrong is in the plan that follows, and counted there.
    Ok(if applied.status == ExitStatus::Unreachable { applied.status } else { ExitStatus::Done })
}

/// When a guard stops `plan`, that of a new run: goes on with what the last one left, which its
/// guards let pass, or persons did. Nobody is asked twice for it, however many runs it takes.
pub(super) fn go_on(
    session: &Session,
    store: &mut Store,
    labs: &Labs,
    runtime: &Runtime,
    plan: RunId,
    spent: &mut Spent,
) -> anyhow::Result<Option<(RunId, Applied)>> {
    let Some(last) = interrupted(session, store)? else { return Ok(None) };
    let work = Work::new(last, Take::Open);
    if work.count(session, store)? == 0 {
        return Ok(None);
    }
    (session.world.warn)(&format!(
        "a guard stops plan {plan}; run {last}, which was let pass, is not finished: it goes on"
    ));
    runs::resume(store, last).map_err(store_failure)?;
    let applied = applying::drive_all(session, store, labs, runtime, work, spent)?;
    Ok(Some((last, applied)))
}
