//! Who is where and in which class, as other systems take it: the desired state without anything
//! of a target, persons under opaque keys.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::entries;
use crate::mapping::entries::Category;
use crate::mapping::graph::GraphMapping;
use crate::mapping::naming::Scheme;
use crate::model::ids::{PersonId, SchoolYear, StructureKind, Uai};
use crate::model::opaque::OpaqueKeys;
use crate::model::person::Person;
use crate::model::registry::Registry;
use crate::model::school::{School, Schools};
use crate::model::workspace::{Workspace, WorkspaceState, WorkspaceWithMembers};

/// The class lists of some schools in one school year, sorted by key everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassLists<'a> {
    pub region: &'a str,
    pub year: SchoolYear,
    pub begins: Date,
    pub ends: Date,
    pub schools: Vec<&'a School>,
    pub people: BTreeMap<String, Listed<'a>>,
    pub classes: Vec<Class<'a>>,
}

/// One person whose account works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<'a> {
    pub given: String,
    pub called: String,
    pub address: String,
    pub login: &'a str,
    /// The name with which the account signs in to Office 365: no address, where that is written
    /// otherwise than the login (`marie.delafontaine`, `marie.de-la-fontaine`).
    pub username: String,
    /// The school of the account; the person may be of others too.
    pub place: Option<&'a Uai>,
    /// At each of the schools.
    pub roles: BTreeMap<&'a Uai, Category>,
}

/// A division or group of the year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class<'a> {
    /// Year and name of the workspace: safe, unique, and telling nothing of a handicap.
    pub id: String,
    pub uai: &'a Uai,
    pub kind: StructureKind,
    pub name: &'a str,
    pub label: &'a str,
    /// Keys of persons.
    pub pupils: BTreeSet<String>,
    pub teachers: BTreeSet<String>,
}

/// What the lists are made of.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub region: &'a str,
    pub schools: &'a Schools,
    pub registry: &'a Registry,
    pub spaces: &'a [WorkspaceWithMembers],
    pub scheme: &'a Scheme,
    pub keys: &'a OpaqueKeys,
    /// Says how accounts are named in Office 365; without it they have the login.
    pub tenant: Option<&'a GraphMapping>,
    /// When the school year changes.
    pub turn: (i8, i8),
    pub today: Date,
}

/// The lists of the schools that `is_wanted` names. Somebody without a role in them is not there.
/// The error is the mapping's: a template that cannot be filled.
pub fn class_lists<'a>(
    source: Source<'a>,
    is_wanted: &dyn Fn(&School) -> bool,
) -> Result<ClassLists<'a>, String> {
    let year = SchoolYear::on(source.today, source.turn);
    let schools: Vec<&School> =
        source.schools.values().filter(|school| is_wanted(school)).collect();
    let wanted: BTreeSet<&Uai> = schools.iter().map(|school| &school.uai).collect();
    let mut people = BTreeMap::new();
    let mut keys: BTreeMap<PersonId, String> = BTreeMap::new();
    for person in source.registry.persons.values() {
        if let Some(listed) = listed(person, &wanted, source)? {
            let key = source.keys.of(person.id);
            keys.insert(person.id, key.clone());
            people.insert(key, listed);
        }
    }
    let open = |space: &&WorkspaceWithMembers| space.workspace.state == WorkspaceState::Open;
    let here = |space: &&WorkspaceWithMembers| wanted.contains(&space.workspace.key.uai);
    let classes = source.spaces.iter().filter(open).filter(here).map(|space| {
        let WorkspaceWithMembers { workspace, pupils, teachers, unheard: _ } = space;
        let Workspace { key, name, label, state: _ } = workspace;
        let members = |ids: &BTreeSet<PersonId>| {
            ids.iter().filter_map(|id| keys.get(id)).cloned().collect::<BTreeSet<String>>()
        };
        Class {
            id: format!("{}-{name}", year.0),
            uai: &key.uai,
            kind: key.kind,
            name,
            label,
            pupils: members(pupils),
            teachers: members(teachers),
        }
    });
    let mut classes: Vec<Class<'_>> = classes.collect();
    classes.sort_by(|one, other| one.id.cmp(&other.id));
    let (month, day) = source.turn;
    // The turn is a day of every year: the configuration has checked it.
    let turn = |year: SchoolYear| Date::new(year.0, month, day).unwrap_or(source.today);
    let (begins, ends) = (turn(year), turn(year.next()).saturating_sub(1.day()));
    let region = source.region;
    Ok(ClassLists { region, year, begins, ends, schools, people, classes })
}

fn listed<'a>(
    person: &'a Person,
    wanted: &BTreeSet<&'a Uai>,
    source: Source<'a>,
) -> Result<Option<Listed<'a>>, String> {
    let account = person.account.as_ref().filter(|account| account.state.works());
    let (Some(account), Some(place)) = (account, &person.place) else { return Ok(None) };
    let roles: BTreeMap<&Uai, Category> = person
        .current()
        .filter(|(uai, _)| wanted.contains(uai))
        .filter_map(|(uai, enrolment)| Some((uai, Category::of(&enrolment.role)?)))
        .collect();
    if roles.is_empty() {
        return Ok(None);
    }
    let facts = entries::facts(person, account, place, source.scheme);
    let login = account.name.login.as_str();
    let username = match source.tenant {
        Some(tenant) => tenant.username(&facts)?,
        None => {
            let domain = facts.mail.rsplit_once('@').map_or("", |(_, domain)| domain);
            format!("{login}@{domain}")
        }
    };
    Ok(Some(Listed {
        given: facts.given,
        called: facts.called,
        address: facts.mail,
        login,
        username,
        place: Some(place).filter(|place| roles.contains_key(place)),
        roles,
    }))
}
