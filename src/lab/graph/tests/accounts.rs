//! Accounts: their rules, their deletion, their return.

use serde_json::{Value, json};

use super::*;
use crate::lab::graph::Seeded;

#[tokio::test(start_paused = true)]
async fn an_account_is_made_shown_changed_and_shows_no_password() {
    let client = client(options()).await;
    let made = client.send("POST", "/users", user("ines")).await.expect(201);
    assert!(made.body.get("passwordProfile").is_none(), "SEC-12: {}", made.body);
    let id = made.id();
    let path = format!("/users/{id}");
    client
        .send("PATCH", &path, json!({"accountEnabled": false, "givenName": "Inès"}))
        .await
        .expect(204);
    client
        .send(
            "PATCH",
            &path,
            json!({"onPremisesExtensionAttributes":
        {"extensionAttribute2": "S"}}),
        )
        .await
        .expect(204);
    let select = "?$select=accountEnabled,givenName,employeeId,onPremisesExtensionAttributes,\
                  passwordProfile";
    for key in [id.as_str(), "INES@eleves.example.fr", "ines%40eleves.example.fr"] {
        let shown = client.get(&format!("/users/{key}{select}")).await.expect(200);
        assert_eq!(shown.body["accountEnabled"], false);
        assert_eq!(shown.body["employeeId"], "K-ines");
        assert_eq!(shown.body["passwordProfile"], Value::Null);
        let extensions = &shown.body["onPremisesExtensionAttributes"];
        assert_eq!(extensions["extensionAttribute1"], "K-ines");
        assert_eq!(extensions["extensionAttribute2"], "S");
        assert_eq!(extensions.as_object().unwrap().len(), 15);
    }
    let by_name = client.get("/users(userPrincipalName='ines@eleves.example.fr')").await;
    assert_eq!(by_name.expect(200).id(), id);
    assert!(!format!("{:?}", client.service.tenant()).contains("Aa1!"), "nothing is kept");
}

#[tokio::test(start_paused = true)]
async fn rules_of_accounts_are_those_of_the_service() {
    let client = client(options()).await;
    client.user("ines").await;
    let check = async |changes: Value, status, code: &str, text: &str| {
        let mut body = user("paul");
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let reply = client.send("POST", "/users", body).await.expect(status);
        assert_eq!(reply.code(), code);
        assert!(reply.message().contains(text), "{}", reply.message());
    };
    let bad = "Request_BadRequest";
    let upn = |upn: &str| json!({"userPrincipalName": upn});
    check(upn("INES@eleves.example.fr"), 400, bad, "userPrincipalName already exists").await;
    check(upn("paul@autre.fr"), 400, bad, "domain portion").await;
    check(upn("éloïse@eleves.example.fr"), 400, bad, "userPrincipalName is invalid").await;
    check(upn("a.@eleves.example.fr"), 400, bad, "userPrincipalName is invalid").await;
    check(upn(&format!("{}@eleves.example.fr", "a".repeat(65))), 400, bad, "invalid").await;
    check(json!({"displayName": null}), 400, bad, "'displayName'").await;
    check(json!({"employeeId": "12345678901234567"}), 400, bad, "'employeeId'").await;
    check(json!({"usageLocation": "France"}), 400, bad, "'usageLocation'").await;
    check(json!({"mailNickname": "a b"}), 400, bad, "'mailNickname'").await;
    let word = |word: &str| json!({"passwordProfile": {"password": word}});
    for simple in ["Aa1!", "aaaaaaaa1", "Éa1!Éa1!", "Paul1234"] {
        check(word(simple), 400, bad, "password complexity").await;
    }
    check(json!({"ine": "x"}), 400, bad, "ine").await;
    assert_eq!(client.service.violations(), ["POST /users: ine: unknown in user"]);
    let double = client.send("POST", "/users", user("ines")).await.expect(400);
    let detail = &double.body["error"]["details"][0];
    assert_eq!(
        (&detail["code"], &detail["target"]),
        (&json!("ObjectConflict"), &json!("userPrincipalName"))
    );
    for name in ["date", "request-id", "client-request-id"] {
        assert!(double.body["error"]["innerError"][name].is_string(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_account_leaves_its_name_and_comes_back_with_its_links() {
    let mut client = client(options()).await;
    let id = client.user("ines").await;
    let group = client.group("g").await;
    client
        .send("PATCH", &format!("/groups/{group}"), members(std::slice::from_ref(&id)))
        .await
        .expect(204);
    client.send("DELETE", &format!("/users/{id}"), Value::Null).await.expect(204);
    client.get(&format!("/users/{id}")).await.expect(404);
    let listed = client.get(&format!("/groups/{group}/members")).await;
    assert_eq!(listed.body["value"], json!([]));
    for spelling in ["microsoft.graph.user", "graph.user"] {
        let path =
            format!("/directory/deletedItems/{spelling}?$select=id,userPrincipalName,employeeId");
        let gone = client.get(&path).await.expect(200);
        let upn = format!("{}ines@eleves.example.fr", id.replace('-', ""));
        assert_eq!(gone.body["value"][0]["userPrincipalName"], json!(upn));
    }
    // A new account of that name is a second identity, and stands in the way of the first.
    let second = client.user("ines").await;
    assert_eq!(client.service.tenant().doubles(), ["K-ines"]);
    let restore = format!("/directory/deletedItems/{id}/restore");
    let refused = client.send("POST", &restore, Value::Null).await.expect(400);
    assert_eq!(refused.body["error"]["details"][0]["code"], "ObjectConflict");
    let renamed = json!({"newUserPrincipalName": "ines2@eleves.example.fr"});
    client.send("POST", &restore, renamed.clone()).await.expect(400);
    let mut wish = renamed;
    wish["autoReconcileProxyConflict"] = json!(true);
    let back = client.send("POST", &restore, wish).await.expect(200);
    assert_eq!(
        (back.id(), &back.body["@odata.type"]),
        (id.clone(), &json!("#microsoft.graph.user"))
    );
    let listed = client.get(&format!("/groups/{group}/members?$select=id")).await;
    assert_eq!(listed.body["value"][0]["id"], json!(id));
    client.send("DELETE", &format!("/users/{second}"), Value::Null).await.expect(204);
    client
        .send("DELETE", &format!("/directory/deletedItems/{second}"), Value::Null)
        .await
        .expect(204);
    client.get(&format!("/directory/deletedItems/{second}")).await.expect(404);
    assert_eq!(client.service.tenant().doubles(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn administrators_and_what_ad_masters_refuse() {
    let client = client(options()).await;
    let admin = client
        .service
        .seed_user(json!({"userPrincipalName": "dsi@eleves.example.fr"}), Seeded::Administrator);
    let synced = client
        .service
        .seed_user(json!({"userPrincipalName": "ad@eleves.example.fr"}), Seeded::Synced);
    let off = json!({"accountEnabled": false});
    let refused = client.send("PATCH", &format!("/users/{admin}"), off.clone()).await.expect(403);
    assert_eq!(refused.code(), "Authorization_RequestDenied");
    client.send("DELETE", &format!("/users/{admin}"), Value::Null).await.expect(403);
    client.send("PATCH", &format!("/users/{synced}"), off).await.expect(400);
    let shown = client.get(&format!("/users/{synced}?$select=onPremisesSyncEnabled")).await;
    assert_eq!(shown.body["onPremisesSyncEnabled"], true);
    let shown = client.get(&format!("/users/{admin}?$select=*")).await;
    assert!(!shown.body.to_string().contains("@lab"), "{}", shown.body);
    // a password of an account that stands needs a right that the batch has not.
    let word = json!({"passwordProfile": {"password": "Bb2!Bb2!Yy"}});
    let id = client.user("ines").await;
    client.send("PATCH", &format!("/users/{id}"), word).await.expect(403);
    assert_eq!(client.service.password_patches(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_directory_is_full_with_its_deleted_objects_and_empties_by_itself() {
    let mut options = options();
    options.limits.directory_objects = 3;
    let client = client(options).await;
    let ids = [client.user("a").await, client.user("b").await, client.user("c").await];
    client.send("DELETE", &format!("/users/{}", ids[0]), Value::Null).await.expect(204);
    let full = client.send("POST", "/users", user("d")).await.expect(403);
    assert_eq!(full.code(), "Directory_QuotaExceeded");
    client
        .send("PATCH", &format!("/users/{}", ids[1]), json!({"givenName": "B"}))
        .await
        .expect(204);
    let told = client.get("/beta/organization?$select=directorySizeQuota").await.expect(200);
    assert_eq!(told.body["value"][0]["directorySizeQuota"], json!({"used": 3, "total": 3}));
    client.get("/organization?$select=directorySizeQuota").await.expect(400);
    // After thirty days it is gone, and counts a quarter: one for up to four.
    let days = |days: u64| std::time::Duration::from_secs(days * 86_400 + 60);
    tokio::time::advance(days(30)).await;
    let mut client = client;
    client.renew().await;
    client.send("POST", "/users", user("d")).await.expect(403);
    assert_eq!(client.service.directory_objects_used(), 3);
    tokio::time::advance(days(30)).await;
    client.renew().await;
    assert_eq!(client.get(&format!("/directory/deletedItems/{}", ids[0])).await.status, 404);
    client.user("d").await;
}

#[tokio::test(start_paused = true)]
async fn a_login_that_somebody_else_gets_mail_at_is_taken() {
    let client = client(options()).await;
    let id = client.user("ines").await;
    let path = format!("/users/{id}");
    let mail = |name: &str| json!({ "mail": format!("{name}@eleves.example.fr") });
    client.send("PATCH", &path, mail("paul")).await.expect(204);
    // The address before goes on.
    client.send("PATCH", &path, mail("ines.b")).await.expect(204);
    let shown = client.get(&format!("{path}?$select=mail,proxyAddresses")).await.expect(200);
    let addresses = ["SMTP:ines.b@eleves.example.fr", "smtp:paul@eleves.example.fr"];
    assert_eq!(shown.body["proxyAddresses"], json!(addresses));
    let refused = client.send("POST", "/users", user("Paul")).await.expect(400);
    assert_eq!(refused.body["error"]["details"][0]["target"], "proxyAddresses");
    let other = client.user("marie").await;
    let renamed = json!({ "userPrincipalName": "paul@eleves.example.fr" });
    client.send("PATCH", &format!("/users/{other}"), renamed.clone()).await.expect(400);
    client.send("PATCH", &format!("/users/{other}"), mail("paul")).await.expect(400);
    client.send("PATCH", &path, renamed).await.expect(204);
    client.send("PATCH", &path, json!({ "proxyAddresses": [] })).await.expect(400);
    let group = client.send("POST", "/groups", unified("ines.b")).await.expect(400);
    assert_eq!(group.body["error"]["details"][0]["target"], "proxyAddresses");
    assert_eq!(client.service.violations(), Vec::<String>::new());
}
