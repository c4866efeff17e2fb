//! What should stand in one target: accounts and groups as entries of its mapping, and the
//! containers that they need.

use std::collections::{BTreeMap, BTreeSet};

use super::space_name::tells;
use crate::mapping::entries::{AccountFacts, Category, EntryMapping, GroupFacts};
use crate::mapping::naming::Scheme;
use crate::matching::normal;
use crate::model::account::Account;
use crate::model::entry::{Entry, ObjectKey};
use crate::model::ids::{PersonId, Uai};
use crate::model::person::{Enrolment, EnrolmentState, Person};
use crate::model::registry::Registry;
use crate::model::workspace::WorkspaceWithMembers;

/// Every entry that should stand. The error is the mapping's: a template that cannot be filled.
pub fn desired(
    registry: &Registry,
    spaces: &[WorkspaceWithMembers],
    scheme: &Scheme,
    mapping: &EntryMapping,
) -> Result<BTreeMap<ObjectKey, Entry>, String> {
    let mut entries = BTreeMap::new();
    let mut dns: BTreeMap<PersonId, String> = BTreeMap::new();
    let mut schools: BTreeSet<&Uai> = spaces.iter().map(|space| &space.workspace.key.uai).collect();
    for person in registry.persons.values() {
        let (Some(account), Some(place)) = (&person.account, &person.place) else { continue };
        if !account.state.stands() {
            continue;
        }
        schools.insert(place);
        let entry = mapping.account(&facts(person, account, place, scheme))?;
        dns.insert(person.id, entry.dn.clone());
        entries.insert(entry.key.clone(), entry);
    }
    let members = |ids: &BTreeSet<PersonId>| -> Vec<String> {
        ids.iter().filter_map(|id| dns.get(id)).cloned().collect()
    };
    for space in spaces.iter().filter(|space| !space.unheard) {
        let WorkspaceWithMembers { workspace, pupils, teachers, unheard: _ } = space;
        let told = [&workspace.key.code.0, &workspace.label];
        let entry = mapping.group(&GroupFacts {
            workspace,
            neutral: told.iter().any(|text| tells(text, &scheme.neutral)),
            pupils: members(pupils),
            teachers: members(teachers),
        })?;
        entries.insert(entry.key.clone(), entry);
    }
    for uai in schools {
        let containers = mapping.containers(uai)?;
        entries.extend(containers.into_iter().map(|entry| (entry.key.clone(), entry)));
    }
    Ok(entries)
}

/// The schools of whose groups nothing is heard, and who is of them: whoever has left the school
/// leaves its groups all the same.
pub fn unheard(
    registry: &Registry,
    spaces: &[WorkspaceWithMembers],
) -> BTreeMap<Uai, BTreeSet<PersonId>> {
    let silent = spaces.iter().filter(|space| space.unheard);
    let mut schools: BTreeMap<Uai, BTreeSet<PersonId>> =
        silent.map(|space| (space.workspace.key.uai.clone(), BTreeSet::new())).collect();
    if schools.is_empty() {
        return schools;
    }
    for person in registry.persons.values() {
        let open = |one: &Enrolment| !matches!(one.state, EnrolmentState::Ended { .. });
        for (uai, _) in person.enrolments.iter().filter(|(_, one)| open(one)) {
            if let Some(present) = schools.get_mut(uai) {
                present.insert(person.id);
            }
        }
    }
    schools
}

pub(super) fn facts<'a>(
    person: &'a Person,
    account: &'a Account,
    place: &'a Uai,
    scheme: &Scheme,
) -> AccountFacts<'a> {
    let given = normal::display_given(&person.names.given);
    let called = normal::display_name(person.names.called());
    let category = category(person, place);
    AccountFacts {
        person: person.id,
        name: &account.name,
        mail: scheme.address(&account.name, category == Category::Pupil),
        display: format!("{given} {called}"),
        given,
        called,
        uai: place,
        category,
        schools: person.current().map(|(uai, _)| uai).collect(),
        enabled: account.state.works(),
    }
}

/// What the person is, by the most telling of the enrolments: those in force first, the school of
/// the account first; a function that is unknown today leaves what the person was.
pub(super) fn category(person: &Person, place: &Uai) -> Category {
    let at_place = person.enrolments.get(place).into_iter();
    at_place
        .chain(person.current().map(|(_, enrolment)| enrolment))
        .chain(person.enrolments.values())
        .find_map(|enrolment| Category::of(&enrolment.role))
        .unwrap_or(Category::Staff)
}
