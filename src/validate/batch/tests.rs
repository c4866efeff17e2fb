use super::*;
use crate::validate::fixture::lycee;
use jiff::civil::date;
use proptest::prelude::*;

const LILLE: &str = "0590001F";

/// A delivery: `name source year exported received`, days at noon UTC, `-` when there is none.
struct Given {
    digest: Digest,
    name: String,
    received_at: Timestamp,
    header: Header,
}

fn given(rank: u8, text: &str, uai: &str) -> Given {
    let mut words = text.split_whitespace();
    let mut next = || words.next().unwrap();
    let noon = |day: &str| format!("{day}T12:00:00Z").parse::<Timestamp>().ok();
    let name = next().to_owned();
    let source = next();
    let source = Source::ALL.into_iter().find(|known| known.as_str() == source).unwrap();
    let school_year = next().parse().unwrap();
    let exported_at = noon(next());
    Given {
        digest: Digest::of_bytes([rank; 32]),
        name,
        received_at: noon(next()).unwrap(),
        header: Header { source, uai: uai.parse().unwrap(), school_year, exported_at },
    }
}

fn schools(source: SchoolSource) -> Schools {
    let school = School { source, ..lycee(LILLE) };
    [(school.uai.clone(), school)].into()
}

fn rule(all: &[Given], in_force: &[&str], schools: &Schools, today: Date) -> Batch {
    let heads: Vec<Head<'_>> = all
        .iter()
        .map(|given| Head {
            digest: &given.digest,
            name: &given.name,
            received_at: given.received_at,
            last_received_at: given.received_at,
            header: &given.header,
        })
        .collect();
    let named = all.iter().filter(|given| in_force.contains(&given.name.as_str()));
    let in_force = named.map(|given| given.digest.clone()).collect();
    let now = format!("{today}T12:00:00Z").parse().unwrap();
    batch(&heads, schools, &in_force, &Policy::standard(), now)
}

/// Rulings as `name status finding…`, in the order given.
fn told(all: &[Given], batch: &Batch) -> Vec<String> {
    let line = |given: &Given| {
        let ruling = batch.rulings.get(&given.digest).unwrap();
        let ids = ruling.findings.iter().map(|finding| finding.id.as_ref());
        let mut words = vec![given.name.as_str(), ruling.status.as_str()];
        words.extend(ids);
        words.join(" ")
    };
    all.iter().map(line).collect()
}

#[track_caller]
fn check(today: Date, in_force: &[&str], deliveries: &[&str], expect: &[&str]) {
    let all: Vec<Given> = (1..).zip(deliveries).map(|(n, text)| given(n, text, LILLE)).collect();
    let schools = schools(SchoolSource::StsSiecle);
    assert_eq!(told(&all, &rule(&all, in_force, &schools, today)), expect);
}

#[test]
fn the_newest_export_wins_whenever_it_came() {
    check(
        date(2026, 9, 16),
        &["a"],
        &[
            "a siecle-pupils 2026 2026-09-14 2026-09-14",
            "b siecle-pupils 2026 2026-09-15 2026-09-15",
            "c siecle-pupils 2026 2026-09-10 2026-09-16",
            "d siecle-structures 2026 2026-09-01 2026-09-01",
        ],
        &["a superseded delivery-older", "b current", "c superseded delivery-older", "d current"],
    );
}

#[test]
fn without_export_date_the_last_received_wins() {
    check(
        date(2026, 9, 16),
        &[],
        &["a sts 2026 - 2026-09-15", "b sts 2026 - 2026-09-14"],
        &["a current", "b superseded delivery-older"],
    );
}

#[test]
fn in_june_both_years_live_side_by_side() {
    let both = [
        "old siecle-pupils 2025 2026-06-10 2026-06-10",
        "new siecle-pupils 2026 2026-06-12 2026-06-12",
    ];
    check(date(2026, 6, 15), &["old"], &both, &["old current", "new early delivery-early"]);
    // SEC-41: before the exports of the next year exist, it is a wrong year.
    check(
        date(2026, 5, 14),
        &["old"],
        &["new siecle-pupils 2026 2026-05-13 2026-05-14"],
        &["new refused year-wrong"],
    );
    // At the turn, the new year is in force by itself, and the old one is history.
    check(
        date(2026, 8, 20),
        &["old"],
        &both,
        &["old superseded delivery-older", "new current export-old"],
    );
    check(
        date(2026, 9, 1),
        &["new"],
        &both,
        &["old superseded delivery-older", "new current export-old"],
    );
}

/// SEC-41: a year that was wrong when the file was received does not become right with time,
/// wherever the file is by then; the school exports again.
#[test]
fn a_file_that_was_refused_for_its_year_never_comes_into_force() {
    let wrong = "wrong siecle-pupils 2027 2026-10-02 2026-10-02";
    let old = "old siecle-pupils 2026 2026-10-01 2026-10-01";
    let both = [old, wrong];
    check(date(2026, 10, 2), &["old"], &both, &["old current", "wrong refused year-wrong"]);
    let later = ["old current export-old", "wrong refused year-too-soon"];
    check(date(2027, 6, 1), &["old"], &both, &later);
    check(date(2027, 8, 21), &["old"], &both, &later);
    // Of the summer, one that came a day too soon; received again, the same bytes are good.
    let soon = "soon sts 2027 - 2027-05-14";
    check(date(2027, 5, 14), &[], &[soon], &["soon refused year-wrong"]);
    check(date(2027, 5, 15), &[], &[soon], &["soon refused year-too-soon"]);
    check(date(2027, 8, 21), &["soon"], &[soon], &["soon current export-old"]);
    check(
        date(2027, 5, 15),
        &[],
        &["again sts 2027 - 2027-05-15"],
        &["again early delivery-early"],
    );
}

#[test]
fn last_years_delivery_stays_in_force_until_the_new_one_replaces_it() {
    // DESIGN rule 1: absence is not departure.
    let old = "old sts 2025 - 2026-06-10";
    let older = "older sts 2025 - 2026-06-01";
    check(
        date(2026, 8, 25),
        &["old"],
        &[old, older],
        &["old current export-old", "older superseded delivery-older"],
    );
    check(
        date(2026, 8, 25),
        &["old"],
        &[old, "new sts 2026 - 2026-08-24"],
        &["old superseded delivery-older", "new current"],
    );
    // Never applied: it is simply of a wrong year. So is one that comes after the turn.
    check(date(2026, 8, 25), &[], &[old], &["old refused year-wrong"]);
    check(
        date(2026, 9, 16),
        &["new"],
        &["new sts 2026 - 2026-09-01", "late sts 2025 - 2026-09-15"],
        &["new current export-old", "late refused year-wrong"],
    );
    // Two years later nothing of it is left in force.
    check(date(2027, 8, 25), &["old"], &[old], &["old refused year-wrong"]);
}

#[test]
fn an_export_from_the_future_is_refused() {
    check(
        date(2026, 9, 16),
        &[],
        &[
            "a siecle-pupils 2026 2026-09-17 2026-09-15",
            "b siecle-pupils 2026 2026-09-16 2026-09-15",
        ],
        &["a refused export-in-future", "b current"],
    );
}

#[test]
fn a_receipt_from_the_future_is_refused_and_outranks_nothing() {
    // A file whose time is wrong, or a manifest: it would block the school until that day.
    check(
        date(2026, 9, 16),
        &["a"],
        &["a sts 2026 - 2026-09-18", "b sts 2026 - 2026-09-15", "c sts 2026 - 2026-09-17"],
        &["a refused receipt-in-future", "b superseded delivery-older", "c current"],
    );
}

#[test]
fn an_export_of_three_weeks_is_told() {
    //
    check(
        date(2026, 9, 30),
        &[],
        &[
            "a siecle-pupils 2026 2026-09-10 2026-09-28",
            "b siecle-structures 2026 2026-09-10 2026-09-28",
        ],
        &["a current export-old", "b current"],
    );
    let fourteen = ["a siecle-pupils 2026 2026-09-16 2026-09-28"];
    check(date(2026, 9, 30), &[], &fourteen, &["a current"]);
}

#[test]
fn schools_outside_the_agreement_are_refused() {
    //
    let all = [given(1, "a sts 2026 - 2026-09-15", "0332490C")];
    let today = date(2026, 9, 16);
    let batch = rule(&all, &[], &schools(SchoolSource::StsSiecle), today);
    assert_eq!(told(&all, &batch), ["a refused uai-unknown"]);
    let all = [given(1, "a sts 2026 - 2026-09-15", LILLE)];
    let batch = rule(&all, &[], &schools(SchoolSource::Pgcu), today);
    assert_eq!(told(&all, &batch), ["a refused school-without-files"]);
    assert!(batch.missing.is_empty(), "a PGCU school owes no file");
}

#[test]
fn a_school_that_delivers_nothing_or_half_is_named() {
    //
    let missing = |texts: &[&str]| {
        let all: Vec<Given> = (1..).zip(texts).map(|(n, text)| given(n, text, LILLE)).collect();
        let schools = schools(SchoolSource::StsSiecle);
        let batch = rule(&all, &["old"], &schools, date(2026, 9, 16));
        let told = batch.missing.values().flatten();
        told.map(|finding| finding.facts["missing"].clone()).collect::<Vec<_>>()
    };
    let pupils = "p siecle-pupils 2026 2026-09-15 2026-09-15";
    let sts = "s sts 2026 - 2026-09-15";
    assert_eq!(missing(&[]), ["Siècle, élèves ; STSWeb"]);
    assert_eq!(missing(&[pupils]), ["STSWeb"]);
    assert_eq!(missing(&[sts]), ["Siècle, élèves"]);
    assert_eq!(missing(&[pupils, sts]), [""; 0]);
    // Last year's file is still used, and the new one is still owed.
    assert_eq!(missing(&[pupils, "old sts 2025 - 2026-06-15"]), ["STSWeb"]);
}

#[test]
fn an_stsweb_part_of_last_year_beside_this_years_pupils_is_told() {
    // the tick box was forgotten.
    check(
        date(2026, 9, 16),
        &["s"],
        &["p siecle-pupils 2026 2026-09-15 2026-09-15", "s sts 2025 - 2026-06-15"],
        &["p current", "s current export-old sts-older"],
    );
}

proptest! {
    /// At most one delivery of a school and source is in force, in whatever order they are told.
    #[test]
    fn one_current_delivery_at_most(
        days in proptest::collection::vec((1_u8..28, 1_u8..28, 2025_i16..2027), 1..8),
        turn in 0_usize..8,
    ) {
        let text = |(exported, received, year): &(u8, u8, i16)| format!(
            "d siecle-pupils {year} 2026-09-{exported:02} 2026-09-{received:02}"
        );
        let mut all: Vec<Given> =
            (1..).zip(&days).map(|(n, day)| given(n, &text(day), LILLE)).collect();
        let schools = schools(SchoolSource::StsSiecle);
        let first = rule(&all, &[], &schools, date(2026, 9, 28));
        let length = all.len();
        all.rotate_left(turn % length);
        prop_assert_eq!(&rule(&all, &[], &schools, date(2026, 9, 28)), &first);
        let current = first.rulings.values().filter(|it| it.status == Status::Current).count();
        prop_assert!(current <= 1);
        prop_assert_eq!(first.rulings.len(), all.len());
    }
}
