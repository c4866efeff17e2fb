//! Any bytes as a file of the inbox: archive, XML in any encoding, manifest. The first byte chooses
//! the name.
#![no_main]

mod door;

use libfuzzer_sys::fuzz_target;
use rentree::delivery::{Limits, scan};

const LIMITS: Limits = Limits {
    file_bytes_max: 1 << 20,
    archive_bytes_max: 1 << 21,
    archive_entries_max: 10,
    archive_ratio_max: 200,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let inbox = tempfile::tempdir().expect("a folder");
    let name = ["a.zip", "a.xml", "manifest.toml", "a.bin"][usize::from(first % 4)];
    std::fs::write(inbox.path().join(name), rest).expect("a file");
    if let Ok(intake) = scan(inbox.path(), &LIMITS) {
        for part in intake.parts {
            let _ = part.read(|xml| door::pass(xml));
        }
    }
});
