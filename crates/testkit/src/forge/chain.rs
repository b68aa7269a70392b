//! One digest after the other: key, text, signature.

use std::ops::Range;

use serde_json::{Value, json};

use super::logs::Log;
use crate::digests::{Signer, sha256};
use crate::world::{compact, folder, iso};

/// Whose digests, and of which region.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) organisation: Option<String>,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) trail: String,
    /// The home region of the trail.
    pub(super) home: String,
    /// When the digests were made afterwards, in seconds since 1970; `None` for those that come with the logs.
    pub(super) backfill: Option<i64>,
}

impl Line {
    /// The key of the digest that ends at this time.
    pub(super) fn digest_key(&self, end: i64) -> String {
        let Line { account, region, trail, home, .. } = self;
        let organisation = self.organisation.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
        let (day, stamp) = (folder(end), compact(end));
        let kind = if self.backfill.is_some() { "_backfill" } else { "" };
        format!(
            "AWSLogs/{organisation}{account}/CloudTrail-Digest/{region}/{day}/\
             {account}_CloudTrail-Digest_{region}_{trail}_{home}_{stamp}{kind}.json.gz"
        )
    }
}

/// A digest that is signed.
#[derive(Debug, Clone)]
pub(super) struct Digest {
    pub(super) bucket: String,
    pub(super) key: String,
    /// JSON, before it is compressed.
    pub(super) text: String,
    /// Hexadecimal.
    pub(super) signature: String,
    /// What S3 keeps beside it.
    pub(super) metadata: Value,
}

/// A digest that is about to be signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft<'a> {
    pub(super) line: &'a Line,
    pub(super) bucket: &'a str,
    /// Times of delivery, in seconds since 1970.
    pub(super) hour: &'a Range<i64>,
    pub(super) logs: &'a [Log],
    /// Logs that are listed although they are not of this hour.
    pub(super) also: &'a [Log],
    /// `None` where a chain begins.
    pub(super) previous: Option<&'a Digest>,
}

impl Draft<'_> {
    /// The JSON of the digest, its members in AWS's order.
    pub(super) fn text(&self, fingerprint: &str) -> String {
        let logs = || self.logs.iter().chain(self.also);
        let time = |time: Option<i64>| time.map(iso);
        json!({
            "awsAccountId": self.line.account,
            "digestStartTime": iso(self.hour.start),
            "digestEndTime": iso(self.hour.end),
            "digestS3Bucket": self.bucket,
            "digestS3Object": self.line.digest_key(self.hour.end),
            "digestPublicKeyFingerprint": fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": time(logs().map(Log::newest).max()),
            "oldestEventTime": time(logs().map(Log::oldest).min()),
            "previousDigestS3Bucket": self.previous.map(|digest| &digest.bucket),
            "previousDigestS3Object": self.previous.map(|digest| &digest.key),
            "previousDigestHashValue": self.previous.map(|digest| sha256(digest.text.as_bytes())),
            "previousDigestHashAlgorithm": self.previous.map(|_| "SHA-256"),
            "previousDigestSignature": self.previous.map(|digest| &digest.signature),
            "logFiles": logs().map(Log::entry).collect::<Vec<Value>>(),
        })
        .to_string()
    }

    /// What is signed when this is the text of the digest.
    fn string_to_sign(&self, text: &str) -> String {
        let key = self.line.digest_key(self.hour.end);
        let previous = self.previous.map_or("null", |digest| &digest.signature);
        format!("{}\n{}/{key}\n{}\n{previous}", iso(self.hour.end), self.bucket, sha256(text.as_bytes()))
    }

    pub(super) fn seal(&self, signer: &Signer) -> Digest {
        self.seal_text(self.text(&signer.fingerprint), |text| signer.sign(text))
    }

    /// Signs another text than [`Draft::text`], or in another way.
    pub(super) fn seal_text(&self, text: String, sign: impl FnOnce(&str) -> String) -> Digest {
        let signature = sign(&self.string_to_sign(&text));
        let mut metadata = json!({ "signature": signature, "signature-algorithm": "SHA256withRSA" });
        if let Some(time) = self.line.backfill {
            metadata["backfill-generation-timestamp"] = json!(iso(time).replace('Z', ".000Z"));
        }
        Digest {
            bucket: self.bucket.to_owned(),
            key: self.line.digest_key(self.hour.end),
            text,
            signature,
            metadata: json!({ "Metadata": metadata }),
        }
    }
}
