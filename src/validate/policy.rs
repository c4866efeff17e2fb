//! The limits and dates that a region sets.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// What the checks compare with. Every figure is printed in the template of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// In which instants become days.
    pub zone: TimeZone,
    /// (month, day) on which the school year in force changes.
    pub turn: (i8, i8),
    /// (month, day) from which exports of the year in preparation are kept for later.
    pub early_from: (i8, i8),
    /// An export older than this is told to the school.
    pub export_age_days_max: u32,
    /// Counts are compared when the last delivery had at least as many rows.
    pub count_rows_min: usize,
    /// Fewer rows than the last delivery by more than this share: nobody leaves on the file.
    pub count_drop_percent: usize,
    /// More rows than the last delivery by more than this share: told.
    pub count_jump_percent: usize,
    /// Pupils still listed who lost their class, as a share: told, and a guard of the plan.
    pub classes_lost_percent: usize,
    /// Apprentices get accounts (R-57: off unless the region decides otherwise).
    pub apprentices: bool,
    /// Pupils or staff of one file (SEC-40).
    pub people_max: usize,
    /// Divisions of one file (SEC-40).
    pub classes_max: usize,
}

impl Policy {
    /// What the template of the configuration proposes.
    pub fn standard() -> Self {
        Self {
            zone: TimeZoneDatabase::bundled().get("Europe/Paris").unwrap_or(TimeZone::UTC),
            turn: (8, 20),
            early_from: (5, 15),
            export_age_days_max: 14,
            count_rows_min: 20,
            count_drop_percent: 20,
            count_jump_percent: 50,
            classes_lost_percent: 30,
            apprentices: false,
            people_max: 10_000,
            classes_max: 300,
        }
    }
}
