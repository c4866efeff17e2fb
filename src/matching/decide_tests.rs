use std::collections::BTreeSet;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::matching::stories::cast::{enrolment, ine, names, outcome, told, uai};
use crate::model::delivery::Source;
use crate::model::identifiers::Identifiers;
use crate::model::person::{EnrolmentState, Enrolments, Identifier, Person};
use crate::model::traits::Traits;

/// A pupil's claim: school, line, number, INE, first name, day of birth in March 2010.
fn pupil(school: usize, line: u64, number: &str, ines: &[&str], given: &str, day: i8) -> Claim {
    let mut identifiers: Identifiers = ines.iter().map(|text| ine(text)).collect();
    identifiers.insert(Identifier::Siecle { uai: uai(school), id: number.into() });
    Claim {
        id: ClaimId { uai: uai(school), source: Source::SieclePupils, line },
        identifiers,
        names: names("MARTIN", given),
        birth_date: Some(date(2010, 3, day)),
        traits: Traits::default(),
        left_on: None,
    }
}

fn known(id: u64, claim: &Claim) -> Person {
    Person {
        id: PersonId(id),
        names: claim.names.clone(),
        birth_date: claim.birth_date,
        identifiers: claim.identifiers.clone(),
        traits: claim.traits.clone(),
        enrolments: Enrolments::new(),
        place: None,
        joined: None,
        account: None,
    }
}

fn decide_all(claims: &[Claim], persons: &[Person]) -> Decisions {
    outcome(claims, persons).decisions
}

/// What is decided of each record, in the order of their files.
fn check(claims: &[Claim], persons: &[Person], expected: &str) {
    let decisions = decide_all(claims, persons);
    let all: Vec<String> = decisions.values().map(told).collect();
    assert_eq!(all.join("; "), expected);
    let mut reversed = claims.to_vec();
    reversed.reverse();
    assert_eq!(decide_all(&reversed, persons), decisions, "order matters");
}

#[test]
fn ine_and_birth_date_are_proof() {
    // another school, another number, the same INE and date.
    let before = known(7, &pupil(0, 1, "11", &["A"], "Inès", 1));
    check(&[pupil(1, 9, "99", &["A"], "INES", 1)], &[before], "=7 IneAndBirthDate");
}

#[test]
fn an_ine_and_the_names_are_proof_and_an_ine_alone_is_a_question() {
    let before = known(7, &pupil(0, 1, "11", &["A"], "Inès", 1));
    let other_day = pupil(1, 9, "99", &["A"], "INES", 22);
    check(std::slice::from_ref(&other_day), std::slice::from_ref(&before), "=7 IneAndNames");
    let mut other_name = other_day;
    other_name.names.family = "VANDROMME".into();
    check(&[other_name], std::slice::from_ref(&before), "? BirthDateDiffers");
    // The question protects whoever it is about.
    let asked = decide_all(&[pupil(1, 9, "99", &["A"], "Bruno", 9)], &[before]);
    let about: Vec<_> = asked.values().collect();
    let Decision::Ask { about, why: Doubt::NothingAgrees } = about[0] else { panic!("{asked:?}") };
    assert_eq!(*about, BTreeSet::from([PersonId(7)]));
}

#[test]
fn a_twin_who_carries_the_other_s_ine_is_a_question() {
    let before = known(7, &pupil(0, 1, "11", &["A"], "Lucas", 1));
    check(&[pupil(1, 9, "99", &["A"], "Léo", 1)], &[before], "? GivenNameDiffers");
}

#[test]
fn whoever_is_known_is_not_doubted_because_of_a_newcomer() {
    let before = known(7, &pupil(0, 1, "11", &["A"], "Lucas", 1));
    let claims = [pupil(0, 1, "11", &["A"], "Lucas", 1), pupil(1, 9, "99", &["A"], "Léo", 1)];
    check(&claims, &[before], "=7 NumberAndBirthDate; ? GivenNameDiffers");
    check(&claims, &[], "? GivenNameDiffers; ? GivenNameDiffers");
}

#[test]
fn twins_and_homonyms_stay_apart() {
    let twins = [pupil(0, 1, "1", &["A"], "Lucas", 1), pupil(0, 2, "2", &["B"], "Léo", 1)];
    check(&twins, &[], "+1; +2");
    let homonyms = [pupil(0, 1, "1", &["A"], "Léa", 1), pupil(1, 2, "2", &["B"], "Léa", 1)];
    // Perfect homonyms, or one pupil typed anew with another INE: only a person can tell.
    check(&homonyms, &[], "+1; ? Resembles(TooLittle)");
    let nothing_shared = [pupil(0, 1, "1", &[], "Léa", 1), pupil(1, 2, "2", &[], "Léa", 1)];
    check(&nothing_shared, &[], "+1; ? Resembles(TooLittle)");
    let mut born_later = homonyms.clone();
    born_later[1].birth_date = Some(date(2011, 7, 23));
    check(&born_later, &[], "+1; +2");
}

#[test]
fn the_number_of_the_school_and_the_birth_date_are_proof() {
    let before = known(7, &pupil(0, 1, "11", &[], "Ines", 1));
    check(
        &[pupil(0, 5, "11", &["A"], "Ines", 1)],
        std::slice::from_ref(&before),
        "=7 NumberAndBirthDate",
    );
    check(
        &[pupil(0, 5, "11", &[], "Ines", 23)],
        std::slice::from_ref(&before),
        "? BirthDateDiffers",
    );
    // The same number in another school says nothing (formats 7.2).
    let elsewhere = pupil(1, 5, "11", &[], "Ines", 1);
    check(&[elsewhere], std::slice::from_ref(&before), "? Resembles(TooLittle)");
    // A date corrected, a name corrected: one of them at a time.
    check(&[pupil(0, 5, "11", &[], "Ines", 2)], std::slice::from_ref(&before), "=7 NumberAndNames");
    let mut married = pupil(0, 5, "11", &[], "Ines", 1);
    married.names.family = "VANDROMME".into();
    check(&[married], &[before], "? NameDiffers");
}

#[test]
fn two_schools_that_declare_a_new_pupil_declare_one_person() {
    let both = [pupil(0, 1, "1", &["A"], "Léa", 1), pupil(1, 2, "2", &["A"], "Léa", 1)];
    check(&both, &[], "+1; +1");
}

#[test]
fn a_chain_of_numbers_joins_whatever_the_order() {
    // The middle record knows the old and the new INE.
    let chain = [
        pupil(0, 1, "1", &["A"], "Léa", 1),
        pupil(1, 2, "2", &["A", "B"], "Léa", 1),
        pupil(2, 3, "3", &["B"], "Léa", 1),
    ];
    check(&chain, &[], "+1; +1; +1");
}

#[test]
fn identifiers_of_two_persons_are_a_question() {
    let one = known(7, &pupil(0, 1, "11", &["A"], "Léa", 1));
    let two = known(8, &pupil(1, 1, "12", &["B"], "Léa", 1));
    check(&[pupil(2, 1, "5", &["A", "B"], "Léa", 1)], &[one, two], "? TwoPersons");
}

#[test]
fn two_records_of_a_file_that_lead_to_one_person_by_different_ways_are_questions() {
    // The one by the number of the school, the other by the INE that was typed on the wrong row.
    let before = known(7, &pupil(0, 1, "1001", &["A"], "Lea", 1));
    let claims = [pupil(0, 1, "1001", &[], "Lea", 1), pupil(0, 2, "1050", &["A"], "Leana", 1)];
    check(&claims, &[before], "? TwiceInOneFile; ? TwiceInOneFile");
}

#[test]
fn one_person_is_listed_once_in_a_file() {
    let before = known(7, &pupil(0, 1, "11", &["A"], "Léa", 1));
    let claims = [pupil(0, 1, "11", &["A"], "Léa", 1), pupil(0, 2, "12", &["A"], "Léa", 1)];
    check(&claims, &[before], "? TwiceInOneFile; ? TwiceInOneFile");
}

fn staff(school: usize, identifier: Identifier, family: &str, born: Option<i8>) -> Claim {
    Claim {
        id: ClaimId { uai: uai(school), source: Source::Sts, line: 1 },
        identifiers: Identifiers::from([identifier]),
        names: names(family, "Hugo"),
        birth_date: born.map(|day| date(1980, 1, day)),
        traits: Traits::default(),
        left_on: None,
    }
}

#[test]
fn staff_are_known_by_their_number_and_a_second_attribute() {
    // a teacher in two schools of one académie.
    let epp =
        |academy: &str| Identifier::StsEpp { academy: academy.to_owned(), id: "40017".to_owned() };
    let before = known(7, &staff(0, epp("Lille"), "DEWEZ", Some(5)));
    let check_one = |claim, expected| check(&[claim], std::slice::from_ref(&before), expected);
    check_one(staff(1, epp("Lille"), "DEWEZ", Some(5)), "=7 NumberAndBirthDate");
    check_one(staff(1, epp("Lille"), "DEWEZ-PETIT", Some(5)), "=7 NumberAndBirthDate");
    check_one(staff(1, epp("Lille"), "DEWEZ", Some(6)), "=7 NumberAndNames");
    check_one(staff(1, epp("Lille"), "DEWEZ", Some(27)), "? BirthDateDiffers");
    check_one(staff(1, epp("Lille"), "DEWEZ", None), "=7 NumberAndNames");
    check_one(staff(1, epp("Lille"), "AUTRE", None), "? NothingAgrees");
    // Two académies, one name and one date: somebody has to say it.
    check_one(staff(1, epp("Amiens"), "DEWEZ", Some(5)), "? Resembles(TooLittle)");
}

#[test]
fn local_staff_need_no_birth_date() {
    let local = |school| Identifier::StsLocal { uai: uai(school), id: "3506".to_owned() };
    let before = known(7, &staff(0, local(0), "ZETOFREY", None));
    check(
        &[staff(0, local(0), "ZETOFREY", None)],
        std::slice::from_ref(&before),
        "=7 NumberAndNames",
    );
    check(&[staff(1, local(1), "ZETOFREY", None)], std::slice::from_ref(&before), "+8");
    // A number that is given to somebody else is no proof.
    check(&[staff(0, local(0), "BERTRAND", None)], &[before], "? NothingAgrees");
}

proptest! {
    /// DESIGN rule 3: however identifiers are mixed up, a file lists a person once.
    #[test]
    fn a_file_never_lists_a_person_twice(
        seeds in prop::collection::vec((0usize..2, 0u8..5, 0u8..4, 1i8..3), 0..12),
    ) {
        let claims: Vec<Claim> = seeds
            .iter()
            .enumerate()
            .map(|(line, (school, number, key, day))| {
                let key = format!("K{key}");
                pupil(*school, line as u64, &number.to_string(), &[&key], "Léa", *day)
            })
            .collect();
        let third = claims.iter().step_by(3).zip(1..);
        let persons: Vec<Person> = third.map(|(one, id)| known(id, one)).collect();
        let mut listed = BTreeSet::new();
        for (id, decision) in decide_all(&claims, &persons) {
            if let Decision::Same { person, .. } | Decision::New { person } = decision {
                prop_assert!(listed.insert((person, id.uai, id.source)));
            }
        }
    }

    /// the order of the claims changes nothing.
    #[test]
    fn order_never_matters(
        seeds in prop::collection::vec((0usize..3, 0u8..6, 0u8..5, 1i8..4), 0..14),
        shift in 0usize..14,
    ) {
        let claims: Vec<Claim> = seeds
            .iter()
            .enumerate()
            .map(|(line, (school, number, key, day))| {
                let key = format!("K{key}");
                pupil(*school, line as u64, &number.to_string(), &[&key], "Léa", *day)
            })
            .collect();
        let mut turned = claims.clone();
        turned.rotate_left(shift.min(claims.len()));
        turned.reverse();
        prop_assert_eq!(
            decide_all(&claims, &[]),
            decide_all(&turned, &[])
        );
    }
}

#[test]
fn triplets_siblings_and_hostile_crowds_make_nobody_one() {
    // Three first names, one day, one birthplace, one last school.
    let place = Traits {
        birthplace: Some(crate::model::ids::TraitKey(1)),
        previous_school: Some(uai(0)),
        ..Traits::default()
    };
    let triplet = |school, line, number: &str, given| {
        let mut claim = pupil(school, line, number, &[], given, 1);
        claim.traits = place.clone();
        claim
    };
    let before: Vec<Person> = ["Lucas", "Léo", "Lucie"]
        .iter()
        .zip(1..)
        .map(|(given, id)| known(id, &triplet(0, id, &id.to_string(), given)))
        .collect();
    // All three go to another school, typed anew without INE.
    let moved: Vec<Claim> = ["Léo", "Lucie", "Lucas"]
        .iter()
        .zip(1..)
        .map(|(given, line)| triplet(1, line, &format!("9{line}"), given))
        .collect();
    for (claim, decision) in decide_all(&moved, &before) {
        let given = moved.iter().find(|one| one.id == claim).unwrap().names.given.clone();
        if let Decision::Same { person, .. } = decision {
            let right = before.iter().find(|one| one.id == person).unwrap();
            assert_eq!(right.names.given, given);
        }
    }
    // One name and one day for a whole school, and names without end: everybody is decided.
    let crowd: Vec<Claim> = (0..300)
        .map(|line| {
            let mut claim = pupil(2, line, &line.to_string(), &[], "Camille", 1);
            claim.names.family = format!("{}{line}", "X".repeat(5_000));
            claim
        })
        .collect();
    assert_eq!(decide_all(&crowd, &before).len(), crowd.len());
}

/// A pupil's claim with what last year's school and the place of birth tell.
fn typed_anew(family: &str, given: &str, place: u64, previous: Option<usize>) -> Claim {
    let mut claim = pupil(1, 9, "99", &[], given, 1);
    claim.names.family = family.into();
    claim.traits = Traits {
        birthplace: Some(crate::model::ids::TraitKey(place)),
        previous_school: previous.map(uai),
        ..Traits::default()
    };
    claim
}

/// Somebody who was at the first school last year.
fn pupil_of_last_year(place: u64) -> Person {
    let mut person = known(7, &pupil(0, 1, "11", &["A"], "Inès", 1));
    person.names.family = "VANDROMME".into();
    person.traits.birthplace = Some(crate::model::ids::TraitKey(place));
    person.enrolments.insert(uai(0), enrolment(EnrolmentState::Current));
    person
}

#[test]
fn whoever_was_typed_anew_is_recognised_on_independent_evidence_only() {
    // matching.md: not released by the old school, re-created by the new one without INE.
    let person = pupil_of_last_year(5);
    let check_one = |claim, expected| check(&[claim], std::slice::from_ref(&person), expected);
    check_one(typed_anew("VANDROMME", "Ines", 5, Some(0)), "=7 Corroborated");
    check_one(typed_anew("VANDROMME", "Inès", 5, None), "=7 Corroborated");
    // A name mistyped, and two pieces for it.
    check_one(typed_anew("VANDROME", "Ines", 5, Some(0)), "=7 Corroborated");
    // Nothing but names and date; something against.
    check_one(typed_anew("VANDROMME", "Ines", 6, None), "? Resembles(Contradiction)");
    check_one(typed_anew("VANDROMME", "Ines", 5, Some(2)), "? Resembles(Contradiction)");
    check_one(typed_anew("VANDROMME", "Bruno", 5, Some(0)), "? Resembles(TwinsShape)");
    // Names and first names exchanged are asked about, alone.
    let mut crossed = typed_anew("INES", "Vandromme", 5, None);
    crossed.traits.birthplace = None;
    check_one(crossed, "? Resembles(NamesExchanged)");
    check_one(typed_anew("BERTRAND", "Ines", 6, None), "+8");
}

#[test]
fn lost_bytes_and_perfect_homonyms_are_never_merged_by_a_machine() {
    let person = pupil_of_last_year(5);
    let mut damaged = typed_anew("VANDROMME", "In?s", 5, Some(0));
    damaged.names.given = "Ines?".into();
    check(&[damaged], std::slice::from_ref(&person), "? Resembles(NameDamaged)");
    let mut namesake = person.clone();
    namesake.id = PersonId(8);
    namesake.identifiers = Identifiers::from([ine("B")]);
    let claim = typed_anew("VANDROMME", "Ines", 5, Some(0));
    check(&[claim], &[person, namesake], "? Resembles(Homonyms)");
}

#[test]
fn a_usage_name_may_stand_for_the_birth_name() {
    let mut person = pupil_of_last_year(5);
    person.names.family = "DURAND".into();
    person.names.usage = Some("PETIT".into());
    let check_one = |claim, expected| check(&[claim], std::slice::from_ref(&person), expected);
    check_one(typed_anew("Petit", "Ines", 5, Some(0)), "=7 Corroborated");
    check_one(typed_anew("MARTIN", "Ines", 6, Some(0)), "+8");
}
