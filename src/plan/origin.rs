//! What a plan was made from, beyond the registry and what departures are measured on: whoever
//! applies it can tell which of it has changed since (SEC-43).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Basis;
use super::guard::SchoolFacts;
use super::operation::{Action, Operation};
use super::place;
use crate::model::dn;
use crate::model::entry::{Entry, Links, ObjectKey, ObjectKind};
use crate::model::ids::{Digest, Uai};
use crate::model::observed::Observed;

/// What a plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    /// The deliveries in force; none for a plan that takes a run back.
    pub in_force: Vec<Basis>,
    /// Digest of each file of the configuration, by name.
    pub files: BTreeMap<String, Digest>,
    /// The standing entries that the plan changes, as they were seen.
    pub expected: Vec<Expected>,
    /// The run that the plan takes back.
    pub undoes: Option<u64>,
    /// What stays otherwise than it should, or is not taken back, each with its reason.
    pub left: Vec<Left>,
    /// The numbers that its guards looked at, for those who apply a part of it.
    pub facts: Vec<(Option<Uai>, SchoolFacts)>,
    /// What the plan speaks of: a part says nothing of the other schools.
    #[serde(default)]
    pub scope: Scope,
    /// The run whose plan this is one half of; `scope` tells which.
    #[serde(default)]
    pub part_of: Option<u64>,
    /// Of a rest, and of what is made of it: the run of the part, which goes first.
    #[serde(default)]
    pub after: Option<u64>,
}

/// The schools that a plan speaks of (`apply --school` makes two of one). Of a part nothing is
/// split off: its schools are taken from the plan that it is of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    #[default]
    All,
    Only(BTreeSet<Uai>),
    Without(BTreeSet<Uai>),
}

impl Scope {
    pub fn has(&self, uai: Option<&Uai>) -> bool {
        match self {
            Self::All => true,
            Self::Only(schools) => uai.is_some_and(|uai| schools.contains(uai)),
            Self::Without(schools) => !uai.is_some_and(|uai| schools.contains(uai)),
        }
    }

    /// What is left once the part of some schools is taken out.
    #[must_use]
    pub fn without(&self, taken: &BTreeSet<Uai>) -> Self {
        match self {
            Self::All => Self::Without(taken.clone()),
            Self::Only(schools) => Self::Only(schools - taken),
            Self::Without(schools) => Self::Without(schools | taken),
        }
    }
}

/// An entry as it was seen when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Expected {
    pub target: String,
    pub key: ObjectKey,
    pub dn: String,
    /// Of its place, its managed attributes and its links; none for an entry that the part makes or
    /// changes before the rest comes to it.
    pub digest: Option<Digest>,
}

/// Something that is not taken back, or that no plan can mend, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Left {
    pub target: String,
    pub key: ObjectKey,
    pub dn: String,
    pub why: String,
}

/// The entries that the operations of one target change, as they stand.
pub fn expected(target: &str, observed: &Observed, operations: &[Operation]) -> Vec<Expected> {
    let ours = operations.iter().filter(|one| one.target == target && one.blocked.is_none());
    let keys: BTreeSet<&ObjectKey> = ours.map(|one| &one.key).collect();
    let entries = keys.into_iter().filter_map(|key| observed.entries.get(key));
    entries
        .map(|entry| Expected {
            target: target.to_owned(),
            key: entry.key.clone(),
            dn: entry.dn.clone(),
            digest: Some(digest(entry)),
        })
        .collect()
}

fn digest(entry: &Entry) -> Digest {
    let Entry { key: _, uai: _, dn, attributes, links, enabled } = entry;
    let places = |(name, values): (&String, &BTreeSet<String>)| {
        let places = values.iter().map(|value| dn::comparable(value)).collect();
        (name.clone(), places)
    };
    let links: Links = links.iter().filter(|(_, values)| !values.is_empty()).map(places).collect();
    let text = serde_json::json!([dn, attributes, enabled, links]).to_string();
    Digest::of_bytes(Sha256::digest(text.as_bytes()))
}

/// What has changed in a target since the plan saw it, one sentence an entry: of those that it
/// changes, of the places where it makes one or puts one, and of those that it links to. At
/// `placeholders` nothing need stand.
pub fn changed(
    target: &str,
    observed: &Observed,
    origin: &Origin,
    operations: &[Operation],
    placeholders: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut told = Vec::new();
    for one in origin.expected.iter().filter(|one| one.target == target) {
        match observed.entries.get(&one.key) {
            None => told.push(format!("{} is gone, or carries our mark no more", one.key)),
            Some(now) if now.dn != one.dn => told.push(format!("{} has moved", one.key)),
            Some(now) if one.digest.as_ref().is_some_and(|then| *then != digest(now)) => {
                let links = one.key.kind() == ObjectKind::Group;
                let what = if links { "was edited, or its members" } else { "was edited" };
                told.push(format!("{} {what}", one.key));
            }
            Some(_) => {}
        }
    }
    let known: BTreeSet<&ObjectKey> =
        origin.expected.iter().filter(|one| one.target == target).map(|one| &one.key).collect();
    let ours: Vec<&Operation> =
        operations.iter().filter(|one| one.target == target && one.blocked.is_none()).collect();
    let mut standing: BTreeMap<String, Option<&ObjectKey>> =
        observed.foreign_dns.iter().map(|place| (place.clone(), None)).collect();
    let entries = observed.entries.values();
    standing.extend(entries.map(|entry| (dn::comparable(&entry.dn), Some(&entry.key))));
    for Operation { key, action, .. } in &ours {
        let Some(place) = comes_to(action) else { continue };
        if matches!(action, Action::Create { .. }) && observed.entries.contains_key(key) {
            if !known.contains(key) {
                told.push(format!("{key} stands already"));
            }
            continue;
        }
        // What the plan itself moves or deletes there is held to its own expectation.
        let taken = standing.get(&dn::comparable(place));
        if taken.is_some_and(|by| by.is_none_or(|by| by != key && !known.contains(by))) {
            told.push(format!("another entry stands at the place of {key}"));
        }
    }
    let made = ours.iter().filter_map(|one| comes_to(&one.action));
    let nothing = made.chain(placeholders.values()).map(|place| (dn::comparable(place), None));
    standing.extend(nothing.collect::<Vec<_>>());
    let mut gone = BTreeSet::new();
    for Operation { key, action, .. } in &ours {
        let links = links_of(action).into_iter();
        let missing = links.filter(|value| !standing.contains_key(&dn::comparable(value)));
        gone.extend(missing.map(|value| (key, place::name(value))));
    }
    told.extend(gone.into_iter().map(|(key, name)| format!("{name}, to join {key}, is gone")));
    told
}

/// Where an entry comes to stand.
pub(super) fn comes_to(action: &Action) -> Option<&String> {
    match action {
        Action::Create { entry } => Some(&entry.dn),
        Action::Rename { from: _, to } => Some(to),
        Action::Modify { .. }
        | Action::Delete { .. }
        | Action::AddLinks { .. }
        | Action::RemoveLinks { .. } => None,
    }
}

/// The links that an operation makes.
pub(super) fn links_of(action: &Action) -> Vec<&String> {
    match action {
        Action::Create { entry } => entry.links.values().flatten().collect(),
        Action::AddLinks { dn: _, attribute: _, values } => values.iter().collect(),
        Action::Modify { .. }
        | Action::Rename { .. }
        | Action::Delete { .. }
        | Action::RemoveLinks { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
