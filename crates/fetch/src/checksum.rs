//! The checksums that S3 keeps, against bytes that came in several pieces.
//!
//! The SDK checks the body of a whole answer against a full-object checksum by itself. It checks nothing when a body
//! came in ranges, when the checksum is one over parts, or when there is none.

use std::io::Read;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use fs_err as fs;
use md5::{Digest as _, Md5};

/// What S3 says of an object's bytes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Expected {
    /// MD5 in hexadecimal, where the ETag is one: uploaded at once, and not encrypted with KMS or a customer's key.
    pub(crate) md5: Option<String>,
    /// Full-object CRC, in Base64.
    pub(crate) crc: Option<(CrcAlgorithm, String)>,
}

impl Expected {
    /// Is there anything to check?
    pub(crate) fn is_none(&self) -> bool {
        self.md5.is_none() && self.crc.is_none()
    }

    /// Says what does not fit.
    pub(crate) fn check(&self, bytes: &[u8]) -> Result<(), String> {
        let mut sums = Sums::new(self);
        sums.update(bytes);
        sums.compare(self)
    }

    /// The same for a file.
    pub(crate) fn check_file(&self, path: &Path) -> std::io::Result<Result<(), String>> {
        let mut file = fs::File::open(path)?;
        let mut sums = Sums::new(self);
        let mut buffer = vec![0; 256 << 10];
        loop {
            let got = file.read(&mut buffer)?;
            if got == 0 {
                return Ok(sums.compare(self));
            }
            sums.update(buffer.get(..got).unwrap_or_default());
        }
    }
}

struct Sums {
    md5: Option<Md5>,
    crc: Option<Crc>,
}

impl Sums {
    fn new(expected: &Expected) -> Sums {
        // One is enough; the CRC costs less.
        let crc = expected.crc.as_ref().map(|(algorithm, _)| Crc::new(*algorithm));
        Sums { md5: expected.md5.as_ref().filter(|_| crc.is_none()).map(|_| Md5::new()), crc }
    }

    fn update(&mut self, bytes: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(bytes);
        }
        if let Some(crc) = &mut self.crc {
            crc.update(bytes);
        }
    }

    fn compare(self, expected: &Expected) -> Result<(), String> {
        if let (Some(crc), Some((algorithm, want))) = (self.crc, &expected.crc) {
            let value = crc.finalize().to_be_bytes();
            let width = if *algorithm == CrcAlgorithm::Crc64Nvme { 8 } else { 4 };
            let found = STANDARD.encode(value.get(8 - width..).unwrap_or_default());
            if found != *want {
                return Err(format!("the CRC is {found}, S3 says {want}"));
            }
        }
        if let (Some(md5), Some(want)) = (self.md5, &expected.md5) {
            let found = hex::encode(md5.finalize());
            if found != *want {
                return Err(format!("the MD5 is {found}, the ETag says {want}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_sums() {
        let md5 = Expected { md5: Some("900150983cd24fb0d6963f7d28e17f72".to_owned()), crc: None };
        assert_eq!(md5.check(b"abc"), Ok(()));
        assert!(md5.check(b"abd").is_err());
        // The check values of the CRC catalogue, for the text 123456789.
        let crc32 = STANDARD.encode(0xcbf4_3926_u32.to_be_bytes());
        let crc64 = STANDARD.encode(0xae8b_1486_0a79_9888_u64.to_be_bytes());
        let crc = |algorithm, text: &str| Expected { md5: None, crc: Some((algorithm, text.to_owned())) };
        assert_eq!(crc(CrcAlgorithm::Crc32IsoHdlc, &crc32).check(b"123456789"), Ok(()));
        assert_eq!(crc(CrcAlgorithm::Crc64Nvme, &crc64).check(b"123456789"), Ok(()));
        assert!(crc(CrcAlgorithm::Crc64Nvme, &crc64).check(b"123456780").is_err());
    }
}
