//! What people decided of doubtful matches. An answer is for a record and a person, on the facts
//! that were shown: when the facts change it is asked again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::hash;
use crate::model::delivery::Source;
use crate::model::ids::{PersonId, Uai};
use crate::model::person::Identifier;

/// A record, from one delivery of its school to the next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RecordKey {
    pub uai: Uai,
    pub source: Source,
    /// `ELEVE_ID`, or the number of a member of staff.
    pub number: String,
}

/// INE, names and birth date, as one number: changed facts have another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fingerprint(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The record is this person.
    Same,
    /// It is somebody else.
    Different,
}

/// One answer that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ruling {
    pub person: PersonId,
    pub facts: Fingerprint,
    pub answer: Answer,
}

/// All that matters to the matching.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    pub rulings: BTreeMap<RecordKey, Vec<Ruling>>,
    /// Records whose question has waited long enough: they get an account of their own.
    pub waited: BTreeSet<RecordKey>,
}

/// The key of a claim's record.
pub fn record_key(claim: &Claim) -> RecordKey {
    let id = &claim.id;
    let number = claim.number().to_owned();
    RecordKey { uai: id.uai.clone(), source: id.source, number }
}

/// The facts that an answer stands on.
pub fn fingerprint(claim: &Claim) -> Fingerprint {
    let ines = claim.identifiers.iter().filter_map(|identifier| match identifier {
        Identifier::Ine { key } => Some(key.0.as_str()),
        Identifier::Siecle { .. } | Identifier::StsEpp { .. } | Identifier::StsLocal { .. } => None,
    });
    let names = &claim.names;
    let written = [&names.family, &names.given]
        .into_iter()
        .chain(&names.usage)
        .map(|name| super::normal::key(name));
    let date = claim.birth_date.map(|date| date.to_string()).unwrap_or_default();
    let parts = ines.map(str::to_owned).chain(written).chain([date]);
    let hash = parts.fold(1, |hash, part| hash::mix(hash, hash::of_bytes(part.as_bytes())));
    Fingerprint(hash)
}

impl Answers {
    /// The person that a record was said to be.
    pub(super) fn same(&self, key: &RecordKey, facts: Fingerprint) -> Option<PersonId> {
        let rulings = self.rulings.get(key)?;
        let found = rulings.iter().find(|one| one.answer == Answer::Same && one.facts == facts)?;
        Some(found.person)
    }

    /// The persons that it was said not to be.
    pub(super) fn different(&self, key: &RecordKey, facts: Fingerprint) -> BTreeSet<PersonId> {
        let rulings = self.rulings.get(key).into_iter().flatten();
        rulings
            .filter(|one| one.answer == Answer::Different && one.facts == facts)
            .map(|one| one.person)
            .collect()
    }
}
