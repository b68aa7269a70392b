//! What can be reached from the Internet.

use serde_json::Value;

use crate::path;

use super::grants::Who;
use super::{CONFIGURATION, Exposure, Resource, elements, get, is_true, member, text};

/// Longer prefixes are not the Internet.
const OPEN_BELOW: u8 = 8;

/// Is it a range of addresses that takes in a good part of the Internet?
pub(crate) fn is_open_range(range: &str) -> bool {
    let range = range.trim().to_ascii_lowercase();
    let Some((address, length)) = range.split_once('/') else { return range == "*" };
    // fc00::/7 is private: https://www.rfc-editor.org/rfc/rfc4193
    let private = address.starts_with("fc") || address.starts_with("fd");
    length.parse::<u8>().is_ok_and(|length| length < OPEN_BELOW) && !private
}

/// `ipPermissions` of EC2, or `SecurityGroupIngress` of CloudFormation.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub(super) fn security_group(resource: &Resource<'_>) -> Vec<Exposure> {
    let mut found: Vec<Exposure> = Vec::new();
    for list in ["ipPermissions", "SecurityGroupIngress"] {
        let Some((written, permissions)) = member(resource.configuration, list) else { continue };
        for (place, permission) in elements(&path::member(CONFIGURATION, written), permissions) {
            for (range, place) in ranges(&place, permission) {
                let detail = format!("{} from {range}", ports(permission));
                // Config writes each range of IPv4 twice, under ipv4Ranges and ipRanges.
                if is_open_range(&range) && !found.iter().any(|other| other.detail == detail) {
                    found.push(Exposure { kind: "open_security_group", detail, path: place });
                }
            }
        }
    }
    found
}

fn ranges(path: &str, permission: &Value) -> Vec<(String, String)> {
    let mut ranges = Vec::new();
    for (list, names) in
        [("ipv4Ranges", ["cidrIp", "cidr"]), ("ipRanges", ["cidrIp", "cidr"]), ("ipv6Ranges", ["cidrIpv6", "cidr"])]
    {
        let Some((written, list)) = member(permission, list) else { continue };
        for (place, range) in elements(&path::member(path, written), list) {
            let within = || names.iter().find_map(|name| get(range, name)).and_then(text);
            ranges.extend(text(range).or_else(within).map(|range| (range, place)));
        }
    }
    for name in ["cidrIp", "cidrIpv6"] {
        if let Some((written, range)) = member(permission, name) {
            ranges.extend(text(range).map(|range| (range, path::member(path, written))));
        }
    }
    ranges
}

/// Such as `tcp 22`, `udp 1-1024`, `all traffic`.
fn ports(permission: &Value) -> String {
    let part = |name: &str| get(permission, name).and_then(text);
    let protocol = match part("ipProtocol").unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "-1" | "all" => return "all traffic".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        "58" => "icmpv6".to_owned(),
        other => other.to_owned(),
    };
    // For ICMP the ports are type and code.
    if protocol.starts_with("icmp") {
        return match part("fromPort") {
            Some(kind) if kind != "-1" => format!("{protocol} type {kind}"),
            _ => protocol,
        };
    }
    match (part("fromPort").as_deref(), part("toPort").as_deref()) {
        (None | Some("-1"), _) | (Some("0"), Some("65535")) => format!("{protocol} all ports"),
        (Some(from), None) => format!("{protocol} {from}"),
        (Some(from), Some(to)) if from == to => format!("{protocol} {from}"),
        (Some(from), Some(to)) => format!("{protocol} {from}-{to}"),
    }
}

/// `publiclyAccessible`, of everything that is a database.
pub(super) fn database(resource: &Resource<'_>) -> Vec<Exposure> {
    let Some((written, flag)) = member(resource.configuration, "publiclyAccessible") else { return Vec::new() };
    if !is_true(Some(flag)) {
        return Vec::new();
    }
    let engine = get(resource.configuration, "engine").and_then(text);
    let endpoint = get(resource.configuration, "endpoint");
    let address = endpoint.and_then(|endpoint| text(endpoint).or_else(|| get(endpoint, "address").and_then(text)));
    let port = endpoint.and_then(|endpoint| get(endpoint, "port")).or_else(|| get(resource.configuration, "port"));
    let mut detail = "publicly accessible".to_owned();
    if let Some(engine) = engine {
        detail.push_str(&format!(", {engine}"));
    }
    if let Some(address) = address {
        detail.push_str(&format!(" at {address}"));
        if let Some(port) = port.and_then(text) {
            detail.push_str(&format!(":{port}"));
        }
    }
    vec![Exposure { kind: "public_database", detail, path: path::member(CONFIGURATION, written) }]
}

/// A domain inside a VPC has no address outside, whatever its policy says.
pub(super) fn search_domain(resource: &Resource<'_>) -> Vec<Exposure> {
    let vpc = get(resource.configuration, "vpcOptions");
    let inside =
        |name: &str| vpc.and_then(|vpc| get(vpc, name)).and_then(Value::as_array).is_some_and(|l| !l.is_empty());
    if inside("subnetIds") {
        return Vec::new();
    }
    let open = resource.grants().into_iter().filter(|grant| grant.who == Who::Anyone);
    open.map(|grant| Exposure { kind: "public_database", detail: grant.detail(), path: grant.path }).collect()
}
