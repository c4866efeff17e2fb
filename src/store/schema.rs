//! Numbered migrations: each is applied once, in a transaction with the number it leads to.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// In order; the schema's number is how many of them were applied. Never edit one that was
/// released: add the next.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_first.sql"),
    include_str!("migrations/0002_witness.sql"),
    include_str!("migrations/0003_last_receipt.sql"),
    include_str!("migrations/0004_review.sql"),
    include_str!("migrations/0005_refused.sql"),
    include_str!("migrations/0006_waits.sql"),
    include_str!("migrations/0007_undo.sql"),
    include_str!("migrations/0008_memory.sql"),
    include_str!("migrations/0009_proven.sql"),
    include_str!("migrations/0010_taken.sql"),
    include_str!("migrations/0011_journal_at.sql"),
    include_str!("migrations/0012_academy.sql"),
    include_str!("migrations/0013_run_stop.sql"),
];

/// The schema that this program knows.
pub(super) fn known() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings the schema up to date. A newer one is refused.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    migrate_with(connection, MIGRATIONS)
}

/// Refuses every schema but the one that this program knows: nothing can be brought up to date.
pub(super) fn expect_known(connection: &Connection) -> Result<(), StoreError> {
    match version(connection)? {
        found if found == known() => Ok(()),
        found if found > known() => Err(StoreError::Newer { found, known: known() }),
        _ => Err(StoreError::ReadOnly("it is to be brought up to date".to_owned())),
    }
}

fn migrate_with(connection: &mut Connection, migrations: &[&str]) -> Result<(), StoreError> {
    let found = version(connection)?;
    let done = usize::try_from(found).ok().filter(|done| *done <= migrations.len());
    let Some(done) = done else { return Err(StoreError::Newer { found, known: known() }) };
    if done == migrations.len() {
        return Ok(()); // A reader beside a running apply must not ask for the write lock.
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster: count again inside.
    let done = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for (rank, text) in migrations.iter().enumerate().skip(done) {
        transaction.execute_batch(text)?;
        transaction.pragma_update(None, "user_version", rank + 1)?;
    }
    Ok(transaction.commit()?)
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_that_fails_leaves_the_schema_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate_with(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        let broken = ["", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1)"];
        assert!(migrate_with(&mut connection, &broken).is_err());
        assert_eq!(version(&connection).unwrap(), 1);
        assert!(connection.prepare("SELECT * FROM b").is_err());
        migrate_with(&mut connection, &["", "CREATE TABLE b (x)"]).unwrap();
        assert_eq!(version(&connection).unwrap(), 2);
    }

    #[test]
    fn a_newer_store_is_refused_with_a_sentence() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 999).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error}");
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}
