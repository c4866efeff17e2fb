//! The difference of two entries in their links, in chunks.

use std::collections::{BTreeMap, BTreeSet};

use super::ground::Ground;
use crate::mapping::managed::Managed;
use crate::model::dn;
use crate::model::entry::{Entry, Links, ObjectKey};
use crate::model::ids::Uai;

/// Values of one link attribute that come or go in one operation.
pub(super) struct Chunk {
    pub(super) attribute: String,
    pub(super) values: BTreeSet<String>,
    /// The school of the values, where the group is of all schools.
    pub(super) uai: Option<Uai>,
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
    // A group of all schools is made without anybody: its members come school by school.
    let mut room = if is_of_all(entry) { 0 } else { chunk_max };
    // A Microsoft 365 group is made with its owners, or it has no site.
    let owners_first = matches!(entry.key, ObjectKey::Yearly(_));
    let mut links: Vec<_> = entry.links.iter().collect();
    if owners_first {
        links.reverse();
    }
    for (attribute, values) in links {
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
        rest.extend(chunks(ground, entry, attribute, values.collect(), chunk_max));
    }
    (first, rest)
}

/// The group has members of every school.
fn is_of_all(group: &Entry) -> bool {
    matches!(group.key, ObjectKey::Licence(_))
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
    let mut delta = Delta::default();
    for attribute in &managed.links {
        let values = |entry: &'a Entry| entry.links.get(attribute).into_iter().flatten();
        let wanted: BTreeSet<&str> = values(entry).filter_map(|value| ground.link(value)).collect();
        let standing: BTreeSet<&str> = values(seen).map(String::as_str).collect();
        // Values with the same spelling are settled: in a group of 5,000, comparing places is left
        // for the few that are not.
        let mut come = by_place(wanted.difference(&standing).copied());
        let mut go = by_place(standing.difference(&wanted).copied());
        if !go.is_empty() {
            let kept: BTreeSet<String> = wanted.iter().map(|value| dn::comparable(value)).collect();
            come.retain(|place, _| !go.contains_key(place));
            if managed.links_follow {
                let along = |place: &String| ground.moved(place).map(dn::comparable);
                let along: BTreeMap<String, String> =
                    go.keys().filter_map(|from| Some((along(from)?, from.clone()))).collect();
                come.retain(|place, _| !along.contains_key(place));
                for (_, from) in along.iter().filter(|(to, _)| kept.contains(*to)) {
                    go.remove(from);
                }
            }
            // An entry that moves has moved by then, and a server with refint has rewritten the
            // value: it leaves under either name.
            let moved: Vec<&str> = go.keys().filter_map(|place| ground.moved(place)).collect();
            go.extend(by_place(moved.into_iter()));
            go.retain(|place, _| !kept.contains(place) && !ground.is_frozen(place));
        }
        delta.come.extend(chunks(ground, entry, attribute, written(come), chunk_max));
        delta.go.extend(chunks(ground, entry, attribute, written(go), chunk_max));
    }
    delta
}

fn written(values: BTreeMap<String, &str>) -> BTreeSet<String> {
    values.into_values().map(str::to_owned).collect()
}

/// The links of a standing entry to any of the places.
pub(super) fn pointing_to(
    managed: &Managed,
    ground: &Ground<'_>,
    seen: &Entry,
    places: &BTreeSet<String>,
    chunk_max: usize,
) -> Vec<Chunk> {
    let mut found = Vec::new();
    for (attribute, values) in &seen.links {
        if managed.links.contains(attribute) {
            let points = |value: &&String| {
                let place = dn::comparable(value);
                places.contains(&place) && !ground.is_frozen(&place)
            };
            let values = values.iter().filter(points).cloned();
            found.extend(chunks(ground, seen, attribute, values.collect(), chunk_max));
        }
    }
    found
}

fn by_place<'a>(values: impl Iterator<Item = &'a str>) -> BTreeMap<String, &'a str> {
    values.map(|value| (dn::comparable(value), value)).collect()
}

/// The values in chunks; in a group of all schools, no chunk has values of two.
fn chunks(
    ground: &Ground<'_>,
    group: &Entry,
    attribute: &str,
    values: BTreeSet<String>,
    chunk_max: usize,
) -> Vec<Chunk> {
    let mut schools: BTreeMap<Option<Uai>, Vec<String>> = BTreeMap::new();
    for value in values {
        let school = if is_of_all(group) { ground.school(&value) } else { None };
        schools.entry(school).or_default().push(value);
    }
    let chunk = |uai: &Option<Uai>, values: &[String]| Chunk {
        attribute: attribute.to_owned(),
        values: values.iter().cloned().collect(),
        uai: uai.clone(),
    };
    let of = |(uai, values): (&Option<Uai>, &Vec<String>)| -> Vec<Chunk> {
        values.chunks(chunk_max.max(1)).map(|values| chunk(uai, values)).collect()
    };
    schools.iter().flat_map(of).collect()
}
