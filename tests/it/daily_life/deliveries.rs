//! The same deliveries give the same plan, once; damaged ones give none.

use std::fs;
use std::io::{Cursor, Write as _};

use serde_json::Value;

use super::super::folder::{
    BAIE, BEFFROI, Folder, MONDAY, TUESDAY, pupil, siecle_file, small_school, sts_file, teacher,
};

/// Two schools of some pupils, applied.
fn applied() -> Folder {
    let folder = Folder::new(&[BEFFROI, BAIE]);
    small_school(&folder, BEFFROI, 100, 12);
    small_school(&folder, BAIE, 200, 12);
    folder.at(MONDAY, &["run"]).exit(0);
    folder
}

fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(bytes).unwrap();
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_second_run_on_the_same_deliveries_writes_nothing() {
    // R-06, also with the same bytes received again later, in other words, or no more there.
    let folder = applied();
    let before = folder.directory(MONDAY);
    let still = |now: &str, case: &str| {
        let said = folder.json_at(now, &["run"]);
        assert_eq!(said.operations(), 0, "{case}: {said:?}");
        assert_eq!(said.status, 0, "{case}: {said:?}");
    };
    still(MONDAY, "the same evening");
    still(TUESDAY, "the next evening");
    let file = format!("{BEFFROI}/ElevesSansAdresses.xml");
    let bytes = fs::read(folder.path("inbox").join(&file)).unwrap();
    folder.deliver_at(&file, &bytes, "2026-09-08T19:00:00Z");
    still(TUESDAY, "received again");
    fs::remove_file(folder.path("inbox").join(&file)).unwrap();
    folder.deliver_at("autre/export du soir.zip", &zipped("b.xml", &bytes), "2026-09-08T19:00:00Z");
    still(TUESDAY, "zipped, under another name");
    folder.empty_inbox();
    still(TUESDAY, "no longer there");
    assert_eq!(folder.directory(TUESDAY), before);
}

#[test]
fn the_order_and_the_names_of_files_change_nothing() {
    // DESIGN rule 10.
    let first = Folder::new(&[BEFFROI, BAIE]);
    small_school(&first, BEFFROI, 100, 30);
    small_school(&first, BAIE, 200, 30);
    let (renamed, same) = (first.twin(), first.twin());
    let files = [
        (format!("{BEFFROI}/ElevesSansAdresses.xml"), "z/1.xml"),
        (format!("{BEFFROI}/sts_emp.xml"), "a/2.xml"),
        (format!("{BAIE}/ElevesSansAdresses.xml"), "3.xml"),
        (format!("{BAIE}/sts_emp.xml"), "y/4.xml"),
    ];
    for (name, other) in files.iter().rev() {
        let bytes = fs::read(first.path("inbox").join(name)).unwrap();
        same.deliver(name, &bytes);
        renamed.deliver(other, &bytes);
    }
    let planned = |folder: &Folder| {
        let hash = folder.json_at(MONDAY, &["plan"]).exit(0).json()["plan_hash"].clone();
        (hash, folder.at(MONDAY, &["show", "--format", "json"]).exit(0).out)
    };
    let (hash, operations) = planned(&first);
    assert!(operations.lines().count() > 60);
    assert_eq!(planned(&same), (hash.clone(), operations.clone()));
    assert_eq!(planned(&renamed).1, operations);
    // And once more in the same folder.
    assert_eq!(planned(&first), (hash, operations));
}

#[test]
fn a_file_cut_anywhere_is_refused_and_changes_nothing() {
    // DESIGN rule 1: a truncated file disables nobody; in a new folder it makes nobody either.
    let (old, new) = (applied(), Folder::new(&[BEFFROI, BAIE]));
    let pupils: Vec<_> = (100..104).map(|n| pupil(n, "2A")).collect();
    let divisions = [("2A", "31762")];
    let files =
        [siecle_file(BEFFROI, 8, &pupils), sts_file(BEFFROI, &teacher(BEFFROI), &divisions)];
    for (kind, whole) in files.iter().enumerate() {
        for percent in (0..100).step_by(5) {
            let cut = &whole[..whole.len() * percent / 100];
            for folder in [&old, &new] {
                folder.empty_inbox();
                folder.deliver_at("cut.xml", cut, "2026-09-08T19:00:00Z");
                let said = folder.json_at(TUESDAY, &["plan"]);
                assert_eq!(said.status, 3, "file {kind} at {percent} %: {said:?}");
                assert_eq!(said.operations(), 0, "file {kind} at {percent} %: {said:?}");
                let lines = said.json()["deliveries"].as_array().unwrap().clone();
                let cut: Vec<&Value> = lines.iter().filter(|it| it["name"] == "cut.xml").collect();
                assert_eq!(cut.len(), 1);
                assert_eq!(cut[0]["status"], "refused", "file {kind} at {percent} %: {said:?}");
            }
        }
    }
}

#[test]
fn every_row_read_is_accepted_set_aside_or_rejected() {
    // in every delivery, whatever is wrong with its rows.
    let folder = Folder::new(&[BEFFROI, BAIE]);
    small_school(&folder, BAIE, 200, 5);
    let mut pupils: Vec<_> = (100..110).map(|n| pupil(n, "2A")).collect();
    pupils[0].eleve_id = String::new(); // No key: rejected.
    pupils[2].ine = pupils[1].ine.clone(); // One number for two: both set aside.
    pupils[3].born = None;
    pupils[4].given = "Fran?ois".to_owned();
    pupils[5].structures = vec![('D', "9Z".to_owned())];
    folder.deliver("a/eleves.xml", &siecle_file(BEFFROI, 7, &pupils));
    let divisions = [("2A", "31762"), ("2B", "99")];
    folder.deliver("a/sts.xml", &sts_file(BEFFROI, &teacher(BEFFROI), &divisions));
    let document = folder.json_at(MONDAY, &["plan"]).exit(3).json();
    let deliveries = document["deliveries"].as_array().unwrap();
    assert_eq!(deliveries.len(), 4);
    for one in deliveries {
        let of = |key: &str| one[key].as_u64().unwrap();
        let sum = of("accepted") + of("quarantined") + of("rejected");
        assert_eq!(of("read"), sum, "{one}");
        assert!(of("read") > 0, "{one}");
    }
    let pupils = deliveries.iter().find(|one| one["name"] == "a/eleves.xml").unwrap();
    assert_eq!((&pupils["read"], &pupils["rejected"]), (&Value::from(10), &Value::from(1)));
    assert_eq!(pupils["quarantined"], 4, "{pupils}");
}

#[test]
fn a_school_outside_the_agreement_gets_nothing_and_is_told() {
    // R-01, SEC-41.
    let folder = Folder::new(&[BEFFROI]);
    small_school(&folder, BEFFROI, 100, 4);
    let inside = folder.json_at(MONDAY, &["plan"]).exit(0).operations();
    small_school(&folder, BAIE, 200, 4);
    let said = folder.json_at(MONDAY, &["plan"]).exit(3);
    assert_eq!(said.operations(), inside);
    let shown = folder.at(MONDAY, &["show", "latest"]).exit(0).out;
    assert!(!folder.at(MONDAY, &["show", "--format", "json"]).out.contains(BAIE));
    let told = folder.at(MONDAY, &["check"]).exit(3).out;
    assert!(told.contains("hors périmètre") && told.contains(BAIE), "{told}\n{shown}");
}
