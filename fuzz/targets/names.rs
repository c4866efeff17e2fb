//! Any text as a name, and as a DN.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rentree::matching::{compare, normal};
use rentree::model::dn;
use rentree::model::entry::ObjectKey;

fuzz_target!(|text: &str| {
    let key = normal::key(text);
    assert!(key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()), "{key}");
    assert_eq!(normal::key(&key), key);
    let words: String = normal::tokens(text).concat();
    assert_eq!(words.to_ascii_uppercase(), key);
    let shown = normal::display_name(text);
    assert_eq!(normal::key(&shown), key, "{shown}");
    let _ = (normal::display_given(text), normal::key_without_particle(text));
    let alike = compare::jaro_winkler(key.as_bytes(), text.as_bytes());
    assert!((0.0..=1.0).contains(&alike), "{alike}");
    // What was escaped is read back.
    let whole = dn::child("cn", text, "dc=example,dc=org");
    if !text.is_empty() {
        let read = dn::parse(&whole).expect("what we wrote ourselves");
        assert_eq!(read.len(), 3, "{whole}");
    }
    let _ = dn::parse(text);
    let _ = dn::comparable(text);
    // A mark of an entry is read as it is written.
    if let Ok(key) = text.parse::<ObjectKey>() {
        assert_eq!(key.to_string().parse(), Ok(key), "{text}");
    }
});
