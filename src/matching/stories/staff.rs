//! Members of staff: one number for an académie, or one typed by a head and no birth date.

use jiff::civil::date;

use super::cast::*;
use crate::model::person::{EndedBy, EnrolmentState, Identifier, Person, Role};

fn epp(academy: &str, id: &str) -> Identifier {
    Identifier::StsEpp { academy: academy.to_owned(), id: id.to_owned() }
}

fn local(school: usize, id: &str) -> Identifier {
    Identifier::StsLocal { uai: uai(school), id: id.to_owned() }
}

fn teacher(family: &str, given: &str) -> Someone {
    someone(family, given).born(1980, 5, 2)
}

/// Teaches at the school this year.
fn teaching(person: Person, school: usize) -> Person {
    let mut person = person;
    let mut stay = enrolment(EnrolmentState::Current);
    stay.role = Role::Teacher;
    person.enrolments.insert(uai(school), stay);
    person
}

#[test]
fn a_teacher_of_three_schools_is_one_person() {
    let hugo = teacher("Dewez", "Hugo");
    let number = epp("Lille", "40017");
    let records = [COLLEGE, LYCEE, ELSEWHERE].map(|school| hugo.staff(school, 1, number.clone()));
    story(&[hugo.known_staff(1, number)], &records, &["=1 NumberAndBirthDate"; 3]);
    story(&[], &records, &["+1"; 3]);
}

#[test]
fn a_local_teacher_of_two_schools_is_two_until_somebody_says_so() {
    // A name without birth date proves nothing between two schools, and is not even a question.
    let paule = teacher("Zetofrey", "Paule").undated();
    let records = [COLLEGE, LYCEE].map(|school| paule.staff(school, 1, local(school, "35")));
    let known = teaching(paule.known_staff(1, local(COLLEGE, "35")), COLLEGE);
    story(&[known], &records, &["=1 NumberAndNames", "+2"]);
    story(&[], &records, &["+1", "+2"]);
}

#[test]
fn a_local_teacher_gets_a_number_of_the_academie() {
    let paule = teacher("Zetofrey", "Paule");
    let known = teaching(paule.clone().undated().known_staff(1, local(COLLEGE, "35")), COLLEGE);
    let numbered = paule.staff(COLLEGE, 1, epp("Lille", "51234"));
    let asked = "? Resembles(NotCompatible)";
    story(std::slice::from_ref(&known), std::slice::from_ref(&numbered), &[asked]);
    // Next to her own local record it is somebody else of her name: a file lists a person once.
    let both = [numbered, paule.clone().undated().staff(COLLEGE, 2, local(COLLEGE, "35"))];
    story(std::slice::from_ref(&known), &both, &["+2", "=1 NumberAndNames"]);
    // With a birth date on both sides it is a question too: nothing else is known of staff.
    let dated = teaching(paule.known_staff(1, local(COLLEGE, "35")), COLLEGE);
    let numbered = paule.staff(LYCEE, 1, epp("Lille", "51234"));
    story(&[dated], &[numbered], &["? Resembles(TooLittle)"]);
}

#[test]
fn a_teacher_marries() {
    let number = || epp("Lille", "40017");
    let before = teacher("Dewez", "Anne");
    let known = [before.known_staff(1, number())];
    let (by_date, by_names) = ("=1 NumberAndBirthDate", "=1 NumberAndNames");
    let usage = before.clone().usage("Petit");
    let taken = before.clone().family("Petit");
    each_alone(
        &known,
        &[
            (usage.staff(LYCEE, 1, number()), by_date),
            (taken.staff(LYCEE, 1, number()), by_date),
            (before.clone().family("Dewez-Petit").staff(LYCEE, 1, number()), by_date),
            (usage.clone().undated().staff(LYCEE, 1, number()), by_names),
            // The number, another name and no date: somebody else's number, for all one knows.
            (taken.clone().undated().staff(LYCEE, 1, number()), "? NothingAgrees"),
            // In another académie there is the date, and no common number.
            (usage.staff(LYCEE, 1, epp("Amiens", "7")), "? Resembles(TooLittle)"),
            (taken.staff(LYCEE, 1, epp("Amiens", "7")), "+2"),
        ],
    );
}

#[test]
fn parent_and_child_of_one_name_teach_in_one_school() {
    let parent = teacher("Dewez", "Claude").born(1960, 5, 2);
    let child = teacher("Dewez", "Claude").born(1990, 7, 9);
    let known = teaching(parent.known_staff(1, epp("Lille", "1")), COLLEGE);
    // The child's number is of the académie: another birth date, another person.
    let records =
        [parent.staff(COLLEGE, 1, epp("Lille", "1")), child.staff(COLLEGE, 2, epp("Lille", "2"))];
    let apart = ["=1 NumberAndBirthDate", "+2"];
    story(std::slice::from_ref(&known), &records, &apart);
    // Typed by the head, without date: a second person next to the parent's own record, and a
    // question where there is none.
    let typed = child.undated().staff(COLLEGE, 2, local(COLLEGE, "35"));
    story(std::slice::from_ref(&known), &[records[0].clone(), typed.clone()], &apart);
    story(std::slice::from_ref(&known), &[typed], &["? Resembles(NotCompatible)"]);
    // The parent's number on the child's row.
    let wrong = teacher("Dewez", "Claude").born(1990, 7, 9).staff(COLLEGE, 2, epp("Lille", "1"));
    story(&[known], &[wrong], &["? BirthDateDiffers"]);
}

#[test]
fn a_number_given_again_to_somebody_else_is_a_question() {
    let mut known =
        teaching(teacher("Dewez", "Hugo").known_staff(1, local(COLLEGE, "35")), COLLEGE);
    let ended = EnrolmentState::Ended { on: date(2025, 7, 4), by: EndedBy::NotListed };
    known.enrolments.insert(uai(COLLEGE), enrolment(ended));
    let other = teacher("Leroy", "Anna").undated().staff(COLLEGE, 1, local(COLLEGE, "35"));
    story(std::slice::from_ref(&known), &[other], &["? NothingAgrees"]);
    let born = teacher("Leroy", "Anna").born(1990, 7, 9).staff(COLLEGE, 1, local(COLLEGE, "35"));
    story(&[known], &[born], &["? BirthDateDiffers"]);
}

#[test]
fn a_pupil_and_a_teacher_of_one_name_are_never_one_person() {
    let one = someone("Dewez", "Claude");
    let known = teaching(one.known_staff(1, epp("Lille", "1")), COLLEGE);
    story(&[known], &[one.record(COLLEGE, 9)], &["+2"]);
    story(
        &[one.at(COLLEGE).known(1)],
        &[someone("Dewez", "Claude").staff(COLLEGE, 1, epp("Lille", "1"))],
        &["+2"],
    );
}
