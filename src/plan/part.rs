//! A plan in two: what is of some schools, and the rest, which can be done after it.
//!
//! A person goes with the school under which the account stands, with all its operations and what
//! becomes of it in the registry; a group with its school; what is of no school with the first
//! part. A member whose account the rest makes or moves joins a group of the part in the rest.

use std::collections::{BTreeMap, BTreeSet};

use super::operation::{Action, Operation, OperationKind};
use super::origin::{Expected, comes_to, links_of};
use super::{Plan, order};
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey, ObjectKind};
use crate::model::ids::{PersonId, Uai};
use crate::model::observed::Observed;
use crate::model::person::Person;
use crate::model::registry::RegistryChange;

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Half {
    pub operations: Vec<Operation>,
    pub change: RegistryChange,
}

impl Half {
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty() && self.change.is_empty()
    }
}

/// The part of these schools, and the rest.
pub fn split(plan: &Plan, schools: &BTreeSet<Uai>) -> (Half, Half) {
    let (mut part, mut rest) = (Half::default(), Half::default());
    let of_schools = |uai: Option<&Uai>| uai.is_some_and(|uai| schools.contains(uai));
    let (mut ours, mut known) = (BTreeSet::new(), BTreeSet::new());
    for person in &plan.change.persons {
        known.insert(person.id);
        if is_of(person, schools) {
            ours.insert(person.id);
        }
    }
    for operation in &plan.operations {
        if let ObjectKey::Account(person) = operation.key
            && !known.contains(&person)
            && of_schools(operation.uai.as_ref())
        {
            ours.insert(person);
        }
    }
    let here = |person: PersonId| ours.contains(&person);
    for person in &plan.change.persons {
        let half = if here(person.id) { &mut part } else { &mut rest };
        half.change.persons.push(person.clone());
    }
    for link in &plan.change.links {
        let half = if here(link.person) { &mut part } else { &mut rest };
        half.change.links.push(link.clone());
    }
    for space in &plan.change.workspaces {
        let half = if schools.contains(&space.key.uai) { &mut part } else { &mut rest };
        half.change.workspaces.push(space.clone());
    }
    for operation in &plan.operations {
        let first = match &operation.key {
            ObjectKey::Account(person) => here(*person),
            ObjectKey::Group(structure) => schools.contains(&structure.uai),
            ObjectKey::Yearly(group) | ObjectKey::Team(group) => {
                schools.contains(&group.structure.uai)
            }
            ObjectKey::Container(_) | ObjectKey::Licence(_) => {
                operation.uai.is_none() || of_schools(operation.uai.as_ref())
            }
        };
        let half = if first { &mut part } else { &mut rest };
        half.operations.push(operation.clone());
    }
    let later = coming(&rest.operations);
    let put_off: Vec<Operation> =
        part.operations.iter_mut().flat_map(|operation| put_off(operation, &later)).collect();
    part.operations.retain(|operation| match &operation.action {
        Action::AddLinks { values, .. } => !values.is_empty(),
        _ => true,
    });
    rest.operations.extend(put_off);
    (part, rest)
}

fn is_of(person: &Person, schools: &BTreeSet<Uai>) -> bool {
    match &person.place {
        Some(place) => schools.contains(place),
        None => person.enrolments.keys().any(|uai| schools.contains(uai)),
    }
}

/// Where accounts come to stand, in comparable form.
fn coming(operations: &[Operation]) -> BTreeSet<String> {
    let accounts = operations.iter().filter(|one| one.key.kind() == ObjectKind::Account);
    accounts.filter_map(|one| comes_to(&one.action)).map(|dn| dn::comparable(dn)).collect()
}

/// Takes the links to entries that come later out of an operation, and gives back their own.
fn put_off(operation: &mut Operation, later: &BTreeSet<String>) -> Vec<Operation> {
    let (dn, taken): (String, Links) = match &mut operation.action {
        Action::Create { entry } => {
            let links = entry.links.iter_mut();
            let taken = links.map(|(attribute, values)| (attribute.clone(), take(values, later)));
            let taken = taken.collect();
            entry.links.retain(|_, values| !values.is_empty());
            (entry.dn.clone(), taken)
        }
        Action::AddLinks { dn, attribute, values } => {
            (dn.clone(), Links::from([(attribute.clone(), take(values, later))]))
        }
        _ => return Vec::new(),
    };
    let own = taken.into_iter().filter(|(_, values): &(_, BTreeSet<String>)| !values.is_empty());
    own.map(|(attribute, values)| {
        let action = Action::AddLinks { dn: dn.clone(), attribute, values };
        let kind = OperationKind::AddMember;
        let stage = order::stage(kind, &operation.key, &action);
        Operation { kind, stage, action, ..operation.clone() }
    })
    .collect()
}

fn take(values: &mut BTreeSet<String>, later: &BTreeSet<String>) -> BTreeSet<String> {
    let comes = |value: &String| later.contains(&dn::comparable(value));
    let (taken, kept) = std::mem::take(values).into_iter().partition(comes);
    *values = kept;
    taken
}

type Touched<'a> = BTreeSet<(&'a String, &'a ObjectKey)>;

fn touched(half: &Half) -> Touched<'_> {
    half.operations.iter().map(|one| (&one.target, &one.key)).collect()
}

/// What the part expects to find: what the whole plan does, of its own entries.
pub fn expected_by_part(whole: &Plan, part: &Half) -> Vec<Expected> {
    let ours = touched(part);
    let all = whole.origin.expected.iter();
    all.filter(|one| ours.contains(&(&one.target, &one.key))).cloned().collect()
}

/// What the rest expects to find once the part is done: of what the part makes or changes, that it
/// stands where the part leaves it.
pub fn expected_by_rest(whole: &Plan, part: &Half, rest: &Half) -> Vec<Expected> {
    let ours = touched(rest);
    let mut left: BTreeMap<(&String, &ObjectKey), &String> = BTreeMap::new();
    for Operation { target, key, action, blocked, .. } in &part.operations {
        let dn = match action {
            Action::Create { entry } => &entry.dn,
            Action::Rename { from: _, to } => to,
            Action::Modify { dn, before: _, after: _ } => dn,
            Action::AddLinks { dn, .. } | Action::RemoveLinks { dn, .. } => dn,
            Action::Delete { .. } => continue,
        };
        if blocked.is_none() && ours.contains(&(target, key)) {
            left.insert((target, key), dn);
        }
    }
    let as_seen = whole.origin.expected.iter().filter(|one| {
        let key = (&one.target, &one.key);
        ours.contains(&key) && !left.contains_key(&key)
    });
    let mut expected: Vec<Expected> = as_seen.cloned().collect();
    // A server may rewrite the links to whoever has moved, or is gone.
    let follows = part.operations.iter().any(|one| {
        one.blocked.is_none() && matches!(one.action, Action::Rename { .. } | Action::Delete { .. })
    });
    for one in expected.iter_mut().filter(|one| follows && one.key.kind() == ObjectKind::Group) {
        one.digest = None;
    }
    expected.extend(left.iter().map(|((target, key), dn)| Expected {
        target: (*target).clone(),
        key: (*key).clone(),
        dn: (*dn).clone(),
        digest: None,
    }));
    expected
}

/// What a half may count on, target by target, for the checker of plans. Nothing is read for it: it
/// is what the half expects, what `done` makes before it, and whatever the whole plan links without
/// making it, which its own check found standing. What stands now is for the apply to look at.
pub fn ground(
    whole: &Plan,
    expected: &[Expected],
    done: Option<&Half>,
) -> BTreeMap<String, Observed> {
    let mut ground: BTreeMap<String, Observed> = BTreeMap::new();
    for operation in &whole.operations {
        ground.entry(operation.target.clone()).or_default();
    }
    for (target, seen) in &mut ground {
        let of_target = |one: &&Operation| one.target == *target && one.blocked.is_none();
        for one in expected.iter().filter(|one| one.target == *target) {
            seen.entries.insert(one.key.clone(), standing(&one.key, &one.dn));
        }
        for made in done.iter().flat_map(|half| &half.operations).filter(of_target) {
            if let Some(dn) = comes_to(&made.action) {
                seen.entries.insert(made.key.clone(), standing(&made.key, dn));
            }
        }
        let mut known: BTreeSet<String> =
            seen.entries.values().map(|entry| dn::comparable(&entry.dn)).collect();
        let all = || whole.operations.iter().filter(of_target);
        known.extend(all().filter_map(|one| comes_to(&one.action)).map(|dn| dn::comparable(dn)));
        for linked in all().flat_map(|one| links_of(&one.action)) {
            if known.insert(dn::comparable(linked)) {
                // Whose entry it is does not matter: that it stands does.
                let key = ObjectKey::Container(linked.clone());
                seen.entries.insert(key.clone(), standing(&key, linked));
            }
        }
        let doubles = whole.doubles.iter().filter(|one| one.target == *target);
        seen.doubles = doubles.map(|one| standing(&one.key, &one.dn)).collect();
    }
    ground
}

fn standing(key: &ObjectKey, dn: &str) -> Entry {
    let (attributes, links) = (Attributes::new(), Links::new());
    Entry { key: key.clone(), uai: None, dn: dn.to_owned(), attributes, links, enabled: true }
}

#[cfg(test)]
mod tests;
