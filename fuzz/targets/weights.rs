//! Any text as the file of `[matching] weights`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::matching::weigh::Weights;

fuzz_target!(|text: &str| {
    match Weights::parse(text, "fuzz.toml") {
        Ok(weights) => {
            // What was read is written, and read again as the same.
            let written = weights.to_text().expect("what was read can be written");
            let again = Weights::parse(&written, "fuzz.toml").expect("what we wrote ourselves");
            assert_eq!(again.to_text().expect("as before"), written);
        }
        Err(problems) => assert!(!problems.is_empty(), "refused without a word"),
    }
});
