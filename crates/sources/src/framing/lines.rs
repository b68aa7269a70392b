//! Lines, ended by LF or CRLF; the last one may lack its end.

use std::io::{self, Read};

use super::{Broken, MAX_RECORD, Record, Sink, as_text};
use crate::json::Tape;
use crate::window::Window;

pub(super) fn frame<R: Read>(window: &mut Window<R>, sink: &mut dyn Sink) -> io::Result<()> {
    let tape = Tape::default();
    let mut ordinal = 0;
    let mut searched = 0;
    while window.any()? && !sink.enough() {
        let bytes = window.bytes();
        let found = memchr::memchr(b'\n', &bytes[searched..]).map(|at| searched + at);
        let (line, used) = match found {
            Some(end) => (&bytes[..end], end + 1),
            None if window.ended() => (bytes, bytes.len()),
            None if bytes.len() > MAX_RECORD => {
                ordinal += 1;
                too_long(window, ordinal, sink)?;
                searched = 0;
                continue;
            }
            None => {
                searched = bytes.len();
                window.fill()?;
                continue;
            }
        };
        searched = 0;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blank = line.iter().all(|b| b.is_ascii_whitespace() || *b == 0);
        let first = window.offset() == 0;
        let line = if first { line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line) } else { line };
        if !blank && !line.is_empty() {
            ordinal += 1;
            let (text, lossy) = as_text(line);
            let offset = Some(window.offset());
            sink.record(&Record { ordinal, offset, text: &text, tape: &tape, envelope: "", continued: "", lossy });
        }
        window.consume(used);
    }
    Ok(())
}

/// Passes over a line that is longer than a record may be.
pub(super) fn too_long<R: Read>(window: &mut Window<R>, ordinal: u64, sink: &mut dyn Sink) -> io::Result<()> {
    let offset = window.offset();
    let head = window.bytes()[..1 << 16].to_vec();
    let mut size = 0;
    loop {
        let bytes = window.bytes();
        let (count, done) = match memchr::memchr(b'\n', bytes) {
            Some(at) => (at + 1, true),
            None => (bytes.len(), window.ended()),
        };
        size += count as u64;
        window.consume(count);
        if done || !window.any()? {
            break;
        }
    }
    let reason = format!("the line is longer than {MAX_RECORD} bytes");
    sink.broken(Broken { ordinal, offset: Some(offset), bytes: &head, size, reason });
    Ok(())
}
