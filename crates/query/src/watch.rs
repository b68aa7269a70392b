//! Limits of a question while it is answered: time, and memory as the system counts it. The engine's own account does
//! not see all: texts and lists that functions make, plans, and what is read of an answer but not yet let go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::interrupt::Interrupt;

/// How often it is looked. Time is counted in looks too: no clock is read.
const EVERY: Duration = Duration::from_millis(50);

/// What may be needed beside what the engine accounts for, whatever the limit is.
const BESIDE: usize = 256 << 20;

/// How long a plan may take where no other time is given.
const PLANNING: Duration = Duration::from_secs(60);

/// What a question may use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Bytes that the engine may account for.
    pub(crate) memory: usize,
    /// How long it may take, its plan included.
    pub(crate) timeout: Option<Duration>,
}

/// Ends a question that goes over its limits, from a thread of its own: those of the engine may all be busy. Cloned, it
/// is the same one; with the last the thread ends.
#[derive(Debug, Clone)]
pub(crate) struct Watch {
    limits: Limits,
    state: Arc<State>,
    /// When nobody is left who could send, the thread ends.
    _done: Arc<Sender<()>>,
}

#[derive(Debug, Default)]
struct State {
    planned: AtomicBool,
    over: OnceLock<Over>,
    end: Interrupt,
}

/// Which limit was passed.
#[derive(Debug, Clone, Copy)]
enum Over {
    Memory { grown: usize },
    Planning,
    Time,
}

impl Watch {
    /// Watches from now on.
    pub(crate) fn start(limits: Limits) -> Result<Watch> {
        let (done, waits) = channel();
        let state = Arc::new(State::default());
        let (watched, before) = (Arc::clone(&state), resident());
        let thread = std::thread::Builder::new().name("watch".to_owned());
        thread.spawn(move || watched.watch(limits, before, &waits)).map_err(Error::NoThread)?;
        Ok(Watch { limits, state, _done: Arc::new(done) })
    }

    /// A plan is being made, for the first time or again.
    pub(crate) fn plans(&self) {
        self.state.planned.store(false, Ordering::SeqCst);
    }

    /// The plan is made, and its first rows are looked for.
    pub(crate) fn has_plan(&self) {
        self.state.planned.store(true, Ordering::SeqCst);
    }

    /// Waits for what comes, or for a limit to be passed: then there is nothing.
    pub(crate) async fn or<T>(&self, coming: impl Future<Output = T>) -> Option<T> {
        self.state.end.or(coming).await
    }

    /// Which limit was passed.
    pub(crate) fn error(&self) -> Error {
        let seconds = self.limits.timeout.unwrap_or(PLANNING).as_secs();
        match self.state.over.get() {
            Some(Over::Memory { grown }) => {
                let what = format!("the program grew by {} MB while it was answered", grown >> 20);
                Error::Memory { limit: self.limits.memory, what, accounted: false }
            }
            Some(Over::Planning) => Error::Planning { seconds },
            Some(Over::Time) | None => Error::Timeout { seconds },
        }
    }
}

impl State {
    fn watch(&self, limits: Limits, before: Option<usize>, done: &Receiver<()>) {
        let most = limits.memory.saturating_add(limits.memory / 2).saturating_add(BESIDE);
        let (mut all, mut planning) = (Duration::ZERO, Duration::ZERO);
        while done.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
            all += EVERY;
            if !self.planned.load(Ordering::SeqCst) {
                planning += EVERY;
            }
            let grown = resident().zip(before).map_or(0, |(now, before)| now.saturating_sub(before));
            let over = match limits.timeout {
                _ if grown > most => Over::Memory { grown },
                Some(timeout) if all > timeout => Over::Time,
                None if planning > PLANNING => Over::Planning,
                _ => continue,
            };
            if self.over.set(over).is_ok() {
                self.end.ask();
            }
            return;
        }
    }
}

/// How much memory the program has that is in no file, where the system tells.
#[cfg(target_os = "linux")]
fn resident() -> Option<usize> {
    let status = fs_err::read_to_string("/proc/self/status").ok()?;
    let kilobytes = field(&status, "RssAnon:").or_else(|| field(&status, "VmRSS:"))?;
    kilobytes.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

#[cfg(target_os = "linux")]
fn field<'s>(status: &'s str, name: &str) -> Option<&'s str> {
    status.lines().find_map(|line| line.strip_prefix(name))
}

#[cfg(not(target_os = "linux"))]
fn resident() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_how_much_there_is() {
        assert!(resident().unwrap() > 100 << 10);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn memory_that_nobody_accounts_for_is_seen() {
        let watch = Watch::start(Limits { memory: 0, timeout: None }).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let held = vec![1_u8; BESIDE + (128 << 20)];
        assert!(runtime.block_on(watch.or(std::future::pending::<()>())).is_none());
        assert!(matches!(watch.error(), Error::Memory { accounted: false, .. }), "{}", watch.error());
        drop(held);
    }

    #[test]
    fn time_is_over_once() {
        let limits = Limits { memory: usize::MAX, timeout: Some(Duration::from_millis(100)) };
        let watch = Watch::start(limits).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let never = std::future::pending::<()>();
        assert!(runtime.block_on(watch.or(never)).is_none());
        assert!(matches!(watch.error(), Error::Timeout { seconds: 0 }), "{}", watch.error());
        assert!(runtime.block_on(watch.or(std::future::ready(1))).is_none(), "what is over stays over");
    }
}
