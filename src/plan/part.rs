//! A plan in two: what is of some schools, and the rest, which can be done after it.
//!
//! A person goes with the school under which the account stands, with all its operations and what
//! becomes of it in the registry; a group with its school; what is of no school with the first
//! part. A member whose account the rest makes or moves joins a group of the part in the rest.

use std::collections::BTreeSet;

use super::operation::{Action, Operation, OperationKind};
use super::{Plan, order};
use crate::model::dn;
use crate::model::entry::{Links, ObjectKey, ObjectKind};
use crate::model::ids::{PersonId, Uai};
use crate::model::person::Person;
use crate::model::registry::RegistryChange;

/// One of the two.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Half {
    pub operations: Vec<Operation>,
    pub change: RegistryChange,
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
    let places = accounts.filter_map(|operation| match &operation.action {
        Action::Create { entry } => Some(dn::comparable(&entry.dn)),
        Action::Rename { from: _, to } => Some(dn::comparable(to)),
        _ => None,
    });
    places.collect()
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
