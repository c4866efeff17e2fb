//! What should stand in Office 365: accounts and groups of the schools that have subscribed, and
//! what becomes of those whose right to it has ended.
//!
//! Groups are of a school year: a rentrée makes new ones, and the old ones are deleted whole, weeks
//! later, instead of moving everybody link by link. A group is deleted only while another one that
//! takes its place stands, or once the retention since the end of the subscription is over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::entries::facts;
use super::policy::Policy;
use super::space_name::tells;
use super::subscription::{self, Standing, There};
use crate::mapping::entries::{Category, GroupFacts};
use crate::mapping::graph::{self, GraphMapping, OWNERS};
use crate::mapping::naming::Scheme;
use crate::model::dn;
use crate::model::entry::{Entry, GroupForm, Licence, ObjectKey, YearGroup};
use crate::model::ids::{PersonId, SchoolYear, Uai};
use crate::model::observed::Observed;
use crate::model::person::Person;
use crate::model::registry::Registry;
use crate::model::school::Schools;
use crate::model::workspace::{WorkspaceState, WorkspaceWithMembers};

/// What it follows from.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub registry: &'a Registry,
    pub spaces: &'a [WorkspaceWithMembers],
    pub schools: &'a Schools,
    /// The school year of the structures that a school declares.
    pub years: &'a BTreeMap<Uai, SchoolYear>,
    pub scheme: &'a Scheme,
    pub mapping: &'a GraphMapping,
    pub policy: &'a Policy,
    pub rules: Rules,
    /// What stands there.
    pub observed: &'a Observed,
    /// The days on which runs of ours disabled accounts there.
    pub disabled_on: &'a BTreeMap<PersonId, Date>,
    pub today: Date,
}

/// What a Région may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Teams are made of Microsoft 365 groups.
    pub teams: bool,
    /// From the turn of the year to the deletion of the groups of the one before.
    pub old_groups_kept_days: i32,
}

impl Rules {
    /// No teams; old groups go with the turn of the year.
    pub const NONE: Self = Self { teams: false, old_groups_kept_days: 0 };
}

/// What should stand, and what should not any more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    pub entries: BTreeMap<ObjectKey, Entry>,
    pub deletions: BTreeSet<ObjectKey>,
    /// Every object of the registry that stands there: none of them is a stray.
    pub known: BTreeSet<ObjectKey>,
    /// What does not stand as it should and cannot be mended by a plan, with the reason: told.
    pub told: BTreeMap<ObjectKey, String>,
}

/// Everything that should stand. The error is the mapping's: a template that cannot be filled.
pub fn desired(scene: &Scene<'_>) -> Result<Wanted, String> {
    let mut wanted = Wanted { known: known(scene), ..Wanted::default() };
    let members = accounts(scene, &mut wanted)?;
    for space in scene.spaces.iter().filter(|space| !space.unheard) {
        let uai = &space.workspace.key.uai;
        let subscribed = scene.schools.get(uai).filter(|one| is_current(one, scene));
        if let (Some(_), Some(year)) = (subscribed, scene.years.get(uai)) {
            group(scene, space, *year, &members, &mut wanted)?;
        }
    }
    licences(scene, &members, &mut wanted);
    for (key, seen) in &scene.observed.entries {
        if let ObjectKey::Yearly(group) = key {
            leave(scene, group, seen, &mut wanted);
        }
    }
    wanted.known.extend(wanted.entries.keys().cloned());
    Ok(wanted)
}

fn is_current(school: &crate::model::school::School, scene: &Scene<'_>) -> bool {
    subscription::is_current(school, scene.today)
}

fn known(scene: &Scene<'_>) -> BTreeSet<ObjectKey> {
    let persons = scene.registry.persons.keys().map(|person| ObjectKey::Account(*person));
    let seen = scene.observed.entries.keys();
    let spaces = &scene.registry.workspaces;
    let groups = seen.filter(|key| key.structure().is_some_and(|one| spaces.contains_key(one)));
    let licences = Licence::ALL.map(ObjectKey::Licence);
    persons.chain(groups.cloned()).chain(licences).collect()
}

/// Whoever may use an account: its DN, and what the person is.
type Members = BTreeMap<PersonId, (String, Category)>;

fn accounts(scene: &Scene<'_>, wanted: &mut Wanted) -> Result<Members, String> {
    let mut members = Members::new();
    for person in scene.registry.persons.values() {
        let key = ObjectKey::Account(person.id);
        let there = scene.observed.entries.get(&key).map(|seen| There {
            enabled: seen.enabled,
            disabled_on: scene.disabled_on.get(&person.id).copied(),
        });
        let (schools, policy) = (scene.schools, scene.policy);
        let standing = subscription::standing(person, schools, there, policy, scene.today);
        match standing {
            Standing::Absent => {}
            Standing::Deleted => _ = wanted.deletions.insert(key),
            Standing::Usable(uai) => {
                let (entry, category) = account(scene, person, uai, true)?;
                members.insert(person.id, (entry.dn.clone(), category));
                wanted.entries.insert(key, entry);
            }
            Standing::Disabled(uai) => {
                wanted.entries.insert(key, account(scene, person, uai, false)?.0);
            }
        }
    }
    Ok(members)
}

fn account(
    scene: &Scene<'_>,
    person: &Person,
    uai: &Uai,
    enabled: bool,
) -> Result<(Entry, Category), String> {
    let (Some(account), Some(place)) = (&person.account, &person.place) else {
        return Err(format!("person {} has no account", person.id));
    };
    // The same names and address as in every target.
    let mut facts = facts(person, account, place, scene.scheme);
    facts.enabled = enabled;
    Ok((scene.mapping.account(&facts, uai)?, facts.category))
}

/// The group of a workspace in the year that its school declares, and its team. One that closes is
/// emptied, and never made.
fn group(
    scene: &Scene<'_>,
    space: &WorkspaceWithMembers,
    year: SchoolYear,
    members: &Members,
    wanted: &mut Wanted,
) -> Result<(), String> {
    let WorkspaceWithMembers { workspace, pupils, teachers, unheard: _ } = space;
    let dns = |ids: &BTreeSet<PersonId>| -> Vec<String> {
        ids.iter().filter_map(|id| members.get(id)).map(|(dn, _)| dn.clone()).collect()
    };
    let told = [&workspace.key.code.0, &workspace.label];
    let facts = GroupFacts {
        workspace,
        neutral: told.iter().any(|text| tells(text, &scene.scheme.neutral)),
        pupils: dns(pupils),
        teachers: dns(teachers),
    };
    let mut entry = scene.mapping.group(&facts, year)?;
    let seen = scene.observed.entries.get(&entry.key);
    let open = workspace.state == WorkspaceState::Open;
    match seen {
        None if !open => return Ok(()),
        None => {}
        Some(seen) => stay(&mut entry, seen, wanted),
    }
    if open && scene.rules.teams && entry.links.contains_key(OWNERS) {
        let team = scene.mapping.team(&entry);
        wanted.entries.extend(team.map(|team| (team.key.clone(), team)));
    }
    wanted.entries.insert(entry.key.clone(), entry);
    Ok(())
}

/// A unique name is for ever, and the last owner of a group cannot be taken out of it.
fn stay(entry: &mut Entry, seen: &Entry, wanted: &mut Wanted) {
    entry.dn.clone_from(&seen.dn);
    for name in dn::leaf_pairs(&seen.dn) {
        if let Some(values) = seen.attributes.get(&name.attribute) {
            entry.attributes.insert(name.attribute, values);
        }
    }
    if let Some(last) = graph::last_owner(&entry.links, &seen.links) {
        let name =
            dn::leaf_pairs(last).into_iter().next().map_or_else(String::new, |one| one.value);
        let why = format!(
            "{name} stays its owner, and that of its team: the service does not let the last one \
             go before another one has come (a teacher whom the school declares for it)"
        );
        wanted.told.insert(entry.key.clone(), why);
        entry.links.insert(OWNERS.to_owned(), BTreeSet::from([last.clone()]));
    }
}

/// Everybody who may use an account has the licence of what he is.
fn licences(scene: &Scene<'_>, members: &Members, wanted: &mut Wanted) {
    for licence in Licence::ALL {
        let has = |category: Category| match licence {
            Licence::Pupils => category == Category::Pupil,
            Licence::Staff => category != Category::Pupil,
        };
        let of = members.values().filter(|(_, category)| has(*category));
        let dns: BTreeSet<String> = of.map(|(dn, _)| dn.clone()).collect();
        let seen = scene.observed.entries.get(&ObjectKey::Licence(licence));
        if dns.is_empty() && seen.is_none() {
            continue;
        }
        match (scene.mapping.licence(licence, dns), seen) {
            (Some(entry), _) => _ = wanted.entries.insert(entry.key.clone(), entry),
            (None, Some(seen)) => retired(scene, seen, members, wanted),
            (None, None) => {}
        }
    }
}

/// A licence that is not in the settings any more: whoever has it keeps it until somebody has
/// decided, but for those who may not use an account.
fn retired(scene: &Scene<'_>, seen: &Entry, members: &Members, wanted: &mut Wanted) {
    let unusable = |key: &ObjectKey| {
        let person = key.person().filter(|one| scene.registry.persons.contains_key(one));
        person.is_some_and(|one| !members.contains_key(&one))
    };
    let accounts = scene.observed.entries.iter().filter(|(key, _)| unusable(key));
    let gone: BTreeSet<String> = accounts.map(|(_, one)| dn::comparable(&one.dn)).collect();
    let mut entry = seen.clone();
    for values in entry.links.values_mut() {
        values.retain(|value| !gone.contains(&dn::comparable(value)));
    }
    let count: usize = entry.links.values().map(BTreeSet::len).sum();
    let why = format!(
        "`licences` names no product for it any more: the group keeps its product, and {count} \
         member(s) their seats; nobody new comes in. Name the product again, or take it off the \
         group, and then the group away, by hand"
    );
    wanted.told.insert(entry.key.clone(), why);
    wanted.entries.insert(entry.key.clone(), entry);
}

/// What becomes of a group that is not wanted: it is deleted when its time is over; until then one
/// of a school that has subscribed stays as it is, and one of another school is empty.
fn leave(scene: &Scene<'_>, group: &YearGroup, seen: &Entry, wanted: &mut Wanted) {
    let key = ObjectKey::Yearly(group.clone());
    let uai = &group.structure.uai;
    if wanted.entries.contains_key(&key) || !wanted.known.contains(&key) {
        return;
    }
    let Some(school) = scene.schools.get(uai) else { return };
    if is_current(school, scene) {
        if is_replaced(scene, group, wanted) {
            wanted.deletions.insert(key);
        }
        return;
    }
    // Without a day to count from, as when its dates were taken out of the list, nothing goes.
    let over = |end: Date| end.saturating_add(scene.policy.retention_days.days()) <= scene.today;
    if subscription::ended_on(school, scene.today).is_some_and(over) {
        wanted.deletions.insert(key);
        return;
    }
    let mut entry = Entry { links: BTreeMap::new(), uai: Some(uai.clone()), ..seen.clone() };
    stay(&mut entry, seen, wanted);
    wanted.entries.insert(key, entry);
}

/// Every group that the school should have this year stands, and the old year is long over; or the
/// same group stands in its new form, with everybody in it.
fn is_replaced(scene: &Scene<'_>, group: &YearGroup, wanted: &Wanted) -> bool {
    let Some(year) = scene.years.get(&group.structure.uai) else { return false };
    let standing = &scene.observed.entries;
    if group.year < *year {
        let is_new = |key: &ObjectKey| {
            let ObjectKey::Yearly(other) = key else { return false };
            other.year == *year && other.structure.uai == group.structure.uai
        };
        let (month, day) = scene.policy.turn;
        let turn = Date::new(year.0, month, day);
        let kept = scene.rules.old_groups_kept_days.days();
        let over = turn.is_ok_and(|turn| turn.saturating_add(kept) <= scene.today);
        let mut new = wanted.entries.keys().filter(|key| is_new(key)).peekable();
        return over && new.peek().is_some() && new.all(|key| standing.contains_key(key));
    }
    let form = match group.form {
        GroupForm::Security => GroupForm::Unified,
        GroupForm::Unified => GroupForm::Security,
    };
    let other = ObjectKey::Yearly(YearGroup { form, ..group.clone() });
    let (Some(there), Some(entry)) = (standing.get(&other), wanted.entries.get(&other)) else {
        return false;
    };
    entry.links.iter().all(|(link, values)| {
        let held = there.links.get(link);
        let place = |value: &String| dn::comparable(value);
        let held: BTreeSet<String> = held.into_iter().flatten().map(place).collect();
        values.iter().all(|value| held.contains(&place(value)))
    })
}

#[cfg(test)]
mod tests;
