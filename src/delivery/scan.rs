//! One file of the inbox: what it is, by its content, and the parts in it.

use std::fs::File;
use std::io::{self, Seek};

use jiff::Timestamp;

use super::archive::{self, Entry};
use super::encoding;
use super::inbox::Found;
use super::manifest::Claim;
use super::survey::{Stopped, Survey, survey};
use super::{Intake, Limits, Part, Refusal, unreadable};
use crate::model::finding::{self, Finding, Kind, Place};
use crate::model::ids::Digest;

pub(super) fn file(file: &Found, claim: Claim<'_>, limits: &Limits) -> Intake {
    let received_at = claim.received_at.unwrap_or(file.stamp.changed_at);
    let mut one = One { file, received_at, intake: Intake::default() };
    match (look(file, limits), claim.wrong) {
        (Err(finding), _) => one.refuse(&file.name, None, finding),
        (Ok((_, survey)), Some(wrong)) => {
            one.refuse(&file.name, Some(survey.digest), wrong.clone());
        }
        (Ok((input, survey)), None) if archive::is_zip(&survey.head) => {
            match archive::survey_entries(input, limits) {
                Ok(entries) => one.take_entries(entries, survey.digest, limits),
                Err(refused) => {
                    one.refuse(&file.name, Some(survey.digest), refused.finding(&file.name));
                }
            }
        }
        (Ok((_, survey)), None) => one.take(file.name.clone(), None, survey),
    }
    one.intake
}

/// Opens the file and reads it once.
fn look(file: &Found, limits: &Limits) -> Result<(File, Survey), Finding> {
    let too_large = || over_limit(&file.name, limits);
    let failed = |error: io::Error| unreadable(&file.name, &error);
    if file.stamp.bytes > limits.file_bytes_max {
        return Err(too_large());
    }
    let mut input = File::open(&file.path).map_err(failed)?;
    let survey = survey(&input, limits.file_bytes_max).map_err(|stopped| match stopped {
        Stopped::Io(error) => failed(error),
        Stopped::TooLarge => too_large(),
    })?;
    input.rewind().map_err(failed)?;
    Ok((input, survey))
}

fn over_limit(name: &str, limits: &Limits) -> Finding {
    finding::FILE_TOO_LARGE.at(Place::file(name)).with("max", limits.file_bytes_max)
}

struct One<'a> {
    file: &'a Found,
    received_at: Timestamp,
    intake: Intake,
}

impl One<'_> {
    fn refuse(&mut self, name: &str, digest: Option<Digest>, finding: Finding) {
        let (name, received_at) = (name.to_owned(), self.received_at);
        self.intake.refused.push(Refusal { name, received_at, digest, finding });
    }

    /// An entry that is no XML is refused by itself, unless there is no XML at all.
    fn take_entries(&mut self, entries: Vec<Entry>, digest: Digest, limits: &Limits) {
        let name = &self.file.name;
        let is_xml = |entry: &Entry| entry.survey.as_ref().is_none_or(|it| not_xml(it).is_none());
        if !entries.iter().any(is_xml) {
            let finding = finding::ARCHIVE_WITHOUT_XML.at(Place::file(name));
            return self.refuse(name, Some(digest), finding);
        }
        for Entry { index, name: entry, survey } in entries {
            let part = format!("{name}!{entry}");
            match survey {
                Some(survey) => self.take(part, Some(index), survey),
                None => self.refuse(&part, None, over_limit(&part, limits)),
            }
        }
    }

    fn take(&mut self, name: String, entry: Option<usize>, survey: Survey) {
        if let Some(kind) = not_xml(&survey) {
            let finding = kind.at(Place::file(&name));
            return self.refuse(&name, Some(survey.digest), finding);
        }
        let decision = match encoding::decide(&survey) {
            Ok(decision) => decision,
            Err((kind, declared)) => {
                let finding = kind.at(Place::file(&name)).with("declared", declared);
                return self.refuse(&name, Some(survey.digest), finding);
            }
        };
        let misdeclared = |declared| {
            let finding = finding::ENCODING_MISDECLARED.at(Place::file(&name));
            finding.with("declared", declared).with("real", decision.encoding.name())
        };
        let findings = decision.misdeclared.clone().map(misdeclared).into_iter().collect();
        self.intake.parts.push(Part {
            name,
            received_at: self.received_at,
            digest: survey.digest,
            bytes: survey.bytes,
            findings,
            path: self.file.path.clone(),
            entry,
            encoding: decision.encoding,
            stamp: self.file.stamp,
        });
    }
}

/// None for what begins as XML does, in whatever encoding.
fn not_xml(survey: &Survey) -> Option<Kind> {
    let head = survey.head.as_slice();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    match head {
        [] if survey.bytes <= survey.head.len() as u64 => Some(finding::FILE_EMPTY),
        // Blank as far as the head goes: the parser will see.
        [] => None,
        [b'<', ..] => None,
        _ if encoding::is_utf16(head) => None,
        _ => Some(finding::FILE_NOT_RECOGNISED),
    }
}
