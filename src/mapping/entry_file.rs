//! The file of an entry mapping, read and checked: all problems at once, and every template tried
//! with invented facts, so that a run does not find what the file could have told.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::entries::{
    Category, EntryMapping, Shape, Shapes, Slot, account_facts, group_facts, school_facts,
};
use super::managed_keys;
use super::section::{Problems, Section, texts};
use super::template::{Cell, ITEM, Templates};
use super::trial::{self, Sample};
use crate::model::entry::ObjectKind;
use crate::model::ids::StructureKind;
use crate::model::workspace::MemberRole;

/// Lists that `each` may name, in an account.
const LISTS: [&str; 1] = ["schools"];

impl EntryMapping {
    /// Reads a mapping for the tree below `base`. Every problem is told, with the file and the
    /// path of the key.
    pub fn parse(text: &str, file: &str, base: &str) -> Result<Self, Vec<String>> {
        Section::parse(text, file, |root, problems| take(root, base.trim(), problems))
    }
}

fn take(root: &mut Section, base: &str, problems: &mut Problems) -> EntryMapping {
    let agreement = root.agreement(problems);
    if !base.contains('=') {
        problems.add("", format!("the base of the tree is no DN: {base:?}"));
    }
    let (offered, mut templates) = (Offered::new(), Templates::new());
    let containers = containers(root, &mut templates, &offered, problems);
    let (account, category_words) = account(root, &mut templates, &offered, problems);
    let mut section = root.section("group", problems);
    let (group, kind_words) = group(&mut section, &mut templates, &offered, problems);
    let links = links(&mut section, problems);
    let placeholders = placeholders(&mut section, &links, base, problems);
    section.end(problems);
    let limits = limits(root, problems);
    let owned = [
        (ObjectKind::Container, &containers.attributes),
        (ObjectKind::Account, &account.attributes),
        (ObjectKind::Group, &group.attributes),
    ]
    .map(|(kind, slots)| (kind, slots.keys().cloned().collect()));
    let links_owned = links.keys().cloned().collect();
    let managed =
        managed_keys::take(root, BTreeMap::from(owned), links_owned, placeholders, problems);
    let mut mapping = EntryMapping {
        agreement,
        base: base.to_owned(),
        managed,
        templates,
        containers,
        account,
        group,
        links,
        category_words,
        kind_words,
        limits,
    };
    sense(&mapping, problems);
    uncut(&mapping, problems);
    if problems.is_empty() {
        trial::run(&mapping, problems);
    }
    if problems.is_empty() && mapping.managed.disabled.is_empty() {
        mapping.managed.places = trial::places(&mapping, problems);
    }
    mapping
}

fn containers(
    root: &mut Section,
    templates: &mut Templates,
    offered: &Offered,
    problems: &mut Problems,
) -> Shapes {
    let mut section = root.section("containers", problems);
    let mut dns = Vec::new();
    for (rank, text) in section.texts("dns", problems).into_iter().enumerate() {
        let path = format!("containers.dns[{rank}]");
        dns.push(templates.dn(&path, text, &offered.container_dn, problems));
    }
    let attributes = attributes(&mut section, templates, &offered.container, &[], problems);
    section.end(problems);
    Shapes { dns, attributes }
}

fn account(
    root: &mut Section,
    templates: &mut Templates,
    offered: &Offered,
    problems: &mut Problems,
) -> (Shape, BTreeMap<Category, String>) {
    let mut section = root.section("account", problems);
    let dn = section.text("dn", problems);
    let dn = templates.dn("account.dn", dn, &offered.account_dn, problems);
    let attributes = attributes(&mut section, templates, &offered.account, &LISTS, problems);
    let mut words = section.section("categories", problems);
    let word = |category: Category| (category, words.text(category.as_str(), problems));
    let category_words = Category::ALL.into_iter().map(word).collect();
    words.end(problems);
    section.end(problems);
    (Shape { dn, attributes }, category_words)
}

fn group(
    section: &mut Section,
    templates: &mut Templates,
    offered: &Offered,
    problems: &mut Problems,
) -> (Shape, BTreeMap<StructureKind, String>) {
    let dn = section.text("dn", problems);
    let dn = templates.dn("group.dn", dn, &offered.group_dn, problems);
    let attributes = attributes(section, templates, &offered.group, &[], problems);
    let mut words = section.section("kinds", problems);
    let kinds = [StructureKind::Division, StructureKind::Group];
    let word = |kind: StructureKind| (kind, words.text(kind.as_str(), problems));
    let kind_words = kinds.into_iter().map(word).collect();
    words.end(problems);
    (Shape { dn, attributes }, kind_words)
}

/// The variables offered in each place. In a DN, only what is unique and cannot be hostile: a
/// login, never a name (SEC-37); the name of a workspace, never a code (SEC-38).
struct Offered {
    container_dn: BTreeSet<&'static str>,
    container: BTreeSet<&'static str>,
    account_dn: BTreeSet<&'static str>,
    account: BTreeSet<&'static str>,
    group_dn: BTreeSet<&'static str>,
    group: BTreeSet<&'static str>,
}

impl Offered {
    fn new() -> Self {
        let sample = Sample::new(4);
        let names = |facts: Vec<(&'static str, minijinja::Value)>| {
            facts.into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()
        };
        let only = |all: &BTreeSet<&'static str>, kept: &[&str]| {
            all.iter().copied().filter(|name| kept.contains(name)).collect()
        };
        let container_dn = names(school_facts(&sample.uai));
        let account = names(account_facts(&sample.account(Category::Pupil, true), ""));
        let space = sample.workspace(StructureKind::Group, false);
        let group = names(group_facts(&sample.group(&space), ""));
        let unique = ["login", "short_login", "person", "uai", "category", "enabled"];
        Self {
            container: container_dn.iter().copied().chain(["name"]).collect(),
            container_dn,
            account_dn: only(&account, &unique),
            account,
            group_dn: only(&group, &["name", "uai", "kind", "frozen"]),
            group,
        }
    }
}

fn attributes(
    section: &mut Section,
    templates: &mut Templates,
    offered: &BTreeSet<&str>,
    lists: &[&str],
    problems: &mut Problems,
) -> BTreeMap<String, Vec<Slot>> {
    let mut section = section.section("attributes", problems);
    let mut slots = BTreeMap::new();
    for (attribute, value) in section.rest() {
        let path = section.at(&attribute);
        check_attribute(&path, &attribute, problems);
        if slots.keys().any(|other: &String| other.eq_ignore_ascii_case(&attribute)) {
            problems.add(&path, "stands twice, in two spellings");
        }
        let mut slot = |path: &str, text: String, problems: &mut Problems| Slot {
            cell: templates.value(path, text, offered, problems),
            each: None,
        };
        let values = match value {
            Value::String(text) => vec![slot(&path, text, problems)],
            Value::Table(table) => each(&path, table, templates, lists, problems),
            value => {
                let texts = texts(&path, value, problems).into_iter().enumerate();
                texts.map(|(rank, text)| slot(&format!("{path}[{rank}]"), text, problems)).collect()
            }
        };
        slots.insert(attribute, values);
    }
    if !slots.keys().any(|name| name.eq_ignore_ascii_case("objectClass")) {
        problems.add(&section.at("objectClass"), "is missing");
    }
    slots
}

/// `{ each = "schools", value = "{{ item }}" }`: one value for each element.
fn each(
    path: &str,
    mut table: toml::Table,
    templates: &mut Templates,
    lists: &[&str],
    problems: &mut Problems,
) -> Vec<Slot> {
    match (table.remove("each"), table.remove("value"), table.is_empty()) {
        (Some(Value::String(each)), Some(Value::String(text)), true) => {
            if !lists.contains(&each.as_str()) {
                let known = if lists.is_empty() { "none".to_owned() } else { lists.join(", ") };
                problems.add(path, format!("there is no list {each} here, only {known}"));
            }
            let cell = templates.value(path, text, &BTreeSet::from([ITEM]), problems);
            vec![Slot { cell, each: Some(each) }]
        }
        _ => {
            problems.add(path, "expected is { each = \"LIST\", value = \"TEMPLATE\" }");
            Vec::new()
        }
    }
}

pub(super) fn check_attribute(path: &str, attribute: &str, problems: &mut Problems) {
    let sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !attribute.starts_with(|first: char| first.is_ascii_alphabetic())
        || !attribute.bytes().all(sign)
    {
        problems.add(path, "is not the name of an attribute");
    }
}

pub(super) fn links(
    section: &mut Section,
    problems: &mut Problems,
) -> BTreeMap<String, BTreeSet<MemberRole>> {
    let mut section = section.section("links", problems);
    let mut links = BTreeMap::new();
    for (attribute, value) in section.rest() {
        let path = section.at(&attribute);
        check_attribute(&path, &attribute, problems);
        let mut roles = BTreeSet::new();
        for word in texts(&path, value, problems) {
            match word.as_str() {
                "pupils" => drop(roles.insert(MemberRole::Pupil)),
                "teachers" => drop(roles.insert(MemberRole::Teacher)),
                _ => problems.add(&path, format!("{word} is neither pupils nor teachers")),
            }
        }
        links.insert(attribute, roles);
    }
    links
}

fn placeholders(
    section: &mut Section,
    links: &BTreeMap<String, BTreeSet<MemberRole>>,
    base: &str,
    problems: &mut Problems,
) -> BTreeMap<String, String> {
    let mut section = section.optional_section("placeholder", problems);
    let mut dns = BTreeMap::new();
    for (attribute, value) in section.rest() {
        let path = section.at(&attribute);
        if !links.contains_key(&attribute) {
            problems.add(&path, "is not one of group.links");
        }
        match value {
            Value::String(rdn) if rdn.contains('=') => {
                dns.insert(attribute, format!("{rdn},{base}"));
            }
            _ => problems.add(&path, "a DN below the base is expected: \"cn=personne\""),
        }
    }
    dns
}

fn limits(root: &mut Section, problems: &mut Problems) -> BTreeMap<String, usize> {
    let mut section = root.optional_section("limits", problems);
    let attributes: Vec<String> = section.keys();
    attributes
        .into_iter()
        .map(|attribute| {
            let limit = section.number(&attribute, (1, 32_768), problems);
            (attribute.to_ascii_lowercase(), limit)
        })
        .collect()
}

/// A login that is cut may be somebody else's: only values that cannot be too long are written.
fn uncut(mapping: &EntryMapping, problems: &mut Problems) {
    for (attribute, slots) in &mapping.account.attributes {
        let Some(limit) = mapping.limits.get(&attribute.to_ascii_lowercase()) else { continue };
        for (variable, longest) in [("short_login", 20), ("login", 64), ("mail", 113)] {
            if *limit < longest && slots.iter().any(|slot| slot.cell.uses(variable)) {
                let text = format!("{variable} has up to {longest} signs and must not be cut");
                problems.add(&format!("limits.{attribute}"), text);
            }
        }
    }
}

/// What each key allows and all of them together do not.
fn sense(mapping: &EntryMapping, problems: &mut Problems) {
    let account = &mapping.account.dn;
    if !["login", "short_login", "person"].iter().any(|unique| account.uses(unique)) {
        problems.add("account.dn", "names nobody: login, short_login or person is expected");
    }
    if !mapping.group.dn.uses("name") {
        problems.add("group.dn", "names no group: name is expected");
    }
    if mapping.managed.disabled.is_empty() && !account.uses("enabled") {
        let text =
            "nothing tells an account that cannot be used: [disabled], or enabled in account.dn";
        problems.add("disabled", text);
    }
    let classes = mapping
        .group
        .attributes
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("objectClass"));
    let of_names = classes.flat_map(|(_, slots)| slots).any(|slot| {
        matches!(&slot.cell, Cell::Text(class) if class.eq_ignore_ascii_case("groupOfNames"))
    });
    if of_names && !mapping.managed.placeholders.contains_key("member") {
        problems.add("group.placeholder.member", "is missing: a groupOfNames is never empty");
    }
}

#[cfg(test)]
mod tests;
