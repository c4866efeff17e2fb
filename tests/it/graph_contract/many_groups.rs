//! As many groups as a whole Région has: 12,000 of a school year.

use rentree::lab::graph::{Faults, PUPIL_SKU};
use rentree::model::entry::{ObjectKey, ObjectKind};
use rentree::model::observed::LimitKind;
use rentree::plan::operation::{Operation, OperationKind};
use rentree::target::Observe as _;
use rentree::target::graph::Memory;

use super::bench::{drive, kept, service_with, target};
use super::world::{PUPILS, World, class, plan};

const GROUPS: u64 = 12_000;
const PERSONS: u64 = 240;
/// Members of a group that does not fit into one request.
const LARGE: u64 = 45;

/// Most groups have a few members, every thousandth more than one request takes.
fn region() -> World {
    let mut world = World::default();
    for number in 1..=PERSONS {
        world.add(number);
    }
    for group in 0..GROUPS {
        let count = if group % 1000 == 0 { LARGE } else { 1 + group % 2 };
        for rank in 0..count {
            world.enter(1 + (group * 7 + rank) % PERSONS, class(2026, group));
        }
    }
    world
}

/// SEC-44: 12,000 groups are planned, written and seen; a second run has nothing to do, by the
/// changes as by a whole read.
#[tokio::test(start_paused = true)]
async fn twelve_thousand_groups_are_made_once_and_a_second_run_has_nothing() {
    let service = service_with(31, |options| {
        // Links that are one too many, owners and all: the published limits.
        options.faults = Faults::none();
        options.limits.directory_objects = PERSONS + GROUPS + 1;
    });
    let world = region();
    let mut first = target(&service, Memory::default()).await;
    let operations = plan(&first.observe().await.unwrap(), &world);
    assert_eq!(
        operations.iter().filter(|one| is_creation_of_group(one)).count() as u64,
        GROUPS + 1
    );
    let tally = drive(&mut first, &operations).await;
    assert!(tally.failed.is_empty(), "{:?}", tally.failed.first());
    assert_eq!(service.throttled(), 0);
    assert!(service.writes_in_window_max() <= 3000);
    assert_eq!(service.violations(), Vec::<String>::new());
    world.check(&service);
    let memory = kept(&first);
    drop(first);
    // One write a group; the licence is given once, to the group that everybody is in.
    let requests = service.requests();
    let of = |kind: &str| requests.get(kind).copied().unwrap_or_default();
    assert_eq!(of("PATCH /groups/@uniqueName/{id}"), GROUPS + 1, "{requests:#?}");
    assert_eq!(of("POST /groups/{id}/assignLicense"), 1);
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    for memory in [memory, Memory::default()] {
        let observed = target(&service, memory).await.observe().await.unwrap();
        let key: ObjectKey = PUPILS.parse().unwrap();
        assert_eq!(observed.entries[&key].attributes.values_of("assignedLicenses"), [PUPIL_SKU]);
        assert_eq!(observed.entries[&key].links["members"].len() as u64, PERSONS);
        // The directory is full to the last object, and that is known before anything is written.
        let is_room =
            |limit: &&rentree::model::observed::Limit| limit.what == LimitKind::DirectoryObjects;
        let room = observed.limits.iter().find(is_room).unwrap();
        assert_eq!((room.total, room.used), (PERSONS + GROUPS + 1, PERSONS + GROUPS + 1));
        let left = plan(&observed, &world);
        assert!(left.is_empty(), "{} left, first {:#?}", left.len(), left.first());
    }
}

fn is_creation_of_group(one: &Operation) -> bool {
    one.kind == OperationKind::Create && one.key.kind() == ObjectKind::Group
}
