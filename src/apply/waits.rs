//! What an operation waits for. Only a creation or a rename that did not happen leaves a gap: what
//! should stand there does not. Everything else that fails changes nothing for later operations,
//! each of which looks at its own entry first.
//!
//! - The same object in the place that it did not reach, an entry below a missing container, or the
//!   team of a missing group: not sent, `waits for operation N`. What is planned for the place
//!   where it stands goes on: whoever leaves is disabled there, whatever holds the new name.
//! - A link to a missing entry: left out of the write, for a server without referential checks
//!   would keep it dangling; the operation counts as failed, so that `replay` does it whole. (The
//!   whole creation of a group that stands by then in part is stale, and planned anew.)

use std::collections::{BTreeMap, BTreeSet};

use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::plan::operation::{Action, Operation};

/// What should stand and does not, with the rank of the operation that should have made it. Names
/// are compared as written: all of a plan come from one mapping.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    keys: BTreeMap<ObjectKey, (u64, String)>,
    dns: BTreeMap<String, u64>,
    containers: BTreeMap<String, u64>,
}

/// What can be sent of an operation.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sendable {
    Whole(Operation),
    /// Without the links that wait for the operation of this rank.
    Part(Operation, u64),
    /// Nothing: it waits.
    Nothing(Operation, u64),
}

impl Gaps {
    /// Notes an operation that did not happen.
    pub(super) fn add(&mut self, operation: &Operation) {
        let dn = match &operation.action {
            Action::Create { entry } => &entry.dn,
            Action::Rename { from: _, to } => to,
            Action::Modify { .. }
            | Action::Delete { .. }
            | Action::AddLinks { .. }
            | Action::RemoveLinks { .. } => return,
        };
        self.keys.insert(operation.key.clone(), (operation.seq, dn.clone()));
        self.dns.insert(dn.clone(), operation.seq);
        if operation.key.kind() == ObjectKind::Container {
            self.containers.insert(dn.clone(), operation.seq);
        }
    }

    /// What of it can be sent.
    pub(super) fn sendable(&self, mut operation: Operation) -> Sendable {
        if self.keys.is_empty() {
            return Sendable::Whole(operation);
        }
        let place = match &operation.action {
            Action::Rename { from: _, to } => to,
            Action::Create { entry: Entry { dn, .. } }
            | Action::Modify { dn, .. }
            | Action::Delete { dn, .. }
            | Action::AddLinks { dn, .. }
            | Action::RemoveLinks { dn, .. } => dn,
        };
        let own = self.keys.get(&operation.key).filter(|(_, gap)| gap == place);
        let missing = own.map(|(seq, _)| *seq);
        let missing =
            missing.or_else(|| self.group_of(&operation.key)).or_else(|| self.above(place));
        if let Some(seq) = missing {
            return Sendable::Nothing(operation, seq);
        }
        match &mut operation.action {
            Action::Create { entry } => {
                let mut missing = None;
                for values in entry.links.values_mut() {
                    missing = missing.or(self.leave_out(values));
                }
                entry.links.retain(|_, values| !values.is_empty());
                match missing {
                    Some(seq) => Sendable::Part(operation, seq),
                    None => Sendable::Whole(operation),
                }
            }
            Action::AddLinks { dn: _, attribute: _, values } => {
                let missing = self.leave_out(values);
                let nothing = values.is_empty();
                match missing {
                    Some(seq) if nothing => Sendable::Nothing(operation, seq),
                    Some(seq) => Sendable::Part(operation, seq),
                    None => Sendable::Whole(operation),
                }
            }
            // Taking a link away does no harm, whatever stands.
            Action::Modify { .. }
            | Action::Rename { .. }
            | Action::Delete { .. }
            | Action::RemoveLinks { .. } => Sendable::Whole(operation),
        }
    }

    /// The missing group that a team is made of.
    fn group_of(&self, key: &ObjectKey) -> Option<u64> {
        let ObjectKey::Team(of) = key else { return None };
        self.keys.get(&ObjectKey::Yearly(of.clone())).map(|(seq, _)| *seq)
    }

    /// The missing container above an entry.
    fn above(&self, dn: &str) -> Option<u64> {
        let below =
            |container: &str| dn.strip_suffix(container).is_some_and(|rest| rest.ends_with(','));
        self.containers.iter().find(|(container, _)| below(container)).map(|(_, seq)| *seq)
    }

    /// Takes the links to missing entries out; gives back what the first waits for.
    fn leave_out(&self, values: &mut BTreeSet<String>) -> Option<u64> {
        let missing = values.iter().find_map(|value| self.dns.get(value).copied());
        values.retain(|value| !self.dns.contains_key(value));
        missing
    }
}
