//! The decoders of an object.

use std::sync::Arc;

use coldtrail_sources::time::Years;
use coldtrail_sources::{
    Decoded, Decoder, Definition, Form, Head, LogSource, Mistyped, Record, Reject, Routing, own_decoder,
};

use super::{Chunk, Part, Runs};
use crate::plan::Task;

/// The decoder of a source with the rows that wait in it.
pub(super) struct Decoding {
    pub(super) source: &'static LogSource,
    /// The definition by which it decodes, where it is none of the sources.
    own: Option<Arc<Definition>>,
    pub(super) decoder: Box<dyn Decoder>,
    pub(super) runs: Runs,
    /// How much text became rows.
    pub(super) text: usize,
}

impl Decoding {
    fn new(source: &'static LogSource, own: Option<Arc<Definition>>) -> Decoding {
        let decoder = own.clone().map_or_else(source.decoder, own_decoder);
        Decoding { source, own, decoder, runs: Vec::new(), text: 0 }
    }

    fn is_of(&self, source: &LogSource, own: Option<&Arc<Definition>>) -> bool {
        // Within a run a name is of one definition.
        let (ours, theirs) = (self.own.as_ref().map(|one| one.name()), own.map(|one| one.name()));
        self.source.name == source.name && ours == theirs
    }

    pub(super) fn flush(&mut self, emit: &mut dyn FnMut(Part)) {
        self.text = 0;
        if !self.decoder.rows().is_empty() {
            let (batch, runs) = (self.decoder.rows().finish(), std::mem::take(&mut self.runs));
            emit(Part::Rows(Chunk { table: self.source.table, batch, runs }));
        }
    }
}

/// The decoders of an object: nearly always one. Files may be of several logs, and CloudWatch Logs carries others.
pub(super) struct Decoders<'a> {
    pub(super) open: &'a mut Vec<Decoding>,
    pub(super) routing: Routing,
    /// The definition that describes the object, where one does: then all its records are of that log.
    pub(super) own: Option<Arc<Definition>>,
    pub(super) task: &'a Task,
    pub(super) years: Years,
    /// Which of `open` have records of this object.
    pub(super) begun: Vec<usize>,
    /// Which had the last one.
    pub(super) at: usize,
}

impl Decoders<'_> {
    /// The decoder of that source, told of this object and how it begins.
    pub(super) fn begin(&mut self, source: &'static LogSource, bytes: &[u8], whole: bool) -> &mut dyn Decoder {
        let own = self.own.as_ref();
        self.at = self.open.iter().position(|open| open.is_of(source, own)).unwrap_or_else(|| {
            self.open.push(Decoding::new(source, own.cloned()));
            self.open.len() - 1
        });
        let decoder = &mut self.open[self.at].decoder;
        if !self.begun.contains(&self.at) {
            self.begun.push(self.at);
            let (name, key) = (&self.task.entry.key, &self.task.key);
            decoder.begin(&Head { name, key, bytes, whole }, self.years);
            decoder.rows().begin(&self.task.entry.object);
        }
        decoder.as_mut()
    }

    pub(super) fn current(&mut self) -> &mut Decoding {
        &mut self.open[self.at]
    }

    /// The one for this record.
    fn of(&mut self, record: &Record<'_>) -> &mut Decoding {
        let source = self.routing.of(record);
        if source.name != self.open[self.at].source.name {
            self.begin(source, &[], false);
        }
        self.current()
    }

    /// Decodes a record: by the source whose it is, or where that makes no row of it, by another one that may know it.
    pub(super) fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let open = self.of(record);
        let (source, decoded) = (open.source, open.decoder.record(record));
        let Err(reject) = decoded else { return decoded };
        let Some(other) = self.routing.other(record, source) else { return Err(reject) };
        let at = self.at;
        self.begin(other, &[], false);
        self.current().decoder.record(record).map_err(|_of_the_other| {
            self.at = at;
            reject
        })
    }

    /// Did more than one source have records of the object?
    pub(super) fn are_several(&self) -> bool {
        self.begun.len() > 1
    }

    /// The farthest form of the records, and what their columns could not take.
    pub(super) fn ended(&self) -> (Option<Form>, Option<String>) {
        let mut mistyped = Mistyped::default();
        let decoders = || self.begun.iter().map(|at| &self.open[*at].decoder);
        decoders().for_each(|decoder| mistyped.merge(decoder.mistyped()));
        (decoders().map(|decoder| decoder.form()).max(), mistyped.json())
    }
}
