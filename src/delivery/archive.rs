//! Zips, opened as if they were hostile (SEC-33). Nothing is ever written to the disk, and no name
//! of an archive is used as a path.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::read::ZipFileEntry;

use super::Limits;
use super::survey::{Stopped, Survey, survey};
use crate::model::finding::{self, Finding, Kind, Place};

/// A zip begins with an entry, or, when empty, with its end.
pub(super) fn is_zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(EMPTY_ZIP)
}

const EMPTY_ZIP: &[u8] = b"PK\x05\x06";

/// One file of an archive that is neither a folder nor hidden.
pub(super) struct Entry {
    pub index: usize,
    pub name: String,
    /// None: larger than one file may be.
    pub survey: Option<Survey>,
}

/// Why an archive is refused whole.
#[derive(Debug)]
pub(super) struct Refused {
    kind: Kind,
    reason: String,
}

impl Refused {
    pub(super) fn finding(self, name: &str) -> Finding {
        self.kind.at(Place::file(name)).with("reason", self.reason)
    }
}

fn hostile(reason: &str) -> Refused {
    Refused { kind: finding::ARCHIVE_UNSAFE, reason: reason.to_owned() }
}

impl From<zip::result::ZipError> for Refused {
    fn from(error: zip::result::ZipError) -> Self {
        Self { kind: finding::ARCHIVE_DAMAGED, reason: error.to_string() }
    }
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self { kind: finding::ARCHIVE_DAMAGED, reason: error.to_string() }
    }
}

/// Reads every entry once, within the limits.
pub(super) fn survey_entries(file: File, limits: &Limits) -> Result<Vec<Entry>, Refused> {
    let archive_bytes = file.metadata()?.len();
    let mut input = BufReader::new(file);
    count_entries(&mut input, archive_bytes, limits)?;
    let mut archive = ZipArchive::new(input)?;
    // Counted again: the crate may have settled on another directory than the one counted.
    if archive.len() as u64 > limits.archive_entries_max {
        return Err(hostile("entries"));
    }
    if archive.has_duplicate_names() {
        return Err(hostile("names-twice"));
    }
    if archive.has_overlapping_files()? {
        return Err(hostile("overlap"));
    }
    let mut bytes_left = limits.archive_bytes_max;
    let mut entries = Vec::new();
    for index in 0..archive.len() {
        let Some(named) = judge(&archive.by_index_data(index)?)? else { continue };
        let cap = Cap::of(&named, archive_bytes, bytes_left, limits);
        let survey = match survey(archive.by_index(index)?, cap.bytes) {
            Ok(survey) => Some(survey),
            Err(Stopped::Io(error)) => return Err(error.into()),
            Err(Stopped::TooLarge) => match cap.broken {
                Some(reason) => return Err(hostile(reason)),
                None => None,
            },
        };
        if let Some(survey) = &survey {
            if is_zip(&survey.head) {
                return Err(hostile("nested"));
            }
            if survey.bytes != named.declared_bytes {
                return Err(hostile("declared-size"));
            }
        }
        bytes_left -= survey.as_ref().map_or(limits.file_bytes_max, |survey| survey.bytes);
        entries.push(Entry { index, name: named.name, survey });
    }
    Ok(entries)
}

/// Before the directory is read: a directory of four million entries would fill the memory.
fn count_entries(
    input: &mut (impl Read + Seek),
    archive_bytes: u64,
    limits: &Limits,
) -> Result<(), Refused> {
    /// The end record and the longest comment after it.
    const TAIL_BYTES: u64 = 22 + 65_535;
    input.seek(SeekFrom::Start(archive_bytes.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    input.take(TAIL_BYTES).read_to_end(&mut tail)?;
    input.seek(SeekFrom::Start(0))?;
    for record in tail.windows(12).filter(|record| record.starts_with(EMPTY_ZIP)) {
        // 0xFFFF sends to a zip64 record: no export has so many entries.
        if let [.., low, high] = record
            && u64::from(u16::from_le_bytes([*low, *high])) > limits.archive_entries_max
        {
            return Err(hostile("entries"));
        }
    }
    Ok(())
}

struct Named {
    name: String,
    compressed_bytes: u64,
    declared_bytes: u64,
}

/// What the directory says of an entry; None when it is to be left alone.
fn judge(entry: &ZipFileEntry<'_>) -> Result<Option<Named>, Refused> {
    if entry.enclosed_name().is_none() {
        return Err(hostile("name"));
    }
    if entry.is_symlink() {
        return Err(hostile("link"));
    }
    if entry.is_dir() {
        return Ok(None);
    }
    if entry.encrypted() {
        return Err(hostile("encrypted"));
    }
    let name = entry.name()?;
    let hidden = |name: &str| name.starts_with('.') || name == "__MACOSX";
    if name.split(['/', '\\']).any(hidden) {
        return Ok(None);
    }
    let name = name.chars().filter(|sign| !sign.is_control()).take(200).collect();
    let (compressed_bytes, declared_bytes) = (entry.compressed_size(), entry.size());
    Ok(Some(Named { name, compressed_bytes, declared_bytes }))
}

/// How many bytes of an entry are read, and what it means to have more.
struct Cap {
    bytes: u64,
    /// None: the entry is too large, and it alone is refused.
    broken: Option<&'static str>,
}

impl Cap {
    fn of(named: &Named, archive_bytes: u64, bytes_left: u64, limits: &Limits) -> Self {
        let compressed = named.compressed_bytes.min(archive_bytes);
        let by_ratio = compressed.saturating_mul(limits.archive_ratio_max);
        let mut cap = Self { bytes: limits.file_bytes_max, broken: None };
        if bytes_left <= cap.bytes {
            cap = Self { bytes: bytes_left, broken: Some("size") };
        }
        if by_ratio <= cap.bytes {
            cap = Self { bytes: by_ratio, broken: Some("ratio") };
        }
        cap
    }
}
