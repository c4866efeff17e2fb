//! When the clock of what a plan writes starts: at the receipt of the file that tells it, one start
//! for each file of a school (requirements 2.3), or earlier, where runs before this one owe it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::delivery::Source;
use crate::model::entry::{Entry, Licence, ObjectKey};
use crate::model::ids::{PersonId, Uai};
use crate::model::person::Role;
use crate::model::registry::Registry;
use crate::plan::operation::{Action, Operation};
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
) -> BTreeMap<String, BTreeMap<Uai, Later>> {
    let mut later: BTreeMap<String, BTreeMap<Uai, Later>> = BTreeMap::new();
    for operation in operations {
        let Operation { target, key, kind, .. } = operation;
        let Some(uai) = &operation.uai else { continue };
        let of_school = files.get(target).and_then(|files| files.get(uai));
        let Some(files) = of_school.filter(|files| differ(files)) else { continue };
        let Some(received) = own_file(operation, uai, files, after, linked) else { continue };
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
            let file = |at: &i64| (uai.clone(), [(Source::Sts, day(*at))].into());
            let news: News = news.iter().map(file).collect();
            let files = ["near", "away"].map(|target| (target.to_owned(), news.clone())).into();
            let starts = Starts { files: &files, later: &BTreeMap::new(), owed: &owed };
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
