//! What is let through, and what is said when not.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::lab::graph::{LinkCost, RetryAfter};

#[tokio::test(start_paused = true)]
async fn no_more_writes_than_the_quota_in_any_window() {
    let mut options = options();
    options.limits.writes = 10;
    let client = client(options).await;
    for number in 0..10 {
        let reply = client.send("POST", "/users", user(&format!("u{number}"))).await.expect(201);
        let told = reply.header("x-ms-throttle-limit-percentage").map(str::to_owned);
        assert_eq!(told.is_some(), number >= 8, "{told:?}");
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    let refused = client.send("POST", "/users", user("late")).await.expect(429);
    assert_eq!(refused.header("retry-after"), Some("140"));
    assert!(
        refused.header("x-ms-throttle-scope").unwrap().starts_with("Tenant_Application/Write/")
    );
    assert_eq!(refused.header("x-ms-throttle-information"), Some("WriteLimitExceeded"));
    assert_eq!(refused.body["error"]["innerError"]["code"], "429");
    client.get("/users").await.expect(200);
    assert_eq!((client.service.throttled(), client.service.writes()), (1, 10));
    assert_eq!(client.service.writes_in_window_max(), 11, "what was asked for");
    // The refused one counts too: the second second frees one, and it is its own.
    tokio::time::advance(Duration::from_secs(140)).await;
    client.send("POST", "/users", user("late")).await.expect(429);
    tokio::time::advance(Duration::from_secs(2)).await;
    client.send("POST", "/users", user("late")).await.expect(201);
}

#[tokio::test(start_paused = true)]
async fn links_cost_a_third_each_or_nothing() {
    for (link_cost, expect) in [(LinkCost::Thirds, 3), (LinkCost::PerRequest, 1)] {
        let mut options = options();
        options.limits.link_cost = link_cost;
        let mut client = client(options).await;
        let mut ids = Vec::new();
        for number in 0..7 {
            ids.push(client.user(&format!("u{number}")).await);
        }
        let group = client.group("g").await;
        let before = client.service.writes();
        client.send("PATCH", &format!("/groups/{group}"), members(&ids)).await.expect(204);
        assert_eq!(client.service.writes() - before, expect);
    }
}

#[tokio::test(start_paused = true)]
async fn items_of_a_batch_count_each_and_a_throttled_one_may_fail_the_whole() {
    for (whole, status) in [(false, 200), (true, 424)] {
        let mut options = options();
        options.limits.writes = 2;
        options.faults.batch_424 = whole;
        options.faults.retry_after = RetryAfter::Decimal;
        let client = client(options).await;
        let items: Vec<Value> = (0..3)
            .map(|id| {
                json!({"id": id.to_string(), "method": "POST", "url": "/users",
                    "headers": {"Content-Type": "application/json"},
                    "body": user(&format!("u{id}"))})
            })
            .collect();
        let reply = client.send("POST", "/$batch", json!({"requests": items})).await.expect(status);
        let statuses: Vec<&Value> =
            (0..3).map(|at| &reply.body["responses"][at]["status"]).collect();
        assert_eq!(statuses, [201, 201, 429]);
        let wait = reply.body["responses"][2]["headers"]["Retry-After"].as_str().unwrap();
        assert_eq!(wait, "150.001");
    }
}

#[tokio::test(start_paused = true)]
async fn when_to_come_back_is_told_in_every_way() {
    for (form, expect) in [
        (RetryAfter::Seconds, Some("150")),
        (RetryAfter::Decimal, Some("150.001")),
        (RetryAfter::Date, Some("Tue, 01 Sep 2026 06:02:30 GMT")),
        (RetryAfter::Absent, None),
    ] {
        let mut options = options();
        (options.limits.writes, options.faults.retry_after) = (1, form);
        let client = client(options).await;
        client.user("a").await;
        let reply = client.send("POST", "/users", user("b")).await.expect(429);
        assert_eq!(reply.header("retry-after"), expect);
    }
}

#[tokio::test(start_paused = true)]
async fn reads_cost_resource_units_by_the_size_of_the_tenant() {
    let mut options = options();
    options.limits.resource_units = Some(5);
    let client = client(options).await;
    let cost = async |path: &str| {
        let reply = client.get(path).await;
        (reply.status, reply.header("x-ms-resource-unit").map(str::to_owned))
    };
    assert_eq!(cost("/users").await, (200, Some("2".to_owned())));
    assert_eq!(cost("/users?$select=id").await, (200, Some("1".to_owned())));
    assert_eq!(cost("/organization").await, (200, Some("1".to_owned())));
    assert_eq!(cost("/users").await, (429, None));
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(cost("/users").await.0, 200);
}

#[tokio::test(start_paused = true)]
async fn the_clock_of_the_service_may_run_faster() {
    let mut options = options();
    (options.limits.writes, options.tempo) = (1, 50.0);
    let client = client(options).await;
    client.user("a").await;
    client.send("POST", "/users", user("b")).await.expect(429);
    // Both count: 150 s of the service are 3 s of the wall.
    tokio::time::advance(Duration::from_millis(3_050)).await;
    client.user("b").await;
}
