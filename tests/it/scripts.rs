//! Stories told through the real binary: `tests/scripts/*.txt`, one test a file.
//!
//! A script is comment lines `# …`, then commands `$ …` (further lines begin with `> `), each
//! followed by what it prints, and `[exit N]` when its status is not 0. One bash plays the whole
//! script in a fresh folder, with the binary first on the path and `lib.sh` sourced. What differs
//! between two runs is replaced before comparing: see `normal.rs`. An output line that would read
//! as something else begins with a backslash. `UPDATE_EXPECT=1 cargo test scripts::` writes what
//! was printed into the scripts: read the difference before you commit it.

mod normal;
mod shell;
mod text;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use text::Script;

macro_rules! scripts {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { play(stringify!($name)); })*
        const LISTED: &[&str] = &[$(stringify!($name)),*];
    };
}

// One word a file of `tests/scripts`.
scripts!(
    academy,
    apply_school,
    apply_school_again,
    apply_school_drift,
    apply_school_rest,
    approve_again,
    born_on_one_day,
    class_lists,
    class_renamed,
    confirm_another,
    deadline_by_file,
    deadline_is_near,
    deadline_of_away,
    deadline_stays,
    deadlines,
    departure_and_return,
    disabled_by_place,
    disk_full,
    drift,
    drift_by_hand,
    early_file_kept,
    exact,
    exported_plan,
    first_and_second_run,
    flood_by_schools,
    flood_of_a_day,
    graph_administrator,
    graph_again,
    graph_deleted_by_hand,
    graph_drift,
    graph_forms,
    graph_full,
    graph_half_back,
    graph_homonym,
    graph_homonym_at_post,
    graph_hours,
    graph_mark_lost,
    graph_name_change,
    graph_never_holds_back,
    graph_no_room,
    graph_prefix,
    graph_reading_held,
    graph_renamed,
    graph_rentree,
    graph_school_alone,
    graph_settings,
    graph_stops,
    graph_subscription,
    graph_switched_off,
    graph_switched_off_amid,
    graph_switched_off_back,
    graph_switches,
    graph_synced,
    graph_team_fails,
    graph_token,
    graph_told,
    guard,
    harness,
    help,
    hold_and_release,
    in_part,
    june_two_years,
    local_becomes_epp,
    machine,
    latest_is_a_part,
    missing_academy,
    missing_school,
    neutral_class,
    never_leaves,
    no_room,
    odd_names,
    other_pupils,
    poison,
    read_back,
    record_waits_at_new_school,
    refused_files,
    restore_drill,
    restored_store,
    match_evaluate,
    review_answers,
    review_by_file,
    review_changed_facts,
    review_claimed_by_two,
    review_ine_of_another,
    review_waits_and_joins,
    rollback,
    rollback_caught_up,
    rollback_drift,
    rollback_joined,
    rollback_later,
    rollback_part,
    rollback_stale_names,
    rollback_unfinished,
    school_change,
    show_forms,
    silent_school,
    smaller_file,
    staff_file_emptied,
    staff_file_missing,
    staff_file_undone,
    start_of_newer,
    start_stays,
    teacher_in_two_schools,
    truncated_file,
    twins_and_homonyms,
    two_runs_at_once,
    unmarked_entry,
    unread_alone,
    what_next_clock,
    what_next_left,
    what_next_part,
    what_next_stopped,
    waits_not_late,
    wrong_year_stays_refused,
);

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/scripts")
}

/// Plays a script and compares, or rewrites it when `UPDATE_EXPECT` is set.
fn play(name: &str) {
    let path = folder().join(name).with_extension("txt");
    let written = fs::read_to_string(&path).unwrap();
    let expected = Script::parse(&written).unwrap_or_else(|error| panic!("{name}.txt: {error}"));
    let got = shell::run(&expected, &folder().join("lib.sh"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, got.to_string()).unwrap();
    } else if let Some(difference) = expected.difference(&got) {
        panic!("tests/scripts/{name}.txt:{difference}");
    }
}

#[test]
fn every_script_in_the_folder_is_listed_once() {
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let files: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(stem)
        .collect();
    let listed: BTreeSet<String> = LISTED.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(files, listed, "files, and names in `scripts!` of tests/it/scripts.rs");
    assert_eq!(listed.len(), LISTED.len());
}
