//! How much of the quota is used, and that no window ever holds too much.

use rentree::lab::graph::Faults;

use super::speed::{BAD_MAX, campaign};

async fn uses_its_share(persons: u64, share: f64) {
    let (both, service, world) = campaign(persons, Faults::none(), share).await;
    for (what, measured) in ["first run", "rentrée"].into_iter().zip(&both) {
        println!("{what} of {persons}: {measured}");
        assert!(measured.is_fast(), "{what}: {measured}");
    }
    world.check(&service);
    assert_eq!(service.violations(), Vec::<String>::new());
}

/// SEC-47: the quota is the limit, and hardly any of it is wasted, though everybody is in one
/// licence group.
#[tokio::test(start_paused = true)]
async fn a_first_run_and_a_rentree_use_their_share_and_are_never_told_to_stop() {
    uses_its_share(3_000, 0.8).await;
}

#[tokio::test(start_paused = true)]
async fn with_the_whole_quota_too() {
    uses_its_share(4_000, 1.0).await;
}

/// A refusal costs its freeze and the slower speed after it, and nothing else much.
#[tokio::test(start_paused = true)]
async fn a_bad_day_costs_what_the_service_makes_us_wait() {
    let (both, _, _) = campaign(3_000, Faults::bad_day(), 0.8).await;
    for measured in &both {
        println!("bad day: {measured}");
        assert!(measured.throttled > 0 && measured.held > 0.0 && measured.in_window_max <= 3000);
    }
    // Of so few, what one unlucky operation waits at the end of a stage is a part of the whole.
    let (seconds, due) = both.iter().fold((0.0, 0.0), |(seconds, due), one| {
        (seconds + one.seconds, due + one.seconds / one.over_floor())
    });
    assert!(seconds <= due * BAD_MAX, "{seconds:.0} s, {due:.0} s due");
}
