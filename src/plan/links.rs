//! The difference of two entries in their links, in chunks.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::Ground;
use super::place;
use crate::mapping::managed::Managed;
use crate::model::entry::{Entry, Links};

/// Values of one link attribute that come or go in one operation.
pub(super) struct Chunk {
    pub(super) attribute: String,
    pub(super) values: BTreeSet<String>,
}

/// Links that come and go, each chunk an operation.
#[derive(Default)]
pub(super) struct Delta {
    pub(super) come: Vec<Chunk>,
    pub(super) go: Vec<Chunk>,
}

/// The links of a creation: those that fit in it, and the rest in chunks.
pub(super) fn at_creation<'a>(
    managed: &Managed,
    ground: &Ground<'a>,
    entry: &'a Entry,
    chunk_max: usize,
) -> (Links, Vec<Chunk>) {
    let (mut first, mut rest) = (Links::new(), Vec::new());
    let mut room = chunk_max;
    for (attribute, values) in &entry.links {
        if !managed.links.contains(attribute) {
            continue;
        }
        let values = by_place(values.iter().filter_map(|value| ground.link(value)));
        let mut values = values.into_values().map(str::to_owned);
        let now: BTreeSet<String> = values.by_ref().take(room).collect();
        room -= now.len();
        if !now.is_empty() {
            first.insert(attribute.clone(), now);
        }
        rest.extend(chunks(attribute, values.collect(), chunk_max));
    }
    (first, rest)
}

/// What changes between what stands and what is wanted. Values are compared as places: a value
/// spelt in another way is no change. Coming values are written as wanted, leaving ones as seen.
pub(super) fn delta<'a>(
    managed: &Managed,
    ground: &Ground<'a>,
    entry: &'a Entry,
    seen: &'a Entry,
    chunk_max: usize,
) -> Delta {
    let none = BTreeSet::new();
    let mut delta = Delta::default();
    for attribute in &managed.links {
        let wanted = entry.links.get(attribute).unwrap_or(&none);
        let standing = seen.links.get(attribute).unwrap_or(&none);
        let wanted: BTreeSet<&str> = wanted.iter().filter_map(|value| ground.link(value)).collect();
        if wanted.len() == standing.len() && wanted.iter().zip(standing).all(|(w, s)| w == s) {
            continue;
        }
        let wanted = by_place(wanted.into_iter());
        let standing = by_place(standing.iter().map(String::as_str));
        let only = |these: &BTreeMap<String, &str>, those: &BTreeMap<String, &str>| {
            let only = these.iter().filter(|(place, _)| !those.contains_key(*place));
            only.map(|(place, value)| (place.clone(), (*value).to_owned())).collect::<Vec<_>>()
        };
        let come = only(&wanted, &standing).into_iter().map(|(_, value)| value).collect();
        let mut go = BTreeSet::new();
        for (place, value) in only(&standing, &wanted) {
            // The entry has moved by then, and a server with refint has rewritten the value: it
            // leaves under either name.
            let moved = ground.moved(&place);
            let moved = moved.filter(|dn| !wanted.contains_key(&place::comparable(dn)));
            go.extend(moved.map(str::to_owned));
            go.insert(value);
        }
        delta.come.extend(chunks(attribute, come, chunk_max));
        delta.go.extend(chunks(attribute, go, chunk_max));
    }
    delta
}

/// The links of a standing entry to any of the places.
pub(super) fn pointing_to(
    managed: &Managed,
    seen: &Entry,
    places: &BTreeSet<String>,
    chunk_max: usize,
) -> Vec<Chunk> {
    let mut found = Vec::new();
    for (attribute, values) in &seen.links {
        if managed.links.contains(attribute) {
            let values =
                values.iter().filter(|value| places.contains(&place::comparable(value))).cloned();
            found.extend(chunks(attribute, values.collect(), chunk_max));
        }
    }
    found
}

fn by_place<'a>(values: impl Iterator<Item = &'a str>) -> BTreeMap<String, &'a str> {
    values.map(|value| (place::comparable(value), value)).collect()
}

fn chunks(attribute: &str, values: BTreeSet<String>, chunk_max: usize) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut values = values.into_iter().peekable();
    while values.peek().is_some() {
        let values = values.by_ref().take(chunk_max.max(1)).collect();
        chunks.push(Chunk { attribute: attribute.to_owned(), values });
    }
    chunks
}
