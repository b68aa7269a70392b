//! How many requests are in flight: as many as allowed, half as many when S3 asks to slow down, and one more for every
//! round that went well.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Answers that were on their way when the pace was cut say nothing about the new one.
const CUT_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// Gives out permits.
pub(crate) struct Throttle {
    most: f64,
    state: Mutex<Slots>,
    freed: Notify,
}

struct Slots {
    limit: f64,
    in_flight: usize,
    last_cut: Option<Instant>,
    cuts: u64,
}

/// The right to send one request; given back when dropped.
pub(crate) struct Permit(Arc<Throttle>);

impl Throttle {
    pub(crate) fn new(most: usize) -> Arc<Throttle> {
        let most = most.max(1) as f64;
        let state = Slots { limit: most, in_flight: 0, last_cut: None, cuts: 0 };
        Arc::new(Throttle { most, state: Mutex::new(state), freed: Notify::new() })
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn permit(self: &Arc<Throttle>) -> Permit {
        loop {
            let freed = self.freed.notified();
            {
                let mut state = self.lock();
                if (state.in_flight as f64) < state.limit.floor().max(1.0) {
                    state.in_flight += 1;
                    return Permit(Arc::clone(self));
                }
            }
            freed.await;
        }
    }

    /// S3 asked to slow down.
    pub(crate) fn slow_down(&self) {
        let mut state = self.lock();
        state.cuts += 1;
        if state.last_cut.is_none_or(|last| last.elapsed() >= CUT_AGAIN_AFTER) {
            state.limit = (state.limit / 2.0).max(1.0);
            state.last_cut = Some(Instant::now());
        }
    }

    /// A request went well.
    pub(crate) fn well(&self) {
        let mut state = self.lock();
        state.limit = (state.limit + 1.0 / state.limit).min(self.most);
    }

    /// Requests in flight, requests allowed, answers that asked to slow down.
    pub(crate) fn figures(&self) -> (usize, usize, u64) {
        let state = self.lock();
        (state.in_flight, state.limit as usize, state.cuts)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.lock().in_flight -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_halved_and_recovers() {
        let throttle = Throttle::new(64);
        throttle.slow_down();
        throttle.slow_down();
        assert_eq!(throttle.figures(), (0, 32, 2), "answers to the same burst count once");
        for _ in 0..64 * 64 {
            throttle.well();
        }
        assert_eq!(throttle.figures().1, 64);
    }
}
