//! A sign of life on standard error while a question is being answered, for whoever waits longer than a second.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::settings::Settings;

/// The one that is shown. Whatever is written takes it away first, so that no line of an answer lies below it.
static SHOWN: Mutex<Option<Sign>> = Mutex::new(None);

struct Sign {
    done: Sender<()>,
    thread: JoinHandle<()>,
}

/// From a second on it is shown how long the question takes, until [`stop`].
pub(crate) fn start(settings: &Settings) {
    if !settings.progress {
        return;
    }
    stop();
    let (done, waits) = channel();
    let thread = std::thread::spawn(move || {
        // It ends when something comes, and when nobody is left who could send.
        let is_over = |time| waits.recv_timeout(time) != Err(std::sync::mpsc::RecvTimeoutError::Timeout);
        let sign = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {msg}") {
            sign.set_style(style);
        }
        if is_over(Duration::from_secs(1)) {
            return;
        }
        sign.set_message("looking; Ctrl-C ends it");
        while !is_over(Duration::from_millis(100)) {
            sign.tick();
        }
        sign.finish_and_clear();
    });
    *SHOWN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sign { done, thread });
}

/// Takes the sign away, if there is one.
pub(crate) fn stop() {
    let Some(Sign { done, thread }) = SHOWN.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
    drop(done);
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}
