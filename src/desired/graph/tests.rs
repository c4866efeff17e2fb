use std::fmt::Write as _;

use jiff::civil::date;
use secrecy::SecretSlice;

use super::*;
use crate::mapping::graph::Tenant;
use crate::model::account::{Account, AccountName, AccountState};
use crate::model::identifiers::Identifiers;
use crate::model::ids::{Login, StructureCode, StructureKey, StructureKind};
use crate::model::opaque::OpaqueKeys;
use crate::model::person::{Enrolment, EnrolmentState, Enrolments, Role};
use crate::model::record::Names;
use crate::model::school::School;
use crate::model::traits::Traits;
use crate::model::workspace::Workspace;
use crate::validate::fixture::lycee;

const A: &str = "0590001F";
const B: &str = "0599990N";
const MAPPING: &str = include_str!("../../../mappings/graph.toml");
const SCHEME: &str = include_str!("../../../mappings/naming.toml");

fn uai(text: &str) -> Uai {
    text.parse().unwrap()
}

fn person(id: u64, role: Role, school: &str) -> Person {
    let login: Login = format!("p{id}").parse().unwrap();
    let name = AccountName { login: login.clone(), short_login: login.clone(), mail_local: login };
    let enrolment = Enrolment {
        role,
        state: EnrolmentState::Current,
        since: date(2025, 9, 1),
        entered_on: None,
        division: None,
        groups: BTreeSet::new(),
    };
    Person {
        id: PersonId(id),
        names: Names { family: "A".into(), usage: None, given: "B".into() },
        birth_date: None,
        identifiers: Identifiers::default(),
        traits: Traits::default(),
        enrolments: Enrolments::from_iter([(uai(school), enrolment)]),
        place: Some(uai(school)),
        joined: None,
        account: Some(Account { name, state: AccountState::Active }),
    }
}

fn space(school: &str, state: WorkspaceState, pupils: &[u64]) -> WorkspaceWithMembers {
    let code = StructureCode("2A".into());
    let key = StructureKey { uai: uai(school), kind: StructureKind::Division, code };
    let name = format!("{school}-div-2A");
    WorkspaceWithMembers {
        workspace: Workspace { key, name, label: "Seconde A".into(), state },
        pupils: pupils.iter().copied().map(PersonId).collect(),
        teachers: [PersonId(9)].into(),
        unheard: false,
    }
}

/// Pupils 1 and 2 and teacher 9 of school A, which has subscribed; pupil 3 of B, which has not.
struct World {
    registry: Registry,
    spaces: Vec<WorkspaceWithMembers>,
    schools: Schools,
    observed: Observed,
    form: GroupForm,
    licences: Vec<Licence>,
    teams: bool,
    year: i16,
    today: Date,
}

impl World {
    fn new() -> Self {
        let persons = [
            person(1, Role::Pupil, A),
            person(2, Role::Pupil, A),
            person(3, Role::Pupil, B),
            person(9, Role::Teacher, A),
        ];
        let spaces =
            vec![space(A, WorkspaceState::Open, &[1, 2]), space(B, WorkspaceState::Open, &[3])];
        let of = |space: &WorkspaceWithMembers| space.workspace.clone();
        let registry = Registry {
            persons: persons.into_iter().map(|one| (one.id, one)).collect(),
            workspaces: spaces.iter().map(|one| (of(one).key, of(one))).collect(),
            ..Registry::default()
        };
        let school = |text: &str, o365_from| School { o365_from, o365_until: None, ..lycee(text) };
        let from = Some(date(2025, 9, 1));
        Self {
            registry,
            spaces,
            schools: [(uai(A), school(A, from)), (uai(B), school(B, None))].into(),
            observed: Observed::default(),
            form: GroupForm::Security,
            licences: Licence::ALL.to_vec(),
            teams: false,
            year: 2026,
            today: date(2026, 9, 25),
        }
    }

    fn wanted(&self) -> Wanted {
        let keys = |text: &str| OpaqueKeys::new(SecretSlice::from(text.as_bytes().to_vec()));
        let sku = |one: &Licence| (*one, format!("sku-{}", one.as_str()));
        let licences = self.licences.iter().map(sku).collect();
        let tenant = Tenant {
            prefix: "hdf".into(),
            form: self.form,
            people: keys("people"),
            schools: keys("schools"),
            licences,
        };
        let years = [A, B].map(|text| (uai(text), SchoolYear(self.year))).into();
        desired(&Scene {
            registry: &self.registry,
            spaces: &self.spaces,
            schools: &self.schools,
            years: &years,
            scheme: &Scheme::parse(SCHEME, "naming.toml").unwrap(),
            mapping: &GraphMapping::parse(MAPPING, "graph.toml", tenant).unwrap(),
            policy: &Policy::STANDARD,
            rules: Rules { teams: self.teams, old_groups_kept_days: 30 },
            observed: &self.observed,
            disabled_on: &BTreeMap::new(),
            today: self.today,
        })
        .unwrap()
    }

    /// What is wanted, as if it stood.
    fn applied(mut self) -> Self {
        self.observed.entries.extend(self.wanted().entries);
        self
    }

    fn check(&self, expect: &str) {
        let wanted = self.wanted();
        let mut text = String::new();
        let short = |dn: &String| {
            let name = dn.strip_prefix("userPrincipalName=").unwrap_or(dn);
            name.split_once('@').map_or(name, |(login, _)| login).to_owned()
        };
        for (key, entry) in &wanted.entries {
            let key = key.to_string().replacen("rentree:", "", 1);
            write!(text, "{key}{}", if entry.enabled { "" } else { " off" }).unwrap();
            for (link, values) in &entry.links {
                let values: Vec<String> = values.iter().map(short).collect();
                write!(text, " {link}={}", values.join(",")).unwrap();
            }
            text.push('\n');
        }
        for (key, why) in &wanted.told {
            let key = key.to_string().replacen("rentree:", "", 1);
            let first = why.split_inclusive('@').next().unwrap_or_default();
            let first = first.split_inclusive('`').nth(1).unwrap_or(first);
            writeln!(text, "told {key}: {first}").unwrap();
        }
        for key in &wanted.deletions {
            writeln!(text, "delete {}", key.to_string().replacen("rentree:", "", 1)).unwrap();
        }
        assert_eq!(text, expect);
        for key in wanted.entries.keys().chain(&wanted.deletions) {
            assert!(wanted.known.contains(key), "{key}");
        }
    }
}

const ALL: &str = "\
account:1
account:2
account:9
division@2026:0590001F:2A members=p1,p2,p9
licence:pupils members=p1,p2
licence:staff members=p9
";

/// of the school that has subscribed, and of nobody else.
#[test]
fn the_people_of_a_school_that_has_subscribed_stand_there() {
    World::new().check(ALL);
    World::new().applied().check(ALL);
    let mut nobody = World::new();
    nobody.schools.get_mut(&uai(A)).unwrap().o365_from = Some(date(2027, 1, 1));
    nobody.check("");
}

/// disabled, out of licence and class; no group is deleted before the retention is over.
#[test]
fn the_end_of_a_subscription_empties_and_later_deletes() {
    let mut world = World::new().applied();
    world.schools.get_mut(&uai(A)).unwrap().o365_until = Some(date(2026, 9, 24));
    let emptied = "\
account:1 off
account:2 off
account:9 off
division@2026:0590001F:2A
licence:pupils
licence:staff
";
    world.check(emptied);
    world.today = date(2026, 12, 13);
    world.check(emptied);
    world.today = date(2026, 12, 14);
    let deleted =
        emptied.replace("division@2026:0590001F:2A\n", "") + "delete division@2026:0590001F:2A\n";
    world.check(&deleted);
}

/// dates that were taken out of the list end it too, and no day is known to delete after.
#[test]
fn a_subscription_without_dates_empties_and_never_deletes() {
    let mut world = World::new().applied();
    world.schools.get_mut(&uai(A)).unwrap().o365_from = None;
    for today in [date(2026, 9, 25), date(2030, 9, 25)] {
        world.today = today;
        let told = world.wanted();
        assert!(told.deletions.is_empty(), "{:?}", told.deletions);
        let class = |key: &&ObjectKey| key.to_string().contains("division@2026:0590001F");
        let key = told.entries.keys().find(class).unwrap();
        assert!(told.entries[key].links.is_empty(), "{:?}", told.entries[key]);
        assert!(told.entries.values().all(|entry| entry.key == *key
            || !entry.enabled
            || entry.links.values().all(|values| values.is_empty())));
    }
}

#[test]
fn a_rentree_makes_new_groups_and_deletes_the_old_ones_weeks_later() {
    let mut world = World::new();
    world.year = 2025;
    let mut world = world.applied();
    world.year = 2026;
    // The old group stands beside the new one, as it is.
    world.today = date(2026, 9, 25);
    world.check(ALL);
    let with_deletion = format!("{ALL}delete division@2025:0590001F:2A\n");
    let mut world = world.applied();
    world.today = date(2026, 9, 18);
    world.check(ALL);
    world.today = date(2026, 9, 19);
    world.check(&with_deletion);
    // A school that has not declared the new year yet keeps its groups.
    world.year = 2025;
    world.check(&ALL.replace("2026", "2025"));
}

/// a class that was refused has its old group still, and so have all others of the school.
#[test]
fn old_groups_stay_until_every_new_one_of_the_school_stands() {
    let mut world = World::new();
    world.spaces.push(space(A, WorkspaceState::Open, &[2]));
    world.spaces[2].workspace.key.code = StructureCode("2B".into());
    world.spaces[2].workspace.name = format!("{A}-div-2B");
    let second = world.spaces[2].workspace.clone();
    world.registry.workspaces.insert(second.key.clone(), second);
    world.year = 2025;
    let mut world = world.applied();
    world.year = 2026;
    let mut world = world.applied();
    let deleted = |world: &World| world.wanted().deletions.len();
    assert_eq!(deleted(&world), 2);
    let is_refused = |key: &&ObjectKey| key.to_string().ends_with("@2026:0590001F:2B");
    let refused = world.observed.entries.keys().find(is_refused).cloned().unwrap();
    world.observed.entries.remove(&refused);
    assert_eq!(deleted(&world), 0);
}

#[test]
fn groups_of_another_form_go_once_everybody_is_in_the_new_ones() {
    let mut world = World::new().applied();
    world.form = GroupForm::Unified;
    let unified = ALL.replace("@2026:0590001F:2A members=p1,p2,p9", {
        "+2026:0590001F:2A members=p1,p2,p9 owners=p9"
    });
    world.check(&unified);
    let mut world = world.applied();
    world.check(&format!("{unified}delete division@2026:0590001F:2A\n"));
    let new = world.observed.entries.iter_mut().find(|(key, _)| key.to_string().contains('+'));
    new.unwrap().1.links.get_mut("members").unwrap().pop_first();
    world.check(&unified);
}

#[test]
fn a_class_that_closes_is_emptied_and_never_made() {
    let mut world = World::new();
    world.form = GroupForm::Unified;
    let mut closed = World { ..World::new().applied() };
    closed.spaces[0] = space(A, WorkspaceState::Frozen { since: closed.today }, &[]);
    closed.spaces[0].teachers.clear();
    closed.check(&ALL.replace(" members=p1,p2,p9", ""));
    closed.observed = Observed::default();
    closed.check(&ALL.replace("division@2026:0590001F:2A members=p1,p2,p9\n", ""));
    // The service does not let the last owner go.
    let mut world = world.applied();
    world.spaces[0].teachers.clear();
    let told = "told division+2026:0590001F:2A: p9@";
    let expect = ALL.replace("@2026:0590001F:2A members=p1,p2,p9", {
        "+2026:0590001F:2A members=p1,p2 owners=p9"
    });
    world.check(&format!("{expect}{told}\n"));
    // A school of which nothing is heard keeps its group: it is not in the plan.
    world.spaces[0].unheard = true;
    let mut lines = ALL.lines().filter(|line| !line.starts_with("division"));
    world.check(&lines.by_ref().fold(String::new(), |text, line| text + line + "\n"));
}

/// whoever has it keeps it until somebody has decided; whoever may not use an account does
/// not, and nobody comes.
#[test]
fn a_licence_that_is_not_in_the_settings_any_more_takes_in_nobody_and_is_told() {
    let mut world = World::new().applied();
    world.licences = vec![Licence::Staff];
    let told = "told licence:pupils: licences`\n";
    world.check(&format!("{ALL}{told}"));
    let left = world.registry.persons.get_mut(&PersonId(1)).unwrap();
    let day = world.today;
    left.account.as_mut().unwrap().state = AccountState::Disabled { since: day, delete_on: day };
    left.enrolments = Enrolments::default();
    world.spaces[0].pupils.remove(&PersonId(1));
    let more = person(4, Role::Pupil, A);
    world.registry.persons.insert(more.id, more);
    let expect =
        ALL.replace("account:1", "account:1 off").replace("account:9", "account:4\naccount:9");
    world.check(&format!("{}{told}", expect.replace("p1,", "")));
}

#[test]
fn teams_are_made_of_groups_with_an_owner() {
    let mut world = World::new();
    (world.form, world.teams) = (GroupForm::Unified, true);
    let wanted = world.wanted();
    let team = wanted.entries.values().find(|one| matches!(one.key, ObjectKey::Team(_))).unwrap();
    assert_eq!(team.dn, "team=hdf-2026-0590001F-div-2A-m365");
    world.spaces[0].teachers.clear();
    assert!(!world.wanted().entries.keys().any(|key| matches!(key, ObjectKey::Team(_))));
}

#[test]
fn a_group_keeps_its_name_for_ever() {
    // Its code begins to tell only now: the label changes, the immutable name cannot.
    let mut world = World::new().applied();
    let dn = |world: &World| {
        let wanted = world.wanted().entries;
        let group = wanted.values().find(|one| matches!(one.key, ObjectKey::Yearly(_))).unwrap();
        (group.dn.clone(), group.attributes.values_of("displayName").to_vec())
    };
    let before = dn(&world);
    world.spaces[0].workspace.label = "ULIS".into();
    let after = dn(&world);
    assert_eq!(before.0, after.0);
    assert!(!after.1[0].contains("ULIS"), "{:?}", after.1);
}
