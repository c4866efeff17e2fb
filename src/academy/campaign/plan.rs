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
        let fits = |other: &usize| {
            *other != school && (!bts || self.schools[*other].kind == Kind::General { bts: true })
        };
        let basin = self.schools[school].basin.clone();
        let count = basin.clone().filter(fits).count() as u64;
        let nth = usize::try_from(draw.checked_rem(count)?).ok()?;
        basin.filter(fits).nth(nth)
    }
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
    fn sizes_out_of_bounds_are_refused() {
        let new = |pupils, schools| Plan::new(5, pupils, schools, Rates::of(Typing::Ordinary));
        assert!(new(0, None).is_err() && new(100, Some(50)).is_err());
        assert!(new(8_000_000, Some(4_000)).is_err());
        assert!(new(3_000_000, None).is_ok());
    }
}
