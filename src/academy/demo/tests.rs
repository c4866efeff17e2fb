//! What other rooms and the final screen rely on: the announced numbers, and the stories.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read as _;
use std::path::Path;

use quick_xml::events::Event;

use super::cast::{self, Character};
use super::crowd::pupils;
use super::schools::{CLOS, PIERRE, school};
use super::staffroom::{DANGLING_TEACHER, siecle_structures, staff, sts_structures};
use super::*;
use crate::academy::keys;
use crate::academy::siecle::Pupil;
use crate::academy::stsweb::Staff;
use crate::model::ids::Uai;

/// Every XML of a day: path below the inbox (with `!entry` inside a zip) and bytes.
fn written(day: Day) -> BTreeMap<String, Vec<u8>> {
    let inbox = tempfile::tempdir().unwrap();
    write_day(inbox.path(), day).unwrap();
    let mut files = BTreeMap::new();
    collect(inbox.path(), inbox.path(), &mut files);
    files
}

fn collect(inbox: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(inbox, &path, files);
            continue;
        }
        let name = path.strip_prefix(inbox).unwrap().to_str().unwrap().to_owned();
        let bytes = fs::read(&path).unwrap();
        if name.ends_with(".zip") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&bytes)).unwrap();
            for index in 0..archive.len() {
                let mut part = archive.by_index(index).unwrap();
                let mut inside = Vec::new();
                part.read_to_end(&mut inside).unwrap();
                let entry = format!("{name}!{}", part.name().unwrap());
                files.insert(entry, inside);
            }
        }
        files.insert(name, bytes);
    }
}

fn xml_of(files: &BTreeMap<String, Vec<u8>>) -> impl Iterator<Item = (&String, &Vec<u8>)> {
    files.iter().filter(|(name, _)| name.ends_with(".xml") && !name.contains("__MACOSX"))
}

/// The text of a file, by the encoding that it really has.
fn text(name: &str, bytes: &[u8]) -> String {
    let declared_latin = bytes.starts_with(br#"<?xml version="1.0" encoding="ISO-8859-15"?>"#);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if declared_latin => encoding_rs::ISO_8859_15.decode(bytes).0.into_owned(),
        Err(_) => panic!("{name}: neither UTF-8 nor declared ISO-8859-15"),
    }
}

/// Reads to the end; `Err` says where and why it stopped.
fn well_formed(text: &str) -> Result<String, String> {
    let mut reader = quick_xml::Reader::from_str(text);
    let (mut root, mut depth) = (String::new(), 0);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(tag) => {
                if root.is_empty() {
                    root = tag.name().as_ref().to_owned();
                }
                depth += 1;
            }
            Event::End(_) => depth -= 1,
            Event::Eof if depth == 0 => return Ok(root),
            Event::Eof => return Err(format!("{depth} elements are open at the end")),
            _ => {}
        }
    }
}

fn everybody(day: Day) -> Vec<(&'static str, Pupil)> {
    let of = |uai| pupils(school(uai).unwrap(), day).into_iter().map(move |pupil| (uai, pupil));
    SCHOOLS.iter().flat_map(|school| of(school.uai)).collect()
}

fn found(people: &[(&'static str, Pupil)], character: &Character) -> Vec<Pupil> {
    let same = |pupil: &Pupil| {
        (pupil.family.as_str(), pupil.given.as_str(), pupil.born)
            == (character.family, character.given, Some(character.born))
    };
    let mine = people.iter().filter(|(uai, pupil)| *uai == character.school && same(pupil));
    mine.map(|(_, pupil)| pupil.clone()).collect()
}

fn one(people: &[(&'static str, Pupil)], character: &Character) -> Pupil {
    let mut all = found(people, character);
    assert_eq!(all.len(), 1, "{character:?}");
    all.remove(0)
}

#[test]
fn every_file_is_well_formed_but_the_one_that_is_cut() {
    // SEC-31: the cut file must be seen as truncated by whoever reads it.
    let mut roots = BTreeSet::new();
    for day in Day::ALL {
        for (name, bytes) in xml_of(&written(day)) {
            let read = well_formed(&text(name, bytes));
            assert_eq!(read.is_err(), name == TRUNCATED_FILE, "{name}: {read:?}");
            roots.extend(read.ok());
        }
    }
    let expect = [
        "BEE_ELEVES",
        "BEE_NOMENCLATURES",
        "BEE_RESPONSABLES",
        "BEE_STRUCTURES",
        "EDT_STS",
        "STS_EDT",
    ];
    assert_eq!(roots, expect.map(str::to_owned).into());
}

#[test]
fn the_same_day_gives_the_same_bytes() {
    for day in Day::ALL {
        assert!(written(day) == written(day), "{day:?}");
    }
}

#[test]
fn files_are_dated_by_their_receipt_and_exported_a_little_before() {
    let expect = ["2026-09-07T19:30:00Z", "2026-09-08T19:30:00Z"];
    for (day, expect) in Day::ALL.into_iter().zip(expect) {
        assert_eq!(day.received_at().to_string(), expect);
        let inbox = tempfile::tempdir().unwrap();
        write_day(inbox.path(), day).unwrap();
        let zip = format!("lille/{}/lycee-du-vieux-rempart", day.as_str());
        let path = inbox.path().join(zip).join("ExportXML_ElevesSansAdresses.zip");
        let modified = fs::metadata(path).unwrap().modified().unwrap();
        assert_eq!(Timestamp::try_from(modified).unwrap(), day.received_at());
    }
}

#[test]
fn the_numbers_are_those_announced() {
    let first = everybody(Day::One);
    assert_eq!(first.len(), 1_500);
    let staff: usize = SCHOOLS.iter().map(|school| staff(school, Day::One).len()).sum();
    assert_eq!(staff, 150);
    let uais: Vec<Uai> = SCHOOLS.iter().map(|school| school.uai.parse().unwrap()).collect();
    let lines: Vec<String> = schools_csv().lines().skip(1).map(str::to_owned).collect();
    assert_eq!(lines.len(), uais.len());
    assert!(lines.iter().all(|line| line.split(';').count() == 11), "{lines:#?}");
    assert!(lines.iter().zip(&uais).all(|(line, uai)| line.starts_with(uai.as_str())));
}

#[test]
fn the_second_day_changes_what_is_announced_and_nothing_else() {
    type Seen = BTreeMap<(&'static str, String), Pupil>;
    let by_id = |day| -> Seen {
        let people = everybody(day).into_iter();
        people.map(|(uai, pupil)| ((uai, pupil.eleve_id.clone()), pupil)).collect()
    };
    let (first, second) = (by_id(Day::One), by_id(Day::Two));
    let new = second.keys().filter(|key| !first.contains_key(key)).count();
    assert_eq!(new, ARRIVALS + 2, "with the one who moves and the one who is claimed");
    assert_eq!(first.keys().filter(|key| !second.contains_key(key)).count(), VANISHED);
    let both = first.iter().filter_map(|(key, old)| second.get(key).map(|new| (old, new)));
    let both: Vec<_> = both.collect();
    let left = both.iter().filter(|(old, new)| old.left != new.left).count();
    assert_eq!(left, DEPARTURES + 1, "with the one who moves");
    let division = |pupil: &Pupil| pupil.codes('D').map(str::to_owned).collect::<Vec<_>>();
    let changed: Vec<_> = both.iter().filter(|(old, new)| division(old) != division(new)).collect();
    let renamed = changed.iter().filter(|(_, new)| division(new) == [RENAMED.2]).count();
    let in_old = both.iter().filter(|(old, _)| division(old) == [RENAMED.1]).count();
    assert!(renamed > 20 && renamed == in_old, "the whole class goes over");
    assert_eq!(changed.len() - renamed, CLASS_CHANGES);
}

#[test]
fn keys_are_valid_and_only_the_planned_pupils_share_or_lack_an_ine() {
    // SEC-41 and formats 7.1.
    for day in Day::ALL {
        let mut holders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut without = 0;
        for (_, pupil) in everybody(day) {
            let Some(ine) = pupil.ine else {
                without += 1;
                continue;
            };
            let number: u32 = ine.get(..9).unwrap().parse().unwrap();
            assert_eq!(ine, keys::ine(number - 990_000_000));
            holders.entry(ine).or_default().push(format!("{} {}", pupil.family, pupil.given));
        }
        let shared: Vec<_> = holders.values().filter(|names| names.len() > 1).collect();
        let expect = if day == Day::One { 1 } else { 3 };
        assert_eq!(shared.len(), expect, "{shared:?}");
        assert!(shared.iter().any(|names| names[..] == ["DUVAL Nina", "MOREL Tom"]));
        assert_eq!(without, 1);
    }
}

#[test]
fn the_pupils_of_the_stories_are_there_on_the_first_day() {
    let people = everybody(Day::One);
    let all: Vec<Pupil> = cast::FIRST_DAY.iter().map(|named| one(&people, named)).collect();
    assert!(found(&people, &cast::ARRIVING).is_empty());
    assert_eq!(cast::LONG_NAME.family.chars().count(), 60);
    let [twin, other] = cast::TWINS.map(|twin| one(&people, &twin));
    assert_eq!((&twin.family, twin.born), (&other.family, other.born));
    assert_eq!(cast::TWINS[0].ine.map(|n| n + 1), cast::TWINS[1].ine);
    let lea = people.iter().filter(|(_, p)| (&*p.family, &*p.given) == ("MARTIN", "Léa"));
    assert_eq!(lea.count(), 2);
    let [lucas, namesake] = cast::PERFECT_HOMONYMS.map(|lucas| one(&people, &lucas));
    assert_eq!((&lucas.family, lucas.born), (&namesake.family, namesake.born));
    assert_ne!(lucas.ine, namesake.ine);
    assert_eq!(one(&people, &cast::TWO_DIVISIONS).codes('D').count(), 2);
    assert_eq!(one(&people, &cast::GROUP_FIRST).structures[0].0, 'G');
    assert_eq!(all.iter().filter(|pupil| pupil.left.is_some()).count(), 1);
}

#[test]
fn the_moves_of_the_second_day_are_told_by_both_schools() {
    // R-05: one pupil is released, the other is claimed twice.
    let people = everybody(Day::Two);
    let there = |character: Character, (uai, division)| {
        one(&people, &Character { school: uai, division, ..character })
    };
    assert!(one(&people, &cast::MOVING).left.is_some());
    let arrived = there(cast::MOVING, cast::MOVING_TO);
    assert_eq!((arrived.left, arrived.ine.clone()), (None, cast::MOVING.ine.map(keys::ine)));
    assert!(arrived.codes('D').eq([cast::MOVING_TO.1]));
    assert_eq!(one(&people, &cast::CLAIMED).left, None);
    assert_eq!(there(cast::CLAIMED, cast::CLAIMED_BY).left, None);
    assert!(found(&people, &cast::VANISHED).is_empty());
    assert!(one(&people, &cast::DEPARTING).left.is_some());
    assert!(one(&people, &cast::ARRIVING).left.is_none());
    assert!(one(&people, &cast::CLASS_CHANGE).codes('D').eq([cast::CLASS_CHANGE_TO]));
}

#[test]
fn the_staff_of_the_stories_are_there_on_their_days() {
    let of = |day| -> Vec<(&'static str, Staff)> {
        let staff = |uai| staff(school(uai).unwrap(), day).into_iter().map(move |one| (uai, one));
        SCHOOLS.iter().flat_map(|school| staff(school.uai)).collect()
    };
    for day in Day::ALL {
        let people = of(day);
        for character in cast::STAFF {
            let absent = match day {
                Day::One => character == cast::TEACHER_ARRIVING,
                Day::Two => character == cast::TEACHER_LEAVING,
            };
            let same = |person: &Staff| {
                (&*person.key.id, person.key.kind, &*person.usage, person.born, person.substitute)
                    == (
                        character.id,
                        character.kind,
                        character.family,
                        character.born,
                        character.substitute,
                    )
                    && person.function.as_deref() == character.function
            };
            let schools: Vec<_> =
                people.iter().filter(|(_, one)| same(one)).map(|(uai, _)| *uai).collect();
            let expect: &[&str] = if absent { &[] } else { character.schools };
            assert_eq!(schools, expect, "{character:?} on {day:?}");
        }
    }
}

#[test]
fn the_classes_have_the_faults_of_the_stories_and_no_other() {
    // R-09: pupils' classes and teachers' classes.
    let services_name = |structures: &crate::academy::structure::Structures, id: &str| {
        let teams = structures.divisions.iter().flat_map(|division| &division.services);
        let services = teams.chain(structures.groups.iter().flat_map(|group| &group.services));
        services.flat_map(|service| &service.teachers).any(|teacher| teacher.id == id)
    };
    for day in Day::ALL {
        for school in SCHOOLS.iter().filter(|school| school.uai != CLOS) {
            let pupils = pupils(school, day);
            let staff = staff(school, day);
            let siecle = siecle_structures(school, day, &pupils);
            let sts = sts_structures(school, &siecle, &staff);
            let codes: BTreeSet<_> = siecle.divisions.iter().map(|d| d.code.as_str()).collect();
            let groups: BTreeSet<_> = siecle.groups.iter().map(|g| g.code.as_str()).collect();
            assert!(codes.is_disjoint(&groups), "STSWeb keeps one space of codes");
            assert!(codes.iter().chain(&groups).all(|code| code.chars().count() <= 8));
            let used: BTreeSet<_> = pupils.iter().flat_map(|pupil| pupil.codes('D')).collect();
            assert_eq!(used, codes, "{}", school.uai);
            assert!(pupils.iter().flat_map(|p| p.codes('G')).all(|code| groups.contains(code)));
            for division in &sts.divisions {
                let silent = (school.uai, division.code.as_str()) == WITHOUT_TEACHER;
                assert_eq!(division.services.is_empty(), silent, "{}", division.code);
                let near = (school.uai, division.code.as_str()) == (NEAR_MISS.0, NEAR_MISS.2);
                assert_eq!(codes.contains(division.code.as_str()), !near, "{}", division.code);
            }
            assert_eq!(services_name(&sts, DANGLING_TEACHER), school.uai == PIERRE);
            let on_leave = services_name(&sts, cast::FUNCTION_MISSING.id);
            assert_eq!(on_leave, school.uai == MARAIS);
        }
    }
}

#[test]
fn encodings_are_as_told() {
    let files = written(Day::One);
    let rempart = "lille/2026-09-07/lycee-du-vieux-rempart";
    let marais = "amiens/2026-09-07/marais-bleus";
    let bytes = |name: String| files.get(&name).unwrap_or_else(|| panic!("{name}"));
    let holds = |bytes: &[u8], part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    let latin = bytes(format!("{rempart}/ExportXML_ElevesSansAdresses.zip!ElevesSansAdresses.xml"));
    assert!(holds(latin, b"C\xbcURET"), "Œ is 0xBC in ISO-8859-15");
    assert!(holds(latin, b"WI?NIEWSKI") && holds(latin, b"?ukasz"));
    let misdeclared = bytes(format!("{marais}/ElevesSansAdresses.zip!ElevesSansAdresses.xml"));
    assert!(std::str::from_utf8(misdeclared).is_ok_and(|text| text.contains("ISO-8859-15")));
    assert!(misdeclared.iter().any(|byte| *byte >= 0x80));
}

#[test]
fn what_the_door_must_drop_is_really_there() {
    // Requirements 3.3: a minimisation that meets nothing to drop proves nothing.
    let files = written(Day::One);
    let all: String = xml_of(&files).map(|(name, bytes)| text(name, bytes)).collect();
    let dropped = [
        "ADRESSES",
        "ACCEPTE_SMS",
        "ADHESION_TRANSPORT",
        "BOURSES",
        "CIVILITE",
        "CODE_COMMUNE_INSEE_NAISS",
        "CODE_DEPARTEMENT_NAISS",
        "CODE_MOTIF_SORTIE",
        "CODE_PAYS",
        "CODE_PAYS_NAT",
        "CODE_PROVENANCE",
        "CODE_REGIME",
        "CODE_SEXE",
        "DISCIPLINES",
        "DOUBLEMENT",
        "GRADE",
        "MEL",
        "NB_HEURES",
        "OPTIONS",
        "SCOLARITE_AN_DERNIER",
        "SEXE",
        "TEL_PORTABLE",
    ];
    for tag in dropped {
        assert!(all.contains(&format!("<{tag}>")), "{tag}");
    }
    assert!(all.contains("canari.") && all.contains("CANARI-LES-BAINS"));
}

#[test]
fn the_files_dropped_by_mistake_and_the_silent_schools_are_as_told() {
    // R-07: one school never delivers, another not on the second day.
    let (first, second) = (written(Day::One), written(Day::Two));
    assert!(first.contains_key(GUARDIANS_FILE) && first.contains_key(TIMETABLE_FILE));
    assert!(second.contains_key(TRUNCATED_FILE));
    let names = |files: &BTreeMap<String, Vec<u8>>, folder: &str| {
        files.keys().filter(|name| name.contains(folder)).count()
    };
    assert_eq!(names(&first, "clos-fleuri"), 0);
    assert!(names(&first, "0609990H") > 0);
    assert_eq!(names(&second, "0609990H"), 0);
    let cut = text(TRUNCATED_FILE, &second[TRUNCATED_FILE]);
    assert!(!cut.contains(cast::CUT_OFF.family));
}
