//! SQLite: registry, deliveries, runs, plans, journal, sealed secrets; and the lock.
//!
//! - In: plain data. - Out: plain data, durable when a call returns.
//! - Can go wrong: disk full, damaged, another version: nothing half-done, and said.
//!
//! One writer at a time (the [`lock`]); readers beside it see the last committed state. Every
//! change goes through [`Store::write`]: one transaction, synced to the disk (DESIGN rule 7).

pub mod assent;
pub mod backup;
mod column;
pub mod deliveries;
mod error;
pub mod halts;
pub mod health;
pub mod history;
pub(crate) mod in_part;
pub mod items;
pub mod journal;
pub mod lock;
pub mod memory;
mod owed;
pub mod plans;
pub mod proof;
mod reading;
pub mod refused;
pub mod registry;
pub mod review;
pub mod runs;
mod schema;
pub mod secrets;
pub mod standing;
pub mod steps;
pub mod taken;
pub mod trap;
pub mod undo;
mod waits;

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

pub use error::StoreError;
use trap::Trap;

/// The store's file in the state folder; SQLite keeps `-wal` and `-shm` beside it.
pub const FILE: &str = "rentree.db";

const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// The WAL is cut back to this after a checkpoint that emptied it.
const WAL_BYTES_KEPT: i64 = 64 << 20;

/// How the store is opened.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The file never grows beyond this; absent: as far as the disk goes.
    pub size_max_bytes: Option<u64>,
    /// For rehearsals of crashes only.
    pub trap: Option<Trap>,
}

/// The open store.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    trap: Option<Trap>,
}

impl Store {
    /// Opens, or makes, the store of a state folder: folder 0700, file 0600. On a disk that is
    /// mounted for reading only it can be read, and every change is [`StoreError::ReadOnly`].
    pub fn open(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        match Self::open_to_write(folder, options) {
            Err(StoreError::ReadOnly(_)) if reading::is_mounted_so(folder) => {
                reading::open(folder, options)
            }
            opened => opened.map_err(|error| reading::named(error, reading::room(folder))),
        }
    }

    fn open_to_write(folder: &Path, options: &Options) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let wrong =
            |source| StoreError::Folder { path: folder.to_string_lossy().into_owned(), source };
        private_folder(folder).map_err(wrong)?;
        if !path.exists() {
            private_file(&path).map_err(wrong)?;
        }
        let mut connection = Connection::open(&path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Erased means overwritten (SEC-14, requirements 3.2).
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "journal_size_limit", WAL_BYTES_KEPT)?;
        connection.set_prepared_statement_cache_capacity(64);
        if let Some(bytes) = options.size_max_bytes {
            let page: u64 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
            connection.pragma_update(None, "max_page_count", (bytes / page).max(1))?;
        }
        schema::migrate(&mut connection)?;
        Ok(Self { connection, path, trap: options.trap.clone() })
    }

    /// The file, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One transaction: durable when it returns, or nothing at all.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.effect()?;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        self.effect()?;
        Ok(value)
    }

    fn effect(&self) -> Result<(), StoreError> {
        match &self.trap {
            Some(trap) if trap.springs() => Err(StoreError::Trapped),
            Some(_) | None => Ok(()),
        }
    }
}

/// Makes a folder that only its owner reads, when it is not there yet.
fn private_folder(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Makes a new file that only its owner reads; SQLite gives its side files the same rights.
fn private_file(path: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
pub(crate) mod tests;
