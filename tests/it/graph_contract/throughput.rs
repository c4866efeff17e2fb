//! How much of the quota is used, and that no window ever holds too much.

use std::time::Duration;

use rentree::lab::graph::{Faults, Limits};
use rentree::target::Observe as _;
use rentree::target::graph::Memory;
use tokio::time::Instant;

use super::bench::{drive, service_with, target_with};
use super::world::{World, plan};

/// Writes a second that the service lets through at most.
const FULL: f64 = 3000.0 / 150.0;

async fn first_run(persons: u64, share: f64) {
    let service = service_with(7, |options| {
        options.faults = Faults { latency_ms: (150, 600), ..Faults::none() };
        options.limits = Limits::published();
    });
    let mut target =
        target_with(&service, Memory::default(), |settings| settings.share = share).await;
    let world = World::classes(persons);
    let operations = plan(&target.observe().await.unwrap(), &world);
    let begin = Instant::now();
    let tally = drive(&mut target, &operations).await;
    let seconds = begin.elapsed().as_secs_f64();
    assert!(tally.failed.is_empty(), "{:?}", &tally.failed[..tally.failed.len().min(5)]);
    assert_eq!(service.throttled(), 0);
    let most = service.writes_in_window_max();
    assert!(most as f64 <= 3000.0, "{most} writes in a window");
    let used = service.writes() as f64 / seconds / FULL;
    println!(
        "{persons} persons, share {share}: {} writes in {seconds:.0} s, {:.1} % of the share",
        service.writes(),
        used / share * 100.0,
    );
    assert!(used >= share * 0.98, "{:.4} of the share", used / share);
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.check(&service);
    assert_eq!(service.violations(), Vec::<String>::new());
}

/// SEC-47: the quota is the limit, and hardly any of it is wasted.
#[tokio::test(start_paused = true)]
async fn a_first_run_uses_its_share_and_is_never_told_to_stop() {
    first_run(3_000, 0.8).await;
}

#[tokio::test(start_paused = true)]
async fn with_the_whole_quota_too() {
    first_run(4_000, 1.0).await;
}
