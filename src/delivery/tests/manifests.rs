//! Manifests: dates of receipt and completeness.

use super::*;

fn received(intake: &Intake, name: &str) -> Timestamp {
    intake.parts.iter().find(|part| part.name == name).unwrap().received_at
}

const EVENING: &str = "2026-09-07T21:30:00+02:00";

#[test]
fn a_manifest_dates_its_folder_and_only_that() {
    let drop = Drop::new();
    drop.put("lille/a.xml", "<x/>").put("lille/sub/b.xml", "<x/>").put("c.xml", "<x/>");
    drop.put("lille/nuit.received.toml", format!("received = \"{EVENING}\""));
    let intake = drop.scan();
    assert_eq!(names(&intake).len(), 3);
    assert_eq!(received(&intake, "lille/a.xml"), instant(EVENING));
    assert_ne!(received(&intake, "lille/sub/b.xml"), instant(EVENING));
    assert_ne!(received(&intake, "c.xml"), instant(EVENING));
}

#[test]
fn a_manifest_named_after_a_file_dates_that_file_first() {
    let drop = Drop::new();
    drop.put("a.xml", "<x/>").put("b.xml", "<x/>").put("c.xml", "<x/>");
    drop.put(
        "all.received.toml",
        format!(
            "received = \"{EVENING}\"\n[[file]]\nname = \"c.xml\"\nreceived = 2026-09-08T08:00:00Z"
        ),
    );
    drop.put("a.xml.received.toml", "received = \"2026-09-09T08:00:00Z\"");
    let intake = drop.scan();
    assert_eq!(received(&intake, "a.xml"), instant("2026-09-09T08:00:00Z"));
    assert_eq!(received(&intake, "b.xml"), instant(EVENING));
    assert_eq!(received(&intake, "c.xml"), instant("2026-09-08T08:00:00Z"));
}

#[test]
fn files_that_are_as_listed_pass() {
    let drop = Drop::new();
    drop.put("a.xml", "<x/>");
    let listed = format!("[[file]]\nname = \"a.xml\"\nsha256 = \"{}\"", digest(b"<x/>"));
    drop.put("m.received.toml", listed);
    assert_eq!(names(&drop.scan()), ["a.xml"]);
}

/// SEC-31: an incomplete delivery is no delivery.
#[test]
fn a_wrong_or_missing_file_refuses_all_files_of_its_manifest_and_no_other() {
    let check = |lines: &str, file: &str, reason: &str| {
        let drop = Drop::new();
        drop.put("a.xml", "<x/>").put("b.xml", "<x/>").put("c.xml", "<x/>");
        drop.put("m.received.toml", format!("[[file]]\nname = \"a.xml\"\n{lines}"));
        let intake = drop.scan();
        assert_eq!(names(&intake), ["b.xml", "c.xml"], "{lines}");
        assert_eq!(refusals(&intake), ["a.xml: manifest-wrong"], "{lines}");
        let refusal = &intake.refused[0];
        assert_eq!(refusal.finding.facts["manifest"], "m.received.toml");
        assert_eq!(
            (refusal.finding.facts["file"].as_str(), refusal.finding.facts["reason"].as_str()),
            (file, reason)
        );
        assert_eq!(refusal.digest.as_ref().unwrap().as_str(), digest(b"<x/>"));
    };
    check(&format!("sha256 = \"{}\"", "0".repeat(64)), "a.xml", "sha256");
    check("sha256 = \"short\"", "a.xml", "sha256");
    check("[[file]]\nname = \"z.xml\"", "z.xml", "missing");
    check("[[file]]\nname = \"../c.xml\"", "../c.xml", "missing");
}

#[test]
fn a_manifest_that_cannot_be_read_refuses_what_it_would_speak_of() {
    let check = |text: &str| {
        let drop = Drop::new();
        drop.put("a/x.xml", "<x/>").put("b.xml", "<x/>").put("a/m.received.toml", text);
        assert_eq!(refusals(&drop.scan()), ["a/x.xml: manifest-wrong"], "{text}");
    };
    check("received = ");
    check("received = \"hier soir\"");
    check("receved = \"2026-09-09T08:00:00Z\"");
    // Civil time of nowhere.
    check("received = 2026-09-09T08:00:00");
}

#[test]
fn a_manifest_without_its_file_is_told() {
    let drop = Drop::new();
    drop.put("b.xml", "<x/>").put("a.xml.received.toml", format!("received = \"{EVENING}\""));
    let intake = drop.scan();
    assert_eq!(names(&intake), ["b.xml"]);
    assert_eq!(refusals(&intake), ["a.xml.received.toml: manifest-wrong"]);
}
