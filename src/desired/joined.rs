//! What people decided of doubtful matches, brought into the registry before anything else: two
//! persons turned out to be one, or one to be two (matching.md section 3, « Persisting »).
//!
//! - In: a registry, and what was said of records. - Out: the persons that differ, whole.
//! - Can go wrong: nothing. What was said of somebody unknown, or on other facts, joins nobody.
//!
//! Joining takes nothing away that could not be given back: the person who was joined keeps login,
//! identifiers and past, and his account ends through the ordinary delays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::matching::answer::{Fingerprint, RecordKey};
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::ids::{PersonId, Uai};
use crate::model::person::{EndedBy, EnrolmentState, Identifier, Joined, Person};
use crate::model::registry::Registry;

/// What holds of one record and one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub key: RecordKey,
    /// Those of the record when it was asked about.
    pub identifiers: Identifiers,
    pub person: PersonId,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The record is this person, on these facts.
    Same { facts: Fingerprint },
    /// It is not, or not any more. `before`: the persons concerned as they were before it was said
    /// to be; empty when it never was.
    Not { before: Vec<Person> },
}

/// What the deliveries in force say of the records concerned.
#[derive(Debug, Clone, Default)]
pub struct Delivered {
    pub facts: BTreeMap<RecordKey, Fingerprint>,
    /// Every record that carries one of the numbers: those of an académie stand in several schools.
    pub carriers: BTreeMap<Identifier, BTreeSet<RecordKey>>,
}

impl Said {
    fn number(&self) -> Option<&Identifier> {
        self.identifiers.iter().find(|identifier| !identifier.is_ine())
    }
}

/// The living person that somebody is by now: himself, or the one that he was joined to.
pub fn resolve(registry: &Registry, person: PersonId) -> PersonId {
    let mut now = person;
    // A chain is as long as there were decisions; a circle cannot be made.
    for _ in 0..registry.persons.len() {
        match registry.persons.get(&now).and_then(|person| person.joined) {
            Some(Joined { to, on: _ }) => now = to,
            None => break,
        }
    }
    now
}

/// The persons that differ from the registry by what was said.
pub fn persons(
    registry: &Registry,
    said: &[Said],
    delivered: &Delivered,
    today: Date,
) -> Vec<Person> {
    if said.is_empty() && registry.persons.values().all(|person| person.joined.is_none()) {
        return Vec::new();
    }
    let mut room = Room::new(registry, said, delivered, today);
    said.iter().for_each(|one| room.separate(one));
    room.revive(said);
    said.iter().for_each(|one| room.join(one));
    let changed = room.changed.into_values();
    changed.filter(|person| registry.persons.get(&person.id) != Some(person)).collect()
}

struct Room<'a> {
    registry: &'a Registry,
    delivered: &'a Delivered,
    today: Date,
    changed: BTreeMap<PersonId, Person>,
    /// Whoever carries one of the identifiers in question.
    holders: BTreeMap<&'a Identifier, BTreeSet<PersonId>>,
}

impl<'a> Room<'a> {
    fn new(
        registry: &'a Registry,
        said: &'a [Said],
        delivered: &'a Delivered,
        today: Date,
    ) -> Self {
        let mut holders: BTreeMap<&Identifier, BTreeSet<PersonId>> = said
            .iter()
            .flat_map(|one| &one.identifiers)
            .map(|one| (one, BTreeSet::new()))
            .collect();
        let joined = registry.persons.values().filter(|person| person.joined.is_some());
        holders.extend(
            joined.flat_map(|person| &person.identifiers).map(|one| (one, BTreeSet::new())),
        );
        for person in registry.persons.values() {
            for identifier in &person.identifiers {
                if let Some(ids) = holders.get_mut(identifier) {
                    ids.insert(person.id);
                }
            }
        }
        Self { registry, delivered, today, changed: BTreeMap::new(), holders }
    }

    fn get(&self, id: PersonId) -> Option<&Person> {
        self.changed.get(&id).or_else(|| self.registry.persons.get(&id))
    }

    fn change(&mut self, id: PersonId) -> Option<&mut Person> {
        if !self.changed.contains_key(&id) {
            self.changed.insert(id, self.registry.persons.get(&id)?.clone());
        }
        self.changed.get_mut(&id)
    }

    /// Living persons who carry an identifier now.
    fn living(&self, identifier: &Identifier) -> BTreeSet<PersonId> {
        let ids = self.holders.get(identifier).into_iter().flatten();
        let lives =
            |person: &Person| person.joined.is_none() && person.identifiers.contains(identifier);
        ids.filter(|id| self.get(**id).is_some_and(lives)).copied().collect()
    }

    /// Takes a record, and all that came with it alone, from a person whose it is not.
    fn separate(&mut self, said: &Said) {
        let (What::Not { before }, Some(number)) = (&said.what, said.number()) else { return };
        let before = before.iter().find(|person| person.id == said.person);
        let elsewhere = self.delivered.carriers.get(number).into_iter().flatten();
        let shared = elsewhere.into_iter().any(|key| *key != said.key);
        if shared || !self.living(number).contains(&said.person) {
            return;
        }
        let today = self.today;
        let Some(person) = self.change(said.person) else { return };
        person.identifiers.remove(number);
        if let Some(before) = before {
            let came = |one: &Identifier| {
                one.is_ine() && said.identifiers.contains(one) && !before.identifiers.contains(one)
            };
            person.identifiers.retain(|one| !came(one));
            person.names.clone_from(&before.names);
            person.birth_date = before.birth_date;
            person.traits.clone_from(&before.traits);
        }
        let uai = &said.key.uai;
        if is_known_at(person, uai, said.key.source) {
            return;
        }
        match before.and_then(|before| before.enrolments.get(uai)) {
            Some(old) => _ = person.enrolments.insert(uai.clone(), old.clone()),
            None => end(person, Some(uai), EndedBy::Separated, today),
        }
        let place = before.and_then(|before| before.place.as_ref());
        if person.place.as_ref() == Some(uai) && place.is_some() {
            person.place = place.cloned();
        }
    }

    /// Gives those back to themselves whose joining nothing holds any more.
    fn revive(&mut self, said: &[Said]) {
        let joined: Vec<(PersonId, PersonId)> = self
            .registry
            .persons
            .values()
            .filter_map(|person| Some((person.id, person.joined?.to)))
            .collect();
        for (id, to) in joined {
            let Some(person) = self.get(id) else { continue };
            let holds = |one: &Said| {
                matches!(one.what, What::Same { .. })
                    && one.number().is_some_and(|number| person.identifiers.contains(number))
                    && resolve(self.registry, one.person) == resolve(self.registry, to)
            };
            if said.iter().any(holds) {
                continue;
            }
            let taken: Vec<Identifier> = person
                .identifiers
                .iter()
                .filter(|one| !self.living(one).is_empty())
                .cloned()
                .collect();
            let before = said.iter().find_map(|one| match &one.what {
                What::Not { before } => before.iter().find(|person| person.id == id),
                What::Same { .. } => None,
            });
            let Some(person) = self.change(id) else { continue };
            person.joined = None;
            person.identifiers.retain(|one| !taken.contains(one));
            for (uai, enrolment) in &mut person.enrolments {
                let by_joining =
                    matches!(enrolment.state, EnrolmentState::Ended { by: EndedBy::Joined, .. });
                if by_joining {
                    let old = before.and_then(|before| before.enrolments.get(uai));
                    enrolment.state = old.map_or(EnrolmentState::Current, |old| old.state.clone());
                }
            }
        }
    }

    /// Whoever had got the record as a person of its own is the one that somebody said it to be.
    fn join(&mut self, said: &Said) {
        let (What::Same { facts }, Some(number)) = (&said.what, said.number()) else { return };
        let to = self.resolved(said.person);
        let known = self.get(to).is_some_and(|person| person.joined.is_none());
        if !known || self.delivered.facts.get(&said.key) != Some(facts) {
            return;
        }
        let today = self.today;
        for id in self.living(number) {
            if id == to {
                continue;
            }
            let Some(person) = self.change(id) else { continue };
            let alone = person.identifiers.iter().all(|one| one.is_ine() || one == number);
            if alone {
                person.joined = Some(Joined { to, on: today });
                end(person, None, EndedBy::Joined, today);
            } else {
                // A person of other schools too: only this record is somebody else's.
                person.identifiers.remove(number);
                if !is_known_at(person, &said.key.uai, said.key.source) {
                    end(person, Some(&said.key.uai), EndedBy::Separated, today);
                }
            }
        }
    }

    fn resolved(&self, person: PersonId) -> PersonId {
        let mut now = person;
        for _ in 0..=self.changed.len() {
            now = resolve(self.registry, now);
            match self.changed.get(&now).and_then(|person| person.joined) {
                Some(Joined { to, on: _ }) => now = to,
                None => break,
            }
        }
        now
    }
}

/// Another number still leads to the person at the school.
fn is_known_at(person: &Person, uai: &Uai, source: Source) -> bool {
    person.identifiers.iter().any(|identifier| match identifier {
        Identifier::Siecle { uai: own, .. } => own == uai && source == Source::SieclePupils,
        Identifier::StsLocal { uai: own, .. } => own == uai && source == Source::Sts,
        // Nobody knows in which schools of the académie: the file of the school tells.
        Identifier::StsEpp { .. } => source == Source::Sts,
        Identifier::Ine { .. } => false,
    })
}

fn end(person: &mut Person, only: Option<&Uai>, by: EndedBy, today: Date) {
    for (uai, enrolment) in &mut person.enrolments {
        let open = !matches!(enrolment.state, EnrolmentState::Ended { .. });
        if open && only.is_none_or(|only| only == uai) {
            enrolment.state = EnrolmentState::Ended { on: today, by };
        }
    }
}

#[cfg(test)]
#[path = "joined_tests.rs"]
mod tests;
