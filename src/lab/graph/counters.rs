//! What tests ask about: requests, refusals, bodies that the metadata does not know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::desk::Desk;
use super::tenant::{Kind, Rel, Standing};

/// Violations are kept up to this many.
const VIOLATIONS_MAX: usize = 1_000;

#[derive(Debug, Default, Clone)]
pub(super) struct Counters {
    /// By method and kind of path; items of batches each by itself, and the batch too.
    pub(super) requests: BTreeMap<String, u64>,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) violations: Vec<String>,
    pub(super) password_patches: u64,
}

impl Counters {
    pub(super) fn count(&mut self, kind: String) {
        *self.requests.entry(kind).or_default() += 1;
    }

    pub(super) fn answered(&mut self, status: u16) {
        *self.statuses.entry(status).or_default() += 1;
    }

    pub(super) fn violation(&mut self, text: String) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(text);
        }
    }
}

/// The tenant as it stands, for tests.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub users: Vec<SeenUser>,
    pub groups: Vec<SeenGroup>,
}

/// An account; `properties` as they are kept, without the password.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenUser {
    pub id: String,
    pub properties: Map<String, Value>,
    pub deleted: bool,
}

/// A group; members and owners by id, those that are soft-deleted left out.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenGroup {
    pub id: String,
    pub properties: Map<String, Value>,
    pub members: BTreeSet<String>,
    pub owners: BTreeSet<String>,
    pub deleted: bool,
    pub team: bool,
}

impl SeenUser {
    /// A property that is a text, else nothing.
    pub fn text(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }
    pub fn extension(&self, number: u32) -> &str {
        let all = self.properties.get("onPremisesExtensionAttributes");
        let one = all.and_then(|all| all.get(format!("extensionAttribute{number}")));
        one.and_then(Value::as_str).unwrap_or_default()
    }
    pub fn enabled(&self) -> bool {
        self.properties.get("accountEnabled") == Some(&Value::Bool(true))
    }
}

impl SeenGroup {
    pub fn text(&self, name: &str) -> &str {
        self.properties.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Snapshot {
    /// Keys (`employeeId`) that more than one account has, soft-deleted ones counted: two
    /// identities of one person.
    pub fn doubles(&self) -> Vec<String> {
        let mut seen = BTreeMap::<&str, u32>::new();
        for user in &self.users {
            *seen.entry(user.text("employeeId")).or_default() += 1;
        }
        let twice = seen.into_iter().filter(|(key, count)| *count > 1 && !key.is_empty());
        twice.map(|(key, _)| key.to_owned()).collect()
    }

    pub fn user(&self, upn: &str) -> Option<&SeenUser> {
        let same = |user: &&SeenUser| user.text("userPrincipalName").eq_ignore_ascii_case(upn);
        self.users.iter().find(same)
    }

    pub fn user_of_key(&self, employee_id: &str) -> Option<&SeenUser> {
        self.users.iter().find(|user| user.text("employeeId") == employee_id)
    }

    pub fn group(&self, unique_name: &str) -> Option<&SeenGroup> {
        let live = |group: &&SeenGroup| !group.deleted && group.text("uniqueName") == unique_name;
        self.groups.iter().find(live)
    }
}

pub(super) fn snapshot(desk: &Desk) -> Snapshot {
    let tenant = &desk.tenant;
    let states = |kind| tenant.ids_after(kind, None).filter_map(|id| Some((id, tenant.now(id)?)));
    let users = states(Kind::User).map(|(id, state)| SeenUser {
        id: id.to_string(),
        properties: state.map(),
        deleted: matches!(state.standing, Standing::Deleted(_)),
    });
    let groups = states(Kind::Group).map(|(id, state)| {
        let links = |rel| {
            let all = tenant.links(id, rel).into_iter().flatten();
            let live = all.filter(|id| tenant.now(**id).is_some_and(|state| state.is_live()));
            live.map(ToString::to_string).collect()
        };
        let properties = state.map();
        SeenGroup {
            id: id.to_string(),
            team: super::teams::is_team(&properties),
            properties,
            members: links(Rel::Members),
            owners: links(Rel::Owners),
            deleted: matches!(state.standing, Standing::Deleted(_)),
        }
    });
    Snapshot { users: users.collect(), groups: groups.collect() }
}
