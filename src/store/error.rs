//! Why the store says no: what happened, and what to do.

use rusqlite::ErrorCode;

use super::runs::{RunId, RunState};
use crate::model::ids::PersonId;

/// A call that returns one of these has changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLITE_FULL: the disk, or the configured limit.
    #[error(
        "the disk of the store is full, or the store has reached its size limit: free space or \
         raise the limit, then run the same command again; nothing is half-done"
    )]
    Full,
    #[error("the disk of the store failed: check it, then run the same command again: {0}")]
    Disk(String),
    #[error(
        "the store cannot be written: check the rights of the state folder, and that its disk is \
         not mounted read-only: {0}"
    )]
    ReadOnly(String),
    #[error(
        "the store is damaged: do not run anything on it; put back the last `rentree backup` and \
         run `rentree doctor`: {0}"
    )]
    Damaged(String),
    #[error("the store is in use by another process for too long: try again: {0}")]
    Busy(String),
    /// Never opened by an older program: it would not know what it breaks.
    #[error(
        "the store was written by a newer version (its schema is {found}, this program knows \
         {known}): install that version again, or put back a backup made before it"
    )]
    Newer { found: i64, known: i64 },
    #[error("cannot prepare the state folder or a file in it: {path}: {source}")]
    Folder { path: String, source: std::io::Error },
    #[error("the copy {path} cannot be written: {source}")]
    Copy { path: String, source: std::io::Error },
    /// the whole change is rolled back.
    #[error("{form} `{name}` belongs to person {holder} for ever: it cannot go to person {person}")]
    NameTaken { form: &'static str, name: String, holder: PersonId, person: PersonId },
    /// Accounts and groups share one space in some targets: the whole change is rolled back.
    #[error("`{name}` cannot be the name of an account and of a group")]
    NameShared { name: String },
    /// The registry has changed since the plan was made: exit status 8.
    #[error(
        "the plan is stale: it was made from generation {planned} of the registry, which is now \
         at {now}: plan again"
    )]
    Stale { planned: u64, now: u64 },
    #[error("run {run} is {}: it cannot be {wanted}", .state.as_str())]
    RunState { run: RunId, state: RunState, wanted: &'static str },
    #[error("there is no run {0}")]
    NoRun(RunId),
    #[error("no stored plan has a hash that begins with {0}")]
    NoPlan(String),
    #[error("several plans have a hash that begins with {0}: give more of it")]
    PlanAmbiguous(String),
    /// A value in the store that this program cannot read back: damage, or a fault of ours.
    #[error("the store holds something unreadable: {0}")]
    Content(String),
    /// A rehearsal's trap sprang: see [`super::trap`].
    #[error("rehearsal: the process ends here")]
    Trapped,
    #[error("the store failed: {0}")]
    Other(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Disk(text + &file_limit()),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly(text)
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(text),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(text),
            _ if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => {
                Self::Content(text)
            }
            _ => Self::Other(error),
        }
    }
}

/// A process that may not write larger files hears of it as a failure of the disk.
fn file_limit() -> String {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize);
    let words = |bytes| {
        let kib = bytes >> 10;
        format!("; this process may write files of {kib} KiB at most (ulimit -f, LimitFSIZE=)")
    };
    limit.current.map(words).unwrap_or_default()
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Content(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_happens_to_a_disk_has_its_sentence() {
        let check = |code: i32, words: &str| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let sentence = StoreError::from(error).to_string();
            assert!(sentence.contains(words), "{code}: {sentence}");
        };
        check(ffi::SQLITE_FULL, "free space or raise the limit");
        check(ffi::SQLITE_IOERR_FSYNC, "the disk of the store failed");
        check(ffi::SQLITE_READONLY_DBMOVED, "mounted read-only");
        check(ffi::SQLITE_CANTOPEN, "check the rights of the state folder");
        check(ffi::SQLITE_CORRUPT, "put back the last `rentree backup`");
        check(ffi::SQLITE_NOTADB, "put back the last `rentree backup`");
        check(ffi::SQLITE_BUSY, "in use by another process");
    }
}
