//! The `$batch`: several questions in one request, and their answers in any order.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Ask;

/// The answer to one question of a batch.
pub(super) struct Item {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

/// The body of the request; the question at rank 0 has the id `1`. In a series each waits for the
/// one before it.
pub(super) fn body<'a>(asks: impl Iterator<Item = &'a Ask>, in_series: bool) -> Value {
    let requests: Vec<Value> =
        asks.zip(1..).map(|(ask, id)| item(ask, id, in_series && id > 1)).collect();
    json!({ "requests": requests })
}

fn item(ask: &Ask, id: u32, waits: bool) -> Value {
    let mut headers: Map<String, Value> =
        ask.headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let mut item = Map::new();
    item.insert("id".into(), json!(id.to_string()));
    item.insert("method".into(), json!(ask.method.as_str()));
    item.insert("url".into(), json!(ask.path));
    if waits {
        item.insert("dependsOn".into(), json!([(id - 1).to_string()]));
    }
    if let Some(body) = &ask.body {
        headers.insert("Content-Type".into(), json!("application/json"));
        item.insert("body".into(), body.clone());
    }
    if !headers.is_empty() {
        item.insert("headers".into(), Value::Object(headers));
    }
    Value::Object(item)
}

/// The answers, by the rank of their question. None: the body is no answer to a batch.
pub(super) fn items(body: &Value) -> Option<BTreeMap<usize, Item>> {
    let responses = body.get("responses")?.as_array()?;
    let mut items = BTreeMap::new();
    for response in responses {
        let id = match response.get("id")? {
            Value::String(text) => text.parse::<usize>().ok()?,
            other => usize::try_from(other.as_u64()?).ok()?,
        };
        let status = u16::try_from(response.get("status")?.as_u64()?).ok()?;
        let headers = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        let headers = headers.map(|(name, value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (name.to_ascii_lowercase(), text)
        });
        let body = response.get("body").cloned().unwrap_or(Value::Null);
        items.insert(id.checked_sub(1)?, Item { status, headers: headers.collect(), body });
    }
    Some(items)
}

#[cfg(test)]
mod tests {
    use super::super::super::exchange::Method;
    use super::*;

    #[test]
    fn answers_find_their_question_in_any_order() {
        let mut one = Ask::write(Method::Patch, "/users/1".into(), Some(json!({ "a": 1 })));
        one.headers.push(("Prefer", "create-if-missing"));
        let two = Ask::get("/users/2".into());
        let written = body([&one, &two].into_iter(), false);
        let expected = json!({ "requests": [
            { "id": "1", "method": "PATCH", "url": "/users/1", "body": { "a": 1 },
              "headers": { "Prefer": "create-if-missing", "Content-Type": "application/json" } },
            { "id": "2", "method": "GET", "url": "/users/2" },
        ] });
        assert_eq!(written, expected);
        let serial = body([&one, &two].into_iter(), true);
        assert_eq!(serial["requests"][0].get("dependsOn"), None);
        assert_eq!(serial["requests"][1]["dependsOn"], json!(["1"]));
        let answers = json!({ "responses": [
            { "id": "2", "status": 429, "headers": { "Retry-After": "0.25" } },
            { "id": "1", "status": 204 },
        ] });
        let items = items(&answers).unwrap();
        assert_eq!(items[&0].status, 204);
        assert_eq!(items[&1].headers, [("retry-after".to_owned(), "0.25".to_owned())]);
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        for body in [
            json!(null),
            json!({ "responses": [{ "id": "0", "status": 200 }] }),
            json!({ "responses": [{ "id": "x", "status": 200 }] }),
            json!({ "responses": [{ "id": "1" }] }),
        ] {
            assert!(items(&body).is_none(), "{body}");
        }
    }
}
