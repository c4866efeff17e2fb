//! What many links in one request cost is a setting: the pace counts as it says, on a service that
//! counts so, and on one that counts otherwise.

use rentree::lab::graph::{Faults, LinkCost as Counted, Service};
use rentree::target::Observe as _;
use rentree::target::graph::Memory;
use rentree::target::graph::settings::LinkCost;

use super::bench::{kept, service_with, target, target_with};
use super::speed::{FULL, Measured, measure};
use super::world::{World, class, plan};

const SHARE: f64 = 0.8;

/// Everybody is in four classes: far more links than accounts.
fn crowd() -> World {
    let mut world = World::first(900);
    for number in 1..=900 {
        for more in 1..=7 {
            world.enter(number, class(2026, 100 * more + (number * more) % 901 / 40));
        }
    }
    world
}

/// A first run of a client that counts one way, on a service that counts another.
async fn run(
    client: LinkCost,
    counted: Counted,
) -> (Measured, std::sync::Arc<Service>, World, Memory) {
    let service = service_with(21, |options| {
        options.faults = Faults { latency_ms: (150, 600), series_ms: (20, 100), ..Faults::none() };
        options.limits.link_cost = counted;
    });
    let world = crowd();
    let mut client = target_with(&service, Memory::default(), |settings| {
        settings.share = SHARE;
        settings.link_cost = client;
    })
    .await;
    let measured = measure(&service, &mut client, &world, SHARE).await;
    println!("{measured}");
    (measured, service, world, kept(&client))
}

/// SEC-47: no 429 where both count alike, and none of the share wasted by counting too much.
#[tokio::test(start_paused = true)]
async fn the_pace_counts_what_the_service_counts() {
    for (client, counted) in
        [(LinkCost::PerRequest, Counted::PerRequest), (LinkCost::Thirds, Counted::Thirds)]
    {
        let (measured, service, world, _) = run(client, counted).await;
        assert_eq!(measured.throttled, 0, "{client:?}: {measured}");
        assert!(measured.in_window_max <= 3000, "{client:?}: {measured}");
        let due = match client {
            LinkCost::PerRequest => measured.table,
            LinkCost::Thirds => measured.thirds,
        };
        let over = measured.seconds / (due as f64 / (FULL * SHARE));
        assert!(
            (0.99..1.10).contains(&over),
            "{client:?}: {over:.3} of what it counts: {measured}"
        );
        world.check(&service);
    }
}

/// A client that counts too little is told so by the service, slows down, and ends well all the
/// same: the tenant is as wanted, and nothing is left.
#[tokio::test(start_paused = true)]
async fn a_client_that_counts_too_little_is_refused_and_recovers() {
    let (measured, service, world, memory) = run(LinkCost::PerRequest, Counted::Thirds).await;
    assert!(measured.throttled > 0 && measured.held > 0.0, "{measured}");
    assert!(measured.failed.is_empty(), "{:?}", measured.failed);
    world.check(&service);
    let left = plan(&target(&service, memory).await.observe().await.unwrap(), &world);
    assert!(left.is_empty(), "{left:#?}");
}

/// One that counts too much loses time, and nothing else.
#[tokio::test(start_paused = true)]
async fn a_client_that_counts_too_much_is_never_refused() {
    let (measured, service, world, _) = run(LinkCost::Thirds, Counted::PerRequest).await;
    assert_eq!(measured.throttled, 0, "{measured}");
    assert!(measured.used() < 0.8, "{measured}");
    world.check(&service);
}
