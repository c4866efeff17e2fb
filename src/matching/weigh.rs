//! The weight of evidence, in bits (Fellegi and Sunter): how much more probable an agreement is for
//! one person than for two.

use serde::{Deserialize, Serialize};

use super::agree::{AGREEMENTS, Agreement, Field, Pattern};
use super::features::Features;
use super::population::Population;

/// Probabilities by field and agreement.
pub(super) type Table = [[f64; AGREEMENTS]; Field::ALL.len()];

/// What evidence weighs in one batch.
#[derive(Debug, Clone)]
pub(super) struct Weights {
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
        (Field::Family, Agreement::Usage) => {
            let shared = [claim.usage.hash, account.usage.hash]
                .into_iter()
                .find(|hash| {
                    *hash != 0
                        && [account.family.hash, account.usage.hash, claim.family.hash]
                            .contains(hash)
                })
                .unwrap_or(claim.family.hash);
            population.family_share(shared)
        }
        (Field::Family, _) => population.family_share(claim.family.hash),
        (Field::Given, _) => population.given_share(claim.given.hash),
        (Field::BirthDate, _) => population.date_share(claim),
        _ => population.birthplace_share(claim),
    })
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

    /// The score of a pair.
    pub(super) fn score(
        &self,
        pattern: &Pattern,
        claim: &Features,
        account: &Features,
        population: &Population<'_>,
    ) -> f64 {
        let bits = Field::ALL.iter().zip(pattern).map(|(field, agreement)| {
            let share = share(*field, *agreement, claim, account, population);
            self.bits(*field, *agreement, share)
        });
        self.prior_bits + bits.sum::<f64>()
    }

    /// The same, line by line.
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

/// Tenths of a bit: what is stored and shown, and the same on every machine.
pub(super) fn decibits(bits: f64) -> i32 {
    (bits * 10.0).round() as i32
}
