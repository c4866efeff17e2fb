//! Invented people and groups, the operations on them, and how an operation must end.

use std::collections::{BTreeMap, BTreeSet};

use rentree::model::dn;
use rentree::model::entry::{Attributes, Entry, ObjectKey};
use rentree::plan::operation::{Action, Operation, OperationKind};
use rentree::target::ldap::LdapTarget;
use rentree::target::{Done, Write, WriteError};

use crate::slapd::BASE;

/// An account for ever locked, in the words of ppolicy.
/// A member of groups that need one; nothing stands there.
pub(super) const NOBODY: &str = "cn=x,dc=ent,dc=test";
pub(super) const LOCKED: &str = "000001010000Z";

pub(super) fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

pub(super) fn set(values: &[&str]) -> BTreeSet<String> {
    strings(values).into_iter().collect()
}

pub(super) fn container(path: &str) -> Entry {
    let mut name = BASE.to_owned();
    for part in path.split('/') {
        name = dn::child("ou", part, &name);
    }
    let key = ObjectKey::Container(path.to_owned());
    let leaf = path.rsplit('/').next().unwrap();
    Entry {
        attributes: Attributes::from([
            ("objectClass".to_owned(), strings(&["organizationalUnit"])),
            ("description".to_owned(), vec![key.to_string()]),
            ("ou".to_owned(), strings(&[leaf])),
        ]),
        uai: path.split('/').next().and_then(|uai| uai.parse().ok()),
        dn: name,
        links: BTreeMap::new(),
        enabled: true,
        key,
    }
}

pub(super) fn account(id: u64, login: &str, name: &str) -> Entry {
    let key: ObjectKey = format!("rentree:account:{id}").parse().unwrap();
    let attributes = [
        ("objectClass", strings(&["inetOrgPerson", "organizationalPerson", "person", "top"])),
        ("description", vec![key.to_string()]),
        ("uid", strings(&[login])),
        ("cn", strings(&[name])),
        ("sn", strings(&[name])),
        ("displayName", strings(&[name])),
        ("mail", vec![format!("{login}@ecole.test")]),
        ("employeeNumber", vec![id.to_string()]),
        ("departmentNumber", strings(&["0599990N", "0809990Z"])),
    ];
    Entry {
        dn: dn::child("uid", login, BASE),
        uai: None,
        attributes: attributes.into(),
        links: BTreeMap::new(),
        enabled: true,
        key,
    }
}

pub(super) fn group(code: &str, members: &[&str]) -> Entry {
    let key: ObjectKey = format!("rentree:division:0599990N:{code}").parse().unwrap();
    let uai = "0599990N".parse().unwrap();
    Entry {
        dn: dn::child("cn", code, BASE),
        uai: Some(uai),
        attributes: Attributes::from([
            ("objectClass".to_owned(), strings(&["groupOfNames"])),
            ("description".to_owned(), vec![key.to_string()]),
            ("cn".to_owned(), strings(&[code])),
        ]),
        links: BTreeMap::from([("member".to_owned(), set(members))]),
        enabled: true,
        key,
    }
}

pub(super) fn operation(key: &ObjectKey, action: Action) -> Operation {
    let kind = match &action {
        Action::Create { .. } => OperationKind::Create,
        Action::Modify { .. } => OperationKind::Update,
        Action::Rename { .. } => OperationKind::Rename,
        Action::Delete { .. } => OperationKind::Delete,
        Action::AddLinks { .. } => OperationKind::AddMember,
        Action::RemoveLinks { .. } => OperationKind::RemoveMember,
    };
    Operation {
        seq: 1,
        target: "annuaire".into(),
        kind,
        key: key.clone(),
        uai: None,
        stage: 1,
        action,
        blocked: None,
    }
}

pub(super) fn create(entry: &Entry) -> Operation {
    operation(&entry.key, Action::Create { entry: entry.clone() })
}

pub(super) fn change(
    entry: &Entry,
    before: &[(&str, &[&str])],
    after: &[(&str, &[&str])],
) -> Operation {
    let map = |pairs: &[(&str, &[&str])]| -> Attributes {
        pairs.iter().map(|(name, values)| (name, *values)).collect()
    };
    let (before, after) = (map(before), map(after));
    operation(&entry.key, Action::Modify { dn: entry.dn.clone(), before, after })
}

pub(super) fn rename(entry: &Entry, to: &str) -> Operation {
    operation(&entry.key, Action::Rename { from: entry.dn.clone(), to: to.to_owned() })
}

pub(super) fn delete(entry: &Entry) -> Operation {
    let before = entry.attributes.clone();
    operation(&entry.key, Action::Delete { dn: entry.dn.clone(), before })
}

pub(super) fn add_links(entry: &Entry, values: &[&str]) -> Operation {
    let (dn, attribute) = (entry.dn.clone(), "member".to_owned());
    operation(&entry.key, Action::AddLinks { dn, attribute, values: set(values) })
}

pub(super) fn remove_links(entry: &Entry, values: &[&str]) -> Operation {
    let (dn, attribute) = (entry.dn.clone(), "member".to_owned());
    operation(&entry.key, Action::RemoveLinks { dn, attribute, values: set(values) })
}

pub(super) async fn written(target: &LdapTarget, operation: &Operation) {
    assert_eq!(target.write(operation, None).await, Ok(Done::Written), "{operation:?}");
}

pub(super) async fn already(target: &LdapTarget, operation: &Operation) {
    assert_eq!(target.write(operation, None).await, Ok(Done::Already), "{operation:?}");
}

pub(super) async fn stale(target: &LdapTarget, operation: &Operation, word: &str) {
    match target.write(operation, None).await {
        Err(WriteError::Stale(text)) => assert!(text.contains(word), "{text}"),
        other => panic!("{other:?} for {operation:?}"),
    }
}
