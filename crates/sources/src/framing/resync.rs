//! Going on behind a record that cannot be read: where the next one begins.
//!
//! Bytes are looked at in steps that grow, counted from the broken record: what is found does not depend on how the
//! bytes come in. What was searched is remembered (`ahead`), and costs nothing again.

use std::io::{self, Read};

use super::ahead::{Place, next_line, reach};
use super::json_documents::Documents;
use super::{Broken, MAX_RECORD};
use crate::window::Window;

/// How many bytes are looked at first.
const STEP: usize = 1 << 12;

/// How much of a broken record is kept beside it.
const KEPT: usize = 1 << 16;

/// Can what follows come after a document?
fn may_follow(bytes: &[u8]) -> bool {
    !matches!(bytes.iter().find(|b| !b.is_ascii_whitespace()), Some(b'"' | b':' | b'}' | b']'))
}

/// A comma, and then an object.
fn begins_item(bytes: &[u8]) -> bool {
    let mut next = bytes.iter().filter(|b| !b.is_ascii_whitespace());
    next.next() == Some(&b',') && next.next() == Some(&b'{')
}

/// Does the array end here, with what is around it, and another document begins or nothing follows? A list inside a record
/// goes on with other members of it.
fn closes(bytes: &[u8]) -> bool {
    let mut next = bytes.iter().filter(|b| !b.is_ascii_whitespace()).peekable();
    let mut ends = 0;
    while next.next_if(|b| matches!(b, b']' | b'}')).is_some() {
        ends += 1;
    }
    let after = next.next_if_eq(&&b',').is_some();
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    first == Some(&b']') && ends > 0 && matches!((after, next.next()), (false, None) | (_, Some(b'{' | b'[')))
}

/// The same end without the comma before it.
fn without_comma(bytes: &[u8], end: usize) -> usize {
    let before = bytes.get(..end).unwrap_or_default().trim_ascii_end();
    before.strip_suffix(b",").unwrap_or(before).trim_ascii_end().len().max(1)
}

/// Where the next value begins, or the array ends, when nothing but text that is no JSON stands before it. Where there is
/// a quote or a colon, it is a record that has lost its beginning, and brackets are those inside of it.
fn text_between(bytes: &[u8]) -> Option<usize> {
    let bracket = memchr::memchr2(b'{', b']', bytes).filter(|at| *at > 0)?;
    memchr::memchr2(b'"', b':', bytes.get(..bracket)?).is_none().then_some(bracket)
}

/// The first `limit` bytes, or all that are left.
fn first<R: Read>(window: &Window<R>, limit: usize) -> &[u8] {
    let bytes = window.bytes();
    bytes.get(..limit).unwrap_or(bytes)
}

impl Documents<'_> {
    /// Passes over a record that cannot be read: to where the next record seems to begin, or to where
    /// its own brackets balance, whichever comes first; else to the end of the data.
    pub(super) fn skip<R: Read>(&mut self, window: &mut Window<R>, place: Place, reason: String) -> io::Result<()> {
        match (place, window.bytes().first()) {
            (Place::Array, _) => self.skip_item(window, reason),
            (Place::Document, Some(b'{' | b'[')) => self.skip_document(window, reason),
            (Place::Document, _) => self.skip_text(window, reason),
        }
    }

    fn skip_document<R: Read>(&mut self, window: &mut Window<R>, reason: String) -> io::Result<()> {
        let (mut brackets, mut limit) = (Brackets::default(), STEP);
        loop {
            let all = reach(window, limit)?;
            self.ahead.guess(window.bytes());
            let bytes = first(window, limit);
            // Where a line begins a document, nothing behind it matters.
            let line = self.ahead.line(window, limit);
            let neighbour = self.ahead.neighbour(window, limit, Place::Document);
            let next = line.into_iter().chain(neighbour).min();
            let balanced = brackets.scan(bytes.get(..next.unwrap_or(bytes.len())).unwrap_or_default());
            // Where a quote is missing, brackets in strings count and the balance is wrong.
            let sure = balanced.filter(|end| may_follow(bytes.get(*end..).unwrap_or_default()));
            if let Some(end) = sure.or(next) {
                return self.broken(window, end, end as u64, reason);
            }
            match balanced {
                Some(end) if all || limit > 16 * (end + STEP) => return self.broken(window, end, end as u64, reason),
                None if all || limit >= MAX_RECORD => return self.drain(window, Some(b"\n{"), reason),
                _ => limit *= 4,
            }
        }
    }

    /// Passes over an item of an array: to the next one that begins as records of this file do, whatever the broken one
    /// ends with; to the end of the array, if there is none.
    fn skip_item<R: Read>(&mut self, window: &mut Window<R>, reason: String) -> io::Result<()> {
        let is_record = window.bytes().first() == Some(&b'{');
        let (mut brackets, mut limit) = (Brackets::default(), STEP);
        loop {
            let all = reach(window, limit)?;
            self.ahead.guess(window.bytes());
            let bytes = first(window, limit);
            let neighbour = self.ahead.neighbour(window, limit, Place::Array);
            let near = bytes.get(..neighbour.unwrap_or(bytes.len())).unwrap_or_default();
            // Brackets of both kinds that match are those of the record.
            let balanced = if is_record { brackets.scan(near).filter(|_| brackets.others == 0) } else { None };
            // Another one may follow, however it begins.
            let other = balanced.filter(|end| begins_item(bytes.get(*end..).unwrap_or_default()));
            let between = if is_record { None } else { text_between(near) };
            if let Some(end) = other.or(between).or(neighbour) {
                let end = without_comma(bytes, end);
                return self.broken(window, end, end as u64, reason);
            }
            // Where a quote is missing the balance is wrong, so that what follows has to be the end of everything, or
            // another document, in which no record begins that is like these for a good while.
            let closed = balanced.filter(|end| all || limit > 16 * (end + STEP));
            if let Some(end) = closed.filter(|end| closes(bytes.get(*end..).unwrap_or_default())) {
                return self.broken(window, end, end as u64, reason);
            }
            if !all && limit < MAX_RECORD {
                limit *= 4;
                continue;
            }
            let end = if all { self.ahead.last_item(window, balanced) } else { Some(bytes.len()) };
            return match end.filter(|end| *end > 0) {
                Some(end) => self.broken(window, end, end as u64, reason),
                None => self.drain(window, None, reason),
            };
        }
    }

    /// Passes over text that is no JSON. What stands before the first document (the prose of an e-mail)
    /// is taken together; later it goes by lines.
    pub(super) fn skip_text<R: Read>(&mut self, window: &mut Window<R>, reason: String) -> io::Result<()> {
        let mut limit = STEP;
        loop {
            let all = reach(window, limit)?;
            let bytes = first(window, limit);
            let line = memchr::memchr(b'\n', bytes);
            let end = if self.ordinal == 0 {
                next_line(bytes)
            } else {
                let within = bytes.get(..line.unwrap_or(bytes.len())).unwrap_or_default();
                memchr::memmem::find(within, b"}{\"").map(|at| at + 1).or(line)
            };
            if end.is_none() && !all && limit < MAX_RECORD {
                limit *= 4;
                continue;
            }
            return match end.or(line) {
                Some(end) => self.broken(window, end.max(1), end.max(1) as u64, reason),
                None => self.drain(window, None, reason),
            };
        }
    }

    pub(super) fn broken<R: Read>(
        &mut self,
        window: &mut Window<R>,
        used: usize,
        size: u64,
        reason: String,
    ) -> io::Result<()> {
        self.ordinal += 1;
        self.sound = false;
        let offset = self.offset(window);
        let bytes = window.bytes().get(..used).unwrap_or_default();
        self.sink.broken(Broken { ordinal: self.ordinal, offset, bytes, size, reason });
        window.consume(used);
        Ok(())
    }

    /// The rest of the data is one broken record, or what stands before the last byte of `until`.
    fn drain<R: Read>(&mut self, window: &mut Window<R>, until: Option<&[u8; 2]>, reason: String) -> io::Result<()> {
        self.ordinal += 1;
        let offset = self.offset(window);
        let head = window.bytes()[..window.bytes().len().min(KEPT)].to_vec();
        let mut size = 0;
        while window.any()? {
            let bytes = window.bytes();
            let found = until.and_then(|until| memchr::memmem::find(bytes, until)).map(|at| at + 1);
            // Half of what is looked for may stand at the end of what is at hand.
            let half = until.is_some_and(|until| bytes.last() == until.first()) && bytes.len() > 1;
            let count = found.unwrap_or(bytes.len() - usize::from(half));
            window.consume(count);
            if found.is_some() {
                // The line end is no part of it.
                size += count.saturating_sub(1) as u64;
                break;
            }
            size += count as u64;
            if half && !window.fill()? {
                size += window.bytes().len() as u64;
                window.consume(window.bytes().len());
            }
        }
        self.sink.broken(Broken { ordinal: self.ordinal, offset, bytes: &head, size, reason });
        Ok(())
    }
}

/// Counts the brackets outside strings.
#[derive(Default)]
struct Brackets {
    /// The first one, which opens, and how many of its kind are open.
    first: u8,
    depth: usize,
    /// How many of the other kind are open.
    others: isize,
    in_string: bool,
    escaped: bool,
    scanned: usize,
    /// Behind the one that closes the first one.
    end: Option<usize>,
}

impl Brackets {
    /// Goes on to the end of these bytes, which are those of before and perhaps more: where the first bracket is closed.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        while self.end.is_none()
            && let Some(byte) = bytes.get(self.scanned)
        {
            self.scanned += 1;
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' | b'}' | b']' if !self.in_string => self.count(*byte),
                _ => {}
            }
        }
        self.end
    }

    fn count(&mut self, bracket: u8) {
        let opens = matches!(bracket, b'{' | b'[');
        // In ASCII, a closing bracket stands two after the opening one.
        if self.depth == 0 {
            (self.first, self.depth) = (bracket, 1);
        } else if bracket == self.first || bracket == self.first + 2 {
            self.depth = if opens { self.depth + 1 } else { self.depth - 1 };
            self.end = (self.depth == 0).then_some(self.scanned);
        } else {
            self.others += if opens { 1 } else { -1 };
        }
    }
}
