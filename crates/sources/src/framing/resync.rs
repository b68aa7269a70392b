//! Going on behind a record that cannot be read: where the next one begins.
//!
//! Bytes are looked at in steps that grow, counted from the broken record: what is found does not depend on how the
//! bytes come in, and costs no more than a few times what is passed over.

use std::io::{self, Read};

use super::json_documents::{Documents, export_prefix, space};
use super::wrapper;
use super::{Broken, MAX_RECORD};
use crate::window::Window;

/// How many bytes are looked at first.
const STEP: usize = 1 << 12;

/// How much of a broken record is kept beside it.
const KEPT: usize = 1 << 16;

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself, among other documents.
    Document,
    /// In an array.
    Array,
}

/// What the good records of a file begin with: up to the end of their first key.
pub(super) struct Openers {
    seen: Vec<Vec<u8>>,
    /// Was one of them seen? Before that, it is what CloudTrail's records begin with.
    learnt: bool,
}

/// Files whose records begin in more ways than this are of no known program.
const OPENERS: usize = 64;

impl Default for Openers {
    fn default() -> Openers {
        Openers { seen: vec![b"{\"eventVersion\"".to_vec()], learnt: false }
    }
}

impl Openers {
    /// Learns from a record; true if it begins in a new way.
    pub(super) fn learn(&mut self, opener: &[u8]) -> bool {
        if !self.learnt {
            (self.learnt, self.seen) = (true, Vec::new());
        }
        let new = self.seen.len() < OPENERS && !self.has(opener);
        if new {
            self.seen.push(opener.to_vec());
        }
        new
    }

    fn has(&self, opener: &[u8]) -> bool {
        self.seen.iter().any(|seen| *seen == *opener)
    }

    /// Where the next record begins like this, behind the first byte.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let opens = |at: &usize| opener(bytes.get(*at..).unwrap_or_default()).is_some_and(|found| self.has(found));
        memchr::memchr_iter(b'{', bytes.get(1..)?).map(|at| at + 1).find(opens)
    }
}

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

/// Where the last item of an array ends, of which all bytes are at hand: before the brackets that end the data.
fn last_of_array(bytes: &[u8], balanced: Option<usize>) -> Option<usize> {
    let end = memchr::memrchr(b']', bytes)?;
    let after = bytes.get(end + 1..).unwrap_or_default();
    match after.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'}' | b']')) {
        true => Some(end),
        false => balanced,
    }
}

/// The first `limit` bytes, and whether these are all that are left.
fn first<R: Read>(window: &mut Window<R>, limit: usize) -> io::Result<(&[u8], bool)> {
    while window.bytes().len() <= limit && window.fill()? {}
    let bytes = window.bytes();
    Ok((bytes.get(..limit).unwrap_or(bytes), bytes.len() <= limit))
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
        let own = opener(first(window, STEP)?.0).map(<[u8]>::to_vec);
        let mut balance = Balance::default();
        let (mut balanced, mut scanned) = (None, 0);
        let mut limit = STEP;
        loop {
            let (bytes, all) = first(window, limit)?;
            // Where a line begins a document, nothing behind it matters.
            let line = next_line(bytes);
            let near = bytes.get(..line.unwrap_or(bytes.len())).unwrap_or_default();
            if balanced.is_none() {
                balanced = balance.scan(near.get(scanned..).unwrap_or_default()).map(|at| scanned + at);
                scanned = near.len();
            }
            let like = own.as_deref().and_then(|own| next_like(near, &|opener| *opener == *own));
            let neighbour = next_like(near, &|opener| self.likes.has(opener));
            // Where a quote is missing, brackets in strings count and the balance is wrong.
            let sure = balanced.filter(|end| may_follow(bytes.get(*end..).unwrap_or_default()));
            if let Some(end) = [line, like, neighbour, sure].into_iter().flatten().min() {
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
        let own = opener(first(window, STEP)?.0).map(<[u8]>::to_vec);
        let is_record = window.bytes().first() == Some(&b'{');
        let (mut nesting, mut balanced, mut scanned) = (Nesting::default(), None, 0);
        let mut limit = STEP;
        loop {
            let searched = window.offset() < self.none_like;
            let (bytes, all) = first(window, limit)?;
            if balanced.is_none() && is_record {
                balanced = nesting.scan(bytes.get(scanned..).unwrap_or_default()).map(|at| scanned + at);
                scanned = bytes.len();
            }
            // Brackets of both kinds that match are those of the record: another one may follow, however it begins.
            let other = balanced.filter(|end| begins_item(bytes.get(*end..).unwrap_or_default()));
            let neighbour = if searched { None } else { self.likes.find(bytes) };
            // The first records of a file tell nothing of the others yet; those begin as the broken one does.
            let alike = own.as_deref().filter(|_| !self.likes.learnt && !searched);
            let alike = alike.and_then(|own| next_like(bytes, &|opener| *opener == *own));
            let between = if is_record { None } else { text_between(bytes) };
            if let Some(end) = [neighbour, alike, between, other].into_iter().flatten().min() {
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
            let length = bytes.len();
            let end = if all { last_of_array(bytes, balanced) } else { Some(length) };
            self.none_like = window.offset() + length as u64;
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
            let (bytes, all) = first(window, limit)?;
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
        let offset = self.offsets.then(|| window.offset());
        let bytes = window.bytes().get(..used).unwrap_or_default();
        self.sink.broken(Broken { ordinal: self.ordinal, offset, bytes, size, reason });
        window.consume(used);
        Ok(())
    }

    /// The rest of the data is one broken record, or what stands before the last byte of `until`.
    fn drain<R: Read>(&mut self, window: &mut Window<R>, until: Option<&[u8; 2]>, reason: String) -> io::Result<()> {
        self.ordinal += 1;
        let offset = self.offsets.then(|| window.offset());
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

/// Counts the brackets outside strings that are of the same kind as the first one.
#[derive(Default)]
struct Balance {
    open: u8,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl Balance {
    /// The position after the bracket that closes the first one, if it is in these bytes.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' if self.depth == 0 => (self.open, self.depth) = (*byte, 1),
                // In ASCII, a closing bracket stands two after the opening one.
                _ if self.depth > 0 && *byte == self.open => self.depth += 1,
                _ if self.depth == 1 && *byte == self.open + 2 => return Some(at + 1),
                _ if self.depth > 1 && *byte == self.open + 2 => self.depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// Follows the brackets outside strings, of both kinds.
#[derive(Default)]
struct Nesting {
    open: Vec<u8>,
    in_string: bool,
    escaped: bool,
    wrong: bool,
}

impl Nesting {
    /// The position after the bracket that closes the first one; none where brackets do not match, or not in these bytes.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            if self.wrong {
                return None;
            }
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => {
                    self.open.push(*byte);
                    self.wrong = self.open.len() > crate::json::MAX_DEPTH;
                }
                b'}' | b']' => {
                    // In ASCII, a closing bracket stands two after the opening one.
                    self.wrong = self.open.pop() != Some(byte - 2);
                    if self.open.is_empty() && !self.wrong {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// The first bytes of a record, up to the end of its first key: what its neighbours begin with, too.
pub(super) fn opener(bytes: &[u8]) -> Option<&[u8]> {
    let key = space(bytes, 1);
    let end = memchr::memchr(b'"', bytes.get(key + 1..key + 65).or_else(|| bytes.get(key + 1..))?)?;
    (bytes.first() == Some(&b'{') && bytes.get(key) == Some(&b'"')).then(|| &bytes[..key + 1 + end + 1])
}

/// Where the next line begins that looks like a document, with or without the export's timestamp.
fn next_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).find(|at| {
        let line = bytes.get(*at..).unwrap_or_default();
        let line = line.get(export_prefix(line)..).unwrap_or_default();
        let start = line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        // Inside a document that is written over many lines, what is indented belongs to it.
        let indented = start > 0 && bytes.first() == Some(&b'{');
        !indented && line.get(start) == Some(&b'{')
    })
}

/// Where the next record begins that has this beginning: behind another one, or first in an array of records.
fn next_like(bytes: &[u8], is: &dyn Fn(&[u8]) -> bool) -> Option<usize> {
    memchr::memchr_iter(b'{', bytes.get(1..)?).map(|at| at + 1).find(|at| {
        if !opener(bytes.get(*at..).unwrap_or_default()).is_some_and(is) {
            return false;
        }
        let before = bytes.get(..*at).unwrap_or_default().trim_ascii_end();
        let comma = before.strip_suffix(b",").unwrap_or(before).trim_ascii_end();
        comma.ends_with(b"}") || wrapper::opens_records(before)
    })
}
