//! Does a plan: journal, write, note the outcome; and takes up what is not settled.
//!
//! - In: a run that has begun, a target to write. - Out: an outcome an operation, in the store.
//! - Can go wrong: a target is lost (`replay` continues), an entry drifted (set aside), the store
//!   fails (nothing more is sent). Nothing is sent that is not durable in the journal.
//!
//! | File | Duty |
//! |---|---|
//! | `drive.rs` | the loop: stages, batches, journal |
//! | `batch.rs` | the next batch: who is sent, what waits, secrets drawn and sealed |
//! | `waits.rs` | what an operation waits for |
//! | `send.rs` | one batch until each operation has an ending |
//! | `outcome.rs` | what follows from an answer: next step, journal event, fate of a secret |
//! | `keeper.rs` | what the client of the target knows, kept while it is written |
//! | `recover.rs` | after a crash: looks which accounts stand |

mod batch;
mod drive;
mod keeper;
mod outcome;
mod recover;
mod send;
mod waits;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::credential::{Recipient, SealError};
use crate::model::ids::PersonId;
use crate::store::runs::RunId;
use crate::store::{Store, StoreError};
use crate::target::TargetError;

pub use crate::store::plans::Take;
pub use drive::drive;

/// How a target is driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Operations in flight at once: 16 to 128 for slapd, which closes the connection beyond.
    pub window: usize,
    /// Operations a journal transaction, and what a crash leaves to look at.
    pub batch: usize,
    /// Tries of one operation that the server puts off, or leaves without an answer.
    pub attempts_max: u32,
    /// Before the second try; doubled at each further one, up to 32 times this.
    pub retry_delay: Duration,
    /// Tries to get a lost connection back, before the target is given up.
    pub reconnects_max: u32,
    /// The quota of the target: a batch takes no less time than its operations are worth.
    pub writes_per_second_max: Option<u32>,
}

impl Settings {
    /// Operations of one batch: under a quota, what it allows in a second.
    fn batch_max(&self) -> usize {
        let quota = self.writes_per_second_max.and_then(|quota| usize::try_from(quota).ok());
        self.batch.min(quota.unwrap_or(usize::MAX)).max(1)
    }
    /// The least time that so many writes may take.
    fn least_time(&self, writes: usize) -> Duration {
        let seconds = |quota: u32| writes as f64 / f64::from(quota.max(1));
        self.writes_per_second_max
            .map_or(Duration::ZERO, |quota| Duration::from_secs_f64(seconds(quota)))
    }
}

/// What a drive works with. Clock and entropy are the caller's.
pub struct Context<'a> {
    pub store: &'a mut Store,
    /// Begun (`journal::begin`) or taken up again (`runs::resume`).
    pub run: RunId,
    pub take: Take,
    /// Who opens the initial secrets. Absent: a plan that creates accounts is not driven.
    pub recipient: Option<&'a Recipient>,
    pub entropy: &'a mut dyn FnMut(&mut [u8]),
    pub now: &'a dyn Fn() -> Timestamp,
    pub progress: &'a mut dyn FnMut(Progress),
    /// Whether to stop, by a signal or as the time is used up: what is in flight is finished, as
    /// long as that does not take long, and nothing more is sent.
    pub stop: &'a dyn Fn() -> bool,
}

/// How far a drive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub settled: u64,
    pub total: u64,
}

/// What one drive did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub done: u64,
    pub already: u64,
    /// Refused, or waiting for one that was.
    pub failed: u64,
    pub stale: u64,
    pub blocked: u64,
    /// No answer, after all tries: `replay` looks.
    pub unknown: u64,
    /// Never sent: planned as before.
    pub put_back: u64,
    /// It was asked to stop before the end.
    pub stopped: bool,
}

/// Why a drive ended before its end. What was settled stays settled.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was sent.
    #[error("accounts are to be created, and nobody is named to open their initial passwords")]
    NoRecipient,
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The plan creates an account that the registry does not have: a fault of the planner.
    #[error("person {0} has no login in the registry: the plan cannot be applied")]
    NoLogin(PersonId),
    /// The rest stays planned, or unknown until `replay` looks.
    #[error("the target {target} is lost: {what}")]
    TargetLost { target: String, what: String, tally: Tally },
    /// It could not be read after an interruption; nothing was sent.
    #[error(transparent)]
    Target(#[from] TargetError),
}

#[cfg(test)]
pub(crate) mod tests;
