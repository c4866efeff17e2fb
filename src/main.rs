//! The `rentree` binary: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    rentree::cli::main()
}
