//! The attributes of an entry, as the service writes them: one word here is one property there,
//! but for those that lie inside another one or are no text.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::memory::Values;
use crate::mapping::managed::Managed;
use crate::model::attributes::Values as Given;
use crate::model::entry::{Attributes, ObjectKind};

pub(super) const PRINCIPAL: &str = "userPrincipalName";
pub(super) const NICKNAME: &str = "mailNickname";
pub(super) const EMPLOYEE_ID: &str = "employeeId";
pub(super) const UNIQUE_NAME: &str = "uniqueName";
pub(super) const ENABLED: &str = "accountEnabled";
pub(super) const LICENCES: &str = "assignedLicenses";
pub(super) const GROUP_TYPES: &str = "groupTypes";
const EXTENSIONS: &str = "onPremisesExtensionAttributes";
const EXTENSION: &str = "extensionAttribute";
pub(super) const SYNCED: &str = "onPremisesSyncEnabled";
const TEAM: &str = "resourceProvisioningOptions";
pub(super) const UNIFIED: &str = "Unified";

/// Reads and writes objects of the service for one mapping.
#[derive(Debug, Clone)]
pub(super) struct Words {
    pub(super) managed: Managed,
    /// Attributes of accounts that are managed, in order.
    pub(super) user_columns: Vec<String>,
    pub(super) group_columns: Vec<String>,
}

impl Words {
    pub(super) fn new(managed: &Managed) -> Self {
        let of = |kind| managed.attributes.get(&kind).cloned().unwrap_or_default();
        let mut users: BTreeSet<String> = of(ObjectKind::Account);
        users.extend(managed.disabled.keys().map(str::to_owned));
        users.extend([PRINCIPAL, NICKNAME].map(str::to_owned));
        users.insert(managed.mark.clone());
        let mut groups: BTreeSet<String> = of(ObjectKind::Group);
        groups.remove(&managed.mark);
        groups.extend([UNIQUE_NAME, NICKNAME].map(str::to_owned));
        Self {
            managed: managed.clone(),
            user_columns: users.into_iter().collect(),
            group_columns: groups.into_iter().collect(),
        }
    }

    /// What is asked of each user.
    pub(super) fn user_select(&self) -> String {
        select(&self.user_columns, &["id", SYNCED])
    }

    /// What tells whose an account is.
    pub(super) fn mark_select(&self) -> &str {
        outer(&self.managed.mark)
    }

    /// What is asked of each group; not its links.
    pub(super) fn group_select(&self) -> String {
        select(&self.group_columns, &["id", "createdDateTime", TEAM])
    }

    /// The values of an object. What the answer does not speak of stays as it was: changes are told
    /// in part.
    pub(super) fn values(columns: &[String], object: &Value, before: Option<&Values>) -> Values {
        Values::new(columns, |column| match property(object, column) {
            Some(value) => texts(column, value),
            None => {
                let mut known = before.into_iter().flat_map(|before| before.read(columns));
                known.find(|(name, _)| *name == column).map(|(_, all)| all).unwrap_or_default()
            }
        })
    }

    pub(super) fn attributes(columns: &[String], values: &Values) -> Attributes {
        let read = values.read(columns).map(|(name, mut all)| {
            all.sort();
            (name, all)
        });
        read.collect()
    }
}

fn select(columns: &[String], more: &[&str]) -> String {
    let mut names: BTreeSet<&str> = more.iter().copied().collect();
    names.extend(columns.iter().map(|column| outer(column)));
    names.into_iter().collect::<Vec<_>>().join(",")
}

/// The property that an attribute is, or lies in.
fn outer(attribute: &str) -> &str {
    if attribute.starts_with(EXTENSION) { EXTENSIONS } else { attribute }
}

/// None: nothing is said of it.
fn property<'a>(object: &'a Value, attribute: &str) -> Option<&'a Value> {
    let value = object.get(outer(attribute))?;
    if attribute.starts_with(EXTENSION) && !value.is_null() {
        return Some(value.get(attribute).unwrap_or(&Value::Null));
    }
    Some(value)
}

fn texts(attribute: &str, value: &Value) -> Vec<String> {
    match value {
        // An account that can be used lacks it: so says the mapping.
        Value::Bool(true) if attribute == ENABLED => Vec::new(),
        Value::Bool(one) => vec![one.to_string()],
        Value::String(text) if text.is_empty() => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => {
            let text = |one: &Value| {
                let inner = one.get("skuId").unwrap_or(one);
                inner.as_str().map(str::to_owned)
            };
            all.iter().filter_map(text).collect()
        }
        Value::Number(number) => vec![number.to_string()],
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

/// A body that gives an object these values; an attribute without values is emptied. What the
/// service takes only in another way (licences, the name of a group) is left out.
pub(super) fn body(attributes: &Attributes, emptied: &BTreeSet<String>) -> Map<String, Value> {
    let mut body = Map::new();
    let mut extensions = Map::new();
    let emptied = emptied.iter().map(|name| (name.as_str(), Given::default()));
    for (name, values) in attributes.iter().chain(emptied) {
        let first = values.first().map_or(Value::Null, Value::from);
        match name {
            LICENCES | UNIQUE_NAME => {}
            ENABLED => {
                body.insert(name.to_owned(), Value::Bool(values.first() != Some("false")));
            }
            GROUP_TYPES => {
                body.insert(name.to_owned(), json!(values));
            }
            name if name.starts_with(EXTENSION) => {
                extensions.insert(name.to_owned(), first);
            }
            name => {
                body.insert(name.to_owned(), first);
            }
        }
    }
    if !extensions.is_empty() {
        body.insert(EXTENSIONS.to_owned(), Value::Object(extensions));
    }
    body
}

/// The text of a property; empty when there is none.
pub(super) fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// The object is mastered by an Active Directory.
pub(super) fn is_synced(object: &Value) -> Option<bool> {
    object.get(SYNCED).map(|value| value.as_bool().unwrap_or(false))
}

/// A team has been made of the group.
pub(super) fn is_team(object: &Value) -> Option<bool> {
    let options = object.get(TEAM)?.as_array()?;
    Some(options.iter().any(|option| option.as_str() == Some("Team")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_the_service_is_an_entry_and_back() {
        let columns: Vec<String> =
            ["accountEnabled", "displayName", "extensionAttribute1", "groupTypes", "surname"]
                .map(str::to_owned)
                .to_vec();
        let object = json!({
            "accountEnabled": false, "displayName": "Zoé B", "surname": null,
            "onPremisesExtensionAttributes": { "extensionAttribute1": "AB", "x": "y" },
            "groupTypes": ["Unified"],
        });
        let values = Words::values(&columns, &object, None);
        let attributes = Words::attributes(&columns, &values);
        let told: Vec<_> = attributes.iter().map(|(name, all)| format!("{name}={all:?}")).collect();
        assert_eq!(
            told,
            [
                r#"accountEnabled=["false"]"#,
                r#"displayName=["Zoé B"]"#,
                r#"extensionAttribute1=["AB"]"#,
                r#"groupTypes=["Unified"]"#,
            ]
        );
        let written = Value::Object(body(&attributes, &BTreeSet::from(["surname".to_owned()])));
        let expected = json!({
            "accountEnabled": false, "displayName": "Zoé B", "surname": null,
            "onPremisesExtensionAttributes": { "extensionAttribute1": "AB" },
            "groupTypes": ["Unified"],
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn a_change_told_in_part_leaves_the_rest() {
        let columns: Vec<String> = ["displayName", "surname"].map(str::to_owned).to_vec();
        let whole = json!({ "displayName": "Zoé B", "surname": "B" });
        let before = Words::values(&columns, &whole, None);
        let after = Words::values(&columns, &json!({ "surname": null }), Some(&before));
        assert_eq!(after.first(&columns, "displayName"), Some("Zoé B"));
        assert_eq!(after.first(&columns, "surname"), None);
    }
}
