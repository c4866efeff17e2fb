//! `--metrics FILE`, as the node exporter of a Région reads it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::super::folder::{BEFFROI, Folder, MONDAY, TUESDAY, small_school};

const WEDNESDAY: &str = "2026-09-09T20:00:00Z";

/// Series and values of the file; nothing else lies beside it.
fn series(file: &Path) -> BTreeMap<String, f64> {
    let beside = fs::read_dir(file.parent().unwrap()).unwrap();
    assert_eq!(beside.count(), 1, "a file of the collector's folder is whole, or not there");
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o644);
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

#[test]
fn the_metrics_tell_a_success_a_guard_stop_and_a_failure() {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    fs::create_dir(folder.beside("collector")).unwrap();
    let file = folder.beside("collector").join("rentree.prom");
    let option = ["--metrics", file.to_str().unwrap()];
    folder.at(MONDAY, &[&["run"], &option[..]].concat()).exit(0);
    let run = series(&file);
    let at = |now: &str| now.parse::<jiff::Timestamp>().unwrap().as_second() as f64;
    assert_eq!(run["rentree_last_success_timestamp_seconds"], at(MONDAY));
    assert_eq!(run["rentree_last_exit_status{command=\"run\"}"], 0.0);
    assert_eq!(run["rentree_deliveries{status=\"current\"}"], 2.0);
    let created = "rentree_operations{target=\"lab\",kind=\"create\",outcome=\"done\"}";
    assert!(run[created] > 12.0, "{run:?}");
    assert!(!run.contains_key("rentree_deadline_margin_seconds"), "nothing is open");
    // The directory is gone: a guard stops the run, and the last success stays Monday's.
    fs::remove_dir_all(folder.path("lab")).unwrap();
    folder.at(TUESDAY, &[&["run"], &option[..]].concat()).exit(4);
    let stopped = series(&file);
    assert_eq!(stopped["rentree_guard_stopped"], 1.0);
    assert!(stopped["rentree_guard_objections{guard=\"accounts-missing\"}"] >= 1.0);
    assert_eq!(stopped["rentree_last_success_timestamp_seconds"], at(MONDAY));
    assert_eq!(stopped["rentree_last_exit_status{command=\"run\"}"], 4.0);
    // So it does when not even the configuration can be read.
    fs::write(folder.path("rentree.toml"), "[region]\n").unwrap();
    folder.at(WEDNESDAY, &[&["replay"], &option[..]].concat()).exit(2);
    let failed = series(&file);
    assert_eq!(failed["rentree_last_exit_status{command=\"replay\"}"], 2.0);
    assert_eq!(failed["rentree_last_success_timestamp_seconds"], at(MONDAY));
    assert_eq!(failed["rentree_store_readable"], 0.0);
    assert_eq!(failed["rentree_last_end_timestamp_seconds{command=\"replay\"}"], at(WEDNESDAY));
}

#[test]
fn a_command_that_finds_the_lock_taken_leaves_the_metrics_to_the_other() {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    let file = folder.beside("rentree.prom");
    folder.at(MONDAY, &["status", "--metrics", file.to_str().unwrap()]).exit(0);
    let before = fs::read(&file).unwrap();
    assert!(!before.is_empty());
    let lock = folder.path("state/lock");
    let held = fs::OpenOptions::new().create(true).append(true).open(&lock).unwrap();
    held.lock().unwrap();
    folder.at(TUESDAY, &["run", "--metrics", file.to_str().unwrap()]).exit(7);
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[test]
fn the_metrics_of_what_waits_count_it_and_name_nobody() {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    let file = folder.beside("rentree.prom");
    let option = file.to_str().unwrap();
    folder.at(MONDAY, &["plan", "--metrics", option]).exit(0);
    folder.at("2026-09-15T20:00:00Z", &["status", "--metrics", option]).exit(0);
    let text = fs::read_to_string(&file).unwrap();
    let value = |name: &str| -> f64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}: {text}")).parse().unwrap()
    };
    assert!(value("rentree_late_now{cause=\"operator\"}") > 12.0);
    assert!(value("rentree_deadline_margin_seconds") < 0.0);
    // When nothing was started, the writing ends later than now.
    let margin = value("rentree_forecast_margin_seconds");
    assert!(margin < value("rentree_deadline_margin_seconds"), "{margin}");
    // Rule 9: neither persons nor schools.
    for person in folder.people(MONDAY).split('"').filter(|word| word.len() > 8) {
        assert!(!text.contains(person), "{person}");
    }
    assert!(!text.contains(BEFFROI));
}
