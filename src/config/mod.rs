//! `rentree.toml` and `schools.csv`: what was written, and what it means.
//!
//! - In: the working folder. - Out: a checked configuration, relative paths resolved.
//! - Can go wrong: every problem is told at once, with file and key.

mod checked;
mod policies;
mod raw;
pub mod schools;
pub mod secret_file;
mod targets;
pub mod template;

pub use checked::{Config, load};
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
}
