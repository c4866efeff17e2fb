//! Guards of what only Office 365 has: groups that go with a school year, subscriptions, seats.

use std::collections::{BTreeMap, BTreeSet};

use super::share::Share;
use super::{CLASSES_EMPTIED, GROUPS_WITH_FILES, SUBSCRIPTION_ENDED};
use super::{Policy, TARGET_ROOM, TOO_MANY_GROUP_DELETES, TOO_MANY_GROUP_DELETES_OVERALL};
use crate::mapping::graph::MEMBERS;
use crate::model::entry::{GroupForm, Licence, ObjectKey, ObjectKind, YearGroup};
use crate::model::ids::Uai;
use crate::model::observed::{Limit, LimitKind, Observed};
use crate::plan::Objection;
use crate::plan::operation::{Action, Operation, OperationKind};

/// Groups that are deleted: so many of a school, and of all, at most; and a Microsoft 365 group,
/// which holds files, never unseen.
pub(super) fn group_deletes(policy: &Policy, operations: &[Operation]) -> Vec<Objection> {
    let mut found = Vec::new();
    let (mut all, mut schools) = (0, BTreeMap::<&Uai, (u64, u64)>::new());
    for group in deleted_groups(operations) {
        let (groups, with_files) = schools.entry(&group.structure.uai).or_default();
        *groups += 1;
        *with_files += u64::from(group.form == GroupForm::Unified);
        all += 1;
    }
    let objection = |id: &str, uai: Option<&Uai>, text: String| Objection {
        id: id.to_owned(),
        uai: uai.cloned(),
        text,
    };
    let over = |count: u64, limit: u64| {
        let text = format!("{count} groups would be deleted, the limit is {limit}");
        (count > limit).then_some(text)
    };
    for (uai, (groups, with_files)) in schools {
        let text = over(groups, policy.deletes_max);
        found.extend(text.map(|text| objection(TOO_MANY_GROUP_DELETES, Some(uai), text)));
        if with_files > 0 {
            let text = format!(
                "{with_files} Microsoft 365 group(s) would be deleted, with their files and teams; \
                 the service keeps them for 30 days"
            );
            found.push(objection(GROUPS_WITH_FILES, Some(uai), text));
        }
    }
    let text = over(all, policy.deletes_all_max);
    found.extend(text.map(|text| objection(TOO_MANY_GROUP_DELETES_OVERALL, None, text)));
    found
}

fn deleted_groups(operations: &[Operation]) -> BTreeSet<&YearGroup> {
    let mut groups = BTreeSet::new();
    for Operation { kind, key, blocked, .. } in operations {
        if let (OperationKind::Delete, ObjectKey::Yearly(group), None) = (kind, key, blocked) {
            groups.insert(group);
        }
    }
    groups
}

/// A school without a subscription loses accounts or members in a target that goes with one: a
/// person says that it is meant. `ended` tells the schools whose subscription is not in
/// force, each with how that is said.
pub fn subscription_ended(
    target: &str,
    operations: &[Operation],
    ended: &dyn Fn(&Uai) -> Option<String>,
) -> Vec<Objection> {
    let mut schools: BTreeMap<&Uai, (BTreeSet<&ObjectKey>, u64)> = BTreeMap::new();
    let ours = operations.iter().filter(|one| one.target == target && one.blocked.is_none());
    for operation in ours {
        let Some(uai) = &operation.uai else { continue };
        let (accounts, members) = match (operation.kind, &operation.action) {
            (OperationKind::Disable | OperationKind::Delete, _) => (true, 0),
            (_, Action::RemoveLinks { values, .. }) => (false, values.len() as u64),
            _ => continue,
        };
        let (keys, links) = schools.entry(uai).or_default();
        if accounts {
            keys.insert(&operation.key);
        }
        *links += members;
    }
    let objection = |(uai, (keys, links)): (&Uai, (BTreeSet<&ObjectKey>, u64))| {
        let how = ended(uai)?;
        let objects = keys.len();
        let text = format!(
            "{how}: in {target}, {objects} account(s) or group(s) would be disabled or deleted, \
             {links} membership(s) would end"
        );
        Some(Objection { id: SUBSCRIPTION_ENDED.to_owned(), uai: Some(uai.clone()), text })
    };
    schools.into_iter().filter_map(objection).collect()
}

/// Classes that have people in a group of a tenant, whatever its form or year, and would have
/// nobody in any: what a rollback does to those whose old group is gone. The limits are those of
/// classes that are lost.
pub fn classes_emptied(
    policy: &Policy,
    target: &str,
    operations: &[Operation],
    seen: &Observed,
) -> Vec<Objection> {
    let mut leaving: BTreeMap<&YearGroup, u64> = BTreeMap::new();
    let ours = operations.iter().filter(|one| one.target == target && one.blocked.is_none());
    for Operation { key, action, .. } in ours {
        let (ObjectKey::Yearly(group), Action::RemoveLinks { attribute, values, .. }) =
            (key, action)
        else {
            continue;
        };
        if attribute == MEMBERS {
            *leaving.entry(group).or_default() += values.len() as u64;
        }
    }
    let (mut standing, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for (key, entry) in &seen.entries {
        let ObjectKey::Yearly(group) = key else { continue };
        let members = entry.links.get(MEMBERS).map_or(0, BTreeSet::len) as u64;
        if members > 0 {
            standing.insert(&group.structure);
        }
        if members > leaving.get(group).copied().unwrap_or_default() {
            kept.insert(&group.structure);
        }
    }
    let mut schools: BTreeMap<&Uai, (u64, u64)> = BTreeMap::new();
    for structure in &standing {
        let (emptied, all) = schools.entry(&structure.uai).or_default();
        *emptied += u64::from(!kept.contains(structure));
        *all += 1;
    }
    let objection = |(uai, (part, of)): (&Uai, (u64, u64))| {
        let share = Share {
            part,
            of,
            percent_max: policy.classes_lost_percent_max,
            what: "classes and groups with people in Office 365",
            done: "would have nobody in any",
            // One class of a small school may go.
            floor: 1,
            ..Share::plain(0)
        };
        let text = format!("{target}: {}", share.over()?);
        Some(Objection { id: CLASSES_EMPTIED.to_owned(), uai: Some(uai.clone()), text })
    };
    schools.into_iter().filter_map(objection).collect()
}

/// What the plan makes fits into the target, as far as it tells how much room it has.
pub fn target_room(target: &str, operations: &[Operation], seen: &Observed) -> Option<Objection> {
    let ours = operations.iter().filter(|one| one.target == target && one.blocked.is_none());
    let (mut objects, mut seats) = (0_u64, BTreeMap::<Licence, i64>::new());
    for operation in ours {
        let count = |values: &BTreeSet<String>| i64::try_from(values.len()).unwrap_or(i64::MAX);
        match (&operation.action, &operation.key) {
            (Action::Create { .. }, key) if key.kind() == ObjectKind::Team => {}
            // In the bin it counts already.
            (Action::Create { .. }, key)
                if seen.deleted.contains(key) || seen.deleted.contains(&key.opaque()) => {}
            (Action::Create { .. }, _) => objects += 1,
            (Action::AddLinks { values, .. }, ObjectKey::Licence(licence)) => {
                *seats.entry(*licence).or_default() += count(values);
            }
            (Action::RemoveLinks { values, .. }, ObjectKey::Licence(licence)) => {
                *seats.entry(*licence).or_default() -= count(values);
            }
            _ => {}
        }
    }
    let texts = seen.limits.iter().filter_map(|Limit { what, total, used }| {
        let wanted = match what {
            LimitKind::DirectoryObjects => objects,
            LimitKind::Seats(licence) => {
                let more = seats.get(licence).copied().unwrap_or_default();
                u64::try_from(more).unwrap_or_default()
            }
            LimitKind::SharedSeats => {
                u64::try_from(seats.values().sum::<i64>()).unwrap_or_default()
            }
        };
        let free = total.saturating_sub(*used);
        let what = match what {
            LimitKind::DirectoryObjects => "objects (deleted ones count for 30 days)".to_owned(),
            LimitKind::Seats(licence) => format!("seats of the licence of {}", licence.as_str()),
            LimitKind::SharedSeats => "seats of the licence of pupils and staff".to_owned(),
        };
        (wanted > free).then(|| {
            format!("{wanted} more {what} are needed, {used} of {total} are used, {free} are left")
        })
    });
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| Objection {
        id: TARGET_ROOM.to_owned(),
        uai: None,
        text: format!("{}{}", of_target(target), texts.join("; ")),
    })
}

/// How an objection to what is done to a target begins.
fn of_target(target: &str) -> String {
    format!("{target}: ")
}

/// Whether an operation takes some of the room of which the plan wants too much. The two licence
/// groups themselves are of no school: a part makes them that puts nobody into them.
pub(super) fn takes_room(objection: &Objection, operation: &Operation) -> bool {
    objection.text.starts_with(&of_target(&operation.target))
        && match (&operation.action, &operation.key) {
            (Action::Create { entry }, ObjectKey::Licence(_)) => !entry.links.is_empty(),
            (Action::AddLinks { .. }, ObjectKey::Licence(_)) | (Action::Create { .. }, _) => true,
            _ => false,
        }
}

#[cfg(test)]
mod tests;
