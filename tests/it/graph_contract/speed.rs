//! A first run and a rentrée on the service's clock, and the time that they could have taken.

use std::sync::Arc;
use std::time::Duration;

use rentree::lab::graph::{Faults, Limits, Service};
use rentree::plan::operation::{Action, Operation};
use rentree::target::Observe as _;
use rentree::target::graph::{GraphTarget, Memory};
use tokio::time::Instant;

use super::bench::{drive, service_with, target_with};
use super::world::{World, plan};

/// Writes a second that the service lets through: 3,000 in 150 s (graph limits, as published).
pub(super) const FULL: f64 = 3000.0 / 150.0;
/// Of the share, at least.
const USED_MIN: f64 = 0.98;
/// With faults: of the floor and the freezes, at most.
pub(super) const BAD_MAX: f64 = 1.1;

/// What a drive took.
#[derive(Debug)]
pub(super) struct Measured {
    pub(super) share: f64,
    pub(super) operations: usize,
    /// Writes of the operations, each done once, as the quota counts them: links in thirds, or
    /// one for each request.
    pub(super) thirds: u64,
    pub(super) table: u64,
    /// Writes that the service let through.
    pub(super) writes: u64,
    pub(super) seconds: f64,
    /// Lost as the service told us to wait.
    pub(super) held: f64,
    /// Since the tenant stands.
    pub(super) throttled: u64,
    pub(super) in_window_max: u64,
    pub(super) failed: Vec<(u64, String)>,
}

impl Measured {
    /// Part of the share that was used.
    pub(super) fn used(&self) -> f64 {
        self.writes as f64 / (FULL * self.share) / self.seconds
    }

    /// Against the time that the writes need at this share, and what the service made us wait.
    pub(super) fn over_floor(&self) -> f64 {
        self.seconds / (self.thirds as f64 / (FULL * self.share) + self.held)
    }

    pub(super) fn is_fast(&self) -> bool {
        let is_quiet = self.throttled == 0 && self.failed.is_empty();
        is_quiet && self.used() >= USED_MIN && self.in_window_max <= 3000
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The whole quota, a full bucket, no answer takes time: what no client can be faster than.
        let floor = |writes: u64| writes.saturating_sub(3000) as f64 / FULL;
        write!(
            f,
            "{} operations, {} writes in {:.0} s: {:.1} % of the share of {:.0} %, {:.3} of its \
             floor with {:.0} s of waiting; {} told to wait, {} failed, at most {} in 150 s; floor \
             of the service {:.0} s (table), {:.0} s (thirds)",
            self.operations,
            self.writes,
            self.seconds,
            self.used() * 100.0,
            self.share * 100.0,
            self.over_floor(),
            self.held,
            self.throttled,
            self.failed.len(),
            self.in_window_max,
            floor(self.table),
            floor(self.thirds),
        )
    }
}

/// A first run, and the rentrée after it.
pub(super) async fn campaign(
    persons: u64,
    faults: Faults,
    share: f64,
) -> ([Measured; 2], Arc<Service>, World) {
    let service = service_with(7, |options| {
        options.faults = Faults { latency_ms: (150, 600), series_ms: (20, 100), ..faults };
        options.limits = Limits::published();
    });
    let mut target =
        target_with(&service, Memory::default(), |settings| settings.share = share).await;
    let first = World::first(persons);
    let second = first.rentree();
    let one = measure(&service, &mut target, &first, share).await;
    // Whatever lags has settled by then.
    tokio::time::sleep(Duration::from_secs(600)).await;
    let two = measure(&service, &mut target, &second, share).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    ([one, two], service, second)
}

pub(super) async fn measure(
    service: &Service,
    target: &mut GraphTarget,
    world: &World,
    share: f64,
) -> Measured {
    let mut observed = target.observe().await;
    while observed.is_err() {
        observed = target.observe().await;
    }
    let operations = plan(&observed.unwrap(), world);
    let (begin, before, held) = (Instant::now(), service.writes(), target.held_back());
    let tally = drive(target, &operations).await;
    let sum = |by_third: bool| operations.iter().map(|one| writes(one, by_third)).sum();
    Measured {
        share,
        operations: operations.len(),
        thirds: sum(true),
        table: sum(false),
        writes: service.writes() - before,
        seconds: begin.elapsed().as_secs_f64(),
        held: (target.held_back() - held).as_secs_f64(),
        throttled: service.throttled(),
        in_window_max: service.writes_in_window_max(),
        failed: tally.failed,
    }
}

/// Writes that an operation needs at least.
fn writes(operation: &Operation, by_third: bool) -> u64 {
    let together = |links: usize| if by_third { links.div_ceil(3).max(1) } else { 1 };
    let count = match &operation.action {
        Action::Create { entry } => together(entry.links.values().map(|all| all.len()).sum()),
        Action::AddLinks { values, .. } => together(values.len()),
        Action::RemoveLinks { values, .. } => values.len(),
        Action::Modify { .. } | Action::Rename { .. } | Action::Delete { .. } => 1,
    };
    count as u64
}
