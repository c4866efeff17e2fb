//! The inverse of a run in one target: how the entries that it wrote should stand once it is taken
//! back, compared with what stands by the same `diff` as any plan.
//!
//! | The run | Taken back |
//! |---|---|
//! | made an account | disabled: never deleted |
//! | made a group | emptied; it stays, and so does a container, and its last owner in a tenant |
//! | changed, disabled, enabled, moved | as before, if it still stands as the run left it |
//! | took members in or out | out, in again; who stands no more is told |
//! | deleted | cannot be: told |

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::after_move;
use super::diff::{self, Sides};
use super::operation::Operation;
use super::origin::Left;
use super::trace::{Trace, Traces, same_place};
use crate::mapping::graph;
use crate::mapping::managed::Managed;
use crate::model::dn;
use crate::model::entry::{Entry, Links, ObjectKey, ObjectKind};
use crate::model::observed::Observed;

/// By target and comparable name, the account that bore it.
pub type Names = BTreeMap<(String, String), ObjectKey>;

/// What is needed to take a run back in one target.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub target: &'a str,
    pub traces: &'a Traces,
    /// What accounts are called in this run and in later ones.
    pub names: &'a Names,
    pub observed: &'a Observed,
    pub managed: &'a Managed,
    /// Where an account stands once it is disabled, when the place says it.
    pub disabled_at: &'a dyn Fn(&ObjectKey) -> Option<String>,
    pub link_chunk: usize,
}

/// The operations, and what is left as it is.
pub fn inverse(scene: &Scene<'_>) -> (Vec<Operation>, Vec<Left>) {
    let mut left = Vec::new();
    let mut desired: BTreeMap<ObjectKey, Entry> = BTreeMap::new();
    for ((target, key), trace) in scene.traces {
        if target != scene.target {
            continue;
        }
        match undone(scene, key, trace) {
            Ok(entry) => _ = desired.insert(key.clone(), entry),
            Err(why) => {
                let (target, dn) = (target.clone(), trace.to.clone());
                left.push(Left { target, key: key.clone(), dn, why });
            }
        }
    }
    relink(scene, &mut desired, &mut left);
    let none = BTreeSet::new();
    let known = scene.observed.entries.keys().cloned().collect();
    let difference = diff::diff(&Sides {
        target: scene.target,
        desired: &desired,
        observed: scene.observed,
        managed: scene.managed,
        known: &known,
        deletions: &none,
        unheard: &BTreeMap::new(),
        link_chunk: scene.link_chunk,
    });
    (difference.operations, left)
}

/// How an entry should stand, links still as they were; or why it is left as it is.
fn undone(scene: &Scene<'_>, key: &ObjectKey, trace: &Trace) -> Result<Entry, String> {
    if trace.deleted {
        let lost = match key.kind() {
            ObjectKind::Account => "it was deleted, with its password",
            ObjectKind::Container | ObjectKind::Group | ObjectKind::Team => "it was deleted",
        };
        return Err(format!("{lost}: that cannot be taken back"));
    }
    let Some(seen) = scene.observed.entries.get(key) else {
        let is_unmarked = scene.observed.unmarked.contains_key(key);
        let what = if is_unmarked { "it carries our mark no more" } else { "it stands no more" };
        return Err(what.to_owned());
    };
    if scene.observed.doubles.iter().any(|double| double.key == *key) {
        return Err("two entries have its mark".to_owned());
    }
    if key.kind() == ObjectKind::Container {
        return Err("a container stays".to_owned());
    }
    if !same_place(&seen.dn, &trace.to) {
        return Err(format!("it has moved since: {}", seen.dn));
    }
    let lock = |name: &String| scene.managed.disabled.contains_key(name);
    let turned = trace.enabled.filter(|_| !trace.made && key.kind() == ObjectKind::Account);
    let edited = trace.attributes.iter().filter(|(name, turn)| {
        (!lock(name) || turned.is_some()) && !turn.left(seen.attributes.get(name))
    });
    let edited: Vec<&str> = edited.map(|(name, _)| name.as_str()).collect();
    if !edited.is_empty() {
        return Err(format!("it was changed since: {}", edited.join(", ")));
    }
    if turned.is_some_and(|(_, after)| seen.enabled != after) {
        return Err("it was enabled or disabled since".to_owned());
    }
    let mut entry = seen.clone();
    if trace.made {
        if key.kind() == ObjectKind::Account {
            entry.enabled = false;
            if scene.managed.disabled.is_empty()
                && let Some(place) = (scene.disabled_at)(key)
            {
                entry.dn = place;
            }
        }
        return Ok(entry);
    }
    for (name, turn) in &trace.attributes {
        match &turn.before {
            Some(values) => entry.attributes.insert(name, values),
            None => entry.attributes.remove(name),
        }
    }
    entry.attributes = after_move(entry.attributes, &trace.to, &trace.from);
    entry.dn.clone_from(&trace.from);
    if let Some((before, _)) = turned {
        entry.enabled = before;
    }
    Ok(entry)
}

/// The links of the groups: what came goes, what went comes again, each under the name that its
/// entry will have.
fn relink(scene: &Scene<'_>, desired: &mut BTreeMap<ObjectKey, Entry>, left: &mut Vec<Left>) {
    let places = Places::of(scene, desired);
    let groups = scene.observed.entries.iter();
    for (key, seen) in groups.filter(|(key, _)| key.kind() == ObjectKind::Group) {
        let trace = scene.traces.get(&(scene.target.to_owned(), key.clone()));
        let trace = trace.filter(|_| desired.contains_key(key));
        let links = linked(scene, key, seen, trace, &places, left);
        match desired.get_mut(key) {
            Some(entry) => {
                entry.links = links;
                keep_owner(scene, entry, seen, &places, left);
            }
            None if places.moves(seen) => {
                desired.insert(key.clone(), Entry { links, ..seen.clone() });
            }
            None => {}
        }
    }
}

fn linked(
    scene: &Scene<'_>,
    key: &ObjectKey,
    seen: &Entry,
    trace: Option<&Trace>,
    places: &Places<'_>,
    left: &mut Vec<Left>,
) -> Links {
    let mut links = Links::new();
    for attribute in &scene.managed.links {
        let placeholder = scene.managed.placeholders.get(attribute);
        let of = |links: &Links| -> BTreeSet<String> {
            let values = links.get(attribute).into_iter().flatten();
            values.map(|value| places.who(value)).collect()
        };
        let (came, went) = trace.map_or_else(Default::default, |trace| {
            (of(&trace.came), trace.went.get(attribute).cloned().unwrap_or_default())
        });
        let mut values: BTreeSet<String> = seen
            .links
            .get(attribute)
            .into_iter()
            .flatten()
            .filter(|value| Some(*value) == placeholder || !came.contains(&places.who(value)))
            .map(|value| places.moved(value).unwrap_or_else(|| value.clone()))
            .collect();
        let mut nowhere = BTreeSet::new();
        for value in went {
            match places.end(&value) {
                Some(end) => _ = values.insert(end),
                None => _ = nowhere.insert(super::place::name(&value)),
            }
        }
        left.extend(nowhere.into_iter().map(|name| Left {
            target: scene.target.to_owned(),
            key: key.clone(),
            dn: seen.dn.clone(),
            why: format!("a member stands no more: {name}"),
        }));
        if !values.is_empty() {
            links.insert(attribute.clone(), values);
        }
    }
    links
}

/// The last owner of a Microsoft 365 group stays, whoever put him there.
fn keep_owner(
    scene: &Scene<'_>,
    entry: &mut Entry,
    seen: &Entry,
    places: &Places<'_>,
    left: &mut Vec<Left>,
) {
    let last = graph::last_owner(&entry.links, &seen.links);
    let Some(last) = last.filter(|_| matches!(entry.key, ObjectKey::Yearly(_))) else { return };
    let name = super::place::name(last);
    left.push(Left {
        target: scene.target.to_owned(),
        key: entry.key.clone(),
        dn: seen.dn.clone(),
        why: format!("{name} stays its owner: the service does not let the last one go"),
    });
    let end = places.end(last).unwrap_or_else(|| last.clone());
    entry.links.insert(graph::OWNERS.to_owned(), BTreeSet::from([end]));
}

/// Who is meant by a name, old or new, and where he stands in the end.
struct Places<'a> {
    /// Comparable name → the object.
    who: BTreeMap<String, &'a ObjectKey>,
    ends: BTreeMap<ObjectKey, String>,
    moving: BTreeSet<String>,
    others: &'a BTreeSet<String>,
}

impl<'a> Places<'a> {
    fn of(scene: &Scene<'a>, desired: &BTreeMap<ObjectKey, Entry>) -> Self {
        let (mut who, mut ends) = (BTreeMap::new(), BTreeMap::new());
        let mut moving = BTreeSet::new();
        for ((_, name), key) in scene.names.iter().filter(|((of, _), _)| of == scene.target) {
            who.insert(name.clone(), key);
        }
        for ((target, key), trace) in scene.traces {
            if target == scene.target {
                who.insert(dn::comparable(&trace.from), key);
                who.insert(dn::comparable(&trace.to), key);
            }
        }
        for (key, seen) in &scene.observed.entries {
            let end = desired.get(key).map_or(&seen.dn, |entry| &entry.dn);
            who.insert(dn::comparable(&seen.dn), key);
            if !same_place(end, &seen.dn) {
                moving.insert(dn::comparable(&seen.dn));
            }
            ends.insert(key.clone(), end.clone());
        }
        Self { who, ends, moving, others: &scene.observed.foreign_dns }
    }

    /// The object that a name means, or the name itself.
    fn who(&self, value: &str) -> String {
        let place = dn::comparable(value);
        self.who.get(&place).map_or(place, |key| key.to_string())
    }

    /// Where whoever is meant stands in the end; none when nothing does.
    fn end(&self, value: &str) -> Option<String> {
        let place = dn::comparable(value);
        match self.who.get(&place) {
            Some(key) => self.ends.get(*key).cloned(),
            None => self.others.contains(&place).then(|| value.to_owned()),
        }
    }

    /// The same of whoever stands under this very name and moves. Under a name that he bore once, a
    /// link is nobody's to change: the directory did not follow a move, and the next plan mends it.
    fn moved(&self, value: &str) -> Option<String> {
        self.end(value).filter(|_| self.moving.contains(&dn::comparable(value)))
    }

    fn moves(&self, group: &Entry) -> bool {
        let mut values = group.links.values().flatten();
        !self.moving.is_empty() && values.any(|value| self.moving.contains(&dn::comparable(value)))
    }
}

#[cfg(test)]
mod cloud_tests;
#[cfg(test)]
mod laws;
