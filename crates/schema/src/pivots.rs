//! What an analyst pivots on: the addresses, principals, keys and resources that a record names.

/// A list of different short texts, kept in one buffer so that it can be reused for each record.
#[derive(Debug, Default, Clone)]
pub struct Words {
    text: String,
    ends: Vec<usize>,
    /// Takes over from comparing one by one when a record names very many.
    seen: std::collections::HashSet<String>,
}

/// Up to here, comparing one by one is faster than hashing.
const FEW: usize = 24;

impl Words {
    /// Adds a word unless it is there already.
    pub fn push(&mut self, word: &str) {
        if word.is_empty() || self.contains(word) {
            return;
        }
        self.text.push_str(word);
        self.ends.push(self.text.len());
        if self.ends.len() >= FEW {
            if self.ends.len() == FEW {
                let all: Vec<String> = self.iter().map(str::to_owned).collect();
                self.seen.extend(all);
            } else {
                self.seen.insert(word.to_owned());
            }
        }
    }

    fn contains(&self, word: &str) -> bool {
        if self.ends.len() < FEW { self.iter().any(|w| w == word) } else { self.seen.contains(word) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let word = self.text.get(start..end).unwrap_or_default();
            start = end;
            word
        })
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        if !self.seen.is_empty() {
            self.seen.clear();
        }
    }
}

/// Everything in a record that an analyst pivots on.
#[derive(Debug, Default, Clone)]
pub struct Pivots {
    pub ips: Words,
    pub actors: Words,
    pub keys: Words,
    pub resources: Words,
}

impl Pivots {
    pub fn clear(&mut self) {
        self.ips.clear();
        self.actors.clear();
        self.keys.clear();
        self.resources.clear();
    }

    /// Sorts a text into the list it belongs to, by its form alone: an ARN, an access key id, an
    /// address or an AWS resource id; any other text is none of them.
    pub fn classify(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let Some(&first) = bytes.first() else { return };
        match first {
            b'a' if text.starts_with("arn:") && bytes.len() <= 2048 => {
                if is_principal_arn(text) {
                    self.actors.push(text);
                } else {
                    self.resources.push(text);
                }
            }
            b'A' if bytes.len() >= 16 && bytes.len() <= 128 => match bytes.get(..4) {
                Some(b"AKIA" | b"ASIA") if is_unique_id(bytes) => self.keys.push(text),
                Some(b"AROA" | b"AIDA") if is_unique_id(bytes.split(|b| *b == b':').next().unwrap_or(bytes)) => {
                    self.actors.push(text)
                }
                _ => {}
            },
            b'0'..=b'9' | b'a'..=b'f' | b':' if (2..=45).contains(&bytes.len()) => {
                if is_address(bytes) {
                    self.ips.push(text);
                } else if is_resource_id(bytes) {
                    self.resources.push(text);
                }
            }
            b'g'..=b'z' if is_resource_id(bytes) => self.resources.push(text),
            _ => {}
        }
    }
}

/// Users, roles, assumed roles, federated users, account roots and service-linked principals.
fn is_principal_arn(arn: &str) -> bool {
    let mut parts = arn.as_bytes().splitn(6, |byte| *byte == b':');
    if !matches!(parts.nth(2), Some(b"iam" | b"sts")) {
        return false;
    }
    let resource = parts.nth(2).unwrap_or_default();
    [b"user/".as_slice(), b"role/", b"assumed-role/", b"federated-user/", b"root"]
        .iter()
        .any(|start| resource.starts_with(start))
}

/// The form of unique ids that IAM gives out: capital letters and digits, 16 to 128 of them.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
fn is_unique_id(bytes: &[u8]) -> bool {
    bytes.len() >= 16 && bytes.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_address(bytes: &[u8]) -> bool {
    // Most texts have another letter soon; `%` begins a zone, `::ffff:192.0.2.1` has dots.
    if !bytes.iter().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':')) {
        return false;
    }
    let dots = bytes.iter().filter(|b| **b == b'.').count();
    let plausible = (dots == 3 && bytes.len() >= 7) || bytes.contains(&b':');
    plausible && std::str::from_utf8(bytes).is_ok_and(|t| t.parse::<std::net::IpAddr>().is_ok())
}

/// `i-0abc…`, `sg-…`, `vpce-…`: a short lower-case word, a hyphen, 8 or 17 hexadecimal digits.
fn is_resource_id(bytes: &[u8]) -> bool {
    [17, 8].into_iter().any(|count| {
        let Some((rest, digits)) = bytes.len().checked_sub(count).and_then(|at| bytes.split_at_checked(at)) else {
            return false;
        };
        rest.split_last().is_some_and(|(hyphen, word)| {
            *hyphen == b'-'
                && (1..=22).contains(&word.len())
                && digits.iter().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase())
                && word.iter().all(|b| b.is_ascii_lowercase() || *b == b'-')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted_by_their_form() {
        let mut pivots = Pivots::default();
        for text in [
            "arn:aws:iam::111122223333:user/alice",
            "arn:aws:s3:::bucket/key",
            "ASIAIOSFODNN7EXAMPLE",
            "AROAIOSFODNN7EXAMPLE:session",
            "198.51.100.7",
            "2001:db8::1",
            "i-0123456789abcdef0",
            "sg-12345678",
            "alice",
            "us-east-1",
            "AKIA not a key",
            "1.2.3",
            "198.51.100.7",
        ] {
            pivots.classify(text);
        }
        let all = |words: &Words| words.iter().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all(&pivots.ips), ["198.51.100.7", "2001:db8::1"]);
        assert_eq!(all(&pivots.actors), ["arn:aws:iam::111122223333:user/alice", "AROAIOSFODNN7EXAMPLE:session"]);
        assert_eq!(all(&pivots.keys), ["ASIAIOSFODNN7EXAMPLE"]);
        assert_eq!(all(&pivots.resources), ["arn:aws:s3:::bucket/key", "i-0123456789abcdef0", "sg-12345678"]);
    }

    #[test]
    fn many_words_stay_different() {
        let mut words = Words::default();
        for i in (0..1000).chain(0..1000) {
            words.push(&format!("word-{i}-0"));
        }
        assert_eq!(words.iter().count(), 1000);
        words.clear();
        words.push("word-1-0");
        assert_eq!(words.iter().count(), 1);
    }
}
