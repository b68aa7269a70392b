//! JSON documents one after the other, arrays of them, and arrays of them inside a wrapper.
//!
//! Arrays and wrappers may be inside each other, as `jq -s` makes them of many files, and a wrapper may hold several
//! arrays. They are streamed, so that a file of any size needs no more memory than its longest record. A record that
//! is broken is handed over as such, and reading goes on behind it.

use std::io::{self, Read};

use super::ahead::{Ahead, Place, opener};
use super::packed::{self, Packed};
use super::points::Series;
use super::wrapper::{self, Look, Member, Open};
use super::{MAX_RECORD, Record, Sink, as_text};
use crate::json::{Fault, Tape, Type};
use crate::window::Window;

/// How deep arrays and wrappers may be inside each other.
const MAX_LEVELS: usize = 16;

/// Members of a wrapper up to this size, and so much of them together, are noted; others are rejects, so that
/// nothing large goes by unseen.
const NOTED: usize = 1 << 12;

pub(super) struct Documents<'s> {
    pub(super) sink: &'s mut dyn Sink,
    tape: Tape,
    pub(super) ordinal: u64,
    offsets: Offsets,
    /// The record around the documents, when they were packed in one, and how often.
    around: String,
    depth: usize,
    /// Are the points of a series records?
    points: bool,
    /// The members of the wrapper before its records.
    envelope: String,
    /// What is open around what comes next, outermost first.
    levels: Vec<Level>,
    pub(super) ahead: Ahead,
    /// Was nothing broken since the document began? Else what was read may be a part of a record.
    pub(super) sound: bool,
}

/// What the offset of a record is.
#[derive(Clone, Copy)]
enum Offsets {
    /// Where it begins in the stream.
    InStream,
    /// Nothing: the stream is made from Parquet.
    None,
    /// Where the record begins in which it was packed.
    OfOuter(Option<u64>),
}

enum Level {
    /// `records`: the items are records, not wrappers again.
    Array { records: bool },
    /// A wrapper, with the members that stood after its records.
    Object { after: String },
}

impl<'s> Documents<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink, offsets: bool) -> Self {
        Documents {
            sink,
            tape: Tape::default(),
            ordinal: 0,
            offsets: if offsets { Offsets::InStream } else { Offsets::None },
            around: String::new(),
            depth: 0,
            points: false,
            envelope: String::new(),
            levels: Vec::new(),
            ahead: Ahead::default(),
            sound: true,
        }
    }

    /// The same, with each point of a series as a record.
    pub(super) fn of_points(sink: &'s mut dyn Sink) -> Self {
        Documents { points: true, ..Documents::new(sink, true) }
    }

    pub(super) fn frame<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        loop {
            if self.sink.enough() {
                return Ok(());
            }
            match self.levels.last() {
                Some(Level::Array { records }) => {
                    let records = *records;
                    self.in_array(window, records)?;
                }
                Some(Level::Object { .. }) => self.in_object(window)?,
                None if !skip_between(window)? => return Ok(()),
                None => self.document(window)?,
            }
        }
    }

    fn document<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        self.wrap("");
        self.sound = true;
        match window.bytes().first() {
            Some(b'[') => self.enter(window),
            Some(b'{') => {
                if !self.wrapper(window)? {
                    self.item(window, Place::Document)?;
                }
            }
            _ => {
                let reason = format!("text that is no JSON object: {}", near(window.bytes(), 0));
                self.skip_text(window, reason)?;
            }
        }
        Ok(())
    }

    /// Enters the array at hand.
    fn enter<R: Read>(&mut self, window: &mut Window<R>) {
        window.consume(1);
        self.levels.push(Level::Array { records: false });
    }

    /// The next item of the array that is open, or its end.
    fn in_array<R: Read>(&mut self, window: &mut Window<R>, records: bool) -> io::Result<()> {
        let room = self.levels.len() < MAX_LEVELS;
        match next(window, b",")? {
            None => {
                self.sink.trailer("\"the array of records does not end\"");
                self.end();
            }
            Some(b']') => {
                window.consume(1);
                self.levels.pop();
            }
            Some(b'[') if room => self.enter(window),
            Some(b'{') if room && !records && self.wrapper(window)? => {}
            Some(_) => self.item(window, Place::Array)?,
        }
        Ok(())
    }

    /// The next member of the wrapper that is open, or its end.
    fn in_object<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        match next(window, b",")? {
            None => self.end(),
            Some(b'}') => {
                window.consume(1);
                self.leave();
            }
            Some(b'"') => self.member(window)?,
            // Its end is missing; what follows is for what is around it.
            Some(_) => self.leave(),
        }
        Ok(())
    }

    /// Leaves a wrapper, and tells what stood in it after its records.
    fn leave(&mut self) {
        if let Some(Level::Object { after }) = self.levels.pop()
            && !after.is_empty()
        {
            self.sink.trailer(&format!("{{{after}}}"));
        }
    }

    /// The data has ended: nothing is open any more.
    fn end(&mut self) {
        while !self.levels.is_empty() {
            self.leave();
        }
    }

    /// A member of a wrapper behind its records: more records, or something to be noted.
    fn member<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        loop {
            match wrapper::member(&mut self.tape, window.bytes()) {
                Member::Found(found) => {
                    window.consume(found.first);
                    self.open(&found.open);
                }
                Member::Other(end) => self.note(window, end)?,
                Member::Incomplete if window.bytes().len() < MAX_RECORD && window.fill()? => continue,
                Member::Incomplete | Member::NoJson => {
                    self.leave();
                    let place = if self.levels.is_empty() { Place::Document } else { Place::Array };
                    self.skip(window, place, "what follows the records is no JSON".to_owned())?;
                }
            }
            return Ok(());
        }
    }

    fn note<R: Read>(&mut self, window: &mut Window<R>, end: usize) -> io::Result<()> {
        if let Some(Level::Object { after }) = self.levels.last_mut()
            && after.len() + end <= NOTED
        {
            if !after.is_empty() {
                after.push(',');
            }
            after.push_str(&String::from_utf8_lossy(window.bytes().get(..end).unwrap_or_default()));
            window.consume(end);
            return Ok(());
        }
        self.broken(window, end, end as u64, "a long member of the wrapper, no list of records".to_owned())
    }

    /// Enters the object at hand if there is an array of records in it. The members before it are remembered as
    /// envelope. False when there is none; then the window stays where it was.
    fn wrapper<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<bool> {
        loop {
            match wrapper::in_object(&mut self.tape, window.bytes()) {
                Look::Found(found) => {
                    let text = String::from_utf8_lossy(window.bytes().get(..found.member).unwrap_or_default());
                    let mut text = text.trim_end().trim_end_matches(',').to_owned();
                    if text.len() > 1 {
                        let inner = found.open.iter().rev().skip(1);
                        text.extend(inner.map(|open| if *open == Open::Object { '}' } else { ']' }));
                    }
                    self.wrap(&text);
                    window.consume(found.first);
                    self.open(&found.open);
                    return Ok(true);
                }
                Look::Incomplete if window.bytes().len() < MAX_RECORD && window.fill()? => {}
                Look::Incomplete | Look::Nothing => return Ok(false),
            }
        }
    }

    /// The envelope is this object from now on, or none; and the record around it.
    fn wrap(&mut self, envelope: &str) {
        self.envelope.clear();
        let members = envelope.strip_prefix('{').unwrap_or_default();
        match (self.around.as_str(), members) {
            ("", "") => {}
            ("", _) => self.envelope.push_str(envelope),
            (around, "") => self.envelope = format!("{{\"packed_in\":{around}}}"),
            (around, members) => self.envelope = format!("{{\"packed_in\":{around},{members}"),
        }
    }

    fn open(&mut self, open: &[Open]) {
        self.levels.extend(open.iter().map(|open| match open {
            Open::Object => Level::Object { after: String::new() },
            Open::Array { records } => Level::Array { records: *records },
        }));
    }

    /// One value: a record, or a broken one.
    fn item<R: Read>(&mut self, window: &mut Window<R>, place: Place) -> io::Result<()> {
        loop {
            let fault = match self.tape.read(window.bytes()) {
                // A number at the very end of what is at hand may go on.
                Ok(end)
                    if end == window.bytes().len() && !window.ended() && self.tape.root("").ty() == Type::Number =>
                {
                    Fault::Incomplete
                }
                Ok(end) if end > MAX_RECORD => {
                    return self.broken(
                        window,
                        end,
                        end as u64,
                        format!("the record is longer than {MAX_RECORD} bytes"),
                    );
                }
                Ok(end) => {
                    self.emit(window, end);
                    return Ok(());
                }
                Err(fault) => fault,
            };
            match fault {
                Fault::Incomplete if window.bytes().len() > MAX_RECORD => {
                    return self.skip(window, place, format!("the record is longer than {MAX_RECORD} bytes"));
                }
                Fault::Incomplete if window.fill()? => {}
                Fault::Incomplete => {
                    return self.skip(window, place, "the data ends in the middle of the record".to_owned());
                }
                Fault::Syntax { at, what } => {
                    let near = near(window.bytes(), at);
                    return self.skip(window, place, format!("byte {at} of the record: {what}, found {near}"));
                }
                Fault::TooDeep { at } => {
                    let limit = crate::json::MAX_DEPTH;
                    return self.skip(window, place, format!("byte {at} of the record: nested deeper than {limit}"));
                }
                Fault::TooMany { .. } => {
                    let limit = crate::json::MAX_TOKENS;
                    return self.skip(window, place, format!("the record has more than {limit} names and values"));
                }
            }
        }
    }

    fn emit<R: Read>(&mut self, window: &mut Window<R>, end: usize) {
        self.ordinal += 1;
        let (ordinal, offset) = (self.ordinal, self.offset(window));
        let (text, lossy) = as_text(&window.bytes()[..end]);
        if lossy {
            // Replacing bytes moves the tokens.
            if self.tape.read(text.as_bytes()).is_err() {
                let reason = "the record is no JSON once its invalid UTF-8 is replaced".to_owned();
                let bytes = &window.bytes()[..end];
                self.sink.broken(super::Broken { ordinal, offset, bytes, size: end as u64, reason });
                window.consume(end);
                return;
            }
        }
        match opener(text.as_bytes()) {
            Some(opener) if self.sound => self.ahead.learn(opener),
            Some(_) => {}
            // Only objects have a beginning that tells them; what is none may be a part of a broken one.
            None => self.sound = false,
        }
        let packed = if self.depth < packed::MAX_DEPTH { packed::inside(self.tape.root(&text)) } else { None };
        if let Some(packed) = packed
            && self.unpack(packed, &text, offset)
        {
            window.consume(end);
            return;
        }
        let record =
            Record { ordinal, offset, text: &text, tape: &self.tape, envelope: &self.envelope, continued: "", lossy };
        let series = if self.points { Series::of(record.json()) } else { None };
        match series {
            Some(series) => self.ordinal = series.give(&record, self.sink),
            None => self.sink.record(&record),
        }
        window.consume(end);
    }
}

impl Documents<'_> {
    /// Hands over what was packed in a record, as if each had stood where it does. False when that is nothing: then the
    /// record is one itself.
    fn unpack(&mut self, packed: Packed, record: &str, offset: Option<u64>) -> bool {
        // In place of the one around them.
        let own = self.ordinal;
        self.ordinal -= 1;
        let mut around = packed.around;
        if !self.envelope.is_empty() {
            let members =
                around.strip_prefix('{').filter(|members| *members != "}").map(|members| format!(",{members}"));
            around = format!("{{\"envelope\":{}{}", self.envelope, members.as_deref().unwrap_or("}"));
        }
        let inside = Documents {
            ordinal: self.ordinal,
            offsets: Offsets::OfOuter(offset),
            around,
            depth: self.depth + 1,
            ..Documents::new(self.sink, false)
        };
        self.ordinal = inside.read_all(packed.bytes);
        if let Some(reason) = packed.damage {
            self.ordinal += 1;
            let reason = format!("the data in the record: {reason}");
            let bytes = record.as_bytes();
            self.sink.broken(super::Broken { ordinal: self.ordinal, offset, bytes, size: bytes.len() as u64, reason });
        }
        let any = self.ordinal >= own;
        self.ordinal = self.ordinal.max(own);
        any
    }

    /// Reads all of these bytes; the ordinal of the last record.
    fn read_all(mut self, bytes: Vec<u8>) -> u64 {
        // Reading bytes in memory does not fail.
        let _never = self.frame(&mut Window::new(bytes, io::empty()));
        self.ordinal
    }

    /// The offset of a record that begins at the window.
    pub(super) fn offset<R: Read>(&self, window: &Window<R>) -> Option<u64> {
        match self.offsets {
            Offsets::InStream => Some(window.offset()),
            Offsets::None => None,
            Offsets::OfOuter(offset) => offset,
        }
    }
}

/// The next byte, past white space and these bytes; none at the end of the data.
fn next<R: Read>(window: &mut Window<R>, between: &[u8]) -> io::Result<Option<u8>> {
    loop {
        let bytes = window.bytes();
        let passed = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t') || between.contains(byte);
        let count = bytes.iter().take_while(|byte| passed(byte)).count();
        let found = bytes.get(count).copied();
        window.consume(count);
        if found.is_some() || !window.fill()? {
            return Ok(found);
        }
    }
}

pub(super) fn space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Passes over what may stand between documents: white space, commas, a byte order mark, NUL padding,
/// and the timestamps that CloudWatch Logs' export puts before each message. False at the end.
fn skip_between<R: Read>(window: &mut Window<R>) -> io::Result<bool> {
    loop {
        if !window.any()? {
            return Ok(false);
        }
        if window.bytes().len() < 64 && !window.ended() {
            window.fill()?;
        }
        let bytes = window.bytes();
        let count = bytes.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t' | b',' | 0)).count();
        let used = if count > 0 {
            count
        } else if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            export_prefix(bytes)
        };
        if used == 0 {
            return Ok(true);
        }
        window.consume(used);
    }
}

/// The length of `2023-07-10T12:00:00.000Z ` before a document; 0 when there is none.
pub(crate) fn export_prefix(bytes: &[u8]) -> usize {
    let Some(head) = bytes.get(..bytes.len().min(40)) else { return 0 };
    match memchr::memchr2(b' ', b'\t', head) {
        Some(at) if head[0].is_ascii_digit() && head[at - 1] == b'Z' && head.get(10) == Some(&b'T') => at + 1,
        _ => 0,
    }
}

fn near(bytes: &[u8], at: usize) -> String {
    let end = bytes.len().min(at + 24);
    format!("`{}`", String::from_utf8_lossy(bytes.get(at..end).unwrap_or_default()).escape_debug())
}
