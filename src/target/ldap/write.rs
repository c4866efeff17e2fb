//! Doing one operation, exactly if the entry is as expected (SEC-43), and never on an entry that
//! does not carry our mark (SEC-45).
//!
//! Every write looks first, or lets the server look: the assertion control (RFC 4528) makes "it is
//! as I saw it" a part of the write. A write that is repeated finds its work done.

use std::borrow::Cow;
use std::collections::BTreeSet;

use ldap3::controls::{Assertion, MakeCritical, RawControl};
use ldap3::{LdapResult, Mod};

use super::lens::View;
use super::outcome::{ASSERTION_FAILED, ENTRY_EXISTS, NO_SUCH_OBJECT, SUCCESS};
use super::outcome::{refused, unanswered};
use super::wire::Lease;
use super::{LdapTarget, filter, read};
use crate::credential::InitialPassword;
use crate::model::attributes::Values;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey, ObjectKind};
use crate::plan::operation::{Action, Operation};
use crate::target::{Done, TargetError, Write, WriteError};

/// Times that a write begins anew when somebody else wrote between looking and writing.
const LOOKS_MAX: usize = 4;

impl Write for LdapTarget {
    async fn write(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let Some(mut lease) = self.pool.lease().await else {
            return Err(WriteError::Lost("the connection is closed".into()));
        };
        let lease = &mut lease;
        let key = &operation.key;
        match &operation.action {
            Action::Create { entry } => self.create(lease, entry, secret).await,
            Action::Modify { dn, before, after } => {
                self.modify(lease, key, dn, before, after).await
            }
            Action::Rename { from, to } => self.rename(lease, key, from, to).await,
            Action::Delete { dn, before } => self.delete(lease, key, dn, before).await,
            Action::AddLinks { dn, attribute, values } => {
                self.link(lease, key, dn, Delta { attribute, values, adds: true }).await
            }
            Action::RemoveLinks { dn, attribute, values } => {
                self.link(lease, key, dn, Delta { attribute, values, adds: false }).await
            }
        }
    }

    async fn reconnect(&mut self) -> Result<(), TargetError> {
        self.pool.reopen(&self.settings).await
    }
}

impl LdapTarget {
    async fn create(
        &self,
        lease: &mut Lease,
        entry: &Entry,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let mut whole = Cow::Borrowed(entry);
        for (attribute, values) in &entry.links {
            let there = self.standing(lease, values).await?;
            if there.len() < values.len() {
                whole.to_mut().links.insert(attribute.clone(), there);
            }
        }
        let (entry, is_whole) = (whole.as_ref(), matches!(whole, Cow::Borrowed(_)));
        let result = {
            let attributes = self.whole_entry(entry, secret);
            let attributes =
                attributes.into_iter().map(|(name, values)| (name, values.into_iter().collect()));
            lease.plain().add(&entry.dn, attributes.collect()).await
        };
        let result = result.map_err(|error| unanswered(&error))?;
        match result.rc {
            SUCCESS => Ok(Done::Written),
            ENTRY_EXISTS => self.compare_created(lease, entry).await,
            _ => Err(refused(&result)),
        }
        .map(|done| if is_whole { done } else { Done::InPart })
    }

    /// Something stands there: an earlier attempt of ours, or not.
    async fn compare_created(&self, lease: &mut Lease, entry: &Entry) -> Result<Done, WriteError> {
        let found = read::entry(lease, &entry.dn, self.lens.look_with_links()).await?;
        let Some(found) = found.map(|found| self.lens.view(found).seen) else {
            return Err(stale("an entry that this account may not see stands there"));
        };
        if !found.key.as_ref().is_some_and(|found| entry.key.is_marked(found)) {
            return Err(not_ours(found.key.as_ref()));
        }
        let mut differ = entry.attributes.differing(&found.attributes);
        differ.extend(differing_links(&entry.links, &found.links));
        if differ.is_empty() { Ok(Done::Already) } else { Err(other_values(&differ)) }
    }

    /// All that a new entry gets: its attributes and links; an account also what comes with the
    /// creation only, its password first of all.
    fn whole_entry(
        &self,
        entry: &Entry,
        secret: Option<&InitialPassword>,
    ) -> Vec<(String, BTreeSet<String>)> {
        let own = |(name, values): (&str, Values<'_>)| {
            (name.to_owned(), values.iter().map(str::to_owned).collect())
        };
        let mut whole: Vec<(String, BTreeSet<String>)> = entry
            .attributes
            .iter()
            .map(own)
            .chain(entry.links.iter().map(|(name, values)| (name.clone(), values.clone())))
            .filter(|(_, values): &(String, BTreeSet<String>)| !values.is_empty())
            .collect();
        if entry.key.kind() == ObjectKind::Account {
            let managed = self.lens.managed();
            whole.extend(managed.at_creation.iter().map(own));
            if let Some(secret) = secret {
                let value = self.password_value(secret);
                whole.push((managed.password.attribute.clone(), BTreeSet::from([value])));
            }
        }
        whole
    }

    async fn modify(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
        before: &Attributes,
        after: &Attributes,
    ) -> Result<Done, WriteError> {
        let changed = before.differing(after);
        let mut failed = None;
        for _ in 0..LOOKS_MAX {
            let view = self.look_at_ours(lease, key, name).await?;
            let now = only(&view.seen.attributes, before, after);
            if now.differing(after).is_empty() {
                return Ok(Done::Already);
            }
            let drift = now.differing(before);
            if !drift.is_empty() {
                return Err(other_values(&drift));
            }
            let values = |name| after.values_of(name).iter().map(str::to_owned).collect();
            let changes = changed.iter().map(|name| Mod::Replace(name.clone(), values(name)));
            let control = self.as_seen(&view, key, failed.as_ref());
            let answer = lease.with(control).modify(name, changes.collect()).await;
            if let Some(end) = end(answer.map_err(|error| unanswered(&error))?) {
                return end;
            }
            failed = Some(view.csn);
        }
        Err(restless())
    }

    async fn rename(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        from: &str,
        to: &str,
    ) -> Result<Done, WriteError> {
        let (Some(leaf), Some(above)) = (dn::leaf(to), dn::parent(to)) else {
            return Err(WriteError::Refused { code: 34, text: format!("not a DN: {to}") });
        };
        let mut failed = None;
        for _ in 0..LOOKS_MAX {
            let Some(found) = read::entry(lease, from, self.lens.look()).await? else {
                return self.compare_renamed(lease, key, to).await;
            };
            let view = self.lens.view(found);
            if !view.seen.key.as_ref().is_some_and(|found| key.is_marked(found)) {
                return Err(not_ours(view.seen.key.as_ref()));
            }
            if view.seen.dn == to {
                return Ok(Done::Already); // Only the spelling was to change, and it has.
            }
            let stays = dn::parent(from).map(dn::comparable) == Some(dn::comparable(above));
            let superior = (!stays).then_some(above);
            let control = self.unless_followed(self.as_seen(&view, key, failed.as_ref()));
            let answer = lease.with(control).modifydn(from, leaf, true, superior).await;
            let result = answer.map_err(|error| unanswered(&error))?;
            if result.rc == ENTRY_EXISTS {
                return Err(stale("another entry stands at the new name"));
            }
            if let Some(end) = end(result) {
                return end;
            }
            failed = Some(view.csn);
        }
        Err(restless())
    }

    /// The old name is free: an earlier attempt moved the entry, or somebody else did something.
    async fn compare_renamed(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        to: &str,
    ) -> Result<Done, WriteError> {
        let found = read::entry(lease, to, self.lens.look()).await?;
        match found.map(|found| self.lens.view(found).seen.key) {
            Some(Some(found)) if key.is_marked(&found) => Ok(Done::Already),
            Some(found) => Err(not_ours(found.as_ref())),
            None => Err(stale("the entry stands neither at its old name nor at the new one")),
        }
    }

    async fn delete(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
        before: &Attributes,
    ) -> Result<Done, WriteError> {
        let mut failed = None;
        for _ in 0..LOOKS_MAX {
            let Some(found) = read::entry(lease, name, self.lens.look()).await? else {
                return Ok(Done::Already);
            };
            let view = self.lens.view(found);
            if !view.seen.key.as_ref().is_some_and(|found| key.is_marked(found)) {
                return Err(not_ours(view.seen.key.as_ref()));
            }
            let drift = view.seen.attributes.differing(before);
            if !drift.is_empty() {
                return Err(other_values(&drift));
            }
            let control = self.unless_followed(self.as_seen(&view, key, failed.as_ref()));
            let result = lease.with(control).delete(name).await;
            let result = result.map_err(|error| unanswered(&error))?;
            if result.rc == NO_SUCH_OBJECT {
                return Ok(Done::Already);
            }
            if let Some(end) = end(result) {
                return end;
            }
            failed = Some(view.csn);
        }
        Err(restless())
    }

    /// Looks at an entry that must be ours.
    pub(super) async fn look_at_ours(
        &self,
        lease: &mut Lease,
        key: &ObjectKey,
        name: &str,
    ) -> Result<View, WriteError> {
        let Some(found) = read::entry(lease, name, self.lens.look()).await? else {
            return Err(stale("the entry is gone"));
        };
        let view = self.lens.view(found);
        if view.seen.key.as_ref().is_some_and(|found| key.is_marked(found)) {
            Ok(view)
        } else {
            Err(not_ours(view.seen.key.as_ref()))
        }
    }

    /// The filter of an entry that carries the mark of an object, in either form.
    pub(super) fn marked(&self, key: &ObjectKey) -> String {
        let mark = &self.lens.managed().mark;
        let (plain, opaque) = (key.to_string(), key.opaque().to_string());
        if plain == opaque {
            return filter::equals(mark, &plain);
        }
        filter::any_of(&[filter::equals(mark, &plain), filter::equals(mark, &opaque)])
    }

    /// The control by which the server writes only if the entry is still as it was seen; none when
    /// it does not know it, and then a moment is left in which a change can be written over.
    ///
    /// `failed` is the CSN with which the assertion failed before. If the entry still has it, the
    /// assertion was true of it: slapd's `unique` overlay (2.5) puts the control on its own inner
    /// search as well, where it cannot hold. Then the look alone must do.
    fn as_seen(
        &self,
        view: &View,
        key: &ObjectKey,
        failed: Option<&Option<String>>,
    ) -> Vec<RawControl> {
        if failed == Some(&view.csn) {
            return Vec::new();
        }
        let filter = match &view.csn {
            Some(csn) => filter::equals(super::lens::ENTRY_CSN, csn),
            None => self.marked(key),
        };
        self.asserting(&filter)
    }

    /// The control, unless a write of the server's own may follow ours: slapd's `memberof` overlay
    /// (2.5) writes the other end of a link within our operation and puts our assertion on that
    /// write as well. It cannot hold there, the write is dropped in silence, and `memberOf` is
    /// wrong from then on. There the look alone must do.
    pub(super) fn unless_followed(&self, control: Vec<RawControl>) -> Vec<RawControl> {
        if self.server.back_links { Vec::new() } else { control }
    }

    pub(super) fn asserting(&self, filter: &str) -> Vec<RawControl> {
        // Not critical, it could be passed over in silence.
        let control = || RawControl::from(Assertion { filter }.critical());
        self.server.assertion.then(control).into_iter().collect()
    }
}

/// Values that come into a link attribute, or leave it.
pub(super) struct Delta<'a> {
    pub(super) attribute: &'a str,
    pub(super) values: &'a BTreeSet<String>,
    pub(super) adds: bool,
}

/// How a write ended; none when somebody else wrote first and it must look again.
pub(super) fn end(result: LdapResult) -> Option<Result<Done, WriteError>> {
    match result.rc {
        SUCCESS => Some(Ok(Done::Written)),
        ASSERTION_FAILED => None,
        _ => Some(Err(refused(&result))),
    }
}

/// Of what was seen, the attributes that the operation is about.
fn only(seen: &Attributes, before: &Attributes, after: &Attributes) -> Attributes {
    let about = |name: &str| before.contains_key(name) || after.contains_key(name);
    seen.iter().filter(|(name, _)| about(name)).collect()
}

/// The link attributes that point to other entries in one map than in the other.
fn differing_links(one: &Links, other: &Links) -> BTreeSet<String> {
    let names = |links: &Links, attribute: &String| -> BTreeSet<String> {
        let values = links.get(attribute).into_iter().flatten();
        values.map(|value| dn::comparable(value)).collect()
    };
    let attributes = one.keys().chain(other.keys());
    attributes.filter(|name| names(one, name) != names(other, name)).cloned().collect()
}

fn stale(why: &str) -> WriteError {
    WriteError::Stale(why.to_owned())
}

pub(super) fn restless() -> WriteError {
    stale("the entry kept changing while it was written")
}

/// Names the attributes, never their values: this text goes to logs.
fn other_values(attributes: &BTreeSet<String>) -> WriteError {
    let names: Vec<&str> = attributes.iter().map(String::as_str).collect();
    WriteError::Stale(format!("other values than expected: {}", names.join(", ")))
}

pub(super) fn not_ours(found: Option<&ObjectKey>) -> WriteError {
    match found {
        None => stale("the entry there is not ours: it does not carry the mark"),
        Some(key) => WriteError::Stale(format!("the entry there is another one: {key}")),
    }
}
