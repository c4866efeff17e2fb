//! Reading the accounts of a tenant: what changed since the last time, or all of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::GraphTarget;
use super::courier::Ask;
use super::exchange::origin;
use super::memory::Since;
use super::object_id::ObjectId;
use super::read::{End, Listing, unreadable};
use super::words::text;
use crate::model::ids::PersonId;
use crate::target::TargetError;

/// The service keeps the address of the changes for seven days.
const CHANGES_LIFE: SignedDuration = SignedDuration::from_hours(6 * 24);
/// Rows of one page: as many as the service gives.
pub(super) const PAGE: u32 = 999;

/// The number of an object in a listing.
pub(super) fn id(object: &Value) -> Option<ObjectId> {
    text(object, "id").parse().ok()
}

/// Why an object is gone: `changed` (it can come back) or `deleted`. None: it is there.
pub(super) fn removed(object: &Value) -> Option<&str> {
    Some(text(object.get("@removed")?, "reason"))
}

impl GraphTarget {
    pub(super) async fn read_users(&self) -> Result<(), TargetError> {
        let now = (self.settings.now)();
        let since = self.mirror().memory.users_since.clone();
        if let Some(since) = since.filter(|since| self.is_usable(since, now)) {
            let unchecked_since = self.unchecked(&since, now);
            if unchecked_since != since.unchecked_since {
                self.list_users(now).await?;
            }
            let listing = Listing { what: "changes of users", first: &since.link, units: 1 };
            let end = self.pages(listing, |user| self.take_user(user, now)).await?;
            if let End::Whole { changes: Some(link) } = end {
                let since = Since { link, given_at: now, unchecked_since };
                self.mirror().memory.users_since = Some(since);
                return Ok(());
            }
        }
        self.read_all_users(now).await
    }

    /// The address of the changes is young enough, and of the service as we are to ask it now.
    pub(super) fn is_usable(&self, since: &Since, now: Timestamp) -> bool {
        let is_here = origin(&since.link) == origin(&self.settings.base_url);
        is_here && now.duration_since(since.given_at) < CHANGES_LIFE
    }

    /// The whole that changes go on from is to be read once more when nothing lags any more.
    pub(super) fn unchecked(&self, since: &Since, now: Timestamp) -> Option<Timestamp> {
        since.unchecked_since.filter(|at| self.mirror().is_fresh(*at, now))
    }

    /// First the address of the changes from now on, then everybody: what changes in between is
    /// told twice rather than never.
    async fn read_all_users(&self, now: Timestamp) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.user_select();
        let first = format!("/users/delta?$deltatoken=latest&$select={select}");
        let listing = Listing { what: "changes of users", first: &first, units: 1 };
        let changes = match self.pages(listing, |_| {}).await? {
            End::Whole { changes } => changes,
            End::Expired => None,
        };
        self.list_users(now).await?;
        let since = changes.map(|link| Since { link, given_at: now, unchecked_since: Some(now) });
        self.mirror().memory.users_since = since;
        Ok(())
    }

    async fn list_users(&self, now: Timestamp) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.user_select();
        let first = format!("/users?$select={select}&$top={PAGE}");
        let listing = Listing { what: "users", first: &first, units: 1 };
        let mut seen = BTreeSet::new();
        let end = self.pages(listing, |user| {
            seen.extend(id(user));
            self.take_user(user, now);
        });
        if let End::Expired = end.await? {
            return Err(unreadable("users", 410, &Value::Null));
        }
        self.mirror().keep_users(&seen, now);
        Ok(())
    }

    fn take_user(&self, user: &Value, now: Timestamp) {
        let Some(id) = id(user) else { return };
        let mut mirror = self.mirror();
        if mirror.passes_over(id, now) {
            return;
        }
        match removed(user) {
            Some(reason) => mirror.lose_user(id, reason == "changed"),
            None => mirror.see_user(id, user),
        }
    }

    /// Our accounts among the deleted ones: they come back rather than being made twice.
    pub(super) async fn read_deleted(&self) -> Result<(), TargetError> {
        let mark = self.mirror().eyes.words.mark_select().to_owned();
        let first = format!(
            "/directory/deletedItems/microsoft.graph.user?$select=id,deletedDateTime,{mark}\
             &$top={PAGE}"
        );
        let listing = Listing { what: "deleted users", first: &first, units: 1 };
        // Of two with one key, the one deleted last.
        let mut found: BTreeMap<PersonId, (String, ObjectId)> = BTreeMap::new();
        self.pages(listing, |user| {
            let mirror = self.mirror();
            let (Some(id), Some(person)) = (id(user), mirror.person_of(user)) else { return };
            if mirror.memory.users.contains_key(&id) {
                return; // It came back; this listing lags.
            }
            let one = (text(user, "deletedDateTime").to_owned(), id);
            found
                .entry(person)
                .and_modify(|held| *held = held.clone().max(one.clone()))
                .or_insert(one);
        })
        .await?;
        let found = found.into_iter().map(|(person, (_, id))| (person, id)).collect();
        self.mirror().deleted = Some(found);
        Ok(())
    }

    /// Looks again at accounts of which something was passed over.
    pub(super) async fn look_again_at_users(&self, ids: &[ObjectId]) -> Result<(), TargetError> {
        let select = self.mirror().eyes.words.user_select();
        let asks = ids.iter().map(|id| (*id, Ask::get(format!("/users/{id}?$select={select}"))));
        for (id, reply) in self.ask_all(asks).await? {
            match reply.status {
                200 => self.mirror().see_user(id, &reply.body),
                404 => self.mirror().lose_user(id, true),
                status => return Err(unreadable("a user", status, &reply.body)),
            }
        }
        Ok(())
    }
}
