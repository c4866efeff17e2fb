//! The inbox: find, date, hash, unzip safely, decode, and say what each file is.
//!
//! - In: a folder of any depth. - Out: parts, each a stream of UTF-8 XML, and refusals.
//! - Can go wrong: a file is unreadable, hostile or unknown: a finding, never a panic.
