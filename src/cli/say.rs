//! What is said, and where: data on stdout, the rest on stderr.

#![expect(clippy::print_stderr, reason = "this is where things are said")]

use std::io::Write as _;
use std::process::ExitCode;

use crate::run::outcome::{self, ExitStatus};
use crate::run::session::Format;

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

/// The end of a failed command: on stderr, and in JSON on stdout too, which then holds one document
/// whatever happened.
pub fn failure(error: &anyhow::Error, format: Format) -> ExitStatus {
    let (text, status) = outcome::rendered(error);
    eprintln!("error: {text}");
    if let (Format::Json, Some(document)) = (format, outcome::document(error)) {
        out(&format!("{document}\n"));
    }
    status
}

/// Arguments that are none: on stderr, and in JSON on stdout too.
pub fn usage(error: &clap::Error) -> ExitStatus {
    let _ = error.print();
    if !error.use_stderr() {
        return ExitStatus::Done;
    }
    if json_was_asked(std::env::args()) {
        let text = error.to_string();
        let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim());
        let message = message.split("\n\n").next().unwrap_or(message);
        let hint = Some("`rentree --help` tells what can be typed");
        out(&format!("{}\n", outcome::error_document(message, hint, ExitStatus::Usage)));
    }
    ExitStatus::Usage
}

/// `--format json` or `--format=json` stands among arguments that could not be understood.
fn json_was_asked(arguments: impl Iterator<Item = String>) -> bool {
    let arguments: Vec<String> = arguments.collect();
    let pair = |pair: &[String]| matches!(pair, [one, two] if one == "--format" && two == "json");
    arguments.windows(2).any(pair) || arguments.iter().any(|one| one == "--format=json")
}

/// The status as the system wants it.
pub fn code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status as u8)
}
