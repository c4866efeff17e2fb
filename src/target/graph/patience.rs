//! How long a tenant may keep us waiting while it is read: the other targets wait with us (SEC-47).
//!
//! Silence is counted on the wall, a wait that the service asks for on its own clock; one that is
//! too long is not begun. Time in which usable answers come, or in which nothing is asked, buys
//! patience back: a long reading that goes on is not cut.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::GraphTarget;
use super::app::App;
use super::courier::Cost;
use super::crew::Denied;
use crate::target::TargetError;
use crate::target::pace::{PAUSE_MAX, Tempo};

/// What is lost to a tenant, in a command.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// A usable answer that comes within this time has kept nobody waiting.
const USUAL: Duration = Duration::from_secs(15);
/// A freeze is noticed within this time, whoever waits for it.
const WATCH: Duration = Duration::from_millis(250);

/// Of one command and target, however often it is opened: copies are one.
#[derive(Debug, Clone, Default)]
pub struct Patience(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    left: Duration,
    heard_at: Instant,
    /// Until when the service asked us to wait; None: it did not, since it was heard.
    asked_until: Option<Instant>,
    /// On this machine's clock, since it was heard.
    asked: Duration,
    is_reading: bool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            left: PATIENCE,
            heard_at: Instant::now(),
            asked_until: None,
            asked: Duration::ZERO,
            is_reading: false,
        }
    }
}

impl State {
    /// It ends then, if nothing usable is heard.
    fn end(&self) -> Instant {
        self.heard_at + self.left + USUAL
    }

    /// How long nothing usable will have been heard by then. What was asked of it counts on the
    /// service's clock, the rest on the wall.
    fn late(&self, until: Instant, asked: Duration, tempo: Tempo) -> Duration {
        let whole = until.saturating_duration_since(self.heard_at);
        whole.saturating_sub(asked) + tempo.there(asked)
    }

    /// What was asked for, if it is waited until then: waits of one time are one.
    fn asked_by(&self, until: Instant) -> Duration {
        let from = self.asked_until.unwrap_or(self.heard_at).max(Instant::now());
        self.asked + until.saturating_duration_since(from)
    }

    /// Something usable is heard, or the reading ends.
    fn count(&mut self, tempo: Tempo) {
        let now = Instant::now();
        let ahead = self.asked_until.map(|until| until.saturating_duration_since(now));
        let ahead = ahead.unwrap_or_default();
        let late = self.late(now, self.asked.saturating_sub(ahead), tempo);
        self.left = match late.checked_sub(USUAL) {
            Some(late) => self.left.saturating_sub(late),
            None => (self.left + late).min(PATIENCE),
        };
        self.heard_at = now;
        self.asked = ahead;
    }
}

impl Patience {
    /// A usable answer has come.
    pub(super) fn heard(&self, tempo: Tempo) {
        self.state().count(tempo);
    }

    /// A reading begins: what was between two of them kept nobody waiting.
    fn begin(&self) {
        let mut state = self.state();
        let rested = state.heard_at.elapsed();
        let left = (state.left + rested).min(PATIENCE);
        *state = State { left, is_reading: true, ..State::default() };
    }

    fn end(&self, tempo: Tempo) {
        let mut state = self.state();
        state.count(tempo);
        state.is_reading = false;
    }

    /// Whether it is waited until then, as the service asks; if so, that is counted.
    fn grants(&self, until: Instant, tempo: Tempo) -> bool {
        let mut state = self.state();
        if !state.is_reading {
            return true; // Of a writing, its turn decides.
        }
        let asked = state.asked_by(until);
        if state.late(until, asked, tempo) > state.left + USUAL {
            return false;
        }
        state.asked = asked;
        state.asked_until = state.asked_until.max(Some(until));
        true
    }

    async fn until_over(&self) {
        loop {
            let end = self.state().end();
            if Instant::now() >= end {
                return;
            }
            tokio::time::sleep_until(end).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody waits for as long as the service asks: so long on its own clock.
fn held(wait: Duration, what: &'static str, status: u16) -> TargetError {
    let minutes = wait.as_secs().div_ceil(60).max(1);
    // Our own pauses, where it says nothing, are shorter.
    let told = if wait > PAUSE_MAX.mul_f64(1.25) { ", Retry-After" } else { "" };
    TargetError::Unreachable {
        what: format!("the service takes no {what} for another {minutes} min ({status}{told})"),
        hint: WAIT.to_owned(),
    }
}

pub(super) const WAIT: &str = "wait that long: the next rentree run after it goes on; if it comes \
                               again, look at who else asks that tenant so much";

impl GraphTarget {
    /// Waits until the quotas of an application let a question through again, if that is soon.
    pub(super) async fn thawed(&self, app: &App, cost: Cost) -> Result<(), TargetError> {
        loop {
            self.is_held(app, cost, false)?;
            let frozen = app.paces.frozen_of(cost);
            if frozen.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(frozen).await;
        }
    }

    /// An error: the quotas of an application let no such question through, for longer than
    /// anybody waits, or after the last try.
    pub(super) fn is_held(
        &self,
        app: &App,
        cost: Cost,
        is_last_try: bool,
    ) -> Result<(), TargetError> {
        let frozen = app.paces.frozen_of(cost);
        let what = if cost.writes > 0 { "write" } else { "request" };
        let tempo = self.settings.tempo();
        if is_last_try || !self.grants(frozen) {
            return Err(held(tempo.there(frozen), what, 429));
        }
        Ok(())
    }

    /// Waits so long on this machine's clock, as a service that answered `status` asks.
    pub(super) async fn wait(&self, here: Duration, status: u16) -> Result<(), TargetError> {
        if !self.grants(here) {
            return Err(held(self.settings.tempo().there(here), "request", status));
        }
        tokio::time::sleep(here).await;
        Ok(())
    }

    fn grants(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        wait.is_zero() || self.settings.patience.grants(until, self.settings.tempo())
    }

    /// Until the application that reads may not, for too long: those whom the courier carries wait
    /// in its own queue.
    async fn until_held(&self) -> TargetError {
        let cost = Cost { writes: 0, units: 1, teams: 0 };
        loop {
            if let Some(app) = self.crew.reader(&Denied::new())
                && let Err(error) = self.is_held(app, cost, false)
            {
                return error;
            }
            tokio::time::sleep(WATCH).await;
        }
    }

    /// What a reading finds, if the service does not put us off for too long.
    pub(super) async fn in_patience<T>(
        &self,
        reading: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        let patience = &self.settings.patience;
        patience.begin();
        let found = tokio::select! {
            biased;
            found = reading => found,
            held = self.until_held() => Err(held),
            () = patience.until_over() => Err(TargetError::Unreachable {
                what: format!(
                    "{} puts every request off, for more than {} s of waiting",
                    self.settings.base_url,
                    PATIENCE.as_secs(),
                ),
                hint: "look at the service's own status page, and at who else writes to the \
                       tenant; run again"
                    .into(),
            }),
        };
        patience.end(self.settings.tempo());
        found
    }
}
