//! What `doctor` asks of the store.

use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use super::{Store, StoreError};

const PROBLEMS_MAX: usize = 20;
/// What others may not do with the store.
const OTHERS: u32 = 0o077;

/// Refuses a store that is damaged: before anything is decided from it. It reads every page, and
/// leaves out what only `doctor` asks.
pub fn sound(store: &Store) -> Result<(), StoreError> {
    check(&store.connection, "quick_check")
}

/// The same of any file, with its indexes.
pub(super) fn whole(connection: &Connection) -> Result<(), StoreError> {
    check(connection, "integrity_check")
}

fn check(connection: &Connection, pragma: &str) -> Result<(), StoreError> {
    let sql = format!("PRAGMA {pragma}(1)");
    let line: String = connection.query_row(&sql, [], |row| row.get(0))?;
    if line == "ok" { Ok(()) } else { Err(StoreError::Damaged(line)) }
}

/// Problems of the store, as sentences: damage, broken references, rights too wide. None: good.
pub fn problems(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let mut statement =
        store.connection.prepare(&format!("PRAGMA integrity_check({PROBLEMS_MAX})"))?;
    for line in statement.query_map([], |row| row.get::<_, String>(0))? {
        let line = line?;
        if line != "ok" {
            problems.push(format!("the store is damaged: {line}"));
        }
    }
    let mut statement = store.connection.prepare("PRAGMA foreign_key_check")?;
    let broken = statement.query_map([], |row| row.get::<_, String>(0))?.take(PROBLEMS_MAX);
    for table in broken {
        problems.push(format!("a row of table `{}` refers to one that is not there", table?));
    }
    Ok(problems)
}

/// The state folder and the store are their owner's alone.
pub fn exposed(store: &Store) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let folder = store.path.parent().unwrap_or(&store.path);
    for path in [folder, &store.path] {
        let mode = std::fs::metadata(path)
            .map_err(|source| StoreError::Folder {
                path: path.to_string_lossy().into_owned(),
                source,
            })?
            .permissions()
            .mode();
        if mode & OTHERS != 0 {
            problems.push(format!(
                "`{}` can be reached by others (mode {:04o})",
                path.display(),
                mode & 0o7777
            ));
        }
    }
    Ok(problems)
}
