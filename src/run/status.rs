//! `status` and `runs`: what is done, what is not and why, what comes next.

use std::collections::BTreeMap;

use super::aside;
use super::forecast::{self, Forecast};
use super::near;
use super::next::{self, Earlier, Next};
use super::outcome::{ExitStatus, Failure};
use super::session::Format;
use super::session::{Session, store_failure};
use super::tell::{self, Tally};
use crate::clock::figures::Cause;
use crate::model::ids::PersonId;
use crate::plan::operation::{Operation, OperationKind};
use crate::plan::origin::Origin;
use crate::plan::{Objection, Plan};
use crate::report::plan_json::Deadline;
use crate::report::{catalogue, plan_text};
use crate::store::assent::{self, Assent};
use crate::store::halts::{self, Halt};
use crate::store::plans::{self, OperationRow};
use crate::store::runs::{self, OperationState, Run, RunId, RunState};
use crate::store::taken::{self, Outlook, Taken};
use crate::store::{Store, refused};

/// Operations shown of a run that are not done; the rest is counted.
const SHOWN_MAX: usize = 50;
/// The same in JSON.
const LISTED_MAX: usize = 10_000;

pub fn status(session: &Session, run: Option<u64>) -> anyhow::Result<ExitStatus> {
    let store = session.store()?;
    let named = run.is_some();
    let run = match run {
        Some(number) => runs::get(&store, RunId(number)).map(Some).map_err(|_| {
            Failure::new(ExitStatus::Usage, format!("there is no run {number}"))
                .hint("`rentree runs` lists them")
        })?,
        None => runs::latest(&store).map_err(store_failure)?,
    };
    let story = run.map(|run| Story::of(session, &store, run, named)).transpose()?;
    let refused = refused::list(&store).map_err(store_failure)?;
    (session.world.out)(&match (session.format, story) {
        (Format::Text, Some(story)) => {
            text(session, &story)
                + &near::line(session, &store)?
                + &aside::text(&refused, &story.taken, &session.config.zone)
        }
        (Format::Text, None) => NO_RUN.to_owned(),
        (Format::Json, story) => {
            let mut document = json(story.as_ref());
            document["refused"] = aside::json(&refused);
            format!("{document}\n")
        }
    });
    Ok(ExitStatus::Done)
}

const NO_RUN: &str = "no run yet: rentree plan\n";

/// All that is told of a run.
struct Story {
    run: Run,
    tally: Tally,
    /// Operations that are not as wanted, the first of them.
    unsettled: Vec<OperationRow>,
    more: usize,
    deadline: Option<Deadline>,
    /// What is left to write, and how long that takes.
    left: Forecast,
    /// Records that wait for somebody, by whom.
    waits: BTreeMap<Cause, u64>,
    /// Targets that could not be read, and why.
    unread: BTreeMap<String, String>,
    /// The run that it takes back, the plan that it is a half of.
    origin: Origin,
    /// Who let it pass its guards.
    assents: Vec<Assent>,
    /// Targets in which it stopped before the end.
    halts: Vec<Halt>,
    /// Whose names are refused somewhere, now.
    taken: BTreeMap<PersonId, Taken>,
    next: Next,
    /// The guards that stop it, and who lets it pass.
    stopped: Option<String>,
    objections: Vec<Objection>,
    /// Runs before it that are not settled, when none was asked for by name.
    earlier: Vec<Earlier>,
}

impl Story {
    fn of(session: &Session, store: &Store, run: Run, named: bool) -> anyhow::Result<Self> {
        let most = match session.format {
            Format::Text => SHOWN_MAX,
            Format::Json => LISTED_MAX,
        };
        let (unsettled, more) = unsettled(store, run.id, most)?;
        let header = plans::header(store, run.id).map_err(store_failure)?;
        let tally = runs::tally(store, run.id).map_err(store_failure)?;
        let known = runs::list(store).map_err(store_failure)?;
        let next = next::of(session, store, &known, (&run, &header, &tally))?;
        let stopped = next::stopped(store, &run, &header, &next)?;
        let earlier = match named {
            true => Vec::new(),
            false => next::earlier(session, store, &known, run.id)?,
        };
        let Plan { origin, summary, objections, .. } = header;
        // What will not be written by this run has no end in it.
        let (deadline, left) = match next.is_open() {
            true => (
                forecast::deadline(session, store, run.id, &summary)?,
                forecast::of(session, store, run.id)?,
            ),
            false => (None, Forecast::default()),
        };
        let mut waits: BTreeMap<Cause, u64> = BTreeMap::new();
        summary.waits.iter().for_each(|wait| *waits.entry(wait.cause).or_default() += 1);
        Ok(Self {
            tally,
            unsettled,
            more,
            deadline,
            left,
            waits,
            unread: summary.unread,
            origin,
            assents: assent::of_run(store, run.id).map_err(store_failure)?,
            halts: halts::of_run(store, run.id).map_err(store_failure)?,
            taken: taken::list(store).map_err(store_failure)?,
            next,
            stopped,
            objections,
            earlier,
            run,
        })
    }
}

fn text(session: &Session, story: &Story) -> String {
    let Story {
        run,
        tally,
        unsettled,
        more,
        deadline,
        left,
        waits,
        unread,
        origin,
        assents,
        halts,
        taken,
        next,
        stopped,
        objections: _,
        earlier,
    } = story;
    let (now, mut text) = (session.world.clock.now(), line(session, run));
    if let Some(undone) = origin.undoes {
        text.push_str(&format!("takes back run {undone}\n"));
    }
    if let Some(line) = plan_text::half_line(origin) {
        text.push_str(&format!("{line}\n"));
    }
    assents.iter().for_each(|one| text.push_str(&assented(session, one)));
    text.push_str(stopped.as_deref().unwrap_or_default());
    if run.state != RunState::Planned && run.state != RunState::Stopped {
        text.push_str(&tell::outcome(run.id, tally));
    }
    halts.iter().for_each(|one| text.push_str(&halted(session, one)));
    for what in unread.values() {
        text.push_str(&format!("NOT PLANNED: {}\n", catalogue::harmless(what)));
    }
    if let Some(deadline) = deadline {
        let line = plan_text::deadline_line(deadline, now, &session.config.zone);
        text.push_str(&format!("{line}\n"));
    }
    text.push_str(&waiting(waits));
    if left.open > 0 {
        let (open, time) = (left.open, words_of(left.seconds));
        text.push_str(&format!("left to write: {open} operation(s), {time} by measured rates\n"));
    }
    text.push_str(&next.line(run.id, stopped.is_some()));
    if let Some(line) = plan_text::unread_line(unread) {
        text.push_str(&format!("{line}\n"));
    }
    for Earlier { run, left, next } in earlier {
        let next = next.line(*run, false);
        text.push_str(&format!("run {run} is not settled, {left} operation(s) left; {next}"));
    }
    unsettled.iter().for_each(|row| text.push_str(&operation(row, taken)));
    if *more > 0 {
        let id = run.id;
        text.push_str(&format!(
            "  … and {more} more: rentree --format json status {id}; of one: rentree explain MARK\n"
        ));
    }
    text
}

/// Records in no operation, and whose turn it is.
fn waiting(waits: &BTreeMap<Cause, u64>) -> String {
    let line = |(cause, count): (&Cause, &u64)| {
        let what = match cause {
            Cause::Source => "wait for their school to correct them: rentree check",
            Cause::Hold => "are of pupils whom two schools claim: rentree check",
            Cause::Review => "wait for an answer: rentree review list",
            Cause::Target | Cause::Throttling | Cause::Operator => "wait",
        };
        format!("{count} record(s) or file(s) {what}\n")
    };
    waits.iter().map(line).collect()
}

/// A length of time as a person says it.
fn words_of(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("about {seconds} s"),
        91..=5400 => format!("about {} min", seconds.div_ceil(60)),
        _ => format!("about {} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

/// The same keys with a run and without.
fn json(story: Option<&Story>) -> serde_json::Value {
    let tally = story.iter().flat_map(|story| &story.tally);
    let operations: Vec<_> = tally
        .flat_map(|(target, kinds)| {
            kinds.iter().map(move |(kind, line)| {
                serde_json::json!({ "target": target, "kind": kind, "counts": line })
            })
        })
        .collect();
    let unsettled: Vec<_> = story
        .iter()
        .flat_map(|story| story.unsettled.iter().map(|row| (row, &story.taken)))
        .map(|(row, taken)| {
            serde_json::json!({
                "seq": row.operation.seq,
                "key": row.operation.key,
                "kind": row.operation.kind,
                "state": row.state.as_str(),
                "attempts": row.attempts,
                "detail": row.detail,
                "name_taken": outlook(row, taken),
            })
        })
        .collect();
    serde_json::json!({
        "run": story.map(|story| summary(&story.run)),
        "operations": operations,
        "unsettled": unsettled,
        "more": story.map_or(0, |story| story.more),
        "left": {
            "operations": story.map_or(0, |story| story.left.open),
            "seconds": story.map_or(0, |story| story.left.seconds),
        },
        "waits": story.map(|story| &story.waits).unwrap_or(&BTreeMap::new()),
        "deadline": story.and_then(|story| story.deadline.as_ref()),
        "unread": story.map(|story| &story.unread).unwrap_or(&BTreeMap::new()),
        "halts": story.map_or(&[][..], |story| &story.halts),
        "undoes": story.and_then(|story| story.origin.undoes),
        "part_of": story.and_then(|story| story.origin.part_of),
        "after": story.and_then(|story| story.origin.after),
        "assents": story.map(|story| &story.assents),
        "objections": story.map(|story| &story.objections),
        "next": story.map(|story| story.next.line(story.run.id, story.stopped.is_some())),
        "under_way": match story.map(|story| &story.next) {
            Some(Next::UnderWay(owner)) => Some(owner),
            Some(_) | None => None,
        },
        "earlier": story.map(|story| story.earlier.iter().map(earlier).collect::<Vec<_>>()),
    })
}

fn earlier(one: &Earlier) -> serde_json::Value {
    let Earlier { run, left, next } = one;
    serde_json::json!({ "run_id": run.0, "left": left, "next": next.line(*run, false) })
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
        text.push_str(NO_RUN);
    }
    (session.world.out)(&text);
    Ok(ExitStatus::Done)
}

fn line(session: &Session, run: &Run) -> String {
    let at = run.finished_at.or(run.started_at).unwrap_or(run.made_at);
    let at =
        at.to_zoned_datetime(session.config.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    let (id, command) = (run.id, &run.command);
    let rehearsed =
        if run.rehearsed && session.real_target().is_some() { "  rehearsed" } else { "" };
    format!(
        "run {id}  {at}  {command:<6} {:<11}  plan {}{rehearsed}\n",
        run.state.as_str(),
        run.plan_hash.short()
    )
}

/// « lifted by Adèle (system user root), 2026-…: reason ».
fn assented(session: &Session, one: &Assent) -> String {
    let Assent { act, who, system_user, reason, at } = one;
    let at = at.to_zoned_datetime(session.config.zone.clone()).strftime("%Y-%m-%d %H:%M");
    let [who, reason] = [who, reason].map(|text| catalogue::harmless(text));
    format!("guards {} by {who} (system user {system_user}) {at}: {reason}\n", act.as_str())
}

/// « office365 stopped 2026-10-01 22:00: … », with what to do.
fn halted(session: &Session, halt: &Halt) -> String {
    let Halt { target, at, what, hint } = halt;
    let at = at.to_zoned_datetime(session.config.zone.clone()).strftime("%Y-%m-%d %H:%M");
    let [what, hint] = [what, hint].map(|text| catalogue::harmless(text));
    let hint = if hint.is_empty() { hint } else { format!("      hint: {hint}\n") };
    format!("{target} stopped {at}: {what}\n{hint}")
}

fn summary(run: &Run) -> serde_json::Value {
    let Run {
        id,
        command,
        state,
        made_at,
        started_at,
        finished_at,
        plan_hash,
        generation: _,
        rehearsed,
    } = run;
    serde_json::json!({
        "run_id": id.0,
        "command": command,
        "state": state.as_str(),
        "made_at": made_at,
        "started_at": started_at,
        "finished_at": finished_at,
        "plan_hash": plan_hash,
        "rehearsed": rehearsed,
    })
}

/// The operations of a run that are not as wanted, the first of them, and how many more.
fn unsettled(store: &Store, run: RunId, most: usize) -> anyhow::Result<(Vec<OperationRow>, usize)> {
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
        if bad && rows.len() < most {
            rows.push(row);
        } else if bad {
            more += 1;
        }
    })
    .map_err(store_failure)?;
    Ok((rows, more))
}

fn operation(row: &OperationRow, taken: &BTreeMap<PersonId, Taken>) -> String {
    let OperationRow { operation, state, attempts: _, detail } = row;
    let detail = match detail.as_deref().map(catalogue::harmless) {
        Some(words) if !words.is_empty() => format!("          {words}\n"),
        Some(_) | None => String::new(),
    };
    let advice = outlook(row, taken).map(aside::advice).unwrap_or_default();
    format!(
        "  {:>6}  {:<8} {:<13} {}\n{detail}{advice}",
        operation.seq,
        state.as_str(),
        operation.kind.as_str(),
        operation.key
    )
}

/// What becomes of an account that was not made for its names.
fn outlook(row: &OperationRow, taken: &BTreeMap<PersonId, Taken>) -> Option<Outlook> {
    let Operation { kind, key, target, .. } = &row.operation;
    let was_refused = *kind == OperationKind::Create && row.state == OperationState::Failed;
    let taken = taken.get(&key.person().filter(|_| was_refused)?)?;
    taken.by.contains(target).then_some(taken.outlook)
}
