//! What a look at a target tells the operator.

use serde::Serialize;

use super::TargetError;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// Stable kebab-case id: `password-read`.
    pub id: &'static str,
    pub verdict: Verdict,
    /// What was found.
    pub what: String,
    /// What to do; empty when there is nothing to do.
    pub hint: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Good,
    /// It works; somebody should know.
    Weak,
    /// To be mended before anything is written.
    Bad,
}

impl Examined {
    pub(super) fn good(id: &'static str, what: impl Into<String>) -> Self {
        Self { id, verdict: Verdict::Good, what: what.into(), hint: String::new() }
    }
    pub(super) fn weak(id: &'static str, what: impl Into<String>, hint: &str) -> Self {
        Self { id, verdict: Verdict::Weak, what: what.into(), hint: hint.to_owned() }
    }
    pub(super) fn bad(id: &'static str, what: impl Into<String>, hint: &str) -> Self {
        Self { id, verdict: Verdict::Bad, what: what.into(), hint: hint.to_owned() }
    }
    pub(super) fn failed(id: &'static str, error: &TargetError) -> Self {
        match error {
            TargetError::Unreachable { what, hint } | TargetError::Unreadable { what, hint } => {
                Self::bad(id, what, hint)
            }
            TargetError::Unusable { what, hint } => Self::bad("files", what, hint),
        }
    }
}
