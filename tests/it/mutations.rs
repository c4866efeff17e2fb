//! Deliveries damaged at random, thousands of them: refused or reported, never a panic, never
//! somebody who leaves (SEC-31, SEC-49, DESIGN rules 1 and 3).
//!
//! `RENTREE_MUTATIONS=SEED` replays the rounds of one seed; the seed of a failure is printed.

use std::time::Instant;

use rentree::academy::keys;
use rentree::academy::seed::Stream;
use serde_json::Value;

use super::folder::{Folder, MONDAY, TUESDAY, individu, pupil, siecle_file, sts_file};

/// Two files each: so many mutations in each round.
const SCHOOLS: u32 = 100;
const ROUNDS: u64 = 50;

/// A school's files as they are when nothing is wrong with them.
struct Sound {
    uai: String,
    pupils: Vec<u8>,
    staff: Vec<u8>,
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
        Self { pupils: siecle_file(&uai, 7, &pupils), staff, uai }
    }

    fn deliver(&self, folder: &Folder, pupils: &[u8], staff: &[u8], received: &str) {
        let uai = &self.uai;
        folder.deliver_at(&format!("{uai}/ElevesSansAdresses.xml"), pupils, received);
        folder.deliver_at(&format!("{uai}/sts_emp.xml"), staff, received);
    }
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

#[test]
fn ten_thousand_damaged_deliveries_are_refused_or_reported_and_nobody_leaves() {
    let chosen = std::env::var("RENTREE_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let begin = Instant::now();
    let seed: u64 = chosen.unwrap_or(20_261_126);
    println!("RENTREE_MUTATIONS={seed} replays this");
    let sound: Vec<Sound> = (0..SCHOOLS).map(Sound::new).collect();
    let codes: Vec<&str> = sound.iter().map(|one| one.uai.as_str()).collect();
    let folder = Folder::new(&codes);
    for one in &sound {
        one.deliver(&folder, &one.pupils, &one.staff, "2026-09-07T19:00:00Z");
    }
    folder.at(MONDAY, &["run"]).exit(0);
    let mut statuses: std::collections::BTreeMap<String, u64> = Default::default();
    let mut unguarded = 0;
    for round in 0..ROUNDS {
        for (number, one) in (0..).zip(&sound) {
            let mut stream = Stream::numbered(seed, "mutation", round << 32 | number);
            let pupils = mutated(&one.pupils, &mut stream);
            let staff = mutated(&one.staff, &mut stream);
            let received = format!("2026-09-08T{:02}:{:02}:00Z", 10 + round / 60, round % 60);
            one.deliver(&folder, &pupils, &staff, &received);
        }
        let said = folder.json_at(TUESDAY, &["plan"]);
        let case = format!("seed {seed}, round {round}");
        assert!(matches!(said.status, 0 | 3 | 4), "{case}: {} {}", said.status, said.err);
        assert!(!said.err.contains("panicked"), "{case}: {}", said.err);
        let document = said.json();
        for line in document["deliveries"].as_array().unwrap() {
            let number = |key: &str| line[key].as_u64().unwrap();
            let kept = number("accepted") + number("quarantined") + number("rejected");
            assert_eq!(number("read"), kept, "{case}: {line}");
            *statuses.entry(line["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        if document["guards"].as_array().unwrap().is_empty() {
            unguarded += 1;
            let gone = planned(&document, &["disable", "delete"]);
            assert_eq!((gone, &document["persons"]["leaving"]), (0, &Value::from(0)), "{case}");
        }
    }
    println!("{statuses:?}, {unguarded} rounds without a guard, in {:?}", begin.elapsed());
    let refused = statuses.get("refused").copied().unwrap_or(0);
    assert!((1_000..9_000).contains(&refused), "{statuses:?}");
    assert!(unguarded > ROUNDS / 2, "a guard hides what the damage does: {unguarded}");
}
