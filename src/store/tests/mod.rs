//! Stories of the store; and the invented people that the tests of `apply/` share.

mod deliveries;
mod disk;
mod halts;
mod history;
mod items;
mod plans;
mod refused;
mod registry;
mod standing;
mod steps;
mod taken;
mod undo;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::date;

use super::{Options, Store};
use crate::model::account::{Account, AccountName, AccountState};
use crate::model::entry::{Entry, ObjectKey};
use crate::model::identifiers::Identifiers;
use crate::model::ids::{Digest, PersonId, Uai};
use crate::model::person::{Enrolments, Person};
use crate::model::record::Names;
use crate::model::registry::RegistryChange;
use crate::model::traits::Traits;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::plan::{Plan, Summary};

pub(crate) fn open(folder: &Path) -> Store {
    Store::open(folder, &Options::default()).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant of a test that has only one.
pub(crate) fn noon() -> Timestamp {
    at("2026-09-01T12:00:00Z")
}

pub(crate) fn digest(byte: u8) -> Digest {
    Digest::of_bytes([byte; 32])
}

pub(crate) fn uai() -> Uai {
    "0599990N".parse().unwrap()
}

/// A pupil with an account, hostile name included.
pub(crate) fn person(id: u64, login: &str) -> Person {
    let name = |text: &str| text.parse().unwrap();
    Person {
        id: PersonId(id),
        names: Names {
            family: "D'Été, ép. \"Ñ\"; DROP".into(),
            usage: None,
            given: "Inès 😀".into(),
        },
        birth_date: Some(date(2012, 2, 29)),
        traits: Traits::default(),
        identifiers: Identifiers::default(),
        enrolments: Enrolments::new(),
        place: Some(uai()),
        joined: None,
        account: Some(Account {
            name: AccountName {
                login: name(login),
                short_login: name(login),
                mail_local: name(login),
            },
            state: AccountState::Active,
        }),
    }
}

/// A plan over generation 0; `hash` is one byte, repeated.
pub(crate) fn plan(hash: u8, persons: Vec<Person>, operations: Vec<Operation>) -> Plan {
    Plan {
        hash: digest(hash),
        made_at: noon(),
        generation: 0,
        basis: Vec::new(),
        settings: digest(255),
        change: RegistryChange { persons, ..RegistryChange::default() },
        operations,
        objections: Vec::new(),
        strays: Vec::new(),
        doubles: Vec::new(),
        rehearsed: false,
        origin: crate::plan::origin::Origin::default(),
        summary: Summary::default(),
    }
}

pub(crate) fn entry(key: &str, dn: &str) -> Entry {
    let key: ObjectKey = key.parse().unwrap();
    Entry {
        attributes: [("description".to_owned(), vec![key.to_string()])].into(),
        key,
        uai: Some(uai()),
        dn: dn.to_owned(),
        links: BTreeMap::new(),
        enabled: true,
    }
}

pub(crate) fn operation(
    seq: u64,
    stage: u16,
    kind: OperationKind,
    key: &str,
    action: Action,
) -> Operation {
    Operation {
        seq,
        target: "ldap".into(),
        kind,
        key: key.parse().unwrap(),
        uai: Some(uai()),
        stage,
        action,
        blocked: None,
    }
}

pub(crate) fn create(seq: u64, stage: u16, key: &str, dn: &str) -> Operation {
    operation(seq, stage, OperationKind::Create, key, Action::Create { entry: entry(key, dn) })
}
