//! S3 Inventory: lists of objects as CSV without a header or as Parquet, and manifests in JSON.
//!
//! The columns of a list in CSV stand in its manifest, which is another object. They are told here by the values:
//! columns come in one order, whichever of them were chosen, and nearly all can be told by the form of their values. An
//! empty cell is null whichever column it is of; a value that fits no column is kept by its place.

mod cells;

use std::borrow::Cow;

use coldtrail_schema::tables::s3_inventory::{self, S3InventoryRow, S3InventoryRows};
use coldtrail_schema::{Common, Pivots, Rows, partition};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::fields::{Extra, Fields, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Value};
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject};
use crate::time::{self, Years};
use cells::{Cells, Column};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "s3_inventory",
    title: "S3 inventories",
    table: &s3_inventory::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => cells::claims(head),
        Framing::Parquet => recognise::any_framed(head, framing, is_object),
        Framing::Json => begins_manifest(head) || recognise::any_record(head, is_manifest),
        Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<InventoryDecoder>::default(),
};

fn is_manifest(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some();
    has("sourceBucket") && has("fileFormat") && has("fileSchema") && has("files")
}

/// A manifest of many files does not fit into the head, and one may be cut; the first members tell.
fn begins_manifest(head: &Head<'_>) -> bool {
    let first = head.bytes.get(..2048).unwrap_or(head.bytes);
    let names = ["\"sourceBucket\"", "\"destinationBucket\"", "\"fileFormat\"", "\"fileSchema\""];
    names.iter().all(|name| memchr::memmem::find(first, name.as_bytes()).is_some())
}

/// A row of a list in Parquet. Tables of S3 Metadata, which list changes, have more columns.
fn is_object(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some();
    let told = ["last_modified_date", "e_tag", "storage_class", "is_delete_marker"];
    has("bucket") && has("key") && !has("record_type") && told.iter().any(|name| has(name))
}

#[derive(Default)]
struct InventoryDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    rows: S3InventoryRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for InventoryDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = InventoryDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..InventoryDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let mut extra = Fields::of(record, self.years).extra;
        if record.tape.is_empty() {
            let cells = Cells::of_line(record.text, &mut extra)?;
            self.object(record, cells, extra, true);
            return Ok(Decoded::Row);
        }
        let root = record.json();
        if is_manifest(root) {
            return self.manifest(record, extra);
        }
        if !is_object(root) {
            return Err(Reject::new("neither an object of an inventory nor a manifest"));
        }
        let cells = Cells::of_object(root, &mut extra)?;
        self.object(record, cells, extra, false);
        Ok(Decoded::Row)
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

impl InventoryDecoder {
    fn object(&mut self, record: &Record<'_>, cells: Cells<'_>, mut extra: Extra, encoded: bool) {
        let e = &mut extra;
        let modified = moment(&cells, Column::last_modified_date, Some(self.years), e);
        let acl = access_control_list(&cells, e);
        let key_decoded = cells.text(Column::key).map(|key| if encoded { decoded(key) } else { Cow::Borrowed(key) });
        let owner = cells.text(Column::object_owner);
        self.pivots.clear();
        self.name(cells.text(Column::bucket), key_decoded.as_deref());
        owner.filter(|owner| *owner != "UNAVAILABLE").into_iter().for_each(|owner| self.pivots.actors.push(owner));
        if let Some((text, tape)) = &acl {
            let grants = tape.root(text).get("grants");
            for grantee in grants.iter().flat_map(Value::items).filter_map(|grant| grant.get("canonicalId")?.text()) {
                self.pivots.actors.push(&grantee);
            }
        }
        let text = |column| cells.text(column).map(Cow::Borrowed);
        let row = S3InventoryRow {
            inventory_record: Some(Cow::Borrowed("object")),
            bucket: text(Column::bucket),
            key: text(Column::key),
            key_decoded,
            version_id: text(Column::version_id),
            is_latest: flag(&cells, Column::is_latest, e),
            is_delete_marker: flag(&cells, Column::is_delete_marker, e),
            size: number(&cells, Column::size, e),
            last_modified_date: modified,
            e_tag: text(Column::e_tag),
            storage_class: text(Column::storage_class),
            is_multipart_uploaded: flag(&cells, Column::is_multipart_uploaded, e),
            replication_status: text(Column::replication_status),
            encryption_status: text(Column::encryption_status),
            object_lock_retain_until_date: moment(&cells, Column::object_lock_retain_until_date, None, e),
            object_lock_mode: text(Column::object_lock_mode),
            object_lock_legal_hold_status: text(Column::object_lock_legal_hold_status),
            intelligent_tiering_access_tier: text(Column::intelligent_tiering_access_tier),
            bucket_key_status: text(Column::bucket_key_status),
            checksum_algorithm: text(Column::checksum_algorithm),
            object_access_control_list: acl.as_ref().map(|(json, _)| Cow::Borrowed(json.as_str())),
            object_owner: owner.map(Cow::Borrowed),
            manifest: None,
            extra: extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: modified,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash: json_hash("", record.text, record.tape, &mut self.scratch),
            // The next inventory says the same of an object that is still there.
            unique: false,
        };
        self.rows.push(&common, &row);
    }

    /// The bucket and the object, as ARNs.
    fn name(&mut self, bucket: Option<&str>, key: Option<&str>) {
        let Some(bucket) = bucket else { return };
        let partition = self.region.as_deref().map_or(partition::COMMERCIAL, partition::of_region);
        let mut arn = format!("arn:{partition}:s3:::{bucket}");
        self.pivots.resources.push(&arn);
        if let Some(key) = key {
            arn.extend(["/", key]);
            self.pivots.resources.push(&arn);
        }
    }

    fn manifest(&mut self, record: &Record<'_>, mut extra: Extra) -> Result<Decoded, Reject> {
        let root = record.json();
        let bucket = root.get("sourceBucket").and_then(|bucket| bucket.text());
        let Some(bucket) = bucket else { return Err(Reject::field("sourceBucket", "no text")) };
        let created = root.get("creationTimestamp");
        let event_time = created
            .and_then(|created| time::read(&created.text().unwrap_or(Cow::Borrowed(created.raw()))))
            .map(|instant| instant.micros)
            .filter(|micros| self.years.hold(*micros));
        if event_time.is_none() {
            extra.misfit(&["eventTime"], created.map_or("null", |created| created.raw()));
        }
        self.pivots.clear();
        self.name(Some(&bucket), None);
        root.get("destinationBucket").and_then(|arn| arn.text()).iter().for_each(|arn| self.pivots.classify(arn));
        let row = S3InventoryRow {
            inventory_record: Some(Cow::Borrowed("manifest")),
            bucket: Some(bucket),
            manifest: Some(Cow::Borrowed(root.raw())),
            extra: extra.finish(&mut self.mistyped).map(Cow::Owned),
            ..nothing()
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash: json_hash("", record.text, record.tape, &mut self.scratch),
            // It names its files.
            unique: true,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

fn nothing<'a>() -> S3InventoryRow<'a> {
    S3InventoryRow {
        inventory_record: None,
        bucket: None,
        key: None,
        key_decoded: None,
        version_id: None,
        is_latest: None,
        is_delete_marker: None,
        size: None,
        last_modified_date: None,
        e_tag: None,
        storage_class: None,
        is_multipart_uploaded: None,
        replication_status: None,
        encryption_status: None,
        object_lock_retain_until_date: None,
        object_lock_mode: None,
        object_lock_legal_hold_status: None,
        intelligent_tiering_access_tier: None,
        bucket_key_status: None,
        checksum_algorithm: None,
        object_access_control_list: None,
        object_owner: None,
        manifest: None,
        extra: None,
    }
}

/// The name of an object as lists in CSV write it: as forms are.
fn decoded(key: &str) -> Cow<'_, str> {
    match key.contains(['%', '+']) {
        false => Cow::Borrowed(key),
        true => Cow::Owned(percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()),
    }
}

fn flag(cells: &Cells<'_>, column: Column, extra: &mut Extra) -> Option<bool> {
    let text = cells.text(column)?;
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => misfit(column, text, extra),
    }
}

fn number(cells: &Cells<'_>, column: Column, extra: &mut Extra) -> Option<i64> {
    let text = cells.text(column)?;
    text.parse().ok().or_else(|| misfit(column, text, extra))
}

/// A time, of these years where it is one of the past.
fn moment(cells: &Cells<'_>, column: Column, years: Option<Years>, extra: &mut Extra) -> Option<i64> {
    let text = cells.text(column)?;
    let read = time::read(text).filter(|instant| years.is_none_or(|years| years.hold(instant.micros)));
    let Some(instant) = read else { return misfit(column, text, extra) };
    // Parquet has no zone; all else from which the text could not be made again is kept.
    if !instant.canonical && !time::iso(&format!("{text}Z")).is_some_and(|zoned| zoned.canonical) {
        extra.put(&[Cells::name(column)], &json_string(text));
    }
    Some(instant.micros)
}

#[cold]
fn misfit<T>(column: Column, text: &str, extra: &mut Extra) -> Option<T> {
    extra.misfit(&[Cells::name(column)], &json_string(text));
    None
}

/// The document that is written in Base64, with its tokens.
fn access_control_list(cells: &Cells<'_>, extra: &mut Extra) -> Option<(String, Tape)> {
    let text = cells.text(Column::object_access_control_list)?;
    let document = if text.starts_with('{') { Some(text.to_owned()) } else { base64(text) };
    let mut tape = Tape::default();
    match document.filter(|json| tape.read(json.as_bytes()) == Ok(json.len())) {
        Some(json) => Some((json, tape)),
        None => misfit(Column::object_access_control_list, text, extra),
    }
}

/// <https://www.rfc-editor.org/rfc/rfc4648#section-4>
fn base64(text: &str) -> Option<String> {
    let text = text.trim_end_matches('=');
    let mut out = Vec::with_capacity(text.len() / 4 * 3 + 2);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    String::from_utf8(out).ok()
}
