//! Formats 6.1, SEC-34.

use super::*;

const TEXT: &str = "é œ € ’";

fn declared(label: &str, text: &[u8]) -> Vec<u8> {
    let mut bytes = format!("<?xml version='1.0' encoding=\"{label}\"?>\n<x>").into_bytes();
    bytes.extend_from_slice(text);
    bytes.extend_from_slice(b"</x>");
    bytes
}

fn part_of(bytes: &[u8]) -> Part {
    let drop = Drop::new();
    drop.put("f.xml", bytes);
    let intake = drop.scan();
    assert!(intake.refused.is_empty(), "{:?}", intake.refused);
    let part = intake.parts.into_iter().next().unwrap();
    // Read while the folder stands.
    let text = text_of(&part);
    assert!(!text.contains('\u{fffd}') && !text.starts_with('\u{feff}'));
    Part { name: text, ..part }
}

#[track_caller]
fn check(label: &str, text: &[u8], expect: &str, real: Option<&str>) {
    let part = part_of(&declared(label, text));
    assert!(part.name.ends_with(&format!("<x>{expect}</x>")), "{label}: {}", part.name);
    let told: Vec<(&str, &str, &str)> = part
        .findings
        .iter()
        .map(|f| (f.id.as_ref(), f.facts["declared"].as_str(), f.facts["real"].as_str()))
        .collect();
    let expect: Vec<_> =
        real.map(|real| ("encoding-misdeclared", label, real)).into_iter().collect();
    assert_eq!(told, expect, "{label}");
}

#[test]
fn each_encoding_is_read_as_declared() {
    check("UTF-8", TEXT.as_bytes(), TEXT, None);
    check("ISO-8859-15", b"\xe9 \xbd \xa4", "é œ €", None);
    check("iso-8859-1", b"\xe9 \xbd", "é ½", None);
    check("windows-1252", b"\xe9 \x9c \x80 \x92", TEXT, None);
    check("us-ascii", b"plain", "plain", None);
    check("ISO-8859-15", b"plain", "plain", None);
}

#[test]
fn a_wrong_declaration_is_seen_and_told() {
    check("ISO-8859-15", TEXT.as_bytes(), TEXT, Some("UTF-8"));
    check("windows-1252", TEXT.as_bytes(), TEXT, Some("UTF-8"));
    check("UTF-8", b"LEC\xbcUVRE", "LECŒUVRE", Some("ISO-8859-15"));
    check("UTF-8", b"LEC\x8cUVRE", "LECŒUVRE", Some("windows-1252"));
    check("ISO-8859-15", b"LEC\x8cUVRE", "LECŒUVRE", Some("windows-1252"));
    check("ISO-8859-1", b"LEC\x8cUVRE", "LECŒUVRE", Some("windows-1252"));
}

#[test]
fn without_a_declaration_the_bytes_decide() {
    assert_eq!(part_of("<x>é</x>".as_bytes()).name, "<x>é</x>");
    let latin = part_of(b"<x>\xe9\xa4</x>");
    assert_eq!(latin.name, "<x>é€</x>");
    assert_eq!(latin.findings.len(), 1);
}

#[test]
fn a_byte_order_mark_is_obeyed_and_removed() {
    let marked = |bytes: &[u8]| [b"\xef\xbb\xbf", bytes].concat();
    let part = part_of(&marked(&declared("UTF-8", TEXT.as_bytes())));
    assert!(part.name.starts_with("<?xml") && part.findings.is_empty());
    let part = part_of(&marked(&declared("ISO-8859-15", TEXT.as_bytes())));
    assert!(part.name.contains(TEXT) && part.findings.len() == 1);
}

#[test]
fn other_encodings_and_invalid_bytes_refuse_the_file() {
    let check = |bytes: &[u8], expect: &str| {
        let drop = Drop::new();
        drop.put("f.xml", bytes);
        assert_eq!(refusals(&drop.scan()), [format!("f.xml: {expect}")], "{bytes:?}");
    };
    check(b"\xff\xfe<\0x\0/\0>\0", "encoding-unsupported");
    check(b"\xfe\xff\0<\0x\0/\0>", "encoding-unsupported");
    check(b"<\0x\0/\0>\0", "encoding-unsupported");
    check(&declared("UTF-16", b"x"), "encoding-unsupported");
    check(&declared("Shift_JIS", b"x"), "encoding-unsupported");
    // Not defined in windows-1252.
    check(&declared("windows-1252", b"\x81"), "encoding-invalid");
    check(&declared("ISO-8859-15", b"\xe9\x9d"), "encoding-invalid");
    check(b"\xef\xbb\xbf<x>\xe9</x>", "encoding-invalid");
    // UTF-8 with one byte lost: read as ISO-8859-15 every name would be damaged.
    check(&declared("UTF-8", b"\xc3\xa9 \xc3\xa8 \xc3 x"), "encoding-invalid");
}

#[test]
fn long_texts_are_decoded_over_the_edges_of_buffers() {
    let text = "é €œ".repeat(100_000);
    assert!(part_of(&declared("UTF-8", text.as_bytes())).name.contains(&text));
    let bytes = b"\xe9 \xa4\xbd".repeat(100_000);
    assert!(part_of(&declared("ISO-8859-15", &bytes)).name.contains(&text));
}
