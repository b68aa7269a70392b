//! Framing: where one record ends and the next begins. What a record means is the decoder's business.
//!
//! Three framings serve every text source: lines, JSON documents in whatever they are wrapped, and tables with a header.
//! Logs whose entries are of several lines say where one begins ([`Entries`]).

mod ahead;
mod csv;
mod entries;
mod joined;
mod json_documents;
mod lines;
mod open_telemetry;
mod packed;
mod points;
mod resync;
mod wrapper;

use std::borrow::Cow;
use std::io::{self, Read};

pub(crate) use csv::names as csv_names;
pub(crate) use json_documents::export_prefix;
pub(crate) use open_telemetry::begins as begins_open_telemetry;

use crate::json::{Tape, Value};
use crate::window::Window;

/// How records are delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// A record is a line. Blank lines are none.
    Lines,
    /// A record is a JSON document, or an item of an array of them, or of an array inside a known wrapper.
    Json,
    /// The rows of a Parquet file, handed over as JSON documents, one a line.
    Parquet,
    /// The rows of a CSV file with a header, as JSON objects.
    Csv,
    /// As `Json`; where a document is a series of points, each of them is a record.
    Points,
    /// The data points of OpenTelemetry's messages, as JSON objects.
    OpenTelemetry,
}

impl Framing {
    pub fn name(self) -> &'static str {
        match self {
            Framing::Lines => "lines",
            Framing::Json | Framing::Points => "json",
            Framing::Parquet => "parquet",
            Framing::Csv => "csv",
            Framing::OpenTelemetry => "opentelemetry",
        }
    }
}

/// Records longer than this are rejected: what is made of one takes many times its length. CloudTrail's own limit is 1 MB,
/// that of Config far below this.
pub const MAX_RECORD: usize = 16 << 20;

/// One framed record.
pub struct Record<'a> {
    /// Counted from 1.
    pub ordinal: u64,
    /// Where it begins in the stream; none when the stream is made from Parquet.
    pub offset: Option<u64>,
    pub text: &'a str,
    /// The tokens of `text`, when the framing is JSON.
    pub tape: &'a Tape,
    /// The members of the wrapper around the record, as JSON object; empty when there are none.
    pub envelope: &'a str,
    /// The messages of the events that go on with this one, joined by line breaks; `text` holds these events, too.
    pub continued: &'a str,
    /// Were bytes that are no UTF-8 replaced?
    pub lossy: bool,
}

impl<'a> Record<'a> {
    /// The JSON value of the record.
    pub fn json(&self) -> Value<'a> {
        self.tape.root(self.text)
    }
}

/// A stretch of bytes that is no record.
pub struct Broken<'a> {
    pub ordinal: u64,
    pub offset: Option<u64>,
    /// Its bytes; for those longer than a record may be, the first ones.
    pub bytes: &'a [u8],
    pub size: u64,
    pub reason: String,
}

/// Where records go.
pub trait Sink {
    fn record(&mut self, record: &Record<'_>);
    fn broken(&mut self, broken: Broken<'_>);
    /// Members of a wrapper that stood after the records it wraps, as JSON text.
    fn trailer(&mut self, text: &str);
    /// Asked before each record: is the rest not to be read?
    fn enough(&mut self) -> bool {
        false
    }
}

/// Tells where the entries of a log begin, of a kind whose entries may be of several lines.
pub trait Entries {
    /// Does this line look like the beginning of an entry? `alone`: it is the first of an event of CloudWatch Logs.
    fn begins(&self, line: &[u8], alone: bool) -> bool;
    /// Takes the next line of an entry, the `first` one or another. Is the entry open behind it, in a quote or in a
    /// comment, so that the next line begins none whatever it looks like?
    fn open(&mut self, _line: &[u8], _first: bool) -> bool {
        false
    }
}

/// Hands every record of a stream to `sink`, in order: `head`, which was read before, and then `reader` to its end, or
/// until it is enough.
/// `entries` comes from the decoder of the records ([`crate::Decoder::entries`]).
pub fn frame<R: Read>(
    head: Vec<u8>,
    reader: R,
    framing: Framing,
    entries: Option<Box<dyn Entries>>,
    sink: &mut dyn Sink,
) -> io::Result<R> {
    let mut window = Window::new(head, reader);
    if let Some(mut entries) = entries {
        match framing {
            Framing::Lines => {
                entries::frame(&mut window, entries.as_mut(), sink)?;
                return Ok(window.into_reader());
            }
            Framing::Json => {
                let mut joined = joined::Joined::new(entries.as_mut(), sink);
                json_documents::Documents::new(&mut joined, true).frame(&mut window)?;
                joined.finish();
                return Ok(window.into_reader());
            }
            Framing::Parquet | Framing::Csv | Framing::Points | Framing::OpenTelemetry => {}
        }
    }
    match framing {
        Framing::OpenTelemetry => open_telemetry::frame(&mut window, sink)?,
        Framing::Points => json_documents::Documents::of_points(sink).frame(&mut window)?,
        Framing::Lines => lines::frame(&mut window, sink)?,
        Framing::Csv => csv::frame(&mut window, sink)?,
        Framing::Json => json_documents::Documents::new(sink, true).frame(&mut window)?,
        Framing::Parquet => json_documents::Documents::new(sink, false).frame(&mut window)?,
    }
    Ok(window.into_reader())
}

/// The bytes as text; bytes that are no UTF-8 are replaced, and the flag says so.
fn as_text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => (Cow::Borrowed(text), false),
        Err(_invalid) => (String::from_utf8_lossy(bytes), true),
    }
}
