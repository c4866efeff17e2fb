//! Tests of the inbox through its one door, [`scan`].

mod archives;
mod encodings;
mod manifests;

use std::fs;
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::*;

/// Instant at which every file of a test was delivered.
const DELIVERED: u64 = 1_788_800_000;

struct Drop {
    folder: TempDir,
}

impl Drop {
    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }
    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Self {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        let delivered = SystemTime::UNIX_EPOCH + Duration::from_secs(DELIVERED);
        fs::File::options().write(true).open(&path).unwrap().set_modified(delivered).unwrap();
        self
    }
    fn scan(&self) -> Intake {
        scan(self.folder.path(), &LIMITS).unwrap()
    }
}

fn text_of(part: &Part) -> String {
    part.read(|xml| {
        let mut text = String::new();
        xml.read_to_string(&mut text).unwrap();
        // The end may be asked for again.
        assert_eq!(xml.read(&mut [0; 8]).unwrap(), 0);
        text
    })
    .unwrap()
}

fn names(intake: &Intake) -> Vec<&str> {
    intake.parts.iter().map(|part| part.name.as_str()).collect()
}

/// `name: finding-id` of each refusal.
fn refusals(intake: &Intake) -> Vec<String> {
    let tell = |refusal: &Refusal| format!("{}: {}", refusal.name, refusal.finding.id);
    intake.refused.iter().map(tell).collect()
}

fn digest(bytes: &[u8]) -> String {
    Digest::of_bytes(Sha256::digest(bytes)).as_str().to_owned()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn files_are_found_at_any_depth_in_order_and_passing_ones_are_left_alone() {
    let drop = Drop::new();
    for name in ["b.xml", "a/z.txt", "a/b/c/d.bin", "Z.XML"] {
        drop.put(name, "<x/>");
    }
    for name in [".hidden", "x.part", "y.tmp", ".git/config", "a/.x.xml"] {
        drop.put(name, "<x/>");
    }
    let intake = drop.scan();
    assert_eq!(names(&intake), ["Z.XML", "a/b/c/d.bin", "a/z.txt", "b.xml"]);
    assert!(intake.refused.is_empty());
    let part = &intake.parts[0];
    assert_eq!(part.received_at, Timestamp::from_second(DELIVERED as i64).unwrap());
    assert_eq!((part.bytes, part.digest.as_str()), (4, digest(b"<x/>").as_str()));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let elsewhere = Drop::new();
    elsewhere.put("secret.xml", "<x/>");
    let drop = Drop::new();
    let link = |to: &Path, name: &str| {
        std::os::unix::fs::symlink(to, drop.folder.path().join(name)).unwrap();
    };
    link(&elsewhere.folder.path().join("secret.xml"), "file.xml");
    link(elsewhere.folder.path(), "folder");
    let intake = drop.scan();
    assert!(intake.parts.is_empty() && intake.refused.is_empty());
}

#[test]
fn what_is_no_export_is_refused_by_its_content() {
    let drop = Drop::new();
    drop.put("a.xml", "").put("b.xml", " \n\u{feff}").put("c.xml", "%PDF-1.7").put("d.csv", "Nom;");
    drop.put("e.xml", "\n  <x/>").put("f.xml", " \t\r\n");
    let intake = drop.scan();
    assert_eq!(names(&intake), ["e.xml"]);
    assert_eq!(
        refusals(&intake),
        [
            "a.xml: file-empty",
            "b.xml: file-not-recognised",
            "c.xml: file-not-recognised",
            "d.csv: file-not-recognised",
            "f.xml: file-empty",
        ]
    );
    let known = intake.refused[2].digest.as_ref().unwrap();
    assert_eq!(known.as_str(), digest(b"%PDF-1.7"));
}

/// SEC-32, at the limit and one byte beyond.
#[test]
fn a_file_over_the_limit_is_refused_unread() {
    let drop = Drop::new();
    drop.put("a.xml", "<x></x>").put("b.xml", "<x>1</x>");
    let limits = Limits { file_bytes_max: 7, ..LIMITS };
    let intake = scan(drop.folder.path(), &limits).unwrap();
    assert_eq!(names(&intake), ["a.xml"]);
    assert_eq!(refusals(&intake), ["b.xml: file-too-large"]);
    assert_eq!(intake.refused[0].digest, None);
}

#[test]
fn a_file_that_changed_since_it_was_hashed_is_not_read() {
    let drop = Drop::new();
    drop.put("a.xml", "<x/>").put("b.xml", "<x/>");
    let intake = drop.scan();
    drop.put("a.xml", "<other/>");
    fs::remove_file(drop.folder.path().join("b.xml")).unwrap();
    for part in &intake.parts {
        let refusal = part.read(|_| panic!("must not be read")).unwrap_err();
        assert_eq!(refusal.id, finding::FILE_UNREADABLE.id);
    }
}

#[test]
fn an_inbox_that_cannot_be_listed_is_an_error_and_an_empty_one_is_not() {
    let drop = Drop::new();
    assert!(drop.scan().parts.is_empty());
    assert!(scan(&drop.folder.path().join("absent"), &LIMITS).is_err());
}

/// The samples go through both rooms.
#[test]
fn the_samples_are_delivered_whole() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/deliveries");
    let intake = scan(&samples, &LIMITS).unwrap();
    assert_eq!(
        names(&intake),
        [
            "ElevesSansAdresses.xml",
            "ExportXML_ElevesAvecAdresses.zip!ElevesAvecAdresses.xml",
            "Nomenclature.xml",
            "Structures.xml",
            "sts_emp.xml",
        ]
    );
    assert_eq!(refusals(&intake), ["README.md: file-not-recognised"]);
    assert!(intake.parts.iter().all(|part| part.findings.is_empty()));
    assert!(text_of(&intake.parts[0]).contains("LECŒUVRE-ŠIMŽÁK"));
    assert!(text_of(&intake.parts[1]).contains("MŒLLER"));
}
