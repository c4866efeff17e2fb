//! What operations that were done left of each entry, and what they replaced: the journal, folded.
//! Of one run it tells what to take back, of all runs what we last wrote.

use std::collections::BTreeMap;

use super::attributes::after_move;
use super::operation::{Action, Operation, OperationKind};
use crate::model::attributes::Values;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey};
use crate::model::ids::Uai;

/// How sure it is that an operation was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sure {
    Done,
    /// Sent and without an ending, or refused, maybe in part: what stands tells. Or members who
    /// were to leave, sent or not.
    Maybe,
}

/// The values of an attribute, before and after; none: it was absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    pub before: Option<Vec<String>>,
    pub after: Option<Vec<String>>,
}

impl Turn {
    /// The attribute stands as it was last written.
    pub(super) fn left(&self, stands: Option<Values<'_>>) -> bool {
        match (stands, &self.after) {
            (Some(stands), Some(after)) => stands == *after,
            (stands, after) => stands.is_none() && after.is_none(),
        }
    }
}

/// What happened to one entry.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    pub uai: Option<Uai>,
    /// These operations made it.
    pub made: bool,
    /// They deleted it.
    pub deleted: bool,
    /// Where it stood first, and last.
    pub from: String,
    pub to: String,
    /// Where else it stood since.
    pub former: Vec<String>,
    /// The attributes that were written.
    pub attributes: BTreeMap<String, Turn>,
    /// Links that came, and went.
    pub came: Links,
    pub went: Links,
    /// Whether it could be used before and after, when that was turned or it was made.
    pub enabled: Option<(bool, bool)>,
}

/// By target and object.
pub type Traces = BTreeMap<(String, ObjectKey), Trace>;

/// Folds one more operation that was done.
pub fn fold(traces: &mut Traces, operation: &Operation) {
    let Operation { seq: _, target, kind, key, uai, stage: _, action, blocked: _ } = operation;
    let trace = traces.entry((target.clone(), key.clone())).or_default();
    if uai.is_some() {
        trace.uai.clone_from(uai);
    }
    if trace.from.is_empty() {
        action.dn().clone_into(&mut trace.from);
        trace.to.clone_from(&trace.from);
    }
    let turned = match kind {
        OperationKind::Disable => Some(false),
        OperationKind::Enable => Some(true),
        _ => None,
    };
    if let Some(after) = turned {
        trace.enabled = Some((trace.enabled.map_or(!after, |(before, _)| before), after));
    }
    match action {
        Action::Create { entry } => {
            let (uai, former) = (trace.uai.take(), std::mem::take(&mut trace.former));
            *trace = Trace { uai, former, made: true, ..Trace::default() };
            trace.from.clone_from(&entry.dn);
            trace.to.clone_from(&entry.dn);
            trace.enabled = Some((false, entry.enabled));
            let written = |(name, values): (&str, Values<'_>)| {
                (name.to_owned(), Turn { before: None, after: Some(values.to_vec()) })
            };
            trace.attributes = entry.attributes.iter().map(written).collect();
            trace.came = entry.links.clone();
        }
        Action::Modify { dn: _, before, after } => {
            for name in before.keys().chain(after.keys()) {
                let before = || before.get(name).map(Values::to_vec);
                let turn = trace
                    .attributes
                    .entry(name.to_owned())
                    .or_insert_with(|| Turn { before: before(), after: None });
                turn.after = after.get(name).map(Values::to_vec);
            }
        }
        Action::Rename { from, to } => {
            let written = after_move(trace.last_written(), from, to);
            for (name, turn) in &mut trace.attributes {
                if turn.after.is_some() {
                    turn.after = written.get(name).map(Values::to_vec);
                }
            }
            trace.former.push(std::mem::replace(&mut trace.to, to.clone()));
        }
        Action::Delete { .. } => trace.deleted = true,
        Action::AddLinks { dn: _, attribute, values } => {
            shift(&mut trace.went, &mut trace.came, attribute, values);
        }
        Action::RemoveLinks { dn: _, attribute, values } => {
            shift(&mut trace.came, &mut trace.went, attribute, values);
        }
    }
}

impl Trace {
    /// The attributes as they were last written.
    pub fn last_written(&self) -> Attributes {
        let kept = self.attributes.iter();
        kept.filter_map(|(name, turn)| Some((name, turn.after.as_ref()?))).collect()
    }
}

fn shift(
    from: &mut Links,
    to: &mut Links,
    attribute: &str,
    values: &std::collections::BTreeSet<String>,
) {
    if let Some(held) = from.get_mut(attribute) {
        held.retain(|value| !values.contains(value));
    }
    from.retain(|_, held| !held.is_empty());
    to.entry(attribute.to_owned()).or_default().extend(values.iter().cloned());
}

/// The part of an operation that was done, as far as what stands tells; none when nothing was.
pub fn done_part(operation: &Operation, sure: Sure, standing: Option<&Entry>) -> Option<Operation> {
    if sure == Sure::Done {
        return Some(operation.clone());
    }
    let mut done = operation.clone();
    let held = |attribute: &str| standing.and_then(|entry| entry.links.get(attribute));
    let happened = match &mut done.action {
        Action::Create { entry } => {
            for (attribute, values) in &mut entry.links {
                values.retain(|value| held(attribute).is_some_and(|all| all.contains(value)));
            }
            standing.is_some_and(|now| same_place(&now.dn, &entry.dn))
        }
        Action::Modify { dn: _, before, after } => standing.is_some_and(|now| {
            let mut names = before.keys().chain(after.keys());
            names.all(|name| now.attributes.get(name) == after.get(name))
        }),
        Action::Rename { from: _, to } => standing.is_some_and(|now| same_place(&now.dn, to)),
        Action::Delete { .. } => standing.is_none(),
        Action::AddLinks { dn: _, attribute, values } => {
            values.retain(|value| held(attribute).is_some_and(|all| all.contains(value)));
            !values.is_empty()
        }
        // Whoever was to leave was there when the plan was made: a member before, done or not.
        Action::RemoveLinks { .. } => true,
    };
    happened.then_some(done)
}

pub(super) fn same_place(one: &str, other: &str) -> bool {
    one == other || dn::comparable(one) == dn::comparable(other)
}
