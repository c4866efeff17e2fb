//! Any text as `rentree.toml`.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rentree.toml");
    std::fs::write(&path, text).expect("a file");
    if let Err(error) = rentree::config::load(&path, &|_| Vec::new()) {
        assert!(!error.to_string().is_empty());
    }
});
