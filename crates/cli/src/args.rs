//! What can be written on the command line; nothing is looked up here.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Ask archived AWS logs who did it, what changed, and how sure that is.
#[derive(Debug, Parser)]
#[command(name = "coldtrail", version, propagate_version = true, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "Examples:
  coldtrail demo                                  try everything on the sample data
  coldtrail init case-17 && cd case-17
  coldtrail add ~/logs/my-trail-bucket            collect evidence
  coldtrail ingest                                evidence to tables
  coldtrail status                                what is there, what is not
  coldtrail sql \"select eventname, count(*) from cloudtrail group by 1 order by 2 desc\"
  coldtrail query run triage/failed_actions

Exit status: 0 complete and clean; 1 failed; 2 wrong usage; 3 complete with gaps; 4 integrity contradicted;
5 nothing could be checked; 130 interrupted.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The case; without it, the one that the current directory is in.
    #[arg(long, global = true, value_name = "DIR", env = "COLDTRAIL_CASE")]
    pub(crate) case: Option<PathBuf>,
    /// Print JSON for machines.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// No progress, no notes; only answers and errors.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Colour: on a terminal only, always, or never. NO_COLOR is heeded.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: When,
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
    /// Turn evidence into tables; goes on where an earlier run stopped.
    Ingest(Ingest),
    /// Show what there is, per source, account, region and day; what was not understood; what is missing.
    Status(Status),
    /// Ask in SQL.
    Sql(Sql),
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
    /// Show the custody log, or check it.
    #[command(subcommand)]
    Custody(Custody),
    /// Print completions for a shell.
    Completions(Completions),
}

#[derive(Debug, Args)]
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
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail add ~/logs/my-trail-bucket ~/logs/access-logs
  coldtrail add --in-place /mnt/archive

Any layout will do. Files are recognised by what is in them; zip and tar files are looked into. A file
<name>.metadata.json beside <name> is taken as what the provider says of it.")]
pub(crate) struct Add {
    /// Files and folders.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Copy nothing: only hash the files, and read them where they are.
    #[arg(long)]
    pub(crate) in_place: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    /// The most bytes that may come out of one compressed object.
    #[arg(long, value_name = "BYTES", default_value = "8G", value_parser = bytes)]
    pub(crate) max_inflated: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Ingest {
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    /// About how many inflated bytes are decoded and committed together; memory grows with it.
    #[arg(long, value_name = "BYTES", default_value = "256M", value_parser = bytes)]
    pub(crate) batch: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Reading {
    /// Memory for questions before they spill to the case's disk.
    #[arg(long, value_name = "BYTES", default_value = "4G", value_parser = bytes)]
    pub(crate) memory: u64,
    /// Read the lake as it was at this version.
    #[arg(long, value_name = "N")]
    pub(crate) at_version: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Output {
    /// How to write the answer: table, csv, json, jsonl, markdown, html or parquet.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) output: Option<String>,
    /// Write the answer to a file; its extension tells the format.
    #[arg(short = 'o', long = "file", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Leave values in CSV as they are: no escapes, and no ' before what a spreadsheet would run.
    #[arg(long)]
    pub(crate) raw: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail sql \"select * from s3_access where requester is null\" --output csv -o anonymous.csv
  coldtrail sql \"select * from cloudtrail where useridentity.accesskeyid = $key\" --param key=AKIA…

Only reading is possible. `coldtrail tables` lists the tables. Times are compared as
event_time >= '2026-05-01T10:00:00Z'.")]
pub(crate) struct Sql {
    /// The statement; - reads it from standard input.
    pub(crate) sql: String,
    /// A text to be bound to $name.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
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
  coldtrail query run triage/failed_actions
  coldtrail query run triage/key_activity --key AKIAIOSFODNN7EXAMPLE --since end-7d
  coldtrail query run exfiltration/objects_read --output csv -o read.csv

Times are 2026-05-01, 2026-05-01T10:00:00Z, start, end, end-7d, or 7d (before the end of the data).")]
pub(crate) struct QueryRun {
    /// area/name, or the name alone.
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) reading: Reading,
    #[command(flatten)]
    pub(crate) output: Output,
    /// Parameters of the question: --name value.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "--PARAM VALUE")]
    pub(crate) parameters: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail record 3fa2c19e 17")]
pub(crate) struct Record {
    /// The object: the beginning of its id (`evidence_object`) or of its SHA-256, or its key.
    pub(crate) object: String,
    /// Which record, counted from 1.
    pub(crate) record: u64,
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
    /// How many rows of each answer are shown.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) rows: usize,
    #[command(flatten)]
    pub(crate) reading: Reading,
}

#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// A table, to see its columns.
    pub(crate) name: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Custody {
    /// Show what was done in this case.
    Show,
    /// Check that no entry was changed.
    Verify,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    pub(crate) shell: clap_complete::Shell,
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
