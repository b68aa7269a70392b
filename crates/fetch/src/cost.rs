//! What a fetch would come to, before anything is fetched.

use std::collections::BTreeMap;

use crate::list::Listed;
use crate::plan::Pruned;

/// US dollars for a thousand list requests, for a thousand get requests, and for a gigabyte that leaves AWS: the
/// published prices of S3 Standard in us-east-1 (aws.amazon.com/s3/pricing); other regions and classes cost more.
const LIST_PER_THOUSAND: f64 = 0.005;
const GET_PER_THOUSAND: f64 = 0.0004;
const OUT_PER_GB: f64 = 0.09;
/// Retrieval from the classes for rare use, per gigabyte.
const RARE_PER_GB: f64 = 0.01;
/// What is taken for the way to S3: a round trip of 50 ms, and 100 MB/s.
const ROUND_TRIP: f64 = 0.05;
const BYTES_PER_SECOND: f64 = 100e6;

/// What would be fetched.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Estimate {
    /// Objects that are not there yet.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects that are there already.
    pub already: u64,
    /// Objects that the listing showed and that are not wanted.
    pub excluded: u64,
    /// Prefixes that were not listed, and why.
    pub pruned: Vec<Pruned>,
    /// Storage classes: objects and bytes.
    pub classes: BTreeMap<String, (u64, u64)>,
    /// List requests that were sent for this.
    pub list_requests: u64,
    /// Objects that must be restored first.
    pub archived: u64,
    /// Old versions and delete markers among the objects.
    pub old_versions: u64,
    /// Delete markers, which have nothing to fetch.
    pub delete_markers: u64,
}

impl Estimate {
    pub(crate) fn add(&mut self, listed: &Listed) {
        if listed.delete_marker {
            self.delete_markers += 1;
            return;
        }
        self.objects += 1;
        self.bytes += listed.size;
        self.old_versions += u64::from(!listed.latest);
        let class = self.classes.entry(listed.class.clone()).or_default();
        *class = (class.0 + 1, class.1 + listed.size);
        self.archived += u64::from(is_archived(&listed.class));
    }

    /// US dollars: requests, retrieval, and transfer out of AWS (none when fetched within the region).
    pub fn cost(&self) -> (f64, f64, f64) {
        let requests =
            self.list_requests as f64 / 1000.0 * LIST_PER_THOUSAND + self.objects as f64 / 1000.0 * GET_PER_THOUSAND;
        let rare: u64 =
            self.classes.iter().filter(|(class, _)| class.ends_with("_IA")).map(|(_, (_, bytes))| bytes).sum();
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        (requests, gigabytes(rare) * RARE_PER_GB, gigabytes(self.bytes) * OUT_PER_GB)
    }

    /// Seconds, with so many requests in flight, at 50 ms for a round trip and 100 MB/s.
    pub fn seconds(&self, concurrency: usize) -> f64 {
        let requests = self.objects as f64 * ROUND_TRIP / concurrency.max(1) as f64;
        requests.max(self.bytes as f64 / BYTES_PER_SECOND)
    }
}

/// Does an object of this class have to be restored before it can be read?
pub(crate) fn is_archived(class: &str) -> bool {
    matches!(class, "GLACIER" | "DEEP_ARCHIVE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_add_up() {
        let mut estimate = Estimate { list_requests: 10, ..Estimate::default() };
        for class in ["STANDARD", "GLACIER", "STANDARD_IA"] {
            estimate.add(&Listed { size: 1_000_000_000, class: class.to_owned(), latest: true, ..Listed::default() });
        }
        assert_eq!((estimate.objects, estimate.archived), (3, 1));
        let (requests, rare, out) = estimate.cost();
        assert!((requests - 0.000_051_2).abs() < 1e-9 && (rare - 0.01).abs() < 1e-9 && (out - 0.27).abs() < 1e-9);
        assert!((estimate.seconds(64) - 30.0).abs() < 1e-9);
    }
}
