//! A reader that lets one XML event weigh so much and no more, and that knows its place in lines.

use std::io::{self, BufRead, Read};

/// Bytes of one tag, comment, text or declaration. A tag of 64 attributes is far smaller; without
/// this bound a comment of 200 MB would be held whole in memory (SEC-32).
const EVENT_BYTES_MAX: usize = 64 * 1024;

/// The event under the reader is larger than [`EVENT_BYTES_MAX`].
#[derive(Debug, thiserror::Error)]
#[error("an XML event is larger than {EVENT_BYTES_MAX} bytes")]
pub(super) struct EventTooLarge;

/// A line and a column in bytes, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub line: u64,
    pub column: u64,
}

pub(super) struct Guarded<R> {
    inner: R,
    bytes_left: usize,
    spot: Spot,
    ended: bool,
}

impl<R: BufRead> Guarded<R> {
    pub(super) fn new(inner: R) -> Self {
        let spot = Spot { line: 1, column: 1 };
        Self { inner, bytes_left: EVENT_BYTES_MAX, spot, ended: false }
    }

    /// A new event begins: it may weigh as much as any other. Tells where it begins.
    pub(super) fn begin_event(&mut self) -> Spot {
        self.bytes_left = EVENT_BYTES_MAX;
        self.spot
    }

    /// The end of the input was met: what is missing is missing because the file stops.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }
}

impl<R: BufRead> BufRead for Guarded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.bytes_left == 0 {
            return Err(io::Error::other(EventTooLarge));
        }
        let available = self.inner.fill_buf()?;
        self.ended |= available.is_empty();
        Ok(available.get(..self.bytes_left).unwrap_or(available))
    }

    fn consume(&mut self, amount: usize) {
        // What was just filled is still there: asking again reads nothing.
        let consumed = self.inner.fill_buf().ok().and_then(|bytes| bytes.get(..amount));
        if let Some(bytes) = consumed {
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            if lines == 0 {
                self.spot.column += amount as u64;
            } else {
                let tail = bytes.iter().rev().take_while(|byte| **byte != b'\n').count();
                self.spot.line += lines as u64;
                self.spot.column = 1 + tail as u64;
            }
        }
        self.bytes_left = self.bytes_left.saturating_sub(amount);
        self.inner.consume(amount);
    }
}

impl<R: BufRead> Read for Guarded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let amount = self.fill_buf()?.read(into)?;
        self.consume(amount);
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_larger_than_its_share_is_an_error_and_the_next_one_starts_afresh() {
        let bytes = vec![b'x'; EVENT_BYTES_MAX + 1];
        let mut guarded = Guarded::new(bytes.as_slice());
        assert_eq!(guarded.fill_buf().unwrap().len(), EVENT_BYTES_MAX);
        guarded.consume(EVENT_BYTES_MAX);
        assert!(guarded.fill_buf().unwrap_err().get_ref().unwrap().is::<EventTooLarge>());
        guarded.begin_event();
        assert_eq!(guarded.fill_buf().unwrap().len(), 1);
    }

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut guarded = Guarded::new(b"ab\ncd\n\nxyz".as_slice());
        assert_eq!(guarded.begin_event(), Spot { line: 1, column: 1 });
        guarded.consume(5);
        assert_eq!(guarded.begin_event(), Spot { line: 2, column: 3 });
        guarded.consume(4);
        assert_eq!(guarded.begin_event(), Spot { line: 4, column: 3 });
    }
}
