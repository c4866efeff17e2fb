//! `status` and `runs`: what is done, what is not and why, what comes next.

use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::session::{Session, store_failure};
use super::tell;
use crate::report::catalogue;
use crate::store::Store;
use crate::store::plans::{self, OperationRow};
use crate::store::runs::{self, OperationState, Run, RunId, RunState};

/// Operations shown of a run that are not done; the rest is counted.
const SHOWN_MAX: usize = 50;

pub fn status(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let run = match run {
        Some(number) => runs::get(&store, RunId(number)).map(Some).map_err(|_| {
            Failure::new(ExitStatus::Usage, format!("there is no run {number}"))
                .hint("`rentree runs` lists them")
        })?,
        None => runs::latest(&store).map_err(store_failure)?,
    };
    let Some(run) = run else {
        (session.world.out)("no run yet: rentree plan\n");
        return Ok(ExitStatus::Done);
    };
    let tally = runs::tally(&store, run.id).map_err(store_failure)?;
    let (unsettled, more) = unsettled(&store, run.id)?;
    match session.format {
        Format::Text => {
            let mut text = line(session, &run);
            if run.state != RunState::Planned && run.state != RunState::Stopped {
                text.push_str(&tell::outcome(run.id, &tally));
            }
            text.push_str(&next(&run));
            for row in &unsettled {
                text.push_str(&operation(row));
            }
            if more > 0 {
                text.push_str(&format!("  … and {more} more: rentree show {}\n", run.id));
            }
            (session.world.out)(&text);
        }
        Format::Json => {
            let operations: Vec<_> = tally
                .iter()
                .flat_map(|(target, kinds)| {
                    kinds.iter().map(move |(kind, line)| {
                        serde_json::json!({ "target": target, "kind": kind, "counts": line })
                    })
                })
                .collect();
            let unsettled: Vec<_> = unsettled
                .iter()
                .map(|row| {
                    serde_json::json!({
                        "seq": row.operation.seq,
                        "key": row.operation.key,
                        "kind": row.operation.kind,
                        "state": row.state.as_str(),
                        "attempts": row.attempts,
                        "detail": row.detail,
                    })
                })
                .collect();
            let document = serde_json::json!({
                "run": summary(&run),
                "operations": operations,
                "unsettled": unsettled,
                "more": more,
            });
            (session.world.out)(&format!("{document}\n"));
        }
    }
    Ok(ExitStatus::Done)
}

pub fn runs(session: &Session, most: usize) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let mut text = String::new();
    for run in runs::list(&store).map_err(store_failure)?.iter().take(most) {
        match session.format {
            Format::Text => text.push_str(&line(session, run)),
            Format::Json => text.push_str(&format!("{}\n", summary(run))),
        }
    }
    if text.is_empty() && session.format == Format::Text {
        text.push_str("no run yet: rentree plan\n");
    }
    (session.world.out)(&text);
    Ok(ExitStatus::Done)
}

fn line(session: &Session, run: &Run) -> String {
    let at = run.finished_at.or(run.started_at).unwrap_or(run.made_at);
    let at =
        at.to_zoned_datetime(session.config.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let (id, command) = (run.id, &run.command);
    format!(
        "run {id}  {at}  {command:<6} {:<11}  plan {}\n",
        run.state.as_str(),
        run.plan_hash.short()
    )
}

fn next(run: &Run) -> String {
    match run.state {
        RunState::Planned => format!("next: rentree show {0}, then rentree apply {0}\n", run.id),
        RunState::Stopped => format!(
            "a guard objects, nothing was written; next: rentree show {0}, and if it is right \
             rentree apply {0} --confirm HASH\n",
            run.id
        ),
        RunState::Applying => "under way, or its process died: rentree replay tells\n".to_owned(),
        RunState::Applied | RunState::Interrupted => String::new(),
    }
}

fn summary(run: &Run) -> serde_json::Value {
    let Run { id, command, state, made_at, started_at, finished_at, plan_hash, generation: _ } =
        run;
    serde_json::json!({
        "run_id": id.0,
        "command": command,
        "state": state.as_str(),
        "made_at": made_at,
        "started_at": started_at,
        "finished_at": finished_at,
        "plan_hash": plan_hash,
    })
}

/// The operations of a run that are not as wanted, the first of them, and how many more.
fn unsettled(store: &Store, run: RunId) -> anyhow::Result<(Vec<OperationRow>, usize)> {
    let mut rows = Vec::new();
    let mut more = 0;
    plans::each_operation(store, run, |row| {
        let bad = match row.state {
            OperationState::Planned | OperationState::Done | OperationState::Already => false,
            OperationState::Started
            | OperationState::Failed
            | OperationState::Stale
            | OperationState::Blocked => true,
        };
        if bad && rows.len() < SHOWN_MAX {
            rows.push(row);
        } else if bad {
            more += 1;
        }
    })
    .map_err(store_failure)?;
    Ok((rows, more))
}

fn operation(row: &OperationRow) -> String {
    let OperationRow { operation, state, attempts: _, detail } = row;
    let detail = detail.as_deref().map(catalogue::shown).unwrap_or_default();
    format!(
        "  {:>6}  {:<8} {:<13} {}\n          {detail}\n",
        operation.seq,
        state.as_str(),
        operation.kind.as_str(),
        operation.key
    )
}
