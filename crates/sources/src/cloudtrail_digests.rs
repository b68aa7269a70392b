//! CloudTrail digest files: one record each.

use coldtrail_schema::tables::cloudtrail_digests::{self, DigestRow, DigestRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::fields::{Fields, json_hash};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject};
use crate::time::Years;

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudtrail_digests",
    title: "CloudTrail digest files",
    table: &cloudtrail_digests::TABLE,
    version: 1,
    claims: |head, framing| {
        framing == Framing::Json
            && memchr::memmem::find(head.bytes, b"\"digestS3Object\"").is_some()
            && (named_digest(head) || recognise::any_record(head, is_digest))
    },
    decoder: || Box::<DigestDecoder>::default(),
};

fn is_digest(value: Value<'_>) -> bool {
    value.get("digestS3Object").is_some() && value.get("logFiles").is_some()
}

/// A large digest does not fit into the head; its first members and its key tell.
fn named_digest(head: &Head<'_>) -> bool {
    memchr::memmem::find(head.bytes, b"\"digestStartTime\"").is_some_and(|at| at < 400)
}

#[derive(Default)]
struct DigestDecoder {
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    rows: DigestRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for DigestDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = DigestDecoder {
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..DigestDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let root = record.json();
        if !is_digest(root) {
            return Err(Reject::new("no digest: digestS3Object or logFiles is missing"));
        }
        let mut f = Fields::of(record, self.years);
        f.envelope(record.envelope, &[]);
        const KNOWN: &[&str] = &[
            "awsAccountId",
            "digestStartTime",
            "digestEndTime",
            "digestS3Bucket",
            "digestS3Object",
            "digestPublicKeyFingerprint",
            "digestSignatureAlgorithm",
            "newestEventTime",
            "oldestEventTime",
            "previousDigestS3Bucket",
            "previousDigestS3Object",
            "previousDigestHashValue",
            "previousDigestHashAlgorithm",
            "previousDigestSignature",
            "logFiles",
        ];
        for (at, (name, value)) in root.entries().enumerate() {
            let repeated = root.entries().skip(at + 1).any(|(later, _)| later == name);
            if repeated || !KNOWN.contains(&name.as_ref()) {
                f.extra.put(&[&name], value.raw());
            }
        }
        let account = f.text(&["awsAccountId"], root.get("awsAccountId"));
        let end = f.time(&["digestEndTime"], root.get("digestEndTime"));
        let text = |f: &mut Fields, name: &str| f.text(&[name], root.get(name)).map(|t| t.into_owned().into());
        let row = DigestRow {
            awsaccountid: account.clone(),
            digeststarttime: f.time(&["digestStartTime"], root.get("digestStartTime")),
            digestendtime: end,
            digests3bucket: text(&mut f, "digestS3Bucket"),
            digests3object: text(&mut f, "digestS3Object"),
            digestpublickeyfingerprint: text(&mut f, "digestPublicKeyFingerprint"),
            digestsignaturealgorithm: text(&mut f, "digestSignatureAlgorithm"),
            newesteventtime: f.time(&["newestEventTime"], root.get("newestEventTime")),
            oldesteventtime: f.time(&["oldestEventTime"], root.get("oldestEventTime")),
            previousdigests3bucket: text(&mut f, "previousDigestS3Bucket"),
            previousdigests3object: text(&mut f, "previousDigestS3Object"),
            previousdigesthashvalue: text(&mut f, "previousDigestHashValue"),
            previousdigesthashalgorithm: text(&mut f, "previousDigestHashAlgorithm"),
            previousdigestsignature: text(&mut f, "previousDigestSignature"),
            logfiles: f.json(root.get("logFiles")),
            logfile_count: root.get("logFiles").map(|files| files.items().count() as i64),
            extra: f.extra.finish(&mut self.mistyped).map(Into::into),
        };
        self.pivots.clear();
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time: end,
            account,
            region: self.region.as_deref().map(Into::into),
            pivots: &self.pivots,
            hash: json_hash("", record.text, record.tape, &mut self.scratch),
            unique: true,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}
