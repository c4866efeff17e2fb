//! A drive of hours whose process dies, and one whose time is used up.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::{Instant, sleep, timeout};

use super::scene::{RUN, account};
use crate::apply::{ApplyError, Context, Settings, Take, Tally, drive};
use crate::credential::{InitialPassword, Recipient, new_key_pair};
use crate::plan::operation::Operation;
use crate::store::tests::{noon, open, person, plan};
use crate::store::{Store, journal, memory, plans};
use crate::target::{Done, Observe, Observed, Speed, TargetError, Write, WriteError};

/// A service that takes a second for a write, holds everything back from its `held`th on, and tells
/// so at once.
struct Slow {
    held: u32,
    written: Cell<u32>,
    slowed: Arc<Slowed>,
    /// What it holds back it has not begun, and gives back when it is told to stop.
    gives_back: bool,
    off: tokio::sync::Notify,
}

#[derive(Default)]
struct Slowed(tokio::sync::Notify);

impl Speed for Slowed {
    fn changed(&self) -> BoxFuture<'_, ()> {
        self.0.notified().boxed()
    }
    fn kept(&self) -> Option<String> {
        Some("frozen".to_owned())
    }
    fn frozen_for(&self) -> Duration {
        Duration::ZERO
    }
}

impl Observe for Slow {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        Ok(Observed::default())
    }
}

impl Write for Slow {
    async fn write(&self, _: &Operation, _: Option<&InitialPassword>) -> Result<Done, WriteError> {
        sleep(Duration::from_secs(1)).await;
        self.written.set(self.written.get() + 1);
        if self.written.get() >= self.held {
            self.slowed.0.notify_one();
            let held = sleep(Duration::from_secs(3600));
            tokio::select! {
                () = held => {}
                () = self.off.notified(), if self.gives_back => {
                    return Err(WriteError::Lost("stopped before it was sent".into()));
                }
            }
        }
        Ok(Done::Written)
    }
    fn stop(&self) {
        self.off.notify_one();
    }
    async fn reconnect(&mut self) -> Result<(), TargetError> {
        Ok(())
    }
    fn kept(&self) -> Option<String> {
        Some(format!("{} objects", self.written.get()))
    }
    fn speed(&self) -> Option<Arc<dyn Speed>> {
        Some(self.slowed.clone())
    }
}

/// 200 creations, one after the other; after so many seconds of the drive something happens.
fn driven(
    held: u32,
    after: impl AsyncFnOnce(&mut Slow, &mut Context<'_>, &Settings) -> Option<Tally>,
) -> (Option<Tally>, Store) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let operations: Vec<_> = (1..=200).map(|id| account(id, 0, id)).collect();
    let persons = (1..=200).map(|id| person(id, &format!("p.n{id}"))).collect();
    let plan = plan(1, persons, operations);
    plans::save(&mut store, "run", &plan).unwrap();
    journal::begin(&mut store, RUN, &plan, noon()).unwrap();
    let recipient = Recipient::parse(&new_key_pair().1).unwrap();
    let settings = Settings {
        window: 1,
        batch: 8,
        attempts_max: 3,
        retry_delay: Duration::ZERO,
        reconnects_max: 3,
        writes_per_second_max: None,
    };
    let mut next = 0u8;
    let mut entropy = |buffer: &mut [u8]| {
        for byte in buffer {
            next = next.wrapping_mul(5).wrapping_add(3);
            *byte = next;
        }
    };
    let mut context = Context {
        store: &mut store,
        run: RUN,
        take: Take::Open,
        recipient: Some(&recipient),
        entropy: &mut entropy,
        now: &noon,
        progress: &mut |_| (),
        stop: &|| false,
    };
    let mut target = Slow {
        held,
        written: Cell::new(0),
        slowed: Arc::default(),
        gives_back: false,
        off: tokio::sync::Notify::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let tally = runtime.block_on(after(&mut target, &mut context, &settings));
    (tally, store)
}

/// The process dies after so many seconds.
fn killed(held: u32, seconds: u64) -> Store {
    let (_, store) = driven(held, async |target, context, settings| {
        let end =
            timeout(Duration::from_secs(seconds), drive(target, "ldap", context, settings)).await;
        assert!(end.is_err(), "it was not over");
        None
    });
    store
}

#[test]
fn what_is_known_of_a_target_is_kept_every_minute() {
    // SEC-46: the numbers of what was made are not all lost with the process.
    let kept = |seconds| memory::load(&killed(u32::MAX, seconds), "ldap").unwrap();
    assert_eq!(kept(59), None);
    assert_eq!(kept(80).as_deref(), Some("64 objects"));
    assert_eq!(kept(150).as_deref(), Some("128 objects"));
}

#[test]
fn a_freeze_is_kept_while_it_lasts() {
    // SEC-47: a process that dies in the middle of a freeze does not burst when it comes again.
    let store = killed(3, 10);
    assert_eq!(memory::load_speed(&store, "ldap").unwrap().as_deref(), Some("frozen"));
    let store = killed(u32::MAX, 10);
    assert_eq!(memory::load_speed(&store, "ldap").unwrap(), None);
}

/// Its time is over after so many seconds: what it did, and how long it took.
fn stopped(held: u32, seconds: u64, gives_back: bool) -> (Tally, Duration, Store) {
    let took = Cell::new(Duration::ZERO);
    let (tally, store) = driven(held, async |target, context, settings| {
        target.gives_back = gives_back;
        let begun = Instant::now();
        let is_over = || begun.elapsed() >= Duration::from_secs(seconds);
        let context = &mut Context {
            store: &mut *context.store,
            run: context.run,
            take: context.take,
            recipient: context.recipient,
            entropy: &mut *context.entropy,
            now: context.now,
            progress: &mut *context.progress,
            stop: &is_over,
        };
        let end: Result<Tally, ApplyError> = drive(target, "ldap", context, settings).await;
        took.set(begun.elapsed());
        Some(end.unwrap())
    });
    (tally.unwrap(), took.get(), store)
}

#[test]
fn when_its_time_is_over_the_rest_stays_planned() {
    // SEC-47.
    let (tally, took, store) = stopped(u32::MAX, 20, false);
    assert!(tally.stopped && (20..=21).contains(&tally.done), "{tally:?}");
    assert!(took < Duration::from_secs(22), "{took:?}");
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Open).unwrap(), 200 - tally.done);
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Announced).unwrap(), 0);
}

#[test]
fn what_a_service_holds_back_is_not_waited_for() {
    // SEC-47: it may have been done, and the next drive looks.
    let (tally, took, store) = stopped(10, 20, false);
    assert!(tally.stopped && tally.unknown == 1 && tally.done == 9, "{tally:?}");
    assert!(took < Duration::from_secs(60), "{took:?}");
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Announced).unwrap(), 1);
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Open).unwrap(), 191);
}

#[test]
fn what_its_client_has_not_sent_stays_planned_and_is_not_unknown() {
    // SEC-44: the client is told to stop, and gives back at once.
    let (tally, took, store) = stopped(10, 20, true);
    assert!(tally.stopped && tally.unknown == 0 && tally.done == 9, "{tally:?}");
    assert!(took < Duration::from_secs(22), "{took:?}");
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Announced).unwrap(), 0);
    assert_eq!(plans::count(&store, RUN, "ldap", Take::Open).unwrap(), 191);
}
