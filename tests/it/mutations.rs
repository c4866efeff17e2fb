//! Deliveries of every kind, damaged at random, thousands of them, or cut at each percent: refused
//! or reported, never a panic, never somebody who leaves (SEC-31, SEC-49, DESIGN rules 1 and 3).
//!
//! `RENTREE_MUTATIONS=SEED` replays the rounds of one seed; the seed of a failure is printed.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use jiff::civil::date;
use rentree::academy::keys;
use rentree::academy::markup::Charset;
use rentree::academy::parcel;
use rentree::academy::seed::Stream;
use rentree::academy::siecle::{self, Heading};
use rentree::academy::structure::{Division, Group, Mef, Structures, Subject};
use serde_json::Value;

use super::folder::{Folder, MONDAY, Said, TUESDAY, individu, pupil, siecle_file, sts_file};

/// Four files each: so many mutations in each round. A school cuts its files at its own percent.
const SCHOOLS: u32 = 100;
const ROUNDS: u64 = 25;

/// A school's files as they are when nothing is wrong with them.
struct Sound {
    uai: String,
    /// The pupils, whatever they came in.
    bare: Vec<u8>,
    files: [(&'static str, Vec<u8>); 4],
}

const BARE: &str = "ElevesSansAdresses.xml";
const PACKED: &str = "ExportXML_ElevesSansAdresses.zip";
const STAFF: &str = "sts_emp.xml";
const STRUCTURES: &str = "Structures.xml";
const NOMENCLATURE: &str = "Nomenclature.xml";
const MEF: &str = "20010015110";

/// Classes and programmes as Siècle exports them beside the pupils.
fn structures(uai: &str) -> [(&'static str, Vec<u8>); 2] {
    let heading = Heading {
        uai: uai.to_owned(),
        school_year: 2026,
        exported_at: date(2026, 9, 7).at(20, 0, 0, 0),
        charset: Charset::Latin9,
    };
    let (code, label) = ("2A".to_owned(), "SECONDE A".to_owned());
    let mef = MEF.to_owned();
    let division = Division { code, label, mef: mef.clone(), headcount: 6, services: Vec::new() };
    let group = Group {
        code: "2ALATIN".to_owned(),
        label: "LATIN".to_owned(),
        mef,
        divisions: vec!["2A".to_owned()],
        headcount: 3,
        services: Vec::new(),
    };
    let taught = Structures { divisions: vec![division], groups: vec![group] };
    let mefs = [Mef { code: MEF, short: "2NDE", label: "SECONDE GENERALE ET TECHNOLOGIQUE" }];
    let subjects = [Subject { code: "030201", short: "AGL1", label: "ANGLAIS LV1" }];
    let structures = siecle::write_structures(Vec::new(), &heading, &taught).unwrap();
    let nomenclature = siecle::write_nomenclature(Vec::new(), &heading, &mefs, &subjects).unwrap();
    [(STRUCTURES, structures), (NOMENCLATURE, nomenclature)]
}

/// The file as an archive.
fn packed(name: &str, bytes: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(PACKED);
    let mut file = fs::File::create(&path).unwrap();
    let made_at = date(2026, 9, 7).at(20, 30, 0, 0);
    parcel::zip(&mut file, made_at, &[(name, &|out| out.write_all(bytes))]).unwrap();
    fs::read(path).unwrap()
}

impl Sound {
    fn new(number: u32) -> Self {
        let uai = keys::uai(599_000 + number);
        let mut pupils: Vec<_> = (0..6).map(|n| pupil(number * 6 + n, "2A")).collect();
        pupils[0].ine = None;
        pupils[1].given = "Zoé-Maëlle".to_owned();
        let id = |n: u32| (40_000 + number * 4 + n).to_string();
        let letter = |shift: u32| char::from(b'A' + u8::try_from(number / shift % 26).unwrap());
        let people: String = (0..4)
            .map(|n| {
                let name = format!(
                    "{}LAVIGNE{}{}",
                    ["A", "E", "I", "O"][n as usize],
                    letter(26),
                    letter(1)
                );
                individu("epp", &id(n), &name, &format!("19{}-03-1{n}", 60 + n), "ENS")
            })
            .collect();
        let staff = sts_file(&uai, &people, &[("2A", &id(0))]);
        let bare = siecle_file(&uai, 7, &pupils);
        let pupils = match number % 2 {
            0 => (BARE, bare.clone()),
            _ => (PACKED, packed(BARE, &bare)),
        };
        let [classes, programmes] = structures(&uai);
        Self { files: [pupils, (STAFF, staff), classes, programmes], bare, uai }
    }

    /// Its file of a kind, whichever of the two forms its pupils came in.
    fn file(&self, kind: &str) -> Vec<u8> {
        match kind {
            BARE => self.bare.clone(),
            PACKED => packed(BARE, &self.bare),
            _ => self.files.iter().find(|(name, _)| *name == kind).unwrap().1.clone(),
        }
    }

    fn deliver(&self, folder: &Folder, name: &str, bytes: &[u8], received: &str) {
        folder.deliver_at(&format!("{}/{name}", self.uai), bytes, received);
    }
}

/// All schools as they are on Monday, and everybody in the directory.
fn sound_schools() -> (Folder, Vec<Sound>) {
    let sound: Vec<Sound> = (0..SCHOOLS).map(Sound::new).collect();
    let codes: Vec<&str> = sound.iter().map(|one| one.uai.as_str()).collect();
    let folder = Folder::new(&codes);
    for one in &sound {
        for (name, bytes) in &one.files {
            one.deliver(&folder, name, bytes, "2026-09-07T19:00:00Z");
        }
    }
    folder.at(MONDAY, &["run"]).exit(0);
    (folder, sound)
}

/// One to three injuries at random places; every other file has only signs typed wrong, and is
/// still well formed.
fn mutated(sound: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut bytes = sound.to_vec();
    let typing = stream.chance(0.5);
    for _ in 0..=stream.below(3) {
        if typing {
            type_wrong(&mut bytes, stream);
        } else {
            damage(&mut bytes, stream);
        }
    }
    bytes
}

/// A digit or a letter of a text or of an attribute for another.
fn type_wrong(bytes: &mut [u8], stream: &mut Stream) {
    let (mut tag, mut quoted) = (false, false);
    let places: Vec<usize> = (0..bytes.len())
        .filter(|at| {
            match bytes[*at] {
                b'<' => tag = true,
                b'>' => tag = false,
                b'"' if tag => quoted = !quoted,
                _ => {}
            }
            (!tag || quoted) && bytes[*at].is_ascii_alphanumeric()
        })
        .skip(10) // The XML declaration.
        .collect();
    let at = places[stream.index(places.len())];
    let drawn = |end: u64, stream: &mut Stream| u8::try_from(stream.below(end)).unwrap();
    bytes[at] = if bytes[at].is_ascii_digit() {
        b'0' + drawn(10, stream)
    } else {
        b'A' + drawn(26, stream)
    };
}

fn damage(bytes: &mut Vec<u8>, stream: &mut Stream) {
    if bytes.is_empty() {
        return;
    }
    let at = stream.index(bytes.len());
    let end = (at + 1 + stream.index(60)).min(bytes.len());
    match stream.below(6) {
        0 => bytes[at] ^= 1 << stream.below(8),
        1 => bytes[at] = u8::try_from(stream.below(256)).unwrap(),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let copied = bytes[at..end].to_vec();
            bytes.splice(at..at, copied);
        }
        4 => {
            let other = stream.index(bytes.len());
            bytes.swap(at, other);
        }
        _ => bytes.truncate(at),
    }
}

/// Operations of these kinds that would be written.
fn planned(document: &Value, kinds: &[&str]) -> u64 {
    let count = |kind: &&str| document["operations"]["lab"][*kind]["planned"].as_u64();
    kinds.iter().filter_map(count).sum()
}

/// What is told of each delivery of a plan: every row is somewhere, and nobody panicked.
fn told(said: &Said, case: &str) -> (Value, BTreeMap<String, u64>) {
    assert!(matches!(said.status, 0 | 3 | 4), "{case}: {} {}", said.status, said.err);
    assert!(!said.err.contains("panicked"), "{case}: {}", said.err);
    let document = said.json();
    let mut statuses = BTreeMap::new();
    for line in document["deliveries"].as_array().unwrap() {
        let number = |key: &str| line[key].as_u64().unwrap();
        let kept = number("accepted") + number("quarantined") + number("rejected");
        assert_eq!(number("read"), kept, "{case}: {line}");
        *statuses.entry(line["status"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    (document, statuses)
}

fn nobody_leaves(document: &Value, case: &str) {
    let gone = planned(document, &["disable", "delete"]);
    assert_eq!((gone, &document["persons"]["leaving"]), (0, &Value::from(0)), "{case}");
}

#[test]
fn ten_thousand_damaged_deliveries_are_refused_or_reported_and_nobody_leaves() {
    let chosen = std::env::var("RENTREE_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let begin = Instant::now();
    let seed: u64 = chosen.unwrap_or(20_261_126);
    println!("RENTREE_MUTATIONS={seed} replays this");
    let (folder, sound) = sound_schools();
    let mut all: BTreeMap<String, u64> = BTreeMap::new();
    let mut unguarded = 0;
    for round in 0..ROUNDS {
        for (number, one) in (0..).zip(&sound) {
            let mut stream = Stream::numbered(seed, "mutation", round << 32 | number);
            let received = format!("2026-09-08T{:02}:{:02}:00Z", 10 + round / 60, round % 60);
            for (name, bytes) in &one.files {
                one.deliver(&folder, name, &mutated(bytes, &mut stream), &received);
            }
        }
        let case = format!("seed {seed}, round {round}");
        let (document, statuses) = told(&folder.json_at(TUESDAY, &["plan"]), &case);
        for (status, count) in statuses {
            *all.entry(status).or_default() += count;
        }
        if document["guards"].as_array().unwrap().is_empty() {
            unguarded += 1;
            nobody_leaves(&document, &case);
        }
    }
    println!("{all:?}, {unguarded} rounds without a guard, in {:?}", begin.elapsed());
    let refused = all.get("refused").copied().unwrap_or(0);
    assert!((1_000..9_000).contains(&refused), "{all:?}");
    assert!(unguarded > ROUNDS / 2, "a guard hides what the damage does: {unguarded}");
}

#[test]
fn a_file_of_any_kind_cut_at_each_percent_is_refused_and_nobody_leaves() {
    let (folder, sound) = sound_schools();
    for (kind, hour) in [BARE, PACKED, STAFF, STRUCTURES, NOMENCLATURE].into_iter().zip(10..) {
        folder.empty_inbox();
        let received = format!("2026-09-08T{hour}:00:00Z");
        let mut cut = 0;
        for (percent, one) in (0..100).zip(&sound) {
            let bytes = one.file(kind);
            one.deliver(&folder, kind, &bytes[..bytes.len() * percent / 100], &received);
            cut += 1;
        }
        let (document, statuses) = told(&folder.json_at(TUESDAY, &["plan"]), kind);
        assert_eq!(statuses.get("refused"), Some(&cut), "{kind}: {statuses:?}");
        assert_eq!(document["guards"], Value::from(Vec::<Value>::new()), "{kind}");
        nobody_leaves(&document, kind);
    }
}
