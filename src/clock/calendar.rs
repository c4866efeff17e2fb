//! Which days and hours count.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Reading;
use super::holidays::Holidays;
use crate::model::ids::Digest;

/// The rules as an operator writes them (requirements 2.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CalendarRules {
    /// The delay, in hours.
    pub hours: u32,
    /// IANA name; the bundled database serves, whatever the machine has.
    pub tz: String,
    /// The holiday set.
    pub zone: String,
    /// `mon`…`sun`: the days worked.
    pub week: Vec<String>,
    /// `HH:MM-HH:MM`, in order, apart: used by R2 only.
    pub office_hours: Vec<String>,
    /// More closing days; they win over `worked`.
    pub closed: Vec<Date>,
    /// Holidays or week-end days that are worked.
    pub worked: Vec<Date>,
}

impl CalendarRules {
    /// Three days from Monday to Friday, metropolitan holidays.
    pub fn standard() -> Self {
        let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
        Self {
            hours: 72,
            tz: "Europe/Paris".to_owned(),
            zone: "metropole".to_owned(),
            week: texts(&["mon", "tue", "wed", "thu", "fri"]),
            office_hours: texts(&["08:30-17:30"]),
            closed: Vec::new(),
            worked: Vec::new(),
        }
    }

    /// What the rules mean, or every problem they have, each with its key.
    pub fn check(&self) -> Result<Calendar, Vec<String>> {
        let mut problems = Vec::new();
        let tz = TimeZoneDatabase::bundled().get(&self.tz);
        if tz.is_err() {
            problems.push(format!("tz: no time zone has this name: {}", self.tz));
        }
        let holidays = Holidays::of_zone(&self.zone);
        if holidays.is_none() {
            let known = Holidays::zones().join(", ");
            problems.push(format!("zone: {} is none of {known}", self.zone));
        }
        if !(1..=24 * 366).contains(&self.hours) {
            problems.push(format!("hours: from 1 to a year is expected: {}", self.hours));
        }
        let week = days_of_week(&self.week, &mut problems);
        let office_hours = office_hours(&self.office_hours, &mut problems);
        for day in self.closed.iter().filter(|day| self.worked.contains(day)) {
            problems.push(format!("closed, worked: {day} is in both"));
        }
        match (tz, holidays) {
            (Ok(tz), Some(holidays)) if problems.is_empty() => Ok(Calendar {
                fingerprint: self.fingerprint(&holidays),
                hours: self.hours,
                tz,
                holidays,
                week,
                office_hours,
                closed: self.closed.iter().copied().collect(),
                worked: self.worked.iter().copied().collect(),
            }),
            _ => Err(problems),
        }
    }

    fn fingerprint(&self, holidays: &Holidays) -> Digest {
        Digest::of_bytes(Sha256::digest(format!("{self:?}{holidays:?}")))
    }
}

/// Checked rules: at least one day a week is worked, so that every deadline exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Digest of the rules and holidays, printed with every deadline.
    pub fingerprint: Digest,
    pub hours: u32,
    pub tz: TimeZone,
    pub holidays: Holidays,
    /// From Monday to Sunday.
    week: [bool; 7],
    office_hours: Vec<(Time, Time)>,
    closed: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

impl Calendar {
    /// The delay.
    pub fn delay(&self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.hours))
    }

    /// The day on which an instant falls here.
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.tz.to_datetime(instant).date()
    }

    /// Whether a day counts: the *jours ouvrables* of R4, the *jours ouvrés* of the others.
    pub fn counts(&self, day: Date, reading: Reading) -> bool {
        if reading == Reading::R0 {
            return true;
        }
        if self.closed.contains(&day) {
            return false;
        }
        if self.worked.contains(&day) {
            return true;
        }
        let weekday = day.weekday();
        let in_week = match reading {
            // Any day but the weekly rest and the holidays.
            Reading::R4 => weekday != Weekday::Sunday || self.in_week(weekday),
            _ => self.in_week(weekday),
        };
        in_week && !self.holidays.contain(day)
    }

    /// The spans of a day in which the clock runs; none near the ends of time.
    pub(super) fn spans(&self, day: Date, reading: Reading) -> Vec<(Timestamp, Timestamp)> {
        if !self.counts(day, reading) {
            return Vec::new();
        }
        if reading == Reading::R2 {
            let at = |time: Time| self.tz.to_timestamp(day.to_datetime(time)).ok();
            let spans = self.office_hours.iter().filter_map(|(from, to)| at(*from).zip(at(*to)));
            return spans.collect();
        }
        // From midnight to the next midnight, 23, 24 or 25 hours: never 24 hours added.
        let next = day.tomorrow().ok().and_then(|next| self.midnight(next));
        self.midnight(day).zip(next).into_iter().collect()
    }

    /// The first instant of a day.
    pub(super) fn midnight(&self, day: Date) -> Option<Timestamp> {
        self.tz.to_timestamp(day.to_datetime(Time::midnight())).ok()
    }

    fn in_week(&self, weekday: Weekday) -> bool {
        usize::try_from(weekday.to_monday_zero_offset())
            .is_ok_and(|rank| self.week.get(rank) == Some(&true))
    }
}

fn days_of_week(names: &[String], problems: &mut Vec<String>) -> [bool; 7] {
    let mut week = [false; 7];
    for name in names {
        let rank = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].iter().position(|d| d == name);
        match rank.and_then(|rank| week.get_mut(rank)) {
            Some(day) => *day = true,
            None => problems.push(format!("week: mon, tue… or sun is expected: {name}")),
        }
    }
    if names.is_empty() {
        problems.push("week: at least one day must be worked".to_owned());
    }
    week
}

fn office_hours(ranges: &[String], problems: &mut Vec<String>) -> Vec<(Time, Time)> {
    let parse = |text: &str| -> Option<(Time, Time)> {
        let (from, to) = text.split_once('-')?;
        let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
        (from < to).then_some((from, to))
    };
    let mut hours: Vec<(Time, Time)> = Vec::new();
    for text in ranges {
        match parse(text) {
            Some((from, _)) if hours.last().is_some_and(|(_, last)| from < *last) => {
                problems.push(format!("office-hours: ranges must follow each other: {text}"));
            }
            Some(range) => hours.push(range),
            None => problems.push(format!("office-hours: HH:MM-HH:MM is expected: {text}")),
        }
    }
    if ranges.is_empty() {
        problems.push("office-hours: at least one range is expected".to_owned());
    }
    hours
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_problem_of_the_rules_is_told_at_once() {
        let rules = CalendarRules {
            hours: 0,
            tz: "Europe/Lutece".to_owned(),
            zone: "atlantide".to_owned(),
            week: vec!["lundi".to_owned()],
            office_hours: vec!["17:30-08:30".to_owned(), "8h".to_owned()],
            closed: vec![date(2026, 5, 15)],
            worked: vec![date(2026, 5, 15)],
        };
        let problems = rules.check().unwrap_err();
        let keys: Vec<_> = problems.iter().filter_map(|text| text.split(':').next()).collect();
        let office = "office-hours";
        assert_eq!(keys, ["tz", "zone", "hours", "week", office, office, "closed, worked"]);
    }

    #[test]
    fn a_calendar_in_which_nothing_is_worked_is_refused() {
        for spoil in [
            |rules: &mut CalendarRules| rules.week.clear(),
            |rules: &mut CalendarRules| rules.office_hours.clear(),
            |rules: &mut CalendarRules| rules.office_hours.push("17:00-18:00".to_owned()),
        ] {
            let mut rules = CalendarRules::standard();
            spoil(&mut rules);
            assert_eq!(rules.check().map_err(|problems| problems.len()), Err(1));
        }
    }

    #[test]
    fn another_calendar_has_another_fingerprint() {
        //
        let standard = CalendarRules::standard();
        let bridge = CalendarRules { closed: vec![date(2026, 5, 15)], ..standard.clone() };
        let print = |rules: &CalendarRules| rules.check().unwrap().fingerprint;
        assert_eq!(print(&standard), print(&standard));
        assert_ne!(print(&standard), print(&bridge));
    }
}
