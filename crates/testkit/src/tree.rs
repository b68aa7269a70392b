//! The objects that are going to be written, with the records in each, and gzip.

use std::io::Write;
use std::path::Path;

use flate2::{Compression, GzBuilder};

use crate::Error;

/// One log entry of an object.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Minified JSON, or the line: what makes two records equal.
    pub(crate) text: String,
    /// Not readable: a reject.
    pub(crate) broken: bool,
    /// Never counted as a duplicate, because real ones without an id look alike.
    pub(crate) never_duplicate: bool,
    /// The table of its row, where that is not the one of the object's source: CloudWatch Logs carries logs of others.
    pub(crate) table: Option<&'static str>,
}

impl Record {
    pub(crate) fn whole(text: impl Into<String>) -> Record {
        Record { text: text.into(), broken: false, never_duplicate: false, table: None }
    }

    pub(crate) fn broken(text: impl Into<String>) -> Record {
        Record { broken: true, ..Record::whole(text) }
    }

    /// One that has no id: two that are equal may be two that happened.
    pub(crate) fn nameless(text: impl Into<String>) -> Record {
        Record { never_duplicate: true, ..Record::whole(text) }
    }

    /// One that is a row of another table than that of its object's source.
    pub(crate) fn of_table(table: &'static str, text: impl Into<String>) -> Record {
        Record { table: Some(table), ..Record::whole(text) }
    }
}

/// One file of the tree. `source` is empty where no source should recognise it.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) source: &'static str,
    /// When it was delivered, as 14 digits, from its key; orders objects when duplicates are counted.
    pub(crate) delivered: String,
    pub(crate) body: Vec<u8>,
    pub(crate) records: Vec<Record>,
}

impl Object {
    pub(crate) fn new(key: String, source: &'static str, delivered: i64, body: Vec<u8>, records: Vec<Record>) -> Self {
        let delivered = crate::world::dashed(delivered).replace('-', "");
        Object { key, source, delivered, body, records }
    }

    /// One whose key tells no time: it comes after all that have one.
    pub(crate) fn undated(key: String, source: &'static str, body: Vec<u8>, records: Vec<Record>) -> Object {
        Object { key, source, delivered: "~".to_owned(), body, records }
    }

    /// Lines, each of them a record; compressed where the key ends in `.gz`.
    pub(crate) fn of_lines(
        key: String,
        source: &'static str,
        delivered: i64,
        head: &str,
        records: Vec<Record>,
    ) -> Self {
        let mut body = head.to_owned();
        for record in &records {
            body.push_str(&record.text);
            body.push('\n');
        }
        let body = if key.ends_with(".gz") { gzip(body.as_bytes()) } else { body.into_bytes() };
        Object::new(key, source, delivered, body, records)
    }

    /// A file that is no log, or that nothing should recognise.
    pub(crate) fn other(key: &str, body: impl Into<Vec<u8>>) -> Object {
        Object { key: key.to_owned(), source: "", delivered: String::new(), body: body.into(), records: Vec::new() }
    }
}

/// gzip with no name and no time, so that the same input gives the same bytes.
pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    gzip_level(data, Vec::new(), 9)
}

pub(crate) fn gzip_level(data: &[u8], out: Vec<u8>, level: u32) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(out, Compression::new(level));
    encoder.write_all(data).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// A gzip stream that ends early: everything before `cut` can be inflated, by every decoder, and little after it.
pub(crate) fn gzip_truncated(data: &[u8], cut: usize) -> Vec<u8> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::new(9));
    encoder.write_all(&data[..cut]).expect("a vector takes all");
    encoder.flush().expect("a vector takes all");
    let keep = encoder.get_ref().len();
    encoder.write_all(&data[cut..]).expect("a vector takes all");
    let mut out = encoder.finish().expect("a vector takes all");
    out.truncate((keep + 3).min(out.len()));
    out
}

/// Two members, with the border in the middle of the data (so in the middle of a record).
pub(crate) fn gzip_two_members(data: &[u8]) -> Vec<u8> {
    let (left, right) = data.split_at(data.len() / 2);
    let mut out = gzip(left);
    out.extend(gzip(right));
    out
}

pub(crate) fn write(root: &Path, key: &str, body: &[u8]) -> Result<(), Error> {
    let path = root.join(key);
    let place = |source| Error::Write { path: path.clone(), source };
    if let Some(parent) = path.parent() {
        fs_err::create_dir_all(parent).map_err(place)?;
    }
    fs_err::write(&path, body).map_err(place)
}
