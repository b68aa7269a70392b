//! What lies ahead of a broken record: where the next line or record begins, and where the data ends.
//!
//! What was looked at is remembered, so that each byte is searched once for each kind, however many broken records stand
//! one behind the other: whoever writes a log could make each of them cost the rest of the file otherwise.

use std::io::{self, Read};
use std::ops::Range;

use super::json_documents::{export_prefix, space};
use super::wrapper;
use crate::window::Window;

/// The longest beginning of a record or a line that is looked at.
const BEGINNING: usize = 256;
/// The longest first key of a record.
const KEY: usize = 64;

/// How much is searched at least, so that what is passed over in small steps is not searched in as many.
const SEARCHED: usize = 1 << 16;

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// By itself, among other documents.
    Document,
    /// In an array.
    Array,
}

/// What is known of the bytes that were not read yet.
#[derive(Default)]
pub(super) struct Ahead {
    openers: Openers,
    lines: Search,
    documents: Search,
    items: Search,
    tail: Option<Tail>,
}

/// Makes sure that `limit` bytes are at hand, and as many more as the beginning of a record takes; true if these are all
/// that are left.
pub(super) fn reach<R: Read>(window: &mut Window<R>, limit: usize) -> io::Result<bool> {
    while window.bytes().len() <= limit + BEGINNING && window.fill()? {}
    Ok(window.bytes().len() <= limit)
}

impl Ahead {
    /// Learns from a good record what its neighbours begin with.
    pub(super) fn learn(&mut self, opener: &[u8]) {
        if self.openers.learn(opener) {
            self.forget();
        }
    }

    /// Learns from a broken one, as long as there was no good one.
    pub(super) fn guess(&mut self, record: &[u8]) {
        if opener(record).is_some_and(|opener| self.openers.guess(opener)) {
            self.forget();
        }
    }

    /// What was passed over has to be looked through again for records that begin in a new way.
    fn forget(&mut self) {
        (self.documents, self.items) = (Search::default(), Search::default());
    }

    /// Where the next line begins a document, within the first `limit` bytes.
    pub(super) fn line<R: Read>(&mut self, window: &Window<R>, limit: usize) -> Option<usize> {
        self.lines.next(window, limit, line_in)
    }

    /// Where the next record begins as others of this file do.
    pub(super) fn neighbour<R: Read>(&mut self, window: &Window<R>, limit: usize, place: Place) -> Option<usize> {
        let Ahead { openers, documents, items, .. } = self;
        let search = if place == Place::Document { documents } else { items };
        search.next(window, limit, |bytes, range| {
            let mut brackets = memchr::memchr_iter(b'{', bytes.get(range.clone())?).map(|at| range.start + at);
            brackets.find(|at| openers.begins(bytes, *at, place))
        })
    }

    /// Where the last item of the open array ends, when all that is left is at hand: before the brackets that end the
    /// data, or else where its own brackets balance.
    pub(super) fn last_item<R: Read>(&mut self, window: &Window<R>, balanced: Option<usize>) -> Option<usize> {
        let (offset, bytes) = (window.offset(), window.bytes());
        let tail = *self.tail.get_or_insert_with(|| Tail::of(offset, bytes));
        let end = tail.bracket.and_then(|at| usize::try_from(at.checked_sub(offset)?).ok())?;
        if tail.ends { Some(end) } else { balanced }
    }
}

/// A search through what is ahead.
#[derive(Default)]
struct Search {
    /// Where the next one stands, if it was found.
    found: Option<u64>,
    /// Before this place there is none, but those that were passed.
    none: u64,
}

impl Search {
    /// Where the next one stands behind the first byte at hand and within the first `limit`. `find` looks for those that
    /// begin in a range of the bytes.
    fn next<R: Read>(
        &mut self,
        window: &Window<R>,
        limit: usize,
        find: impl Fn(&[u8], Range<usize>) -> Option<usize>,
    ) -> Option<usize> {
        let (offset, bytes) = (window.offset(), window.bytes());
        let from = usize::try_from(self.none.saturating_sub(offset)).unwrap_or(usize::MAX).max(1);
        let passed = self.found.is_none_or(|found| found <= offset);
        if passed && from < limit {
            // What begins at the very end of what is at hand may not be there whole.
            let whole = if window.ended() { bytes.len() } else { bytes.len().saturating_sub(BEGINNING) };
            let to = limit.max(SEARCHED).min(whole).max(from);
            let found = find(bytes, from..to).unwrap_or(to);
            self.none = offset + found as u64;
            self.found = (found < to).then_some(self.none);
        }
        let at = usize::try_from(self.found?.checked_sub(offset)?).ok()?;
        (1..limit).contains(&at).then_some(at)
    }
}

/// What good records of a file begin with: up to the end of their first key.
struct Openers {
    seen: Vec<Vec<u8>>,
    /// Was one of them seen? Before that, it is what CloudTrail's records begin with.
    learnt: bool,
    /// What broken ones begin with, before a good one was seen.
    guessed: Vec<Vec<u8>>,
}

/// Files whose records begin in more ways than this are of no known program.
const OPENERS: usize = 64;

impl Default for Openers {
    fn default() -> Openers {
        Openers { seen: vec![b"{\"eventVersion\"".to_vec()], learnt: false, guessed: Vec::new() }
    }
}

impl Openers {
    /// True if the record begins in a new way.
    fn learn(&mut self, opener: &[u8]) -> bool {
        if !self.learnt {
            *self = Openers { seen: Vec::new(), learnt: true, guessed: Vec::new() };
        }
        add(&mut self.seen, opener)
    }

    fn guess(&mut self, opener: &[u8]) -> bool {
        !self.learnt && !has(&self.seen, opener) && add(&mut self.guessed, opener)
    }

    /// Does another record begin here? In an array, whatever the one before it ends with; documents, and what is only
    /// guessed, come behind the end of another one, or first in an array of records.
    fn begins(&self, bytes: &[u8], at: usize, place: Place) -> bool {
        let Some(opener) = opener(bytes.get(at..).unwrap_or_default()) else { return false };
        match place {
            Place::Array if has(&self.seen, opener) => true,
            _ => (has(&self.seen, opener) || has(&self.guessed, opener)) && comes_next(bytes, at),
        }
    }
}

fn has(openers: &[Vec<u8>], opener: &[u8]) -> bool {
    openers.iter().any(|seen| *seen == *opener)
}

/// False if it is there already, or there are too many.
fn add(openers: &mut Vec<Vec<u8>>, opener: &[u8]) -> bool {
    let new = openers.len() < OPENERS && !has(openers, opener);
    if new {
        openers.push(opener.to_vec());
    }
    new
}

fn comes_next(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
    let comma = before.strip_suffix(b",").unwrap_or(before).trim_ascii_end();
    comma.ends_with(b"}") || wrapper::opens_records(before)
}

/// The first bytes of a record, up to the end of its first key: what its neighbours begin with, too.
pub(super) fn opener(bytes: &[u8]) -> Option<&[u8]> {
    let head = bytes.get(..BEGINNING).unwrap_or(bytes);
    let key = space(head, 1);
    let within = head.get(key + 1..).map(|rest| rest.get(..KEY).unwrap_or(rest))?;
    let end = memchr::memchr(b'"', within)?;
    (head.first() == Some(&b'{') && head.get(key) == Some(&b'"')).then(|| &bytes[..key + 1 + end + 1])
}

/// Where the next line begins, in this range, that looks like a document. Inside a document that is written over many
/// lines, what is indented belongs to it.
fn line_in(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let ends = bytes.get(range.start.saturating_sub(1)..range.end.saturating_sub(1))?;
    memchr::memchr_iter(b'\n', ends).map(|at| range.start + at).find(|at| begins_document(bytes, *at, false))
}

/// Where the next line begins that looks like a document, indented or not.
pub(super) fn next_line(bytes: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).find(|at| begins_document(bytes, *at, true))
}

/// With or without the export's timestamp.
fn begins_document(bytes: &[u8], at: usize, indented: bool) -> bool {
    let line = bytes.get(at..).unwrap_or_default();
    let line = line.get(export_prefix(line)..).unwrap_or_default();
    let indent = if indented { line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count() } else { 0 };
    line.get(indent) == Some(&b'{')
}

/// How the data ends.
#[derive(Clone, Copy)]
struct Tail {
    /// Where the last `]` stands.
    bracket: Option<u64>,
    /// Do only brackets follow it?
    ends: bool,
}

impl Tail {
    fn of(offset: u64, bytes: &[u8]) -> Tail {
        let bracket = memchr::memrchr(b']', bytes);
        let after = bracket.and_then(|at| bytes.get(at + 1..)).unwrap_or_default();
        let ends = after.iter().all(|b| b.is_ascii_whitespace() || matches!(b, b'}' | b']'));
        Tail { bracket: bracket.map(|at| offset + at as u64), ends }
    }
}
