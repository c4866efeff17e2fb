//! What a tenant without room still does, and what is told of it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::object_id::ObjectId;
use super::super::settings::{Credential, Settings};
use super::script::{Say, Script, now, target_with, token};
use super::writes::{ID, TOKEN, account, as_user, operation};
use super::{SKU, opaque};
use crate::model::entry::{Attributes, Entry, Licence, Links, ObjectKey};
use crate::model::ids::PersonId;
use crate::model::observed::{Limit, LimitKind};
use crate::plan::operation::{Action, OperationKind};
use crate::target::examined::{Examined, Verdict};
use crate::target::{Done, Observe as _, Write as _, WriteError};

/// A tenant that holds so many of so many objects, and whose seats are so used.
fn tenant(
    size: Option<(u64, u64)>,
    seats: (u64, u64),
    mut more: impl FnMut(&str) -> Option<Say> + Send + 'static,
) -> Arc<Script> {
    Script::new(move |line, _| {
        if let Some(say) = more(line) {
            return say;
        }
        match line {
            TOKEN => token("t"),
            "GET https://graph.test/beta/organization" => match size {
                Some((used, total)) => {
                    let size = json!({ "used": used, "total": total });
                    Say::Reply(200, json!({ "value": [{ "directorySizeQuota": size }] }))
                }
                None => Say::Reply(400, Value::Null),
            },
            "GET /organization" => Say::Reply(
                200,
                json!({ "value": [{ "verifiedDomains": [{ "name": "ecole.test" }] }] }),
            ),
            "GET /subscribedSkus" => Say::Reply(
                200,
                json!({ "value": [{
                    "skuId": SKU, "consumedUnits": seats.0, "prepaidUnits": { "enabled": seats.1 },
                }] }),
            ),
            line if line.starts_with("PATCH /") => Say::Reply(404, Value::Null),
            _ => Say::Reply(200, json!({ "value": [] })),
        }
    })
}

fn plain(settings: Settings) -> Settings {
    settings
}

fn told(found: &[Examined]) -> Vec<(&str, Verdict)> {
    let found = found.iter().filter(|one| one.verdict != Verdict::Good && one.id != "token");
    found.map(|one| (one.id, one.verdict)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_lack_of_room_is_told_and_stops_no_writing() {
    // SEC-47: an account is disabled, a member leaves, a name changes all the same.
    let (none, size) = (|_: &str| None, Some((1, 20)));
    let script = tenant(size, (6, 6), none);
    let found = target_with(&script, Default::default(), plain).await.before_writing().await;
    assert_eq!(told(&found.unwrap()), [("room-licences", Verdict::Weak)]);
    // A product that the tenant does not have.
    let script = tenant(size, (0, 0), none);
    let found = target_with(&script, Default::default(), plain).await.before_writing().await;
    assert_eq!(told(&found.unwrap()), [("room-licences", Verdict::Bad)]);
    let script = tenant(Some((20, 20)), (1, 6), none);
    let found = target_with(&script, Default::default(), plain).await.before_writing().await;
    let found = found.unwrap();
    assert_eq!(told(&found), [("room-objects", Verdict::Bad)]);
    assert!(found[0].what.contains("no object is made, the rest goes on"), "{}", found[0].what);
    // What else is bad stops it.
    let denied = json!({ "error": { "code": "Authorization_RequestDenied" } });
    let script = tenant(size, (1, 6), move |line| {
        line.starts_with("PATCH /users").then(|| Say::Reply(403, denied.clone()))
    });
    let found = target_with(&script, Default::default(), plain).await.before_writing().await;
    assert_eq!(found.unwrap_err().id, "write-users");
}

fn creation(entry: &Entry) -> crate::plan::operation::Operation {
    let action = Action::Create { entry: entry.clone() };
    operation(entry.key.clone(), OperationKind::Create, action)
}

#[tokio::test(start_paused = true)]
async fn in_a_full_directory_what_needs_no_room_is_brought_back() {
    // SEC-47.
    let (back, new) = (account(7, "zoe.b"), account(8, "tom.c"));
    let key: ObjectKey = "rentree:division@2026:0599990N:2A".parse().unwrap();
    let group = |name: &str, key: ObjectKey| Entry {
        key,
        uai: None,
        dn: crate::model::dn::rdn("uniqueName", name),
        attributes: Attributes::from([("displayName", [name]), ("uniqueName", [name])]),
        links: Links::new(),
        enabled: true,
    };
    let name = crate::model::unique_name::write("hdf", &key).unwrap();
    let standing = group(&name, key);
    let key: ObjectKey = "rentree:division@2026:0599990N:2B".parse().unwrap();
    let name = crate::model::unique_name::write("hdf", &key).unwrap();
    let other = group(&name, key);
    let user = as_user(&back, ID);
    let path = format!(
        "/groups(uniqueName='{}')",
        standing.attributes.values_of("uniqueName").first().unwrap()
    );
    let script = tenant(Some((20, 20)), (1, 6), move |line| match line {
        "GET /directory/deletedItems/microsoft.graph.user" => {
            Some(Say::Reply(200, json!({ "value": [user] })))
        }
        line if line.ends_with("/restore") => Some(Say::Reply(200, json!({ "id": ID }))),
        line if line == format!("GET {path}") => {
            Some(Say::Reply(200, json!({ "id": "0f8fad5b-d9cb-469f-a165-70867728950f" })))
        }
        line if line == format!("PATCH {path}") => Some(Say::Reply(204, Value::Null)),
        line if line.starts_with("GET /groups(") => Some(Say::Reply(404, Value::Null)),
        line if line.starts_with(&format!("PATCH /users/{ID}")) => {
            Some(Say::Reply(204, Value::Null))
        }
        "POST /users" => panic!("made in a full directory"),
        _ => None,
    });
    let mut target = target_with(&script, Default::default(), plain).await;
    target.before_writing().await.unwrap();
    assert_eq!(target.write(&creation(&back), None).await, Ok(Done::Already));
    assert!(script.lines().iter().any(|line| line.ends_with("/restore")));
    assert_eq!(target.write(&creation(&standing), None).await, Ok(Done::Already));
    for entry in [&new, &other] {
        let refused = target.write(&creation(entry), None).await.unwrap_err();
        assert!(matches!(refused, WriteError::Busy { code: 403, .. }), "{refused:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn objects_in_the_bin_are_counted_where_the_tenant_does_not_tell() {
    // SEC-47.
    let user = |n: u64| {
        let principal = format!("n{n}@ecole.test");
        json!({ "id": ObjectId(u128::from(n)).to_string(), "userPrincipalName": principal })
    };
    let users = move |from: u64, to: u64| {
        Some(Say::Reply(200, json!({ "value": (from..to).map(user).collect::<Vec<_>>() })))
    };
    let script = tenant(None, (1, 6), move |line| match line {
        "GET /users" => users(0, 13),
        "GET /directory/deletedItems/microsoft.graph.user" => users(100, 107),
        "GET /directory/deletedItems/microsoft.graph.group" => users(200, 203),
        _ => None,
    });
    for (setting, total) in [(Some(20), 20), (None, 300_000)] {
        let with = |settings| Settings { directory_quota: setting, ..settings };
        let mut target = target_with(&script, Default::default(), with).await;
        let limits = target.observe().await.unwrap().limits;
        let what = LimitKind::DirectoryObjects;
        assert!(limits.contains(&Limit { what, total, used: 23 }), "{limits:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn seats_of_a_subscription_that_has_expired_and_still_works_count() {
    // SEC-47.
    let script = tenant(Some((1, 20)), (8, 6), |line| {
        let units = json!({ "enabled": 6, "warning": 4, "suspended": 100, "lockedOut": 100 });
        let sku = json!({ "skuId": SKU, "consumedUnits": 8, "prepaidUnits": units });
        (line == "GET /subscribedSkus").then(|| Say::Reply(200, json!({ "value": [sku] })))
    });
    let limits = target_with(&script, Default::default(), plain).await.observe().await;
    let seats = Limit { what: LimitKind::Seats(Licence::Pupils), total: 10, used: 8 };
    assert!(limits.unwrap().limits.contains(&seats));
}

#[tokio::test(start_paused = true)]
async fn seats_of_one_product_are_counted_once() {
    // SEC-47.
    let script = tenant(Some((1, 20)), (8, 14), |_| None);
    let both = |mut settings: Settings| {
        settings.licences.insert(Licence::Staff, SKU.to_uppercase());
        settings
    };
    let limits = target_with(&script, Default::default(), both).await.observe().await;
    let limits = limits.unwrap().limits;
    let seats = Limit { what: LimitKind::SharedSeats, total: 14, used: 8 };
    assert!(limits.len() == 2 && limits.contains(&seats), "{limits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_licence_group_without_a_product_is_told_by_the_doctor() {
    // it goes on giving seats until somebody has decided.
    let script = tenant(Some((1, 20)), (1, 6), move |line| {
        line.starts_with("GET /groups(uniqueName='hdf-licence-staff')")
            .then(|| Say::Reply(200, json!({ "id": ID })))
    });
    let found = target_with(&script, Default::default(), plain).await.doctor().await;
    assert_eq!(told(&found), [("licence-group", Verdict::Weak)]);
}

#[tokio::test(start_paused = true)]
async fn what_lies_in_the_bin_is_told_to_the_plan() {
    // SEC-42.
    let user = as_user(&account(7, "zoe.b"), ID);
    assert_eq!(user["employeeId"], json!(opaque().of(PersonId(7)).to_string()));
    let key: ObjectKey = "rentree:division@2026:0599990N:2A".parse().unwrap();
    let name = crate::model::unique_name::write("hdf", &key);
    let groups = [json!({ "id": ID, "uniqueName": name }), json!({ "id": ID })];
    let script = tenant(Some((1, 20)), (1, 6), move |line| match line {
        "GET /directory/deletedItems/microsoft.graph.user" => {
            Some(Say::Reply(200, json!({ "value": [user] })))
        }
        "GET /directory/deletedItems/microsoft.graph.group" => {
            Some(Say::Reply(200, json!({ "value": groups })))
        }
        _ => None,
    });
    let seen = target_with(&script, Default::default(), plain).await.observe().await.unwrap();
    assert_eq!(seen.deleted, [ObjectKey::Account(PersonId(7)), key].into());
}

/// One that answers every request so, but for those of a token.
fn refusing(status: u16, code: &'static str) -> Arc<Script> {
    Script::new(move |line, _| match line {
        TOKEN => token("t"),
        _ => Say::Reply(status, json!({ "error": { "code": code, "message": "No." } })),
    })
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_taken_is_no_lack_of_rights() {
    // SEC-03, SEC-08: told once, with what to look at.
    let script = refusing(401, "InvalidAuthenticationToken");
    let mut target = target_with(&script, Default::default(), plain).await;
    let found = target.doctor().await;
    let bad: Vec<_> = found.iter().filter(|one| one.verdict == Verdict::Bad).collect();
    let [one] = bad[..] else { panic!("{found:?}") };
    assert_eq!(one.id, "token");
    assert!(one.what.contains("does not take our token (InvalidAuthenticationToken"), "{one:?}");
    for word in ["clock", "secret or certificate", "tenant, client_id"] {
        assert!(one.hint.contains(word), "{one:?}");
    }
    assert_eq!(target.before_writing().await.unwrap_err(), *one);
    let error = target.observe().await.unwrap_err();
    assert_eq!(Examined::failed("token", &error).hint, one.hint, "{error}");
}

#[tokio::test(start_paused = true)]
async fn only_what_means_it_is_a_lack_of_rights() {
    // SEC-08.
    for (code, is_lack) in [
        ("Authorization_RequestDenied", true),
        ("Forbidden", true),
        ("AccessDenied", true),
        ("Authentication_ExpiredToken", false),
        ("Directory_QuotaExceeded", false),
    ] {
        let script = refusing(403, code);
        let mut target = target_with(&script, Default::default(), plain).await;
        let found = target.doctor().await;
        let one = found.iter().find(|one| one.id == "write-users").unwrap();
        assert_eq!(one.what.contains("is lacking"), is_lack, "{one:?}");
        assert_eq!(one.hint.contains("consent"), is_lack, "{one:?}");
        let error = target.observe().await.unwrap_err();
        assert_eq!(Examined::failed("it", &error).hint.contains("consent"), is_lack, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_right_to_make_teams_is_asked_for_where_teams_are_made() {
    // SEC-08.
    for (status, expected) in [(404, Verdict::Good), (400, Verdict::Good), (403, Verdict::Bad)] {
        let script = tenant(Some((1, 20)), (1, 6), move |line| {
            (line == "POST /teams").then_some(Say::Reply(status, Value::Null))
        });
        let with = |settings| Settings { teams: true, ..settings };
        let found = target_with(&script, Default::default(), with).await.doctor().await;
        let one = found.iter().find(|one| one.id == "write-teams").unwrap();
        assert_eq!(one.verdict, expected, "{status}: {}", one.what);
        assert!(one.what.contains("Team.Create") || status == 400, "{}", one.what);
    }
    let script = tenant(Some((1, 20)), (1, 6), |line| {
        (line == "POST /teams").then(|| panic!("no team is made here"))
    });
    let found = target_with(&script, Default::default(), plain).await.doctor().await;
    assert!(!found.iter().any(|one| one.id == "write-teams"));
}

#[tokio::test(start_paused = true)]
async fn a_certificate_or_a_secret_that_ends_soon_is_told_at_each_writing() {
    // SEC-03: "rentree run" says it too, not doctor alone.
    let certificate = |mut settings: Settings| {
        settings.credential = Credential::Certificate {
            pem: include_str!("../token/rsa_certificate.pem").to_owned(),
            key: secrecy::SecretString::from(include_str!("../token/rsa_key.pem")),
        };
        settings
    };
    let secret = |mut settings: Settings| {
        settings.credential = Credential::Secret {
            secret: secrecy::SecretString::from("very secret"),
            ends_at: Some("2126-11-01T00:00:00Z".parse().unwrap()),
        };
        settings
    };
    let late: fn() -> jiff::Timestamp = || "2126-10-10T00:00:00Z".parse().unwrap();
    let early: fn() -> jiff::Timestamp = || "2126-09-10T00:00:00Z".parse().unwrap();
    for (is_secret, clock, expected) in [
        (false, late, vec![("certificate", Verdict::Weak)]),
        (false, now, Vec::new()),
        (true, late, vec![("secret", Verdict::Weak)]),
        (true, early, Vec::new()),
    ] {
        let script = tenant(Some((1, 20)), (1, 6), |_| None);
        let with = |settings| Settings {
            now: clock,
            ..if is_secret { secret(settings) } else { certificate(settings) }
        };
        let found = target_with(&script, Default::default(), with).await.before_writing().await;
        assert_eq!(told(&found.unwrap()), expected, "{is_secret}");
    }
}
