//! Standard output: through the pager once there is more than a screen full of it, and a person reads it.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::Result;

use crate::settings::{Pager, Settings};

/// Takes what is printed; [`Screen::finish`] must be called at the end.
pub(crate) struct Screen {
    pager: Option<Pager>,
    rows: usize,
    lines: usize,
    to: To,
}

enum To {
    /// Nothing is out yet: it may still fit on the screen.
    Waiting(Vec<u8>),
    Stdout(BufWriter<io::Stdout>),
    Pager(Child, BufWriter<ChildStdin>),
}

impl Screen {
    pub(crate) fn new(settings: &Settings) -> Screen {
        let rows = usize::from(console::Term::stdout().size().0);
        Screen { pager: settings.pager.clone(), rows, lines: 0, to: To::Waiting(Vec::new()) }
    }

    /// Sees to it that everything is out, and that the pager was left. What became of writing is handed on, but for a
    /// pager that was left early, which is no error.
    pub(crate) fn finish(mut self, written: Result<(), impl Into<anyhow::Error>>) -> Result<()> {
        // What was written before it failed is shown too.
        let flushed = self.settle().and_then(|()| self.flush());
        let written = written.map_err(Into::into).and_then(|()| Ok(flushed?));
        let To::Pager(mut child, stdin) = self.to else { return written };
        // Its input ends, so that it can end.
        drop(stdin);
        child.wait()?;
        match written {
            Err(error) if is_broken_pipe(&error) => Ok(()),
            other => other,
        }
    }

    /// Decides where it goes, if that is open.
    fn settle(&mut self) -> io::Result<()> {
        if let To::Waiting(bytes) = &mut self.to {
            let bytes = std::mem::take(bytes);
            self.to = self.pager_if_needed().unwrap_or_else(|| To::Stdout(BufWriter::new(io::stdout())));
            self.write_all(&bytes)?;
        }
        Ok(())
    }

    fn pager_if_needed(&self) -> Option<To> {
        let pager = self.pager.as_ref().filter(|_| self.lines + 1 > self.rows)?;
        let mut words = pager.command.split_whitespace();
        let mut command = Command::new(words.next()?);
        if let Some(less) = pager.less {
            command.env("LESS", less);
        }
        let spawned = command.args(words).stdin(Stdio::piped()).spawn();
        // Without a pager it is printed as it is.
        let mut child = spawned.ok()?;
        let stdin = BufWriter::new(child.stdin.take()?);
        Some(To::Pager(child, stdin))
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.to {
            To::Waiting(waiting) => {
                crate::waiting::stop();
                waiting.extend_from_slice(bytes);
                self.lines += bytes.iter().filter(|byte| **byte == b'\n').count();
                if self.pager.is_none() || self.lines + 1 > self.rows {
                    self.settle()?;
                }
                Ok(bytes.len())
            }
            To::Stdout(out) => out.write(bytes),
            To::Pager(_, stdin) => stdin.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::Waiting(_) => Ok(()),
            To::Stdout(out) => out.flush(),
            To::Pager(_, stdin) => stdin.flush(),
        }
    }
}

/// Was it that whoever read had enough?
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe))
}
