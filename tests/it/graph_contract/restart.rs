//! A process dies and another one goes on: at the speed that the service had left to it, which
//! grows back with time.

use std::sync::Arc;
use std::time::Duration;

use rentree::lab::graph::{Faults, Service, Strike};
use rentree::target::graph::{GraphTarget, Memory};
use rentree::target::{Observe as _, Write as _};
use tokio::time::timeout;

use super::bench::{drive, service_with, target, target_with};
use super::world::{World, class, plan};

/// Of a world without classes: accounts only, each of them one write.
fn accounts(count: u64) -> World {
    let mut world = World::first(count);
    world.groups.clear();
    world
}

/// Writes for so long, then dies with all that is on its way. What was kept of its speed.
async fn dies_after(mut target: GraphTarget, world: &World, life: Duration) -> String {
    let operations = plan(&target.observe().await.unwrap(), world);
    let _ = timeout(life, drive(&mut target, &operations)).await;
    target.speed().unwrap().kept().unwrap()
}

fn speeds(kept: &str) -> [f64; 3] {
    let kept: serde_json::Value = serde_json::from_str(kept).unwrap();
    ["writes", "units", "teams"].map(|lane| kept["apps"][0][lane]["speed"].as_f64().unwrap())
}

/// SEC-47: nobody knows what the process before has just used.
#[tokio::test(start_paused = true)]
async fn processes_that_die_again_and_again_do_not_exceed_the_share_together() {
    const SHARE: u64 = 150;
    let service = service_with(21, |options| {
        options.limits.writes = SHARE;
        options.limits.percentage = false;
    });
    let world = accounts(180);
    let mut deaths = 0;
    while service.tenant().users.len() < 170 {
        let one = target_with(&service, Memory::default(), |settings| {
            settings.share = SHARE as f64 / 3_000.0;
        });
        dies_after(one.await, &world, Duration::from_millis(2_500)).await;
        deaths += 1;
        assert!(deaths < 200, "nobody gets on");
    }
    let most = service.writes_in_window_max();
    println!("{deaths} deaths, {most} writes in a window");
    assert!(deaths > 60 && service.throttled() == 0, "{deaths}");
    assert!((SHARE / 2..=SHARE).contains(&most), "{most}");
}

/// Accounts that a process makes in ten seconds.
async fn made_in_ten_seconds(service: &Arc<Service>, world: &World, kept: Option<&str>) -> u64 {
    let memory = kept.map_or_else(Memory::default, |kept| Memory::default().with_speed(kept));
    let before = service.writes();
    dies_after(target(service, memory).await, world, Duration::from_secs(10)).await;
    service.writes() - before
}

/// SEC-47: half the speed after a refusal, in the next process too; a day later, all of it.
#[tokio::test(start_paused = true)]
async fn what_the_service_said_of_our_writes_outlives_the_process() {
    let service = service_with(22, |_| {});
    let world = accounts(600);
    service.strike("POST", "/users", Strike::Status(429), Some(1));
    let first = target(&service, Memory::default()).await;
    let kept = dies_after(first, &world, Duration::from_secs(10)).await;
    let [writes, units, teams] = speeds(&kept);
    assert!((0.5..0.52).contains(&writes), "{kept}");
    assert_eq!([units, teams], [1.0, 1.0]);
    // 16 a second are the share.
    let next = made_in_ten_seconds(&service, &world, Some(&kept)).await;
    assert!((70..=90).contains(&next), "{next}");
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    let later = made_in_ten_seconds(&service, &world, Some(&kept)).await;
    assert!((152..=161).contains(&later), "{later}");
}

/// SEC-47: what is refused of readings and of teams is remembered as well, and told to whoever
/// keeps it.
#[tokio::test(start_paused = true)]
async fn what_the_service_said_of_readings_and_teams_outlives_the_process() {
    let service = service_with(23, |options| options.faults = Faults::none());
    let mut world = World::default();
    for number in 1..=3 {
        world.add(number);
        world.enter(number, class(2026, 0));
    }
    world.team(&class(2026, 0), 1);
    service.strike("GET", "/users", Strike::Status(429), Some(1));
    service.strike("POST", "/teams", Strike::Status(429), Some(2));
    let mut first =
        target_with(&service, Memory::default(), |settings| settings.teams = true).await;
    let speed = first.speed().unwrap();
    let observed = first.observe().await.unwrap();
    assert!(timeout(Duration::from_secs(1), speed.changed()).await.is_ok(), "nobody is told");
    let [writes, units, _] = speeds(&speed.kept().unwrap());
    assert!((0.5..0.52).contains(&units), "{units}");
    assert!(writes > 0.99, "{writes}");
    let quick = speed.kept().unwrap();
    drive(&mut first, &plan(&observed, &world)).await;
    world.check(&service);
    assert!(timeout(Duration::from_secs(1), speed.changed()).await.is_ok(), "nobody is told");
    let kept = speed.kept().unwrap();
    assert!(speeds(&kept)[2] < 0.6, "{kept}");
    drop(first);
    let next = async |kept: &str| {
        let next = target(&service, Memory::default().with_speed(kept)).await;
        speeds(&next.speed().unwrap().kept().unwrap())
    };
    // A quarter of an hour went by since the reading, none since the team.
    assert!(next(&quick).await[1] > 0.99);
    assert!(next(&kept).await[2] < 0.6);
    tokio::time::sleep(Duration::from_secs(86_400)).await;
    assert_eq!(next(&kept).await, [1.0; 3]);
}
