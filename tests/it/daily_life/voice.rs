//! One JSON document whatever happens, statuses that tell whose turn it is, files that nobody else
//! reads.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use super::super::folder::{BEFFROI, Folder, MONDAY, TUESDAY, binary, said, small_school};

fn school() -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    folder
}

#[test]
fn json_is_one_document_also_when_there_is_nothing_or_an_error() {
    // DESIGN section 5.
    let folder = school();
    let status = folder.json_at(MONDAY, &["status"]).exit(0).json();
    assert!(status["run"].is_null() && status["unsettled"] == serde_json::json!([]), "{status}");
    for (arguments, exit) in [
        (&["apply", "7"][..], 2),
        (&["plan", "--no-such"], 2),
        (&["check", "--school", "x"], 2),
        (&["demo", folder.path("").to_str().unwrap()], 2),
    ] {
        let wrong = folder.json_at(MONDAY, arguments).exit(exit);
        let error = &wrong.json()["error"];
        assert_eq!(error["exit"], exit, "{wrong:?}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{wrong:?}");
        assert!(wrong.err.starts_with("error: "), "{wrong:?}");
    }
    folder.json_at(MONDAY, &["run"]).exit(0).json();
    let done = folder.json_at(MONDAY, &["status"]).exit(0).json();
    assert!(done["deadline"]["earliest"].is_string(), "{done}");
    assert!(done["deadline"]["forecast"].is_null(), "{done}");
    let new = folder.beside("autre");
    let mut init = binary();
    init.args(["--format", "json", "init"]).arg(&new);
    assert_eq!(said(init).exit(0).json()["folder"], new.to_str().unwrap());
    let mut lab = folder.command(MONDAY, &["--format", "json", "lab"]);
    let mut lab = lab.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(lab.stdout.take().unwrap()).read_line(&mut line).unwrap();
    lab.kill().unwrap();
    lab.wait().unwrap();
    let served: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(served["serves"][0]["url"].as_str().unwrap().starts_with("ldaps://"), "{line}");
}

#[test]
fn a_guard_that_stops_an_apply_leaves_one_document() {
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    fs::remove_dir_all(folder.path("lab")).unwrap();
    assert!(folder.at(TUESDAY, &["run"]).exit(4).out.contains("accounts-missing"));
    let stopped = folder.json_at(TUESDAY, &["apply", "latest"]).exit(4);
    assert_eq!(stopped.json()["guards"][0]["id"], "accounts-missing", "{stopped:?}");
}

#[test]
fn a_copy_is_never_written_over_another() {
    let folder = school();
    let copy = folder.beside("copy.db");
    let backup = ["backup", copy.to_str().unwrap()];
    assert_eq!(folder.json_at(MONDAY, &backup).exit(0).json()["file"], backup[1]);
    let again = folder.at(MONDAY, &backup).exit(2);
    assert!(again.err.contains("exists already") && again.err.contains("rentree-2026-09-07.db"));
}

#[test]
fn a_plan_of_another_day_is_stale() {
    let folder = school();
    folder.at(TUESDAY, &["plan"]).exit(0);
    for (now, why) in [(MONDAY, "later than now"), ("2026-09-09T20:00:00Z", "on another day")] {
        let stale = folder.at(now, &["apply", "latest"]).exit(8);
        assert!(stale.err.contains(why), "{stale:?}");
    }
    // Made again it is of today.
    folder.at("2026-09-09T20:00:00Z", &["plan"]).exit(0);
    folder.at("2026-09-09T21:00:00Z", &["apply", "latest"]).exit(0);
}

#[test]
fn another_key_of_the_ine_is_noticed_before_anybody_is_doubled() {
    let folder = school();
    folder.at(MONDAY, &["run"]).exit(0);
    let key = folder.path("secrets/ine.key");
    let ours = fs::read_to_string(&key).unwrap();
    fs::write(&key, "0".repeat(64)).unwrap();
    for command in ["plan", "run", "check", "people"] {
        let refused = folder.at(MONDAY, &[command]).exit(2);
        assert!(refused.err.contains("hint: put your copy of secrets/ine.key back"), "{refused:?}");
    }
    let doctor = folder.at(MONDAY, &["doctor"]).exit(2).out;
    assert!(doctor.contains("BAD   files: ine-key: "), "{doctor}");
    fs::remove_file(&key).unwrap();
    let refused = folder.at(MONDAY, &["plan"]).exit(2);
    assert!(refused.err.contains("hint: put your copy of secrets/ine.key back"), "{refused:?}");
    let mut init = binary();
    init.arg("init").arg(folder.beside("autre"));
    fs::create_dir_all(folder.beside("autre/secrets")).unwrap();
    fs::write(folder.beside("autre/secrets/ine.key"), &ours).unwrap();
    let refused = said(init).exit(2);
    assert!(refused.err.contains("nothing was changed"), "{refused:?}");
    assert_eq!(fs::read_dir(folder.beside("autre")).unwrap().count(), 1);
}

#[test]
fn files_that_name_minors_are_their_owner_s() {
    let folder = school();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (plan, pages) = (folder.beside("plan.txt"), folder.beside("pages"));
    fs::write(&plan, "old").unwrap();
    folder.at(MONDAY, &["plan", "--out", plan.to_str().unwrap()]).exit(0);
    folder.at(MONDAY, &["check", "--out", pages.to_str().unwrap()]).exit(0);
    assert_eq!(mode(&plan), 0o600);
    let pages: Vec<_> = fs::read_dir(&pages).unwrap().map(|page| page.unwrap().path()).collect();
    assert!(!pages.is_empty() && pages.iter().all(|page| mode(page) == 0o600), "{pages:?}");
}
