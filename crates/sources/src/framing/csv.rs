//! Tables as CSV (RFC 4180) with a header: each row as a JSON object of its texts. An empty cell without quotes is null.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::{self, Read};

use super::{Broken, MAX_RECORD, Record, Sink, as_text, lines};
use crate::fields::json_string;
use crate::json::{Tape, special};
use crate::window::Window;

/// What may stand between cells. Which of them does is told by the first name of the header: the others may be in names,
/// and names may be anybody's (in bills, the keys of tags).
const DELIMITERS: &[u8] = b";\t,";

/// So many columns a table may have: what is held of a name is many times as long as the shortest of them.
const COLUMNS: usize = 1 << 16;

pub(super) fn frame<R: Read>(window: &mut Window<R>, sink: &mut dyn Sink) -> io::Result<()> {
    let mut tape = Tape::default();
    let mut header: Option<Header> = None;
    let mut json = String::new();
    let mut ordinal = 0;
    while window.any()? && !sink.enough() {
        let delimiters = header.as_ref().map_or(DELIMITERS, |header| std::slice::from_ref(&header.delimiter));
        let Some(end) = row_end(window, delimiters)? else {
            ordinal += 1;
            lines::too_long(window, ordinal, sink)?;
            continue;
        };
        let offset = window.offset();
        let bytes = window.bytes().get(..end).unwrap_or_default();
        let (text, lossy) = as_text(bytes);
        let line = bare(&text, offset == 0);
        let blank = line.bytes().all(|b| b.is_ascii_whitespace() || b == 0);
        let next = if blank { None } else { Header::of(line, header.as_ref()) };
        if next.is_some() {
            header = next;
        } else if !blank {
            ordinal += 1;
            let offset = Some(offset);
            let row = match &header {
                Some(header) => header.row(line, &mut json).and_then(|()| read(&mut tape, &json)),
                None => Err(format!("a header of more than {COLUMNS} columns")),
            };
            match row {
                Ok(()) => sink.record(&Record {
                    ordinal,
                    offset,
                    text: &json,
                    tape: &tape,
                    envelope: "",
                    continued: "",
                    lossy,
                }),
                Err(reason) => sink.broken(Broken { ordinal, offset, bytes, size: end as u64, reason }),
            }
        }
        window.consume(end);
    }
    Ok(())
}

/// The names in the header with which a table begins.
pub(crate) fn names(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.trim_ascii_start();
    let end = Scan::default().row_end(bytes, DELIMITERS).unwrap_or(bytes.len());
    let (text, _lossy) = as_text(bytes.get(..end).unwrap_or_default());
    Header::of(bare(&text, true), None).map(|header| header.names).unwrap_or_default()
}

fn read(tape: &mut Tape, json: &str) -> Result<(), String> {
    match tape.read(json.as_bytes()) {
        Ok(_end) => Ok(()),
        Err(fault) => Err(format!("the row makes no record: {fault:?}")),
    }
}

/// A row without its line break. A mark of byte order stands before the first one, padding behind the last one.
fn bare(text: &str, first: bool) -> &str {
    let text = if first { text.trim_start_matches(['\u{feff}', '\0']) } else { text };
    match text.strip_suffix('\n') {
        Some(line) => line.strip_suffix('\r').unwrap_or(line),
        None => text.trim_end_matches(['\r', '\0']),
    }
}

/// Where the row at hand ends, behind its line break; none when it is longer than a record may be.
fn row_end<R: Read>(window: &mut Window<R>, delimiters: &[u8]) -> io::Result<Option<usize>> {
    let mut scan = Scan::default();
    loop {
        let bytes = window.bytes();
        let near = bytes.get(..=MAX_RECORD).unwrap_or(bytes);
        if let Some(end) = scan.row_end(near, delimiters) {
            return Ok(Some(end));
        }
        let (all, long) = (bytes.len(), bytes.len() > MAX_RECORD);
        if long || !window.fill()? {
            // A quote that nothing closes holds no line breaks: the rows behind it are rows.
            let cut = scan.line.filter(|_| scan.state == State::Quoted);
            return Ok(cut.or(if long { None } else { Some(all) }));
        }
    }
}

/// Looks for the end of a row; goes on where it was when more bytes have come.
#[derive(Default)]
struct Scan {
    at: usize,
    state: State,
    /// Where the first line of the quoted cell at hand ends.
    line: Option<usize>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A cell begins.
    #[default]
    Begin,
    /// In a cell without quotes, in which a quote is a character like any other.
    Plain,
    Quoted,
    /// Behind a quote inside a quoted cell: its end, or the first of two that stand for one.
    Quote,
}

impl Scan {
    fn row_end(&mut self, bytes: &[u8], delimiters: &[u8]) -> Option<usize> {
        if self.at == 0
            && let Some(end) = memchr::memchr(b'\n', bytes)
            && memchr::memchr(b'"', bytes.get(..end)?).is_none()
        {
            return Some(end + 1);
        }
        while let Some(&byte) = bytes.get(self.at) {
            let rest = bytes.get(self.at..)?;
            let skipped = match self.state {
                State::Quote => Some(0),
                State::Quoted => memchr::memchr2(b'"', b'\n', rest),
                State::Begin if byte == b'"' => Some(0),
                State::Begin | State::Plain => cell_end(rest, delimiters),
            };
            let Some(skipped) = skipped else {
                self.state = if self.state == State::Begin { State::Plain } else { self.state };
                self.at = bytes.len();
                return None;
            };
            self.at += skipped;
            let byte = *bytes.get(self.at)?;
            self.at += 1;
            let ends = byte == b'\n' || delimiters.contains(&byte);
            self.state = match self.state {
                State::Quote if byte == b'"' => State::Quoted,
                // A cell goes on behind its quote, and began on another line: a quote is missing there.
                State::Quote if !ends && byte != b'\r' && self.line.is_some() => return self.line,
                State::Quoted if byte == b'"' => State::Quote,
                State::Quoted => {
                    self.line = self.line.or(Some(self.at));
                    State::Quoted
                }
                State::Begin if byte == b'"' => {
                    self.line = None;
                    State::Quoted
                }
                _ if byte == b'\n' => return Some(self.at),
                _ if ends => State::Begin,
                _ => State::Plain,
            };
        }
        None
    }
}

/// Where a cell without quotes ends.
fn cell_end(bytes: &[u8], delimiters: &[u8]) -> Option<usize> {
    match delimiters {
        [delimiter] => memchr::memchr2(*delimiter, b'\n', bytes),
        _ => bytes.iter().position(|byte| *byte == b'\n' || delimiters.contains(byte)),
    }
}

/// What the first row says.
struct Header {
    delimiter: u8,
    names: Vec<String>,
    /// The names as members of a JSON object begin.
    members: Vec<String>,
}

impl Header {
    /// The header that a row is: the first one; then one that is like it, as stands where files were put behind each
    /// other. None when the row is none.
    fn of(line: &str, before: Option<&Header>) -> Option<Header> {
        let delimiter = before.map_or_else(|| delimiter(line), |before| before.delimiter);
        if before.is_some_and(|before| !before.is_like(line)) || Cells::of(line, delimiter).nth(COLUMNS).is_some() {
            return None;
        }
        let names: Vec<String> = Cells::of(line, delimiter).map(|(text, _)| text.into_owned()).collect();
        let members = names.iter().map(|name| json_string(name) + ":").collect();
        Some(Header { delimiter, names, members })
    }

    /// Does a row begin with the first of these names, and have more of them than of anything else?
    fn is_like(&self, line: &str) -> bool {
        let cells = || Cells::of(line, self.delimiter).map(|(text, _)| text);
        let begins = cells().next().as_deref() == self.names.first().map(String::as_str);
        // A short row is none, and is not worth a look at all the names.
        if !begins || 2 * cells().count() < self.names.len() {
            return false;
        }
        let known: HashSet<&str> = self.names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
        let (named, others): (Vec<_>, Vec<_>) = cells().take(COLUMNS).partition(|cell| known.contains(cell.as_ref()));
        named.len() > others.len()
    }

    /// Writes a row as JSON; an error when it has not as many cells as there are names.
    fn row(&self, line: &str, out: &mut String) -> Result<(), String> {
        out.clear();
        out.push('{');
        let (mut count, mut names) = (0, self.members.iter());
        for (text, quoted) in Cells::of(line, self.delimiter) {
            count += 1;
            let Some(name) = names.next() else { continue };
            if count > 1 {
                out.push(',');
            }
            out.push_str(name);
            if !quoted && text.is_empty() {
                out.push_str("null");
            } else if special(text.as_bytes(), 0) == text.len() {
                out.extend(["\"", &text, "\""]);
            } else {
                out.push_str(&json_string(&text));
            }
        }
        out.push('}');
        match count == self.names.len() {
            true => Ok(()),
            false => Err(format!("the header names {} columns, the row has {count}", self.names.len())),
        }
    }
}

/// What stands behind the first name.
fn delimiter(header: &str) -> u8 {
    let quoted = header.strip_prefix('"').and_then(|rest| rest.find('"')).map_or(0, |at| at + 2);
    let after = header.bytes().skip(quoted).find(|byte| DELIMITERS.contains(byte));
    after.unwrap_or(b',')
}

/// The cells of a row, each with whether it stood in quotes.
struct Cells<'a> {
    rest: Option<&'a str>,
    delimiter: u8,
}

impl<'a> Cells<'a> {
    fn of(line: &'a str, delimiter: u8) -> Cells<'a> {
        Cells { rest: Some(line), delimiter }
    }

    /// The text before the next delimiter, and what follows that one.
    fn split(&self, text: &'a str) -> (&'a str, Option<&'a str>) {
        match memchr::memchr(self.delimiter, text.as_bytes()) {
            Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..)),
            None => (text, None),
        }
    }
}

impl<'a> Iterator for Cells<'a> {
    type Item = (Cow<'a, str>, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let Some((text, after)) = rest.strip_prefix('"').and_then(unquoted) else {
            let (cell, rest) = self.split(rest);
            self.rest = rest;
            return Some((Cow::Borrowed(cell), false));
        };
        // Anything between the quote and the delimiter belongs to the cell.
        let (more, rest) = self.split(after);
        self.rest = rest;
        Some((if more.is_empty() { text } else { text + more }, true))
    }
}

/// The text up to the closing quote, and what follows it; none when there is none.
fn unquoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (mut before, mut after) = text.split_once('"')?;
    if !after.starts_with('"') {
        return Some((Cow::Borrowed(before), after));
    }
    let mut out = String::new();
    loop {
        out.push_str(before);
        let Some(rest) = after.strip_prefix('"') else { return Some((Cow::Owned(out), after)) };
        out.push('"');
        (before, after) = rest.split_once('"')?;
    }
}
