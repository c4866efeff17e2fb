//! What is wanted of a tenant, and the operations that lead there: a planner of a few lines, so
//! that nothing of the real one is taken for granted.

use std::collections::{BTreeMap, BTreeSet};

use rentree::lab::graph::{PUPIL_SKU, Service};
use rentree::model::dn;
use rentree::model::entry::{Attributes, Entry, Links, ObjectKey, ObjectKind};
use rentree::model::ids::PersonId;
use rentree::model::observed::Observed;
use rentree::model::unique_name;
use rentree::plan::operation::{Action, Operation, OperationKind};
use rentree::plan::order;
use rentree::target::Observe as _;
use rentree::target::graph::GraphTarget;

use super::bench::{DOMAIN, Tally, drawn, drive, opaque};

/// Links of one operation.
const CHUNK: usize = 20;
/// Persons of one school: its operations stand together in a stage, as in a real plan.
const SCHOOL: usize = 1000;

/// Persons and classes.
#[derive(Debug, Clone, Default)]
pub(super) struct World {
    pub(super) persons: BTreeMap<u64, Person>,
    /// Mark of a group → who is in it.
    pub(super) groups: BTreeMap<String, BTreeSet<u64>>,
    /// Groups that a team is made of, and who owns them.
    pub(super) teams: BTreeMap<String, u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) login: String,
    pub(super) label: String,
    pub(super) enabled: bool,
}

pub(super) const UAI: &str = "0590001F";
pub(super) const PUPILS: &str = "rentree:licence:pupils";

pub(super) fn class(year: u16, number: u64) -> String {
    format!("rentree:division@{year}:{UAI}:C{number}")
}

impl World {
    /// So many persons in classes of thirty, and all of them in the licence group.
    pub(super) fn first(persons: u64) -> Self {
        let mut world = Self::default();
        for number in 1..=persons {
            world.add(number);
            world.enter(number, class(2026, number / 30));
        }
        world
    }

    pub(super) fn add(&mut self, number: u64) {
        let (login, label) = (format!("p{number}.nom"), format!("Prénom {number} D'Été"));
        self.persons.insert(number, Person { login, label, enabled: true });
        self.enter(number, PUPILS.to_owned());
    }

    pub(super) fn enter(&mut self, number: u64, group: String) {
        self.groups.entry(group).or_default().insert(number);
    }

    /// A group becomes a Microsoft 365 group with a team, and somebody owns it.
    pub(super) fn team(&mut self, group: &str, owner: u64) {
        let members = self.groups.remove(group).unwrap_or_default();
        let unified = group.replacen('@', "+", 1);
        self.groups.insert(unified.clone(), members);
        self.teams.insert(unified, owner);
    }

    /// A rentrée: new classes for those who stay, some are renamed, some leave, some are new.
    pub(super) fn turned(&self) -> Self {
        let mut world = Self::default();
        for (number, person) in &self.persons {
            let mut person = person.clone();
            match drawn(10) {
                0 => person.login = format!("x{number}.nom"),
                1 => person.label = format!("Autre {number}"),
                2 | 3 => person.enabled = false,
                _ => {}
            }
            let enabled = person.enabled;
            world.persons.insert(*number, person);
            if enabled {
                world.enter(*number, PUPILS.to_owned());
                world.enter(*number, class(2027, drawn(self.persons.len() as u64 / 25 + 1)));
            }
        }
        let first = self.persons.keys().max().copied().unwrap_or_default() + 1;
        for number in first..first + self.persons.len() as u64 / 3 {
            world.add(number);
            world.enter(number, class(2027, number % 3));
        }
        world
    }

    /// A rentrée as it is counted on: of ten, three leave, three change their class and four stay
    /// together; three are new. Classes are made anew.
    pub(super) fn rentree(&self) -> Self {
        let mut world = Self::default();
        let count = self.persons.len() as u64;
        for (number, person) in &self.persons {
            let person = Person { enabled: number % 10 >= 3, ..person.clone() };
            if person.enabled {
                let moved = if number % 10 < 6 { 7 * number % count } else { *number };
                world.enter(*number, PUPILS.to_owned());
                world.enter(*number, class(2027, moved / 30));
            }
            world.persons.insert(*number, person);
        }
        for number in count + 1..=count + count * 3 / 10 {
            world.add(number);
            world.enter(number, class(2027, 10 * (number - count) / 3 / 30));
        }
        world
    }

    pub(super) fn entries(&self) -> BTreeMap<ObjectKey, Entry> {
        let accounts = self.persons.iter().map(|(number, person)| account(*number, person));
        let dn_of = |number: &u64| self.persons.get(number).map(|one| dn_of(&one.login));
        let groups = self.groups.iter().map(|(mark, members)| {
            let members: BTreeSet<String> = members.iter().filter_map(dn_of).collect();
            let mut group = group(mark, members);
            if let Some(owner) = self.teams.get(mark).and_then(&dn_of) {
                group.attributes.insert("groupTypes", ["Unified"]);
                group.links.insert("owners".to_owned(), BTreeSet::from([owner]));
            }
            group
        });
        let teams = self.teams.keys().map(|mark| team(mark));
        accounts.chain(groups).chain(teams).map(|entry| (entry.key.clone(), entry)).collect()
    }

    /// The tenant is as wanted: one identity for each person, the members of each class.
    pub(super) fn check(&self, service: &Service) {
        let tenant = service.tenant();
        assert_eq!(tenant.doubles(), Vec::<String>::new());
        let mut ids = BTreeMap::new();
        for (number, person) in &self.persons {
            let key = opaque().of(PersonId(*number));
            let user = tenant.user_of_key(&key).unwrap_or_else(|| panic!("{number} is lost"));
            assert!(!user.deleted, "{number} is deleted");
            let name = format!("{}@{DOMAIN}", person.login);
            assert_eq!(user.text("userPrincipalName"), name);
            assert_eq!(user.text("displayName"), person.label);
            assert_eq!(user.enabled(), person.enabled, "{number}");
            assert_eq!(user.extension(1), key);
            ids.insert(*number, user.id.clone());
        }
        let live = tenant.groups.iter().filter(|group| !group.deleted);
        let by_name: BTreeMap<&str, _> =
            live.map(|group| (group.text("uniqueName"), group)).collect();
        for (mark, members) in &self.groups {
            let name = unique_name::write("hdf", &mark.parse().unwrap()).unwrap();
            let group = by_name.get(&*name).unwrap_or_else(|| panic!("{name} is lost"));
            assert_eq!(group.team, self.teams.contains_key(mark), "{name} and its team");
            let members: BTreeSet<String> = members.iter().map(|one| ids[one].clone()).collect();
            assert_eq!(group.members, members, "{name}");
        }
        let ours = |group: &&rentree::lab::graph::SeenGroup| {
            !group.deleted && group.text("uniqueName").starts_with("hdf-")
        };
        assert_eq!(tenant.groups.iter().filter(ours).count(), self.groups.len());
    }
}

fn dn_of(login: &str) -> String {
    dn::rdn("userPrincipalName", &format!("{login}@{DOMAIN}"))
}

fn account(number: u64, person: &Person) -> Entry {
    let key = opaque().of(PersonId(number));
    let principal = format!("{}@{DOMAIN}", person.login);
    let mut pairs = vec![
        ("userPrincipalName", principal.as_str()),
        ("mailNickname", &person.login),
        ("displayName", &person.label),
        ("surname", "Été"),
        ("usageLocation", "FR"),
        ("employeeId", &key),
        ("extensionAttribute1", &key),
        ("extensionAttribute2", "S1"),
    ];
    if !person.enabled {
        pairs.push(("accountEnabled", "false"));
    }
    let one = |(name, text): (&str, &str)| (name.to_owned(), [text.to_owned()]);
    Entry {
        key: ObjectKey::Account(PersonId(number)),
        uai: None,
        dn: dn_of(&person.login),
        attributes: pairs.into_iter().map(one).collect(),
        links: Links::new(),
        enabled: person.enabled,
    }
}

fn team(mark: &str) -> Entry {
    let name = unique_name::write("hdf", &mark.parse().unwrap()).unwrap();
    let key: ObjectKey = mark.replacen("rentree:", "rentree:team-", 1).parse().unwrap();
    Entry {
        uai: key.structure().map(|structure| structure.uai.clone()),
        dn: dn::rdn("team", &name),
        key,
        attributes: attributes(&[("template", "educationClass")]),
        links: Links::new(),
        enabled: true,
    }
}

fn group(mark: &str, members: BTreeSet<String>) -> Entry {
    let key: ObjectKey = mark.parse().unwrap();
    let name = unique_name::write("hdf", &key).unwrap();
    let mut pairs = vec![("uniqueName", &*name), ("displayName", mark), ("mailNickname", &*name)];
    if mark == PUPILS {
        pairs.push(("assignedLicenses", PUPIL_SKU));
    }
    let one = |(name, text): (&str, &str)| (name.to_owned(), [text.to_owned()]);
    Entry {
        uai: key.structure().map(|structure| structure.uai.clone()),
        dn: dn::rdn("uniqueName", &name),
        key,
        attributes: pairs.into_iter().map(one).collect(),
        links: Links::from([("members".to_owned(), members)]),
        enabled: true,
    }
}

/// Looks, plans and drives.
pub(super) async fn reach(target: &mut GraphTarget, world: &World) -> Tally {
    let operations = plan(&target.observe().await.unwrap(), world);
    drive(target, &operations).await
}

/// From what stands to what is wanted. Accounts that nobody wants stay as they are; groups go.
pub(super) fn plan(observed: &Observed, world: &World) -> Vec<Operation> {
    let wanted = world.entries();
    let mut operations = Vec::new();
    for entry in wanted.values() {
        match observed.entries.get(&entry.key) {
            None => create(&mut operations, entry),
            Some(seen) => change(&mut operations, seen, entry),
        }
    }
    for (key, seen) in &observed.entries {
        if !wanted.contains_key(key) && key.kind() == ObjectKind::Group {
            let action = Action::Delete { dn: seen.dn.clone(), before: seen.attributes.clone() };
            push(&mut operations, OperationKind::Delete, key, action);
        }
    }
    arrange(&mut operations, world.persons.len());
    operations
}

/// Stage after stage, school after school, the links of licence groups first: as `order::arrange`
/// does. The operations of a kind are dealt out to the schools in turn.
fn arrange(operations: &mut [Operation], persons: usize) {
    let schools = persons.div_ceil(SCHOOL);
    let part = |one: &Operation| (one.stage, one.kind, !matches!(one.key, ObjectKey::Licence(_)));
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    for one in operations.iter() {
        *counts.entry(part(one)).or_default() += 1;
    }
    let mut ranks: BTreeMap<_, usize> = BTreeMap::new();
    operations.sort_by_cached_key(|one| {
        let part = part(one);
        let rank = ranks.entry(part).or_default();
        *rank += 1;
        (one.stage, (*rank - 1) * schools / counts[&part], part.2, one.kind)
    });
    for (one, seq) in operations.iter_mut().zip(1..) {
        one.seq = seq;
    }
}

fn push(operations: &mut Vec<Operation>, kind: OperationKind, key: &ObjectKey, action: Action) {
    operations.push(Operation {
        seq: operations.len() as u64 + 1,
        target: "o365".into(),
        kind,
        key: key.clone(),
        uai: None,
        stage: order::stage(kind, key, &action),
        action,
        blocked: None,
    });
}

fn create(operations: &mut Vec<Operation>, entry: &Entry) {
    let mut first = entry.clone();
    let mut rest = Vec::new();
    // The members of a licence group come school by school.
    let room = if matches!(entry.key, ObjectKey::Licence(_)) { 0 } else { CHUNK };
    for (attribute, values) in &mut first.links {
        let all: Vec<String> = std::mem::take(values).into_iter().collect();
        let (now, later) = all.split_at(all.len().min(room));
        values.extend(now.iter().cloned());
        rest.extend(later.chunks(CHUNK).map(|chunk| (attribute.clone(), chunk.to_vec())));
    }
    first.links.retain(|_, values| !values.is_empty());
    push(operations, OperationKind::Create, &entry.key, Action::Create { entry: first });
    for (attribute, values) in rest {
        let values = values.into_iter().collect();
        let action = Action::AddLinks { dn: entry.dn.clone(), attribute, values };
        push(operations, OperationKind::AddMember, &entry.key, action);
    }
}

fn change(operations: &mut Vec<Operation>, seen: &Entry, entry: &Entry) {
    let key = &entry.key;
    let (mut before, mut after) = (seen.attributes.clone(), entry.attributes.clone());
    if dn::comparable(&seen.dn) != dn::comparable(&entry.dn) {
        let action = Action::Rename { from: seen.dn.clone(), to: entry.dn.clone() };
        push(operations, OperationKind::Rename, key, action);
        before.remove("userPrincipalName");
        after.remove("userPrincipalName");
    }
    let standing = before.clone();
    before.retain(|name, values| after.get(name) != Some(values));
    after.retain(|name, values| standing.get(name) != Some(values));
    if before != after {
        let disables = after.contains_key("accountEnabled");
        let kind = if disables { OperationKind::Disable } else { OperationKind::Update };
        let action = Action::Modify { dn: entry.dn.clone(), before, after };
        push(operations, kind, key, action);
    }
    links(operations, seen, entry);
}

fn links(operations: &mut Vec<Operation>, seen: &Entry, entry: &Entry) {
    let attributes: BTreeSet<&String> = seen.links.keys().chain(entry.links.keys()).collect();
    for attribute in attributes {
        links_of(operations, (seen, entry), attribute);
    }
}

fn links_of(operations: &mut Vec<Operation>, (seen, entry): (&Entry, &Entry), attribute: &String) {
    let of = |entry: &Entry| entry.links.get(attribute).cloned().unwrap_or_default();
    let comparable = |all: &BTreeSet<String>| -> BTreeSet<String> {
        all.iter().map(|one| dn::comparable(one)).collect()
    };
    // Whoever is renamed in the same plan is the same member.
    let renamed: BTreeMap<String, String> = operations
        .iter()
        .filter_map(|one| match &one.action {
            Action::Rename { from, to } => Some((dn::comparable(from), to.clone())),
            _ => None,
        })
        .collect();
    let (there, wanted) = (of(seen), of(entry));
    let there: BTreeSet<String> = there
        .into_iter()
        .map(|one| renamed.get(&dn::comparable(&one)).cloned().unwrap_or(one))
        .collect();
    let (has, wants) = (comparable(&there), comparable(&wanted));
    let come = wanted.iter().filter(|one| !has.contains(&dn::comparable(one)));
    let go = there.iter().filter(|one| !wants.contains(&dn::comparable(one)));
    let (come, go): (Vec<&String>, Vec<&String>) = (come.collect(), go.collect());
    let attribute = || attribute.clone();
    for chunk in come.chunks(CHUNK) {
        let values = chunk.iter().map(|one| (*one).clone()).collect();
        let action = Action::AddLinks { dn: entry.dn.clone(), attribute: attribute(), values };
        push(operations, OperationKind::AddMember, &entry.key, action);
    }
    for chunk in go.chunks(CHUNK) {
        let values = chunk.iter().map(|one| (*one).clone()).collect();
        let action = Action::RemoveLinks { dn: entry.dn.clone(), attribute: attribute(), values };
        push(operations, OperationKind::RemoveMember, &entry.key, action);
    }
}

/// Attributes by name, for a test that writes some itself.
pub(super) fn attributes(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, text)| (name, [text])).collect()
}
