//! A target in memory, for tests: entries as a server holds them, and operations done to them. It
//! knows nothing of how plans are made.

use std::collections::{BTreeMap, BTreeSet, btree_map};

use super::operation::{Action, Operation, OperationKind};
use super::order;
use crate::mapping::managed::{Managed, PasswordForm, PasswordRule};
use crate::mapping::places::Places;
use crate::model::dn::{self, Ava};
use crate::model::entry::{Attributes, Entry, Links, ObjectKey, ObjectKind};
use crate::model::ids::{PersonId, StructureCode, StructureKey, StructureKind, Uai};
use crate::model::observed::Observed;

pub(crate) const BASE: &str = "dc=exemple,dc=fr";
pub(crate) const LOCK: &str = "pwdAccountLockedTime";

pub(crate) fn uai(text: &str) -> Uai {
    text.parse().unwrap()
}

pub(crate) fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

pub(crate) fn person_dn(school: &str, login: &str) -> String {
    format!("uid={login},ou=personnes,ou={school},{BASE}")
}

pub(crate) fn account(person: u64, school: &str, login: &str) -> Entry {
    let key = ObjectKey::Account(PersonId(person));
    let attributes = Attributes::from([
        ("uid".to_owned(), values(&[login])),
        ("cn".to_owned(), values(&[&login.replace('.', " ")])),
        ("objectClass".to_owned(), values(&["inetOrgPerson"])),
        ("description".to_owned(), vec![key.to_string()]),
    ]);
    let dn = person_dn(school, login);
    Entry { key, uai: Some(uai(school)), dn, attributes, links: Links::new(), enabled: true }
}

pub(crate) fn group(school: &str, code: &str, members: &[&str]) -> Entry {
    let key = ObjectKey::Group(StructureKey {
        uai: uai(school),
        kind: StructureKind::Division,
        code: StructureCode(code.to_owned()),
    });
    let attributes = Attributes::from([
        ("cn".to_owned(), values(&[code])),
        ("objectClass".to_owned(), values(&["groupOfMembers"])),
        ("description".to_owned(), vec![key.to_string()]),
    ]);
    let members: BTreeSet<String> = members.iter().map(|dn| (*dn).to_owned()).collect();
    let links = if members.is_empty() {
        Links::new()
    } else {
        Links::from([("member".to_owned(), members)])
    };
    let dn = format!("cn={code},ou=groupes,ou={school},{BASE}");
    Entry { key, uai: Some(uai(school)), dn, attributes, links, enabled: true }
}

pub(crate) fn container(path: &str) -> Entry {
    let key = ObjectKey::Container(path.to_owned());
    let parts: Vec<String> = path.split('/').rev().map(|part| format!("ou={part}")).collect();
    let name = path.rsplit('/').next().unwrap_or(path);
    let attributes = Attributes::from([
        ("ou".to_owned(), values(&[name])),
        ("objectClass".to_owned(), values(&["organizationalUnit"])),
        ("description".to_owned(), vec![key.to_string()]),
    ]);
    let dn = format!("{},{BASE}", parts.join(","));
    Entry { key, uai: None, dn, attributes, links: Links::new(), enabled: true }
}

pub(crate) fn one_creation(target: &str, entry: Entry) -> Operation {
    let (key, uai) = (entry.key.clone(), entry.uai.clone());
    let action = Action::Create { entry };
    let stage = order::stage(OperationKind::Create, &key, &action);
    let target = target.to_owned();
    let kind = OperationKind::Create;
    Operation { seq: 1, target, kind, key, uai, stage, action, blocked: None }
}

pub(crate) fn managed() -> Managed {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Managed {
        mark: "description".to_owned(),
        attributes: BTreeMap::from([
            (ObjectKind::Container, names(&["ou", "objectClass", "description"])),
            (
                ObjectKind::Account,
                names(&["uid", "cn", "sn", "mail", "objectClass", "description"]),
            ),
            (ObjectKind::Group, names(&["cn", "ou", "objectClass", "description"])),
        ]),
        links: names(&["member", "owner"]),
        links_follow: false,
        placeholders: BTreeMap::new(),
        at_creation: Attributes::from([("pwdReset".to_owned(), values(&["TRUE"]))]),
        password: PasswordRule { attribute: "userPassword".to_owned(), form: PasswordForm::Ssha },
        disabled: Attributes::from([(LOCK.to_owned(), values(&["000001010000Z"]))]),
        places: Places::default(),
        names: names(&["uid", "mail"]),
        required: names(&[]),
    }
}

pub(crate) fn keyed(entries: impl IntoIterator<Item = Entry>) -> BTreeMap<ObjectKey, Entry> {
    entries.into_iter().map(|entry| (entry.key.clone(), entry)).collect()
}

/// A server: entries by comparable place. One without a key is unmarked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Server {
    pub(crate) marked: BTreeMap<String, Entry>,
    pub(crate) unmarked: BTreeSet<String>,
    /// Links follow renames and deletions by themselves, as with slapd's refint.
    pub(crate) follows: bool,
}

impl Server {
    pub(crate) fn holding(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut server = Self::default();
        for mut entry in entries {
            if !entry.enabled {
                entry.attributes.extend(&managed().disabled);
            }
            server.marked.insert(dn::comparable(&entry.dn), entry);
        }
        server
    }

    pub(crate) fn observe(&self) -> Observed {
        let mut observed = Observed { foreign_dns: self.unmarked.clone(), ..Observed::default() };
        for entry in self.marked.values() {
            let mut entry = entry.clone();
            entry.enabled = !entry.attributes.contains_key(LOCK);
            let key = entry.key.clone();
            match observed.entries.entry(key) {
                btree_map::Entry::Occupied(_) => observed.doubles.push(entry),
                btree_map::Entry::Vacant(free) => {
                    free.insert(entry);
                }
            }
        }
        observed
    }

    /// Does what is not blocked, in order. Panics where a server would refuse, or find drift.
    pub(crate) fn apply(&mut self, operations: &[Operation]) {
        for operation in operations.iter().filter(|operation| operation.blocked.is_none()) {
            self.step(operation);
        }
    }

    fn step(&mut self, operation: &Operation) {
        let at = dn::comparable(operation.action.dn());
        match &operation.action {
            Action::Create { entry } => {
                assert!(!self.marked.contains_key(&at) && !self.unmarked.contains(&at), "{at}");
                self.marked.insert(at, entry.clone());
            }
            Action::Modify { dn: _, before, after } => {
                let entry = self.ours(&at, operation);
                let names: BTreeSet<&str> = before.keys().chain(after.keys()).collect();
                for name in names {
                    assert_eq!(entry.attributes.get(name), before.get(name), "drift of {name}");
                    entry.attributes.remove(name);
                }
                entry.attributes.extend(after);
            }
            Action::Rename { from, to } => self.rename(operation, from, to),
            Action::Delete { dn: _, before } => {
                assert_eq!(&self.ours(&at, operation).attributes, before);
                self.marked.remove(&at);
                if self.follows {
                    self.relink(&at, None);
                }
            }
            Action::AddLinks { dn: _, attribute, values } => {
                let entry = self.ours(&at, operation);
                let held = entry.links.entry(attribute.clone()).or_default();
                for value in values {
                    let there = |held: &String| dn::comparable(held) == dn::comparable(value);
                    if !held.iter().any(there) {
                        held.insert(value.clone());
                    }
                }
            }
            Action::RemoveLinks { dn: _, attribute, values } => {
                let entry = self.ours(&at, operation);
                let gone: BTreeSet<String> = values.iter().map(|dn| dn::comparable(dn)).collect();
                if let Some(held) = entry.links.get_mut(attribute) {
                    held.retain(|value| !gone.contains(&dn::comparable(value)));
                }
                entry.links.retain(|_, held| !held.is_empty());
            }
        }
    }

    fn ours(&mut self, at: &str, operation: &Operation) -> &mut Entry {
        let entry = self.marked.get_mut(at).unwrap_or_else(|| panic!("nothing at {at}"));
        assert_eq!(entry.key, operation.key);
        entry
    }

    fn rename(&mut self, operation: &Operation, from: &str, to: &str) {
        let (at, free) = (dn::comparable(from), dn::comparable(to));
        assert!(!self.marked.contains_key(&free) && !self.unmarked.contains(&free), "{to}");
        let _ = self.ours(&at, operation);
        let mut entry = self.marked.remove(&at).unwrap();
        let old = dn::leaf_pairs(from);
        let new = dn::leaf_pairs(to);
        if old != new {
            for Ava { attribute: name, value } in old {
                entry.attributes.edit(&name, |held| held.retain(|one| *one != value));
            }
            for Ava { attribute: name, value } in new {
                entry.attributes.edit(&name, |held| {
                    held.push(value);
                    held.sort();
                    held.dedup();
                });
            }
            entry.attributes.retain(|_, held| !held.is_empty());
        }
        entry.dn = to.to_owned();
        self.marked.insert(free, entry);
        if self.follows {
            self.relink(&at, Some(to));
        }
    }

    fn relink(&mut self, old: &str, new: Option<&str>) {
        for entry in self.marked.values_mut() {
            for held in entry.links.values_mut() {
                let before = held.len();
                held.retain(|value| dn::comparable(value) != old);
                if held.len() < before {
                    held.extend(new.map(str::to_owned));
                }
            }
            entry.links.retain(|_, held| !held.is_empty());
        }
    }
}
