//! Who stays, who goes, who is typed anew, who comes back.

use jiff::civil::date;

use super::cast::*;

/// What the registry knows, and what the old school says in this batch: nothing yet; that the pupil
/// is there still; that the pupil goes; that the pupil went, as it said in an earlier delivery.
fn old_school() -> [(Someone, Option<Someone>); 4] {
    let gone = ines().leaving(date(2026, 9, 1));
    [
        (ines(), None),
        (ines(), Some(ines())),
        (ines(), Some(gone.clone())),
        (ines().released(COLLEGE, date(2026, 9, 1)), Some(gone)),
    ]
}

/// The pupil at the lycée, next to what the old school says. Expected: the lycée's record.
#[track_caller]
fn at_the_new_school(record: &Someone, expect: [&str; 4]) {
    for ((known, old), expect) in old_school().into_iter().zip(expect) {
        let mut records = vec![record.record(LYCEE, 99)];
        records.extend(old.map(|old| old.record(COLLEGE, 1)));
        let expects = [expect, "=1 NumberAndBirthDate"];
        story(&[known.known(1)], &records, &expects[..records.len()]);
    }
}

/// As the lycée writes it.
fn in_seconde() -> Someone {
    ines().level(10, 2026).from(COLLEGE)
}

#[test]
fn a_class_stays_and_moves_up() {
    let class: Vec<Someone> = ["Inès", "Hugo", "Jade", "Ali"]
        .iter()
        .zip(["A", "B", "C", "D"])
        .map(|(given, ine)| ines().given(given).ine(ine).level(8, 2025))
        .collect();
    let before: Vec<_> = (1..).zip(&class).map(|(id, one)| one.known(id)).collect();
    let after: Vec<_> =
        (1..).zip(&class).map(|(id, one)| one.clone().level(9, 2026).record(COLLEGE, id)).collect();
    let expect: Vec<String> = (1..=4).map(|id| format!("={id} NumberAndBirthDate")).collect();
    story(&before, &after, &expect.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn from_troisieme_to_seconde_whatever_the_old_school_says_and_when() {
    at_the_new_school(&in_seconde(), ["=1 IneAndBirthDate"; 4]);
}

#[test]
fn in_mid_year_from_one_lycee_to_another() {
    let before = ines().level(10, 2026).released(COLLEGE, date(2025, 7, 4)).at(LYCEE);
    let there = before.clone().from(LYCEE);
    let leaving = before.clone().leaving(date(2026, 9, 7)).record(LYCEE, 1);
    let records = [there.record(ELSEWHERE, 5), leaving];
    story(&[before.known(1)], &records, &["=1 IneAndBirthDate", "=1 NumberAndBirthDate"]);
}

#[test]
fn typed_anew_without_ine() {
    // Place, second first name and last year's school: whoever still claims the account is that
    // school, as expected.
    at_the_new_school(&in_seconde().without_ine(), ["=1 Corroborated"; 4]);
    // The school alone, or the place alone: enough for an account that nobody else claims.
    let by_school = in_seconde().bare().from(COLLEGE);
    at_the_new_school(&by_school, ["=1 Corroborated"; 4]);
    let by_place = in_seconde().bare().place(59_350);
    let asked = "? Resembles(TooLittle)";
    let same = "=1 Corroborated";
    at_the_new_school(&by_place, [same, asked, same, same]);
    // Names and date alone: the release is the one piece of independent evidence.
    at_the_new_school(&in_seconde().bare(), [asked, asked, same, same]);
}

#[test]
fn typed_anew_with_a_new_ine() {
    // Two INEs, and names and date exact: two pieces of evidence; a mistyped name takes three.
    let anew = in_seconde().ine("Z");
    at_the_new_school(&anew, ["=1 Corroborated"; 4]);
    at_the_new_school(&anew.family("Vandrome"), ["=1 Corroborated"; 4]);
    let asked = "? Resembles(TooLittle)";
    let by_school = in_seconde().bare().from(COLLEGE).ine("Z");
    at_the_new_school(&by_school, [asked, asked, "=1 Corroborated", "=1 Corroborated"]);
    let mistyped = by_school.family("Vandrome");
    at_the_new_school(&mistyped, [asked; 4]);
}

#[test]
fn the_right_ine_and_names_typed_again_by_hand() {
    let mistyped = in_seconde().family("VANDROME").given("INNES");
    at_the_new_school(&mistyped, ["=1 IneAndBirthDate"; 4]);
    at_the_new_school(&mistyped.born(2010, 12, 3), ["=1 IneAndNames"; 4]);
    at_the_new_school(&in_seconde().family("Petit"), ["=1 IneAndBirthDate"; 4]);
    at_the_new_school(&in_seconde().undated(), ["=1 IneAndNames"; 4]);
    // What an INE does not make good: another first name, another name and date.
    at_the_new_school(&in_seconde().given("Bruno"), ["? GivenNameDiffers"; 4]);
    let other = in_seconde().family("Petit").born(2009, 7, 30);
    at_the_new_school(&other, ["? BirthDateDiffers"; 4]);
    at_the_new_school(&other.given("Bruno"), ["? NothingAgrees"; 4]);
}

#[test]
fn two_schools_claim_a_pupil_who_is_known_to_neither_or_to_one() {
    let records = [in_seconde().record(LYCEE, 5), in_seconde().record(ELSEWHERE, 6)];
    let known = [ines().known(1)];
    story(&known, &records, &["=1 IneAndBirthDate", "=1 IneAndBirthDate"]);
    story(&[], &records, &["+1", "+1"]);
    // The second one typed the pupil anew: the first one claims the account already.
    let anew = in_seconde().bare().place(59_350).record(ELSEWHERE, 6);
    let records = [in_seconde().record(LYCEE, 5), anew];
    story(&known, &records, &["=1 IneAndBirthDate", "? Resembles(TooLittle)"]);
    // Both typed the pupil anew: the account cannot go to both without a person.
    let both = [LYCEE, ELSEWHERE].map(|school| in_seconde().without_ine().record(school, 7));
    story(&known, &both, &["? Resembles(RivalRecord)", "? Resembles(RivalRecord)"]);
}

#[test]
fn back_after_two_years() {
    let away = ines().level(9, 2023).released(COLLEGE, date(2024, 7, 4));
    let back = away.clone().level(11, 2026).from(ELSEWHERE);
    let without = |one: Someone| one.without_ine().record(LYCEE, 9);
    each_alone(
        &[away.known(1)],
        &[
            (back.record(LYCEE, 9), "=1 IneAndBirthDate"),
            (back.record(COLLEGE, 1), "=1 NumberAndBirthDate"),
            // Where the pupil was last year is not known, and does not speak against.
            (without(back.clone()), "=1 Corroborated"),
            (without(back.clone().place(1)), "=1 Corroborated"),
            (without(back.clone().place(1).second("Zoé")), "? Resembles(Contradiction)"),
        ],
    );
    // Gone from the file without a word: place and second first name have to do.
    let away = ines().level(9, 2023).dropped(COLLEGE, date(2024, 7, 4));
    each_alone(
        &[away.known(1)],
        &[
            (without(back.clone()), "=1 Corroborated"),
            (without(back.bare()), "? Resembles(TooLittle)"),
        ],
    );
}
