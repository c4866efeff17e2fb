//! Groups: made, made or updated by their own name, changed, deleted.

use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad, conflict};
use super::guid::Guid;
use super::links;
use super::show;
use super::tenant::{Kind, Standing};
use super::users::{merge, text};

const REQUIRED: [&str; 4] = ["displayName", "mailEnabled", "mailNickname", "securityEnabled"];
const READ_ONLY: [&str; 8] = [
    "id",
    "createdDateTime",
    "deletedDateTime",
    "onPremisesSyncEnabled",
    "assignedLicenses",
    "mail",
    "proxyAddresses",
    "renewedDateTime",
];

pub(super) fn create(desk: &mut Desk, request: &Request) -> Done {
    let map = request.object();
    if map.contains_key("uniqueName") {
        return Err(bad("Property 'uniqueName' is read-only and cannot be set."));
    }
    made(desk, map, None)
}

/// `PATCH /groups(uniqueName='…')`: 201, or 204 when it stands; with `Prefer: create-if-missing`.
pub(super) fn upsert(desk: &mut Desk, request: &Request, name: &str) -> Done {
    if let Some(id) = desk.tenant.find(Kind::Group, "uniqueName", name).first().copied() {
        return changed(desk, request, id);
    }
    let wanted = request.header("prefer").unwrap_or_default();
    if !wanted.split([',', ';']).any(|word| word.trim().eq_ignore_ascii_case("create-if-missing")) {
        return Err(super::desk::not_found(name));
    }
    let held = desk.tenant.find_deleted(Kind::Group, "uniqueName", name);
    if desk.options.limits.deleted_groups_hold_names && !held.is_empty() {
        return Err(conflict("uniqueName"));
    }
    made(desk, request.object(), Some(name))
}

fn made(desk: &mut Desk, mut map: Map<String, Value>, unique_name: Option<&str>) -> Done {
    for name in REQUIRED {
        if map.get(name).is_none_or(Value::is_null) {
            return Err(bad(format!(
                "A value is required for property '{name}' of resource 'Group'."
            )));
        }
    }
    let bound = links::bound(&map)?;
    examine(desk, &map, None)?;
    links::fit(desk, None, &bound)?;
    desk.room()?;
    map.retain(|name, value| !value.is_null() && !name.contains('@'));
    map.insert("createdDateTime".to_owned(), json!(Desk::stamp(desk.now)));
    map.insert("renewedDateTime".to_owned(), json!(Desk::stamp(desk.now)));
    if let Some(name) = unique_name {
        map.insert("uniqueName".to_owned(), json!(name));
    }
    if is_unified(&map) {
        let domain = desk.options.domains.first().cloned().unwrap_or_default();
        let mail = format!("{}@{domain}", text(&map, "mailNickname"));
        map.insert("proxyAddresses".to_owned(), json!([format!("SMTP:{mail}")]));
        map.insert("mail".to_owned(), json!(mail));
        map.entry("visibility").or_insert(json!("Public"));
    }
    let id = desk.new_id();
    desk.put(id, Kind::Group, Standing::Live, &map)?;
    links::add(desk, id, &bound)?;
    let mut shown = show::default_of(Kind::Group, id, &map);
    shown.insert("@odata.context".to_owned(), json!(desk.context("groups/$entity")));
    let location = format!("{}/v1.0/groups/{id}", desk.origin);
    Ok(Answer::created(Value::Object(shown)).with("Location", location))
}

pub(super) fn is_unified(map: &Map<String, Value>) -> bool {
    let types = map.get("groupTypes").and_then(Value::as_array);
    types.is_some_and(|types| types.iter().any(|kind| kind == "Unified"))
}

pub(super) fn update(desk: &mut Desk, request: &Request, key: &str) -> Done {
    let (id, _) = desk.writing(key, Kind::Group)?;
    changed(desk, request, id)
}

fn changed(desk: &mut Desk, request: &Request, id: Guid) -> Done {
    links::one_at_a_time(desk, id)?;
    let changes = request.object();
    let bound = links::bound(&changes)?;
    let state = desk.tenant.live(id, Kind::Group).map(super::tenant::State::map);
    let mut map = state.ok_or_else(|| super::desk::not_found(&id.to_string()))?;
    super::users::writable(desk, &map)?;
    if changes.contains_key("uniqueName") {
        return Err(bad("Property 'uniqueName' is read-only and cannot be set."));
    }
    examine(desk, &changes, Some((id, &map)))?;
    links::fit(desk, Some(id), &bound)?;
    if changes.keys().any(|name| !name.contains('@')) {
        merge(&mut map, &changes);
        desk.put(id, Kind::Group, Standing::Live, &map)?;
    }
    links::add(desk, id, &bound)?;
    Ok(Answer::empty())
}

pub(super) fn delete(desk: &mut Desk, key: &str) -> Done {
    let (id, mut map) = desk.writing(key, Kind::Group)?;
    links::one_at_a_time(desk, id)?;
    super::users::writable(desk, &map)?;
    map.insert("deletedDateTime".to_owned(), json!(Desk::stamp(desk.now)));
    desk.put(id, Kind::Group, Standing::Deleted(desk.now), &map)?;
    Ok(Answer::empty())
}

fn examine(
    desk: &Desk,
    map: &Map<String, Value>,
    old: Option<(Guid, &Map<String, Value>)>,
) -> Result<(), Answer> {
    let invalid = |name: &str| {
        bad(format!("Invalid value specified for property '{name}' of resource 'Group'."))
    };
    if let Some(name) = READ_ONLY.iter().find(|name| map.contains_key(**name)) {
        return Err(bad(format!("Property '{name}' is read-only and cannot be set.")));
    }
    if map.keys().any(|name| name.starts_with(super::tenant::HIDDEN)) {
        return Err(bad("Property does not exist."));
    }
    for (name, most) in [("displayName", 256), ("description", 1_024), ("mailNickname", 64)] {
        let value = text(map, name);
        let empty = name != "description" && map.contains_key(name) && value.is_empty();
        if empty || value.chars().count() > most {
            return Err(invalid(name));
        }
    }
    let nickname = text(map, "mailNickname");
    let wrong =
        |sign: char| !sign.is_ascii() || sign.is_whitespace() || "@()\\[]\";:<>,".contains(sign);
    if nickname.contains(wrong) {
        return Err(invalid("mailNickname"));
    }
    let kinds = old.map_or(map, |(_, map)| map);
    if old.is_some_and(|(_, old)| {
        map.contains_key("groupTypes") && is_unified(map) != is_unified(old)
    }) {
        return Err(invalid("groupTypes"));
    }
    if old.is_none() {
        let mail = map.get("mailEnabled") == Some(&json!(true));
        if mail != is_unified(map) {
            return Err(invalid("mailEnabled"));
        }
        if !mail && map.get("securityEnabled") != Some(&json!(true)) {
            return Err(invalid("securityEnabled"));
        }
    }
    if nickname.is_empty() || !is_unified(kinds) {
        return Ok(());
    }
    nickname_free(desk, nickname, old.map(|(id, _)| id))
}

/// Microsoft 365 groups have an address each, which nobody else may have.
fn nickname_free(desk: &Desk, nickname: &str, own: Option<Guid>) -> Result<(), Answer> {
    let tenant = &desk.tenant;
    let unified = |id: &Guid| tenant.now(*id).is_some_and(|state| is_unified(&state.map()));
    let mut others = tenant.find(Kind::Group, "mailNickname", nickname);
    if desk.options.limits.deleted_groups_hold_names {
        others.extend(tenant.find_deleted(Kind::Group, "mailNickname", nickname));
    }
    if others.iter().any(|id| Some(*id) != own && unified(id)) {
        return Err(conflict("mailNickname"));
    }
    let domain = desk.options.domains.first().cloned().unwrap_or_default();
    let address = format!("{nickname}@{domain}");
    match tenant.find(Kind::User, "userPrincipalName", &address).is_empty() {
        true => super::users::address_free(desk, &address, own),
        false => Err(conflict("proxyAddresses")),
    }
}
