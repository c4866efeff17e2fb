//! Office 365 goes with the subscription of a school: who has an account there, who keeps
//! one that is disabled, and whose is deleted. Pure functions of dates.
//!
//! | Schools of the person | Account in Office 365 |
//! |---|---|
//! | one has subscribed | as everywhere: usable while the account is, then disabled |
//! | none, and it never stood | none |
//! | none any more, and it stands | disabled; deleted once the retention since is over |

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::policy::Policy;
use crate::model::account::AccountState;
use crate::model::ids::Uai;
use crate::model::person::{Enrolment, EnrolmentState, Person};
use crate::model::school::{School, Schools};

/// What should be of a person in Office 365, and the school it is counted under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Nothing is made there, and nothing is told of the person.
    Absent,
    Usable(&'a Uai),
    Disabled(&'a Uai),
    Deleted,
}

/// The account as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct There {
    pub enabled: bool,
    /// The day on which a run of ours disabled it.
    pub disabled_on: Option<Date>,
}

/// The subscription of a school is in force.
pub fn is_current(school: &School, today: Date) -> bool {
    school.o365_from.is_some_and(|from| from <= today)
        && school.o365_until.is_none_or(|until| today <= until)
}

/// The first day without the subscription, once it has come.
pub fn ended_on(school: &School, today: Date) -> Option<Date> {
    let (from, until) = (school.o365_from?, school.o365_until?);
    let end = until.saturating_add(1.day());
    (from < end && end <= today).then_some(end)
}

/// Some school has subscribed.
pub fn any_current(schools: &Schools, today: Date) -> bool {
    schools.values().any(|school| is_current(school, today))
}

/// What should be of a person. Nobody is deleted in the run that disables, nor before the whole
/// retention has passed, counted from the end of the right and from the day on which it was known.
pub fn standing<'a>(
    person: &'a Person,
    schools: &Schools,
    there: Option<There>,
    policy: &Policy,
    today: Date,
) -> Standing<'a> {
    let (Some(account), Some(place)) = (&person.account, &person.place) else {
        return Standing::Absent;
    };
    if let AccountState::Deleted { .. } = account.state {
        return match there {
            None => Standing::Absent,
            Some(There { enabled: true, .. }) => Standing::Disabled(place),
            Some(There { enabled: false, .. }) => Standing::Deleted,
        };
    }
    let subscribed = |uai: &Uai| schools.get(uai).is_some_and(|one| is_current(one, today));
    let here = std::iter::once(place).chain(person.current().map(|(uai, _)| uai));
    let covering = here.into_iter().find(|uai| subscribed(uai));
    let covering = covering.or_else(|| {
        let still = |(uai, one): &(&'a Uai, &Enrolment)| {
            there.is_some() && subscribed(uai) && within_grace(one, policy, today)
        };
        person.enrolments.iter().find(still).map(|(uai, _)| uai)
    });
    match (covering, there) {
        (Some(uai), _) if account.state.works() => Standing::Usable(uai),
        (_, None) => Standing::Absent,
        (Some(uai), Some(_)) => Standing::Disabled(uai),
        (None, Some(there)) => uncovered(person, place, schools, there, policy, today),
    }
}

/// The account stands, and no school of the person has subscribed any more.
fn uncovered<'a>(
    person: &'a Person,
    place: &'a Uai,
    schools: &Schools,
    there: There,
    policy: &Policy,
    today: Date,
) -> Standing<'a> {
    let ends = person.enrolments.iter().filter_map(|(uai, one)| {
        let end = covered_until(schools.get(uai)?, one, today)?;
        Some((end, uai, one))
    });
    let Some((end, uai, one)) = ends.max_by_key(|(end, uai, _)| (*end, *uai)) else {
        return Standing::Disabled(place);
    };
    let later = |day: Date, days: i32| day.saturating_add(days.days());
    // Whoever was disabled after the grace has waited that long already.
    let waited = if ended(one).is_some() { grace_days(one, policy) } else { 0 };
    let kept = (policy.retention_days - waited).max(1);
    match there {
        There { enabled: false, disabled_on: Some(disabled_on) }
            if later(end, policy.retention_days).max(later(disabled_on, kept)) <= today =>
        {
            Standing::Deleted
        }
        There { .. } => Standing::Disabled(uai),
    }
}

/// The first day on which an enrolment gave no right to Office 365 any more.
fn covered_until(school: &School, one: &Enrolment, today: Date) -> Option<Date> {
    let left = ended(one);
    let end = [left, ended_on(school, today)].into_iter().flatten().min()?;
    school.o365_from.filter(|from| *from <= end).map(|_| end)
}

fn ended(one: &Enrolment) -> Option<Date> {
    match one.state {
        EnrolmentState::Ended { on, by: _ } => Some(on),
        EnrolmentState::Current | EnrolmentState::Future | EnrolmentState::Held { .. } => None,
    }
}

/// The enrolment has ended a short while ago: the account works as long as elsewhere.
fn within_grace(one: &Enrolment, policy: &Policy, today: Date) -> bool {
    let days = grace_days(one, policy).days();
    ended(one).is_some_and(|on| today < on.saturating_add(days))
}

fn grace_days(one: &Enrolment, policy: &Policy) -> i32 {
    let days = if one.role.is_pupil() { policy.pupil_grace_days } else { policy.staff_grace_days };
    days.max(1)
}

#[cfg(test)]
mod tests;
