//! Dates as exports write them (formats 6.4): `JJ/MM/AAAA` in Siècle, `AAAA-MM-JJ` in STSWeb.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    French,
    Iso,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Day(Date),
    /// The day is sure, but it is written in the other format's form.
    OtherForm(Date),
    /// `31/12/9999`: no end.
    OpenEnd,
    /// Among them two-digit years: nobody can tell their century.
    Unreadable,
}

pub(super) fn read(text: &str, expected: Form) -> Reading {
    let (day, found) = match (french(text), iso(text)) {
        (Some(day), _) => (day, Form::French),
        (None, Some(day)) => (day, Form::Iso),
        (None, None) => return Reading::Unreadable,
    };
    if day.year() == 9999 {
        Reading::OpenEnd
    } else if found == expected {
        Reading::Day(day)
    } else {
        Reading::OtherForm(day)
    }
}

/// `HORODATAGE`: `JJ/MM/AAAA HH:MM:SS`, civil time of the zone.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (day, time) = text.split_once([' ', 'T'])?;
    let (Reading::Day(day) | Reading::OtherForm(day)) = read(day, Form::French) else {
        return None;
    };
    let mut parts = time.trim_start().split(':').map(|part| number(part, 2));
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() {
        return None;
    }
    let time = civil::Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    DateTime::from_parts(day, time)
        .to_zoned_datetime(zone.clone())
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// `DATE_EXPORT`: midnight of that day in the zone.
pub(super) fn midnight(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let (Reading::Day(day) | Reading::OtherForm(day)) = read(text, Form::French) else {
        return None;
    };
    day.to_zoned_datetime(zone.clone()).ok().map(|zoned| zoned.timestamp())
}

fn french(text: &str) -> Option<Date> {
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    date(year, month, day)
}

fn iso(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    date(year, month, day)
}

fn date(year: &str, month: &str, day: &str) -> Option<Date> {
    let (month, day) = (narrow(number(month, 2)?)?, narrow(number(day, 2)?)?);
    Date::new(number(year, 4)?, month, day).ok()
}

/// Exactly that many digits, and nothing else: `+1` and `٣` are no numbers here.
fn number(text: &str, digits: usize) -> Option<i16> {
    let good = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    if good { text.parse().ok() } else { None }
}

fn narrow(number: i16) -> Option<i8> {
    i8::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn both_forms_are_read_and_the_unexpected_one_is_told() {
        let check = |text: &str, expected, expect| assert_eq!(read(text, expected), expect);
        let day = date(2009, 12, 22);
        check("22/12/2009", Form::French, Reading::Day(day));
        check("2009-12-22", Form::French, Reading::OtherForm(day));
        check("2009-12-22", Form::Iso, Reading::Day(day));
        check("22/12/2009", Form::Iso, Reading::OtherForm(day));
        check("31/12/9999", Form::French, Reading::OpenEnd);
        check("9999-12-31", Form::French, Reading::OpenEnd);
    }

    #[test]
    fn two_digit_years_and_days_that_are_not_are_unreadable() {
        for text in [
            "22/12/09",
            "09-12-22",
            "31/02/2009",
            "00/01/2009",
            "22/12/2009/1",
            "",
            "né en 2009",
            "+2/12/2009",
            "22/12/+009",
            "2009/12/22",
            "22-12-2009",
            "40179",
        ] {
            assert_eq!(read(text, Form::French), Reading::Unreadable, "{text}");
        }
    }

    #[test]
    fn the_export_instant_is_civil_time_of_paris() {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let check = |text: &str, expect: Option<&str>| {
            let expect = expect.map(|text| text.parse::<Timestamp>().unwrap());
            assert_eq!(instant(text, &zone), expect, "{text}");
        };
        check("15/09/2025 21:04:11", Some("2025-09-15T19:04:11Z"));
        check("15/01/2026 21:04:11", Some("2026-01-15T20:04:11Z"));
        check("15/01/2026 21:04", Some("2026-01-15T20:04:00Z"));
        check("15/01/2026", None);
        check("15/01/2026 25:00:00", None);
        check("15/01/26 21:04:11", None);
        assert_eq!(midnight("15/09/2025", &zone), "2025-09-14T22:00:00Z".parse().ok());
        assert_eq!(midnight("31/12/9999", &zone), None);
    }
}
