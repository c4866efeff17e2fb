//! SEC-33: zips, honest and hostile.

use std::io::{Cursor, Write as _};

use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

type Entries<'a> = &'a [(&'a str, &'a [u8])];

fn zip_of(entries: Entries<'_>) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn scan_bytes(bytes: &[u8], limits: &Limits) -> Intake {
    let drop = Drop::new();
    drop.put("f.bin", bytes);
    scan(drop.folder.path(), limits).unwrap()
}

#[track_caller]
fn refused(bytes: &[u8], kind: finding::Kind, reason: &str) {
    let intake = scan_bytes(bytes, &LIMITS);
    assert!(intake.parts.is_empty());
    let [refusal] = intake.refused.as_slice() else { panic!("{:?}", intake.refused) };
    assert_eq!(refusal.finding.id, kind.id, "{refusal:?}");
    assert!(refusal.finding.facts["reason"].contains(reason), "{refusal:?}");
    assert_eq!(refusal.digest.as_ref().unwrap().as_str(), digest(bytes));
}

#[test]
fn every_xml_of_a_zip_is_a_part_whatever_the_names() {
    let xml = "<x>é</x>".as_bytes();
    let bytes = zip_of(&[
        ("Élèves.data", xml),
        ("sub/b.xml", b"<y/>"),
        ("__MACOSX/._b.xml", b"junk"),
        (".DS_Store", b"junk"),
    ]);
    let drop = Drop::new();
    drop.put("f.bin", bytes);
    let intake = drop.scan();
    assert_eq!(names(&intake), ["f.bin!Élèves.data", "f.bin!sub/b.xml"]);
    assert!(intake.refused.is_empty());
    assert_eq!(intake.parts[0].digest.as_str(), digest(xml));
    assert_eq!(
        (text_of(&intake.parts[0]).as_str(), text_of(&intake.parts[1]).as_str()),
        ("<x>é</x>", "<y/>")
    );
}

#[test]
fn an_entry_that_is_no_xml_is_refused_alone_and_a_zip_without_xml_whole() {
    let bytes = zip_of(&[("a.xml", b"<x/>"), ("lisez-moi.txt", b"bonjour"), ("vide.xml", b"")]);
    let intake = scan_bytes(&bytes, &LIMITS);
    assert_eq!(names(&intake), ["f.bin!a.xml"]);
    assert_eq!(
        refusals(&intake),
        ["f.bin!lisez-moi.txt: file-not-recognised", "f.bin!vide.xml: file-empty"]
    );
    for entries in [&[("lisez-moi.txt", b"bonjour".as_slice())][..], &[]] {
        let intake = scan_bytes(&zip_of(entries), &LIMITS);
        assert_eq!(refusals(&intake), ["f.bin: archive-without-xml"]);
    }
}

#[test]
fn ten_entries_pass_and_eleven_do_not() {
    let names: Vec<String> = (0..11).map(|number| format!("{number}.xml")).collect();
    let entries: Vec<(&str, &[u8])> =
        names.iter().map(|name| (name.as_str(), b"<x/>".as_slice())).collect();
    assert_eq!(scan_bytes(&zip_of(&entries[..10]), &LIMITS).parts.len(), 10);
    refused(&zip_of(&entries), finding::ARCHIVE_UNSAFE, "entries");
}

#[test]
fn a_bomb_is_refused_by_its_ratio() {
    let mut xml = b"<x>".to_vec();
    xml.resize(8 << 20, b' ');
    refused(&zip_of(&[("a.xml", &xml)]), finding::ARCHIVE_UNSAFE, "ratio");
}

#[test]
fn what_is_read_is_bounded_in_one_entry_and_in_all() {
    let bytes = zip_of(&[("a.xml", b"<x></x>"), ("b.xml", b"<x>1</x>")]);
    let limits = Limits { archive_bytes_max: 14, ..LIMITS };
    assert_eq!(refusals(&scan_bytes(&bytes, &limits)), ["f.bin: archive-unsafe"]);
    let limits = Limits { archive_bytes_max: 16, ..LIMITS };
    assert_eq!(scan_bytes(&bytes, &limits).parts.len(), 2);
    // One entry larger than a file may be is refused by itself; the archive as a file fits.
    let xml: Vec<u8> =
        b"<x>".iter().copied().chain((0..9000u32).map(|n| (n % 64) as u8 + 64)).collect();
    let big = zip_of(&[("a.xml", b"<x/>"), ("b.xml", &xml)]);
    let limits = Limits { file_bytes_max: 2000, archive_ratio_max: 10_000, ..LIMITS };
    let intake = scan_bytes(&big, &limits);
    assert_eq!(names(&intake), ["f.bin!a.xml"]);
    assert_eq!(refusals(&intake), ["f.bin!b.xml: file-too-large"]);
}

#[test]
fn nested_archives_links_and_escaping_names_are_refused() {
    let inner = zip_of(&[("a.xml", b"<x/>")]);
    refused(&zip_of(&[("inner.xml", &inner)]), finding::ARCHIVE_UNSAFE, "nested");
    for name in ["../../evil.xml", "a/../../evil.xml", "..\\evil.xml"] {
        refused(&zip_of(&[(name, b"<x/>")]), finding::ARCHIVE_UNSAFE, "name");
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("a.xml", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let linked = writer.finish().unwrap().into_inner();
    refused(&linked, finding::ARCHIVE_UNSAFE, "link");
}

/// Offset of the first `pattern` in the bytes.
fn position(bytes: &[u8], pattern: &[u8]) -> usize {
    bytes.windows(pattern.len()).position(|window| window == pattern).unwrap()
}

#[test]
fn a_lying_size_is_refused() {
    let stored = |size: u32| {
        let mut bytes = zip_of(&[("a.xml", &b"<x></x>".repeat(20))]);
        // Uncompressed size in the central directory.
        let at = position(&bytes, b"PK\x01\x02") + 24;
        bytes[at..at + 4].copy_from_slice(&size.to_le_bytes());
        bytes
    };
    assert_eq!(scan_bytes(&stored(140), &LIMITS).parts.len(), 1);
    // More than declared: the crate itself stops reading.
    refused(&stored(7), finding::ARCHIVE_DAMAGED, "declared uncompressed size");
    refused(&stored(4_000_000_000), finding::ARCHIVE_UNSAFE, "declared-size");
}

#[test]
fn an_encrypted_entry_is_refused() {
    let mut bytes = zip_of(&[("a.xml", b"<x/>")]);
    let local = position(&bytes, b"PK\x03\x04") + 6;
    let central = position(&bytes, b"PK\x01\x02") + 8;
    bytes[local] |= 1;
    bytes[central] |= 1;
    refused(&bytes, finding::ARCHIVE_UNSAFE, "encrypted");
}

#[test]
fn a_directory_of_too_many_entries_is_not_even_read() {
    let mut bytes = zip_of(&[("a.xml", b"<x/>")]);
    let end = position(&bytes, b"PK\x05\x06") + 10;
    bytes[end..end + 2].copy_from_slice(&0xffff_u16.to_le_bytes());
    refused(&bytes, finding::ARCHIVE_UNSAFE, "entries");
}

#[test]
fn a_damaged_zip_is_refused_and_never_panics() {
    let bytes = zip_of(&[("a.xml", &b"<x>some text</x>".repeat(50))]);
    for cut in 4..bytes.len() {
        let intake = scan_bytes(&bytes[..cut], &LIMITS);
        assert!(intake.parts.is_empty(), "cut at {cut}");
        assert_eq!(refusals(&intake), ["f.bin: archive-damaged"], "cut at {cut}");
    }
    // A byte of the data: the checksum tells.
    let mut broken = bytes.clone();
    let data = position(&bytes, b"a.xml") + 5 + 6;
    broken[data] ^= 0x55;
    let intake = scan_bytes(&broken, &LIMITS);
    assert!(intake.parts.is_empty() && intake.refused.len() == 1);
    for at in 0..bytes.len() {
        let mut broken = bytes.clone();
        broken[at] ^= 0xff;
        scan_bytes(&broken, &LIMITS);
    }
}
