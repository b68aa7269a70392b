//! What can be written on the command line; nothing is looked up here.

mod correlation;
mod evidence;
mod question;
mod sources;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use coldtrail_report::escape;

pub(crate) use correlation::*;
pub(crate) use evidence::*;
pub(crate) use question::{NAMES_BEFORE, QueryRun, with_names, with_question};
pub(crate) use sources::{Sources, SourcesCheck};

/// Ask archived AWS logs who did it, what changed, and how sure that is.
#[derive(Debug, Parser)]
#[command(name = "coldtrail", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "Examples:
  coldtrail demo                                  try everything on the sample data
  coldtrail init case-17 && cd case-17
  coldtrail add ~/logs/my-trail-bucket            collect evidence
  coldtrail ingest                                evidence to tables
  coldtrail status                                what is there, what is not
  coldtrail sql \"select eventname, count(*) from cloudtrail group by 1 order by 2 desc\"
  coldtrail query run triage/failed_actions
  coldtrail shell                                 one after the other, with completion
  coldtrail config investigate my-database        when did it change, who did it, what does it touch
  coldtrail actor ASIAIOSFODNN7EXAMPLE            who is it really

Exit status: 0 complete and clean; 1 failed; 2 wrong usage; 3 complete with gaps; 4 integrity contradicted;
5 nothing could be checked; 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The case; without it, the one that the current directory is in.
    #[arg(long, global = true, value_name = "DIR", env = "COLDTRAIL_CASE")]
    pub(crate) case: Option<PathBuf>,
    /// A folder or file outside the case that it may read, in this run; see `coldtrail trust`. May be given several
    /// times.
    #[arg(long, global = true, value_name = "DIR", hide = true)]
    pub(crate) trust: Vec<PathBuf>,
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress, no notes; only answers and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Colour: on a terminal only, always, or never. NO_COLOR is heeded.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
    /// Tables with all columns, as wide as they are; the pager scrolls sideways.
    #[arg(long, global = true)]
    pub(crate) wide: bool,
    /// Do not page long answers.
    #[arg(long, global = true)]
    pub(crate) no_pager: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take the sample data through everything and answer five questions.
    Demo(Demo),
    /// Make a case.
    Init(Init),
    /// Collect evidence: files and folders, copied into the case and hashed.
    Add(Add),
    /// Download archived logs from S3, with everything that proves them later.
    Fetch(Box<Fetch>),
    /// Check every object and table file, and CloudTrail's digest chains, offline.
    Verify(Verify),
    /// Write the evidence as a tree under its original keys.
    ExportEvidence(ExportEvidence),
    /// Turn evidence into tables; goes on where an earlier run stopped.
    Ingest(Ingest),
    /// Make histories, sessions and attributions out of what was ingested.
    Derive(Derive),
    /// Keep the tables in order: clean.
    #[command(subcommand)]
    Lake(LakeCommand),
    /// AWS Config as a history: show, log, diff, blame, related, list, investigate.
    #[command(subcommand)]
    Config(Config),
    /// Who is it really, back to the human or the workload, and what did each link of the chain do.
    Actor(Actor),
    /// Rows of every log in one order, around an actor, an address, a resource or an event.
    Timeline(Timeline),
    /// When was it open to the world, and who used it meanwhile.
    Exposure(Exposure),
    /// One request through all logs: CloudFront, WAF, load balancer, application, CloudTrail, S3.
    Request(Request),
    /// Show what there is, per source, account, region and day; what was not understood; what is missing.
    Status(Status),
    /// Ask in SQL.
    Sql(Sql),
    /// Ask one thing after the other: SQL, questions, records, with completion and history.
    Shell(Shell),
    /// Saved questions: list, show, run.
    #[command(subcommand)]
    Query(Query),
    /// Show the original bytes of a row, with object, offset and hash.
    Record(Record),
    /// Write reports.
    #[command(subcommand)]
    Report(Report),
    /// List tables, or the columns of one.
    Tables(Tables),
    /// Kinds of logs, your own included: list, check.
    #[command(subcommand)]
    Sources(Sources),
    /// Say which folders outside the case it may read: evidence that was added in place.
    Trust(Trust),
    /// Show the custody log, or check it.
    Custody(CustodyArgs),
    /// Print completions for a shell.
    #[command(
        after_help = "Example: coldtrail completions bash > ~/.local/share/bash-completion/completions/coldtrail"
    )]
    Completions(Completions),
    /// Print the manual, as `man` reads it.
    #[command(after_help = "Example: coldtrail man | man -l -")]
    Man,
}

impl Command {
    /// Does it only look, and show nothing until it has found it?
    pub(crate) fn asks(&self) -> bool {
        use Command as C;
        matches!(
            self,
            C::Actor(_)
                | C::Config(_)
                | C::Exposure(_)
                | C::Query(_)
                | C::Report(_)
                | C::Request(_)
                | C::Sql(_)
                | C::Status(_)
                | C::Timeline(_)
        )
    }

    /// Does it take long, and goes on where it was when it is run again? `fetch` does too, and waits for what is under
    /// way first.
    pub(crate) fn goes_on(&self) -> bool {
        matches!(
            self,
            Command::Add(_) | Command::Derive(_) | Command::ExportEvidence(_) | Command::Ingest(_) | Command::Verify(_)
        )
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail demo
  coldtrail demo ~/case-of-the-sample --sample-data ./sample-data")]
pub(crate) struct Demo {
    /// Where to make the case; without it, a new temporary folder, which is kept.
    pub(crate) dir: Option<PathBuf>,
    /// The sample data, where it is not found by itself.
    #[arg(long, value_name = "DIR")]
    pub(crate) sample_data: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail init case-17 --operator 'A. Analyst' --reference IR-2026-17")]
pub(crate) struct Init {
    /// The folder of the case; it is made.
    pub(crate) dir: PathBuf,
    /// Who works on the case.
    #[arg(long)]
    pub(crate) operator: Option<String>,
    /// Under which number or mandate.
    #[arg(long)]
    pub(crate) reference: Option<String>,
    /// Make it, though it would lie inside another case or among logs.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail ingest
  coldtrail ingest --max-inflated 64G
  coldtrail ingest --max-time 10m

What is in the lake is not read again, except what failed, what a smaller limit cut, what no source knew then, and what
an older version of its source read. Exit status 3: of all that was collected, in this run or before, something is not
in the tables, or has no time; it is said each time.")]
pub(crate) struct Ingest {
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// How long an object may take to be decoded, and a sixtieth of it more for each MiB that comes out.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = period)]
    pub(crate) max_time: Duration,
    /// About how many inflated bytes are decoded and committed together; memory grows with it.
    #[arg(long, value_name = "BYTES", default_value = "160M", value_parser = bytes)]
    pub(crate) batch: u64,
    /// Do not derive histories and sessions afterwards.
    #[arg(long)]
    pub(crate) no_derive: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LakeCommand {
    /// Remove files of tables that no kept version has need of, and what killed runs left behind.
    Clean(LakeClean),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail lake clean --dry-run
  coldtrail lake clean --keep 1

Each ingest and each derive makes a new version of the lake; --at-version reads an older one for as long as its files
are there. Evidence is never touched, and a lake can always be made again: delete `lake/` and run `coldtrail ingest`.")]
pub(crate) struct LakeClean {
    /// How many versions stay readable, the newest included.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) keep: u64,
    /// Only say what would be removed.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Memory for questions before they spill to the case's disk.
    #[arg(long, value_name = "BYTES", default_value = "4G", value_parser = bytes)]
    pub(crate) memory: u64,
    /// Read the lake as it was at this version.
    #[arg(long, value_name = "N")]
    pub(crate) at_version: Option<u64>,
    /// End a question that takes longer, such as 90 (seconds) or 5m.
    #[arg(long, value_name = "TIME", value_parser = period)]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail status
  coldtrail status --json
  coldtrail status --at-version 3                 as it was after an earlier run")]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Output {
    /// How to write the answer.
    #[arg(long, value_name = "FORMAT", value_parser = formats())]
    pub(crate) output: Option<String>,
    /// Write the answer to a file; its extension tells the format.
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave values in CSV as they are: no escapes, and no ' before what a spreadsheet would run.
    #[arg(long)]
    pub(crate) raw: bool,
    /// Write no more rows than that; that there are more is said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_rows: Option<u64>,
    /// Go on at the end of the file.
    #[arg(skip)]
    pub(crate) append: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail sql \"select * from s3_access where requester is null\" --output csv -o anonymous.csv
  coldtrail sql \"select * from cloudtrail where useridentity.accesskeyid = $key\" --param key=AKIA…
  coldtrail sql -f questions.sql --output csv

Only reading is possible. `coldtrail tables` lists the tables. Times are compared as
event_time >= '2026-05-01T10:00:00Z'.")]
pub(crate) struct Sql {
    /// One statement or several, each ended by ; (- reads standard input).
    #[arg(
        required_unless_present = "from_file",
        conflicts_with = "from_file",
        allow_hyphen_values = true,
        value_parser = statement
    )]
    pub(crate) sql: Option<String>,
    /// Read the statements from a file.
    #[arg(short = 'f', long = "from-file", value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
    /// A text to be bound to $name.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// How it is written: as Athena or CloudTrail Lake read it, or as DataFusion does, like the saved questions.
    #[arg(long, value_name = "DIALECT", default_value = "athena")]
    pub(crate) dialect: SqlDialect,
    /// Another name of a table, such as that of your own table in Athena, or the id of an event data store.
    #[arg(long = "table-alias", value_name = "NAME=TABLE")]
    pub(crate) aliases: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
}

/// How a statement is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SqlDialect {
    Athena,
    Lake,
    Datafusion,
}

/// A statement may begin with a comment; what is one word behind a hyphen is an option that there is not.
fn statement(text: &str) -> Result<String, String> {
    match text.starts_with('-') && text != "-" && !text.contains(char::is_whitespace) {
        true => Err("there is no such option".to_owned()),
        false => Ok(text.to_owned()),
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail shell
  coldtrail                                       the same, where there is a case
  coldtrail shell < questions.sql

`.help` in the shell tells what there is beside SQL.")]
pub(crate) struct Shell {
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Query {
    /// List the saved questions.
    List {
        /// Only this area.
        area: Option<String>,
    },
    /// Show a question: its parameters, its traps, its SQL.
    Show { name: String },
    /// Ask it.
    Run(QueryRun),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail record 3fa2c19e04b1#17
  coldtrail record 3fa2c19e 17
  coldtrail record 3fa2c19e04b1#17 --raw > record.json

Without --raw, characters that a terminal obeys or a reader does not see are written out, as \\u{1b}, in a pipe too.")]
pub(crate) struct Record {
    /// The row as answers name it, or its object: the beginning of its id (`evidence_object`) or of its SHA-256, or its
    /// key.
    #[arg(value_name = "ROW|OBJECT")]
    pub(crate) object: String,
    /// Which record of the object, counted from 1.
    #[arg(value_name = "RECORD")]
    pub(crate) record: Option<u64>,
    /// The bytes as they are and nothing else, into a file or a pipe.
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Run all questions of an area and write one document.
    Area(ReportArea),
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail report area triage -o report.html
  coldtrail report area triage -o report.md")]
pub(crate) struct ReportArea {
    /// The area, as in `coldtrail query list`.
    pub(crate) area: String,
    /// The document, .html or .md; without it, Markdown on standard output.
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Write over a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
    /// How many rows of each answer are shown.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) rows: usize,
    /// Write nothing into the case, not even into its custody log.
    #[arg(long)]
    pub(crate) read_only: bool,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail tables
  coldtrail tables cloudtrail")]
pub(crate) struct Tables {
    /// A table, to see its columns.
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail custody
  coldtrail custody verify --expect-head HASH

Each command that touches the case writes an entry before anything of it can be seen, and one at its end. The head is
the hash of the last one: note it where the owner of the case cannot write, and the whole log is proven by it.")]
pub(crate) struct CustodyArgs {
    #[command(subcommand)]
    pub(crate) what: Option<Custody>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Custody {
    /// Show what was done in this case (this is also what `custody` alone does).
    Show,
    /// Check that no entry was changed, removed or put in.
    Verify {
        /// The head that was noted elsewhere, or its first 16 digits at least; an entry of the log must have it.
        #[arg(long, value_name = "HASH", value_parser = hash)]
        expect_head: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    pub(crate) shell: clap_complete::Shell,
}

/// The command line, as this command reads it; else prints what is wrong with it, or the help that was asked for, and
/// ends. A wrong value may be one that was copied out of a log, so it is quoted as all others are.
pub(crate) fn parsed(command: &clap::Command) -> Arguments {
    let read = |words: Vec<std::ffi::OsString>| {
        let matches = command.clone().try_get_matches_from(words)?;
        Arguments::from_arg_matches(&matches)
    };
    read(std::env::args_os().collect()).unwrap_or_else(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let safe = |word: std::ffi::OsString| escape::terminal(&word.to_string_lossy()).into_owned().into();
        let error = read(std::env::args_os().map(safe).collect()).err().unwrap_or(error);
        let text = error.render().to_string();
        if std::env::args_os().any(|word| word == "--json") {
            let first = text.lines().next().unwrap_or_default();
            crate::diagnostics::usage_as_json(first.strip_prefix("error: ").unwrap_or(first), error.exit_code());
        }
        crate::diagnostics::end_with(&text, error.exit_code())
    })
}

/// The manual: a page of the program and of each verb, one after the other.
pub(crate) fn manual(out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = Arguments::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        clap_mangen::Man::new(verb.clone().name(format!("coldtrail-{}", verb.get_name()))).render(out)?;
    }
    Ok(())
}

/// Prints the help of the program, where nothing was asked for, and ends.
pub(crate) fn end_with_help() -> ! {
    let code = clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    let error = Arguments::command().error(code, Arguments::command().render_help());
    crate::diagnostics::end_with(&error.render().to_string(), error.exit_code())
}

/// The formats of output.
fn formats() -> PossibleValuesParser {
    PossibleValuesParser::new(crate::output::every().map(|format| PossibleValue::new(format.name).help(format.about)))
}

/// `512`, `64K`, `256M`, `4G`, `1T`.
fn bytes(text: &str) -> Result<u64, String> {
    let upper = text.to_ascii_uppercase();
    let upper = upper.trim_end_matches("IB").trim_end_matches('B');
    let (number, shift) = match upper.as_bytes().last() {
        Some(b'K') => (upper.trim_end_matches('K'), 10),
        Some(b'M') => (upper.trim_end_matches('M'), 20),
        Some(b'G') => (upper.trim_end_matches('G'), 30),
        Some(b'T') => (upper.trim_end_matches('T'), 40),
        _ => (upper, 0),
    };
    let number: u64 = number.trim().parse().map_err(|_| format!("`{text}` is no size; write 512M or 4G"))?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("`{text}` is too large"))
}

/// `90`, which is seconds, `90s`, `5m`, `2h`.
fn period(text: &str) -> Result<Duration, String> {
    let with_unit = || u64::try_from(coldtrail_query::duration(text)?).ok().map(Duration::from_micros);
    let period = text.trim().parse().ok().map(Duration::from_secs).or_else(with_unit);
    period.filter(|period| !period.is_zero()).ok_or_else(|| format!("`{text}` is no time; write 90s or 5m"))
}

/// A SHA-256 in hexadecimal, or so much of its beginning that no other one has it.
fn hash(text: &str) -> Result<String, String> {
    match (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("`{text}` is no SHA-256; the head has 64 hexadecimal digits, of which 16 are enough")),
    }
}
