//! Any text as `faults.txt` of the lab's directory, and of its Graph.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::lab::faults;
use rentree::lab::graph::{Faults, Limits, read_faults};

fuzz_target!(|text: &str| {
    if let Err(line) = faults::parse(text) {
        assert!(!line.is_empty() && text.contains(&line), "{line}");
    }
    if let Err(wrong) = read_faults(text, Faults::none(), Limits::published()) {
        assert!((1..=text.lines().count()).contains(&wrong.line), "{wrong}");
    }
});
