//! A service that puts off, goes in circles or has moved while it is read.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::super::settings::Settings;
use super::super::{Memory, Patience};
use super::script::{Say, Script, entropy, target, target_with, token};
use super::settings;
use super::writes::{ID, TOKEN, account, as_user};
use crate::model::dn;
use crate::target::examined::Verdict;
use crate::target::{Observe as _, TargetError, Write as _};

fn put_off(wait: &'static str) -> Say {
    Say::With(429, vec![("Retry-After", wait)], Value::Null)
}

fn delta() -> Say {
    let link = "https://graph.test/v1.0/changes";
    Say::Reply(200, json!({ "value": [], "@odata.deltaLink": link }))
}

/// Of users, where those of groups are told elsewhere.
const CHANGES: &str = "https://graph.test/v1.0/users/changes";

fn what(error: TargetError) -> String {
    match error {
        TargetError::Unreachable { what, .. } | TargetError::Unreadable { what, .. } => what,
        TargetError::Unusable { what, .. } => panic!("{what}"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_that_asks_for_long_is_left_at_once() {
    // SEC-47: the directories wait with it. Also a wait that no clock can tell does no harm.
    for (status, wait, minutes) in [
        (429, "3600", "60 min (429, Retry-After)"),
        (429, "10000000000000000000", "43200 min (429, Retry-After)"),
        (503, "3600", "60 min (503, Retry-After)"),
    ] {
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            _ => Say::With(status, vec![("Retry-After", wait)], Value::Null),
        });
        let mut target = target(&script).await;
        let begin = Instant::now();
        let error = target.observe().await.unwrap_err();
        assert!(matches!(&error, TargetError::Unreachable { hint, .. } if hint.contains("wait")));
        let error = what(error);
        assert!(error.ends_with(&format!("takes no request for another {minutes}")), "{error}");
        let found = target.doctor().await;
        let bad: Vec<_> = found.iter().filter(|one| one.verdict == Verdict::Bad).collect();
        let [one] = bad[..] else { panic!("{found:?}") };
        assert_eq!((one.id, one.what.contains("takes no request")), ("answers", true), "{one:?}");
        assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    }
}

/// A service that says nothing of how long is asked less and less, and then no more.
#[tokio::test(start_paused = true)]
async fn a_tenant_that_puts_off_without_a_word_is_left_after_two_minutes() {
    // SEC-47.
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        _ => Say::Reply(429, Value::Null),
    });
    let begin = Instant::now();
    let error = what(target(&script).await.observe().await.unwrap_err());
    assert!(error.ends_with("min (429)"), "{error}");
    let waited = begin.elapsed().as_secs();
    assert!((30..180).contains(&waited), "{waited} s");
}

fn all_well(line: &str) -> Say {
    match line {
        TOKEN => token("t"),
        "GET /users/delta" | "GET /groups/delta" => delta(),
        _ => Say::Reply(200, json!({ "value": [] })),
    }
}

/// In a lab's quick tenant, its minutes count, not those of the wall.
#[tokio::test(start_paused = true)]
async fn what_is_asked_for_counts_on_the_service_s_clock() {
    // SEC-47: 30 s of the wall are five hours there; 100 ms are a minute.
    for (wait, is_waited_for) in [("18000", false), ("60", true)] {
        let mut is_first = true;
        let script = Script::new(move |line, _| match line {
            "GET /users/delta" if std::mem::take(&mut is_first) => put_off(wait),
            line => all_well(line),
        });
        let quick = |settings| Settings { tempo: 600.0, licences: Default::default(), ..settings };
        let mut target = target_with(&script, Default::default(), quick).await;
        assert_eq!(target.observe().await.is_ok(), is_waited_for, "{wait}");
    }
}

/// What an earlier command was told is kept, and nobody asks again before it is over.
#[tokio::test(start_paused = true)]
async fn a_wait_that_an_earlier_command_was_told_of_is_not_begun_by_the_next_one() {
    // SEC-47.
    let mut is_first = true;
    let script = Script::new(move |line, _| match line {
        "GET /users/delta" if std::mem::take(&mut is_first) => put_off("7200"),
        line => all_well(line),
    });
    let mut first = target(&script).await;
    let error = what(first.observe().await.unwrap_err());
    assert!(error.contains("another 120 min"), "{error}");
    let kept = first.speed().unwrap().kept().unwrap();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let asked = script.lines().len();
    let with = |settings| Settings { licences: Default::default(), ..settings };
    let mut next = target_with(&script, Memory::default().with_speed(&kept), with).await;
    let error = what(next.observe().await.unwrap_err());
    assert!(error.contains("another 60 min (429, Retry-After)"), "{error}");
    assert_eq!(script.lines().len(), asked);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let mut last = target_with(&script, Memory::default().with_speed(&kept), with).await;
    last.observe().await.unwrap();
}

/// Writes have a quota of their own: whoever reads does not wait for it, and whoever is to write
/// decides for himself.
#[tokio::test(start_paused = true)]
async fn where_only_writes_are_put_off_it_is_read_at_once() {
    // SEC-47.
    let script = Script::new(move |line, _| match line {
        line if line.starts_with("PATCH /users") => put_off("7200"),
        "GET /organization" => {
            Say::Reply(200, json!({ "value": [{ "verifiedDomains": [{ "name": "ecole.test" }] }] }))
        }
        line => all_well(line),
    });
    let with = |settings| Settings { licences: Default::default(), ..settings };
    let mut target = target_with(&script, Default::default(), with).await;
    let begin = Instant::now();
    let found = target.doctor().await;
    let bad: Vec<_> = found.iter().filter(|one| one.verdict == Verdict::Bad).collect();
    let [one] = bad[..] else { panic!("{found:?}") };
    assert!(one.what.contains("takes no write for another 120 min"), "{one:?}");
    target.before_writing().await.unwrap();
    target.observe().await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    let frozen = target.speed().unwrap().frozen_for();
    assert!(frozen > Duration::from_secs(7000), "{frozen:?}");
}

/// A command opens a tenant several times: what it has waited for counts.
#[tokio::test(start_paused = true)]
async fn a_command_waits_for_a_tenant_once() {
    // SEC-47.
    let mut count = 0;
    let script = Script::new(move |line, _| match line {
        "GET /users/delta" => {
            count += 1;
            if count % 2 == 1 { put_off("100") } else { delta() }
        }
        line => all_well(line),
    });
    let patience = Patience::default();
    let with = || {
        let patience = patience.clone();
        |settings| Settings { licences: Default::default(), patience, ..settings }
    };
    let first = target_with(&script, Default::default(), with()).await.observe().await;
    assert!(first.is_ok());
    let error = target_with(&script, Default::default(), with()).await.observe().await;
    let error = what(error.unwrap_err());
    assert!(error.contains("takes no request for another 2 min"), "{error}");
    // Minutes in which nobody waited for it.
    tokio::time::sleep(Duration::from_secs(120)).await;
    let later = target_with(&script, Default::default(), with()).await.observe().await;
    later.unwrap();
}

/// What a service that is down says of how long is believed, as what a busy one says.
#[tokio::test(start_paused = true)]
async fn a_service_that_is_down_is_asked_again_when_it_says() {
    // SEC-47.
    for (wait, least, most) in [(Some("41.5"), 41, 44), (Some("0"), 1, 3), (None, 2, 4)] {
        let mut is_down = true;
        let script = Script::new(move |line, _| match line {
            TOKEN => token("t"),
            "GET /users/delta" if std::mem::take(&mut is_down) => {
                let headers = wait.map(|wait| ("Retry-After", wait)).into_iter().collect();
                Say::With(503, headers, Value::Null)
            }
            "GET /users/delta" | "GET /groups/delta" => delta(),
            "GET /users" | "GET /groups" => Say::Reply(200, json!({ "value": [] })),
            _ => Say::Reply(404, Value::Null),
        });
        let mut target = target(&script).await;
        let begin = Instant::now();
        let _ = target.observe().await;
        let seconds = begin.elapsed().as_secs();
        assert!((least..=most).contains(&seconds), "{wait:?}: {seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn links_of_groups_that_are_put_off_are_left_too() {
    // SEC-47.
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /users/delta" | "GET /groups/delta" => delta(),
        "GET /users" => Say::Reply(200, json!({ "value": [] })),
        "GET /groups" => Say::Reply(
            200,
            json!({ "value": [{
                "id": super::writes::ID, "uniqueName": "hdf-2026-0599990N-div-2A",
            }] }),
        ),
        line if line.ends_with("/members") => put_off("3600"),
        line => panic!("{line}"),
    });
    let mut target = target(&script).await;
    let begin = Instant::now();
    let error = what(target.observe().await.unwrap_err());
    assert!(error.contains("takes no request for another 60 min"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_put_off_is_not_waited_for_longer() {
    // SEC-47.
    for wait in ["3600", "100"] {
        let script = Script::new(move |_, _| put_off(wait));
        let begin = Instant::now();
        let exchange: std::sync::Arc<dyn super::super::Exchange> = script.clone();
        let tenant = settings(|settings| settings);
        let opened = super::super::connect(tenant, exchange, Default::default(), entropy).await;
        let error = what(opened.err().unwrap());
        let minutes = if wait == "3600" { "60 min" } else { "2 min" };
        let told = format!("HTTP status 429, no request for another {minutes} (Retry-After)");
        assert!(error.contains(&told), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(180), "{:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_an_active_directory_masters_is_known_as_such_until_it_is_told_otherwise() {
    // graph.md 1.2: what is synchronised is not ours to change.
    let entry = account(7, "zoe.b");
    let user = as_user(&entry, ID);
    // What each reading tells: all of it, a change elsewhere, the end of the synchronisation.
    for (told, expected) in [
        (vec![json!(true)], vec![true]),
        (vec![Value::Null], vec![false]),
        (vec![json!(true), Value::Null, json!(false)], vec![true, true, false]),
    ] {
        let mut readings = told.into_iter();
        let user = user.clone();
        let script = Script::new(move |line, _| {
            let mut seen = || {
                let mut user = user.clone();
                match readings.next() {
                    None | Some(Value::Null) => {}
                    Some(synced) => user["onPremisesSyncEnabled"] = synced,
                }
                Say::Reply(200, json!({ "value": [user], "@odata.deltaLink": CHANGES }))
            };
            match line {
                TOKEN => token("t"),
                "GET /groups/delta" => delta(),
                "GET /users/delta" => {
                    Say::Reply(200, json!({ "value": [], "@odata.deltaLink": CHANGES }))
                }
                "GET /users" | "GET /users/changes" => seen(),
                _ => Say::Reply(200, json!({ "value": [] })),
            }
        });
        let mut target = target_with(&script, Default::default(), without_licences).await;
        for is_mastered in expected {
            let observed = target.observe().await.unwrap();
            assert!(observed.entries.contains_key(&entry.key));
            assert_eq!(observed.mastered.contains(&entry.key), is_mastered);
        }
    }
}

/// A tenant of so many pages of users, each answered at the second try, after so many seconds.
async fn read_slowly(pages: u32, wait: &'static str) -> Result<Duration, TargetError> {
    let (mut page, mut is_second) = (0, false);
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /users/delta" | "GET /groups/delta" => delta(),
        line if line.starts_with("GET /users") => {
            is_second = !is_second;
            if is_second {
                return put_off(wait);
            }
            page += 1;
            let next = format!("https://graph.test/v1.0/users/page{page}");
            match page {
                page if page < pages => {
                    Say::Reply(200, json!({ "value": [], "@odata.nextLink": next }))
                }
                _ => Say::Reply(200, json!({ "value": [] })),
            }
        }
        _ => Say::Reply(200, json!({ "value": [] })),
    });
    let mut target = target_with(&script, Default::default(), |mut settings| {
        settings.licences.clear();
        settings
    })
    .await;
    let begin = Instant::now();
    target.observe().await.map(|_| begin.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_long_reading_that_goes_on_is_not_cut() {
    // SEC-47.
    let time = read_slowly(100, "9").await.unwrap();
    assert!(time > Duration::from_secs(600), "{time:?}");
    // Each page after minutes is no progress.
    let error = what(read_slowly(100, "60").await.unwrap_err());
    assert!(error.contains("takes no request for another 1 min"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn pages_that_lead_back_are_not_followed_for_ever() {
    // SEC-47.
    let script = Script::new(move |line, _| {
        let to = |page: u32| {
            let next = format!("https://graph.test/v1.0/users/delta/{page}");
            Say::Reply(200, json!({ "value": [], "@odata.nextLink": next }))
        };
        match line {
            TOKEN => token("t"),
            "GET /users/delta/1" => to(2),
            _ => to(1),
        }
    });
    let error = what(target(&script).await.observe().await.unwrap_err());
    assert!(error.contains("lead back"), "{error}");
    assert_eq!(script.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_address_of_changes_elsewhere_is_replaced_by_a_whole_reading() {
    // SEC-47: the service has got another address.
    let answers = |line: &str, _: &Value| match line {
        TOKEN => token("t"),
        "GET /users/delta" | "GET /groups/delta" | "GET /changes" => delta(),
        _ => Say::Reply(200, json!({ "value": [] })),
    };
    let plain = |mut settings: super::Settings| {
        settings.licences.clear();
        settings
    };
    let script = Script::new(answers);
    let mut first = target_with(&script, Default::default(), plain).await;
    first.observe().await.unwrap();
    let memory = first.memory();
    let count = |script: &Script, wanted: &str| {
        script.lines().iter().filter(|line| line.as_str() == wanted).count()
    };
    let again = Script::new(answers);
    target_with(&again, memory.clone(), plain).await.observe().await.unwrap();
    assert_eq!((count(&again, "GET /changes"), count(&again, "GET /users/delta")), (2, 0));
    let moved = Script::new(|line, _| match line {
        TOKEN => token("t"),
        line if line.ends_with("/delta") => delta(),
        _ => Say::Reply(200, json!({ "value": [] })),
    });
    let elsewhere = |settings| super::Settings {
        base_url: "https://graph.test:8443/v1.0".into(),
        ..plain(settings)
    };
    target_with(&moved, memory, elsewhere).await.observe().await.unwrap();
    let deltas = moved.lines().iter().filter(|line| line.ends_with("s/delta")).count();
    assert_eq!(deltas, 2, "{:?}", moved.lines());
}

fn without_licences(mut settings: super::Settings) -> super::Settings {
    settings.licences.clear();
    settings
}

/// Whose accounts stand without their mark, after each of the readings: the whole, or changes.
async fn unmarked_after(readings: Vec<Value>, looked_at: Value) -> Vec<Vec<String>> {
    let count = readings.len();
    let mut readings = readings.into_iter();
    let script = Script::new(move |line, _| match line {
        TOKEN => token("t"),
        "GET /groups/delta" => delta(),
        "GET /users/delta" => Say::Reply(200, json!({ "value": [], "@odata.deltaLink": CHANGES })),
        "GET /users" | "GET /users/changes" => {
            let user = readings.next().unwrap();
            Say::Reply(200, json!({ "value": [user], "@odata.deltaLink": CHANGES }))
        }
        line if line.ends_with(ID) => Say::Reply(200, looked_at.clone()),
        _ => Say::Reply(200, json!({ "value": [] })),
    });
    let mut target = target_with(&script, Default::default(), without_licences).await;
    let mut told = Vec::new();
    for _ in 0..count {
        let observed = target.observe().await.unwrap();
        let entries = observed.entries.values().map(|one| format!("ours {}", one.dn));
        let unmarked = observed.unmarked.iter();
        let unmarked = unmarked.map(|(key, places)| {
            let is_foreign = |dn: &String| observed.foreign_dns.contains(&dn::comparable(dn));
            assert!(places.iter().all(is_foreign), "{places:?}");
            format!("{key} {}", places.iter().map(String::as_str).collect::<Vec<_>>().join(" "))
        });
        told.push(entries.chain(unmarked).collect());
    }
    told
}

#[tokio::test(start_paused = true)]
async fn an_account_that_has_lost_its_mark_is_known_by_its_number_its_key_or_both() {
    // SEC-44, SEC-45.
    let user = as_user(&account(7, "zoe.b"), ID);
    let marked = |mark: Value| json!({ "extensionAttribute1": mark });
    let mark = user["onPremisesExtensionAttributes"].clone();
    let with = |change: Value| {
        let mut user = user.clone();
        user.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        user
    };
    let change = |change: Value| {
        let mut user = json!({ "id": ID });
        user.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        user
    };
    let (ours, lost) = ("ours userPrincipalName=zoe.b@ecole.test", "rentree:account:7");
    let stands = format!("{lost} userPrincipalName=zoe.b@ecole.test");
    let renamed = format!("{lost} userPrincipalName=z@ecole.test");
    let check = async |readings: Vec<Value>, expected: &[&[&str]]| {
        let looked_at = with(json!({ "userPrincipalName": "z@ecole.test" }));
        assert_eq!(unmarked_after(readings, looked_at).await, expected);
    };
    let (vip, none) = (marked(json!("VIP")), marked(Value::Null));
    // As a change: the number is remembered, whatever else is emptied, until the mark is back.
    check(
        vec![
            user.clone(),
            change(json!({ "onPremisesExtensionAttributes": vip })),
            change(json!({ "employeeId": null })),
            change(json!({ "userPrincipalName": "z@ecole.test" })),
            change(json!({ "onPremisesExtensionAttributes": mark })),
        ],
        &[&[ours], &[&stands], &[&stands], &[&renamed], &["ours userPrincipalName=z@ecole.test"]],
    )
    .await;
    // Somebody else's: another login and another key.
    check(
        vec![
            user.clone(),
            change(json!({ "onPremisesExtensionAttributes": none, "employeeId": "H-17" })),
            change(json!({ "userPrincipalName": "z@ecole.test" })),
        ],
        &[&[ours], &[&stands], &[]],
    )
    .await;
    // Of a tenant that is read for the first time only the key tells.
    check(
        vec![
            with(json!({ "onPremisesExtensionAttributes": none })),
            change(json!({ "employeeId": null })),
        ],
        &[&[&stands], &[]],
    )
    .await;
    let nothing = json!({ "onPremisesExtensionAttributes": none, "employeeId": null });
    check(vec![with(nothing)], &[&[]]).await;
}
