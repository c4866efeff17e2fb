//! The first pass over a file's bytes: hash, size, and what tells one encoding from another.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use crate::model::ids::Digest;

/// Bytes kept from the beginning: room for the byte order mark and the XML declaration.
const HEAD_BYTES: usize = 128;

/// What the bytes of one file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Survey {
    pub head: Vec<u8>,
    pub digest: Digest,
    pub bytes: u64,
    /// Well-formed UTF-8 sequences of two bytes or more.
    pub sequences: u64,
    /// Places where the bytes are not UTF-8.
    pub broken: u64,
    /// Any byte of 0x80 to 0x9F: control signs in ISO-8859, letters in windows-1252.
    pub has_c1: bool,
    /// A byte that windows-1252 does not define.
    pub has_undefined: bool,
}

impl Survey {
    pub(super) fn is_utf8(&self) -> bool {
        self.broken == 0
    }
    /// Any byte beyond ASCII.
    pub(super) fn has_high(&self) -> bool {
        self.sequences + self.broken > 0
    }
}

/// Why a survey stopped.
#[derive(Debug)]
pub(super) enum Stopped {
    Io(io::Error),
    TooLarge,
}

/// Reads to the end, or until one byte more than `bytes_max`.
pub(super) fn survey(mut input: impl Read, bytes_max: u64) -> Result<Survey, Stopped> {
    let mut hash = Sha256::new();
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let mut signs = Signs::default();
    let mut bytes = 0u64;
    let mut buffer = vec![0u8; 64 * 1024];
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stopped::Io(error)),
        };
        let chunk = buffer.get(..read).unwrap_or_default();
        bytes += read as u64;
        if bytes > bytes_max {
            return Err(Stopped::TooLarge);
        }
        hash.update(chunk);
        let room = HEAD_BYTES - head.len();
        head.extend_from_slice(chunk.get(..room).unwrap_or(chunk));
        signs.add(chunk);
    }
    signs.end();
    let Signs { sequences, broken, has_c1, has_undefined, carry: _ } = signs;
    let digest = Digest::of_bytes(hash.finalize());
    Ok(Survey { head, digest, bytes, sequences, broken, has_c1, has_undefined })
}

/// Counts what stands beyond ASCII, over chunks that may cut a sequence in two.
#[derive(Default)]
struct Signs {
    sequences: u64,
    broken: u64,
    has_c1: bool,
    has_undefined: bool,
    /// The beginning of a sequence that goes on in the next chunk: three bytes at most.
    carry: Vec<u8>,
}

impl Signs {
    fn add(&mut self, chunk: &[u8]) {
        if self.carry.is_empty() && chunk.is_ascii() {
            return;
        }
        for byte in chunk.iter().filter(|byte| (0x80..0xa0).contains(*byte)) {
            self.has_c1 = true;
            self.has_undefined |= matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
        }
        let mut joined = std::mem::take(&mut self.carry);
        let mut rest = if joined.is_empty() {
            chunk
        } else {
            joined.extend_from_slice(chunk);
            joined.as_slice()
        };
        loop {
            match std::str::from_utf8(rest) {
                Ok(text) => return self.count(text),
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.count(std::str::from_utf8(good).unwrap_or_default());
                    let Some(length) = error.error_len() else {
                        self.carry = bad.to_vec();
                        return;
                    };
                    self.broken += 1;
                    rest = bad.get(length..).unwrap_or_default();
                }
            }
        }
    }

    fn count(&mut self, text: &str) {
        // Each sequence has one byte of 0xC0 or more: its first.
        self.sequences += text.bytes().filter(|byte| *byte >= 0xc0).count() as u64;
    }

    fn end(&mut self) {
        self.broken += u64::from(!self.carry.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time: every sequence is cut.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    #[test]
    fn signs_are_counted_whatever_the_chunks() {
        let check = |bytes: &[u8], sequences: u64, broken: u64, c1: bool| {
            let whole = survey(bytes, 1000).unwrap();
            let dripped = survey(Dripping(bytes), 1000).unwrap();
            assert_eq!(whole, dripped);
            assert_eq!((whole.sequences, whole.broken, whole.has_c1), (sequences, broken, c1));
        };
        check(b"abc", 0, 0, false);
        check("é€𝄞".as_bytes(), 3, 0, true);
        check(b"LEC\xbcUVRE", 0, 1, false);
        check(b"LEC\x8cUVRE", 0, 1, true);
        check(b"cut \xe2\x82", 0, 1, true);
        check(b"\xe9\xe8 \xc3\xa9", 1, 2, false);
    }

    #[test]
    fn a_file_of_one_byte_too_many_is_not_read_on() {
        assert!(survey(b"12345".as_slice(), 5).is_ok());
        assert!(matches!(survey(b"123456".as_slice(), 5), Err(Stopped::TooLarge)));
    }
}
