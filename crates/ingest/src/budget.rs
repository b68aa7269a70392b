//! How long an object may take. A log can be written so that it is read slowly, and all others wait behind it.

use std::time::{Duration, Instant};

/// For so many bytes more it may take as long again.
const BYTES: u64 = 60 << 20;

/// The time of one object, which grows with what came out of it.
pub(crate) struct Budget {
    begun: Instant,
    time: Duration,
    bytes: u64,
    /// Was it found to be spent?
    pub(crate) is_spent: bool,
}

impl Budget {
    pub(crate) fn begin(time: Duration) -> Budget {
        Budget { begun: Instant::now(), time, bytes: 0, is_spent: false }
    }

    /// So many bytes came out.
    pub(crate) fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    pub(crate) fn check(&mut self) -> bool {
        self.is_spent = self.begun.elapsed() >= allowed(self.time, self.bytes);
        self.is_spent
    }

    /// The same in every run with this limit, so that the ledger says nothing new about the same object.
    pub(crate) fn reason(&self) -> String {
        format!("over the limit of time: {:?}, and a sixtieth of it for each MiB; the rest was not read", self.time)
    }
}

/// How long so many bytes may take.
fn allowed(time: Duration, bytes: u64) -> Duration {
    let more = time.as_nanos().saturating_mul(u128::from(bytes)) / u128::from(BYTES);
    time.saturating_add(Duration::from_nanos(u64::try_from(more).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_for_each_mib() {
        let minute = Duration::from_secs(60);
        assert_eq!(allowed(minute, 0), minute);
        assert_eq!(allowed(minute, 10 << 20), Duration::from_secs(70));
        assert_eq!(allowed(Duration::from_secs(600), 1 << 20), Duration::from_secs(610));
        assert_eq!(allowed(Duration::ZERO, 1 << 40), Duration::ZERO);
        assert!(allowed(Duration::MAX, u64::MAX) == Duration::MAX);
    }
}
