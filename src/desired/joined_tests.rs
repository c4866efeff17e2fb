use jiff::civil::date;

use super::*;
use crate::model::identifiers::Identifiers;
use crate::model::ids::IneKey;
use crate::model::person::{Enrolment, Enrolments, Role};
use crate::model::record::Names;
use crate::model::traits::Traits;

const TODAY: Date = date(2026, 10, 14);

fn uai(rank: usize) -> Uai {
    ["0599990N", "0809990Z"][rank].parse().unwrap()
}

fn number(school: usize, id: &str) -> Identifier {
    Identifier::Siecle { uai: uai(school), id: id.into() }
}

fn ine(text: &str) -> Identifier {
    Identifier::Ine { key: IneKey(text.into()) }
}

fn key() -> RecordKey {
    RecordKey { uai: uai(1), source: Source::SieclePupils, number: "9".into() }
}

/// A pupil who is at one school, open.
fn person(id: u64, given: &str, school: usize, identifiers: &[Identifier]) -> Person {
    let enrolment = Enrolment {
        role: Role::Pupil,
        state: EnrolmentState::Current,
        since: date(2026, 9, 1),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    };
    Person {
        id: PersonId(id),
        names: Names { family: "MARTIN".into(), usage: None, given: given.into() },
        birth_date: None,
        identifiers: identifiers.iter().cloned().collect(),
        traits: Traits::default(),
        enrolments: Enrolments::from_iter([(uai(school), enrolment)]),
        place: Some(uai(school)),
        joined: None,
        account: None,
    }
}

fn registry(persons: &[Person]) -> Registry {
    let persons = persons.iter().map(|person| (person.id, person.clone())).collect();
    Registry { persons, ..Registry::default() }
}

fn said(person: u64, what: What) -> Said {
    let identifiers = Identifiers::from([number(1, "9"), ine("X")]);
    Said { key: key(), identifiers, person: PersonId(person), what }
}

fn same(person: u64) -> Said {
    said(person, What::Same { facts: Fingerprint(7) })
}

fn delivered(facts: u64) -> Delivered {
    Delivered {
        facts: BTreeMap::from([(key(), Fingerprint(facts))]),
        carriers: BTreeMap::from([(number(1, "9"), BTreeSet::from([key()]))]),
    }
}

fn run(registry: &Registry, said: &[Said]) -> BTreeMap<PersonId, Person> {
    let changed = persons(registry, said, &delivered(7), TODAY);
    changed.into_iter().map(|person| (person.id, person)).collect()
}

/// The registry after what was said, and nothing more to change in it.
#[track_caller]
fn settled(registry: &Registry, said: &[Said]) -> Registry {
    let mut after = registry.clone();
    after.persons.extend(run(registry, said));
    assert!(run(&after, said).is_empty(), "said twice, changed twice");
    after
}

#[test]
fn whoever_had_the_record_alone_is_joined_and_keeps_what_he_had() {
    let before = registry(&[
        person(1, "Léa", 0, &[number(0, "1"), ine("A")]),
        person(12, "Lea", 1, &[number(1, "9"), ine("X")]),
    ]);
    let after = settled(&before, &[same(1)]);
    let joined = &after.persons[&PersonId(12)];
    assert_eq!(joined.joined, Some(Joined { to: PersonId(1), on: TODAY }));
    assert_eq!(joined.identifiers, before.persons[&PersonId(12)].identifiers);
    let ended = EnrolmentState::Ended { on: TODAY, by: EndedBy::Joined };
    assert_eq!(joined.enrolments[&uai(1)].state, ended);
    assert_eq!(after.persons[&PersonId(1)], before.persons[&PersonId(1)]);
    assert_eq!(resolve(&after, PersonId(12)), PersonId(1));
}

#[test]
fn nobody_is_joined_on_other_facts_nor_to_somebody_unknown() {
    let before = registry(&[person(1, "Léa", 0, &[]), person(12, "Lea", 1, &[number(1, "9")])]);
    assert!(persons(&before, &[same(1)], &delivered(8), TODAY).is_empty());
    assert!(persons(&before, &[same(1)], &Delivered::default(), TODAY).is_empty());
    assert!(run(&before, &[same(99)]).is_empty());
    assert!(run(&before, &[same(12)]).is_empty(), "nobody is joined to himself");
}

#[test]
fn a_person_with_other_records_loses_this_one_only() {
    let two = [number(1, "9"), number(0, "2")];
    let before = registry(&[person(1, "Léa", 0, &[]), person(12, "Lea", 1, &two)]);
    let after = settled(&before, &[same(1)]);
    let other = &after.persons[&PersonId(12)];
    assert_eq!((other.joined, other.identifiers.len()), (None, 1));
    let ended = EnrolmentState::Ended { on: TODAY, by: EndedBy::Separated };
    assert_eq!(other.enrolments[&uai(1)].state, ended);
}

#[test]
fn what_was_joined_by_an_answer_taken_back_is_two_again() {
    let lea = person(1, "Léa", 0, &[number(0, "1")]);
    let lou = person(12, "Lou", 1, &[number(1, "9"), ine("X")]);
    let before = vec![lea.clone(), lou.clone()];
    let joined = settled(&registry(&before), &[same(1)]);
    // The next run gave her the record: its number, its INE, its names, its school.
    let mut merged = joined.clone();
    let one = merged.persons.get_mut(&PersonId(1)).unwrap();
    one.identifiers.extend([number(1, "9"), ine("X")]);
    one.names.given = "Lou".into();
    one.enrolments.insert(uai(1), lou.enrolments[&uai(1)].clone());
    one.place = Some(uai(1));
    let after = settled(&merged, &[said(1, What::Not { before })]);
    let (one, two) = (&after.persons[&PersonId(1)], &after.persons[&PersonId(12)]);
    assert_eq!(two, &lou, "as she was");
    assert_eq!((&one.identifiers, &one.names), (&lea.identifiers, &lea.names));
    assert_eq!(one.place, Some(uai(0)));
    let ended = EnrolmentState::Ended { on: TODAY, by: EndedBy::Separated };
    assert_eq!(one.enrolments[&uai(1)].state, ended);
    assert_eq!(one.enrolments[&uai(0)].state, EnrolmentState::Current);
}

#[test]
fn an_ine_of_her_own_stays_and_is_not_two_people_s() {
    let lea = person(1, "Léa", 0, &[number(0, "1"), ine("X")]);
    let mut lou = person(12, "Lou", 1, &[number(1, "9"), ine("X")]);
    lou.joined = Some(Joined { to: PersonId(1), on: TODAY });
    let merged = registry(&[lea.clone(), lou.clone()]);
    let after = settled(&merged, &[said(1, What::Not { before: vec![lea.clone(), lou] })]);
    assert_eq!(after.persons[&PersonId(1)].identifiers, lea.identifiers);
    assert_eq!(after.persons[&PersonId(12)].identifiers, Identifiers::from([number(1, "9")]));
}

#[test]
fn a_number_of_the_academie_that_another_school_confirms_stays() {
    let epp = Identifier::StsEpp { academy: "Lille".into(), id: "9".into() };
    let before = registry(&[person(1, "Léa", 0, std::slice::from_ref(&epp))]);
    let here = RecordKey { source: Source::Sts, ..key() };
    let there = RecordKey { uai: uai(0), ..here.clone() };
    let one = Said {
        key: here.clone(),
        identifiers: Identifiers::from([epp.clone()]),
        person: PersonId(1),
        what: What::Not { before: Vec::new() },
    };
    let mut delivered = Delivered {
        carriers: [(epp, BTreeSet::from([here, there]))].into(),
        ..Delivered::default()
    };
    assert!(persons(&before, std::slice::from_ref(&one), &delivered, TODAY).is_empty());
    delivered.carriers.clear();
    assert_eq!(persons(&before, &[one], &delivered, TODAY).len(), 1);
}
