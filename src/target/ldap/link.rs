//! Links as deltas: a group of 5,000 with one arrival is one value on the wire.

use std::collections::BTreeSet;

use ldap3::Mod;

use super::outcome::{ASSERTION_FAILED, NO_SUCH_ATTRIBUTE, SUCCESS, VALUE_EXISTS};
use super::outcome::{refused, unanswered};
use super::wire::Lease;
use super::write::{Delta, not_ours, restless};
use super::{LdapTarget, read};
use crate::model::dn;
use crate::model::entry::ObjectKey;
use crate::target::{Done, WriteError};

/// Times that the rest is worked out anew while others change the same links.
const LOOKS_MAX: usize = 4;

/// Asks for an entry and nothing in it (RFC 4511, 4.5.1.8).
const NO_ATTRIBUTES: &str = "1.1";

impl LdapTarget {
    /// Adds or removes values. Nothing is linked to an entry that stands nowhere: a server without
    /// referential checks would keep the link, and whoever comes to stand there later would inherit
    /// it. Somebody renamed or deleted the entry since the plan; the next one sees it.
    pub(super) async fn link(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
        delta: Delta<'_>,
    ) -> Result<Done, WriteError> {
        if !delta.adds {
            return self.shift(lease, key, name, &delta).await;
        }
        let there = self.standing(lease, delta.values).await?;
        if there.is_empty() && !delta.values.is_empty() {
            let why = "a member stands no more: renamed or deleted since the plan";
            return Err(WriteError::Stale(why.into()));
        }
        let is_whole = there.len() == delta.values.len();
        let done = self.shift(lease, key, name, &Delta { values: &there, ..delta }).await?;
        Ok(if is_whole { done } else { Done::InPart })
    }

    /// Those values at which something stands, or nothing need stand.
    pub(super) async fn standing(
        &self,
        lease: &mut Lease,
        values: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, WriteError> {
        let placeholders = &self.lens.managed().placeholders;
        let mut there = BTreeSet::new();
        for value in values {
            let is_free = placeholders.values().any(|one| one == value);
            let ask = || vec![NO_ATTRIBUTES.to_owned()];
            if is_free || read::entry(lease, value, ask()).await?.is_some() {
                there.insert(value.clone());
            }
        }
        Ok(there)
    }

    /// All values with one modify. Values already there, or already gone, are no drift: the server
    /// names the first such one and does nothing, then the rest is written.
    async fn shift(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
        delta: &Delta<'_>,
    ) -> Result<Done, WriteError> {
        let mark = self.marked(key);
        let mut controls = self.unless_followed(self.asserting(&mark));
        if controls.is_empty() {
            self.look_at_ours(lease, key, name).await?;
        }
        let mut rest = delta.values.clone();
        for _ in 0..LOOKS_MAX {
            if rest.is_empty() {
                return Ok(Done::Already);
            }
            let values = rest.iter().cloned().collect();
            let attribute = delta.attribute.to_owned();
            let change = match delta.adds {
                true => Mod::Add(attribute, values),
                false => Mod::Delete(attribute, values),
            };
            let answer = lease.with(controls.clone()).modify(name, vec![change]).await;
            let result = answer.map_err(|error| unanswered(&error))?;
            match result.rc {
                SUCCESS => return Ok(Done::Written),
                VALUE_EXISTS | NO_SUCH_ATTRIBUTE => {
                    rest = self.rest_of(lease, key, name, delta).await?;
                }
                // Only looking tells whose the entry is. If it is ours, it is the assertion that
                // this server cannot do here (`as_seen` says why).
                ASSERTION_FAILED => {
                    self.look_at_ours(lease, key, name).await?;
                    controls.clear();
                }
                _ => return Err(refused(&result)),
            }
        }
        Err(restless())
    }

    /// The values that are still to be written: by what they point to, not by their spelling; a
    /// value that leaves is named as the server spells it.
    async fn rest_of(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
        delta: &Delta<'_>,
    ) -> Result<BTreeSet<String>, WriteError> {
        let found = read::entry(lease, name, self.lens.look_with_links()).await?;
        let Some(found) = found.map(|found| self.lens.view(found).seen) else {
            return Err(WriteError::Stale("the entry is gone".into()));
        };
        if !found.key.as_ref().is_some_and(|found| key.is_marked(found)) {
            return Err(not_ours(found.key.as_ref()));
        }
        let there = found.links.get(delta.attribute).cloned().unwrap_or_default();
        let pick = |from: &BTreeSet<String>, other: &BTreeSet<String>, keep: bool| {
            let other: BTreeSet<String> = other.iter().map(|value| dn::comparable(value)).collect();
            let wanted = |value: &&String| other.contains(&dn::comparable(value)) == keep;
            from.iter().filter(wanted).cloned().collect()
        };
        Ok(match delta.adds {
            true => pick(delta.values, &there, false),
            false => pick(&there, delta.values, true),
        })
    }
}
