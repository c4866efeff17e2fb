//! Parts of a plan and what is left of it, where a story cannot look: a process that died between
//! the two, and parts of a rest against the whole.

use rusqlite::Connection;

use super::super::folder::{BAIE, BEFFROI, Folder, MONDAY, TUESDAY, small_school};

const THIRD: &str = "0590001F";

/// Three schools, nothing written yet: plan 1.
fn planned() -> Folder {
    let folder = Folder::new(&[BEFFROI, BAIE, THIRD]);
    small_school(&folder, BEFFROI, 100, 12);
    small_school(&folder, BAIE, 200, 12);
    small_school(&folder, THIRD, 300, 12);
    folder.at(MONDAY, &["plan"]);
    folder
}

/// The directory that the whole plan makes.
fn whole(folder: &Folder) -> Vec<serde_json::Value> {
    let twin = folder.twin();
    for (uai, first) in [(BEFFROI, 100), (BAIE, 200), (THIRD, 300)] {
        small_school(&twin, uai, first, 12);
    }
    twin.at(MONDAY, &["run"]);
    twin.standing(MONDAY)
}

/// Its process died after the part was begun and before the rest was kept.
fn forget(folder: &Folder, run: u64) {
    let store = Connection::open(folder.path("state/rentree.db")).unwrap();
    store.pragma_update(None, "foreign_keys", false).unwrap();
    for table in ["plan_change", "plan_link", "plan_operation", "plan_expected", "plan_answers"] {
        store.execute(&format!("DELETE FROM {table} WHERE run = ?1"), [run]).unwrap();
    }
    assert_eq!(store.execute("DELETE FROM run WHERE id = ?1", [run]).unwrap(), 1);
    store.execute("UPDATE run SET state = 'applying' WHERE id = ?1", [run - 1]).unwrap();
}

#[test]
fn a_part_whose_process_died_before_the_rest_was_kept_keeps_it_when_it_is_taken_up() {
    // SEC-42, SEC-44.
    let folder = planned();
    folder.at(MONDAY, &["apply", "1", "--school", BEFFROI]).exit(0);
    forget(&folder, 3);
    // Another day nobody could apply it: nothing is kept.
    folder.at(TUESDAY, &["replay", "2"]).exit(0);
    folder.at(TUESDAY, &["status", "3"]).exit(2);
    let store = Connection::open(folder.path("state/rentree.db")).unwrap();
    store.execute("UPDATE run SET state = 'interrupted' WHERE id = 2", []).unwrap();
    drop(store);
    let said = folder.at(MONDAY, &["replay", "2"]).exit(0);
    assert!(said.out.contains("the rest of plan 1 stays planned, as plan 3"), "{said:?}");
    // And it is kept once.
    let store = Connection::open(folder.path("state/rentree.db")).unwrap();
    store.execute("UPDATE run SET state = 'interrupted' WHERE id = 2", []).unwrap();
    drop(store);
    let said = folder.at(MONDAY, &["replay", "2"]).exit(0);
    assert!(!said.out.contains("stays planned"), "{said:?}");
    folder.at(MONDAY, &["apply", "3"]).exit(0);
    assert_eq!(folder.standing(MONDAY), whole(&folder));
}

#[test]
fn part_after_part_comes_to_the_same_as_the_whole_plan() {
    // SEC-42.
    let both = format!("{BEFFROI},{BAIE}");
    let folder = planned();
    folder.at(MONDAY, &["apply", "1", "--school", BEFFROI]).exit(0);
    // Of the rest, a part and its rest again.
    let said = folder.at(MONDAY, &["apply", "3", "--school", BEFFROI]).exit(2);
    assert!(said.err.contains("nothing of plan 3 is of these schools"), "{said:?}");
    let said = folder.at(MONDAY, &["apply", "3", "--school", &both]).exit(0);
    assert!(said.out.contains("the rest of plan 3 stays planned, as plan 5"), "{said:?}");
    let said = folder.at(MONDAY, &["status", "4"]).exit(0);
    let line = format!("Part of: plan 3, {BEFFROI}, {BAIE} only; after run 2");
    assert!(said.out.contains(&line), "{said:?}");
    let said = folder.at(MONDAY, &["show", "5"]).exit(0);
    let line = format!("Rest of: plan 3, without {BEFFROI}, {BAIE}; after run 4");
    assert!(said.out.contains(&line), "{said:?}");
    // Members of the first school's classes have their account in the last one: they come at last.
    let said = folder.at(MONDAY, &["apply", "5", "--school", THIRD, "--exact"]).exit(0);
    assert!(said.out.contains("the rest of plan 5 stays planned, as plan 7"), "{said:?}");
    let last = folder.at(MONDAY, &["show", "7", "--format", "json"]).exit(0);
    assert!(last.out.lines().all(|line| line.contains("\"add_member\"")), "{last:?}");
    let said = folder.at(MONDAY, &["apply", "7", "--school", &both, "--exact"]).exit(0);
    assert!(said.out.contains("0 failed, 0 set aside"), "{said:?}");
    assert!(!said.out.contains("stays planned"), "{said:?}");
    assert_eq!(folder.standing(MONDAY), whole(&folder));
}
