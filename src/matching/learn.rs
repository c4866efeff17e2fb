//! Weights from the batch's own data, without truth: what is common among two people by chance is
//! counted on random pairs, what is common for one person is estimated by expectation-maximisation
//! over the candidates, held to what experience says while the batch is small.

use rayon::prelude::*;

use super::agree::{AGREEMENTS, Agreement, Field, Listed, Pattern, agree};
use super::features::Features;
use super::population::{FEW, Population};
use super::roster::Account;
use super::weigh::{Table, Weights};

/// Random pairs that chance is counted on: at most, and for each record.
const RANDOM_PAIRS: u64 = 40_000;
const RANDOM_PAIRS_EACH: u64 = 12;
/// Experience counts like so many random pairs, and like so many true links.
const RANDOM_PAIRS_BEFORE: f64 = 20_000.0;
const LINKS_BEFORE: f64 = 400.0;
const ROUNDS: usize = 12;

/// Shares of agreement for one person, by experience: matching.md's rates of typing errors, missing
/// values and changes. `(field, agreement, share)`; the rest is all but impossible.
const ONE_PERSON: &[(Field, Agreement, f64)] = &[
    (Field::Family, Agreement::Same, 0.88),
    (Field::Family, Agreement::Usage, 0.03),
    (Field::Family, Agreement::Part, 0.03),
    (Field::Family, Agreement::Typing, 0.04),
    (Field::Family, Agreement::Exchanged, 0.005),
    (Field::Family, Agreement::Close, 0.005),
    (Field::Family, Agreement::Differs, 0.01),
    (Field::Given, Agreement::Same, 0.87),
    (Field::Given, Agreement::Part, 0.04),
    (Field::Given, Agreement::Exchanged, 0.015),
    (Field::Given, Agreement::Typing, 0.055),
    (Field::Given, Agreement::Close, 0.005),
    (Field::Given, Agreement::Differs, 0.015),
    (Field::BirthDate, Agreement::Same, 0.96),
    (Field::BirthDate, Agreement::Exchanged, 0.01),
    (Field::BirthDate, Agreement::Near, 0.02),
    (Field::BirthDate, Agreement::Differs, 0.01),
    (Field::SecondGiven, Agreement::Same, 0.90),
    (Field::SecondGiven, Agreement::Near, 0.04),
    (Field::SecondGiven, Agreement::Exchanged, 0.03),
    (Field::SecondGiven, Agreement::Differs, 0.03),
    (Field::Birthplace, Agreement::Same, 0.98),
    (Field::Birthplace, Agreement::Differs, 0.02),
    (Field::Sex, Agreement::Same, 0.995),
    (Field::Sex, Agreement::Differs, 0.005),
    (Field::PreviousSchool, Agreement::Same, 0.95),
    (Field::PreviousSchool, Agreement::Differs, 0.05),
    (Field::Exit, Agreement::Same, 0.6),
    (Field::Exit, Agreement::Differs, 0.4),
    (Field::Level, Agreement::Same, 0.88),
    (Field::Level, Agreement::Near, 0.10),
    (Field::Level, Agreement::Differs, 0.02),
    (Field::Ine, Agreement::Unknown, 0.75),
    (Field::Ine, Agreement::Differs, 0.25),
];

/// The same for two people taken at random.
const TWO_PEOPLE: &[(Field, Agreement, f64)] = &[
    (Field::Family, Agreement::Same, 0.001),
    (Field::Family, Agreement::Usage, 0.0001),
    (Field::Family, Agreement::Part, 0.0006),
    (Field::Family, Agreement::Typing, 0.0003),
    (Field::Family, Agreement::Exchanged, 0.000_01),
    (Field::Family, Agreement::Close, 0.002),
    (Field::Family, Agreement::Differs, 0.996),
    (Field::Given, Agreement::Same, 0.006),
    (Field::Given, Agreement::Part, 0.001),
    (Field::Given, Agreement::Exchanged, 0.004),
    (Field::Given, Agreement::Typing, 0.002),
    (Field::Given, Agreement::Close, 0.015),
    (Field::Given, Agreement::Differs, 0.972),
    (Field::BirthDate, Agreement::Same, 0.0005),
    (Field::BirthDate, Agreement::Exchanged, 0.0003),
    (Field::BirthDate, Agreement::Near, 0.01),
    (Field::BirthDate, Agreement::Differs, 0.989),
    (Field::SecondGiven, Agreement::Same, 0.01),
    (Field::SecondGiven, Agreement::Near, 0.03),
    (Field::SecondGiven, Agreement::Exchanged, 0.0005),
    (Field::SecondGiven, Agreement::Differs, 0.96),
    (Field::Birthplace, Agreement::Same, 0.03),
    (Field::Birthplace, Agreement::Differs, 0.97),
    (Field::Sex, Agreement::Same, 0.5),
    (Field::Sex, Agreement::Differs, 0.5),
    (Field::PreviousSchool, Agreement::Same, 0.005),
    (Field::PreviousSchool, Agreement::Differs, 0.995),
    (Field::Exit, Agreement::Same, 0.1),
    (Field::Exit, Agreement::Differs, 0.9),
    (Field::Level, Agreement::Same, 0.25),
    (Field::Level, Agreement::Near, 0.3),
    (Field::Level, Agreement::Differs, 0.45),
    (Field::Ine, Agreement::Unknown, 0.15),
    (Field::Ine, Agreement::Differs, 0.85),
];
/// Of what experience does not mention.
const HARDLY: f64 = 1e-5;
/// Share of the records left over that are somebody known, before anything is compared.
const KNOWN_BEFORE: f64 = 0.1;

fn experience(rows: &[(Field, Agreement, f64)]) -> Table {
    let mut table = [[HARDLY; AGREEMENTS]; Field::ALL.len()];
    for (field, agreement, share) in rows {
        table[*field as usize][*agreement as usize] = *share;
    }
    table
}

/// Experience alone: for a batch too small to teach anything.
pub(super) fn by_experience(accounts: usize) -> Weights {
    let prior_bits = (KNOWN_BEFORE / (accounts as f64).max(FEW)).log2();
    Weights { same: experience(ONE_PERSON), other: experience(TWO_PEOPLE), prior_bits }
}

/// Adds what the batch teaches: first of chance.
pub(super) fn learn_chance(
    weights: &mut Weights,
    seekers: &[&Features],
    accounts: &[Account],
    population: &Population<'_>,
) {
    if seekers.is_empty() || accounts.is_empty() {
        return;
    }
    let pick = |rank: u64, length: usize| {
        usize::try_from(super::hash::mix(length as u64, rank) % length as u64).unwrap_or(0)
    };
    let pairs =
        RANDOM_PAIRS.min(seekers.len() as u64 * RANDOM_PAIRS_EACH.min(accounts.len() as u64));
    let counts = (0..pairs)
        .into_par_iter()
        .fold(
            || [[0_u32; AGREEMENTS]; Field::ALL.len()],
            |mut counts, rank| {
                let seeker = seekers[pick(rank * 2, seekers.len())];
                let account = &accounts[pick(rank * 2 + 1, accounts.len())];
                let listed = Listed::Nowhere;
                if seeker.pupil == account.features.pupil {
                    let pattern = agree(seeker, account, listed, population);
                    for (row, agreement) in counts.iter_mut().zip(pattern) {
                        row[agreement as usize] += 1;
                    }
                }
                counts
            },
        )
        .reduce(
            || [[0; AGREEMENTS]; Field::ALL.len()],
            |left, right| {
                std::array::from_fn(|row| {
                    std::array::from_fn(|column| left[row][column] + right[row][column])
                })
            },
        );
    for field in Field::ALL {
        // Whether a school has let somebody go is not a matter of chance pairs.
        if field != Field::Exit {
            let counts = counts[field as usize].map(f64::from);
            blend(&mut weights.other[field as usize], field, &counts, RANDOM_PAIRS_BEFORE);
        }
    }
}

/// Counts and experience together. What is not known says nothing, but for the INE.
fn blend(row: &mut [f64; AGREEMENTS], field: Field, counts: &[f64; AGREEMENTS], before: f64) {
    let known = |rank: usize| rank != Agreement::Unknown as usize || field == Field::Ine;
    let total: f64 = (0..AGREEMENTS).filter(|rank| known(*rank)).map(|rank| counts[rank]).sum();
    for (rank, share) in row.iter_mut().enumerate().filter(|(rank, _)| known(*rank)) {
        *share = (counts[rank] + *share * before) / (total + before);
    }
}

/// A pair that was compared: what the values of its agreements add, and its pattern.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pub(super) pattern: Pattern,
    /// Sum of log2 of one over the share of each value that counts.
    pub(super) rarity_bits: f64,
}

/// Then of one person: expectation-maximisation over the candidates. The pairs that no key proposed
/// hold next to no link, and need not be there.
pub(super) fn learn_links(
    weights: &mut Weights,
    compared: &[Compared],
    seekers: usize,
    accounts: usize,
) {
    let groups = groups(compared);
    let before = weights.clone();
    for _ in 0..ROUNDS {
        let mut counts = [[0.0; AGREEMENTS]; Field::ALL.len()];
        let mut links = 0.0;
        let scale = weights.scale();
        for (pattern, rarity, count) in &groups {
            let odds = scale.score(pattern, *rarity).exp2();
            let expected = *count * odds / (1.0 + odds);
            links += expected;
            for (row, agreement) in counts.iter_mut().zip(pattern) {
                row[*agreement as usize] += expected;
            }
        }
        weights.same = before.same;
        for field in Field::ALL {
            let row = &mut weights.same[field as usize];
            blend(row, field, &counts[field as usize], LINKS_BEFORE);
        }
        let strength = 50.0;
        let known = (links + KNOWN_BEFORE * strength) / (seekers as f64 + strength);
        let most = seekers.min(accounts).max(1) as f64 / seekers.max(1) as f64;
        weights.prior_bits = (known.min(most) / (accounts as f64).max(FEW)).log2();
    }
}

/// Equal pairs together, their rarity to half a bit: sums in a fixed order, whatever the threads.
fn groups(compared: &[Compared]) -> Vec<(Pattern, f64, f64)> {
    let mut keys: Vec<u64> = compared.par_iter().map(packed).collect();
    keys.par_sort_unstable();
    let group = |run: &[u64]| {
        let key = run.first()?;
        let agreement = |row: u32| Agreement::ALL[(key >> (16 + 4 * row) & 15) as usize];
        let pattern = std::array::from_fn(|row| agreement(row as u32));
        Some((pattern, (key & 0xFFFF) as f64 / 2.0, run.len() as f64))
    };
    keys.chunk_by(|left, right| left == right).filter_map(group).collect()
}

/// Four bits for each agreement, and below them the rarity in half bits.
fn packed(pair: &Compared) -> u64 {
    let halves = (pair.rarity_bits * 2.0).round().clamp(0.0, f64::from(u16::MAX)) as u64;
    (0_u32..)
        .zip(pair.pattern)
        .fold(halves, |key, (row, agreement)| key | (agreement as u64) << (16 + 4 * row))
}
