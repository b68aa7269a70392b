//! Which objects are to be ingested, in which order, in which batches.

use std::collections::{HashMap, HashSet};

use coldtrail_evidence::{Entry, Manifest, ObjectKey};
use coldtrail_lake::{Batch, read_columns};
use coldtrail_schema::arrow::array::{Array, RecordBatch, StringArray};
use coldtrail_schema::tables::ledger;

use crate::error::{Error, Result};

/// An object to be ingested.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) entry: Entry,
    pub(crate) key: ObjectKey,
    /// The object that holds the same bytes and comes before this one.
    pub(crate) copy_of: Option<String>,
}

/// Where `evidence_object`, `sha256` and `key` stand in `objects`.
const IDENTITY: [usize; 3] = [0, 1, 3];

/// Everything that is not in the lake yet, by time of delivery and then by key, cut into batches of about
/// `batch_bytes` inflated bytes.
pub(crate) fn plan(manifest: Manifest, lake: &Batch<'_>, batch_bytes: u64) -> Result<Vec<Vec<Task>>> {
    let mut known = HashSet::new();
    let mut first_of = HashMap::new();
    for file in lake.files(&ledger::OBJECTS).map_err(Error::Lake)? {
        for batch in read_columns(&file.path, &IDENTITY).map_err(Error::Lake)? {
            for ((object, sha256), key) in texts(&batch, 0).zip(texts(&batch, 1)).zip(texts(&batch, 2)) {
                first_of.entry((sha256.to_owned(), name(key).to_owned())).or_insert_with(|| object.to_owned());
                known.insert(object.to_owned());
            }
        }
    }
    let mut tasks: Vec<Task> = manifest
        .entries
        .into_iter()
        .filter(|entry| !known.contains(&entry.object))
        .map(|entry| Task { key: ObjectKey::parse(&entry.key), entry, copy_of: None })
        .collect();
    // Objects of one day lie together, so that a batch touches few days.
    tasks.sort_by(|a, b| {
        (a.key.delivery_time, &a.entry.key, &a.entry.sha256).cmp(&(b.key.delivery_time, &b.entry.key, &b.entry.sha256))
    });
    for task in &mut tasks {
        let identity = (task.entry.sha256.clone(), name(&task.entry.key).to_owned());
        let first = first_of.entry(identity).or_insert_with(|| task.entry.object.clone());
        task.copy_of = (*first != task.entry.object).then(|| first.clone());
    }
    let mut batches: Vec<Vec<Task>> = Vec::new();
    let mut bytes = u64::MAX;
    for task in tasks {
        let size = task.entry.inflated_size.max(1024);
        if bytes.saturating_add(size) > batch_bytes {
            batches.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(batch) = batches.last_mut() {
            batch.push(task);
        }
    }
    Ok(batches)
}

/// The last part of a key. The same bytes under the same name are one object collected twice; under another name
/// they may be another delivery of lines that only look alike.
fn name(key: &str) -> &str {
    key.rsplit('/').next().unwrap_or(key)
}

/// The texts of a column; null is empty.
pub(crate) fn texts(batch: &RecordBatch, column: usize) -> impl Iterator<Item = &str> {
    let array = batch.column(column).as_any().downcast_ref::<StringArray>();
    let count = array.map_or(0, Array::len);
    (0..count).map(move |row| array.filter(|a| a.is_valid(row)).map_or("", |a| a.value(row)))
}
