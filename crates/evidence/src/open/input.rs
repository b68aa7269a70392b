//! Where a layer takes its bytes from: memory, or a reader with a buffer in front that can be looked ahead in.

use std::io::{self, Read};

/// How much is read at once from a file or a layer below.
const BUFFER: usize = 256 << 10;

/// Bytes with look-ahead. All of them are in `buffer`, or the rest comes from `inner`.
pub(crate) struct Input {
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    inner: Option<Box<dyn Read + Send>>,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let streamed = self.inner.is_some();
        f.debug_struct("Input").field("buffered", &(self.end - self.at)).field("streamed", &streamed).finish()
    }
}

impl Input {
    pub(crate) fn memory(bytes: Vec<u8>) -> Input {
        let end = bytes.len();
        Input { buffer: bytes, at: 0, end, inner: None }
    }

    pub(crate) fn stream(inner: Box<dyn Read + Send>) -> Input {
        Input { buffer: Vec::new(), at: 0, end: 0, inner: Some(inner) }
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.at..self.end).unwrap_or_default()
    }

    /// The next bytes, `want` of them unless the input ends before.
    pub(crate) fn peek(&mut self, want: usize) -> io::Result<&[u8]> {
        while self.inner.is_some() && self.end - self.at < want {
            if self.at > 0 {
                self.buffer.copy_within(self.at..self.end, 0);
                self.end -= self.at;
                self.at = 0;
            }
            if self.buffer.len() < want {
                self.buffer.resize(want, 0);
            }
            if self.more()? == 0 {
                break;
            }
        }
        let end = self.end.min(self.at + want);
        Ok(self.buffer.get(self.at..end).unwrap_or_default())
    }

    /// As [`Input::peek`], but reads far ahead: for what takes all of it, piece by piece.
    pub(crate) fn piece(&mut self, want: usize) -> io::Result<&[u8]> {
        if self.inner.is_some() && self.end - self.at < want && self.buffer.len() < BUFFER {
            self.buffer.resize(BUFFER, 0);
        }
        self.peek(want)
    }

    /// Some of the next bytes; none at the end.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end && self.inner.is_some() {
            self.at = 0;
            self.end = 0;
            if self.buffer.len() < BUFFER {
                self.buffer.resize(BUFFER, 0);
            }
            self.more()?;
        }
        Ok(self.buffered())
    }

    /// Takes what is buffered: everything, when the bytes are in memory.
    pub(crate) fn take_buffered(&mut self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.truncate(self.end);
        buffer.drain(..self.at);
        (self.at, self.end) = (0, 0);
        buffer
    }

    /// Takes bytes that were looked at.
    pub(crate) fn consume(&mut self, count: usize) {
        self.at = (self.at + count).min(self.end);
    }

    /// Reads behind what is buffered.
    fn more(&mut self) -> io::Result<usize> {
        let (Some(inner), Some(space)) = (&mut self.inner, self.buffer.get_mut(self.end..)) else { return Ok(0) };
        let got = read_once(inner, space)?;
        self.end += got;
        Ok(got)
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.at < self.end {
            let got = self.buffered().read(out)?;
            self.consume(got);
            return Ok(got);
        }
        // Nothing looked at: straight into the caller's buffer.
        match &mut self.inner {
            Some(inner) => read_once(inner, out),
            None => Ok(0),
        }
    }
}

fn read_once(inner: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match inner.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
