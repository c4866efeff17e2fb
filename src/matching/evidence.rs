//! Evidence for the records that no identifier has settled (matching.md section 3, stage 2): the
//! candidates, compared and weighed, best first.

use rayon::prelude::*;

use super::agree::{Listed, Pattern, agree};
use super::block::{self, KeyCount, Seeker};
use super::features::Features;
use super::judge;
use super::learn::{self, Compared};
use super::population::Population;
use super::roster::Roster;
use super::weigh::{Rarity, Weights};

/// A pair that was weighed. Ranks are those of the seekers and of the roster's accounts.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) seeker: u32,
    pub(super) account: u32,
    pub(super) pattern: Pattern,
    pub(super) bits: f64,
}

/// Everything that was weighed.
pub(super) struct Weighing {
    /// By seeker, best first.
    pub(super) pairs: Vec<Pair>,
    pub(super) weights: Weights,
    pub(super) keys: Vec<KeyCount>,
}

/// Pairs weaker than this are not kept: nothing is asked of them, and nobody's second best is so
/// far away that it matters.
const BITS_KEPT_MIN: f64 = -12.0;

/// Weighs every candidate, by weights that are learnt unless they are given. `is_pair` leaves some
/// out: a record and itself.
pub(super) fn weigh(
    seekers: &[Seeker<'_>],
    roster: &Roster,
    population: &Population<'_>,
    listed: &[Listed],
    is_pair: impl Fn(u32, u32) -> bool + Sync,
    given: Option<&Weights>,
) -> Weighing {
    let (mut candidates, keys) = block::candidates(seekers, &roster.accounts);
    candidates.retain(|(seeker, account)| is_pair(*seeker, *account));
    let features: Vec<&Features> = seekers.iter().map(|seeker| seeker.features).collect();
    let mut weights = given.cloned().unwrap_or_else(|| learn::by_experience(roster.accounts.len()));
    if given.is_none() {
        learn::learn_chance(&mut weights, &features, &roster.accounts, population);
    }
    let rarities: Vec<Rarity> =
        features.par_iter().map(|features| Rarity::of(features, population)).collect();
    let compared: Vec<Compared> = candidates
        .par_iter()
        .map(|(seeker, account)| {
            let claim = features[*seeker as usize];
            let person = roster.account(*account);
            let listed = listed.get(*account as usize).copied().unwrap_or_default();
            let pattern = agree(claim, person, listed, population);
            let rarity = &rarities[*seeker as usize];
            let rarity_bits = rarity.bits(&pattern, claim, &person.features, population);
            Compared { pattern, rarity_bits }
        })
        .collect();
    if given.is_none() {
        learn::learn_links(&mut weights, &compared, seekers.len(), roster.accounts.len());
    }
    let scale = weights.scale();
    let mut pairs: Vec<Pair> = candidates
        .par_iter()
        .zip(&compared)
        .map(|((seeker, account), Compared { pattern, rarity_bits })| {
            let bits = scale.score(pattern, *rarity_bits);
            Pair { seeker: *seeker, account: *account, pattern: *pattern, bits }
        })
        .filter(|pair| pair.bits >= BITS_KEPT_MIN || judge::is_exact(&pair.pattern))
        .collect();
    for pairs in pairs.chunk_by_mut(|left, right| left.seeker == right.seeker) {
        pairs.sort_by(|left, right| {
            right.bits.total_cmp(&left.bits).then(left.account.cmp(&right.account))
        });
    }
    Weighing { pairs, weights, keys }
}

impl Weighing {
    /// The best pair of each seeker, the best of all first.
    pub(super) fn best_first(&self) -> Vec<&Pair> {
        let of_each = self.pairs.chunk_by(|left, right| left.seeker == right.seeker);
        let mut best: Vec<&Pair> = of_each.filter_map(<[Pair]>::first).collect();
        best.sort_by(|left, right| {
            right.bits.total_cmp(&left.bits).then(left.seeker.cmp(&right.seeker))
        });
        best
    }

    /// The pairs of one seeker, best first.
    pub(super) fn of_seeker(&self, seeker: u32) -> &[Pair] {
        let start = self.pairs.partition_point(|pair| pair.seeker < seeker);
        let rest = self.pairs.get(start..).unwrap_or_default();
        let length = rest.partition_point(|pair| pair.seeker == seeker);
        rest.get(..length).unwrap_or_default()
    }
}
