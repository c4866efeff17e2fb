//! How a command ends: the exit status, and a failure as a person reads it.

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
    #[must_use]
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

/// A failure as a person reads it: what happened, what to do next, and the status it ends with.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    pub what: String,
    pub hint: Option<String>,
    pub status: ExitStatus,
    /// In JSON, stdout has its document already.
    pub told: bool,
}

impl Failure {
    pub fn new(status: ExitStatus, what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None, status, told: false }
    }
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
    #[must_use]
    pub fn told(mut self) -> Self {
        self.told = true;
        self
    }
}

/// An error as it is shown, and the status that it means: the one place that renders them.
pub fn rendered(error: &anyhow::Error) -> (String, ExitStatus) {
    match error.downcast_ref::<Failure>() {
        Some(Failure { what, hint: Some(hint), status, told: _ }) => {
            (format!("{what}\n\nhint: {hint}"), *status)
        }
        Some(Failure { what, hint: None, status, told: _ }) => (what.clone(), *status),
        None => (format!("{error:#}"), ExitStatus::Internal),
    }
}

/// What happened and what to do, apart.
pub(super) fn parts(error: &anyhow::Error) -> (String, String) {
    match error.downcast_ref::<Failure>() {
        Some(Failure { what, hint, status: _, told: _ }) => {
            (what.clone(), hint.clone().unwrap_or_default())
        }
        None => (format!("{error:#}"), String::new()),
    }
}

/// The same as one JSON document; none when the command has printed its own.
pub fn document(error: &anyhow::Error) -> Option<serde_json::Value> {
    let (message, hint, status) = match error.downcast_ref::<Failure>() {
        Some(Failure { told: true, .. }) => return None,
        Some(Failure { what, hint, status, told: false }) => (what.clone(), hint.clone(), *status),
        None => (format!("{error:#}"), None, ExitStatus::Internal),
    };
    Some(error_document(&message, hint.as_deref(), status))
}

/// What a failed command prints on stdout with `--format json`.
pub fn error_document(message: &str, hint: Option<&str>, exit: ExitStatus) -> serde_json::Value {
    serde_json::json!({ "error": { "message": message, "hint": hint, "exit": exit as u8 } })
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
