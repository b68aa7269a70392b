//! What lies in the buckets, in memory, until it is written.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::{Error, tree};

/// An object of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// As stored: compressed.
    pub body: Vec<u8>,
    /// The user metadata as a file beside the object has it, bytes because they may be damaged too:
    /// `{"Metadata":{"signature":"<hex>","signature-algorithm":"SHA256withRSA"}}`. `None` if there is no such file.
    pub metadata: Option<Vec<u8>>,
}

/// Buckets, and the list of public keys beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// By bucket and key.
    pub objects: BTreeMap<(String, String), Stored>,
    /// The bytes of `public-keys.json`, in the shape of `aws cloudtrail list-public-keys`.
    pub keys: Vec<u8>,
}

impl Store {
    /// Writes `<dir>/<bucket>/<key>` with `<key>.metadata.json` beside it, and `<dir>/public-keys.json`.
    pub fn write(&self, dir: &Path) -> Result<(), Error> {
        for ((bucket, key), object) in &self.objects {
            let path = path(bucket, key);
            tree::write(dir, &path, &object.body)?;
            if let Some(metadata) = &object.metadata {
                tree::write(dir, &format!("{path}.metadata.json"), metadata)?;
            }
        }
        tree::write(dir, "public-keys.json", &self.keys)
    }

    /// The keys of digests, with their buckets, in order.
    pub fn digests(&self) -> impl Iterator<Item = &(String, String)> {
        self.objects.keys().filter(|(_, key)| is_digest(key))
    }

    /// The keys of log files, with their buckets, in order.
    pub fn logs(&self) -> impl Iterator<Item = &(String, String)> {
        self.objects.keys().filter(|(_, key)| !is_digest(key))
    }

    pub(super) fn put(&mut self, bucket: &str, key: &str, body: Vec<u8>, metadata: Option<&Value>) {
        let metadata = metadata.map(|value| value.to_string().into_bytes());
        self.objects.insert((bucket.to_owned(), key.to_owned()), Stored { body, metadata });
    }

    /// An object that the forge has put there.
    pub(super) fn object(&mut self, bucket: &str, key: &str) -> &mut Stored {
        let place = (bucket.to_owned(), key.to_owned());
        self.objects.get_mut(&place).expect("a fault is made to an object that was put and not removed before")
    }

    pub(super) fn remove(&mut self, bucket: &str, key: &str) {
        self.objects.remove(&(bucket.to_owned(), key.to_owned()));
    }
}

fn is_digest(key: &str) -> bool {
    key.contains("/CloudTrail-Digest/")
}

/// Where an object is, below the folder that the store is written to.
pub(super) fn path(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}
