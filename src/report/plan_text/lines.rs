//! One change, one line.

use std::collections::{BTreeMap, BTreeSet};

use super::super::plan_words::{first_of, object, shown};
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, ObjectKey};
use crate::model::ids::Uai;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::plan::place;

/// Names of members that one line shows, at most; the other forms of a plan have them all.
const NAMES_MAX: usize = 8;

/// The classes and groups that new accounts come into, by comparable place.
pub(super) fn groups_joined(operations: &[Operation]) -> BTreeMap<String, BTreeSet<&str>> {
    let mut joined: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for operation in operations {
        if let (Action::Create { entry }, ObjectKey::Account(_)) =
            (&operation.action, &operation.key)
        {
            joined.insert(dn::comparable(&entry.dn), BTreeSet::new());
        }
    }
    for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
        let ObjectKey::Group(structure) = &operation.key else { continue };
        let values: Vec<&String> = match &operation.action {
            Action::Create { entry } => entry.links.values().flatten().collect(),
            Action::AddLinks { dn: _, attribute: _, values } => values.iter().collect(),
            Action::Modify { .. }
            | Action::Rename { .. }
            | Action::Delete { .. }
            | Action::RemoveLinks { .. } => continue,
        };
        for value in values {
            if let Some(codes) = joined.get_mut(&dn::comparable(value)) {
                codes.insert(&structure.code.0);
            }
        }
    }
    joined
}

/// The line of an operation: a sign, a name, what becomes of it.
pub(super) fn change(operation: &Operation, groups: &BTreeMap<String, BTreeSet<&str>>) -> String {
    let Operation { seq: _, target: _, kind, key, uai, stage: _, action, blocked: _ } = operation;
    match action {
        Action::Create { entry } => format!("+ {}", creation(entry, uai.as_ref(), groups)),
        Action::Modify { dn, before, after } => {
            let what = differences(before, after);
            let name = shown(&place::name(dn));
            match kind {
                OperationKind::Disable => format!("- {name}  disabled  ({what})"),
                OperationKind::Enable => format!("^ {name}  enabled  ({what})"),
                _ => format!("~ {name}  {what}"),
            }
        }
        Action::Rename { from, to } => {
            let turned = match kind {
                OperationKind::Disable => "  and disabled by it",
                OperationKind::Enable => "  and enabled by it",
                _ => "",
            };
            format!("> {}{turned}", journey(from, to))
        }
        Action::Delete { dn, before } => {
            let name = first_of(before, &["displayName", "cn"]).map(shown).unwrap_or_default();
            format!("x {}  {name}  deleted ({})", shown(&place::name(dn)), object(key))
        }
        Action::AddLinks { dn, attribute, values } => {
            format!("~ {}  {attribute}: + {}", shown(&place::name(dn)), names(values))
        }
        Action::RemoveLinks { dn, attribute, values } => {
            format!("~ {}  {attribute}: - {}", shown(&place::name(dn)), names(values))
        }
    }
}

fn creation(entry: &Entry, uai: Option<&Uai>, groups: &BTreeMap<String, BTreeSet<&str>>) -> String {
    let Entry { key, uai: _, dn, attributes, links, enabled } = entry;
    let name = shown(&place::name(dn));
    let state = if *enabled { "" } else { "  disabled" };
    match key {
        ObjectKey::Account(_) => {
            let people = first_of(attributes, &["displayName", "cn"]).map(shown);
            let mut places: Vec<String> = uai.iter().map(|uai| uai.to_string()).collect();
            let codes = groups.get(&dn::comparable(dn)).into_iter().flatten();
            places.extend(codes.map(|code| shown(code)));
            format!("{name}  {}  {}{state}", people.unwrap_or_default(), places.join(", "))
        }
        ObjectKey::Group(_) | ObjectKey::Yearly(_) | ObjectKey::Licence(_) => {
            let mut line = format!("{name}  {}", object(key));
            for (attribute, values) in links {
                line.push_str(&format!("  {attribute}: {}", names(values)));
            }
            line
        }
        ObjectKey::Container(_) | ObjectKey::Team(_) => format!("{name}  {}", object(key)),
    }
}

/// `attribute: before → after`, for each that differs.
pub(in crate::report) fn differences(before: &Attributes, after: &Attributes) -> String {
    let attributes: BTreeSet<&str> = before.keys().chain(after.keys()).collect();
    let side = |side: &Attributes, name: &str| match side.get(name) {
        Some(values) => values.iter().map(shown).collect::<Vec<_>>().join(" | "),
        None => "(none)".to_owned(),
    };
    let each = attributes
        .into_iter()
        .map(|name| format!("{name}: {} → {}", side(before, name), side(after, name)));
    each.collect::<Vec<_>>().join("; ")
}

/// A move to another school, a new name, or another place.
pub(in crate::report) fn journey(from: &str, to: &str) -> String {
    let (old, new) = (shown(&place::name(from)), shown(&place::name(to)));
    let name = if old == new { new } else { format!("{old} → {new}") };
    match (place::school(from), place::school(to)) {
        (Some(left), Some(joined)) if left != joined => format!("{name}  moved {left} → {joined}"),
        _ if dn::parent(from).map(dn::comparable) == dn::parent(to).map(dn::comparable) => {
            format!("{name}  renamed")
        }
        _ => format!("{name}  moved {} → {}", shown(from), shown(to)),
    }
}

pub(in crate::report) fn names(values: &BTreeSet<String>) -> String {
    // The old and the new name of one who moves read the same.
    let names: BTreeSet<String> = values.iter().map(|dn| shown(&place::name(dn))).collect();
    let first: Vec<&str> = names.iter().take(NAMES_MAX).map(String::as_str).collect();
    match names.len().saturating_sub(NAMES_MAX) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}
