//! Entries of several lines: an entry begins with a line that looks like the beginning of one, and lasts until the next.
//!
//! Text inside an entry may look like the beginning of another: SQL is written as it came, line breaks included. So who
//! knows the log also says when an entry is open (in a quote, in a comment): nothing begins there. An entry that is open
//! to the end of what is looked at was cut, or its text is broken; then it ends where the first line stood that looks
//! like a beginning.

use std::io::{self, Read};

use super::{Broken, Entries, MAX_RECORD, Record, Sink, as_text};
use crate::json::Tape;
use crate::window::Window;

/// So far an open entry is followed before it is given up: longer than any statement that servers log.
const LOOK_AHEAD: usize = 1 << 20;

/// So much of a line is looked at.
const LOOKED_AT: usize = 4 << 10;

pub(super) fn frame<R: Read>(window: &mut Window<R>, entries: &mut dyn Entries, sink: &mut dyn Sink) -> io::Result<()> {
    let tape = Tape::default();
    let mut ordinal = 0;
    // What was looked at in vain stays below what was taken, so that the time is linear whatever stands there.
    let mut in_vain = 0;
    while !sink.enough() && skip_blank(window)? {
        ordinal += 1;
        let look_ahead = LOOK_AHEAD.min((LOOK_AHEAD as u64 + 4 * window.offset()).saturating_sub(in_vain) as usize);
        let offset = Some(window.offset());
        let Extent { end, seen } = extent(window, entries, look_ahead)?;
        in_vain += (seen - end) as u64;
        if end > MAX_RECORD {
            too_long(window, ordinal, entries, sink)?;
            continue;
        }
        let bytes = window.bytes().get(..end).unwrap_or_default();
        let (text, lossy) = as_text(bytes.trim_ascii_end());
        sink.record(&Record { ordinal, offset, text: &text, tape: &tape, envelope: "", continued: "", lossy });
        window.consume(end);
    }
    Ok(())
}

/// Passes over blank lines and the mark of the byte order; is anything left?
fn skip_blank<R: Read>(window: &mut Window<R>) -> io::Result<bool> {
    while window.any()? {
        let bytes = window.bytes();
        if window.offset() == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            window.consume(3);
            continue;
        }
        // The spaces before the first letter of a line belong to it.
        let blank = bytes.iter().take_while(|b| b.is_ascii_whitespace() || **b == 0).count();
        let line = memchr::memrchr(b'\n', bytes.get(..blank).unwrap_or_default()).map_or(0, |at| at + 1);
        if blank < bytes.len() {
            window.consume(line);
            return Ok(true);
        }
        window.consume(if window.ended() { blank } else { line });
        if !window.fill()? && window.bytes().iter().all(|b| b.is_ascii_whitespace() || *b == 0) {
            return Ok(false);
        }
    }
    Ok(false)
}

/// How long the entry at hand is.
struct Extent {
    end: usize,
    /// How much was looked at to tell.
    seen: usize,
}

/// Finds the end of the entry at hand: where the next begins, or the end of the stream. More than a record may have
/// when no end is in sight.
fn extent<R: Read>(window: &mut Window<R>, entries: &mut dyn Entries, look_ahead: usize) -> io::Result<Extent> {
    let mut at = line_end(window, 0)?;
    let mut open = entries.open(line(window, 0, at), true);
    // Where a line stands that looks like a beginning inside the open entry.
    let mut passed: Option<usize> = None;
    loop {
        if at >= window.bytes().len() && !window.fill()? {
            // The end of the stream: what is open now is not closed any more.
            return Ok(Extent { end: passed.filter(|_| open).unwrap_or(at), seen: at });
        }
        if let Some(end) = passed.filter(|end| at > end + look_ahead) {
            return Ok(Extent { end, seen: at });
        }
        if at > MAX_RECORD {
            return Ok(Extent { end: at, seen: at });
        }
        let end = line_end(window, at)?;
        let next = line(window, at, end);
        if entries.begins(next, false) {
            if !open {
                return Ok(Extent { end: at, seen: at });
            }
            passed = passed.or(Some(at));
        }
        open = entries.open(next, false);
        at = end;
    }
}

/// Where the line ends that begins at `from`, behind its line break; past the longest record, where the bytes at hand end.
fn line_end<R: Read>(window: &mut Window<R>, from: usize) -> io::Result<usize> {
    let mut searched = from;
    loop {
        let bytes = window.bytes();
        if let Some(at) = memchr::memchr(b'\n', bytes.get(searched..).unwrap_or_default()) {
            return Ok(searched + at + 1);
        }
        searched = bytes.len();
        if searched > from + MAX_RECORD || !window.fill()? {
            return Ok(searched);
        }
    }
}

/// The line between, without its end.
fn line<R>(window: &Window<R>, from: usize, to: usize) -> &[u8]
where
    R: Read,
{
    window.bytes().get(from..to).unwrap_or_default().trim_ascii_end()
}

/// Passes over an entry that is longer than a record may be, up to the next line that looks like a beginning.
fn too_long<R: Read>(
    window: &mut Window<R>,
    ordinal: u64,
    entries: &mut dyn Entries,
    sink: &mut dyn Sink,
) -> io::Result<()> {
    let offset = window.offset();
    let head = window.bytes().get(..1 << 16).unwrap_or_default().to_vec();
    let mut starts = false;
    loop {
        if !window.any()? {
            break;
        }
        if starts {
            // Enough of the line to tell, however the bytes come.
            while window.bytes().len() < LOOKED_AT && !window.bytes().contains(&b'\n') && window.fill()? {}
            let bytes = window.bytes();
            let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len()).min(LOOKED_AT);
            if entries.begins(bytes.get(..end).unwrap_or_default().trim_ascii_end(), false) {
                break;
            }
        }
        let (count, ended) = match memchr::memchr(b'\n', window.bytes()) {
            Some(at) => (at + 1, true),
            None => (window.bytes().len(), false),
        };
        window.consume(count);
        starts = ended;
    }
    let size = window.offset() - offset;
    let reason = format!("the entry is longer than {MAX_RECORD} bytes");
    sink.broken(Broken { ordinal, offset: Some(offset), bytes: &head, size, reason });
    Ok(())
}
