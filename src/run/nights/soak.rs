//! How many cases are played, and how that is told.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::kinds::Kind;
use super::play::{Case, NEVER, Seed};
use crate::apply::tests::on_all_cores::on_all_cores;

/// Of the gate: so many cases, then it is enough; and at least so many, however slow the machine.
const ENOUGH: u64 = 4000;
const CASES_MIN: u64 = 2000;
const GIVEN: Duration = Duration::from_secs(45);
const GIVEN_MAX: Duration = Duration::from_secs(600);

/// What was played.
#[derive(Default)]
struct Played {
    cases: AtomicU64,
    /// Processes that died.
    crashes: AtomicU64,
    seeds: AtomicU64,
    kinds: Mutex<BTreeMap<Kind, u64>>,
}

impl Played {
    /// Seed after seed, every first crash with every `stride`th second one.
    fn play(&self, from: u64, stride: u64, goes_on: &(dyn Fn(u64) -> bool + Sync)) {
        let next = AtomicU64::new(from);
        let go_on = || goes_on(self.cases.load(Ordering::Relaxed));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        on_all_cores(cores as u64, |_| {
            while go_on() {
                let seed = Seed::undisturbed(next.fetch_add(1, Ordering::Relaxed));
                self.seeds.fetch_add(1, Ordering::Relaxed);
                for first in (0..seed.effects()).take_while(|_| go_on()) {
                    let cases = seed.cases(first, stride, &go_on);
                    self.cases.fetch_add(cases, Ordering::Relaxed);
                    self.crashes.fetch_add(2 * cases - 1, Ordering::Relaxed);
                    let mut kinds = self.kinds.lock().unwrap();
                    for step in &seed.steps {
                        *kinds.entry(step.kind).or_default() += cases;
                    }
                }
            }
        });
    }

    fn told(&self, begun: Instant) -> String {
        let (cases, taken) = (self.cases.load(Ordering::Relaxed), begun.elapsed());
        let each_second = cases as f64 / taken.as_secs_f64();
        format!(
            "{cases} cases, {} crashes, {} seeds, {:.0} s, {each_second:.0} cases a second; \
             with a night of each kind: {:?}",
            self.crashes.load(Ordering::Relaxed),
            self.seeds.load(Ordering::Relaxed),
            taken.as_secs_f64(),
            self.kinds.lock().unwrap(),
        )
    }
}

#[test]
fn killed_at_any_effect_of_any_night_and_of_its_recovery_the_end_is_the_same() {
    // SEC-44, SEC-14, SEC-42, R-17, R-47, DESIGN rule 7: the end, no person twice, no password
    // lost, nothing that was not read back, and no write that was not announced (`sim.rs`).
    if let Ok(case) = std::env::var("RENTREE_CASE") {
        let case = Case::parse(&case).unwrap();
        return Seed::undisturbed(case.seed).again(case);
    }
    if let Ok(minutes) = std::env::var("RENTREE_MINUTES") {
        return soak(minutes.parse().unwrap());
    }
    let (begun, played) = (Instant::now(), Played::default());
    // On a machine that has better things to do, the later cases are left to the soak.
    played.play(0, 11, &|cases| {
        let given = if cases < CASES_MIN { GIVEN_MAX } else { GIVEN };
        cases < ENOUGH && begun.elapsed() < given
    });
    println!("{}", played.told(begun));
    assert!(played.cases.into_inner() >= CASES_MIN, "thousands are promised");
    let kinds = played.kinds.into_inner().unwrap();
    assert!(Kind::ALL.iter().all(|kind| kinds.contains_key(kind)), "{kinds:?}");
}

/// Seed after seed, every pair of crashes, until the time is over.
fn soak(minutes: u64) {
    let given = std::env::var("RENTREE_SEED").ok();
    let from: u64 = given.map_or(0, |text| text.parse().unwrap());
    let (begun, played) = (Instant::now(), Played::default());
    let until = begun + Duration::from_secs(60 * minutes);
    played.play(from, 1, &|_| Instant::now() < until);
    println!("{}, from seed {from}", played.told(begun));
}

#[test]
fn a_store_that_did_not_wait_for_its_disk_would_be_found_out() {
    // The simulator is not blind: with transactions lost that had returned, a promise breaks.
    let found_out = |seed| {
        let seed = Seed::undisturbed(seed);
        (0..seed.effects()).any(|first| seed.finds_out(first))
    };
    assert!((0..4).any(found_out));
}

#[test]
fn a_case_is_read_as_it_is_printed() {
    for second in [3, NEVER] {
        let case = Case { seed: 7, first: 12, second };
        assert_eq!(Case::parse(&case.to_string()), Some(case));
    }
    assert_eq!(Case::parse("7:12"), None);
}
