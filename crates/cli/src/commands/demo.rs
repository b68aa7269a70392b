//! `coldtrail demo`

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use coldtrail_ingest::Options;
use coldtrail_lake::Lake;
use coldtrail_query::{Catalogue, SessionOptions};
use coldtrail_report::{escape, fold};

use crate::args::{Add, Demo, Ingest, Init, LimitArgs};
use crate::commands::query::cut;
use crate::commands::{add, ingest, init};
use crate::diagnostics::{Status, Usage};
use crate::settings::Settings;
use crate::terminal;

/// The questions that the demonstration asks, and with which parameters.
static QUESTIONS: &[(&str, &[(&str, &str)])] = &[
    ("triage/failed_actions", &[]),
    ("privilege_escalation/assume_role_edges", &[]),
    ("config/open_security_groups", &[]),
    ("exfiltration/bytes_out_by_requester", &[]),
    ("defense_evasion/cloudtrail_tampering", &[]),
];

/// How many rows of each answer are shown.
const ROWS: usize = 8;

pub(crate) fn run(arguments: &Demo, settings: &Settings) -> Result<Status> {
    let sample = match &arguments.sample_data {
        Some(dir) => dir.clone(),
        None => sample_data(settings)?,
    };
    let dir = match &arguments.dir {
        Some(dir) => dir.clone(),
        None => tempfile::Builder::new().prefix("coldtrail-demo-").tempdir()?.keep().join("case"),
    };
    let limits = || LimitArgs { max_inflated: 8 << 30 };
    init::run(
        &Init {
            dir: dir.clone(),
            operator: Some("demonstration".to_owned()),
            reference: Some("sample data".to_owned()),
            force: false,
        },
        settings,
    )?;
    let settings = settings.with_case(dir.clone());
    let folders = folders(&sample)?;
    add::run(&Add { paths: folders, in_place: false, taken_from: None, limits: limits() }, &settings)?;
    // The sample data has rejects and damaged objects on purpose.
    let usual = Options::default();
    let read = Ingest { limits: limits(), max_time: usual.limits.time, batch: usual.batch_bytes, no_derive: false };
    ingest::run(&read, &settings)?;
    let case = settings.case()?;
    let session = coldtrail_query::Session::open(&Lake::of(&case)?, &case.spill_dir(), SessionOptions::default())?;
    let catalogue = Catalogue::built_in()?;
    let mut example = None;
    for (name, given) in QUESTIONS {
        let question = catalogue.find(name)?;
        let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = session.query(&question.sql, &question.bind(&given, session.bounds())?)?.collect()?;
        let table = terminal::table_of(&answer)?;
        example = example.or_else(|| place(&table));
        let total = table.rows.len();
        let table = cut(table, ROWS);
        let text = terminal::as_text(&settings, &table)?;
        let more = if total > ROWS { format!("shown {ROWS} of {total} rows\n") } else { String::new() };
        let question = fold::lines(&escape::terminal(&question.question), settings.look().width, 2).join("\n");
        terminal::print_written(&settings, &format!("\n{question}\n  coldtrail query run {name}\n\n{text}{more}"))?;
    }
    let (object, record) = example.unwrap_or_else(|| ("OBJECT".to_owned(), "RECORD".to_owned()));
    let object: String = object.chars().take(12).collect();
    // Where the commands below would not find it, they are told where it is.
    let alias = crate::settings::outside_path().map(|program| format!("  alias coldtrail={}\n", program.display()));
    let alias = alias.unwrap_or_default();
    terminal::print(
        &settings,
        &format!(
            "\nGo on with this case:\n  cd {}\n{alias}Ask another question:\n  coldtrail query list\n  coldtrail sql \"select eventname, count(*) from cloudtrail group by 1\"\n\
             Or ask one thing after the other:\n  coldtrail shell\n\
             See what is there and what is not:\n  coldtrail status\n\
             Look at the bytes behind a row:\n  coldtrail record {object}#{record}\n\
             Write a report:\n  coldtrail report area triage -o report.html\n",
            dir.display()
        ),
    )?;
    Ok(Status::Clean)
}

/// The object and record of the first row that names one.
fn place(table: &coldtrail_report::Table) -> Option<(String, String)> {
    let names = coldtrail_schema::tables::common::columns();
    let at = |index: usize| names.get(index).and_then(|c| table.columns.iter().position(|t| t.name == c.name));
    let (object, record) = (at(0)?, at(1)?);
    let row = table.rows.first()?;
    Some((row.get(object)?.text().into_owned(), row.get(record)?.text().into_owned()))
}

/// `sample-data` above the current directory, or where the program was built.
fn sample_data(settings: &Settings) -> Result<PathBuf> {
    let above = settings.here().ancestors().map(|dir| dir.join("sample-data"));
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-data");
    above.chain([built]).find(|dir| dir.join("ground-truth.json").is_file()).ok_or_else(|| {
        let hint = Some("run it in the source tree of coldtrail, or name the folder with --sample-data".to_owned());
        anyhow!(Usage { what: "the sample data is not here".to_owned(), hint })
    })
}

/// The buckets in the sample data; the files beside them are about it, not of it.
fn folders(sample: &Path) -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs_err::read_dir(sample)? {
        let path = entry?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}
