//! SQL functions of our own: addresses, ARNs, documents.

use std::net::IpAddr;
use std::sync::Arc;

use coldtrail_schema::pivots;
use datafusion::arrow::array::{ArrayRef, BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};

/// A function, for the documentation.
pub struct Function {
    pub name: &'static str,
    pub usage: &'static str,
    pub about: &'static str,
    make: fn(&'static str) -> ScalarUDF,
}

/// Every function of our own.
pub static FUNCTIONS: &[Function] = &[
    Function {
        name: "ip_in_cidr",
        usage: "ip_in_cidr(ip, cidr)",
        about: "Is the address in the network? False for what is no address; an address alone is a network of one. Either \
                may be several, separated by commas: is any of the addresses in any of the networks?",
        make: |name| test2(name, any_in_cidr),
    },
    Function {
        name: "ip_is_private",
        usage: "ip_is_private(ip)",
        about: "Is the address private, loopback, link-local, shared (100.64.0.0/10) or unique-local? Null for what is no address.",
        make: |name| test(name, |ip| ip.parse::<IpAddr>().ok().map(is_private)),
    },
    Function {
        name: "arn_partition",
        usage: "arn_partition(arn)",
        about: "aws, aws-cn, aws-us-gov; null for what is no ARN.",
        make: |name| part(name, |arn| arn_part(arn, 1)),
    },
    Function {
        name: "arn_service",
        usage: "arn_service(arn)",
        about: "The service in an ARN; null for what is no ARN.",
        make: |name| part(name, |arn| arn_part(arn, 2)),
    },
    Function {
        name: "arn_region",
        usage: "arn_region(arn)",
        about: "The region in an ARN, empty for global services; null for what is no ARN.",
        make: |name| part(name, |arn| arn_part(arn, 3)),
    },
    Function {
        name: "arn_account",
        usage: "arn_account(arn)",
        about: "The account in an ARN, empty where there is none; null for what is no ARN.",
        make: |name| part(name, |arn| arn_part(arn, 4)),
    },
    Function {
        name: "arn_resource",
        usage: "arn_resource(arn)",
        about: "Everything after the account in an ARN; null for what is no ARN.",
        make: |name| part(name, |arn| arn_part(arn, 5)),
    },
    Function {
        name: "json_diff",
        usage: "json_diff(before, after)",
        about: "What differs between two JSON documents: a list of {path, before, after}. Order of members and of \
                lists does not count, nor do the ways in which one policy can be written; unnest() makes rows of it.",
        make: crate::json_diff::function,
    },
];

pub(crate) fn all() -> impl Iterator<Item = ScalarUDF> {
    FUNCTIONS.iter().map(|function| (function.make)(function.name))
}

fn arrays(values: &[ColumnarValue]) -> Result<Vec<ArrayRef>> {
    ColumnarValue::values_to_arrays(values)
}

fn test(name: &str, function: fn(&str) -> Option<bool>) -> ScalarUDF {
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = arrays(values)?;
        let texts = as_string_array(&arrays[0])?;
        let answers: BooleanArray = texts.iter().map(|text| text.and_then(function)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    });
    create_udf(name, vec![DataType::Utf8], DataType::Boolean, Volatility::Immutable, run)
}

fn test2(name: &str, function: fn(&str, &str) -> bool) -> ScalarUDF {
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = arrays(values)?;
        let (left, right) = (as_string_array(&arrays[0])?, as_string_array(&arrays[1])?);
        let answers: BooleanArray = left.iter().zip(right).map(|(a, b)| Some(function(a?, b?))).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    });
    create_udf(name, vec![DataType::Utf8, DataType::Utf8], DataType::Boolean, Volatility::Immutable, run)
}

fn part(name: &str, function: fn(&str) -> Option<&str>) -> ScalarUDF {
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = arrays(values)?;
        let answers: StringArray = as_string_array(&arrays[0])?.iter().map(|text| text.and_then(function)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    });
    create_udf(name, vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, run)
}

/// `arn:partition:service:region:account:resource`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>
fn arn_part(arn: &str, index: usize) -> Option<&str> {
    let mut parts = arn.splitn(6, ':');
    let is_arn = arn.starts_with("arn:") && arn.bytes().filter(|b| *b == b':').count() >= 5;
    is_arn.then(|| parts.nth(index)).flatten()
}

fn any_in_cidr(ips: &str, cidrs: &str) -> bool {
    cidrs.split(',').any(|cidr| ips.split(',').any(|ip| in_cidr(ip.trim(), cidr.trim())))
}

fn in_cidr(ip: &str, cidr: &str) -> bool {
    let Some(ip) = pivots::address(ip) else { return false };
    let (network, length) = cidr.split_once('/').map_or((cidr, None), |(network, length)| (network, Some(length)));
    let Some(network) = pivots::address(network) else { return false };
    let bits = if network.is_ipv4() { 32 } else { 128 };
    let Ok(length) = length.map_or(Ok(bits), str::parse::<u32>) else { return false };
    let same = |a: u128, b: u128| length <= bits && (length == 0 || (a ^ b) >> (bits - length) == 0);
    match (ip.to_canonical(), network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => same(u128::from(u32::from(a)), u128::from(u32::from(b))),
        (IpAddr::V6(a), IpAddr::V6(b)) => same(u128::from(a), u128::from(b)),
        _ => false,
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let shared = in_cidr(&ip.to_string(), "100.64.0.0/10");
            ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (ip, cidr, expected) in [
            ("198.51.100.7", "198.51.100.0/24", true),
            ("198.51.101.7", "198.51.100.0/24", false),
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7", "0.0.0.0/0", true),
            ("2001:db8::1", "2001:db8::/32", true),
            ("2001:db8::1", "0.0.0.0/0", false),
            ("::ffff:198.51.100.7", "198.51.100.0/24", true),
            ("AWS Internal", "0.0.0.0/0", false),
            ("198.51.100.7", "198.51.100.0/33", false),
            ("198.51.100.7", "x", false),
        ] {
            assert_eq!(in_cidr(ip, cidr), expected, "{ip} in {cidr}");
        }
        assert!(any_in_cidr("192.0.2.1, 198.51.100.7:443", "10.0.0.0/8,198.51.100.0/24"));
        assert!(!any_in_cidr("192.0.2.1,198.51.100.7", "10.0.0.0/8"));
        assert!(!any_in_cidr("", "0.0.0.0/0"));
    }

    #[test]
    fn parts_of_an_arn() {
        let arn = "arn:aws:iam::111122223333:role/a:b";
        assert_eq!(arn_part(arn, 2), Some("iam"));
        assert_eq!(arn_part(arn, 3), Some(""));
        assert_eq!(arn_part(arn, 5), Some("role/a:b"));
        assert_eq!(arn_part("not an arn", 2), None);
    }
}
