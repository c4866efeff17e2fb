//! What an academy is made from: a seed, rates, schools. People are functions of it, never a list.

use super::lists::Lists;
use super::rates::Rates;
use super::schools::{self, Kind, School};

/// How many INEs begin with 99 (formats 7.1).
const INES: u64 = 10_000_000;
/// A serial of four digits for each school of a département.
const SCHOOLS_MAX: u32 = 4_000;
/// Pupils of a school, when their number is not given.
const PUPILS_PER_SCHOOL: u32 = 1_150;

/// A whole academy. The same plan gives the same people, records and bytes.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub rates: Rates,
    pub schools: Vec<School>,
    pub lists: Lists,
    /// Share of the pupils who are made the perfect homonym of another: what chance leaves of
    /// the rate.
    pub homonyms: f64,
}

/// The year of a pupil at the rentrée of 2026, by the order of the blocks of a school.
pub const BLOCKS: usize = 7;

/// Where a pupil's number stands: the first school, the block (0 is in 3e in 2026, 1 in seconde,
/// up to 6, who was in the second year of BTS in 2025), and the place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub school: usize,
    pub block: usize,
    pub row: u32,
}

impl Plan {
    /// About `pupils` pupils in each year's files. `Err` says what is out of bounds.
    pub fn new(
        seed: u64,
        pupils: u32,
        schools: Option<u32>,
        rates: Rates,
    ) -> Result<Self, Vec<String>> {
        let count = schools.unwrap_or_else(|| pupils.div_ceil(PUPILS_PER_SCHOOL));
        let mut problems = Vec::new();
        if count == 0 || count > SCHOOLS_MAX {
            problems.push(format!("schools: {count} is not from 1 to {SCHOOLS_MAX}"));
        }
        if count > 0 && pupils / count < 20 {
            problems.push(format!("pupils: {pupils} are fewer than 20 a school"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let schools = schools::schools(seed, pupils, count, rates.teachers, rates.goes_on_to_bts);
        let people: u64 = schools.iter().map(|school| u64::from(school.pupils())).sum();
        if people * 3 / 2 > INES {
            return Err(vec![format!(
                "pupils: {pupils} need {} INEs, and the range 99 has {INES}",
                people * 3 / 2
            )]);
        }
        let lists = Lists::load();
        // Two pupils in two have the same sex, one in four the same age group, 365 birthdays.
        let chance = lists.coincidence() / 2.0 / 4.0 / 365.0;
        let pairs = f64::from(pupils) * chance / 2.0;
        let homonyms = (rates.perfect_homonyms - pairs).max(0.0);
        Ok(Self { seed, rates, schools, lists, homonyms })
    }

    /// Pupils over all schools and years.
    pub fn people(&self) -> u32 {
        self.schools.last().map_or(0, |school| school.first_pupil + school.pupils())
    }

    /// The school whose numbers hold this one.
    pub fn place(&self, person: u32) -> Place {
        let school =
            self.schools.partition_point(|school| school.first_pupil <= person).saturating_sub(1);
        self.place_in(school, person)
    }

    /// The same when the school is known.
    pub fn place_in(&self, school: usize, person: u32) -> Place {
        let mut row = person - self.schools[school].first_pupil;
        for block in 0..BLOCKS {
            let size = self.block_size(school, block);
            if row < size {
                return Place { school, block, row };
            }
            row -= size;
        }
        Place { school, block: BLOCKS - 1, row: 0 }
    }

    /// The number of a place.
    pub fn person(&self, place: Place) -> u32 {
        let before = (0..place.block).map(|block| self.block_size(place.school, block));
        self.schools[place.school].first_pupil + before.sum::<u32>() + place.row
    }

    pub fn block_size(&self, school: usize, block: usize) -> u32 {
        let school = &self.schools[school];
        match block {
            0 => school.thirds,
            1..=4 => school.age_group,
            _ => school.bts_group,
        }
    }

    /// A school of the basin other than this one that a pupil may go to; none when there is none.
    pub fn neighbour(&self, school: usize, draw: u64, bts: bool) -> Option<usize> {
        let fits = |other: &usize| *other != school && self.takes(*other, bts);
        let basin = self.schools[school].basin.clone();
        let count = basin.clone().filter(fits).count() as u64;
        let nth = usize::try_from(draw.checked_rem(count)?).ok()?;
        basin.filter(fits).nth(nth)
    }

    /// Whether a school has places in a BTS, when one is sought.
    pub fn takes(&self, school: usize, bts: bool) -> bool {
        !bts || self.schools[school].kind == Kind::General { bts: true }
    }

    /// The school, anywhere in the Région, for whoever stands in a row of a school and leaves its
    /// basin. Rows take turns with the schools: each may receive, and knows from which rows, so
    /// that its file is made without a look at everybody.
    pub fn far(&self, school: usize, row: u32) -> Option<usize> {
        let lane = (row as usize).checked_rem(self.lanes())?;
        Some((school + self.distance(lane, self.step())) % self.schools.len())
    }

    /// The schools outside of its basin that may send somebody to a school, each with the first of
    /// the rows in question; the next ones follow every `lanes`.
    pub fn far_sources(&self, school: usize) -> impl Iterator<Item = (usize, u32)> {
        let count = self.schools.len();
        let step = self.step();
        let source = move |lane: usize| (school + count - self.distance(lane, step)) % count;
        (0..self.lanes())
            .map(move |lane| (source(lane), lane as u32))
            .filter(move |(source, _)| !self.schools[school].basin.contains(source))
    }

    /// How many other schools there are, and so how many rows until a school has its turn again.
    pub fn lanes(&self) -> usize {
        self.schools.len() - 1
    }

    /// From a row's school to the one that it goes to: a permutation of the distances.
    fn distance(&self, lane: usize, step: usize) -> usize {
        let lanes = self.lanes();
        let turn = (self.seed % lanes as u64) as usize;
        1 + (lane * step + turn) % lanes
    }

    /// About the golden section, so that neighbouring rows go to schools far apart.
    fn step(&self) -> usize {
        let lanes = self.lanes();
        let coprime = |step: &usize| greatest_common_divisor(*step, lanes) == 1;
        (lanes * 5 / 8 + 1..).find(coprime).unwrap_or(1)
    }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::academy::campaign::rates::Typing;

    #[test]
    fn every_number_has_one_place() {
        let plan = Plan::new(5, 5_000, Some(5), Rates::of(Typing::Ordinary)).unwrap();
        for person in 0..plan.people() {
            let place = plan.place(person);
            assert!(place.row < plan.block_size(place.school, place.block));
            assert_eq!(plan.person(place), person);
        }
    }

    #[test]
    fn a_school_knows_who_may_come_from_afar_and_any_school_may_send() {
        let plan = Plan::new(5, 8_000, Some(40), Rates::of(Typing::Ordinary)).unwrap();
        let mut expect = std::collections::BTreeSet::new();
        for school in 0..40 {
            for row in 0..100 {
                let far = plan.far(school, row).unwrap();
                assert_ne!(far, school);
                if !plan.schools[far].basin.contains(&school) {
                    expect.insert((far, school, row));
                }
            }
        }
        let mut found = std::collections::BTreeSet::new();
        for far in 0..40 {
            let sources: Vec<_> = plan.far_sources(far).collect();
            assert_eq!(sources.len(), 32, "all but the basin");
            for (school, first) in sources {
                let rows = (first..100).step_by(plan.lanes());
                found.extend(rows.map(|row| (far, school, row)));
            }
        }
        assert_eq!(found, expect);
        let alone = Plan::new(5, 100, Some(1), Rates::of(Typing::Ordinary)).unwrap();
        assert_eq!((alone.far(0, 7), alone.far_sources(0).count()), (None, 0));
    }

    #[test]
    fn sizes_out_of_bounds_are_refused() {
        let new = |pupils, schools| Plan::new(5, pupils, schools, Rates::of(Typing::Ordinary));
        assert!(new(0, None).is_err() && new(100, Some(50)).is_err());
        assert!(new(8_000_000, Some(4_000)).is_err());
        assert!(new(3_000_000, None).is_ok());
    }
}
