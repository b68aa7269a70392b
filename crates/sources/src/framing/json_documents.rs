//! JSON documents one after the other, arrays of them, and arrays of them inside a wrapper.
//!
//! A wrapper's array is streamed, so that a file of any size needs no more memory than its longest
//! record. A record that is broken is handed over as such, and reading goes on behind it.

use std::io::{self, Read};

use super::{Broken, MAX_RECORD, Record, Sink, as_text};
use crate::json::{Fault, Tape, Type};
use crate::window::Window;

/// Names of wrapper members that hold the records.
pub const CONTAINERS: &[&str] =
    &["Records", "configurationItems", "baseConfigurationItems", "logEvents", "Events", "events"];

/// Names of wrapper members that may hold a wrapper.
const OUTER: &[&str] = &["data", "response", "result"];

/// Members of records: an object that has one of them before any array of records is no wrapper. This
/// spares looking through all members of each record of a file of single documents.
const OF_RECORDS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "eventID",
    "eventType",
    "eventCategory",
    "requestParameters",
    "responseElements",
    "sourceIPAddress",
    "userAgent",
    "additionalEventData",
    "recipientAccountId",
    "requestID",
    "apiVersion",
    "EventId",
    "CloudTrailEvent",
    "version",
    "detail",
    "detail-type",
    "Type",
    "MessageId",
    "TopicArn",
    "Message",
    "awsAccountId",
    "digestStartTime",
    "logFiles",
    "configurationItem",
    "configurationItemDiff",
    "configurationItemCaptureTime",
    "relatedEvents",
    "relationships",
    "configuration",
    "resourceType",
    "invokingEvent",
    "date",
    "timestamp",
    "timestamp(ms)",
    "x-edge-location",
];

/// How much of a broken record is kept beside it.
const KEPT: usize = 1 << 16;

pub(super) struct Documents<'s> {
    sink: &'s mut dyn Sink,
    tape: Tape,
    ordinal: u64,
    /// Do offsets mean anything?
    offsets: bool,
    envelope: String,
    /// How many objects are open around the array of records.
    around: usize,
}

/// What a wrapper turned out to be.
enum Wrapper {
    /// Its records are next: an array was entered.
    Entered,
    /// There is no array of records among its first members.
    None,
}

impl<'s> Documents<'s> {
    pub(super) fn new(sink: &'s mut dyn Sink, offsets: bool) -> Self {
        Documents { sink, tape: Tape::default(), ordinal: 0, offsets, envelope: String::new(), around: 0 }
    }

    pub(super) fn frame<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        while skip_between(window)? {
            self.envelope.clear();
            match window.bytes().first() {
                Some(b'[') => {
                    window.consume(1);
                    self.array(window)?;
                }
                Some(b'{') => match self.wrapper(window)? {
                    Wrapper::Entered => {
                        self.array(window)?;
                        self.trailer(window)?;
                    }
                    Wrapper::None => self.item(window, Place::Document)?,
                },
                _ => {
                    let reason = format!("text that is no JSON object: {}", near(window.bytes(), 0));
                    self.skip_text(window, Place::Document, reason)?;
                }
            }
        }
        Ok(())
    }

    /// The items of an array whose bracket has been consumed, up to and with its end.
    fn array<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        loop {
            let mut at = 0;
            loop {
                match window.bytes().get(at) {
                    Some(b' ' | b'\n' | b'\r' | b'\t' | b',') => at += 1,
                    Some(_) => break,
                    None => {
                        window.consume(at);
                        at = 0;
                        if !window.fill()? {
                            self.cut("the array of records does not end");
                            return Ok(());
                        }
                    }
                }
            }
            window.consume(at);
            if window.bytes().first() == Some(&b']') {
                window.consume(1);
                return Ok(());
            }
            self.item(window, Place::Array)?;
        }
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
            }
        }
    }

    fn emit<R: Read>(&mut self, window: &mut Window<R>, end: usize) {
        self.ordinal += 1;
        let (ordinal, offset) = (self.ordinal, self.offsets.then(|| window.offset()));
        let (text, lossy) = as_text(&window.bytes()[..end]);
        if lossy {
            // Replacing bytes moves the tokens.
            if self.tape.read(text.as_bytes()).is_err() {
                let reason = "the record is no JSON once its invalid UTF-8 is replaced".to_owned();
                let bytes = &window.bytes()[..end];
                self.sink.broken(Broken { ordinal, offset, bytes, size: end as u64, reason });
                window.consume(end);
                return;
            }
        }
        let record = Record { ordinal, offset, text: &text, tape: &self.tape, envelope: &self.envelope, lossy };
        self.sink.record(&record);
        window.consume(end);
    }

    fn broken<R: Read>(&mut self, window: &mut Window<R>, used: usize, size: u64, reason: String) -> io::Result<()> {
        self.ordinal += 1;
        let offset = self.offsets.then(|| window.offset());
        let bytes = &window.bytes()[..used];
        self.sink.broken(Broken { ordinal: self.ordinal, offset, bytes, size, reason });
        window.consume(used);
        Ok(())
    }

    fn cut(&mut self, what: &str) {
        self.sink.trailer(&format!("\"{what}\""));
    }

    /// Passes over a record that cannot be read: to where the next record seems to begin, or to where
    /// its own brackets balance, whichever comes first; else to the end of the data.
    fn skip<R: Read>(&mut self, window: &mut Window<R>, place: Place, reason: String) -> io::Result<()> {
        let first = window.bytes().first().copied();
        if !matches!(first, Some(b'{' | b'[')) {
            return self.skip_text(window, place, reason);
        }
        let opener = opener(window.bytes()).map(<[u8]>::to_vec);
        let mut balance = Balance::default();
        let mut searched = 0;
        loop {
            let bytes = window.bytes();
            let balanced = balance.scan(bytes.get(searched..).unwrap_or_default()).map(|at| searched + at);
            let within = bytes.get(..balanced.unwrap_or(bytes.len())).unwrap_or_default();
            let next = match place {
                Place::Document => next_line(within),
                Place::Array => None,
            };
            let next = next.or_else(|| next_like(within, opener.as_deref()?));
            // Where a quote is missing, brackets in strings count and the balance is wrong.
            let sure = balanced.filter(|end| place.follows(bytes.get(*end..).unwrap_or_default()));
            let next = next.or(sure).or_else(|| next_like(bytes, opener.as_deref()?));
            if let Some(end) = next {
                return self.broken(window, end, end as u64, reason);
            }
            searched = bytes.len();
            if bytes.len() > 2 * MAX_RECORD || !window.fill()? {
                return match balanced {
                    Some(end) => self.broken(window, end, end as u64, reason),
                    None => self.drain(window, reason),
                };
            }
            if balanced.is_some() {
                (balance, searched) = (Balance::default(), 0);
            }
        }
    }

    /// Passes over text that is no JSON. What stands before the first document (the prose of an e-mail)
    /// is taken together; later it goes by lines, in an array up to the next object.
    fn skip_text<R: Read>(&mut self, window: &mut Window<R>, place: Place, reason: String) -> io::Result<()> {
        let first = self.ordinal == 0;
        loop {
            let bytes = window.bytes();
            let end = match place {
                Place::Document if first => {
                    next_line(bytes).or_else(|| memchr::memchr(b'\n', bytes).filter(|_| window.ended()))
                }
                Place::Document => {
                    let line = memchr::memchr(b'\n', bytes);
                    let within = bytes.get(..line.unwrap_or(bytes.len())).unwrap_or_default();
                    memchr::memmem::find(within, b"}{\"").map(|at| at + 1).or(line)
                }
                Place::Array => memchr::memchr2(b'{', b']', bytes),
            };
            match end {
                Some(end) => return self.broken(window, end.max(1), end.max(1) as u64, reason),
                None if bytes.len() > MAX_RECORD || !window.fill()? => {
                    // Only a document ends with its line: looking again in an array would never end.
                    let lines = first && matches!(place, Place::Document);
                    if lines && window.ended() && memchr::memchr(b'\n', window.bytes()).is_some() {
                        continue;
                    }
                    return self.drain(window, reason);
                }
                None => {}
            }
        }
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

    /// Looks into an object for an array of records. The members before it are remembered as envelope; when
    /// the array is found it is entered, else the window stays where it was.
    fn wrapper<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Wrapper> {
        loop {
            match self.enter(window.bytes()) {
                Enter::Array { envelope, first, around } => {
                    let text = String::from_utf8_lossy(window.bytes().get(..envelope).unwrap_or_default());
                    let text = text.trim_end().trim_end_matches(',');
                    self.envelope.clear();
                    if text.len() > 1 {
                        self.envelope.push_str(text);
                        self.envelope.push_str(&"}".repeat(around));
                    }
                    self.around = around;
                    window.consume(first);
                    return Ok(Wrapper::Entered);
                }
                Enter::Incomplete if window.bytes().len() < MAX_RECORD && window.fill()? => {}
                Enter::Incomplete | Enter::Nothing => return Ok(Wrapper::None),
            }
        }
    }

    fn enter(&mut self, bytes: &[u8]) -> Enter {
        let mut at = space(bytes, 1);
        let mut around = 1;
        loop {
            let member = at;
            if bytes.get(at).is_some_and(|byte| *byte != b'"') {
                return Enter::Nothing;
            }
            let end = match self.tape.read(bytes.get(at..).unwrap_or_default()) {
                Ok(end) => at + end,
                Err(Fault::Incomplete) => return Enter::Incomplete,
                Err(_) => return Enter::Nothing,
            };
            let key = bytes.get(at + 1..end - 1).unwrap_or_default();
            let is_one_of = |names: &[&str]| names.iter().any(|name| name.as_bytes() == key);
            let value = space(bytes, space(bytes, end) + 1);
            let Some(byte) = bytes.get(value) else { return Enter::Incomplete };
            if *byte == b'[' && is_one_of(CONTAINERS) {
                return match bytes.get(space(bytes, value + 1)) {
                    None => Enter::Incomplete,
                    Some(b'{' | b']') => Enter::Array { envelope: member, first: value + 1, around },
                    Some(_) => Enter::Nothing,
                };
            }
            if is_one_of(OF_RECORDS) {
                return Enter::Nothing;
            }
            if *byte == b'{' && around == 1 && is_one_of(OUTER) {
                around = 2;
                at = space(bytes, value + 1);
                continue;
            }
            at = match self.tape.read(bytes.get(value..).unwrap_or_default()) {
                Ok(end) => space(bytes, value + end),
                Err(Fault::Incomplete) => return Enter::Incomplete,
                Err(_) => return Enter::Nothing,
            };
            match bytes.get(at) {
                Some(b',') => at = space(bytes, at + 1),
                None => return Enter::Incomplete,
                Some(_) => return Enter::Nothing,
            }
        }
    }

    /// What stands in a wrapper after its records, up to and with its closing brace.
    fn trailer<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<()> {
        for _ in 0..self.around {
            let mut wanted = 1 << 12;
            loop {
                while window.bytes().len() < wanted && window.fill()? {}
                let bytes = window.bytes();
                let at = space(bytes, 0);
                match bytes.get(at) {
                    Some(b'}') => window.consume(at + 1),
                    Some(b',') => {
                        // Read the rest as an object of its own.
                        let mut rest = vec![b'{'];
                        rest.extend_from_slice(bytes.get(at + 1..bytes.len().min(wanted)).unwrap_or_default());
                        match self.tape.read(&rest) {
                            Ok(end) => {
                                let text = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
                                // A comma after the last member leaves nothing.
                                if self.tape.root(&text).entries().next().is_some() {
                                    self.sink.trailer(&text);
                                }
                                window.consume(at + end);
                            }
                            Err(Fault::Incomplete)
                                if wanted < MAX_RECORD && (bytes.len() > wanted || !window.ended()) =>
                            {
                                wanted *= 4;
                                continue;
                            }
                            Err(_) => return self.drain(window, "what follows the records is no JSON".to_owned()),
                        }
                    }
                    _ => {}
                }
                break;
            }
        }
        Ok(())
    }
}

/// What an object at hand is.
enum Enter {
    /// More bytes are needed to tell.
    Incomplete,
    /// No wrapper.
    Nothing,
    /// A wrapper: the member with the records begins at `envelope`, the first record at `first`, and
    /// `around` objects are open around it.
    Array { envelope: usize, first: usize, around: usize },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Document,
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
fn opener(bytes: &[u8]) -> Option<&[u8]> {
    let key = memchr::memchr(b'"', bytes)?;
    let end = memchr::memchr(b'"', bytes.get(key + 1..)?)?;
    (bytes.first() == Some(&b'{') && end < 64).then(|| &bytes[..key + 1 + end + 1])
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

/// Where the next record begins that has the same first key.
fn next_like(bytes: &[u8], opener: &[u8]) -> Option<usize> {
    let rest = bytes.get(1..)?;
    memchr::memmem::find_iter(rest, opener).map(|at| at + 1).find(|at| {
        let before = bytes.get(..*at).unwrap_or_default().trim_ascii_end();
        before.strip_suffix(b",").unwrap_or(before).trim_ascii_end().ends_with(b"}")
    })
}

fn space(bytes: &[u8], mut at: usize) -> usize {
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
