//! An application of several that dies: it rests, and the others do its work.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use rentree::lab::graph::{App, CLIENT_ID, Death, Faults, PERMISSIONS, Service, Strike};
use rentree::model::entry::ObjectKey;
use rentree::target::examined::{Examined, Verdict};
use rentree::target::graph::{Exchange, GraphTarget, Memory, connect};
use rentree::target::{Done, Observe as _, WriteError};
use tokio::time::{Instant, sleep};

use super::apps::{EXTRA, SECRET, registration};
use super::bench::{
    InProcess, drawn, drive, entropy, kept, opaque, reseed, service_with, settings, target_with,
    write,
};
use super::speed::FULL;
use super::world::{World, plan, reach};

const DEATHS: [Death; 3] = [Death::SecretExpired, Death::ShutOut, Death::NotPermitted];

fn tenant(seed: u64, faults: Faults) -> Arc<Service> {
    service_with(seed, |options| {
        options.faults = Faults { latency_ms: (150, 600), series_ms: (20, 100), ..faults };
        options.apps.extend(EXTRA.map(|client_id| App::with_secret(client_id, SECRET)));
    })
}

async fn crew(service: &Arc<Service>, memory: Memory) -> GraphTarget {
    let extra_apps = EXTRA.map(registration);
    target_with(service, memory, |settings| settings.extra_apps = extra_apps.into()).await
}

fn told<'f>(found: &'f [Examined], id: &str) -> Vec<&'f Examined> {
    found.iter().filter(|one| one.id == id).collect()
}

/// Of three one dies. Nothing comes back undone, and the other two keep their speed.
async fn dies(client_id: &'static str, death: Death) {
    let service = tenant(61, Faults::none());
    let mut target = crew(&service, Memory::default()).await;
    let world = World::first(3_000);
    let operations = plan(&target.observe().await.unwrap(), &world);
    let begin = Instant::now();
    let dies = async {
        sleep(Duration::from_secs(15)).await;
        service.end_app(client_id, death);
        service.writes()
    };
    let (tally, before) = join(drive(&mut target, &operations), dies).await;
    let what = format!("{client_id} {death:?}: {tally:?}");
    assert!(before > 0 && service.writes() > 2 * before, "{what}");
    assert!(tally.failed.is_empty() && tally.again == 0, "{what}");
    assert_eq!(tally.written, operations.len(), "{what}");
    assert_eq!(service.throttled(), 0, "{what}");
    assert!(service.writes_in_window_max() <= 3000, "{what}");
    let rate = service.writes() as f64 / begin.elapsed().as_secs_f64();
    assert!(rate > 1.9 * FULL * 0.8, "{rate:.1} a second: {what}");
    world.check(&service);
    let found = target.doctor().await;
    let [rests] = told(&found, "application")[..] else { panic!("{what}: {found:?}") };
    assert_eq!(rests.verdict, Verdict::Weak);
    assert!(rests.what.starts_with(client_id), "{}", rests.what);
    // The next run has the same settings, and nothing to do.
    let memory = kept(&target);
    drop(target);
    let mut next = crew(&service, memory).await;
    let left = plan(&next.observe().await.unwrap(), &world);
    assert!(left.is_empty(), "{what}: {} left", left.len());
}

/// SEC-44, SEC-47.
#[tokio::test(start_paused = true)]
async fn an_extra_application_dies_in_the_middle_of_a_run() {
    for death in DEATHS {
        dies(EXTRA[0], death).await;
    }
}

/// SEC-44, SEC-47: whoever reads too.
#[tokio::test(start_paused = true)]
async fn the_first_application_dies_in_the_middle_of_a_run() {
    for death in DEATHS {
        dies(CLIENT_ID, death).await;
    }
}

/// SEC-44: whatever else goes wrong meanwhile, and though the second one dies as well.
#[tokio::test(start_paused = true)]
async fn applications_die_on_a_bad_day() {
    for seed in 1..=6 {
        reseed(seed);
        let service = tenant(seed, Faults::bad_day());
        let mut target = crew(&service, Memory::default()).await;
        let world = World::first(150);
        let mut dying = [CLIENT_ID, EXTRA[0], EXTRA[1]];
        dying.rotate_left(drawn(3) as usize);
        let dies = async {
            for client_id in &dying[..2] {
                sleep(Duration::from_millis(drawn(8_000))).await;
                service.end_app(client_id, DEATHS[drawn(3) as usize]);
            }
        };
        let (tally, ()) = join(reach(&mut target, &world), dies).await;
        println!("seed {seed}: {tally:?}");
        for _ in 0..3 {
            sleep(Duration::from_secs(600)).await;
            reach(&mut target, &world).await;
        }
        service.set_faults(Faults::none());
        sleep(Duration::from_secs(600)).await;
        let left = plan(&target.observe().await.unwrap(), &world);
        assert!(left.is_empty(), "seed {seed}: {left:?}");
        world.check(&service);
        assert!(service.writes_in_window_max() <= 3000);
    }
}

/// SEC-03: one that is dead at the start is told by its cause, and the others do the work.
#[tokio::test(start_paused = true)]
async fn an_application_that_is_dead_at_the_start_rests() {
    for dead in [CLIENT_ID, EXTRA[1]] {
        let service = tenant(62, Faults::none());
        service.end_app(dead, Death::SecretExpired);
        let mut target = crew(&service, Memory::default()).await;
        let world = World::first(300);
        let tally = reach(&mut target, &world).await;
        assert!(tally.failed.is_empty() && tally.again == 0, "{tally:?}");
        world.check(&service);
        let found = target.doctor().await;
        let [rests] = told(&found, "application")[..] else { panic!("{found:?}") };
        assert_eq!(rests.verdict, Verdict::Weak);
        assert!(rests.what.starts_with(dead), "{}", rests.what);
        assert!(rests.what.contains("the secret has expired"), "{}", rests.what);
        assert!(found.iter().all(|one| !format!("{one:?}").contains(SECRET)));
        assert!(found.iter().all(|one| one.verdict != Verdict::Bad), "{found:?}");
        assert_eq!(told(&found, "token").len(), 2, "those in service");
        let left = plan(&target.observe().await.unwrap(), &world);
        assert!(left.is_empty(), "{} left", left.len());
    }
}

/// SEC-03: if all of them are dead, nothing is opened, and the first one's cause is told.
#[tokio::test(start_paused = true)]
async fn with_every_application_dead_the_tenant_is_closed() {
    let service = tenant(63, Faults::none());
    for client_id in [CLIENT_ID, EXTRA[0], EXTRA[1]] {
        service.end_app(client_id, Death::SecretExpired);
    }
    let mut settings = settings();
    settings.extra_apps = EXTRA.map(registration).into();
    let exchange: Arc<dyn Exchange> = Arc::new(InProcess(Arc::clone(&service)));
    let error = connect(settings, exchange, Memory::default(), entropy).await.err().unwrap();
    assert!(error.to_string().contains(CLIENT_ID), "{error}");
    assert!(error.to_string().contains("the secret has expired"), "{error}");
    assert_eq!(service.tenant().users.len(), 0);
}

/// The last one in service does not rest: what it is told is told.
#[tokio::test(start_paused = true)]
async fn with_the_last_application_dead_an_operation_comes_back_undone() {
    for death in DEATHS {
        let service = tenant(64, Faults::none());
        let mut target = crew(&service, Memory::default()).await;
        let operations = plan(&target.observe().await.unwrap(), &World::first(3));
        for client_id in [EXTRA[1], CLIENT_ID, EXTRA[0]] {
            service.end_app(client_id, death);
        }
        let (_, answer) = write(&target, &operations[0]).await;
        match death {
            Death::NotPermitted => {
                assert!(matches!(answer, Err(WriteError::Refused { code: 403, .. })), "{answer:?}");
            }
            Death::SecretExpired | Death::ShutOut => {
                assert!(matches!(answer, Err(WriteError::Lost(_))), "{death:?}: {answer:?}");
            }
        }
        assert_eq!(service.tenant().users.len(), 0);
    }
}

/// An administrator's account is out of bounds for everybody: that is the end of it, and nobody
/// rests.
#[tokio::test(start_paused = true)]
async fn what_is_denied_to_every_application_is_refused() {
    let service = tenant(65, Faults::none());
    let mut target = crew(&service, Memory::default()).await;
    let mut world = World::first(60);
    assert!(reach(&mut target, &world).await.failed.is_empty());
    for person in world.persons.values_mut() {
        person.label.push_str(" (nouveau)");
    }
    let operations = plan(&target.observe().await.unwrap(), &world);
    assert_eq!(operations.len(), 60);
    let denied = &operations[7];
    let ObjectKey::Account(person) = &denied.key else { panic!("{}", denied.key) };
    let id = service.tenant().user_of_key(&opaque().of(*person)).unwrap().id.clone();
    service.strike("PATCH", &id, Strike::Status(403), None);
    let before = service.statuses().get(&403).copied().unwrap_or_default();
    for operation in &operations {
        let (_, answer) = write(&target, operation).await;
        match operation.seq == denied.seq {
            true => {
                assert!(matches!(answer, Err(WriteError::Refused { code: 403, .. })), "{answer:?}");
            }
            false => assert_eq!(answer, Ok(Done::Written)),
        }
    }
    assert_eq!(service.statuses()[&403] - before, 3, "each of them is asked once");
    let found = target.doctor().await;
    assert!(told(&found, "application").is_empty(), "{found:?}");
}

/// SEC-08: the rights of each are looked at.
#[tokio::test(start_paused = true)]
async fn the_doctor_says_which_application_lacks_what() {
    let service = service_with(66, |options| {
        let mut poor = App::with_secret(EXTRA[0], SECRET);
        poor.permissions = PERMISSIONS.map(str::to_owned).into();
        poor.permissions.remove("Group.ReadWrite.All");
        options.apps.push(poor);
    });
    let mut target = target_with(&service, Memory::default(), |settings| {
        settings.extra_apps = vec![registration(EXTRA[0])];
    })
    .await;
    let found = target.doctor().await;
    let [lacks] = told(&found, "write-groups")[..] else { panic!("{found:?}") };
    assert_eq!(lacks.verdict, Verdict::Weak);
    let text = format!("application {}: Group.ReadWrite.All is lacking", EXTRA[0]);
    assert!(lacks.what.starts_with(&text), "{}", lacks.what);
    let [good] = told(&found, "write-users")[..] else { panic!("{found:?}") };
    assert_eq!((good.verdict, &*good.what), (Verdict::Good, "User.ReadWrite.All is granted"));
}
