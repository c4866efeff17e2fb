//! How fast a Siècle file becomes records, next to the bare XML reader counting events of the same
//! bytes in the same run: `cargo bench --bench ingest`. The ratio of medians is what to watch; the
//! figures in MB/s depend on the machine and its neighbours.

#![expect(clippy::print_stdout, reason = "a bench speaks to the person who runs it")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use quick_xml::events::Event;
use quick_xml::reader::Reader;
use rentree::ingest::{Door, KeyedHasher, read};
use secrecy::SecretSlice;

const BYTES: usize = 50_000_000;
const ROUNDS: usize = 9;

/// Invented pupils, indented as Siècle indents, every element of the format.
fn siecle() -> String {
    let mut xml = String::with_capacity(BYTES + 4096);
    xml.push_str(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_ELEVES VERSION=\"3.0\">\n<PARAMETRES>\
         <UAJ>0599990N</UAJ><ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE></PARAMETRES>\n<DONNEES>\n\
         <ELEVES>\n",
    );
    let mut pupils = 0u32;
    while xml.len() < BYTES * 4 / 5 {
        pupils += 1;
        let ine = ine(pupils);
        xml.push_str(&format!(
            "      <ELEVE ELEVE_ID=\"{pupils}\" ELENOET=\"5496\">\n        \
             <ID_NATIONAL>{ine}</ID_NATIONAL>\n        <INE_RNIE>{ine}</INE_RNIE>\n        \
             <ELENOET>5496</ELENOET>\n        <ID_ELEVE_ETAB>05496599990</ID_ELEVE_ETAB>\n        \
             <NOM_DE_FAMILLE>D&apos;ÉLÈVE {pupils}</NOM_DE_FAMILLE>\n        <NOM_USAGE/>\n        \
             <PRENOM>Zoé Anne</PRENOM>\n        <PRENOM2>Marie</PRENOM2>\n        \
             <DATE_NAISS>22/12/2010</DATE_NAISS>\n        <DOUBLEMENT>0</DOUBLEMENT>\n        \
             <CODE_PAYS>100</CODE_PAYS>\n        <MEL>eleve@example.org</MEL>\n        \
             <CODE_REGIME>2</CODE_REGIME>\n        <DATE_ENTREE>01/09/2026</DATE_ENTREE>\n        \
             <CODE_SEXE>2</CODE_SEXE>\n        <CODE_STATUT>ST</CODE_STATUT>\n        \
             <CODE_MEF>20010015110</CODE_MEF>\n        <SCOLARITE_AN_DERNIER>\n          \
             <CODE_STRUCTURE>3 B</CODE_STRUCTURE>\n          <SIGLE>CLG</SIGLE>\n        \
             </SCOLARITE_AN_DERNIER>\n      </ELEVE>\n",
        ));
    }
    xml.push_str("</ELEVES>\n<STRUCTURES>\n");
    for pupil in 1..=pupils {
        xml.push_str(&format!(
            "      <STRUCTURES_ELEVE ELEVE_ID=\"{pupil}\">\n        <STRUCTURE>\n          \
             <CODE_STRUCTURE>2ANG.GR{}</CODE_STRUCTURE>\n          \
             <TYPE_STRUCTURE>G</TYPE_STRUCTURE>\n        </STRUCTURE>\n        \
             <STRUCTURE>\n          <CODE_STRUCTURE>2 A</CODE_STRUCTURE>\n          \
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE>\n        </STRUCTURE>\n      </STRUCTURES_ELEVE>\n",
            pupil % 9,
        ));
    }
    xml.push_str("</STRUCTURES>\n</DONNEES>\n</BEE_ELEVES>\n");
    xml
}

/// A number of the range for tests with its right key, as nearly all have.
fn ine(pupil: u32) -> String {
    const DIGITS: &[u8; 10] = b"ABCDEFGHJK";
    let number = 990_000_000 + pupil;
    let key = 97 - number % 97;
    let letter = |digit: u32| char::from(DIGITS[digit as usize]);
    format!("{number}{}{}", letter(key / 10), letter(key % 10))
}

fn count_events(xml: &[u8]) -> u64 {
    let mut reader = Reader::from_reader(xml);
    let mut buffer = Vec::new();
    let mut count = 0;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Eof) => return count,
            Ok(_) => count += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    let result = black_box(work());
    let elapsed = begun.elapsed();
    // Giving the memory back is no part of reading.
    drop(result);
    elapsed
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn main() {
    let xml = siecle();
    let door = Door {
        hasher: KeyedHasher::new(SecretSlice::from(b"a key for benches".to_vec())),
        keep_birthplace: true,
        keep_sex: true,
        zone: TimeZone::UTC,
        people_max: u64::MAX,
        divisions_max: u64::MAX,
        groups_max: u64::MAX,
    };
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    // One after the other in each round, so that a busy neighbour slows both.
    for _ in 0..ROUNDS {
        bare.push(timed(|| count_events(xml.as_bytes())));
        ours.push(timed(|| read("bench.xml", xml.as_bytes(), &door)));
    }
    let counts = read("bench.xml", xml.as_bytes(), &door).map(|read| read.counts);
    let megabytes = xml.len() as f64 / 1e6;
    let (ours, bare) = (median(ours).as_secs_f64(), median(bare).as_secs_f64());
    println!("{megabytes:.0} MB, {counts:?}");
    println!("records: {:.0} MB/s   bare events: {:.0} MB/s", megabytes / ours, megabytes / bare);
    println!("ratio: {:.2}", bare / ours);
}
