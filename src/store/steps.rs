//! What was done, run after run, to one object or to one person: for `explain`.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Row, params};
use serde::Serialize;

use super::column::{At, document};
use super::in_part::{Gaps, LAST_LINE};
use super::runs::{OperationState, RunId};
use super::{Store, StoreError};
use crate::model::entry::ObjectKey;
use crate::model::ids::PersonId;
use crate::plan::operation::{Action, Operation};
use crate::plan::place;

/// An operation of some run, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub run: RunId,
    pub operation: Operation,
    pub state: OperationState,
    /// How often it was announced.
    pub attempts: u32,
    /// The server's words, or what it waits for.
    pub detail: Option<String>,
    /// When it came into this state; none: it was only planned.
    pub at: Option<Timestamp>,
    /// When the target was read again and showed it (t1 of the 72 hours).
    pub proven_at: Option<Timestamp>,
    /// In the story of a person, the link attributes that this changes for her: `member`.
    pub links: BTreeSet<String>,
    /// In the story of a person: it was done in part, and hers is done.
    pub done_for_her: bool,
    /// The line of the journal that says that it was done in part.
    line: Option<u64>,
    /// Why its run will not do it any more, where it is not done.
    pub fate: Option<Fate>,
}

/// What becomes of an operation that its run left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The plan was not begun: guards stopped it, or it cannot be begun any more.
    NotSent,
    /// A later run has seen what was left.
    TakenOver(RunId),
}

fn columns() -> String {
    format!(
        "SELECT o.run, o.document, coalesce(s.state, 'planned'), coalesce(s.attempts, 0), s.detail,
                s.at, s.proven_at, {LAST_LINE}
         FROM plan_operation o LEFT JOIN operation_state s USING (run, seq)"
    )
}

/// The operations of every run on one object, oldest first.
pub fn of_object(store: &Store, object: &ObjectKey) -> Result<Vec<Step>, StoreError> {
    let sql = format!("{} WHERE o.object = ?1 ORDER BY o.run, o.seq", columns());
    let mut statement = store.connection.prepare(&sql)?;
    let rows = statement.query_map([object.to_string()], step)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Those on a person's account, and those that brought it into a group or out of one, oldest first.
pub fn of_person(store: &Store, person: PersonId) -> Result<Vec<Step>, StoreError> {
    let mut steps = of_object(store, &ObjectKey::Account(person))?;
    // Where the account ever stood, in any target: links name it by that.
    let mut places = BTreeSet::new();
    for step in &steps {
        places.insert(step.operation.action.dn().to_owned());
        if let Action::Rename { to, .. } = &step.operation.action {
            places.insert(to.clone());
        }
    }
    for place in &places {
        for mut step in naming(store, place)? {
            step.links = links_to(&step.operation.action, place);
            step.done_for_her = is_in(store, &step, place)?;
            steps.extend(Some(step).filter(|step| !step.links.is_empty()));
        }
    }
    steps.sort_by_key(|step| (step.run, step.operation.seq));
    steps.dedup_by_key(|step| (step.run, step.operation.seq));
    Ok(steps)
}

/// The operation was done in part, with the link to this place.
fn is_in(store: &Store, step: &Step, place: &str) -> Result<bool, StoreError> {
    let Some(line) = step.line.filter(|_| !step.links.is_empty()) else { return Ok(false) };
    let gaps = Gaps::of_run(&store.connection, step.run)?;
    let written = gaps.written(step.operation.clone(), line);
    Ok(!links_to(&written.action, place).is_empty())
}

/// Those on the entry that stood at a place and is no account, oldest first.
pub fn of_place(store: &Store, dn: &str) -> Result<Vec<Step>, StoreError> {
    let mut steps = naming(store, dn)?;
    steps.retain(|step| step.operation.action.dn() == dn);
    Ok(steps)
}

/// Those on the entry that plans print by this name and that is no account, oldest first; of
/// several such entries, on the one that came first.
pub fn of_name(store: &Store, name: &str) -> Result<Vec<Step>, StoreError> {
    let quoted = serde_json::Value::from(format!("={name},")).to_string();
    let mut steps = containing(store, quoted.trim_matches('"'))?;
    steps.retain(|step| place::name(step.operation.action.dn()) == name);
    if let Some(key) = steps.first().map(|step| step.operation.key.clone()) {
        steps.retain(|step| step.operation.key == key);
    }
    Ok(steps)
}

/// The operations on anything but accounts whose document has this value. They are read past the
/// accounts, which are nine in ten.
fn naming(store: &Store, value: &str) -> Result<Vec<Step>, StoreError> {
    containing(store, &serde_json::Value::from(value).to_string())
}

fn containing(store: &Store, text: &str) -> Result<Vec<Step>, StoreError> {
    let sql = format!(
        "{}
         WHERE (o.object < 'rentree:account:' OR o.object > 'rentree:account;')
           AND instr(o.document, ?1) > 0
         ORDER BY o.run, o.seq",
        columns()
    );
    let mut statement = store.connection.prepare(&sql)?;
    let rows = statement.query_map(params![text], step)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The link attributes in which the operation writes or clears a name.
fn links_to(action: &Action, place: &str) -> BTreeSet<String> {
    match action {
        Action::AddLinks { attribute, values, .. }
        | Action::RemoveLinks { attribute, values, .. } => {
            values.contains(place).then(|| attribute.clone()).into_iter().collect()
        }
        Action::Create { entry } => {
            let named = entry.links.iter().filter(|(_, names)| names.contains(place));
            named.map(|(attribute, _)| attribute.clone()).collect()
        }
        Action::Modify { .. } | Action::Rename { .. } | Action::Delete { .. } => BTreeSet::new(),
    }
}

fn step(row: &Row<'_>) -> rusqlite::Result<Step> {
    let instant = |at: Option<At>| at.map(|At(at)| at);
    Ok(Step {
        run: RunId(row.get(0)?),
        operation: document(row, 1)?,
        state: row.get(2)?,
        attempts: row.get(3)?,
        detail: row.get(4)?,
        at: instant(row.get(5)?),
        proven_at: instant(row.get(6)?),
        links: BTreeSet::new(),
        done_for_her: false,
        line: row.get(7)?,
        fate: None,
    })
}
