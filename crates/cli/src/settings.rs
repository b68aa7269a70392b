//! Arguments made definite: the one place that reads the environment and the clock.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use coldtrail_evidence::{Case, custody, noted};
use coldtrail_lake::{Lake, Turn};
use coldtrail_query::SessionOptions;
use coldtrail_report::Options;
use jiff::Zoned;
use serde_json::{Value, json};

use crate::args::{Arguments, Command, Reading, Shell, When};
use crate::diagnostics::{self, Status, Usage};
use crate::{terminal, trusted};

/// A program to page through long answers, and what to tell it.
#[derive(Debug, Clone)]
pub(crate) struct Pager {
    pub(crate) command: String,
    /// Options of `less`, unless the user has some.
    pub(crate) less: Option<&'static str>,
}

/// What all commands go by.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    case: Option<PathBuf>,
    /// What the case may read outside of it, in this run.
    trust: Vec<PathBuf>,
    here: PathBuf,
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    /// Is the answer read by a person at a terminal?
    pub(crate) stdout_tty: bool,
    /// Is there a person who can be asked?
    pub(crate) asks: bool,
    /// May progress be drawn?
    pub(crate) progress: bool,
    /// Colour on standard error.
    pub(crate) colour: bool,
    pub(crate) pager: Option<Pager>,
    look: Options,
    /// How wide lines on standard error may be, when it is a terminal.
    pub(crate) beside_width: Option<usize>,
    /// Where the user's programs keep what is theirs between runs, if there is such a place.
    pub(crate) state: Option<PathBuf>,
    /// A folder with definitions of logs, beside those of the case.
    pub(crate) sources: Option<PathBuf>,
}

impl Settings {
    pub(crate) fn new(arguments: &Arguments) -> Result<Settings> {
        let common = &arguments.common;
        let (stdout_tty, stderr_tty) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = |tty: bool| match common.color {
            When::Always => true,
            When::Never => false,
            When::Auto => tty && !plain,
        };
        let pager = std::env::var("PAGER").ok().filter(|pager| !pager.is_empty());
        let less = if common.wide { "FRSX" } else { "FRX" };
        let pager = Pager {
            command: pager.unwrap_or_else(|| "less".to_owned()),
            less: std::env::var_os("LESS").is_none().then_some(less),
        };
        Ok(Settings {
            case: common.case.clone(),
            trust: common.trust.clone(),
            here: std::env::current_dir().context("the current directory cannot be read")?,
            json: common.json,
            quiet: common.quiet,
            stdout_tty,
            asks: stderr_tty && std::io::stdin().is_terminal() && !common.quiet && !common.json,
            progress: stderr_tty && !common.quiet && !common.json,
            colour: colour(stderr_tty),
            pager: (stdout_tty && !common.no_pager && !common.json).then_some(pager),
            look: Options { tty: stdout_tty, width: None, wide: common.wide, colour: colour(stdout_tty), raw: false },
            beside_width: stderr_tty.then(|| usize::from(console::Term::stderr().size().1)),
            state: state_dir(),
            sources: std::env::var_os("COLDTRAIL_SOURCES").filter(|value| !value.is_empty()).map(PathBuf::from),
        })
    }

    /// The case that the command is about. It reads nothing outside of it but what the user trusts.
    pub(crate) fn case(&self) -> Result<Case> {
        let case = match &self.case {
            Some(dir) => Case::open(dir)?,
            None => Case::find(&self.here)?,
        };
        // Where what is remembered cannot be read, nothing is trusted; `coldtrail trust` says why.
        let remembered = self.state.as_deref().map(|state| trusted::of(state, case.root()));
        case.trust(remembered.and_then(Result::ok).unwrap_or_default());
        case.trust(self.trust.iter().map(fs_err::canonicalize).collect::<std::io::Result<_>>()?);
        Ok(case)
    }

    /// Did the user say which case?
    pub(crate) fn names_a_case(&self) -> bool {
        self.case.is_some()
    }

    /// Refuses to write over what a case is made of: an answer, or a mistyped name, must not destroy evidence.
    pub(crate) fn refuse_own(&self, file: &Path) -> Result<()> {
        let Ok(case) = self.case() else { return Ok(()) };
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // The file itself may be a link to somewhere in the case.
        let Ok(real) = fs_err::canonicalize(file).or_else(|_not_there| {
            Ok::<_, std::io::Error>(fs_err::canonicalize(folder)?.join(file.file_name().unwrap_or_default()))
        }) else {
            return Ok(());
        };
        let Ok(inside) = real.strip_prefix(case.root()) else { return Ok(()) };
        let own = ["case.toml", "custody.jsonl", "evidence", "lake", "manifest-sha256.txt"];
        let first = inside.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        if !first.is_some_and(|first| own.contains(&first.as_str()) || first.starts_with('.')) {
            return Ok(());
        }
        let hint = Some("write it elsewhere".to_owned());
        Err(anyhow!(Usage { what: format!("{} is a part of the case", file.display()), hint }))
    }

    /// Says which case it was about, where it is not the one that the user stands in.
    pub(crate) fn name_case(&self) -> Result<()> {
        let Some(case) = self.case.as_deref().and_then(|dir| Case::open(dir).ok()) else { return Ok(()) };
        match Case::find(&self.here) {
            Ok(here) if here.root() == case.root() => Ok(()),
            Ok(here) => {
                let (name, root, here) = (case.name(), case.root().display(), here.root().display());
                terminal::warn(
                    self,
                    format!("this is about the case {name} in {root}, and you stand in that of {here}"),
                )
            }
            Err(_none) => terminal::note(self, format!("case {} in {}", case.name(), case.root().display())),
        }
    }

    /// How answers are written to standard output.
    pub(crate) fn look(&self) -> Options {
        let terminal = || usize::from(console::Term::stdout().size().1);
        Options { width: self.look.width.or_else(|| self.stdout_tty.then(terminal)), ..self.look }
    }

    /// Lines of answers are no longer than this; zero is the width of the terminal.
    pub(crate) fn set_width(&mut self, width: usize) {
        self.look.width = Some(width).filter(|width| *width > 0);
    }

    /// What a person wants who says nothing, where there is a case.
    pub(crate) fn shell(&self) -> Option<Command> {
        let reading = Reading { memory: SessionOptions::default().memory as u64, at_version: None, timeout: None };
        let talks = self.stdout_tty && std::io::stdin().is_terminal();
        (talks && self.case().is_ok()).then_some(Command::Shell(Shell { reading }))
    }

    pub(crate) fn here(&self) -> &PathBuf {
        &self.here
    }

    /// The same settings for another case.
    pub(crate) fn with_case(&self, dir: PathBuf) -> Settings {
        Settings { case: Some(dir), pager: None, ..self.clone() }
    }
}

/// The folder of the XDG base directories for what a program remembers.
fn state_dir() -> Option<PathBuf> {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let state = from("XDG_STATE_HOME").or_else(|| Some(from("HOME")?.join(".local/state")))?;
    state.is_absolute().then(|| state.join("coldtrail"))
}

/// The running program, if `coldtrail` alone would not start it.
pub(crate) fn outside_path() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let name = program.file_name()?;
    let found = std::env::split_paths(&std::env::var_os("PATH")?).any(|folder| {
        // A folder that cannot be read is none that finds it.
        fs_err::canonicalize(folder.join(name)).is_ok_and(|path| path == program)
    });
    (!found).then_some(program)
}

/// The time now, with its offset from UTC.
pub(crate) fn now() -> String {
    let now = Zoned::now();
    now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The year now, UTC.
pub(crate) fn this_year() -> i16 {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year()
}

/// What came of an action: how it ended, and what stands in the custody log about it.
pub(crate) struct Done<T> {
    pub(crate) status: Status,
    /// In numbers.
    pub(crate) counts: Value,
    /// What was made, with hashes or versions.
    pub(crate) outputs: Value,
    pub(crate) value: T,
}

/// Does something to a case, with a line in its custody log before anything of it can be seen, and one when it has
/// ended, however it ended.
pub(crate) fn recorded<T>(
    case: &Case,
    settings: &Settings,
    inputs: impl FnOnce() -> coldtrail_evidence::Result<Value>,
    work: impl FnOnce() -> Result<Done<T>>,
) -> Result<(Status, T)> {
    let begun = begin(case, inputs)?;
    let collects = noted::collects(&begun.inputs);
    let done = work();
    let end = |counts: Value, outputs: Value, exit: i32| {
        custody::end(case, &begun, &custody::Outcome { time: &now(), counts, outputs, exit })
    };
    match done {
        Ok(done) => {
            let last = end(done.counts, done.outputs, i32::from(done.status.code()))?;
            terminal::note(settings, format!("custody head: {}", last.hash))?;
            Ok((done.status, done.value))
        }
        Err(error) => {
            // The error itself is what the user has to know, also when the disk takes no more lines.
            let exit = i32::from(diagnostics::code(&error));
            let left = match () {
                () if collects => noted::state(case).unwrap_or_default(),
                () if begun.inputs.get(noted::LAKE).is_some() => json!({ noted::LAKE: lake_state(case) }),
                () => Value::Null,
            };
            let _best_effort = end(json!({ "error": format!("{error:#}") }), left, exit);
            Err(error)
        }
    }
}

/// Does something to look at a case, and writes nothing into it: it may lie where nothing can be written.
pub(crate) fn looked<T>(settings: &Settings, work: impl FnOnce() -> Result<Done<T>>) -> Result<(Status, T)> {
    let done = work()?;
    terminal::note(settings, "read-only: no line in the custody log, and nothing else was written into the case")?;
    Ok((done.status, done.value))
}

fn begin(case: &Case, inputs: impl FnOnce() -> coldtrail_evidence::Result<Value>) -> Result<custody::Entry> {
    let command: Vec<String> = std::env::args().collect();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .unwrap_or_else(|_| std::env::var("HOSTNAME").unwrap_or_default());
    // A program that was replaced while it runs cannot be hashed; that is then what the log says.
    let program = std::env::current_exe().and_then(|path| coldtrail_evidence::hash::sha256_of_file(&path));
    let entry = custody::begin(
        case,
        &custody::Action {
            time: &now(),
            actor: &std::env::var("USER").or_else(|_| std::env::var("USERNAME")).unwrap_or_default(),
            host: host.trim(),
            command: &command.join(" "),
            tool_version: env!("CARGO_PKG_VERSION"),
            tool_sha256: &program.unwrap_or_else(|error| format!("unknown: {error}")),
        },
        inputs,
    )?;
    Ok(entry)
}

/// What stands in the manifest now, for the custody log.
pub(crate) fn manifest_state(case: &Case) -> Result<Value> {
    Ok(noted::state(case)?)
}

/// Does something to the lake of a case, as [`recorded`] does it, and alone: others that would write are told that
/// `doing` is running. Only what reads all of the evidence may begin the lake `anew` where there is none: for all others
/// one that was there is missing.
pub(crate) fn recorded_in_lake<T>(
    case: &Case,
    settings: &Settings,
    (doing, anew): (&str, bool),
    more: Value,
    work: impl FnOnce() -> Result<Done<T>>,
) -> Result<(Status, T)> {
    let _turn = Turn::take(case, doing)?;
    recorded(case, settings, || of_lake(case, more, anew), work)
}

/// What an action works on that writes into the lake: the manifest, and the lake as it was before. Asked under the lock
/// of the custody log.
fn of_lake(case: &Case, more: Value, anew: bool) -> coldtrail_evidence::Result<Value> {
    let mut inputs = more;
    if let (Value::Object(inputs), Value::Object(state)) = (&mut inputs, noted::state(case)?) {
        inputs.extend(state);
    }
    inputs[noted::LAKE] = match lake_state(case) {
        Value::Null if !anew => json!("none"),
        state => state,
    };
    Ok(inputs)
}

/// The state of the lake's list of commits, for the custody log; null where there is no lake.
pub(crate) fn lake_state(case: &Case) -> Value {
    match Lake::new(&case.lake_dir()).and_then(|lake| lake.head()) {
        Ok(head) => head.map_or(Value::Null, |head| json!({ "commits": head.lines, "head": head.hash() })),
        Err(error) => json!({ "unreadable": error.to_string() }),
    }
}
