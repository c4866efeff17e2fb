//! Several applications of one tenant, where somebody has asked for them.

use rentree::lab::graph::{App, Faults};
use rentree::target::graph::Memory;
use rentree::target::graph::settings::{App as Registration, Credential};
use rentree::target::{Observe as _, Write as _};
use secrecy::SecretString;

use super::bench::{kept, service_with, target_with};
use super::speed::{FULL, measure};
use super::world::{World, class, plan};

pub(super) const EXTRA: [&str; 2] =
    ["22222222-2222-4333-8444-555555555555", "33333333-2222-4333-8444-555555555555"];
pub(super) const SECRET: &str = "secret-of-another-application";

pub(super) fn registration(client_id: &str) -> Registration {
    Registration {
        client_id: client_id.to_owned(),
        credential: Credential::Secret { secret: SecretString::from(SECRET), ends_at: None },
    }
}

/// Of all applications, in 300 s (graph limits, as published).
const TENANT_WRITES: u64 = 18_000;
/// Groups of twenty, which count as seven writes each: more than the tenant allows in 300 s, and
/// five applications would ask for them in less.
const GROUPS: u64 = 2_900;

/// SEC-47: the writes are spread, no application asks for more than its own quota, all of them for
/// no more than the tenant's, and nobody is told to wait.
#[tokio::test(start_paused = true)]
async fn writes_are_spread_over_the_applications_each_within_its_quota() {
    let service = service_with(51, |options| {
        options.faults = Faults { latency_ms: (150, 600), series_ms: (20, 100), ..Faults::none() };
        options.apps.extend(EXTRA.map(|client_id| App::with_secret(client_id, SECRET)));
    });
    let mut target = target_with(&service, Memory::default(), |settings| {
        settings.extra_apps = EXTRA.map(registration).into();
    })
    .await;
    assert_eq!(service.tokens_given(), 3);
    let world = World::first(4_000);
    let measured = measure(&service, &mut target, &world, 0.8).await;
    println!("{measured}");
    assert!(measured.failed.is_empty() && measured.throttled == 0, "{measured}");
    // Of each application: the lab counts them apart, and the whole for the tenant as well.
    assert!(measured.in_window_max <= 3000, "{measured}");
    let rate = measured.writes as f64 / measured.seconds;
    assert!(rate > 2.0 * FULL * 0.8, "{rate:.1} a second: {measured}");
    assert!(rate <= 3.0 * FULL * 0.8, "{rate:.1} a second: {measured}");
    world.check(&service);
    // The speed of each is kept.
    let text = target.kept().unwrap();
    let paces = serde_json::from_str::<serde_json::Value>(&text).unwrap()["paces"].clone();
    assert_eq!(paces["apps"].as_array().map(Vec::len), Some(3));
    assert!(paces["tenant"]["speed"].is_number(), "{paces}");
    let memory = kept(&target);
    drop(target);
    let mut alone = target_with(&service, memory, |_| {}).await;
    let left = plan(&alone.observe().await.unwrap(), &world);
    assert!(left.is_empty(), "{} left", left.len());
}

/// SEC-47: five of them could ask for more than the tenant allows all of its applications: they
/// share what it allows.
#[tokio::test(start_paused = true)]
async fn five_applications_stay_within_the_quota_of_the_tenant() {
    let more = ["44444444-2222-4333-8444-555555555555", "55555555-2222-4333-8444-555555555555"];
    let extra = [&EXTRA[..], &more[..]].concat();
    let service = service_with(52, |options| {
        options.faults = Faults { latency_ms: (150, 600), ..Faults::none() };
        options.apps.extend(extra.iter().map(|client_id| App::with_secret(client_id, SECRET)));
    });
    let mut target = target_with(&service, Memory::default(), |settings| {
        settings.extra_apps = extra.iter().map(|client_id| registration(client_id)).collect();
    })
    .await;
    let mut world = World::first(600);
    world.groups.clear();
    for (group, member) in (0..GROUPS).flat_map(|group| (0..20).map(move |one| (group, one))) {
        world.enter((7 * group + member) % 600 + 1, class(2026, group));
    }
    let measured = measure(&service, &mut target, &world, 0.8).await;
    println!("{measured}");
    assert!(measured.failed.is_empty() && measured.throttled == 0, "{measured}");
    assert!(measured.writes > TENANT_WRITES && measured.in_window_max <= 3000, "{measured}");
    let most = service.tenant_writes_in_window_max();
    let ours = (TENANT_WRITES as f64 * 0.8) as u64;
    assert!(most <= ours + ours / 50, "{most} in 300 s");
    let used = measured.writes as f64 / measured.seconds / (TENANT_WRITES as f64 / 300.0 * 0.8);
    assert!(used > 0.98, "{used:.3} of the share: {measured}");
    world.check(&service);
}
