//! Decodes bytes as ingest would and keeps everything that came of them, for tests to look at.

use std::fmt::Write as _;

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::arrow::array::cast::AsArray;
use coldtrail_schema::arrow::array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use coldtrail_schema::arrow::array::{Array, RecordBatch};
use coldtrail_schema::{Kind, Table};
use coldtrail_sources::time::Years;
use coldtrail_sources::{
    Broken, Decoded, Decoder, Framing, Head, LogSource, Mistyped, Recognised, Record, Routing, Sink, frame, recognise,
};

/// What became of one framed record.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// The columns that are not null, as text.
    Row {
        cells: Vec<(&'static str, String)>,
        unique: bool,
    },
    Nothing,
    Reject(String),
}

#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) ordinal: u64,
    pub(crate) offset: Option<u64>,
    /// Whose log it is: where CloudWatch Logs carries it, another's than that of the object.
    pub(crate) source: &'static str,
    pub(crate) text: String,
    pub(crate) fate: Fate,
}

#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) source: Option<&'static LogSource>,
    pub(crate) framing: Option<Framing>,
    /// Why no source took it; empty when there was nothing to take.
    pub(crate) unknown: Option<String>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) trailers: Vec<String>,
    /// What the columns could not take, as ingest writes it down.
    pub(crate) mistyped: Option<String>,
}

impl Outcome {
    pub(crate) fn rows(&self) -> usize {
        self.seen.iter().filter(|s| matches!(s.fate, Fate::Row { .. })).count()
    }

    pub(crate) fn rejects(&self) -> impl Iterator<Item = (&Seen, &str)> {
        self.seen.iter().filter_map(|seen| match &seen.fate {
            Fate::Reject(reason) => Some((seen, reason.as_str())),
            _ => None,
        })
    }
}

/// As much as ingest looks at before it decides.
pub(crate) const HEAD: usize = 256 << 10;

pub(crate) fn decode(name: &str, bytes: &[u8], parquet: bool) -> Outcome {
    let key = ObjectKey::parse(name);
    let head = &bytes[..bytes.len().min(HEAD)];
    let whole = head.len() == bytes.len();
    match recognise(name, &key, head, whole, parquet) {
        Recognised::Empty => Outcome::default(),
        Recognised::Unknown(reason) => Outcome { unknown: Some(reason), ..Outcome::default() },
        Recognised::Own(_) => unreachable!("nobody defined a log"),
        Recognised::Source(source, framing) => {
            run(source, framing, &Head { name, key: &key, bytes: head, whole }, bytes)
        }
    }
}

/// Frames and decodes, whatever recognition would say.
pub(crate) fn run(source: &'static LogSource, framing: Framing, head: &Head<'_>, bytes: &[u8]) -> Outcome {
    let outcome = Outcome { source: Some(source), framing: Some(framing), ..Outcome::default() };
    let mut sink =
        Collect { source, routing: Routing::new(source, head, framing), head, decoders: Vec::new(), outcome };
    let entries = sink.decoder(source).entries();
    frame(Vec::new(), bytes, framing, entries, &mut sink).unwrap();
    let mut mistyped = Mistyped::default();
    sink.decoders.iter().for_each(|(_, decoder)| mistyped.merge(decoder.mistyped()));
    sink.outcome.mistyped = mistyped.json();
    sink.outcome
}

struct Collect<'a> {
    source: &'static LogSource,
    routing: Routing,
    head: &'a Head<'a>,
    decoders: Vec<(&'static LogSource, Box<dyn Decoder>)>,
    outcome: Outcome,
}

impl Collect<'_> {
    fn decoder(&mut self, source: &'static LogSource) -> &mut dyn Decoder {
        let at = self.decoders.iter().position(|(known, _)| known.name == source.name).unwrap_or_else(|| {
            let mut decoder = (source.decoder)();
            decoder.begin(self.head, Years::until(2027));
            self.decoders.push((source, decoder));
            self.decoders.len() - 1
        });
        self.decoders[at].1.as_mut()
    }
}

impl Sink for Collect<'_> {
    fn record(&mut self, record: &Record<'_>) {
        let mut source = self.routing.of(record);
        let decoder = self.decoder(source);
        let mut before = decoder.rows().len();
        let mut result = decoder.record(record);
        if result.is_err()
            && let Some(other) = self.routing.other(record, source)
        {
            assert_eq!(self.decoder(source).rows().len(), before, "a reject leaves no row");
            let decoder = self.decoder(other);
            let first = decoder.rows().len();
            let again = decoder.record(record);
            if again.is_ok() {
                (source, before, result) = (other, first, again);
            }
        }
        let decoder = self.decoder(source);
        let added = decoder.rows().len() - before;
        let fate = match result {
            Ok(Decoded::Row) => {
                assert_eq!(added, 1, "a row is one row");
                let batch = decoder.rows().finish();
                Fate::Row { cells: cells(source.table, &batch.rows), unique: batch.unique[0] }
            }
            Ok(Decoded::Nothing) => {
                assert_eq!(added, 0, "nothing is no row");
                Fate::Nothing
            }
            Err(reject) => {
                assert_eq!(added, 0, "a reject leaves no row");
                let field = reject.field.map(|field| format!("{field}: ")).unwrap_or_default();
                Fate::Reject(format!("{field}{}", reject.reason))
            }
        };
        let text = record.text.to_owned();
        self.outcome.seen.push(Seen {
            ordinal: record.ordinal,
            offset: record.offset,
            source: source.name,
            text,
            fate,
        });
    }

    fn broken(&mut self, broken: Broken<'_>) {
        let text = String::from_utf8_lossy(broken.bytes).into_owned();
        let fate = Fate::Reject(format!("{} ({} bytes)", broken.reason, broken.size));
        let (ordinal, offset, source) = (broken.ordinal, broken.offset, self.source.name);
        self.outcome.seen.push(Seen { ordinal, offset, source, text, fate });
    }

    fn trailer(&mut self, text: &str) {
        self.outcome.trailers.push(text.to_owned());
    }
}

pub(crate) fn cells(table: &Table, batch: &RecordBatch) -> Vec<(&'static str, String)> {
    let columns = table.columns();
    let wanted = columns.iter().zip(batch.columns()).filter(|(column, array)| {
        column.name != "evidence_object"
            && column.name != "evidence_record"
            && column.name != "evidence_offset"
            && array.is_valid(0)
    });
    let cells = wanted.map(|(column, array)| (column, cell(column.kind, array)));
    cells
        .filter(|(column, text)| column.kind != Kind::Texts || text != "[]")
        .map(|(column, text)| (column.name, text))
        .collect()
}

fn cell(kind: Kind, array: &dyn Array) -> String {
    match kind {
        Kind::Text | Kind::Id | Kind::Key | Kind::Json => array.as_string::<i32>().value(0).to_owned(),
        Kind::Int => array.as_primitive::<Int64Type>().value(0).to_string(),
        Kind::Hash => format!("{:016x}", array.as_primitive::<Int64Type>().value(0)),
        Kind::Real => array.as_primitive::<Float64Type>().value(0).to_string(),
        Kind::Flag => array.as_boolean().value(0).to_string(),
        Kind::Time => instant(array.as_primitive::<TimestampMicrosecondType>().value(0)),
        Kind::Texts => {
            let words = array.as_list::<i32>().value(0);
            let words: Vec<_> = words.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
            format!("[{}]", words.join(", "))
        }
        Kind::Bytes | Kind::Date => unreachable!("no source has such a column"),
    }
}

/// `2023-07-10T12:00:00Z`, with a fraction of three or six digits when there is one.
pub(crate) fn instant(micros: i64) -> String {
    let (days, rest) = (micros.div_euclid(86_400_000_000), micros.rem_euclid(86_400_000_000));
    // https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let (day, month) = (doy - (153 * mp + 2) / 5 + 1, if mp < 10 { mp + 3 } else { mp - 9 });
    let year = yoe + era * 400 + i64::from(month <= 2);
    let (seconds, micros) = (rest / 1_000_000, rest % 1_000_000);
    let fraction = match micros {
        0 => String::new(),
        _ if micros % 1000 == 0 => format!(".{:03}", micros / 1000),
        _ => format!(".{micros:06}"),
    };
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// The outcome for people to read and compare.
pub(crate) fn listing(outcome: &Outcome) -> String {
    let mut out = String::new();
    match (outcome.source, outcome.framing, &outcome.unknown) {
        (Some(source), Some(framing), _) => writeln!(out, "{} ({})", source.name, framing.name()).unwrap(),
        (_, _, Some(reason)) => writeln!(out, "unrecognised: {reason}").unwrap(),
        _ => writeln!(out, "empty").unwrap(),
    }
    for seen in &outcome.seen {
        let offset = seen.offset.map(|offset| format!(" at {offset}")).unwrap_or_default();
        let carried = outcome.source.is_some_and(|source| source.name != seen.source);
        let of = if carried { format!(" of {}", seen.source) } else { String::new() };
        writeln!(out, "\nrecord {}{offset}{of}", seen.ordinal).unwrap();
        match &seen.fate {
            Fate::Row { cells, unique } => {
                for (name, value) in cells {
                    writeln!(out, "  {name}={}", shown(value)).unwrap();
                }
                if !unique {
                    writeln!(out, "  not unique").unwrap();
                }
            }
            Fate::Nothing => writeln!(out, "  nothing: {}", shown(&seen.text)).unwrap(),
            Fate::Reject(reason) => {
                writeln!(out, "  reject: {}\n  bytes: {}", shown(reason), shown(&seen.text)).unwrap()
            }
        }
    }
    for trailer in &outcome.trailers {
        writeln!(out, "\ntrailer: {}", shown(trailer)).unwrap();
    }
    if let Some(mistyped) = &outcome.mistyped {
        writeln!(out, "\nmistyped: {mistyped}").unwrap();
    }
    out
}

/// Control characters, and those that are invisible, escaped.
fn shown(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            ' '..='~' => out.push(c),
            c if c.is_alphanumeric() => out.push(c),
            c => out.extend(c.escape_unicode()),
        }
        out
    })
}
