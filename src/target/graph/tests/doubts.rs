//! Looks that disagree: what is done about a replica that lags.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::script::{Say, Script, target, token};
use super::writes::{ID, TOKEN, account, as_user, operation};
use crate::model::dn;
use crate::model::entry::{Attributes, ObjectKey};
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::target::{Done, Observe as _, Write as _, WriteError};

/// Each look at a place, and at last always the same.
type Looks = Vec<Say>;

fn shows(value: Value) -> Say {
    Say::Reply(200, value)
}

fn not_there() -> Say {
    Say::Reply(404, json!({ "error": { "code": "Request_ResourceNotFound" } }))
}

/// A tenant whose listings show one account and one group with it; looks at the account answer as
/// told, one after the other, and every deletion of a link as told.
fn tenant(mut looks: Looks, mut removals: Looks) -> Arc<Script> {
    let user = as_user(&account(7, "zoe.b"), ID);
    let group = json!({ "id": GROUP, "uniqueName": "hdf-licence-pupils" });
    let next = |looks: &mut Looks| match looks.len() {
        1 => looks[0].clone(),
        _ => looks.remove(0),
    };
    Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /users/delta" | "GET /groups/delta" => {
            let link = format!("https://graph.test/v1.0{}?$deltatoken=1", &line[4..]);
            shows(json!({ "value": [], "@odata.deltaLink": link }))
        }
        "GET /users" => shows(json!({ "value": [user] })),
        "GET /groups" => shows(json!({ "value": [group] })),
        "GET /groups/10000000-0000-4000-8000-000000000001/members" => {
            shows(json!({ "value": [{ "id": ID }] }))
        }
        "GET /subscribedSkus" => shows(json!({ "value": [] })),
        line if line.starts_with("GET /directory/deletedItems/") => shows(json!({ "value": [] })),
        line if line.contains("/organization") => shows(json!({ "value": [] })),
        line if line == format!("GET /users/{ID}") => next(&mut looks),
        "GET /users/zoe.b%40ecole.test" => next(&mut looks),
        line if line.starts_with("DELETE /groups/") => next(&mut removals),
        line if line.starts_with("PATCH /users/") => Say::Reply(204, Value::Null),
        line => panic!("{line}"),
    })
}

const GROUP: &str = "10000000-0000-4000-8000-000000000001";

fn change(from: &str, to: &str) -> Operation {
    let entry = account(7, "zoe.b");
    let of = |text: &str| Attributes::from([("displayName", [text])]);
    let action = Action::Modify { dn: entry.dn, before: of(from), after: of(to) };
    operation(entry.key, OperationKind::Update, action)
}

fn as_named(name: &str) -> Value {
    let mut user = as_user(&account(7, "zoe.b"), ID);
    user["displayName"] = name.into();
    user
}

fn gone() -> Result<Done, WriteError> {
    Err(WriteError::Stale("the account is gone".into()))
}

fn drifted() -> Result<Done, WriteError> {
    Err(WriteError::Stale("other values than expected: displayName".into()))
}

/// Observes, waits for so long, does the change, and tells for how long that took.
async fn changed(looks: Looks, age: Duration) -> (Result<Done, WriteError>, Duration) {
    let script = tenant(looks, vec![]);
    let mut target = target(&script).await;
    target.observe().await.unwrap();
    tokio::time::sleep(age).await;
    let begin = Instant::now();
    let done = target.write(&change("zoe.b", "Zoé"), None).await;
    (done, begin.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_just_seen_is_not_gone_because_one_replica_lags() {
    // SEC-43.
    let there = || shows(as_named("zoe.b"));
    let (done, _) = changed(vec![not_there(), not_there(), there()], Duration::ZERO).await;
    assert_eq!(done, Ok(Done::Written));
    // One that is not there for longer than any lag is gone.
    let (done, took) = changed(vec![not_there()], Duration::ZERO).await;
    assert_eq!(done, gone());
    assert!((100..150).contains(&took.as_secs()), "{took:?}");
    // And at once, where the listing is older than any lag.
    let (done, took) = changed(vec![not_there()], Duration::from_secs(400)).await;
    assert_eq!(done, gone());
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn values_that_differ_from_those_just_seen_are_looked_at_again() {
    // SEC-43.
    let (old, seen, wanted) = (|| as_named("Z."), || as_named("zoe.b"), || as_named("Zoé"));
    let (done, _) = changed(vec![shows(old()), shows(seen())], Duration::ZERO).await;
    assert_eq!(done, Ok(Done::Written));
    let (done, took) = changed(vec![shows(wanted())], Duration::ZERO).await;
    assert_eq!(done, Ok(Done::Already));
    assert!(took < Duration::from_secs(2), "{took:?}");
    // Somebody's change stays, and is not written over.
    let (done, _) = changed(vec![shows(old())], Duration::ZERO).await;
    assert_eq!(done, drifted());
    let (done, took) = changed(vec![shows(old()), shows(seen())], Duration::from_secs(400)).await;
    assert_eq!(done, drifted());
    assert!(took < Duration::from_secs(2), "{took:?}");
}

/// Both looks show it otherwise than the plan expects: nothing is in doubt.
#[tokio::test(start_paused = true)]
async fn where_looks_agree_nobody_waits() {
    let script = tenant(vec![shows(as_named("zoe.b"))], vec![]);
    let mut target = target(&script).await;
    target.observe().await.unwrap();
    let begin = Instant::now();
    assert_eq!(target.write(&change("Z.", "Zoé"), None).await, drifted());
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn what_was_found_gone_does_not_come_back_by_a_look_that_lags() {
    let entry = account(7, "zoe.b");
    let looks = [vec![not_there(); 6], vec![shows(as_named("zoe.b"))]].concat();
    let script = tenant(looks, vec![Say::Reply(204, Value::Null)]);
    let mut target = target(&script).await;
    let seen = target.observe().await.unwrap();
    assert!(seen.entries.contains_key(&entry.key));
    assert_eq!(target.write(&change("zoe.b", "Zoé"), None).await, gone());
    // Looked up by its name, for a link.
    assert_eq!(target.write(&leaving(), None).await, Ok(Done::Written));
    assert!(script.lines().contains(&"GET /users/zoe.b%40ecole.test".to_owned()));
    let next = target.observe().await.unwrap();
    assert!(!next.entries.contains_key(&entry.key));
}

fn leaving() -> Operation {
    let key: ObjectKey = "rentree:licence:pupils".parse().unwrap();
    let dn = dn::rdn("uniqueName", "hdf-licence-pupils");
    let values = BTreeSet::from([account(7, "zoe.b").dn]);
    let action = Action::RemoveLinks { dn, attribute: "members".into(), values };
    operation(key, OperationKind::RemoveMember, action)
}

/// Nobody stays in a group because the replica that was asked does not show the group.
#[tokio::test(start_paused = true)]
async fn a_group_that_was_just_seen_is_not_left_because_one_replica_lags() {
    let removals = vec![not_there(), not_there(), Say::Reply(204, Value::Null)];
    let script = tenant(vec![shows(as_named("zoe.b"))], removals);
    let mut target = target(&script).await;
    target.observe().await.unwrap();
    assert_eq!(target.write(&leaving(), None).await, Ok(Done::Written));
    let deletes = script.lines().iter().filter(|line| line.starts_with("DELETE")).count();
    assert_eq!(deletes, 3);
}
