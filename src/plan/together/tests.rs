//! Stories of who bears which number: `1: A B`, joined to another person `1: A > 2`.

use jiff::civil::date;

use super::*;
use crate::model::identifiers::Identifiers;
use crate::model::ids::IneKey;
use crate::model::person::{Enrolments, Joined};
use crate::model::record::Names;
use crate::model::traits::Traits;

fn ine(text: &str) -> Identifier {
    Identifier::Ine { key: IneKey(text.into()) }
}

fn persons(told: &[&str]) -> BTreeMap<PersonId, Person> {
    let person = |line: &&str| {
        let (id, rest) = line.split_once(':').unwrap();
        let (numbers, to) = rest.split_once('>').map_or((rest, None), |(n, to)| (n, Some(to)));
        let joined = to
            .map(|to| Joined { to: PersonId(to.trim().parse().unwrap()), on: date(2026, 10, 14) });
        Person {
            id: PersonId(id.parse().unwrap()),
            names: Names { family: "A".into(), usage: None, given: "B".into() },
            birth_date: None,
            identifiers: numbers.split_whitespace().map(ine).collect::<Identifiers>(),
            traits: Traits::default(),
            enrolments: Enrolments::new(),
            place: None,
            joined,
            account: None,
        }
    };
    told.iter().map(person).map(|person| (person.id, person)).collect()
}

/// A run that found `before` and wrote `written`; now `since` stands as well or instead. Told are
/// those who stay, with whom, and the numbers that go back.
#[track_caller]
fn check(before: &[&str], written: &[&str], since: &[&str], expect: (&[&str], &[&str])) {
    let (before, written) = (persons(before), persons(written));
    let mut registry = Registry { persons: before.clone(), ..Registry::default() };
    registry.persons.extend(written.clone());
    registry.persons.extend(persons(since));
    let written: Vec<Person> = written.into_values().collect();
    let scene = Scene { before: &before, written: &written, registry: &registry };
    let changed = written.iter().filter(|one| registry.persons.get(&one.id) != Some(*one));
    let staying = scene.staying(changed.map(|one| one.id));
    let told: Vec<String> = staying
        .iter()
        .map(|(id, with)| with.map_or(format!("{id}"), |with| format!("{id} with {with}")))
        .collect();
    assert_eq!(told, expect.0);
    let back = scene.given_back(&staying);
    let names = |one: &&Identifier| one.to_string();
    assert_eq!(back.iter().map(names).collect::<Vec<_>>(), expect.1);
    // whatever goes back, no number that the run moved is borne by two in the end.
    let mut after = registry.clone();
    for one in written.iter().filter(|one| !staying.contains_key(&one.id)) {
        match before.get(&one.id) {
            Some(old) => _ = after.persons.insert(one.id, old.clone()),
            None => {
                let kept = after.persons.get_mut(&one.id).unwrap();
                kept.identifiers.retain(|it| !back.contains(it));
            }
        }
    }
    for number in scene.moved().into_keys() {
        let bears = |one: &&Person| known_by(Some(one)).contains(number);
        assert!(after.persons.values().filter(bears).count() <= 1, "{number}");
    }
}

#[test]
fn two_who_were_found_to_be_one_go_back_together_or_not_at_all() {
    //
    let (before, written) = (["1: A", "2: B"], ["1: A B", "2: B > 1"]);
    check(&before, &written, &[], (&[], &["ine:B"]));
    check(&before, &written, &["1: A B C"], (&["1", "2 with 1"], &[]));
    check(&before, &written, &["2: B C > 1"], (&["1 with 2", "2"], &[]));
    // Whoever has no number in common goes back alone.
    let (before, written) = (["1: A", "2: B", "3:"], ["1: A B", "2: B > 1", "3: D"]);
    check(&before, &written, &["1: A B C"], (&["1", "2 with 1"], &[]));
    // Nothing was given, as both had it; they are bound all the same.
    check(&["1: B", "2: B"], &["1: B D", "2: B > 1"], &["1: B D E"], (&["1", "2 with 1"], &[]));
}

#[test]
fn one_who_was_found_to_be_two_goes_back_whole_or_not_at_all() {
    //
    check(&["1: A B"], &["1: A", "2: B"], &[], (&[], &["ine:B"]));
    check(&["1: A B"], &["1: A", "2: B"], &["2: B C"], (&["1 with 2", "2"], &[]));
    check(&["1: A B", "2: B > 1"], &["1: A", "2: B"], &["1: A C"], (&["1", "2 with 1"], &[]));
}

#[test]
fn a_number_that_is_somebody_elses_by_now_does_not_go_back() {
    //
    check(&["1: A"], &["1:"], &["7: A"], (&["1 with 7"], &[]));
    check(&["1: A"], &["1:"], &["7: A > 1"], (&[], &["ine:A"]));
    // And nobody goes back who was bound to him.
    let (before, written) = (["1: A C", "2:"], ["1:", "2: C"]);
    check(&before, &written, &["7: A"], (&["1 with 7", "2 with 1"], &[]));
}

#[test]
fn three_who_were_found_to_be_one_are_one() {
    //
    let (before, written) = (["1: A", "2: B", "3: C"], ["1: A B", "2: B C > 1", "3: C > 2"]);
    check(&before, &written, &["1: A B D"], (&["1", "2 with 1", "3 with 2"], &[]));
}
