//! The inbox: find, date, hash, unzip safely, decode.
//!
//! - In: a folder of any depth. - Out: parts, each a stream of UTF-8 XML, and refusals.
//! - Can go wrong: a file is unreadable, hostile or unknown: a finding, never a panic. Only an
//!   inbox that cannot be listed at all is an error.

mod archive;
mod encoding;
mod inbox;
mod manifest;
mod scan;
mod survey;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rayon::prelude::*;

use self::encoding::{Decoder, Encoding};
use crate::model::finding::{self, Finding, Place};
use crate::model::ids::Digest;

/// How much a delivery may weigh (SEC-32, SEC-33).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One XML, bare or as an entry; an archive as a file.
    pub file_bytes_max: u64,
    /// All entries of one archive together, as read, not as declared.
    pub archive_bytes_max: u64,
    pub archive_entries_max: u64,
    /// Bytes read for each byte of the archive.
    pub archive_ratio_max: u64,
}

pub const FILE_BYTES_MAX: u64 = 200 * 1024 * 1024;
pub const ARCHIVE_BYTES_MAX: u64 = 500 * 1024 * 1024;
pub const ARCHIVE_ENTRIES_MAX: u64 = 10;
pub const ARCHIVE_RATIO_MAX: u64 = 200;

/// The limits of the requirements.
pub const LIMITS: Limits = Limits {
    file_bytes_max: FILE_BYTES_MAX,
    archive_bytes_max: ARCHIVE_BYTES_MAX,
    archive_entries_max: ARCHIVE_ENTRIES_MAX,
    archive_ratio_max: ARCHIVE_RATIO_MAX,
};

/// One XML document of the inbox: a file, or an entry of an archive.
#[derive(Debug, Clone)]
pub struct Part {
    /// Path below the inbox, with `!entry` for a part of an archive.
    pub name: String,
    pub received_at: Timestamp,
    /// SHA-256 of the XML bytes as delivered, before any decoding.
    pub digest: Digest,
    /// Their number.
    pub bytes: u64,
    /// What its bytes gave away: a declared encoding that is not the real one.
    pub findings: Vec<Finding>,
    path: PathBuf,
    entry: Option<usize>,
    encoding: Encoding,
    stamp: Stamp,
}

impl Part {
    /// Hands over the XML as a stream of UTF-8 without byte order mark, in bounded memory.
    ///
    /// # Errors
    /// `FILE_UNREADABLE` when the file is gone, or is no longer the one that was hashed.
    pub fn read<T>(&self, reader: impl FnOnce(&mut dyn BufRead) -> T) -> Result<T, Finding> {
        self.try_read(reader).map_err(|error| unreadable(&self.name, &error))
    }

    fn try_read<T>(&self, reader: impl FnOnce(&mut dyn BufRead) -> T) -> io::Result<T> {
        let file = File::open(&self.path)?;
        if Stamp::of(&file)? != self.stamp {
            return Err(io::Error::other("the file has changed since it was hashed"));
        }
        match self.entry {
            None => Ok(reader(&mut Decoder::new(file, self.encoding))),
            Some(index) => {
                let mut archive = zip::ZipArchive::new(io::BufReader::new(file))?;
                let entry = archive.by_index(index)?;
                Ok(reader(&mut Decoder::new(entry, self.encoding)))
            }
        }
    }
}

/// A file that changes nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub name: String,
    pub received_at: Timestamp,
    /// Absent when the bytes could not be read, or were too many to be.
    pub digest: Option<Digest>,
    pub finding: Finding,
}

/// What lies in the inbox, in the order of names.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    pub parts: Vec<Part>,
    pub refused: Vec<Refusal>,
}

/// Reads every file of the inbox once: what it is, what it weighs, its hash, its encoding.
///
/// # Errors
/// The inbox itself cannot be listed. Trouble with one file is a refusal of that file.
pub fn scan(inbox: &Path, limits: &Limits) -> io::Result<Intake> {
    let found = inbox::find(inbox)?;
    let claims = manifest::read_all(&found, limits);
    // `collect` keeps the order of the files, whatever the order in which they were read.
    let read: Vec<Intake> = found
        .files
        .par_iter()
        .map(|file| scan::file(file, claims.of(&file.name), limits))
        .collect();
    let mut intake = Intake { parts: Vec::new(), refused: found.refused };
    intake.refused.extend(claims.into_refusals());
    for one in read {
        intake.parts.extend(one.parts);
        intake.refused.extend(one.refused);
    }
    intake.refused.sort_by(|a, b| (&a.name, &a.finding).cmp(&(&b.name, &b.finding)));
    Ok(intake)
}

/// Length and time of the last change: enough to see that a file was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    changed_at: Timestamp,
}

impl Stamp {
    fn of(file: &File) -> io::Result<Self> {
        Self::of_metadata(&file.metadata()?)
    }

    fn of_metadata(metadata: &std::fs::Metadata) -> io::Result<Self> {
        let changed_at = Timestamp::try_from(metadata.modified()?).map_err(io::Error::other)?;
        Ok(Self { bytes: metadata.len(), changed_at })
    }
}

fn unreadable(name: &str, error: &io::Error) -> Finding {
    finding::FILE_UNREADABLE.at(Place::file(name)).with("reason", error)
}
