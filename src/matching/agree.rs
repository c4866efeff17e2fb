//! How far two sides agree, attribute by attribute: levels, not yet weights.

use serde::{Deserialize, Serialize};

use super::compare::{self, jaro_winkler};
use super::features::Features;
use super::level::{self, Follows};
use super::population::Population;
use super::roster::Account;
use super::word::Word;

/// What is compared. The order is that of explanations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    Family,
    Given,
    BirthDate,
    SecondGiven,
    Birthplace,
    Sex,
    PreviousSchool,
    Exit,
    Level,
    Ine,
}

impl Field {
    pub const ALL: [Self; 10] = [
        Self::Family,
        Self::Given,
        Self::BirthDate,
        Self::SecondGiven,
        Self::Birthplace,
        Self::Sex,
        Self::PreviousSchool,
        Self::Exit,
        Self::Level,
        Self::Ine,
    ];
}

/// How far one attribute agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Agreement {
    /// Not known on one side at least: neither for nor against.
    Unknown,
    Same,
    /// The usage name of the one is the family name of the other.
    Usage,
    /// One is a part of the other: `Durand` / `Durand-Moreau`, `Jean` / `Jean-Paul`.
    Part,
    /// A typing error: close, and one of the two forms is all but unknown as a name.
    Typing,
    /// Exchanged: names with first names, first name with second, day with month.
    Exchanged,
    /// Dates one digit apart; second first names that begin alike; a year repeated.
    Near,
    /// Close, but both forms are names that people bear: `Martin` / `Marin`.
    Close,
    Differs,
}

impl Agreement {
    /// In the order of their numbers.
    pub(super) const ALL: [Self; AGREEMENTS] = [
        Self::Unknown,
        Self::Same,
        Self::Usage,
        Self::Part,
        Self::Typing,
        Self::Exchanged,
        Self::Near,
        Self::Close,
        Self::Differs,
    ];
}

/// What the records of this batch, as far as proof goes, say of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Listed {
    #[default]
    Nowhere,
    /// With a day of exit that has come.
    Left,
    Live,
}

/// Levels of agreement, for tables.
pub(super) const AGREEMENTS: usize = 9;

/// Of one pair, by field.
pub(super) type Pattern = [Agreement; Field::ALL.len()];

/// Closer than this is a typing error (matching.md, stage 1).
const CLOSE: f64 = 0.86;
/// A form that at most this many persons of the roster bear is all but unknown as a name.
const BEARERS_OF_AN_ERROR: u32 = 2;
/// Letters of a name that is a part of another.
const PART_LENGTH_MIN: usize = 4;

/// Compares a record with an account.
pub(super) fn agree(
    claim: &Features,
    account: &Account,
    listed: Listed,
    population: &Population<'_>,
) -> Pattern {
    let person = &account.features;
    let mut family = family(claim, person, population);
    let mut given = given(claim, person, population);
    let crossed = claim.family.hash == person.given.hash && claim.given.hash == person.family.hash;
    if crossed && family != Agreement::Same && claim.family.is_known() {
        (family, given) = (Agreement::Exchanged, Agreement::Exchanged);
    }
    [
        family,
        given,
        birth_date(claim, person),
        second(claim, person),
        same(claim.birthplace, person.birthplace),
        same(claim.sex, person.sex),
        previous(claim, account),
        exit(claim, account, listed),
        follows(claim, person),
        if claim.has_ine && person.has_ine { Agreement::Differs } else { Agreement::Unknown },
    ]
}

/// Every agreement but `Differs` may be that of one person (stage 1 of matching.md); `Close` may be
/// too, for identifiers, which stand behind it.
pub(super) fn is_compatible(agreement: Agreement) -> bool {
    !matches!(agreement, Agreement::Differs | Agreement::Unknown)
}

pub(super) fn family(
    claim: &Features,
    person: &Features,
    population: &Population<'_>,
) -> Agreement {
    let (left, right) = (&claim.family, &person.family);
    if !left.is_known() || !right.is_known() {
        return Agreement::Unknown;
    }
    if left.hash == right.hash {
        return Agreement::Same;
    }
    let equal = |left: &Word, right: &Word| left.is_known() && left.hash == right.hash;
    if equal(&claim.usage, right)
        || equal(&person.usage, left)
        || equal(&claim.usage, &person.usage)
    {
        return Agreement::Usage;
    }
    if claim.bare == person.bare || is_part(left, right) || is_reordered(left, right) {
        return Agreement::Part;
    }
    let cross = [(&claim.usage, right), (left, &person.usage)];
    if cross.iter().any(|(a, b)| a.is_known() && b.is_known() && is_part(a, b)) {
        return Agreement::Part;
    }
    close(left, right, |word| population.families(word.hash))
}

pub(super) fn given(claim: &Features, person: &Features, population: &Population<'_>) -> Agreement {
    let (left, right) = (&claim.given, &person.given);
    if !left.is_known() || !right.is_known() {
        return Agreement::Unknown;
    }
    if left.hash == right.hash {
        return Agreement::Same;
    }
    let exchanged = |second: &Features, first: &Features| {
        second.second.is_some()
            && second.second.map(|key| key.whole) == first.given_key.map(|key| key.whole)
    };
    if exchanged(claim, person) || exchanged(person, claim) {
        return Agreement::Exchanged;
    }
    // `Jean-Paul` and `Jean-Marc` have one beginning and are two people.
    if claim.compound != person.compound && (claim.head == person.head || claim.tail == person.tail)
        || is_part_of_given(claim, person)
    {
        return Agreement::Part;
    }
    close(left, right, |word| population.givens(word.hash))
}

/// A compound cut short by a form that was too narrow: `MARIECHARL` of `MARIECHARLOTTE`.
fn is_part_of_given(claim: &Features, person: &Features) -> bool {
    let (of_claim, of_person) = (claim.given.letters(), person.given.letters());
    let (short, long) =
        if of_claim.len() < of_person.len() { (of_claim, person) } else { (of_person, claim) };
    const CUT_LENGTH_MIN: usize = 7;
    short.len() >= CUT_LENGTH_MIN && long.compound && long.given.letters().starts_with(short)
}

fn close(left: &Word, right: &Word, bearers: impl Fn(&Word) -> u32) -> Agreement {
    let (a, b) = (left.letters(), right.letters());
    if compare::similarity_max(left.common_max(right), a.len(), b.len()) < CLOSE
        || jaro_winkler(a, b) < CLOSE
    {
        return Agreement::Differs;
    }
    let rarest = bearers(left).min(bearers(right));
    if rarest <= BEARERS_OF_AN_ERROR { Agreement::Typing } else { Agreement::Close }
}

fn is_part(left: &Word, right: &Word) -> bool {
    let (left, right) = (left.letters(), right.letters());
    let (short, long) = if left.len() < right.len() { (left, right) } else { (right, left) };
    short.len() >= PART_LENGTH_MIN
        && short.len() < long.len()
        && (long.starts_with(short) || long.ends_with(short))
}

/// `DURANDMOREAU` and `MOREAUDURAND`: the one is a turn of the other.
fn is_reordered(left: &Word, right: &Word) -> bool {
    let (left, right) = (left.letters(), right.letters());
    left.len() == right.len()
        && (PART_LENGTH_MIN..left.len().saturating_sub(PART_LENGTH_MIN - 1)).any(|cut| {
            left.get(..cut) == right.get(right.len() - cut..)
                && left.get(cut..) == right.get(..right.len() - cut)
        })
}

pub(super) fn birth_date(claim: &Features, person: &Features) -> Agreement {
    let (left, right) = (claim.date, person.date);
    if !left.is_known() || !right.is_known() {
        Agreement::Unknown
    } else if left == right {
        Agreement::Same
    } else if left.swapped() == right {
        Agreement::Exchanged
    } else if left.is_near(right) {
        Agreement::Near
    } else {
        Agreement::Differs
    }
}

fn second(claim: &Features, person: &Features) -> Agreement {
    let (Some(left), Some(right)) = (claim.second, person.second) else {
        return Agreement::Unknown;
    };
    if left.whole == right.whole {
        Agreement::Same
    } else if claim.given_key.is_some_and(|key| key.whole == right.whole)
        && person.given_key.is_some_and(|key| key.whole == left.whole)
    {
        Agreement::Exchanged
    } else if left.start == right.start {
        Agreement::Near
    } else {
        Agreement::Differs
    }
}

fn same<T: PartialEq>(left: Option<T>, right: Option<T>) -> Agreement {
    match (left, right) {
        (Some(left), Some(right)) if left == right => Agreement::Same,
        (Some(_), Some(_)) => Agreement::Differs,
        (None, _) | (_, None) => Agreement::Unknown,
    }
}

/// The school that the record names as last year's is one of the account's. Another one speaks
/// against it, unless nobody knows where the person was last year.
fn previous(claim: &Features, account: &Account) -> Agreement {
    if claim.previous == 0 || account.stays.is_empty() {
        return Agreement::Unknown;
    }
    if account.stays.iter().any(|stay| stay.school == claim.previous) {
        return Agreement::Same;
    }
    // `CODE_RNE` is sometimes the school of the record itself.
    if account.lately { Agreement::Differs } else { Agreement::Unknown }
}

/// A school of the account has let the person go, by the day of the exit.
fn exit(claim: &Features, account: &Account, listed: Listed) -> Agreement {
    let told =
        !account.stays.iter().any(|stay| stay.open) && account.stays.iter().any(|stay| stay.told);
    match listed {
        _ if !claim.pupil => Agreement::Unknown,
        Listed::Left => Agreement::Same,
        Listed::Nowhere if told => Agreement::Same,
        Listed::Live => Agreement::Differs,
        Listed::Nowhere => Agreement::Unknown,
    }
}

fn follows(claim: &Features, person: &Features) -> Agreement {
    let (Some(after), Some(before)) = (claim.level, person.level) else {
        return Agreement::Unknown;
    };
    match level::follows(before, after) {
        Follows::Straight => Agreement::Same,
        Follows::Aside => Agreement::Near,
        Follows::Never => Agreement::Differs,
    }
}
