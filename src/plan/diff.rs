//! The difference between what should stand in one target and what stands there.
//!
//! | desired | observed | operations |
//! |---|---|---|
//! | yes | no | create, unless something else stands in its place: then blocked, in words |
//! | yes | yes | rename, modify, links: as far as they differ |
//! | no | yes, to be deleted | its memberships leave, then delete; accounts, yearly groups (R-27) |
//! | no | yes, known to the registry | none: absence is not departure (DESIGN rule 1) |
//! | no | yes, of a school not heard of | whoever is of the school no more leaves the group |
//! | no | yes, unknown | none; reported as stray |
//! | any | unmarked | none, ever (DESIGN rule 6, SEC-45) |

use std::collections::{BTreeMap, BTreeSet};

use super::attributes::{self, Way};
use super::ground::{Ground, Landing, doubled};
use super::links::{self, Chunk};
use super::operation::{Action, Operation, OperationKind};
use super::waves::Waves;
use super::{order, place};
use crate::mapping::managed::Managed;
use crate::model::dn;
use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::{PersonId, Uai};
use crate::model::observed::Observed;

/// The two sides of one target, and what is needed to compare them.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'a> {
    /// Name of the target in `rentree.toml`.
    pub target: &'a str,
    pub desired: &'a BTreeMap<ObjectKey, Entry>,
    pub observed: &'a Observed,
    pub managed: &'a Managed,
    /// Every object of the registry, wanted in this target or not: a marked entry outside it is a
    /// stray.
    pub known: &'a BTreeSet<ObjectKey>,
    /// Accounts past their retention, and groups of a year that is over. A wanted one is not
    /// deleted, whatever this says.
    pub deletions: &'a BTreeSet<ObjectKey>,
    /// Schools of whose groups nothing is heard in this plan, and who is of them: the accounts of
    /// everybody else leave these groups.
    pub unheard: &'a BTreeMap<Uai, BTreeSet<PersonId>>,
    /// Values of one link operation, at most; at least 50 is worth it (targets.md T2).
    pub link_chunk: usize,
}

/// What a target's plan is made of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Arranged and numbered from 1, as if they were the whole plan.
    pub operations: Vec<Operation>,
    /// Marked entries that the registry does not know: reported, never touched.
    pub strays: Vec<ObjectKey>,
    /// Second entries with the mark of another one, and their DN: reported, never touched.
    pub doubles: Vec<(ObjectKey, String)>,
}

/// Compares the two sides of a target. The same sides give the same bytes, in whatever order they
/// were read (DESIGN rule 10).
pub fn diff(sides: &Sides<'_>) -> Difference {
    let ground = Ground::of(sides);
    let (target, untouched) = (sides.target, ground.untouched());
    let mut steps = Steps { target, untouched, operations: Vec::new() };
    for (key, entry) in sides.desired {
        match sides.observed.entries.get(key) {
            None => create(sides, &ground, entry, &mut steps),
            Some(seen) => change(sides, &ground, entry, seen, &mut steps),
        }
    }
    delete(sides, &ground, &mut steps);
    leave(sides, &ground, &mut steps);
    order::arrange(&mut steps.operations, &BTreeMap::new(), &Waves::new());
    let stray = |key: &&ObjectKey| !sides.known.contains(key) && !sides.desired.contains_key(key);
    let strays = sides.observed.entries.keys().filter(stray).cloned().collect();
    let doubles = sides.observed.doubles.iter();
    let mut doubles: Vec<_> = doubles.map(|one| (one.key.clone(), one.dn.clone())).collect();
    doubles.sort();
    Difference { operations: steps.operations, strays, doubles }
}

/// Operations in the making.
struct Steps<'a> {
    target: &'a str,
    /// Objects that are not written here, and why.
    untouched: &'a BTreeMap<&'a ObjectKey, String>,
    operations: Vec<Operation>,
}

impl Steps<'_> {
    fn add(
        &mut self,
        kind: OperationKind,
        (key, uai): (&ObjectKey, Option<&Uai>),
        action: Action,
        blocked: Option<String>,
    ) {
        let blocked = blocked.or_else(|| self.untouched.get(key).cloned());
        self.operations.push(Operation {
            seq: 0,
            target: self.target.to_owned(),
            kind,
            key: key.clone(),
            uai: uai.cloned(),
            stage: order::stage(kind, key, &action),
            action,
            blocked,
        });
    }

    fn come(&mut self, of: (&ObjectKey, Option<&Uai>), dn: &str, chunks: Vec<Chunk>) {
        for Chunk { attribute, values, uai } in chunks {
            let of = (of.0, uai.as_ref().or(of.1));
            let action = Action::AddLinks { dn: dn.to_owned(), attribute, values };
            self.add(OperationKind::AddMember, of, action, None);
        }
    }

    fn go(&mut self, of: (&ObjectKey, Option<&Uai>), dn: &str, chunks: Vec<Chunk>) {
        for Chunk { attribute, values, uai } in chunks {
            let of = (of.0, uai.as_ref().or(of.1));
            let action = Action::RemoveLinks { dn: dn.to_owned(), attribute, values };
            self.add(OperationKind::RemoveMember, of, action, None);
        }
    }
}

fn create<'a>(sides: &Sides<'a>, ground: &Ground<'a>, entry: &'a Entry, steps: &mut Steps<'_>) {
    let blocked = match ground.landing(&entry.key) {
        // A container that somebody else made is used as it is.
        Landing::Stays => return,
        Landing::New | Landing::Moves => None,
        Landing::Blocked(reason) => Some(reason.clone()),
    };
    let (first, rest) = links::at_creation(sides.managed, ground, entry, sides.link_chunk);
    let uai = school_of(entry);
    let of = (&entry.key, uai.as_ref());
    if blocked.is_none() {
        steps.come(of, &entry.dn, rest);
    }
    let entry = Entry {
        key: entry.key.clone(),
        uai: uai.clone(),
        dn: entry.dn.clone(),
        attributes: attributes::at_creation(sides.managed, entry),
        links: first,
        enabled: entry.enabled,
    };
    steps.add(OperationKind::Create, of, Action::Create { entry }, blocked);
}

fn change<'a>(
    sides: &Sides<'a>,
    ground: &Ground<'a>,
    entry: &'a Entry,
    seen: &'a Entry,
    steps: &mut Steps<'_>,
) {
    let uai = school_of(entry).or_else(|| school_of(seen));
    let of = (&entry.key, uai.as_ref());
    let (way, blocked) = match ground.landing(&entry.key) {
        Landing::Stays if dn::comparable(&seen.dn) != dn::comparable(&entry.dn) => {
            // A container elsewhere than its mark: whatever stands in the place is used.
            return;
        }
        Landing::Stays => (Way::Stays, None),
        Landing::New => return create(sides, ground, entry, steps),
        Landing::Moves => (Way::Moves, None),
        Landing::Blocked(reason) => (Way::Stuck, Some(reason.clone())),
    };
    let (before, after) = attributes::changes(sides.managed, entry, seen, way);
    let turn = match (entry.key.kind(), seen.enabled, entry.enabled) {
        (ObjectKind::Account, true, false) => OperationKind::Disable,
        (ObjectKind::Account, false, true) => OperationKind::Enable,
        _ => OperationKind::Update,
    };
    let modified = before != after;
    // Where the place alone says that an account is disabled, the move is the disabling.
    let by_place = way != Way::Stays && sides.managed.disabled.is_empty();
    let (kind_of_move, kind_of_change) = match turn {
        OperationKind::Disable | OperationKind::Enable if by_place => (turn, OperationKind::Update),
        _ => (OperationKind::Rename, turn),
    };
    if way != Way::Stays {
        let action = Action::Rename { from: seen.dn.clone(), to: entry.dn.clone() };
        steps.add(kind_of_move, of, action, blocked);
    }
    let dn = if way == Way::Moves { &entry.dn } else { &seen.dn };
    if modified {
        let action = Action::Modify { dn: dn.clone(), before, after };
        steps.add(kind_of_change, of, action, None);
    }
    let delta = links::delta(sides.managed, ground, entry, seen, sides.link_chunk);
    steps.come(of, dn, delta.come);
    steps.go(of, dn, delta.go);
}

/// The school of an entry. The reader of a target does not know that of an account: its place
/// tells.
fn school_of(entry: &Entry) -> Option<Uai> {
    entry.uai.clone().or_else(|| place::school(&entry.dn))
}

/// The object is deleted by this plan, if it stands.
fn goes(sides: &Sides<'_>, key: &ObjectKey) -> bool {
    let deletable = matches!(key, ObjectKey::Account(_) | ObjectKey::Yearly(_));
    deletable && sides.deletions.contains(key) && !sides.desired.contains_key(key)
}

/// Accounts past their retention: out of every group of ours, then gone. Groups of a school year go
/// whole, once it is long over; any other group, or a container, is never deleted.
fn delete(sides: &Sides<'_>, ground: &Ground<'_>, steps: &mut Steps<'_>) {
    let doubled = doubled(sides);
    let mut gone = BTreeSet::new();
    for key in sides.deletions {
        let seen = sides.observed.entries.get(key).filter(|_| goes(sides, key));
        let Some(seen) = seen else { continue };
        let mut before = seen.attributes.clone();
        before.retain(|name, _| !name.eq_ignore_ascii_case(&sides.managed.password.attribute));
        let action = Action::Delete { dn: seen.dn.clone(), before };
        let blocked = doubled
            .contains(key)
            .then(|| "a second entry has the same mark: remove one of the two by hand".to_owned());
        let stays = blocked.is_some() || ground.untouched().contains_key(key);
        if !stays && key.kind() == ObjectKind::Account {
            gone.insert(dn::comparable(&seen.dn));
        }
        steps.add(OperationKind::Delete, (key, school_of(seen).as_ref()), action, blocked);
    }
    if gone.is_empty() {
        return;
    }
    // The links of wanted groups are settled by their own difference, and strays stay as they are.
    for (key, seen) in &sides.observed.entries {
        let theirs = sides.known.contains(key) && !sides.desired.contains_key(key);
        if theirs && !goes(sides, key) {
            let chunks = links::pointing_to(sides.managed, ground, seen, &gone, sides.link_chunk);
            steps.go((key, school_of(seen).as_ref()), &seen.dn, chunks);
        }
    }
}

/// Groups of which nothing is heard lose the accounts that have left the school: its class would
/// stay open to them until the school delivers again.
fn leave(sides: &Sides<'_>, ground: &Ground<'_>, steps: &mut Steps<'_>) {
    if sides.unheard.is_empty() {
        return;
    }
    let account = |(key, entry): (&ObjectKey, &Entry)| {
        key.person().map(|person| (dn::comparable(&entry.dn), person))
    };
    let accounts: BTreeMap<String, PersonId> =
        sides.observed.entries.iter().filter_map(account).collect();
    for (key, seen) in &sides.observed.entries {
        let Some(structure) = key.structure() else { continue };
        let theirs =
            sides.known.contains(key) && !sides.desired.contains_key(key) && !goes(sides, key);
        let Some(stay) = sides.unheard.get(&structure.uai).filter(|_| theirs) else { continue };
        // Those that are deleted have left already.
        let leaves = |person: &PersonId| {
            !stay.contains(person) && !sides.deletions.contains(&ObjectKey::Account(*person))
        };
        let places = seen.links.values().flatten().map(|value| dn::comparable(value));
        let gone = places.filter(|place| accounts.get(place).is_some_and(leaves)).collect();
        let mut chunks = links::pointing_to(sides.managed, ground, seen, &gone, sides.link_chunk);
        for chunk in &mut chunks {
            // A server with refint has rewritten the value of an account that moves.
            let places = chunk.values.iter().map(|value| dn::comparable(value));
            let moved: Vec<&str> = places.filter_map(|place| ground.moved(&place)).collect();
            chunk.values.extend(moved.into_iter().map(str::to_owned));
        }
        steps.go((key, school_of(seen).as_ref()), &seen.dn, chunks);
    }
}

#[cfg(test)]
pub(super) mod cloud_tests;
#[cfg(test)]
pub(super) mod laws;
#[cfg(test)]
mod tests;
