//! What `plan`, `apply`, `run` and `replay` print: the same document, in sentences or as JSON.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::draft::Draft;
use super::session::Format;
use super::session::Session;
use crate::clock;
use crate::model::entry::ObjectKey;
use crate::plan::Plan;
use crate::plan::operation::OperationKind;
use crate::report::plan_json::{self, Circumstances, Deadline, Tallied};
use crate::report::plan_text::{self, Detail};
use crate::store::runs::{RunId, TallyLine};

/// Outcomes by target and kind.
pub type Tally = BTreeMap<String, BTreeMap<OperationKind, TallyLine>>;

/// Writes that a target takes in a second before it was ever measured: half of what was seen of a
/// durable slapd with all its overlays (targets.md T1).
const WRITES_PER_SECOND: u64 = 500;

/// A plan, to be read before it is applied.
pub fn plan(session: &Session, draft: &Draft, detail: Detail) -> anyhow::Result<()> {
    match session.format {
        Format::Text => (session.world.out)(&text(session, draft, detail)?),
        Format::Json => {
            document(session, draft.run, &draft.plan, &Tally::new(), &draft.duration_ms)?
        }
    }
    Ok(())
}

/// The text of a draft.
pub fn text(session: &Session, draft: &Draft, detail: Detail) -> anyhow::Result<String> {
    plan_as_text(session, draft.run, &draft.plan, &draft.strays, &draft.doubles, detail)
}

/// The text of a plan.
pub fn plan_as_text(
    session: &Session,
    run: RunId,
    plan: &Plan,
    strays: &[ObjectKey],
    doubles: &[(ObjectKey, String)],
    detail: Detail,
) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let zone = &session.config.zone;
    let view = plan_text::View { number: run.0, plan, strays, doubles, zone, detail };
    plan_text::write(&mut bytes, &view)?;
    Ok(String::from_utf8(bytes)?)
}

/// What became of a plan.
pub fn applied(
    session: &Session,
    run: RunId,
    plan: &Plan,
    tally: &Tally,
    duration_ms: &BTreeMap<String, u64>,
) -> anyhow::Result<()> {
    match session.format {
        Format::Text => (session.world.out)(&outcome(run, tally)),
        Format::Json => document(session, run, plan, tally, duration_ms)?,
    }
    Ok(())
}

/// One line a target, then what is left to do.
pub fn outcome(run: RunId, tally: &Tally) -> String {
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
    let mut text = String::new();
    if targets.is_empty() {
        text.push_str(&format!("run {run}: nothing to write\n"));
    }
    for (target, TallyLine { planned, done, failed, skipped }) in &targets {
        text.push_str(&format!(
            "run {run}: {target}: {done} of {planned} operations done, {failed} failed, \
             {skipped} set aside\n"
        ));
    }
    let open = |line: &&TallyLine| line.planned > line.done + line.skipped;
    if targets.values().any(|line| open(&line)) {
        text.push_str(&format!("\nnext: rentree status {run}, then rentree replay {run}\n"));
    } else if targets.values().any(|line| line.skipped > 0) {
        text.push_str(&format!("\nnext: rentree status {run}; the next run plans them anew\n"));
    }
    text
}

fn document(
    session: &Session,
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
            deadline: deadline(session, plan),
            duration_ms: duration_ms.clone(),
        },
    );
    (session.world.out)(&format!("{}\n", serde_json::to_string(&document)?));
    Ok(())
}

/// The 72 hours of the oldest news in the plan, and when the writing would end.
fn deadline(session: &Session, plan: &Plan) -> Option<Deadline> {
    let received: Timestamp = plan.summary.oldest_receipt?;
    let earliest = clock::deadline(received, &session.config.calendar, session.config.reading);
    let seconds = i64::try_from(plan.operations.len() as u64 / WRITES_PER_SECOND + 1).ok()?;
    let forecast =
        session.world.clock.now().checked_add(jiff::SignedDuration::from_secs(seconds)).ok()?;
    Some(Deadline { earliest, margin: earliest.as_second() - forecast.as_second(), forecast })
}
