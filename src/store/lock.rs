//! One run at a time (SEC-46): a lock of the kernel, which vanishes with its process, however that
//! ends. What stands in the file is for the message only and is never believed.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::private_folder;

const FILE: &str = "lock";
/// More than an owner ever takes; the rest of a longer file is not ours.
const OWNER_BYTES_MAX: u64 = 4096;

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    pub pid: u32,
    pub host: String,
    pub started_at: Timestamp,
    /// `run`, `apply`…
    pub command: String,
}

/// Held until dropped.
#[derive(Debug)]
pub struct Lock(File);

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Held {
    /// Exit status 7.
    #[error("{}", held(.0.as_ref()))]
    By(Option<LockOwner>),
    #[error("cannot lock the state folder: {0}")]
    Io(#[from] std::io::Error),
}

fn held(owner: Option<&LockOwner>) -> String {
    match owner {
        Some(LockOwner { pid, host, started_at, command }) => format!(
            "another run holds the lock: `rentree {command}`, process {pid} on {host}, since \
             {started_at}"
        ),
        None => "another run holds the lock".to_owned(),
    }
}

impl Lock {
    /// Takes the lock of a state folder, without waiting. The folder is made by whoever comes
    /// first.
    pub fn take(folder: &Path, owner: &LockOwner) -> Result<Self, Held> {
        private_folder(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(folder.join(FILE))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Held::By(read_owner(&mut file))),
            Err(TryLockError::Error(error)) => return Err(Held::Io(error)),
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(owner).map_err(std::io::Error::from)?)?;
        Ok(Self(file))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // The file stays: removing it would let two processes lock two files of one name. Closing
        // it lets go of the lock, even where this fails.
        let _ = self.0.set_len(0);
    }
}

/// None while its owner is just writing it.
fn read_owner(file: &mut File) -> Option<LockOwner> {
    let mut text = String::new();
    file.take(OWNER_BYTES_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(command: &str) -> LockOwner {
        LockOwner {
            pid: 4711,
            host: "essai".into(),
            started_at: "2026-09-01T22:00:00Z".parse().unwrap(),
            command: command.into(),
        }
    }

    #[test]
    fn a_second_run_is_told_who_holds_the_lock() {
        // SEC-46.
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path(), &owner("run")).unwrap();
        let error = Lock::take(folder.path(), &owner("apply")).unwrap_err();
        let Held::By(Some(held_by)) = &error else { panic!("{error}") };
        assert_eq!(*held_by, owner("run"));
        assert!(error.to_string().contains("`rentree run`, process 4711 on essai"), "{error}");
        drop(first);
        Lock::take(folder.path(), &owner("apply")).unwrap();
    }

    #[test]
    fn the_first_command_of_all_makes_the_folder_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        Lock::take(&state, &owner("run")).unwrap();
        let mode = std::fs::metadata(state).unwrap().permissions();
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o700);
    }

    #[test]
    fn a_lock_left_in_the_file_by_a_dead_process_holds_nobody_up() {
        // SEC-46: the words stay after a kill, the kernel's lock does not.
        let folder = tempfile::tempdir().unwrap();
        let text = serde_json::to_string(&owner("run")).unwrap();
        std::fs::write(folder.path().join(FILE), format!("{text}{}", " ".repeat(9000))).unwrap();
        Lock::take(folder.path(), &owner("replay")).unwrap();
    }
}
