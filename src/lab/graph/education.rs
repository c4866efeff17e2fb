//! Classes and schools of Education: the least of it. A class is a Microsoft 365 group.

use serde_json::{Map, Value, json};

use super::call::{Answer, Done, Request};
use super::desk::{Desk, bad};
use super::groups;
use super::guid::Guid;
use super::links;
use super::read::{self, Source};
use super::tenant::{Kind, Rel, Standing};

/// The marks of a class, kept inside its group.
const MARKS: &str = "@lab.class";

pub(super) fn act(desk: &mut Desk, request: &Request, rest: &[&str]) -> Done {
    match (request.method.as_str(), rest) {
        ("POST", ["classes"]) => create(desk, request),
        ("GET", ["classes"]) => Ok(all(desk)),
        ("GET", ["classes", key]) => {
            let (id, state) = desk.looked_up(key, Kind::Group)?;
            let class = shown(id, &state.map()).ok_or_else(|| super::desk::not_found(key))?;
            Ok(Answer::ok(class))
        }
        ("DELETE", ["classes", key]) => groups::delete(desk, key),
        ("GET", ["classes", key, list @ ("members" | "teachers")]) => {
            let rel = if *list == "teachers" { Rel::Owners } else { Rel::Members };
            let source = read::links(desk, request, key, rel, Some(Kind::User))?;
            read::list(desk, request, source, "education/users")
        }
        ("POST", ["classes", key, "members", "$ref"]) => {
            links::add_one(desk, request, key, Rel::Members)
        }
        ("POST", ["classes", key, "teachers", "$ref"]) => {
            links::add_one(desk, request, key, Rel::Owners)
        }
        ("DELETE", ["classes", key, "members", member, "$ref"]) => {
            links::remove_one(desk, key, Rel::Members, member)
        }
        ("DELETE", ["classes", key, "teachers", member, "$ref"]) => {
            links::remove_one(desk, key, Rel::Owners, member)
        }
        ("POST", ["schools"]) => school(desk, request),
        ("GET", ["schools"]) => {
            read::list(desk, request, Source::Live(Kind::School), "education/schools")
        }
        ("GET", ["schools", key]) => read::one(desk, request, key, Kind::School),
        _ => Err(super::routes::no_segment(rest)),
    }
}

fn create(desk: &mut Desk, request: &Request) -> Done {
    let marks = request.object();
    let name = |name: &str| {
        marks.get(name).filter(|value| value.is_string()).cloned().ok_or_else(|| {
            bad(format!("A value is required for property '{name}' of resource 'educationClass'."))
        })
    };
    let body = json!({
        "displayName": name("displayName")?, "mailNickname": name("mailNickname")?,
        "mailEnabled": true, "securityEnabled": false, "groupTypes": ["Unified"],
        "visibility": "HiddenMembership",
    });
    let inner = Request {
        method: "POST".to_owned(),
        beta: false,
        path: vec!["groups".to_owned()],
        query: Vec::new(),
        headers: Vec::new(),
        body: Some(body),
    };
    let made = groups::create(desk, &inner)?;
    let id = made.body.as_ref().and_then(|body| body["id"].as_str()?.parse::<Guid>().ok());
    let Some((id, state)) = id.and_then(|id| Some((id, desk.tenant.now(id)?.clone()))) else {
        return Ok(made);
    };
    let mut map = state.map();
    map.insert(MARKS.to_owned(), Value::Object(marks));
    desk.put(id, Kind::Group, Standing::Live, &map)?;
    let mut class = shown(id, &map).unwrap_or_default();
    class["@odata.context"] = json!(desk.context("education/classes/$entity"));
    Ok(Answer::created(class))
}

fn shown(id: Guid, map: &Map<String, Value>) -> Option<Value> {
    let mut class = map.get(MARKS)?.as_object()?.clone();
    for name in ["displayName", "mailNickname", "description"] {
        class.insert(name.to_owned(), map.get(name).cloned().unwrap_or_default());
    }
    class.insert("id".to_owned(), json!(id.to_string()));
    Some(Value::Object(class))
}

fn all(desk: &mut Desk) -> Answer {
    let ids = desk.tenant.ids_after(Kind::Group, None);
    let classes = ids.filter_map(|id| shown(id, &desk.tenant.live(id, Kind::Group)?.map()));
    let value: Vec<Value> = classes.collect();
    Answer::ok(json!({"@odata.context": desk.context("education/classes"), "value": value}))
}

fn school(desk: &mut Desk, request: &Request) -> Done {
    let mut map = request.object();
    if !map.get("displayName").is_some_and(Value::is_string) {
        return Err(bad(
            "A value is required for property 'displayName' of resource 'educationSchool'.",
        ));
    }
    desk.room()?;
    map.retain(|name, value| !value.is_null() && !name.contains('@'));
    let id = desk.new_id();
    desk.put(id, Kind::School, Standing::Live, &map)?;
    map.insert("id".to_owned(), json!(id.to_string()));
    map.insert("@odata.context".to_owned(), json!(desk.context("education/schools/$entity")));
    Ok(Answer::created(Value::Object(map)))
}
