//! The forecast against simulated targets: quotas, bursts, pauses, warm-up, noise.

use super::{Costs, MEASURED_MIN, Measured, Pace};

/// Operations of one journal transaction.
const BATCH: u64 = 256;

/// A generator with a seed that a failure names.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn part(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// A simulated target: seconds that a batch takes, by stage, rank of its first operation, size.
type Target = fn(&mut Random, u16, u64, u64) -> f64;

/// Seconds of an operation: accounts are dearer than members.
fn cost(stage: u16) -> f64 {
    if stage == 20 { 1.0 / 200.0 } else { 1.0 / 900.0 }
}

fn steady(_: &mut Random, stage: u16, _: u64, size: u64) -> f64 {
    size as f64 * cost(stage)
}
fn noisy(random: &mut Random, stage: u16, _: u64, size: u64) -> f64 {
    size as f64 * cost(stage) * (0.6 + 0.8 * random.part())
}
/// A token bucket: 1,000 at once, then 20 a second.
fn bucket(_: &mut Random, stage: u16, first: u64, size: u64) -> f64 {
    let free = 1000_u64.saturating_sub(first).min(size);
    free as f64 * cost(stage) + (size - free) as f64 / 20.0
}
/// « Retry after 30 s », each 1,500 operations or so.
fn retry_after(random: &mut Random, stage: u16, first: u64, size: u64) -> f64 {
    let pause = first / 1500 != (first + size) / 1500;
    size as f64 * cost(stage) + if pause { 25.0 + 10.0 * random.part() } else { 0.0 }
}
/// Four times as slow at first, warm after 1,200 operations.
fn warming(_: &mut Random, stage: u16, first: u64, size: u64) -> f64 {
    let slow = 1.0 + 3.0 * (1.0 - (first as f64 / 1200.0).min(1.0));
    size as f64 * cost(stage) * slow
}
/// Twice as slow as ever before, for everything.
fn tired(_: &mut Random, stage: u16, _: u64, size: u64) -> f64 {
    2.0 * size as f64 * cost(stage)
}

/// The steps of a run of these stages.
fn play(target: Target, random: &mut Random, work: &[(u16, u64)]) -> Vec<(u16, Pace)> {
    let (mut steps, mut first) = (Vec::new(), 0);
    for (stage, total) in work {
        let mut left = *total;
        while left > 0 {
            let size = left.min(BATCH);
            let seconds = target(random, *stage, first, size);
            steps.push((*stage, Pace { operations: size, seconds }));
            (first, left) = (first + size, left - size);
        }
    }
    steps
}

fn past(work: &[(u16, u64)]) -> Vec<(u16, Pace)> {
    work.iter()
        .map(|(stage, count)| {
            (*stage, Pace { operations: *count, seconds: *count as f64 * cost(*stage) })
        })
        .collect()
}

/// From one fifth of the way on, the end is forecast within a tenth of the whole.
#[track_caller]
fn check(name: &str, target: Target, work: &[(u16, u64)], known: bool, quota: Option<f64>) {
    for seed in 1..=40 {
        let steps = play(target, &mut Random(seed), work);
        let whole: f64 = steps.iter().map(|(_, pace)| pace.seconds).sum();
        let past = if known { past(work).into_iter().collect() } else { Default::default() };
        let mut measured = Measured { past, run: Vec::new(), quota };
        let (mut gone, mut checked) = (0.0, 0);
        for (rank, step) in steps.iter().enumerate() {
            if gone >= whole / 5.0 && rank % 7 == 0 {
                let costs = Costs::of(&measured);
                let left: f64 = steps[rank..]
                    .iter()
                    .map(|(stage, pace)| costs.seconds(*stage, pace.operations))
                    .sum();
                let off = (gone + left - whole).abs() / whole;
                assert!(off <= 0.1, "{name}: seed {seed}, at {gone:.0} of {whole:.0} s: {off:.3}");
                checked += 1;
            }
            gone += step.1.seconds;
            measured.run.push(*step);
        }
        assert!(checked > 10, "{name}: seed {seed}: only {checked} instants");
    }
}

const ONE: &[(u16, u64)] = &[(20, 100_000)];
const TWO: &[(u16, u64)] = &[(20, 60_000), (30, 4_000), (40, 120_000)];

#[test]
fn the_end_is_forecast_within_a_tenth_from_one_fifth_of_the_way_on() {
    // Issue « the clock of 72 hours »; SEC-47.
    check("steady", steady, ONE, false, None);
    check("noisy", noisy, ONE, false, None);
    check("token bucket", bucket, ONE, false, None);
    check("retry after", retry_after, ONE, false, None);
    check("warming up", warming, ONE, false, None);
    check("token bucket, quota known", bucket, TWO, true, Some(20.0));
    check("several stages, known", noisy, TWO, true, None);
    check("several stages, twice as slow as known", tired, TWO, true, None);
    check("several stages, pauses", retry_after, ONE, true, None);
}

#[test]
fn a_target_that_was_never_measured_goes_by_its_quota() {
    let quota = |quota| Costs::of(&Measured { quota, ..Measured::default() }).seconds(20, 1000);
    assert_eq!((quota(None), quota(Some(4.0)), quota(Some(5000.0))), (2.0, 250.0, 2.0));
}

#[test]
fn a_burst_never_makes_a_target_faster_than_its_quota() {
    let burst = (20, Pace { operations: 1000, seconds: 1.0 });
    let measured = Measured { run: vec![burst], quota: Some(20.0), ..Measured::default() };
    assert_eq!(Costs::of(&measured).seconds(20, 400), 20.0);
}

#[test]
fn a_few_operations_say_nothing() {
    let few = (20, Pace { operations: MEASURED_MIN - 1, seconds: 900.0 });
    let measured = Measured { run: vec![few], ..Measured::default() };
    assert_eq!(Costs::of(&measured), Costs::of(&Measured::default()));
}
