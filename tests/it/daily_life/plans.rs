//! A stored plan is applied as it was reviewed, or not at all; floods of a source are stopped.

use std::fs;

use serde_json::Value;

use super::super::folder::{
    BAIE, BEFFROI, Folder, MONDAY, Said, TUESDAY, pupil, siecle_file, small_school,
};

fn planned() -> Folder {
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 12);
    folder.at(MONDAY, &["plan"]).exit(0);
    folder
}

#[track_caller]
fn refused(folder: &Folder, names: &str) {
    let said = folder.at(MONDAY, &["apply", "1"]).exit(8);
    assert!(said.err.contains("stale") && said.err.contains(names), "{names}: {said:?}");
    assert_eq!(folder.people(MONDAY), "", "{names}: nothing was written");
}

#[test]
fn whatever_a_plan_was_made_from_has_changed_it_is_refused_by_name() {
    // SEC-43: settings file by file, deliveries, the plan itself, registry, entries.
    let edits = [
        ("rentree.toml", "pupil_grace_days = 15", "pupil_grace_days = 16"),
        ("schools.csv", ";Nord 1;", ";Nord 2;"),
        ("mappings/functions.toml", "version = \"1.0\"", "version = \"1.1\""),
        ("mappings/naming.toml", "version = \"1.0\"", "version = \"1.1\""),
        ("mappings/openldap.toml", "version = \"1.0\"", "version = \"1.1\""),
    ];
    for (file, from, to) in edits {
        let folder = planned();
        folder.edit(file, from, to);
        refused(&folder, &format!("{file} has changed"));
    }
    let folder = planned();
    let more: Vec<_> = (100..113).map(|n| pupil(n, "2A")).collect();
    folder.deliver("b.xml", &siecle_file(BEFFROI, 7, &more[..11]));
    folder.deliver_at("c.xml", &siecle_file(BEFFROI, 7, &more), "2026-09-07T19:30:00Z");
    refused(&folder, "another delivery is in force now: siecle-pupils of 0599990N");

    let folder = planned();
    let store = rusqlite::Connection::open(folder.path("state/rentree.db")).unwrap();
    store.execute("DELETE FROM plan_operation WHERE seq = 5", []).unwrap();
    drop(store);
    refused(&folder, "another plan under this hash");

    let folder = planned();
    folder.edit("rentree.toml", "pupil_grace_days = 15", "pupil_grace_days = 16");
    folder.at(MONDAY, &["run"]).exit(0);
    folder.edit("rentree.toml", "pupil_grace_days = 16", "pupil_grace_days = 15");
    let said = folder.at(MONDAY, &["apply", "1"]).exit(8);
    assert!(said.err.contains("the registry has changed"), "{said:?}");
}

#[test]
fn a_file_of_a_plan_is_refused_when_one_byte_of_it_was_changed() {
    // SEC-43.
    let folder = planned();
    let file = folder.path("plan.txt");
    let name = file.to_str().unwrap();
    folder.at(MONDAY, &["plan", "--out", name]).exit(0);
    folder.at(MONDAY, &["show", name]).exit(0);
    let whole = fs::read(&file).unwrap();
    let last = whole.len() - 1;
    let places: Vec<usize> = (0..40).map(|n| n * last / 40).chain([last - 64, last]).collect();
    for place in places {
        let mut altered = whole.clone();
        altered[place] ^= 1;
        fs::write(&file, &altered).unwrap();
        let said = folder.at(MONDAY, &["show", name]).exit(2);
        assert!(said.err.contains("it was changed"), "{place}: {said:?}");
        folder.at(MONDAY, &["apply", name]).exit(2);
    }
    for cut in [0, 1, 64, 65, last / 2] {
        fs::write(&file, &whole[..cut]).unwrap();
        folder.at(MONDAY, &["show", name]).exit(2);
    }
    // Signed by another folder, it is nobody's.
    let twin = Folder::new(&[BEFFROI]);
    fs::write(twin.path("plan.txt"), &whole).unwrap();
    twin.at(MONDAY, &["show", twin.path("plan.txt").to_str().unwrap()]).exit(2);
    assert_eq!(folder.people(MONDAY), "");
    fs::write(&file, &whole).unwrap();
    folder.at(MONDAY, &["apply", name]).exit(0);
}

/// Two académies of one school each, applied on Monday.
fn two_academies() -> Folder {
    let folder = Folder::new(&[BEFFROI, BAIE]);
    small_school(&folder, BEFFROI, 100, 40);
    small_school(&folder, BAIE, 200, 40);
    folder.at(MONDAY, &["run"]).exit(0);
    folder
}

/// Everybody can still log in, and nobody is on the way out.
#[track_caller]
fn nobody_leaves(folder: &Folder, before: &[Value], what: &str) {
    assert_eq!(folder.directory("2026-09-23T20:00:00Z"), before, "{what}");
    for line in folder.people("2026-09-23T20:00:00Z").lines() {
        assert!(line.contains("\"active\""), "{what}: {line}");
    }
}

#[test]
fn an_empty_halved_or_old_source_and_a_missing_academie_take_nobody_away() {
    // SEC-42, DESIGN rule 1. In late September, when not being listed counts.
    const LATE: &str = "2026-09-22T20:00:00Z";
    let received = "2026-09-22T19:00:00Z";
    let replaced = |what: &str, bytes: Vec<u8>, statuses: &[i32]| {
        let folder = two_academies();
        let before = folder.directory(MONDAY);
        folder.deliver_at("anew.xml", &bytes, received);
        let said: Said = folder.at(LATE, &["run"]);
        assert!(statuses.contains(&said.status), "{what}: {said:?}");
        nobody_leaves(&folder, &before, what);
    };
    replaced("empty", siecle_file(BEFFROI, 22, &[]), &[3, 4]);
    let half: Vec<_> = (100..120).map(|n| pupil(n, "2A")).collect();
    let half: Vec<_> = half.into_iter().filter(|one| one.eleve_id.ends_with(['0', '2'])).collect();
    replaced("halved", siecle_file(BEFFROI, 22, &half), &[0, 3, 4]);
    let few: Vec<_> = (100..130).map(|n| pupil(n, "2A")).collect();
    let text = siecle_file(BEFFROI, 22, &few[..2]);
    let old = String::from_utf8_lossy(&text).replace(">2026<", ">2025<").into_bytes();
    assert_ne!(old, text);
    replaced("wrong year", old, &[0, 3, 4]);

    // Nothing of an académie comes any more: what it delivered stays in force.
    const OTHER: &str = "0809991A";
    let folder = Folder::new(&[BEFFROI, BAIE, OTHER]);
    small_school(&folder, BEFFROI, 100, 40);
    small_school(&folder, BAIE, 200, 40);
    small_school(&folder, OTHER, 400, 12);
    folder.at(MONDAY, &["run"]);
    // What waits for an answer gets its account meanwhile.
    folder.at(LATE, &["run"]);
    let before = folder.directory(LATE);
    fs::remove_dir_all(folder.path("inbox").join(BAIE)).unwrap();
    fs::remove_dir_all(folder.path("inbox").join(OTHER)).unwrap();
    folder.at(LATE, &["run"]);
    nobody_leaves(&folder, &before, "inbox without an académie");
    // Its schools are lost from the list: the next change of anybody is stopped.
    let list = fs::read_to_string(folder.path("schools.csv")).unwrap();
    let kept = list.lines().filter(|line| !line.starts_with("080"));
    fs::write(folder.path("schools.csv"), kept.collect::<Vec<_>>().join("\n")).unwrap();
    let mut pupils: Vec<_> =
        (100..140).map(|n| pupil(n, if n % 2 == 0 { "2A" } else { "2B" })).collect();
    pupils[0].structures[0].1 = "2B".to_owned();
    folder.deliver_at("new.xml", &siecle_file(BEFFROI, 22, &pupils), received);
    let said = folder.at(LATE, &["run"]).exit(4);
    assert!(
        said.out.contains("nothing of the académie Amiens is in force any more, of 2"),
        "{said:?}"
    );
    assert_eq!(folder.directory(LATE), before);
}

#[test]
fn a_region_wide_plan_takes_two_persons_and_both_are_kept() {
    // SEC-42.
    let folder = two_academies();
    folder.at(MONDAY, &["rollback", "1"]).exit(4);
    let runs = folder.json_at(MONDAY, &["runs", "--most", "1"]).exit(0).json();
    let hash = runs["plan_hash"].as_str().unwrap().to_owned();
    let before = folder.standing(MONDAY);
    let given = |who: &'static str| {
        ["latest", "--confirm", &hash, "--reason", "essai", "--by", who].map(str::to_owned)
    };
    let said = |command: &str, who| {
        let words = given(who);
        let words: Vec<&str> =
            [command].into_iter().chain(words.iter().map(String::as_str)).collect();
        folder.at(MONDAY, &words)
    };
    let alone = said("apply", "Adèle").exit(4);
    assert!(alone.err.contains("a second person must approve"), "{alone:?}");
    said("approve", "Adèle").exit(0);
    let same = said("apply", "adèle").exit(4);
    assert!(same.err.contains("cannot approve and apply"), "{same:?}");
    assert_eq!(folder.standing(MONDAY), before, "nothing was written");
    let said_done = said("apply", "Bruno").exit(0);
    assert!(said_done.out.contains("0 failed, 0 set aside"), "{said_done:?}");
    let status = folder.json_at(MONDAY, &["status"]).exit(0).json();
    let assents = status["assents"].as_array().unwrap();
    let told: Vec<[&str; 2]> =
        assents.iter().map(|one| ["act", "who"].map(|key| one[key].as_str().unwrap())).collect();
    assert_eq!(told, [["approved", "Adèle"], ["lifted", "Bruno"]]);
    assert_eq!(status["undoes"], 1);
    // The first run taken back: everybody is there, and nobody can log in.
    let accounts: Vec<Value> = folder
        .standing(MONDAY)
        .into_iter()
        .filter(|entry| entry.to_string().contains("rentree:account:"))
        .collect();
    assert_eq!(accounts.len(), 82);
    assert!(accounts.iter().all(|entry| entry.to_string().contains("000001010000Z")));
}

#[test]
fn two_users_may_be_asked_for() {
    // SEC-42: two names that one user of the system typed are not two persons then.
    let folder = two_academies();
    folder.edit("rentree.toml", "two_users                    = false", "two_users = true");
    folder.at(MONDAY, &["rollback", "1"]).exit(4);
    let runs = folder.json_at(MONDAY, &["runs", "--most", "1"]).exit(0).json();
    let hash = runs["plan_hash"].as_str().unwrap();
    let given = ["latest", "--confirm", hash, "--reason", "essai", "--by"];
    folder.at(MONDAY, &[&["approve"], &given[..], &["Adèle"]].concat()).exit(0);
    let said = folder.at(MONDAY, &[&["apply"], &given[..], &["Bruno"]].concat()).exit(4);
    assert!(said.err.contains("asks for two system users"), "{said:?}");
}

#[test]
fn what_was_answered_or_run_since_keeps_a_part_stale_as_well() {
    // SEC-43: a part of a plan is refused like the whole.
    let folder = planned();
    folder.edit("schools.csv", ";Nord 1;", ";Nord 2;");
    let said = folder.at(MONDAY, &["apply", "1", "--school", BEFFROI]).exit(8);
    assert!(said.err.contains("schools.csv has changed"), "{said:?}");
    folder.at(TUESDAY, &["apply", "1", "--school", BEFFROI]).exit(8);
    assert_eq!(folder.people(MONDAY), "");
}
