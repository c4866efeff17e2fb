//! What `plan`, `apply`, `run` and `replay` print: the same document, in sentences or as JSON.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::session::{Format, Session, store_failure};
use super::{forecast, lift};
use crate::plan::Plan;
use crate::plan::operation::OperationKind;
use crate::report::plan_json::{self, Circumstances, Tallied};
use crate::report::plan_text::{self, Detail};
use crate::store::runs::{RunId, TallyLine};
use crate::store::{Store, undo};

/// Outcomes by target and kind.
pub type Tally = BTreeMap<String, BTreeMap<OperationKind, TallyLine>>;

/// A plan, to be read before it is applied.
pub fn plan(session: &Session, store: &Store, draft: &Draft, detail: Detail) -> anyhow::Result<()> {
    shown(session, store, (draft.run, &draft.plan), detail, &draft.duration_ms)
}

/// A plan that was made of another one.
pub fn planned(
    session: &Session,
    store: &Store,
    run: RunId,
    plan: &Plan,
    detail: Detail,
) -> anyhow::Result<()> {
    shown(session, store, (run, plan), detail, &BTreeMap::new())
}

fn shown(
    session: &Session,
    store: &Store,
    (run, plan): (RunId, &Plan),
    detail: Detail,
    duration_ms: &BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    match session.format {
        Format::Text => (session.world.out)(&text(session, store, run, plan, detail)?),
        Format::Json => document(session, store, run, plan, &Tally::new(), duration_ms)?,
    }
    Ok(())
}

/// The text of a plan.
pub fn text(
    session: &Session,
    store: &Store,
    run: RunId,
    plan: &Plan,
    detail: Detail,
) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let deadline = forecast::deadline(session, store, run, &plan.summary)?;
    let zone = &session.config.zone;
    let (deadline, now) = (deadline.as_ref(), session.world.clock.now());
    let undone = plan.origin.undoes.map(RunId);
    let is_said_still = undone.map(|run| undo::is_of_deliveries(store, run)).transpose();
    let is_said_still = is_said_still.map_err(store_failure)?.unwrap_or_default();
    let approved_by = lift::approved_by(store, plan)?;
    let approved_by = approved_by.as_deref();
    let number = run.0;
    let view =
        plan_text::View { number, plan, deadline, now, zone, detail, is_said_still, approved_by };
    plan_text::write(&mut bytes, &view)?;
    Ok(String::from_utf8(bytes)?)
}

/// What became of a plan.
pub fn applied(
    session: &Session,
    store: &Store,
    run: RunId,
    plan: &Plan,
    tally: &Tally,
    duration_ms: &BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    match session.format {
        Format::Text => {
            (session.world.out)(&outcome(run, tally));
            (session.world.out)(&next(run, tally));
            if let Some(line) = plan_text::unread_line(&plan.summary.unread) {
                (session.world.out)(&format!("\n{line}\n"));
            }
        }
        Format::Json => document(session, store, run, plan, tally, duration_ms)?,
    }
    Ok(())
}

/// Outcomes by target.
fn by_target(tally: &Tally) -> BTreeMap<&str, TallyLine> {
    let mut targets: BTreeMap<&str, TallyLine> = BTreeMap::new();
    for (target, line) in
        tally.iter().flat_map(|(target, kinds)| kinds.values().map(move |line| (target, line)))
    {
        let sum = targets.entry(target).or_default();
        sum.planned += line.planned;
        sum.done += line.done;
        sum.failed += line.failed;
        sum.skipped += line.skipped;
    }
    targets
}

/// One line a target.
pub fn outcome(run: RunId, tally: &Tally) -> String {
    let targets = by_target(tally);
    if targets.is_empty() {
        return format!("run {run}: nothing to write\n");
    }
    let line = |(target, line): (&&str, &TallyLine)| {
        let TallyLine { planned, done, failed, skipped } = line;
        format!(
            "run {run}: {target}: {done} of {planned} operations done, {failed} failed, \
             {skipped} set aside\n"
        )
    };
    targets.iter().map(line).collect()
}

/// What is left to do, and how.
fn next(run: RunId, tally: &Tally) -> String {
    let targets = by_target(tally);
    if targets.values().any(|line| open(line) > 0) {
        format!("\nnext: rentree status {run}, then rentree replay {run}\n")
    } else if targets.values().any(|line| line.skipped > 0) {
        format!("\nnext: rentree status {run}; the next run plans them anew\n")
    } else {
        String::new()
    }
}

/// Operations that `replay` takes up.
pub fn open(line: &TallyLine) -> u64 {
    line.planned.saturating_sub(line.done + line.skipped)
}

fn document(
    session: &Session,
    store: &Store,
    run: RunId,
    plan: &Plan,
    tally: &Tally,
    duration_ms: &BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    let tallied = |line: &TallyLine| {
        let TallyLine { planned: _, done, failed, skipped } = *line;
        Tallied { done, failed, skipped }
    };
    let document = plan_json::document(
        plan,
        Circumstances {
            run_id: Some(run.0),
            targets: session.config.targets.iter().map(|target| target.name.clone()).collect(),
            tally: tally
                .iter()
                .flat_map(|(target, kinds)| {
                    kinds.iter().map(|(kind, line)| ((target.clone(), *kind), tallied(line)))
                })
                .collect(),
            deadline: forecast::deadline(session, store, run, &plan.summary)?,
            duration_ms: duration_ms.clone(),
        },
    );
    (session.world.out)(&format!("{}\n", serde_json::to_string(&document)?));
    Ok(())
}
