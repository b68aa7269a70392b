//! Two inventories of the bucket of customer exports, with their manifests.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde_json::json;

use crate::facts::Facts;
use crate::s3_access::Line;
use crate::tree::{Object, Record, gzip};
use crate::world::{EXPORTS, Ids, at, iso, iso_millis};

/// What lies in the bucket at the time: what was written until then by the lines of its own log, and not the lists that
/// the intruder left for an hour.
fn content(lines: &[Line], time: i64) -> BTreeMap<&str, (u64, i64)> {
    let mut found = BTreeMap::new();
    for line in lines.iter().filter(|line| line.bucket == EXPORTS && line.time < time && line.status == 200) {
        if line.operation == "REST.PUT.OBJECT" && line.key.starts_with("exports/") {
            found.insert(line.key.as_str(), (line.size, line.time));
        } else if line.operation == "REST.GET.OBJECT" && line.key.starts_with("exports/2026/03/customers-") {
            // These were there before the logs begin.
            found.insert(line.key.as_str(), (line.size, at("02-20 04:00:00") + line.size as i64 % 80_000));
        }
    }
    found
}

/// Both inventories. `lines` are all of the bucket's log.
pub(crate) fn inventories(lines: &[Line], seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 40);
    let mut objects = Vec::new();
    let last = content(lines, at("05-01 00:00:00"));
    for day in ["04-05", "04-12"] {
        let time = at(&format!("{day} 01:00:00"));
        let there = last.iter().filter(|(_, (_, written))| *written < time);
        let rows: Vec<Record> = there.map(|(key, (size, written))| row(key, *size, *written, &mut ids)).collect();
        let exports = last.keys().filter(|key| key.contains("customers-")).count();
        let name = format!("at_{}", day.replace('-', "_"));
        let value = json!({"keys": rows.len(), "customers": exports, "tmp": 0});
        facts.note(
            "inventory",
            &name,
            "Keys in the inventory, the 40 of customers among them; `tmp/list-…` never",
            value,
        );
        objects.extend(inventory(time, rows, &mut ids));
    }
    objects
}

fn row(key: &str, size: u64, written: i64, ids: &mut Ids) -> Record {
    let tag = ids.hex(32);
    let written = iso_millis(written * 1_000);
    Record::nameless(format!("\"{EXPORTS}\",\"{key}\",\"{size}\",\"{written}\",\"{tag}\",\"STANDARD\",\"SSE-S3\""))
}

fn inventory(time: i64, rows: Vec<Record>, ids: &mut Ids) -> Vec<Object> {
    let prefix = format!("s3-inventory/{EXPORTS}/daily");
    let mut body = String::new();
    rows.iter().for_each(|row| body.push_str(&format!("{}\n", row.text)));
    let body = gzip(body.as_bytes());
    let key = format!("{prefix}/data/{}.csv.gz", ids.uuid());
    let sum = |bytes: &[u8]| Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let manifest = json!({
        "sourceBucket": EXPORTS, "destinationBucket": "arn:aws:s3:::s3-inventory", "version": "2016-11-30",
        "creationTimestamp": (time * 1_000).to_string(), "fileFormat": "CSV",
        "fileSchema": "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, EncryptionStatus",
        "files": [{"key": key.trim_start_matches("s3-inventory/"), "size": body.len(), "MD5checksum": sum(&body)}],
    });
    let folder = format!("{prefix}/{}", iso(time)[..16].replace(':', "-") + "Z");
    let text = format!("{manifest:#}\n");
    let checksum = Object::other(&format!("{folder}/manifest.checksum"), format!("{}\n", sum(text.as_bytes())));
    let record = Record::whole(manifest.to_string());
    vec![
        Object::undated(key, "s3_inventory", body, rows),
        Object::undated(format!("{folder}/manifest.json"), "s3_inventory", text.into_bytes(), vec![record]),
        checksum,
    ]
}
