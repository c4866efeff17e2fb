//! The file of a mapping for Office 365, read and checked: all problems at once, and every template
//! tried with invented facts.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::entries::Category;
use super::entry_file::links;
use super::graph::{
    EMPLOYEE_ID, ENABLED, GROUP_TYPES, GraphMapping, LICENSES, MARK, MEMBERS, NICKNAME, OWNERS,
    TEMPLATE, Tenant, UNIQUE_NAME, UPN, person_facts, year_facts,
};
use super::managed::{Managed, PasswordForm, PasswordRule};
use super::places::Places;
use super::section::{Problems, Section};
use super::template::{Cell, Templates};
use super::trial::Sample;
use crate::model::entry::{Attributes, GroupForm, Licence, ObjectKind};
use crate::model::ids::{SchoolYear, StructureKind};

/// Properties of an account that must be written.
const NEEDED: [&str; 4] = [UPN, NICKNAME, "displayName", "usageLocation"];
/// Properties of an account that may be (requirements 3.3).
const ALLOWED: [&str; 9] = [
    "givenName",
    "surname",
    "preferredLanguage",
    "employeeType",
    "department",
    "officeLocation",
    "companyName",
    "jobTitle",
    "extensionAttribute2",
];
const GROUP_NEEDED: [&str; 2] = ["displayName", NICKNAME];
const GROUP_ALLOWED: [&str; 1] = ["description"];
/// What Entra ID takes before the @, and in all.
const LOCAL_MAX: usize = 64;
const UPN_MAX: usize = 113;
const YEAR: SchoolYear = SchoolYear(2026);

impl GraphMapping {
    /// Reads a mapping for a tenant. Every problem is told, with the file and the path of the key.
    pub fn parse(text: &str, file: &str, tenant: Tenant) -> Result<Self, Vec<String>> {
        Section::parse(text, file, |root, problems| take(root, tenant, problems))
    }
}

fn take(root: &mut Section, tenant: Tenant, problems: &mut Problems) -> GraphMapping {
    let agreement = root.agreement(problems);
    let mut templates = Templates::new();
    let sample = Sample::new(4);
    let names = |facts: Vec<(&'static str, minijinja::Value)>| {
        facts.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()
    };
    let person = names(person_facts(&sample.account(Category::Pupil, true), "", ""));
    let space = sample.workspace(StructureKind::Group, false);
    let of_year = names(year_facts(&sample.group(&space), "", YEAR));

    let mut section = root.section("account", problems);
    let mut words = section.section("categories", problems);
    let word = |category: Category| (category, words.text(category.as_str(), problems));
    let category_words = Category::ALL.into_iter().map(word).collect();
    words.end(problems);
    let rules = (&NEEDED[..], &ALLOWED[..], true);
    let account = cells(&mut section, &mut templates, &person, rules, problems);
    section.end(problems);

    let mut section = root.section("group", problems);
    let mut words = section.section("kinds", problems);
    let kinds = [StructureKind::Division, StructureKind::Group];
    let word = |kind: StructureKind| (kind, words.text(kind.as_str(), problems));
    let kind_words = kinds.into_iter().map(word).collect();
    words.end(problems);
    let rules = (&GROUP_NEEDED[..], &GROUP_ALLOWED[..], false);
    let group = cells(&mut section, &mut templates, &of_year, rules, problems);
    let links = links(&mut section, problems);
    for link in links.keys().filter(|link| ![MEMBERS, OWNERS].contains(&link.as_str())) {
        problems.add(&format!("group.links.{link}"), "is neither members nor owners");
    }
    section.end(problems);

    let licences = licences(root, problems);
    let managed = managed(&account, &group, links.keys().cloned().collect());
    let mapping = GraphMapping {
        agreement,
        tenant,
        managed,
        templates,
        account,
        group,
        links,
        category_words,
        kind_words,
        licences,
    };
    sense(&mapping, problems);
    if problems.is_empty() {
        trial(&mapping, problems);
    }
    mapping
}

/// The templates of `attributes`: what must be there, what may be, and nothing else. `extensions`:
/// the free attributes of accounts are allowed too.
fn cells(
    section: &mut Section,
    templates: &mut Templates,
    offered: &BTreeSet<&str>,
    (needed, allowed, extensions): (&[&str], &[&str], bool),
    problems: &mut Problems,
) -> BTreeMap<String, Cell> {
    let mut section = section.section("attributes", problems);
    let mut cells = BTreeMap::new();
    for (attribute, value) in section.rest() {
        let path = section.at(&attribute);
        let free = attribute.strip_prefix("extensionAttribute").and_then(|n| n.parse().ok());
        let known = needed.contains(&attribute.as_str()) || allowed.contains(&attribute.as_str());
        let free = extensions && free.is_some_and(|n: u8| (3..=15).contains(&n));
        if !(known || free) {
            problems.add(&path, "is not allowed here");
            continue;
        }
        let Value::String(text) = value else {
            problems.add(&path, "a text in quotes is expected");
            continue;
        };
        cells.insert(attribute, templates.value(&path, text, offered, problems));
    }
    for name in needed.iter().filter(|name| !cells.contains_key(**name)) {
        problems.add(&section.at(name), "is missing");
    }
    cells
}

fn licences(root: &mut Section, problems: &mut Problems) -> BTreeMap<Licence, Attributes> {
    let mut section = root.section("licences", problems);
    let mut licences = BTreeMap::new();
    for licence in Licence::ALL {
        let mut section = section.section(licence.as_str(), problems);
        let one = |name: &str| (name.to_owned(), vec![section.text(name, problems)]);
        licences.insert(licence, GROUP_NEEDED.map(one).into());
        section.end(problems);
    }
    section.end(problems);
    licences
}

fn managed(
    account: &BTreeMap<String, Cell>,
    group: &BTreeMap<String, Cell>,
    links: BTreeSet<String>,
) -> Managed {
    let and = |cells: &BTreeMap<String, Cell>, more: &[&str]| -> BTreeSet<String> {
        cells.keys().cloned().chain(more.iter().map(|name| (*name).to_owned())).collect()
    };
    let nothing = BTreeMap::new();
    Managed {
        mark: MARK.to_owned(),
        attributes: BTreeMap::from([
            (ObjectKind::Account, and(account, &[EMPLOYEE_ID, MARK, ENABLED])),
            (ObjectKind::Group, and(group, &[UNIQUE_NAME, GROUP_TYPES, LICENSES])),
            (ObjectKind::Team, and(&nothing, &[TEMPLATE])),
        ]),
        links,
        links_follow: true,
        placeholders: BTreeMap::new(),
        at_creation: Attributes::new(),
        password: PasswordRule {
            attribute: "passwordProfile".to_owned(),
            form: PasswordForm::Clear,
        },
        disabled: [(ENABLED.to_owned(), vec!["false".to_owned()])].into(),
        places: Places::default(),
        names: [UPN, NICKNAME].map(str::to_owned).into(),
        required: BTreeSet::new(),
    }
}

/// What each key allows and all of them together do not.
fn sense(mapping: &GraphMapping, problems: &mut Problems) {
    let account = |name: &str, variables: &[&str]| {
        let cell = mapping.account.get(name);
        cell.is_none_or(|cell| variables.iter().any(|one| cell.uses(one)))
    };
    if !account(UPN, &["login", "mail", "mail_local"]) {
        problems.add(&format!("account.attributes.{UPN}"), "names nobody: login or mail");
    }
    if !account(NICKNAME, &["login", "mail_local"]) {
        problems.add(&format!("account.attributes.{NICKNAME}"), "names nobody: mail_local");
    }
    let group = mapping.group.get(NICKNAME);
    if group.is_some_and(|cell| !cell.uses("name") || !cell.uses("year")) {
        let text = "must hold name and year: last year's group still stands beside the new one";
        problems.add(&format!("group.attributes.{NICKNAME}"), text);
    }
    if !mapping.links.contains_key(MEMBERS) {
        problems.add("group.links.members", "is missing");
    }
    if mapping.tenant.form == GroupForm::Unified && !mapping.links.contains_key(OWNERS) {
        let text = "is missing: the site of a Microsoft 365 group comes with its owner";
        problems.add("group.links.owners", text);
    }
}

/// Fills everything, with the shortest and the longest names that there are.
fn trial(mapping: &GraphMapping, problems: &mut Problems) {
    let mut wrong: BTreeSet<(&str, String)> = BTreeSet::new();
    for length in [1, 64] {
        let sample = Sample::new(length);
        for category in Category::ALL {
            match mapping.account(&sample.account(category, true), &sample.uai) {
                Ok(entry) => {
                    let name = |name: &str| {
                        entry.attributes.values_of(name).first().unwrap_or_default().to_owned()
                    };
                    wrong.extend(upn_problem(&name(UPN)).map(|text| (UPN, text)));
                    wrong.extend(nickname_problem(&name(NICKNAME)).map(|text| (NICKNAME, text)));
                }
                Err(error) => drop(wrong.insert(("account", error))),
            }
        }
        for kind in [StructureKind::Division, StructureKind::Group] {
            for frozen in [true, false] {
                let workspace = sample.workspace(kind, frozen);
                if let Err(error) = mapping.group(&sample.group(&workspace), YEAR) {
                    wrong.insert(("group", error));
                }
            }
        }
    }
    wrong.into_iter().for_each(|(path, text)| problems.add(path, text));
}

fn upn_problem(name: &str) -> Option<String> {
    let Some((local, domain)) = name.split_once('@') else {
        return Some(format!("{name} has no @ and domain"));
    };
    let sign = |sign: char| sign.is_ascii_alphanumeric() || "'.-_!#^~".contains(sign);
    let wrong = local.is_empty()
        || local.len() > LOCAL_MAX
        || name.len() > UPN_MAX
        || local.ends_with('.')
        || domain.contains('@')
        || !local.chars().all(sign);
    wrong.then(|| format!("{name} is no user principal name"))
}

fn nickname_problem(name: &str) -> Option<String> {
    let wrong = name.is_empty() || name.contains(['@', ' ']) || !name.is_ascii();
    wrong.then(|| format!("{name:?} is no mailNickname"))
}
