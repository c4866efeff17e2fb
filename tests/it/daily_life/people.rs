//! Staff whom the files say little of.

use std::fs;

use serde_json::{Value, json};

use super::super::folder::{BEFFROI, Folder, MONDAY, TUESDAY, individu, sts_file};

/// Logins by family name; null for those without an account.
fn logins(folder: &Folder, now: &str) -> Vec<(String, Value)> {
    let text = folder.people(now);
    let person = |line: &str| {
        let person: Value = serde_json::from_str(line).unwrap();
        let name = person["names"]["family"].as_str().unwrap().to_owned();
        (name, person["account"]["name"]["login"].clone())
    };
    text.lines().map(person).collect()
}

#[test]
fn without_a_function_an_account_is_kept_and_none_is_made() {
    // Formats 1.3: long leave, maternity, retired in the year; they stay in the file.
    let folder = Folder::new(&[BEFFROI]);
    let of = |first: &str, second: &str, function: &str| {
        let people = [
            individu("epp", "31762", "VANDROMME", "1975-03-12", first),
            individu("epp", "31763", "DEWEZ", "1980-05-02", second),
            individu("local", "3506", "ZETOFREY", "", function),
            individu("local", "3507", "MARCHAND", "", ""),
        ];
        sts_file(BEFFROI, &people.concat(), &[("2A", "31762")])
    };
    folder.deliver("a.xml", &of("ENS", "", "ENS"));
    folder.at(MONDAY, &["run"]);
    let known = logins(&folder, MONDAY);
    let login = |family: &str| {
        known.iter().find(|(name, _)| name == family).map_or(Value::Null, |(_, it)| it.clone())
    };
    assert_eq!(login("VANDROMME"), "hugo.vandromme", "{known:?}");
    assert_eq!(login("ZETOFREY"), "hugo.zetofrey", "a local person with a function: {known:?}");
    assert_eq!(login("DEWEZ"), Value::Null, "{known:?}");
    assert_eq!(login("MARCHAND"), Value::Null, "a local one without: {known:?}");
    let before = folder.directory(MONDAY);
    // The functions go: nothing happens to whoever has an account, for weeks.
    folder.deliver_at("b.xml", &of("", "", ""), "2026-09-08T19:00:00Z");
    for now in [TUESDAY, "2026-09-25T20:00:00Z", "2026-12-20T21:00:00Z"] {
        folder.at(now, &["run"]);
        let account = |entry: &&Value| entry["attributes"]["uid"].is_array();
        let accounts = |all: &[Value]| all.iter().filter(account).cloned().collect::<Vec<_>>();
        assert_eq!(accounts(&folder.directory(now)), accounts(&before), "{now}");
    }
    // And they come back.
    folder.deliver_at("c.xml", &of("ENS", "ENS", "ENS"), "2026-12-21T19:00:00Z");
    folder.at("2026-12-21T20:00:00Z", &["run"]);
    let back = logins(&folder, "2026-12-21T20:00:00Z");
    assert!(back.contains(&("DEWEZ".to_owned(), Value::from("hugo.dewez"))), "{back:?}");
    assert_eq!(back.len(), 4, "{back:?}");
}

#[test]
fn a_login_is_the_name_of_no_class_and_of_no_group_that_others_made() {
    // Matching section 5: the class is in the files, the group stands in the directory unmarked.
    let folder = Folder::new(&[BEFFROI]);
    folder.at(MONDAY, &["plan"]);
    folder.directory(MONDAY);
    let lab = folder.path("lab/entries.jsonl");
    let text = fs::read_to_string(&lab).unwrap();
    let mut group: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    group["dn"] = json!(format!("cn=Hugo.Dewez,{}", group["dn"].as_str().unwrap()));
    group["attributes"] =
        json!({ "objectclass": ["groupOfNames"], "cn": ["Hugo.Dewez"], "member": ["cn=x"] });
    fs::write(&lab, format!("{text}{group}\n")).unwrap();
    let people = [
        individu("epp", "31762", "VANDROMME", "1975-03-12", "ENS"),
        individu("epp", "31763", "DEWEZ", "1980-05-02", "ENS"),
        individu("epp", "31764", "LECUL", "1981-06-03", "ENS"),
    ];
    let classes = [("HUGO.VANDROMME", "31762")];
    folder.deliver("sts.xml", &sts_file(BEFFROI, &people.concat(), &classes));
    folder.at(MONDAY, &["run"]);
    let logins: Vec<Value> = logins(&folder, MONDAY).into_iter().map(|(_, login)| login).collect();
    assert_eq!(logins, ["hugo.vandromme2", "hugo.dewez2", "hugo.lecul"]);
}
