//! An LDAP server inside the process, on loopback, for demos and tests; slapd is right.
//!
//! - In: a folder to live in. - Out: an LDAPS address and its CA; what is written there stays.
//! - Can go wrong: the port is taken, another process serves the folder, the disk is full (`Other`
//!   to the client; nothing is half done).
//!
//! It speaks LDAPS only. Its answers have the codes of slapd, and the same tests run against both.

mod access;
mod certificate;
mod check;
mod controls;
pub mod faults;
mod filter;
pub mod graph;
mod password;
mod refusal;
mod schema;
mod search;
mod seed;
mod server;
mod session;
mod storage;
mod time;
mod tree;
mod words;
mod write;

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use secrecy::SecretString;

pub use server::Lab;

/// Fills a buffer with random bytes. Its owner is `cli/clock.rs`.
pub type Entropy = fn(&mut [u8]);

/// How a lab is served. Every choice is the caller's.
#[derive(Debug, Clone)]
pub struct Options {
    /// 0: the one of last time, else any that is free.
    pub port: u16,
    /// `dc=…`, `o=…` or `ou=…`: the entry on top, made when it is missing.
    pub base: String,
    /// The manager: an entry that does not exist and may do everything.
    pub admin_dn: String,
    pub admin_password: SecretString,
    /// Entries of one answer that is not paged, as servers have it; the manager has no limit.
    pub size_limit: Option<u32>,
    /// The clock of operational attributes.
    pub now: fn() -> Timestamp,
    pub entropy: Entropy,
}

/// Why a lab does not serve.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    #[error("cannot use {folder}: {text}")]
    Folder { folder: PathBuf, text: String },
    #[error("another process serves {0}")]
    Busy(PathBuf),
    #[error("cannot listen on port {port} of 127.0.0.1: {text}")]
    Port { port: u16, text: String },
    #[error("not a usable name for the lab: {0}")]
    Name(String),
    #[error("cannot make the first entries: {0}")]
    Seed(String),
}

impl LabError {
    fn folder(folder: &Path, error: &io::Error) -> Self {
        Self::Folder { folder: folder.to_owned(), text: error.to_string() }
    }
}
