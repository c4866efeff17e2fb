//! The faults, one by one: each seen, and not seen when it is off.

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::lab::graph::{Faults, Seeded, Strike};

async fn with(faults: Faults) -> Client {
    let mut options = options();
    options.faults = faults;
    client(options).await
}

#[tokio::test(start_paused = true)]
async fn a_fresh_account_is_missing_on_some_replicas_and_then_everywhere_there() {
    let mut client = with(Faults { lag_seconds: 30.0, ..Faults::none() }).await;
    let group = client.group("g").await;
    tokio::time::advance(Duration::from_secs(120)).await;
    let id = client.user("ines").await;
    let path = format!("/users/{id}?$select=givenName");
    let mut seen = [0, 0];
    for _ in 0..40 {
        seen[usize::from(client.get(&path).await.status == 200)] += 1;
    }
    assert!(seen[0] > 0, "{seen:?}");
    let wanted = members(std::slice::from_ref(&id));
    let early = client.send("PATCH", &format!("/groups/{group}"), wanted.clone()).await;
    assert!([204, 404].contains(&early.status), "{}", early.body);
    // The name is taken at once, whatever is shown.
    client.send("POST", "/users", user("ines")).await.expect(400);
    tokio::time::advance(Duration::from_secs(61)).await;
    for _ in 0..40 {
        client.get(&path).await.expect(200);
    }
    client.service.edit(&id, json!({"givenName": "Inès"}));
    let mut stale = 0;
    for _ in 0..40 {
        stale += u32::from(client.get(&path).await.expect(200).body["givenName"] == Value::Null);
    }
    assert!(stale > 0, "an old value is shown for a while");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(client.get(&path).await.body["givenName"], "Inès");
}

#[tokio::test(start_paused = true)]
async fn connections_are_cut_before_and_after_the_work() {
    let client = with(Faults::none()).await;
    client.service.strike("POST", "/users", Strike::RequestLost, Some(1));
    assert!(client.try_send("POST", "/users", user("a")).await.is_none());
    assert!(client.service.tenant().users.is_empty(), "nothing was done");
    client.service.strike("POST", "/users", Strike::AnswerLost, Some(1));
    assert!(client.try_send("POST", "/users", user("a")).await.is_none());
    assert_eq!(client.service.tenant().users.len(), 1, "it was done");
    client.service.strike("POST", "/users", Strike::AfterStatus(504), Some(1));
    client.send("POST", "/users", user("b")).await.expect(504);
    assert_eq!(client.service.tenant().users.len(), 2, "it was done");
    client.service.strike("POST", "/users", Strike::Status(503), Some(1));
    client.send("POST", "/users", user("c")).await.expect(503);
    client.service.strike("POST", "*", Strike::QuotaFull, Some(1));
    assert_eq!(client.send("POST", "/users", user("c")).await.code(), "Directory_QuotaExceeded");
    client.service.strike("*", "*", Strike::TokenRevoked, Some(1));
    client.get("/users").await.expect(401);
    client.get("/users").await.expect(401);
    assert_eq!(client.service.tenant().users.len(), 2);
}

/// How many of 400 requests ended as told.
async fn of_400(faults: Faults, what: impl Fn(Option<Reply>) -> bool) -> usize {
    let client = with(faults).await;
    client.service.seed_user(json!({"userPrincipalName": "a@eleves.example.fr"}), Seeded::Plain);
    let mut count = 0;
    for _ in 0..400 {
        count += usize::from(what(client.try_send("GET", "/users", Value::Null).await));
    }
    count
}

#[tokio::test(start_paused = true)]
async fn each_rate_is_met_and_none_of_them_is_there_when_off() {
    let none = Faults::none();
    let ended = |reply: Option<Reply>| reply.is_none_or(|reply| reply.status != 200);
    assert_eq!(of_400(none.clone(), ended).await, 0);
    let status = |reply: Option<Reply>, from: u16, to: u16| {
        reply.is_some_and(|reply| (from..to).contains(&reply.status))
    };
    let cut = |reply: Option<Reply>| reply.is_none();
    let near = |count: usize| assert!((50..110).contains(&count), "{count}");
    near(of_400(Faults { request_lost: 0.2, ..none.clone() }, cut).await);
    near(of_400(Faults { answer_lost: 0.2, ..none.clone() }, cut).await);
    near(of_400(Faults { hangs: 0.2, ..none.clone() }, cut).await);
    let faults = Faults { unavailable_before: 0.2, ..none.clone() };
    near(of_400(faults, |reply| status(reply, 500, 505)).await);
    let faults = Faults { unavailable_after: 0.2, ..none.clone() };
    near(of_400(faults, |reply| status(reply, 500, 505)).await);
    let faults = Faults { throttled: 0.2, ..none.clone() };
    near(of_400(faults, |reply| status(reply, 429, 430)).await);
    let empty = |reply: Option<Reply>| {
        reply.is_some_and(|reply| {
            reply.body["value"] == json!([]) && reply.body["@odata.nextLink"].is_string()
        })
    };
    let most = of_400(Faults { short_pages: 0.2, ..none.clone() }, empty).await;
    assert!(most < 110, "{most}");
    // Once revoked, nothing is let in any more.
    let faults = Faults { revoked: 0.05, ..none };
    assert!(of_400(faults, |reply| status(reply, 401, 402)).await > 200);
}

#[tokio::test(start_paused = true)]
async fn a_request_takes_its_time_and_a_second_write_meanwhile_is_a_violation() {
    let mut client = with(Faults { latency_ms: (500, 500), ..Faults::none() }).await;
    let group = client.group("g").await;
    let path = format!("/groups/{group}");
    let began = tokio::time::Instant::now();
    let text = |text: &str| json!({"description": text});
    let (a, b) = tokio::join!(
        client.send("PATCH", &path, text("a")),
        client.send("PATCH", &path, text("b"))
    );
    assert_eq!(began.elapsed().as_millis(), 500);
    assert_eq!(a.status, 204);
    assert_eq!(b.code(), "Directory_ConcurrencyViolation");
    client.send("PATCH", &path, text("b")).await.expect(204);
    client.service.set_faults(Faults { concurrency_rate: 1.0, ..Faults::none() });
    let refused = client.send("PATCH", &path, text("c")).await;
    assert!([400, 409].contains(&refused.status));
}

#[tokio::test(start_paused = true)]
async fn a_delta_link_may_be_gone_on_a_bad_day() {
    let client = with(Faults { delta_gone: 1.0, ..Faults::none() }).await;
    let (_, link) = client.all("/users/delta").await;
    client.get(&link.unwrap()).await.expect(410);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_day() {
    let day = async |seed| {
        let mut options = options();
        (options.seed, options.faults) = (seed, Faults { revoked: 0.0, ..Faults::bad_day() });
        let client = client(options).await;
        let mut told = Vec::new();
        for number in 0..60 {
            let body = user(&format!("u{number}"));
            told.push(client.try_send("POST", "/users", body).await.map(|reply| reply.status));
        }
        told
    };
    let first = day(7).await;
    assert_eq!(first, day(7).await);
    assert_ne!(first, day(8).await);
}
