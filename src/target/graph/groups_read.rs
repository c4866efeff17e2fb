//! Reading the groups of a tenant and their links: what changed since the last time, or all.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _};
use jiff::Timestamp;
use serde_json::Value;

use super::GraphTarget;
use super::courier::{Ask, Lost, Reply};
use super::memory::{GroupRow, Since};
use super::object_id::ObjectId;
use super::read::{End, Listing, unreadable};
use super::users_read::{PAGE, id, removed};
use super::words::text;
use crate::model::entry::{GroupForm, ObjectKey};
use crate::target::TargetError;

/// Looks under way at once: they go twenty in a batch.
const LOOKS: usize = 80;

impl GraphTarget {
    pub(super) async fn read_groups(&self) -> Result<(), TargetError> {
        let now = (self.settings.now)();
        let since = self.mirror().memory.groups_since.clone();
        if let Some(since) = since.filter(|since| self.is_usable(since, now)) {
            let unchecked_since = self.unchecked(&since, now);
            if unchecked_since != since.unchecked_since {
                self.list_groups(now).await?;
            }
            let listing = Listing { what: "changes of groups", first: &since.link, units: 1 };
            let mut new = BTreeSet::new();
            let end = self.pages(listing, |group| new.extend(self.take_group(group, now))).await?;
            if let End::Whole { changes: Some(link) } = end {
                self.read_links(new).await?;
                self.read_owners(now).await?;
                let since = Since { link, given_at: now, unchecked_since };
                self.mirror().memory.groups_since = Some(since);
                return Ok(());
            }
        }
        self.read_all_groups(now).await
    }

    async fn read_all_groups(&self, now: Timestamp) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.group_select();
        let first = format!("/groups/delta?$deltatoken=latest&$select={select},members");
        let listing = Listing { what: "changes of groups", first: &first, units: 1 };
        let changes = match self.pages(listing, |_| {}).await? {
            End::Whole { changes } => changes,
            End::Expired => None,
        };
        self.list_groups(now).await?;
        let since = changes.map(|link| Since { link, given_at: now, unchecked_since: Some(now) });
        self.mirror().memory.groups_since = since;
        Ok(())
    }

    async fn list_groups(&self, now: Timestamp) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.group_select();
        let first = format!("/groups?$select={select}&$top={PAGE}");
        let listing = Listing { what: "groups", first: &first, units: 1 };
        let mut seen = BTreeSet::new();
        let end = self.pages(listing, |group| {
            seen.extend(id(group));
            self.take_group(group, now);
        });
        if let End::Expired = end.await? {
            return Err(unreadable("groups", 410, &Value::Null));
        }
        let ours = {
            let mut mirror = self.mirror();
            mirror.keep_groups(&seen, now);
            let ours = mirror.memory.groups.keys();
            ours.filter(|id| mirror.fresh(**id, now).is_none()).copied().collect()
        };
        self.read_links(ours).await
    }

    /// Groups of ours in the bin: one that is wanted again comes back.
    pub(super) async fn deleted_groups(&self) -> Result<BTreeSet<ObjectKey>, TargetError> {
        let first = format!(
            "/directory/deletedItems/microsoft.graph.group?$select=id,uniqueName&$top={PAGE}"
        );
        let listing = Listing { what: "deleted groups", first: &first, units: 1 };
        let mut found = BTreeSet::new();
        self.pages(listing, |group| found.extend(self.mirror().key_of(group))).await?;
        Ok(found)
    }

    /// Returns the group if it is one of ours that was not known: its links are to be read.
    fn take_group(&self, group: &Value, now: Timestamp) -> Option<ObjectId> {
        let id = id(group)?;
        let mut mirror = self.mirror();
        if mirror.passes_over(id, now) {
            return None;
        }
        if removed(group).is_some() {
            mirror.lose_group(id);
            return None;
        }
        let is_new = !mirror.memory.groups.contains_key(&id);
        mirror.see_group(id, group);
        let row = mirror.memory.groups.get_mut(&id)?;
        change(&mut row.members, group.get("members@delta"));
        is_new.then_some(id)
    }

    /// Members of these groups, and owners of those that have some.
    async fn read_links(&self, ids: BTreeSet<ObjectId>) -> Result<(), TargetError> {
        let wanted: Vec<(ObjectId, &'static str)> = {
            let mirror = self.mirror();
            let has_owners = |id: &&ObjectId| {
                let row = mirror.memory.groups.get(*id);
                row.is_some_and(has_owners)
            };
            let owners = ids.iter().filter(has_owners).map(|id| (*id, "owners"));
            ids.iter().map(|id| (*id, "members")).chain(owners).collect()
        };
        self.read_linked(wanted).await
    }

    /// Changes do not tell of owners: they are read each time.
    async fn read_owners(&self, now: Timestamp) -> Result<(), TargetError> {
        let wanted: Vec<(ObjectId, &'static str)> = {
            let mirror = self.mirror();
            let groups = mirror.memory.groups.iter();
            let groups = groups.filter(|(_, row)| has_owners(row));
            let old = groups.filter(|(id, _)| mirror.fresh(**id, now).is_none());
            old.map(|(id, _)| (*id, "owners")).collect()
        };
        self.read_linked(wanted).await
    }

    async fn read_linked(&self, wanted: Vec<(ObjectId, &'static str)>) -> Result<(), TargetError> {
        let mut looks = stream::iter(wanted)
            .map(|(id, links)| async move { (id, links, self.linked(id, links).await) })
            .buffer_unordered(LOOKS);
        while let Some((id, links, found)) = looks.next().await {
            let Some(found) = found? else {
                self.mirror().lose_group(id);
                continue;
            };
            if let Some(row) = self.mirror().memory.groups.get_mut(&id) {
                if links == "members" { row.members = found } else { row.owners = found }
            }
        }
        Ok(())
    }

    /// The objects that a group links to; None: it is gone.
    pub(super) async fn linked(
        &self,
        group: ObjectId,
        links: &str,
    ) -> Result<Option<BTreeSet<ObjectId>>, TargetError> {
        let first = format!("/groups/{group}/{links}?$select=id&$top={PAGE}");
        let mut ask = Ask::get(first);
        ask.cost.units = 2;
        let reply = self.courier.ask(ask).await.map_err(lost)?;
        self.settings.patience.heard(self.settings.tempo());
        match reply.status {
            200 => {}
            404 => return Ok(None),
            status => return Err(unreadable("the links of a group", status, &reply.body)),
        }
        let of = |body: &Value| -> Option<BTreeSet<ObjectId>> {
            body.get("value")?.as_array()?.iter().map(id).collect()
        };
        let broken = || unreadable("the links of a group", 200, &Value::Null);
        let mut found = of(&reply.body).ok_or_else(broken)?;
        let next = text(&reply.body, "@odata.nextLink").to_owned();
        if !next.is_empty() {
            let listing = Listing { what: "the links of a group", first: &next, units: 2 };
            self.pages(listing, |one| found.extend(id(one))).await?;
        }
        Ok(Some(found))
    }

    /// Looks again at groups of which something was passed over.
    pub(super) async fn look_again_at_groups(&self, ids: &[ObjectId]) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.group_select();
        let asks = ids.iter().map(|id| (*id, Ask::get(format!("/groups/{id}?$select={select}"))));
        let mut standing = BTreeSet::new();
        for (id, reply) in self.ask_all(asks).await? {
            match reply.status {
                200 => {
                    self.mirror().see_group(id, &reply.body);
                    standing.insert(id);
                }
                404 => self.mirror().lose_group(id),
                status => return Err(unreadable("a group", status, &reply.body)),
            }
        }
        self.read_links(standing).await
    }

    /// Many looks, together.
    pub(super) async fn ask_all(
        &self,
        asks: impl Iterator<Item = (ObjectId, Ask)>,
    ) -> Result<Vec<(ObjectId, Reply)>, TargetError> {
        let answers = stream::iter(asks)
            .map(|(id, ask)| async move {
                let answer = self.courier.ask(ask).await;
                if answer.is_ok() {
                    self.settings.patience.heard(self.settings.tempo());
                }
                (id, answer)
            })
            .buffer_unordered(LOOKS);
        let answers: Vec<(ObjectId, Result<Reply, Lost>)> = answers.collect().await;
        let answers = answers.into_iter().map(|(id, answer)| Ok((id, answer.map_err(lost)?)));
        answers.collect()
    }
}

/// A security group needs nobody to own it.
fn has_owners(row: &GroupRow) -> bool {
    match &row.key {
        ObjectKey::Yearly(group) => group.form == GroupForm::Unified,
        _ => false,
    }
}

/// What came into the links, and what left them.
fn change(links: &mut BTreeSet<ObjectId>, changes: Option<&Value>) {
    for one in changes.and_then(Value::as_array).into_iter().flatten() {
        let Some(id) = id(one) else { continue };
        if removed(one).is_some() {
            links.remove(&id);
        } else {
            links.insert(id);
        }
    }
}

pub(super) fn lost(lost: Lost) -> TargetError {
    let what = match lost {
        Lost::NotSent(text) | Lost::Unknown(text) | Lost::PutOff { status: _, text } => text,
    };
    TargetError::Unreachable { what, hint: "look at the network; run again".into() }
}
