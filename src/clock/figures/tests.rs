use super::super::calendar::CalendarRules;
use super::*;

fn at(text: &str) -> Timestamp {
    format!("2026-09-{text}:00+02:00").parse().unwrap()
}

/// Lots as `since ended count cause`, days of September 2026, `-` for an open one.
fn figures(now: &str, lots: &[&str], suspensions: &[Suspension]) -> Figures {
    let calendar = CalendarRules::standard().check().unwrap();
    let (reading, now) = (Reading::R1, at(now));
    let terms = Terms { calendar: &calendar, reading, warn_at: &[0.5, 0.75], suspensions, now };
    let mut figures = Figures::default();
    for lot in lots {
        let words: Vec<&str> = lot.split(' ').collect();
        let (since, ended) = (at(words[0]), (words[1] != "-").then(|| at(words[1])));
        let cause = Cause::ALL.into_iter().find(|one| one.as_str() == words[3]).unwrap();
        let net_since = words.get(4).map_or(since, |text| at(text));
        let uai = "0599990N".parse().unwrap();
        let count = words[2].parse().unwrap();
        figures.add(&Item { uai, since, net_since, ended, cause, count }, &terms);
    }
    figures
}

#[test]
fn equal_is_on_time_and_a_second_more_is_late() {
    // Requirements 2.3.
    let one = |end: &str| figures("20T10:00", &[&format!("07T09:00 {end} 1 target")], &[]);
    assert_eq!((one("10T09:00").on_time, one("10T09:00").late_gross()), (1, 0));
    let late = one("10T09:01");
    assert_eq!((late.on_time, late.late[&Cause::Target], late.late_now), (0, 1, 0));
}

#[test]
fn what_is_open_past_its_deadline_is_late_now_and_not_when_it_ends() {
    // Requirements 2.3.
    let lots = ["07T09:00 - 3 review", "08T09:00 - 2 target", "09T21:00 - 5 target"];
    let figures = figures("10T10:00", &lots, &[]);
    assert_eq!((figures.late_now, figures.late[&Cause::Review], figures.open), (3, 3, 7));
    // 49 of 72 hours are beyond one half; 13 are not.
    assert_eq!(figures.warned, [2, 0]);
    assert_eq!(figures.earliest_deadline, Some(at("10T09:00")));
}

#[test]
fn warnings_come_at_their_shares_exactly() {
    let warned = |now| figures(now, &["07T09:00 - 1 target"], &[]).warned;
    assert_eq!(warned("08T20:59"), [0, 0]);
    assert_eq!(warned("08T21:00"), [1, 0]);
    assert_eq!(warned("09T14:59"), [1, 0]);
    assert_eq!(warned("09T15:00"), [1, 1]);
}

#[test]
fn shares_of_the_delay_are_by_nearest_rank_and_week_ends_do_not_count() {
    // 18 h, 36 h and, over a week-end, 72 h.
    let lots =
        ["07T09:00 08T03:00 10 target", "07T09:00 08T21:00 9 target", "11T09:00 16T09:00 1 target"];
    let figures = figures("20T10:00", &lots, &[]);
    let at = |percent| figures.share_at(percent).unwrap();
    assert_eq!((at(50), at(95), at(100)), (2_500, 5_000, 10_000));
    assert_eq!(Figures::default().share_at(50), None);
}

#[test]
fn suspensions_and_corrections_change_the_net_figures_only() {
    // Requirements 2.2, 2.3: gross and net.
    let pause = |from, to| Suspension { from: at(from), to: at(to), reason: "panne".into() };
    let lot = ["07T09:00 11T09:00 1 target"];
    assert_eq!(figures("20T10:00", &lot, &[]).late_net, 1);
    let day = [pause("08T00:00", "08T20:00"), pause("08T12:00", "09T00:00")];
    let suspended = figures("20T10:00", &lot, &day);
    assert_eq!((suspended.late_gross(), suspended.late_net), (1, 0));
    let hour = [pause("08T00:00", "08T23:59")];
    assert_eq!(figures("20T10:00", &lot, &hour).late_net, 1);
    // A week-end that is suspended changes nothing: the clock does not run then.
    assert_eq!(figures("20T10:00", &lot, &[pause("12T00:00", "13T12:00")]).late_net, 1);
    // The school corrected on the 10th: its first delivery counts gross, the corrected one net.
    let corrected = figures("20T10:00", &["07T09:00 11T09:00 1 source 10T09:00"], &[]);
    assert_eq!((corrected.late_gross(), corrected.late_net), (1, 0));
}
