//! What stands in a target, as it was read: the other side of every plan.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::{Entry, ObjectKey};

/// What stands in a target, as far as it matters: our entries, and what is taken by others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    pub entries: BTreeMap<ObjectKey, Entry>,
    /// A second entry with the mark of one in `entries` (a copy made by hand): its DN.
    pub doubles: Vec<(ObjectKey, String)>,
    /// DNs of unmarked entries below the base, in comparable form (`ldap::dn::comparable`).
    pub foreign_dns: BTreeSet<String>,
    /// Logins (`uid`) and mail addresses that unmarked entries hold, in lower case.
    pub foreign_names: BTreeSet<String>,
}
