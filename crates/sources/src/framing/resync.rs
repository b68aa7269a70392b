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

impl Place {
    /// Can what follows come after a record here?
    fn follows(self, bytes: &[u8]) -> bool {
        let next = bytes.iter().find(|b| !b.is_ascii_whitespace());
        match self {
            Place::Document => !matches!(next, Some(b'"' | b':' | b'}' | b']')),
            Place::Array => matches!(next, None | Some(b',' | b']')),
        }
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
        if !matches!(window.bytes().first(), Some(b'{' | b'[')) {
            return self.skip_text(window, place, reason);
        }
        let own = opener(first(window, STEP)?.0).map(<[u8]>::to_vec);
        let mut balance = Balance::default();
        let (mut balanced, mut scanned) = (None, 0);
        let mut limit = STEP;
        loop {
            let (bytes, all) = first(window, limit)?;
            if balanced.is_none() {
                balanced = balance.scan(bytes.get(scanned..).unwrap_or_default()).map(|at| scanned + at);
                scanned = bytes.len();
            }
            let line = next_line(bytes).filter(|_| place == Place::Document);
            let like = own.as_deref().and_then(|own| next_like(bytes, own));
            // In an array, what begins like its neighbours is one, whatever the broken one ends with.
            let neighbour = match place {
                Place::Array => memchr::memmem::find(bytes.get(1..).unwrap_or_default(), &self.like).map(|at| at + 1),
                Place::Document => next_like(bytes, &self.like),
            };
            // Where a quote is missing, brackets in strings count and the balance is wrong.
            let sure = balanced.filter(|end| place.follows(bytes.get(*end..).unwrap_or_default()));
            if let Some(end) = [line, like, neighbour, sure].into_iter().flatten().min() {
                return self.broken(window, end, end as u64, reason);
            }
            match balanced {
                Some(end) if all || limit > 16 * (end + STEP) => return self.broken(window, end, end as u64, reason),
                None if all || limit >= MAX_RECORD => return self.drain(window, reason),
                _ => limit *= 4,
            }
        }
    }

    /// Passes over text that is no JSON. What stands before the first document (the prose of an e-mail)
    /// is taken together; later it goes by lines, in an array up to the next record.
    pub(super) fn skip_text<R: Read>(
        &mut self,
        window: &mut Window<R>,
        place: Place,
        reason: String,
    ) -> io::Result<()> {
        let mut limit = STEP;
        loop {
            let searched = window.offset() < self.none_like && place == Place::Array;
            let (bytes, all) = first(window, limit)?;
            let end = match place {
                Place::Document if self.ordinal == 0 => next_line(bytes),
                Place::Document => {
                    let line = memchr::memchr(b'\n', bytes);
                    let within = bytes.get(..line.unwrap_or(bytes.len())).unwrap_or_default();
                    memchr::memmem::find(within, b"}{\"").map(|at| at + 1).or(line)
                }
                Place::Array => {
                    // Between two records there may be anything; but where there is a quote or a colon, it is a record
                    // that has lost its beginning, and brackets are those inside of it.
                    let bracket = memchr::memchr2(b'{', b']', bytes);
                    let before = bytes.get(..bracket.unwrap_or(bytes.len())).unwrap_or_default();
                    match memchr::memchr2(b'"', b':', before) {
                        Some(_) if !searched => memchr::memmem::find(bytes, &self.like),
                        _ => bracket,
                    }
                }
            };
            if let Some(end) = end {
                return self.broken(window, end.max(1), end.max(1) as u64, reason);
            }
            if !all && limit < MAX_RECORD {
                limit *= 4;
                continue;
            }
            let end = match place {
                // Only a document ends with its line: looking again in an array would never end.
                Place::Document => memchr::memchr(b'\n', bytes).filter(|_| self.ordinal == 0),
                Place::Array => memchr::memchr2(b'{', b']', bytes),
            };
            let length = bytes.len() as u64;
            if place == Place::Array {
                self.none_like = window.offset() + length;
            }
            return match end {
                Some(end) => self.broken(window, end.max(1), end.max(1) as u64, reason),
                None => self.drain(window, reason),
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

    /// The rest of the data is one broken record.
    fn drain<R: Read>(&mut self, window: &mut Window<R>, reason: String) -> io::Result<()> {
        self.ordinal += 1;
        let offset = self.offsets.then(|| window.offset());
        let head = window.bytes()[..window.bytes().len().min(KEPT)].to_vec();
        let mut size = 0;
        while window.any()? {
            let count = window.bytes().len();
            size += count as u64;
            window.consume(count);
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
fn next_like(bytes: &[u8], opener: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes.get(1..)?, opener).map(|at| at + 1).find(|at| {
        let before = bytes.get(..*at).unwrap_or_default().trim_ascii_end();
        let comma = before.strip_suffix(b",").unwrap_or(before).trim_ascii_end();
        comma.ends_with(b"}") || wrapper::opens_records(before)
    })
}
