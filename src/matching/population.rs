//! How often a value is borne among everybody: the known, and the records of the batch.

use super::features::Features;
use super::roster::Census;

/// Counts over both sides.
pub(super) struct Population<'a> {
    known: &'a Census,
    batch: Census,
    people: f64,
}

/// In a small population every value would look frequent: shares are those of at least this many.
pub(super) const FEW: f64 = 2_000.0;

impl<'a> Population<'a> {
    pub(super) fn of(known: &'a Census, known_count: usize, batch: &[Features]) -> Self {
        let people = (known_count + batch.len()) as f64;
        Self { known, batch: Census::of(batch.iter()), people: people.max(FEW) }
    }

    pub(super) fn families(&self, hash: u64) -> u32 {
        self.known.families.count(hash) + self.batch.families.count(hash)
    }

    pub(super) fn givens(&self, hash: u64) -> u32 {
        self.known.givens.count(hash) + self.batch.givens.count(hash)
    }

    /// The share of people that a count is; what nobody bears yet is as rare as what one bears.
    fn share(&self, count: u32) -> f64 {
        f64::from(count.max(1)) / self.people
    }

    pub(super) fn family_share(&self, hash: u64) -> f64 {
        self.share(self.families(hash))
    }

    pub(super) fn given_share(&self, hash: u64) -> f64 {
        self.share(self.givens(hash))
    }

    /// Of a birth date. Some days are full: everybody without a known one is born on 1 January.
    pub(super) fn date_share(&self, features: &Features) -> f64 {
        let hash = u64::from(features.date.0);
        self.share(self.known.dates.count(hash) + self.batch.dates.count(hash))
    }

    pub(super) fn birthplace_share(&self, features: &Features) -> f64 {
        let hash = features.birthplace.map_or(0, |place| place.0);
        self.share(self.known.birthplaces.count(hash) + self.batch.birthplaces.count(hash))
    }
}
