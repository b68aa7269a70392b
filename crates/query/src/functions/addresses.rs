//! Addresses, keys and user agents: who a request came from.

use std::net::IpAddr;
use std::sync::Arc;

use coldtrail_schema::pivots;
use datafusion::arrow::array::{ArrayRef, BooleanArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::cast::as_string_array;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionImplementation, ScalarUDF, Volatility, create_udf};

use super::{Function, entry};

pub(super) const LIST: &[Function] = &[
    entry(
        "ip_in_cidr",
        "ip_in_cidr(ip, cidr)",
        "Is the address in the network? False for what is no address; an address alone is a network of one. Either \
         may be several, separated by commas: is any of the addresses in any of the networks?",
        ("ip_in_cidr('198.51.100.7', '10.0.0.0/8, 198.51.100.0/24')", "true"),
        |name| test2(name, any_in_cidr),
    ),
    entry(
        "ip_is_private",
        "ip_is_private(ip)",
        "Is the address private, loopback, link-local, shared (100.64.0.0/10) or unique-local? Null for what is no \
         address.",
        ("ip_is_private('10.1.2.3')", "true"),
        |name| test(name, |ip| ip.parse::<IpAddr>().ok().map(is_private)),
    ),
    entry(
        "ip_kind",
        "ip_kind(ip)",
        "What kind of address it is: private, loopback, link_local, shared, multicast or public; none for what is no \
         address, such as the name of a service.",
        ("ip_kind('169.254.169.254')", "link_local"),
        |name| part(name, |ip| Some(ip_kind(ip))),
    ),
    entry(
        "key_account",
        "key_account(access_key)",
        "The account that an access key (AKIA, ASIA) belongs to, which is written in it. Null for keys made before \
         2019, which do not have it, and for what is no key.",
        ("key_account('ASIAQNZGKIQY56JQ7WML')", "029608264753"),
        |name| part_owned(name, key_account),
    ),
    entry(
        "ua_family",
        "ua_family(user_agent)",
        "The program behind a user agent, such as aws-cli, boto3, terraform, console, browser or aws-service; other \
         for what is not known.",
        ("ua_family('aws-cli/2.15.0 Python/3.11.6 Linux/6.5.0')", "aws-cli"),
        |name| part(name, |agent| Some(family(agent).0)),
    ),
    entry(
        "ua_is_tool",
        "ua_is_tool(user_agent)",
        "Is it a tool that someone ran (a command line, an SDK, a script, an attack tool), not a browser or a service \
         of AWS?",
        ("ua_is_tool('[S3 Browser/11.6.7 (https://s3browser.com)]')", "true"),
        |name| test(name, |agent| Some(is_tool(agent))),
    ),
];

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

pub(super) fn part(name: &str, function: fn(&str) -> Option<&str>) -> ScalarUDF {
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = arrays(values)?;
        let answers: StringArray = as_string_array(&arrays[0])?.iter().map(|text| text.and_then(function)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    });
    create_udf(name, vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, run)
}

fn part_owned(name: &str, function: fn(&str) -> Option<String>) -> ScalarUDF {
    let run: ScalarFunctionImplementation = Arc::new(move |values| {
        let arrays = arrays(values)?;
        let answers: StringArray = as_string_array(&arrays[0])?.iter().map(|text| text.and_then(function)).collect();
        Ok(ColumnarValue::Array(Arc::new(answers)))
    });
    create_udf(name, vec![DataType::Utf8], DataType::Utf8, Volatility::Immutable, run)
}

fn any_in_cidr(ips: &str, cidrs: &str) -> bool {
    cidrs.split(',').any(|cidr| ips.split(',').any(|ip| in_cidr(ip.trim(), cidr.trim())))
}

pub(super) fn in_cidr(ip: &str, cidr: &str) -> bool {
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

/// 100.64.0.0/10, of carriers and of networks of containers.
fn is_shared(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V4(ip) if u32::from(ip) >> 22 == 0x6440_0000 >> 22)
}

fn is_private(ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    match ip {
        IpAddr::V4(v4) => {
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || is_shared(ip)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unspecified() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

fn ip_kind(text: &str) -> &'static str {
    let Some(ip) = pivots::address(text).map(|ip| ip.to_canonical()) else { return "none" };
    let (private, link_local) = match ip {
        IpAddr::V4(v4) => (v4.is_private(), v4.is_link_local()),
        IpAddr::V6(v6) => (v6.is_unique_local(), v6.is_unicast_link_local()),
    };
    if ip.is_unspecified() {
        "none"
    } else if ip.is_loopback() {
        "loopback"
    } else if ip.is_multicast() {
        "multicast"
    } else if private {
        "private"
    } else if link_local {
        "link_local"
    } else if is_shared(ip) {
        "shared"
    } else {
        "public"
    }
}

/// The account stands in 40 bits of what follows the prefix in base32, after the first bit.
fn key_account(key: &str) -> Option<String> {
    let rest = key.strip_prefix("AKIA").or_else(|| key.strip_prefix("ASIA"))?;
    if rest.len() != 16 || rest.starts_with(['I', 'J']) {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A')),
        b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
        _ => None,
    };
    if !rest.bytes().all(|byte| digit(byte).is_some()) {
        return None;
    }
    // Ten digits are 50 bits; the account is in the first 48.
    let bits = rest.bytes().take(10).try_fold(0u64, |bits, byte| Some((bits << 5) | digit(byte)?))? >> 2;
    let account = (bits & 0x7fff_ffff_ff80) >> 7;
    (account < 1_000_000_000_000).then(|| format!("{account:012}"))
}

/// What stands in user agents in small letters, the family, and whether that is a tool. The first that is found counts.
const FAMILIES: &[(&str, &str, bool)] = &[
    ("pacu", "pacu", true),
    ("s3 browser", "s3browser", true),
    ("s3browser", "s3browser", true),
    ("cloudberry", "cloudberry", true),
    ("cyberduck", "cyberduck", true),
    ("winscp", "winscp", true),
    ("rclone", "rclone", true),
    ("s5cmd", "s5cmd", true),
    ("s3cmd", "s3cmd", true),
    ("trufflehog", "trufflehog", true),
    ("scoutsuite", "scoutsuite", true),
    ("prowler", "prowler", true),
    ("cloudfox", "cloudfox", true),
    ("cloudmapper", "cloudmapper", true),
    ("steampipe", "steampipe", true),
    ("nuclei", "nuclei", true),
    ("sqlmap", "sqlmap", true),
    ("nmap", "nmap", true),
    ("opentofu", "opentofu", true),
    ("terraform", "terraform", true),
    ("pulumi", "pulumi", true),
    ("ansible", "ansible", true),
    ("aws-cdk", "aws-cdk", true),
    ("cdk", "aws-cdk", true),
    ("eksctl", "eksctl", true),
    ("kubectl", "kubectl", true),
    ("packer", "packer", true),
    ("aws-cli", "aws-cli", true),
    ("awspowershell", "aws-powershell", true),
    ("aws-tools-powershell", "aws-powershell", true),
    ("powershell", "powershell", true),
    ("boto3", "boto3", true),
    ("boto", "boto", true),
    ("aws-sdk", "aws-sdk", true),
    ("console.amazonaws.com", "console", false),
    ("console.aws", "console", false),
    ("signin.amazonaws.com", "console", false),
    ("cloudshell", "cloudshell", true),
    (".amazonaws.com", "aws-service", false),
    ("aws internal", "aws-service", false),
    ("aws-internal", "aws-service", false),
    ("python-requests", "python-requests", true),
    ("aiohttp", "python", true),
    ("python-urllib", "python", true),
    ("python-httpx", "python", true),
    ("go-http-client", "go", true),
    ("okhttp", "okhttp", true),
    ("java/", "java", true),
    ("node-fetch", "node", true),
    ("axios", "node", true),
    ("postman", "postman", true),
    ("insomnia", "insomnia", true),
    ("libwww-perl", "perl", true),
    ("wget", "wget", true),
    ("curl", "curl", true),
    ("mozilla/", "browser", false),
    ("opera/", "browser", false),
];

/// Systems that are made for attacks stand beside the name of the program.
const ATTACK_SYSTEMS: [&str; 4] = ["kali", "parrot", "pentoo", "blackarch"];

fn family(agent: &str) -> (&'static str, bool) {
    let agent = agent.to_ascii_lowercase();
    let found = FAMILIES.iter().find(|(mark, _, _)| agent.contains(mark));
    found.map_or(("other", false), |(_, family, is_tool)| (*family, *is_tool))
}

fn is_tool(agent: &str) -> bool {
    let lower = agent.to_ascii_lowercase();
    family(agent).1 || ATTACK_SYSTEMS.iter().any(|system| lower.contains(system))
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
    fn kinds_of_addresses() {
        for (ip, expected) in [
            ("10.0.0.1", "private"),
            ("172.32.0.1", "public"),
            ("127.0.0.1", "loopback"),
            ("100.64.1.1", "shared"),
            ("100.128.0.1", "public"),
            ("224.0.0.1", "multicast"),
            ("fe80::1", "link_local"),
            ("fd00::1", "private"),
            ("::ffff:10.0.0.1", "private"),
            ("cloudtrail.amazonaws.com", "none"),
            ("", "none"),
        ] {
            assert_eq!(ip_kind(ip), expected, "{ip}");
        }
        assert!(is_private(IpAddr::from([100, 64, 0, 1])));
        assert!(!is_private(IpAddr::from([100, 63, 0, 1])));
    }

    #[test]
    fn accounts_of_keys() {
        assert_eq!(key_account("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        for key in
            ["AKIAIOSFODNN7EXAMPLE", "ASIAJOSFODNN7EXAMPLE", "AKIAQNZGKIQY56JQ7WM", "AKIAQNZGKIQY56JQ7WM1", "", "ä"]
        {
            assert_eq!(key_account(key), None, "{key}");
        }
    }

    #[test]
    fn families_of_user_agents() {
        for (agent, expected, tool) in [
            ("APN/1.0 HashiCorp/1.0 Terraform/1.5.7 aws-sdk-go/1.44", "terraform", true),
            ("Boto3/1.26 Python/3.9 Linux/5.10 Botocore/1.29", "boto3", true),
            ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101", "browser", false),
            ("cloudformation.amazonaws.com", "aws-service", false),
            ("signin.amazonaws.com", "console", false),
            ("something Linux/6.1.0-kali5-amd64", "other", true),
            ("", "other", false),
        ] {
            assert_eq!((family(agent).0, is_tool(agent)), (expected, tool), "{agent}");
        }
    }
}
