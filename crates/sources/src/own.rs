//! Logs of the user's own: a definition says which objects hold one, where a record begins and ends, and what its fields
//! are. Definitions are data: they are read once and handed in, and are asked only about objects that no source knows.

mod check;
mod decoder;
mod definition;
mod globs;
mod shape;
mod times;
mod values;
mod written;

use std::collections::BTreeSet;
use std::sync::Arc;

use coldtrail_evidence::ObjectKey;
use coldtrail_evidence::hash::sha256;
use coldtrail_schema::tables::own_logs;

pub use check::{Checked, RejectedRecord, check};
pub use definition::{Definition, DefinitionError, FieldType};

use crate::framing::{Broken, Framing, Record, Sink, frame};
use crate::recognise::{Recognised, recognise};
use crate::source::{Decoder, Head, LogSource};
use decoder::OwnDecoder;

/// The source of all rows that definitions give. It is in no list: an object is its only where a definition takes it,
/// and then [`own_decoder`] makes the decoder.
pub static OWN: LogSource = LogSource {
    name: "own_logs",
    title: "Logs of your own",
    table: &own_logs::TABLE,
    version: 1,
    claims: |_, _| false,
    decoder: || own_decoder(Arc::default()),
};

/// The decoder of the records that a definition describes.
pub fn own_decoder(definition: Arc<Definition>) -> Box<dyn Decoder> {
    Box::new(OwnDecoder::new(definition))
}

/// The definitions that are in force, by name.
#[derive(Debug, Clone, Default)]
pub struct Definitions(Arc<[Arc<Definition>]>);

impl Definitions {
    /// Of several of one name, the first counts.
    pub fn of(list: impl IntoIterator<Item = Arc<Definition>>) -> Definitions {
        let mut names = BTreeSet::new();
        let mut list: Vec<Arc<Definition>> =
            list.into_iter().filter(|definition| names.insert(definition.name().to_owned())).collect();
        list.sort_by(|a, b| a.name().cmp(b.name()));
        Definitions(list.into())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.0.iter()
    }

    /// The first digits of a hash of all of them; none where there is none. It changes with each word of each of them.
    pub fn hash(&self) -> Option<String> {
        self.0.last().map(|_last| hash_of(&self.0))
    }

    /// What judges an object that this one takes, as [`Definitions::hash`]: it, and those that are asked before it.
    pub fn hash_up_to(&self, definition: &Definition) -> String {
        let end = self.0.iter().position(|one| one.name() == definition.name()).map_or(self.0.len(), |at| at + 1);
        hash_of(self.0.get(..end).unwrap_or_default())
    }

    /// Recognises an object by its key and the first bytes of its inflated content: as one of a source, else as one
    /// that a definition describes. So no definition hides a log that is known.
    pub fn recognise(&self, name: &str, key: &ObjectKey, bytes: &[u8], whole: bool, parquet: bool) -> Recognised {
        match recognise(name, key, bytes, whole, parquet) {
            Recognised::Unknown(why) if !parquet => {
                let head = Head { name, key, bytes, whole };
                let taken = self.0.iter().find(|definition| definition.takes(name) && fits(definition, &head));
                taken.map_or(Recognised::Unknown(why), |definition| Recognised::Own(Arc::clone(definition)))
            }
            known => known,
        }
    }
}

fn hash_of(definitions: &[Arc<Definition>]) -> String {
    let list: String = definitions.iter().map(|one| format!("{}/{} ", one.name(), one.hash())).collect();
    sha256(list.as_bytes()).chars().take(12).collect()
}

/// How many records decide: at least one of the first must be what the definition says.
const LOOKED_AT: u64 = 16;

/// Is one of the first records in the head what the definition says?
fn fits(definition: &Definition, head: &Head<'_>) -> bool {
    struct Look<'a> {
        definition: &'a Definition,
        seen: u64,
        found: bool,
    }
    impl Sink for Look<'_> {
        fn record(&mut self, record: &Record<'_>) {
            self.seen += 1;
            self.found = self.found || self.definition.is_one(record);
        }
        fn broken(&mut self, _broken: Broken<'_>) {
            self.seen += 1;
        }
        fn trailer(&mut self, _text: &str) {}
        fn enough(&mut self) -> bool {
            self.found || self.seen >= LOOKED_AT
        }
    }
    // What is cut at the end is told from nothing.
    let end = match (definition.framing(), head.whole) {
        (Framing::Lines | Framing::Csv, false) => memchr::memrchr(b'\n', head.bytes).unwrap_or(head.bytes.len()),
        _ => head.bytes.len(),
    };
    let bytes = head.bytes.get(..end).unwrap_or_default();
    let mut look = Look { definition, seen: 0, found: false };
    let framed = frame(Vec::new(), bytes, definition.framing(), definition.entries(), &mut look);
    framed.is_ok() && look.found
}
