//! CloudTrail digest files, chained and signed with a fixed test key.

use rsa::pkcs1::{EncodeRsaPublicKey, LineEnding};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::cloudtrail::{Event, LogFile};
use crate::tree::{Object, Record, gzip};
use crate::world::{HOME, ORG, PROD, TRAIL_BUCKET, compact, folder, iso};

// The primes of a key that was made for these tests and signs nothing else.
const PRIME_1: &str = "e8d5634be924617d14f94b74add1c4f373dce52ad09fccc3e00b82f11bfb007ce723cd564797b681ec6d0b5f8b68bf9aa454c6d577f760ac34212ef5cbe4a3949af3fd50609556065b99929fe73746d469a76c74102077937d1a8beebd034047b945d27ed10506f70816f063dcf8e7b9bdb632bc0ff96b5a37612913df62903b";
const PRIME_2: &str = "e6b68891d50ade34f30650a904ab94c4db62831a6b7f22643b53cde63791bebc848887fb6fb8bfede0851311fbde912e96631ad2ea1910201575612b3a9b34de2210c007c5c97609a6c88a30680659825ef2a20bee46cc7141047dd1baaedbffb48e57f57f0a97b8b26dd4e78c14a7d25a2e44c57c284ff6f70b8f269c567ea1";
const TRAIL: &str = "org-trail";

/// Signs digests.
#[derive(Debug)]
pub(crate) struct Signer {
    pub(crate) key: RsaPrivateKey,
    /// What digests name the key by.
    pub(crate) fingerprint: String,
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

impl Signer {
    pub(crate) fn new() -> Signer {
        Signer::from_primes(PRIME_1, PRIME_2)
    }

    /// The primes are hexadecimal.
    pub(crate) fn from_primes(first: &str, second: &str) -> Signer {
        let number = |hex: &str| BigUint::parse_bytes(hex.as_bytes(), 16).expect("a hexadecimal literal");
        let key = RsaPrivateKey::from_p_q(number(first), number(second), BigUint::from(65_537u32));
        let key = key.expect("two primes make a key");
        let der = RsaPublicKey::from(&key).to_pkcs1_der().expect("a public key has a DER form");
        Signer { fingerprint: hex(&md5::Md5::digest(der.as_bytes())), key }
    }

    pub(crate) fn sign(&self, text: &str) -> String {
        let hash = Sha256::digest(text.as_bytes());
        let signature = self.key.sign(Pkcs1v15Sign::new::<Sha256>(), &hash);
        hex(&signature.expect("2048 bits are enough for SHA-256"))
    }

    /// What `aws cloudtrail list-public-keys` prints.
    pub(crate) fn public_keys(&self) -> String {
        let pem = RsaPublicKey::from(&self.key).to_pkcs1_pem(LineEnding::LF).expect("a public key has a PEM form");
        let value: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let list = json!({"PublicKeyList": [{
            "Value": value,
            "ValidityStartTime": "2026-02-15T00:00:00+00:00",
            "ValidityEndTime": "2026-05-15T00:00:00+00:00",
            "Fingerprint": self.fingerprint,
        }]});
        format!("{list:#}\n")
    }
}

fn range<'a>(events: impl Iterator<Item = &'a Event>) -> (Value, Value) {
    let times: Vec<i64> = events.map(|event| event.time).collect();
    let text = |time: Option<&i64>| time.map_or(Value::Null, |time| json!(iso(*time)));
    (text(times.iter().max()), text(times.iter().min()))
}

/// A digest for every hour from `from` to `to` of deliveries to `PROD` in the home region, and the file with the
/// metadata that S3 would keep beside each.
pub(crate) fn chain(signer: &Signer, files: &[LogFile], from: i64, to: i64) -> Vec<(Object, Object)> {
    let mut previous: Option<(String, String, String)> = None;
    let mut chain = Vec::new();
    let mut start = from;
    while start < to {
        let end = start + 3_600;
        let delivered = |file: &&LogFile| {
            file.account == PROD
                && file.region == HOME
                && file.key.contains("/CloudTrail/")
                && (start..end).contains(&file.delivered)
        };
        let files: Vec<&LogFile> = files.iter().filter(delivered).collect();
        let logs: Vec<Value> = files
            .iter()
            .map(|file| {
                let (newest, oldest) = range(file.events.iter());
                json!({
                    "s3Bucket": TRAIL_BUCKET, "s3Object": file.key, "hashValue": sha256(file.json().as_bytes()),
                    "hashAlgorithm": "SHA-256", "newestEventTime": newest, "oldestEventTime": oldest,
                })
            })
            .collect();
        let (newest, oldest) = range(files.iter().flat_map(|file| &file.events));
        let (day, stamp) = (folder(end), compact(end));
        let key = format!(
            "AWSLogs/{ORG}/{PROD}/CloudTrail-Digest/{HOME}/{day}/\
             {PROD}_CloudTrail-Digest_{HOME}_{TRAIL}_{HOME}_{stamp}.json.gz"
        );
        let before = |pick: fn(&(String, String, String)) -> &String| previous.as_ref().map(|p| pick(p).clone());
        let text = json!({
            "awsAccountId": PROD,
            "digestStartTime": iso(start),
            "digestEndTime": iso(end),
            "digestS3Bucket": TRAIL_BUCKET,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": signer.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": newest,
            "oldestEventTime": oldest,
            "previousDigestS3Bucket": previous.as_ref().map(|_| TRAIL_BUCKET),
            "previousDigestS3Object": before(|p| &p.0),
            "previousDigestHashValue": before(|p| &p.1),
            "previousDigestHashAlgorithm": previous.as_ref().map(|_| "SHA-256"),
            "previousDigestSignature": before(|p| &p.2),
            "logFiles": logs,
        })
        .to_string();
        let hash = sha256(text.as_bytes());
        let last = before(|p| &p.2).unwrap_or_else(|| "null".to_owned());
        let signature = signer.sign(&format!("{}\n{TRAIL_BUCKET}/{key}\n{hash}\n{last}", iso(end)));
        let metadata =
            json!({"Metadata": {"signature": signature, "signature-algorithm": "SHA256withRSA"}}).to_string();
        let path = format!("{TRAIL_BUCKET}/{key}");
        let sidecar = Object::other(&format!("{path}.metadata.json"), metadata);
        let body = gzip(text.as_bytes());
        chain.push((Object::new(path, "cloudtrail_digests", end, body, vec![Record::whole(text)]), sidecar));
        previous = Some((key, hash, signature));
        start = end;
    }
    chain
}
