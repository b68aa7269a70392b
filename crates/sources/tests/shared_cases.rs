//! Cases from public reports, which are not part of the project: what the decoder must make of them.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use coldtrail_evidence::{Limits, open_bytes};

use crate::cases::listed;
use crate::decoded::{Fate, Outcome, decode};

/// The rows of all inputs of the case whose name begins with `number`; none where the cases are absent.
fn rows(number: &str) -> Option<Vec<Row>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/cases");
    let folder = root.is_dir().then(|| listed(&root)).and_then(|all| {
        all.into_iter().find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(number)))
    });
    let Some(folder) = folder else {
        // Not captured, so that a test that looks at nothing says so.
        std::io::stderr().write_all(format!("SKIPPED: there is no case {number}\n").as_bytes()).unwrap();
        return None;
    };
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let mut rows = Vec::new();
    for path in files.iter().filter(|path| !path.ends_with("README.txt")) {
        let mut bytes = Vec::new();
        open_bytes(fs_err::read(path).unwrap(), &Limits::default()).read_to_end(&mut bytes).unwrap();
        let outcome: Outcome = decode(&path.strip_prefix(&folder).unwrap().to_string_lossy(), &bytes, false);
        rows.extend(outcome.seen.into_iter().filter_map(|seen| match seen.fate {
            Fate::Row { cells, .. } => Some(Row(cells)),
            _ => None,
        }));
    }
    assert!(!rows.is_empty(), "the case {number} has rows");
    Some(rows)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in listed(folder) {
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

struct Row(Vec<(&'static str, String)>);

impl Row {
    fn get(&self, column: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| *name == column).map(|(_, text)| text.as_str())
    }
}

#[test]
fn times_are_understood_or_absent() {
    let Some(rows) = rows("04") else { return };
    for row in &rows {
        let wanted = match row.get("eventname") {
            // Which is the month?
            Some("Splunk_text") => None,
            Some("Comma") => Some("2026-03-01T10:00:00.123Z"),
            _ => Some("2026-03-01T10:00:00Z"),
        };
        assert_eq!(row.get("event_time"), wanted, "{:?}", row.get("eventname"));
    }
}

#[test]
fn an_error_code_of_any_type_is_no_success() {
    let Some(rows) = rows("08") else { return };
    for row in &rows {
        let name = row.get("eventname").unwrap();
        if name.starts_with("Code") || name == "MessageOnly" {
            assert_eq!(row.get("error_class"), Some("denied"), "{name}");
        }
        assert_eq!(row.get("useridentity_arn"), Some("arn:aws:iam::111122223333:user/alice"), "{name}");
        if name == "RequestText" {
            assert_eq!(row.get("requestparameters"), Some("{\"bucketName\": \"secret-bucket\"}"));
            assert_eq!(row.get("resources"), Some("[arn:aws:s3:::secret-bucket]"));
        }
    }
}

#[test]
fn people_without_arn_are_not_one() {
    let Some(rows) = rows("03") else { return };
    let of = |session: Option<&str>| rows.iter().filter(|row| row.get("session_id") == session).count();
    assert_eq!(of(Some("111122223333/94482488-3041-7000-aaaa-111111111111")), 2);
    assert_eq!(of(Some("111122223333/94482488-3041-7000-bbbb-222222222222")), 3);
    assert_eq!(of(None), 2, "sign-ins of nobody known");
}

#[test]
fn keys_of_the_access_log_are_those_of_cloudtrail() {
    let Some(rows) = rows("07") else { return };
    let wanted = ["q1 final+v2.csv", "say \"hi\".txt", "100%.txt", "\u{e4}rger.txt", "plain.csv", "old %41.txt"];
    for name in rows.iter().filter_map(|row| row.get("key_decoded")) {
        assert!(wanted.contains(&name), "{name}");
    }
    let object = "arn:aws:s3:::exports/q1 final+v2.csv";
    let naming = rows.iter().filter(|row| row.get("resources").is_some_and(|all| all.contains(object))).count();
    assert_eq!(naming, 3, "the read, the deletion, and CloudTrail's event");
}

#[test]
fn the_source_half_of_a_copy_is_a_read() {
    let Some(rows) = rows("21") else { return };
    let reads: Vec<&Row> = rows.iter().filter(|row| row.get("action") == Some("read")).collect();
    assert_eq!(reads.len(), 7);
    assert!(reads.iter().all(|row| row.get("is_write") == Some("false")));
    let bytes: u64 =
        reads.iter().filter_map(|row| row.get("bytes_read")).map(|text| text.parse::<u64>().unwrap()).sum();
    assert_eq!(bytes, 5 * 5000 + 100);
}
