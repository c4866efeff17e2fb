use std::collections::BTreeSet;

use jiff::civil::date;

use super::*;
use crate::model::account::{Account, AccountName};
use crate::model::identifiers::Identifiers;
use crate::model::ids::{Login, PersonId};
use crate::model::person::{EndedBy, Enrolments, Role};
use crate::model::record::Names;
use crate::model::traits::Traits;
use crate::validate::fixture::lycee;

const POLICY: Policy = Policy::STANDARD;
const A: &str = "0590001F";
const B: &str = "0599990N";

fn uai(text: &str) -> Uai {
    text.parse().unwrap()
}

/// School A with these dates, and B that never subscribed.
fn schools(from: Option<Date>, until: Option<Date>) -> Schools {
    let school =
        |text: &str, o365_from, o365_until| School { o365_from, o365_until, ..lycee(text) };
    [(uai(A), school(A, from, until)), (uai(B), school(B, None, None))].into()
}

/// A pupil with an account at the first school.
fn pupil(state: AccountState, enrolments: &[(&str, EnrolmentState)]) -> Person {
    let login: Login = "ines.lefevre".parse().unwrap();
    let name = AccountName { login: login.clone(), short_login: login.clone(), mail_local: login };
    let enrolment = |state: &EnrolmentState| Enrolment {
        role: Role::Pupil,
        state: state.clone(),
        since: date(2025, 9, 1),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    };
    let all = enrolments.iter().map(|(school, state)| (uai(school), enrolment(state)));
    Person {
        id: PersonId(1),
        names: Names { family: "A".into(), usage: None, given: "B".into() },
        birth_date: None,
        identifiers: Identifiers::default(),
        traits: Traits::default(),
        enrolments: Enrolments::from_iter(all),
        place: Some(uai(enrolments[0].0)),
        joined: None,
        account: Some(Account { name, state }),
    }
}

fn ended(on: Date) -> EnrolmentState {
    EnrolmentState::Ended { on, by: EndedBy::NotListed }
}

const CURRENT: EnrolmentState = EnrolmentState::Current;
const NOWHERE: Option<There> = None;
const USABLE: Option<There> = Some(There { enabled: true, disabled_on: None });

fn disabled(on: Date) -> Option<There> {
    Some(There { enabled: false, disabled_on: Some(on) })
}

/// from the first day of the subscription to the last one, both included.
#[test]
fn a_subscription_runs_over_its_days() {
    let check = |from: Option<Date>, until: Option<Date>, today: Date, is: bool| {
        let schools = schools(from, until);
        assert_eq!(is_current(&schools[&uai(A)], today), is, "{from:?} {until:?} {today}");
        assert_eq!(any_current(&schools, today), is);
    };
    let (first, last) = (date(2026, 9, 1), date(2027, 8, 31));
    check(None, None, first, false);
    check(None, Some(last), first, false);
    check(Some(first), None, first, true);
    check(Some(first), Some(last), date(2026, 8, 31), false);
    check(Some(first), Some(last), last, true);
    check(Some(first), Some(last), date(2027, 9, 1), false);
    let school = &schools(Some(first), Some(last))[&uai(A)];
    assert_eq!(ended_on(school, last), None);
    assert_eq!(ended_on(school, date(2028, 1, 1)), Some(date(2027, 9, 1)));
}

/// nobody else reaches Office 365.
#[test]
fn an_account_is_made_for_a_school_that_has_subscribed_only() {
    let today = date(2026, 10, 1);
    let with = schools(Some(date(2026, 9, 1)), None);
    let check = |person: &Person, schools: &Schools, expect: Standing<'_>| {
        assert_eq!(standing(person, schools, NOWHERE, &POLICY, today), expect);
    };
    let a = uai(A);
    check(&pupil(AccountState::Active, &[(A, CURRENT)]), &with, Standing::Usable(&a));
    check(&pupil(AccountState::Active, &[(A, CURRENT)]), &schools(None, None), Standing::Absent);
    check(&pupil(AccountState::Active, &[(B, CURRENT)]), &with, Standing::Absent);
    // Of two schools, the one that has subscribed counts.
    check(&pupil(AccountState::Active, &[(B, CURRENT), (A, CURRENT)]), &with, {
        Standing::Usable(&a)
    });
    // Nobody who has left, or whose account is disabled, is made there.
    check(&pupil(AccountState::Active, &[(B, CURRENT), (A, ended(today))]), &with, {
        Standing::Absent
    });
    let off = AccountState::Disabled { since: today, delete_on: date(2026, 12, 1) };
    check(&pupil(off, &[(A, ended(today))]), &with, Standing::Absent);
    assert_eq!(
        standing(
            &Person { account: None, ..pupil(AccountState::Active, &[(A, CURRENT)]) },
            &with,
            NOWHERE,
            &POLICY,
            today
        ),
        Standing::Absent
    );
}

#[test]
fn an_account_there_goes_through_its_life_as_everywhere() {
    let (today, a) = (date(2026, 10, 1), uai(A));
    let with = schools(Some(date(2026, 9, 1)), None);
    let check = |state: AccountState, there: Option<There>, expect: Standing<'_>| {
        let person = pupil(state, &[(A, ended(today))]);
        assert_eq!(standing(&person, &with, there, &POLICY, today), expect);
    };
    let leaving = AccountState::Leaving { since: today, disable_on: date(2026, 10, 16) };
    check(leaving, USABLE, Standing::Usable(&a));
    let off = AccountState::Disabled { since: today, delete_on: date(2026, 12, 1) };
    check(off.clone(), USABLE, Standing::Disabled(&a));
    check(off, disabled(today), Standing::Disabled(&a));
    // Never deleted in the run that disables.
    check(AccountState::Deleted { on: today }, USABLE, Standing::Disabled(&a));
    check(AccountState::Deleted { on: today }, disabled(today), Standing::Deleted);
    check(AccountState::Deleted { on: today }, NOWHERE, Standing::Absent);
}

/// the end of a subscription disables; deletion follows from the dates.
#[test]
fn the_end_of_a_subscription_disables_and_deletes_after_the_retention() {
    let a = uai(A);
    let over = schools(Some(date(2025, 9, 1)), Some(date(2026, 9, 30)));
    let person = pupil(AccountState::Active, &[(A, CURRENT)]);
    let check = |today: Date, there: Option<There>, expect: Standing<'_>| {
        assert_eq!(standing(&person, &over, there, &POLICY, today), expect, "{today}");
    };
    check(date(2026, 9, 30), USABLE, Standing::Usable(&a));
    check(date(2026, 10, 1), USABLE, Standing::Disabled(&a));
    check(date(2026, 10, 1), NOWHERE, Standing::Absent);
    // 80 days after the end, and after the day on which it was disabled.
    check(date(2026, 12, 19), disabled(date(2026, 10, 1)), Standing::Disabled(&a));
    check(date(2026, 12, 20), disabled(date(2026, 10, 1)), Standing::Deleted);
    check(date(2026, 12, 20), disabled(date(2026, 11, 1)), Standing::Disabled(&a));
    check(date(2027, 1, 20), disabled(date(2026, 11, 1)), Standing::Deleted);
    // Still usable there, long after: disabled first.
    check(date(2027, 9, 1), USABLE, Standing::Disabled(&a));
    // Not disabled by us: nobody knows since when.
    let by_hand = Some(There { enabled: false, disabled_on: None });
    check(date(2027, 9, 1), by_hand, Standing::Disabled(&a));
}

#[test]
fn a_subscription_without_an_end_deletes_nobody() {
    // schools.csv lost its dates: that is no end that could be counted from.
    let a = uai(A);
    let person = pupil(AccountState::Active, &[(A, CURRENT)]);
    for schools in [schools(None, None), schools(Some(date(2030, 1, 1)), None), Schools::new()] {
        let there = disabled(date(2026, 1, 1));
        let found = standing(&person, &schools, there, &POLICY, date(2027, 1, 1));
        assert_eq!(found, Standing::Disabled(&a));
    }
}

#[test]
fn who_moves_to_a_school_without_subscription_keeps_the_grace() {
    let (a, b) = (uai(A), uai(B));
    let with = schools(Some(date(2025, 9, 1)), None);
    let left = date(2026, 10, 1);
    let person = pupil(AccountState::Active, &[(B, CURRENT), (A, ended(left))]);
    let check = |today: Date, there: Option<There>, expect: Standing<'_>| {
        assert_eq!(standing(&person, &with, there, &POLICY, today), expect, "{today}");
    };
    check(date(2026, 10, 15), USABLE, Standing::Usable(&a));
    check(date(2026, 10, 16), USABLE, Standing::Disabled(&a));
    // As in a directory: 80 days from the end, 15 of them usable.
    check(date(2026, 12, 19), disabled(date(2026, 10, 16)), Standing::Disabled(&a));
    check(date(2026, 12, 20), disabled(date(2026, 10, 16)), Standing::Deleted);
    // An end that is told late takes nothing of it away.
    check(date(2027, 2, 1), disabled(date(2027, 1, 31)), Standing::Disabled(&a));
    check(date(2027, 4, 6), disabled(date(2027, 1, 31)), Standing::Deleted);
    // The enrolment ended before the school subscribed: there was never a right.
    let later = schools(Some(date(2026, 11, 1)), None);
    let found = standing(&person, &later, disabled(left), &POLICY, date(2027, 9, 1));
    assert_eq!(found, Standing::Disabled(&b));
}
