//! The trial of an entry mapping: every template is filled once with invented facts.

use std::collections::BTreeSet;

use super::entries::{AccountFacts, Category, EntryMapping, GroupFacts};
use super::places::Places;
use super::section::Problems;
use crate::model::account::AccountName;
use crate::model::entry::Entry;
use crate::model::ids::{Login, PersonId, StructureCode, StructureKey, StructureKind, Uai};
use crate::model::workspace::{Workspace, WorkspaceState};

/// Invented facts.
pub(super) struct Sample {
    pub(super) uai: Uai,
    person: PersonId,
    name: AccountName,
    space_name: String,
}

impl Sample {
    /// With a login and a workspace name of so many signs.
    pub(super) fn new(length: usize) -> Self {
        // formats 7.3: a good key letter.
        Self::of("a".repeat(length), "0590001F", PersonId(1))
    }

    /// Nothing of it begins or ends as in the other ones, nor is the same in any place.
    fn other() -> Self {
        Self::of("zz".into(), "1234567W", PersonId(22))
    }

    fn of(text: String, uai: &str, person: PersonId) -> Self {
        let login: Login = text.parse().expect("64 letters a at most are a login");
        Self {
            uai: uai.parse().expect("an UAI with its key letter"),
            person,
            name: AccountName {
                login: login.clone(),
                short_login: login.clone(),
                mail_local: login,
            },
            space_name: text,
        }
    }

    pub(super) fn account(&self, category: Category, enabled: bool) -> AccountFacts<'_> {
        AccountFacts {
            person: self.person,
            name: &self.name,
            mail: format!("{}@ecole.example", self.name.mail_local),
            given: "Zoé".into(),
            called: "d’Exemple, fille".into(),
            display: "Zoé d’Exemple, fille".into(),
            uai: &self.uai,
            category,
            schools: vec![&self.uai],
            enabled,
        }
    }

    pub(super) fn workspace(&self, kind: StructureKind, frozen: bool) -> Workspace {
        let state = if frozen {
            WorkspaceState::Frozen { since: jiff::civil::Date::MIN }
        } else {
            WorkspaceState::Open
        };
        Workspace {
            key: StructureKey { uai: self.uai.clone(), kind, code: StructureCode("2 A, B".into()) },
            name: self.space_name.clone(),
            label: "Seconde A + B".into(),
            state,
        }
    }

    pub(super) fn group<'a>(&self, workspace: &'a Workspace) -> GroupFacts<'a> {
        GroupFacts { workspace, neutral: false, pupils: Vec::new(), teachers: Vec::new() }
    }
}

/// Fills everything, with the shortest and the longest names that there are.
pub(super) fn run(mapping: &EntryMapping, problems: &mut Problems) {
    let mut wrong = BTreeSet::new();
    for length in [1, 64] {
        let sample = Sample::new(length);
        let parents = match mapping.containers(&sample.uai) {
            Ok(containers) => nested(&containers, &mapping.base, &mut wrong),
            Err(error) => {
                wrong.insert(("containers", error));
                continue;
            }
        };
        let mut note = |path, entry: Result<Entry, String>| match entry {
            Ok(entry) if parents.contains(parent(&entry.dn)) => {}
            Ok(entry) => {
                let text = format!("{} is not one of containers.dns", parent(&entry.dn));
                wrong.insert((path, text));
            }
            Err(error) => drop(wrong.insert((path, error))),
        };
        for category in Category::ALL {
            for enabled in [true, false] {
                note("account", mapping.account(&sample.account(category, enabled)));
            }
        }
        for kind in [StructureKind::Division, StructureKind::Group] {
            for frozen in [true, false] {
                let workspace = sample.workspace(kind, frozen);
                note("group", mapping.group(&sample.group(&workspace)));
            }
        }
    }
    for (path, text) in wrong {
        problems.add(path, text);
    }
}

/// What the place of an account says: only asked when no attribute does.
pub(super) fn places(mapping: &EntryMapping, problems: &mut Problems) -> Places {
    let (one, other) = (Sample::new(1), Sample::other());
    let (mut places, mut all) = (Places::default(), Vec::new());
    for category in Category::ALL {
        for enabled in [true, false] {
            let of = |sample: &Sample| mapping.account(&sample.account(category, enabled));
            match (of(&one), of(&other)) {
                (Ok(one), Ok(other)) => {
                    places.learn(enabled, (&one.dn, &other.dn));
                    all.extend([(enabled, one.dn), (enabled, other.dn)]);
                }
                (Err(error), _) | (_, Err(error)) => problems.add("account", error),
            }
        }
    }
    if all.iter().any(|(enabled, dn)| places.says_disabled(dn) == *enabled) {
        let text = "the place of an account that cannot be used is not told from that of others";
        problems.add("account.dn", text);
    }
    places
}

/// Each container stands in the base or in one before it, and has a name without escapes.
fn nested(
    containers: &[Entry],
    base: &str,
    wrong: &mut BTreeSet<(&'static str, String)>,
) -> BTreeSet<String> {
    let mut parents = BTreeSet::from([base.to_owned()]);
    for container in containers {
        let relative = container.dn.strip_suffix(base).unwrap_or(&container.dn);
        let plain = |sign: char| sign.is_alphanumeric() || " _.-=,".contains(sign);
        if !relative.chars().all(plain) {
            wrong.insert(("containers.dns", format!("{relative} has signs that need escapes")));
        }
        if !parents.contains(parent(&container.dn)) {
            let text = format!("{} comes before its parent", container.dn);
            wrong.insert(("containers.dns", text));
        }
        parents.insert(container.dn.clone());
    }
    parents
}

/// What follows the first comma that is no part of a value.
fn parent(dn: &str) -> &str {
    let mut escaped = false;
    for (at, sign) in dn.char_indices() {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' => return dn.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}
