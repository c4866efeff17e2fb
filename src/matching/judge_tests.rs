use super::*;

/// Names and date exact, the two known nowhere else, nothing else known.
const BARE: Pattern = {
    let mut pattern = [Agreement::Unknown; Field::ALL.len()];
    pattern[0] = Agreement::Same;
    pattern[1] = Agreement::Same;
    pattern[2] = Agreement::Same;
    pattern
};
const CALM: Circumstances = Circumstances {
    bits: 20.0,
    runner_up_bits: f64::NEG_INFINITY,
    rival_bits: f64::NEG_INFINITY,
    homonyms: false,
    listed: Listed::Nowhere,
    listed_by_previous: false,
    listed_in_this_file: false,
    same_school: false,
    newcomers: false,
    damaged: false,
    few_people: false,
};

fn with(changes: &[(Field, Agreement)]) -> Pattern {
    let mut pattern = BARE;
    for (field, agreement) in changes {
        pattern[*field as usize] = *agreement;
    }
    pattern
}

#[track_caller]
fn check(changes: &[(Field, Agreement)], about: Circumstances, expect: &str) {
    let verdict = judge(&with(changes), &about, &Policy::PROPOSED);
    let told = match verdict {
        Verdict::Same => "same".to_owned(),
        Verdict::New => "new".to_owned(),
        Verdict::Ask(stops) => format!("{stops:?}"),
    };
    assert_eq!(told, expect);
}

use Agreement::{Close, Differs, Exchanged, Near, Part, Same, Typing, Unknown, Usage};
use Field::{
    BirthDate, Birthplace, Exit, Family, Given, Ine, Level, PreviousSchool, SecondGiven, Sex,
};

#[test]
fn names_and_date_alone_are_a_question_and_one_more_piece_is_enough() {
    check(&[], CALM, "[TooLittle]");
    for field in [SecondGiven, Birthplace, PreviousSchool, Exit] {
        check(&[(field, Same)], CALM, "same");
    }
    check(&[(Sex, Same)], CALM, "[TooLittle]");
}

#[test]
fn no_score_lifts_a_guard() {
    let sure = [(SecondGiven, Same), (Birthplace, Same), (PreviousSchool, Same)];
    let certain = Circumstances { bits: 60.0, ..CALM };
    check(&sure, certain, "same");
    check(&sure, Circumstances { homonyms: true, ..certain }, "[Homonyms]");
    check(&sure, Circumstances { listed_in_this_file: true, ..certain }, "[ListedInThisFile]");
    check(&sure, Circumstances { damaged: true, ..certain }, "[NameDamaged]");
    check(&sure, Circumstances { runner_up_bits: 53.0, ..certain }, "[RunnerUp]");
    check(&sure, Circumstances { rival_bits: 53.0, ..certain }, "[RivalRecord]");
    let both = [(Birthplace, Differs), (Sex, Differs), (SecondGiven, Same), (Exit, Same)];
    check(&both, certain, "[Contradiction]");
}

#[test]
fn one_piece_against_takes_two_for_and_many_bits() {
    let one = [(Birthplace, Differs), (SecondGiven, Same), (PreviousSchool, Same)];
    check(&one, CALM, "same");
    check(&one, Circumstances { bits: 13.9, ..CALM }, "[Contradiction]");
    check(&one[..2], CALM, "[Contradiction]");
}

#[test]
fn twins_are_never_merged_by_a_machine() {
    // Close first names, one birthplace, one last school: a third of all twins.
    let shared = [(Given, Close), (Birthplace, Same), (PreviousSchool, Same), (Exit, Same)];
    check(&shared, CALM, "[TwinsShape]");
    let apart = [(Given, Differs), (Birthplace, Same), (PreviousSchool, Same)];
    check(&apart, CALM, "[TwinsShape, NotCompatible]");
    // `Emmy` may be a typing error where thousands are known and nobody else is called so.
    let rare = [(Given, Typing), (Birthplace, Same), (PreviousSchool, Same)];
    check(&rare, CALM, "same");
    let few = Circumstances { few_people: true, ..CALM };
    check(&rare, few, "[TwinsShape]");
    check(&[(Given, Typing), (SecondGiven, Same), (Exit, Same)], few, "same");
    // Next to the other twin, who has a record of his own, there is nothing to ask.
    let beside = Circumstances { listed: Listed::Live, listed_in_this_file: true, ..CALM };
    check(&shared, beside, "new");
    check(&apart, Circumstances { listed: Listed::Live, ..CALM }, "new");
}

#[test]
fn an_account_that_another_record_claims_takes_more() {
    let claimed = Circumstances { listed: Listed::Live, ..CALM };
    check(&[(Birthplace, Same)], claimed, "[TooLittle]");
    check(&[(Birthplace, Same), (SecondGiven, Same)], claimed, "same");
    // The school that the record itself names as last year's has not released yet: expected.
    let expected = Circumstances { listed_by_previous: true, ..claimed };
    check(&[(PreviousSchool, Same)], expected, "same");
}

#[test]
fn two_ines_that_differ_take_more() {
    check(&[(Ine, Differs), (Birthplace, Same)], CALM, "[TooLittle]");
    check(&[(Ine, Differs), (Birthplace, Same), (SecondGiven, Same)], CALM, "same");
    let typed = [(Ine, Differs), (Family, Typing), (Birthplace, Same), (SecondGiven, Same)];
    check(&typed, CALM, "[TooLittle]");
}

#[test]
fn little_resemblance_takes_more_or_is_no_merge_at_all() {
    let two = [(Family, Typing), (Given, Typing), (Birthplace, Same)];
    check(&two, CALM, "[TooLittle]");
    let none = [(Family, Typing), (Given, Typing), (BirthDate, Exchanged), (Birthplace, Same)];
    check(&none, CALM, "[NothingExact, TooLittle]");
    check(&[(Family, Differs), (Birthplace, Same)], CALM, "new");
    check(&[(BirthDate, Differs), (Birthplace, Same)], CALM, "new");
    let support = [(Family, Differs), (Birthplace, Same), (SecondGiven, Same)];
    check(&support, CALM, "[NotCompatible]");
    check(&[(Given, Part)], CALM, "[Truncated, TooLittle]");
    let crossed = [(Family, Exchanged), (Given, Exchanged), (Birthplace, Same)];
    check(&crossed, CALM, "[NamesExchanged, TooLittle]");
}

#[test]
fn the_bits_choose_the_band() {
    check(&[(Birthplace, Same)], Circumstances { bits: 10.0, ..CALM }, "same");
    check(&[(Birthplace, Same)], Circumstances { bits: 9.9, ..CALM }, "[LowScore]");
    check(&[(Birthplace, Same)], Circumstances { bits: -2.0, ..CALM }, "[LowScore]");
    let low = Circumstances { bits: -2.1, ..CALM };
    check(&[(Family, Typing), (Birthplace, Same)], low, "new");
    // In a crowd of one date and one first name they weigh nothing; all the same nobody who has
    // exactly the names and date of a person is taken for a new one without a question.
    check(&[], Circumstances { bits: -20.0, ..CALM }, "[TooLittle, LowScore]");
}

#[test]
fn newcomers_are_asked_about_only_when_they_would_be_one() {
    let newcomers = Circumstances { newcomers: true, ..CALM };
    check(&[], newcomers, "[TooLittle]");
    check(&[], Circumstances { bits: 9.9, ..newcomers }, "new");
    check(&[(Ine, Differs)], newcomers, "[TooLittle]");
    check(&[(Ine, Differs), (Family, Typing)], newcomers, "new");
}

#[test]
fn a_second_first_name_that_stands_for_the_first_is_no_second_piece() {
    // `Marie`, next to `Inès` whose second first name is Marie: she, or her twin.
    check(&[(Given, Exchanged)], CALM, "[TooLittle]");
    check(&[(Given, Exchanged), (Birthplace, Same)], CALM, "same");
    check(&[(Given, Exchanged), (SecondGiven, Exchanged)], CALM, "same");
}

#[test]
fn each_piece_against_counts_and_two_are_never_outweighed() {
    let fields = [SecondGiven, Birthplace, Sex, PreviousSchool, Level];
    let all = [SecondGiven, Birthplace, PreviousSchool, Exit].map(|field| (field, Same));
    let certain = Circumstances { bits: 60.0, ..CALM };
    for field in fields {
        let against = [&all[..], &[(field, Differs)]].concat();
        check(&against, Circumstances { bits: 13.9, ..CALM }, "[Contradiction]");
        check(&against, certain, "same");
        for other in fields.into_iter().filter(|other| *other != field) {
            let two = [&against[..], &[(other, Differs)]].concat();
            check(&two, certain, "[Contradiction]");
        }
    }
}

#[test]
fn siblings_are_never_merged_by_a_machine() {
    // One of them by a usage name, or by a part of a double one; birthdays a digit apart.
    let shared = [(Given, Close), (Birthplace, Same), (PreviousSchool, Same)];
    for other in [(Family, Usage), (Family, Part), (BirthDate, Near), (BirthDate, Exchanged)] {
        check(&[&shared[..], &[other]].concat(), CALM, "[TwinsShape]");
        let second = [&shared[..], &[other, (SecondGiven, Same)]].concat();
        check(&second, CALM, "same");
    }
}

#[test]
fn a_name_without_date_is_asked_about_inside_one_school_only() {
    let undated = [(BirthDate, Unknown)];
    check(&undated, CALM, "new");
    let here = Circumstances { same_school: true, ..CALM };
    check(&undated, here, "[NotCompatible, TooLittle]");
}

#[test]
fn a_file_that_lists_the_account_lists_somebody_else_unless_all_is_the_same() {
    let here = Circumstances { listed: Listed::Live, listed_in_this_file: true, ..CALM };
    let two = [(Birthplace, Same), (SecondGiven, Same)];
    check(&two, here, "[ListedInThisFile]");
    check(&[&two[..], &[(Family, Typing)]].concat(), here, "new");
    check(&[&two[..], &[(BirthDate, Near)]].concat(), here, "new");
    // The account has left by the same file: whoever is like it may be back under another number.
    let left = Circumstances { listed: Listed::Left, ..here };
    check(&[&two[..], &[(BirthDate, Near)]].concat(), left, "[ListedInThisFile]");
}

#[test]
fn lost_bytes_are_told_as_such() {
    let damaged = Circumstances { damaged: true, few_people: true, ..CALM };
    check(&[(Given, Typing), (Birthplace, Same)], damaged, "[NameDamaged]");
}
