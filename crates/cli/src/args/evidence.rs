//! What can be written about evidence: collecting it, proving it, handing it on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};
use coldtrail_schema::{Event, Table, tables};

use super::{bytes, hash};
use crate::diagnostics::Usage;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail add ~/logs/my-trail-bucket ~/logs/access-logs
  coldtrail add --in-place /mnt/archive
  coldtrail add org-trail-bucket --as s3://org-trail-bucket/

Any layout will do. Files are recognised by what is in them; zip and tar files are looked into. A file
<name>.metadata.json beside <name> is taken as what the provider says of it.")]
pub(crate) struct Add {
    /// Files and folders.
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Copy nothing: only hash the files, and read them where they are. They are trusted then: `coldtrail trust`.
    #[arg(long)]
    pub(crate) in_place: bool,
    /// Where the folder came from. CloudTrail's digests are signed for their place in S3.
    #[arg(long = "as", value_name = "s3://BUCKET/PREFIX/", value_parser = s3_folder)]
    pub(crate) taken_from: Option<(String, String)>,
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
#[command(after_help = "Examples:
  coldtrail verify --keys public-keys.json
  coldtrail verify --from 2026-03-01 --to 2026-03-31
  coldtrail verify --expect-head 3b1f0c7e9a52d841 --read-only

Keys come from `aws cloudtrail list-public-keys --start-time … --end-time …` (JSON), or as PEM; `fetch` saves them with
the case. The verdicts are written into the tables `digest_verdicts` and `log_verdicts`. Verdicts are verified,
contradicted, or not checkable. With a period, only it is looked at, and the tables stay as they are. Exit status: 0 all verified; 3 gaps; 4 contradicted; 5 nothing could be checked.")]
pub(crate) struct Verify {
    /// A file with CloudTrail's public keys; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Vec<PathBuf>,
    /// A head of the custody log that was noted elsewhere, or its first 16 digits at least; the log must still have it.
    #[arg(long, value_name = "HASH", value_parser = hash)]
    pub(crate) expect_head: Option<String>,
    /// Write nothing into the case: no entry of the custody log, no verdicts, no keys.
    #[arg(long)]
    pub(crate) read_only: bool,
    #[command(flatten)]
    pub(crate) period: Period,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail trust                                 what is trusted
  coldtrail trust /mnt/archive
  coldtrail trust --remove /mnt/archive
  coldtrail verify --trust /mnt/archive           for one run, with any command

A case names the files that were added in place by their paths, and one that comes from somebody else may name any file
of this computer. So nothing outside the case is read but what lies in a folder that you trust for this case. `add
--in-place` trusts what it is given. It is remembered below XDG_STATE_HOME (else ~/.local/state), not in the case.")]
pub(crate) struct Trust {
    /// Folders or files outside the case that it may read; without one, those that are trusted are listed.
    #[arg(value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Trust them no longer.
    #[arg(long, requires = "folders")]
    pub(crate) remove: bool,
}

/// A stretch of time.
#[derive(Debug, Args)]
pub(crate) struct Period {
    /// From this time on: 2026-03-01, 2026-03-01T02:00:00+02:00.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) from: Option<i64>,
    /// Up to this time; a day alone means all of it.
    #[arg(long, value_name = "TIME", value_parser = end)]
    pub(crate) to: Option<i64>,
}

impl Period {
    /// A period that ends before it begins holds nothing, which nobody asks for.
    pub(crate) fn check(&self) -> Result<(), Usage> {
        match self.from.zip(self.to).is_some_and(|(from, to)| from >= to) {
            true => Err(Usage { what: "the period ends before it begins".to_owned(), hint: None }),
            false => Ok(()),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Example: coldtrail export-evidence /mnt/handover

Objects are written under their original keys, with what a file system cannot hold encoded as %XX. `index.jsonl` says
which file is which object, so that the way back is exact; `manifest-sha256.txt` is for `sha256sum -c`.")]
pub(crate) struct ExportEvidence {
    /// A folder that is not there yet, or is empty.
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  coldtrail fetch s3://org-trail-bucket/ --dry-run
  coldtrail fetch s3://org-trail-bucket/ --source cloudtrail,config --from 2026-01-01 --to 2026-06-30
  coldtrail fetch s3://org-trail-bucket/prefix --account 111122223333 --region eu-central-1 --profile audit
  coldtrail fetch s3://access-logs/ --source s3_access --from 2026-03-01
  coldtrail fetch s3://org-trail-bucket/ --versions

Running it again fetches only what is not there yet, and what arrived late. Only list, get and head operations are sent;
see docs/acquire.md for the least IAM policy. Exit status 3: some objects could not be had; they are listed.")]
pub(crate) struct Fetch {
    /// s3://BUCKET/PREFIX
    #[arg(value_name = "s3://BUCKET/PREFIX", value_parser = s3_url)]
    pub(crate) place: (String, String),
    /// Only these kinds of logs, by the names of their tables; CloudTrail's digests come with its logs.
    #[arg(long, value_name = "SOURCE", value_delimiter = ',', value_parser = sources(), ignore_case = true)]
    pub(crate) source: Vec<String>,
    /// Only these accounts.
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) account: Vec<String>,
    /// Only these regions.
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub(crate) region: Vec<String>,
    #[command(flatten)]
    pub(crate) period: Period,
    /// Also old versions and delete markers: what a log bucket held before it was tampered with.
    #[arg(long)]
    pub(crate) versions: bool,
    /// Take the keys from an S3 Inventory file (CSV, also gzipped) instead of listing; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub(crate) inventory: Vec<PathBuf>,
    /// The columns of the inventory file, as its manifest's `fileSchema` has them.
    #[arg(long, value_name = "COLUMNS", default_value = "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass")]
    pub(crate) inventory_schema: String,
    /// Agree to pay for requests and transfer from a requester-pays bucket.
    #[arg(long)]
    pub(crate) requester_pays: bool,
    /// The profile in the AWS configuration.
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A role to assume.
    #[arg(long, value_name = "ARN")]
    pub(crate) role_arn: Option<String>,
    /// The external id that the role asks for.
    #[arg(long, value_name = "ID", requires = "role_arn")]
    pub(crate) external_id: Option<String>,
    /// The region of the bucket, if it is not found by itself.
    #[arg(long, value_name = "REGION")]
    pub(crate) bucket_region: Option<String>,
    /// Another S3 server.
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint_url: Option<String>,
    /// The most requests in flight; fewer are used when S3 asks to slow down.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// A body that sends nothing for this long is asked for again.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) stall_timeout: u64,
    /// Take CloudTrail's public keys from this file instead of asking for them.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// Ask neither for public keys nor for the configuration of trails.
    #[arg(long)]
    pub(crate) no_trails: bool,
    /// Only say what would be fetched, with requests, cost and time.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The tables of events, each also under the names of AWS's folder and of Athena's examples.
fn sources() -> PossibleValuesParser {
    let plain = |name: &str| name.replace(['_', '-'], "").to_lowercase();
    let value = |(table, event): (&'static Table, Event)| {
        let folders = event.services.iter().map(|folder| folder.to_lowercase());
        let athena = event.athena.map(str::to_owned);
        let others: BTreeSet<String> =
            folders.chain(athena).chain([plain(table.name)]).filter(|name| name != table.name).collect();
        PossibleValue::new(table.name).aliases(others)
    };
    PossibleValuesParser::new(tables::events().map(value))
}

/// `s3://bucket/prefix`
fn s3_url(text: &str) -> Result<(String, String), String> {
    let rest = text.strip_prefix("s3://").ok_or_else(|| format!("`{text}` is no s3://BUCKET/PREFIX"))?;
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(format!("`{text}` names no bucket"));
    }
    Ok((bucket.to_owned(), prefix.to_owned()))
}

/// The same, of a folder: its prefix ends in a slash.
fn s3_folder(text: &str) -> Result<(String, String), String> {
    let (bucket, mut prefix) = s3_url(text)?;
    if !prefix.is_empty() && !prefix.ends_with('/') {
        prefix.push('/');
    }
    Ok((bucket, prefix))
}

/// The same for the end of a period: a day alone ends when the next one begins.
fn end(text: &str) -> Result<i64, String> {
    let is_day = !text.contains(|c: char| c == 'T' || c.is_whitespace()) && text.parse::<jiff::civil::Date>().is_ok();
    Ok(time(text)? + if is_day { 86_400 } else { 0 })
}

/// Seconds since 1970 of a day or an instant; an instant without offset is UTC.
fn time(text: &str) -> Result<i64, String> {
    let utc = |date: jiff::civil::DateTime| jiff::tz::Offset::UTC.to_timestamp(date);
    let instant = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| text.parse::<jiff::civil::DateTime>().and_then(utc))
        .or_else(|_| text.parse::<jiff::civil::Date>().and_then(|day| utc(day.at(0, 0, 0, 0))));
    instant
        .map(|instant| instant.as_second())
        .map_err(|_| format!("`{text}` is no time; write 2026-03-01 or 2026-03-01T10:00:00Z"))
}
