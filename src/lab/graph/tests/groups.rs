//! Groups and their links.

use serde_json::{Value, json};

use super::*;

#[tokio::test(start_paused = true)]
async fn an_upsert_makes_a_group_once_and_then_changes_it() {
    let mut client = client(options()).await;
    let path = "/groups(uniqueName='hdf-2026-0590001A-div-2NDE3')";
    // Without the preference, what is missing stays missing.
    client.send("PATCH", path, group("a")).await.expect(404);
    let name = "hdf-2026-0590001A-div-2NDE3";
    let made = client.upsert(name, group("a")).await.expect(201);
    assert_eq!(made.body["uniqueName"], name);
    client.upsert(name, json!({"displayName": "b"})).await.expect(204);
    let shown = client.get(path).await.expect(200);
    assert_eq!((shown.id(), &shown.body["displayName"]), (made.id(), &json!("b")));
    let by_hand = client.send("POST", "/groups", json!({"uniqueName": "x"})).await;
    by_hand.expect(400);
    // A deleted group holds its name, and comes back.
    client.send("DELETE", &format!("/groups/{}", made.id()), Value::Null).await.expect(204);
    let held = client.upsert(name, group("a")).await.expect(400);
    assert_eq!(held.body["error"]["details"][0]["target"], "uniqueName");
    client
        .send("POST", &format!("/directory/deletedItems/{}/restore", made.id()), Value::Null)
        .await
        .expect(200);
    client.upsert(name, group("a")).await.expect(204);
}

#[tokio::test(start_paused = true)]
async fn nicknames_are_unique_among_microsoft_365_groups_only() {
    let client = client(options()).await;
    for _ in 0..2 {
        client.send("POST", "/groups", group("a")).await.expect(201);
    }
    let made = client.send("POST", "/groups", unified("b")).await.expect(201);
    assert_eq!(made.body["mail"], "b@eleves.example.fr");
    let double = client.send("POST", "/groups", unified("b")).await.expect(400);
    assert_eq!(double.body["error"]["details"][0]["target"], "mailNickname");
    client.user("ines").await;
    let address = client.send("POST", "/groups", unified("ines")).await.expect(400);
    assert_eq!(address.body["error"]["details"][0]["target"], "proxyAddresses");
}

#[tokio::test(start_paused = true)]
async fn links_come_by_twenty_all_or_nothing_and_go_one_by_one() {
    let mut client = client(options()).await;
    let mut ids = Vec::new();
    for number in 0..21 {
        ids.push(client.user(&format!("u{number}")).await);
    }
    let group = client.group("g").await;
    let path = format!("/groups/{group}");
    let many = client.send("PATCH", &path, members(&ids)).await.expect(400);
    assert_eq!(many.message(), "A resource cannot contain more than 20 link changes");
    client.send("PATCH", &path, members(&ids[..20])).await.expect(204);
    let double = client.send("PATCH", &path, members(&ids[19..])).await.expect(400);
    assert!(double.message().starts_with("One or more added object references already exist"));
    assert!(double.body["error"].get("details").is_none());
    let count = client.get(&format!("{path}/members?$top=999&$select=id")).await;
    assert_eq!(count.body["value"].as_array().unwrap().len(), 20, "nothing was added");
    let one = json!({"@odata.id": link(&ids[20])});
    client.send("POST", &format!("{path}/members/$ref"), one.clone()).await.expect(204);
    client.send("POST", &format!("{path}/members/$ref"), one).await.expect(400);
    let last = format!("{path}/members/{}/$ref", ids[20]);
    client.send("DELETE", &last, Value::Null).await.expect(204);
    let gone = client.send("DELETE", &last, Value::Null).await.expect(400);
    assert!(gone.message().starts_with("One or more removed object references do not exist"));
    let nobody = members(&["01234567-89ab-4def-8123-456789abcdef".to_owned()]);
    assert_eq!(
        client.send("PATCH", &path, nobody).await.expect(404).code(),
        "Request_ResourceNotFound"
    );
    assert_eq!(client.service.violations(), Vec::<String>::new());
    // Without `/$ref` it is the member that goes.
    client.send("DELETE", &format!("{path}/members/{}", ids[0]), Value::Null).await.expect(204);
    client.get(&format!("/users/{}", ids[0])).await.expect(404);
    assert_eq!(client.service.violations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn owners_are_a_hundred_and_never_none() {
    let mut options = options();
    options.limits.owners = 2;
    let client = client(options).await;
    let ids = [client.user("a").await, client.user("b").await, client.user("c").await];
    let group = client.send("POST", "/groups", unified("g")).await.expect(201).id();
    let owners = |ids: &[String]| {
        let links: Vec<String> = ids.iter().map(|id| link(id)).collect();
        json!({"owners@odata.bind": links})
    };
    let path = format!("/groups/{group}");
    client.send("PATCH", &path, owners(&ids[..2])).await.expect(204);
    // Even those that are owners already are counted first.
    for more in [&ids[2..], &ids[..1]] {
        let full = client.send("PATCH", &path, owners(more)).await.expect(403);
        assert_eq!(
            full.message(),
            "Unable to perform operation as '3' would exceed the maximum \
            quota count '2' for forward-link owners."
        );
    }
    let remove = |id: &str| format!("{path}/owners/{id}/$ref");
    client.send("DELETE", &remove(&ids[0]), Value::Null).await.expect(204);
    let last = client.send("DELETE", &remove(&ids[1]), Value::Null).await.expect(400);
    assert!(last.message().contains("at least one owner"), "{}", last.message());
}
