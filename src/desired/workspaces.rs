//! Workspaces of divisions and groups, with their members.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::space_name::{space_name, tells};
use super::structures::{Declaration, Structures};
use crate::model::account::AccountState;
use crate::model::ids::{Login, PersonId, StructureKey, StructureKind, Uai};
use crate::model::person::{Identifier, Person};
use crate::model::registry::Registry;
use crate::model::workspace::{Workspace, WorkspaceState, WorkspaceWithMembers};

/// Every workspace ever declared, as it should stand. `persons` are those of the registry after
/// this run. A workspace whose school declares structures without it is frozen and loses its
/// members; one whose school declares none at all stays as it is.
pub fn settle(
    registry: &Registry,
    persons: &BTreeMap<PersonId, Person>,
    structures: &BTreeMap<Uai, Structures>,
    neutral: &[String],
    today: Date,
) -> Vec<WorkspaceWithMembers> {
    let mut taken = names_taken(registry, persons);
    let nothing = Declaration::default();
    let mut spaces: BTreeMap<StructureKey, WorkspaceWithMembers> = BTreeMap::new();
    for (key, old) in &registry.workspaces {
        let school = structures.get(&key.uai);
        let declared = school.and_then(|school| school.declared.get(key));
        let mut workspace = old.clone();
        match (declared, &old.state) {
            (Some(declaration), _) => {
                workspace.state = WorkspaceState::Open;
                workspace.label = label(&old.name, key, declaration, neutral);
            }
            (None, WorkspaceState::Open) if school.is_some_and(|school| school.complete) => {
                workspace.state = WorkspaceState::Frozen { since: today };
            }
            (None, WorkspaceState::Open | WorkspaceState::Frozen { .. }) => {}
        }
        spaces.insert(key.clone(), empty(workspace));
    }
    for (key, declaration) in structures.values().flat_map(|school| &school.declared) {
        if !spaces.contains_key(key) {
            let name = space_name(key, neutral, &mut taken);
            let label = label(&name, key, declaration, neutral);
            let workspace =
                Workspace { key: key.clone(), name, label, state: WorkspaceState::Open };
            spaces.insert(key.clone(), empty(workspace));
        }
    }
    let staff = staff_index(persons);
    for (key, space) in &mut spaces {
        if space.workspace.state != WorkspaceState::Open {
            continue;
        }
        space.unheard = !structures.get(&key.uai).is_some_and(|school| school.complete);
        let declaration = structures
            .get(&key.uai)
            .and_then(|school| school.declared.get(key))
            .unwrap_or(&nothing);
        let teachers = declaration.teachers.iter().filter_map(|one| staff.get(one));
        space.teachers = teachers
            .filter(|person| has_space(person) && person.current().any(|(uai, _)| *uai == key.uai))
            .map(|person| person.id)
            .collect();
    }
    add_pupils(&mut spaces, persons);
    spaces.into_values().collect()
}

/// What a new workspace must not be called: another one, or, since accounts and groups share one
/// space in some targets, an account, now or once. Names of workspaces begin with the digits of a
/// school: few other names do.
fn names_taken(registry: &Registry, persons: &BTreeMap<PersonId, Person>) -> BTreeSet<String> {
    let spaces = registry.workspaces.values().map(|space| space.name.to_lowercase());
    let accounts = persons.values().filter_map(|person| person.account.as_ref());
    let names = accounts.flat_map(|account| account.name.each()).map(Login::as_str);
    let alike = names
        .chain(registry.former_names.iter().map(String::as_str))
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()));
    spaces.chain(alike.map(str::to_owned)).collect()
}

/// The label, else the code; the neutral name when either would tell of handicap or the like
/// (requirements 3.3).
fn label(name: &str, key: &StructureKey, declaration: &Declaration, neutral: &[String]) -> String {
    let label = declaration.label.as_ref().unwrap_or(&key.code.0);
    if tells(label, neutral) || tells(&key.code.0, neutral) {
        return name.to_owned();
    }
    label.clone()
}

fn empty(workspace: Workspace) -> WorkspaceWithMembers {
    let (pupils, teachers) = (BTreeSet::new(), BTreeSet::new());
    WorkspaceWithMembers { workspace, pupils, teachers, unheard: false }
}

/// Accounts that work take part; a disabled one keeps nothing open.
fn has_space(person: &Person) -> bool {
    person.account.as_ref().is_some_and(|account| match account.state {
        AccountState::Active | AccountState::Leaving { .. } => true,
        AccountState::Disabled { .. } | AccountState::Deleted { .. } => false,
    })
}

fn staff_index(persons: &BTreeMap<PersonId, Person>) -> BTreeMap<&Identifier, &Person> {
    let numbers = |person: &&Person| {
        person
            .identifiers
            .iter()
            .any(|one| matches!(one, Identifier::StsEpp { .. } | Identifier::StsLocal { .. }))
    };
    persons
        .values()
        .filter(numbers)
        .flat_map(|person| person.identifiers.iter().map(move |one| (one, person)))
        .collect()
}

fn add_pupils(
    spaces: &mut BTreeMap<StructureKey, WorkspaceWithMembers>,
    persons: &BTreeMap<PersonId, Person>,
) {
    for person in persons.values().filter(|person| has_space(person)) {
        for (uai, enrolment) in person.current().filter(|(_, one)| one.role.is_pupil()) {
            let division = enrolment.division.iter().map(|code| (StructureKind::Division, code));
            let groups = enrolment.groups.iter().map(|code| (StructureKind::Group, code));
            for (kind, code) in division.chain(groups) {
                let key = StructureKey { uai: uai.clone(), kind, code: code.clone() };
                if let Some(space) = spaces.get_mut(&key)
                    && space.workspace.state == WorkspaceState::Open
                {
                    space.pupils.insert(person.id);
                }
            }
        }
    }
}
