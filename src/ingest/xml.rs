//! The guarded event reader: XML as steps into children, with everything refused that an export
//! never holds (SEC-30, SEC-31, SEC-32).
//!
//! A parser of this module goes down the document in a fixed gesture:
//! `while xml.child()? { match xml.name() { … } }`, where each arm reads the child whole, by
//! [`Xml::text`], [`Xml::skip`], [`Xml::unknown`] or a loop of its own.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::escape::{EscapeError, resolve_predefined_entity};
use quick_xml::events::attributes::Attributes;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use super::guard::{EventTooLarge, Guarded, Spot};
use crate::model::finding::{self, Finding, Kind, Place};

pub(super) const DEPTH_MAX: usize = 32;
pub(super) const ATTRIBUTES_MAX: usize = 64;
pub(super) const TEXT_BYTES_MAX: usize = 4096;
const NAME_BYTES_MAX: usize = 128;
/// Different paths of unknown elements that a note lists; the count goes on beyond.
const UNKNOWN_PATHS_MAX: usize = 20;

/// A parser's verdict: done, or the finding that refuses the file.
pub(super) type Verdict<T> = Result<T, Finding>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// A child of the current element opens.
    Open,
    /// The current element closes.
    Close,
}

/// What is kept while events go by; apart from the reader, because an event borrows that one.
struct Here {
    part: String,
    /// Names of the open elements, one after the other, and where each begins.
    names: String,
    starts: Vec<usize>,
    /// Attributes of the element opened last, as written.
    attributes: String,
    /// Text of the element under [`Xml::text`].
    text: String,
    keeps_text: bool,
    text_bytes: usize,
    /// Of the event under the reader.
    spot: Spot,
    /// Of the element opened last.
    line: u64,
    /// An element written `<x/>` was opened: its close comes without an event.
    close_pending: bool,
    first_event: bool,
    root_closed: bool,
}

pub(super) struct Xml<R> {
    reader: Reader<Guarded<R>>,
    buffer: Vec<u8>,
    here: Here,
    unknown: BTreeMap<String, u64>,
    unknown_count: u64,
}

impl<R: BufRead> Xml<R> {
    pub(super) fn new(part: &str, input: R) -> Self {
        let here = Here {
            part: part.to_owned(),
            names: String::new(),
            starts: Vec::new(),
            attributes: String::new(),
            text: String::new(),
            keeps_text: false,
            text_bytes: 0,
            spot: Spot { line: 1, column: 1 },
            line: 1,
            close_pending: false,
            first_event: true,
            root_closed: false,
        };
        let reader = Reader::from_reader(Guarded::new(input));
        Self { reader, buffer: Vec::new(), here, unknown: BTreeMap::new(), unknown_count: 0 }
    }

    /// Opens the root; its name is then [`Xml::name`].
    pub(super) fn root(&mut self) -> Verdict<()> {
        self.step().map(|_| ())
    }

    /// Opens the next child of the current element; false when the element has closed.
    pub(super) fn child(&mut self) -> Verdict<bool> {
        Ok(self.step()? == Step::Open)
    }

    /// Name of the innermost open element.
    pub(super) fn name(&self) -> &str {
        self.here.name()
    }

    /// Line on which the element opened last begins, from 1.
    pub(super) fn line(&self) -> u64 {
        self.here.line
    }

    /// An attribute of the element opened last.
    pub(super) fn attribute(&self, name: &str) -> Option<Cow<'_, str>> {
        let mut attributes = Attributes::new(&self.here.attributes, 0);
        let attributes = attributes.with_checks(false).filter_map(Result::ok);
        let found = attributes.into_iter().find(|attribute| attribute.key.as_ref() == name)?;
        // Entities were judged when the element opened.
        found.normalized_value(XmlVersion::Implicit1_0).ok()
    }

    /// The text of the element opened last, which is read to its end. Comments inside divide
    /// nothing; elements inside are unknown ones.
    pub(super) fn text(&mut self) -> Verdict<&str> {
        self.here.text.clear();
        self.here.keeps_text = true;
        while self.child()? {
            self.unknown()?;
            self.here.keeps_text = true;
        }
        self.here.keeps_text = false;
        Ok(&self.here.text)
    }

    /// Reads the element opened last to its end and keeps nothing of it.
    pub(super) fn skip(&mut self) -> Verdict<()> {
        self.here.keeps_text = false;
        let depth = self.here.starts.len();
        while self.here.starts.len() >= depth {
            self.step()?;
        }
        Ok(())
    }

    /// As [`Xml::skip`], for an element that the format does not know: its path is noted.
    pub(super) fn unknown(&mut self) -> Verdict<()> {
        self.unknown_count += 1;
        let path = self.here.path();
        if let Some(count) = self.unknown.get_mut(&path) {
            *count += 1;
        } else if self.unknown.len() < UNKNOWN_PATHS_MAX {
            self.unknown.insert(path, 1);
        }
        self.skip()
    }

    /// Reads what follows the root: nothing may.
    pub(super) fn finish(mut self) -> Verdict<Option<Finding>> {
        self.step_or_end()?;
        if self.unknown_count == 0 {
            return Ok(None);
        }
        let paths: Vec<String> = self.unknown.into_keys().collect();
        let note = finding::UNKNOWN_ELEMENTS.at(Place::file(&self.here.part));
        Ok(Some(note.with("paths", paths.join(", ")).with("count", self.unknown_count)))
    }

    fn step(&mut self) -> Verdict<Step> {
        self.step_or_end()?.ok_or_else(|| self.here.refuse(finding::XML_TRUNCATED, "end"))
    }

    /// The next step, or None at the sound end of the document.
    fn step_or_end(&mut self) -> Verdict<Option<Step>> {
        let here = &mut self.here;
        if std::mem::take(&mut here.close_pending) {
            here.close();
            return Ok(Some(Step::Close));
        }
        loop {
            self.buffer.clear();
            here.spot = self.reader.get_mut().begin_event();
            let event = match self.reader.read_event_into(&mut self.buffer) {
                Ok(event) => event,
                Err(error) => {
                    return Err(here.broken(&error, self.reader.get_ref().ended()));
                }
            };
            let first = std::mem::take(&mut here.first_event);
            match event {
                Event::Start(tag) => return here.open(&tag, false).map(Some),
                Event::Empty(tag) => return here.open(&tag, true).map(Some),
                Event::End(_) => {
                    here.close();
                    return Ok(Some(Step::Close));
                }
                Event::Text(text) => here.add(&text)?,
                Event::CData(text) => {
                    here.inside()?;
                    here.add(&text)?;
                }
                Event::GeneralRef(entity) => here.resolve(&entity)?,
                Event::Comment(_) | Event::PI(_) => {}
                Event::Decl(_) if first => {}
                Event::Decl(_) => return Err(here.refuse(finding::XML_MALFORMED, "declaration")),
                Event::DocType(_) => return Err(here.refuse(finding::XML_FORBIDDEN, "doctype")),
                Event::Eof if here.root_closed => return Ok(None),
                Event::Eof => return Err(here.refuse(finding::XML_TRUNCATED, "end")),
            }
        }
    }
}

impl Here {
    fn name(&self) -> &str {
        self.starts.last().and_then(|start| self.names.get(*start..)).unwrap_or_default()
    }

    /// `BEE_ELEVES/DONNEES/ELEVES`: names only, never a value.
    fn path(&self) -> String {
        let ends = self.starts.iter().skip(1).copied().chain([self.names.len()]);
        let names = self.starts.iter().zip(ends).filter_map(|(from, to)| self.names.get(*from..to));
        names.collect::<Vec<_>>().join("/")
    }

    fn refuse(&self, kind: Kind, reason: &'static str) -> Finding {
        kind.at(Place::line(&self.part, self.spot.line))
            .with("column", self.spot.column)
            .with("reason", reason)
    }

    fn open(&mut self, tag: &BytesStart<'_>, empty: bool) -> Verdict<Step> {
        let name = tag.name().into_inner();
        if self.root_closed {
            return Err(self.refuse(finding::XML_MALFORMED, "after-root"));
        }
        if !well_formed(name) {
            return Err(self.refuse(finding::XML_MALFORMED, "name"));
        }
        if name.len() > NAME_BYTES_MAX {
            return Err(self.refuse(finding::XML_OVER_LIMIT, "name"));
        }
        if self.starts.len() == DEPTH_MAX {
            return Err(self.refuse(finding::XML_OVER_LIMIT, "depth"));
        }
        self.starts.push(self.names.len());
        self.names.push_str(name);
        self.line = self.spot.line;
        self.text_bytes = 0;
        self.keeps_text = false;
        self.close_pending = empty;
        self.attributes.clear();
        if !tag.attributes_raw().is_empty() {
            self.attributes.push_str(tag.attributes_raw());
            self.judge_attributes()?;
        }
        Ok(Step::Open)
    }

    /// Their number comes first: the check for doubles is quadratic (RUSTSEC-2026-0194).
    fn judge_attributes(&self) -> Verdict<()> {
        let mut attributes = Attributes::new(&self.attributes, 0);
        let mut names = [""; ATTRIBUTES_MAX];
        for (count, attribute) in attributes.with_checks(false).enumerate() {
            let attribute =
                attribute.map_err(|_| self.refuse(finding::XML_MALFORMED, "attribute"))?;
            let (before, place) = names.split_at_mut(count);
            let Some(place) = place.first_mut() else {
                return Err(self.refuse(finding::XML_OVER_LIMIT, "attributes"));
            };
            *place = attribute.key.into_inner();
            if before.contains(place) {
                return Err(self.refuse(finding::XML_MALFORMED, "attribute-twice"));
            }
            if attribute.value.len() > TEXT_BYTES_MAX {
                return Err(self.refuse(finding::XML_OVER_LIMIT, "text"));
            }
            if attribute.value.contains('&') {
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(
                    |error| match error {
                        quick_xml::Error::Escape(EscapeError::UnrecognizedEntity(..)) => {
                            self.refuse(finding::XML_FORBIDDEN, "entity")
                        }
                        _ => self.refuse(finding::XML_MALFORMED, "entity"),
                    },
                )?;
            }
        }
        Ok(())
    }

    fn close(&mut self) {
        if let Some(start) = self.starts.pop() {
            self.names.truncate(start);
        }
        self.root_closed = self.starts.is_empty();
        self.text_bytes = 0;
    }

    fn inside(&self) -> Verdict<()> {
        if self.starts.is_empty() {
            return Err(self.refuse(finding::XML_MALFORMED, "outside-root"));
        }
        Ok(())
    }

    fn add(&mut self, piece: &str) -> Verdict<()> {
        let blank = || piece.bytes().all(|byte| byte.is_ascii_whitespace());
        if self.starts.is_empty() {
            return if blank() { Ok(()) } else { self.inside() };
        }
        self.text_bytes += piece.len();
        // White space between elements is no text.
        if self.text_bytes > TEXT_BYTES_MAX && (self.keeps_text || !blank()) {
            return Err(self.refuse(finding::XML_OVER_LIMIT, "text"));
        }
        if self.keeps_text {
            self.text.push_str(piece);
        }
        Ok(())
    }

    /// `D&apos;ARTAGNAN` comes as three events: they are one text.
    fn resolve(&mut self, entity: &BytesRef<'_>) -> Verdict<()> {
        self.inside()?;
        match entity.resolve_char_ref() {
            Ok(Some(sign)) => self.add(sign.encode_utf8(&mut [0; 4])),
            Ok(None) => match resolve_predefined_entity(entity) {
                Some(text) => self.add(text),
                None => Err(self.refuse(finding::XML_FORBIDDEN, "entity")),
            },
            Err(_) => Err(self.refuse(finding::XML_MALFORMED, "entity")),
        }
    }

    fn broken(&self, error: &quick_xml::Error, ended: bool) -> Finding {
        match error {
            quick_xml::Error::Io(cause) => {
                if cause.get_ref().is_some_and(|inner| inner.is::<EventTooLarge>()) {
                    self.refuse(finding::XML_OVER_LIMIT, "event")
                } else if cause.kind() == std::io::ErrorKind::InvalidData {
                    self.refuse(finding::ENCODING_INVALID, "bytes")
                } else {
                    self.refuse(finding::FILE_UNREADABLE, "input")
                }
            }
            quick_xml::Error::Encoding(_) if !ended => {
                self.refuse(finding::ENCODING_INVALID, "bytes")
            }
            _ if ended => self.refuse(finding::XML_TRUNCATED, "end"),
            quick_xml::Error::IllFormed(_) => self.refuse(finding::XML_MALFORMED, "tags"),
            _ => self.refuse(finding::XML_MALFORMED, "syntax"),
        }
    }
}

/// Enough of the rule of XML names that no tag of a damaged file passes for one.
fn well_formed(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b':';
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|byte| letter(byte) || !byte.is_ascii())
        && bytes.all(|byte| {
            letter(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.') || !byte.is_ascii()
        })
}
