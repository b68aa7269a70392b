//! What can be reached from the Internet.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::path;

use super::conditions::is_account;
use super::grants::Who;
use super::ranges::{Family, Network, Union, take_in_the_internet};
use super::{CONFIGURATION, Exposure, Reason, Resource, Unknown, elements, get, is_true, member, text};

pub(super) const GROUP: &str = "AWS::EC2::SecurityGroup";

/// The names under which a permission refers to a prefix list by one member.
const LIST_MEMBERS: [&str; 2] = ["sourcePrefixListId", "prefixListId"];

/// From where the rules for one protocol and range of ports let traffic in.
#[derive(Default)]
struct Sources {
    place: String,
    ranges: Vec<Source>,
}

struct Source {
    range: String,
    place: String,
    /// The prefix list that has it.
    by: Option<String>,
}

/// `ipPermissions` of EC2, or `SecurityGroupIngress` of CloudFormation. The ranges of all rules for the same ports are
/// judged together.
///
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html>
pub(super) fn security_group(resource: &Resource<'_>) -> (Vec<Exposure>, Vec<Unknown>) {
    let mut rules: BTreeMap<String, Sources> = BTreeMap::new();
    let (mut found, mut unknowns) = (Vec::new(), Vec::new());
    for (place, permission) in permissions(resource.configuration) {
        let ports = ports(permission);
        let rule = rules.entry(ports.clone()).or_default();
        if rule.place.is_empty() {
            rule.place.clone_from(&place);
        }
        rule.ranges.extend(ranges(&place, permission).into_iter().map(|(range, place)| Source {
            range,
            place,
            by: None,
        }));
        for (id, place) in lists(&place, permission) {
            match resource.around.prefix_list(&id) {
                Some(entries) => rule.ranges.extend(entries.into_iter().map(|range| Source {
                    range,
                    place: place.clone(),
                    by: Some(id.clone()),
                })),
                None => unknowns.push(Unknown { reason: Reason::PrefixList, detail: id, path: place }),
            }
        }
        let (strangers, unclear) = groups(resource, &place, permission, &ports);
        found.extend(strangers);
        unknowns.extend(unclear);
    }
    for (ports, rule) in &rules {
        rule.judge(ports, &mut found, &mut unknowns);
    }
    (found, unknowns)
}

impl Sources {
    fn judge(&self, ports: &str, found: &mut Vec<Exposure>, unknowns: &mut Vec<Unknown>) {
        let mut nets: Vec<(Network, &Source)> = Vec::new();
        for source in &self.ranges {
            match Network::read(&source.range) {
                Some(net) => nets.push((net, source)),
                None => unknowns.push(Unknown {
                    reason: Reason::Range,
                    detail: source.range.clone(),
                    path: source.place.clone(),
                }),
            }
        }
        for family in Family::BOTH {
            let of_family: Vec<&(Network, &Source)> = nets.iter().filter(|(net, _)| net.family == family).collect();
            let union = Union::of(of_family.iter().map(|(net, _)| *net));
            let alone: Vec<&&(Network, &Source)> = of_family.iter().filter(|(net, _)| net.is_open()).collect();
            let mut push = |from: String, place: &str| {
                let detail = format!("{ports} from {from}");
                // Config writes each range of IPv4 twice, under ipv4Ranges and ipRanges.
                if !found.iter().any(|other: &Exposure| other.detail == detail) {
                    found.push(Exposure { kind: "open_security_group", detail, path: place.to_owned() });
                }
            };
            let whole = alone.iter().any(|(net, _)| net.is_everything());
            if whole || (!alone.is_empty() && !union.is_everything(family)) {
                for (_, source) in alone {
                    push(source.shown(), &source.place);
                }
            } else if union.is_everything(family) {
                push(format!("{} (by {} ranges together)", family.everything(), of_family.len()), &self.place);
            } else if union.is_open(family) {
                let share = union.share(family);
                push(format!("{} ranges, together {share} of {}", of_family.len(), family.name()), &self.place);
            }
        }
    }
}

impl Source {
    fn shown(&self) -> String {
        match &self.by {
            Some(list) => format!("{} (by {list})", self.range),
            None => self.range.clone(),
        }
    }
}

/// Every permission to come in, with its path.
fn permissions(configuration: &Value) -> Vec<(String, &Value)> {
    let lists = ["ipPermissions", "SecurityGroupIngress"].into_iter().filter_map(|list| member(configuration, list));
    lists.flat_map(|(written, permissions)| elements(&path::member(CONFIGURATION, written), permissions)).collect()
}

/// The prefix lists that the rules refer to.
pub(super) fn prefix_lists(configuration: &Value) -> Vec<String> {
    let permissions = permissions(configuration);
    let mut all: Vec<String> =
        permissions.iter().flat_map(|(place, one)| lists(place, one)).map(|(id, _)| id).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The prefix lists of a permission, each with its path.
fn lists(path: &str, permission: &Value) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if let Some((written, list)) = member(permission, "prefixListIds") {
        for (place, one) in elements(&path::member(path, written), list) {
            all.extend(text(one).or_else(|| get(one, "prefixListId").and_then(text)).map(|id| (id, place)));
        }
    }
    for name in LIST_MEMBERS {
        if let Some((written, id)) = member(permission, name) {
            all.extend(text(id).map(|id| (id, path::member(path, written))));
        }
    }
    all
}

/// A group as source lets in what has that group, which has no address of the Internet for it. One of an account that
/// is not ours is a stranger; of one without an account it is not known whose it is.
fn groups(resource: &Resource<'_>, path: &str, permission: &Value, ports: &str) -> (Vec<Exposure>, Vec<Unknown>) {
    let (mut found, mut unknowns) = (Vec::new(), Vec::new());
    let Some((written, pairs)) = member(permission, "userIdGroupPairs") else { return (found, unknowns) };
    for (place, pair) in elements(&path::member(path, written), pairs) {
        let part = |name: &str| get(pair, name).and_then(text).filter(|text| !text.is_empty());
        let Some(group) = part("groupId").or_else(|| part("groupName")) else { continue };
        match part("userId") {
            Some(account) if is_account(&account) && !(resource.ours)(&account) => found.push(Exposure {
                kind: "security_group_shared",
                detail: format!("{ports} from {group} of account {account}"),
                path: place,
            }),
            Some(_) => {}
            None => unknowns.push(Unknown { reason: Reason::Group, detail: group, path: place }),
        }
    }
    (found, unknowns)
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

/// The public endpoint of a Kubernetes cluster; without ranges it is open to all.
///
/// <https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html>
pub(super) fn cluster(resource: &Resource<'_>) -> Vec<Exposure> {
    let Some((written, access)) = member(resource.configuration, "resourcesVpcConfig") else { return Vec::new() };
    // Unless it is turned off, a cluster has a public endpoint.
    if get(access, "endpointPublicAccess").is_some() && !is_true(get(access, "endpointPublicAccess")) {
        return Vec::new();
    }
    let ranges = get(access, "publicAccessCidrs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let ranges: Vec<String> = ranges.iter().filter_map(text).collect();
    let texts: Vec<&str> = ranges.iter().map(String::as_str).collect();
    if !texts.is_empty() && !take_in_the_internet(&texts) {
        return Vec::new();
    }
    let from = if texts.is_empty() { "0.0.0.0/0".to_owned() } else { texts.join(", ") };
    let path = path::member(&path::member(CONFIGURATION, written), "EndpointPublicAccess");
    vec![Exposure { kind: "public_endpoint", detail: format!("Kubernetes API from {from}"), path }]
}

/// An API that is reached through VPC endpoints only, whatever its policy says.
///
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>
pub(super) fn is_private_api(resource: &Resource<'_>) -> bool {
    let kinds = get(resource.configuration, "endpointConfiguration").and_then(|endpoint| get(endpoint, "types"));
    let kinds = kinds.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    resource.kind == "AWS::ApiGateway::RestApi"
        && !kinds.is_empty()
        && kinds.iter().all(|kind| kind.as_str() == Some("PRIVATE"))
}
