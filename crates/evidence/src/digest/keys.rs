//! CloudTrail's public keys, as `aws cloudtrail list-public-keys` prints them, or as PEM.
//!
//! A key proves itself as far as it can: its fingerprint is the MD5 of its DER form, of which there are two: PKCS#1,
//! which AWS gives out, and SubjectPublicKeyInfo, in which one of AWS's examples is. A key is known under both. Beyond
//! that, keys are as authentic as the way by which they came here.

use std::collections::HashMap;
use std::path::Path;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fs_err as fs;
use md5::{Digest as _, Md5};
use serde_json::Value;

use super::key_forms::Forms;
use crate::error::{Error, Result};
use crate::hash::hex;

/// A key file above this size is none.
const MAX: u64 = 64 << 20;
/// How far outside of a key's validity a digest may end, in seconds: keys are changed while digests are made.
const TOLERANCE: i64 = 2 * 3600;

/// Why an entry of a key file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// The file was given to the case, and is another one now.
    #[error("the file was changed since it was kept in the case")]
    Changed,
    /// No Base64.
    #[error("entry {entry}: the value is no Base64")]
    Encoding {
        /// Counted from 1.
        entry: usize,
    },
    /// The fingerprint does not belong to the key, in neither of its forms.
    #[error("entry {entry}: the fingerprint is {claimed}, but the MD5 of the key is {found}")]
    Fingerprint {
        /// Counted from 1.
        entry: usize,
        /// As it stands in the file.
        claimed: String,
        /// As computed.
        found: String,
    },
    /// No RSA key of 2048 bits or more.
    #[error("entry {entry}: no RSA public key of 2048 to 8192 bits ({message})")]
    Unusable {
        /// Counted from 1.
        entry: usize,
        /// What the parser says.
        message: String,
    },
}

struct PublicKey {
    parsed: ParsedPublicKey,
    /// Seconds since 1970.
    valid: Option<(i64, i64)>,
}

/// Keys by their fingerprints.
#[derive(Default)]
pub struct KeyRing {
    /// By the MD5 of the PKCS#1 form.
    keys: HashMap<String, PublicKey>,
    /// From the MD5 of the other form to that of PKCS#1.
    other_names: HashMap<String, String>,
    /// Entries that were not taken: file and why.
    pub problems: Vec<(String, KeyProblem)>,
}

/// What a signature is, looked at with these keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    Valid,
    Invalid,
    NoKey,
}

impl KeyRing {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// No key at all?
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Takes the keys of a file: JSON as the AWS command line prints it, PEM, or one key as DER.
    pub fn add_file(&mut self, path: &Path) -> Result<()> {
        let size = fs::metadata(path).map_err(Error::io("read", path))?.len();
        if size > MAX {
            return Err(Error::KeyFile { path: path.to_path_buf(), message: format!("{size} bytes are too many") });
        }
        let text = fs::read(path).map_err(Error::io("read", path))?;
        let not_keys = |message: &str| Error::KeyFile { path: path.to_path_buf(), message: message.to_owned() };
        let name = path.display().to_string();
        if text.windows(10).any(|w| w == b"-----BEGIN") {
            let text = String::from_utf8_lossy(&text);
            for (entry, block) in text.split("-----BEGIN").skip(1).enumerate() {
                let body: String = block.lines().skip(1).take_while(|line| !line.starts_with("-----END")).collect();
                self.add(&name, entry + 1, &body, None, None);
            }
            return Ok(());
        }
        if text.first() == Some(&0x30) {
            self.add(&name, 1, &STANDARD.encode(&text), None, None);
            return Ok(());
        }
        let value: Value =
            serde_json::from_slice(&text).map_err(|_no_json| not_keys("neither JSON nor PEM nor DER"))?;
        let list = ["PublicKeyList", "publicKeyList", "keys"].iter().find_map(|name| value.get(*name)?.as_array());
        let list = list.ok_or_else(|| not_keys("there is no `PublicKeyList` in it"))?;
        for (entry, key) in list.iter().enumerate() {
            let text = |name: &str| key.get(name).and_then(Value::as_str);
            let valid = key.get("ValidityStartTime").and_then(time).zip(key.get("ValidityEndTime").and_then(time));
            self.add(&name, entry + 1, text("Value").unwrap_or_default(), text("Fingerprint"), valid);
        }
        Ok(())
    }

    fn add(&mut self, file: &str, entry: usize, value: &str, claimed: Option<&str>, valid: Option<(i64, i64)>) {
        let problem = match self.accept(entry, value, claimed, valid) {
            Ok(()) => return,
            Err(problem) => problem,
        };
        self.problems.push((file.to_owned(), problem));
    }

    fn accept(
        &mut self,
        entry: usize,
        value: &str,
        claimed: Option<&str>,
        valid: Option<(i64, i64)>,
    ) -> Result<(), KeyProblem> {
        let der = base64(value).ok_or(KeyProblem::Encoding { entry })?;
        let unusable = |message: String| KeyProblem::Unusable { entry, message };
        let forms = Forms::of(&der).ok_or_else(|| unusable("neither PKCS#1 nor SubjectPublicKeyInfo".to_owned()))?;
        let fingerprints = [hex(&Md5::digest(&forms.pkcs1)), hex(&Md5::digest(&forms.spki))];
        if let Some(claimed) = claimed.filter(|claimed| !fingerprints.contains(&claimed.to_ascii_lowercase())) {
            let found = hex(&Md5::digest(&der));
            return Err(KeyProblem::Fingerprint { entry, claimed: claimed.to_owned(), found });
        }
        let parsed = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &forms.pkcs1)
            .map_err(|error| unusable(error.to_string()))?;
        let [pkcs1, spki] = fingerprints;
        // The same key may come again without its validity, as PEM.
        let valid = valid.or_else(|| self.keys.get(&pkcs1).and_then(|known| known.valid));
        self.other_names.insert(spki, pkcs1.clone());
        self.keys.insert(pkcs1, PublicKey { parsed, valid });
        Ok(())
    }

    /// The key with this fingerprint, of either of its forms.
    fn get(&self, fingerprint: &str) -> Option<&PublicKey> {
        let fingerprint = fingerprint.to_ascii_lowercase();
        self.keys.get(&fingerprint).or_else(|| self.keys.get(self.other_names.get(&fingerprint)?))
    }

    /// Checks a signature (RSASSA-PKCS1-v1_5 over SHA-256, nothing else).
    pub(super) fn check(&self, fingerprint: &str, message: &str, signature: &[u8]) -> Checked {
        match self.get(fingerprint) {
            None => Checked::NoKey,
            Some(key) => match key.parsed.verify_sig(message.as_bytes(), signature) {
                Ok(()) => Checked::Valid,
                Err(_unspecified) => Checked::Invalid,
            },
        }
    }

    /// Is the key in use at this time, or not far from it? True also when its validity is not known.
    pub(super) fn is_valid_at(&self, fingerprint: &str, seconds: i64) -> bool {
        let valid = self.get(fingerprint).and_then(|key| key.valid);
        valid.is_none_or(|(from, to)| (from - TOLERANCE..=to + TOLERANCE).contains(&seconds))
    }
}

/// Seconds since 1970: a number (whole, or with a fraction), or a text in RFC 3339.
fn time(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_f64().map(|seconds| seconds as i64),
        Value::String(text) => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Some(time.as_second()),
            Err(_no_time) => None,
        },
        _ => None,
    }
}

/// Bytes out of Base64, with or without line breaks.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    match STANDARD.decode(text) {
        Ok(bytes) if !bytes.is_empty() => Some(bytes),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use coldtrail_testkit::forge::{ForgeOptions, Scenario, forge};

    use super::*;
    use crate::digest::key_forms::Forms;

    #[test]
    fn a_key_is_the_same_in_either_form() {
        let list: Value = serde_json::from_slice(&forge(&ForgeOptions::default(), Scenario::Clean).store.keys).unwrap();
        let given = &list["PublicKeyList"][0];
        let forms = Forms::of(&STANDARD.decode(given["Value"].as_str().unwrap()).unwrap()).unwrap();
        let (pkcs1, spki) = (hex(&Md5::digest(&forms.pkcs1)), hex(&Md5::digest(&forms.spki)));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let accepted = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            let mut keys = KeyRing::default();
            keys.add_file(&path).unwrap();
            assert_eq!((keys.len(), keys.problems.len()), (1, 0));
            let known = |fingerprint: &str| keys.check(fingerprint, "", &[0; 256]) == Checked::Invalid;
            assert!(known(&pkcs1) && known(&spki) && !known("00"));
        };
        for der in [&forms.pkcs1, &forms.spki] {
            accepted(der);
            accepted(format!("-----BEGIN KEY-----\n{}\n-----END KEY-----\n", STANDARD.encode(der)).as_bytes());
            for fingerprint in [&pkcs1, &spki] {
                let entry = serde_json::json!({ "Value": STANDARD.encode(der), "Fingerprint": fingerprint });
                accepted(serde_json::json!({ "PublicKeyList": [entry] }).to_string().as_bytes());
            }
        }
        let mut keys = KeyRing::default();
        let wrong = serde_json::json!({ "Value": STANDARD.encode(&forms.spki), "Fingerprint": "00" });
        fs::write(&path, serde_json::json!({ "PublicKeyList": [wrong] }).to_string()).unwrap();
        keys.add_file(&path).unwrap();
        assert!(keys.is_empty() && matches!(keys.problems[0].1, KeyProblem::Fingerprint { .. }));
    }
}
