use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::{FILE, StoreError, backup, health, journal, plans, registry};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_store_is_for_its_owner_only_and_synced_before_it_counts() {
    // SEC-14; DESIGN rule 7.
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("a/state");
    let mut store = open(&state);
    plans::save(&mut store, "plan", &plan(1, vec![person(1, "a.b")], Vec::new())).unwrap();
    assert_eq!(mode(&state), 0o700);
    for file in std::fs::read_dir(&state).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let pragma = |name: &str| -> String {
        let row = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        let value = store.connection.query_row(&format!("PRAGMA {name}"), [], row).unwrap();
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
    assert_eq!(pragma("secure_delete"), "Integer(1)");
}

#[test]
fn a_full_disk_says_so_and_leaves_nothing_half_done() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("state");
    let small = Options { size_max_bytes: Some(400 << 10), trap: None };
    let mut store = Store::open(&folder, &small).unwrap();
    let first = plan(1, vec![person(1, "ines.lefevre")], Vec::new());
    let run = plans::save(&mut store, "run", &first).unwrap();
    journal::begin(&mut store, run, &first, noon()).unwrap();

    let many = (2..5000).map(|id| person(id, &format!("p.n{id}"))).collect();
    let error = plans::save(&mut store, "run", &plan(2, many, Vec::new())).unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error}");
    assert!(error.to_string().contains("free space"), "{error}");
    assert_eq!(crate::store::runs::list(&store).unwrap().len(), 1);
    assert_eq!(registry::load(&store).unwrap().persons.len(), 1);
    // With room again, the store works as before.
    drop(store);
    let mut store = open(&folder);
    assert_eq!(health::problems(&store).unwrap(), Vec::<String>::new());
    plans::save(&mut store, "run", &plan(3, Vec::new(), Vec::new())).unwrap();
}

#[test]
fn a_damaged_store_says_so() {
    let check = |damage: &dyn Fn(&mut Vec<u8>)| {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("state");
        drop(open(&folder));
        let path = folder.join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        damage(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        match Store::open(&folder, &Options::default()) {
            Ok(store) => match health::problems(&store) {
                Ok(problems) => !problems.is_empty(),
                Err(error) => matches!(error, StoreError::Damaged(_)),
            },
            Err(error) => matches!(error, StoreError::Damaged(_)),
        }
    };
    assert!(check(&|bytes| bytes[..32].fill(b'x')), "no longer a database");
    assert!(check(&|bytes| bytes[8192..].fill(0xA5)), "pages overwritten");
    assert!(!check(&|_| ()), "undamaged");
}

#[test]
fn doctor_sees_rights_that_are_too_wide() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("state"));
    let readable = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(store.path(), readable).unwrap();
    let exposed = health::exposed(&store).unwrap();
    assert!(exposed.len() == 1 && exposed[0].contains("0644"), "{exposed:?}");
    // A sound store is not put back for that.
    assert_eq!(health::problems(&store).unwrap(), [""; 0]);
}

#[test]
fn a_backup_is_taken_in_use_and_can_be_put_back() {
    // SEC-48.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(&folder.path().join("state"));
    let first = plan(1, vec![person(1, "ines.lefevre")], Vec::new());
    let run = plans::save(&mut store, "run", &first).unwrap();
    journal::begin(&mut store, run, &first, noon()).unwrap();
    let copy = folder.path().join("copie.db");
    backup::backup(&store, &copy).unwrap();
    assert_eq!(mode(&copy), 0o600);
    assert!(backup::backup(&store, &copy).is_err(), "never over another");
    let expected = registry::load(&store).unwrap();
    plans::save(&mut store, "run", &plan(2, Vec::new(), Vec::new())).unwrap();

    let restored = folder.path().join("restored");
    std::fs::create_dir(&restored).unwrap();
    std::fs::copy(&copy, restored.join(FILE)).unwrap();
    let restored = open(&restored);
    assert_eq!(registry::load(&restored).unwrap(), expected);
    assert_eq!(plans::load(&restored, run).unwrap(), first);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "state, copie.db, restored, and nothing partial");
}

#[test]
fn a_reader_works_beside_a_writer() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    plans::save(&mut writer, "run", &plan(1, Vec::new(), Vec::new())).unwrap();
    let transaction = writer.connection.transaction().unwrap();
    transaction.execute("UPDATE run SET command = 'x'", []).unwrap();
    let reader = open(folder.path());
    assert_eq!(crate::store::runs::list(&reader).unwrap()[0].command, "run");
}
