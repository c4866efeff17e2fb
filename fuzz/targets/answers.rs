//! Any bytes as the answered sheet of `rentree review import`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::report::question_csv;

fuzz_target!(|bytes: &[u8]| {
    match question_csv::read(bytes) {
        Ok(rows) => {
            let lines = bytes.split(|byte| b"\r\n".contains(byte)).count() as u64;
            for row in rows {
                assert!((2..=lines).contains(&row.line), "line {} of {lines}", row.line);
                assert!(!row.verdict.is_empty(), "a row without an answer");
            }
        }
        Err(problems) => assert!(!problems.is_empty(), "refused without a word"),
    }
});
