//! Which logs a log group of CloudWatch Logs can hold, as far as services fix its name, or that of its streams.
//!
//! An application logs what its clients send, and a line of a client's choice may look like one of any log. Who writes
//! to a log group is not the client's choice.

use std::borrow::Cow;

use crate::carried::{Group, stream_of};
use crate::framing::Record;
use crate::rds_log;

/// Can the logs of a source stand there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    Yes,
    No,
    /// The names do not tell.
    Unknown,
}

/// A log group and a stream in it, as far as they are known.
#[derive(Debug, Default, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    group: Option<String>,
    stream: Option<String>,
}

impl Place {
    /// Where an event stands, by what it says itself, what the document around it says, and the folder of an export
    /// task.
    pub(crate) fn of(record: &Record<'_>, around: &Group, folder: Option<&str>) -> Place {
        let known = |name: Option<String>| name.filter(|name| !name.is_empty());
        let is_event = record.text.starts_with('{') && !record.tape.is_empty();
        let (own_group, own_stream) = match is_event {
            true => (group_of(record), stream_of(record.json())),
            false => (None, None),
        };
        Place {
            group: known(own_group).or_else(|| known(around.group.clone())),
            stream: known(own_stream).or_else(|| known(around.stream.clone())).or_else(|| folder.map(str::to_owned)),
        }
    }

    /// A stream of an export task, which does not write down the log group.
    pub(crate) fn exported(folder: Option<&str>) -> Place {
        Place { group: None, stream: folder.map(str::to_owned) }
    }

    /// Can logs of this source stand here?
    pub(crate) fn fit(&self, source: &str) -> Fit {
        let (group, stream) = (self.group.as_deref(), self.stream.as_deref());
        let told = |name: Option<&str>, is_theirs: &dyn Fn(&str) -> bool| match name {
            Some(name) if is_theirs(name) => Fit::Yes,
            Some(_) => Fit::No,
            None => Fit::Unknown,
        };
        match source {
            "cloudtrail" => match group.is_some_and(|group| group.starts_with("/aws/events/")) {
                // A rule of EventBridge wrote it.
                true => Fit::Unknown,
                false => told(stream, &is_trail),
            },
            "waf" => told(group, &|group| group.starts_with("aws-waf-logs-")),
            "route53_queries" => told(stream, &is_zone),
            // Its users name the group; the stream is that of an interface, but others may use such names as well.
            "vpc_flow" if stream.is_some_and(|stream| !is_flow(stream)) => Fit::No,
            "vpc_flow" => Fit::Unknown,
            "rds_log" => told(group, &rds_log::is_group),
            _ if source.starts_with("rds_") => told(group, &|group| is_database(source, group)),
            _ => Fit::Unknown,
        }
    }
}

/// Do the names of groups or streams tell anything about this source?
pub(crate) fn is_told(source: &str) -> bool {
    matches!(source, "cloudtrail" | "waf" | "route53_queries" | "vpc_flow") || source.starts_with("rds_")
}

/// The log group of an event, where it stands in the event itself: a name, an ARN, or `<account>:<name>`.
fn group_of(record: &Record<'_>) -> Option<String> {
    let value = record.json();
    let names = ["logGroupName", "logGroup", "logGroupIdentifier", "@log"];
    let text = names.iter().find_map(|name| value.get(name)?.text()).map(Cow::into_owned)?;
    let name = text.split_once(":log-group:").map_or(text.as_str(), |(_, name)| name.trim_end_matches(":*"));
    let name = match name.split_once(':') {
        Some((account, name)) if is_account(account) => name,
        _ => name,
    };
    Some(name.to_owned())
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// `<account>_CloudTrail_<region>`; behind an organisation's id, and with a number for further streams.
fn is_trail(stream: &str) -> bool {
    let account = stream.split("_CloudTrail").next().filter(|before| before.len() < stream.len());
    let account = account.map(|before| before.rsplit('_').next().unwrap_or(before));
    account.is_some_and(is_account)
}

/// `<hosted zone>/<edge location>`; export tasks write `-` for the slash.
fn is_zone(stream: &str) -> bool {
    let capitals = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
    };
    stream.split_once(['/', '-']).is_some_and(|(zone, edge)| zone.starts_with('Z') && capitals(zone) && capitals(edge))
}

/// `eni-…-all`, `-accept` or `-reject`; of transit gateways, their id or that of the attachment.
fn is_flow(stream: &str) -> bool {
    let is_id = |text: &str| {
        let (_, id) = text.rsplit_once('-').unwrap_or_default();
        (8..=32).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let (name, kind) = stream.rsplit_once('-').unwrap_or_default();
    let filtered = matches!(kind, "all" | "accept" | "reject");
    (stream.starts_with("eni-") && filtered && is_id(name))
        || (stream.starts_with("tgw-") && (is_id(stream) || (filtered && is_id(name))))
}

/// `/aws/rds/<instance or cluster>/<name>/<log>`, where the log is one that holds statements of that kind.
fn is_database(source: &str, group: &str) -> bool {
    let Some(rest) = group.strip_prefix("/aws/rds/") else { return false };
    match rest.rsplit('/').next().unwrap_or_default() {
        "audit" | "general" => source != "rds_slow",
        "slowquery" => source != "rds_audit",
        "error" | "postgresql" | "upgrade" | "agent" | "alert" | "listener" | "trace" => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_can_stand_there() {
        let fit = |source: &str, group: &str, stream: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Place { group: some(group), stream: some(stream) }.fit(source)
        };
        for (source, group, stream, wanted) in [
            ("rds_audit", "/aws/rds/cluster/shop/audit", "shop-1", Fit::Yes),
            ("rds_audit", "/aws/rds/instance/shop/general", "shop", Fit::Yes),
            ("rds_audit", "/aws/rds/instance/shop/error", "shop", Fit::No),
            ("rds_slow", "/aws/rds/instance/shop/slowquery", "shop", Fit::Yes),
            ("rds_slow", "/aws/rds/instance/shop/audit", "shop", Fit::No),
            ("rds_slow", "/app/aws/rds/instance/shop/slowquery", "shop", Fit::No),
            ("rds_audit", "", "shop", Fit::Unknown),
            ("rds_log", "/aws/rds/instance/shop/postgresql", "shop", Fit::Yes),
            ("rds_log", "/aws/rds/instance/shop/audit", "shop", Fit::No),
            ("rds_log", "", "shop", Fit::Unknown),
            ("cloudtrail", "any", "111122223333_CloudTrail_eu-west-1", Fit::Yes),
            ("cloudtrail", "any", "o-exampleorg1_111122223333_CloudTrail_eu-west-1_2", Fit::Yes),
            ("cloudtrail", "any", "111122223333_CloudTrail-Insight_eu-west-1", Fit::Yes),
            ("cloudtrail", "any", "web_CloudTrail_eu-west-1", Fit::No),
            ("cloudtrail", "/aws/events/calls", "a", Fit::Unknown),
            ("cloudtrail", "any", "", Fit::Unknown),
            ("waf", "aws-waf-logs-shop", "a", Fit::Yes),
            ("waf", "/app/aws-waf-logs-shop", "a", Fit::No),
            ("route53_queries", "any", "Z0123456789ABCDEFGHIJ/FRA6", Fit::Yes),
            ("route53_queries", "any", "Z0123456789ABCDEFGHIJ-FRA6-C1", Fit::Yes),
            ("route53_queries", "any", "web/1", Fit::No),
            ("vpc_flow", "/vpc/flows", "eni-0123456789abcdef0-all", Fit::Unknown),
            ("vpc_flow", "/vpc/flows", "eni-0123456789abcdef0-reject", Fit::Unknown),
            ("vpc_flow", "/vpc/flows", "tgw-attach-0123456789abcdef0", Fit::Unknown),
            ("vpc_flow", "/vpc/flows", "tgw-0123456789abcdef0", Fit::Unknown),
            ("vpc_flow", "/vpc/flows", "eni-web", Fit::No),
            ("vpc_flow", "/vpc/flows", "i-0123456789abcdef0", Fit::No),
            ("guardduty", "any", "any", Fit::Unknown),
        ] {
            assert_eq!(fit(source, group, stream), wanted, "{source} in {group} {stream}");
        }
    }
}
