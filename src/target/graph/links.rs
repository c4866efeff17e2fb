//! Members and owners. Twenty come in one request, all or none; they leave one by one, many of one
//! group in a batch that the service does one after the other.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::GraphTarget;
use super::courier::{Ask, Reply};
use super::exchange::Method;
use super::fault::Fault;
use super::memory::Wrote;
use super::object_id::ObjectId;
use super::settings::LINKS_MAX;
use super::write::{patch, stale};
use crate::model::entry::ObjectKey;
use crate::target::{Done, TargetError, WriteError};

/// So many leave one group together: fewer go with what else is on its way.
const SERIES_MIN: usize = 4;
/// Before the members are read again, which may lag.
const LOOK_AGAIN: [Duration; 4] = [
    Duration::from_secs(0),
    Duration::from_secs(5),
    Duration::from_secs(20),
    Duration::from_secs(60),
];

/// Accounts that links point to.
#[derive(Debug, Clone, Default)]
pub(super) struct Linked {
    pub(super) ids: BTreeSet<ObjectId>,
    /// Names without an account of ours.
    pub(super) missing: Vec<String>,
}

/// The name of a kind of links, as the service writes it.
pub(super) fn attribute(name: &str) -> Result<&'static str, WriteError> {
    match name {
        "members" => Ok("members"),
        "owners" => Ok("owners"),
        _ => Err(WriteError::Refused { code: 400, text: format!("no such links: {name}") }),
    }
}

impl GraphTarget {
    pub(super) async fn resolve(&self, values: &BTreeSet<String>) -> Result<Linked, WriteError> {
        let mut linked = Linked::default();
        for value in values {
            match self.linked_account(value, true).await? {
                Some(id) => {
                    linked.ids.insert(id);
                }
                None => linked.missing.push(value.clone()),
            }
        }
        Ok(linked)
    }

    /// The addresses of objects, for a link.
    pub(super) fn refs(&self, ids: impl Iterator<Item = ObjectId>) -> Value {
        ids.map(|id| Value::String(self.address_of(id))).collect()
    }

    fn address_of(&self, id: ObjectId) -> String {
        let base = self.settings.base_url.trim_end_matches('/');
        format!("{base}/directoryObjects/{id}")
    }

    /// Links come into a group; those that are there already are no drift.
    pub(super) async fn add_links(
        &self,
        key: &ObjectKey,
        attribute: &'static str,
        values: &BTreeSet<String>,
    ) -> Result<Done, WriteError> {
        let Some(group) = self.group_number(key).await? else {
            return Err(stale("the group is gone"));
        };
        let linked = self.resolve(values).await?;
        // Everybody comes into a licence group.
        let is_serial = matches!(key, ObjectKey::Licence(_));
        let ids: Vec<ObjectId> = linked.ids.iter().copied().collect();
        let mut done = Done::Already;
        for chunk in ids.chunks(LINKS_MAX) {
            if self.add_chunk(group, attribute, chunk, is_serial).await? == Done::Written {
                done = Done::Written;
            }
        }
        self.know_links(group, attribute, |known| known.extend(&linked.ids));
        match linked.missing.len() {
            0 => Ok(done),
            count => Err(WriteError::Stale(format!("{count} accounts to be linked are gone"))),
        }
    }

    /// Some links together; if the service takes them not, the rest that is lacking; at last each
    /// alone, so that one of them does not hold the others back.
    async fn add_chunk(
        &self,
        group: ObjectId,
        attribute: &'static str,
        ids: &[ObjectId],
        is_serial: bool,
    ) -> Result<Done, WriteError> {
        let is_new = self.is_new(group) || ids.iter().any(|id| self.is_new(*id));
        let mut rest: BTreeSet<ObjectId> = ids.iter().copied().collect();
        let mut is_repeated = false;
        for _ in 0..2 {
            let reply = self.add_together(group, attribute, &rest, is_new, is_serial).await?;
            is_repeated |= reply.is_repeated;
            match reply.status {
                200 | 204 => return Ok(Done::Written),
                // Whatever it says: what is there tells what is left to do.
                400 | 403 | 404 => {}
                status => return Err(Fault::read(status, &reply.body).write_error()),
            }
            let there = self.links_there(group, attribute).await?;
            let count = rest.len();
            rest.retain(|id| !there.contains(id));
            if rest.is_empty() {
                return Ok(if is_repeated { Done::Written } else { Done::Already });
            }
            if rest.len() == count {
                break;
            }
        }
        self.add_each(group, attribute, rest, is_new).await
    }

    async fn add_together(
        &self,
        group: ObjectId,
        attribute: &'static str,
        ids: &BTreeSet<ObjectId>,
        is_new: bool,
        is_serial: bool,
    ) -> Result<Reply, WriteError> {
        let bind = (format!("{attribute}@odata.bind"), self.refs(ids.iter().copied()));
        let body = Value::Object(Map::from_iter([bind]));
        let writes = self.settings.link_cost.writes(ids.len());
        let ask = || {
            let ask = patch(format!("/groups/{group}"), group, body.clone());
            ask.with_writes(writes).in_series(is_serial)
        };
        self.write_when_there(is_new, ask).await
    }

    async fn add_each(
        &self,
        group: ObjectId,
        attribute: &'static str,
        ids: BTreeSet<ObjectId>,
        is_new: bool,
    ) -> Result<Done, WriteError> {
        let mut done = Done::Already;
        let mut refused: Vec<(ObjectId, Fault)> = Vec::new();
        for id in ids {
            let body = json!({ "@odata.id": self.address_of(id) });
            let path = format!("/groups/{group}/{attribute}/$ref");
            let ask = || Ask::write(Method::Post, path.clone(), Some(body.clone())).in_lane(group);
            let reply = self.write_when_there(is_new, ask).await?;
            match reply.status {
                200 | 204 => done = Done::Written,
                status => {
                    let fault = Fault::read(status, &reply.body);
                    if !fault.says_linked() {
                        refused.push((id, fault));
                    } else if reply.is_repeated {
                        done = Done::Written;
                    }
                }
            }
        }
        for pause in LOOK_AGAIN {
            if refused.is_empty() {
                return Ok(done);
            }
            self.settings.tempo().sleep(pause).await;
            let there = self.links_there(group, attribute).await?;
            refused.retain(|(id, _)| !there.contains(id));
        }
        match refused.first() {
            None => Ok(done),
            Some((_, fault)) => Err(fault.write_error()),
        }
    }

    /// Links leave a group, one by one; those that are gone already are no drift.
    pub(super) async fn remove_links(
        &self,
        key: &ObjectKey,
        attribute: &'static str,
        values: &BTreeSet<String>,
    ) -> Result<Done, WriteError> {
        let Some(group) = self.group_number(key).await? else { return Ok(Done::Already) };
        let mut done = Done::Already;
        let mut ids = Vec::new();
        for value in values {
            // Whoever has no account has no link either.
            ids.extend(self.linked_account(value, false).await?);
        }
        let is_serial = ids.len() >= SERIES_MIN || matches!(key, ObjectKey::Licence(_));
        let all = ids.iter().map(|id| async move {
            let removed = self.remove_link(group, attribute, *id, is_serial).await?;
            self.know_links(group, attribute, |known| {
                known.remove(id);
            });
            Ok(removed)
        });
        let mut failed = None;
        for removed in join_all(all).await {
            match removed {
                Ok(did @ (Done::Written | Done::InPart)) => done = did,
                Ok(Done::Already) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(done), Err)
    }

    async fn remove_link(
        &self,
        group: ObjectId,
        attribute: &'static str,
        id: ObjectId,
        is_serial: bool,
    ) -> Result<Done, WriteError> {
        // Without `$ref` at its end this would delete the account itself.
        let path = format!("/groups/{group}/{attribute}/{id}/$ref");
        let ask = || {
            let ask = Ask::write(Method::Delete, path.clone(), None);
            ask.in_lane(group).in_series(is_serial)
        };
        let is_new = self.is_new(group);
        let reply = self.write_when_there(is_new, ask).await?;
        let fault = Fault::read(reply.status, &reply.body);
        match reply.status {
            200 | 204 => return Ok(Done::Written),
            400 if fault.is_last_owner() => {
                let text = "the last owner stays until another one has come".to_owned();
                return Err(WriteError::Busy { code: 400, text });
            }
            400 | 404 => {}
            _ => return Err(fault.write_error()),
        }
        // It is not there: gone already, or it does not appear yet.
        for pause in LOOK_AGAIN {
            self.settings.tempo().sleep(pause).await;
            let there = self.linked(group, attribute).await.map_err(unseen)?;
            // A group that is not shown yet does not tell who is in it.
            if there.map_or(!is_new, |there| !there.contains(&id)) {
                return Ok(if reply.is_repeated { Done::Written } else { Done::Already });
            }
        }
        Err(fault.write_error())
    }

    /// What a group links to, by a look.
    async fn links_there(
        &self,
        group: ObjectId,
        attribute: &'static str,
    ) -> Result<BTreeSet<ObjectId>, WriteError> {
        let found = self.linked(group, attribute).await;
        Ok(found.map_err(unseen)?.unwrap_or_default())
    }

    fn know_links(
        &self,
        group: ObjectId,
        attribute: &'static str,
        change: impl FnOnce(&mut BTreeSet<ObjectId>),
    ) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        if let Some(row) = mirror.memory.groups.get_mut(&group) {
            change(if attribute == "members" { &mut row.members } else { &mut row.owners });
            mirror.wrote(group, Wrote::Part(BTreeSet::from([attribute.to_owned()])), now);
        }
    }
}

fn unseen(error: TargetError) -> WriteError {
    WriteError::Lost(error.to_string())
}
