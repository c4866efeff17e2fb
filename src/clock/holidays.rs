//! Public holidays: data files, one a zone, embedded in the program (requirements 2.4).

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;

/// Every zone there is, by its file.
const FILES: [&str; 9] = [
    include_str!("holidays/metropole.toml"),
    include_str!("holidays/alsace-moselle.toml"),
    include_str!("holidays/guadeloupe.toml"),
    include_str!("holidays/guyane.toml"),
    include_str!("holidays/la-reunion.toml"),
    include_str!("holidays/martinique.toml"),
    include_str!("holidays/mayotte.toml"),
    include_str!("holidays/saint-barthelemy.toml"),
    include_str!("holidays/saint-martin.toml"),
];

/// One data file as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawZone {
    name: String,
    extends: Option<String>,
    source: String,
    written_on: Date,
    /// `MM-DD`.
    fixed: Vec<String>,
    /// Days after Easter Sunday.
    easter: Vec<i32>,
}

/// The holidays of one zone, those of the zone that it extends included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holidays {
    pub zone: String,
    /// The texts that the days come from, and the day when they were written down.
    pub version: String,
    /// (month, day).
    fixed: Vec<(i8, i8)>,
    /// Days after Easter Sunday.
    easter: Vec<i32>,
}

impl Holidays {
    /// The holidays of a zone, or none when no data file has that name.
    pub fn of_zone(name: &str) -> Option<Self> {
        let raw = FILES.iter().find_map(|text| read(text).filter(|zone| zone.name == name))?;
        let mut holidays = match &raw.extends {
            Some(base) => Self::of_zone(base)?,
            None => Self {
                zone: String::new(),
                version: String::new(),
                fixed: Vec::new(),
                easter: Vec::new(),
            },
        };
        if !holidays.version.is_empty() {
            holidays.version.push_str("; ");
        }
        holidays.version.push_str(&format!("{}, {}", raw.source, raw.written_on));
        holidays.zone = raw.name;
        for day in &raw.fixed {
            holidays.fixed.push(month_day(day)?);
        }
        holidays.easter.extend(raw.easter);
        Some(holidays)
    }

    /// The names that `of_zone` knows, for messages.
    pub fn zones() -> Vec<String> {
        FILES.iter().filter_map(|text| read(text)).map(|zone| zone.name).collect()
    }

    /// Two holidays on one day (8 May and Ascension in 2059) are one day off.
    pub fn contain(&self, day: Date) -> bool {
        if self.fixed.contains(&(day.month(), day.day())) {
            return true;
        }
        let Some(sunday) = easter_sunday(day.year()) else { return false };
        self.easter.iter().any(|after| sunday.checked_add(after.days()).is_ok_and(|it| it == day))
    }
}

fn read(text: &str) -> Option<RawZone> {
    toml::from_str(text).ok()
}

fn month_day(text: &str) -> Option<(i8, i8)> {
    let (month, day) = text.split_once('-')?;
    let (month, day) = (month.parse().ok()?, day.parse().ok()?);
    // 2000 is a leap year: every day of any year is one of its days.
    Date::new(2000, month, day).ok().map(|_| (month, day))
}

/// Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher).
fn easter_sunday(year: i16) -> Option<Date> {
    let year_number = i32::from(year);
    let golden = year_number % 19;
    let (century, rest) = (year_number / 100, year_number % 100);
    let moon = (19 * golden + century - century / 4 - (century - (century + 8) / 25 + 1) / 3 + 15)
        .rem_euclid(30);
    let week = (32 + 2 * (century % 4) + 2 * (rest / 4) - moon - rest % 4).rem_euclid(7);
    let late = (golden + 11 * moon + 22 * week) / 451;
    let days = moon + week - 7 * late + 114;
    Date::new(year, i8::try_from(days / 31).ok()?, i8::try_from(days % 31 + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn every_data_file_is_read_and_found_by_its_name() {
        assert_eq!(Holidays::zones().len(), FILES.len());
        for zone in Holidays::zones() {
            let holidays = Holidays::of_zone(&zone);
            assert!(holidays.is_some_and(|found| found.contain(date(2026, 7, 14))), "{zone}");
        }
        assert_eq!(Holidays::of_zone("atlantide"), None);
    }

    #[test]
    fn easter_falls_where_the_church_says() {
        for (year, month, day) in [
            (1986, 3, 30),
            (2008, 3, 23),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
            (2059, 3, 30),
        ] {
            assert_eq!(easter_sunday(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn each_zone_has_its_own_days() {
        // Requirements 2.4.
        for (zone, day) in [
            ("alsace-moselle", date(2026, 4, 3)),
            ("alsace-moselle", date(2028, 12, 26)),
            ("mayotte", date(2026, 4, 27)),
            ("martinique", date(2026, 5, 22)),
            ("guadeloupe", date(2026, 5, 27)),
            ("saint-martin", date(2026, 5, 28)),
            ("guyane", date(2026, 6, 10)),
            ("saint-barthelemy", date(2026, 10, 9)),
            ("la-reunion", date(2027, 12, 20)),
        ] {
            let holds = |zone| Holidays::of_zone(zone).is_some_and(|found| found.contain(day));
            assert!(holds(zone) && !holds("metropole"), "{zone} {day}");
        }
    }

    #[test]
    fn metropolitan_france_has_eleven_days() {
        let holidays = Holidays::of_zone("metropole").unwrap();
        let count = |year| {
            let year = date(year, 1, 1);
            year.series(1.day()).take(365).filter(|day| holidays.contain(*day)).count()
        };
        assert_eq!(count(2026), 11);
        // 8 May and Ascension on one day.
        assert_eq!(count(2059), 10);
    }
}
