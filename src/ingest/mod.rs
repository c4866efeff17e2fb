//! XML to records and findings, one file a format; only allow-listed fields leave it.
//!
//! - In: a decoded stream and the name of its part. - Out: header, records, counts, findings.
//! - Can go wrong: the file is refused whole, with the finding that says why.

mod dates;
mod guard;
mod hasher;
mod header;
mod ine;
mod notes;
mod siecle;
mod structures;
mod stsweb;
mod text;
mod xml;

#[cfg(test)]
mod tests;

use std::io::BufRead;

use jiff::tz::TimeZone;

use self::notes::Notes;
use self::xml::{Verdict, Xml};
use crate::model::delivery::{Counts, Header, Source};
use crate::model::finding::{self, Finding};
use crate::model::record::Content;

pub use self::hasher::KeyedHasher;

/// People of one school in one file (SEC-40).
pub const PEOPLE_MAX: u64 = 10_000;
/// Classes of one school (SEC-40).
pub const DIVISIONS_MAX: u64 = 300;
/// Groups of one school: a class has seldom more than ten.
pub const GROUPS_MAX: u64 = 3_000;

/// What the door holds against every file that passes.
#[derive(Debug)]
pub struct Door {
    pub hasher: KeyedHasher,
    /// Civil time of the exports: Europe/Paris.
    pub zone: TimeZone,
    /// `[matching] use_birthplace`, `use_sex`: otherwise the field is dropped like any other.
    pub keep_birthplace: bool,
    pub keep_sex: bool,
    pub people_max: u64,
    pub divisions_max: u64,
    pub groups_max: u64,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ingested {
    pub header: Header,
    pub content: Content,
    /// Nothing is quarantined yet: that is for the checks of `validate`.
    pub counts: Counts,
    pub findings: Vec<Finding>,
}

/// A file that was refused, with what it had told of itself by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub finding: Finding,
    pub source: Option<Source>,
    pub header: Option<Header>,
}

/// Reads one XML file, whatever export it is.
///
/// # Errors
/// The file is refused whole: nothing of it may be used.
pub fn read(part: &str, xml: impl BufRead, door: &Door) -> Result<Ingested, Box<Refused>> {
    let mut told = Told::default();
    read_document(part, xml, door, &mut told).map_err(|finding| {
        let Told { source, header } = told;
        let finding = match &header {
            Some(Header { uai, .. }) => finding.of(uai),
            None => finding,
        };
        Box::new(Refused { finding, source, header })
    })
}

/// What the file has told of itself so far.
#[derive(Default)]
struct Told {
    source: Option<Source>,
    header: Option<Header>,
}

fn read_document(part: &str, xml: impl BufRead, door: &Door, told: &mut Told) -> Verdict<Ingested> {
    let mut xml = Xml::new(part, xml);
    let mut notes = Notes::new(part);
    xml.root()?;
    let source = source_of_root(&mut xml, &notes)?;
    told.source = Some(source);
    let mut body = Body::new(source);
    let mut has_data = false;
    while xml.child()? {
        match xml.name() {
            "PARAMETRES" if told.header.is_some() => {
                // Neither school is told of it: nobody knows whose it is.
                told.header = None;
                return Err(header::ambiguous(&notes, xml.line(), "PARAMETRES"));
            }
            "PARAMETRES" => {
                told.header = Some(header::read(&mut xml, source, &notes, &door.zone)?);
            }
            "DONNEES" => {
                has_data = true;
                body.read_data(&mut xml, &mut notes, door)?;
            }
            // Subjects and programmes: of no use for accounts.
            "NOMENCLATURES" if source == Source::Sts => xml.skip()?,
            _ => xml.unknown()?,
        }
    }
    let unknown = xml.finish()?;
    let header = told.header.clone().ok_or_else(|| notes.at_file(finding::UAI_MISSING))?;
    if !has_data {
        return Err(notes.at_file(finding::SECTION_MISSING).with("section", "DONNEES"));
    }
    let (content, counts) = body.finish(&header, &mut notes)?;
    if counts.read == 0 {
        return Err(notes.at_file(finding::FILE_WITHOUT_ROWS));
    }
    let mut findings = notes.into_findings();
    findings.extend(unknown);
    let findings = findings.into_iter().map(|finding| finding.of(&header.uai)).collect();
    Ok(Ingested { header, content, counts, findings })
}

/// What the file is; a file that is something else is refused under its own name, because the
/// school must know what to send instead (formats 1, 2.1, 4).
fn source_of_root<R: BufRead>(xml: &mut Xml<R>, notes: &Notes<'_>) -> Verdict<Source> {
    let line = xml.line();
    let root = xml.name().to_owned();
    let refusal = match root.as_str() {
        "BEE_ELEVES" => return Ok(Source::SieclePupils),
        "BEE_STRUCTURES" => return Ok(Source::SiecleStructures),
        "BEE_NOMENCLATURES" => return Ok(Source::SiecleNomenclature),
        "STS_EDT" => return Ok(Source::Sts),
        "BEE_RESPONSABLES" => finding::GUARDIANS_FILE,
        "EDT_STS" => finding::TIMETABLE_FILE,
        "erreur" => return Err(netsynchro_error(xml, notes)?),
        other if other.starts_with("BEE_") => finding::EXPORT_NOT_USED,
        _ => finding::WRONG_ROOT,
    };
    Err(notes.at(refusal, line).with("root", text::quotable(&root, 64)))
}

/// NetSynchro answers an error as XML; saved under the export's name it looks like a file.
fn netsynchro_error<R: BufRead>(xml: &mut Xml<R>, notes: &Notes<'_>) -> Verdict<Finding> {
    let line = xml.line();
    let (mut code, mut message) = (String::new(), String::new());
    while xml.child()? {
        match xml.name() {
            "code" => code = text::quotable(xml.text()?, 64),
            "message" => message = text::quotable(xml.text()?, 200),
            _ => xml.skip()?,
        }
    }
    let refusal = notes.at(finding::NETSYNCHRO_ERROR, line);
    Ok(refusal.with("code", code).with("message", message))
}

/// The records of the file that is being read.
enum Body {
    Pupils(siecle::Pupils),
    Structures(structures::Structures),
    Nomenclature(siecle::Nomenclature),
    Sts(stsweb::Sts),
}

impl Body {
    fn new(source: Source) -> Self {
        match source {
            Source::SieclePupils => Self::Pupils(siecle::Pupils::default()),
            Source::SiecleStructures => Self::Structures(structures::Structures::default()),
            Source::SiecleNomenclature => Self::Nomenclature(siecle::Nomenclature::default()),
            Source::Sts => Self::Sts(stsweb::Sts::default()),
        }
    }

    fn read_data<R: BufRead>(
        &mut self,
        xml: &mut Xml<R>,
        notes: &mut Notes<'_>,
        door: &Door,
    ) -> Verdict<()> {
        match self {
            Self::Pupils(pupils) => pupils.read_data(xml, notes, door),
            Self::Structures(structures) => structures.read_sections(xml, notes, door),
            Self::Nomenclature(nomenclature) => nomenclature.read_data(xml, notes),
            Self::Sts(sts) => sts.read_data(xml, notes, door),
        }
    }

    fn finish(self, header: &Header, notes: &mut Notes<'_>) -> Verdict<(Content, Counts)> {
        match self {
            Self::Pupils(pupils) => pupils.finish(header, notes),
            Self::Structures(structures) => structures.finish(notes),
            Self::Nomenclature(nomenclature) => nomenclature.finish(notes),
            Self::Sts(sts) => Ok(sts.finish()),
        }
    }
}

/// One row more; a file of more rows than a school has is no school's file (SEC-40).
fn count_row(count: &mut u64, max: u64, notes: &Notes<'_>, line: u64) -> Verdict<()> {
    *count += 1;
    if *count > max {
        return Err(notes.at(finding::TOO_MANY_ROWS, line).with("max", max));
    }
    Ok(())
}

/// One item more in the list of one record: bounds what a single row can hold (SEC-32).
fn push_bounded<T>(list: &mut Vec<T>, item: T, notes: &Notes<'_>, line: u64) -> Verdict<()> {
    const ITEMS_MAX: usize = 500;
    if list.len() == ITEMS_MAX {
        return Err(notes.at(finding::XML_OVER_LIMIT, line).with("reason", "list"));
    }
    list.push(item);
    Ok(())
}
