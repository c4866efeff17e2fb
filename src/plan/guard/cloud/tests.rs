use std::collections::BTreeSet;

use super::*;
use crate::model::entry::{Attributes, Entry, Licence};
use crate::plan::simulator::{account, one_creation};

const SCHOOL: &str = "0599990N";

fn operation(key: &str, kind: OperationKind, action: Action) -> Operation {
    let creation = one_creation("office365", account(1, SCHOOL, "ines.lefevre"));
    Operation { key: key.parse().unwrap(), kind, action, ..creation }
}

fn delete(key: &str) -> Operation {
    let action = Action::Delete { dn: "x=y".to_owned(), before: Attributes::new() };
    operation(key, OperationKind::Delete, action)
}

fn members(key: &str, kind: OperationKind, count: usize) -> Operation {
    let values: BTreeSet<String> = (0..count).map(|n| format!("u={n}")).collect();
    let (dn, attribute) = ("x=y".to_owned(), "members".to_owned());
    let action = match kind {
        OperationKind::AddMember => Action::AddLinks { dn, attribute, values },
        _ => Action::RemoveLinks { dn, attribute, values },
    };
    operation(key, kind, action)
}

fn told(found: &[Objection]) -> Vec<String> {
    let one = |one: &Objection| {
        let uai = one.uai.as_ref().map_or("all", Uai::as_str);
        format!("{} {uai}: {}", one.id, one.text)
    };
    found.iter().map(one).collect()
}

/// SEC-42, R-27.
#[test]
fn groups_go_in_small_numbers_and_those_with_files_never_unseen() {
    let policy = Policy { deletes_max: 2, deletes_all_max: 3, ..Policy::PROPOSED };
    let of = |form: &str, count: u32| -> Vec<Operation> {
        (0..count).map(|n| delete(&format!("rentree:division{form}2025:{SCHOOL}:{n}"))).collect()
    };
    assert_eq!(told(&group_deletes(&policy, &of("@", 2))), [""; 0]);
    assert_eq!(
        told(&group_deletes(&policy, &of("@", 4))),
        [
            format!("too-many-group-deletes {SCHOOL}: 4 groups would be deleted, the limit is 2"),
            "too-many-group-deletes-overall all: 4 groups would be deleted, the limit is 3"
                .to_owned(),
        ]
    );
    assert_eq!(
        told(&group_deletes(&policy, &of("+", 1))),
        [format!(
            "groups-with-files {SCHOOL}: 1 Microsoft 365 group(s) would be deleted, with their \
             files and teams; the service keeps them for 30 days"
        )]
    );
    let blocked = Operation { blocked: Some("x".to_owned()), ..delete("rentree:account:1") };
    assert_eq!(told(&group_deletes(&policy, &[blocked, delete("rentree:account:2")])), [""; 0]);
}

/// behind a guard, school by school.
#[test]
fn the_end_of_a_subscription_is_looked_at() {
    let operations = [
        operation("rentree:account:1", OperationKind::Disable, {
            let before = Attributes::new();
            Action::Modify { dn: "x=y".to_owned(), after: before.clone(), before }
        }),
        delete("rentree:account:2"),
        members("rentree:licence:pupils", OperationKind::RemoveMember, 3),
        members("rentree:licence:pupils", OperationKind::AddMember, 9),
    ];
    let over = |_: &Uai| Some("it is over".to_owned());
    assert_eq!(
        told(&subscription_ended("office365", &operations, &over)),
        [format!(
            "subscription-ended {SCHOOL}: it is over: in office365, 2 account(s) or group(s) \
             would be disabled or deleted, 3 membership(s) would end"
        )]
    );
    assert_eq!(told(&subscription_ended("office365", &operations, &|_| None)), [""; 0]);
    assert_eq!(told(&subscription_ended("annuaire", &operations, &over)), [""; 0]);
    assert_eq!(told(&subscription_ended("office365", &operations[3..], &over)), [""; 0]);
}

/// SEC-42: a plan that does not fit is stopped, with the arithmetic.
#[test]
fn a_plan_fits_into_its_tenant() {
    let creation = |n| one_creation("office365", account(n, SCHOOL, &format!("p.n{n}")));
    let mut operations = vec![creation(1), creation(2)];
    operations.push(members("rentree:licence:pupils", OperationKind::AddMember, 5));
    operations.push(members("rentree:licence:pupils", OperationKind::RemoveMember, 2));
    let objects = |used| Limit { what: LimitKind::DirectoryObjects, total: 300, used };
    let seats = |used| Limit { what: LimitKind::Seats(Licence::Pupils), total: 10, used };
    let check = |operations: &[Operation], limits: &[Limit], expect: Option<&str>| {
        let seen = Observed { limits: limits.to_vec(), ..Observed::default() };
        let found = target_room("office365", operations, &seen);
        let text = found.as_ref().map(|one| one.text.as_str());
        assert_eq!(text, expect);
        assert!(found.is_none_or(|one| one.id == TARGET_ROOM && one.uai.is_none()));
    };
    check(&operations, &[], None);
    check(&operations, &[objects(298), seats(7)], None);
    check(
        &operations,
        &[objects(299), seats(8)],
        Some(
            "office365: 2 more objects (deleted ones count for 30 days) are needed, 299 of 300 \
             are used, 1 are left; 3 more seats of the licence of pupils are needed, 8 of 10 are \
             used, 2 are left",
        ),
    );
    // Both licences are one product: 3 and 4 more do not fit into 6.
    operations.push(members("rentree:licence:staff", OperationKind::AddMember, 4));
    let shared = |used| Limit { what: LimitKind::SharedSeats, total: 14, used };
    check(&operations, &[shared(7)], None);
    check(
        &operations,
        &[shared(8)],
        Some(
            "office365: 7 more seats of the licence of pupils and staff are needed, 8 of 14 are \
             used, 6 are left",
        ),
    );
    let seen = Observed { limits: vec![objects(299)], ..Observed::default() };
    assert_eq!(target_room("annuaire", &operations, &seen), None);
    // Who comes back from the bin is counted already.
    let seen = Observed { deleted: [operations[0].key.clone()].into(), ..seen };
    assert_eq!(target_room("office365", &operations, &seen), None);
    // So is a group, under whatever mark it lies there.
    let key: ObjectKey = format!("rentree:division@2026:{SCHOOL}:2A").parse().unwrap();
    let group = one_creation("office365", Entry { key, ..account(1, SCHOOL, "x") });
    let full = Observed { limits: vec![objects(300)], ..Observed::default() };
    assert!(target_room("office365", std::slice::from_ref(&group), &full).is_some());
    let full = Observed { deleted: [group.key.opaque()].into(), ..full };
    assert_eq!(target_room("office365", &[group], &full), None);
}

/// R-47, SEC-42: a class whose people are in another group of its own loses nothing.
#[test]
fn a_rollback_that_leaves_classes_without_a_group_is_looked_at() {
    let names =
        |count: usize| -> BTreeSet<String> { (0..count).map(|n| format!("u={n}")).collect() };
    let group = |key: &str, count: usize| {
        let links = [("members".to_owned(), names(count))].into();
        let entry = Entry { key: key.parse().unwrap(), links, ..account(1, SCHOOL, "x") };
        (entry.key.clone(), entry)
    };
    let key = |form: &str, code: u32| format!("rentree:division{form}:{SCHOOL}:{code}");
    let unified = (0..4).map(|code| group(&key("+2026", code), 2));
    let mut seen = Observed { entries: unified.collect(), ..Observed::default() };
    let gone = |code: u32| members(&key("+2026", code), OperationKind::RemoveMember, 2);
    let check = |seen: &Observed, operations: &[Operation]| {
        told(&classes_emptied(&Policy::PROPOSED, "office365", operations, seen))
    };
    assert_eq!(check(&seen, &[gone(0)]), [""; 0]);
    assert_eq!(
        check(&seen, &[gone(0), gone(1)]),
        [format!(
            "classes-emptied {SCHOOL}: office365: 2 of 4 classes and groups with people in Office \
             365 would have nobody in any (50.0 %), the limit is 30 %"
        )]
    );
    seen.entries.extend([group(&key("@2026", 1), 2)]);
    assert_eq!(check(&seen, &[gone(0), gone(1)]), [""; 0]);
    let blocked = Operation { blocked: Some("x".to_owned()), ..gone(0) };
    assert_eq!(check(&seen, &[blocked, gone(2)]), [""; 0]);
    assert_eq!(check(&seen, &[gone(0), gone(2)]).len(), 1);
}
