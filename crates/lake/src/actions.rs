//! What stands in a Delta log about a file: the actions that put it in and take it out, and reading them back.

use std::collections::HashMap;
use std::path::Path;

use coldtrail_schema::column::DATE;
use coldtrail_schema::tables::common::EVENT_TIME;
use coldtrail_schema::{Kind, Table};
use deltalake_core::kernel::{Add, ArrayType, DataType, PrimitiveType, Remove};
use jiff::civil::{Date, date};
use jiff::{SpanRound, Timestamp, ToSpan, Unit};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::checked::Blocks;
use crate::files::LakeFile;
use crate::parquet_output::NewFile;

/// The tag with the SHA-256 of a file, and that with the hashes of its blocks.
const SHA256: &str = "sha256";
const BLOCKS: &str = "blocks";

const EPOCH: Date = date(1970, 1, 1);

/// `YYYY-MM-DD` of a day since 1970; none for days that no calendar has.
pub(crate) fn day_text(days: i32) -> Option<String> {
    EPOCH.checked_add(days.days()).ok().map(|day| day.to_string())
}

/// The day since 1970 of `YYYY-MM-DD`.
fn day_of(text: &str) -> Option<i32> {
    let day: Date = text.parse().ok()?;
    day.since(EPOCH)
        .and_then(|span| span.round(SpanRound::new().largest(Unit::Day).days_are_24_hours()))
        .ok()
        .map(|span| span.get_days())
}

/// The type of a column in Delta's schema.
pub(crate) fn delta_type(kind: Kind) -> DataType {
    let primitive = match kind {
        Kind::Text | Kind::Id | Kind::Key | Kind::Json => PrimitiveType::String,
        Kind::Int | Kind::Hash => PrimitiveType::Long,
        Kind::Real => PrimitiveType::Double,
        Kind::Flag => PrimitiveType::Boolean,
        Kind::Time => PrimitiveType::Timestamp,
        Kind::Bytes => PrimitiveType::Binary,
        Kind::Date => PrimitiveType::Date,
        Kind::Texts => return ArrayType::new(DataType::Primitive(PrimitiveType::String), true).into(),
    };
    DataType::Primitive(primitive)
}

/// Puts a file into its table.
pub(crate) fn add(file: &NewFile) -> Add {
    let mut stats = json!({ "numRecords": file.rows });
    // Delta's statistics have milliseconds: the range is widened to them.
    let range = file.times.and_then(|(first, last)| {
        let last = last.div_euclid(1000) + i64::from(last.rem_euclid(1000) > 0);
        instant_text(first.div_euclid(1000)).zip(instant_text(last))
    });
    if let Some((first, last)) = range {
        stats["minValues"] = json!({ EVENT_TIME: first });
        stats["maxValues"] = json!({ EVENT_TIME: last });
    }
    let partition = file.table.is_event().then(|| (DATE.name.to_owned(), file.date.and_then(day_text)));
    Add {
        path: file.path.clone(),
        partition_values: partition.into_iter().collect(),
        size: file.size as i64,
        // No clock: the same evidence gives the same lake.
        modification_time: 0,
        data_change: true,
        stats: Some(stats.to_string()),
        tags: Some(HashMap::from([
            (SHA256.to_owned(), Some(file.sha256.clone())),
            (BLOCKS.to_owned(), Some(file.blocks.text())),
        ])),
        ..Add::default()
    }
}

/// Takes a file out again.
pub(crate) fn remove(add: Add) -> Remove {
    Remove {
        path: add.path,
        data_change: true,
        deletion_timestamp: Some(0),
        extended_file_metadata: Some(true),
        partition_values: Some(add.partition_values),
        size: Some(add.size),
        tags: add.tags,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
    }
}

/// The path of a file below its table's directory, as [`NewFile`] has it: Delta's are percent-encoded.
pub(crate) fn plain_path(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// What a log says about a file.
pub(crate) fn lake_file(table: &'static Table, directory: &Path, add: &Add) -> LakeFile {
    let stats: Value = add.stats.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let time = |which: &str| stats.get(which)?.get(EVENT_TIME)?.as_str().and_then(instant_of);
    let tag = |name| add.tags.as_ref().and_then(|tags| tags.get(name)?.as_deref());
    let date = add.partition_values.get(DATE.name).and_then(Option::as_deref);
    LakeFile {
        table,
        path: directory.join(plain_path(&add.path)),
        size: add.size as u64,
        rows: stats.get("numRecords").and_then(Value::as_u64).unwrap_or(0),
        date: date.and_then(day_of),
        times: time("minValues").zip(time("maxValues")),
        sha256: tag(SHA256).unwrap_or_default().to_owned(),
        blocks: Blocks::parse(tag(BLOCKS).unwrap_or_default()),
    }
}

/// An instant in milliseconds since 1970 as Delta's statistics write it.
fn instant_text(millis: i64) -> Option<String> {
    let instant = Timestamp::from_millisecond(millis).ok()?;
    Some(instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

/// Microseconds of an instant that [`instant_text`] wrote.
fn instant_of(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_and_days_survive_statistics() {
        for micros in [0, 1_636_967_484_624_000, -1_000, 4_102_444_800_000_000] {
            assert_eq!(instant_text(micros / 1000).as_deref().and_then(instant_of), Some(micros));
        }
        assert_eq!(instant_text(0).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(day_text(0).as_deref(), Some("1970-01-01"));
        assert_eq!(day_text(20_000).as_deref(), Some("2024-10-04"));
        for day in [-1, 0, 59, 60, 13_149, 20_000, 47_481] {
            assert_eq!(day_text(day).as_deref().and_then(day_of), Some(day));
        }
    }
}
