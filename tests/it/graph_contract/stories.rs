//! Single events in the life of a tenant.

use std::time::Duration;

use rentree::lab::graph::{Faults, PUPIL_SKU, Seeded, Strike};
use rentree::model::dn;
use rentree::model::entry::{Entry, Licence, Links, ObjectKey};
use rentree::model::ids::PersonId;
use rentree::model::observed::LimitKind;
use rentree::plan::operation::{Action, Operation, OperationKind};
use rentree::target::examined::Verdict;
use rentree::target::graph::Memory;
use rentree::target::{Done, Observe as _, Write as _, WriteError};
use serde_json::json;

use super::bench::{DOMAIN, drive, kept, opaque, service, target};
use super::world::{PUPILS, UAI, World, attributes, plan, reach};

fn operation(key: &ObjectKey, kind: OperationKind, action: Action) -> Operation {
    let (target, blocked) = ("o365".into(), None);
    Operation { seq: 1, target, kind, key: key.clone(), uai: None, stage: 0, action, blocked }
}

/// What a person did in the portal is seen by the changes, without reading everything again.
#[tokio::test(start_paused = true)]
async fn what_changed_since_is_read_and_nothing_else() {
    let service = service(1, Faults::none());
    let world = World::first(60);
    let mut first = target(&service, Memory::default()).await;
    let operations = plan(&first.observe().await.unwrap(), &world);
    drive(&mut first, &operations).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    first.observe().await.unwrap();
    let memory = kept(&first);
    drop(first);
    let tenant = service.tenant();
    let zoe = tenant.user_of_key(&opaque().of(PersonId(3))).unwrap();
    assert!(service.edit(&zoe.id, json!({ "displayName": "Zoé" })));
    let class = tenant.group("hdf-2026-0590001F-div-C0").unwrap();
    assert!(service.edit_member(&class.id, &zoe.id, false));
    let lists = |kind: &str| service.requests().get(kind).copied().unwrap_or_default();
    let before = (lists("GET /users"), lists("GET /groups"));
    let mut second = target(&service, memory).await;
    let left = plan(&second.observe().await.unwrap(), &world);
    assert_eq!((lists("GET /users"), lists("GET /groups")), before);
    let kinds: Vec<OperationKind> = left.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [OperationKind::Update, OperationKind::AddMember]);
    drive(&mut second, &left).await;
    world.check(&service);
}

/// After more than seven days, or when the service has forgotten, everything is read.
#[tokio::test(start_paused = true)]
async fn changes_that_are_too_old_are_not_asked_for() {
    for faults in [Faults::none(), Faults { delta_gone: 1.0, ..Faults::none() }] {
        let service = service(2, Faults::none());
        let world = World::first(40);
        let mut first = target(&service, Memory::default()).await;
        let operations = plan(&first.observe().await.unwrap(), &world);
        drive(&mut first, &operations).await;
        let memory = kept(&first);
        let days = if faults.delta_gone > 0.0 { 1 } else { 8 };
        tokio::time::sleep(Duration::from_secs(days * 24 * 3600)).await;
        service.set_faults(faults);
        let mut second = target(&service, memory).await;
        let left = plan(&second.observe().await.unwrap(), &world);
        assert!(left.is_empty(), "{left:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_and_places_of_others_are_known_and_nothing_else_of_them() {
    // SEC-45.
    let service = service(3, Faults::none());
    let user = |principal: &str, nickname: &str| {
        let label = "Zoé Untel";
        json!({ "userPrincipalName": principal, "mailNickname": nickname, "displayName": label })
    };
    let own = format!("Zoe.Untel@{DOMAIN}");
    service.seed_user(user(&own, "zoe"), Seeded::Plain);
    service.seed_user(user("max@ailleurs.test", "max.surnom"), Seeded::Plain);
    let mut target = target(&service, Memory::default()).await;
    let observed = target.observe().await.unwrap();
    assert!(observed.entries.is_empty());
    let names: Vec<&str> = observed.foreign_names.iter().map(String::as_str).collect();
    let expected =
        ["max.surnom", "max@ailleurs.test", "zoe", "zoe.untel", "zoe.untel@eleves.region.test"];
    assert_eq!(names, expected);
    let places: Vec<String> = observed.foreign_dns.into_iter().collect();
    assert_eq!(places, [dn::comparable(&dn::rdn("userPrincipalName", &own))]);
    let kept = serde_json::to_string(&target.memory()).unwrap();
    assert!(!kept.contains("Untel\"") && !kept.contains("Zoé"), "{kept}");
}

#[tokio::test(start_paused = true)]
async fn a_full_directory_stops_creations_and_nothing_else() {
    let service = service(4, Faults::none());
    let mut world = World::first(30);
    let mut target = target(&service, Memory::default()).await;
    let operations = plan(&target.observe().await.unwrap(), &world);
    drive(&mut target, &operations).await;
    service.set_directory_objects(service.directory_objects_used() + 2);
    for number in 31..=40 {
        world.add(number);
    }
    world.persons.get_mut(&1).unwrap().label = "Nouveau".into();
    let observed = target.observe().await.unwrap();
    let objects =
        |limit: &&rentree::model::observed::Limit| limit.what == LimitKind::DirectoryObjects;
    let limit = observed.limits.iter().find(objects).unwrap();
    assert_eq!(limit.total - limit.used, 2);
    let tally = drive(&mut target, &plan(&observed, &world)).await;
    assert_eq!(tally.failed.iter().filter(|(_, text)| text.contains("403")).count(), 8);
    let tenant = service.tenant();
    let changed = tenant.user_of_key(&opaque().of(PersonId(1))).unwrap();
    assert_eq!(changed.text("displayName"), "Nouveau");
    // Eight are asked for at most as often as batches were on their way when the first was refused.
    service.set_directory_objects(100_000);
    let mut next = super::bench::target(&service, kept(&target)).await;
    reach(&mut next, &world).await;
    world.check(&service);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_in_the_middle_is_not_noticed() {
    let service = service(5, Faults::none());
    service.strike("PATCH", "/groups", Strike::TokenRevoked, Some(2));
    service.strike("POST", "/users", Strike::TokenRevoked, Some(2));
    let world = World::first(60);
    let mut target = target(&service, Memory::default()).await;
    let operations = plan(&target.observe().await.unwrap(), &world);
    let tally = drive(&mut target, &operations).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    assert!(service.tokens_given() >= 3);
    world.check(&service);
}

#[tokio::test(start_paused = true)]
async fn administrators_and_synced_accounts_are_out_of_bounds() {
    // SEC-45: even if they carry our mark.
    let service = service(6, Faults::none());
    let key = |number| opaque().of(PersonId(number));
    for (number, special) in [(1, Seeded::Administrator), (2, Seeded::Synced)] {
        let user = json!({
            "userPrincipalName": format!("p{number}@{DOMAIN}"), "displayName": "x",
            "mailNickname": format!("p{number}"), "employeeId": key(number),
            "onPremisesExtensionAttributes": { "extensionAttribute1": key(number) },
        });
        service.seed_user(user, special);
    }
    let before = service.tenant();
    let mut target = target(&service, Memory::default()).await;
    let observed = target.observe().await.unwrap();
    for number in [1, 2] {
        let entry = &observed.entries[&ObjectKey::Account(PersonId(number))];
        let action = Action::Modify {
            dn: entry.dn.clone(),
            before: attributes(&[("displayName", "x")]),
            after: attributes(&[("displayName", "y")]),
        };
        let done = target.write(&operation(&entry.key, OperationKind::Update, action), None).await;
        assert!(matches!(done, Err(WriteError::Refused { .. })), "{number}: {done:?}");
    }
    assert_eq!(service.tenant(), before);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_was_deleted_and_is_wanted_again_comes_back() {
    let service = service(7, Faults::none());
    let mut world = World::first(20);
    let mut target = target(&service, Memory::default()).await;
    reach(&mut target, &world).await;
    let class = world.groups.pop_first().unwrap();
    reach(&mut target, &world).await;
    world.check(&service);
    world.groups.insert(class.0, class.1);
    let tally = reach(&mut target, &world).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    world.check(&service);
}

#[tokio::test(start_paused = true)]
async fn a_team_waits_until_its_group_is_old_enough() {
    let service = service(8, Faults::none());
    let mut world = World::default();
    for number in 1..=3 {
        world.add(number);
    }
    let mut target = target(&service, Memory::default()).await;
    reach(&mut target, &world).await;
    let owner = dn::rdn("userPrincipalName", &format!("p1.nom@{DOMAIN}"));
    let key: ObjectKey = format!("rentree:division+2026:{UAI}:2A").parse().unwrap();
    let name = "hdf-2026-0590001F-div-2A-m365";
    let mut named =
        attributes(&[("uniqueName", name), ("displayName", "2A"), ("mailNickname", name)]);
    named.insert("groupTypes", ["Unified"]);
    let group = Entry {
        key: key.clone(),
        uai: Some(UAI.parse().unwrap()),
        dn: dn::rdn("uniqueName", name),
        attributes: named,
        links: Links::from([
            ("members".into(), [owner.clone()].into()),
            ("owners".into(), [owner].into()),
        ]),
        enabled: true,
    };
    let team = Entry {
        key: format!("rentree:team-division+2026:{UAI}:2A").parse().unwrap(),
        dn: dn::rdn("team", name),
        attributes: attributes(&[("template", "educationClass")]),
        links: Links::new(),
        ..group.clone()
    };
    for entry in [&group, &team] {
        let action = Action::Create { entry: entry.clone() };
        let create = operation(&entry.key, OperationKind::Create, action);
        assert_eq!(target.write(&create, None).await, Ok(Done::Written), "{}", entry.key);
    }
    tokio::time::sleep(Duration::from_secs(400)).await;
    let observed = super::bench::target(&service, Memory::default()).await.observe().await.unwrap();
    assert_eq!(observed.entries.get(&group.key), Some(&group));
    assert_eq!(observed.entries.get(&team.key), Some(&team));
    let create =
        operation(&team.key, OperationKind::Create, Action::Create { entry: team.clone() });
    let done = super::bench::target(&service, Memory::default()).await.write(&create, None).await;
    assert_eq!(done, Ok(Done::Already));
    assert_eq!(service.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_doctor_says_what_is_lacking() {
    // SEC-08.
    let all = |found: &[rentree::target::examined::Examined]| -> Vec<(&str, Verdict)> {
        found.iter().map(|one| (one.id, one.verdict)).collect()
    };
    let service = service(9, Faults::none());
    let mut sound = target(&service, Memory::default()).await;
    let found = sound.doctor().await;
    let bad: Vec<_> = found.iter().filter(|one| one.verdict == Verdict::Bad).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let before = service.tenant();
    service.set_seats(PUPIL_SKU, 0);
    service.set_directory_objects(service.directory_objects_used());
    let mut sick = super::bench::target_with(&service, Memory::default(), |settings| {
        settings.domains.insert("ailleurs.test".into());
    })
    .await;
    let found = sick.doctor().await;
    for id in ["domains", "room-objects", "room-licences"] {
        assert!(all(&found).contains(&(id, Verdict::Bad)), "{id}: {found:#?}");
    }
    assert!(all(&found).contains(&("token", Verdict::Weak)));
    assert_eq!(service.tenant(), before);
    let limits = sick.observe().await.unwrap().limits;
    assert!(limits.iter().any(|one| one.what == LimitKind::Seats(Licence::Pupils)));
    let poor = super::bench::service_with(10, |options| {
        options.apps[0].permissions.remove("User.ReadWrite.All");
    });
    let found = target(&poor, Memory::default()).await.doctor().await;
    assert!(all(&found).contains(&("write-users", Verdict::Bad)), "{found:#?}");
}

/// A licence is given to the group, once, and its members have it.
#[tokio::test(start_paused = true)]
async fn a_licence_hangs_on_its_group() {
    let service = service(11, Faults::none());
    let world = World::first(5);
    let mut target = target(&service, Memory::default()).await;
    reach(&mut target, &world).await;
    assert_eq!(service.requests().get("POST /groups/{id}/assignLicense").copied(), Some(1));
    let mut fresh = super::bench::target(&service, Memory::default()).await;
    let observed = fresh.observe().await.unwrap();
    let key: ObjectKey = PUPILS.parse().unwrap();
    assert_eq!(observed.entries[&key].attributes.values_of("assignedLicenses"), [PUPIL_SKU]);
    assert!(plan(&observed, &world).is_empty());
}

/// A licence that is given to a group that stands is remembered as well: a look may lag.
#[tokio::test(start_paused = true)]
async fn a_licence_given_later_is_not_given_again() {
    let service = service(12, Faults { lag_seconds: 30.0, ..Faults::none() });
    let mut target = target(&service, Memory::default()).await;
    let mut world = World::first(3);
    let name = "hdf-licence-pupils";
    let group = json!({
        "uniqueName": name, "displayName": PUPILS, "mailNickname": name, "mailEnabled": false,
        "securityEnabled": true, "groupTypes": [],
    });
    service.seed_group(group, &[]);
    world.groups.retain(|mark, _| mark == PUPILS);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let tally = reach(&mut target, &world).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    let left = plan(&target.observe().await.unwrap(), &world);
    assert!(left.is_empty(), "{left:#?}");
    assert_eq!(service.requests().get("POST /groups/{id}/assignLicense").copied(), Some(1));
}

/// Many who leave one group go in a batch that is done one after the other; what breaks it off
/// does not hold the others back.
#[tokio::test(start_paused = true)]
async fn many_leave_a_group_in_one_series() {
    let service = service(13, Faults::none());
    let mut world = World::first(60);
    let mut target = target(&service, Memory::default()).await;
    reach(&mut target, &world).await;
    let batches = |service: &rentree::lab::graph::Service| {
        service.requests().get("POST /$batch").copied().unwrap_or_default()
    };
    // Somebody has taken one of them out already; another write is refused once.
    let tenant = service.tenant();
    let group = tenant.group("hdf-licence-pupils").unwrap();
    let gone = tenant.user_of_key(&opaque().of(PersonId(7))).unwrap();
    let operations = {
        world.groups.get_mut(PUPILS).unwrap().retain(|number| *number > 40);
        plan(&target.observe().await.unwrap(), &world)
    };
    assert!(service.edit_member(&group.id, &gone.id, false));
    service.strike("DELETE", "/groups", Strike::Status(503), Some(1));
    let before = batches(&service);
    let tally = drive(&mut target, &operations).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    let used = batches(&service) - before;
    assert!(used < 20, "{used} batches for 40 who leave");
    world.check(&service);
}
