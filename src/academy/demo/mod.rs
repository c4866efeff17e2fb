//! The academy of `rentree demo`: about 1,500 pupils and 150 staff of four schools, with every
//! story of the main job in them, on two days of September 2026.

pub mod cast;
pub mod crowd;
mod inbox;
pub mod schools;
mod second_day;
pub mod staffroom;

use jiff::Timestamp;

pub use inbox::{GUARDIANS_FILE, TIMETABLE_FILE, TRUNCATED_FILE, write_day};
use schools::{FOSSE, MARAIS, REMPART, SCHOOLS};

/// First year of the school year of every file.
pub const SCHOOL_YEAR: i16 = 2026;

/// Pupils first seen on the second day, the two who come from another school left out.
pub const ARRIVALS: usize = 10;
/// Pupils who get an exit date on the second day, the one who moves left out.
pub const DEPARTURES: usize = 6;
/// Pupils whom the second day's complete files no longer list, without exit date.
pub const VANISHED: usize = 3;
/// Pupils who change class inside their school on the second day, the renamed class left out.
pub const CLASS_CHANGES: usize = 5;

/// School, code in Siècle, code in STSWeb of one class.
pub const NEAR_MISS: (&str, &str, &str) = (REMPART, "2GT 1", "2GT1");
/// A class whose timetable has no service.
pub const WITHOUT_TEACHER: (&str, &str) = (FOSSE, "2COM");
/// School, code on the first day, code on the second.
pub const RENAMED: (&str, &str, &str) = (MARAIS, "1STMG 2", "1MGT-B");

/// One of the two days of the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Day {
    /// Everything is new. Received on Monday 2026-09-07 at 21:30, Europe/Paris.
    One,
    /// Moves, arrivals, departures. Received on Tuesday 2026-09-08 at 21:30.
    Two,
}

impl Day {
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// When the files of the day reached the Région: starts the 72 hours.
    pub fn received_at(self) -> Timestamp {
        const MONDAY_EVENING: i64 = 1_788_809_400; // 2026-09-07T21:30:00+02:00
        const DAY: i64 = 24 * 60 * 60;
        Timestamp::constant(MONDAY_EVENING + if self == Self::Two { DAY } else { 0 }, 0)
    }

    /// The day, as folders of the inbox are called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::One => "2026-09-07",
            Self::Two => "2026-09-08",
        }
    }
}

/// `schools.csv` of the demo.
pub fn schools_csv() -> String {
    let mut text = String::from(
        "uai;nom;ville;departement;academie;service;equipe;section;source;\
         o365_depuis;o365_jusqua\n",
    );
    for school in SCHOOLS {
        let [service, team, section] = school.region;
        let fields = [
            school.uai,
            school.name,
            school.town,
            school.department,
            school.academy,
            service,
            team,
            section,
            "sts-siecle",
            school.o365_from,
            "",
        ];
        text.push_str(&fields.join(";"));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests;
