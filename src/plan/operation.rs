//! Operations: the steps of a plan. Each carries what it expects to find and what it leaves.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::entry::{Attributes, Entry, ObjectKey};
use crate::model::ids::Uai;

/// The kinds of operations, in the words of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    Create,
    Update,
    Rename,
    Disable,
    Enable,
    Delete,
    AddMember,
    RemoveMember,
}

impl OperationKind {
    pub const ALL: [Self; 8] = [
        Self::Create,
        Self::Update,
        Self::Rename,
        Self::Disable,
        Self::Enable,
        Self::Delete,
        Self::AddMember,
        Self::RemoveMember,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Rename => "rename",
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::Delete => "delete",
            Self::AddMember => "add_member",
            Self::RemoveMember => "remove_member",
        }
    }

    /// What of an object it is about.
    pub fn side(self) -> Side {
        match self {
            Self::AddMember => Side::Coming,
            Self::RemoveMember => Side::Going,
            Self::Create
            | Self::Update
            | Self::Rename
            | Self::Disable
            | Self::Enable
            | Self::Delete => Side::Entry,
        }
    }
}

/// What of an object an operation is about: the entry, links that come, links that go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Entry,
    Coming,
    Going,
}

/// What one operation does. `before` is what it expects: anything else is drift, and nothing is
/// written over it (DESIGN rule 5, SEC-43).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "do")]
pub enum Action {
    /// Nothing stands at `entry.dn`. Links of the entry are part of the creation. An account gets
    /// its initial password here and nowhere else.
    Create { entry: Entry },
    /// The managed attributes of the entry at `dn` go from `before` to `after`; only attributes
    /// that differ are in the two maps, one that is absent is absent. Serves `Update`, `Disable`
    /// and `Enable`.
    Modify { dn: String, before: Attributes, after: Attributes },
    /// The entry moves, by modifyDN. When the RDN attribute changes, the old value is removed.
    Rename { from: String, to: String },
    /// The entry is ours and has exactly these managed attributes.
    Delete { dn: String, before: Attributes },
    /// The values come into the link attribute; those already there are no drift.
    AddLinks { dn: String, attribute: String, values: BTreeSet<String> },
    /// The values leave the link attribute; those already gone are no drift.
    RemoveLinks { dn: String, attribute: String, values: BTreeSet<String> },
}

impl Action {
    /// The entry that the operation looks at first.
    pub fn dn(&self) -> &str {
        match self {
            Self::Create { entry } => &entry.dn,
            Self::Rename { from, .. } => from,
            Self::Modify { dn, .. }
            | Self::Delete { dn, .. }
            | Self::AddLinks { dn, .. }
            | Self::RemoveLinks { dn, .. } => dn,
        }
    }

    /// Whom it links: that must stand by then.
    pub fn linked(&self) -> impl Iterator<Item = &String> {
        let (created, added) = match self {
            Self::Create { entry } => (Some(&entry.links), None),
            Self::AddLinks { values, .. } => (None, Some(values)),
            Self::Modify { .. }
            | Self::Rename { .. }
            | Self::Delete { .. }
            | Self::RemoveLinks { .. } => (None, None),
        };
        created.into_iter().flat_map(|links| links.values()).chain(added).flatten()
    }
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Rank in the plan, from 1: the journal's key together with the run.
    pub seq: u64,
    /// Name of the target in `rentree.toml`.
    pub target: String,
    pub kind: OperationKind,
    pub key: ObjectKey,
    /// The school it is counted under.
    pub uai: Option<Uai>,
    /// Operations of one stage may be written together; the next stage waits for them all. Hundreds
    /// are the wave.
    pub stage: u16,
    pub action: Action,
    /// Why it cannot be done at all (an unmarked entry in the way): kept in sight, never written.
    pub blocked: Option<String>,
}
