//! A stop signal while a thousand operations wait for their quota.

use std::time::Duration;

use futures_util::future::join;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use rentree::lab::graph::Faults;
use rentree::model::entry::ObjectKind;
use rentree::plan::operation::Operation;
use rentree::target::graph::Memory;
use rentree::target::{Done, Observe as _, Write as _, WriteError};
use tokio::time::{Instant, sleep};

use super::bench::{drive, kept, service, target, write};
use super::world::{World, plan};

/// What was sent of writes of accounts may still be on its way: batches open at once.
const ON_THEIR_WAY: u64 = 4 * 20;

/// SEC-44: nothing new is sent after the signal; what was not sent comes back as not done, at
/// once, and what was sent comes back with its answer. Nothing is left in the dark.
async fn stops(faults: Faults, frozen: bool) {
    let service = service(41, Faults::none());
    let mut world = World::first(400);
    world.groups.clear();
    let mut first = target(&service, Memory::default()).await;
    let operations = plan(&first.observe().await.unwrap(), &world);
    let accounts: Vec<&Operation> =
        operations.iter().filter(|one| one.key.kind() == ObjectKind::Account).collect();
    assert_eq!(accounts.len(), 400);
    service.set_faults(faults);
    let posts = || service.requests().get("POST /users").copied().unwrap_or_default();
    let answers = async {
        let all: FuturesUnordered<_> = accounts.iter().map(|one| write(&first, one)).collect();
        let all: Vec<Result<Done, WriteError>> = all.map(|(_, answer)| answer).collect().await;
        (all, Instant::now())
    };
    let signal = async {
        sleep(Duration::from_secs(5)).await;
        let before = posts();
        first.stop();
        (before, Instant::now())
    };
    let ((answers, ended), (before, stopped)) = join(answers, signal).await;
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    let back = answers.iter().filter(|one| matches!(one, Err(WriteError::Lost(_)))).count();
    assert_eq!(done + back, 400, "{back} given back");
    assert!(back > 250 && (frozen || done > 20), "{done} done, {back} given back");
    assert!(posts() - before <= ON_THEIR_WAY, "{} sent after the signal", posts() - before);
    assert!(ended - stopped < Duration::from_secs(10), "{:?}", ended - stopped);
    assert_eq!(service.tenant().users.len(), done, "what came back as not done is done");
    // Of what waits for its turn later, nothing is sent either.
    let (_, late) = write(&first, accounts[0]).await;
    assert!(matches!(late, Ok(Done::Already) | Err(WriteError::Lost(_))), "{late:?}");
    assert_eq!(service.tenant().users.len(), done);
    // The next run does the rest.
    service.set_faults(Faults::none());
    let memory = kept(&first);
    drop(first);
    let mut next = target(&service, memory).await;
    let rest = plan(&next.observe().await.unwrap(), &world);
    assert_eq!(rest.len(), back);
    let tally = drive(&mut next, &rest).await;
    assert!(tally.failed.is_empty(), "{tally:?}");
    world.check(&service);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_quota_is_given_back() {
    stops(Faults { latency_ms: (150, 600), ..Faults::none() }, false).await;
}

/// The service refuses everything for the moment, again and again: nobody waits for that.
#[tokio::test(start_paused = true)]
async fn what_the_service_holds_back_is_given_back() {
    stops(Faults { throttled: 1.0, latency_ms: (150, 600), ..Faults::none() }, true).await;
}
