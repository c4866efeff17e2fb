//! Who is taken back together: persons between whom a run moved a number. Two who were found to be
//! one, or one who was found to be two, go back all or not at all; half of it would leave one
//! number with two persons, or with nobody.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::PersonId;
use crate::model::person::{Identifier, Person};
use crate::model::registry::Registry;

/// What a run did to persons, and what is known of them now.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// As the run found them; whoever is not there was new.
    pub before: &'a BTreeMap<PersonId, Person>,
    pub written: &'a [Person],
    pub registry: &'a Registry,
}

/// Persons who stay as they are, each with whom he stays for: none when for himself.
pub type Staying = BTreeMap<PersonId, Option<PersonId>>;

/// The numbers by which somebody is known; whoever was joined to another person is known by none.
fn known_by(person: Option<&Person>) -> BTreeSet<&Identifier> {
    let person = person.filter(|person| person.joined.is_none());
    person.into_iter().flat_map(|person| &person.identifiers).collect()
}

impl<'a> Scene<'a> {
    /// Those who cannot go back `alone`, and all who would have gone back with them.
    pub fn staying(&self, alone: impl IntoIterator<Item = PersonId>) -> Staying {
        let moved = self.moved();
        let mut staying: Staying = alone.into_iter().map(|person| (person, None)).collect();
        for (person, holder) in self.held_elsewhere(&moved) {
            staying.entry(person).or_insert(Some(holder));
        }
        let bonds = self.bonds(&moved);
        let mut next: Vec<PersonId> = staying.keys().copied().collect();
        while let Some(person) = next.pop() {
            for other in bonds.get(&person).into_iter().flatten() {
                if !staying.contains_key(other) {
                    staying.insert(*other, Some(person));
                    next.push(*other);
                }
            }
        }
        staying
    }

    /// The numbers that go back to the person who had them before the run.
    pub fn given_back(&self, staying: &Staying) -> BTreeSet<&'a Identifier> {
        let back = self.written.iter().filter(|one| !staying.contains_key(&one.id));
        back.flat_map(|one| self.lost(one)).collect()
    }

    /// What the run took from a person.
    fn lost(&self, written: &'a Person) -> BTreeSet<&'a Identifier> {
        &known_by(self.before.get(&written.id)) - &known_by(Some(written))
    }

    /// By number that the run gave or took, to and from whom.
    fn moved(&self) -> BTreeMap<&'a Identifier, BTreeSet<PersonId>> {
        let mut moved: BTreeMap<_, BTreeSet<PersonId>> = BTreeMap::new();
        for one in self.written {
            let (then, now) = (known_by(self.before.get(&one.id)), known_by(Some(one)));
            for identifier in &then ^ &now {
                moved.entry(identifier).or_default().insert(one.id);
            }
        }
        moved
    }

    /// Who would get a number back that is another person's by now, and whose: one to whom the run
    /// did not give it.
    fn held_elsewhere(
        &self,
        moved: &BTreeMap<&'a Identifier, BTreeSet<PersonId>>,
    ) -> Vec<(PersonId, PersonId)> {
        let mut lost: BTreeMap<&Identifier, Vec<PersonId>> = BTreeMap::new();
        for one in self.written {
            self.lost(one).into_iter().for_each(|it| lost.entry(it).or_default().push(one.id));
        }
        if lost.is_empty() {
            return Vec::new();
        }
        let mut held = Vec::new();
        for holder in self.registry.persons.values() {
            for identifier in known_by(Some(holder)) {
                let by_the_run = moved.get(identifier).is_some_and(|of| of.contains(&holder.id));
                let losers = lost.get(identifier).into_iter().flatten();
                held.extend(losers.filter(|_| !by_the_run).map(|loser| (*loser, holder.id)));
            }
        }
        held
    }

    fn bonds(
        &self,
        moved: &BTreeMap<&'a Identifier, BTreeSet<PersonId>>,
    ) -> BTreeMap<PersonId, BTreeSet<PersonId>> {
        let mut bonds: BTreeMap<PersonId, BTreeSet<PersonId>> = BTreeMap::new();
        for persons in moved.values().filter(|persons| persons.len() > 1) {
            for person in persons {
                bonds.entry(*person).or_default().extend(persons);
            }
        }
        let written: BTreeSet<PersonId> = self.written.iter().map(|one| one.id).collect();
        for one in self.written {
            let before = self.before.get(&one.id).and_then(|old| old.joined);
            let turned = [before, one.joined].into_iter().flatten();
            for joined in turned.filter(|_| before != one.joined) {
                if written.contains(&joined.to) {
                    bonds.entry(one.id).or_default().insert(joined.to);
                    bonds.entry(joined.to).or_default().insert(one.id);
                }
            }
        }
        bonds
    }
}

#[cfg(test)]
mod tests;
