//! Birth dates.

use jiff::civil::Date;

use super::view::{Verdict, View};
use crate::model::delivery::Source;
use crate::model::finding as kind;

/// Ages in whole years, by the calendar year (formats 6.4).
const AGE_MIN: i16 = 9;
const AGE_MAX: i16 = 90;

/// A pupil without birth date cannot be recognised from one year to the next; staff typed in
/// STSWeb often has none, and that is allowed (formats 1.2).
pub(super) fn births(view: &View<'_>, verdict: &mut Verdict) {
    let told = view.parser_lines(Source::SieclePupils, &[kind::BIRTHDATE_UNREADABLE]);
    for pupil in view.present_pupils() {
        let finding = match pupil.birth_date {
            None if told.contains(&pupil.line) => continue,
            None => view.about_pupil(kind::BIRTHDATE_MISSING, pupil),
            Some(birth) if plausible(birth, view.today) => continue,
            Some(_) => view.about_pupil(kind::BIRTHDATE_IMPLAUSIBLE, pupil),
        };
        verdict.add(Source::SieclePupils, finding);
    }
    for person in view.staff() {
        if person.birth_date.is_some_and(|birth| !plausible(birth, view.today)) {
            verdict.add(Source::Sts, view.about_staff(kind::BIRTHDATE_IMPLAUSIBLE, person));
        }
    }
}

fn plausible(birth: Date, today: Date) -> bool {
    (today.year() - AGE_MAX..=today.year() - AGE_MIN).contains(&birth.year())
}
