//! `rentree.toml` and `schools.csv`: what was written, and what it means.
//!
//! - In: the working folder. - Out: a checked configuration.
//! - Can go wrong: every problem is told at once, with file and key.
