//! The door that every fuzzed export passes, and what must hold behind it.

use jiff::tz::TimeZone;
use rentree::ingest::{DIVISIONS_MAX, Door, GROUPS_MAX, KeyedHasher, PEOPLE_MAX, read};
use secrecy::SecretSlice;

pub fn pass(bytes: impl std::io::BufRead) {
    let door = Door {
        hasher: KeyedHasher::new(SecretSlice::from(b"a key for fuzzing".to_vec())),
        keep_birthplace: true,
        keep_sex: true,
        zone: TimeZone::UTC,
        people_max: PEOPLE_MAX,
        divisions_max: DIVISIONS_MAX,
        groups_max: GROUPS_MAX,
    };
    if let Ok(read) = read("fuzz.xml", bytes, &door) {
        // DESIGN rule 11: rows read = accepted + quarantined + rejected.
        assert!(read.counts.add_up(), "{:?}", read.counts);
    }
}
