//! The end of a question before its answer is whole, as by Ctrl-C.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Tells a question that it is to end. Cloned, it is the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    asked: AtomicBool,
    wake: Notify,
}

impl Interrupt {
    /// Ends the question that is being answered.
    pub(crate) fn ask(&self) {
        self.0.asked.store(true, Ordering::SeqCst);
        self.0.wake.notify_waiters();
    }

    /// Forgets what was asked for before this question.
    pub(crate) fn reset(&self) {
        self.0.asked.store(false, Ordering::SeqCst);
    }

    /// Waits for what comes, or for the end: then there is nothing.
    pub(crate) async fn or<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        let wake = self.0.wake.notified();
        tokio::pin!(wake);
        // Whoever asks between here and the waiting is heard.
        wake.as_mut().enable();
        if self.0.asked.load(Ordering::SeqCst) {
            return None;
        }
        tokio::select! {
            value = coming => Some(value),
            () = wake => None,
        }
    }
}
