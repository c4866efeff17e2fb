//! Doing one operation, exactly if the object is as expected (SEC-43), and never on an object that
//! does not carry our mark (SEC-45).
//!
//! Every object is written by its number: a look by name goes through a cache that has kept the
//! number of a deleted namesake.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use super::courier::{Ask, Reply};
use super::doubt::is_settled;
use super::exchange::Method;
use super::fault::Fault;
use super::object_id::ObjectId;
use super::{GraphTarget, links};
use crate::credential::InitialPassword;
use crate::model::entry::{Attributes, ObjectKey, ObjectKind};
use crate::plan::operation::{Action, Operation};
use crate::target::{Done, Speed, TargetError, Write, WriteError};

/// Between tries of a request on an object that is ours and that the service does not show yet.
pub(super) const APPEARS: [Duration; 6] = [
    Duration::from_secs(5),
    Duration::from_secs(10),
    Duration::from_secs(20),
    Duration::from_secs(30),
    Duration::from_secs(60),
    Duration::from_secs(60),
];

impl Write for GraphTarget {
    async fn write(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let key = &operation.key;
        match (&operation.action, key.kind()) {
            (Action::Create { entry }, ObjectKind::Account) => {
                self.create_account(entry, secret).await
            }
            (Action::Create { entry }, ObjectKind::Group) => self.create_group(entry).await,
            (Action::Create { entry }, ObjectKind::Team) => self.create_team(entry).await,
            (Action::Modify { dn, before, after }, ObjectKind::Account) => {
                self.modify_account(key, dn, before, after).await
            }
            (Action::Modify { dn, before, after }, ObjectKind::Group) => {
                self.modify_group(key, dn, before, after).await
            }
            (Action::Rename { from, to }, ObjectKind::Account) => {
                self.rename_account(key, from, to).await
            }
            (Action::Delete { dn, before }, ObjectKind::Account) => {
                self.delete_account(key, dn, before).await
            }
            (Action::Delete { dn, before }, ObjectKind::Group) => {
                self.delete_group(key, dn, before).await
            }
            (Action::AddLinks { dn: _, attribute, values }, ObjectKind::Group) => {
                self.add_links(key, links::attribute(attribute)?, values).await
            }
            (Action::RemoveLinks { dn: _, attribute, values }, ObjectKind::Group) => {
                self.remove_links(key, links::attribute(attribute)?, values).await
            }
            (_, kind) => Err(WriteError::Refused {
                code: 405,
                text: format!("no such change of an object of this kind: {kind:?}"),
            }),
        }
    }

    /// There is no connection to replace: a token is asked for, and one look taken.
    async fn reconnect(&mut self) -> Result<(), TargetError> {
        let call = super::line::Call::get("/organization?$select=id");
        let answer = self.in_patience(self.look(call, 1)).await?;
        match answer.status {
            200 => Ok(()),
            status => Err(super::read::unreadable("the organisation", status, &answer.body)),
        }
    }

    fn brings_back(&self) -> bool {
        true
    }

    fn stop(&self) {
        self.courier.stop();
    }

    fn kept(&self) -> Option<String> {
        self.with_memory(|memory| serde_json::to_string(memory).ok())
    }

    fn last_refusal(&self) -> Option<String> {
        self.courier.last_refusal()
    }

    fn speed(&self) -> Option<Arc<dyn Speed>> {
        Some(self.speeds())
    }
}

impl GraphTarget {
    pub(super) async fn ask(&self, ask: Ask) -> Result<Reply, WriteError> {
        Ok(self.courier.ask(ask).await?)
    }

    /// One object; None: nothing stands there.
    pub(super) async fn get(&self, path: String) -> Result<Option<Value>, WriteError> {
        let reply = self.ask(Ask::get(path)).await?;
        match reply.status {
            200 => Ok(Some(reply.body)),
            404 => Ok(None),
            status => Err(Fault::read(status, &reply.body).write_error()),
        }
    }

    /// One object that stands: a look that does not show it yet is repeated for a while.
    pub(super) async fn get_when_there(&self, path: &str) -> Result<Option<Value>, WriteError> {
        let look = async || self.get(path.to_owned()).await;
        self.look_until(true, look, |found| is_settled(found, |_| true)).await
    }

    /// A write to an object. One that is not there, though we made it (or what it points to) or
    /// saw it a moment ago, will be: it is sent again for a while. A deletion that was left without
    /// an answer and then finds nothing has done it.
    pub(super) async fn write_when_there(
        &self,
        is_new: bool,
        ask: impl Fn() -> Ask,
    ) -> Result<Reply, WriteError> {
        let mut reply = self.ask(ask()).await?;
        for pause in APPEARS {
            let is_deleted = reply.is_repeated && ask().method == Method::Delete;
            if reply.status != 404 || !is_new || is_deleted {
                break;
            }
            self.settings.tempo().sleep(pause).await;
            reply = self.ask(ask()).await?;
        }
        Ok(reply)
    }

    /// A creation, while there is room. Once the tenant is full nothing is made any more, and what
    /// needs no room goes on.
    pub(super) async fn make(&self, ask: Ask) -> Result<Reply, WriteError> {
        if self.is_full.load(Ordering::Relaxed) {
            let text = "the directory is full: no object is made any more".to_owned();
            return Err(WriteError::Busy { code: 403, text });
        }
        let reply = self.ask(ask).await?;
        if Fault::read(reply.status, &reply.body).is_full_tenant() {
            self.is_full.store(true, Ordering::Relaxed);
            tracing::warn!(target_name = %self.settings.name, "the directory is full");
        }
        Ok(reply)
    }
}

/// A write of one property after the other, as a request to one object.
pub(super) fn patch(path: String, id: ObjectId, body: Value) -> Ask {
    Ask::write(Method::Patch, path, Some(body)).in_lane(id)
}

/// What is to be changed in an object that should be as `before`; None: it is as `after` already.
pub(super) fn change(
    seen: &Attributes,
    before: &Attributes,
    after: &Attributes,
) -> Result<Option<BTreeSet<String>>, WriteError> {
    let about = |name: &str| before.contains_key(name) || after.contains_key(name);
    let now: Attributes = seen.iter().filter(|(name, _)| about(name)).collect();
    if now.differing(after).is_empty() {
        return Ok(None);
    }
    let drift = now.differing(before);
    if drift.is_empty() { Ok(Some(before.differing(after))) } else { Err(other_values(&drift)) }
}

/// An object as it stands, when a deletion or a creation finds it there.
pub(super) fn same(seen: &Attributes, expected: &Attributes) -> Result<(), WriteError> {
    let drift = seen.differing(expected);
    if drift.is_empty() { Ok(()) } else { Err(other_values(&drift)) }
}

pub(super) fn stale(why: &str) -> WriteError {
    WriteError::Stale(why.to_owned())
}

/// Names the attributes, never their values: this text goes to logs.
fn other_values(attributes: &BTreeSet<String>) -> WriteError {
    let names: Vec<&str> = attributes.iter().map(String::as_str).collect();
    WriteError::Stale(format!("other values than expected: {}", names.join(", ")))
}

pub(super) fn not_ours(found: Option<&ObjectKey>) -> WriteError {
    match found {
        None => stale("the object there is not ours: it does not carry the mark"),
        Some(key) => WriteError::Stale(format!("the object there is another one: {key}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Attributes {
        pairs.iter().map(|(name, value)| (name, [value])).collect()
    }

    #[test]
    fn what_changed_since_the_plan_is_not_written_over() {
        // SEC-43.
        let (before, after) = (map(&[("a", "1"), ("b", "1")]), map(&[("a", "2"), ("c", "1")]));
        let check = |seen: &[(&str, &str)]| change(&map(seen), &before, &after);
        let names = |all: &[&str]| Ok(Some(all.iter().map(|name| (*name).to_owned()).collect()));
        assert_eq!(check(&[("a", "1"), ("b", "1"), ("z", "9")]), names(&["a", "b", "c"]));
        assert_eq!(check(&[("a", "2"), ("c", "1"), ("z", "9")]), Ok(None));
        let drift = WriteError::Stale("other values than expected: a".into());
        assert_eq!(check(&[("a", "3"), ("b", "1")]), Err(drift));
    }
}
