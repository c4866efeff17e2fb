//! A target's turn to be written in one command: how long it may take, and what is said when it
//! gives way to the next command.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::forecast;
use super::session::Session;
use super::tell::Tally;
use super::world::Stopwatch;
use crate::config::{GraphTarget, Target};
use crate::report::catalogue;
use crate::report::plan_text::instant;
use crate::store::Store;
use crate::store::runs::RunId;
use crate::target::Speed;

/// How long this command has written to each target, in milliseconds: one whose time is used up
/// is left to the next command, so that a slow service holds no other target back.
#[derive(Debug, Default)]
pub struct Spent(BTreeMap<String, u64>);

impl Spent {
    /// What is left to a target; None: it may take as long as it wants.
    fn left(&self, target: &Target) -> Option<u64> {
        let most = target.graph().and_then(GraphTarget::writing_ms_max)?;
        Some(most.saturating_sub(self.0.get(&target.name).copied().unwrap_or_default()))
    }

    /// Its time is used up.
    pub(super) fn is_over(&self, target: &Target) -> bool {
        self.left(target) == Some(0)
    }

    pub(super) fn add(&mut self, target: &Target, ms: u64) {
        *self.0.entry(target.name.clone()).or_default() += ms;
    }
}

/// One target while it is written.
pub(super) struct Turn {
    left: Option<u64>,
    watch: Stopwatch,
    speed: Option<Arc<dyn Speed>>,
}

impl Turn {
    pub(super) fn begin(
        spent: &Spent,
        target: &Target,
        watch: Stopwatch,
        speed: Option<Arc<dyn Speed>>,
    ) -> Self {
        Self { left: spent.left(target), watch, speed }
    }

    /// Its time is used up, or would be before the service lets anything go again: nobody waits
    /// for that.
    pub(super) fn is_over(&self) -> bool {
        let used = u128::from(self.watch.elapsed_ms()) + self.held_for().as_millis();
        self.left.is_some_and(|left| used >= u128::from(left))
    }

    /// How long the service lets nothing go, on this machine's clock.
    pub(super) fn held_for(&self) -> Duration {
        self.speed.as_ref().map(|speed| speed.frozen_for()).unwrap_or_default()
    }

    /// How long it took, in milliseconds.
    pub(super) fn ms(&self) -> u64 {
        self.watch.elapsed_ms()
    }
}

/// A target that gives way.
pub(super) struct Late<'c> {
    pub(super) target: &'c Target,
    /// How long the service lets nothing go, on this machine's clock; zero: the time is used up.
    pub(super) held_for: Duration,
    /// What the service last said, if it took nothing after it.
    pub(super) refusal: Option<String>,
}

impl Late<'_> {
    /// What is said of it: why, what was done, what is left, who goes on when.
    pub(super) fn text(
        &self,
        session: &Session,
        store: &Store,
        run: RunId,
        tally: &Tally,
    ) -> anyhow::Result<String> {
        let target = self.target;
        let lines = || tally.get(&target.name).into_iter().flat_map(BTreeMap::values);
        let planned: u64 = lines().map(|line| line.planned).sum();
        let settled: u64 = lines().map(|line| line.done + line.failed + line.skipped).sum();
        // No forecast counts with what the service asks for.
        let is_held = !self.held_for.is_zero();
        let end = forecast::of(session, store, run)?.end.filter(|_| !is_held);
        let end = end.map(|end| instant(end, &session.config.zone));
        let end = end.map(|end| format!("; written without a break they end: {end}"));
        Ok(format!(
            "target {}: {}: {settled} of {planned} operations are settled, {} stay as planned; \
             the next rentree run goes on with them, or rentree replay {run} {}{}",
            target.name,
            self.why(),
            planned - settled,
            if is_held { "then" } else { "at once" },
            end.unwrap_or_default(),
        ))
    }

    pub(super) fn why(&self) -> String {
        let rules = self.target.graph();
        let minutes = rules.map_or(0, |rules| rules.minutes_max);
        if self.held_for.is_zero() {
            let said = self.refusal.as_deref().map(catalogue::harmless);
            let said = said.map(|said| format!(", and the last write ended with: {said}"));
            return format!(
                "its {minutes} min of this command are used up (graph.minutes_max){}",
                said.unwrap_or_default(),
            );
        }
        let there = self.held_for.mul_f64(rules.map_or(1.0, GraphTarget::tempo));
        format!(
            "the service takes no write for another {} min (429, Retry-After), and nobody waits \
             beyond the {minutes} min of a command (graph.minutes_max)",
            there.as_secs().div_ceil(60),
        )
    }
}
