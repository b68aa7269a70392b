//! The test keys and the list of public keys that stands beside the buckets.

use md5::Md5;
use rsa::pkcs1::{EncodeRsaPublicKey, LineEnding};
use rsa::pkcs8::EncodePublicKey;
use rsa::{Pkcs1v15Sign, RsaPublicKey};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Digest as _;

use crate::digests::{Signer, hex};
use crate::world::iso;

// The primes of a key that was made for these tests and signs nothing else.
const PRIME_1: &str = "e7e8b7bf5a8c7ab9b2e8b7a198f6b6c3cae9c40a1559a56b42956249c12cd5a7679753af9052da065f59500b1766d21309946201b1df17600156768e0256ee285e36db819965e5242bc1af45f2cd2ddb4d409c0c5076a68daadf4873b92cd5f051f9e542a447c134969e5b590137405d1439c4b9acc260a3a138c8b2e07075d7";
const PRIME_2: &str = "cdabb945a7389a9bdd7e25d9b70a8479ce774d051cbcaeca63fca74308e9702ebc801508933aa0349d05546a3dcf9ba05d771b9f70a7be03d4df87e8637135b57a9e32b60df1f87f8ca98bcc904b1d455894c595835c8f627ac2cb31823f1bf8b41a800f4495e6cdee4a0779ce2ad4364affa73da96814665ef7516024876f8f";

/// A second key: the one that comes after a rotation, or the forger's own.
pub(super) fn second() -> Signer {
    Signer::from_primes(PRIME_1, PRIME_2)
}

/// The first key under the fingerprint that it has in the form with an algorithm identifier (SPKI).
pub(super) fn spki() -> Signer {
    let mut signer = Signer::new();
    let der = RsaPublicKey::from(&signer.key).to_public_key_der().expect("a public key has a DER form");
    signer.fingerprint = hex(&Md5::digest(der.as_bytes()));
    signer
}

/// Signs with one key and names another.
pub(super) fn pretending(real: Signer, claimed: &Signer) -> Signer {
    Signer { fingerprint: claimed.fingerprint.clone(), ..real }
}

/// A signature over SHA-1: what CloudTrail never makes, and a lax verifier takes from what the signature says.
pub(super) fn sign_sha1(signer: &Signer, text: &str) -> String {
    let signature = signer.key.sign(Pkcs1v15Sign::new::<Sha1>(), &Sha1::digest(text.as_bytes()));
    hex(&signature.expect("2048 bits are enough for SHA-1"))
}

/// How the bytes of a public key are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Pkcs1,
    Spki,
}

/// A public key as the list has it.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    /// Base64 of the DER form.
    value: String,
    /// Lower-case hexadecimal; the MD5 of the DER form, unless the list lies.
    fingerprint: String,
    /// Seconds since 1970.
    from: i64,
    until: i64,
}

impl PublicKey {
    pub(super) fn of(signer: &Signer, form: Form, (from, until): (i64, i64)) -> PublicKey {
        let public = RsaPublicKey::from(&signer.key);
        let pem = match form {
            Form::Pkcs1 => public.to_pkcs1_pem(LineEnding::LF).expect("a public key has a PEM form"),
            Form::Spki => public.to_public_key_pem(LineEnding::LF).expect("a public key has a PEM form"),
        };
        let value = pem.lines().filter(|line| !line.starts_with('-')).collect();
        PublicKey { value, fingerprint: signer.fingerprint.clone(), from, until }
    }
}

/// What `aws cloudtrail list-public-keys` prints.
pub(super) fn list(keys: &[PublicKey]) -> Vec<u8> {
    let time = |seconds| iso(seconds).replace('Z', "+00:00");
    let keys: Vec<Value> = keys
        .iter()
        .map(|key| {
            json!({
                "Value": key.value,
                "ValidityStartTime": time(key.from),
                "ValidityEndTime": time(key.until),
                "Fingerprint": key.fingerprint,
            })
        })
        .collect();
    format!("{:#}\n", json!({ "PublicKeyList": keys })).into_bytes()
}
