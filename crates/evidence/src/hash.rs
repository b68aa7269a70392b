//! SHA-256 as lower-case hexadecimal text, the form in which every hash is written here.

use std::io::{self, Read};
use std::path::Path;

use fs_err as fs;
use sha2::{Digest, Sha256};

/// A hash that is fed piece by piece.
#[derive(Clone, Default)]
pub struct Hasher(Sha256);

impl Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all bytes taken, as 64 hexadecimal digits.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher(SHA-256)")
    }
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The SHA-256 of a file.
pub fn sha256_of_file(path: &Path) -> io::Result<String> {
    let mut file = fs::File::open(path)?;
    let mut hasher = Hasher::default();
    let mut buffer = vec![0; 256 << 10];
    loop {
        let got = file.read(&mut buffer)?;
        if got == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..got).unwrap_or_default());
    }
}

/// The id of an object: the same bytes under two keys are two objects, the same bytes under the same key are one.
pub fn object_id(sha256_hex: &str, key: &str) -> String {
    let mut hasher = Hasher::default();
    hasher.update(sha256_hex.as_bytes());
    hasher.update(b"\n");
    hasher.update(key.as_bytes());
    let mut id = hasher.finish();
    id.truncate(32);
    id
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// The first bytes of a hash that is written out; of what is none, zeros.
pub(crate) fn unhex<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    let decoded = text.get(..2 * N).map(|text| hex::decode_to_slice(text, &mut bytes));
    if matches!(decoded, Some(Ok(()))) { bytes } else { [0; N] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_hashes() {
        assert_eq!(sha256(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(object_id(&sha256(b"abc"), "a/b").len(), 32);
        assert_ne!(object_id(&sha256(b"abc"), "a/b"), object_id(&sha256(b"abc"), "a/c"));
    }
}
