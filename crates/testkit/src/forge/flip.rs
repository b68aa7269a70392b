//! Random damage of one bit, for the proof that no damage goes unnoticed.

use std::io::Write as _;

use fastrand::Rng;
use flate2::write::GzDecoder;
use serde_json::Value;

use super::store::{Store, path};

/// The list of public keys, where an object would have its place.
const KEYS: &str = "public-keys.json";

/// Which bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Of an object, as stored.
    Body,
    /// Of the file with an object's metadata.
    Metadata,
    /// Of the list of public keys.
    Keys,
}

/// A bit that was turned over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flipped {
    /// `<bucket>/<key>`, or `public-keys.json`.
    pub key: String,
    pub part: Part,
    /// Counted from 0.
    pub byte: usize,
    /// 0 is the lowest.
    pub bit: u8,
    /// The bytes still say exactly the same: a body decodes as one whole gzip member to the same content, a JSON text
    /// has the same values, but for the case of letters.
    pub harmless: bool,
}

/// Flips a bit of the store; every bit is as likely as any other. [`Store::flip_back`] mends it. The store must not be
/// empty.
pub fn flip_bit(store: &mut Store, rng: &mut Rng) -> Flipped {
    let total: usize = parts(store).map(|(_, _, length)| length).sum();
    let mut byte = rng.usize(..total);
    let chosen = parts(store).find(|(_, _, length)| {
        let found = byte < *length;
        byte -= if found { 0 } else { *length };
        found
    });
    let (key, part, _) = chosen.expect("the number is below the sum of all lengths");
    let mut flipped = Flipped { key, part, byte, bit: rng.u8(..8), harmless: false };
    let bytes = bytes(store, &flipped).expect("the part was found in this store");
    let before = bytes.clone();
    bytes[byte] ^= 1 << flipped.bit;
    flipped.harmless = match part {
        Part::Body => content(&before).is_some_and(|content| self::content(bytes) == Some(content)),
        Part::Metadata | Part::Keys => values(&before).is_some_and(|values| self::values(bytes) == Some(values)),
    };
    flipped
}

impl Store {
    /// Flips the bit again.
    pub fn flip_back(&mut self, flipped: &Flipped) {
        if let Some(byte) = bytes(self, flipped).and_then(|bytes| bytes.get_mut(flipped.byte)) {
            *byte ^= 1 << flipped.bit;
        }
    }
}

/// Place, part and length of everything that can be damaged.
fn parts(store: &Store) -> impl Iterator<Item = (String, Part, usize)> {
    let keys = [(KEYS.to_owned(), Part::Keys, store.keys.len())];
    let objects = store.objects.iter().flat_map(|((bucket, key), object)| {
        let metadata = object.metadata.as_ref().map(|metadata| (path(bucket, key), Part::Metadata, metadata.len()));
        [Some((path(bucket, key), Part::Body, object.body.len())), metadata].into_iter().flatten()
    });
    keys.into_iter().chain(objects)
}

fn bytes<'a>(store: &'a mut Store, flipped: &Flipped) -> Option<&'a mut Vec<u8>> {
    let place = flipped.key.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()));
    match flipped.part {
        Part::Keys => Some(&mut store.keys),
        Part::Body => Some(&mut store.objects.get_mut(&place?)?.body),
        Part::Metadata => store.objects.get_mut(&place?)?.metadata.as_mut(),
    }
}

/// What the bytes decode to, if they are one gzip member with a right trailer and nothing after it.
pub(super) fn content(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoder = GzDecoder::new(Vec::new());
    decoder.write_all(bytes).ok()?;
    decoder.finish().ok()
}

/// The JSON value with its texts, but not the names of its members, in lower case: hexadecimal means the same in both.
fn values(bytes: &[u8]) -> Option<Value> {
    fn lower(value: &mut Value) {
        match value {
            Value::String(text) => text.make_ascii_lowercase(),
            Value::Array(values) => values.iter_mut().for_each(lower),
            Value::Object(members) => members.values_mut().for_each(lower),
            _ => {}
        }
    }
    let mut value = serde_json::from_slice(bytes).ok()?;
    lower(&mut value);
    Some(value)
}
