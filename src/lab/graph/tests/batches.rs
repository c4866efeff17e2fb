//! `$batch`.

use serde_json::{Value, json};

use super::*;

fn item(id: &str, method: &str, url: &str, body: Value) -> Value {
    let mut item = json!({"id": id, "method": method, "url": url});
    if !body.is_null() {
        item["body"] = body;
        item["headers"] = json!({"Content-Type": "application/json"});
    }
    item
}

fn of<'a>(reply: &'a Reply, id: &str) -> &'a Value {
    let all = reply.body["responses"].as_array().unwrap();
    all.iter().find(|response| response["id"] == id).unwrap()
}

async fn batch(client: &Client, items: Vec<Value>) -> Reply {
    client.send("POST", "/$batch", json!({"requests": items})).await
}

#[tokio::test(start_paused = true)]
async fn items_are_answered_each_by_itself() {
    let client = client(options()).await;
    let items = vec![
        item("a", "POST", "/users", user("ines")),
        item("b", "POST", "https://graph.lab/v1.0/users", user("ines")),
        json!({"id": "c", "method": "GET", "url": "users?$select=id", "unknown": 1}),
        json!({"id": "d", "method": "PUT", "url": "/users"}),
        json!({"id": "e", "method": "GET", "url": "/users", "dependsOn": ["b"]}),
    ];
    let reply = batch(&client, items).await.expect(200);
    let status = |id| of(&reply, id)["status"].as_u64().unwrap();
    assert_eq!(["a", "b", "c", "d", "e"].map(status), [201, 400, 200, 405, 424]);
    assert_eq!(of(&reply, "b")["body"]["error"]["details"][0]["code"], "ObjectConflict");
    let requests = client.service.requests();
    assert_eq!((requests["POST /$batch"], requests["POST /users"]), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_wrong_is_refused_whole() {
    let client = client(options()).await;
    let get = |id: &str| json!({"id": id, "method": "GET", "url": "/users"});
    batch(&client, (0..20).map(|id| get(&id.to_string())).collect()).await.expect(200);
    batch(&client, (0..21).map(|id| get(&id.to_string())).collect()).await.expect(400);
    batch(&client, vec![get("a"), get("A")]).await.expect(400);
    let empty = batch(&client, vec![]).await.expect(400);
    assert!(empty.body["error"]["innerError"]["request-id"].is_string(), "{}", empty.body);
    batch(&client, vec![json!({"id": "1", "method": "POST", "url": "/users", "body": {}})])
        .await
        .expect(400);
}

#[tokio::test(start_paused = true)]
async fn answers_are_shuffled_and_one_group_twice_is_a_violation() {
    let mut options = options();
    options.faults.batch_shuffled = true;
    let mut client = client(options).await;
    let group = client.group("g").await;
    tokio::time::advance(std::time::Duration::from_secs(1)).await;
    let path = format!("/groups/{group}");
    let items: Vec<Value> = (0..20)
        .map(|id| match id {
            3 | 4 => item(&id.to_string(), "PATCH", &path, json!({"description": "x"})),
            _ => json!({"id": id.to_string(), "method": "GET", "url": "/users"}),
        })
        .collect();
    let reply = batch(&client, items).await.expect(200);
    let order = reply.body["responses"].as_array().unwrap().iter();
    let order: Vec<&str> = order.map(|response| response["id"].as_str().unwrap()).collect();
    assert_eq!(order.len(), 20);
    assert!(
        order
            .windows(2)
            .any(|pair| pair[0].parse::<u8>().unwrap() > pair[1].parse::<u8>().unwrap())
    );
    assert_eq!(of(&reply, "3")["status"], 204);
    let second = of(&reply, "4");
    assert!([400, 409].contains(&second["status"].as_u64().unwrap()), "{second}");
    assert_eq!(second["body"]["error"]["code"], "Directory_ConcurrencyViolation");
}
