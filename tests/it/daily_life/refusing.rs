//! A server that answers with each code that a server may answer with, and one that drops the
//! connection (the lab's fault switches).

use std::fs;

use super::super::folder::{BEFFROI, Folder, MONDAY, small_school};

const PUPILS: u32 = 30;

fn school(folder: &Folder) {
    small_school(folder, BEFFROI, 100, PUPILS);
    folder.edit("rentree.toml", "retry_delay_ms = 250", "retry_delay_ms = 5");
    fs::create_dir_all(folder.path("lab")).unwrap();
}

#[test]
fn every_code_is_looked_at_and_one_more_command_ends_it_well() {
    // SEC-44, SEC-47: each on the creations of accounts and of groups, once and for the whole run.
    let calm = Folder::new(&[BEFFROI]);
    school(&calm);
    calm.at(MONDAY, &["run"]).exit(0);
    let (people, directory) = (calm.people(MONDAY), calm.directory(MONDAY));
    for (rank, fault) in [
        "busy",
        "unavailable",
        "timeLimitExceeded",
        "sizeLimitExceeded",
        "adminLimitExceeded",
        "entryAlreadyExists",
        "noSuchObject",
        "referral",
        "unwillingToPerform",
        "insufficientAccessRights",
        "objectClassViolation",
        "replyLost",
        "requestLost",
    ]
    .into_iter()
    .enumerate()
    {
        let folder = calm.twin();
        small_school(&folder, BEFFROI, 100, PUPILS);
        fs::create_dir_all(folder.path("lab")).unwrap();
        let faults = format!("add uid= {fault} 3\nadd ,ou=groupes {fault} always\n");
        fs::write(folder.path("lab/faults.txt"), faults).unwrap();
        let run = folder.at(MONDAY, &["run"]);
        assert!(matches!(run.status, 5 | 6), "{fault}: {run:?}");
        assert!(run.out.contains("next: rentree status 1"), "{fault}: {run:?}");
        // The others are there: nothing but the struck is missing.
        let standing = folder.directory(MONDAY).len();
        assert!(standing + 5 >= directory.len(), "{fault}: {standing} of {}", directory.len());
        fs::remove_file(folder.path("lab/faults.txt")).unwrap();
        if rank % 2 == 0 {
            folder.at(MONDAY, &["replay"]);
        }
        folder.at(MONDAY, &["run"]).exit(0);
        let again = folder.json_at(MONDAY, &["run"]).exit(0);
        assert_eq!(again.operations(), 0, "{fault}: {again:?}");
        assert_eq!(folder.people(MONDAY), people, "{fault}");
        assert_eq!(folder.directory(MONDAY), directory, "{fault}");
    }
}

#[test]
fn a_directory_that_answers_a_search_in_part_is_never_taken_for_a_smaller_one() {
    // SEC-47.
    let folder = Folder::new(&[BEFFROI]);
    school(&folder);
    folder.at(MONDAY, &["run"]).exit(0);
    let directory = folder.directory(MONDAY);
    for fault in ["sizeLimitExceeded", "timeLimitExceeded", "adminLimitExceeded", "busy"] {
        fs::write(folder.path("lab/faults.txt"), format!("search dc= {fault} always\n")).unwrap();
        let run = folder.at(MONDAY, &["run"]).exit(6);
        assert!(run.err.contains("warning: "), "{fault}: {run:?}");
        fs::remove_file(folder.path("lab/faults.txt")).unwrap();
        assert_eq!(folder.directory(MONDAY), directory, "{fault}");
        assert_eq!(folder.json_at(MONDAY, &["run"]).exit(0).operations(), 0, "{fault}");
    }
}
