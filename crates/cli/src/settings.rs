//! Arguments made definite: the one place that reads the environment and the clock.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result};
use coldtrail_evidence::{Case, custody};
use jiff::Zoned;
use serde_json::Value;

use crate::args::{Arguments, When};

/// What all commands go by.
pub(crate) struct Settings {
    case: Option<PathBuf>,
    here: PathBuf,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Is the answer read by a person at a terminal?
    pub(crate) stdout_tty: bool,
    /// May progress be drawn?
    pub(crate) progress: bool,
    pub(crate) colour: bool,
    pub(crate) pager: Option<String>,
    pub(crate) width: Option<usize>,
}

impl Settings {
    pub(crate) fn new(arguments: &Arguments) -> Result<Settings> {
        let common = &arguments.common;
        let (stdout_tty, stderr_tty) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => stderr_tty && !plain,
        };
        let pager = std::env::var("PAGER").ok().filter(|pager| !pager.is_empty());
        Ok(Settings {
            case: common.case.clone(),
            here: std::env::current_dir().context("the current directory cannot be read")?,
            json: common.json,
            quiet: common.quiet,
            stdout_tty,
            progress: stderr_tty && !common.quiet && !common.json,
            colour,
            pager: (stdout_tty && !common.no_pager).then(|| pager.unwrap_or_else(|| "less -FX".to_owned())),
            width: stdout_tty.then(|| usize::from(console::Term::stdout().size().1)),
        })
    }

    /// The case that the command is about.
    pub(crate) fn case(&self) -> Result<Case> {
        let case = match &self.case {
            Some(dir) => Case::open(dir)?,
            None => Case::find(&self.here)?,
        };
        Ok(case)
    }

    pub(crate) fn here(&self) -> &PathBuf {
        &self.here
    }

    /// The same settings for another case.
    pub(crate) fn with_case(&self, dir: PathBuf) -> Settings {
        Settings { case: Some(dir), here: self.here.clone(), pager: None, ..*self }
    }
}

/// The time now, with its offset from UTC.
pub(crate) fn now() -> String {
    let now = Zoned::now();
    now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Writes what was done into the case's custody log.
pub(crate) fn note(case: &Case, counts: Value, exit: i32) -> Result<custody::Entry> {
    let command: Vec<String> = std::env::args().collect();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .unwrap_or_else(|_| std::env::var("HOSTNAME").unwrap_or_default());
    let entry = custody::append(
        case,
        &custody::Action {
            time: &now(),
            actor: &std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default(),
            host: host.trim(),
            command: &command.join(" "),
            tool_version: env!("CARGO_PKG_VERSION"),
            counts,
            exit,
        },
    )?;
    Ok(entry)
}
