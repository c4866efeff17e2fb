//! What stands in the tenant, and what stood there a moment ago.
//!
//! An object is its JSON as text: a tenant of 300,000 has to fit beside what is tested against it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::guid::Guid;
use crate::lab::storage::Kept;

/// Properties of ours inside the JSON of an object; never in an answer.
pub(super) const HIDDEN: &str = "@lab.";
pub(super) const ADMIN: &str = "@lab.admin";
/// When a team was asked for, in ms.
pub(super) const TEAM_ASKED: &str = "@lab.teamAsked";
/// The operation of the last one that was asked for, and whether it comes to nothing.
pub(super) const TEAM_OPERATION: &str = "@lab.teamOperation";
pub(super) const TEAM_FAILS: &str = "@lab.teamFails";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Kind {
    User,
    Group,
    School,
}

impl Kind {
    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::School => "educationSchool",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Rel {
    Members,
    Owners,
}

impl Rel {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Owners => "owners",
        }
    }
}

/// Whether an object is there. Times are milliseconds of the service's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Standing {
    Live,
    Deleted(i64),
    Purged(i64),
}

/// One state of an object.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) standing: Standing,
    pub(super) json: Box<str>,
}

impl State {
    pub(super) fn map(&self) -> Map<String, Value> {
        // It was written by us.
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    pub(super) fn is_live(&self) -> bool {
        self.standing == Standing::Live
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct LinkChange {
    pub(super) seq: u64,
    pub(super) at: i64,
    pub(super) rel: Rel,
    pub(super) member: Guid,
    pub(super) added: bool,
}

#[derive(Debug, Default)]
struct Links {
    members: BTreeSet<Guid>,
    owners: BTreeSet<Guid>,
    log: Vec<LinkChange>,
}

#[derive(Debug)]
struct Object {
    kind: Kind,
    now: State,
    /// Older states that a replica may still show, the oldest first.
    before: Vec<State>,
    created: i64,
    links: Option<Box<Links>>,
}

/// One thing that changes; a line of the log on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Change {
    Put { id: Guid, kind: Kind, seq: u64, at: i64, standing: Standing, json: String },
    Link { group: Guid, rel: Rel, member: Guid, added: bool, seq: u64, at: i64 },
}

/// Properties by which objects are found without looking at all of them.
pub(super) const INDEXED: [&str; 5] =
    ["userPrincipalName", "mailNickname", "employeeId", "uniqueName", "proxyAddresses"];

#[derive(Debug, Default)]
pub(super) struct Tenant {
    objects: BTreeMap<Guid, Object>,
    /// (hash of property and lower-case value, object).
    index: BTreeSet<(u64, Guid)>,
    /// The last change of each object.
    by_seq: BTreeMap<u64, Guid>,
    /// Objects with older states, by when they changed.
    recent: VecDeque<(i64, Guid)>,
    deleted: BTreeSet<(i64, Guid)>,
    purged: BTreeSet<(i64, Guid)>,
    pub(super) seq: u64,
    /// The latest time of a change.
    pub(super) latest: i64,
    live: [u64; 3],
}

/// Links of so many days keep their history between processes: longer than a delta token lives.
const LINKS_KEPT_MS: i64 = 8 * 24 * 3_600 * 1_000;

impl Kept for Tenant {
    type Change = Change;

    fn redo(&mut self, change: &Change) {
        self.apply(change, 0);
    }

    fn changes(&self) -> impl Iterator<Item = Change> {
        self.told(self.latest - LINKS_KEPT_MS)
    }
}

impl Tenant {
    /// Applies a change. `keep`: for so many ms, older states can be asked for.
    pub(super) fn apply(&mut self, change: &Change, keep: i64) {
        match change {
            Change::Put { id, kind, seq, at, standing, json } => {
                let json = json.clone().into_boxed_str();
                let state = State { seq: *seq, at: *at, standing: *standing, json };
                self.put(*id, *kind, state, keep);
            }
            Change::Link { group, rel, member, added, seq, at } => {
                let (rel, member, added) = (*rel, *member, *added);
                self.link(*group, LinkChange { seq: *seq, at: *at, rel, member, added });
            }
        }
    }

    fn put(&mut self, id: Guid, kind: Kind, state: State, keep: i64) {
        self.seq = self.seq.max(state.seq);
        self.latest = self.latest.max(state.at);
        let at = state.at;
        let map = state.map();
        match self.objects.remove(&id) {
            None => {
                self.count(kind, state.standing, id, true);
                self.index(id, &map, true);
                self.by_seq.insert(state.seq, id);
                let created = at;
                let object = Object { kind, now: state, before: Vec::new(), created, links: None };
                self.objects.insert(id, object);
                // What was not there a moment ago is known by the time of its making.
            }
            Some(mut object) => {
                self.count(kind, object.now.standing, id, false);
                self.count(kind, state.standing, id, true);
                self.index(id, &object.now.map(), false);
                self.index(id, &map, true);
                self.by_seq.remove(&object.now.seq);
                self.by_seq.insert(state.seq, id);
                let old = std::mem::replace(&mut object.now, state);
                if keep > 0 {
                    object.before.push(old);
                    self.recent.push_back((at, id));
                }
                self.objects.insert(id, object);
            }
        }
        while let Some((then, id)) = self.recent.front().copied().filter(|(t, _)| *t < at - keep) {
            self.recent.pop_front();
            if let Some(object) = self.objects.get_mut(&id) {
                object.before.retain(|state| state.at >= then);
            }
        }
    }

    fn link(&mut self, group: Guid, change: LinkChange) {
        self.seq = self.seq.max(change.seq);
        self.latest = self.latest.max(change.at);
        let Some(object) = self.objects.get_mut(&group) else { return };
        let links = object.links.get_or_insert_default();
        let set = match change.rel {
            Rel::Members => &mut links.members,
            Rel::Owners => &mut links.owners,
        };
        match change.added {
            true => set.insert(change.member),
            false => set.remove(&change.member),
        };
        links.log.push(change);
        self.by_seq.remove(&object.now.seq);
        object.now.seq = change.seq;
        self.by_seq.insert(change.seq, group);
    }

    fn count(&mut self, kind: Kind, standing: Standing, id: Guid, more: bool) {
        match (standing, more) {
            (Standing::Live, true) => self.live[kind as usize] += 1,
            (Standing::Live, false) => self.live[kind as usize] -= 1,
            (Standing::Deleted(at), true) => _ = self.deleted.insert((at, id)),
            (Standing::Deleted(at), false) => _ = self.deleted.remove(&(at, id)),
            (Standing::Purged(at), true) => _ = self.purged.insert((at, id)),
            (Standing::Purged(at), false) => _ = self.purged.remove(&(at, id)),
        }
    }

    fn index(&mut self, id: Guid, map: &Map<String, Value>, there: bool) {
        for name in INDEXED {
            for value in texts(map, name) {
                let key = (hash(name, value), id);
                match there {
                    true => self.index.insert(key),
                    false => self.index.remove(&key),
                };
            }
        }
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.seq + 1
    }

    pub(super) fn kind(&self, id: Guid) -> Option<Kind> {
        self.objects.get(&id).map(|object| object.kind)
    }

    /// The state now; not of a purged object.
    pub(super) fn now(&self, id: Guid) -> Option<&State> {
        let state = &self.objects.get(&id)?.now;
        (!matches!(state.standing, Standing::Purged(_))).then_some(state)
    }

    pub(super) fn live(&self, id: Guid, kind: Kind) -> Option<&State> {
        let object = self.objects.get(&id).filter(|object| object.kind == kind)?;
        Some(&object.now).filter(|state| state.is_live())
    }

    /// The state that a replica shows which has seen all up to `horizon`; purged ones too.
    pub(super) fn seen(&self, id: Guid, horizon: i64) -> Option<&State> {
        let object = self.objects.get(&id)?;
        if object.created > horizon {
            return None;
        }
        if object.now.at <= horizon {
            return Some(&object.now);
        }
        let older = object.before.iter().rev().find(|state| state.at <= horizon);
        Some(older.or(object.before.first()).unwrap_or(&object.now))
    }

    pub(super) fn created(&self, id: Guid) -> i64 {
        self.objects.get(&id).map_or(0, |object| object.created)
    }

    /// Live objects of a kind whose property has a value, whatever its case.
    pub(super) fn find(&self, kind: Kind, name: &str, value: &str) -> Vec<Guid> {
        let mut found = self.candidates(name, value);
        found.retain(|id| self.live(*id, kind).is_some_and(|state| has(state, name, value)));
        found
    }

    /// Soft-deleted objects of a kind whose property has a value.
    pub(super) fn find_deleted(&self, kind: Kind, name: &str, value: &str) -> Vec<Guid> {
        let mut found = self.candidates(name, value);
        found.retain(|id| {
            let object = self.objects.get(id).filter(|object| object.kind == kind);
            let state = object.map(|object| &object.now);
            state.is_some_and(|state| {
                matches!(state.standing, Standing::Deleted(_)) && has(state, name, value)
            })
        });
        found
    }

    /// Objects that may have the value now (others may have had it a moment ago).
    pub(super) fn candidates(&self, name: &str, value: &str) -> Vec<Guid> {
        let key = hash(name, value);
        self.index.range((key, Guid(0))..=(key, Guid(u128::MAX))).map(|(_, id)| *id).collect()
    }

    /// Ids of a kind after one, whatever their standing.
    pub(super) fn ids_after(&self, kind: Kind, after: Option<Guid>) -> impl Iterator<Item = Guid> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        let range = self.objects.range((from, Unbounded));
        range.filter(move |(_, object)| object.kind == kind).map(|(id, _)| *id)
    }

    /// What changed after a point, the oldest first.
    pub(super) fn changed_after(&self, seq: u64) -> impl Iterator<Item = (u64, Guid)> {
        self.by_seq.range(seq + 1..).map(|(seq, id)| (*seq, *id))
    }

    /// The same, the newest first.
    pub(super) fn changed_newest(&self) -> impl Iterator<Item = (u64, Guid)> {
        self.by_seq.iter().rev().map(|(seq, id)| (*seq, *id))
    }

    /// The last state, purged or not.
    pub(super) fn last(&self, id: Guid) -> Option<&State> {
        self.objects.get(&id).map(|object| &object.now)
    }

    /// When the last change of an object was, links included.
    pub(super) fn changed_at(&self, id: Guid) -> i64 {
        let links = self.link_log(id).last().map_or(i64::MIN, |change| change.at);
        self.last(id).map_or(i64::MIN, |state| state.at).max(links)
    }

    pub(super) fn links(&self, group: Guid, rel: Rel) -> Option<&BTreeSet<Guid>> {
        let links = self.objects.get(&group)?.links.as_deref()?;
        Some(match rel {
            Rel::Members => &links.members,
            Rel::Owners => &links.owners,
        })
    }

    pub(super) fn link_log(&self, group: Guid) -> &[LinkChange] {
        let links = self.objects.get(&group).and_then(|object| object.links.as_deref());
        links.map_or(&[], |links| &links.log)
    }

    /// The links that a replica shows.
    pub(super) fn links_seen(&self, group: Guid, rel: Rel, horizon: i64) -> BTreeSet<Guid> {
        let mut set = self.links(group, rel).cloned().unwrap_or_default();
        let newer = self.link_log(group).iter().rev();
        for change in newer.take_while(|change| change.at > horizon) {
            if change.rel == rel {
                match change.added {
                    true => set.remove(&change.member),
                    false => set.insert(change.member),
                };
            }
        }
        set
    }

    /// Soft-deleted objects whose time is over at `before`.
    pub(super) fn overdue(&self, before: i64) -> Vec<(Guid, i64)> {
        let over = self.deleted.range(..(before, Guid(0)));
        over.map(|(at, id)| (*id, *at)).collect()
    }

    pub(super) fn deleted_ids(&self) -> impl Iterator<Item = Guid> {
        self.deleted.iter().map(|(_, id)| *id)
    }

    pub(super) fn live_count(&self, kind: Kind) -> u64 {
        self.live[kind as usize]
    }

    /// Objects as the directory quota counts them; purged ones count a quarter for a while.
    pub(super) fn quota_used(&mut self, purged_after: i64) -> u64 {
        while self.purged.first().is_some_and(|(at, _)| *at < purged_after) {
            self.purged.pop_first();
        }
        let quarters = (self.purged.len() as u64).div_ceil(4);
        self.live.iter().sum::<u64>() + self.deleted.len() as u64 + quarters
    }

    /// The changes that make this tenant from an empty one; links before `links_after` without
    /// their history.
    fn told(&self, links_after: i64) -> impl Iterator<Item = Change> {
        self.objects.iter().flat_map(move |(id, object)| {
            let Object { kind, now, before: _, created, links } = object;
            let put = |at: i64, standing, json: String| {
                let (id, kind, seq) = (*id, *kind, now.seq);
                Change::Put { id, kind, seq, at, standing, json }
            };
            // Made first, then linked, then as it stands.
            let made = *created != now.at || links.is_some();
            let first = made.then(|| put(*created, Standing::Live, "{}".to_owned()));
            let group = *id;
            let last = links.as_deref().map(|links| settled(group, links, links_after));
            let state = put(now.at, now.standing, now.json.to_string());
            first.into_iter().chain(last.into_iter().flatten()).chain([state])
        })
    }
}

/// Links with their history since `after`; what is older is only what stands.
fn settled(group: Guid, links: &Links, after: i64) -> Vec<Change> {
    let link = |change: &LinkChange| {
        let LinkChange { seq, at, rel, member, added } = *change;
        Change::Link { group, rel, member, added, seq, at }
    };
    let mut told = BTreeSet::new();
    let newer: Vec<Change> = links
        .log
        .iter()
        .filter(|change| change.at >= after)
        .map(|change| {
            told.insert((change.rel, change.member));
            link(change)
        })
        .collect();
    let older = [(Rel::Members, &links.members), (Rel::Owners, &links.owners)]
        .into_iter()
        .flat_map(|(rel, set)| set.iter().map(move |member| (rel, *member)))
        .filter(|key| !told.contains(key))
        .map(|(rel, member)| LinkChange { seq: 0, at: 0, rel, member, added: true });
    older.map(|change| link(&change)).chain(newer).collect()
}

fn has(state: &State, name: &str, value: &str) -> bool {
    texts(&state.map(), name).any(|found| found.to_lowercase() == value.to_lowercase())
}

/// The text of a property, or each of them.
fn texts<'a>(map: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a str> {
    let one = map.get(name).into_iter();
    one.flat_map(|value| match value {
        Value::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    })
    .filter_map(Value::as_str)
}

fn hash(name: &str, value: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (name, value.to_lowercase()).hash(&mut hasher);
    hasher.finish()
}
