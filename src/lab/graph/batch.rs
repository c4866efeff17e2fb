//! `$batch`: up to twenty requests in one, each answered by itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::call::{Answer, Request, local_part};
use super::desk::{Desk, bad};
use super::service::{Fate, one};

const ITEMS_MAX: usize = 20;

struct Item {
    id: String,
    depends_on: Vec<String>,
    request: Option<Request>,
}

/// The answer of the whole, and what becomes of its connection.
pub(super) fn answer(desk: &mut Desk, outer: &Request) -> (Answer, Fate) {
    let items = match items(outer) {
        Ok(items) => items,
        Err(refused) => return (refused, Fate::Answered),
    };
    let mut statuses = BTreeMap::<String, u16>::new();
    let mut responses = Vec::with_capacity(items.len());
    let (mut fate, mut throttled) = (Fate::Answered, false);
    let mut before: Option<String> = None;
    for Item { id, depends_on, request } in items {
        let failed = |other: &String| statuses.get(other).is_none_or(|status| *status >= 400);
        desk.in_series = before.replace(id.clone()).is_some_and(|id| depends_on.contains(&id));
        if desk.in_series {
            let (least, most) = desk.options.faults.series_ms;
            let drawn = least + desk.stream.below(most.saturating_sub(least) + 1);
            desk.takes += i64::try_from(drawn).unwrap_or(0);
        }
        let answer = match request {
            _ if depends_on.iter().any(failed) => {
                Answer::error(424, "FailedDependency", "Failed Dependency")
            }
            None => Answer::error(400, "BadRequest", "Resource not found for the segment."),
            Some(request) => {
                let (answer, own) = one(desk, &request);
                fate = fate.max(own);
                answer
            }
        };
        if fate == Fate::NotSent {
            // Cut before anything else is done.
            desk.in_series = false;
            return (Answer::empty(), fate);
        }
        throttled |= answer.status == 429;
        statuses.insert(id.clone(), answer.status);
        responses.push(response(&id, answer));
    }
    desk.in_series = false;
    if desk.options.faults.batch_shuffled {
        for last in (1..responses.len()).rev() {
            let other = desk.stream.index(last + 1);
            responses.swap(last, other);
        }
    }
    let status = if throttled && desk.options.faults.batch_424 { 424 } else { 200 };
    let body = Some(json!({"responses": responses}));
    (Answer { status, headers: Vec::new(), body }, fate)
}

fn response(id: &str, answer: Answer) -> Value {
    let Answer { status, headers, body } = answer;
    let mut told: serde_json::Map<String, Value> =
        headers.into_iter().map(|(name, value)| (name, json!(value))).collect();
    if body.is_some() {
        told.entry("Content-Type").or_insert(json!("application/json"));
    }
    let mut response = json!({"id": id, "status": status, "headers": told});
    if let Some(body) = body {
        response["body"] = body;
    }
    response
}

fn items(outer: &Request) -> Result<Vec<Item>, Answer> {
    let list = outer.body.as_ref().and_then(|body| body["requests"].as_array());
    let list = list.ok_or_else(|| bad("Invalid batch payload format."))?;
    if list.is_empty() || list.len() > ITEMS_MAX {
        return Err(bad(format!(
            "Number of batch request steps exceeds the maximum value of {ITEMS_MAX}."
        )));
    }
    let mut seen = BTreeSet::new();
    let mut items = Vec::with_capacity(list.len());
    for value in list {
        let text = |name: &str| value[name].as_str();
        let (Some(id), Some(method), Some(url)) = (text("id"), text("method"), text("url")) else {
            return Err(bad("Invalid batch payload format."));
        };
        if !seen.insert(id.to_lowercase()) {
            return Err(bad(format!("Batch request id '{id}' is not unique.")));
        }
        let depends_on: Vec<String> = match &value["dependsOn"] {
            Value::Array(ids) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        if depends_on.iter().any(|other| !seen.contains(&other.to_lowercase())) {
            return Err(bad("Invalid dependsOn: it names a request that does not come before."));
        }
        let body = value.get("body").filter(|body| !body.is_null()).cloned();
        let headers: Vec<(String, String)> = value["headers"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        if body.is_some() && super::call::header(&headers, "content-type").is_none() {
            return Err(bad(format!(
                "Write request id : {id} does not contain Content-Type header or body."
            )));
        }
        items.push(Item {
            id: id.to_owned(),
            depends_on,
            request: request(method, url, &headers, body, outer.beta),
        });
    }
    Ok(items)
}

/// An item's own request. Its address is relative to the version, or absolute as the SDKs write it.
fn request(
    method: &str,
    url: &str,
    headers: &[(String, String)],
    body: Option<Value>,
    beta: bool,
) -> Option<Request> {
    let version = if beta { "beta" } else { "v1.0" };
    let local = match url.contains("://") {
        true => local_part(url).to_owned(),
        false => format!("/{version}/{}", url.trim_start_matches('/')),
    };
    let mut request = Request::new(method, &local, headers)?;
    request.body = body;
    Some(request)
}
