//! Stories of one school, and the laws that hold for all.

use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::checks::CHECKS;
use super::fixture::{Case, codes, division, group, lines, pupil, pupils, staff};
use super::*;
use crate::model::finding as kind;
use crate::model::ids::{IneKey, SchoolYear};
use crate::model::record::{PupilRecord, StaffKind, StaffRecord};

pub(super) fn check(case: &Case, expect: &[&str]) -> Verdict {
    for check in CHECKS {
        let own = |finding: &kind::Finding| check.ids.iter().any(|kind| kind.id == finding.id);
        assert!(case.run(check.run).findings.iter().all(own), "a kind is not in the table");
    }
    let verdict = school(&case.view());
    assert_eq!(case.told(&verdict), expect);
    verdict
}

fn aside(verdict: &Verdict) -> Vec<u64> {
    verdict.set_aside.iter().map(|(_, line)| *line).collect()
}

#[test]
fn nothing_is_said_of_a_sound_school() {
    let case = Case::new()
        .pupils(pupils(30))
        .structures(vec![division(1, "2 A", &[])])
        .sts(vec![division(50, "2 A", &["7"])])
        .before(pupils(30));
    let verdict = check(&case, &[]);
    assert!(verdict.set_aside.is_empty() && verdict.no_departures.is_empty());
}

#[test]
fn an_ine_on_two_rows_sets_both_aside_and_the_rest_goes_on() {
    let double = |line, id| PupilRecord {
        ine: [IneKey("rnie:9".to_owned()), IneKey("bea:9".to_owned())].into(),
        ..pupil(line, id)
    };
    let case = Case::new().pupils(vec![double(1, "1"), pupil(2, "2"), double(3, "3")]);
    let verdict = check(&case, &["ine-duplicated 1", "ine-duplicated 3"]);
    assert_eq!(aside(&verdict), [1, 3]);
    assert!(verdict.findings.iter().any(|finding| finding.facts["lines"] == "3"));
}

#[test]
fn an_identifier_on_two_rows_sets_both_aside() {
    let mut again = pupil(3, "1");
    again.ine = [IneKey("rnie:other".to_owned())].into();
    let case = Case::new().pupils(vec![pupil(1, "1"), pupil(2, "2"), again]);
    assert_eq!(aside(&check(&case, &["id-duplicated 1", "id-duplicated 3"])), [1, 3]);
    let mut other = staff(3, "7");
    other.names.given = "Léa".to_owned();
    let case = Case::new().staff(vec![staff(1, "7"), other]);
    assert_eq!(aside(&check(&case, &["id-duplicated 1", "id-duplicated 3"])), [1, 3]);
}

#[test]
fn a_substitute_said_twice_is_one_person_and_two_spaces_of_numbers_are_two() {
    let substitute = StaffRecord { substitute: true, ..staff(3, "7") };
    let case = Case::new().staff(vec![staff(1, "7"), substitute]);
    assert_eq!(aside(&check(&case, &["id-duplicated 3"])), [3]);
    let mut local = staff(3, "7");
    local.staff.kind = StaffKind::Local;
    check(&Case::new().staff(vec![staff(1, "7"), local]), &[]);
}

#[test]
fn a_pupil_without_birth_date_waits_and_staff_does_not() {
    let unborn = PupilRecord { birth_date: None, ..pupil(1, "1") };
    let case = Case::new().pupils(vec![unborn]).staff(vec![staff(40, "7")]);
    assert_eq!(aside(&check(&case, &["birthdate-missing 1"])), [1]);
}

#[test]
fn what_the_parser_set_aside_waits_too_and_is_not_told_twice() {
    let unborn = PupilRecord { birth_date: None, ..pupil(1, "1") };
    let mut case = Case::new().pupils(vec![unborn, pupil(2, "2")]);
    let file = case.current.get_mut(&Source::SieclePupils).unwrap();
    let at = |line| kind::Place::line("eleves.xml", line);
    file.findings = vec![kind::BIRTHDATE_UNREADABLE.at(at(1)), kind::ID_MISSING.at(at(9))];
    assert_eq!(aside(&check(&case, &[])), [1]);
}

#[test]
fn an_implausible_birth_date_is_told_only() {
    for (year, told) in [(1936, false), (1935, true), (2017, false), (2018, true)] {
        let birth_date = Some(date(year, 6, 1));
        let pupil = PupilRecord { birth_date, ..pupil(1, "1") };
        let staff = StaffRecord { birth_date, ..staff(40, "7") };
        let case = Case::new().pupils(vec![pupil]).staff(vec![staff]);
        let expect = ["birthdate-implausible 1", "birthdate-implausible 40"];
        let verdict = check(&case, if told { &expect } else { &[] });
        assert!(verdict.set_aside.is_empty());
    }
}

#[test]
fn apprentices_are_out_of_the_service_unless_the_region_says_so() {
    //
    let apprentice = PupilRecord { status: Some("AP".to_owned()), ..pupil(1, "1") };
    let mut case = Case::new().pupils(vec![apprentice]);
    assert_eq!(aside(&check(&case, &["status-out-of-scope 1"])), [1]);
    case.policy.apprentices = true;
    check(&case, &[]);
}

#[test]
fn a_pupil_without_class_is_kept_when_ine_and_entry_prove_the_arrival() {
    // Formats 2.4.
    let (past, coming) = (Some(date(2026, 9, 16)), Some(date(2026, 9, 17)));
    let rows: [(&[&str], _, _, &[&str]); 7] = [
        (&[], past, true, &["no-division 1"]),
        (&[], past, false, &["pupil-not-arrived 1", "ine-missing 1"]),
        (&[], None, true, &["pupil-not-arrived 1"]),
        (&[], coming, true, &["pupil-not-arrived 1"]),
        (&["2 A"], coming, true, &[]),
        (&["2 A"], None, true, &[]),
        (&["2 A"], past, false, &["ine-missing 1"]),
    ];
    for (classes, entered_on, ine, expect) in rows {
        let mut row = PupilRecord { divisions: codes(classes), entered_on, ..pupil(1, "1") };
        if !ine {
            row.ine.clear();
        }
        let verdict = check(&Case::new().pupils(vec![row]), expect);
        assert_eq!(aside(&verdict).len(), usize::from(expect.contains(&"pupil-not-arrived 1")));
    }
}

#[test]
fn several_classes_are_told_only_when_the_structures_do_not_decide() {
    let row = PupilRecord { divisions: codes(&["OLD", "2 A"]), ..pupil(1, "1") };
    let case = Case::new().pupils(vec![row.clone()]).sts(vec![division(50, "2 A", &["7"])]);
    // The other code is a class that nobody declares: told, and no doubt about the pupil.
    check(&case, &["division-unknown 1"]);
    check(&Case::new().pupils(vec![row]), &["division-ambiguous 1"]);
}

#[test]
fn pupils_who_left_are_counted_once() {
    let gone = |line: u64, day| PupilRecord {
        left_on: Some(date(2026, 9, day)),
        birth_date: None,
        ..pupil(line, &line.to_string())
    };
    let case = Case::new().pupils(vec![gone(1, 12), gone(2, 15), pupil(3, "3")]);
    let verdict = check(&case, &["pupil-left"]);
    assert!(verdict.findings.iter().all(|finding| finding.facts["count"] == "2"));
    // On the day itself, and before, the row must be sound.
    check(&Case::new().pupils(vec![gone(1, 16)]), &["birthdate-missing 1"]);
}

#[test]
fn unknown_formations_are_told_once_each_when_a_nomenclature_is_there() {
    let with = |line: u64, mef: &str| PupilRecord {
        mef: Some(mef.to_owned()),
        ..pupil(line, &line.to_string())
    };
    let rows = vec![with(1, "20010015110"), with(2, "1001000B11A"), with(3, "1001000B11A")];
    check(&Case::new().pupils(rows.clone()), &[]);
    check(&Case::new().pupils(rows).mefs(&["20010015110"]), &["mef-unknown 2"]);
}

#[test]
fn a_function_that_is_missing_or_unknown_is_told() {
    let with = |line: u64, function: Option<&str>| StaffRecord {
        function: function.map(str::to_owned),
        ..staff(line, &line.to_string())
    };
    let case = Case::new().staff(vec![with(1, None), with(2, Some("ZZZ")), with(3, Some("DIR"))]);
    assert!(check(&case, &["function-missing 1", "function-unknown 2"]).set_aside.is_empty());
}

#[test]
fn services_of_unknown_people_are_counted() {
    let case = Case::new().sts(vec![division(50, "2 A", &["7", "8"]), division(51, "2 B", &["8"])]);
    let verdict = check(&case, &["dangling-teacher"]);
    assert!(verdict.findings.iter().all(|finding| finding.facts["count"] == "1"));
}

#[test]
fn a_head_teacher_of_an_unknown_class_is_told_while_the_role_lasts() {
    let mut head = staff(1, "7");
    let today = date(2026, 9, 16);
    head.head_teacher_of = vec![
        (codes(&["9 Z"])[0].clone(), Some(today)),
        (codes(&["8 Z"])[0].clone(), today.yesterday().ok()),
        (codes(&["7 Z"])[0].clone(), None),
    ];
    let case = Case::new().staff(vec![head]);
    let verdict =
        check(&case, &["head-teacher-unknown-division 1", "head-teacher-unknown-division 1"]);
    let told: BTreeSet<&str> =
        verdict.findings.iter().map(|finding| finding.facts["code"].as_str()).collect();
    assert_eq!(told, ["7 Z", "9 Z"].into());
}

#[test]
fn pupils_without_any_service_are_one_finding() {
    // the tick box in STSWeb (« case à cocher dans STSWeb »).
    let case =
        Case::new().pupils(pupils(3)).sts(vec![division(50, "2 A", &[]), division(51, "2 B", &[])]);
    check(&case, &["services-empty", "division-without-pupil 51"]);
}

#[test]
fn nobody_leaves_on_a_file_that_shrank() {
    // DESIGN rule 1.
    for (now, before, dropped) in [
        (79, 100, true),
        (80, 100, false),
        (15, 20, true),
        (1, 20, true),
        // Of a small file, such as the staff of a school, two may always go.
        (1, 19, true),
        (2, 5, true),
        (3, 5, false),
        (1, 3, false),
    ] {
        let case = Case::new().pupils(pupils(now)).before(pupils(before));
        let verdict = check(&case, if dropped { &["count-dropped"] } else { &[] });
        assert_eq!(verdict.no_departures.contains(&Source::SieclePupils), dropped, "{now}");
    }
}

#[test]
fn an_exit_before_the_entry_waits() {
    let row = |left| {
        let mut row = pupil(1, "1");
        (row.entered_on, row.left_on) = (Some(date(2026, 9, 1)), Some(left));
        row
    };
    check(
        &Case::new().pupils(vec![row(date(2026, 6, 30))]),
        &["exit-before-entry 1", "pupil-left"],
    );
    check(&Case::new().pupils(vec![row(date(2026, 9, 1))]), &["pupil-left"]);
}

#[test]
fn a_file_that_grew_is_told_only() {
    let case = Case::new().pupils(pupils(151)).before(pupils(100));
    assert!(check(&case, &["count-jumped"]).no_departures.is_empty());
    check(&Case::new().pupils(pupils(150)).before(pupils(100)), &[]);
}

#[test]
fn counts_of_two_school_years_are_not_compared() {
    let mut case = Case::new().pupils(pupils(10)).before(pupils(100));
    case.before.get_mut(&Source::SieclePupils).unwrap().header.school_year = SchoolYear(2025);
    check(&case, &[]);
}

#[test]
fn classes_that_vanish_together_are_told() {
    let mut rows = pupils(30);
    rows.iter_mut().take(10).for_each(|row| row.divisions.clear());
    let lost = |rows| {
        let case = Case::new().pupils(rows).before(pupils(30));
        let verdict = school(&case.view());
        case.told(&verdict).contains(&"classes-lost".to_owned())
    };
    assert!(lost(rows.clone()));
    rows.first_mut().unwrap().divisions = codes(&["2 A"]);
    assert!(!lost(rows), "nine of thirty are not more than 30 %");
}

#[test]
fn more_people_or_classes_than_a_school_has_refuse_the_file() {
    // SEC-40.
    let mut case = Case::new().pupils(pupils(5));
    case.policy.people_max = 4;
    let verdict = check(&case, &["too-many-rows"]);
    assert!(verdict.refused.contains(&Source::SieclePupils));
    let file = &case.current[&Source::SieclePupils];
    assert_eq!(accepted(file, &verdict), None);
    assert!(counts(file, &verdict).add_up());

    let mut case = Case::new().sts((0..5).map(|n| division(n, &format!("{n}A"), &[])).collect());
    case.policy.classes_max = 4;
    check(&case, &["too-many-rows"]);
}

#[test]
fn rows_set_aside_have_no_effect_and_mended_names_have() {
    let mut mended = pupil(2, "2");
    mended.names.given = "InÃ¨s".to_owned();
    let unborn = PupilRecord { birth_date: None, ..pupil(1, "1") };
    let case = Case::new().pupils(vec![unborn, mended]);
    let verdict = check(&case, &["birthdate-missing 1", "name-repaired 2"]);
    let content = accepted(&case.current[&Source::SieclePupils], &verdict);
    assert_eq!(content, Some(Content::Pupils(vec![pupil(2, "2")])));
}

/// What the parser and the inbox find.
const PARSER: &[kind::Kind] = &[
    kind::FILE_NOT_RECOGNISED,
    kind::FILE_TOO_LARGE,
    kind::FILE_EMPTY,
    kind::FILE_UNREADABLE,
    kind::ARCHIVE_UNSAFE,
    kind::ARCHIVE_DAMAGED,
    kind::ARCHIVE_WITHOUT_XML,
    kind::ENCODING_UNSUPPORTED,
    kind::ENCODING_INVALID,
    kind::XML_MALFORMED,
    kind::XML_TRUNCATED,
    kind::XML_FORBIDDEN,
    kind::XML_OVER_LIMIT,
    kind::WRONG_ROOT,
    kind::GUARDIANS_FILE,
    kind::TIMETABLE_FILE,
    kind::NETSYNCHRO_ERROR,
    kind::EXPORT_NOT_USED,
    kind::UAI_MISSING,
    kind::UAI_WRONG,
    kind::YEAR_MISSING,
    kind::EXPORT_DATE_WRONG,
    kind::SECTION_MISSING,
    kind::FILE_WITHOUT_ROWS,
    kind::MANIFEST_WRONG,
    kind::ID_MISSING,
    kind::BIRTHDATE_UNREADABLE,
    kind::ENCODING_MISDECLARED,
    kind::ADDRESSES_PRESENT,
    kind::DATE_OTHER_FORM,
    kind::DATE_UNREADABLE,
    kind::INE_KEY,
    kind::INE_PLACEHOLDER,
    kind::INE_MALFORMED,
    kind::STRUCTURES_TWICE,
    kind::STRUCTURES_ORPHAN,
    kind::STRUCTURE_TYPE_UNKNOWN,
    kind::STAFF_TYPE_UNKNOWN,
    kind::UNKNOWN_ELEMENTS,
    kind::DELIVERY_IDENTICAL,
    kind::HEADER_AMBIGUOUS,
];

/// What `batch` finds.
const BATCH: &[kind::Kind] = &[
    kind::UAI_UNKNOWN,
    kind::SCHOOL_WITHOUT_FILES,
    kind::YEAR_WRONG,
    kind::YEAR_TOO_SOON,
    kind::EXPORT_IN_FUTURE,
    kind::RECEIPT_IN_FUTURE,
    kind::EXPORT_OLD,
    kind::DELIVERY_MISSING,
    kind::STS_OLDER,
    kind::DELIVERY_OLDER,
    kind::DELIVERY_EARLY,
];

/// What `overrides`, the matching and the registry find.
const OTHERS: &[kind::Kind] = &[
    kind::OVERRIDE_APPLIED,
    kind::OVERRIDE_EXPIRED,
    kind::PUPIL_HELD,
    kind::IDENTITY_CONFLICT,
    kind::RECORD_RESEMBLES,
    kind::LOGIN_IMPOSSIBLE,
    kind::MATCHING_VALUES_SKIPPED,
];

#[test]
fn every_kind_of_finding_is_found_somewhere() {
    let elsewhere = PARSER.iter().chain(BATCH).chain(OTHERS);
    let mut found: BTreeSet<&str> = elsewhere.map(|kind| kind.id).collect();
    for check in CHECKS {
        assert!(check.ids.iter().all(|kind| !found.contains(kind.id)), "two finders");
    }
    found.extend(CHECKS.iter().flat_map(|check| check.ids).map(|kind| kind.id));
    let all: BTreeSet<&str> = kind::ALL.iter().map(|kind| kind.id).collect();
    assert_eq!(found, all);
}

/// Rows with every kind of fault.
fn any_pupil() -> impl Strategy<Value = PupilRecord> {
    let given = prop_oneof![Just("Inès"), Just("Fran?ois"), Just("TEST"), Just(""), Just("InÃ¨s")];
    (1_u64..12, 1_u8..6, given, any::<[bool; 4]>()).prop_map(
        |(line, id, given, [born, ine, class, apprentice])| {
            let mut row = pupil(line, &id.to_string());
            row.names.given = given.to_owned();
            if !born {
                row.birth_date = None;
            }
            if !ine {
                row.ine.clear();
            }
            if !class {
                row.divisions.clear();
            }
            if apprentice {
                row.status = Some("AP".to_owned());
            }
            row
        },
    )
}

proptest! {
    /// rows read = accepted + set aside + rejected, and what is accepted is what has effect.
    #[test]
    fn every_count_adds_up(
        rows in proptest::collection::vec(any_pupil(), 0..12), lost in 0_u64..5,
    ) {
        let mut case = Case::new().pupils(rows);
        let file = case.current.get_mut(&Source::SieclePupils).unwrap();
        file.counts.read += lost;
        file.counts.rejected = lost;
        let verdict = school(&case.view());
        let file = &case.current[&Source::SieclePupils];
        let counts = counts(file, &verdict);
        prop_assert!(counts.add_up(), "{counts:?}");
        prop_assert_eq!(counts.rejected, lost);
        let kept = match accepted(file, &verdict) {
            Some(Content::Pupils(rows)) => rows.len() as u64,
            _ => 0,
        };
        prop_assert_eq!(counts.accepted, kept);
    }

    /// a finding leads to a row that is there, and the gravest come first.
    #[test]
    fn findings_are_sorted_and_have_their_place(
        rows in proptest::collection::vec(any_pupil(), 0..8),
    ) {
        let verdict = school(&Case::new().pupils(rows.clone()).view());
        prop_assert!(verdict.findings.is_sorted_by_key(|finding| finding.severity));
        let known: BTreeSet<u64> = rows.iter().map(|row| row.line).collect();
        prop_assert!(lines(&verdict).iter().all(|line| known.contains(line)));
    }
}

#[test]
fn a_staff_file_that_lost_its_services_takes_no_teacher_away() {
    // the timetable was emptied in the source, the classes had teachers.
    let lost = Case::new().sts(vec![division(50, "2 A", &[])]).sts_before(vec![division(
        50,
        "2 A",
        &["7"],
    )]);
    let verdict = check(&lost, &["services-empty"]);
    assert!(verdict.no_departures.contains(&Source::Sts));
    // They never had any: told where there are pupils, and nothing is held back.
    let never = Case::new()
        .sts(vec![division(51, "2 A", &[])])
        .sts_before(vec![division(50, "2 A", &[]), division(51, "2 B", &[])]);
    assert!(check(&never, &[]).no_departures.is_empty());
    // Accepted for a while, it is what it says.
    let mut lost = lost;
    lost.overrides = vec![super::overrides::Override {
        finding: kind::SERVICES_EMPTY,
        uai: lost.school.uai.clone(),
        until: lost.today,
        reason: "rentrée".to_owned(),
    }];
    assert!(check(&lost, &["override-applied", "services-empty"]).no_departures.is_empty());
}

#[test]
fn a_part_of_a_file_that_is_gone_whole_is_a_drop() {
    // One group was all there was: a missing section must not close it.
    let lost = Case::new()
        .sts(vec![division(50, "2 A", &["7"])])
        .sts_before(vec![division(50, "2 A", &["7"]), group(51, "2ANG", &["2 A"])]);
    let verdict = check(&lost, &["count-dropped"]);
    assert!(verdict.no_departures.contains(&Source::Sts));
    assert_eq!(verdict.findings[0].facts["what"], "groupes");
}

#[test]
fn rows_that_could_be_anybody_suspend_departures_and_are_told() {
    let mut case = Case::new().pupils(pupils(30));
    check(&case, &[]);
    let delivery = case.current.get_mut(&Source::SieclePupils).unwrap();
    delivery.counts.read += 1;
    delivery.counts.rejected += 1;
    let verdict = check(&case, &["departures-suspended"]);
    assert_eq!(verdict.findings[0].facts["count"], "1");
}

#[test]
fn a_function_that_gives_no_account_is_told() {
    let mut person = staff(40, "7");
    person.function = Some("IEX".to_owned());
    check(&Case::new().staff(vec![person]), &["function-without-account 40"]);
}
