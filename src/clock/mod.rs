//! The 72 hours: readings, holidays, deadlines (requirements section 2).
//!
//! - In: instants, a calendar, how long work took. - Out: deadlines, figures, forecasts.
//! - Can go wrong: nothing; the rules of a calendar are checked before it exists.

pub mod calendar;
pub mod figures;
pub mod forecast;
pub mod holidays;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use calendar::Calendar;

/// What « 72 h ouvrées » means: configuration, never code. Strictest first, R1 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reading {
    /// Clock hours, nothing skipped.
    R0,
    /// Clock hours of *jours ouvrables*: Monday to Saturday but for holidays.
    R4,
    /// Clock hours of *jours ouvrés*: the days worked.
    R1,
    /// Whole *jours ouvrés*: the day of receipt is not counted.
    R3,
    /// Hours in which the offices are open.
    R2,
}

impl Reading {
    pub const ALL: [Self; 5] = [Self::R0, Self::R4, Self::R1, Self::R3, Self::R2];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::R0 => "R0",
            Self::R4 => "R4",
            Self::R1 => "R1",
            Self::R3 => "R3",
            Self::R2 => "R2",
        }
    }
    /// For reports to people.
    pub fn french(self) -> &'static str {
        match self {
            Self::R0 => "heures calendaires",
            Self::R4 => "heures des jours ouvrables",
            Self::R1 => "heures des jours ouvrés",
            Self::R3 => "jours ouvrés entiers",
            Self::R2 => "heures d'ouverture des bureaux",
        }
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The last instant that is on time. `received` is when the Région got a complete delivery, never
/// the export date typed at the school.
pub fn deadline(received: Timestamp, calendar: &Calendar, reading: Reading) -> Timestamp {
    let due = match reading {
        Reading::R0 => received.checked_add(calendar.delay()).ok(),
        Reading::R3 => end_of_last_day(received, calendar),
        Reading::R1 | Reading::R2 | Reading::R4 => hours_run(received, calendar, reading),
    };
    // Beyond the year 9999 there is nothing to be late for.
    due.unwrap_or(Timestamp::MAX)
}

/// How much of the delay has run between two instants. R3 knows whole days only: its clock is that
/// of R1. For a forecast, and for warnings at a share of the budget.
pub fn consumed(
    from: Timestamp,
    to: Timestamp,
    calendar: &Calendar,
    reading: Reading,
) -> SignedDuration {
    if to <= from {
        return SignedDuration::ZERO;
    }
    if reading == Reading::R0 {
        return to.duration_since(from);
    }
    let (mut day, last) = (calendar.day_of(from), calendar.day_of(to));
    let mut total = SignedDuration::ZERO;
    loop {
        for (begin, end) in calendar.spans(day, reading) {
            let (begin, end) = (begin.max(from), end.min(to));
            if begin < end {
                total += end.duration_since(begin);
            }
        }
        match day.tomorrow() {
            Ok(next) if next <= last => day = next,
            _ => return total,
        }
    }
}

/// The earliest instant at which the whole delay has run.
fn hours_run(received: Timestamp, calendar: &Calendar, reading: Reading) -> Option<Timestamp> {
    let mut left = calendar.delay();
    let mut day = calendar.day_of(received);
    loop {
        for (begin, end) in calendar.spans(day, reading) {
            let begin = begin.max(received);
            if end <= begin {
                continue;
            }
            let runs = end.duration_since(begin);
            if runs >= left {
                return begin.checked_add(left).ok();
            }
            left -= runs;
        }
        day = day.tomorrow().ok()?;
    }
}

/// R3: midnight after the last of the days, the day of receipt not counted.
fn end_of_last_day(received: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    let mut left = calendar.hours.div_ceil(24);
    let mut day = calendar.day_of(received);
    while left > 0 {
        day = day.tomorrow().ok()?;
        if calendar.counts(day, Reading::R3) {
            left -= 1;
        }
    }
    calendar.midnight(day.tomorrow().ok()?)
}
