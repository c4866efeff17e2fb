//! The evenings on which schools deliver.

use jiff::Timestamp;
use jiff::civil::{Date, date};

/// The first school year; its end is the summer before the rentrée.
pub const LAST_YEAR: i16 = 2025;
pub const THIS_YEAR: i16 = 2026;

/// One evening of deliveries, in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Campaign {
    /// Every school, for 2025-2026, in October.
    Autumn,
    /// Every school, for 2025-2026, after the moves of winter.
    Spring,
    /// Every school, for 2026-2027, on the Monday after the rentrée.
    Rentree,
    /// Some schools each, with what has changed since.
    Tuesday,
    Thursday,
    NextMonday,
}

impl Campaign {
    pub const ALL: [Self; 6] = [
        Self::Autumn,
        Self::Spring,
        Self::Rentree,
        Self::Tuesday,
        Self::Thursday,
        Self::NextMonday,
    ];

    /// The day of the exports; files are received the same evening.
    pub fn day(self) -> Date {
        match self {
            Self::Autumn => date(2025, 10, 6),
            Self::Spring => date(2026, 3, 16),
            Self::Rentree => date(2026, 9, 7),
            Self::Tuesday => date(2026, 9, 8),
            Self::Thursday => date(2026, 9, 10),
            Self::NextMonday => date(2026, 9, 14),
        }
    }

    /// First year of the school year of the files.
    pub fn school_year(self) -> i16 {
        if self < Self::Rentree { LAST_YEAR } else { THIS_YEAR }
    }

    /// 21:30 in Paris, whose clocks are an hour ahead of UTC in winter, two in summer.
    pub fn received_at(self) -> Timestamp {
        let hours = if self == Self::Spring { 20 } else { 19 };
        let start = date(1970, 1, 1);
        let days = start.until(self.day()).map_or(0, |span| span.get_days());
        let seconds = i64::from(days) * 86_400 + hours * 3_600 + 30 * 60;
        Timestamp::from_second(seconds).unwrap_or_default()
    }

    /// Whether a school delivers. On the days after the rentrée one in three does, each once.
    pub fn delivers(self, school: usize) -> bool {
        match self {
            Self::Autumn | Self::Spring | Self::Rentree => true,
            Self::Tuesday => school.is_multiple_of(3),
            Self::Thursday => school % 3 == 1,
            Self::NextMonday => school % 3 == 2 || school == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_received_at_half_past_nine_in_the_evening() {
        let paris = jiff::tz::TimeZone::get("Europe/Paris").unwrap();
        for campaign in Campaign::ALL {
            let civil = paris.to_datetime(campaign.received_at());
            assert_eq!(civil, campaign.day().at(21, 30, 0, 0), "{campaign:?}");
        }
        assert!(Campaign::ALL.is_sorted_by_key(|campaign| campaign.day()));
    }
}
