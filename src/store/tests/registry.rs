use super::*;
use crate::model::ids::{IneKey, StructureCode, StructureKey, StructureKind};
use crate::model::person::Identifier;
use crate::model::workspace::{Workspace, WorkspaceState};
use crate::store::{StoreError, journal, plans, registry};

/// Saves and begins a plan over the generation in force.
fn commit(store: &mut Store, hash: u8, persons: Vec<Person>) -> Result<(), StoreError> {
    let mut plan = plan(hash, persons, Vec::new());
    plan.generation = registry::load(store)?.generation;
    let run = plans::save(store, "run", &plan)?;
    journal::begin(store, run, &plan, noon())
}

#[test]
fn the_registry_comes_back_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut ines = person(1, "ines.lefevre");
    ines.identifiers.insert(Identifier::Ine { key: IneKey("rnie:00ff".into()) });
    ines.identifiers.insert(Identifier::Siecle { uai: uai(), id: "99:12".into() });
    let key = StructureKey {
        uai: uai(),
        kind: StructureKind::Group,
        code: StructureCode("_301:é".into()),
    };
    let mut plan = plan(1, vec![ines, person(2, "zoe.nguyen")], Vec::new());
    plan.change.workspaces.push(Workspace {
        key,
        name: "0599990N-301".into(),
        label: "Latin 3e".into(),
        state: WorkspaceState::Frozen { since: date(2026, 7, 1) },
    });
    let run = plans::save(&mut store, "run", &plan).unwrap();
    journal::begin(&mut store, run, &plan, noon()).unwrap();

    let mut expected = crate::model::registry::Registry::default();
    expected.apply(&plan.change);
    drop(store);
    let store = open(folder.path());
    assert_eq!(registry::load(&store).unwrap(), expected);
    let found = registry::persons_by_identifier(&store, "siecle:0599990N:99:12").unwrap();
    assert_eq!(found, [PersonId(1)]);
}

#[test]
fn a_name_once_given_never_goes_to_somebody_else() {
    // even when its holder has another one by now, and all of the change is rolled back.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, 1, vec![person(1, "ines.lefevre")]).unwrap();
    commit(&mut store, 2, vec![person(1, "ines.durand")]).unwrap();
    let before = registry::load(&store).unwrap();
    assert!(before.former_names.iter().eq(["ines.lefevre"]), "it is not free to be given");

    let error = commit(&mut store, 3, vec![person(2, "zoe.nguyen"), person(3, "ines.lefevre")])
        .unwrap_err();
    let StoreError::NameTaken { name, holder, person: other, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!((name.as_str(), *holder, *other), ("ines.lefevre", PersonId(1), PersonId(3)));
    assert_eq!(registry::load(&store).unwrap(), before, "nothing of the change is kept");
    assert_eq!(registry::holders(&store, "zoe.nguyen").unwrap(), []);

    let holders = registry::holders(&store, "ines.lefevre").unwrap();
    assert_eq!(holders.len(), 3, "login, short login, address: {holders:?}");
    assert!(holders.iter().all(|holder| holder.person == PersonId(1)));
}

#[test]
fn a_name_in_one_form_is_nobody_elses_in_another() {
    // mail to the login of one person must not reach another one.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, 1, vec![person(1, "ines.lefevre")]).unwrap();
    let mut other = person(2, "ines.lefevre2");
    let account = other.account.as_mut().unwrap();
    account.name.mail_local = "ines.lefevre".parse().unwrap();
    let error = commit(&mut store, 2, vec![other]).unwrap_err();
    assert!(matches!(error, StoreError::NameTaken { holder: PersonId(1), .. }), "{error}");
}

#[test]
fn an_account_and_a_group_never_share_a_name_whichever_comes_first() {
    let space = |code: &str, name: &str| Workspace {
        key: StructureKey {
            uai: uai(),
            kind: StructureKind::Group,
            code: StructureCode(code.into()),
        },
        name: name.into(),
        label: code.into(),
        state: WorkspaceState::Open,
    };
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut keep = |hash: u8, persons: Vec<Person>, spaces: Vec<Workspace>| {
        let mut plan = plan(hash, persons, Vec::new());
        plan.change.workspaces = spaces;
        plan.generation = registry::load(&store).unwrap().generation;
        let run = plans::save(&mut store, "run", &plan).unwrap();
        journal::begin(&mut store, run, &plan, noon())
    };
    keep(1, vec![person(1, "ines.lefevre")], vec![space("A", "0599990N-GRP-A")]).unwrap();
    for (hash, persons, spaces) in [
        (2, vec![person(2, "0599990n-grp-a")], vec![]),
        (3, vec![], vec![space("B", "Ines.Lefevre")]),
        (4, vec![person(2, "zoe.nguyen")], vec![space("B", "Zoe.Nguyen")]),
    ] {
        let error = keep(hash, persons, spaces).unwrap_err();
        assert!(matches!(error, StoreError::NameShared { .. }), "{error}");
    }
}

#[test]
fn the_database_itself_refuses_to_move_or_drop_a_name() {
    // also for a program that forgot to ask.
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    commit(&mut store, 1, vec![person(1, "ines.lefevre"), person(2, "zoe.nguyen")]).unwrap();
    for sql in [
        "UPDATE name SET person = 2 WHERE name = 'ines.lefevre'",
        "UPDATE name SET name = 'x' WHERE name = 'ines.lefevre'",
        "DELETE FROM name",
        "INSERT INTO name VALUES ('login', 'ines.lefevre', 2, '')",
        "DELETE FROM person WHERE id = 2",
    ] {
        assert!(store.connection.execute(sql, []).is_err(), "{sql}");
    }
    // The way round the triggers that SQLite has: a replaced row fires no delete trigger.
    let sql = "REPLACE INTO name VALUES ('login', 'ines.lefevre', 2, '')";
    assert!(store.connection.execute(sql, []).is_err(), "{sql}");
}

#[test]
fn a_plan_made_from_an_older_registry_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let old = plan(9, vec![person(7, "paul.martin")], Vec::new());
    let run = plans::save(&mut store, "plan", &old).unwrap();
    commit(&mut store, 1, vec![person(1, "ines.lefevre")]).unwrap();
    let error = journal::begin(&mut store, run, &old, noon()).unwrap_err();
    assert!(matches!(error, StoreError::Stale { planned: 0, now: 1 }), "{error}");
    assert_eq!(registry::person(&store, PersonId(7)).unwrap(), None);
}
