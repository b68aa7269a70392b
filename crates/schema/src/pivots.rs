//! What an analyst pivots on: the addresses, principals, keys and resources that a record names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
                _ => {
                    self.address(text);
                }
            },
            b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b':' | b'['
                if (2..=LONGEST).contains(&bytes.len()) && !self.address(text) && is_resource_id(bytes) =>
            {
                self.resources.push(text);
            }
            b'g'..=b'z' if is_resource_id(bytes) => self.resources.push(text),
            _ => {}
        }
    }

    /// Takes every address of a list such as a forwarded-for header, in its canonical form.
    pub fn addresses(&mut self, text: &str) {
        for part in parts(text) {
            self.address(part);
        }
    }

    /// Takes an address in its canonical form; false when the text is none.
    pub fn address(&mut self, text: &str) -> bool {
        match written(text) {
            // Most addresses are IPv4 and stand in their canonical form already.
            Some((IpAddr::V4(_), true)) => self.ips.push(text),
            Some((address, _)) => self.ips.push(&address.to_string()),
            None => return false,
        }
        true
    }
}

/// The longest text that is looked at as an address: IPv6 in full with brackets, a zone and a port.
const LONGEST: usize = 80;

/// The address that a text stands for, whatever its spelling: with a port (`192.0.2.1:443`, `[2001:db8::1]:443`), in
/// brackets, with a zone (`fe80::1%eth0`), IPv4 inside IPv6 (`::ffff:192.0.2.1`), with leading zeros (read as decimal,
/// as logs pad them), as network of one address (`/32`, `/128`), in capital letters or uncompressed. Two texts that
/// stand for one address give equal addresses, and `to_string()` of it is the text that the column `ips` has.
pub fn address(text: &str) -> Option<IpAddr> {
    written(text.trim()).map(|(address, _)| address)
}

/// Each address of a list that commas, semicolons or white space separate; what is none is passed over.
pub fn addresses(text: &str) -> impl Iterator<Item = IpAddr> {
    parts(text).filter_map(address)
}

fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|mark: char| matches!(mark, ',' | ';' | '"') || mark.is_whitespace()).filter(|part| !part.is_empty())
}

/// The address, and whether the text is its canonical form.
fn written(text: &str) -> Option<(IpAddr, bool)> {
    let bytes = text.as_bytes();
    // Most addresses are this.
    if let Ok(address) = text.parse::<Ipv4Addr>() {
        return Some((IpAddr::V4(address), true));
    }
    let dots = bytes.iter().filter(|byte| **byte == b'.').count();
    let colons = bytes.iter().filter(|byte| **byte == b':').count();
    if bytes.len() > LONGEST || (dots != 3 && colons < 2) {
        return None;
    }
    let mut text = text;
    if let Some((host, length)) = text.split_once('/') {
        if length != if host.contains(':') { "128" } else { "32" } {
            return None;
        }
        text = host;
    }
    if let Some(inner) = text.strip_prefix('[') {
        let (inner, port) = inner.split_once(']')?;
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        text = inner;
    } else if colons == 1 {
        let (host, port) = text.split_once(':')?;
        if !is_port(port) {
            return None;
        }
        text = host;
    }
    let address = if text.contains(':') { ipv6(text)? } else { IpAddr::V4(ipv4(text)?) };
    Some((address, false))
}

fn is_port(text: &str) -> bool {
    (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Four numbers, with leading zeros or without.
fn ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut octets = [0; 4];
    let mut parts = text.split('.');
    for octet in &mut octets {
        let part = parts.next().filter(|part| (1..=3).contains(&part.len()))?;
        if !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = part.parse().ok()?;
    }
    parts.next().is_none().then(|| Ipv4Addr::from(octets))
}

fn ipv6(text: &str) -> Option<IpAddr> {
    let text = match text.split_once('%') {
        Some((address, zone)) if !zone.is_empty() => address,
        Some(_) => return None,
        None => text,
    };
    let address: Ipv6Addr = match text.parse() {
        Ok(address) => address,
        // `::ffff:192.000.002.001`
        Err(_) => {
            let (groups, last) = text.rsplit_once(':')?;
            format!("{groups}:{}", ipv4(last)?).parse().ok()?
        }
    };
    Some(address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4))
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
    use proptest::prelude::*;

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
            "198.51.100.7:443",
            "2001:0DB8:0:0::0001",
            "[2001:db8::2]:443",
            "FE80::1%eth0",
            "10:00:00",
            "aa:bb:cc:dd:ee:ff",
        ] {
            pivots.classify(text);
        }
        let all = |words: &Words| words.iter().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(all(&pivots.ips), ["198.51.100.7", "2001:db8::1", "2001:db8::2", "fe80::1"]);
        assert_eq!(all(&pivots.actors), ["arn:aws:iam::111122223333:user/alice", "AROAIOSFODNN7EXAMPLE:session"]);
        assert_eq!(all(&pivots.keys), ["ASIAIOSFODNN7EXAMPLE"]);
        assert_eq!(all(&pivots.resources), ["arn:aws:s3:::bucket/key", "i-0123456789abcdef0", "sg-12345678"]);
    }

    #[test]
    fn spellings_of_one_address() {
        for (canonical, spellings) in [
            (
                "203.0.113.5",
                [
                    "203.0.113.5:443",
                    "203.000.113.005",
                    "203.000.113.005:80",
                    "[203.0.113.5]",
                    "203.0.113.5/32",
                    "::ffff:203.0.113.5",
                    "::FFFF:cb00:7105",
                    "[::ffff:203.0.113.5]:443",
                    "0:0:0:0:0:ffff:203.000.113.005",
                    " 203.0.113.5 ",
                ]
                .as_slice(),
            ),
            (
                "2001:db8::1",
                &[
                    "2001:DB8::1",
                    "2001:0db8:0000:0000:0000:0000:0000:0001",
                    "[2001:db8::1]",
                    "[2001:db8::1]:443",
                    "[2001:db8::1%eth0]:443",
                    "2001:db8::1%3",
                    "2001:db8::1/128",
                    "2001:db8::0.0.0.1",
                ],
            ),
        ] {
            for text in spellings.iter().chain([&canonical]) {
                assert_eq!(address(text).map(|found| found.to_string()).as_deref(), Some(canonical), "{text}");
            }
        }
        for text in [
            "",
            "-",
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.4:",
            "1.2.3.4:x",
            "1.2.3.4:123456",
            "1.2.3.4/24",
            "2001:db8::/32",
            "[2001:db8::1",
            "[2001:db8::1]443",
            "2001:db8::1%",
            "12:34:56",
            "unknown",
            "::g",
            "0001.2.3.4",
            "1..2.3",
            "AWS Internal",
        ] {
            assert_eq!(address(text), None, "{text}");
        }
        let all: Vec<String> =
            addresses("203.0.113.5, 2001:DB8::1,unknown;[::1]:80").map(|found| found.to_string()).collect();
        assert_eq!(all, ["203.0.113.5", "2001:db8::1", "::1"]);
    }

    proptest! {
        #[test]
        fn all_spellings_of_an_address_are_that_address(bits: u128, short: bool, zeros in 0usize..3, port: u16) {
            let six = Ipv6Addr::from(if short { bits >> 96 | 0x2001_0db8 << 96 } else { bits });
            let groups = six.segments().map(|group| format!("{group:04x}")).join(":");
            let canonical = six.to_ipv4_mapped().map_or(IpAddr::V6(six), IpAddr::V4);
            for text in [
                six.to_string(), six.to_string().to_uppercase(), groups.clone(), groups.to_uppercase(),
                format!("[{six}]:{port}"), format!("{six}%eth0"), format!("[{groups}]"), format!("{six}/128"),
            ] {
                prop_assert_eq!(address(&text), Some(canonical), "{}", text);
            }
            let four = Ipv4Addr::from(bits as u32);
            let padded = four.octets().map(|octet| format!("{octet:0width$}", width = zeros + 1)).join(".");
            for text in [
                four.to_string(), padded.clone(), format!("{padded}:{port}"), format!("[{four}]:{port}"),
                format!("::ffff:{padded}"), four.to_ipv6_mapped().to_string(), format!("{four}/32"),
            ] {
                prop_assert_eq!(address(&text), Some(IpAddr::V4(four)), "{}", text);
            }
        }

        #[test]
        fn canonical_text_is_a_fixed_point(text in "[0-9a-fA-F:.%/\\[\\]]{0,45}") {
            if let Some(found) = address(&text) {
                prop_assert_eq!(address(&found.to_string()), Some(found));
            }
        }
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
