//! The entry of each object in Office 365, made by the templates of a mapping.
//!
//! - In: the facts of an account, of a group in a school year, of a licence. - Out: entries with
//!   managed properties only.
//! - Can go wrong: a template that fails; the mapping was tried at parse, so it is a rare one.
//!
//! Nothing of a person can be named in a template but login, names, category and an opaque school
//! (requirements 3.3, R-50).

use std::collections::{BTreeMap, BTreeSet};

use minijinja::value::Value;
use sha2::{Digest as _, Sha256};

use super::entries::{AccountFacts, Category, GroupFacts, account_facts, group_facts};
use super::managed::Managed;
use super::section::Agreement;
use super::template::{Cell, Facts, Templates};
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, GroupForm, Licence, Links, ObjectKey, YearGroup};
use crate::model::ids::{Digest, PersonId, SchoolYear, StructureKind, Uai};
use crate::model::opaque::OpaqueKeys;
use crate::model::unique_name;
use crate::model::workspace::MemberRole;

/// The mark of an account that is ours: the opaque key of the person.
pub const MARK: &str = "extensionAttribute1";
/// The opaque code of a school, where the mapping writes it.
pub const SCHOOL: &str = "extensionAttribute2";
/// Links of groups.
pub const MEMBERS: &str = "members";
pub const OWNERS: &str = "owners";
/// What names an account.
pub(super) const UPN: &str = "userPrincipalName";
pub(super) const EMPLOYEE_ID: &str = "employeeId";
pub(super) const ENABLED: &str = "accountEnabled";
pub const UNIQUE_NAME: &str = "uniqueName";
pub(super) const GROUP_TYPES: &str = "groupTypes";
pub(super) const LICENSES: &str = "assignedLicenses";
pub(super) const TEMPLATE: &str = "template";
/// Unique among Microsoft 365 groups, whoever made them.
pub const NICKNAME: &str = "mailNickname";

/// Longest values that the service takes, in signs; others are cut at 256.
const LIMITS: [(&str, usize); 4] =
    [("givenName", 64), ("surname", 64), (NICKNAME, NICKNAME_MAX), ("extensionAttribute", 1024)];
const NICKNAME_MAX: usize = 64;
const LIMIT: usize = 256;
/// Of the hash that parts two names which are the same once cut.
const HASH_DIGITS: usize = 8;
/// Owners of a group, at most.
const OWNERS_MAX: usize = 100;

/// What the configuration says of a tenant, as far as names and keys of objects follow from it.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// The first word of the unique name of every group of ours: letters and digits.
    pub prefix: String,
    /// The form of the groups of this and later years.
    pub form: GroupForm,
    /// Makes the opaque keys of persons.
    pub people: OpaqueKeys,
    /// Makes the opaque codes of schools.
    pub schools: OpaqueKeys,
    /// The product (`skuId`) that each licence group gives; a licence without one has no group.
    pub licences: BTreeMap<Licence, String>,
}

impl Tenant {
    /// Sixteen digits that stand for a school.
    pub fn school(&self, uai: &Uai) -> String {
        // Seven digits and a letter that follows from them.
        let number = uai.as_str().get(..7).and_then(|digits| digits.parse().ok());
        self.schools.of(PersonId(number.unwrap_or_default()))
    }

    /// The school that digits stand for, among those known.
    pub fn school_of<'a>(&self, digits: &str, known: &'a BTreeSet<Uai>) -> Option<&'a Uai> {
        let PersonId(number) = self.schools.person(digits)?;
        let text = format!("{number:07}");
        known.iter().find(|uai| uai.as_str().starts_with(&text))
    }
}

/// How objects become entries of a tenant. Made by `parse`, in `graph_file.rs`.
#[derive(Debug)]
pub struct GraphMapping {
    pub agreement: Agreement,
    pub tenant: Tenant,
    pub(super) managed: Managed,
    pub(super) templates: Templates,
    pub(super) account: BTreeMap<String, Cell>,
    pub(super) group: BTreeMap<String, Cell>,
    /// Link → whose.
    pub(super) links: BTreeMap<String, BTreeSet<MemberRole>>,
    pub(super) category_words: BTreeMap<Category, String>,
    pub(super) kind_words: BTreeMap<StructureKind, String>,
    pub(super) licences: BTreeMap<Licence, Attributes>,
}

impl GraphMapping {
    /// What the reader and the writer of the target must know.
    pub fn managed(&self) -> &Managed {
        &self.managed
    }

    /// The entry of an account, counted under a school that has subscribed. Its password is set at
    /// creation, outside of it (DESIGN rule 4).
    pub fn account(&self, account: &AccountFacts<'_>, uai: &Uai) -> Result<Entry, String> {
        let word = self.category_words.get(&account.category).map_or("", String::as_str);
        let school = self.tenant.school(uai);
        let facts = Value::from_object(Facts(person_facts(account, word, &school)));
        let mut attributes = self.fill(&self.account, &facts)?;
        let key = self.tenant.people.of(account.person);
        attributes.extend([(EMPLOYEE_ID, [&key]), (MARK, [&key])]);
        if !account.enabled {
            attributes.extend(&self.managed.disabled);
        }
        let name = attributes.values_of(UPN).first();
        let name = name.ok_or_else(|| format!("account.attributes.{UPN}: is empty"))?;
        Ok(Entry {
            key: ObjectKey::Account(account.person),
            uai: Some(uai.clone()),
            dn: dn::rdn(UPN, name),
            attributes,
            links: Links::new(),
            enabled: account.enabled,
        })
    }

    /// The name with which the account signs in.
    pub fn username(&self, account: &AccountFacts<'_>) -> Result<String, String> {
        let entry = self.account(account, account.uai)?;
        Ok(entry.attributes.values_of(UPN).first().unwrap_or_default().to_owned())
    }

    /// The entry of the group of a workspace in a school year, with its links.
    pub fn group(&self, group: &GroupFacts<'_>, year: SchoolYear) -> Result<Entry, String> {
        let structure = group.workspace.key.clone();
        let uai = structure.uai.clone();
        let word = self.kind_words.get(&structure.kind).map_or("", String::as_str);
        let facts = Value::from_object(Facts(year_facts(group, word, year)));
        let form = self.tenant.form;
        let key = ObjectKey::Yearly(YearGroup { year, form, structure });
        let named = if group.neutral { key.opaque() } else { key.clone() };
        let mut links = Links::new();
        for (link, roles) in &self.links {
            let of = |role: &MemberRole| match role {
                MemberRole::Pupil => group.pupils.iter().cloned(),
                MemberRole::Teacher => group.teachers.iter().cloned(),
            };
            let mut values: BTreeSet<String> = roles.iter().flat_map(of).collect();
            if link == OWNERS {
                values = values.into_iter().take(OWNERS_MAX).collect();
            }
            if !values.is_empty() && (link != OWNERS || form == GroupForm::Unified) {
                links.insert(link.clone(), values);
            }
        }
        let mut attributes = self.fill(&self.group, &facts)?;
        if form == GroupForm::Unified {
            attributes.insert(GROUP_TYPES, ["Unified"]);
        }
        self.named(key, &named, Some(uai), attributes, links)
    }

    /// The team that is made of a group.
    pub fn team(&self, group: &Entry) -> Option<Entry> {
        let ObjectKey::Yearly(of) = &group.key else { return None };
        let name = group.attributes.get(UNIQUE_NAME)?.first()?;
        Some(Entry {
            key: ObjectKey::Team(of.clone()),
            uai: group.uai.clone(),
            dn: dn::rdn("team", name),
            attributes: [(TEMPLATE, ["educationClass"])].into(),
            links: Links::new(),
            enabled: true,
        })
    }

    /// The group that gives a licence, with its members; none when no product is configured.
    pub fn licence(&self, licence: Licence, members: BTreeSet<String>) -> Option<Entry> {
        let product = self.tenant.licences.get(&licence)?;
        let mut attributes = self.licences.get(&licence)?.clone();
        attributes.insert(LICENSES, [product]);
        let mut links = Links::new();
        if !members.is_empty() {
            links.insert(MEMBERS.to_owned(), members);
        }
        let key = ObjectKey::Licence(licence);
        self.named(key.clone(), &key, None, attributes, links).ok()
    }

    /// The group under its unique name.
    fn named(
        &self,
        key: ObjectKey,
        named: &ObjectKey,
        uai: Option<Uai>,
        mut attributes: Attributes,
        links: Links,
    ) -> Result<Entry, String> {
        let name = unique_name::write(&self.tenant.prefix, named)
            .ok_or_else(|| format!("{key} has no name in Office 365"))?;
        let dn = dn::rdn(UNIQUE_NAME, &name);
        attributes.insert(UNIQUE_NAME, [name]);
        Ok(Entry { key, uai, dn, attributes, links, enabled: true })
    }

    /// Values within their limits; what is empty is left out.
    fn fill(&self, cells: &BTreeMap<String, Cell>, facts: &Value) -> Result<Attributes, String> {
        let mut filled = Vec::with_capacity(cells.len());
        for (attribute, cell) in cells {
            let mut value = self.templates.fill_value(cell, facts)?;
            shorten(attribute, &mut value);
            if !value.is_empty() {
                filled.push((attribute, [value]));
            }
        }
        Ok(filled.into_iter().collect())
    }
}

/// Cut to what the service takes. A nickname is an address: cut, it keeps what makes it another's.
fn shorten(attribute: &str, value: &mut String) {
    let known = LIMITS.iter().find(|(name, _)| attribute.starts_with(name));
    let limit = known.map_or(LIMIT, |(_, limit)| *limit);
    let Some((mut at, _)) = value.char_indices().nth(limit) else { return };
    let mut end = String::new();
    if attribute == NICKNAME {
        let digest = Digest::of_bytes(Sha256::digest(value.as_bytes()));
        end = digest.as_str().chars().take(HASH_DIGITS).collect();
        at = value.char_indices().nth(limit - HASH_DIGITS).map_or(at, |(at, _)| at);
    }
    value.truncate(at);
    value.truncate(value.trim_end().len());
    value.push_str(&end);
}

/// Who stays the owner of a group that should have none: the service does not let the last one go.
pub fn last_owner<'a>(wanted: &Links, seen: &'a Links) -> Option<&'a String> {
    let owners = seen.get(OWNERS).filter(|_| !wanted.contains_key(OWNERS))?;
    owners.first()
}

pub(super) fn person_facts(
    account: &AccountFacts<'_>,
    category: &str,
    school: &str,
) -> Vec<(&'static str, Value)> {
    let kept = ["login", "mail", "given", "called", "display", "category", "enabled"];
    let mut facts = account_facts(account, category);
    facts.retain(|(name, _)| kept.contains(name));
    let (local, domain) = account.mail.split_once('@').unwrap_or_default();
    facts.push(("mail_local", Value::from(local)));
    facts.push(("domain", Value::from(domain)));
    facts.push(("school", Value::from(school)));
    facts
}

pub(super) fn year_facts(
    group: &GroupFacts<'_>,
    kind: &str,
    year: SchoolYear,
) -> Vec<(&'static str, Value)> {
    let mut facts = group_facts(group, kind);
    facts.push(("year", Value::from(year.0)));
    facts
}

#[cfg(test)]
mod tests;
