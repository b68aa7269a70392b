//! A digest as it is written in its file, read strictly: a member that stands twice, lacks, or has another type makes
//! it no digest.

use std::collections::BTreeMap;

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};

/// One digest file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The account whose log files it lists.
    pub aws_account_id: String,
    /// Begin of the hour of delivery, as written.
    pub digest_start_time: String,
    /// Its end, as written: it is part of what is signed.
    pub digest_end_time: String,
    /// Where it was delivered.
    #[serde(rename = "digestS3Bucket")]
    pub bucket: String,
    /// Where it was delivered.
    #[serde(rename = "digestS3Object")]
    pub key: String,
    /// Names the public key.
    pub digest_public_key_fingerprint: String,
    /// `SHA256withRSA`.
    pub digest_signature_algorithm: String,
    /// The latest event of the listed files.
    #[serde(default)]
    pub newest_event_time: Option<String>,
    /// The earliest event of the listed files.
    #[serde(default)]
    pub oldest_event_time: Option<String>,
    /// Where the digest before lies; none in the first of a chain.
    #[serde(rename = "previousDigestS3Bucket", deserialize_with = "present")]
    pub previous_bucket: Option<String>,
    /// Its key.
    #[serde(rename = "previousDigestS3Object", deserialize_with = "present")]
    pub previous_key: Option<String>,
    /// SHA-256 of its inflated bytes.
    #[serde(rename = "previousDigestHashValue", deserialize_with = "present")]
    pub previous_hash: Option<String>,
    /// `SHA-256`.
    #[serde(rename = "previousDigestHashAlgorithm", default)]
    pub previous_hash_algorithm: Option<String>,
    /// Its signature, in hexadecimal.
    #[serde(deserialize_with = "present")]
    pub previous_digest_signature: Option<String>,
    /// The log files.
    pub log_files: Vec<ListedLog>,
    /// Members that are not known; their values are signed like all others.
    #[serde(flatten, skip_serializing)]
    pub unknown: BTreeMap<String, IgnoredAny>,
}

/// One log file in a digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedLog {
    /// Its bucket.
    pub s3_bucket: String,
    /// Its key.
    pub s3_object: String,
    /// SHA-256 of its inflated bytes, in hexadecimal.
    pub hash_value: String,
    /// `SHA-256`.
    pub hash_algorithm: String,
}

/// The member must be there, and may be null.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(deserializer)
}

/// Reads a digest; the error says what is wrong with it. What was appended to one does not hide what it lists.
pub(crate) fn decode(text: &[u8], appended: bool) -> Result<Digest, String> {
    let first = |text: &[u8]| serde_json::Deserializer::from_slice(text).into_iter().next();
    if let Some(Ok(digest)) = appended.then(|| first(text)).flatten() {
        return Ok(digest);
    }
    let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

impl Digest {
    /// Seconds since 1970 of its begin and end; none when they are no times or in the wrong order.
    pub(crate) fn hours(&self) -> Option<(i64, i64)> {
        let seconds = |text: &str| text.parse::<jiff::Timestamp>().map(|time| time.as_second());
        match (seconds(&self.digest_start_time), seconds(&self.digest_end_time)) {
            (Ok(start), Ok(end)) if start <= end => Some((start, end)),
            _ => None,
        }
    }

    /// What CloudTrail signs, for a digest with this SHA-256.
    pub(crate) fn string_to_sign(&self, sha256: &str) -> String {
        let before = self.previous_digest_signature.as_deref().unwrap_or("null");
        format!("{}\n{}/{}\n{sha256}\n{before}", self.digest_end_time, self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn text() -> String {
        r#"{"awsAccountId":"111122223333","digestStartTime":"2026-03-01T00:00:00Z","digestEndTime":"2026-03-01T01:00:00Z",
"digestS3Bucket":"a","digestS3Object":"b/c","digestPublicKeyFingerprint":"f","digestSignatureAlgorithm":"SHA256withRSA",
"newestEventTime":null,"oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,
"previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,"logFiles":[]}"#
            .to_owned()
    }

    #[test]
    fn only_what_is_whole_is_a_digest() {
        let digest = decode(text().as_bytes(), false).unwrap();
        assert_eq!(digest.hours().unwrap().1 - digest.hours().unwrap().0, 3600);
        assert_eq!(digest.string_to_sign("00"), "2026-03-01T01:00:00Z\na/b/c\n00\nnull");
        let twice = text().replacen("\"logFiles\":[]", "\"logFiles\":[],\"logFiles\":[]", 1);
        assert!(decode(twice.as_bytes(), false).unwrap_err().contains("duplicate field"));
        let lacks = text().replacen("\"previousDigestSignature\":null,", "", 1);
        assert!(decode(lacks.as_bytes(), false).unwrap_err().contains("previousDigestSignature"));
        let typed = text().replacen("\"logFiles\":[]", "\"logFiles\":{}", 1);
        assert!(decode(typed.as_bytes(), false).is_err());
        let more = text().replacen("\"logFiles\":[]", "\"logFiles\":[],\"new\":1", 1);
        assert!(decode(more.as_bytes(), false).unwrap().unknown.contains_key("new"));
        assert!(decode(&[0xff, 0xfe], false).is_err());
    }
}
