//! The checker finds each planted fault; that it has nothing against good plans is a law of the
//! difference (`diff/laws.rs`).

use super::super::make::Parts;
use super::super::simulator::{account, container, group, keyed, managed, one_creation, person_dn};
use super::*;
use crate::model::account::{Account, AccountName, AccountState};
use crate::model::identifiers::Identifiers;
use crate::model::person::{Enrolments, Person};
use crate::model::record::Names;
use crate::model::registry::RegistryChange;
use crate::model::traits::Traits;
use crate::model::workspace::{Workspace, WorkspaceState};

const SCHOOL: &str = "0599990N";

fn planned(operations: Vec<Operation>) -> Plan {
    make::make(Parts::of(operations))
}

/// One account and one group stand; a stranger is at `uid=autre`.
fn stage_set() -> Observed {
    Observed {
        entries: keyed([account(1, SCHOOL, "ines.exemple"), group(SCHOOL, "1G3", &[])]),
        foreign_dns: BTreeSet::from([dn::comparable(&person_dn(SCHOOL, "autre"))]),
        ..Observed::default()
    }
}

fn faults(plan: &Plan, observed: &Observed) -> Vec<String> {
    let managed = managed();
    let scene = Scene { observed, managed: &managed };
    audit(plan, &BTreeMap::from([("ldap".to_owned(), scene)]))
}

fn operation(kind: OperationKind, key: &ObjectKey, action: Action) -> Operation {
    let stage = order::stage(kind, key, &action);
    let (target, key) = ("ldap".to_owned(), key.clone());
    Operation { seq: 0, target, kind, key, uai: None, stage, action, blocked: None }
}

fn check(operations: Vec<Operation>, expect: &str) {
    let found = faults(&planned(operations), &stage_set());
    if expect.is_empty() {
        assert_eq!(found, Vec::<String>::new());
    } else {
        assert!(found.iter().any(|fault| fault.contains(expect)), "{expect}: {found:?}");
    }
}

fn sn(value: &str) -> Attributes {
    Attributes::from([("sn", [value])])
}

fn modify(key: &ObjectKey, dn: &str, before: Attributes, after: Attributes) -> Operation {
    let action = Action::Modify { dn: dn.to_owned(), before, after };
    operation(OperationKind::Update, key, action)
}

fn link(key: &ObjectKey, dn: &str, value: &str) -> Operation {
    let (dn, values) = (dn.to_owned(), BTreeSet::from([value.to_owned()]));
    let action = Action::AddLinks { dn, attribute: "member".to_owned(), values };
    operation(OperationKind::AddMember, key, action)
}

#[test]
fn no_name_has_two_holders() {
    // R-17, and accounts and groups share one space.
    let named = |id: u64, login: &str| Person {
        id: PersonId(id),
        names: Names { family: "A".into(), usage: None, given: "B".into() },
        birth_date: None,
        identifiers: Identifiers::default(),
        traits: Traits::default(),
        joined: None,
        enrolments: Enrolments::new(),
        place: None,
        account: Some(Account {
            name: AccountName {
                login: login.parse().unwrap(),
                short_login: format!("p{id}").parse().unwrap(),
                mail_local: login.parse().unwrap(),
            },
            state: AccountState::Active,
        }),
    };
    let ObjectKey::Group(key) = group(SCHOOL, "1G3", &[]).key else { unreachable!() };
    let space = |name: &str| Workspace {
        key: key.clone(),
        name: name.into(),
        label: "1G3".into(),
        state: WorkspaceState::Open,
    };
    let check = |persons: Vec<Person>, workspaces: Vec<Workspace>, expect: &[&str]| {
        let mut plan = planned(Vec::new());
        plan.change = RegistryChange { persons, workspaces, ..RegistryChange::default() };
        let mut faults = Faults(Vec::new());
        names(&plan, &mut faults);
        assert_eq!(faults.0, expect);
    };
    check(vec![named(1, "a.b"), named(2, "a.b2")], vec![space("A.C")], &[]);
    let twice = "a.b is given to persons 1 and 2";
    check(vec![named(1, "a.b"), named(2, "a.b")], vec![], &[twice]);
    check(vec![named(1, "a.b")], vec![space("A.B")], &["A.B names a workspace and person 1"]);
    check(vec![], vec![space("x-A"), space("x-a")], &["x-a names two workspaces"]);
}

#[test]
fn only_our_entries_are_changed_or_deleted() {
    // SEC-45, R-27.
    let (ines, group) = (account(1, SCHOOL, "ines.exemple"), group(SCHOOL, "1G3", &[]));
    let stranger = person_dn(SCHOOL, "autre");
    check(vec![modify(&ines.key, &ines.dn, sn("a"), sn("b"))], "");
    check(vec![modify(&ines.key, &stranger, sn("a"), sn("b"))], "does not stand there");
    check(vec![modify(&group.key, &ines.dn, sn("a"), sn("b"))], "does not stand there");
    let delete = |key: &ObjectKey, dn: &str| {
        let action = Action::Delete { dn: dn.to_owned(), before: Attributes::new() };
        vec![operation(OperationKind::Delete, key, action)]
    };
    check(delete(&ines.key, &ines.dn), "");
    check(delete(&ines.key, &stranger), "does not stand there as ours");
    check(
        delete(&group.key, &group.dn),
        "only an account, or the group of a school year, is ever deleted",
    );
    let rename = |key: &ObjectKey, from: &str, to: &str| {
        let action = Action::Rename { from: from.to_owned(), to: to.to_owned() };
        vec![operation(OperationKind::Rename, key, action)]
    };
    check(rename(&ines.key, &ines.dn, &person_dn(SCHOOL, "ines.autre")), "");
    check(rename(&ines.key, &ines.dn, &stranger), "something stands in its place");
    check(rename(&ines.key, &ines.dn, &ines.dn.to_uppercase()), "nothing changes");
    // After a move, the old place is no place any more.
    let mut moved = rename(&ines.key, &ines.dn, &person_dn(SCHOOL, "ines.autre"));
    moved.push(modify(&ines.key, &ines.dn, sn("a"), sn("b")));
    check(moved, "does not stand there by then");
}

#[test]
fn nothing_is_made_twice_nor_over_something() {
    let create = |person, login: &str| one_creation("ldap", account(person, SCHOOL, login));
    check(vec![create(2, "zoe.exemple")], "");
    check(vec![create(2, "zoe.exemple"), create(3, "Zoe.Exemple")], "comes to the same place");
    check(vec![create(2, "autre")], "something stands in its place");
    check(vec![create(2, "ines.exemple")], "something stands in its place");
    check(vec![create(1, "ines.autre")], "it stands already");
    let mut parent = one_creation("ldap", container("0599990N/personnes"));
    check(vec![parent.clone(), create(2, "zoe.exemple")], "");
    parent.stage = 20;
    check(vec![parent, create(2, "zoe.exemple")], "its parent is not made in an earlier stage");
}

#[test]
fn no_password_and_nothing_unmanaged_is_written() {
    // R-55, DESIGN rule 4.
    let ines = account(1, SCHOOL, "ines.exemple");
    for name in ["userPassword", "USERPASSWORD", "unicodePwd", "sambaNTPassword"] {
        let mut entry = account(2, SCHOOL, "zoe.exemple");
        entry.attributes.insert(name, ["s3"]);
        check(vec![one_creation("ldap", entry)], "it holds a password");
        let secret = Attributes::from([(name, ["s3"])]);
        check(vec![modify(&ines.key, &ines.dn, Attributes::new(), secret)], "it holds a password");
    }
    let other = Attributes::from([("title", ["x"])]);
    check(vec![modify(&ines.key, &ines.dn, Attributes::new(), other)], "`title` is not managed");
    check(vec![modify(&ines.key, &ines.dn, sn("a"), sn("a"))], "nothing changes");
    let mut more = sn("b");
    more.insert("cn", ["x"]);
    let mut before = more.clone();
    before.extend(&sn("a"));
    check(vec![modify(&ines.key, &ines.dn, before, more)], "does not differ");
    let mut hollow = account(2, SCHOOL, "zoe.exemple");
    hollow.attributes.insert("sn", [""; 0]);
    check(vec![one_creation("ldap", hollow)], "without a value");
}

#[test]
fn links_point_to_what_stands() {
    let (ines, group) = (account(1, SCHOOL, "ines.exemple"), group(SCHOOL, "1G3", &[]));
    check(vec![link(&group.key, &group.dn, &ines.dn)], "");
    check(vec![link(&group.key, &group.dn, super::super::simulator::BASE)], "");
    let zoe = account(2, SCHOOL, "zoe.exemple");
    check(vec![link(&group.key, &group.dn, &zoe.dn)], "it links what does not stand");
    check(vec![link(&group.key, &group.dn, &zoe.dn), one_creation("ldap", zoe.clone())], "");
    let mut blocked = one_creation("ldap", account(2, SCHOOL, "autre"));
    blocked.blocked = Some("an unmarked entry stands in its place".to_owned());
    let stranger = person_dn(SCHOOL, "autre");
    check(vec![blocked, link(&group.key, &group.dn, &stranger)], "of a blocked entry");
    let mut unmanaged = link(&group.key, &group.dn, &ines.dn);
    if let Action::AddLinks { attribute, .. } = &mut unmanaged.action {
        *attribute = "seeAlso".to_owned();
    }
    check(vec![unmanaged], "`seeAlso` is not a managed link");
    let delete = Action::Delete { dn: ines.dn.clone(), before: Attributes::new() };
    let delete = operation(OperationKind::Delete, &ines.key, delete);
    check(vec![delete, link(&group.key, &group.dn, &ines.dn)], "that the plan deletes");
}

#[test]
fn an_altered_plan_is_found_by_its_ranks_stages_and_hash() {
    let zoe = one_creation("ldap", account(2, SCHOOL, "zoe.exemple"));
    let paul = one_creation("ldap", account(3, SCHOOL, "paul.exemple"));
    let good = planned(vec![zoe, paul]);
    assert_eq!(faults(&good, &stage_set()), Vec::<String>::new());
    let check = |alter: fn(&mut Plan), expect: &str| {
        let mut plan = good.clone();
        alter(&mut plan);
        let found = faults(&plan, &stage_set());
        assert!(found.iter().any(|fault| fault.contains(expect)), "{expect}: {found:?}");
    };
    check(|plan| plan.generation = 9, "not the one that its hash names");
    check(|plan| plan.operations[1].seq = 3, "its rank should be 2");
    check(|plan| plan.operations[0].stage = 30, "it stands after a later stage");
    check(|plan| plan.operations[0].stage = 30, "its stage is not that of its kind");
    check(|plan| plan.operations[0].target = "other".into(), "nothing is known of the target");
}
