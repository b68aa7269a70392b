//! Entries that CloudWatch Logs has delivered as several events: the events that go on are joined to the first one.

use super::{Broken, Entries, MAX_RECORD, Record, Sink};
use crate::carried;
use crate::json::Tape;

/// Gets the records of a JSON stream, joins those whose messages go on with the entry before, and hands the whole ones
/// on, numbered anew.
pub(super) struct Joined<'s> {
    entries: &'s mut dyn Entries,
    sink: &'s mut dyn Sink,
    ordinal: u64,
    first: Option<First>,
}

/// An event whose entry may go on.
struct First {
    offset: Option<u64>,
    /// The event, and behind it those that went on with it.
    text: String,
    tape: Tape,
    envelope: String,
    stream: Option<String>,
    continued: String,
    lossy: bool,
}

impl<'s> Joined<'s> {
    pub(super) fn new(entries: &'s mut dyn Entries, sink: &'s mut dyn Sink) -> Joined<'s> {
        Joined { entries, sink, ordinal: 0, first: None }
    }

    /// Hands on what is still held, at the end of the stream.
    pub(super) fn finish(&mut self) {
        let Some(first) = self.first.take() else { return };
        self.ordinal += 1;
        self.sink.record(&Record {
            ordinal: self.ordinal,
            offset: first.offset,
            text: &first.text,
            tape: &first.tape,
            envelope: &first.envelope,
            continued: &first.continued,
            lossy: first.lossy,
        });
    }

    /// Does this event go on with the entry that is held?
    fn goes_on(&mut self, record: &Record<'_>) -> bool {
        let Some(message) = carried::message_of(record.json()) else { return false };
        let line = message.lines().next().unwrap_or_default();
        if self.entries.begins(line.as_bytes(), true) {
            return false;
        }
        let Some(first) = &mut self.first else { return false };
        let whole = first.text.len() + record.text.len() < MAX_RECORD;
        if !whole || first.envelope != record.envelope || first.stream != carried::stream_of(record.json()) {
            return false;
        }
        first.text.push('\n');
        first.text.push_str(record.text);
        if !first.continued.is_empty() {
            first.continued.push('\n');
        }
        first.continued.push_str(&message);
        first.lossy |= record.lossy;
        true
    }
}

impl Sink for Joined<'_> {
    fn record(&mut self, record: &Record<'_>) {
        if self.goes_on(record) {
            return;
        }
        self.finish();
        self.first = Some(First {
            offset: record.offset,
            text: record.text.to_owned(),
            tape: record.tape.clone(),
            envelope: record.envelope.to_owned(),
            stream: carried::stream_of(record.json()),
            continued: String::new(),
            lossy: record.lossy,
        });
    }

    fn broken(&mut self, broken: Broken<'_>) {
        self.finish();
        self.ordinal += 1;
        self.sink.broken(Broken { ordinal: self.ordinal, ..broken });
    }

    fn trailer(&mut self, text: &str) {
        self.finish();
        self.sink.trailer(text);
    }

    fn enough(&mut self) -> bool {
        self.sink.enough()
    }
}
