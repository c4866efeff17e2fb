//! When the open operations will end, from how long those before them took and from the quota of
//! the target. Plain numbers in, seconds out.
//!
//! Operations of one stage cost about the same, those of two stages do not: making an account is
//! dearer than adding a member. So each stage has its cost, learnt from this run, else from earlier
//! runs corrected by how much slower or faster this one goes.

use std::collections::BTreeMap;

/// Fewer operations say nothing about a cost.
pub const MEASURED_MIN: u64 = 50;
/// So many operations of this run say as much of a stage as all earlier runs.
const TRUSTED_AT: u64 = 2000;
/// Seconds of one write before a target was ever measured: twice what was seen of a durable slapd
/// with all its overlays.
const COST_UNMEASURED: f64 = 1.0 / 500.0;

/// Operations that were settled, and the seconds that they took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    pub operations: u64,
    pub seconds: f64,
}

impl Pace {
    fn add(&mut self, other: Self) {
        self.operations += other.operations;
        self.seconds += other.seconds;
    }
    /// Seconds of one operation, when there were enough of them.
    fn cost(self) -> Option<f64> {
        (self.operations >= MEASURED_MIN).then(|| self.seconds / self.operations as f64)
    }
}

/// What is known of the speed of one target.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// By stage, of earlier runs.
    pub past: BTreeMap<u16, Pace>,
    /// Of this run, oldest first.
    pub run: Vec<(u16, Pace)>,
    /// Writes per second that are allowed.
    pub quota: Option<f64>,
}

/// Seconds of one operation, by stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    here: BTreeMap<u16, f64>,
    past: BTreeMap<u16, f64>,
    /// Of a stage that was never seen.
    other: f64,
    /// How much slower than before this run goes.
    drag: f64,
    least: f64,
}

impl Costs {
    pub fn of(measured: &Measured) -> Self {
        let Measured { past, run, quota } = measured;
        let least = quota.filter(|quota| *quota > 0.0).map_or(0.0, |quota| 1.0 / quota);
        let mut all = Pace::default();
        past.values().for_each(|pace| all.add(*pace));
        let other = all.cost().unwrap_or(COST_UNMEASURED.max(least));
        let known = past.iter().filter_map(|(stage, pace)| Some((*stage, pace.cost()?)));
        let mut costs =
            Self { here: BTreeMap::new(), past: known.collect(), other, drag: 1.0, least };
        let recent = recent(run);
        let expected: f64 =
            recent.iter().map(|(stage, pace)| costs.before(*stage) * pace.operations as f64).sum();
        let mut sum = Pace::default();
        recent.iter().for_each(|(_, pace)| sum.add(*pace));
        if sum.cost().is_some() && expected > 0.0 {
            costs.drag = sum.seconds / expected;
        }
        let mut stages: BTreeMap<u16, Vec<(u16, Pace)>> = BTreeMap::new();
        run.iter().for_each(|step| stages.entry(step.0).or_default().push(*step));
        for (stage, steps) in stages {
            let mut sum = Pace::default();
            self::recent(&steps).iter().for_each(|(_, pace)| sum.add(*pace));
            if costs.past.contains_key(&stage) && sum.cost().is_some() {
                let seconds = costs.before(stage) * costs.drag * TRUSTED_AT as f64;
                sum.add(Pace { operations: TRUSTED_AT, seconds });
            }
            if let Some(cost) = sum.cost() {
                costs.here.insert(stage, cost);
            }
        }
        costs
    }

    /// Seconds that so many operations of a stage take.
    pub fn seconds(&self, stage: u16, operations: u64) -> f64 {
        let here = self.here.get(&stage).copied();
        let cost = here.unwrap_or_else(|| self.before(stage) * self.drag);
        cost.max(self.least) * operations as f64
    }

    fn before(&self, stage: u16) -> f64 {
        self.past.get(&stage).copied().unwrap_or(self.other)
    }
}

/// All but the first eighth of the steps, by operations: a target that lets a burst through, or
/// warms up, is judged by how it goes on. Of a run that has hardly begun, all.
fn recent(steps: &[(u16, Pace)]) -> &[(u16, Pace)] {
    let total: u64 = steps.iter().map(|(_, pace)| pace.operations).sum();
    let mut kept = 0;
    let enough = (total - total / 8).max(MEASURED_MIN);
    for (rank, (_, pace)) in steps.iter().enumerate().rev() {
        kept += pace.operations;
        if kept >= enough {
            return steps.get(rank..).unwrap_or(steps);
        }
    }
    steps
}

#[cfg(test)]
mod tests;
