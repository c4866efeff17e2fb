//! What we know of the tenant: the memory, with the ways to find an object in it.
//!
//! - In: objects as the service tells them, and what we wrote ourselves. - Out: an object by its
//!   key, its name or its number. - Can go wrong: nothing; what is not known is looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::memory::{Fresh, GroupRow, Memory, Unmarked, UserRow, Wrote};
use super::object_id::ObjectId;
use super::words::{EMPLOYEE_ID, NICKNAME, PRINCIPAL, UNIQUE_NAME, Words};
use super::words::{is_synced, is_team, text};
use crate::model::dn;
use crate::model::entry::{Attributes, ObjectKey};
use crate::model::ids::PersonId;
use crate::model::opaque::OpaqueKeys;
use crate::model::unique_name;
use crate::target::pace::Tempo;

/// A look may show an object as it was before a write of ours for so long.
pub(super) const LAG: Duration = Duration::from_secs(300);

/// What is ours, by what it carries.
pub(super) struct Eyes {
    pub(super) words: Words,
    pub(super) opaque: OpaqueKeys,
    pub(super) prefix: String,
    pub(super) tempo: Tempo,
}

pub(super) struct Mirror {
    pub(super) memory: Memory,
    pub(super) eyes: Eyes,
    persons: BTreeSet<(PersonId, ObjectId)>,
    principals: BTreeMap<Box<str>, ObjectId>,
    keys: BTreeMap<ObjectKey, ObjectId>,
    /// Accounts of ours that can come back; None: nobody has looked yet.
    pub(super) deleted: Option<BTreeMap<PersonId, ObjectId>>,
    /// When this process has read the whole.
    pub(super) looked_at: Option<Timestamp>,
}

impl Mirror {
    pub(super) fn new(mut memory: Memory, eyes: Eyes) -> Self {
        let words = &eyes.words;
        let is_same = memory.user_columns == words.user_columns
            && memory.group_columns == words.group_columns;
        if !is_same {
            // Another mapping: the rows hold other values.
            let paces = std::mem::take(&mut memory.paces);
            memory = Memory {
                user_columns: words.user_columns.clone(),
                group_columns: words.group_columns.clone(),
                paces,
                ..Memory::default()
            };
        }
        let mut mirror = Self {
            memory,
            eyes,
            persons: BTreeSet::new(),
            principals: BTreeMap::new(),
            keys: BTreeMap::new(),
            deleted: None,
            looked_at: None,
        };
        mirror.index();
        mirror
    }

    fn index(&mut self) {
        let columns = &self.memory.user_columns;
        for (id, row) in &self.memory.users {
            self.persons.insert((row.person, *id));
            if let Some(name) = row.values.first(columns, PRINCIPAL) {
                self.principals.insert(name.to_lowercase().into(), *id);
            }
        }
        self.keys = self.memory.groups.iter().map(|(id, row)| (row.key.clone(), *id)).collect();
    }

    /// Everybody was read: whoever is not among them is gone, unless we wrote of him a moment ago.
    pub(super) fn keep_users(&mut self, seen: &BTreeSet<ObjectId>, now: Timestamp) {
        let known = self.memory.users.keys();
        let gone: Vec<ObjectId> = known.filter(|id| !seen.contains(id)).copied().collect();
        for id in gone {
            if !self.passes_over(id, now) {
                self.lose_user(id, true);
            }
        }
        self.memory.strangers.retain(|id, one| !one.is_user() || seen.contains(id));
        self.memory.unmarked.retain(|id, _| seen.contains(id));
    }

    pub(super) fn keep_groups(&mut self, seen: &BTreeSet<ObjectId>, now: Timestamp) {
        let known = self.memory.groups.keys();
        let gone: Vec<ObjectId> = known.filter(|id| !seen.contains(id)).copied().collect();
        for id in gone {
            if !self.passes_over(id, now) {
                self.lose_group(id);
            }
        }
        self.memory.strangers.retain(|id, one| one.is_user() || seen.contains(id));
    }

    /// Whether an object is a user, or else a group; None: it is not known.
    pub(super) fn is_user(&self, id: ObjectId) -> Option<bool> {
        if self.memory.users.contains_key(&id) {
            return Some(true);
        }
        let is_group = self.memory.groups.contains_key(&id).then_some(false);
        is_group.or_else(|| Some(self.memory.strangers.get(&id)?.is_user()))
    }

    /// The account of a person; of two, the one that [`crate::target::Observed`] shows.
    pub(super) fn account(&self, person: PersonId) -> Option<ObjectId> {
        let all = self.persons.range((person, ObjectId(0))..=(person, ObjectId(u128::MAX)));
        all.map(|(_, id)| *id).min_by_key(|id| self.user_place(*id))
    }

    /// The account of a person that stands at a place, or else the one that is shown.
    pub(super) fn account_at(&self, person: PersonId, dn: &str) -> Option<ObjectId> {
        let named = dn::leaf_pairs(dn).into_iter().next();
        let there = named.and_then(|pair| self.principal(&pair.value));
        let is_theirs = |id: &ObjectId| self.persons.contains(&(person, *id));
        there.filter(is_theirs).or_else(|| self.account(person))
    }

    /// Where an account stands, to compare.
    fn user_place(&self, id: ObjectId) -> String {
        dn::comparable(&self.user_dn(id).unwrap_or_default())
    }

    pub(super) fn user_dn(&self, id: ObjectId) -> Option<String> {
        let name = match self.memory.users.get(&id) {
            Some(row) => row.values.first(&self.memory.user_columns, PRINCIPAL)?,
            None => {
                let stranger = self.memory.strangers.get(&id)?;
                Some(&*stranger.principal).filter(|name| !name.is_empty())?
            }
        };
        Some(dn::rdn(PRINCIPAL, name))
    }

    /// The account of ours that has a name.
    pub(super) fn principal(&self, name: &str) -> Option<ObjectId> {
        self.principals.get(name.to_lowercase().as_str()).copied()
    }

    pub(super) fn group(&self, key: &ObjectKey) -> Option<(ObjectId, &GroupRow)> {
        let id = self.keys.get(key).or_else(|| self.keys.get(&key.opaque()))?;
        Some((*id, self.memory.groups.get(id)?))
    }

    pub(super) fn user_attributes(&self, id: ObjectId) -> Option<Attributes> {
        let row = self.memory.users.get(&id)?;
        Some(Words::attributes(&self.memory.user_columns, &row.values))
    }

    pub(super) fn group_attributes(&self, id: ObjectId) -> Option<Attributes> {
        let row = self.memory.groups.get(&id)?;
        Some(Words::attributes(&self.memory.group_columns, &row.values))
    }

    /// What a user carries, as the service tells it.
    pub(super) fn attributes_of_user(&self, object: &Value) -> Attributes {
        let columns = &self.memory.user_columns;
        Words::attributes(columns, &Words::values(columns, object, None))
    }

    /// The person whose account an object is, by its mark; None: it is not ours.
    pub(super) fn person_of(&self, object: &Value) -> Option<PersonId> {
        let mark = &self.eyes.words.managed.mark;
        let columns = std::slice::from_ref(mark);
        let values = Words::values(columns, object, None);
        self.eyes.opaque.person(values.first(columns, mark)?)
    }

    /// The group that an object is; None: it is not ours.
    pub(super) fn key_of(&self, object: &Value) -> Option<ObjectKey> {
        unique_name::read(&self.eyes.prefix, text(object, UNIQUE_NAME))
    }

    /// A user as the service tells it, whole or in part.
    pub(super) fn see_user(&mut self, id: ObjectId, object: &Value) {
        let before = self.memory.users.get(&id);
        let columns = &self.memory.user_columns;
        let values = Words::values(columns, object, before.map(|row| &row.values));
        let mark = values.first(columns, &self.eyes.words.managed.mark).unwrap_or_default();
        let person = self.eyes.opaque.person(mark);
        let synced = is_synced(object).unwrap_or(before.is_some_and(|row| row.synced));
        let before = self.drop_user(id);
        match person {
            Some(person) => {
                if before.is_none() && object.get(PRINCIPAL).is_none() {
                    // A change told in part has made it ours: the rest is to be looked at.
                    let what = Wrote::Part(BTreeSet::new());
                    let unseen = Fresh { at: Timestamp::UNIX_EPOCH, what, overlooked: true };
                    self.memory.fresh.entry(id).or_insert(unseen);
                }
                self.put_user(id, UserRow { person, values, synced });
            }
            None => self.see_stranger(id, object, before),
        }
    }

    /// A user without our mark; `before`: as an account of ours, which it was until now.
    fn see_stranger(&mut self, id: ObjectId, object: &Value, before: Option<UserRow>) {
        let mut stranger = self.memory.strangers.remove(&id).unwrap_or_default();
        let mut unmarked = self.memory.unmarked.remove(&id).unwrap_or_default();
        if let Some(row) = before {
            let value =
                |name| row.values.first(&self.memory.user_columns, name).unwrap_or_default();
            stranger.principal = value(PRINCIPAL).into();
            stranger.nickname = value(NICKNAME).into();
            unmarked = self.keyed(unmarked, value(EMPLOYEE_ID));
            unmarked.was = Some((row.person, stranger.principal.clone()));
        }
        learn(&mut stranger.principal, object, PRINCIPAL);
        learn(&mut stranger.nickname, object, NICKNAME);
        if object.get(EMPLOYEE_ID).is_some() {
            unmarked = self.keyed(unmarked, text(object, EMPLOYEE_ID));
        }
        // Another login and another key: somebody has made it somebody else's.
        let renamed = |(_, name): &(PersonId, Box<str>)| {
            name.to_lowercase() != stranger.principal.to_lowercase()
        };
        unmarked.was.take_if(|was| unmarked.is_keyed_otherwise && renamed(was));
        if !unmarked.persons().is_empty() {
            self.memory.unmarked.insert(id, unmarked);
        }
        if !stranger.principal.is_empty() {
            self.memory.strangers.insert(id, stranger);
        }
    }

    fn keyed(&self, unmarked: Unmarked, key: &str) -> Unmarked {
        let person = self.eyes.opaque.person(key);
        let is_keyed_otherwise = person.is_none() && !key.is_empty();
        Unmarked { key: person, is_keyed_otherwise, ..unmarked }
    }

    /// An account of a person stands without our mark: none is to be made.
    pub(super) fn is_unmarked(&self, person: PersonId) -> bool {
        self.memory.unmarked.values().any(|one| one.persons().contains(&person))
    }

    /// A user that a look by its name came upon; unless we know better.
    pub(super) fn meet_user(&mut self, id: ObjectId, object: &Value, now: Timestamp) {
        if !self.passes_over(id, now) {
            self.see_user(id, object);
        }
    }

    pub(super) fn put_user(&mut self, id: ObjectId, row: UserRow) {
        self.drop_user(id);
        self.memory.strangers.remove(&id);
        self.memory.unmarked.remove(&id);
        self.persons.insert((row.person, id));
        if let Some(name) = row.values.first(&self.memory.user_columns, PRINCIPAL) {
            self.principals.insert(name.to_lowercase().into(), id);
        }
        self.memory.users.insert(id, row);
    }

    fn drop_user(&mut self, id: ObjectId) -> Option<UserRow> {
        let row = self.memory.users.remove(&id)?;
        self.persons.remove(&(row.person, id));
        if let Some(name) = row.values.first(&self.memory.user_columns, PRINCIPAL) {
            let name = name.to_lowercase();
            if self.principals.get(name.as_str()) == Some(&id) {
                self.principals.remove(name.as_str());
            }
        }
        Some(row)
    }

    /// A user is gone, for good or for now.
    pub(super) fn lose_user(&mut self, id: ObjectId, can_come_back: bool) {
        self.memory.strangers.remove(&id);
        self.memory.unmarked.remove(&id);
        if let Some(row) = self.drop_user(id)
            && can_come_back
            && let Some(deleted) = &mut self.deleted
        {
            deleted.insert(row.person, id);
        }
    }

    /// A group as the service tells it, whole or in part; its links are told apart.
    pub(super) fn see_group(&mut self, id: ObjectId, object: &Value) {
        let before = self.memory.groups.get(&id);
        let key = self.key_of(object).or_else(|| before.map(|row| row.key.clone()));
        let Some(key) = key else {
            let mut stranger = self.memory.strangers.remove(&id).unwrap_or_default();
            learn(&mut stranger.nickname, object, NICKNAME);
            if !stranger.nickname.is_empty() {
                self.memory.strangers.insert(id, stranger);
            }
            return;
        };
        let columns = &self.memory.group_columns;
        let values = Words::values(columns, object, before.map(|row| &row.values));
        let created_at = text(object, "createdDateTime").parse().ok();
        let team = is_team(object).unwrap_or(before.is_some_and(|row| row.team));
        let row = GroupRow {
            key,
            values,
            created_at: created_at.or_else(|| before.and_then(|row| row.created_at)),
            team,
            team_asked: before.and_then(|row| row.team_asked.clone()).filter(|_| !team),
            members: before.map(|row| row.members.clone()).unwrap_or_default(),
            owners: before.map(|row| row.owners.clone()).unwrap_or_default(),
        };
        self.put_group(id, row);
    }

    /// A group that a look by its name came upon; unless we know better.
    pub(super) fn meet_group(&mut self, id: ObjectId, object: &Value, now: Timestamp) {
        if !self.passes_over(id, now) {
            self.see_group(id, object);
        }
    }

    pub(super) fn put_group(&mut self, id: ObjectId, row: GroupRow) {
        self.memory.strangers.remove(&id);
        self.keys.insert(row.key.clone(), id);
        self.memory.groups.insert(id, row);
    }

    pub(super) fn lose_group(&mut self, id: ObjectId) {
        self.memory.strangers.remove(&id);
        if let Some(row) = self.memory.groups.remove(&id)
            && self.keys.get(&row.key) == Some(&id)
        {
            self.keys.remove(&row.key);
        }
    }

    /// We wrote it: for a while we know better than a look.
    pub(super) fn wrote(&mut self, id: ObjectId, what: Wrote, now: Timestamp) {
        let before = self.memory.fresh.remove(&id);
        let what = match (before.map(|fresh| fresh.what), what) {
            (Some(Wrote::Whole), Wrote::Part(_)) => Wrote::Whole,
            (Some(Wrote::Part(mut all)), Wrote::Part(more)) => {
                all.extend(more);
                Wrote::Part(all)
            }
            (_, what) => what,
        };
        self.memory.fresh.insert(id, Fresh { at: now, what, overlooked: false });
    }

    /// A look showed it as somebody just wrote it; the next one may not.
    pub(super) fn found(&mut self, id: ObjectId, what: Wrote, now: Timestamp) {
        self.wrote(id, what, now);
        self.passes_over(id, now);
    }

    /// What we wrote of an object so lately that a look may not show it.
    pub(super) fn fresh(&self, id: ObjectId, now: Timestamp) -> Option<&Wrote> {
        self.memory.fresh.get(&id).filter(|one| self.is_fresh(one.at, now)).map(|one| &one.what)
    }

    pub(super) fn is_fresh(&self, at: Timestamp, now: Timestamp) -> bool {
        let age = Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO);
        self.eyes.tempo.there(age) < LAG
    }

    /// A look speaks of an object that we wrote so lately that it may show an older state: what we
    /// wrote stands, and the object is looked at again later.
    pub(super) fn passes_over(&mut self, id: ObjectId, now: Timestamp) -> bool {
        if self.fresh(id, now).is_none() {
            return false;
        }
        if let Some(fresh) = self.memory.fresh.get_mut(&id) {
            fresh.overlooked = true;
        }
        true
    }

    /// Forgets when we wrote what every look shows by now. Returns those to be looked at again.
    pub(super) fn settle(&mut self, now: Timestamp) -> Vec<ObjectId> {
        let fresh = std::mem::take(&mut self.memory.fresh);
        let (young, old): (BTreeMap<_, _>, BTreeMap<_, _>) =
            fresh.into_iter().partition(|(_, one)| self.is_fresh(one.at, now));
        self.memory.fresh = young;
        old.into_iter().filter(|(_, one)| one.overlooked).map(|(id, _)| id).collect()
    }
}

/// Takes a property over, if it is spoken of.
fn learn(place: &mut Box<str>, object: &Value, name: &str) {
    if object.get(name).is_some() {
        *place = text(object, name).into();
    }
}
