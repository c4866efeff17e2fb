//! Identifiers, each checked by what else the record says (matching.md section 3, stage 1). An
//! identifier alone proves nothing: numbers are typed on the wrong row, and given again.

use super::agree::{self, Agreement, is_compatible};
use super::decide::{Doubt, Evidence};
use super::features::Features;
use super::population::Population;
use super::roster::{self, Roster};

/// What a common identifier is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Common {
    Ine,
    /// The number of the school, or of the académie.
    Number,
}

impl Common {
    /// Of the hash of an identifier.
    pub(super) fn of(identity: u64) -> Self {
        if roster::is_ine(identity) { Self::Ine } else { Self::Number }
    }
}

/// What an identifier is checked by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Core {
    family: Agreement,
    given: Agreement,
    date: Agreement,
}

impl Core {
    pub(super) fn of(left: &Features, right: &Features, population: &Population<'_>) -> Self {
        Self {
            family: agree::family(left, right, population),
            given: agree::given(left, right, population),
            date: agree::birth_date(left, right),
        }
    }
}

/// Whether two sides with a common identifier are one person.
pub(super) fn prove(common: Common, core: Core, pupil: bool) -> Result<Evidence, Doubt> {
    let Core { family, given, date } = core;
    match common {
        Common::Ine => by_ine(family, given, date),
        Common::Number if pupil => by_number(family, given, date),
        Common::Number => by_staff_number(family, given, date),
    }
}

/// The INE, compatible first names, and compatible names or date.
fn by_ine(family: Agreement, given: Agreement, date: Agreement) -> Result<Evidence, Doubt> {
    match (is_compatible(family), is_compatible(given), date) {
        (_, false, Agreement::Same) => Err(Doubt::GivenNameDiffers),
        (_, false, _) => Err(Doubt::NothingAgrees),
        (_, true, Agreement::Same) => Ok(Evidence::IneAndBirthDate),
        (true, true, _) => Ok(Evidence::IneAndNames),
        (false, true, date) if is_compatible(date) => Ok(Evidence::IneAndBirthDate),
        (false, true, _) => Err(Doubt::BirthDateDiffers),
    }
}

/// The school's number: names, first names and date compatible, one of names and date exact.
fn by_number(family: Agreement, given: Agreement, date: Agreement) -> Result<Evidence, Doubt> {
    let names = matches!(family, Agreement::Same | Agreement::Usage);
    match (names, given, date) {
        (true, Agreement::Same, Agreement::Unknown) => Ok(Evidence::NumberAndNames),
        (_, _, Agreement::Unknown) => Err(Doubt::NothingAgrees),
        (_, _, Agreement::Differs) => Err(Doubt::BirthDateDiffers),
        (_, given, _) if !is_compatible(given) => Err(Doubt::GivenNameDiffers),
        _ if !is_compatible(family) => Err(Doubt::NameDiffers),
        (_, _, Agreement::Same) => Ok(Evidence::NumberAndBirthDate),
        (true, _, _) => Ok(Evidence::NumberAndNames),
        (false, _, _) => Err(Doubt::BirthDateDiffers),
    }
}

/// A member of staff's number: with the birth date and one of the names (people marry), or, where a
/// base has no date, with the whole name.
fn by_staff_number(
    family: Agreement,
    given: Agreement,
    date: Agreement,
) -> Result<Evidence, Doubt> {
    let names = matches!(family, Agreement::Same | Agreement::Usage);
    match date {
        Agreement::Same if is_compatible(family) || is_compatible(given) => {
            Ok(Evidence::NumberAndBirthDate)
        }
        Agreement::Same => Err(Doubt::NameDiffers),
        Agreement::Unknown if names && given == Agreement::Same => Ok(Evidence::NumberAndNames),
        Agreement::Unknown => Err(Doubt::NothingAgrees),
        _ if is_compatible(date) && names && given == Agreement::Same => {
            Ok(Evidence::NumberAndNames)
        }
        _ => Err(Doubt::BirthDateDiffers),
    }
}

/// The INE of a twin: another account has exactly the names and the date of this record.
pub(super) fn is_a_twin_s(features: &Features, account: u32, roster: &Roster) -> bool {
    features.given.hash != roster.account(account).features.given.hash
        && roster.homonyms(features).any(|other| other != account)
}
