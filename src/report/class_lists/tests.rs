use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::date;

use super::*;
use crate::desired::class_lists::{Class, Listed};
use crate::mapping::entries::Category;
use crate::model::ids::{SchoolYear, StructureKind};
use crate::model::school::School;
use crate::validate::fixture::lycee;

/// Two schools; a pupil, a teacher of both, and names that a spreadsheet or a parser would obey.
fn sample<'a>(schools: &'a [School], check: impl Fn(&ClassLists<'a>)) {
    let [first, second] = schools else { unreachable!("two schools") };
    let person = |given: &str, called: &str, roles: &[(&'a Uai, Category)]| Listed {
        given: given.to_owned(),
        called: called.to_owned(),
        address: format!("{called}@mail.example"),
        login: "login",
        username: format!("{called}@ecole.example"),
        place: Some(roles[0].0),
        roles: roles.iter().copied().collect(),
    };
    let class = |id: &str, uai, kind, label, pupils: &[&str], teachers: &[&str]| Class {
        id: format!("2026-{id}"),
        uai,
        kind,
        name: "0590001F-div-1",
        label,
        pupils: pupils.iter().map(|key| (*key).to_owned()).collect(),
        teachers: teachers.iter().map(|key| (*key).to_owned()).collect(),
    };
    check(&ClassLists {
        region: "Région, \"Nord\"",
        year: SchoolYear(2026),
        begins: date(2026, 8, 20),
        ends: date(2027, 8, 19),
        schools: vec![first, second],
        people: BTreeMap::from([
            (
                "A1".to_owned(),
                person("Inès", "D'Hondt, \"dite\"", &[(&first.uai, Category::Pupil)]),
            ),
            ("B2".to_owned(), {
                let both = [(&first.uai, Category::Teacher), (&second.uai, Category::Teacher)];
                person("=cmd|' /C calc'!A0", "O\r\nNeil", &both)
            }),
        ]),
        classes: vec![
            class("a", &first.uai, StructureKind::Division, "-2 A\nbis", &["A1"], &["B2"]),
            class("b", &second.uai, StructureKind::Group, "LV2", &[], &["B2"]),
        ],
    });
}

fn schools() -> [School; 2] {
    [lycee("0590001F"), lycee("0599990N")]
}

/// File → header and rows, as a parser of RFC 4180 reads them.
type Read = BTreeMap<&'static str, Vec<BTreeMap<String, String>>>;

fn read(files: &[File]) -> Read {
    let rows = |file: &File| {
        let mut csv = csv::Reader::from_reader(file.bytes.as_slice());
        let header = csv.headers().unwrap().clone();
        let pair = |row: csv::StringRecord| {
            assert_eq!(row.len(), header.len(), "{}", file.name);
            header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect()
        };
        csv.records().map(|row| pair(row.unwrap())).collect()
    };
    files.iter().map(|file| (file.name, rows(file))).collect()
}

fn column(read: &Read, file: &str, column: &str) -> BTreeSet<String> {
    let values = read[file].iter().flat_map(|row| row[column].split(',').map(str::to_owned));
    values.filter(|value| !value.is_empty()).collect()
}

/// Every key of a column is a key of another file: a reader drops what hangs in the air.
fn refers(read: &Read, from: (&str, &str), to: &str) {
    let (file, name) = from;
    let known = column(read, to, "sourcedId");
    let found = column(read, file, name);
    assert!(!found.is_empty() && found.is_subset(&known), "{file}.{name}: {found:?} {known:?}");
}

#[test]
fn sds_is_written_as_its_format_page_has_it() {
    sample(&schools(), |lists| {
        let files = sds(lists).unwrap();
        let text = |name: &str| {
            let file = files.iter().find(|file| file.name == name).unwrap();
            String::from_utf8(file.bytes.clone()).unwrap()
        };
        assert_eq!(
            text("users.csv"),
            "sourcedId,username,givenName,familyName\r\n\
             A1,\"D'Hondt, \"\"dite\"\"@ecole.example\",Inès,\"D'Hondt, \"\"dite\"\"\"\r\n\
             B2,O\\u{d}\\u{a}Neil@ecole.example,'=cmd|' /C calc'!A0,O\\u{d}\\u{a}Neil\r\n"
        );
        assert_eq!(
            text("roles.csv"),
            "userSourcedId,orgSourcedId,role,sessionSourcedId,isPrimary\r\n\
             A1,0590001F,student,annee-2026,true\r\n\
             B2,0590001F,teacher,annee-2026,true\r\n\
             B2,0599990N,teacher,annee-2026,false\r\n"
        );
        assert_eq!(
            text("academicSessions.csv"),
            "sourcedId,title,type,schoolYear,startDate,endDate\r\n\
             annee-2026,2026-2027,schoolYear,2027,2026-08-20,2027-08-19\r\n"
        );
        assert_eq!(
            text("enrollments.csv"),
            "classSourcedId,userSourcedId,role\r\n\
             2026-a,A1,student\r\n2026-a,B2,teacher\r\n2026-b,B2,teacher\r\n"
        );
        assert!(text("classes.csv").contains("\r\n2026-a,0590001F,'-2 A\\u{a}bis,annee-2026,"));
        assert!(text("orgs.csv").contains("\r\nregion,\"Région, \"\"Nord\"\"\",district,\r\n"));
    });
}

#[test]
fn sds_hangs_together() {
    sample(&schools(), |lists| {
        let read = read(&sds(lists).unwrap());
        refers(&read, ("roles.csv", "userSourcedId"), "users.csv");
        refers(&read, ("roles.csv", "orgSourcedId"), "orgs.csv");
        refers(&read, ("roles.csv", "sessionSourcedId"), "academicSessions.csv");
        refers(&read, ("classes.csv", "orgSourcedId"), "orgs.csv");
        refers(&read, ("classes.csv", "sessionSourcedIds"), "academicSessions.csv");
        refers(&read, ("enrollments.csv", "classSourcedId"), "classes.csv");
        refers(&read, ("enrollments.csv", "userSourcedId"), "users.csv");
        refers(&read, ("orgs.csv", "parentSourcedId"), "orgs.csv");
    });
}

#[test]
fn oneroster_hangs_together_and_its_manifest_names_what_is_there() {
    sample(&schools(), |lists| {
        let files = oneroster(lists).unwrap();
        assert_eq!(files[0].name, "manifest.csv");
        let read = read(&files);
        refers(&read, ("classes.csv", "courseSourcedId"), "courses.csv");
        refers(&read, ("classes.csv", "schoolSourcedId"), "orgs.csv");
        refers(&read, ("classes.csv", "termSourcedIds"), "academicSessions.csv");
        refers(&read, ("courses.csv", "orgSourcedId"), "orgs.csv");
        refers(&read, ("courses.csv", "schoolYearSourcedId"), "academicSessions.csv");
        refers(&read, ("users.csv", "orgSourcedIds"), "orgs.csv");
        refers(&read, ("enrollments.csv", "classSourcedId"), "classes.csv");
        refers(&read, ("enrollments.csv", "userSourcedId"), "users.csv");
        refers(&read, ("enrollments.csv", "schoolSourcedId"), "orgs.csv");
        let named: BTreeSet<String> = read["manifest.csv"]
            .iter()
            .filter(|row| row["value"] == "bulk")
            .map(|row| format!("{}.csv", row["propertyName"].trim_start_matches("file.")))
            .collect();
        let there: BTreeSet<String> = files[1..].iter().map(|file| file.name.to_owned()).collect();
        assert_eq!(named, there);
        let blank = |row: &BTreeMap<String, String>| {
            row["status"].is_empty() && row["dateLastModified"].is_empty()
        };
        for (name, rows) in read.iter().filter(|(name, _)| **name != "manifest.csv") {
            assert!(rows.iter().all(blank), "{name}: a bulk file has neither status nor date");
        }
        // A class list is not a place for passwords, birth dates or telephones.
        let sent = column(&read, "users.csv", "password");
        assert!(sent.is_empty() && column(&read, "users.csv", "phone").is_empty());
    });
}
