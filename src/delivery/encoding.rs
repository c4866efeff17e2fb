//! Which encoding a file really has (formats 6.1, SEC-34), and its decoding as a stream.
//!
//! ISO-8859-15 never fails to decode, so a wrong declaration shows only by looking at the bytes.

use std::io::{self, BufRead, Read};

use encoding_rs::{DecoderResult, ISO_8859_15, UTF_8, WINDOWS_1252};

use super::survey::Survey;
use crate::model::finding::{self, Kind};

/// The encodings that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Latin1,
    Latin9,
    Windows1252,
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Latin1 => "ISO-8859-1",
            Self::Latin9 => "ISO-8859-15",
            Self::Windows1252 => "windows-1252",
        }
    }

    fn of_label(label: &str) -> Option<Self> {
        Some(match label.to_ascii_lowercase().as_str() {
            // ASCII is both; what stands beyond it is looked at as in any other file.
            "utf-8" | "utf8" | "us-ascii" | "ascii" => Self::Utf8,
            "iso-8859-1" | "iso8859-1" | "iso_8859-1" | "latin1" => Self::Latin1,
            "iso-8859-15" | "iso8859-15" | "iso_8859-15" | "latin9" | "latin-9" => Self::Latin9,
            "windows-1252" | "cp1252" | "cp-1252" => Self::Windows1252,
            _ => return None,
        })
    }
}

/// What was decided, and what the file said when it said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decision {
    pub encoding: Encoding,
    /// The declaration, when it is not true.
    pub misdeclared: Option<String>,
}

/// Decides from what the first pass saw.
///
/// # Errors
/// The kind of the refusal, with what the file declares.
pub(super) fn decide(survey: &Survey) -> Result<Decision, (Kind, String)> {
    let head = survey.head.as_slice();
    if is_utf16(head) {
        return Err((finding::ENCODING_UNSUPPORTED, "UTF-16".to_owned()));
    }
    let has_mark = head.starts_with(UTF8_MARK);
    let label = declared_label(head);
    // XML without a declaration is UTF-8 by its own rule.
    let label = label.unwrap_or_else(|| "UTF-8".to_owned());
    let Some(declared) = Encoding::of_label(&label) else {
        return Err((finding::ENCODING_UNSUPPORTED, label));
    };
    let encoding = if has_mark { Encoding::Utf8 } else { real_encoding(declared, survey) };
    let wrong = match encoding {
        Encoding::Utf8 => !survey.is_utf8(),
        Encoding::Windows1252 => survey.has_undefined,
        Encoding::Latin1 | Encoding::Latin9 => false,
    };
    if wrong {
        return Err((finding::ENCODING_INVALID, label));
    }
    let misdeclared = (encoding != declared && survey.has_high()).then_some(label);
    Ok(Decision { encoding, misdeclared })
}

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

fn real_encoding(declared: Encoding, survey: &Survey) -> Encoding {
    if !survey.has_high() {
        return declared;
    }
    // Letters of a single-byte encoding next to one another do not make valid UTF-8 throughout.
    if survey.is_utf8() {
        return Encoding::Utf8;
    }
    let single_byte = if survey.has_c1 { Encoding::Windows1252 } else { Encoding::Latin9 };
    match declared {
        // More good sequences than bad places: damaged UTF-8, which no other encoding mends.
        Encoding::Utf8 if survey.sequences > survey.broken => Encoding::Utf8,
        Encoding::Utf8 => single_byte,
        Encoding::Latin1 | Encoding::Latin9 if survey.has_c1 => Encoding::Windows1252,
        other => other,
    }
}

pub(super) fn is_utf16(head: &[u8]) -> bool {
    [b"\xfe\xff".as_slice(), b"\xff\xfe", b"<\0", b"\0<", b"\0\0\xfe\xff", b"\0\0\0<"]
        .iter()
        .any(|mark| head.starts_with(mark))
}

/// The `encoding` of the XML declaration, read as ASCII.
fn declared_label(head: &[u8]) -> Option<String> {
    let head: String = head.iter().map(|byte| char::from(byte & 0x7f)).collect();
    let (_, declaration) = head.split_once("<?xml")?;
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let label = value.split(quote).nth(1)?;
    Some(label.chars().filter(char::is_ascii_graphic).take(40).collect())
}

/// A stream of bytes in one encoding as a stream of UTF-8. Holds one buffer of each, whatever the
/// size of the file; a byte that the encoding does not know is an error, never a sign of damage
/// inside a name (SEC-34).
pub(super) struct Decoder<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    raw: Vec<u8>,
    raw_from: usize,
    raw_to: usize,
    ended: bool,
    /// The decoder has said its last word and may not be asked again.
    finished: bool,
    text: Vec<u8>,
    text_from: usize,
    text_to: usize,
}

const RAW_BYTES: usize = 32 * 1024;

impl<R: Read> Decoder<R> {
    pub(super) fn new(input: R, encoding: Encoding) -> Self {
        let decoder = match encoding {
            // Takes the byte order mark away.
            Encoding::Utf8 => UTF_8.new_decoder_with_bom_removal(),
            Encoding::Latin1 | Encoding::Windows1252 => {
                WINDOWS_1252.new_decoder_without_bom_handling()
            }
            Encoding::Latin9 => ISO_8859_15.new_decoder_without_bom_handling(),
        };
        Self {
            input,
            decoder,
            raw: vec![0; RAW_BYTES],
            raw_from: 0,
            raw_to: 0,
            ended: false,
            finished: false,
            // Three bytes of UTF-8 for one byte at most (`€`).
            text: vec![0; 3 * RAW_BYTES + 16],
            text_from: 0,
            text_to: 0,
        }
    }

    /// Reads and decodes until there is text, or the end.
    fn refill(&mut self) -> io::Result<()> {
        while self.text_from == self.text_to && !self.finished {
            if self.raw_from == self.raw_to && !self.ended {
                self.raw_from = 0;
                self.raw_to = self.input.read(&mut self.raw)?;
                self.ended = self.raw_to == 0;
            }
            let raw = self.raw.get(self.raw_from..self.raw_to).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.text, self.ended);
            self.raw_from += read;
            (self.text_from, self.text_to) = (0, written);
            match result {
                DecoderResult::Malformed(..) => return Err(io::ErrorKind::InvalidData.into()),
                DecoderResult::InputEmpty => self.finished = self.ended,
                DecoderResult::OutputFull => {}
            }
        }
        Ok(())
    }
}

impl<R: Read> BufRead for Decoder<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.text_from == self.text_to {
            self.refill()?;
        }
        Ok(self.text.get(self.text_from..self.text_to).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.text_from = self.text_to.min(self.text_from + amount);
    }
}

impl<R: Read> Read for Decoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}
