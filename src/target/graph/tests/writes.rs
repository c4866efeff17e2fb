//! What a write does with the answers that matter most.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::{Value, json};

use super::opaque;
use super::script::{Say, Script, entropy, target, token};
use crate::credential::InitialPassword;
use crate::model::dn;
use crate::model::entry::{Attributes, Entry, Links, ObjectKey};
use crate::model::ids::PersonId;
use crate::plan::operation::{Action, Operation, OperationKind};
use crate::target::{Done, Write as _, WriteError};

pub(super) const TOKEN: &str = "POST https://login.test/tenant/oauth2/v2.0/token";
pub(super) const ID: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

pub(super) fn account(person: u64, login: &str) -> Entry {
    let key = opaque().of(PersonId(person));
    let principal = format!("{login}@ecole.test");
    let pairs = [
        ("userPrincipalName", principal.as_str()),
        ("mailNickname", login),
        ("displayName", login),
        ("employeeId", key.as_str()),
        ("extensionAttribute1", key.as_str()),
    ];
    Entry {
        key: ObjectKey::Account(PersonId(person)),
        uai: None,
        dn: dn::rdn("userPrincipalName", &principal),
        attributes: pairs.map(|(name, text)| (name, [text])).into(),
        links: Links::new(),
        enabled: true,
    }
}

pub(super) fn operation(key: ObjectKey, kind: OperationKind, action: Action) -> Operation {
    let (target, blocked) = ("o365".into(), None);
    Operation { seq: 1, target, kind, key, uai: None, stage: 20, action, blocked }
}

fn creation(entry: &Entry) -> Operation {
    let action = Action::Create { entry: entry.clone() };
    operation(entry.key.clone(), OperationKind::Create, action)
}

pub(super) fn as_user(entry: &Entry, id: &str) -> Value {
    let first = |name: &str| entry.attributes.values_of(name).first().unwrap();
    json!({
        "id": id, "accountEnabled": true, "userPrincipalName": first("userPrincipalName"),
        "mailNickname": first("mailNickname"), "displayName": first("displayName"),
        "employeeId": first("employeeId"),
        "onPremisesExtensionAttributes": { "extensionAttribute1": first("extensionAttribute1") },
    })
}

fn conflict(name: &str) -> Say {
    let message = format!("Another object with the same value for property {name} already exists.");
    Say::Reply(
        400,
        json!({ "error": { "code": "Request_BadRequest", "message": message, "details": [
        { "code": "ObjectConflict", "target": name } ] } }),
    )
}

fn empty() -> Say {
    Say::Reply(200, json!({ "value": [] }))
}

#[tokio::test(start_paused = true)]
async fn an_account_whose_answer_was_lost_is_one_account_with_one_password() {
    // SEC-44, R-55.
    let entry = account(7, "zoe.b");
    let user = as_user(&entry, ID);
    let mut posts = 0;
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /directory/deletedItems/microsoft.graph.user" => empty(),
        "POST /users" => {
            posts += 1;
            if posts == 1 { Say::Nothing } else { conflict("userPrincipalName") }
        }
        "GET /users/zoe.b%40ecole.test" => Say::Reply(200, user.clone()),
        line => panic!("{line}"),
    });
    let target = target(&script).await;
    let secret = InitialPassword::draw(&mut entropy);
    let done = target.write(&creation(&entry), Some(&secret)).await;
    assert_eq!(done, Ok(Done::Written));
    let heard = script.heard.lock().unwrap();
    let bodies: Vec<&Value> =
        heard.iter().filter(|one| one.line == "POST /users").map(|one| &one.body).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    // SEC-12.
    let profile = json!({
        "password": secret.reveal(), "forceChangePasswordNextSignIn": true,
    });
    assert_eq!(bodies[0]["passwordProfile"], profile);
    drop(heard);
    // It is known now: nothing is sent to find it.
    assert_eq!(target.memory().known(), 1);
}

fn taken(name: &str) -> Result<Done, WriteError> {
    Err(WriteError::NameTaken { code: 400, text: format!("another object has the same {name}") })
}

#[tokio::test(start_paused = true)]
async fn a_homonym_is_told_from_ourselves_by_the_key() {
    //
    for (holder, expected) in [
        (Some(8), taken("userPrincipalName")),
        (None, taken("userPrincipalName")),
        (Some(7), Ok(Done::Already)),
    ] {
        let entry = account(7, "zoe.b");
        let mut user = as_user(&entry, ID);
        let mark = holder.map_or(Value::Null, |person| opaque().of(PersonId(person)).into());
        user["employeeId"] = mark.clone();
        user["onPremisesExtensionAttributes"]["extensionAttribute1"] = mark;
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            "GET /directory/deletedItems/microsoft.graph.user" => empty(),
            "POST /users" => conflict("userPrincipalName"),
            "GET /users/zoe.b%40ecole.test" => Say::Reply(200, user.clone()),
            line => panic!("{line}"),
        });
        let target = target(&script).await;
        assert_eq!(target.write(&creation(&entry), None).await, expected, "{holder:?}");
    }
}

/// R-11, SEC-44: an account of ours may be the one that has the login and does not appear yet.
#[tokio::test(start_paused = true)]
async fn who_has_a_name_and_does_not_appear_may_be_ourselves() {
    let entry = account(7, "zoe.b");
    let unknown = WriteError::Unknown("somebody has the login, and does not appear".into());
    // The account that a lost answer left shows under its key before it shows under its login.
    for (about, of_key, expected) in [
        ("userPrincipalName", false, Err(unknown)),
        ("userPrincipalName", true, Ok(Done::Already)),
        ("proxyAddresses", true, Ok(Done::Already)),
        // Nobody has the login, somebody gets its mail.
        ("proxyAddresses", false, taken("proxyAddresses")),
    ] {
        let user = as_user(&entry, ID);
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            "GET /directory/deletedItems/microsoft.graph.user" => empty(),
            "POST /users" => conflict(about),
            "GET /users/zoe.b%40ecole.test" => Say::Reply(404, Value::Null),
            "GET /users" if of_key => Say::Reply(200, json!({ "value": [user] })),
            "GET /users" => empty(),
            line => panic!("{line}"),
        });
        let target = target(&script).await;
        assert_eq!(target.write(&creation(&entry), None).await, expected, "{about} {of_key}");
        // What was written is shown within a minute, says the service: it was waited for.
        let heard = script.heard.lock().unwrap();
        let post = heard.iter().find(|one| one.line == "POST /users").unwrap().at;
        assert!(heard.last().unwrap().at - post > std::time::Duration::from_secs(60));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_was_deleted_comes_back_and_keeps_his_password() {
    //
    let entry = account(7, "zoe.b");
    let deleted = json!({ "id": ID, "deletedDateTime": "2026-08-01T00:00:00Z",
        "onPremisesExtensionAttributes": { "extensionAttribute1": opaque().of(PersonId(7)) } });
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /directory/deletedItems/microsoft.graph.user" => {
            Say::Reply(200, json!({ "value": [deleted] }))
        }
        line if line.ends_with("/restore") => Say::Reply(200, json!({ "id": ID })),
        line if line.starts_with("PATCH /users/") => Say::Reply(204, Value::Null),
        line => panic!("{line}"),
    });
    let target = target(&script).await;
    let secret = InitialPassword::draw(&mut entropy);
    let done = target.write(&creation(&entry), Some(&secret)).await;
    // Already: so the drawn password is thrown away.
    assert_eq!(done, Ok(Done::Already));
    let heard = script.heard.lock().unwrap();
    let restore = heard.iter().find(|one| one.line.ends_with("/restore")).unwrap();
    assert_eq!(restore.line, format!("POST /directory/deletedItems/{ID}/restore"));
    assert_eq!(restore.body["newUserPrincipalName"], "zoe.b@ecole.test");
    assert!(heard.iter().all(|one| !one.body.to_string().contains("password")));
}

#[tokio::test(start_paused = true)]
async fn an_account_that_somebody_changed_is_left_alone() {
    // SEC-43, SEC-45.
    let entry = account(7, "zoe.b");
    let before = Attributes::from([("displayName", ["zoe.b"])]);
    let after = Attributes::from([("displayName", ["Zoé"])]);
    let check = async |change: fn(&mut Value), expected: Result<Done, &str>| {
        let entry = entry.clone();
        let mut user = as_user(&entry, ID);
        change(&mut user);
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            line if line.starts_with("PATCH") => Say::Reply(204, Value::Null),
            _ => Say::Reply(200, user.clone()),
        });
        let target = target(&script).await;
        let (dn, before, after) = (entry.dn.clone(), before.clone(), after.clone());
        let action = Action::Modify { dn, before, after };
        let done = target.write(&operation(entry.key, OperationKind::Update, action), None).await;
        let told = done.map_err(|error| error.to_string());
        assert_eq!(told, expected.map_err(str::to_owned));
        let patches = script.lines().iter().filter(|line| line.starts_with("PATCH")).count();
        assert_eq!(patches, usize::from(expected == Ok(Done::Written)));
    };
    check(|_| {}, Ok(Done::Written)).await;
    check(|user| user["displayName"] = "Zoé".into(), Ok(Done::Already)).await;
    let drift = "changed since the plan: other values than expected: displayName";
    check(|user| user["displayName"] = "Z.".into(), Err(drift)).await;
    let foreign =
        "changed since the plan: the object there is not ours: it does not carry the mark";
    let unmark = |user: &mut Value| user["onPremisesExtensionAttributes"] = Value::Null;
    check(unmark, Err(foreign)).await;
    let synced = "refused by the server (400): an Active Directory masters this account \
                  (onPremisesSyncEnabled)";
    check(|user| user["onPremisesSyncEnabled"] = true.into(), Err(synced)).await;
}

#[tokio::test(start_paused = true)]
async fn one_member_that_is_there_already_does_not_hold_the_others_back() {
    let ids: Vec<String> =
        (1..=3).map(|n| format!("00000000-0000-4000-8000-00000000000{n}")).collect();
    let (there, all) = (ids[0].clone(), ids.clone());
    let script = Script::new(move |line, body| match line {
        TOKEN => token("t"),
        line if line.starts_with("GET /groups(uniqueName=") => Say::Reply(
            200,
            json!({
            "id": ID, "uniqueName": "hdf-licence-pupils" }),
        ),
        line if line.starts_with("GET /users/") => {
            let n: u64 = line["GET /users/p".len()..].split('%').next().unwrap().parse().unwrap();
            Say::Reply(200, as_user(&account(n, &format!("p{n}")), &all[n as usize - 1]))
        }
        line if line == format!("GET /groups/{ID}/members") => {
            Say::Reply(200, json!({ "value": [{ "id": there }] }))
        }
        line if line == format!("PATCH /groups/{ID}") => {
            let text = body.to_string();
            if text.contains(&there) {
                Say::Reply(400, json!({ "error": { "code": "Request_BadRequest" } }))
            } else {
                Say::Reply(204, Value::Null)
            }
        }
        line => panic!("{line}"),
    });
    let target = target(&script).await;
    let key: ObjectKey = "rentree:licence:pupils".parse().unwrap();
    let values: BTreeSet<String> = (1..=3).map(|n| account(n, &format!("p{n}")).dn).collect();
    let dn = dn::rdn("uniqueName", "hdf-licence-pupils");
    let action = Action::AddLinks { dn, attribute: "members".into(), values };
    let done = target.write(&operation(key, OperationKind::AddMember, action), None).await;
    assert_eq!(done, Ok(Done::Written));
    let heard = script.heard.lock().unwrap();
    let patches: Vec<usize> = heard
        .iter()
        .filter(|one| one.line.starts_with("PATCH"))
        .map(|one| one.body["members@odata.bind"].as_array().unwrap().len())
        .collect();
    assert_eq!(patches, [3, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_member_leaves_by_his_link_and_never_by_his_account() {
    let entry = account(1, "p1");
    let user = as_user(&entry, "00000000-0000-4000-8000-000000000001");
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        line if line.starts_with("GET /groups(uniqueName=") => Say::Reply(
            200,
            json!({
            "id": ID, "uniqueName": "hdf-licence-pupils" }),
        ),
        line if line.starts_with("GET /users/") => Say::Reply(200, user.clone()),
        line if line.starts_with("DELETE ") => Say::Reply(204, Value::Null),
        line => panic!("{line}"),
    });
    let target = target(&script).await;
    let key: ObjectKey = "rentree:licence:pupils".parse().unwrap();
    let dn = dn::rdn("uniqueName", "hdf-licence-pupils");
    let values = BTreeSet::from([entry.dn]);
    let action = Action::RemoveLinks { dn, attribute: "members".into(), values };
    let done = target.write(&operation(key, OperationKind::RemoveMember, action), None).await;
    assert_eq!(done, Ok(Done::Written));
    let deletes: Vec<String> =
        script.lines().into_iter().filter(|line| line.starts_with("DELETE")).collect();
    let path = format!("/groups/{ID}/members/00000000-0000-4000-8000-000000000001/$ref");
    assert_eq!(deletes, [format!("DELETE {path}")]);
}

#[test]
fn the_secret_of_the_application_is_not_printed() {
    // DESIGN rule 9.
    let settings = super::settings(|mut settings| {
        settings.credential = super::super::settings::Credential::Secret {
            secret: SecretString::from("very secret"),
            ends_at: None,
        };
        settings
    });
    assert!(!format!("{settings:?}").contains("very secret"));
}

/// SEC-47: nobody frees it by planning anew: it is a refusal, with what to do.
#[tokio::test(start_paused = true)]
async fn a_group_whose_nickname_somebody_else_holds_is_refused_with_a_remedy() {
    let key: crate::model::entry::ObjectKey = "rentree:division+2026:0599990N:2A".parse().unwrap();
    let name = crate::model::unique_name::write("hdf", &key).unwrap();
    let entry = Entry {
        dn: crate::model::dn::rdn("uniqueName", &name),
        attributes: [("mailNickname", ["2a"]), ("groupTypes", ["Unified"])].into(),
        key,
        ..account(7, "zoe.b")
    };
    for about in ["mailNickname", "uniqueName"] {
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            line if line.starts_with("PATCH /groups(uniqueName=") => conflict(about),
            "GET /directory/deletedItems/microsoft.graph.group" => empty(),
            line => panic!("{line}"),
        });
        let target = target(&script).await;
        match target.write(&creation(&entry), None).await {
            Err(WriteError::Refused { code: 400, text }) => {
                let words = format!("the same {about} as the group: give that one another");
                assert!(text.contains(&words), "{text}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_beside_an_account_that_has_lost_its_mark() {
    // SEC-44: the key of the person is in it, the mark is not.
    let entry = account(7, "zoe.b");
    let mut user = as_user(&entry, ID);
    user["onPremisesExtensionAttributes"]["extensionAttribute1"] = json!("VIP");
    for is_found_by_login in [true, false] {
        let user = user.clone();
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            "GET /directory/deletedItems/microsoft.graph.user" => empty(),
            "POST /users" if is_found_by_login => conflict("userPrincipalName"),
            "POST /users" => conflict("mailNickname"),
            "GET /users/zoe.b%40ecole.test" if is_found_by_login => Say::Reply(200, user.clone()),
            "GET /users/zoe.b%40ecole.test" => Say::Reply(404, Value::Null),
            "GET /users" => Say::Reply(200, json!({ "value": [user.clone()] })),
            line => panic!("{line}"),
        });
        let target = target(&script).await;
        let secret = InitialPassword::draw(&mut entropy);
        let posts = || script.lines().iter().filter(|line| *line == "POST /users").count();
        for _ in 0..2 {
            let refused = target.write(&creation(&entry), Some(&secret)).await.unwrap_err();
            assert!(matches!(&refused, WriteError::Stale(why) if why.contains("lost our mark")));
            // It is known from then on: the service is not asked again.
            assert_eq!(posts(), 1);
        }
    }
}
