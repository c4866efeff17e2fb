//! An object as an answer shows it.

use serde_json::{Map, Value, json};

use super::call::Answer;
use super::guid::Guid;
use super::tenant::{HIDDEN, Kind};
use super::types;

const USER: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
];
const GROUP: [&str; 24] = [
    "id",
    "deletedDateTime",
    "classification",
    "createdDateTime",
    "description",
    "displayName",
    "expirationDateTime",
    "groupTypes",
    "isAssignableToRole",
    "mail",
    "mailEnabled",
    "mailNickname",
    "membershipRule",
    "membershipRuleProcessingState",
    "onPremisesLastSyncDateTime",
    "onPremisesSyncEnabled",
    "preferredDataLocation",
    "preferredLanguage",
    "proxyAddresses",
    "renewedDateTime",
    "securityEnabled",
    "theme",
    "uniqueName",
    "visibility",
];
/// Shown as `[]` when nothing is there.
const LISTS: [&str; 10] = [
    "businessPhones",
    "groupTypes",
    "proxyAddresses",
    "otherMails",
    "assignedLicenses",
    "assignedPlans",
    "resourceProvisioningOptions",
    "resourceBehaviorOptions",
    "imAddresses",
    "licenseAssignmentStates",
];
/// Properties of groups that the service has and its metadata leaves out.
const UNLISTED: [&str; 3] =
    ["resourceProvisioningOptions", "resourceBehaviorOptions", "creationOptions"];
/// Never told.
const SECRET: &str = "passwordProfile";

fn property(map: &Map<String, Value>, id: Guid, name: &str) -> Value {
    match (name, map.get(name)) {
        ("id", _) => json!(id.to_string()),
        ("onPremisesExtensionAttributes", value) => extensions(value),
        (SECRET, _) => Value::Null,
        (_, Some(value)) => value.clone(),
        (name, None) if LISTS.contains(&name) => json!([]),
        (_, None) => Value::Null,
    }
}

/// All fifteen, those that are not set as null.
fn extensions(value: Option<&Value>) -> Value {
    let name = |number: u32| format!("extensionAttribute{number}");
    let one = |name: &str| value.and_then(|value| value.get(name)).cloned().unwrap_or_default();
    Value::Object((1..=15).map(name).map(|name| (name.clone(), one(&name))).collect())
}

/// What is shown without `$select`.
pub(super) fn default_of(kind: Kind, id: Guid, map: &Map<String, Value>) -> Map<String, Value> {
    let names: Vec<&str> = match kind {
        Kind::User => USER.to_vec(),
        Kind::Group => GROUP.into_iter().chain(UNLISTED).collect(),
        Kind::School => map.keys().map(String::as_str).chain(["id"]).collect(),
    };
    let shown = names.into_iter().filter(|name| !name.starts_with(HIDDEN));
    shown.map(|name| (name.to_owned(), property(map, id, name))).collect()
}

/// What `$select` asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Select(Option<Vec<String>>);

impl Select {
    pub(super) fn read(text: Option<&str>, kind: Kind) -> Result<Self, Answer> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(Self(None)) };
        let mut names = Vec::new();
        for name in text.split(',').map(str::trim) {
            let own = name.split('/').next().unwrap_or_default();
            let known = |own: &str| types::knows(kind.type_name(), own) || UNLISTED.contains(&own);
            match own == "*" || own == "members" || known(own) {
                true => names.push(own.to_owned()),
                false => {
                    let text = format!(
                        "Parsing OData Select and Expand failed: Could not find a property named \
                         '{own}' on type 'microsoft.graph.{}'.",
                        kind.type_name()
                    );
                    return Err(Answer::error(400, "BadRequest", text));
                }
            }
        }
        Ok(Self(Some(names)))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|names| names.iter().any(|own| own == name))
    }

    pub(super) fn is_given(&self) -> bool {
        self.0.is_some()
    }

    /// The names as a part of a context, and for tokens.
    pub(super) fn text(&self) -> String {
        self.0.as_ref().map(|names| names.join(",")).unwrap_or_default()
    }

    pub(super) fn show(
        &self,
        kind: Kind,
        id: Guid,
        map: &Map<String, Value>,
    ) -> Map<String, Value> {
        let names = match &self.0 {
            Some(names) if !names.iter().any(|name| name == "*") => names,
            _ => return default_of(kind, id, map),
        };
        let ids = ["id".to_owned()];
        let shown = names.iter().chain(&ids).filter(|name| *name != "members");
        shown.map(|name| (name.clone(), property(map, id, name))).collect()
    }
}
