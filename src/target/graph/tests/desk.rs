//! Batches, tokens and refusals.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::Memory;
use super::super::courier::{Ask, Lost};
use super::super::exchange::Method;
use super::super::settings::App;
use super::script::{Say, Script, target, target_with, token};
use crate::target::Write as _;

fn busy() -> Value {
    json!({ "error": { "code": "TooManyRequests", "message": "Please retry again later." } })
}

fn write(path: &str) -> Ask {
    Ask::write(Method::Patch, path.into(), Some(json!({ "displayName": "x" }))).in_lane(path)
}

#[tokio::test(start_paused = true)]
async fn questions_of_one_moment_go_together_and_find_their_answers() {
    let script = Script::new(|line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => token("t"),
        line => Say::Reply(200, json!({ "line": line })),
    });
    let target = target(&script).await;
    let asks = (0..45).map(|n| target.courier.ask(Ask::get(format!("/users/{n}?$select=id"))));
    let replies = futures_util::future::join_all(asks).await;
    for (n, reply) in replies.into_iter().enumerate() {
        assert_eq!(reply.ok().unwrap().body["line"], format!("GET /users/{n}"));
    }
    // One for the token, and 20, 20, 5.
    assert_eq!(script.calls.lock().unwrap().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_last_word_to_a_write_is_known_until_one_is_taken() {
    // SEC-43: whoever gives up says what he was told.
    let mut says = vec![
        Say::Reply(401, json!({ "error": { "code": "InvalidAuthenticationToken" } })),
        Say::Reply(401, json!({ "error": { "code": "InvalidAuthenticationToken" } })),
        Say::Reply(401, json!({ "error": { "code": "InvalidAuthenticationToken" } })),
        Say::Reply(204, Value::Null),
    ]
    .into_iter();
    let script = Script::new(move |line, _| match line {
        line if line.ends_with("/token") => token("t"),
        line if line.starts_with("GET") => Say::Reply(200, json!({})),
        _ => says.next().unwrap(),
    });
    let target = target(&script).await;
    assert_eq!(target.last_refusal(), None);
    let lost = target.courier.ask(write("/users/1")).await.err().unwrap();
    let word = "the token is not taken (InvalidAuthenticationToken)";
    assert_eq!(lost, Lost::NotSent(word.to_owned()));
    target.courier.ask(Ask::get("/users/2".into())).await.ok().unwrap();
    assert_eq!(target.last_refusal().as_deref(), Some(word));
    target.courier.ask(write("/users/1")).await.ok().unwrap();
    assert_eq!(target.last_refusal(), None);
}

#[tokio::test(start_paused = true)]
async fn one_object_has_one_write_in_flight() {
    let script = Script::new(|line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => token("t"),
        _ => Say::Reply(204, Value::Null),
    });
    let target = target(&script).await;
    let asks = (0..3).flat_map(|_| ["/groups/a", "/groups/b"]).map(write);
    futures_util::future::join_all(asks.map(|ask| target.courier.ask(ask))).await;
    let heard = script.heard.lock().unwrap();
    let mut last = std::collections::BTreeMap::new();
    for one in heard.iter().filter(|one| one.line.starts_with("PATCH")) {
        if let Some(before) = last.insert(one.line.clone(), one.at) {
            assert!(one.at > before, "two of {} in one batch", one.line);
        }
    }
    assert_eq!(heard.iter().filter(|one| one.line.starts_with("PATCH")).count(), 6);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_refused_goes_again_and_not_before_it_may() {
    // SEC-47.
    let mut seen = 0;
    let script = Script::new(move |line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => token("t"),
        "PATCH /users/2" => {
            seen += 1;
            match seen {
                1 => Say::With(429, vec![("Retry-After", "41.5")], busy()),
                _ => Say::Reply(204, Value::Null),
            }
        }
        _ => Say::Reply(204, Value::Null),
    });
    let target = target(&script).await;
    let asks = ["/users/1", "/users/2", "/users/3"].map(|path| target.courier.ask(write(path)));
    let replies = futures_util::future::join_all(asks).await;
    assert!(replies.iter().all(|reply| reply.as_ref().is_ok_and(|reply| reply.status == 204)));
    let heard = script.heard.lock().unwrap();
    let of = |path: &str| -> Vec<_> {
        heard.iter().filter(|one| one.line.ends_with(path)).map(|one| one.at).collect()
    };
    assert_eq!((of("/users/1").len(), of("/users/3").len()), (1, 1));
    let twice = of("/users/2");
    assert!(twice[1] - twice[0] >= Duration::from_millis(41_500));
    assert!(!replies.into_iter().any(|reply| reply.is_ok_and(|reply| reply.is_repeated)));
}

#[tokio::test(start_paused = true)]
async fn what_is_left_without_an_answer_is_asked_again_and_said_to_be() {
    // SEC-44.
    let mut seen = 0;
    let script = Script::new(move |line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => token("t"),
        "PATCH /users/1" => {
            seen += 1;
            match seen {
                1 => Say::Nothing,
                2 => Say::Reply(503, Value::Null),
                3 => {
                    Say::Reply(409, json!({ "error": { "code": "Directory_ConcurrencyViolation" }}))
                }
                4 => Say::Reply(424, Value::Null),
                _ => Say::Reply(204, Value::Null),
            }
        }
        _ => Say::Nothing,
    });
    let target = target(&script).await;
    let reply = target.courier.ask(write("/users/1")).await.ok().unwrap();
    assert!(reply.is_repeated && reply.status == 204);
    let lost = target.courier.ask(write("/users/2")).await.err().unwrap();
    assert!(matches!(lost, Lost::Unknown(_)), "{lost:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_is_renewed_once_for_all_and_nothing_is_lost() {
    let mut tokens = 0;
    let script = Script::new(move |line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => {
            tokens += 1;
            token(&format!("t{tokens}"))
        }
        _ => Say::Reply(204, Value::Null),
    });
    let target = target(&script).await;
    target.courier.ask(write("/users/1")).await.ok().unwrap();
    // Half of the hour is over: before it dies it is renewed.
    tokio::time::sleep(Duration::from_secs(1801)).await;
    let asks = ["/users/1", "/users/2"].map(|path| target.courier.ask(write(path)));
    futures_util::future::join_all(asks).await;
    let calls = script.calls.lock().unwrap();
    let bearers: Vec<&str> = calls
        .iter()
        .flatten()
        .filter(|(name, _)| name == "authorization")
        .map(|(_, value)| value.as_str())
        .collect();
    assert_eq!(bearers, ["Bearer t1", "Bearer t2"]);
    // Every call says that it can wait, and has a number of its own.
    let of = |wanted: &str| -> Vec<&str> {
        let all = calls.iter().flatten().filter(|(name, _)| name == wanted);
        all.map(|(_, value)| value.as_str()).collect()
    };
    assert_eq!(of("x-ms-throttle-priority"), ["low", "low"]);
    let numbers = of("client-request-id");
    assert!(numbers.len() == 2 && numbers[0] != numbers[1]);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_taken_is_replaced_and_the_request_repeated() {
    let mut refused = false;
    let mut tokens = 0;
    let script = Script::new(move |line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => {
            tokens += 1;
            token(&format!("t{tokens}"))
        }
        _ if !std::mem::replace(&mut refused, true) => {
            Say::Reply(401, json!({ "error": { "code": "InvalidAuthenticationToken" } }))
        }
        _ => Say::Reply(204, Value::Null),
    });
    let target = target(&script).await;
    let reply = target.courier.ask(write("/users/1")).await.ok().unwrap();
    assert_eq!((reply.status, reply.is_repeated), (204, false));
}

/// Two applications, one of which is refused its first write: how long the next ones wait at least
/// and at most.
async fn waits_after_a_refusal(scope: &'static str) -> (Duration, Duration) {
    let mut is_first = true;
    let script = Script::new(move |line, _| match line {
        "POST https://login.test/tenant/oauth2/v2.0/token" => token("t"),
        _ if std::mem::take(&mut is_first) => {
            let headers = vec![("Retry-After", "40"), ("x-ms-throttle-scope", scope)];
            Say::With(429, headers, busy())
        }
        _ => Say::Reply(204, Value::Null),
    });
    let target = target_with(&script, Memory::default(), |mut settings| {
        let client_id = "22222222-1111-4111-8111-111111111111".to_owned();
        settings.extra_apps = vec![App { client_id, credential: settings.credential.clone() }];
        settings
    })
    .await;
    let refused = target.courier.ask(write("/users/1"));
    let later = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let begin = Instant::now();
        let asks = (2..10).map(|n| target.courier.ask(write(&format!("/users/{n}"))));
        let all = futures_util::future::join_all(asks.map(|ask| async move {
            ask.await.ok().unwrap();
            begin.elapsed()
        }));
        all.await
    };
    let (_, waited) = futures_util::future::join(refused, later).await;
    (*waited.iter().min().unwrap(), *waited.iter().max().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_of_the_tenant_holds_every_application() {
    // SEC-47.
    let (least, _) = waits_after_a_refusal("Tenant_Application/Write/app/tenant").await;
    assert!(least < Duration::from_secs(2), "{least:?}");
    let (least, most) = waits_after_a_refusal("Tenant/Write/app/tenant").await;
    assert!(least >= Duration::from_secs(37), "{least:?}");
    assert!(most < Duration::from_secs(50), "{most:?}");
}
