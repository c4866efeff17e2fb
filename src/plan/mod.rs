//! The ordered difference between what should stand and what stands, and what objects to it.
//!
//! - In: desired and observed entries, registry, policy. - Out: a plan, a value.
//! - Can go wrong: a guard objects: nothing is written until a person lifts it by the plan's hash.

mod attributes;
pub mod audit;
pub mod diff;
pub mod drift;
pub mod elsewhere;
mod ground;
pub mod guard;
mod links;
pub mod make;
mod nickname;
pub mod operation;
pub mod order;
pub mod origin;
pub mod part;
pub mod place;
pub mod redo;
#[cfg(test)]
pub(crate) mod simulator;
pub mod together;
pub mod trace;
pub mod undo;
pub mod waves;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::figures::Cause;
use crate::model::delivery::{Counts, Source, Status};
use crate::model::entry::ObjectKey;
use crate::model::ids::{Digest, SchoolYear, Uai};
use crate::model::registry::RegistryChange;
use operation::{Operation, Side};
use origin::Origin;

/// Everything that an apply does, and nothing else is ever done. Immutable once made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// SHA-256 of what decides: not of `made_at`, `doubles`, `rehearsed`, `summary` and the
    /// numbers of the guards.
    pub hash: Digest,
    pub made_at: Timestamp,
    /// The registry generation that it was made from; another one makes it stale (exit 8).
    pub generation: u64,
    /// The deliveries in force, in order.
    pub basis: Vec<Basis>,
    /// Digest of the configuration and mappings.
    pub settings: Digest,
    pub change: RegistryChange,
    /// In order of `stage` (its wave included), then of the deadline of the school, then school,
    /// kind, name.
    pub operations: Vec<Operation>,
    pub objections: Vec<Objection>,
    /// Entries with our mark that the registry does not know: told, never touched. A confirmation
    /// of the plan acknowledges them.
    #[serde(default)]
    pub strays: Vec<Stray>,
    /// Second entries with the mark of another one: told, never touched.
    #[serde(default)]
    pub doubles: Vec<Stray>,
    /// Made under a clock that was not the wall's: never applied to a real target.
    #[serde(default)]
    pub rehearsed: bool,
    #[serde(default)]
    pub origin: Origin,
    pub summary: Summary,
}

/// An entry with our mark that a plan leaves alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stray {
    pub target: String,
    pub key: ObjectKey,
    pub dn: String,
}

/// One delivery in force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Basis {
    pub uai: Uai,
    pub source: Source,
    pub digest: Digest,
    /// That of the school when this was measured on; a plan of before did not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub academy: Option<String>,
}

/// What a guard has against a plan (SEC-42). Nothing is written while one stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Stable kebab-case id: `too-many-disables`.
    pub id: String,
    /// The school, or none for the whole.
    pub uai: Option<Uai>,
    /// One sentence with the arithmetic.
    pub text: String,
}

/// What a plan says of the deliveries and persons that it comes from; for reports only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    pub deliveries: Vec<DeliveryLine>,
    pub persons: PersonCounts,
    /// Receipt of the oldest delivery whose changes are in this plan: starts the 72 h clock.
    pub oldest_receipt: Option<Timestamp>,
    /// By school, the receipt since which what is done there waits; schools that are written for
    /// their leavers only, long after any delivery, have none.
    #[serde(default)]
    pub since: BTreeMap<Uai, Timestamp>,
    /// The same by target: one that could not be read waits since earlier receipts than the others.
    #[serde(default)]
    pub since_at: BTreeMap<String, BTreeMap<Uai, Timestamp>>,
    /// By school, the receipt of what is new in this plan: what the runs before left waits longer.
    /// None: a plan of before, which did not tell them apart.
    #[serde(default)]
    pub news: Option<BTreeMap<Uai, Timestamp>>,
    /// By target that could not be read at the runs before and can now, and by school: the oldest
    /// receipt of what it missed.
    #[serde(default)]
    pub caught_up: BTreeMap<String, BTreeMap<Uai, Timestamp>>,
    /// By target and school, what is told by a file that came later than another new one of it.
    #[serde(default)]
    pub later: BTreeMap<String, BTreeMap<Uai, Later>>,
    /// By target that cannot be read, the files that came since it last could.
    #[serde(default)]
    pub missed: BTreeMap<String, News>,
    /// Records that wait for somebody and are in no operation.
    #[serde(default)]
    pub waits: Vec<Wait>,
    /// Targets that could not be read, and why: nothing is planned for them (SEC-47).
    #[serde(default)]
    pub unread: BTreeMap<String, String>,
}

impl Summary {
    /// By school, the receipt since which what is done in one target waits. A plan of before knew
    /// one receipt for all targets.
    pub fn since_in(&self, target: &str) -> &BTreeMap<Uai, Timestamp> {
        static NONE: BTreeMap<Uai, Timestamp> = BTreeMap::new();
        if self.since_at.is_empty() {
            return &self.since;
        }
        self.since_at.get(target).unwrap_or(&NONE)
    }
}

/// By school, the receipts of files that are new to it.
pub type News = BTreeMap<Uai, BTreeMap<Source, Timestamp>>;

/// The receipts of the files that tell of objects, by what of the object.
pub type Later = BTreeMap<Side, BTreeMap<ObjectKey, Timestamp>>;

/// A record that waits: for a correction, for another school, for an answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wait {
    pub uai: Uai,
    pub source: Source,
    /// What its source calls it.
    pub number: String,
    pub cause: Cause,
    /// Receipt of the delivery in which it waits: starts its 72 h, unless it waited before.
    pub since: Timestamp,
}

/// One delivery in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryLine {
    pub name: String,
    pub uai: Option<Uai>,
    pub source: Option<Source>,
    pub school_year: Option<SchoolYear>,
    pub exported_at: Option<Timestamp>,
    pub received_at: Timestamp,
    pub status: Status,
    #[serde(flatten)]
    pub counts: Counts,
}

/// Persons touched, in the words of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonCounts {
    pub new: u64,
    pub matched: u64,
    pub moved: u64,
    pub held: u64,
    pub in_review: u64,
    pub leaving: u64,
}
