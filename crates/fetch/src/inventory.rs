//! An S3 Inventory file in place of a listing.

use std::io::BufReader;
use std::path::Path;

use coldtrail_evidence::{Limits, open_bytes};
use fs_err as fs;
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};
use crate::list::Listed;

/// Calls `each` with every object of the bucket in a CSV inventory, packed or not. `schema` names the columns, as
/// `fileSchema` of the inventory's manifest does: `Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, …`.
pub(crate) fn read(path: &Path, schema: &str, bucket: &str, each: &mut dyn FnMut(Listed)) -> Result<()> {
    let failed = |line: u64, message: String| Error::Inventory { path: path.to_path_buf(), line, message };
    let columns: Vec<String> = schema.split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    let column = |names: &[&str]| columns.iter().position(|column| names.contains(&column.as_str()));
    let key = column(&["key"]).ok_or_else(|| failed(0, "the schema has no `Key`".to_owned()))?;
    let of_bucket = column(&["bucket"]);
    let (size, etag, class) =
        (column(&["size"]), column(&["etag", "e_tag"]), column(&["storageclass", "storage_class"]));
    let modified = column(&["lastmodifieddate", "last_modified_date"]);
    let version = column(&["versionid", "version_id"]);
    let (latest, marker) = (column(&["islatest", "is_latest"]), column(&["isdeletemarker", "is_delete_marker"]));
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
    let opened = BufReader::new(open_bytes(bytes, &Limits::default()));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(opened);
    for record in reader.records() {
        let record =
            record.map_err(|error| failed(error.position().map_or(0, csv::Position::line), error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let text = |at: Option<usize>| at.and_then(|at| record.get(at)).filter(|text| !text.is_empty());
        if text(of_bucket).is_some_and(|name| name != bucket) {
            continue;
        }
        let Some(name) = text(Some(key)) else {
            return Err(failed(line, "there is no key in this line".to_owned()));
        };
        // Keys stand URL-encoded in inventories, like in a form.
        let name = percent_decode_str(&name.replace('+', " ")).decode_utf8_lossy().into_owned();
        let bytes = match text(size).map(str::parse) {
            None => 0,
            Some(Ok(bytes)) => bytes,
            Some(Err(_)) => return Err(failed(line, format!("`{}` is no size", text(size).unwrap_or_default()))),
        };
        let is = |at: Option<usize>| text(at).map(|text| text.eq_ignore_ascii_case("true"));
        each(Listed {
            key: name,
            size: bytes,
            etag: text(etag).map(|etag| format!("\"{}\"", etag.trim_matches('"'))).unwrap_or_default(),
            modified: text(modified).map(str::to_owned),
            class: text(class).unwrap_or("STANDARD").to_owned(),
            version: text(version).map(str::to_owned),
            latest: is(latest).unwrap_or(true),
            delete_marker: is(marker).unwrap_or(false),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn lines_become_objects() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inventory.csv");
        let text = "\"b\",\"a%2Bb+c\",\"v1\",\"true\",\"false\",\"12\",\"2026-03-01T00:00:00.000Z\",\"abc\",\"GLACIER\"\n\"other\",\"x\",\"\",\"true\",\"false\",\"1\",\"\",\"\",\"\"\n";
        fs::write(&path, text).unwrap();
        let mut found = Vec::new();
        let schema = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag, StorageClass";
        read(&path, schema, "b", &mut |listed| found.push(listed)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].key.as_str(), found[0].size, found[0].etag.as_str()), ("a+b c", 12, "\"abc\""));
        assert_eq!(found[0].class, "GLACIER");
        fs::write(&path, "b,k,v,true,false,many\n").unwrap();
        let error = read(&path, schema, "b", &mut |_| {}).unwrap_err();
        assert!(error.to_string().contains("line 1") && error.hint().is_some(), "{error}");
    }
}
