use super::*;
use crate::model::delivery::Delivery;
use crate::model::person::{Enrolment, EnrolmentState, Enrolments, Identifier, Person};
use crate::model::record::{Names, PupilRecord};
use crate::plan::simulator::{account, group, one_creation, person_dn};
use crate::run::exports::Told;
use crate::run::told::tests::{number, pupils, said, sts};
use crate::validate::Verdict;
use crate::validate::fixture::{codes, division, pupil};

fn day(day: i64) -> Timestamp {
    Timestamp::from_second(day * 86_400).unwrap()
}

#[test]
fn what_one_target_is_owed_is_no_clock_of_another() {
    // a target that was away keeps its first receipt, and a new creation in the other
    // one has that of its own delivery.
    let uai: Uai = "0599990N".parse().unwrap();
    let creation = |target| one_creation(target, account(1, "0599990N", "ines.lefevre"));
    let owed = [("away".to_owned(), [(uai.clone(), day(1))].into())].into();
    let check = |news: &[i64], operations: &[Operation], read: bool, expect: [&[i64]; 2]| {
        let file = |at: &i64| (uai.clone(), [(Source::Sts, day(*at))].into());
        let news: News = news.iter().map(file).collect();
        let files = ["near", "away"].map(|target| (target.to_owned(), news.clone())).into();
        let starts = Starts { files: &files, later: &BTreeMap::new(), owed: &owed };
        let targets = [("near", true), ("away", read)].into_iter();
        let since = since_at(&starts, operations, targets);
        let told = ["near", "away"].map(|target| since[target].get(&uai).copied());
        assert_eq!(told, expect.map(|days| days.first().map(|at| day(*at))));
        assert_eq!(oldest(&since).get(&uai).copied(), told.into_iter().flatten().min());
    };
    let (near, away) = (creation("near"), creation("away"));
    check(&[7], std::slice::from_ref(&near), false, [&[7], &[1]]);
    // Read again: what is written there has waited since the first receipt.
    check(&[7], &[near.clone(), away.clone()], true, [&[7], &[1]]);
    check(&[], &[near.clone(), away], true, [&[], &[1]]);
    // Nothing is missing there.
    check(&[7], &[near], true, [&[7], &[]]);
    // Away for another night, without news.
    check(&[], &[], false, [&[], &[1]]);
}

const LILLE: &str = "0590001F";

/// A source of which exports came on days after one another; the last one is in force.
fn told(exports: &[(i64, Delivery)]) -> Told {
    let none = Verdict::default();
    let ((last, current), earlier) = exports.split_last().unwrap();
    let now = said(current, &none);
    let earlier = earlier.iter();
    let earlier = earlier.map(|(at, then)| said(then, &none).held_against(&now, day(*at), false));
    let earlier = earlier.collect();
    Told { now: now.now(), received_at: day(*last), earlier }
}

/// Pupils known to the registry, by number: their person and their number at school are the same.
fn known(persons: &[u64]) -> Registry {
    let enrolment = Enrolment {
        role: Role::Pupil,
        state: EnrolmentState::Current,
        since: "2026-09-01".parse().unwrap(),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    };
    let names = Names { family: "BLANC".into(), usage: None, given: "Yves".into() };
    let one = |id: &u64| Person {
        id: PersonId(*id),
        names: names.clone(),
        birth_date: None,
        identifiers: [
            number(&id.to_string()),
            Identifier::StsEpp { academy: "lille".into(), id: "1".into() },
        ]
        .into(),
        traits: crate::model::traits::Traits::default(),
        enrolments: Enrolments::from_iter([(LILLE.parse().unwrap(), enrolment.clone())]),
        place: None,
        joined: None,
        account: None,
    };
    let persons = persons.iter().map(|id| (PersonId(*id), one(id))).collect();
    Registry { persons, ..Registry::default() }
}

/// On day 1 pupil 1 is new and 3 is there; on day 2 pupil 2 is new, and 3 changes class; day 3
/// tells the same as day 2. A second class is first named on day 2, by STSWeb.
fn exports() -> Exports {
    let moved = |line: u64| PupilRecord { divisions: codes(&["2B"]), ..pupil(line, "3") };
    let first = pupils(vec![pupil(1, "1"), pupil(2, "3")]);
    let second = pupils(vec![pupil(1, "1"), moved(2), pupil(3, "2")]);
    let third = pupils(vec![pupil(1, "2"), pupil(2, "1"), moved(3)]);
    let classes =
        |codes: &[&str]| sts(Vec::new(), codes.iter().map(|code| division(1, code, &[])).collect());
    let sources = [
        (Source::SieclePupils, told(&[(1, first), (2, second), (3, third)])),
        (Source::Sts, told(&[(1, classes(&["2 A"])), (2, classes(&["2 A", "2B"]))])),
    ];
    Exports::new([(LILLE.parse().unwrap(), sources.into())].into())
}

fn own(operation: &Operation, since: i64, registry: &Registry) -> i64 {
    let files = [Source::SieclePupils, Source::Sts].map(|source| (source, day(since)));
    let news: News = [(LILLE.parse().unwrap(), files.into())].into();
    let files = [("ldap".to_owned(), news)].into();
    let names = [1_u64, 2, 3].map(|id| (person_dn(LILLE, &format!("p{id}")), PersonId(id)));
    let linked = [("ldap".to_owned(), names.into())].into();
    let operations = std::slice::from_ref(operation);
    let later = later(&files, operations, registry, &linked, &exports());
    let clocks = Starts { files: &files, later: &later, owed: &BTreeMap::new() };
    let since = oldest(&since_at(&clocks, operations, [("ldap", true)].into_iter()));
    since.values().next().unwrap().as_second() / 86_400
}

#[test]
fn what_only_a_newer_export_tells_starts_with_it() {
    // and what the first one told already does not wait anew.
    let registry = known(&[1, 2, 3]);
    let check = |operation: &Operation, expect: i64| {
        assert_eq!(own(operation, 1, &registry), expect, "{operation:?}");
    };
    let creation = |person| one_creation("ldap", account(person, LILLE, &format!("p{person}")));
    check(&creation(1), 1);
    check(&creation(2), 2);
    let update = Operation { kind: OperationKind::Update, ..creation(3) };
    check(&update, 2);
    // His account, had it been missing, was told on the first day.
    check(&creation(3), 1);
    // Somebody in no export of these days is gone since the first.
    let gone = Operation { kind: OperationKind::Disable, ..creation(4) };
    assert_eq!(own(&gone, 1, &known(&[4])), 1);
    // The links of a class, of everybody whom they are about the oldest.
    let links = |code: &str, persons: &[u64], kind: OperationKind| {
        let of_group = one_creation("ldap", group(LILLE, code, &[]));
        let values = persons.iter().map(|id| person_dn(LILLE, &format!("p{id}"))).collect();
        let (dn, attribute) = (of_group.action.dn().to_owned(), "member".to_owned());
        let action = Action::AddLinks { dn, attribute, values };
        Operation { kind, action, ..of_group }
    };
    check(&links("2 A", &[1], OperationKind::AddMember), 1);
    check(&links("2 A", &[2], OperationKind::AddMember), 2);
    check(&links("2 A", &[2, 1], OperationKind::AddMember), 1);
    check(&links("2B", &[3], OperationKind::AddMember), 2);
    check(&links("2 A", &[3], OperationKind::RemoveMember), 2);
    // A class, since the first file that names it.
    check(&one_creation("ldap", group(LILLE, "2 A", &[])), 1);
    check(&one_creation("ldap", group(LILLE, "2B", &[])), 2);
    // Of what a target misses since before these exports nobody knows more.
    assert_eq!(own(&creation(1), 0, &registry), 0);
    assert_eq!(own(&creation(2), 0, &registry), 2);
    // And where it misses the last one only, nothing is older.
    assert_eq!(own(&creation(1), 3, &registry), 3);
}
