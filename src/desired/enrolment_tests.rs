use std::collections::BTreeSet;

use jiff::civil::date;

use super::*;
use crate::matching::claim::ClaimId;
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::record::Names;
use crate::model::traits::Traits;

const A: &str = "0599990N";
const B: &str = "0809990Z";
const TODAY: Date = date(2026, 9, 21);

fn uai(text: &str) -> Uai {
    text.parse().unwrap()
}

fn enrolment(state: EnrolmentState) -> Enrolment {
    Enrolment {
        role: Role::Pupil,
        state,
        since: date(2025, 9, 1),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    }
}

fn declared(school: &str, entered: Option<Date>, left: Option<Date>, year: i16) -> Declared {
    Declared {
        names: Names { family: "LEFÈVRE".into(), usage: None, given: "Inès".into() },
        birth_date: None,
        traits: Traits::default(),
        identifiers: Identifiers::default(),
        role: Role::Pupil,
        year: SchoolYear(year),
        entered_on: entered,
        left_on: left,
        division: None,
        division_unclear: false,
        groups: BTreeSet::new(),
        claim: ClaimId { uai: uai(school), source: Source::SieclePupils, line: 1 },
    }
}

/// What each school says, in one word: `here`, `gone` (exit date), `later` (entry to come),
/// `silent` (nothing delivered), `dropped` (complete file, not listed), `cut` (file on which
/// nobody leaves), `waits` (a record set aside), `old` (listed in last year's file), `august`
/// (complete file of the first weeks, not listed).
fn run(
    before: &[(&str, EnrolmentState)],
    says: &[(&str, &str)],
    place: Option<&str>,
    today: Date,
) -> String {
    let before: Enrolments =
        before.iter().map(|(school, state)| (uai(school), enrolment(state.clone()))).collect();
    let mut now = BTreeMap::new();
    for (school, word) in says {
        let one = match *word {
            "here" => declared(school, Some(date(2026, 9, 1)), None, 2026),
            "gone" => declared(school, None, Some(date(2026, 9, 12)), 2026),
            "later" => declared(school, Some(date(2026, 11, 2)), None, 2026),
            "old" => declared(school, None, None, 2025),
            _ => continue,
        };
        now.insert(uai(school), one);
    }
    let word = |school: &Uai| {
        says.iter().find(|(name, _)| *name == school.as_str()).map(|(_, word)| *word)
    };
    let hear = |school: &Uai, _: &Role| Hearing {
        declared: now.get(school),
        complete: matches!(word(school), Some("dropped" | "here" | "gone" | "waits" | "august")),
        settled: word(school) != Some("august"),
        year: Some(SchoolYear(if word(school) == Some("old") { 2025 } else { 2026 })),
        waits: word(school) == Some("waits"),
    };
    let place = place.map(uai);
    let after = renew(&before, &hear, Some(&now), place.as_ref(), &Policy::STANDARD, today);
    let told: Vec<String> = after
        .iter()
        .map(|(school, one)| {
            let state = match &one.state {
                EnrolmentState::Current => "current".to_owned(),
                EnrolmentState::Future => "future".to_owned(),
                EnrolmentState::Held { .. } => "held".to_owned(),
                EnrolmentState::Ended { on, by } => format!("ended {on} {by:?}"),
            };
            format!("{school} {state}")
        })
        .collect();
    told.join(", ")
}

use EnrolmentState::Current;

#[test]
fn absence_is_not_departure() {
    // DESIGN rule 1; R-07.
    for word in ["silent", "cut", "waits"] {
        assert_eq!(
            run(&[(A, Current)], &[(A, word)], Some(A), TODAY),
            "0599990N current",
            "{word}"
        );
    }
    assert_eq!(
        run(&[(A, Current)], &[(A, "dropped")], Some(A), TODAY),
        "0599990N ended 2026-09-21 NotListed"
    );
    assert_eq!(
        run(&[(A, Current)], &[(A, "gone")], Some(A), TODAY),
        "0599990N ended 2026-09-12 ExitDate"
    );
}

#[test]
fn in_the_first_weeks_not_being_listed_ends_nothing_by_itself() {
    let early = date(2026, 9, 7);
    assert_eq!(run(&[(A, Current)], &[(A, "dropped")], Some(A), early), "0599990N current");
    // But another school that lists the pupil shows that he was let go.
    assert_eq!(
        run(&[(A, Current)], &[(A, "dropped"), (B, "here")], Some(A), early),
        "0599990N ended 2026-09-07 NotListed, 0809990Z current"
    );
}

#[test]
fn in_the_first_weeks_a_hold_ends_as_well() {
    // the old school drops the pupil; that the new one is held back is no silence.
    let early = date(2026, 9, 9);
    let held = EnrolmentState::Held { since: date(2026, 9, 8) };
    let before = [(A, Current), (B, held)];
    assert_eq!(
        run(&before, &[(A, "dropped"), (B, "here")], Some(A), early),
        "0599990N ended 2026-09-09 NotListed, 0809990Z current"
    );
    // The new school drops its claim instead, and the old one is silent: the hold is over.
    assert_eq!(
        run(&before, &[(A, "silent"), (B, "dropped")], Some(A), early),
        "0599990N current, 0809990Z ended 2026-09-09 NotListed"
    );
    // Nothing is heard of the new school's claim: nobody lets go of anything.
    for word in ["silent", "cut", "waits"] {
        assert_eq!(
            run(&before, &[(A, "dropped"), (B, word)], Some(A), early),
            "0599990N current, 0809990Z held",
            "{word}"
        );
    }
}

#[test]
fn a_file_of_the_first_weeks_ends_nothing_later_either() {
    // The school delivered in August, while classes were typed, and never since.
    let says = [(A, "august")];
    assert_eq!(run(&[(A, Current)], &says, Some(A), date(2026, 9, 15)), "0599990N current");
    assert_eq!(run(&[(A, Current)], &says, Some(A), date(2026, 11, 15)), "0599990N current");
    // It does release.
    assert_eq!(
        run(&[(A, Current)], &[(A, "august"), (B, "here")], Some(A), TODAY),
        "0599990N ended 2026-09-21 NotListed, 0809990Z current"
    );
}

#[test]
fn staff_of_two_schools_lose_no_post_because_the_other_lists_them() {
    let teaches =
        |school: &str| Declared { role: Role::Teacher, ..declared(school, None, None, 2026) };
    let here: BTreeMap<Uai, Declared> = [(uai(B), teaches(B))].into();
    let one = Enrolment { role: Role::Teacher, ..enrolment(Current) };
    let before = Enrolments::from_iter([(uai(A), one.clone()), (uai(B), one)]);
    let hear = |school: &Uai, _: &Role| Hearing {
        declared: here.get(school),
        complete: true,
        settled: true,
        year: Some(SchoolYear(2026)),
        waits: false,
    };
    let after = |today| renew(&before, &hear, Some(&here), None, &Policy::STANDARD, today);
    assert_eq!(after(date(2026, 9, 9)).get(&uai(A)).unwrap().state, Current);
    let ended = EnrolmentState::Ended { on: TODAY, by: EndedBy::NotListed };
    assert_eq!(after(TODAY).get(&uai(A)).unwrap().state, ended);
}

#[test]
fn two_schools_that_claim_a_pupil_hold_each_other() {
    // in every order, and it ends by itself.
    let held = EnrolmentState::Held { since: date(2026, 9, 8) };
    let both = [(A, "here"), (B, "here")];
    let kept = "0599990N current, 0809990Z held";
    assert_eq!(run(&[(A, Current)], &both, Some(A), TODAY), kept);
    assert_eq!(run(&[(A, Current)], &[(A, "silent"), (B, "here")], Some(A), TODAY), kept);
    assert_eq!(run(&[(A, Current), (B, held.clone())], &both, Some(A), TODAY), kept);
    for word in ["gone", "dropped"] {
        let after =
            run(&[(A, Current), (B, held.clone())], &[(A, word), (B, "here")], Some(A), TODAY);
        assert!(after.ends_with("0809990Z current"), "{word}: {after}");
    }
    // The new school lets go: the pupil stays where he was.
    assert_eq!(
        run(&[(A, Current), (B, held)], &[(A, "here"), (B, "dropped")], Some(A), TODAY),
        "0599990N current, 0809990Z ended 2026-09-21 NotListed"
    );
    // Nobody knows the pupil yet: nothing is made until one lets go (DESIGN section 1).
    assert_eq!(run(&[], &both, None, TODAY), "0599990N held, 0809990Z held");
}

#[test]
fn a_file_of_last_year_holds_nobody_back() {
    assert_eq!(
        run(&[(A, Current)], &[(A, "old"), (B, "here")], Some(A), date(2026, 9, 7)),
        "0599990N ended 2026-09-07 NewYearElsewhere, 0809990Z current"
    );
}

#[test]
fn entries_to_come_and_exits_of_strangers() {
    assert_eq!(run(&[], &[(A, "later")], None, TODAY), "0599990N future");
    assert_eq!(run(&[], &[(A, "gone")], None, TODAY), "");
    assert_eq!(run(&[(A, Current)], &[(A, "later")], Some(A), TODAY), "0599990N current");
}

#[test]
fn a_return_opens_the_enrolment_again() {
    let ended = EnrolmentState::Ended { on: date(2026, 9, 1), by: EndedBy::ExitDate };
    assert_eq!(run(&[(A, ended.clone())], &[(A, "here")], Some(A), TODAY), "0599990N current");
    assert_eq!(
        run(&[(A, ended)], &[(A, "gone")], Some(A), TODAY),
        "0599990N ended 2026-09-01 ExitDate"
    );
}

#[test]
fn without_a_function_the_role_stays_what_it_was() {
    let said = Declared { role: Role::Unknown, ..declared(A, None, None, 2026) };
    let check = |state: Option<EnrolmentState>, expected: Role| {
        let before = state.map(|state| Enrolment { role: Role::Teacher, ..enrolment(state) });
        assert_eq!(from_declared(before.as_ref(), &said, TODAY).unwrap().role, expected);
    };
    check(Some(EnrolmentState::Current), Role::Teacher);
    // Nobody gets an account back, or a first one, on such a record.
    let ended = EnrolmentState::Ended { on: TODAY, by: EndedBy::NotListed };
    check(Some(ended), Role::Unknown);
    check(None, Role::Unknown);
}
