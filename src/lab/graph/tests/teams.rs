//! Teams, licences, classes.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::lab::graph::{PUPIL_SKU, Strike};

fn wish(group: &str) -> Value {
    json!({
        "template@odata.bind":
            "https://graph.microsoft.com/v1.0/teamsTemplates('educationClass')",
        "group@odata.bind": format!("https://graph.microsoft.com/v1.0/groups('{group}')"),
    })
}

#[tokio::test(start_paused = true)]
async fn a_team_is_made_of_a_group_that_is_old_enough_and_has_an_owner() {
    let client = client(options()).await;
    let owner = client.user("prof").await;
    let group = client.send("POST", "/groups", unified("g")).await.expect(201).id();
    client.send("POST", "/teams", wish(&group)).await.expect(404);
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    client.send("POST", "/teams", wish(&group)).await.expect(400);
    let one = json!({"@odata.id": link(&owner)});
    client.send("POST", &format!("/groups/{group}/owners/$ref"), one).await.expect(204);
    let asked = client.send("POST", "/teams", wish(&group)).await.expect(202);
    let operation = asked.header("location").unwrap().to_owned();
    assert!(operation.starts_with(&format!("/teams('{group}')/operations('")), "{operation}");
    assert_eq!(client.get(&operation).await.expect(200).body["status"], "notStarted");
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(client.get(&operation).await.expect(200).body["status"], "inProgress");
    client.send("POST", "/teams", wish(&group)).await.expect(409);
    client.get(&format!("/groups/{group}/team")).await.expect(404);
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(client.get(&operation).await.expect(200).body["status"], "succeeded");
    let team = client.get(&format!("/teams/{group}")).await.expect(200);
    assert_eq!(team.body["specialization"], "educationClass");
    let path = "/groups?$select=id,resourceProvisioningOptions&$filter=\
                resourceProvisioningOptions/Any(x:x%20eq%20'Team')";
    let found = client.get(path).await.expect(200);
    assert_eq!(found.body["value"][0]["resourceProvisioningOptions"], json!(["Team"]));
    assert!(client.service.tenant().groups[0].team);
    assert_eq!(client.service.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_team_that_was_accepted_may_fail_and_be_asked_for_again() {
    let client = client(options()).await;
    let owner = client.user("prof").await;
    let mut body = unified("g");
    body["owners@odata.bind"] = json!([link(&owner)]);
    let group = client.send("POST", "/groups", body).await.expect(201).id();
    tokio::time::advance(Duration::from_secs(15 * 60)).await;
    client.service.strike("POST", "/teams", Strike::TeamFailed, Some(1));
    let asked = client.send("POST", "/teams", wish(&group)).await.expect(202);
    let first = asked.header("location").unwrap().to_owned();
    tokio::time::advance(Duration::from_secs(31)).await;
    let told = client.get(&first).await.expect(200).body;
    assert_eq!((&told["status"], told["error"]["code"].is_string()), (&json!("failed"), true));
    assert!(!client.service.tenant().groups[0].team);
    let again = client.send("POST", "/teams", wish(&group)).await.expect(202);
    let second = again.header("location").unwrap().to_owned();
    assert_ne!(first, second);
    tokio::time::advance(Duration::from_secs(31)).await;
    client.get(&first).await.expect(404);
    let told = client.get(&second).await.expect(200).body;
    assert_eq!((&told["status"], &told["error"]), (&json!("succeeded"), &Value::Null));
    assert!(client.service.tenant().groups[0].team);
}

#[tokio::test(start_paused = true)]
async fn teams_have_a_rate_of_their_own_and_a_sustained_one() {
    let mut client = client(options()).await;
    let group = client.group("g").await;
    let mut statuses = [0, 0];
    for _ in 0..11 {
        let reply = client.send("POST", "/teams", wish(&group)).await;
        statuses[usize::from(reply.status == 429)] += 1;
    }
    assert_eq!(statuses, [10, 1]);
    tokio::time::advance(Duration::from_secs(70)).await;
    let mut refused = 0;
    for _ in 0..60 {
        for _ in 0..9 {
            let reply = client.send("POST", "/teams", wish(&group)).await;
            refused += u32::from(reply.status == 429);
        }
        tokio::time::advance(Duration::from_millis(1_001)).await;
    }
    assert!(refused > 0, "9 a second are over 83 % of 10");
}

#[tokio::test(start_paused = true)]
async fn a_group_gives_its_licence_to_as_many_as_there_are_seats() {
    let mut client = client(options()).await;
    let ids = [client.user("a").await, client.user("b").await, client.user("c").await];
    let group = client.group("licence").await;
    client.send("PATCH", &format!("/groups/{group}"), members(&ids)).await.expect(204);
    client.service.set_seats(PUPIL_SKU, 2);
    let give =
        json!({"addLicenses": [{"skuId": PUPIL_SKU, "disabledPlans": []}], "removeLicenses": []});
    let path = format!("/groups/{group}/assignLicense");
    client.send("POST", &path, give).await.expect(202);
    let skus = client.get("/subscribedSkus").await.expect(200);
    let sku = &skus.body["value"][0];
    assert_eq!((&sku["consumedUnits"], &sku["prepaidUnits"]["enabled"]), (&json!(2), &json!(2)));
    let errors = client.get(&format!("/groups/{group}/membersWithLicenseErrors")).await.expect(200);
    let without = errors.body["value"][0]["id"].as_str().unwrap();
    let state = client.get(&format!("/users/{without}?$select=licenseAssignmentStates")).await;
    assert_eq!(state.body["licenseAssignmentStates"][0]["error"], "CountViolation");
    let shown = client.get(&format!("/groups/{group}?$select=assignedLicenses")).await;
    assert_eq!(shown.body["assignedLicenses"][0]["skuId"], PUPIL_SKU);
    let unknown = json!({"addLicenses": [{"skuId": TENANT}], "removeLicenses": []});
    client.send("POST", &path, unknown).await.expect(400);
    assert_eq!(client.service.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_licence_of_ones_own_needs_a_place() {
    let client = client(options()).await;
    let mut body = user("a");
    body.as_object_mut().unwrap().remove("usageLocation");
    let id = client.send("POST", "/users", body).await.expect(201).id();
    let give = json!({"addLicenses": [{"skuId": PUPIL_SKU}], "removeLicenses": []});
    let path = format!("/users/{id}/assignLicense");
    let refused = client.send("POST", &path, give.clone()).await.expect(400);
    assert!(refused.message().contains("usage location"), "{}", refused.message());
    client.send("PATCH", &format!("/users/{id}"), json!({"usageLocation": "FR"})).await.expect(204);
    client.send("POST", &path, give).await.expect(200);
}

#[tokio::test(start_paused = true)]
async fn a_class_is_a_microsoft_365_group_with_marks() {
    let client = client(options()).await;
    let class = json!({"displayName": "2NDE3", "mailNickname": "c-2nde3", "externalSource": "sis",
        "externalId": "x"});
    let made = client.send("POST", "/education/classes", class).await.expect(201);
    assert_eq!(made.body["externalId"], "x");
    let group = client.get(&format!("/groups/{}", made.id())).await.expect(200);
    assert_eq!(group.body["groupTypes"], json!(["Unified"]));
    let prof = client.user("prof").await;
    let path = format!("/education/classes/{}/teachers/$ref", made.id());
    client.send("POST", &path, json!({"@odata.id": link(&prof)})).await.expect(204);
    let owners = client.get(&format!("/groups/{}/owners?$select=id", made.id())).await;
    assert_eq!(owners.body["value"][0]["id"], json!(prof));
    let (classes, _) = client.all("/education/classes").await;
    assert_eq!(classes.len(), 1);
}
