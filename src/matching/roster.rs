//! Whoever is known, ready to be compared with: folded once, found by identifier, counted by name.

use jiff::civil::Date;
use jiff::{ToSpan as _, civil};
use rayon::prelude::*;

use super::claim::Claim;
use super::features::{self, Features};
use super::frequency::Frequency;
use super::hash;
use super::index::Index;
use crate::model::ids::PersonId;
use crate::model::person::{EndedBy, Enrolment, EnrolmentState, Identifier, Person};
use crate::model::registry::Registry;

/// A person was at school somewhere within this many months: last year's school is known.
const LATELY_MONTHS: i32 = 15;

/// A person, as far as comparison goes.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) person: PersonId,
    pub(super) features: Features,
    pub(super) stays: Vec<Stay>,
    /// Was at a school of ours within the last fifteen months.
    pub(super) lately: bool,
}

/// A school where the person is or was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    /// Hash of the UAI.
    pub(super) school: u64,
    pub(super) open: bool,
    /// The school itself told the day of the exit.
    pub(super) told: bool,
}

/// Everybody known. Built once for a registry, whatever the number of batches.
pub struct Roster {
    pub(super) accounts: Vec<Account>,
    /// Of the accounts, in order.
    persons: Vec<PersonId>,
    /// By identifier.
    identifiers: Index,
    /// By names and birth date.
    homonyms: Index,
    pub(super) census: Census,
}

/// How often names, dates and places are borne.
#[derive(Debug, Clone, Default)]
pub(super) struct Census {
    pub(super) families: Frequency,
    pub(super) givens: Frequency,
    pub(super) dates: Frequency,
    pub(super) birthplaces: Frequency,
}

impl Census {
    pub(super) fn of<'a>(
        features: impl Iterator<Item = &'a Features> + Clone + Send + Sync,
    ) -> Self {
        let count = |values: fn(&Features) -> [u64; 2]| {
            let features = features.clone();
            move || Frequency::of(features.flat_map(values))
        };
        let place = |one: &Features| [one.birthplace.map_or(0, |place| place.0), 0];
        let ((families, givens), (dates, birthplaces)) = rayon::join(
            || {
                rayon::join(
                    count(|one| [one.family.hash, one.usage.hash]),
                    count(|one| [one.given.hash, 0]),
                )
            },
            || rayon::join(count(|one| [u64::from(one.date.0), 0]), count(place)),
        );
        Self { families, givens, dates, birthplaces }
    }
}

impl Roster {
    /// Of a registry. Persons who were joined to another one are not compared any more.
    pub fn new(registry: &Registry, today: Date) -> Self {
        let since = today.saturating_sub(LATELY_MONTHS.months());
        let persons: Vec<&Person> =
            registry.persons.values().filter(|person| person.joined.is_none()).collect();
        let accounts: Vec<Account> =
            persons.par_iter().map(|person| account(person, since)).collect();
        let identifiers: Vec<(u64, u32)> = persons
            .par_iter()
            .enumerate()
            .flat_map_iter(|(rank, person)| {
                person.identifiers.iter().map(move |one| (identity(one), rank as u32))
            })
            .collect();
        Self::of(accounts, identifiers)
    }

    /// Of new persons, each by one record: for the records of one batch among themselves. Proof has
    /// joined those with a common identifier already.
    pub(super) fn of_newcomers(newcomers: Vec<(PersonId, &Claim, Features)>, today: Date) -> Self {
        let accounts = newcomers
            .into_par_iter()
            .map(|(person, claim, features)| {
                let gone = claim.left_on.is_some_and(|day| day <= today);
                let stay =
                    Stay { school: features::school(&claim.id.uai), open: !gone, told: gone };
                Account { person, features, stays: vec![stay], lately: true }
            })
            .collect();
        Self::of(accounts, Vec::new())
    }

    fn of(accounts: Vec<Account>, identifiers: Vec<(u64, u32)>) -> Self {
        let homonyms = || {
            let entries: Vec<(u64, u32)> = (0..)
                .zip(&accounts)
                .filter(|(_, account)| account.features.date.is_known())
                .map(|(rank, account)| (signature(&account.features), rank))
                .collect();
            Index::of(entries.into_iter())
        };
        let ((identifiers, homonyms), census) = rayon::join(
            || rayon::join(|| Index::of(identifiers.into_iter()), homonyms),
            || Census::of(accounts.iter().map(|account| &account.features)),
        );
        let persons = accounts.iter().map(|account| account.person).collect();
        Self { accounts, persons, identifiers, homonyms, census }
    }

    /// The accounts that carry an identifier, by its hash.
    pub(super) fn holders(&self, identifier: u64) -> impl Iterator<Item = u32> + '_ {
        self.identifiers.find(identifier)
    }

    /// The accounts with exactly these names and this birth date.
    pub(super) fn homonyms<'a>(&'a self, features: &Features) -> impl Iterator<Item = u32> + 'a {
        self.homonyms.find(signature(features))
    }

    pub(super) fn rank(&self, person: PersonId) -> Option<u32> {
        self.persons.binary_search(&person).ok().map(|rank| rank as u32)
    }

    pub(super) fn account(&self, rank: u32) -> &Account {
        &self.accounts[rank as usize]
    }
}

/// Of family name, first name and birth date.
fn signature(features: &Features) -> u64 {
    let names = hash::mix(features.family.hash, features.given.hash);
    hash::mix(names, u64::from(features.date.0))
}

/// The hash of an identifier with its space. The lowest bit tells an INE.
pub(super) fn identity(identifier: &Identifier) -> u64 {
    let text = |kind: u64, space: &str, id: &str| {
        let hash = hash::mix(hash::of_bytes(space.as_bytes()), hash::of_bytes(id.as_bytes()));
        hash::mix(hash, kind)
    };
    match identifier {
        Identifier::Ine { key } => text(1, "", &key.0) | 1,
        Identifier::Siecle { uai, id } => text(2, uai.as_str(), id) & !1,
        Identifier::StsEpp { academy, id } => text(3, academy, id) & !1,
        Identifier::StsLocal { uai, id } => text(4, uai.as_str(), id) & !1,
    }
}

pub(super) fn is_ine(identity: u64) -> bool {
    identity & 1 == 1
}

fn account(person: &Person, since: civil::Date) -> Account {
    let stays: Vec<(Stay, &Enrolment)> = person
        .enrolments
        .iter()
        .map(|(uai, enrolment)| {
            let (open, told) = match &enrolment.state {
                EnrolmentState::Ended { on: _, by } => (false, *by == EndedBy::ExitDate),
                EnrolmentState::Current | EnrolmentState::Future | EnrolmentState::Held { .. } => {
                    (true, false)
                }
            };
            (Stay { school: features::school(uai), open, told }, enrolment)
        })
        .collect();
    let lately = stays.iter().any(|(stay, enrolment)| {
        let ended = match enrolment.state {
            EnrolmentState::Ended { on, .. } => on >= since,
            _ => false,
        };
        stay.open || ended
    });
    Account {
        person: person.id,
        features: features::of_person(person),
        stays: stays.into_iter().map(|(stay, _)| stay).collect(),
        lately,
    }
}
