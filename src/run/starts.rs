//! When the clock of what a plan writes starts: at the receipt of the file that tells it, one start
//! for each file of a school (requirements 2.3), or earlier, where runs before this one owe it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::delivery::Source;
use crate::model::entry::{Entry, Licence, ObjectKey};
use crate::model::ids::{PersonId, Uai};
use crate::model::person::Role;
use crate::model::registry::Registry;
use crate::plan::Later;
use crate::plan::operation::{Action, Operation};

/// By school, the receipts of the files that were not there at the last run.
pub(super) type News = BTreeMap<Uai, BTreeMap<Source, Timestamp>>;

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
    let of_licence = |one: &&Operation| matches!(one.key, ObjectKey::Licence(_));
    let linking = operations.iter().filter(|one| !of_licence(one));
    let names: BTreeSet<&str> = linking.flat_map(links).map(String::as_str).collect();
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

fn links(operation: &Operation) -> impl Iterator<Item = &String> {
    let values = match &operation.action {
        Action::AddLinks { values, .. } | Action::RemoveLinks { values, .. } => Some(values),
        Action::Create { .. }
        | Action::Modify { .. }
        | Action::Rename { .. }
        | Action::Delete { .. } => None,
    };
    values.into_iter().flatten()
}

/// By school whose new files came at different times, what a later one of them tells.
pub(super) fn later(
    news: &News,
    operations: &[Operation],
    after: &Registry,
    linked: &Linked,
) -> BTreeMap<Uai, Later> {
    let mut later: BTreeMap<Uai, Later> = BTreeMap::new();
    for operation in operations {
        let Some(uai) = &operation.uai else { continue };
        let Some(files) = news.get(uai).filter(|files| differ(files)) else { continue };
        let Some(received) = own_file(operation, uai, files, after, linked) else { continue };
        let of_school = later.entry(uai.clone()).or_default();
        let of_kind =
            if operation.kind.is_link() { &mut of_school.links } else { &mut of_school.entries };
        let oldest = of_kind.entry(operation.key.clone()).or_insert(received);
        *oldest = received.min(*oldest);
    }
    let by_school = by_school(news);
    for (uai, Later { entries, links }) in &mut later {
        let is_later = |received: &Timestamp| by_school.get(uai).is_some_and(|one| one < received);
        entries.retain(|_, received| is_later(received));
        links.retain(|_, received| is_later(received));
    }
    later.retain(|_, of_school| *of_school != Later::default());
    later
}

fn differ(files: &BTreeMap<Source, Timestamp>) -> bool {
    files.values().min() < files.values().max()
}

/// The receipt of the file that tells what an operation writes; of several, the oldest.
fn own_file(
    operation: &Operation,
    uai: &Uai,
    files: &BTreeMap<Source, Timestamp>,
    after: &Registry,
    linked: &Linked,
) -> Option<Timestamp> {
    let of_role = |is_pupil: bool| {
        let told = files.iter().filter(|(source, _)| is_pupil == (**source != Source::Sts));
        // Without news of the file that tells of somebody, another one changes something for him.
        told.map(|(_, received)| *received).min().or_else(|| files.values().min().copied())
    };
    let of_person = |id: &PersonId| {
        let person = after.persons.get(id);
        match person.and_then(|person| person.enrolments.get(uai)).map(|one| &one.role) {
            Some(Role::Pupil) => of_role(true),
            Some(Role::Teacher | Role::Staff(_)) => of_role(false),
            Some(Role::Unknown) | None => files.values().min().copied(),
        }
    };
    match (&operation.key, &operation.action) {
        (ObjectKey::Account(id), _) => of_person(id),
        (ObjectKey::Licence(licence), _) => of_role(*licence == Licence::Pupils),
        (_, Action::AddLinks { .. } | Action::RemoveLinks { .. }) => {
            let linked = linked.get(&operation.target);
            let person = |name: &String| linked.and_then(|linked| linked.get(name));
            let of_link = |name: &String| match person(name) {
                Some(id) => of_person(id),
                None => files.values().min().copied(),
            };
            links(operation).filter_map(of_link).min()
        }
        _ => files.values().min().copied(),
    }
}

/// What is new, as the clocks of a plan want it.
pub(super) struct Starts<'a> {
    pub(super) by_school: &'a BTreeMap<Uai, Timestamp>,
    pub(super) later: &'a BTreeMap<Uai, Later>,
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
        let mut since = starts.owed.get(target).cloned().unwrap_or_default();
        let mut sooner = |uai: &Uai, received: Timestamp| {
            let oldest = since.entry(uai.clone()).or_insert(received);
            *oldest = received.min(*oldest);
        };
        if read {
            let mut written = BTreeSet::new();
            for operation in operations.iter().filter(|one| one.target == target) {
                let Some(uai) = &operation.uai else { continue };
                written.insert(uai);
                let later = starts.later.get(uai).map(|later| later.of(operation.kind.is_link()));
                let own = later.and_then(|later| later.get(&operation.key));
                if let Some(received) = own.or_else(|| starts.by_school.get(uai)) {
                    sooner(uai, *received);
                }
            }
            since.retain(|uai, _| written.contains(uai));
        } else {
            starts.by_school.iter().for_each(|(uai, received)| sooner(uai, *received));
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
mod tests {
    use super::*;
    use crate::plan::simulator::{account, one_creation};

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(day * 86_400).unwrap()
    }

    #[test]
    fn what_one_target_is_owed_is_no_clock_of_another() {
        // a target that was away keeps its first receipt, and a new creation in the other
        // one has that of its own delivery.
        let uai: Uai = "0599990N".parse().unwrap();
        let creation = |target| one_creation(target, account(1, "0599990N", "ines.lefevre"));
        let owed = [("away".to_owned(), [(uai.clone(), day(1))].into())].into();
        let check = |news: &[i64], operations: &[Operation], read: bool, expect: [&[i64]; 2]| {
            let by_school = &news.iter().map(|at| (uai.clone(), day(*at))).collect();
            let starts = Starts { by_school, later: &BTreeMap::new(), owed: &owed };
            let targets = [("near", true), ("away", read)].into_iter();
            let since = since_at(&starts, operations, targets);
            let told = ["near", "away"].map(|target| since[target].get(&uai).copied());
            assert_eq!(told, expect.map(|days| days.first().map(|at| day(*at))));
            assert_eq!(oldest(&since).get(&uai).copied(), told.into_iter().flatten().min());
        };
        let (near, away) = (creation("near"), creation("away"));
        check(&[7], std::slice::from_ref(&near), false, [&[7], &[1]]);
        // Read again: what is written there has waited since the first receipt.
        check(&[7], &[near.clone(), away.clone()], true, [&[7], &[1]]);
        check(&[], &[near.clone(), away], true, [&[], &[1]]);
        // Nothing is missing there.
        check(&[7], &[near], true, [&[7], &[]]);
        // Away for another night, without news.
        check(&[], &[], false, [&[], &[1]]);
    }
}
