//! The difference of two entries in their managed attributes.

use crate::mapping::managed::Managed;
use crate::model::dn::{self, Ava};
use crate::model::entry::{Attributes, Entry, ObjectKind};

/// The attribute is ours to compare and write. A password never is, whatever the mapping says
/// (R-55, DESIGN rule 4).
fn is_managed(managed: &Managed, kind: ObjectKind, attribute: &str) -> bool {
    managed.attributes.get(&kind).is_some_and(|names| names.contains(attribute))
        && !attribute.eq_ignore_ascii_case(&managed.password.attribute)
}

/// The attribute says whether the account can be used; the flag `enabled` decides about it.
fn says_disabled(managed: &Managed, attribute: &str) -> bool {
    managed.disabled.keys().any(|name| name.eq_ignore_ascii_case(attribute))
}

/// The attributes with which an entry is created.
pub(super) fn at_creation(managed: &Managed, entry: &Entry) -> Attributes {
    let kind = entry.key.kind();
    let kept = entry.attributes.iter().filter(|(attribute, _)| {
        is_managed(managed, kind, attribute) && !says_disabled(managed, attribute)
    });
    let mut attributes: Attributes = kept.collect();
    if kind == ObjectKind::Account && !entry.enabled {
        attributes.extend(&managed.disabled);
    }
    attributes
}

/// What stands once the entry has moved: its naming attributes follow its place.
pub(super) fn after_move(mut attributes: Attributes, from: &str, to: &str) -> Attributes {
    let (old, new) = (dn::leaf_pairs(from), dn::leaf_pairs(to));
    if dn::leaf(from).map(dn::comparable) == dn::leaf(to).map(dn::comparable) {
        return attributes;
    }
    for Ava { attribute: name, value } in old {
        if let Some(known) = spelled(&attributes, &name) {
            attributes.edit(&known, |values| values.retain(|held| !same(held, &value)));
        }
    }
    for Ava { attribute: name, value } in new {
        let Some(known) = spelled(&attributes, &name) else { continue };
        attributes.edit(&known, |values| {
            if !values.iter().any(|held| same(held, &value)) {
                values.push(value);
                values.sort();
            }
        });
    }
    attributes.retain(|_, values| !values.is_empty());
    attributes
}

/// A name as the entry spells it, if it has the attribute.
fn spelled(attributes: &Attributes, name: &str) -> Option<String> {
    let known = attributes.keys().find(|known| known.eq_ignore_ascii_case(name));
    known.map(str::to_owned)
}

fn same(left: &str, right: &str) -> bool {
    dn::comparable_value(left) == dn::comparable_value(right)
}

/// How the entry is on its way from where it is seen to where it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Stays,
    Moves,
    /// It should move and cannot: its naming attributes stay as its place says.
    Stuck,
}

/// The managed attributes that differ: as they stand when the modification comes (a move comes
/// first), and as they should.
pub(super) fn changes(
    managed: &Managed,
    entry: &Entry,
    seen: &Entry,
    way: Way,
) -> (Attributes, Attributes) {
    let kind = entry.key.kind();
    let mut standing = match way {
        Way::Moves => after_move(seen.attributes.clone(), &seen.dn, &entry.dn),
        Way::Stays | Way::Stuck => seen.attributes.clone(),
    };
    let mut wanted = entry.attributes.clone();
    let naming = match way {
        Way::Stuck => dn::leaf_pairs(&seen.dn),
        Way::Stays | Way::Moves => Vec::new(),
    };
    let compared = |attribute: &str| {
        is_managed(managed, kind, attribute)
            && !says_disabled(managed, attribute)
            && !naming.iter().any(|pair| pair.attribute.eq_ignore_ascii_case(attribute))
    };
    wanted.retain(|attribute, _| compared(attribute));
    // A lock that the server put by itself, after wrong passwords, is not ours to lift: these
    // attributes move only when the account itself is disabled or enabled.
    let turned = kind == ObjectKind::Account && entry.enabled != seen.enabled;
    let locks: Attributes = standing
        .iter()
        .filter(|(attribute, _)| turned && says_disabled(managed, attribute))
        .collect();
    standing.retain(|attribute, _| compared(attribute));
    if turned {
        let known = !locks.is_empty();
        standing.extend(&locks);
        if entry.enabled && !known {
            standing.extend(&managed.disabled);
        }
        if !entry.enabled {
            wanted.extend(&managed.disabled);
        }
    }
    let mut before = standing.clone();
    before.retain(|attribute, values| wanted.get(attribute) != Some(values));
    wanted.retain(|attribute, values| standing.get(attribute) != Some(values));
    (before, wanted)
}
