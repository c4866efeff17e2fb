//! The ground of a plan: who stands where now, and where each wanted entry comes to stand.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::Sides;
use super::nickname;
use crate::model::dn;
use crate::model::entry::{Entry, ObjectKey, ObjectKind};
use crate::model::ids::Uai;

/// Where a wanted entry comes to stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Landing {
    /// It stands there, or something that is used as it is.
    Stays,
    /// Nothing stands there: it is made.
    New,
    /// It comes from its observed place.
    Moves,
    /// Something else is in the way: in words.
    Blocked(String),
}

/// Landings, and what they mean for the links that point to wanted places.
pub(super) struct Ground<'a> {
    landings: BTreeMap<&'a ObjectKey, Landing>,
    /// Comparable form of a wanted place that its entry does not reach → where the entry stays;
    /// none when there is no such entry.
    missed: BTreeMap<String, Option<&'a str>>,
    /// Comparable form of a place that is left by a move → the new place, as written.
    left: BTreeMap<String, &'a str>,
    /// The schools of accounts by place, for groups of all schools; empty where there is none.
    schools: BTreeMap<String, Uai>,
    /// Objects that are not written, and why.
    untouched: BTreeMap<&'a ObjectKey, String>,
    /// Comparable forms of the places of entries of which nobody knows whether they are ours, such
    /// as several with one mark, or one that has lost it: no link to them comes or goes.
    frozen: BTreeSet<String>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(sides: &Sides<'a>) -> Self {
        let occupants = occupants(sides);
        let (untouched, mut frozen) = untouched(sides);
        let mut landings = BTreeMap::new();
        let mut missed = BTreeMap::new();
        let mut left = BTreeMap::new();
        let mut coming: BTreeMap<String, &ObjectKey> = BTreeMap::new();
        for (key, entry) in sides.desired {
            let place = dn::comparable(&entry.dn);
            let seen = sides.observed.entries.get(key);
            let landing = landing(sides, entry, seen, &place, &occupants);
            let mut landing = nickname::looked_at(sides, entry, landing);
            let comes = landing == Landing::Moves || seen.is_none();
            if let Some(reason) = untouched.get(key).filter(|_| comes) {
                landing = Landing::Blocked(reason.clone());
            }
            // A member stays one, whoever stands there: it may be the account, without its mark.
            if matches!((seen, occupants.get(&place)), (None, Some(Occupant::Unmarked)))
                && sides.managed.links_follow
            {
                frozen.insert(place.clone());
            }
            if matches!(landing, Landing::New | Landing::Moves)
                && let Some(first) = coming.insert(place.clone(), key)
            {
                coming.insert(place.clone(), first);
                landing = Landing::Blocked(format!("{first} comes to the same place in this plan"));
            }
            // A wanted place that somebody else of the plan reaches is not missed by the links.
            if matches!(landing, Landing::Blocked(_)) && !coming.contains_key(&place) {
                missed.insert(place, seen.map(|seen| seen.dn.as_str()));
            }
            if landing == Landing::Moves
                && let Some(seen) = seen
            {
                left.insert(dn::comparable(&seen.dn), entry.dn.as_str());
            }
            landings.insert(key, landing);
        }
        Self { landings, missed, left, schools: schools(sides), untouched, frozen }
    }

    pub(super) fn landing(&self, key: &ObjectKey) -> &Landing {
        self.landings.get(key).unwrap_or(&Landing::Stays)
    }

    /// Where the entry at a place (in comparable form) goes in this plan, if it moves.
    pub(super) fn moved(&self, place: &str) -> Option<&'a str> {
        self.left.get(place).copied()
    }

    /// The school of the account that a link of a group of all schools points to.
    pub(super) fn school(&self, value: &str) -> Option<Uai> {
        self.schools.get(&dn::comparable(value)).cloned()
    }

    /// Objects that are not written, and why.
    pub(super) fn untouched(&self) -> &BTreeMap<&'a ObjectKey, String> {
        &self.untouched
    }

    /// Links to a place (in comparable form) stay as they are.
    pub(super) fn is_frozen(&self, place: &str) -> bool {
        self.frozen.contains(place)
    }

    /// Where a wanted link value points once the plan is done. None: its entry is not made, and
    /// whoever stands in its place must not become a member by that.
    pub(super) fn link(&self, value: &'a str) -> Option<&'a str> {
        if self.missed.is_empty() && self.frozen.is_empty() {
            return Some(value);
        }
        if self.is_frozen(&dn::comparable(value)) {
            return None;
        }
        match self.missed.get(&dn::comparable(value)) {
            Some(instead) => *instead,
            None => Some(value),
        }
    }
}

fn schools(sides: &Sides<'_>) -> BTreeMap<String, Uai> {
    let (wanted, standing) = (sides.desired, &sides.observed.entries);
    if !wanted.keys().chain(standing.keys()).any(|key| matches!(key, ObjectKey::Licence(_))) {
        return BTreeMap::new();
    }
    let accounts = |(key, _): &(&ObjectKey, &Entry)| key.kind() == ObjectKind::Account;
    // Whoever stands under another name today is known by both.
    let both = standing.iter().chain(wanted).filter(accounts);
    both.filter_map(|(key, entry)| {
        let uai = wanted.get(key).and_then(|wanted| wanted.uai.clone());
        Some((dn::comparable(&entry.dn), uai.or_else(|| entry.uai.clone())?))
    })
    .collect()
}

const MASTERED: &str =
    "an Active Directory masters this account (onPremisesSyncEnabled): change it there";

/// Objects that are not written, with the reason, and places to which no link comes or goes.
fn untouched<'a>(sides: &Sides<'a>) -> (BTreeMap<&'a ObjectKey, String>, BTreeSet<String>) {
    let mastered = sides.observed.mastered.iter().map(|key| (key, MASTERED.to_owned()));
    let (mut untouched, mut frozen): (BTreeMap<_, _>, _) = (mastered.collect(), BTreeSet::new());
    let deleted = sides.observed.deleted.iter().filter(|key| key.kind() == ObjectKind::Account);
    for (key, places) in &sides.observed.unmarked {
        let Some(wanted) = sides.desired.get(key) else { continue };
        if !sides.observed.entries.contains_key(key) {
            untouched.insert(key, lost_mark(sides, wanted, places));
            frozen.extend(places.iter().chain([&wanted.dn]).map(|dn| dn::comparable(dn)));
        }
    }
    for key in doubled(sides).into_iter().chain(deleted) {
        let Some(first) = sides.observed.entries.get(key) else { continue };
        let wanted = sides.desired.get(key).map(|wanted| dn::comparable(&wanted.dn));
        let is_clear = wanted.as_ref() == Some(&dn::comparable(&first.dn));
        // A container has nothing of its own to lose, and is never moved.
        if is_clear || key.kind() == ObjectKind::Container {
            continue;
        }
        let doubles = sides.observed.doubles.iter().filter(|double| double.key == *key);
        let all: Vec<&str> = [first].into_iter().chain(doubles).map(|one| &*one.dn).collect();
        let reason = match &all[..] {
            // The one that we made may be in the bin, and this one anybody's.
            [one] => format!(
                "{one} carries its mark, elsewhere than it should, and an account with that mark \
                 is in the bin: take the mark from it by hand if it is not ours, or else rename it"
            ),
            _ => format!(
                "{} carry its mark, and none stands where it should: take the mark from those \
                 that are not ours, by hand",
                all.join(" and ")
            ),
        };
        untouched.insert(key, reason);
        frozen.extend(all.into_iter().map(dn::comparable).chain(wanted));
    }
    (untouched, frozen)
}

/// What to do about an account that carries our mark no more.
fn lost_mark(sides: &Sides<'_>, wanted: &Entry, places: &BTreeSet<String>) -> String {
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    format!(
        "{} has lost our mark: put it back by hand ({}); if that account has become somebody \
         else's, give it another login and an employeeId of its own instead",
        places.join(" or "),
        mark(sides, wanted)
    )
}

/// The mark of a wanted entry, as somebody sets it.
fn mark(sides: &Sides<'_>, wanted: &Entry) -> String {
    let mark = &sides.managed.mark;
    let value = wanted.attributes.get(mark).and_then(|values| values.first()).unwrap_or_default();
    format!("{mark} = {value}")
}

/// Who stands at a place now.
enum Occupant<'a> {
    Ours(&'a ObjectKey),
    /// Carries the mark of another entry of ours.
    Double(&'a ObjectKey),
    Unmarked,
}

fn occupants<'a>(sides: &Sides<'a>) -> BTreeMap<String, Occupant<'a>> {
    let observed = sides.observed;
    let unmarked = observed.foreign_dns.iter().map(|dn| (dn::comparable(dn), Occupant::Unmarked));
    let doubles =
        observed.doubles.iter().map(|one| (dn::comparable(&one.dn), Occupant::Double(&one.key)));
    let ours = observed
        .entries
        .iter()
        .map(|(key, entry)| (dn::comparable(&entry.dn), Occupant::Ours(key)));
    unmarked.chain(doubles).chain(ours).collect()
}

fn landing(
    sides: &Sides<'_>,
    entry: &Entry,
    seen: Option<&Entry>,
    place: &str,
    occupants: &BTreeMap<String, Occupant<'_>>,
) -> Landing {
    if seen.is_some_and(|seen| dn::comparable(&seen.dn) == place) {
        return Landing::Stays;
    }
    let reason = match occupants.get(place) {
        // A container is never moved: what stands below would move with it. It is made anew where
        // it is wanted, and the old one stays.
        None if seen.is_some() && entry.key.kind() != ObjectKind::Container => {
            return Landing::Moves;
        }
        None => return Landing::New,
        Some(_) if entry.key.kind() == ObjectKind::Container => return Landing::Stays,
        Some(Occupant::Ours(key)) => format!("our entry {key} stands in its place"),
        Some(Occupant::Double(key)) => {
            format!("a second entry with the mark {key} stands in its place")
        }
        Some(Occupant::Unmarked)
            if sides.managed.links_follow && entry.key.kind() == ObjectKind::Account =>
        {
            format!(
                "an account without our mark has its login: if it is this person's, put the mark \
                 on it by hand ({}); if it is somebody else's, give that one another login",
                mark(sides, entry)
            )
        }
        Some(Occupant::Unmarked) => "an unmarked entry stands in its place: rename it, \
                                     or remove it, or mark it as ours, by hand"
            .to_owned(),
    };
    Landing::Blocked(reason)
}

/// Keys with a mark that more than one entry carries.
pub(super) fn doubled<'a>(sides: &Sides<'a>) -> BTreeSet<&'a ObjectKey> {
    sides.observed.doubles.iter().map(|double| &double.key).collect()
}
