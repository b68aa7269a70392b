//! Inventories: whatever an object is called, its line is one row, and no column is shifted.

use proptest::prelude::*;

use crate::decoded::{Fate, decode};

const HASH: &str = "d41d8cd98f00b204e9800998ecf8427e";
const OWNER: &str = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be";

/// As lists in CSV write a key.
fn encoded(key: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._".contains(&byte);
    key.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn key() -> impl Strategy<Value = String> {
    any::<String>().prop_filter("a key is no empty text", |key| !key.is_empty())
}

/// The columns that were chosen, with the values of one object.
fn columns(size: u64, all: bool) -> Vec<(&'static str, String)> {
    let text = |column, value: &str| (column, value.to_owned());
    vec![
        ("size", size.to_string()),
        text("last_modified_date", "2026-03-02T04:00:00Z"),
        text("e_tag", if all { "d41d8cd98f00b204e9800998ecf8427e-3" } else { HASH }),
        text("storage_class", if all { "DEEP_ARCHIVE" } else { "STANDARD" }),
        text("is_multipart_uploaded", if all { "true" } else { "false" }),
        text("replication_status", if all { "REPLICA" } else { "" }),
        text("encryption_status", "SSE-S3"),
        text("object_lock_retain_until_date", if all { "2126-03-02T04:00:00Z" } else { "" }),
        text("object_lock_mode", if all { "GOVERNANCE" } else { "" }),
        text("object_lock_legal_hold_status", if all { "ON" } else { "" }),
        text("intelligent_tiering_access_tier", if all { "ARCHIVE" } else { "" }),
        text("bucket_key_status", if all { "ENABLED" } else { "" }),
        text("checksum_algorithm", if all { "SHA256" } else { "" }),
        text("object_owner", OWNER),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_a_row_with_its_columns(
        objects in proptest::collection::vec((key(), any::<u32>()), 1..8),
        chosen in proptest::collection::vec(any::<bool>(), 14),
        versions: bool, all: bool, crlf: bool,
    ) {
        // What makes such a list certain.
        let chosen: Vec<bool> = chosen.iter().enumerate().map(|(at, chosen)| at < 2 || *chosen).collect();
        let mut text = String::new();
        let mut wanted = Vec::new();
        for (key, size) in &objects {
            let mut cells = vec![("bucket", "example-bucket".to_owned()), ("key", encoded(key))];
            if versions {
                cells.extend([
                    ("version_id", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH".to_owned()),
                    ("is_latest", "true".to_owned()),
                    ("is_delete_marker", "false".to_owned()),
                ]);
            }
            let columns = columns(u64::from(*size), all);
            cells.extend(columns.into_iter().zip(&chosen).filter(|(_, on)| **on).map(|(cell, _)| cell));
            let line: Vec<String> = cells.iter().map(|(_, value)| format!("\"{value}\"")).collect();
            text.push_str(&line.join(","));
            text.push_str(if crlf { "\r\n" } else { "\n" });
            cells.push(("key_decoded", key.clone()));
            wanted.push(cells);
        }
        let outcome = decode("data/list.csv", text.as_bytes(), false);
        prop_assert_eq!(outcome.source.map(|source| source.name), Some("s3_inventory"));
        prop_assert_eq!((outcome.seen.len(), outcome.rejects().count()), (objects.len(), 0));
        for (seen, wanted) in outcome.seen.iter().zip(&wanted) {
            let Fate::Row { cells, .. } = &seen.fate else { panic!("no row") };
            for (column, value) in wanted {
                let found = cells.iter().find(|(name, _)| name == column).map_or("", |(_, text)| text.as_str());
                prop_assert_eq!(found, value.as_str(), "{}", column);
            }
            prop_assert!(cells.iter().all(|(name, _)| *name != "extra"));
        }
    }
}
