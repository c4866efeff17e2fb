//! Workspaces (espaces de travail): one a person, one a division, one a group.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::ids::{PersonId, StructureKey};

/// What a member may do; the mapping of the target says how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberRole {
    Pupil,
    Teacher,
}

/// A workspace that stops being declared is detached and frozen, never deleted by a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum WorkspaceState {
    Open,
    Frozen { since: Date },
}

/// The workspace of a division or group, as the registry keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    pub key: StructureKey,
    /// Safe in every target and file system, unique in the region, given once (SEC-38).
    pub name: String,
    /// For people: the label, or the code.
    pub label: String,
    pub state: WorkspaceState,
}

/// A workspace with its members, as it should stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceWithMembers {
    pub workspace: Workspace,
    pub pupils: BTreeSet<PersonId>,
    pub teachers: BTreeSet<PersonId>,
    /// The school declares no structures of this year: nothing is known of the members, and the
    /// group stays as it stands, but for whoever has left the school.
    pub unheard: bool,
}
