//! Taking a run back where it was not everywhere: a target that was away is written by a
//! later run, for the same decisions of the registry; another is not configured any more.

use std::collections::{BTreeMap, BTreeSet};

use super::origin::Left;
use super::trace::{Trace, Traces};
use crate::model::account::AccountState;
use crate::model::dn;
use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::PersonId;
use crate::model::observed::Observed;
use crate::model::person::Person;
use crate::model::registry::{Registry, RegistryChange};

/// Objects by target.
pub type Objects = BTreeSet<(String, ObjectKey)>;

/// Who may use no account any more once the change is done.
pub fn lost(registry: &Registry, change: &RegistryChange) -> BTreeSet<PersonId> {
    let state = |person: &Person| person.account.as_ref().map(|account| account.state.clone());
    let worked = |one: &Person| registry.persons.get(&one.id).and_then(state);
    let lost = change.persons.iter().filter(|one| {
        matches!(state(one), Some(AccountState::Disabled { .. }))
            && worked(one).is_some_and(|state| state.works())
    });
    lost.map(|one| one.id).collect()
}

/// What later runs wrote in targets that the run did not reach. Accounts of the `lost`, whom the
/// registry gives no usable account any more, are disabled there as well and leave their groups;
/// all else is theirs, and told.
pub fn caught_up(
    traces: &mut Traces,
    lost: &BTreeSet<PersonId>,
    later: &Objects,
    observed: &BTreeMap<String, Observed>,
    left: &mut Vec<Left>,
) {
    let told = told(traces, lost, later, observed);
    let mut taken = Objects::new();
    for (target, seen) in observed {
        take(traces, lost, (target, seen), &mut taken);
    }
    let object = |one: &Left| (one.target.clone(), one.key.clone());
    left.retain(|one| !taken.contains(&object(one)));
    let known: Objects = left.iter().map(object).collect();
    left.extend(told.into_iter().filter(|one| !known.contains(&object(one))));
}

/// Objects that the run wrote in one target, and a later one in another.
fn told(
    traces: &Traces,
    lost: &BTreeSet<PersonId>,
    later: &Objects,
    observed: &BTreeMap<String, Observed>,
) -> Vec<Left> {
    let mut ours: BTreeMap<&ObjectKey, Vec<(&String, &Trace)>> = BTreeMap::new();
    for ((target, key), trace) in traces {
        ours.entry(key).or_default().push((target, trace));
    }
    let mut names: BTreeSet<(&String, String)> = BTreeSet::new();
    for (target, seen) in observed {
        let theirs = lost.iter().filter_map(|one| seen.entries.get(&ObjectKey::Account(*one)));
        names.extend(theirs.map(|entry| (target, dn::comparable(&entry.dn))));
    }
    // Nobody but the lost came or went.
    let is_of_lost = |(target, trace): &(&String, &Trace)| {
        let mut values = trace.came.values().chain(trace.went.values()).flatten();
        values.all(|value| names.contains(&(*target, dn::comparable(value))))
    };
    let mut left = Vec::new();
    for object in later.iter().filter(|object| !traces.contains_key(*object)) {
        let (target, key) = object;
        let seen = observed.get(target).and_then(|seen| seen.entries.get(key));
        let (Some(seen), Some(ours)) = (seen, ours.get(key)) else { continue };
        let is_told = match key.kind() {
            ObjectKind::Container => false,
            ObjectKind::Account => !key.person().is_some_and(|one| lost.contains(&one)),
            ObjectKind::Team => true,
            ObjectKind::Group => !ours.iter().all(is_of_lost),
        };
        if is_told {
            let (target, key, dn) = (target.clone(), key.clone(), seen.dn.clone());
            let why = "a later run has written it, where this one did not".to_owned();
            left.push(Left { target, key, dn, why });
        }
    }
    left
}

/// The accounts of the lost that can be used in a target where the run made none.
fn take(
    traces: &mut Traces,
    lost: &BTreeSet<PersonId>,
    (target, seen): (&String, &Observed),
    taken: &mut Objects,
) {
    let mut names = BTreeSet::new();
    for person in lost {
        let object = (target.clone(), ObjectKey::Account(*person));
        let entry = seen.entries.get(&object.1).filter(|entry| entry.enabled);
        let Some(entry) = entry.filter(|_| !traces.contains_key(&object)) else { continue };
        names.insert(dn::comparable(&entry.dn));
        traces.insert(object.clone(), Trace { made: true, ..standing(entry) });
        taken.insert(object);
    }
    let groups = seen.entries.iter().filter(|(key, _)| key.kind() == ObjectKind::Group);
    for (key, entry) in groups.filter(|_| !names.is_empty()) {
        for (attribute, values) in &entry.links {
            let theirs = values.iter().filter(|value| names.contains(&dn::comparable(value)));
            let theirs: Vec<String> = theirs.cloned().collect();
            if !theirs.is_empty() {
                let trace = traces.entry((target.clone(), key.clone()));
                let trace = trace.or_insert_with(|| standing(entry));
                trace.came.entry(attribute.clone()).or_default().extend(theirs);
            }
        }
    }
}

/// As if the run had left the entry so.
fn standing(entry: &Entry) -> Trace {
    let (from, to) = (entry.dn.clone(), entry.dn.clone());
    Trace { uai: entry.uai.clone(), from, to, ..Trace::default() }
}

/// What stands in a target that is not configured any more, or is switched off, is out of reach.
pub fn unconfigured(
    traces: &Traces,
    observed: &BTreeMap<String, Observed>,
    why: impl Fn(&str) -> String,
) -> Vec<Left> {
    let out = traces.iter().filter(|((target, _), _)| !observed.contains_key(target));
    let left = out.map(|((target, key), trace)| Left {
        target: target.clone(),
        key: key.clone(),
        dn: trace.to.clone(),
        why: why(target),
    });
    left.collect()
}
