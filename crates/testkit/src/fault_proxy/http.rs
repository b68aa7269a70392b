//! As much of HTTP/1.1 as a proxy and an uploader on the loopback need: heads, and bodies in their framing.

use std::io::{self, BufRead, ErrorKind, Read, Write};

/// The longest line or head that is read: S3 allows 8 KB of headers, and a percent-encoded key has at most 3 KB.
const HEAD_BYTES: u64 = 64 * 1024;

/// The head of a request or of an answer.
pub(crate) struct Head {
    /// As it came, the empty line included.
    pub(super) raw: Vec<u8>,
    pub(super) text: String,
}

impl Head {
    /// Reads up to the empty line; `None` when the peer closed the connection instead of sending another message.
    pub(crate) fn read(from: &mut impl BufRead) -> io::Result<Option<Head>> {
        let (mut raw, mut from) = (Vec::new(), from.take(HEAD_BYTES));
        loop {
            match from.read_until(b'\n', &mut raw)? {
                0 if raw.is_empty() => return Ok(None),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                _ if raw.ends_with(b"\n\r\n") => break,
                _ => {}
            }
        }
        let text = String::from_utf8_lossy(&raw).into_owned();
        Ok(Some(Head { raw, text }))
    }

    /// The value of the first header of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let headers = self.text.lines().skip(1).filter_map(|line| line.split_once(':'));
        headers.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The status of an answer.
    pub(crate) fn status(&self) -> io::Result<u16> {
        let status = self.text.split_ascii_whitespace().nth(1).and_then(|word| word.parse().ok());
        status.ok_or_else(|| ErrorKind::InvalidData.into())
    }

    /// How long the body is by this head, or `otherwise` where it does not say.
    pub(crate) fn framing(&self, otherwise: Framing) -> io::Result<Framing> {
        if self.says("transfer-encoding", "chunked") {
            return Ok(Framing::Chunked);
        }
        let Some(length) = self.get("content-length") else { return Ok(otherwise) };
        length.parse().map(Framing::Length).map_err(|_| ErrorKind::InvalidData.into())
    }

    pub(super) fn says(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    pub(super) fn closes(&self) -> bool {
        self.says("connection", "close")
    }
}

/// Where a body ends.
#[derive(Clone, Copy)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// Takes a body: its own bytes, and those around the chunks of a chunked one.
pub(crate) trait Sink {
    fn payload(&mut self, bytes: &mut [u8]) -> io::Result<()>;
    fn frame(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl<W: Write> Sink for W {
    fn payload(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn frame(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }
}

/// Copies one body in its framing, chunk sizes and trailers included; only what is in the chunks counts as body.
pub(crate) fn copy_body(from: &mut impl BufRead, framing: Framing, to: &mut impl Sink) -> io::Result<()> {
    match framing {
        Framing::Length(length) => copy_exactly(from, length, to),
        Framing::UntilClose => copy_at_most(from, u64::MAX, to).map(drop),
        Framing::Chunked => loop {
            let line = copy_line(from, to)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| ErrorKind::InvalidData)?;
            copy_exactly(from, size, to)?;
            // After a chunk one empty line; after the last one trailers up to an empty line.
            while !copy_line(from, to)?.trim().is_empty() {}
            if size == 0 {
                return Ok(());
            }
        },
    }
}

fn copy_line(from: &mut impl BufRead, to: &mut impl Sink) -> io::Result<String> {
    let mut line = Vec::new();
    from.take(HEAD_BYTES).read_until(b'\n', &mut line)?;
    if !line.ends_with(b"\n") {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    to.frame(&line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn copy_exactly(from: &mut impl Read, length: u64, to: &mut impl Sink) -> io::Result<()> {
    if copy_at_most(from, length, to)? == length { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
}

fn copy_at_most(from: &mut impl Read, limit: u64, to: &mut impl Sink) -> io::Result<u64> {
    let (mut buffer, mut copied) = ([0; 16 * 1024], 0);
    while copied < limit {
        let room = buffer.len().min(usize::try_from(limit - copied).unwrap_or(usize::MAX));
        let got = from.read(&mut buffer[..room])?;
        if got == 0 {
            break;
        }
        to.payload(&mut buffer[..got])?;
        copied += got as u64;
    }
    Ok(copied)
}
