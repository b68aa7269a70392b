//! `coldtrail shell`: SQL, saved questions and records, one after the other, over a case that stays open.

mod commands;
mod helper;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use coldtrail_evidence::hash;
use coldtrail_query::{Catalogue, is_whole, statements};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::args::{Output, Shell as Arguments};
use crate::commands::{CaseLake, lake, query};
use crate::diagnostics::Status;
use crate::output;
use crate::settings::Settings;
use crate::terminal::note;
use helper::Helper;

/// How many rows are shown, unless `.maxrows` says another number.
const MAX_ROWS: u64 = 1_000;

/// What stands after a line.
enum Next {
    GoOn,
    Quit,
}

struct Shell<'a> {
    settings: Settings,
    lake: &'a CaseLake,
    catalogue: &'a Catalogue,
    /// Where answers go, and how they are written.
    output: Output,
    /// The file of `.once`.
    once: Option<PathBuf>,
    timer: bool,
}

pub(crate) fn run(arguments: &Arguments, settings: &Settings) -> Result<Status> {
    let lake = lake(settings, &arguments.reading)?;
    let catalogue = query::catalogue(settings)?;
    let output = Output { max_rows: settings.stdout_tty.then_some(MAX_ROWS), ..Output::default() };
    let shell =
        Shell { settings: settings.clone(), lake: &lake, catalogue: &catalogue, output, once: None, timer: false };
    if std::io::stdin().is_terminal() { shell.talk() } else { shell.script() }
}

impl Shell<'_> {
    /// With a person. An error ends what was asked, and not the shell.
    fn talk(mut self) -> Result<Status> {
        self.lake.session.outlive_interrupts();
        let case = self.settings.case()?;
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .auto_add_history(true)
            .build();
        let mut editor: Editor<Helper<'_>, FileHistory> = Editor::with_config(config)?;
        editor.set_helper(Some(Helper::new(&self.lake.session, self.catalogue, self.settings.look().colour)?));
        let history = self.settings.state.as_deref().map(|state| history_of(state, case.root()));
        if let Some(history) = history.as_ref().filter(|history| history.is_file()) {
            editor.load_history(history)?;
        }
        note(
            &self.settings,
            format!("case {}, lake version {}; .help tells what there is", case.name(), self.lake.session.version()),
        )?;
        let prompt = format!("{}> ", coldtrail_report::escape::terminal(case.name()));
        loop {
            let line = match editor.readline(&prompt) {
                Ok(line) => line,
                // Ctrl-C takes back what was written.
                Err(ReadlineError::Interrupted) => continue,
                Err(ReadlineError::Eof) => break,
                Err(error) => return Err(error.into()),
            };
            if let Some(history) = &history {
                keep(&mut editor, history)?;
            }
            match self.line(&line) {
                Ok(Next::GoOn) => {}
                Ok(Next::Quit) => break,
                Err(error) => crate::diagnostics::say(&error),
            }
        }
        Ok(Status::Clean)
    }

    /// From a file or a pipe. The first error ends it.
    fn script(mut self) -> Result<Status> {
        let text = std::io::read_to_string(std::io::stdin())?;
        self.lines(&text)?;
        Ok(Status::Clean)
    }

    /// Lines of commands, and statements that may go over several lines.
    fn lines(&mut self, text: &str) -> Result<Next> {
        let mut statement = String::new();
        for line in text.lines() {
            if statement.trim().is_empty() && commands::is_command(line) {
                if let Next::Quit = self.line(line)? {
                    return Ok(Next::Quit);
                }
                continue;
            }
            statement.push_str(line);
            statement.push('\n');
            if is_whole(&statement) {
                self.line(&std::mem::take(&mut statement))?;
            }
        }
        self.line(&statement)
    }

    fn line(&mut self, line: &str) -> Result<Next> {
        let line = line.trim();
        if commands::is_command(line) {
            return self.command(line);
        }
        if matches!(line.trim_end_matches(';'), "exit" | "quit") {
            return Ok(Next::Quit);
        }
        for statement in statements(line) {
            self.ask(&statement)?;
        }
        Ok(Next::GoOn)
    }

    /// Runs a statement.
    fn ask(&mut self, sql: &str) -> Result<()> {
        self.timed(|shell, output| {
            let rows = shell.lake.session.query(sql, &[])?;
            output::plain(&shell.settings, rows, output)
        })
    }

    /// Answers into the file of `.once` if there is one, and says how long it took if that is wanted.
    fn timed(&mut self, work: impl FnOnce(&Self, &Output) -> Result<()>) -> Result<()> {
        let begun = Instant::now();
        crate::waiting::start(&self.settings);
        let once = self.once.take().map(|file| Output { file: Some(file), ..Output::default() });
        work(self, once.as_ref().unwrap_or(&self.output))?;
        crate::waiting::stop();
        if self.timer {
            note(&self.settings, format!("{:.3} s", begun.elapsed().as_secs_f64()))?;
        }
        Ok(())
    }
}

/// Where the lines are kept that were written about a case: not in the case, which may be handed on.
fn history_of(state: &Path, case: &Path) -> PathBuf {
    let id = hash::sha256(case.as_os_str().as_encoded_bytes());
    state.join("history").join(id.get(..16).unwrap_or(&id))
}

fn keep(editor: &mut Editor<Helper<'_>, FileHistory>, history: &Path) -> Result<()> {
    if let Some(folder) = history.parent() {
        fs_err::create_dir_all(folder)?;
    }
    editor.append_history(history)?;
    Ok(())
}
