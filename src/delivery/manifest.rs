//! Manifests: who drops files may say when they were received and what they must be.
//!
//! `X.received.toml` speaks of the file `X` beside it; any other `*.received.toml` speaks of all
//! files of its folder. Form:
//!
//! ```toml
//! received = "2026-09-07T21:30:00+02:00"
//! [[file]]
//! name = "ElevesSansAdresses.xml"
//! sha256 = "…"
//! received = "2026-09-07T21:31:00+02:00"
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use jiff::Timestamp;
use serde::Deserialize;

use super::inbox::{Found, Inbox, MANIFEST_SUFFIX};
use super::survey::survey;
use super::{Limits, Refusal};
use crate::model::finding::{self, Finding, Place};
use crate::model::ids::Digest;

/// A manifest of a thousand files is a tenth of this.
const MANIFEST_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    received: Option<Instant>,
    #[serde(default, rename = "file")]
    files: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    name: String,
    sha256: Option<String>,
    received: Option<Instant>,
}

/// With quotes or without: TOML knows both.
#[derive(Deserialize)]
#[serde(untagged)]
enum Instant {
    Text(String),
    Native(toml::value::Datetime),
}

impl Instant {
    fn read(&self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => text.parse().ok(),
            Self::Native(native) => native.to_string().parse().ok(),
        }
    }
}

/// What is wrong: with which file, and how.
struct Wrong {
    file: String,
    reason: &'static str,
}

/// What manifests say of the files of the inbox.
#[derive(Default)]
pub(super) struct Claims {
    /// Received, as said of that very file, and as said of its folder.
    own: BTreeMap<String, Timestamp>,
    folder: BTreeMap<String, Timestamp>,
    wrong: BTreeMap<String, Finding>,
    /// Manifests of which not one file is there.
    refusals: Vec<Refusal>,
}

/// What is said of one file.
#[derive(Clone, Copy)]
pub(super) struct Claim<'a> {
    pub received_at: Option<Timestamp>,
    pub wrong: Option<&'a Finding>,
}

impl Claims {
    pub(super) fn of(&self, name: &str) -> Claim<'_> {
        let received_at = self.own.get(name).or_else(|| self.folder.get(name)).copied();
        Claim { received_at, wrong: self.wrong.get(name) }
    }

    pub(super) fn into_refusals(self) -> Vec<Refusal> {
        self.refusals
    }

    fn add(&mut self, manifest: &Manifest, covered: &Covered<'_>) {
        let said = |instant: &Option<Instant>| instant.as_ref().and_then(Instant::read);
        if let Some(instant) = said(&manifest.received) {
            let map = if covered.one { &mut self.own } else { &mut self.folder };
            for file in &covered.files {
                earliest(map, file.name.clone(), instant);
            }
        }
        for listed in &manifest.files {
            if let Some(instant) = said(&listed.received) {
                earliest(&mut self.own, covered.path_of(&listed.name), instant);
            }
        }
    }

    /// An incomplete delivery is no delivery: none of the manifest's files is used.
    fn refuse(&mut self, found: &Found, covered: &Covered<'_>, listed: &[String], wrong: &Wrong) {
        let finding = |name: &str| {
            finding::MANIFEST_WRONG
                .at(Place::file(name))
                .with("manifest", &found.name)
                .with("file", &wrong.file)
                .with("reason", wrong.reason)
        };
        let of_manifest =
            |file: &&&Found| listed.is_empty() || covered.one || listed.contains(&file.name);
        let mut anything = false;
        for file in covered.files.iter().filter(of_manifest) {
            anything = true;
            self.wrong.insert(file.name.clone(), finding(&file.name));
        }
        if !anything {
            self.refusals.push(Refusal {
                name: found.name.clone(),
                received_at: found.stamp.changed_at,
                digest: None,
                finding: finding(&found.name),
            });
        }
    }
}

/// The clock of a delivery starts at the first instant that is claimed for it (R-08).
fn earliest(map: &mut BTreeMap<String, Timestamp>, name: String, instant: Timestamp) {
    map.entry(name).and_modify(|known| *known = instant.min(*known)).or_insert(instant);
}

/// The files that a manifest speaks of.
struct Covered<'a> {
    /// The manifest's folder, with its `/`, below the inbox.
    folder: &'a str,
    files: Vec<&'a Found>,
    /// It speaks of one file, by its own name.
    one: bool,
    /// That file is not there.
    missing: Option<&'a str>,
}

impl<'a> Covered<'a> {
    fn by(manifest: &'a Found, inbox: &'a Inbox) -> Self {
        let stem = manifest.name.strip_suffix(MANIFEST_SUFFIX).unwrap_or(&manifest.name);
        let folder = stem.rfind('/').and_then(|slash| stem.get(..=slash)).unwrap_or_default();
        if let Some(file) = inbox.files.iter().find(|file| file.name == stem) {
            return Self { folder, files: vec![file], one: true, missing: None };
        }
        let extension = stem.rsplit('.').next().unwrap_or_default();
        if extension.eq_ignore_ascii_case("xml") || extension.eq_ignore_ascii_case("zip") {
            return Self { folder, files: Vec::new(), one: true, missing: Some(stem) };
        }
        let here =
            |file: &&Found| file.name.strip_prefix(folder).is_some_and(|rest| !rest.contains('/'));
        let files = inbox.files.iter().filter(here).collect();
        Self { folder, files, one: false, missing: None }
    }

    fn path_of(&self, listed: &str) -> String {
        format!("{}{listed}", self.folder)
    }
}

pub(super) fn read_all(inbox: &Inbox, limits: &Limits) -> Claims {
    let mut claims = Claims::default();
    for found in &inbox.manifests {
        let covered = Covered::by(found, inbox);
        let Some(manifest) = read(found) else {
            let wrong = Wrong { file: found.name.clone(), reason: "unreadable" };
            claims.refuse(found, &covered, &[], &wrong);
            continue;
        };
        claims.add(&manifest, &covered);
        if let Err(wrong) = check(&manifest, &covered, inbox, limits) {
            let listed = manifest.files.iter().map(|file| covered.path_of(&file.name));
            claims.refuse(found, &covered, &listed.collect::<Vec<_>>(), &wrong);
        }
    }
    claims
}

fn read(found: &Found) -> Option<Manifest> {
    let mut text = String::new();
    let file = File::open(&found.path).ok()?;
    file.take(MANIFEST_BYTES_MAX).read_to_string(&mut text).ok()?;
    let manifest: Manifest = toml::from_str(&text).ok()?;
    // A date that is written and cannot be read would silently start another clock.
    let mut dates = manifest.files.iter().map(|file| &file.received).chain([&manifest.received]);
    let readable = dates.all(|date| date.as_ref().is_none_or(|date| date.read().is_some()));
    drop(dates);
    readable.then_some(manifest)
}

/// Everything that is listed is there, and is what is listed.
fn check(
    manifest: &Manifest,
    covered: &Covered<'_>,
    inbox: &Inbox,
    limits: &Limits,
) -> Result<(), Wrong> {
    if let Some(missing) = covered.missing {
        return Err(Wrong { file: missing.to_owned(), reason: "missing" });
    }
    for listed in &manifest.files {
        let path = covered.path_of(&listed.name);
        let Some(file) = inbox.files.iter().find(|file| file.name == path) else {
            return Err(Wrong { file: path, reason: "missing" });
        };
        if let Some(expected) = &listed.sha256 {
            let expected = expected.trim().to_ascii_lowercase().parse::<Digest>().ok();
            if expected.is_none() || digest(file, limits) != expected {
                return Err(Wrong { file: path, reason: "sha256" });
            }
        }
    }
    Ok(())
}

fn digest(file: &Found, limits: &Limits) -> Option<Digest> {
    let input = File::open(&file.path).ok()?;
    survey(input, limits.file_bytes_max).ok().map(|survey| survey.digest)
}
