//! The plan as one value, and its hash: what a person confirms is what is done (SEC-43).

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::operation::Operation;
use super::origin::{Expected, Left, Origin};
use super::waves::Waves;
use super::{Basis, Objection, Plan, Stray, Summary, order};
use crate::model::ids::Digest;
use crate::model::registry::RegistryChange;

/// What a plan is made of. The order of the lists does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub made_at: Timestamp,
    /// The registry generation that it was made from.
    pub generation: u64,
    pub basis: Vec<Basis>,
    /// Digest of the configuration and mappings.
    pub settings: Digest,
    pub change: RegistryChange,
    /// Of all targets.
    pub operations: Vec<Operation>,
    pub objections: Vec<Objection>,
    pub strays: Vec<Stray>,
    pub doubles: Vec<Stray>,
    pub rehearsed: bool,
    pub origin: Origin,
    pub summary: Summary,
}

#[cfg(test)]
impl Parts {
    /// Operations and nothing else: what a test adds is what it is about.
    pub(crate) fn of(operations: Vec<Operation>) -> Self {
        Self {
            made_at: "2026-09-01T07:00:00Z".parse().unwrap(),
            generation: 1,
            basis: Vec::new(),
            settings: "0".repeat(64).parse().unwrap(),
            change: RegistryChange::default(),
            operations,
            objections: Vec::new(),
            strays: Vec::new(),
            doubles: Vec::new(),
            rehearsed: false,
            origin: Origin::default(),
            summary: Summary::default(),
        }
    }
}

/// Puts the parts in order, numbers the operations and computes the hash.
pub fn make(parts: Parts) -> Plan {
    in_waves(parts, &Waves::new())
}

/// The same when time is short.
pub fn in_waves(parts: Parts, waves: &Waves) -> Plan {
    let Parts {
        made_at,
        generation,
        mut basis,
        settings,
        mut change,
        mut operations,
        mut objections,
        mut strays,
        mut doubles,
        rehearsed,
        mut origin,
        summary,
    } = parts;
    origin.in_force.sort();
    origin.expected.sort();
    origin.left.sort();
    strays.sort();
    doubles.sort();
    basis.sort();
    change.persons.sort_by_key(|person| person.id);
    change.workspaces.sort_by(|left, right| left.key.cmp(&right.key));
    change.links.sort();
    order::arrange(&mut operations, &summary.since, waves);
    objections.sort_by(|left, right| (&left.id, &left.uai).cmp(&(&right.id, &right.uai)));
    let hash = hash(&Hashed {
        generation,
        basis: &basis,
        settings: &settings,
        change: &change,
        operations: &operations,
        objections: &objections,
        strays: &strays,
        origin: HashedOrigin::of(&origin),
    });
    Plan {
        hash,
        made_at,
        generation,
        basis,
        settings,
        change,
        operations,
        objections,
        strays,
        doubles,
        rehearsed,
        origin,
        summary,
    }
}

/// The plan is the one that its hash names: a stored plan that was altered is not applied.
pub fn is_whole(plan: &Plan) -> bool {
    let Plan {
        hash: expected,
        made_at: _,
        generation,
        basis,
        settings,
        change,
        operations,
        objections,
        strays,
        doubles: _,
        rehearsed: _,
        origin,
        summary: _,
    } = plan;
    let origin = HashedOrigin::of(origin);
    let generation = *generation;
    let hashed =
        Hashed { generation, basis, settings, change, operations, objections, strays, origin };
    hash(&hashed) == *expected
}

/// All that decides what an apply does; when the plan was made and what it reports do not.
#[derive(Serialize)]
struct Hashed<'a> {
    generation: u64,
    basis: &'a [Basis],
    settings: &'a Digest,
    change: &'a RegistryChange,
    operations: &'a [Operation],
    objections: &'a [Objection],
    strays: &'a [Stray],
    origin: HashedOrigin<'a>,
}

/// What is asked again before the plan is applied.
#[derive(Serialize)]
struct HashedOrigin<'a> {
    in_force: &'a [Basis],
    files: &'a BTreeMap<String, Digest>,
    expected: &'a [Expected],
    undoes: Option<u64>,
    left: &'a [Left],
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<u64>,
}

impl<'a> HashedOrigin<'a> {
    fn of(origin: &'a Origin) -> Self {
        let Origin { in_force, files, expected, undoes, left, facts: _, scope: _, part_of, after } =
            origin;
        let (undoes, part_of, after) = (*undoes, *part_of, *after);
        Self { in_force, files, expected, undoes, left, part_of, after }
    }
}

/// SHA-256 of the JSON text: fields in the order of their types, maps and sets sorted, no spaces.
fn hash(hashed: &Hashed<'_>) -> Digest {
    let mut sink = Sink(Sha256::new());
    #[expect(clippy::expect_used, reason = "plain data whose map keys are texts is always JSON")]
    serde_json::to_writer(&mut sink, hashed).expect("a plan is plain data");
    Digest::of_bytes(sink.0.finalize())
}

struct Sink(Sha256);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::simulator::{account, one_creation};
    use super::*;
    use crate::model::delivery::Source;
    use crate::model::entry::ObjectKey;
    use crate::model::ids::PersonId;

    fn parts() -> Parts {
        Parts {
            made_at: "2026-09-01T07:00:00Z".parse().unwrap(),
            generation: 3,
            basis: Vec::new(),
            settings: "0".repeat(64).parse().unwrap(),
            change: RegistryChange::default(),
            operations: vec![
                one_creation("ldap", account(2, "0599990N", "zoe.exemple")),
                one_creation("ldap", account(1, "0599990N", "ines.exemple")),
            ],
            objections: vec![
                Objection { id: "b".into(), uai: None, text: "1".into() },
                Objection { id: "a".into(), uai: None, text: "2".into() },
            ],
            strays: Vec::new(),
            doubles: Vec::new(),
            rehearsed: false,
            origin: Origin::default(),
            summary: Summary::default(),
        }
    }

    #[test]
    fn the_order_of_the_parts_does_not_change_the_hash() {
        let mut turned = parts();
        turned.operations.reverse();
        turned.objections.reverse();
        assert_eq!(make(parts()), make(turned));
    }

    #[test]
    fn the_hash_covers_what_is_done_and_not_when_it_was_planned() {
        // SEC-43.
        let plan = make(parts());
        assert!(is_whole(&plan));
        let check = |expect_same: bool, alter: fn(&mut Parts)| {
            let mut altered = parts();
            alter(&mut altered);
            assert_eq!(make(altered).hash == plan.hash, expect_same);
        };
        check(true, |parts| parts.made_at = "2026-09-02T07:00:00Z".parse().unwrap());
        check(true, |parts| parts.summary.persons.new = 9);
        check(true, |parts| parts.rehearsed = true);
        check(false, |parts| parts.origin.undoes = Some(1));
        check(false, |parts| parts.origin.part_of = Some(1));
        check(false, |parts| parts.origin.after = Some(1));
        check(false, |parts| {
            parts.origin.files.insert("schools.csv".to_owned(), "0".repeat(64).parse().unwrap());
        });
        check(false, |parts| {
            let (uai, source) = ("0599990N".parse().unwrap(), Source::SieclePupils);
            let digest = "0".repeat(64).parse().unwrap();
            parts.origin.in_force.push(Basis { uai, source, digest, academy: None });
        });
        check(false, |parts| {
            let (target, key) = ("ldap".to_owned(), ObjectKey::Account(PersonId(9)));
            let (dn, digest) = ("uid=x,dc=test".to_owned(), "0".repeat(64).parse().ok());
            parts.origin.expected.push(Expected { target, key, dn, digest });
        });
        check(false, |parts| parts.generation = 4);
        // A confirmation acknowledges the strays: it names them.
        check(false, |parts| {
            let key = ObjectKey::Account(PersonId(9));
            let (target, dn) = ("ldap".to_owned(), "uid=x,dc=test".to_owned());
            parts.strays.push(Stray { target, key, dn });
        });
        check(false, |parts| parts.settings = "1".repeat(64).parse().unwrap());
        check(false, |parts| {
            parts.operations.pop();
        });
        check(false, |parts| {
            parts.objections.pop();
        });
        let mut altered = plan.clone();
        altered.operations[0].uai = None;
        assert!(!is_whole(&altered));
    }
}
