//! A sliding view of a stream: the bytes not yet consumed, grown until a whole record is in it.

use std::io::{self, Read};

/// How much is read at once: little at first, because most objects are small.
const CHUNKS: std::ops::RangeInclusive<usize> = 1 << 16..=1 << 20;

pub(crate) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where `buffer[0]` stands in the stream.
    base: u64,
    ended: bool,
}

impl<R: Read> Window<R> {
    /// `head` is what was read of the stream before, from its beginning.
    pub(crate) fn new(head: Vec<u8>, reader: R) -> Self {
        Window { reader, start: 0, end: head.len(), buffer: head, base: 0, ended: false }
    }

    /// The bytes at hand.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Where `bytes()[0]` stands in the stream.
    pub(crate) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Has the stream ended, so that `bytes` is all that is left?
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Reads more; false at the end of the stream. What is at hand stays in front; the buffer at
    /// least doubles when it is full, so that a long record is not scanned again too often.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.base += self.start as u64;
            self.end -= self.start;
            self.start = 0;
        }
        let chunk = self.buffer.len().clamp(*CHUNKS.start(), *CHUNKS.end());
        let wanted = (self.end * 2).max(self.end + chunk);
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        let from = self.end;
        while self.end < self.buffer.len() {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(count) => self.end += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.end > from)
    }

    /// Makes sure that something is at hand, if anything is left.
    pub(crate) fn any(&mut self) -> io::Result<bool> {
        Ok(self.start < self.end || self.fill()?)
    }

    pub(crate) fn into_reader(self) -> R {
        self.reader
    }
}
