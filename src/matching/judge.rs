//! One pair, weighed: the same person, a question, or somebody new. The bits choose the band; the
//! guards hold whatever the bits say (matching.md section 3, stage 3).

use serde::{Deserialize, Serialize};

use super::agree::{Agreement, Field, Listed, Pattern, is_compatible};
use super::policy::Policy;

/// What stopped an automatic merge. The order is that of gravity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Another account has the same names and birth date.
    Homonyms,
    /// The file of the same school lists this account under another number.
    ListedInThisFile,
    /// The family name of one, a date that may be the same, and another first name.
    TwinsShape,
    /// A name has lost bytes.
    NameDamaged,
    /// Evidence against, that the rest does not outweigh.
    Contradiction,
    /// Names, first names or dates do not even resemble.
    NotCompatible,
    /// None of names, first names, date is exactly the same.
    NothingExact,
    /// Names and first names exchanged, and little else.
    NamesExchanged,
    /// A first name that is a part of the other, and nothing else.
    Truncated,
    /// Another account is nearly as good.
    RunnerUp,
    /// Another record of this batch is nearly as good for this account.
    RivalRecord,
    /// Too little independent evidence.
    TooLittle,
    /// Fewer bits than an automatic merge takes.
    LowScore,
}

/// What is known of the pair beside its agreements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    pub(super) bits: f64,
    /// Bits of the next best account for this record; none is `-inf`.
    pub(super) runner_up_bits: f64,
    /// Bits of the next best record for this account.
    pub(super) rival_bits: f64,
    /// Another account has the names and date of this one, or of the record.
    pub(super) homonyms: bool,
    pub(super) listed: Listed,
    /// The record that lists the account is of the school that this one names as last year's.
    pub(super) listed_by_previous: bool,
    /// The account is listed in the same file.
    pub(super) listed_in_this_file: bool,
    /// The account is or was at the school of the record.
    pub(super) same_school: bool,
    /// Both are records of this batch, and nobody knows either.
    pub(super) newcomers: bool,
    pub(super) damaged: bool,
    /// So few people are known that a first name which hardly anybody bears may well be one.
    pub(super) few_people: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Same,
    /// Never empty.
    Ask(Vec<Stop>),
    New,
}

/// The least score of a merge with one piece of evidence against it.
const BITS_AGAINST_ONE: f64 = 14.0;

/// Judges a pair.
pub(super) fn judge(pattern: &Pattern, about: &Circumstances, policy: &Policy) -> Verdict {
    let worth_asking = about.bits >= policy.ask_bits || is_exact(pattern);
    if !worth_asking || is_somebody_else(pattern, about, policy) {
        return Verdict::New;
    }
    let mut stops = guards(pattern, about, policy);
    if about.bits < policy.same_bits {
        stops.push(Stop::LowScore);
    }
    if stops.is_empty() { Verdict::Same } else { Verdict::Ask(stops) }
}

/// The same names and date, letter by letter. In a crowd that shares them they weigh nothing, and
/// may still be those of one person: never a double made without a question.
pub(super) fn is_exact(pattern: &Pattern) -> bool {
    pattern.iter().take(3).all(|one| *one == Agreement::Same)
}

/// What differs tells the two apart while the account has its own record in this batch: a twin next
/// to a twin, a brother next to a brother. No question.
fn is_somebody_else(pattern: &Pattern, about: &Circumstances, policy: &Policy) -> bool {
    let [family, given, date, ..] = *pattern;
    // Staff typed by hand have no date: a name alone is asked about inside one school only.
    if date == Agreement::Unknown && !about.same_school {
        return true;
    }
    // Two names, or two days, and next to nothing else: not worth a question.
    let apart_without_support = family == Agreement::Differs || date == Agreement::Differs;
    if apart_without_support && corroborations(pattern) < 2 {
        return true;
    }
    if about.newcomers && !could_be_one_newcomer(pattern, about, policy) {
        return true;
    }
    let apart = [family, given, date].contains(&Agreement::Differs);
    // A file lists a person once; one that was typed twice has the same names and date.
    about.listed == Listed::Live && (apart || about.listed_in_this_file && !is_exact(pattern))
}

/// Two records of people whom nobody knows are asked about only when they would be one but for a
/// guard; each with an INE of its own, only when names and date are all the same.
fn could_be_one_newcomer(pattern: &Pattern, about: &Circumstances, policy: &Policy) -> bool {
    let ines_differ = pattern[Field::Ine as usize] == Agreement::Differs;
    about.bits >= policy.same_bits && (is_exact(pattern) || !ines_differ)
}

fn guards(pattern: &Pattern, about: &Circumstances, policy: &Policy) -> Vec<Stop> {
    let [family, given, date, ..] = *pattern;
    let core = [family, given, date];
    let mut stops = Vec::new();
    let mut stop = |when: bool, stop: Stop| {
        if when {
            stops.push(stop);
        }
    };
    stop(about.homonyms, Stop::Homonyms);
    stop(about.listed_in_this_file, Stop::ListedInThisFile);
    stop(is_twins_shape(pattern, about), Stop::TwinsShape);
    stop(about.damaged, Stop::NameDamaged);
    let against = contradictions(pattern);
    let support = corroborations(pattern);
    let outweighed = against == 1 && support >= 2 && about.bits >= BITS_AGAINST_ONE;
    stop(against > 0 && !outweighed, Stop::Contradiction);
    stop(!core.into_iter().all(is_compatible), Stop::NotCompatible);
    stop(!core.contains(&Agreement::Same), Stop::NothingExact);
    let exchanged = family == Agreement::Exchanged;
    stop(exchanged && support < 2, Stop::NamesExchanged);
    stop(given == Agreement::Part && support == 0, Stop::Truncated);
    stop(about.bits - about.runner_up_bits < policy.margin_bits, Stop::RunnerUp);
    stop(about.bits - about.rival_bits < policy.margin_bits, Stop::RivalRecord);
    stop(support < needed(pattern, about), Stop::TooLittle);
    stops
}

/// Same family name, same day, and two first names that people bear: twins have just that, and not
/// the same second first name; so have brothers whose birthdays are a digit apart. A typing error
/// is not a twin's first name, where enough people are known to tell it from a rare one.
fn is_twins_shape(pattern: &Pattern, about: &Circumstances) -> bool {
    let [family, given, date, second, ..] = *pattern;
    let of_one_family = matches!(family, Agreement::Same | Agreement::Usage | Agreement::Part);
    let two_names = matches!(given, Agreement::Close | Agreement::Differs)
        || given == Agreement::Typing && about.few_people && !about.damaged;
    of_one_family && is_compatible(date) && two_names && second != Agreement::Same
}

/// Evidence against.
fn contradictions(pattern: &Pattern) -> usize {
    [Field::SecondGiven, Field::Birthplace, Field::Sex, Field::PreviousSchool, Field::Level]
        .into_iter()
        .filter(|field| pattern[*field as usize] == Agreement::Differs)
        .count()
}

/// Independent evidence for: each piece is one that a homonym would have by chance only.
pub(super) fn corroborations(pattern: &Pattern) -> usize {
    let at = |field: Field| pattern[field as usize];
    // A first name that is the other's second is the first name compared; not one piece more.
    usize::from(matches!(at(Field::SecondGiven), Agreement::Same | Agreement::Exchanged))
        + usize::from(at(Field::Birthplace) == Agreement::Same)
        + usize::from(at(Field::PreviousSchool) == Agreement::Same)
        + usize::from(at(Field::Exit) == Agreement::Same)
}

/// How many of them a merge takes.
fn needed(pattern: &Pattern, about: &Circumstances) -> usize {
    let [family, given, date, ..] = *pattern;
    let exact = [family, given, date].into_iter().filter(|one| *one == Agreement::Same).count();
    let ines_differ = pattern[Field::Ine as usize] == Agreement::Differs;
    let claimed = about.listed == Listed::Live && !about.listed_by_previous;
    1 + match (ines_differ, exact) {
        (false, _) => 0,
        (true, 3) => 1,
        (true, _) => 2,
    } + usize::from(claimed)
        + usize::from(exact < 2)
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
