//! Each guard at its limit and one beyond (SEC-42).

use jiff::civil::date;

use super::super::order;
use super::super::simulator::{account, group, keyed, uai};
use super::*;
use crate::model::entry::Attributes;
use crate::plan::operation::Action;

const SCHOOL: &str = "0599990N";
const OTHER: &str = "0809990Z";

fn operations(kind: OperationKind, school: &str, count: u64) -> Vec<Operation> {
    let operation = |person| {
        let entry = account(person, school, &format!("e{person}"));
        let key = entry.key.clone();
        let dn = entry.dn.clone();
        let action = match kind {
            OperationKind::Create => Action::Create { entry },
            OperationKind::Delete => Action::Delete { dn, before: entry.attributes },
            _ => Action::Modify { dn, before: entry.attributes, after: Attributes::new() },
        };
        let (stage, uai) = (order::stage(kind, &key, &action), Some(uai(school)));
        Operation { seq: 1, target: "ldap".into(), kind, key, uai, stage, action, blocked: None }
    };
    (1..=count).map(operation).collect()
}

/// A school with accounts, all usable; a big other one keeps the overall guards calm.
fn facts(accounts: u64) -> GuardFacts {
    let school = |accounts| SchoolFacts { accounts, usable: accounts, ..SchoolFacts::default() };
    BTreeMap::from([(Some(uai(SCHOOL)), school(accounts)), (Some(uai(OTHER)), school(100_000))])
}

fn told(operations: &[Operation], facts: &GuardFacts, today: Date) -> Vec<String> {
    let found = objections(&Policy::PROPOSED, today, operations, facts);
    let line = |Objection { id, uai, text }| {
        let place = uai.map_or("all".to_owned(), String::from);
        format!("{id} {place}: {text}")
    };
    found.into_iter().map(line).collect()
}

const WINTER: Date = date(2027, 1, 15);

fn check(kind: OperationKind, count: u64, facts: &GuardFacts, expect: &[&str]) {
    assert_eq!(told(&operations(kind, SCHOOL, count), facts, WINTER), expect);
}

#[test]
fn a_school_may_lose_a_tenth_of_its_accounts_and_not_one_more() {
    use OperationKind::{Delete, Disable};
    check(Disable, 30, &facts(300), &[]);
    let expect = "too-many-disables 0599990N: 31 of 300 usable accounts would be disabled \
                  (10.4 %), the limit is 10 %";
    check(Disable, 31, &facts(300), &[expect]);
    let expect = "too-many-disables 0599990N: 42 of 300 usable accounts would be disabled \
                  (14.0 %), the limit is 10 %";
    check(Disable, 42, &facts(300), &[expect]);
    // Deletions are held to half of that.
    check(Delete, 15, &facts(300), &[]);
    let expect = "too-many-deletes 0599990N: 16 of 300 accounts would be deleted (5.4 %), \
                  the limit is 5 %";
    check(Delete, 16, &facts(300), &[expect]);
}

#[test]
fn in_a_small_school_the_number_counts() {
    check(OperationKind::Disable, 1, &facts(9), &[]);
    let expect = "too-many-disables 0599990N: 2 of 9 usable accounts would be disabled, \
                  the limit for so few is 1";
    check(OperationKind::Disable, 2, &facts(9), &[expect]);
    // From the least number on, the share.
    check(OperationKind::Disable, 1, &facts(10), &[]);
    let expect = "too-many-disables 0599990N: 2 of 10 usable accounts would be disabled \
                  (20.0 %), the limit is 10 %";
    check(OperationKind::Disable, 2, &facts(10), &[expect]);
}

#[test]
fn a_school_of_which_nothing_is_known_may_lose_nothing_when_none_is_small() {
    let policy = Policy { accounts_min: 0, ..Policy::PROPOSED };
    let lost = operations(OperationKind::Disable, SCHOOL, 1);
    let found = objections(&policy, WINTER, &lost, &GuardFacts::new());
    let texts: Vec<&str> = found.iter().map(|objection| objection.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "1 of 0 usable accounts would be disabled, the limit for so few is 0",
            "1 of 0 usable accounts in all would be disabled, the limit for so few is 0",
        ]
    );
}

#[test]
fn all_schools_together_may_lose_two_in_a_hundred() {
    let school = |accounts| SchoolFacts { accounts, usable: accounts, ..SchoolFacts::default() };
    let facts = BTreeMap::from([(Some(uai(SCHOOL)), school(600)), (Some(uai(OTHER)), school(400))]);
    check(OperationKind::Disable, 20, &facts, &[]);
    let expect = "too-many-disables-overall all: 21 of 1000 usable accounts in all would be \
                  disabled (2.1 %), the limit is 2 %";
    check(OperationKind::Disable, 21, &facts, &[expect]);
    check(OperationKind::Delete, 10, &facts, &[]);
    let expect = "too-many-deletes-overall all: 11 of 1000 accounts in all would be deleted \
                  (1.1 %), the limit is 1 %";
    check(OperationKind::Delete, 11, &facts, &[expect]);
    // One departure never stops a small directory.
    let facts = BTreeMap::from([(Some(uai(SCHOOL)), school(20))]);
    check(OperationKind::Disable, 1, &facts, &[]);
    let expect = [
        "too-many-disables 0599990N: 3 of 20 usable accounts would be disabled (15.0 %), \
         the limit is 10 %",
        "too-many-disables-overall all: 3 of 20 usable accounts in all would be disabled, \
         the limit for so few is 1",
    ];
    check(OperationKind::Disable, 3, &facts, &expect);
}

#[test]
fn many_creations_are_expected_in_season_and_in_a_new_school_only() {
    let create = |count| operations(OperationKind::Create, SCHOOL, count);
    check(OperationKind::Create, 90, &facts(300), &[]);
    let expect = "too-many-creations 0599990N: 91 to 300 standing accounts would be added out of \
                  the season of the rentrée (30.4 %), the limit is 30 %";
    check(OperationKind::Create, 91, &facts(300), &[expect]);
    check(OperationKind::Create, 500, &facts(0), &[]);
    let days = [(8, 19, 1), (8, 20, 0), (9, 15, 0), (10, 31, 0), (11, 1, 1)];
    for (month, day, expect) in days {
        let found = told(&create(91), &facts(300), date(2026, month, day));
        assert_eq!(found.len(), expect, "{month}-{day}");
    }
    let winter = Season { from: (11, 15), until: (2, 15) };
    assert!(winter.holds(WINTER) && !winter.holds(date(2027, 2, 16)));
    assert!(!winter.holds(date(2026, 11, 14)) && winter.holds(date(2026, 11, 15)));
    // Overall: a new school beside is not counted.
    let school = |accounts| SchoolFacts { accounts, usable: accounts, ..SchoolFacts::default() };
    let facts = BTreeMap::from([(Some(uai(SCHOOL)), school(100)), (Some(uai(OTHER)), school(0))]);
    let mut both = create(30);
    for (rank, mut operation) in
        operations(OperationKind::Create, OTHER, 100).into_iter().enumerate()
    {
        operation.key = ObjectKey::Account(crate::model::ids::PersonId(1000 + rank as u64));
        both.push(operation);
    }
    assert_eq!(told(&both, &facts, WINTER), Vec::<String>::new());
    // A school that begins in Office 365 has accounts elsewhere already.
    let begins = SchoolFacts { beginning: 60, ..school(100) };
    let beginning = BTreeMap::from([(Some(uai(SCHOOL)), begins)]);
    assert_eq!(told(&create(90), &beginning, WINTER), Vec::<String>::new());
    assert_eq!(told(&create(91), &beginning, WINTER).len(), 2);
    both.extend(create(31).pop());
    assert_eq!(
        told(&both, &facts, WINTER),
        [
            "too-many-creations 0599990N: 31 to 100 standing accounts would be added out of the \
             season of the rentrée (31.0 %), the limit is 30 %",
            "too-many-creations-overall all: 31 to 100 standing accounts in all would be added \
             out of the season of the rentrée (31.0 %), the limit is 30 %",
        ]
    );
}

#[test]
fn a_school_does_not_lose_its_classes_unnoticed() {
    let check = |alter: fn(&mut SchoolFacts), expect: &[&str]| {
        let mut facts = facts(300);
        let big = SchoolFacts { groups: 5_000, pupils: 90_000, ..SchoolFacts::default() };
        facts.insert(Some(uai(OTHER)), big);
        let school = facts.get_mut(&Some(uai(SCHOOL))).unwrap();
        (school.groups, school.pupils) = (20, 280);
        alter(school);
        assert_eq!(told(&[], &facts, WINTER), expect);
    };
    check(|school| school.groups_freezing = 6, &[]);
    let expect = "classes-lost 0599990N: 7 of 20 classes and groups would no longer be declared \
                  (35.0 %), the limit is 30 %";
    check(|school| school.groups_freezing = 7, &[expect]);
    check(|school| school.pupils_losing_division = 84, &[]);
    let expect = "classes-lost 0599990N: 85 of 280 pupils with a class would have none any more \
                  (30.4 %), the limit is 30 %";
    check(|school| school.pupils_losing_division = 85, &[expect]);
}

#[test]
fn all_schools_together_may_lose_a_tenth_of_their_classes() {
    let check = |lost: u64, expect: &[&str]| {
        let school =
            |lost| SchoolFacts { groups: 100, groups_freezing: lost, ..SchoolFacts::default() };
        let facts =
            BTreeMap::from([(Some(uai(SCHOOL)), school(lost)), (Some(uai(OTHER)), school(0))]);
        assert_eq!(told(&[], &facts, WINTER), expect);
    };
    check(20, &[]);
    let expect = "classes-lost-overall all: 21 of 200 classes and groups would no longer be \
                  declared (10.5 %), the limit is 10 %";
    check(21, &[expect]);
}

#[test]
fn accounts_of_no_school_count_in_the_whole() {
    let mut lost = operations(OperationKind::Delete, SCHOOL, 21);
    for operation in &mut lost {
        operation.uai = None;
    }
    let facts = BTreeMap::from([(
        None,
        SchoolFacts { accounts: 1000, usable: 1000, ..SchoolFacts::default() },
    )]);
    let expect = "too-many-deletes-overall all: 21 of 1000 accounts in all would be deleted \
                  (2.1 %), the limit is 1 %";
    assert_eq!(told(&lost, &facts, WINTER), [expect]);
}

#[test]
fn a_school_is_not_emptied_unnoticed() {
    // Before any account is disabled: the grace must not hide it.
    let check = |usable: u64, leaving: u64, expect: &[&str]| {
        let mut facts = facts(usable);
        facts.get_mut(&Some(uai(SCHOOL))).unwrap().leaving = leaving;
        assert_eq!(told(&[], &facts, WINTER), expect);
    };
    check(300, 299, &[]);
    let expect = "school-emptied 0599990N: all 300 usable accounts would be lost: 300 people \
                  leave, 0 accounts would be disabled";
    check(300, 300, &[expect]);
    check(1, 1, &[]);
    let expect = "school-emptied 0599990N: all 2 usable accounts would be lost: 2 people leave, \
                  0 accounts would be disabled";
    check(2, 2, &[expect]);
    check(0, 0, &[]);
}

#[test]
fn an_account_in_two_targets_counts_once_and_a_blocked_operation_never() {
    let mut twice = operations(OperationKind::Disable, SCHOOL, 30);
    twice.extend(operations(OperationKind::Disable, SCHOOL, 30));
    assert_eq!(told(&twice, &facts(300), WINTER), Vec::<String>::new());
    let mut blocked = operations(OperationKind::Disable, SCHOOL, 31);
    blocked[0].blocked = Some("in the way".into());
    assert_eq!(told(&blocked, &facts(300), WINTER), Vec::<String>::new());

    let mut off = account(2, SCHOOL, "off");
    off.enabled = false;
    // The reader of a target does not know the school of an account.
    let mut placed = account(3, SCHOOL, "placed");
    placed.uai = None;
    let mut placeless = account(4, SCHOOL, "placeless");
    let wanted = keyed([placeless.clone()]);
    (placeless.uai, placeless.dn) = (None, "uid=placeless,dc=exemple,dc=fr".to_owned());
    let entries =
        keyed([account(1, SCHOOL, "on"), off, placed, placeless, group(SCHOOL, "G", &[])]);
    let observed = Observed { entries, ..Observed::default() };
    let mut facts = GuardFacts::new();
    count_standing(&mut facts, &[&observed, &observed], &wanted);
    let expect = SchoolFacts { accounts: 4, usable: 3, ..SchoolFacts::default() };
    assert_eq!(facts, BTreeMap::from([(Some(uai(SCHOOL)), expect)]));
}

#[test]
fn accounts_that_are_gone_without_us_are_not_made_again_unnoticed() {
    // In every season, and whatever the operations.
    let check = |missing: u64, expect: &[&str]| {
        let school = |made, missing| SchoolFacts { made, missing, ..SchoolFacts::default() };
        let facts = BTreeMap::from([
            (Some(uai(SCHOOL)), school(300, missing)),
            (Some(uai(OTHER)), school(1_200, 0)),
        ]);
        for day in [WINTER, date(2026, 9, 15)] {
            assert_eq!(told(&[], &facts, day), expect);
        }
    };
    check(15, &[]);
    let expect = [
        "accounts-missing 0599990N: 16 of 300 accounts made by earlier runs are not to be seen in \
         the directory any more (5.4 %), the limit is 5 %",
        "accounts-missing-overall all: 16 of 1500 accounts made by earlier runs are not to be seen \
         in the directory any more (1.1 %), the limit is 1 %",
    ];
    check(16, &expect);
}

#[test]
fn small_plans_of_one_day_count_together() {
    // SEC-42: ten small plans must not add up to a massacre.
    let check = |lately: u64, now: u64, expect: &[&str]| {
        let mut facts = facts(300 - lately);
        facts.get_mut(&Some(uai(SCHOOL))).unwrap().disabled_lately = lately;
        let disables = operations(OperationKind::Disable, SCHOOL, now);
        assert_eq!(told(&disables, &facts, WINTER), expect);
    };
    check(27, 3, &[]);
    let expect = "too-many-disables 0599990N: 31 of 300 usable accounts would be disabled \
                  (10.4 %), the limit is 10 %; 27 of them went in the last 24 hours";
    check(27, 4, &[expect]);
    // Whoever takes nothing is not stopped by what was taken.
    check(200, 0, &[]);
    let mut facts = facts(290);
    facts.get_mut(&Some(uai(SCHOOL))).unwrap().deleted_lately = 10;
    let expect = "too-many-deletes 0599990N: 16 of 300 accounts would be deleted (5.4 %), the \
                  limit is 5 %; 10 of them went in the last 24 hours";
    let deletes = operations(OperationKind::Delete, SCHOOL, 6);
    assert_eq!(told(&deletes, &facts, WINTER), [expect]);
}

#[test]
fn what_was_let_pass_for_its_school_still_counts_in_the_whole() {
    // SEC-42: one person lifts what one school loses, and the whole takes two.
    let school = |usable, in_all| SchoolFacts {
        accounts: 1_000,
        usable,
        disabled_lately_in_all: in_all,
        ..Default::default()
    };
    let check = |in_all: u64, now: u64, expect: &[&str]| {
        let (here, there) = (school(1_000, 0), school(1_000 - in_all, in_all));
        let facts = BTreeMap::from([(Some(uai(SCHOOL)), here), (Some(uai(OTHER)), there)]);
        let disables = operations(OperationKind::Disable, SCHOOL, now);
        assert_eq!(told(&disables, &facts, WINTER), expect);
    };
    check(0, 40, &[]);
    check(35, 5, &[]);
    let expect = "too-many-disables-overall all: 41 of 2000 usable accounts in all would be \
                  disabled (2.1 %), the limit is 2 %; 35 of them went in the last 24 hours";
    check(35, 6, &[expect]);
    check(200, 0, &[]);
}

#[test]
fn a_number_stops_where_the_share_of_many_would_not() {
    let check = |kind, count, expect: &[&str]| {
        let school = |accounts| SchoolFacts { accounts, usable: accounts, ..Default::default() };
        let facts = BTreeMap::from([
            (Some(uai(SCHOOL)), school(3_000)),
            (Some(uai(OTHER)), school(600_000)),
        ]);
        let found = told(&operations(kind, SCHOOL, count), &facts, WINTER);
        assert_eq!(found, expect);
    };
    check(OperationKind::Disable, 200, &[]);
    let expect = "too-many-disables 0599990N: 201 of 3000 usable accounts would be disabled, the \
                  limit is 200, whatever the share";
    check(OperationKind::Disable, 201, &[expect]);
    check(OperationKind::Delete, 100, &[]);
    let expect = "too-many-deletes 0599990N: 101 of 3000 accounts would be deleted, the limit is \
                  100, whatever the share";
    check(OperationKind::Delete, 101, &[expect]);
    // Over the whole: many schools, each within its limits.
    let schools: Vec<String> = (0..25).map(|n| format!("{:07}", 590_000 + n)).collect();
    let (mut all, mut facts) = (Vec::new(), GuardFacts::new());
    for (rank, number) in schools.iter().enumerate() {
        let letters = b"ABCDEFGHJKLMNPRSTUVWXYZ";
        let letter = letters[number.parse::<usize>().unwrap() % 23] as char;
        let school = format!("{number}{letter}");
        for mut operation in operations(OperationKind::Disable, &school, 81) {
            let ObjectKey::Account(person) = &mut operation.key else { unreachable!() };
            person.0 += rank as u64 * 1000;
            all.push(operation);
        }
        let facts_of = SchoolFacts { accounts: 8_100, usable: 8_100, ..SchoolFacts::default() };
        facts.insert(Some(uai(&school)), facts_of);
    }
    let expect = "too-many-disables-overall all: 2025 of 202500 usable accounts in all would be \
                  disabled, the limit is 2000, whatever the share";
    assert_eq!(told(&all, &facts, WINTER), [expect]);
}

#[test]
fn many_renames_out_of_season_are_a_mapping_that_names_everybody_anew() {
    let check = |count: u64, today: Date, expect: usize| {
        let renames = operations(OperationKind::Rename, SCHOOL, count);
        let found = told(&renames, &facts(300), today);
        assert_eq!(found.len(), expect, "{found:?}");
        assert!(found.iter().all(|one| one.starts_with("too-many-renames 0599990N: ")));
    };
    check(90, WINTER, 0);
    check(91, WINTER, 1);
    check(300, date(2026, 9, 1), 0);
}

#[test]
fn a_whole_academie_or_a_tenth_of_the_schools_does_not_vanish_unnoticed() {
    let school = |academy: &str, present| {
        (Some(academy.to_owned()).filter(|name| !name.is_empty()), present)
    };
    let check = |measured: &[(Option<String>, bool)], expect: Option<&str>| {
        let found = deliveries_missing(measured);
        let text = found.as_ref().map(|one| one.text.as_str());
        match (text, expect) {
            (Some(text), Some(expect)) => assert!(text.contains(expect), "{text}"),
            (text, expect) => assert_eq!(text, expect),
        }
    };
    let lille = vec![school("Lille", true); 30];
    check(&[], None);
    check(&lille, None);
    let mut some = lille.clone();
    some.extend([school("Amiens", false), school("Amiens", true), school("Amiens", true)]);
    check(&some, None);
    some[31].1 = false;
    some[32].1 = false;
    check(&some, Some("académie Amiens is in force any more, of 3 school(s)"));
    // A list of schools that lost its end does not tell the académie of what it lost.
    let mut cut = lille.clone();
    cut.extend(vec![school("", false); 4]);
    check(&cut, Some("nothing of 4 schools is in force any more, of 34"));
    cut.pop();
    check(&cut, None);
}
