//! Messages, hints and the exit status: the one place that renders them.

#![expect(clippy::print_stderr, reason = "this is where things are said")]

use std::io::Write as _;
use std::process::ExitCode;

/// Exit statuses (DESIGN section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitStatus {
    /// All done, or nothing to do.
    Done = 0,
    /// A fault of ours.
    Internal = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Some deliveries refused or records set aside; the rest is done.
    SomeRefused = 3,
    /// A guard stopped the plan; nothing written.
    Guarded = 4,
    /// Some operations failed; `replay` can take them up.
    SomeFailed = 5,
    /// A target could not be reached.
    Unreachable = 6,
    /// Another run holds the lock.
    Locked = 7,
    /// The plan is stale.
    Stale = 8,
}

impl ExitStatus {
    /// Of several causes the highest of 5, 4, 3 wins, in that order.
    pub fn and(self, other: Self) -> Self {
        let rank = |status: Self| match status {
            Self::Done => 0,
            Self::SomeRefused => 1,
            Self::Guarded => 2,
            Self::SomeFailed => 3,
            Self::Unreachable => 4,
            Self::Locked | Self::Stale | Self::Usage => 5,
            Self::Internal => 6,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// A failure as a person reads it: what happened, what to do next, and the status it ends with.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    pub what: String,
    pub hint: Option<String>,
    pub status: ExitStatus,
}

impl Failure {
    pub fn new(status: ExitStatus, what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, status }
    }
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Data goes to stdout, whole; a closed pipe is no error.
pub fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// A warning on stderr.
pub fn warn(text: &str) {
    eprintln!("warning: {text}");
}

/// The end of a failed command, on stderr.
pub fn failure(error: &anyhow::Error) -> ExitStatus {
    if let Some(Failure { what, hint, status }) = error.downcast_ref::<Failure>() {
        eprintln!("error: {what}");
        if let Some(hint) = hint {
            eprintln!("\nhint: {hint}");
        }
        return *status;
    }
    eprintln!("error: {error:#}");
    ExitStatus::Internal
}

#[cfg(test)]
mod tests {
    use super::ExitStatus::{self, Done, Guarded, SomeFailed, SomeRefused};

    #[test]
    fn the_highest_of_5_4_3_wins() {
        let check = |causes: &[ExitStatus], expected| {
            assert_eq!(causes.iter().copied().fold(Done, ExitStatus::and), expected);
        };
        check(&[], Done);
        check(&[SomeRefused, Guarded], Guarded);
        check(&[SomeFailed, Guarded, SomeRefused], SomeFailed);
    }
}
