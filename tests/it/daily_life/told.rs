//! What `status` and `replay --dry-run` tell of a run that is under way, or whose process died.

use rusqlite::Connection;

use super::super::folder::{BEFFROI, Folder, MONDAY, small_school};

/// A run that is begun, with nothing done: every operation announced, or none.
fn begun(announced: bool) -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 60);
    folder.at(MONDAY, &["run"]);
    let store = Connection::open(folder.path("state/rentree.db")).unwrap();
    store.pragma_update(None, "foreign_keys", false).unwrap();
    store.execute("UPDATE run SET state = 'applying', finished_at = NULL", []).unwrap();
    let undo = match announced {
        true => "UPDATE operation_state SET state = 'started', detail = NULL",
        false => "DELETE FROM operation_state",
    };
    assert!(store.execute(undo, []).unwrap() > 60);
    folder
}

fn state(folder: &Folder) -> String {
    let store = Connection::open(folder.path("state/rentree.db")).unwrap();
    store.query_row("SELECT state FROM run", [], |row| row.get(0)).unwrap()
}

/// SEC-46: who is at work is told, and whether anybody is.
#[test]
fn a_run_under_way_is_told_from_one_whose_process_died() {
    let folder = begun(true);
    let said = folder.at(MONDAY, &["status"]).exit(0);
    assert!(said.out.contains("its process died; next: rentree replay 1\n"), "{said:?}");
    let far = |command: &str, boot: &str| {
        let owner = serde_json::json!({
            "pid": 12, "born": boot, "host": "ailleurs", "started_at": MONDAY, "command": command,
        });
        std::fs::write(folder.path("state/lock"), owner.to_string()).unwrap();
        folder.at(MONDAY, &["status"]).exit(0).out
    };
    let told = far("run", "1");
    let line = format!("under way: `rentree run`, process 12 on ailleurs, since {MONDAY}\n");
    assert!(told.contains(&line), "{told}");
    assert!(far("plan", "1").contains("its process died"), "another command is at work");
    // To ask is not to be at work.
    assert_eq!(folder.at(MONDAY, &["run"]).exit(7).out, "");
}

/// R-47, SEC-44: what a dry run says is so, and nothing is written by it.
#[test]
fn a_dry_run_of_a_replay_tells_the_sent_from_the_unsent_and_writes_nothing() {
    for (announced, words) in [(true, "0 not sent, 6"), (false, "0 without an answer")] {
        let folder = begun(announced);
        let said = folder.at(MONDAY, &["replay", "--dry-run"]).exit(0);
        assert!(said.out.contains(words), "{said:?}");
        assert!(said.out.contains(" 0 waiting for another one, 0 refused;"), "{said:?}");
        assert!(said.out.contains("its process died; next: rentree replay 1\n"), "{said:?}");
        assert_eq!(state(&folder), "applying");
    }
}

/// What has no words takes no line, and what is not shown is found where it is said to be.
#[test]
fn operations_without_an_answer_are_one_line_each() {
    let folder = begun(true);
    let said = folder.at(MONDAY, &["status", "1"]).exit(0);
    assert!(said.out.lines().all(|line| !line.trim().is_empty()), "{said:?}");
    assert_eq!(said.out.matches("  started  ").count(), 50, "{said:?}");
    let more = said.out.lines().last().unwrap();
    assert!(more.contains("more: rentree --format json status 1; of one: rentree explain MARK"));
    let all = folder.json_at(MONDAY, &["status", "1"]).exit(0).json();
    let count = all["unsettled"].as_array().unwrap().len();
    assert!(count > 60 && more.contains(&format!(" {} more", count - 50)), "{more}");
    assert_eq!(all["more"], 0);
    let key = all["unsettled"][55]["key"].as_str().unwrap().to_owned();
    folder.at(MONDAY, &["explain", &key]).exit(0);
}
