//! A consistent copy of the store while it is in use (SEC-48).

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Store, StoreError, health, private_file};

/// Pages copied before others get a turn; the copy starts again if they write meanwhile, so it is
/// large enough to take the whole in a few steps.
const PAGES_PER_STEP: i32 = i32::MAX;
const PAUSE: Duration = Duration::from_millis(50);

/// Copies the store to a new file, readable by its owner only: one file, ready to be put back as
/// the store of a state folder. The name appears only once the copy is whole, sound and synced: a
/// copy of a damaged store would take the place of a good one.
pub fn backup(store: &Store, to: &Path) -> Result<(), StoreError> {
    let wrong = |source| StoreError::Copy { path: to.to_string_lossy().into_owned(), source };
    if to.exists() {
        return Err(wrong(ErrorKind::AlreadyExists.into()));
    }
    let mut partial = to.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    match std::fs::remove_file(partial) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(wrong(error)),
        Ok(()) | Err(_) => {}
    }
    private_file(partial).map_err(wrong)?;
    let copied = copy(store, partial).map_err(|error| of_the_copy(error, wrong));
    if let Err(error) = copied {
        // What is left of a copy is of no use; the first error is the one to tell.
        let _ = std::fs::remove_file(partial);
        return Err(error);
    }
    std::fs::rename(partial, to).map_err(wrong)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::File::open(folder.unwrap_or(Path::new("."))).map_err(wrong)?;
    folder.sync_all().map_err(wrong)
}

/// The store is only read: what cannot be written is the copy.
fn of_the_copy(error: StoreError, wrong: impl Fn(io::Error) -> StoreError) -> StoreError {
    match error {
        StoreError::Full => wrong(ErrorKind::StorageFull.into()),
        StoreError::ReadOnly(text) => wrong(io::Error::new(ErrorKind::PermissionDenied, text)),
        StoreError::Disk(text) => {
            wrong(io::Error::other(format!("its disk failed, or that of the store: {text}")))
        }
        other => other,
    }
}

fn copy(store: &Store, to: &Path) -> Result<(), StoreError> {
    let mut copy = Connection::open(to)?;
    Backup::new(&store.connection, &mut copy)?.run_to_completion(PAGES_PER_STEP, PAUSE, None)?;
    // Out of the write-ahead mode: everything is in the one file.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    health::whole(&copy)?;
    copy.close().map_err(|(_, error)| error.into())
}
