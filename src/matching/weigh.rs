//! The weight of evidence, in bits (Fellegi and Sunter): how much more probable an agreement is for
//! one person than for two.

use serde::{Deserialize, Serialize};

use super::agree::{AGREEMENTS, Agreement, Field, Pattern};
use super::features::Features;
use super::population::Population;

/// Probabilities by field and agreement.
pub(super) type Table = [[f64; AGREEMENTS]; Field::ALL.len()];

/// What evidence weighs in one batch: learnt from it (`learn.rs`), or given (`given.rs`).
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Of each agreement, when the two are one person.
    pub(super) same: Table,
    /// When they are two. Where a value counts (`by_value`), its frequency stands in its place.
    pub(super) other: Table,
    /// Log2 of the odds that a record and an account taken at random are one person.
    pub(super) prior_bits: f64,
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    pub field: Field,
    pub agreement: Agreement,
    /// Tenths of a bit, for or against.
    pub decibits: i32,
    /// One person in so many bears the value on which they agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_in: Option<u32>,
}

/// An agreement of which the value counts: a rare name proves more than Martin.
pub(super) fn by_value(field: Field, agreement: Agreement) -> bool {
    matches!(
        (field, agreement),
        (Field::Family, Agreement::Same | Agreement::Usage)
            | (Field::Given | Field::BirthDate | Field::Birthplace, Agreement::Same)
    )
}

/// The share of people who bear the value of an agreement.
pub(super) fn share(
    field: Field,
    agreement: Agreement,
    claim: &Features,
    account: &Features,
    population: &Population<'_>,
) -> Option<f64> {
    if !by_value(field, agreement) {
        return None;
    }
    Some(match (field, agreement) {
        (Field::Family, Agreement::Usage) => shared_name_share(claim, account, population),
        (Field::Family, _) => population.family_share(claim.family.hash),
        (Field::Given, _) => population.given_share(claim.given.hash),
        (Field::BirthDate, _) => population.date_share(claim),
        _ => population.birthplace_share(claim),
    })
}

/// Of the name that is the usage name of the one and a name of the other.
fn shared_name_share(claim: &Features, account: &Features, population: &Population<'_>) -> f64 {
    let names = [account.family.hash, account.usage.hash, claim.family.hash];
    let shared = [claim.usage.hash, account.usage.hash]
        .into_iter()
        .find(|hash| *hash != 0 && names.contains(hash));
    population.family_share(shared.unwrap_or(claim.family.hash))
}

impl Weights {
    /// Bits of one field, given the share of its value when that counts.
    pub(super) fn bits(&self, field: Field, agreement: Agreement, share: Option<f64>) -> f64 {
        if agreement == Agreement::Unknown && field != Field::Ine {
            return 0.0;
        }
        let (row, column) = (field as usize, agreement as usize);
        let same = self.same[row][column];
        let other = share.unwrap_or(self.other[row][column]);
        (same / other).log2()
    }

    /// Bits of every agreement, without the values that agree: those of `Rarity` are added.
    pub(super) fn scale(&self) -> Scale {
        let bits = std::array::from_fn(|row| {
            std::array::from_fn(|column| {
                let (field, agreement) = (Field::ALL[row], Agreement::ALL[column]);
                let share = by_value(field, agreement).then_some(1.0);
                self.bits(field, agreement, share)
            })
        });
        Scale { bits, prior_bits: self.prior_bits }
    }

    /// What each line of a pair weighs.
    pub(super) fn lines(
        &self,
        pattern: &Pattern,
        claim: &Features,
        account: &Features,
        population: &Population<'_>,
    ) -> Vec<Weighed> {
        Field::ALL
            .iter()
            .zip(pattern)
            .filter(|(_, agreement)| **agreement != Agreement::Unknown)
            .map(|(field, agreement)| {
                let share = share(*field, *agreement, claim, account, population);
                let decibits = decibits(self.bits(*field, *agreement, share));
                let one_in = share.map(|share| (1.0 / share).round() as u32);
                Weighed { field: *field, agreement: *agreement, decibits, one_in }
            })
            .collect()
    }
}

/// Weights as sums take them: logarithms, once for all pairs.
pub(super) struct Scale {
    bits: Table,
    prior_bits: f64,
}

impl Scale {
    /// The score of a pair, given the bits of its values.
    pub(super) fn score(&self, pattern: &Pattern, rarity_bits: f64) -> f64 {
        let bits = self.bits.iter().zip(pattern).map(|(row, agreement)| row[*agreement as usize]);
        self.prior_bits + rarity_bits + bits.sum::<f64>()
    }
}

/// What the values of one record weigh when another bears them too: looked up once, whatever the
/// number of its candidates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rarity {
    family: f64,
    given: f64,
    birth_date: f64,
    birthplace: f64,
}

impl Rarity {
    pub(super) fn of(claim: &Features, population: &Population<'_>) -> Self {
        Self {
            family: -population.family_share(claim.family.hash).log2(),
            given: -population.given_share(claim.given.hash).log2(),
            birth_date: -population.date_share(claim).log2(),
            birthplace: -population.birthplace_share(claim).log2(),
        }
    }

    /// Bits of all values on which a pair agrees.
    pub(super) fn bits(
        &self,
        pattern: &Pattern,
        claim: &Features,
        account: &Features,
        population: &Population<'_>,
    ) -> f64 {
        let same = |field: Field| pattern[field as usize] == Agreement::Same;
        let of = |field: Field, bits: f64| if same(field) { bits } else { 0.0 };
        let usage = match pattern[Field::Family as usize] {
            Agreement::Usage => -shared_name_share(claim, account, population).log2(),
            _ => 0.0,
        };
        usage
            + of(Field::Family, self.family)
            + of(Field::Given, self.given)
            + of(Field::BirthDate, self.birth_date)
            + of(Field::Birthplace, self.birthplace)
    }
}

/// Tenths of a bit: what is stored and shown, and the same on every machine.
pub(super) fn decibits(bits: f64) -> i32 {
    (bits * 10.0).round() as i32
}
