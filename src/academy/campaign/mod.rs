//! Whole academies of any size, over several campaigns, with the truth about who is who.
//!
//! - In: a plan (seed, sizes, rates). - Out: pupils and staff of one school and one campaign, as
//!   records with the truth beside, or a folder of deliveries. - Can go wrong: the disk; sizes that
//!   the range of test INEs cannot hold are refused with the plan.
//!
//! Nobody is kept: people are functions of their number, so that memory holds a school at a time
//! and all cores may work. To follow one pupil, read `plan` (the number), `person` (who it is),
//! `fate` (where), `typing` (what was typed), `record` (what a file shows).

pub mod birthplace;
pub mod calendar;
pub mod claims;
pub mod classes;
pub mod events;
pub mod fate;
pub mod letters;
pub mod lists;
mod papers;
pub mod person;
pub mod plan;
pub mod rates;
mod record;
pub mod schools;
pub mod staff;
pub mod typing;
pub mod write;

#[cfg(test)]
mod tests;

pub use calendar::Campaign;
pub use events::{Event, Events};
pub use plan::Plan;
pub use rates::{Rates, Typing};
pub use staff::staff;

use super::siecle::Pupil;
use fate::{Stay, fate};
use record::Sheet;

/// Who a record is really of, and what happened to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonTruth {
    /// The number of the pupil or, in its own numbering, of the member of staff.
    pub person: u32,
    pub events: Events,
}

/// The pupils of a school's file in one campaign, whether or not the school delivers then. Its own
/// first, then those who came from schools around, then from afar.
pub fn pupils(plan: &Plan, campaign: Campaign, school: usize) -> Vec<(Pupil, PersonTruth)> {
    let mut records = Vec::new();
    let rows = |home: usize| plan.schools[home].pupils();
    for (home, row) in rows_around(plan, school, rows) {
        let person = plan.schools[home].first_pupil + row;
        let place = plan.place_in(home, person);
        let fate = fate(plan, place);
        let here = |stay: &&Stay| stay.school == school && stay.is_seen(campaign);
        for stay in fate.stays().filter(here) {
            let sheet = Sheet { plan, place, person, fate: &fate, stay, campaign };
            records.push(sheet.fill());
        }
    }
    records
}

/// School and row of all who may stand in a school's file: everybody of its basin, and the rows of
/// other schools that go to it when they go far.
fn rows_around(
    plan: &Plan,
    school: usize,
    rows: impl Fn(usize) -> u32,
) -> impl Iterator<Item = (usize, u32)> {
    let basin = plan.schools[school].basin.clone();
    let around = basin.filter(move |other| *other != school);
    let near = std::iter::once(school).chain(around).map(|home| (home, 0, 1));
    let far = plan.far_sources(school).map(move |(home, first)| (home, first, plan.lanes()));
    near.chain(far).flat_map(move |(home, first, step)| {
        (first..rows(home)).step_by(step).map(move |row| (home, row))
    })
}
