//! What stands otherwise than we last wrote it: what somebody else did to our entries.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::{Trace, Traces, same_place};
use crate::mapping::managed::Managed;
use crate::model::dn;
use crate::model::entry::{Attributes, ObjectKey};
use crate::model::ids::Uai;
use crate::model::observed::Observed;

/// One difference of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It is not there, or carries our mark no more.
    Gone,
    Moved {
        to: String,
    },
    /// Attributes as they were written, and as they are.
    Edited {
        written: Attributes,
        now: Attributes,
    },
    /// It can be used, or cannot, against what was written.
    Turned {
        enabled: bool,
    },
    /// Members who went, and who came.
    Links {
        attribute: String,
        went: BTreeSet<String>,
        came: BTreeSet<String>,
    },
}

/// An entry that stands otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    pub target: String,
    pub uai: Option<Uai>,
    pub key: ObjectKey,
    /// Where it was written.
    pub dn: String,
    pub change: Change,
}

/// Every difference of a target, in the order of the objects, and how many entries were compared.
pub fn drift(
    target: &str,
    traces: &Traces,
    observed: &Observed,
    managed: &Managed,
) -> (Vec<Drifted>, u64) {
    let mut found = Vec::new();
    let mut compared = 0;
    let renamed =
        if managed.links_follow { renamed(target, traces, observed) } else { BTreeMap::new() };
    let ours = traces.iter().filter(|((of, _), trace)| of == target && !trace.deleted);
    for ((_, key), trace) in ours {
        compared += 1;
        let changes = match observed.entries.get(key) {
            None => vec![Change::Gone],
            Some(seen) => changes(trace, key, seen, (managed, &renamed)),
        };
        found.extend(changes.into_iter().map(|change| Drifted {
            target: target.to_owned(),
            uai: trace.uai.clone(),
            key: key.clone(),
            dn: trace.to.clone(),
            change,
        }));
    }
    (found, compared)
}

/// The comparable names of accounts that have borne several, and whose they are.
type Renamed<'a> = BTreeMap<String, &'a ObjectKey>;

fn renamed<'a>(target: &str, traces: &'a Traces, observed: &Observed) -> Renamed<'a> {
    let mut renamed = Renamed::new();
    let accounts = traces.iter().filter(|((of, key), _)| of == target && key.person().is_some());
    for ((_, key), trace) in accounts {
        let seen = observed.entries.get(key).map(|seen| &seen.dn);
        let unmarked = observed.unmarked.get(key).into_iter().flatten();
        let written = trace.former.iter().chain([&trace.from, &trace.to]);
        let names = written.chain(seen).chain(unmarked.filter(|_| seen.is_none()));
        let names: BTreeSet<String> = names.map(|name| dn::comparable(name)).collect();
        if names.len() > 1 {
            renamed.extend(names.into_iter().map(|name| (name, key)));
        }
    }
    renamed
}

fn changes(
    trace: &Trace,
    key: &ObjectKey,
    seen: &crate::model::entry::Entry,
    (managed, renamed): (&Managed, &Renamed<'_>),
) -> Vec<Change> {
    let mut changes = Vec::new();
    if !same_place(&seen.dn, &trace.to) {
        changes.push(Change::Moved { to: seen.dn.clone() });
    }
    let compared = managed.attributes.get(&key.kind());
    let is_compared = |name: &String| {
        compared.is_some_and(|names| names.contains(name)) && !managed.disabled.contains_key(name)
    };
    let (mut written, mut now) = (Attributes::new(), Attributes::new());
    for (name, turn) in trace.attributes.iter().filter(|(name, _)| is_compared(name)) {
        let stands = seen.attributes.get(name);
        if !turn.left(stands) {
            written.extend(turn.after.as_ref().map(|values| (name, values)));
            now.extend(stands.map(|values| (name, values)));
        }
    }
    if written != now {
        changes.push(Change::Edited { written, now });
    }
    if let Some((_, enabled)) = trace.enabled
        && enabled != seen.enabled
    {
        changes.push(Change::Turned { enabled: seen.enabled });
    }
    changes.extend(managed.links.iter().filter_map(|attribute| {
        let placeholder = managed.placeholders.get(attribute);
        links(attribute, trace, seen.links.get(attribute), (placeholder, renamed))
    }));
    changes
}

/// Of an entry that we made all links are known; of another one, those that we moved.
fn links(
    attribute: &str,
    trace: &Trace,
    seen: Option<&BTreeSet<String>>,
    (placeholder, renamed): (Option<&String>, &Renamed<'_>),
) -> Option<Change> {
    let who = |value: &str| {
        let place = dn::comparable(value);
        renamed.get(&place).map_or(place, |key| key.to_string())
    };
    let places = |values: Option<&BTreeSet<String>>| -> BTreeSet<String> {
        values.into_iter().flatten().map(|value| who(value)).collect()
    };
    let (written, removed) = (trace.came.get(attribute), trace.went.get(attribute));
    let (written_at, removed_at, seen_at) = (places(written), places(removed), places(seen));
    let is_kept = |value: &&String| Some(*value) != placeholder;
    let went = written.into_iter().flatten().filter(is_kept);
    let went: BTreeSet<String> =
        went.filter(|value| !seen_at.contains(&who(value))).cloned().collect();
    let strange = |value: &&String| {
        let at = who(value);
        if trace.made { !written_at.contains(&at) } else { removed_at.contains(&at) }
    };
    let came: BTreeSet<String> =
        seen.into_iter().flatten().filter(is_kept).filter(strange).cloned().collect();
    let attribute = attribute.to_owned();
    (!(went.is_empty() && came.is_empty())).then_some(Change::Links { attribute, went, came })
}
