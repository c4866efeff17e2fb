//! What was done in the targets, with its instants and the servers' words.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::catalogue::{harmless, shown};
use super::super::question::moment;
use super::super::words::say;
use super::{heading, line, sentence};
use crate::model::entry::{Licence, ObjectKey, YearGroup};
use crate::model::ids::{StructureKey, StructureKind};
use crate::plan::operation::Action;
use crate::store::runs::OperationState;
use crate::store::steps::{Fate, Step};

/// Told in sentences, the newest; JSON has them all.
const TOLD_MAX: usize = 30;

/// The person's.
pub(super) fn write(out: &mut String, steps: &[Step], zone: &TimeZone) {
    list(out, steps, zone, of_person);
}

fn list(out: &mut String, steps: &[Step], zone: &TimeZone, done: fn(&Step) -> String) {
    heading(out, "operations");
    if steps.is_empty() {
        line(out, "no-operations", &[]);
    }
    let older = steps.len().saturating_sub(TOLD_MAX);
    if older > 0 {
        line(out, "older-operations", &[("count", Some(older.to_string()))]);
    }
    for step in steps.get(older..).unwrap_or_default() {
        let detail = step.detail.as_deref().map(harmless);
        let facts = [
            ("at", step.at.map(|at| moment(at, zone))),
            ("run", Some(step.run.to_string())),
            ("target", Some(shown(&step.operation.target))),
            ("kind", Some(done(step))),
            ("state", Some(became(step))),
            ("proven", step.proven_at.map(|at| moment(at, zone))),
            ("tries", Some(step.attempts.to_string()).filter(|_| step.attempts > 1)),
            ("detail", detail.filter(|_| !is_done(step))),
        ];
        line(out, "operation", &facts);
    }
}

/// Where it is, and who has it in hand when its run has not.
fn became(step: &Step) -> String {
    if step.done_for_her && !is_done_whole(step.state) {
        return say("outcome", "done-in-part", &[]);
    }
    let state = || say("outcome", step.state.as_str(), &[]);
    match step.fate {
        None => state(),
        Some(Fate::NotSent) => say("outcome", "not-sent", &[]),
        Some(Fate::TakenOver(run)) => {
            let taken = say("outcome", "taken-over", &[("run", Some(&run.to_string()))]);
            match step.state {
                OperationState::Planned | OperationState::Started => taken,
                _ => format!("{}, {taken}", state()),
            }
        }
    }
}

/// The operation, or what of it is the person's.
fn is_done(step: &Step) -> bool {
    step.done_for_her || is_done_whole(step.state)
}

fn is_done_whole(state: OperationState) -> bool {
    matches!(state, OperationState::Done | OperationState::Already)
}

/// What it does, in the words of the person's story: a group that is made with her in it is one
/// that she enters.
fn of_person(step: &Step) -> String {
    let name = match &step.operation.action {
        _ if step.links.is_empty() => {
            return say("operation", step.operation.kind.as_str(), &[]);
        }
        Action::RemoveLinks { .. } => "leaves",
        _ => "enters",
    };
    let links: Vec<&str> = step.links.iter().map(String::as_str).collect();
    let facts = [("group", Some(group(&step.operation.key))), ("as", Some(links.join(", ")))];
    sentence("story", name, &facts)
}

/// A group in words.
fn group(key: &ObjectKey) -> String {
    let (name, structure, year) = match key {
        ObjectKey::Group(structure) => (None, structure, None),
        ObjectKey::Yearly(YearGroup { structure, year, .. }) => (None, structure, Some(year)),
        ObjectKey::Team(YearGroup { structure, year, .. }) => (Some("team"), structure, Some(year)),
        ObjectKey::Licence(licence) => {
            let name = match licence {
                Licence::Pupils => "licence-pupils",
                Licence::Staff => "licence-staff",
            };
            return sentence("story", name, &[]);
        }
        ObjectKey::Account(_) | ObjectKey::Container(_) => return key.to_string(),
    };
    let StructureKey { uai, kind, code } = structure;
    let kind = match kind {
        StructureKind::Division => "class",
        StructureKind::Group => "group",
    };
    let facts = [
        ("code", Some(shown(&code.0))),
        ("year", year.map(|year| year.0.to_string())),
        ("uai", Some(uai.to_string())),
    ];
    sentence("story", name.unwrap_or(kind), &facts)
}

pub(super) fn json(steps: &[Step]) -> Value {
    let one = |step: &Step| {
        json!({
            "run": step.run.0,
            "target": step.operation.target,
            "kind": step.operation.kind.as_str(),
            "object": step.operation.key.to_string(),
            "links": step.links,
            "state": step.state,
            "done": is_done(step),
            "fate": step.fate,
            "at": step.at,
            "proven_at": step.proven_at,
            "attempts": step.attempts,
            "detail": step.detail,
        })
    };
    steps.iter().map(one).collect()
}

/// What was done to an entry that is no account: a class, a group, a container.
pub fn entry_text(key: &ObjectKey, steps: &[Step], zone: &TimeZone) -> String {
    let mut out = String::new();
    line(&mut out, "entry", &[("key", Some(key.to_string()))]);
    list(&mut out, steps, zone, of_entry);
    out
}

/// What it does, in the words of the entry's story.
fn of_entry(step: &Step) -> String {
    let kind = say("operation", step.operation.kind.as_str(), &[]);
    match &step.operation.action {
        Action::AddLinks { attribute, values, .. }
        | Action::RemoveLinks { attribute, values, .. } => {
            format!("{kind} ({attribute} : {})", values.len())
        }
        _ => kind,
    }
}

/// The same as one JSON document.
pub fn entry_json(key: &ObjectKey, steps: &[Step]) -> String {
    json!({ "entry": key.to_string(), "operations": json(steps) }).to_string()
}
