//! Pupils come, change their name or their school, lose their right, go, and are in a class; the
//! same for the same seed, so that a run that is begun anew wants the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};

use crate::academy::seed::Stream;
use crate::model::account::AccountState;
use crate::model::ids::{PersonId, StructureCode, StructureKey, StructureKind, Uai};
use crate::model::person::{EndedBy, Enrolment, EnrolmentState, Person, Role};
use crate::model::registry::{Registry, RegistryChange};
use crate::model::workspace::{Workspace, WorkspaceState, WorkspaceWithMembers};
use crate::plan::PersonCounts;
use crate::run::decided::{Decided, Known};
use crate::store::tests::person;

pub(super) const SCHOOLS: [&str; 2] = ["0599990N", "0809990Z"];
const PEOPLE: u64 = 4;
pub(super) const NIGHTS: u64 = 2;
const CLASS: &str = "2A";

/// The day of a night.
pub(super) fn day(night: u64) -> Date {
    date(2026, 9, 1).checked_add(jiff::Span::new().days(i64::try_from(night).unwrap())).unwrap()
}

/// What a night is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Night {
    pub(super) seed: u64,
    pub(super) number: u64,
    /// So many go in the last night that a guard stops it.
    pub(super) flood: bool,
}

/// What the deliveries of a night would decide.
pub(super) fn decided(night: Night, known: &Known) -> Decided {
    let before = &known.registry;
    let mut change = RegistryChange::default();
    let mut pupils: BTreeMap<Uai, BTreeSet<PersonId>> = BTreeMap::new();
    for id in 1..=PEOPLE {
        let Some(person) = pupil(night, id) else { continue };
        if let (Some(school), Some((_, one))) = (&person.place, person.current().next())
            && one.division.is_some()
        {
            pupils.entry(school.clone()).or_default().insert(person.id);
        }
        if before.persons.get(&person.id) != Some(&person) {
            change.persons.push(person);
        }
    }
    let mut spaces = Vec::new();
    for school in SCHOOLS {
        let workspace = class(school);
        let pupils = pupils.remove(&workspace.key.uai).unwrap_or_default();
        if before.workspaces.get(&workspace.key) != Some(&workspace) {
            change.workspaces.push(workspace.clone());
        }
        let teachers = BTreeSet::new();
        spaces.push(WorkspaceWithMembers { workspace, pupils, teachers, unheard: false });
    }
    let mut after: Registry = before.clone();
    after.apply(&change);
    Decided {
        after,
        change,
        spaces,
        years: BTreeMap::new(),
        counts: PersonCounts::default(),
        findings: Vec::new(),
        questions: Vec::new(),
    }
}

/// A person as a night has it; none before the first night of it.
fn pupil(night: Night, id: u64) -> Option<Person> {
    let Night { seed, number, flood } = night;
    let mut fate = Stream::numbered(seed, "fate", id);
    let comes = if flood { 0 } else { fate.below(NIGHTS) };
    let (moves, renamed, goes) = (fate.once_in(3), fate.once_in(2), fate.below(5));
    if number < comes {
        return None;
    }
    let later = number > comes;
    let school = usize::try_from(id + u64::from(moves && later && !flood)).unwrap() % 2;
    let school: Uai = SCHOOLS[school].parse().unwrap();
    let mut person = person(id, &format!("p.n{id}"));
    person.place = Some(school.clone());
    if renamed {
        person.names.family = format!("Nom {number}");
    }
    let mut enrolment = Enrolment {
        role: Role::Pupil,
        state: EnrolmentState::Current,
        since: day(comes),
        entered_on: None,
        division: Some(StructureCode(CLASS.to_owned())),
        groups: BTreeSet::new(),
    };
    let end = match (later, flood) {
        (false, _) => None,
        (true, true) => (id < PEOPLE).then(disabled),
        (true, false) => match goes {
            0 => Some(AccountState::Deleted { on: day(1) }),
            1 => Some(disabled()),
            _ => None,
        },
    };
    if let (Some(end), Some(account)) = (end, &mut person.account) {
        account.state = end;
        enrolment.state = EnrolmentState::Ended { on: day(1), by: EndedBy::ExitDate };
    }
    person.enrolments.insert(school, enrolment);
    Some(person)
}

fn disabled() -> AccountState {
    AccountState::Disabled { since: day(1), delete_on: day(80) }
}

fn class(school: &str) -> Workspace {
    Workspace {
        key: StructureKey {
            uai: school.parse().unwrap(),
            kind: StructureKind::Division,
            code: StructureCode(CLASS.to_owned()),
        },
        name: format!("{}-{}", school.to_lowercase(), CLASS.to_lowercase()),
        label: CLASS.to_owned(),
        state: WorkspaceState::Open,
    }
}
