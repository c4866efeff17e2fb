//! The registry: every person, login and workspace ever known, as a value. The store keeps it; a
//! plan carries what becomes of it, and only the apply of that plan writes it down.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::delivery::Source;
use super::ids::{PersonId, StructureKey, Uai};
use super::person::Person;
use super::workspace::Workspace;

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Registry {
    /// Goes up by one with every change written down: a plan made from another one is stale.
    pub generation: u64,
    pub persons: BTreeMap<PersonId, Person>,
    pub workspaces: BTreeMap<StructureKey, Workspace>,
    /// Names that an account had and has no more. They stay given: nobody else gets them.
    pub former_names: BTreeSet<String>,
}

impl Registry {
    /// The number of the next person: numbers are never given again.
    pub fn next_person(&self) -> PersonId {
        PersonId(self.persons.last_key_value().map_or(1, |(id, _)| id.0 + 1))
    }

    /// The registry after a change.
    pub fn apply(&mut self, change: &RegistryChange) {
        for person in &change.persons {
            let had = self.persons.get(&person.id).and_then(|old| old.account.as_ref());
            for name in had.iter().flat_map(|account| account.name.each()) {
                if !person.account.as_ref().is_some_and(|now| now.name.each().contains(&name)) {
                    self.former_names.insert(name.as_str().to_owned());
                }
            }
        }
        self.persons.extend(change.persons.iter().map(|person| (person.id, person.clone())));
        self.workspaces
            .extend(change.workspaces.iter().map(|space| (space.key.clone(), space.clone())));
        self.generation += 1;
    }
}

/// What a plan writes into the registry: new and changed values, whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegistryChange {
    pub persons: Vec<Person>,
    pub workspaces: Vec<Workspace>,
    /// Records whose number is new to their person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
}

impl RegistryChange {
    pub fn is_empty(&self) -> bool {
        self.persons.is_empty() && self.workspaces.is_empty() && self.links.is_empty()
    }
}

/// A record was given to a person: for `explain`, and for taking it back.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Link {
    pub person: PersonId,
    pub uai: Uai,
    pub source: Source,
    /// `ELEVE_ID`, or the number of a member of staff.
    pub number: String,
    pub evidence: LinkEvidence,
    /// What was weighed, as JSON of the matching room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighing: Option<String>,
}

/// On what a record was given to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LinkEvidence {
    /// Nobody known was this person.
    New,
    /// A question was not answered in time: a person of its own.
    Waited,
    Decided,
    NumberAndBirthDate,
    NumberAndNames,
    IneAndBirthDate,
    IneAndNames,
    Corroborated,
}
