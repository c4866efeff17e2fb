//! What only matching uses of a person: never in a target, a log or a report (requirements 3.3).

use serde::{Deserialize, Serialize};

use super::ids::{SchoolYear, TraitKey, Uai};

/// `CODE_SEXE`; kept only where `[matching] use_sex` says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sex {
    Male,
    Female,
}

/// The place of a programme in the years of schooling: 9 for troisième, 10 for seconde, 12 for
/// terminale, and the school year in which it was so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub rank: u8,
    pub year: SchoolYear,
}

/// A name as keyed hashes: whole, and of its first three letters, which survive most typing errors
/// and truncations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameKey {
    pub whole: TraitKey,
    pub start: TraitKey,
}

/// Evidence beside names and birth date. What is not known is neither for nor against.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Traits {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    /// `CODE_COMMUNE_INSEE_NAISS`; kept only where `[matching] use_birthplace` says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthplace: Option<TraitKey>,
    /// `PRENOM`, in the space of `second`: the two are sometimes exchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<NameKey>,
    /// `PRENOM2`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second: Option<NameKey>,
    /// `SCOLARITE_AN_DERNIER/CODE_RNE`: last year's school.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_school: Option<Uai>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

impl Traits {
    /// The traits as newly declared; what a later record leaves out stays as it was known.
    pub fn renewed_by(&self, newer: &Self) -> Self {
        let Self { sex, birthplace, given, second, previous_school, level } = newer;
        Self {
            sex: sex.or(self.sex),
            birthplace: birthplace.or(self.birthplace),
            given: given.or(self.given),
            second: second.or(self.second),
            previous_school: previous_school.clone().or_else(|| self.previous_school.clone()),
            level: level.or(self.level),
        }
    }
}
