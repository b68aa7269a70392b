//! `coldtrail shell`: SQL, saved questions and records, one after the other, over a case that stays open.

mod commands;
mod helper;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Result;
use coldtrail_evidence::hash;
use coldtrail_query::{Catalogue, Dialect, is_whole, statements};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{CompletionType, Config, Editor};

use crate::args::{Output, Shell as Arguments};
use crate::commands::{CaseLake, lake, query, sql};
use crate::diagnostics::Status;
use crate::settings::Settings;
use crate::terminal::{note, warn};
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
    /// How the worst of the answers ended.
    worst: Status,
}

pub(crate) fn run(arguments: &Arguments, settings: &Settings) -> Result<Status> {
    let lake = lake(settings, &arguments.reading)?;
    let catalogue = query::catalogue(settings)?;
    let output = Output { max_rows: settings.stdout_tty.then_some(MAX_ROWS), ..Output::default() };
    let shell = Shell {
        settings: settings.clone(),
        lake: &lake,
        catalogue: &catalogue,
        output,
        once: None,
        timer: false,
        worst: Status::Clean,
    };
    if std::io::stdin().is_terminal() { shell.talk() } else { shell.script() }
}

impl Shell<'_> {
    /// With a person. An error ends what was asked, and not the shell.
    fn talk(mut self) -> Result<Status> {
        ctrlc::set_handler(self.lake.session.interrupter())?;
        let case = self.settings.case()?;
        let config = Config::builder()
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .auto_add_history(true)
            .build();
        let mut editor: Editor<Helper<'_>, FileHistory> = Editor::with_config(config)?;
        editor.set_helper(Some(Helper::new(&self.lake.session, self.catalogue, self.settings.look().colour)?));
        let mut history = self.settings.state.as_deref().map(|state| history_of(state, case.root()));
        if let Some(history) = history.as_ref().filter(|history| history.is_file())
            && let Err(error) = editor.load_history(history)
        {
            warn(&self.settings, format!("what was asked before cannot be read: {error}"))?;
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
            self.lake.session.forget_interrupts();
            if let Some(kept) = &history
                && let Err(error) = keep(&mut editor, kept)
            {
                warn(&self.settings, format!("what is asked is not kept for the next time: {error:#}"))?;
                history = None;
            }
            match self.line(&line, 0) {
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
        self.lines(&text, 0)?;
        Ok(self.worst)
    }

    /// Lines of commands, and statements that may go over several lines.
    fn lines(&mut self, text: &str, depth: usize) -> Result<Next> {
        let mut statement = String::new();
        for line in text.lines() {
            // Only comments so far: a command may begin here.
            let begins = statements(&statement).is_empty();
            let is_alone = begins && (commands::is_command(line) || is_end(line));
            if is_alone {
                statement.clear();
            }
            statement.push_str(line);
            statement.push('\n');
            if (is_alone || is_whole(&statement))
                && let Next::Quit = self.line(&std::mem::take(&mut statement), depth)?
            {
                return Ok(Next::Quit);
            }
        }
        self.line(&statement, depth)
    }

    /// `depth` files are being read, one from the other.
    fn line(&mut self, line: &str, depth: usize) -> Result<Next> {
        let line = line.trim();
        if commands::is_command(line) {
            return self.command(line, depth);
        }
        if is_end(line) {
            return Ok(Next::Quit);
        }
        for statement in statements(line) {
            self.ask(&statement)?;
        }
        Ok(Next::GoOn)
    }

    /// Runs a statement.
    fn ask(&mut self, statement: &str) -> Result<()> {
        self.timed(|shell, output| {
            sql::ask(&shell.settings, &shell.lake.session, &Dialect::default(), statement, &[], output)?;
            Ok(Status::Clean)
        })
    }

    /// Answers into the file of `.once` if there is one, and says how long it took if that is wanted.
    fn timed(&mut self, work: impl FnOnce(&Self, &Output) -> Result<Status>) -> Result<()> {
        let begun = Instant::now();
        crate::waiting::start(&self.settings);
        let once = self.once.take().map(|file| Output { file: Some(file), ..Output::default() });
        let output = once.as_ref().unwrap_or(&self.output);
        // Only the screen is spared long answers.
        let whole = Output { max_rows: None, ..output.clone() };
        let status = work(self, if output.file.is_some() { &whole } else { output })?;
        crate::waiting::stop();
        self.worst = self.worst.max(status);
        if self.timer {
            note(&self.settings, format!("{:.3} s", begun.elapsed().as_secs_f64()))?;
        }
        Ok(())
    }
}

fn is_end(line: &str) -> bool {
    matches!(line.trim().trim_end_matches(';'), "exit" | "quit")
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
