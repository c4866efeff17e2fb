//! Groups: made by their name, which never changes, so that making one twice makes one.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::GraphTarget;
use super::courier::{Ask, Reply};
use super::doubt::{Known, is_settled};
use super::exchange::Method;
use super::fault::Fault;
use super::links::Linked;
use super::memory::{GroupRow, Values, Wrote};
use super::object_id::ObjectId;
use super::read::{End, Listing};
use super::users_read::{PAGE, id};
use super::words::{GROUP_TYPES, LICENCES, NICKNAME, UNIFIED, UNIQUE_NAME, Words, body, text};
use super::write::{change, not_ours, patch, same, stale};
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, ObjectKey};
use crate::model::unique_name;
use crate::target::{Done, WriteError};

impl GraphTarget {
    pub(super) async fn create_group(&self, entry: &Entry) -> Result<Done, WriteError> {
        let name = name_of(&entry.dn);
        let found = unique_name::read(&self.settings.prefix, &name);
        if !found.as_ref().is_some_and(|found| entry.key.is_marked(found)) {
            return Err(not_ours(found.as_ref()));
        }
        let known = self.mirror().group(&entry.key).map(|(id, _)| id);
        let (id, is_made) = match known {
            Some(id) => {
                let same = |seen: &Attributes| same_but_licences(seen, &entry.attributes);
                let found = self.look_at_group(&entry.key, id, |seen| same(seen).is_ok()).await?;
                same(&found.ok_or_else(|| stale("the group is gone"))?)?;
                (id, false)
            }
            None => match self.upsert_with_links(entry, &name).await? {
                Upserted::Whole => return self.licence_whole(entry).await,
                Upserted::Bare(id, is_made) => (id, is_made),
            },
        };
        let mut done = if is_made { Done::Written } else { Done::Already };
        for (attribute, values) in &entry.links {
            let attribute = super::links::attribute(attribute)?;
            // A group that stood may hold them already.
            if self.add_links(&entry.key, attribute, values).await? == Done::Written {
                done = Done::Written;
            }
        }
        if self.give_licences(entry, id).await? == Done::Written {
            done = Done::Written;
        }
        Ok(done)
    }

    async fn licence_whole(&self, entry: &Entry) -> Result<Done, WriteError> {
        let id = self.mirror().group(&entry.key).map(|(id, _)| id);
        if let Some(id) = id {
            self.give_licences(entry, id).await?;
        }
        Ok(Done::Written)
    }

    /// With its links in the same request, where the service takes that: one write less a group.
    async fn upsert_with_links(&self, entry: &Entry, name: &str) -> Result<Upserted, WriteError> {
        let mut binds = Vec::new();
        for (attribute, values) in &entry.links {
            let attribute = super::links::attribute(attribute)?;
            binds.push((attribute, self.resolve(values).await?));
        }
        let count: usize = binds.iter().map(|(_, linked)| linked.ids.len()).sum();
        let is_whole = binds.iter().all(|(_, linked)| linked.missing.is_empty());
        let with = count > 0
            && count <= super::settings::LINKS_MAX
            && is_whole
            && !self.links_apart.load(Ordering::Relaxed);
        if with {
            let links = binds.iter().map(|(name, linked)| (*name, linked.ids.iter().copied()));
            let more: Vec<(String, Value)> =
                links.map(|(name, ids)| (format!("{name}@odata.bind"), self.refs(ids))).collect();
            let reply = self.upsert(entry, name, more, count).await?;
            if reply.status == 201
                && let Some(id) = id(&reply.body)
            {
                self.know_group(id, entry, &binds);
                return Ok(Upserted::Whole);
            }
            let fault = Fault::read(reply.status, &reply.body);
            if !matches!(reply.status, 200 | 204 | 400 | 404) || fault.is_conflict() {
                return self.upsert_failed(entry, name, &fault).await;
            }
            // It stood already, holds some of them, or somebody does not appear yet.
        }
        let reply = self.upsert(entry, name, Vec::new(), 0).await?;
        let is_made = reply.status == 201;
        if !matches!(reply.status, 200 | 201 | 204) {
            let fault = Fault::read(reply.status, &reply.body);
            return self.upsert_failed(entry, name, &fault).await;
        }
        if with && is_made {
            // The same request without links passed: the service does not take them here.
            self.links_apart.store(true, Ordering::Relaxed);
        }
        let id = match id(&reply.body) {
            Some(id) => id,
            None => self.number_of(name).await?,
        };
        self.know_group(id, entry, &[]);
        Ok(Upserted::Bare(id, is_made || reply.is_repeated))
    }

    async fn upsert(
        &self,
        entry: &Entry,
        name: &str,
        more: Vec<(String, Value)>,
        links: usize,
    ) -> Result<Reply, WriteError> {
        let mut body = body(&entry.attributes, &BTreeSet::new());
        let is_unified = entry.attributes.values_of(GROUP_TYPES).contains(UNIFIED);
        body.entry(GROUP_TYPES).or_insert(json!([]));
        body.insert("mailEnabled".to_owned(), Value::Bool(is_unified));
        body.insert("securityEnabled".to_owned(), Value::Bool(!is_unified));
        if is_unified {
            body.insert("visibility".to_owned(), json!("Private"));
        }
        body.extend(more);
        let path = format!("/groups(uniqueName='{name}')");
        let mut ask = Ask::write(Method::Patch, path, Some(Value::Object(body))).in_lane(name);
        ask.headers.push(("Prefer", "create-if-missing"));
        if links > 0 {
            ask = ask.with_writes(self.settings.link_cost.writes(links));
        }
        if self.is_full.load(Ordering::Relaxed) && self.has_place(name).await? {
            return self.ask(ask).await;
        }
        self.make(ask).await
    }

    /// A group that stands, or lies in the bin, needs no room.
    async fn has_place(&self, name: &str) -> Result<bool, WriteError> {
        let path = format!("/groups(uniqueName='{name}')?$select=id,uniqueName");
        Ok(self.get(path).await?.is_some() || self.deleted_group(name).await?.is_some())
    }

    /// A deleted group may hold the name still: it comes back.
    async fn upsert_failed(
        &self,
        entry: &Entry,
        name: &str,
        fault: &Fault,
    ) -> Result<Upserted, WriteError> {
        if !fault.is_conflict() {
            return Err(fault.write_error());
        }
        if !fault.taken.is_empty() && fault.taken.iter().all(|taken| taken == NICKNAME) {
            return Err(held(fault));
        }
        let Some(id) = self.deleted_group(name).await? else {
            return Err(held(fault));
        };
        let path = format!("/directory/deletedItems/{id}/restore");
        let ask = Ask::write(Method::Post, path, Some(json!({}))).in_lane(id);
        let reply = self.ask(ask).await?;
        if !matches!(reply.status, 200 | 201 | 204 | 404) {
            return Err(Fault::read(reply.status, &reply.body).write_error());
        }
        let mut given = entry.attributes.clone();
        given.remove(GROUP_TYPES);
        let body = Value::Object(body(&given, &BTreeSet::new()));
        let ask = || patch(format!("/groups/{id}"), id, body.clone());
        let reply = self.write_when_there(true, ask).await?;
        if !matches!(reply.status, 200 | 204) {
            return Err(Fault::read(reply.status, &reply.body).write_error());
        }
        self.know_group(id, entry, &[]);
        Ok(Upserted::Bare(id, true))
    }

    async fn deleted_group(&self, name: &str) -> Result<Option<ObjectId>, WriteError> {
        let first = format!(
            "/directory/deletedItems/microsoft.graph.group?$select=id,uniqueName&$top={PAGE}"
        );
        let listing = Listing { what: "deleted groups", first: &first, units: 1 };
        let mut found = None;
        let end = self.pages(listing, |group| {
            if text(group, UNIQUE_NAME) == name {
                found = id(group);
            }
        });
        match end.await {
            Ok(End::Whole { .. }) => Ok(found),
            Ok(End::Expired) => Ok(None),
            Err(error) => Err(WriteError::Lost(error.to_string())),
        }
    }

    /// The number of a group that stands: an upsert of one that stood does not tell it.
    async fn number_of(&self, name: &str) -> Result<ObjectId, WriteError> {
        let path = format!("/groups(uniqueName='{name}')?$select=id,uniqueName");
        let found = self.get_when_there(&path).await?;
        let not_yet = || WriteError::Unknown("the group does not appear".into());
        found.as_ref().and_then(id).ok_or_else(not_yet)
    }

    fn know_group(&self, id: ObjectId, entry: &Entry, binds: &[(&'static str, Linked)]) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        let of = |name: &str| entry.attributes.values_of(name).to_vec();
        let values = Values::new(&mirror.memory.group_columns, of);
        let links = |wanted: &str| {
            let found = binds.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, linked)| linked.ids.clone()).unwrap_or_default()
        };
        let key = unique_name::read(&self.settings.prefix, &name_of(&entry.dn));
        let row = GroupRow {
            key: key.unwrap_or_else(|| entry.key.clone()),
            values,
            created_at: Some(now),
            team: false,
            team_asked: None,
            members: links("members"),
            owners: links("owners"),
        };
        mirror.put_group(id, row);
        mirror.wrote(id, Wrote::Whole, now);
    }

    /// The number of a group of the plan; None: it is gone.
    pub(super) async fn group_number(
        &self,
        key: &ObjectKey,
    ) -> Result<Option<ObjectId>, WriteError> {
        if let Some((id, _)) = self.mirror().group(key) {
            return Ok(Some(id));
        }
        // In which form it is marked tells its name only.
        for key in [key.clone(), key.opaque()] {
            let Some(name) = unique_name::write(&self.settings.prefix, &key) else { continue };
            let select = self.mirror().eyes.words.group_select();
            let path = format!("/groups(uniqueName='{name}')?$select={select}");
            if let Some(found) = self.get(path).await?
                && let Some(id) = id(&found)
            {
                let now = (self.settings.now)();
                let mut mirror = self.mirror();
                mirror.meet_group(id, &found, now);
                return Ok(mirror.memory.groups.contains_key(&id).then_some(id));
            }
        }
        Ok(None)
    }

    /// What a group of ours carries, which should be as expected.
    async fn look_at_group(
        &self,
        key: &ObjectKey,
        id: ObjectId,
        is_expected: impl Fn(&Attributes) -> bool,
    ) -> Result<Option<Attributes>, WriteError> {
        let now = (self.settings.now)();
        let known = self.mirror().known_group(id, now);
        if known.wrote == Some(Wrote::Gone) {
            return Ok(None);
        }
        let look = async || self.group_seen(key, id, &known).await;
        let is_doubtful = known.is_doubtful(&is_expected);
        let found = self.look_until(is_doubtful, look, |found| is_settled(found, &is_expected));
        let found = found.await?;
        if found.is_none() {
            let mut mirror = self.mirror();
            mirror.lose_group(id);
            mirror.found(id, Wrote::Gone, now);
        }
        Ok(found)
    }

    /// A group as a look shows it, and as we wrote it where that is newer; None: it is not there,
    /// and we did not write of it.
    async fn group_seen(
        &self,
        key: &ObjectKey,
        id: ObjectId,
        known: &Known,
    ) -> Result<Option<Attributes>, WriteError> {
        let select = self.mirror().eyes.words.group_select();
        let Some(seen) = self.get(format!("/groups/{id}?$select={select}")).await? else {
            return Ok(known.attributes.clone().filter(|_| known.wrote.is_some()));
        };
        let found = self.mirror().key_of(&seen);
        if !found.as_ref().is_some_and(|found| key.is_marked(found)) {
            return Err(not_ours(found.as_ref()));
        }
        let columns = self.mirror().memory.group_columns.clone();
        let attributes = Words::attributes(&columns, &Words::values(&columns, &seen, None));
        Ok(Some(known.overlaid(attributes)))
    }

    pub(super) async fn modify_group(
        &self,
        key: &ObjectKey,
        _dn: &str,
        before: &Attributes,
        after: &Attributes,
    ) -> Result<Done, WriteError> {
        let gone = || stale("the group is gone");
        let id = self.group_number(key).await?.ok_or_else(gone)?;
        let is_expected = |seen: &Attributes| change(seen, before, after).is_ok();
        let found = self.look_at_group(key, id, is_expected).await?.ok_or_else(gone)?;
        let Some(mut changed) = change(&found, before, after)? else {
            let names = before.keys().chain(after.keys()).map(str::to_owned).collect();
            self.know_group_attributes(id, &found, names);
            return Ok(Done::Already);
        };
        let written = changed.clone();
        if changed.remove(LICENCES) {
            let of = |map: &Attributes| map.values_of(LICENCES).to_vec();
            self.assign_licences(id, &of(before), &of(after)).await?;
        }
        let values = |name| after.get(name).map(|all| (name, all));
        let given: Attributes = changed.iter().map(String::as_str).filter_map(values).collect();
        let emptied = changed.iter().filter(|name| !given.contains_key(name)).cloned().collect();
        let body = body(&given, &emptied);
        if !body.is_empty() {
            let body = Value::Object(body);
            let ask = || patch(format!("/groups/{id}"), id, body.clone());
            let reply = self.write_when_there(self.is_new(id), ask).await?;
            if !matches!(reply.status, 200 | 204) {
                return Err(Fault::read(reply.status, &reply.body).write_error());
            }
        }
        let mut attributes = found;
        attributes.retain(|name, _| !written.contains(name));
        attributes.extend(written.iter().map(String::as_str).filter_map(values));
        self.know_group_attributes(id, &attributes, written);
        Ok(Done::Written)
    }

    fn know_group_attributes(
        &self,
        id: ObjectId,
        attributes: &Attributes,
        changed: BTreeSet<String>,
    ) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        let of = |name: &str| attributes.values_of(name).to_vec();
        let values = Values::new(&mirror.memory.group_columns, of);
        if let Some(row) = mirror.memory.groups.get_mut(&id) {
            row.values = values;
        }
        mirror.found(id, Wrote::Part(changed), now);
    }

    pub(super) async fn delete_group(
        &self,
        key: &ObjectKey,
        _dn: &str,
        before: &Attributes,
    ) -> Result<Done, WriteError> {
        let Some(id) = self.group_number(key).await? else { return Ok(Done::Already) };
        let is_expected = |seen: &Attributes| same(seen, before).is_ok();
        let found = self.look_at_group(key, id, is_expected).await?;
        let Some(found) = found else { return Ok(Done::Already) };
        same(&found, before)?;
        let ask = || Ask::write(Method::Delete, format!("/groups/{id}"), None).in_lane(id);
        let reply = self.write_when_there(self.is_new(id), ask).await?;
        let done = match reply.status {
            204 => Done::Written,
            404 if reply.is_repeated => Done::Written,
            404 => Done::Already,
            status => return Err(Fault::read(status, &reply.body).write_error()),
        };
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        mirror.lose_group(id);
        mirror.wrote(id, Wrote::Gone, now);
        Ok(done)
    }

    /// The products that whoever is in the group gets.
    async fn give_licences(&self, entry: &Entry, id: ObjectId) -> Result<Done, WriteError> {
        let wanted = entry.attributes.values_of(LICENCES).to_vec();
        if wanted.is_empty() {
            return Ok(Done::Already);
        }
        self.assign_licences(id, &[], &wanted).await
    }

    async fn assign_licences(
        &self,
        id: ObjectId,
        before: &[String],
        after: &[String],
    ) -> Result<Done, WriteError> {
        let add: Vec<Value> = after
            .iter()
            .filter(|sku| !before.contains(sku))
            .map(|sku| json!({ "skuId": sku, "disabledPlans": [] }))
            .collect();
        let remove: Vec<&String> = before.iter().filter(|sku| !after.contains(sku)).collect();
        let body = json!({ "addLicenses": add, "removeLicenses": remove });
        let ask = || {
            let path = format!("/groups/{id}/assignLicense");
            Ask::write(Method::Post, path, Some(body.clone())).in_lane(id)
        };
        let reply = self.write_when_there(self.is_new(id), ask).await?;
        if !matches!(reply.status, 200 | 202 | 204) {
            return Err(Fault::read(reply.status, &reply.body).write_error());
        }
        let known = self.mirror().group_attributes(id);
        if let Some(mut attributes) = known {
            attributes.insert(LICENCES, after);
            self.know_group_attributes(id, &attributes, BTreeSet::from([LICENCES.to_owned()]));
        }
        Ok(Done::Written)
    }
}

/// Somebody else's object is in the way, seen by the service only: a deleted one, maybe.
fn held(fault: &Fault) -> WriteError {
    let what = if fault.taken.is_empty() { "name".to_owned() } else { fault.taken.join(", ") };
    let text = format!(
        "another object has the same {what} as the group: give that one another, or remove it for \
         good (a deleted one keeps its names for 30 days); then rentree replay"
    );
    WriteError::Refused { code: fault.status.into(), text }
}

/// How an upsert ended.
enum Upserted {
    /// The group is new and has its links.
    Whole,
    /// The group stands, without them; it is new or not.
    Bare(ObjectId, bool),
}

/// Licences are given apart.
fn same_but_licences(seen: &Attributes, wanted: &Attributes) -> Result<(), WriteError> {
    let without = |all: &Attributes| {
        let mut all = all.clone();
        all.remove(LICENCES);
        all
    };
    same(&without(seen), &without(wanted))
}

/// The name of a group, as its DN holds it.
pub(super) fn name_of(dn: &str) -> String {
    dn::leaf_pairs(dn).into_iter().next().map(|pair| pair.value).unwrap_or_default()
}
