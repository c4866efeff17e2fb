//! The entry of each object in a target, made by the templates of a mapping.
//!
//! - In: the facts of an account, a group, a school. - Out: entries with managed attributes only.
//! - Can go wrong: a template that fails; the mapping was tried at parse, so it is a rare one.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value;

use super::managed::Managed;
use super::section::Agreement;
use super::template::{Cell, Facts, ITEM, Templates};
use crate::model::account::AccountName;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey};
use crate::model::ids::{PersonId, StructureKind, Uai};
use crate::model::person::Role;
use crate::model::workspace::{MemberRole, Workspace, WorkspaceState};

/// What an account is called in a target; the words are the mapping's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    Pupil,
    Teacher,
    Staff,
}

impl Category {
    pub const ALL: [Self; 3] = [Self::Pupil, Self::Teacher, Self::Staff];

    /// None for a role that gives no account.
    pub fn of(role: &Role) -> Option<Self> {
        match role {
            Role::Pupil => Some(Self::Pupil),
            Role::Teacher => Some(Self::Teacher),
            Role::Staff(_) => Some(Self::Staff),
            Role::Unknown => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pupil => "pupil",
            Self::Teacher => "teacher",
            Self::Staff => "staff",
        }
    }
}

/// What a target may know of a person: nothing else can reach a template (requirements 3.3, R-50).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts<'a> {
    pub person: PersonId,
    pub name: &'a AccountName,
    /// The whole address.
    pub mail: String,
    /// First name, usage or family name, and both together, as shown to people.
    pub given: String,
    pub called: String,
    pub display: String,
    /// The school under which the account stands.
    pub uai: &'a Uai,
    pub category: Category,
    /// The schools of the current enrolments.
    pub schools: Vec<&'a Uai>,
    pub enabled: bool,
}

/// The group of a workspace and the DNs of its members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts<'a> {
    pub workspace: &'a Workspace,
    /// Code or label tells of handicap or the like (`space_name::tells`): the name stands for both.
    pub neutral: bool,
    pub pupils: Vec<String>,
    pub teachers: Vec<String>,
}

/// How objects become entries of one target. Made by `parse`, in `entry_file.rs`.
#[derive(Debug)]
pub struct EntryMapping {
    pub agreement: Agreement,
    pub(super) base: String,
    pub(super) managed: Managed,
    pub(super) templates: Templates,
    pub(super) containers: Shapes,
    pub(super) account: Shape,
    pub(super) group: Shape,
    /// Link attribute → whose DNs.
    pub(super) links: BTreeMap<String, BTreeSet<MemberRole>>,
    pub(super) category_words: BTreeMap<Category, String>,
    pub(super) kind_words: BTreeMap<StructureKind, String>,
    /// Attribute, in lower case → longest value in signs.
    pub(super) limits: BTreeMap<String, usize>,
}

/// Where one kind of object stands and what it carries.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) dn: Cell,
    pub(super) attributes: BTreeMap<String, Vec<Slot>>,
}

/// The containers of a school, parents first, which carry the same attributes.
#[derive(Debug)]
pub(super) struct Shapes {
    pub(super) dns: Vec<Cell>,
    pub(super) attributes: BTreeMap<String, Vec<Slot>>,
}

/// One value of an attribute, or one for each element of a list.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) cell: Cell,
    pub(super) each: Option<String>,
}

impl EntryMapping {
    /// What the reader and the writer of the target must know.
    pub fn managed(&self) -> &Managed {
        &self.managed
    }

    /// The containers that a school needs, parents first. One that does not name the school is the
    /// same for all, and counted under none.
    pub fn containers(&self, uai: &Uai) -> Result<Vec<Entry>, String> {
        let facts = Value::from_object(Facts(school_facts(uai)));
        let container = |cell: &Cell| {
            let relative = self.templates.fill_dn(cell, &facts)?;
            // The mapping's check leaves no escapes here: UAI and plain words only.
            let mut path: Vec<&str> =
                relative.split(',').filter_map(|rdn| Some(rdn.split_once('=')?.1)).collect();
            path.reverse();
            let mut facts = school_facts(uai);
            facts.push(("name", Value::from(path.last().copied().unwrap_or_default())));
            Ok(Entry {
                key: ObjectKey::Container(path.join("/")),
                uai: cell.uses("uai").then(|| uai.clone()),
                dn: format!("{relative},{}", self.base),
                attributes: self.fill(
                    &self.containers.attributes,
                    &Value::from_object(Facts(facts)),
                    &[],
                )?,
                links: Links::new(),
                enabled: true,
            })
            .and_then(|entry| self.finished(entry))
        };
        self.containers.dns.iter().map(container).collect()
    }

    /// The entry of an account. Its password is set at creation, outside of it (DESIGN rule 4).
    pub fn account(&self, account: &AccountFacts<'_>) -> Result<Entry, String> {
        let word = self.category_words.get(&account.category).map_or("", String::as_str);
        let facts = Value::from_object(Facts(account_facts(account, word)));
        let schools: Vec<Value> =
            account.schools.iter().map(|uai| Value::from(uai.as_str())).collect();
        let mut attributes =
            self.fill(&self.account.attributes, &facts, &[("schools", &schools)])?;
        if !account.enabled {
            attributes.extend(&self.managed.disabled);
        }
        self.finished(Entry {
            key: ObjectKey::Account(account.person),
            uai: Some(account.uai.clone()),
            dn: format!("{},{}", self.templates.fill_dn(&self.account.dn, &facts)?, self.base),
            attributes,
            links: Links::new(),
            enabled: account.enabled,
        })
    }

    /// The entry of the group of a workspace, with its members.
    pub fn group(&self, group: &GroupFacts<'_>) -> Result<Entry, String> {
        let key = &group.workspace.key;
        let word = self.kind_words.get(&key.kind).map_or("", String::as_str);
        let facts = Value::from_object(Facts(group_facts(group, word)));
        let mut links = Links::new();
        for (attribute, roles) in &self.links {
            let values = links.entry(attribute.clone()).or_default();
            values.extend(self.managed.placeholders.get(attribute).cloned());
            for role in roles {
                values.extend(match role {
                    MemberRole::Pupil => group.pupils.iter().cloned(),
                    MemberRole::Teacher => group.teachers.iter().cloned(),
                });
            }
        }
        links.retain(|_, values| !values.is_empty());
        let mut entry = self.finished(Entry {
            key: ObjectKey::Group(key.clone()),
            uai: Some(key.uai.clone()),
            dn: format!("{},{}", self.templates.fill_dn(&self.group.dn, &facts)?, self.base),
            attributes: self.fill(&self.group.attributes, &facts, &[])?,
            links,
            enabled: true,
        })?;
        if group.neutral {
            let mark = entry.key.opaque().to_string();
            entry.attributes.insert(&self.managed.mark, [mark]);
        }
        Ok(entry)
    }

    /// Values cut to their limits, sorted, distinct; an attribute without any is left out.
    fn fill(
        &self,
        slots: &BTreeMap<String, Vec<Slot>>,
        facts: &Value,
        lists: &[(&str, &[Value])],
    ) -> Result<Attributes, String> {
        let mut filled = Vec::with_capacity(slots.len());
        for (attribute, slots) in slots {
            let mut values = Vec::with_capacity(slots.len());
            for slot in slots {
                let Some(each) = &slot.each else {
                    values.push(self.templates.fill_value(&slot.cell, facts)?);
                    continue;
                };
                let list = lists.iter().find(|(name, _)| name == each).map_or(&[][..], |l| l.1);
                for item in list {
                    let item = Value::from_object(Facts(vec![(ITEM, item.clone())]));
                    values.push(self.templates.fill_value(&slot.cell, &item)?);
                }
            }
            if let Some(limit) = self.limits.get(&attribute.to_ascii_lowercase()) {
                values.iter_mut().for_each(|value| cut(value, *limit));
            }
            values.retain(|value| !value.is_empty());
            values.sort_unstable();
            values.dedup();
            if !values.is_empty() {
                filled.push((attribute, values));
            }
        }
        Ok(filled.into_iter().collect())
    }

    /// Adds the mark, and checks that the name of the entry is one of its values: a server adds
    /// the value that is missing, and every later plan would take it away again.
    fn finished(&self, mut entry: Entry) -> Result<Entry, String> {
        entry.attributes.insert(&self.managed.mark, [entry.key.to_string()]);
        let (attribute, rest) = entry.dn.split_once('=').unwrap_or_default();
        let named = entry.attributes.iter().any(|(name, values)| {
            name.eq_ignore_ascii_case(attribute)
                && values.iter().any(|value| {
                    let after = rest.strip_prefix(dn::value(value).as_str());
                    after.is_some_and(|after| after.starts_with(','))
                })
        });
        if named {
            Ok(entry)
        } else {
            Err(format!("the DN {} names a value that {attribute} does not have", entry.dn))
        }
    }
}

pub(super) fn school_facts(uai: &Uai) -> Vec<(&'static str, Value)> {
    vec![("uai", Value::from(uai.as_str()))]
}

pub(super) fn account_facts(
    account: &AccountFacts<'_>,
    category: &str,
) -> Vec<(&'static str, Value)> {
    vec![
        ("login", Value::from(account.name.login.as_str())),
        ("short_login", Value::from(account.name.short_login.as_str())),
        ("person", Value::from(account.person.0)),
        ("uai", Value::from(account.uai.as_str())),
        ("category", Value::from(category)),
        ("enabled", Value::from(account.enabled)),
        ("mail", Value::from(account.mail.as_str())),
        ("given", Value::from(account.given.as_str())),
        ("called", Value::from(account.called.as_str())),
        ("display", Value::from(account.display.as_str())),
    ]
}

pub(super) fn group_facts(group: &GroupFacts<'_>, kind: &str) -> Vec<(&'static str, Value)> {
    let space = group.workspace;
    let (code, label) =
        if group.neutral { (&space.name, &space.name) } else { (&space.key.code.0, &space.label) };
    vec![
        ("name", Value::from(space.name.as_str())),
        ("uai", Value::from(space.key.uai.as_str())),
        ("kind", Value::from(kind)),
        ("frozen", Value::from(matches!(space.state, WorkspaceState::Frozen { .. }))),
        ("code", Value::from(code.as_str())),
        ("label", Value::from(label.as_str())),
    ]
}

/// Cut on a sign, without a blank at the end.
fn cut(value: &mut String, limit: usize) {
    if let Some((at, _)) = value.char_indices().nth(limit) {
        value.truncate(at);
        value.truncate(value.trim_end().len());
    }
}

#[cfg(test)]
mod tests;
