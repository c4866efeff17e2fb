//! `rentree.toml` and `schools.csv`: what was written, and what it means.
//!
//! - In: the working folder. - Out: a checked configuration, relative paths resolved.
//! - Can go wrong: every problem is told at once, with file and key.

mod checked;
mod graph;
mod policies;
mod raw;
pub mod schools;
pub mod secret_file;
mod targets;
pub mod template;

pub use checked::{Config, Sla, load};
pub use graph::{
    GraphApp, GraphCredential, GraphLab, GraphPlace, GraphTarget, GraphTenant, LinkCost,
};
pub use targets::{Bind, LabTarget, LdapTarget, Target, TargetKind};

use std::path::PathBuf;

/// Why the configuration cannot be used (exit status 2).
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}: {error}", .path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    /// Every problem, one a line, each with its file and key.
    #[error("the configuration has {} problem(s):\n  {}", .0.len(), .0.join("\n  "))]
    Problems(Vec<String>),
    /// The same, and the key of the INE is among them: whoever makes a new one makes doubles.
    #[error("the configuration has {} problem(s):\n  {}", .0.len(), .0.join("\n  "))]
    KeyMissing(Vec<String>),
}

/// What to do when the key of the INE is missing, or another one.
pub const INE_KEY_HINT: &str = "put your copy of secrets/ine.key back; do not make a new one: \
                                under another key nobody is recognised, and everybody gets a \
                                second account";

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::KeyMissing(_) => INE_KEY_HINT,
            Self::Unreadable { .. } | Self::Problems(_) => {
                "`rentree init DIR` writes a commented configuration; `rentree --help` tells more"
            }
        }
    }
}
