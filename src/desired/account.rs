//! The life of an account: given, leaving, disabled, deleted, given back (requirements 3.2).
//!
//! Each step waits for a later run than the one that took the step before: nobody is disabled in
//! the run in which he is first missed, nor deleted in the run in which he is disabled.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::policy::Policy;
use crate::model::account::AccountState;
use crate::model::person::{EnrolmentState, Person, Role};

/// What the enrolments of a person give a right to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// An account: made when there is none.
    Account,
    /// An existing account stays as it is: function unknown, held by two schools, to come, or a
    /// record that may be the person's waits at some school.
    Keep,
    /// Nothing any more.
    Ended,
}

/// The right of a person today. `waits`: a record that may be this person's waits somewhere; a
/// school that lets go has then not the last word.
pub fn right(person: &Person, waits: bool) -> Right {
    let states = || person.enrolments.values();
    if person.current().any(|(_, enrolment)| enrolment.role != Role::Unknown) {
        return Right::Account;
    }
    if waits || states().any(|one| !matches!(one.state, EnrolmentState::Ended { .. })) {
        return Right::Keep;
    }
    Right::Ended
}

/// The next state of an account that exists.
pub fn next(
    state: &AccountState,
    right: Right,
    pupil: bool,
    policy: &Policy,
    today: Date,
) -> AccountState {
    let grace = if pupil { policy.pupil_grace_days } else { policy.staff_grace_days };
    let later = |day: Date, days: i32| day.saturating_add(days.days());
    match (state, right) {
        (AccountState::Deleted { .. }, Right::Keep | Right::Ended) => state.clone(),
        (_, Right::Account) => AccountState::Active,
        (AccountState::Disabled { .. }, Right::Keep) => state.clone(),
        (AccountState::Active | AccountState::Leaving { .. }, Right::Keep) => AccountState::Active,
        // From the day on which the end is known: a date of exit that was typed wrong, or told
        // late, takes no night of the grace away.
        (AccountState::Active, Right::Ended) => {
            AccountState::Leaving { since: today, disable_on: later(today, grace.max(1)) }
        }
        (AccountState::Leaving { since, disable_on }, Right::Ended) if *disable_on <= today => {
            AccountState::Disabled {
                since: today,
                delete_on: later(*since, policy.retention_days).max(later(today, 1)),
            }
        }
        (AccountState::Disabled { delete_on, .. }, Right::Ended) if *delete_on <= today => {
            AccountState::Deleted { on: today }
        }
        (AccountState::Leaving { .. } | AccountState::Disabled { .. }, Right::Ended) => {
            state.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::*;
    use crate::model::identifiers::Identifiers;
    use crate::model::ids::PersonId;
    use crate::model::person::{EndedBy, Enrolment, Enrolments};
    use crate::model::record::Names;
    use crate::model::traits::Traits;

    const POLICY: Policy = Policy::STANDARD;

    #[test]
    fn the_steps_out_each_wait_for_a_later_run() {
        let gone = Right::Ended;
        let day = |month, day| date(2026, month, day);
        let leaving = next(&AccountState::Active, gone, true, &POLICY, day(10, 1));
        let until = AccountState::Leaving { since: day(10, 1), disable_on: day(10, 16) };
        assert_eq!(leaving, until);
        assert_eq!(next(&leaving, gone, true, &POLICY, day(10, 15)), until);
        let disabled = next(&leaving, gone, true, &POLICY, day(10, 16));
        let kept = AccountState::Disabled { since: day(10, 16), delete_on: day(12, 20) };
        assert_eq!(disabled, kept);
        assert_eq!(next(&disabled, gone, true, &POLICY, day(12, 19)), kept);
        assert_eq!(
            next(&disabled, gone, true, &POLICY, day(12, 20)),
            AccountState::Deleted { on: day(12, 20) }
        );
    }

    #[test]
    fn nobody_is_disabled_in_the_run_that_first_misses_him() {
        // The exit was a year ago, and is told only now: the whole grace and retention follow.
        let gone = Right::Ended;
        let today = date(2026, 10, 1);
        let disable_on = date(2026, 10, 16);
        let leaving = next(&AccountState::Active, gone, true, &POLICY, today);
        assert_eq!(leaving, AccountState::Leaving { since: today, disable_on });
        assert_eq!(
            next(&leaving, gone, true, &POLICY, disable_on),
            AccountState::Disabled { since: disable_on, delete_on: date(2026, 12, 20) }
        );
        // Without any grace it is the next day at the earliest.
        let none = Policy { pupil_grace_days: 0, ..POLICY };
        let leaving = next(&AccountState::Active, gone, true, &none, today);
        let disable_on = date(2026, 10, 2);
        assert_eq!(leaving, AccountState::Leaving { since: today, disable_on });
    }

    #[test]
    fn a_right_gives_the_same_account_back() {
        let day = date(2026, 10, 1);
        for state in [
            AccountState::Leaving { since: day, disable_on: day },
            AccountState::Disabled { since: day, delete_on: day },
            AccountState::Deleted { on: day },
        ] {
            assert_eq!(next(&state, Right::Account, true, &POLICY, day), AccountState::Active);
        }
    }

    #[test]
    fn a_record_that_waits_anywhere_keeps_the_account() {
        let day = date(2026, 10, 1);
        let ended = EnrolmentState::Ended { on: day, by: EndedBy::NotListed };
        let enrolment = Enrolment {
            role: Role::Pupil,
            state: ended,
            since: day,
            entered_on: None,
            division: None,
            groups: BTreeSet::new(),
        };
        let person = Person {
            id: PersonId(1),
            names: Names { family: "A".into(), usage: None, given: "B".into() },
            birth_date: None,
            traits: Traits::default(),
            identifiers: Identifiers::default(),
            enrolments: Enrolments::from_iter([("0590001F".parse().unwrap(), enrolment)]),
            place: None,
            joined: None,
            account: None,
        };
        assert_eq!(right(&person, false), Right::Ended);
        assert_eq!(right(&person, true), Right::Keep);
        // A record that is in doubt gives nobody back what is gone.
        let disabled = AccountState::Disabled { since: day, delete_on: day };
        assert_eq!(next(&disabled, Right::Keep, true, &POLICY, day), disabled);
    }

    #[test]
    fn an_unknown_function_changes_nothing() {
        let day = date(2026, 10, 1);
        let disabled = AccountState::Disabled { since: day, delete_on: day };
        assert_eq!(next(&disabled, Right::Keep, false, &POLICY, day), disabled);
        let active = AccountState::Active;
        assert_eq!(next(&active, Right::Keep, false, &POLICY, day), active);
    }
}
