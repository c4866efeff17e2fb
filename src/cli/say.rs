//! What is said, and where: data on stdout, the rest on stderr.

#![expect(clippy::print_stderr, reason = "this is where things are said")]

use std::io::Write as _;
use std::process::ExitCode;

use crate::run::outcome::{self, ExitStatus};

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
    let (text, status) = outcome::rendered(error);
    eprintln!("error: {text}");
    status
}

/// The status as the system wants it.
pub fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status as u8)
}
