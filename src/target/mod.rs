//! The directories that are written to. All of the network is here.
//!
//! - In: operations. - Out: what stands, and the outcome of each operation.
//! - Can go wrong: a target cannot be reached, refuses, or loses a reply; each has its error, and
//!   the caller's next step follows from it.

mod certificate;
pub mod examined;
pub mod graph;
pub mod ldap;
pub mod pace;
mod valueless;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::credential::InitialPassword;
use crate::model::entry::{Attributes, Links, ObjectKey};
pub use crate::model::observed::Observed;
use crate::plan::operation::Operation;

/// One entry, freshly read: for looking before writing, and for recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub dn: String,
    /// Absent: the entry is not ours.
    pub key: Option<ObjectKey>,
    pub attributes: Attributes,
    pub links: Links,
}

/// How an operation ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// This write did it.
    Written,
    /// It stood already as wanted: an earlier attempt, or somebody else, did it.
    Already,
    /// But for links to entries that stand no more: somebody renamed or deleted them.
    InPart,
}

/// How a write ended badly: what the machine does next follows from the variant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The entry is not as the plan expects: set aside, planned anew next time.
    #[error("changed since the plan: {0}")]
    Stale(String),
    /// The server says no and will say no again: its own words and code.
    #[error("refused by the server ({code}): {text}")]
    Refused { code: u32, text: String },
    /// A login or an address is somebody else's, where our look does not see him. Never said while
    /// it may be an earlier try of ours.
    #[error("a name is taken ({code}): {text}")]
    NameTaken { code: u32, text: String },
    /// Busy, unavailable, a limit: worth another try.
    #[error("not now ({code}): {text}")]
    Busy { code: u32, text: String },
    /// Time-out or a dead connection after sending: done or not, only looking tells.
    #[error("no reply: {0}")]
    Unknown(String),
    /// The connection was dead before sending: certainly not done.
    #[error("not sent: {0}")]
    Lost(String),
}

/// Why a target cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No connection, no TLS, no bind: exit status 6. What happened, and what to do next.
    #[error("{what}")]
    Unreachable { what: String, hint: String },
    /// A file of ours, a certificate or a key, is of no use: exit status 2.
    #[error("{what}")]
    Unusable { what: String, hint: String },
    /// Reached, but the answer is not usable (no base, cut by a size limit): never taken as empty.
    #[error("{what}")]
    Unreadable { what: String, hint: String },
}

/// A target that can be read.
#[expect(async_fn_in_trait, reason = "used inside this crate only, never as a trait object")]
pub trait Observe {
    /// Reads all of our entries below the base, paged. An incomplete read is an error.
    async fn observe(&mut self) -> Result<Observed, TargetError>;
}

/// A target that can be written. Every write looks at what stands first, or asks the server to.
#[expect(async_fn_in_trait, reason = "used inside this crate only, never as a trait object")]
pub trait Write: Observe {
    /// Does one operation, exactly if the entry is as expected. Called for many operations of one
    /// stage at once. `secret` is given with the creation of an account only.
    async fn write(
        &self,
        operation: &Operation,
        secret: Option<&InitialPassword>,
    ) -> Result<Done, WriteError>;

    /// Sends no new write from now on, for good: what waits to be sent comes back as
    /// [`WriteError::Lost`]. Called when a drive is to stop.
    fn stop(&self) {}

    /// An account that was deleted comes back when it is to be made, with the values that it had
    /// until they are written.
    fn brings_back(&self) -> bool {
        false
    }

    /// Replaces a dead connection; what was in flight is then unknown.
    async fn reconnect(&mut self) -> Result<(), TargetError>;

    /// What its client wants to know again next time, if anything.
    fn kept(&self) -> Option<String> {
        None
    }

    /// What the service last said to a write, if it has taken none since.
    fn last_refusal(&self) -> Option<String> {
        None
    }

    /// Where the service says how fast it may be written.
    fn speed(&self) -> Option<Arc<dyn Speed>> {
        None
    }
}

/// How fast a service lets us go: the part of a memory that must not wait for the rest.
pub trait Speed {
    /// Waits until it is another one.
    fn changed(&self) -> BoxFuture<'_, ()>;
    /// To be kept.
    fn kept(&self) -> Option<String>;
    /// How long no write may go, on this machine's clock: it asked for that.
    fn frozen_for(&self) -> Duration;
}
