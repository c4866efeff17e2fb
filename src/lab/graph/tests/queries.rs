//! Lists: pages, `$select`, `$filter`, `$count`.

use serde_json::{Value, json};

use super::*;

async fn full(count: usize) -> Client {
    let client = client(options()).await;
    for number in 0..count {
        client.user(&format!("u{number}")).await;
    }
    client
}

#[tokio::test(start_paused = true)]
async fn a_list_comes_in_pages_of_what_was_selected() {
    let client = full(7).await;
    let first = client.get("/users?$select=id,employeeId&$top=3").await.expect(200);
    assert_eq!(first.body["value"].as_array().unwrap().len(), 3);
    assert_eq!(first.body["value"][0].as_object().unwrap().len(), 2);
    assert_eq!(
        first.body["@odata.context"],
        "http://graph.lab/v1.0/$metadata#users(id,employeeId)"
    );
    let next = first.body["@odata.nextLink"].as_str().unwrap();
    assert!(
        next.starts_with("http://graph.lab/v1.0/users?$select=id,employeeId&$top=3&$skiptoken=")
    );
    let (all, _) = client.all("/users?$select=id,employeeId&$top=3").await;
    let mut keys: Vec<&str> = all.iter().map(|user| user["employeeId"].as_str().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["K-u0", "K-u1", "K-u2", "K-u3", "K-u4", "K-u5", "K-u6"]);
    client.get("/users?$top=1000").await.expect(400);
    let unknown = client.get("/users?$select=ine").await.expect(400);
    assert!(unknown.message().contains("Could not find a property named 'ine'"));
}

#[tokio::test(start_paused = true)]
async fn filters_find_and_the_advanced_ones_need_their_header_and_count() {
    let mut client = full(3).await;
    let keys = async |client: &Client, filter: &str| {
        let path = format!("/users?$filter={}&$select=employeeId", filter.replace(' ', "%20"));
        let reply = client.get(&path).await;
        let found = reply.body["value"].as_array().cloned().unwrap_or_default();
        let mut keys: Vec<String> =
            found.iter().map(|user| user["employeeId"].as_str().unwrap().to_owned()).collect();
        keys.sort_unstable();
        (reply.status, keys.join(","))
    };
    let check = async |client: &Client, filter: &str, status, expect: &str| {
        assert_eq!(keys(client, filter).await, (status, expect.to_owned()), "{filter}");
    };
    check(&client, "employeeId eq 'K-u1'", 200, "K-u1").await;
    check(&client, "employeeId in ('K-u1','k-U2','x')", 200, "K-u1,K-u2").await;
    check(&client, "startsWith(userPrincipalName,'u2')", 200, "K-u2").await;
    let mark = "onPremisesExtensionAttributes/extensionAttribute1 eq 'K-u0'";
    check(&client, mark, 200, "K-u0").await;
    check(&client, "employeeId eq 'K-u1' or displayName eq 'u2'", 200, "K-u1,K-u2").await;
    check(&client, "ine eq 'x'", 400, "").await;
    check(&client, "employeeId equals 'x'", 400, "").await;
    let many = (0..16).map(|number| format!("'{number}'")).collect::<Vec<_>>().join(",");
    check(&client, &format!("employeeId in ({many})"), 400, "").await;
    let refused = client.get("/users?$filter=employeeId%20ne%20'K-u1'").await.expect(400);
    assert_eq!(refused.code(), "Request_UnsupportedQuery");
    // Without the header, the count is silently not told.
    let counted = client.get("/users?$count=true").await.expect(200);
    assert!(counted.body.get("@odata.count").is_none());
    client.get("/users/$count").await.expect(400);
    client.headers = vec![("ConsistencyLevel".to_owned(), "eventual".to_owned())];
    check(&client, "employeeId ne 'K-u1'", 400, "").await;
    let advanced =
        client.get("/users?$count=true&$filter=employeeId%20ne%20'K-u1'").await.expect(200);
    assert_eq!(advanced.body["@odata.count"], 2);
    assert_eq!(client.get("/users/$count").await.expect(200).body, json!(3));
    let sorted =
        client.get("/users?$orderby=displayName%20desc&$select=displayName").await.expect(200);
    assert_eq!(sorted.body["value"][0]["displayName"], "u2");
    // The whole list is sorted, not each of its pages.
    for (way, expected) in [("asc", "u0 u1 u2"), ("desc", "u2 u1 u0")] {
        let path = format!("/users?$orderby=displayName%20{way}&$select=displayName&$top=1");
        let (seen, _) = client.all(&path).await;
        let names: Vec<_> = seen.iter().map(|one| one["displayName"].as_str().unwrap()).collect();
        assert_eq!(names.join(" "), expected, "{way}");
    }
}

#[tokio::test(start_paused = true)]
async fn members_and_groups_are_read_in_all_their_ways() {
    let mut client = full(2).await;
    let group = client.group("g").await;
    let (users, _) = client.all("/users?$select=id").await;
    let ids: Vec<String> =
        users.iter().map(|user| user["id"].as_str().unwrap().to_owned()).collect();
    client.send("PATCH", &format!("/groups/{group}"), members(&ids)).await.expect(204);
    let (seen, _) = client.all(&format!("/groups/{group}/members?$select=id&$top=1")).await;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0]["@odata.type"], "#microsoft.graph.user");
    let of_user = client.get(&format!("/users/{}/memberOf", ids[0])).await.expect(200);
    assert_eq!(of_user.body["value"][0]["id"], json!(group));
    let grown = client.get(&format!("/groups/{group}?$expand=members")).await.expect(200);
    assert_eq!(grown.body["members"].as_array().unwrap().len(), 2);
    let object = client.get(&format!("/directoryObjects/{group}")).await.expect(200);
    assert_eq!(object.body["@odata.type"], "#microsoft.graph.group");
    let by_ids = client.send("POST", "/directoryObjects/getByIds", json!({"ids": ids})).await;
    assert_eq!(by_ids.expect(200).body["value"].as_array().unwrap().len(), 2);
    let found = client.get("/groups?$filter=uniqueName%20eq%20'g'").await.expect(200);
    assert_eq!(found.body["value"][0]["id"], json!(group));
    assert_eq!(client.get("/nothing").await.expect(400).code(), "BadRequest");
    client.send("PUT", "/users", Value::Null).await.expect(405);
    let known = client.get("/organization").await.expect(200);
    assert_eq!(known.body["value"][0]["verifiedDomains"][0]["name"], DOMAIN);
    assert_eq!(client.get("/domains").await.expect(200).body["value"][1]["id"], "prof.example.fr");
}

#[tokio::test(start_paused = true)]
async fn what_was_not_granted_is_refused() {
    let mut options = options();
    options.apps[0].permissions.remove("Group.ReadWrite.All");
    let client = client(options).await;
    client.get("/users").await.expect(200);
    let refused = client.get("/groups").await.expect(403);
    assert_eq!(refused.code(), "Authorization_RequestDenied");
}
