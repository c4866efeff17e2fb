//! What the journal costs: a drive over a target that does nothing.

use std::time::{Duration, Instant};

use super::scene::{RUN, account};
use crate::apply::{Context, Settings, Take, drive};
use crate::credential::{InitialPassword, Recipient, new_key_pair};
use crate::plan::operation::Operation;
use crate::store::tests::{create, noon, open, person, plan};
use crate::store::{journal, plans};
use crate::target::{Done, Observe, Observed, TargetError, Write, WriteError};

struct Nothing;

impl Observe for Nothing {
    async fn observe(&mut self) -> Result<Observed, TargetError> {
        Ok(Observed::default())
    }
}

impl Write for Nothing {
    async fn write(&self, _: &Operation, _: Option<&InitialPassword>) -> Result<Done, WriteError> {
        Ok(Done::Written)
    }
    async fn reconnect(&mut self) -> Result<(), TargetError> {
        Ok(())
    }
}

fn rate(name: &str, operations: Vec<Operation>, quota: Option<u32>) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let count = operations.len();
    let persons = (1..=count as u64).map(|id| person(id, &format!("p.n{id}"))).collect();
    let plan = plan(1, persons, operations);
    let begun = Instant::now();
    plans::save(&mut store, "run", &plan).unwrap();
    println!("{name}: {count} operations stored in {} ms", begun.elapsed().as_millis());
    journal::begin(&mut store, RUN, &plan, noon()).unwrap();
    let recipient = Recipient::parse(&new_key_pair().1).unwrap();
    let mut state = 1u64;
    let mut context = Context {
        store: &mut store,
        run: RUN,
        take: Take::Open,
        recipient: Some(&recipient),
        entropy: &mut |buffer| {
            for byte in buffer {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
        },
        now: &noon,
        progress: &mut |_| (),
        stop: &|| false,
    };
    let settings = Settings {
        window: 64,
        batch: 256,
        attempts_max: 3,
        retry_delay: Duration::ZERO,
        reconnects_max: 3,
        writes_per_second_max: quota,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let begun = Instant::now();
    let tally = runtime.block_on(drive(&mut Nothing, "ldap", &mut context, &settings)).unwrap();
    assert_eq!(tally.done, count as u64);
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    println!("{name}: {count} operations, {rate:.0} operations/s");
    rate
}

#[test]
fn the_journal_costs_less_than_the_fastest_directory() {
    // A durable slapd does about 2,000 adds/s on the machine of the measurements, one without sync
    // 10,000; this bound is for an unoptimised build on a busy machine.
    let containers = (1..=10_000)
        .map(|seq| create(seq, 0, &format!("rentree:container:{seq}"), &format!("ou={seq},dc=x")));
    assert!(rate("without secrets", containers.collect(), None) > 2_000.0);
    let accounts = (1..=1_000).map(|seq| account(seq, 0, seq));
    assert!(rate("accounts, sealed", accounts.collect(), None) > 200.0);
}

#[test]
fn a_quota_is_kept_however_fast_the_target_is() {
    // SEC-47.
    let accounts = (1..=60).map(|seq| account(seq, 0, seq));
    let rate = rate("under a quota", accounts.collect(), Some(40));
    assert!(rate <= 41.0, "{rate}");
}
