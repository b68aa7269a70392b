//! What the provider says of an object, kept beside it as `<name>.metadata.json` in the shape of
//! `aws s3api head-object` output: a plain copy of a bucket loses it otherwise.

use std::io::Read;

/// The end of a sidecar's name.
pub(crate) const SUFFIX: &str = ".metadata.json";
/// A file with such a name above this size is no metadata.
pub(crate) const MAX: u64 = 16 << 20;

/// The file that this one is metadata of, by its name.
pub(crate) fn of(name: &str, exists: impl Fn(&str) -> bool) -> Option<&str> {
    let about = name.strip_suffix(SUFFIX)?;
    // Metadata has no metadata.
    let itself = about.strip_suffix(SUFFIX).is_some_and(&exists);
    (exists(about) && !itself).then_some(about)
}

/// Metadata is any JSON object. None if it is anything else or cannot be read: then it is a file like others.
pub(crate) fn read(file: &mut dyn Read) -> Option<serde_json::Value> {
    let mut text = Vec::new();
    match file.take(MAX).read_to_end(&mut text).map(|_| serde_json::from_slice(&text)) {
        Ok(Ok(value @ serde_json::Value::Object(_))) => Some(value),
        _ => None,
    }
}
