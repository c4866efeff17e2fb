//! Teams of groups: asked for, and there some time later.

use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad, not_found};
use super::groups::is_unified;
use super::guid::Guid;
use super::links;
use super::tenant::{Kind, Rel, Standing, TEAM_ASKED, TEAM_FAILS, TEAM_OPERATION};
use super::users::text;

pub(super) fn is_team(map: &Map<String, Value>) -> bool {
    let list = map.get("resourceProvisioningOptions").and_then(Value::as_array);
    list.is_some_and(|list| list.iter().any(|option| option == "Team"))
}

pub(super) fn act(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("POST", []) => post(desk, request),
        ("GET", [key]) => get(desk, key),
        ("GET", [key, "operations", operation]) => operation_of(desk, key, operation),
        _ => Err(super::routes::no_segment(rest)),
    }
}

fn post(desk: &mut Desk, request: &Request) -> Done {
    let body = request.object();
    let link = |name: &str| body.get(name).and_then(Value::as_str);
    let template = link("template@odata.bind").unwrap_or_default();
    let known = ["standard", "educationClass", "educationStaff"];
    if !known.iter().any(|name| template.ends_with(&format!("teamsTemplates('{name}')"))) {
        return Err(bad("Failed to execute Templates backend request: the template is not known."));
    }
    let group = link("group@odata.bind").and_then(links::id_of);
    let group = group.ok_or_else(|| bad("Invalid bind property name group@odata.bind."))?;
    let specialization =
        if template.contains("educationClass") { "educationClass" } else { "none" };
    let operation = ask(desk, group, specialization)?;
    Ok(Answer { status: 202, headers: Vec::new(), body: None }
        .with("Location", format!("/teams('{group}')/operations('{operation}')"))
        .with("Content-Location", format!("/teams('{group}')")))
}

pub(super) fn put(desk: &mut Desk, key: &str) -> Done {
    let group = key.parse().map_err(|()| super::desk::bad_id(key))?;
    ask(desk, group, "none")?;
    let body = json!({"@odata.context": desk.context("teams/$entity"), "id": key});
    Ok(Answer::created(body))
}

/// Gives the operation.
fn ask(desk: &mut Desk, group: Guid, specialization: &str) -> Result<Guid, Answer> {
    let key = group.to_string();
    let (_, mut map) = desk.writing(&key, Kind::Group)?;
    let age = desk.now - desk.tenant.created(group);
    if age < i64::from(desk.options.limits.team_age_seconds) * 1_000 {
        return Err(not_found(&key));
    }
    if !is_unified(&map) {
        return Err(bad("The group is not a Microsoft 365 group: no team can be made of it."));
    }
    if desk.tenant.links(group, Rel::Owners).is_none_or(std::collections::BTreeSet::is_empty) {
        return Err(bad(
            "A team owner must be provided when creating a team in application context.",
        ));
    }
    if is_team(&map) || map.contains_key(TEAM_ASKED) {
        let text = "The group is already provisioned as a team.";
        return Err(Answer::error(409, "Conflict", text));
    }
    let operation = desk.new_id();
    let fails = desk.stream.chance(desk.options.faults.team_failed) || desk.team_fails;
    map.insert(TEAM_ASKED.to_owned(), json!(desk.now));
    map.insert(TEAM_OPERATION.to_owned(), json!(operation.to_string()));
    map.insert(TEAM_FAILS.to_owned(), json!(fails));
    map.insert("@lab.specialization".to_owned(), json!(specialization));
    desk.put(group, Kind::Group, Standing::Live, &map)?;
    let seconds = i64::from(desk.options.limits.team_seconds);
    desk.teams.insert(group, desk.now + seconds * 1_000);
    Ok(operation)
}

impl Desk {
    /// Teams whose time has come.
    pub(super) fn settle_teams(&mut self) {
        let now = self.now;
        let due: Vec<Guid> =
            self.teams.iter().filter(|(_, at)| **at <= now).map(|(id, _)| *id).collect();
        for group in due {
            self.teams.remove(&group);
            let state = self.tenant.live(group, Kind::Group);
            let Some(mut map) = state.map(super::tenant::State::map) else { continue };
            if map.get(TEAM_FAILS) == Some(&json!(true)) {
                // It can be asked for again.
                map.remove(TEAM_ASKED);
            } else {
                map.insert("resourceProvisioningOptions".to_owned(), json!(["Team"]));
            }
            // A disk that is full is told to the next that writes.
            let _ = self.put(group, Kind::Group, Standing::Live, &map);
        }
    }

    /// Teams that were on their way when the last process ended.
    pub(super) fn find_teams(&mut self) {
        let seconds = i64::from(self.options.limits.team_seconds);
        for id in self.tenant.ids_after(Kind::Group, None).collect::<Vec<_>>() {
            let state = self.tenant.live(id, Kind::Group);
            let Some(map) = state.map(super::tenant::State::map) else { continue };
            let asked = map.get(TEAM_ASKED).and_then(Value::as_i64);
            if let Some(at) = asked.filter(|_| !is_team(&map)) {
                self.teams.insert(id, at + seconds * 1_000);
            }
        }
    }
}

pub(super) fn get(desk: &mut Desk, key: &str) -> Done {
    let (id, state) = desk.looked_up(key, Kind::Group)?;
    let map = state.map();
    if !is_team(&map) {
        let text = "No team found with Group Id.";
        return Err(Answer::error(404, "NotFound", text));
    }
    let special = map.get("@lab.specialization").cloned().unwrap_or(json!("none"));
    Ok(Answer::ok(json!({
        "@odata.context": desk.context("teams/$entity"), "id": id.to_string(),
        "displayName": map.get("displayName"), "description": map.get("description"),
        "isArchived": false, "specialization": special, "visibility": "private",
    })))
}

fn operation_of(desk: &mut Desk, key: &str, operation: &str) -> Done {
    let group: Guid = key.parse().map_err(|()| super::desk::bad_id(key))?;
    let (_, state) = desk.looked_up(key, Kind::Group)?;
    let map = state.map();
    if text(&map, TEAM_OPERATION) != operation.to_lowercase() {
        return Err(not_found(operation));
    }
    let asked = map.get(TEAM_ASKED).and_then(Value::as_i64);
    let begins = i64::from(desk.options.limits.team_seconds) * 1_000 / 3;
    let status = match asked {
        _ if is_team(&map) => "succeeded",
        Some(at) if desk.now < at + begins => "notStarted",
        Some(_) => "inProgress",
        None => "failed",
    };
    let error = (status == "failed").then(|| {
        let message = "Failed to execute Templates backend request CreateTeamFromGroup.";
        json!({ "code": "InternalServerError", "message": message })
    });
    Ok(Answer::ok(json!({
        "@odata.context": desk.context(&format!("teams('{group}')/operations/$entity")),
        "id": operation, "operationType": "createTeam", "status": status, "attemptsCount": 1,
        "targetResourceId": key, "targetResourceLocation": format!("/teams('{group}')"),
        "error": error,
    })))
}
