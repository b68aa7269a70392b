//! Members that change without anybody changing anything.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::path;

/// What changes by itself: resource types and paths, as CSV with a header.
pub static DATA: &str = include_str!("volatile.csv");

/// For each resource type (`*`: all of them) the beginnings of paths, in lower case and without labels.
static VOLATILE: LazyLock<HashMap<&str, Vec<String>>> = LazyLock::new(|| {
    let mut table: HashMap<&str, Vec<String>> = HashMap::new();
    for line in DATA.lines().skip(1) {
        if let Some((resource_type, path)) = line.split_once(',') {
            table.entry(resource_type).or_default().push(path.to_ascii_lowercase());
        }
    }
    table
});

/// Does what stands at the path change by itself: times of last use, counters, times that a service
/// moves on? Paths are those of [`crate::diff`] under `configuration` and `supplementaryConfiguration`.
pub fn is_volatile(resource_type: &str, path: &str) -> bool {
    let mut known = [resource_type, "*"].into_iter().filter_map(|name| VOLATILE.get(name)).flatten().peekable();
    if known.peek().is_none() {
        return false;
    }
    let path = path::without_labels(path);
    known.any(|prefix| {
        path.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}
