//! What comes next of a run, as every command says it: whether its plan may still be applied, who
//! is at work on it, who has taken over what it left.

use std::collections::BTreeMap;

use super::session::{Session, store_failure};
use super::tell::{self, Tally};
use super::{lift, part, still};
use crate::plan::Plan;
use crate::plan::origin::{Origin, Scope};
use crate::report::plan_text::{self, stop};
use crate::store::lock::LockOwner;
use crate::store::runs::{self, Run, RunId, RunState};
use crate::store::{Store, plans};

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// The plan may be applied, or its guards lifted.
    Apply,
    /// The plan may not be applied any more, why, and what makes a new one.
    Outdated {
        why: String,
        anew: String,
        is_rollback: bool,
    },
    /// The rest of a part that is not finished.
    AfterPart(RunId),
    UnderWay(LockOwner),
    /// A plan that can be applied may take back what the run did.
    Died {
        undone_by: Option<RunId>,
    },
    Replay {
        undone_by: Option<RunId>,
    },
    /// What is left of it is all in a target that is switched off.
    SwitchedOff(String),
    /// Another run has seen what it left.
    TakenOver(RunId),
    /// What it left is in the next plan, and why not in a replay.
    Behind(String),
    /// What was set aside.
    PlannedAnew,
    Nothing,
}

impl Next {
    /// Whether what it left can still be written as its own.
    pub(super) fn is_open(&self) -> bool {
        match self {
            Self::Outdated { .. } | Self::TakenOver(_) | Self::Behind(_) => false,
            Self::Apply
            | Self::AfterPart(_)
            | Self::UnderWay(_)
            | Self::Died { .. }
            | Self::Replay { .. }
            | Self::SwitchedOff(_)
            | Self::PlannedAnew
            | Self::Nothing => true,
        }
    }

    /// In a line, with the command.
    pub(super) fn line(&self, run: RunId, is_stopped: bool) -> String {
        match self {
            Self::Apply if is_stopped => {
                format!("next: rentree show {run}, and then as above, or correct the cause\n")
            }
            Self::Apply => format!("next: rentree show {run}, then rentree apply {run}\n"),
            Self::Outdated { why, anew, is_rollback: false } => {
                format!("the plan is stale: {why}; next: {anew}\n")
            }
            Self::Outdated { why, anew, is_rollback: true } => format!(
                "the plan is stale: {why}; nothing to do, or, to take the run back all the same: \
                 {anew}\n"
            ),
            Self::AfterPart(part) => format!(
                "it goes after run {part}, which is not finished; next: rentree replay {part}, \
                 then rentree apply {run}\n"
            ),
            Self::UnderWay(owner) => format!("under way: {owner}\n"),
            Self::Died { undone_by } => {
                format!("its process died; {}\n", take_up(run, *undone_by))
            }
            Self::Replay { undone_by } => format!("{}\n", take_up(run, *undone_by)),
            Self::SwitchedOff(target) => format!(
                "next: what is left is in {target}, which is switched off (enabled = false): \
                 switch it on, then rentree replay {run}\n"
            ),
            Self::TakenOver(by) => format!("taken over by run {by}: nothing to do\n"),
            Self::Behind(why) => format!("not taken up, as {why}; next: rentree plan\n"),
            Self::PlannedAnew => {
                "next: what was set aside is planned anew by the next run\n".to_owned()
            }
            Self::Nothing => String::new(),
        }
    }
}

/// How a run goes on; while a plan waits that takes it back, that would be the contrary of it.
fn take_up(run: RunId, undone_by: Option<RunId>) -> String {
    match undone_by {
        None => format!("next: rentree replay {run}"),
        Some(plan) => format!(
            "plan {plan} takes it back: next: rentree show {plan}, then rentree apply {plan}; \
             rentree replay {run} goes on with it instead, and plan {plan} is stale then"
        ),
    }
}

/// Of a run whose plan has this header.
pub(super) fn of(
    session: &Session,
    store: &Store,
    known: &[Run],
    (run, header, tally): (&Run, &Plan, &Tally),
) -> anyhow::Result<Next> {
    let lines = || tally.values().flat_map(|kinds| kinds.values());
    let is_open = lines().any(|line| tell::open(line) > 0);
    let is_aside = lines().any(|line| line.skipped > 0);
    if matches!(run.state, RunState::Planned | RunState::Stopped) {
        let why = still::outdated(session, store, run.id, header)?;
        return Ok(match (why, part::unfinished(store, header)?) {
            (Some(why), _) => Next::Outdated {
                why,
                anew: still::anew(&header.origin),
                is_rollback: header.origin.undoes.is_some(),
            },
            (None, Some(part)) => Next::AfterPart(part),
            (None, None) => Next::Apply,
        });
    }
    if run.state != RunState::Applying && !is_open && !is_aside {
        return Ok(Next::Nothing);
    }
    if !runs::is_newest(store, run).map_err(store_failure)? {
        return Ok(match after(store, known, run)? {
            After::TakenOver(by) => Next::TakenOver(by),
            After::Behind(why) if is_open => Next::Behind(why),
            After::Behind(_) => Next::PlannedAnew,
        });
    }
    Ok(match run.state {
        RunState::Applying => match session.at_work()?.filter(|owner| is_on(owner, run)) {
            Some(owner) => Next::UnderWay(owner),
            None => Next::Died { undone_by: undone_by(session, store, known, run)? },
        },
        _ if let Some(target) = all_off(session, tally) => Next::SwitchedOff(target),
        _ if is_open => Next::Replay { undone_by: undone_by(session, store, known, run)? },
        _ => Next::PlannedAnew,
    })
}

/// A target that is switched off, if whatever is open is in such ones.
fn all_off(session: &Session, tally: &Tally) -> Option<String> {
    let is_open = |kinds: &BTreeMap<_, _>| kinds.values().any(|line| tell::open(line) > 0);
    let mut open = tally.iter().filter(|(_, kinds)| is_open(kinds)).map(|(target, _)| target);
    let is_off = |target: &&String| session.config.switched_off.contains(*target);
    let first = open.next().filter(is_off)?;
    open.all(|target| is_off(&target)).then(|| first.clone())
}

/// The plan that takes a run back and can be applied.
fn undone_by(
    session: &Session,
    store: &Store,
    known: &[Run],
    run: &Run,
) -> anyhow::Result<Option<RunId>> {
    let waits = |one: &&Run| matches!(one.state, RunState::Planned | RunState::Stopped);
    for one in known.iter().filter(|one| one.id > run.id).filter(waits) {
        let header = plans::header(store, one.id).map_err(store_failure)?;
        if header.origin.undoes == Some(run.id.0)
            && still::outdated(session, store, one.id, &header)?.is_none()
        {
            return Ok(Some(one.id));
        }
    }
    Ok(None)
}

/// Whether who holds the lock is at work on the run that was begun last. `run` and `replay` take up
/// what they find; `apply` begins its own.
fn is_on(owner: &LockOwner, run: &Run) -> bool {
    match owner.command.as_str() {
        "run" | "replay" => true,
        "apply" => run.started_at.is_some_and(|at| at >= owner.started_at),
        _ => false,
    }
}

/// What has become of what a run left, once another was begun after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum After {
    TakenOver(RunId),
    /// Only the next plan sees it; why.
    Behind(String),
}

/// Of a run behind which others were begun. A plan of everything has seen what it left; what is of
/// some schools only, or takes a run back, has not.
pub(super) fn after(store: &Store, known: &[Run], run: &Run) -> anyhow::Result<After> {
    let mut newest = None;
    // The first that saw it took it over; those after that one found it done.
    for later in known.iter().rev() {
        if later.started_at.is_none() || later.generation <= run.generation {
            continue;
        }
        let origin = plans::header(store, later.id).map_err(store_failure)?.origin;
        if is_whole(&origin) {
            return Ok(After::TakenOver(later.id));
        }
        newest = Some((later.id, origin));
    }
    Ok(After::Behind(match newest {
        Some((later, Origin { undoes: Some(undone), .. })) => {
            format!("run {later}, which takes back run {undone}, was begun after it")
        }
        Some((later, Origin { part_of: Some(whole), .. })) => {
            format!("run {later}, which is of a part of plan {whole} only, was begun after it")
        }
        Some((later, _)) => format!("run {later} was begun after it"),
        None => "the registry has changed since".to_owned(),
    }))
}

fn is_whole(origin: &Origin) -> bool {
    origin.scope == Scope::All && origin.undoes.is_none()
}

/// A run before the one that is told of, whose work is neither done nor in a later run.
pub(super) struct Earlier {
    pub(super) run: RunId,
    pub(super) left: u64,
    pub(super) next: Next,
}

/// Those that were begun before `before`, newest first.
pub(super) fn earlier(
    session: &Session,
    store: &Store,
    known: &[Run],
    before: RunId,
) -> anyhow::Result<Vec<Earlier>> {
    let mut found = Vec::new();
    for run in known.iter().filter(|run| run.id < before) {
        let header = plans::header(store, run.id).map_err(store_failure)?;
        let is_rest = run.state == RunState::Planned && header.origin.after.is_some();
        if is_rest || matches!(run.state, RunState::Interrupted | RunState::Applying) {
            let tally = runs::tally(store, run.id).map_err(store_failure)?;
            let next = of(session, store, known, (run, &header, &tally))?;
            let left = tally.values().flat_map(|kinds| kinds.values()).map(tell::open).sum();
            if !matches!(next, Next::TakenOver(_)) && (!is_rest || next.is_open()) {
                found.push(Earlier { run: run.id, left, next });
            }
        }
        // It has seen what those before it left.
        if run.started_at.is_some() && is_whole(&header.origin) {
            break;
        }
    }
    Ok(found)
}

/// What is added where nothing is left to take up: targets of the last run that could not be read.
pub(super) fn unplanned(store: &Store, known: &[Run]) -> anyhow::Result<String> {
    for run in known.iter().filter(|run| run.started_at.is_some()) {
        let header = plans::header(store, run.id).map_err(store_failure)?;
        if is_whole(&header.origin) {
            return Ok(match plan_text::unread_line(&header.summary.unread) {
                Some(line) => format!("; but run {}: {line}", run.id),
                None => String::new(),
            });
        }
    }
    Ok(String::new())
}

/// Which guards object to a plan that nothing was written of, and who lets it pass while that is
/// still possible.
pub(super) fn stopped(
    store: &Store,
    run: &Run,
    header: &Plan,
    next: &Next,
) -> anyhow::Result<Option<String>> {
    let is_unbegun = matches!(run.state, RunState::Planned | RunState::Stopped);
    if header.objections.is_empty() || !is_unbegun {
        return Ok(None);
    }
    let mut out = stop::told(&header.objections);
    if *next == Next::Apply {
        let hash = header.hash.as_str();
        let approved_by = lift::approved_by(store, header)?;
        let lifting = stop::lifting(run.id.0, hash, &header.objections, approved_by.as_deref());
        out.push_str(&lifting.lines());
    }
    Ok(Some(out))
}
