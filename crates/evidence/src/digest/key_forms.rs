//! The two DER forms of an RSA public key: PKCS#1 `RSAPublicKey` (RFC 8017, A.1.1), and the same within a
//! `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7).

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
/// rsaEncryption (1.2.840.113549.1.1.1) with the parameter NULL.
const RSA: [u8; 15] = [SEQUENCE, 13, 0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0];

/// One key in both of its forms.
pub(super) struct Forms {
    pub(super) pkcs1: Vec<u8>,
    pub(super) spki: Vec<u8>,
}

impl Forms {
    /// Both forms of a key that is given in one of them; none if it is neither.
    pub(super) fn of(der: &[u8]) -> Option<Forms> {
        let (content, rest) = element(SEQUENCE, der)?;
        if !rest.is_empty() {
            return None;
        }
        if content.first() == Some(&INTEGER) {
            let bits = [&[0], der].concat();
            let spki = wrap(SEQUENCE, &[RSA.as_slice(), &wrap(BIT_STRING, &bits)].concat());
            return Some(Forms { pkcs1: der.to_vec(), spki });
        }
        let (bits, rest) = element(BIT_STRING, content.strip_prefix(RSA.as_slice())?)?;
        let pkcs1 = bits.strip_prefix(&[0]).filter(|_| rest.is_empty())?;
        Some(Forms { pkcs1: pkcs1.to_vec(), spki: der.to_vec() })
    }
}

/// The content of the first element, which has this tag, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn wrap(tag: u8, content: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> = content.len().to_be_bytes().into_iter().skip_while(|digit| *digit == 0).collect();
    let mut der = vec![tag];
    if content.len() > 0x7f {
        // No key has a length of 128 bytes to write its length.
        der.push(0x80 | digits.len() as u8);
    }
    der.extend(if content.is_empty() { vec![0] } else { digits });
    der.extend_from_slice(content);
    der
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_form_gives_the_other() {
        for size in [10, 200, 300, 70_000] {
            let pkcs1 = wrap(SEQUENCE, &[wrap(INTEGER, &vec![7; size]), wrap(INTEGER, &[1, 0, 1])].concat());
            let forms = Forms::of(&pkcs1).unwrap();
            let back = Forms::of(&forms.spki).unwrap();
            assert_eq!((&back.pkcs1, &back.spki), (&pkcs1, &forms.spki));
            assert!(Forms::of(&[pkcs1.as_slice(), &[0]].concat()).is_none());
            assert!(Forms::of(&pkcs1[..pkcs1.len() - 1]).is_none());
        }
    }
}
