//! The verdicts of a verification, as tables of the lake.

use std::borrow::Cow;

use coldtrail_evidence::Case;
use coldtrail_evidence::digest::{DigestVerdict, LogVerdict};
use coldtrail_lake::{Lake, NewFile, Order, write_file};
use coldtrail_schema::Table;
use coldtrail_schema::arrow::array::RecordBatch;
use coldtrail_schema::tables::verdicts::{
    DIGEST_VERDICTS, DigestVerdictRow, DigestVerdictRows, LOG_VERDICTS, LogVerdictRow, LogVerdictRows,
};

use crate::error::{Error, Result};

const MICROS: i64 = 1_000_000;

/// Writes the verdicts in place of those of an earlier verification; the new version of the lake.
pub fn write_verdicts(case: &Case, digests: &[DigestVerdict], logs: &[LogVerdict]) -> Result<u64> {
    let directory = case.lake_dir();
    let lake = Lake::of(case).map_err(Error::Lake)?;
    let mut batch = lake.begin("verify").map_err(Error::Lake)?;
    let mut digest_rows = DigestVerdictRows::default();
    digests.iter().for_each(|digest| digest_rows.push(&digest_row(digest)));
    let mut log_rows = LogVerdictRows::default();
    logs.iter().for_each(|log| log_rows.push(&log_row(log)));
    let parts: [(&'static Table, RecordBatch); 2] =
        [(&DIGEST_VERDICTS, digest_rows.finish()), (&LOG_VERDICTS, log_rows.finish())];
    let mut files: Vec<NewFile> = Vec::new();
    for (table, rows) in parts {
        let order: Order = (0..rows.num_rows()).map(|row| (0, row)).collect();
        if !order.is_empty() {
            files.push(write_file(&directory, table, None, None, &[rows], &order).map_err(Error::Lake)?);
        }
    }
    batch.replace(&coldtrail_schema::tables::verdicts(), &files).map_err(Error::Lake)
}

fn text(text: &Option<String>) -> Option<Cow<'_, str>> {
    text.as_deref().map(Cow::Borrowed)
}

fn word(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn digest_row(digest: &DigestVerdict) -> DigestVerdictRow<'_> {
    let chain = digest.chain.as_ref();
    DigestVerdictRow {
        evidence_object: text(&digest.object),
        verdict: word(digest.verdict.name()),
        state: word(digest.state.name()),
        reason: word(&digest.reason).filter(|reason| !reason.is_empty()),
        flagged: Some(digest.flagged),
        digests3bucket: text(&digest.bucket),
        digests3object: text(&digest.key),
        organisation: chain.and_then(|chain| text(&chain.organisation)),
        account: chain.and_then(|chain| word(&chain.account)),
        region: chain.and_then(|chain| word(&chain.region)),
        trail: chain.and_then(|chain| word(&chain.trail)),
        home_region: chain.and_then(|chain| word(&chain.home_region)),
        chain: chain.and_then(|chain| word(chain.kind.name())),
        digeststarttime: digest.start.map(|time| time.saturating_mul(MICROS)),
        digestendtime: digest.end.map(|time| time.saturating_mul(MICROS)),
        digestpublickeyfingerprint: text(&digest.fingerprint),
        sha256: text(&digest.sha256),
        signed_by: word(digest.signed.name()),
        // No digest lists 2^63 files.
        logfile_count: Some(i64::try_from(digest.listed).unwrap_or(i64::MAX)),
    }
}

fn log_row(log: &LogVerdict) -> LogVerdictRow<'_> {
    LogVerdictRow {
        evidence_object: text(&log.object),
        verdict: word(log.verdict.name()),
        state: word(log.state.name()),
        reason: word(&log.reason).filter(|reason| !reason.is_empty()),
        flagged: Some(log.flagged),
        s3bucket: text(&log.bucket),
        s3object: word(&log.key),
        account: text(&log.account),
        region: text(&log.region),
        delivery_time: log.delivered,
        digest_object: text(&log.digest),
        hashvalue: text(&log.listed),
        sha256: text(&log.found),
    }
}
