//! The level of a programme from its code (formats 7.5): weak evidence, since a year may be
//! repeated and pupils change course.

use crate::model::ids::SchoolYear;
use crate::model::traits::Level;

/// The level of a `CODE_MEF` in a school year. None for codes whose place is not known, as those of
/// an académie.
pub fn level(mef: &str, year: SchoolYear) -> Option<Level> {
    let family: u16 = mef.get(..3)?.parse().ok()?;
    let year_of_course =
        || mef.get(9..10)?.parse::<u8>().ok().filter(|rank| (1..=4).contains(rank));
    let rank = match family {
        100 => 6,
        101 => 7,
        102 => 8,
        103 => 9,
        200..=202 => 10 + u8::try_from(family - 200).ok()?,
        // CAP, bac pro: the year of the course.
        240 | 241 | 247 | 253 | 254 | 276 => 9 + year_of_course()?,
        // BTS, classes préparatoires.
        300..=319 => 12 + year_of_course()?,
        _ => return None,
    };
    Some(Level { rank, year })
}

/// How two levels of one person may follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// A year later, a year higher.
    Straight,
    /// A year repeated, a change of course.
    Aside,
    /// Two years lower, or two higher than time allows.
    Never,
}

pub fn follows(before: Level, after: Level) -> Follows {
    let years = i32::from(after.year.0) - i32::from(before.year.0);
    let steps = i32::from(after.rank) - i32::from(before.rank);
    match steps - years {
        0 => Follows::Straight,
        // Three years aside: somebody who was away, or who began anew.
        -3..=-1 if steps >= -1 => Follows::Aside,
        _ => Follows::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_from_the_code() {
        let rank = |mef| level(mef, SchoolYear(2026)).map(|level| level.rank);
        for (mef, expect) in [
            ("20010015110", Some(10)),
            ("20110019110", Some(11)),
            ("20210019110", Some(12)),
            ("10310019110", Some(9)),
            ("24722110321", Some(11)),
            ("31121001221", Some(14)),
            ("1001000B11A", Some(6)),
            ("XYZ", None),
            ("", None),
        ] {
            assert_eq!(rank(mef), expect, "{mef}");
        }
    }

    #[test]
    fn a_year_higher_follows_and_two_lower_never_does() {
        let at = |rank, year| Level { rank, year: SchoolYear(year) };
        for (before, after, expect) in [
            (at(10, 2025), at(11, 2026), Follows::Straight),
            (at(10, 2025), at(10, 2026), Follows::Aside),
            (at(11, 2025), at(10, 2026), Follows::Aside),
            (at(12, 2025), at(10, 2026), Follows::Never),
            (at(10, 2025), at(12, 2026), Follows::Never),
            (at(10, 2023), at(11, 2026), Follows::Aside),
        ] {
            assert_eq!(follows(before, after), expect, "{before:?} {after:?}");
        }
    }
}
