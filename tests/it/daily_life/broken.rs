//! A store that cannot be used, and one that was put back.

use std::fs;

use super::super::folder::{BEFFROI, Folder, MONDAY, Said, small_school};

fn school() -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    folder
}

/// Ends with a sentence for people, in one line and a hint, and no trace of a panic.
#[track_caller]
fn is_a_sentence(said: &Said) {
    assert_eq!(said.status, 1, "{said:?}");
    assert!(said.err.starts_with("error: "), "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
}

#[test]
fn a_state_folder_that_cannot_be_used_is_told_and_nothing_is_half_done() {
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    let (people, before) = (folder.people(MONDAY), folder.directory(MONDAY));
    // A folder where no file can be made, whoever runs the test; and one that is a file.
    for state in ["/proc/self/fd", "schools.csv"] {
        let (ours, other) =
            ("state     = \"state\"".to_owned(), format!("state     = \"{state}\""));
        folder.edit("rentree.toml", &ours, &other);
        for command in ["plan", "run", "people", "check"] {
            is_a_sentence(&folder.at(MONDAY, &[command]));
        }
        // And the doctor knew.
        let doctor = folder.at(MONDAY, &["doctor"]).exit(2);
        let told = doctor.out.lines().find(|line| line.starts_with("BAD   files: state-folder"));
        let told = told.unwrap_or_else(|| panic!("{doctor:?}"));
        assert!(told.contains(&format!("{state} cannot be written to: ")), "{told}");
        assert!(!doctor.out.contains("put the last backup in its place"), "{doctor:?}");
        folder.edit("rentree.toml", &other, &ours);
    }
    assert_eq!(folder.people(MONDAY), people);
    assert_eq!(folder.directory(MONDAY), before);
}

#[test]
fn a_damaged_store_is_told_and_left_as_it_is() {
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    let before = folder.directory(MONDAY);
    let file = folder.path("state/rentree.db");
    let whole = fs::read(&file).unwrap();
    let mut torn = whole.clone();
    torn[..4096].fill(b'x');
    for damaged in [torn.as_slice(), b"no database at all, but long enough to be looked at"] {
        fs::write(&file, damaged).unwrap();
        for command in ["plan", "run", "apply latest", "people", "status"] {
            let words: Vec<&str> = command.split(' ').collect();
            let said = folder.at(MONDAY, &words);
            is_a_sentence(&said);
            assert!(said.err.contains("damaged"), "{said:?}");
        }
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
    fs::write(&file, whole).unwrap();
    assert_eq!(folder.directory(MONDAY), before);
}

#[test]
fn a_store_that_is_damaged_in_the_middle_is_found_before_anything_is_decided_or_copied() {
    // SEC-48: a copy of it would take the place of a good one.
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    let before = folder.directory(MONDAY);
    let file = folder.path("state/rentree.db");
    let whole = fs::read(&file).unwrap();
    let copy = folder.beside("copy.db");
    for tenth in 1..10 {
        let mut torn = whole.clone();
        let at = whole.len() * tenth / 10 / 4096 * 4096;
        let end = (at + 16 * 4096).min(torn.len());
        torn[at..end].fill(b'x');
        fs::write(&file, &torn).unwrap();
        for words in [vec!["run"], vec!["replay"], vec!["backup", copy.to_str().unwrap()]] {
            let said = folder.at(MONDAY, &words);
            is_a_sentence(&said);
            assert!(said.err.contains("damaged"), "{tenth}: {said:?}");
        }
        assert!(!copy.exists(), "{tenth}");
        let doctor = folder.at(MONDAY, &["doctor"]).exit(2);
        assert!(doctor.out.contains("put the last backup in its place"), "{doctor:?}");
    }
    fs::write(&file, whole).unwrap();
    assert_eq!(folder.directory(MONDAY), before);
}

#[test]
fn a_store_that_was_lost_is_told_by_the_doctor() {
    // SEC-48: the state folder was not mounted.
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    assert!(!folder.at(MONDAY, &["doctor"]).exit(0).out.contains("store-lost"));
    fs::remove_dir_all(folder.path("state")).unwrap();
    let doctor = folder.at(MONDAY, &["doctor"]).exit(2);
    let told = doctor.out.lines().find(|line| line.contains("store-lost")).unwrap().to_owned();
    assert!(told.contains("the store knows nobody: it was lost"), "{told}");
}

#[test]
fn a_backup_put_back_leaves_nothing_to_plan() {
    // SEC-48.
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    let (people, copy) = (folder.people(MONDAY), folder.beside("copy.db"));
    folder.at(MONDAY, &["backup", copy.to_str().unwrap()]).exit(0);
    fs::remove_dir_all(folder.path("state")).unwrap();
    fs::create_dir(folder.path("state")).unwrap();
    fs::copy(&copy, folder.path("state/rentree.db")).unwrap();
    let said = folder.json_at(MONDAY, &["run"]).exit(0);
    assert_eq!(said.operations(), 0, "{said:?}");
    assert_eq!(folder.people(MONDAY), people);
}
