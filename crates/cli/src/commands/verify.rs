//! `coldtrail verify`

use anyhow::Result;
use coldtrail_evidence::noted::{self, ManifestVerdict};
use coldtrail_evidence::verify::{Verification, VerifyOptions, verify};
use coldtrail_evidence::{Case, Limits, custody, hash, kept_keys};
use coldtrail_investigate::{Checked, integrity};
use coldtrail_lake::{Audit, Lake};
use coldtrail_query::{Session, SessionOptions};
use coldtrail_schema::tables;
use serde_json::{Value, json};

use crate::args::Verify;
use crate::commands::{Spill, custody as custody_log};
use crate::diagnostics::Status;
use crate::settings::{Done, Settings, lake_state, looked, recorded_in_lake};
use crate::terminal::{self, Bar};

pub(crate) fn run(arguments: &Verify, settings: &Settings) -> Result<Status> {
    arguments.period.check()?;
    let case = settings.case()?;
    let mut keys = Vec::new();
    for path in &arguments.keys {
        keys.push(json!({ "file": path, "sha256": hash::sha256_of_file(path)? }));
    }
    let kept = kept_keys::kept(&case)?;
    let kept: Vec<Value> = kept.iter().map(|file| json!({ "file": file.path, "sha256": file.sha256 })).collect();
    let period = (arguments.period.from.map(utc), arguments.period.to.map(utc));
    let inputs = json!({ "keys": keys, "kept_keys": kept, "from": period.0, "to": period.1 });
    // The state of the manifest is compared before this run adds its own line to the custody log.
    let (custody, unfinished) = custody_state(&case, arguments.expect_head.as_deref())?;
    let altered = custody::verify(&case)?.is_broken();
    let manifest = match manifest_verdict(&case) {
        // Nothing can be said of it by a log that cannot be read.
        Err(error) if altered && error.downcast_ref().is_some_and(coldtrail_evidence::Error::is_contradiction) => None,
        known => known?,
    };
    // Nothing is written behind what somebody else has written.
    let read_only = arguments.read_only || altered;
    if altered {
        terminal::warn(settings, "the custody log is not what was written; nothing is written behind it")?;
    }
    let work = || -> Result<Done<Checked>> {
        // What is proven with them stays proven when they are not given again.
        if !read_only {
            arguments.keys.iter().try_for_each(|file| kept_keys::keep(&case, file))?;
        }
        let options = VerifyOptions {
            keys: arguments.keys.clone(),
            from: arguments.period.from,
            to: arguments.period.to,
            limits: Limits { inflated: arguments.limits.max_inflated, ..Limits::default() },
        };
        let bar = Bar::new(settings);
        let result = verify(&case, &options, &bar);
        bar.finish();
        let found = result?;
        let lake = lake_verdict(&case, read_only)?;
        // The tables are about all of the evidence; a part of it does not take their place. A lake that is not what was
        // written is left as it is.
        let whole = options.from.is_none() && options.to.is_none();
        let version = match whole && !read_only && lake.altered.is_empty() {
            true => Some(coldtrail_ingest::write_verdicts(&case, &found.digests, &found.logs)?),
            false => None,
        };
        let status = status(&found, &lake, &manifest, custody.is_some());
        let checked = Checked {
            found,
            lake_verified: lake.verified,
            lake_commits: lake.commits,
            lake_altered: lake.altered,
            manifest,
            custody,
            unfinished,
            period,
            verdict: verdict_name(status),
            exit: status.code(),
            lake_version: version,
        };
        let counts = checked.brief();
        Ok(Done {
            status,
            counts,
            outputs: json!({ "lake_version": version, noted::LAKE: lake_state(&case) }),
            value: checked,
        })
    };
    let (status, checked) = match read_only {
        true => looked(settings, work)?,
        false => recorded_in_lake(&case, settings, ("verify", false), inputs, work)?,
    };
    terminal::print_answer(settings, &integrity(&checked))?;
    Ok(status)
}

/// What became of the files of the lake.
struct LakeChecked {
    verified: u64,
    commits: u64,
    altered: Vec<String>,
}

fn lake_verdict(case: &Case, read_only: bool) -> Result<LakeChecked> {
    let lake = Lake::of(case)?;
    let Audit { commits, files, altered } = lake.audit()?;
    let mut checked = LakeChecked { verified: files, commits, altered };
    // A file may also have been taken out of a table's log: then there are fewer rows than the objects gave.
    if checked.altered.is_empty() && files > 0 {
        let spill = Spill::new(case, read_only)?;
        let session = Session::open(&lake, &spill.path, SessionOptions::default())?;
        let table = terminal::table_of(&session.query(&other_rows(), &[])?.collect()?)?;
        checked.altered.extend(table.rows.iter().map(|row| {
            let text = |at: usize| row.get(at).map(|cell| cell.text().into_owned()).unwrap_or_default();
            format!("object {} has {} rows, but {} were kept of it", text(0), text(1), text(2))
        }));
    }
    Ok(checked)
}

/// The objects that have another number of rows than were kept of them. A record may become a row of another table than
/// that of its object (what an export of CloudWatch Logs holds), so the rows of all tables are counted together.
fn other_rows() -> String {
    let each = tables::events().map(|(table, _)| format!("select evidence_object from {}", table.name));
    let all = each.collect::<Vec<_>>().join(" union all ");
    format!(
        "with counted as (select evidence_object, count(*) as rows from ({all}) group by evidence_object)
        select coalesce(key, counted.evidence_object), coalesce(rows, 0), coalesce(kept, 0)
        from objects full join counted on objects.evidence_object = counted.evidence_object
        where coalesce(rows, 0) <> coalesce(kept, 0) order by 1"
    )
}

/// The manifest against the custody log; none when the log says nothing, or an action was cut off.
fn manifest_verdict(case: &Case) -> Result<Option<bool>> {
    Ok(match noted::verdict(case)? {
        ManifestVerdict::AsNoted => Some(true),
        ManifestVerdict::Changed => Some(false),
        ManifestVerdict::NotNoted => None,
    })
}

/// What is wrong with the custody log, which must also have the head that was noted elsewhere; and what killed runs
/// left in it of their lines.
fn custody_state(case: &Case, expected: Option<&str>) -> Result<(Option<String>, Vec<String>)> {
    Ok(match custody::verify(case)? {
        custody::Verdict::Intact { entries: 0, .. } => (Some("it was removed".to_owned()), Vec::new()),
        custody::Verdict::Intact { unfinished, .. } => {
            (custody_log::missing(case, expected), unfinished.iter().map(ToString::to_string).collect())
        }
        custody::Verdict::Broken { seq, reason } => (Some(format!("entry {seq}: {reason}")), Vec::new()),
    })
}

fn status(found: &Verification, lake: &LakeChecked, manifest: &Option<bool>, custody_broken: bool) -> Status {
    if found.is_contradicted() || !lake.altered.is_empty() || *manifest == Some(false) || custody_broken {
        return Status::Contradicted;
    }
    let nothing = found.objects_verified == 0 && found.objects_unreadable.is_empty();
    if found.is_unproven() || nothing {
        return Status::Inconclusive;
    }
    if found.has_gaps() { Status::Gaps } else { Status::Clean }
}

fn verdict_name(status: Status) -> &'static str {
    match status {
        Status::Clean => "verified",
        Status::Gaps => "verified with gaps",
        Status::Contradicted => "contradicted",
        Status::Inconclusive => "not checkable",
    }
}

/// RFC 3339 in UTC.
fn utc(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |time| time.to_string())
}
