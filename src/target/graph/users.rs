//! Accounts: made once, brought back rather than made again, written only as far as they are ours.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::GraphTarget;
use super::courier::{Ask, Reply};
use super::doubt::{Known, is_settled};
use super::encode::percent;
use super::exchange::Method;
use super::fault::Fault;
use super::memory::{UserRow, Values, Wrote};
use super::object_id::ObjectId;
use super::users_read::id;
use super::words::{ENABLED, PRINCIPAL, body, is_synced};
use super::write::{change, not_ours, patch, same, stale};
use crate::credential::InitialPassword;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, ObjectKey};
use crate::model::ids::PersonId;
use crate::target::{Done, TargetError, WriteError};

/// An account that was found, and what it carries.
struct Found {
    id: ObjectId,
    attributes: Attributes,
}

impl GraphTarget {
    pub(super) async fn create_account(
        &self,
        entry: &Entry,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError> {
        let person = person(&entry.key)?;
        let known = self.mirror().account(person);
        if let Some(id) = known {
            let is_expected = |seen: &Attributes| same(seen, &entry.attributes).is_ok();
            let Some(found) = self.look_at_account(person, id, is_expected).await? else {
                return Err(stale("the account that stood there is gone"));
            };
            same(&found.attributes, &entry.attributes)?;
            self.found_account(&found, person, entry.attributes.keys());
            return Ok(Done::Already);
        }
        if self.mirror().is_unmarked(person) {
            return Err(lost_mark());
        }
        if let Some(id) = self.deleted_account(person).await? {
            return self.restore(entry, person, id).await;
        }
        let mut body = body(&entry.attributes, &BTreeSet::new());
        body.entry(ENABLED).or_insert(Value::Bool(true));
        if let Some(secret) = secret {
            body.insert("passwordProfile".to_owned(), first_password(secret));
        }
        let ask = Ask::write(Method::Post, "/users".to_owned(), Some(Value::Object(body)));
        let reply = self.make(ask).await?;
        match reply.status {
            201 => match id(&reply.body) {
                Some(id) => {
                    self.know_account(id, person, &entry.attributes);
                    Ok(Done::Written)
                }
                None => Err(WriteError::Unknown("the answer does not name the account".into())),
            },
            status => {
                let fault = Fault::read(status, &reply.body);
                if !fault.is_conflict() {
                    return Err(fault.write_error());
                }
                self.compare_created(entry, person, &reply, &fault).await
            }
        }
    }

    /// Somebody has one of the names: an earlier try of ours, or a true homonym. Only the key
    /// tells, and a look may lag.
    async fn compare_created(
        &self,
        entry: &Entry,
        person: PersonId,
        reply: &Reply,
        fault: &Fault,
    ) -> Result<Done, WriteError> {
        let principal = first(&entry.attributes, PRINCIPAL).unwrap_or_default();
        let select = self.mirror().eyes.words.user_select();
        let path = format!("/users/{}?$select={select}", percent(principal));
        let is_ours = |seen: &Value| self.mirror().person_of(seen) == Some(person);
        // The whole was read without it: if it is ours, it is so new that a look may show how it
        // stood before it came back.
        let is_wanted = |seen: &Value| {
            let attributes = self.mirror().attributes_of_user(seen);
            !is_ours(seen) || same(&attributes, &entry.attributes).is_ok()
        };
        let look = async || self.get(path.clone()).await;
        let found = match self.look_until(true, look, |found| is_settled(found, is_wanted)).await? {
            None => self.account_of_key(person).await?,
            found => found,
        };
        let Some(found) = found else {
            // Whoever has that login does not appear: it may be an account of ours.
            let text = "somebody has the login, and does not appear".to_owned();
            let is_sure = !fault.is_about(PRINCIPAL);
            return Err(if is_sure { fault.name_taken() } else { WriteError::Unknown(text) });
        };
        let Some(id) = id(&found) else { return Err(fault.name_taken()) };
        let now = (self.settings.now)();
        self.mirror().meet_user(id, &found, now);
        if !is_ours(&found) {
            let is_lost = self.mirror().is_unmarked(person);
            return Err(if is_lost { lost_mark() } else { fault.name_taken() });
        }
        same(&self.mirror().attributes_of_user(&found), &entry.attributes)?;
        self.know_account(id, person, &entry.attributes);
        self.mirror().found(id, Wrote::Whole, now);
        // A try of this very write made it, with this password.
        Ok(if reply.is_repeated { Done::Written } else { Done::Already })
    }

    /// Whatever its names are.
    async fn account_of_key(&self, person: PersonId) -> Result<Option<Value>, WriteError> {
        let (key, select) = {
            let mirror = self.mirror();
            (mirror.eyes.opaque.of(person), mirror.eyes.words.user_select())
        };
        let path = format!("/users?$filter=employeeId%20eq%20'{key}'&$select={select}");
        let listed = self.get(path).await?;
        Ok(listed.as_ref().and_then(|list| list.get("value")?.get(0)).cloned())
    }

    /// The account of a person that was deleted and can come back.
    async fn deleted_account(&self, person: PersonId) -> Result<Option<ObjectId>, WriteError> {
        let is_known = self.mirror().deleted.is_some();
        if !is_known {
            self.read_deleted().await.map_err(unseen)?;
        }
        let mirror = self.mirror();
        Ok(mirror.deleted.as_ref().and_then(|deleted| deleted.get(&person).copied()))
    }

    /// Brings an account back, with what hangs on it, and gives it the values that are wanted. Its
    /// password stays the one that it had: nobody gets a new one.
    async fn restore(
        &self,
        entry: &Entry,
        person: PersonId,
        id: ObjectId,
    ) -> Result<Done, WriteError> {
        let principal = first(&entry.attributes, PRINCIPAL).unwrap_or_default();
        let body = json!({
            "autoReconcileProxyConflict": true,
            "newUserPrincipalName": principal,
        });
        let path = format!("/directory/deletedItems/{id}/restore");
        let ask = Ask::write(Method::Post, path, Some(body)).in_lane(id);
        let reply = self.ask(ask).await?;
        match reply.status {
            200 | 201 | 204 => {}
            // An earlier try brought it back, or somebody else did.
            404 if self.stands(person, id).await? => {}
            404 => {
                // Gone for good: the next try makes a new one.
                if let Some(deleted) = &mut self.mirror().deleted {
                    deleted.remove(&person);
                }
                let text = "the deleted account is gone for good".to_owned();
                return Err(WriteError::Busy { code: 404, text });
            }
            status => {
                let fault = Fault::read(status, &reply.body);
                let taken = fault.is_conflict().then(|| fault.name_taken());
                return Err(taken.unwrap_or_else(|| fault.write_error()));
            }
        }
        let emptied: BTreeSet<String> = {
            let mirror = self.mirror();
            let columns = mirror.memory.user_columns.iter();
            columns.filter(|name| !entry.attributes.contains_key(name)).cloned().collect()
        };
        let body = Value::Object(super::words::body(&entry.attributes, &emptied));
        let ask = || patch(format!("/users/{id}"), id, body.clone());
        let reply = self.write_when_there(true, ask).await?;
        if reply.status != 204 {
            return Err(Fault::read(reply.status, &reply.body).write_error());
        }
        self.know_account(id, person, &entry.attributes);
        if let Some(deleted) = &mut self.mirror().deleted {
            deleted.remove(&person);
        }
        Ok(Done::Already)
    }

    async fn stands(&self, person: PersonId, id: ObjectId) -> Result<bool, WriteError> {
        let select = self.mirror().eyes.words.user_select();
        let found = self.get_when_there(&format!("/users/{id}?$select={select}")).await?;
        Ok(found.is_some_and(|found| self.mirror().person_of(&found) == Some(person)))
    }

    /// We made it, or brought it back: it is known from now on.
    fn know_account(&self, id: ObjectId, person: PersonId, attributes: &Attributes) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        let columns = &mirror.memory.user_columns;
        let of = |name: &str| attributes.values_of(name).to_vec();
        let values = Values::new(columns, of);
        mirror.put_user(id, UserRow { person, values, synced: false });
        mirror.wrote(id, Wrote::Whole, now);
    }

    /// The account of a person, at the place where the plan saw it; None: it is gone.
    async fn account_at(
        &self,
        person: PersonId,
        dn: &str,
        is_expected: impl Fn(&Attributes) -> bool,
    ) -> Result<Option<Found>, WriteError> {
        let known = self.mirror().account_at(person, dn);
        let id = match known {
            Some(id) => id,
            None => {
                let select = self.mirror().eyes.words.user_select();
                let path = format!("/users/{}?$select={select}", percent(&principal(dn)));
                let Some(found) = self.get(path).await? else { return Ok(None) };
                let Some(id) = id(&found) else { return Ok(None) };
                let now = (self.settings.now)();
                self.mirror().meet_user(id, &found, now);
                id
            }
        };
        self.look_at_account(person, id, is_expected).await
    }

    /// What an account of ours carries, which should be as expected.
    async fn look_at_account(
        &self,
        person: PersonId,
        id: ObjectId,
        is_expected: impl Fn(&Attributes) -> bool,
    ) -> Result<Option<Found>, WriteError> {
        let now = (self.settings.now)();
        let known = self.mirror().known_user(id, now);
        if known.wrote == Some(Wrote::Gone) {
            return Ok(None);
        }
        let look = async || self.account_seen(person, id, &known).await;
        let is_doubtful = known.is_doubtful(&is_expected);
        let found = self.look_until(is_doubtful, look, |found| {
            is_settled(found, |found| is_expected(&found.attributes))
        });
        let found = found.await?;
        if found.is_none() {
            let mut mirror = self.mirror();
            mirror.lose_user(id, true);
            mirror.found(id, Wrote::Gone, now);
        }
        Ok(found)
    }

    /// An account as a look shows it, and as we wrote it where that is newer; None: it is not
    /// there, and we did not write of it.
    async fn account_seen(
        &self,
        person: PersonId,
        id: ObjectId,
        known: &Known,
    ) -> Result<Option<Found>, WriteError> {
        let select = self.mirror().eyes.words.user_select();
        let Some(seen) = self.get(format!("/users/{id}?$select={select}")).await? else {
            // A look that does not show yet what we made.
            let attributes = known.attributes.clone().filter(|_| known.wrote.is_some());
            return Ok(attributes.map(|attributes| Found { id, attributes }));
        };
        if is_synced(&seen) == Some(true) {
            return Err(WriteError::Refused {
                code: 400,
                text: "an Active Directory masters this account (onPremisesSyncEnabled)".into(),
            });
        }
        let attributes = self.mirror().attributes_of_user(&seen);
        let found = self.mirror().person_of(&seen);
        if found != Some(person) && !known.has_written(&self.mirror().eyes.words.managed.mark) {
            return Err(not_ours(found.map(ObjectKey::Account).as_ref()));
        }
        Ok(Some(Found { id, attributes: known.overlaid(attributes) }))
    }

    pub(super) async fn modify_account(
        &self,
        key: &ObjectKey,
        dn: &str,
        before: &Attributes,
        after: &Attributes,
    ) -> Result<Done, WriteError> {
        let person = person(key)?;
        let is_expected = |seen: &Attributes| change(seen, before, after).is_ok();
        let Some(found) = self.account_at(person, dn, is_expected).await? else {
            return Err(stale("the account is gone"));
        };
        let Some(changed) = change(&found.attributes, before, after)? else {
            self.found_account(&found, person, before.keys().chain(after.keys()));
            return Ok(Done::Already);
        };
        let values = |name| after.get(name).map(|all| (name, all));
        let given: Attributes = changed.iter().map(String::as_str).filter_map(values).collect();
        let emptied = changed.iter().filter(|name| !given.contains_key(name)).cloned().collect();
        self.write_account(&found, person, body(&given, &emptied), &given, changed).await
    }

    pub(super) async fn rename_account(
        &self,
        key: &ObjectKey,
        from: &str,
        to: &str,
    ) -> Result<Done, WriteError> {
        let person = person(key)?;
        let (old, wanted) = (principal(from), principal(to));
        let is_old = |name: &str| name.to_lowercase() == old.to_lowercase();
        let is_expected = |seen: &Attributes| {
            first(seen, PRINCIPAL).is_some_and(|name| name == wanted || is_old(name))
        };
        let Some(found) = self.account_at(person, from, is_expected).await? else {
            return Err(stale("the account is gone"));
        };
        let now = first(&found.attributes, PRINCIPAL).unwrap_or_default();
        if now == wanted {
            self.found_account(&found, person, [PRINCIPAL].into_iter());
            return Ok(Done::Already);
        }
        if !is_old(now) {
            return Err(stale("the account has another name than expected"));
        }
        let given = Attributes::from([(PRINCIPAL, [wanted])]);
        let changed = BTreeSet::from([PRINCIPAL.to_owned()]);
        self.write_account(&found, person, body(&given, &BTreeSet::new()), &given, changed).await
    }

    /// Somebody wrote these attributes before us: they are known from now on.
    fn found_account<'n>(
        &self,
        found: &Found,
        person: PersonId,
        names: impl Iterator<Item = &'n str>,
    ) {
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        let of = |name: &str| found.attributes.values_of(name).to_vec();
        let values = Values::new(&mirror.memory.user_columns, of);
        mirror.put_user(found.id, UserRow { person, values, synced: false });
        mirror.found(found.id, Wrote::Part(names.map(str::to_owned).collect()), now);
    }

    /// Writes some attributes of an account that is as expected.
    async fn write_account(
        &self,
        found: &Found,
        person: PersonId,
        body: Map<String, Value>,
        given: &Attributes,
        changed: BTreeSet<String>,
    ) -> Result<Done, WriteError> {
        let id = found.id;
        let body = Value::Object(body);
        let ask = || patch(format!("/users/{id}"), id, body.clone());
        let reply = self.write_when_there(self.is_new(id), ask).await?;
        if !matches!(reply.status, 200 | 204) {
            let fault = Fault::read(reply.status, &reply.body);
            return Err(self.name_taken(&fault, given).unwrap_or_else(|| fault.write_error()));
        }
        let mut attributes = found.attributes.clone();
        attributes.retain(|name, _| !changed.contains(name));
        attributes.extend(given);
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        let of = |name: &str| attributes.values_of(name).to_vec();
        let values = Values::new(&mirror.memory.user_columns, of);
        mirror.put_user(id, UserRow { person, values, synced: false });
        mirror.wrote(id, Wrote::Part(changed), now);
        Ok(Done::Written)
    }

    /// A name that somebody has. One of ours may be about to give it up: worth another try.
    fn name_taken(&self, fault: &Fault, given: &Attributes) -> Option<WriteError> {
        if !fault.is_conflict() {
            return None;
        }
        let holder = first(given, PRINCIPAL).and_then(|name| self.mirror().principal(name));
        Some(match (holder, fault.name_taken()) {
            (Some(_), WriteError::NameTaken { code, text }) => WriteError::Busy { code, text },
            (_, taken) => taken,
        })
    }

    pub(super) async fn delete_account(
        &self,
        key: &ObjectKey,
        dn: &str,
        before: &Attributes,
    ) -> Result<Done, WriteError> {
        let person = person(key)?;
        let is_expected = |seen: &Attributes| same(seen, before).is_ok();
        let found = self.account_at(person, dn, is_expected).await?;
        let Some(found) = found else { return Ok(Done::Already) };
        same(&found.attributes, before)?;
        let id = found.id;
        let ask = || Ask::write(Method::Delete, format!("/users/{id}"), None).in_lane(id);
        let reply = self.write_when_there(self.is_new(id), ask).await?;
        let done = match reply.status {
            204 => Done::Written,
            404 if reply.is_repeated => Done::Written,
            404 => Done::Already,
            status => return Err(Fault::read(status, &reply.body).write_error()),
        };
        let now = (self.settings.now)();
        let mut mirror = self.mirror();
        mirror.lose_user(id, true);
        mirror.wrote(id, Wrote::Gone, now);
        Ok(done)
    }

    /// The number of the account that a link points to. `is_ours`: a stranger's is none.
    pub(super) async fn linked_account(
        &self,
        link: &str,
        is_ours: bool,
    ) -> Result<Option<ObjectId>, WriteError> {
        let pair = dn::leaf_pairs(link).into_iter().next();
        let Some(pair) = pair else { return Ok(None) };
        if pair.attribute == super::observe::NUMBER {
            return Ok(pair.value.parse().ok().filter(|_| !is_ours));
        }
        if let Some(id) = self.mirror().principal(&pair.value) {
            return Ok(Some(id));
        }
        if !is_ours {
            let mirror = self.mirror();
            let wanted = pair.value.to_lowercase();
            let mut strangers = mirror.memory.strangers.iter();
            let found = strangers.find(|(_, one)| one.principal.to_lowercase() == wanted);
            if let Some((id, _)) = found {
                return Ok(Some(*id));
            }
        }
        let select = self.mirror().eyes.words.user_select();
        let path = format!("/users/{}?$select={select}", percent(&pair.value));
        let Some(found) = self.get(path).await? else { return Ok(None) };
        let Some(id) = id(&found) else { return Ok(None) };
        let now = (self.settings.now)();
        self.mirror().meet_user(id, &found, now);
        let stands = self.mirror().memory.users.contains_key(&id);
        Ok((stands || !is_ours).then_some(id))
    }
}

fn lost_mark() -> WriteError {
    stale("an account of this person has lost our mark: the next plan tells what to do")
}

fn person(key: &ObjectKey) -> Result<PersonId, WriteError> {
    key.person().ok_or_else(|| stale("not an account"))
}

/// The login that a name holds.
fn principal(dn: &str) -> String {
    dn::leaf_pairs(dn).into_iter().next().map(|pair| pair.value).unwrap_or_default()
}

fn first<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name)?.first()
}

/// The password of an account that is being made: to be changed at first use (SEC-12).
fn first_password(secret: &InitialPassword) -> Value {
    json!({ "password": secret.reveal(), "forceChangePasswordNextSignIn": true })
}

/// A look before a write that found nothing out.
fn unseen(error: TargetError) -> WriteError {
    WriteError::Lost(error.to_string())
}
