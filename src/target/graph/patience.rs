//! How long a tenant may keep us waiting while it is read: the other targets wait with us (SEC-47).
//!
//! Time in which usable answers come buys patience back: a long reading that goes on is not cut.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::GraphTarget;
use crate::target::TargetError;

/// Of the wall, whatever the service asks for.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);
/// A usable answer that comes within this time has kept nobody waiting.
const USUAL: Duration = Duration::from_secs(15);

pub(super) struct Patience(Mutex<State>);

struct State {
    left: Duration,
    heard_at: Instant,
}

impl State {
    fn new() -> Self {
        Self { left: PATIENCE, heard_at: Instant::now() }
    }

    /// It ends then, if nothing usable is heard.
    fn end(&self) -> Instant {
        self.heard_at + self.left + USUAL
    }
}

impl Patience {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State::new()))
    }

    /// A usable answer has come.
    pub(super) fn heard(&self) {
        let mut state = self.state();
        let gap = state.heard_at.elapsed();
        state.left = match gap.checked_sub(USUAL) {
            Some(late) => state.left.saturating_sub(late),
            None => (state.left + gap).min(PATIENCE),
        };
        state.heard_at = Instant::now();
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

impl GraphTarget {
    /// What a reading finds, if the service does not put us off for too long.
    pub(super) async fn in_patience<T>(
        &self,
        reading: impl Future<Output = Result<T, TargetError>>,
    ) -> Result<T, TargetError> {
        *self.patience.state() = State::new();
        tokio::select! {
            biased;
            found = reading => found,
            () = self.patience.until_over() => Err(TargetError::Unreachable {
                what: format!(
                    "{} puts every request off, for more than {} s of waiting",
                    self.settings.base_url,
                    PATIENCE.as_secs(),
                ),
                hint: "look at the service's own status page, and at who else writes to the \
                       tenant; run again"
                    .into(),
            }),
        }
    }
}
