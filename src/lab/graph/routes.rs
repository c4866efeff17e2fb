//! Which act a request is, and the permission that it needs.

use serde_json::json;

use super::call::{Answer, Done, Request};
use super::desk::Desk;
use super::read::{self, Source};
use super::tenant::{Kind, Rel};
use super::{deleted, delta, education, groups, licences, links, organization, teams, users};

pub(super) fn act(desk: &mut Desk, request: &Request) -> Done {
    let parts = request.parts();
    permission(desk, request, &parts)?;
    match parts.as_slice() {
        ["users", rest @ ..] => of_users(desk, request, rest),
        ["groups", rest @ ..] => of_groups(desk, request, rest),
        ["directory", "deletedItems", rest @ ..] => of_deleted(desk, request, rest),
        ["directoryObjects", rest @ ..] => of_objects(desk, request, rest),
        ["teams", rest @ ..] => teams::act(desk, request, rest),
        ["education", rest @ ..] => education::act(desk, request, rest),
        ["organization" | "domains" | "subscribedSkus", ..] if request.method == "GET" => {
            organization::act(desk, request, &parts)
        }
        _ => Err(no_segment(&parts)),
    }
}

pub(super) fn no_segment(parts: &[&str]) -> Answer {
    let text = format!("Resource not found for the segment '{}'.", parts.last().unwrap_or(&""));
    Answer::error(400, "BadRequest", text)
}

pub(super) fn no_method() -> Answer {
    let text = "Specified HTTP method is not allowed for the request target.";
    Answer::error(405, "Request_BadRequest", text)
}

fn permission(desk: &Desk, request: &Request, parts: &[&str]) -> Result<(), Answer> {
    let needed = match (request.method.as_str(), parts) {
        (_, ["users", _, "assignLicense"] | ["groups", _, "assignLicense"]) => {
            "LicenseAssignment.ReadWrite.All"
        }
        (_, ["users", ..] | ["directory", "deletedItems", ..]) => "User.ReadWrite.All",
        ("POST", ["teams", ..]) => "Team.Create",
        (_, ["groups" | "teams", ..]) => "Group.ReadWrite.All",
        (_, ["education", ..]) => "EduRoster.ReadWrite.All",
        (_, ["organization" | "domains" | "subscribedSkus", ..]) => "Organization.Read.All",
        _ => return Ok(()),
    };
    desk.permitted(needed)
}

fn of_users(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("POST", []) => users::create(desk, request),
        ("GET", []) => read::list(desk, request, Source::Live(Kind::User), "users"),
        ("GET", ["delta"]) => delta::answer(desk, request, Kind::User),
        ("GET", ["$count"]) => read::count_of(desk, request, &Source::Live(Kind::User)),
        ("GET", [key]) | ("GET", ["@userPrincipalName", key]) => {
            read::one(desk, request, key, Kind::User)
        }
        ("PATCH", [key]) | ("PATCH", ["@userPrincipalName", key]) => {
            users::update(desk, request, key)
        }
        ("DELETE", [key]) | ("DELETE", ["@userPrincipalName", key]) => users::delete(desk, key),
        ("POST", [key, "revokeSignInSessions" | "microsoft.graph.revokeSignInSessions"]) => {
            desk.writing(key, Kind::User)?;
            let context = desk.context("Edm.Boolean");
            Ok(Answer::ok(json!({"@odata.context": context, "value": true})))
        }
        ("POST", [key, "assignLicense"]) => licences::assign_user(desk, request, key),
        ("GET", [key, "memberOf"]) => {
            let (id, _) = desk.looked_up(key, Kind::User)?;
            let groups = desk.tenant.ids_after(Kind::Group, None);
            let has = |group: &super::guid::Guid| {
                desk.tenant.links(*group, Rel::Members).is_some_and(|set| set.contains(&id))
            };
            let source = Source::Links(groups.filter(has).collect());
            read::list(desk, request, source, "directoryObjects")
        }
        ("GET", [key, "licenseDetails"]) => licences::details(desk, key),
        (_, [] | [_] | ["@userPrincipalName", _]) => Err(no_method()),
        _ => Err(no_segment(rest)),
    }
}

fn of_groups(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("POST", []) => groups::create(desk, request),
        ("GET", []) => read::list(desk, request, Source::Live(Kind::Group), "groups"),
        ("GET", ["delta"]) => delta::answer(desk, request, Kind::Group),
        ("GET", ["$count"]) => read::count_of(desk, request, &Source::Live(Kind::Group)),
        ("GET", ["@uniqueName", name]) => {
            read::by_name(desk, request, Kind::Group, "uniqueName", name)
        }
        ("PATCH", ["@uniqueName", name]) => groups::upsert(desk, request, name),
        ("GET", [key]) => read::one(desk, request, key, Kind::Group),
        ("PATCH", [key]) => groups::update(desk, request, key),
        ("DELETE", [key]) => groups::delete(desk, key),
        ("POST", [key, "assignLicense"]) => licences::assign_group(desk, request, key),
        ("GET", [key, "membersWithLicenseErrors"]) => {
            let source = licences::errors(desk, key)?;
            read::list(desk, request, source, "directoryObjects")
        }
        ("PUT", [key, "team"]) => teams::put(desk, key),
        ("GET", [key, "team"]) => teams::get(desk, key),
        (_, [key, list @ ("members" | "owners" | "transitiveMembers"), rest @ ..]) => {
            let rel = if *list == "owners" { Rel::Owners } else { Rel::Members };
            of_links(desk, request, key, rel, rest)
        }
        (_, [] | [_] | ["@uniqueName", _]) => Err(no_method()),
        _ => Err(no_segment(rest)),
    }
}

fn of_links(desk: &mut Desk, request: &Request, key: &str, rel: Rel, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("GET", []) => {
            let source = read::links(desk, request, key, rel, None)?;
            read::list(desk, request, source, "directoryObjects")
        }
        ("GET", ["microsoft.graph.user"]) => {
            let source = read::links(desk, request, key, rel, Some(Kind::User))?;
            read::list(desk, request, source, "users")
        }
        ("GET", ["$count"]) => {
            let source = read::links(desk, request, key, rel, None)?;
            read::count_of(desk, request, &source)
        }
        ("POST", ["$ref"]) => links::add_one(desk, request, key, rel),
        ("DELETE", [member, "$ref"]) => links::remove_one(desk, key, rel, member),
        // Without `/$ref` it is the member itself that is deleted.
        ("DELETE", [member]) => {
            let text = format!("{} deletes the object, not the link", request.kind());
            desk.counters.violation(text);
            users::delete(desk, member)
        }
        _ => Err(no_method()),
    }
}

fn of_deleted(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("GET", ["microsoft.graph.user"]) => {
            read::list(desk, request, Source::Deleted(Kind::User), "users")
        }
        ("GET", ["microsoft.graph.group"]) => {
            read::list(desk, request, Source::Deleted(Kind::Group), "groups")
        }
        ("GET", ["microsoft.graph.user", "$count"]) => {
            read::count_of(desk, request, &Source::Deleted(Kind::User))
        }
        ("GET", ["microsoft.graph.group", "$count"]) => {
            read::count_of(desk, request, &Source::Deleted(Kind::Group))
        }
        ("GET", [key]) => deleted::one(desk, request, key),
        ("DELETE", [key]) => deleted::purge(desk, key),
        ("POST", [key, "restore"]) => deleted::restore(desk, request, key),
        _ => Err(no_segment(rest)),
    }
}

fn of_objects(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("GET", [key]) => {
            let id: super::guid::Guid = key.parse().map_err(|()| super::desk::bad_id(key))?;
            let kind = desk.tenant.kind(id).ok_or_else(|| super::desk::not_found(key))?;
            let mut answer = read::one(desk, request, key, kind)?;
            if let Some(body) = &mut answer.body {
                body["@odata.type"] = json!(format!("#microsoft.graph.{}", kind.type_name()));
            }
            Ok(answer)
        }
        ("POST", ["getByIds"]) => {
            let ids = request.body.as_ref().and_then(|body| body["ids"].as_array()).cloned();
            let ids = ids.unwrap_or_default();
            let ids = ids.iter().filter_map(|id| id.as_str()?.parse().ok()).collect();
            read::list(desk, request, Source::Links(ids), "directoryObjects")
        }
        _ => Err(no_segment(rest)),
    }
}
