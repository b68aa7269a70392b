//! Ranges of addresses, alone and together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range that takes in at least this part of all addresses, 1/2^n of them, is the Internet.
const OPEN: u32 = 7;

/// Addresses that nobody reaches over the Internet: <https://www.iana.org/assignments/iana-ipv4-special-registry>,
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const PRIVATE: [&str; 8] = [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) const BOTH: [Family; 2] = [Family::V4, Family::V6];

    fn bits(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    fn last(self) -> u128 {
        match self {
            Family::V4 => u128::from(u32::MAX),
            Family::V6 => u128::MAX,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    pub(crate) fn everything(self) -> &'static str {
        match self {
            Family::V4 => "0.0.0.0/0",
            Family::V6 => "::/0",
        }
    }
}

/// A network; bits after the prefix do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    pub(crate) family: Family,
    first: u128,
    length: u32,
}

impl Network {
    /// `10.0.0.0/8`, `2001:db8::/32`, a single address, or `*`.
    pub(crate) fn read(text: &str) -> Option<Network> {
        let text = text.trim();
        if text == "*" {
            return Some(Network { family: Family::V4, first: 0, length: 0 });
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let (family, first) = match address.parse::<IpAddr>().ok()? {
            IpAddr::V4(address) => (Family::V4, u128::from(address.to_bits())),
            IpAddr::V6(address) => (Family::V6, address.to_bits()),
        };
        let length = length.unwrap_or(family.bits());
        (length <= family.bits()).then(|| Network { family, first: first & !Network::host(family, length), length })
    }

    /// The one spelling of a network or an IPv6 address; none for any other text, which has only the one it has.
    pub(crate) fn spelled(text: &str) -> Option<String> {
        if !text.contains([':', '/']) {
            return None;
        }
        let net = Network::read(text)?;
        let first = match net.family {
            Family::V4 => IpAddr::from(Ipv4Addr::from_bits(u32::try_from(net.first).ok()?)),
            Family::V6 => IpAddr::from(Ipv6Addr::from_bits(net.first)),
        };
        let alone = net.length == net.family.bits();
        Some(if alone { first.to_string() } else { format!("{first}/{}", net.length) })
    }

    /// The bits after the prefix.
    fn host(family: Family, length: u32) -> u128 {
        family.last().checked_shr(length).unwrap_or(0)
    }

    fn last(self) -> u128 {
        self.first | Network::host(self.family, self.length)
    }

    pub(crate) fn is_everything(self) -> bool {
        self.length == 0
    }

    /// Does it take in a good part of the Internet?
    pub(crate) fn is_open(self) -> bool {
        // fc00::/7 is private: https://www.rfc-editor.org/rfc/rfc4193
        let private = self.family == Family::V6 && Ipv6Addr::from_bits(self.first).is_unique_local();
        self.length <= OPEN && !private
    }
}

/// Ranges of one family, without what they have in common: first and last addresses, ascending and apart.
pub(crate) struct Union(Vec<(u128, u128)>);

impl Union {
    pub(crate) fn of(networks: impl Iterator<Item = Network>) -> Union {
        let mut all: Vec<(u128, u128)> = networks.map(|net| (net.first, net.last())).collect();
        all.sort_unstable();
        let mut apart: Vec<(u128, u128)> = Vec::new();
        for (first, last) in all {
            match apart.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => apart.push((first, last)),
            }
        }
        Union(apart)
    }

    pub(crate) fn is_everything(&self, family: Family) -> bool {
        self.0.first() == Some(&(0, family.last()))
    }

    /// How many addresses of the Internet they are; one less where it is all of IPv6.
    fn size(&self, family: Family) -> u128 {
        let private = PRIVATE.iter().filter_map(|range| Network::read(range)).filter(|net| net.family == family);
        let mut size =
            self.0.iter().fold(0_u128, |sum, (first, last)| sum.saturating_add((last - first).saturating_add(1)));
        for net in private {
            for (first, last) in &self.0 {
                let (first, last) = ((*first).max(net.first), (*last).min(net.last()));
                if first <= last {
                    size = size.saturating_sub(last - first + 1);
                }
            }
        }
        size
    }

    /// Do they take in a good part of the Internet together?
    pub(crate) fn is_open(&self, family: Family) -> bool {
        self.size(family) >= 1 << (family.bits() - OPEN)
    }

    /// How much of all addresses they are, such as `98.7 %`.
    pub(crate) fn share(&self, family: Family) -> String {
        let thousandths = self.size(family) / (family.last() / 1000);
        format!("{}.{} %", thousandths / 10, thousandths % 10)
    }
}

/// Do the ranges take in a good part of the Internet, alone or together? What is no range is none.
pub(crate) fn take_in_the_internet(ranges: &[&str]) -> bool {
    let nets: Vec<Network> = ranges.iter().filter_map(|range| Network::read(range)).collect();
    nets.iter().any(|net| net.is_open())
        || Family::BOTH
            .iter()
            .any(|family| Union::of(nets.iter().copied().filter(|net| net.family == *family)).is_open(*family))
}
