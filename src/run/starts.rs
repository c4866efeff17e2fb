//! When the clock of what a plan writes starts: at the receipt of the first file that tells it, one
//! start for each file of a school (requirements 2.3), or earlier, where runs before this one owe
//! it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::exports::Exports;
use super::told::{Ask, Place};
use crate::model::delivery::Source;
use crate::model::entry::{Entry, Licence, ObjectKey};
use crate::model::ids::{PersonId, Uai};
use crate::model::person::Role;
use crate::model::registry::Registry;
use crate::plan::operation::{Action, Operation, OperationKind, Side};
use crate::plan::{Later, News};

/// By school, the oldest of its receipts: what its containers and groups wait since, which are made
/// from all of its files.
pub(super) fn by_school(news: &News) -> BTreeMap<Uai, Timestamp> {
    let oldest = |(uai, files): (&Uai, &BTreeMap<Source, Timestamp>)| {
        Some((uai.clone(), *files.values().min()?))
    };
    news.iter().filter_map(oldest).collect()
}

/// The persons whom the links of a plan are about, by target and name (DN) there.
pub(super) type Linked = BTreeMap<String, BTreeMap<String, PersonId>>;

/// Whom the links of one target are about, among what should stand there and what does.
pub(super) fn linked<'a>(
    operations: &[Operation],
    entries: impl Iterator<Item = (&'a ObjectKey, &'a Entry)>,
) -> BTreeMap<String, PersonId> {
    let names: BTreeSet<&str> =
        operations.iter().flat_map(|one| links(&one.action)).map(String::as_str).collect();
    if names.is_empty() {
        return BTreeMap::new();
    }
    let person = |(key, entry): (&ObjectKey, &Entry)| match key {
        ObjectKey::Account(id) if names.contains(entry.dn.as_str()) => {
            Some((entry.dn.clone(), *id))
        }
        _ => None,
    };
    entries.filter_map(person).collect()
}

fn links(action: &Action) -> impl Iterator<Item = &String> {
    let values = match action {
        Action::AddLinks { values, .. } | Action::RemoveLinks { values, .. } => Some(values),
        Action::Create { .. }
        | Action::Modify { .. }
        | Action::Rename { .. }
        | Action::Delete { .. } => None,
    };
    values.into_iter().flatten()
}

/// The files that tell of what is written in a target: those that are new, and those that it
/// missed.
pub(super) fn merged(news: &News, missed: &News) -> News {
    let mut files = news.clone();
    for (uai, sources) in missed {
        let of_school = files.entry(uai.clone()).or_default();
        for (source, received) in sources {
            let oldest = of_school.entry(*source).or_insert(*received);
            *oldest = *received.min(oldest);
        }
    }
    files
}

/// By target that can be read again and by school, the oldest receipt of what it missed.
pub(super) fn caught_up<'a>(
    files: &BTreeMap<String, News>,
    missed: &BTreeMap<String, News>,
    targets: impl Iterator<Item = (&'a str, bool)>,
) -> BTreeMap<String, BTreeMap<Uai, Timestamp>> {
    let of_target = |target: &str| {
        let missed = missed.get(target)?;
        let mut since = by_school(files.get(target)?);
        since.retain(|uai, _| missed.contains_key(uai));
        (!since.is_empty()).then(|| (target.to_owned(), since))
    };
    targets.filter(|(_, read)| *read).filter_map(|(target, _)| of_target(target)).collect()
}

/// By target and school whose new files came at different times, what a later one of them tells.
pub(super) fn later(
    files: &BTreeMap<String, News>,
    operations: &[Operation],
    after: &Registry,
    linked: &Linked,
    exports: &Exports,
) -> BTreeMap<String, BTreeMap<Uai, Later>> {
    let mut later: BTreeMap<String, BTreeMap<Uai, Later>> = BTreeMap::new();
    for operation in operations {
        let Operation { target, key, kind, .. } = operation;
        let Some(uai) = &operation.uai else { continue };
        let of_school = files.get(target).and_then(|files| files.get(uai));
        let Some(files) = of_school.filter(|files| differ(files) || exports.has(uai)) else {
            continue;
        };
        let own = Own { uai, files, after, linked: linked.get(target), exports };
        let Some(received) = own.file(operation) else { continue };
        let of_school = later.entry(target.clone()).or_default().entry(uai.clone()).or_default();
        let of_side = of_school.entry(kind.side()).or_default();
        let oldest = of_side.entry(key.clone()).or_insert(received);
        *oldest = received.min(*oldest);
    }
    for (target, schools) in &mut later {
        let oldest = files.get(target).map(by_school).unwrap_or_default();
        for (uai, sides) in &mut *schools {
            let is_later = |received: &Timestamp| oldest.get(uai).is_some_and(|one| one < received);
            sides.values_mut().for_each(|objects| objects.retain(|_, at| is_later(at)));
            sides.retain(|_, objects| !objects.is_empty());
        }
        schools.retain(|_, sides| !sides.is_empty());
    }
    later.retain(|_, schools| !schools.is_empty());
    later
}

fn differ(files: &BTreeMap<Source, Timestamp>) -> bool {
    files.values().min() < files.values().max()
}

/// What tells of the operations of one school in one target.
struct Own<'a> {
    uai: &'a Uai,
    /// Since when each source has news.
    files: &'a BTreeMap<Source, Timestamp>,
    after: &'a Registry,
    linked: Option<&'a BTreeMap<String, PersonId>>,
    exports: &'a Exports,
}

impl Own<'_> {
    /// The receipt of the file that tells what an operation writes; of several, the oldest.
    fn file(&self, operation: &Operation) -> Option<Timestamp> {
        let Operation { key, kind, action, .. } = operation;
        let place = key.structure().map(|structure| (structure.kind, structure.code.clone()));
        match (key, place) {
            (ObjectKey::Account(id), _) => self.of_person(*id, &about_account(*kind)),
            (_, place) if kind.side() != Side::Entry => {
                let ask = place.map_or(Ask::Right, Ask::In);
                let of_link = |name: &String| match self.linked.and_then(|all| all.get(name)) {
                    Some(id) => self.of_person(*id, &ask),
                    None => self.of_key(key),
                };
                links(action).filter_map(of_link).min()
            }
            (_, Some(place)) => self.of_place(*kind, &place),
            (_, None) => self.of_key(key),
        }
    }

    fn oldest(&self) -> Option<Timestamp> {
        self.files.values().min().copied()
    }

    /// Of an object of which no file says anything by name.
    fn of_key(&self, key: &ObjectKey) -> Option<Timestamp> {
        match key {
            ObjectKey::Licence(licence) => self.of_role(*licence == Licence::Pupils),
            _ => self.oldest(),
        }
    }

    fn of_role(&self, is_pupil: bool) -> Option<Timestamp> {
        let told = self.files.iter().filter(|(source, _)| is_pupil == (**source != Source::Sts));
        // Without news of the file that tells of somebody, another one changes something for him.
        told.map(|(_, received)| *received).min().or_else(|| self.oldest())
    }

    fn of_person(&self, id: PersonId, ask: &Ask) -> Option<Timestamp> {
        let Some(person) = self.after.persons.get(&id) else { return self.oldest() };
        let role = person.enrolments.get(self.uai).map(|one| &one.role);
        let (source, is_pupil) = match role {
            Some(Role::Pupil) => (Source::SieclePupils, true),
            Some(Role::Teacher | Role::Staff(_)) => (Source::Sts, false),
            Some(Role::Unknown) | None => return self.oldest(),
        };
        match self.files.get(&source) {
            Some(since) => {
                let of = (self.uai, source);
                Some(self.exports.person(of, *since, &person.identifiers, ask))
            }
            None => self.of_role(is_pupil),
        }
    }

    /// Of a class or group: it is made from the first file that names it. What else changes in it
    /// waits since the oldest, unless a newer export is the first that says it so.
    fn of_place(&self, kind: OperationKind, place: &Place) -> Option<Timestamp> {
        let files = self.files.iter().map(|(source, since)| ((self.uai, *source), *since));
        let told = if kind == OperationKind::Create {
            files.filter_map(|(of, since)| self.exports.named(of, since, place)).min()
        } else {
            let described =
                files.map(|(of, since)| (since, self.exports.described(of, since, place)));
            described.filter(|(since, told)| since < told).map(|(_, told)| told).min()
        };
        told.or_else(|| self.oldest())
    }
}

/// What of a person an operation on the account is about.
fn about_account(kind: OperationKind) -> Ask {
    match kind {
        OperationKind::Create
        | OperationKind::Enable
        | OperationKind::Disable
        | OperationKind::Delete => Ask::Right,
        OperationKind::Update
        | OperationKind::Rename
        | OperationKind::AddMember
        | OperationKind::RemoveMember => Ask::Written,
    }
}

/// What is new, as the clocks of a plan want it.
pub(super) struct Starts<'a> {
    /// By target, the files that tell of what is written there.
    pub(super) files: &'a BTreeMap<String, News>,
    pub(super) later: &'a BTreeMap<String, BTreeMap<Uai, Later>>,
    /// By target and school, the oldest receipt that earlier runs still owe.
    pub(super) owed: &'a BTreeMap<String, BTreeMap<Uai, Timestamp>>,
}

/// By target and school with something to write there, the oldest receipt that it waits since: of
/// what is new, or of what earlier runs owe in this target. Of a target that could not be read
/// nobody knows what is to be written: every school with news waits there. `targets` tells of each
/// whether it was read.
pub(super) fn since_at<'a>(
    starts: &Starts<'_>,
    operations: &[Operation],
    targets: impl Iterator<Item = (&'a str, bool)>,
) -> BTreeMap<String, BTreeMap<Uai, Timestamp>> {
    let in_one = |(target, read): (&str, bool)| {
        let by_school = starts.files.get(target).map(by_school).unwrap_or_default();
        let mut since = starts.owed.get(target).cloned().unwrap_or_default();
        let mut sooner = |uai: &Uai, received: Timestamp| {
            let oldest = since.entry(uai.clone()).or_insert(received);
            *oldest = received.min(*oldest);
        };
        if read {
            let later = starts.later.get(target);
            let mut written = BTreeSet::new();
            for operation in operations.iter().filter(|one| one.target == target) {
                let Some(uai) = &operation.uai else { continue };
                written.insert(uai);
                let sides = later.and_then(|later| later.get(uai));
                let objects = sides.and_then(|sides| sides.get(&operation.kind.side()));
                let own = objects.and_then(|objects| objects.get(&operation.key));
                if let Some(received) = own.or_else(|| by_school.get(uai)) {
                    sooner(uai, *received);
                }
            }
            since.retain(|uai, _| written.contains(uai));
        } else {
            by_school.iter().for_each(|(uai, received)| sooner(uai, *received));
        }
        (target.to_owned(), since)
    };
    targets.map(in_one).collect()
}

/// By school, the oldest receipt of all targets.
pub(super) fn oldest(
    since_at: &BTreeMap<String, BTreeMap<Uai, Timestamp>>,
) -> BTreeMap<Uai, Timestamp> {
    let mut all = BTreeMap::new();
    for (uai, at) in since_at.values().flatten() {
        let oldest = all.entry(uai.clone()).or_insert(*at);
        *oldest = *at.min(oldest);
    }
    all
}

#[cfg(test)]
#[path = "starts_tests.rs"]
mod tests;
