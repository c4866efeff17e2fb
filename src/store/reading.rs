//! The store on a disk that is mounted for reading only, as a system leaves it when a disk begins
//! to fail: what it holds can still be looked at and saved (SEC-48); nothing can be written.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{BUSY_TIMEOUT, FILE, Options, Store, StoreError, schema};

/// Nobody can write to the folder, whatever the rights.
pub(super) fn is_mounted_so(folder: &Path) -> bool {
    let mount = rustix::fs::statvfs(folder);
    mount.is_ok_and(|mount| mount.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// What a log's index takes, which every reader makes or grows.
const INDEX_BYTES: u64 = 32 << 10;

/// What is free on the disk of the folder, as far as that can be told.
pub(super) fn room(folder: &Path) -> u64 {
    let disk = rustix::fs::statvfs(folder);
    disk.map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// On a full disk already the opening fails, and SQLite calls that a failure of the disk.
pub(super) fn named(error: StoreError, room: u64) -> StoreError {
    match error {
        StoreError::Disk(_) if room < INDEX_BYTES => StoreError::Full,
        other => other,
    }
}

/// Opens the store of a folder that nobody writes to.
pub(super) fn open(folder: &Path, options: &Options) -> Result<Store, StoreError> {
    let path = folder.join(FILE);
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    // What a killed process left in the log counts. Without one, SQLite wants to make it: it is
    // told that the file cannot change.
    let has_log = std::fs::metadata(log).is_ok_and(|log| log.len() > 0);
    let uri =
        format!("file:{}?mode=ro{}", escaped(&path), if has_log { "" } else { "&immutable=1" });
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    schema::expect_known(&connection)?;
    Ok(Store { connection, path, trap: options.trap.clone() })
}

/// A path as it stands in an address.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let sign = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.as_os_str().as_encoded_bytes().iter().map(|byte| sign(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::{open as opened, person, plan};
    use crate::store::{backup, journal, plans, registry, tests::noon};

    /// The files of a store, as they stand while a process has it open.
    fn copied(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    #[test]
    fn what_a_killed_process_left_in_the_log_is_read_and_saved_and_nothing_is_written() {
        // SEC-48.
        let root = tempfile::tempdir().unwrap();
        let (living, dead) = (root.path().join("state"), root.path().join("dé ad?#%"));
        let mut store = opened(&living);
        let first = plan(1, vec![person(1, "ines.lefevre")], Vec::new());
        let run = plans::save(&mut store, "run", &first).unwrap();
        journal::begin(&mut store, run, &first, noon()).unwrap();
        copied(&living, &dead);
        drop(store); // Into the one file: no log is left.
        for folder in [&dead, &living] {
            let mut store = open(folder, &Options::default()).unwrap();
            assert_eq!(registry::load(&store).unwrap().persons.len(), 1, "{folder:?}");
            let error = plans::save(&mut store, "run", &first).unwrap_err();
            assert!(matches!(error, StoreError::ReadOnly(_)), "{error}");
            let copy = root.path().join("saved.db");
            backup::backup(&store, &copy).unwrap();
            std::fs::create_dir(root.path().join("again")).unwrap();
            std::fs::rename(copy, root.path().join("again").join(FILE)).unwrap();
            let again = opened(&root.path().join("again"));
            assert_eq!(registry::load(&again).unwrap().persons.len(), 1);
            drop(again);
            std::fs::remove_dir_all(root.path().join("again")).unwrap();
        }
    }

    #[test]
    fn a_disk_without_room_is_not_called_broken() {
        let check = |error: StoreError, room, expect: &str| {
            let words = named(error, room).to_string();
            assert!(words.starts_with(expect), "{words}");
        };
        let broken = || StoreError::Disk("disk I/O error".to_owned());
        check(broken(), 0, "the disk of the store is full");
        check(broken(), 1 << 20, "the disk of the store failed");
        check(StoreError::Busy(String::new()), 0, "the store is in use");
        assert!(room(Path::new("/")) > 0);
    }

    #[test]
    fn an_older_store_is_not_brought_up_to_date_there() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        let store = opened(&folder);
        store.connection.pragma_update(None, "user_version", 1).unwrap();
        drop(store);
        let error = open(&folder, &Options::default()).unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly(_)), "{error}");
    }
}
