//! Any text as `faults.txt` of the lab.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::lab::faults;

fuzz_target!(|text: &str| {
    if let Err(line) = faults::parse(text) {
        assert!(!line.is_empty() && text.contains(&line), "{line}");
    }
});
