//! What goes back of the registry, and what does not.

use jiff::civil::date;

use super::*;
use crate::model::identifiers::Identifiers;
use crate::store::tests::{person, uai};

/// one person who was found to be two. The account that was made stays, disabled; the
/// number goes back, and is nobody else's.
#[test]
fn a_number_that_goes_back_is_not_kept_by_whom_the_run_made() {
    let number = Identifier::Siecle { uai: uai(), id: "9001".into() };
    let known = |id, number: Option<&Identifier>| {
        let identifiers = number.cloned().into_iter().collect();
        Person { identifiers, ..person(id, &format!("p{id}")) }
    };
    let before =
        Before { persons: [(PersonId(1), known(1, Some(&number)))].into(), ..Before::default() };
    let persons = vec![known(1, None), known(2, Some(&number))];
    let registry = Registry {
        persons: persons.iter().map(|one| (one.id, one.clone())).collect(),
        ..Registry::default()
    };
    let trace = trace::Trace { made: true, ..trace::Trace::default() };
    let key = ObjectKey::Account(PersonId(2));
    let traces: Traces = [(("ldap".to_owned(), key), trace)].into();
    let told = |traces: &Traces| -> Vec<(u64, Identifiers)> {
        let run_did =
            together::Scene { before: &before.persons, written: &persons, registry: &registry };
        let staying = run_did.staying(alone(&run_did, traces, &BTreeSet::new()));
        let given_back = run_did.given_back(&staying);
        let today = date(2026, 9, 25);
        let (staying, retention_days) = (&staying, 80);
        let back = Back { before: &before, traces, staying, given_back, today, retention_days };
        let written = RegistryChange { persons: persons.clone(), ..Default::default() };
        let change = back.change(&registry, &written);
        change.persons.into_iter().map(|one| (one.id.0, one.identifiers)).collect()
    };
    assert_eq!(told(&traces), [(1, [number.clone()].into()), (2, [].into())]);
    // Without an account nothing of the second is taken back, so nothing of the first is.
    assert_eq!(told(&Traces::new()), []);
}

/// the day of deletion of an account that is disabled again has passed meanwhile.
#[test]
fn an_account_that_is_disabled_again_waits_as_long_as_any_other() {
    let today = date(2026, 9, 25);
    let back = Back {
        before: &Before::default(),
        traces: &Traces::new(),
        staying: &Staying::new(),
        given_back: BTreeSet::new(),
        today,
        retention_days: 80,
    };
    let disabled = |delete_on: Date| {
        let state = AccountState::Disabled { since: date(2026, 7, 1), delete_on };
        let mut person = person(1, "ines.lefevre");
        let account = person.account.take();
        person.account = account.map(|account| Account { state, ..account });
        person
    };
    let day = |person: Person| match person.account.map(|account| account.state) {
        Some(AccountState::Disabled { delete_on, .. }) => delete_on,
        other => panic!("{other:?}"),
    };
    let soon = back.not_deleted_at_once(&disabled(date(2026, 9, 20)));
    assert_eq!(day(soon), date(2026, 12, 14));
    let later = back.not_deleted_at_once(&disabled(date(2027, 1, 1)));
    assert_eq!(day(later), date(2027, 1, 1));
}

/// whom a rollback has taken back in the registry, while a target was switched off, has
/// entries there that are still to be taken back; whom something else has changed stays.
#[test]
fn whom_an_earlier_rollback_took_back_does_not_stay_for_that() {
    let written = vec![person(1, "p1")];
    let back = Person { place: None, ..person(1, "p1") };
    let registry = Registry { persons: [(PersonId(1), back)].into(), ..Registry::default() };
    let before = [(PersonId(1), person(1, "p0"))].into();
    let run_did = together::Scene { before: &before, written: &written, registry: &registry };
    let one = BTreeSet::from([PersonId(1)]);
    assert_eq!(alone(&run_did, &Traces::new(), &BTreeSet::new()), one);
    assert_eq!(alone(&run_did, &Traces::new(), &one), BTreeSet::new());
}
