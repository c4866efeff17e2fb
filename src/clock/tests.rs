use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;

use super::calendar::{Calendar, CalendarRules};
use super::{Reading, consumed, deadline};

fn standard() -> Calendar {
    CalendarRules::standard().check().unwrap()
}

fn days(text: &str) -> Vec<Date> {
    text.split(',').filter(|day| !day.is_empty()).map(|day| day.parse().unwrap()).collect()
}

/// Name of the test below, for the runs under other machine zones.
const VECTORS: &str = "clock::tests::every_vector_holds_for_every_reading";

#[test]
fn every_vector_holds_for_every_reading() {
    // Requirements 2.7, V01 to V30.
    let text = include_str!("../../tests/data/sla_vectors.csv");
    let mut table = csv::ReaderBuilder::new().delimiter(b';').from_reader(text.as_bytes());
    let mut count = 0;
    for row in table.records().map(Result::unwrap) {
        let rules = CalendarRules {
            zone: row[3].to_owned(),
            tz: row[4].to_owned(),
            closed: days(&row[5]),
            worked: days(&row[6]),
            ..CalendarRules::standard()
        };
        let calendar = rules.check().unwrap();
        let received: Timestamp = row[1].parse().unwrap();
        assert_eq!(received, row[2].parse().unwrap(), "{}", &row[0]);
        for (column, reading) in
            [(7, "R0"), (8, "R4"), (9, "R1"), (10, "R3"), (11, "R2"), (12, "R1")]
        {
            let expect: Timestamp = row[column].parse().unwrap();
            let reading = Reading::ALL.into_iter().find(|known| known.as_str() == reading).unwrap();
            assert_eq!(deadline(received, &calendar, reading), expect, "{} {reading}", &row[0]);
        }
        count += 1;
    }
    assert_eq!(count, 30);
}

#[test]
fn the_zone_of_the_machine_changes_nothing() {
    // Requirements 2.7 (f), R-77.
    for zone in ["UTC", "Pacific/Auckland", "America/Los_Angeles"] {
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", VECTORS])
            .env("TZ", zone)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout).into_owned();
        assert!(run.status.success() && said.contains("1 passed"), "{zone}: {said}");
    }
}

#[test]
fn a_delay_without_end_is_no_panic() {
    for reading in Reading::ALL {
        assert_eq!(deadline(Timestamp::MAX, &standard(), reading), Timestamp::MAX);
        assert!(deadline(Timestamp::MIN, &standard(), reading) > Timestamp::MIN);
    }
}

#[test]
fn a_lunch_break_does_not_count() {
    let rules = CalendarRules {
        hours: 8,
        office_hours: vec!["08:00-12:00".to_owned(), "14:00-18:00".to_owned()],
        ..CalendarRules::standard()
    };
    let received = "2026-09-07T09:00:00+02:00".parse().unwrap();
    let expect: Timestamp = "2026-09-08T09:00:00+02:00".parse().unwrap();
    assert_eq!(deadline(received, &rules.check().unwrap(), Reading::R2), expect);
}

/// Instants of 2024 to 2034, to the second.
fn instant() -> impl Strategy<Value = Timestamp> {
    (1_704_067_200_i64..2_019_686_400).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    /// Requirements 2.7 (a).
    #[test]
    fn readings_keep_their_order(received in instant()) {
        let calendar = standard();
        let all = Reading::ALL.map(|reading| deadline(received, &calendar, reading));
        prop_assert!(all.is_sorted(), "{all:?}");
    }

    /// Requirements 2.7 (b).
    #[test]
    fn a_later_receipt_never_has_an_earlier_deadline(
        received in instant(), later in 0_i64..2_000_000,
    ) {
        let calendar = standard();
        let after = received.checked_add(SignedDuration::from_secs(later)).unwrap();
        for reading in Reading::ALL {
            prop_assert!(
                deadline(received, &calendar, reading) <= deadline(after, &calendar, reading)
            );
        }
    }

    /// Requirements 2.7 (c).
    #[test]
    fn exactly_the_delay_runs_until_the_deadline(received in instant()) {
        let calendar = standard();
        for reading in [Reading::R0, Reading::R1, Reading::R2, Reading::R4] {
            let due = deadline(received, &calendar, reading);
            prop_assert_eq!(consumed(received, due, &calendar, reading), calendar.delay());
            prop_assert_eq!(consumed(due, received, &calendar, reading), SignedDuration::ZERO);
        }
    }

    /// Requirements 2.7 (d).
    #[test]
    fn two_instants_of_one_closed_period_have_one_deadline(
        week in 0_i32..500, first in 0_i64..172_800, second in 0_i64..172_800,
    ) {
        let calendar = standard();
        let saturday = date(2024, 1, 6).checked_add(week.weeks()).unwrap();
        let begin = calendar.midnight(saturday).unwrap();
        let end = calendar.midnight(saturday.checked_add(2.days()).unwrap()).unwrap();
        let at = |second| begin.checked_add(SignedDuration::from_secs(second)).unwrap();
        prop_assume!(at(first) < end && at(second) < end);
        for reading in [Reading::R1, Reading::R2, Reading::R3] {
            prop_assert_eq!(
                deadline(at(first), &calendar, reading),
                deadline(at(second), &calendar, reading)
            );
        }
    }

    /// Requirements 2.7 (e).
    #[test]
    fn a_closing_day_never_brings_a_deadline_forward(received in instant(), after in 0_i32..20) {
        let open = standard();
        let day = open.day_of(received).checked_add(after.days()).unwrap();
        let closed = CalendarRules { closed: vec![day], ..CalendarRules::standard() };
        let closed = closed.check().unwrap();
        for reading in Reading::ALL {
            prop_assert!(
                deadline(received, &closed, reading) >= deadline(received, &open, reading)
            );
        }
    }
}
