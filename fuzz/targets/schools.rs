//! Any bytes as `schools.csv`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut problems = Vec::new();
    let (schools, _) = rentree::config::schools::parse(bytes, "schools.csv", &mut problems);
    assert!(schools.iter().all(|(uai, school)| *uai == school.uai));
});
