//! Real logs, which are not part of the project: everything in them must be counted and found again in the rows.

use std::io::Read;
use std::path::{Path, PathBuf};

use coldtrail_evidence::{Limits, open_bytes};
use coldtrail_schema::Kind;
use coldtrail_sources::Framing;
use serde_json::{Map, Value};

use crate::cases::listed;
use crate::decoded::{Fate, Outcome, Seen, decode, instant};

const SOURCES: &[&str] = &[
    "cloudtrail",
    "cloudtrail-digest",
    "cloudtrail-insight",
    "cloudtrail-negative",
    "s3access",
    "cloudfront",
    "config",
    "containers",
    "vpcflow",
    "route53public",
    "waf",
    "route53resolver",
    "networkfirewall",
    "guardduty",
    "securityhub",
    "elb",
    "cwmetrics",
];

/// Folders of logs whose files are of several sources, or prose: what may be in them.
const OTHERS: &[(&str, &[&str])] = &[
    ("cwlogs", &["cloudwatch_logs", "cloudtrail"]),
    ("rds", &["rds_audit", "rds_log", "rds_slow", "cloudwatch_logs"]),
];

pub(crate) fn corpora() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    if !root.is_dir() {
        print(&format!("SKIPPED: there are no real logs at {}", root.display()));
        return None;
    }
    Some(root)
}

#[expect(clippy::print_stderr, reason = "a test that looks at nothing must say so")]
fn print(line: &str) {
    eprintln!("{line}");
}

pub(crate) fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in listed(folder) {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

pub(crate) struct Log {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) outcome: Outcome,
}

impl Log {
    pub(crate) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

/// Every file of the corpora that is not Parquet, inflated and decoded.
pub(crate) fn logs(root: &Path, folders: &[&str]) -> Vec<Log> {
    let mut paths = Vec::new();
    for folder in folders {
        files(&root.join(folder), &mut paths);
    }
    let mut logs = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        open_bytes(fs_err::read(&path).unwrap(), &Limits::default()).read_to_end(&mut bytes).unwrap();
        if !bytes.starts_with(b"PAR1") {
            let outcome = decode(&name, &bytes, false);
            logs.push(Log { name, bytes, outcome });
        }
    }
    logs
}

/// Counts records in its own way; none when the file as a whole is no JSON.
fn count(text: &str, framing: Framing) -> Option<usize> {
    let text = text.trim_start_matches('\u{feff}');
    if framing == Framing::Lines {
        // Comments, and the headers of flow logs.
        let none = |line: &str| line.trim().is_empty() || line.starts_with('#') || line.contains(" srcaddr dstaddr ");
        return Some(text.lines().filter(|line| !none(line)).count());
    }
    if framing == Framing::Csv {
        return Some(text.lines().count() - 1);
    }
    let mut bare = String::new();
    for line in text.lines() {
        let stamp =
            line.split_once(' ').filter(|(stamp, _)| stamp.len() > 18 && stamp.ends_with('Z') && stamp.contains('T'));
        bare.push_str(stamp.map_or(line, |(_, rest)| rest));
        bare.push('\n');
    }
    let mut sum = 0;
    for document in serde_json::Deserializer::from_str(&bare).into_iter::<Value>() {
        sum += count_in(&document.ok()?);
    }
    Some(sum)
}

fn count_in(document: &Value) -> usize {
    if let Value::Array(items) = document {
        return items.len();
    }
    let inner = document.get("data").filter(|data| data.get("configurationItems").is_some()).unwrap_or(document);
    let containers = [
        "Records",
        "configurationItems",
        "baseConfigurationItems",
        "logEvents",
        "Events",
        "events",
        "Findings",
        "findings",
    ];
    containers.iter().find_map(|name| Some(inner.get(name)?.as_array()?.len())).unwrap_or(1)
}

#[test]
fn every_record_of_real_logs_is_counted() {
    let Some(root) = corpora() else { return };
    let mut wrong = Vec::new();
    for log in logs(&root, SOURCES) {
        let Some(framing) = log.outcome.framing else { continue };
        let found = log.outcome.rows() + log.outcome.rejects().count();
        if found == 0 && log.outcome.source.is_some_and(|source| source.name == "vpc_flow") {
            // The header is all there is.
            continue;
        }
        if let Some(wanted) = count(&String::from_utf8_lossy(&log.bytes), framing)
            && wanted != found
        {
            wrong.push(format!("{}: {wanted} records, {found} rows and rejects", log.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_of_real_logs_is_lost() {
    let Some(root) = corpora() else { return };
    let mut lost = Vec::new();
    for log in logs(&root, SOURCES) {
        for seen in &log.outcome.seen {
            let Fate::Row { cells, .. } = &seen.fate else { continue };
            let network =
                log.outcome.source.is_some_and(|source| matches!(source.name, "vpc_flow" | "route53_queries"));
            let missing = match serde_json::from_str::<Value>(&seen.text) {
                Ok(record) if network && record.get("message").is_some() => missing_of_event(seen, &record, cells),
                Ok(record) => missing_of_json(&log.outcome, record, cells),
                Err(_) => missing_of_line(seen, cells),
            };
            lost.extend(missing.into_iter().map(|what| format!("{} record {}: {what}", log.name, seen.ordinal)));
        }
    }
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
}

/// The same as AWS's other name for it.
const ALIASES: &[(&str, &str)] = &[
    ("version", "configurationitemversion"),
    ("accountid", "awsaccountid"),
    ("configurationitemmd5hash", "configurationstatemd5hash"),
    ("availibilityzone", "availabilityzone"),
    ("resources", "event_resources"),
    ("eventtime", "event_time"),
    ("timestamp", "event_time"),
    ("query_timestamp", "event_time"),
    ("account_id", "account"),
    ("srcids_resolver-endpoint", "srcids_resolver_endpoint"),
];

fn leaves(path: &mut Vec<String>, value: &Value, found: &mut Vec<(Vec<String>, Value)>) {
    match value {
        Value::Null => {}
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                path.push(name.clone());
                leaves(path, member, found);
                path.pop();
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                path.push(at.to_string());
                leaves(path, item, found);
                path.pop();
            }
        }
        leaf => found.push((path.clone(), leaf.clone())),
    }
}

fn all_leaves(value: &Value) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    leaves(&mut Vec::new(), value, &mut found);
    found
}

/// Takes the wrappers off: the innermost object that is a record, and the leaves of what was around it.
fn unwrapped(source: &str, record: Value, around: &mut Vec<Value>) -> Value {
    let is_record = |value: &Value| match source {
        "cloudtrail" => value.get("eventName").is_some() || value.get("eventCategory").is_some(),
        "config_items" => value.get("messageType").is_some() || value.get("resourceType").is_some(),
        "waf" => value.get("httpRequest").is_some(),
        "route53_resolver" => value.get("query_name").is_some(),
        "network_firewall" => value.get("firewall_name").is_some(),
        "guardduty" => value.get("arn").is_some() || value.get("Arn").is_some(),
        "securityhub" => value.get("ProductArn").is_some(),
        "eventbridge_events" => value.get("detail-type").is_some() || value.get("HistoryItemType").is_some(),
        _ => true,
    };
    if is_record(&record) {
        return record;
    }
    let Value::Object(members) = &record else { return record };
    for (name, member) in members {
        let inner = match member {
            Value::String(text) => text.find('{').and_then(|at| serde_json::from_str(&text[at..]).ok()),
            Value::Object(_) => Some(member.clone()),
            _ => None,
        };
        let Some(inner @ Value::Object(_)) = inner else { continue };
        let mut deeper = Vec::new();
        let inner = unwrapped(source, inner, &mut deeper);
        if is_record(&inner) {
            let mut rest: Map<String, Value> = members.clone();
            rest.remove(name);
            around.extend(all_leaves(&Value::Object(rest)).into_iter().map(|(_, leaf)| leaf));
            around.append(&mut deeper);
            return inner;
        }
    }
    record
}

fn missing_of_json(outcome: &Outcome, record: Value, cells: &[(&'static str, String)]) -> Vec<String> {
    let source = outcome.source.unwrap();
    let kinds: Vec<(&str, Kind)> = source.table.columns().iter().map(|c| (c.name, c.kind)).collect();
    let cell = |name: &str| cells.iter().find(|(column, _)| *column == name).map(|(_, text)| text.as_str());
    let extra: Value = cell("extra").map_or(Value::Null, |text| serde_json::from_str(text).expect("extra is JSON"));
    let mut around = Vec::new();
    let record = unwrapped(source.name, record, &mut around);
    around.retain(|leaf| *leaf != Value::Object(Map::new()));
    let kept: Vec<Value> = all_leaves(&extra["envelope"]).into_iter().map(|(_, leaf)| leaf).collect();
    let mut missing: Vec<String> =
        around.iter().filter(|leaf| !kept.contains(leaf)).map(|leaf| format!("{leaf} of the wrapper")).collect();

    // Second-hand forms have other names: each value must be somewhere.
    if source.name == "cloudtrail" && record.get("eventName").is_none() && record.get("eventCategory").is_none() {
        let all: String = cells.iter().map(|(_, text)| format!("{text}\n")).collect();
        let somewhere = |leaf: &Value| {
            let text = leaf.as_str().map_or_else(|| leaf.to_string(), str::to_owned);
            let millis = text.len().checked_sub(3).map(|at| format!("{}.{}", &text[..at], &text[at..]));
            let escaped = Value::from(text.as_str()).to_string();
            all.contains(&text)
                || all.contains(escaped.trim_matches('"'))
                || (leaf.is_number() && millis.is_some_and(|millis| all.contains(&millis)))
        };
        let lost = all_leaves(&record).into_iter().filter(|(_, leaf)| !somewhere(leaf));
        missing.extend(lost.map(|(path, leaf)| format!("{} = {leaf}", path.join("."))));
        return missing;
    }
    for (path, leaf) in all_leaves(&record) {
        let path = if source.name == "cloudwatch_metrics" { metric_path(path) } else { path };
        let in_extra = path.iter().try_fold(&extra, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        });
        let null = matches!(source.name, "cloudfront" | "vpc_flow")
            && leaf.as_str().is_some_and(|text| matches!(text, "-" | ""));
        // An object that has columns for its members and is empty says nothing.
        let prefix = format!("{}_", path.join("_").to_lowercase());
        let empty = leaf == Value::Object(Map::new()) && kinds.iter().any(|(name, _)| name.starts_with(&prefix));
        if in_extra == Some(&leaf) || null || empty {
            continue;
        }
        // The columns of items stand for the members of the item inside a notification, too.
        let inner =
            path.first().is_some_and(|name| name.starts_with("configurationItem") && source.name == "config_items");
        let skipped = usize::from(inner && path.len() > 1 && cell(&path[0].to_lowercase()).is_none());
        let found = (1..=path.len() - skipped).any(|depth| {
            let names: Vec<String> = path[skipped..skipped + depth].iter().map(|name| name.to_lowercase()).collect();
            let name = names.join("_");
            let alias = ALIASES.iter().find(|(alias, column)| *alias == name && kinds.iter().any(|(c, _)| c == column));
            let name = alias.map_or(name, |(_, column)| (*column).to_owned());
            let name = match source.name {
                "cloudfront" => cloudfront_column(&name),
                "vpc_flow" => crate::flows::column(&names.join("_")),
                "securityhub" => snake_case(&path[..depth].join("_")),
                "eventbridge_events" if name == "time" => "event_time".to_owned(),
                // The record of a firewall has a time of its own beside that of the event.
                _ if path == ["event", "timestamp"] => "event_time".to_owned(),
                "guardduty" | "eventbridge_events" => name.replace('-', "_"),
                _ => name,
            };
            // Some accounts and regions have no column but the common one.
            let own = [
                "vpc_flow",
                "route53_resolver",
                "guardduty",
                "securityhub",
                "eventbridge_events",
                "cloudwatch_metrics",
            ];
            let common = matches!(name.as_str(), "account" | "region") && !own.contains(&source.name);
            if common || (name == "resources" && source.name != "vpc_flow") {
                return false;
            }
            let Some((column, kind)) = kinds.iter().find(|(column, _)| *column == name) else { return false };
            let raw = format!("{column}_raw");
            let Some(text) = cell(&raw).or_else(|| cell(column)) else { return false };
            holds(*kind, text, &path[skipped + depth..], &leaf)
        });
        if !found {
            missing.push(format!("{} = {leaf}", path.join(".")));
        }
    }
    missing
}

/// `ProductArn` is `product_arn`.
fn snake_case(name: &str) -> String {
    let mut column = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !column.is_empty() && !column.ends_with('_') {
            column.push('_');
        }
        column.extend(c.to_lowercase());
    }
    if column == "resources" { "event_resources".to_owned() } else { column }
}

/// Where the columns have a member of a value of a metric stream.
fn metric_path(path: Vec<String>) -> Vec<String> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let column = match names.as_slice() {
        ["account_id"] => vec!["account"],
        ["value", "count"] => vec!["sample_count"],
        ["value", "sum"] => vec!["sum"],
        ["value", "max"] => vec!["maximum"],
        ["value", "min"] => vec!["minimum"],
        ["value", other] => vec!["percentiles", other],
        _ => return path,
    };
    column.into_iter().map(str::to_owned).collect()
}

fn cloudfront_column(name: &str) -> String {
    let column = name.replace(['(', '-'], "_").replace(')', "");
    match column.as_str() {
        "cs_referer" => "cs_referrer".to_owned(),
        "date" | "timestamp_ms" => "event_time".to_owned(),
        _ => column,
    }
}

/// Does a cell hold a leaf, which stands at a path inside it?
fn holds(kind: Kind, text: &str, path: &[String], leaf: &Value) -> bool {
    if kind == Kind::Json {
        let json: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let found = path.iter().try_fold(&json, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        });
        return found == Some(leaf);
    }
    let plain = match leaf {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number = |text: &str| text.parse::<f64>().ok();
    path.is_empty() && (plain == text || matches!(kind, Kind::Int | Kind::Real) && number(&plain) == number(text))
        || kind == Kind::Time && text.starts_with(&format!("{plain}T"))
        || kind == Kind::Time && plain.parse::<i64>().is_ok_and(|millis| instant(millis * 1000) == text)
        || kind == Kind::Time && seconds(&plain).is_some_and(|micros| instant(micros) == text)
        || kind == Kind::Time && plain.replace("+0000", "Z") == text
        || kind == Kind::Time && text.replace(".000Z", "Z") == plain.replace(".000Z", "Z")
}

/// A number of seconds as microseconds.
fn seconds(text: &str) -> Option<i64> {
    text.parse::<i64>().ok()?.checked_mul(1_000_000)
}

/// A line in an event: its fields must be in cells, and the other members of the event in the extra.
fn missing_of_event(seen: &Seen, event: &Value, cells: &[(&'static str, String)]) -> Vec<String> {
    let text = event["message"].as_str().unwrap_or_default().to_owned();
    let extra = cells.iter().find(|(name, _)| *name == "extra");
    let extra: Value = extra.map_or(Value::Null, |(_, text)| serde_json::from_str(text).expect("extra is JSON"));
    let mut missing = missing_of_line(&Seen { text, ..seen.clone() }, cells);
    for (name, value) in event.as_object().into_iter().flatten() {
        if name != "message" && extra["event"].get(name) != Some(value) {
            missing.push(format!("{name} = {value}"));
        }
    }
    missing
}

/// Each field of a line must be in a cell.
fn missing_of_line(seen: &Seen, cells: &[(&'static str, String)]) -> Vec<String> {
    let tabs = seen.text.contains('\t');
    let all: String = cells.iter().map(|(_, text)| format!("{text}\n{}\n", text.replace("\\\"", "\""))).collect();
    let fields: Vec<&str> = if tabs { seen.text.split('\t').collect() } else { seen.text.split([' ', '"']).collect() };
    let is_time = |field: &str| {
        let time =
            cells.iter().find(|(name, _)| *name == "event_time").map(|(_, text)| text.clone()).unwrap_or_default();
        let day = field.trim_start_matches('[').split('/').next().unwrap_or_default().to_owned();
        time.starts_with(field)
            || field.starts_with('[') && time.contains(&format!("-{day}T"))
            || field.len() == 6 && field.ends_with(']')
    };
    let number = |field: &str| {
        let wanted = field.parse::<f64>().ok();
        wanted.is_some() && cells.iter().any(|(_, text)| text.parse::<f64>().ok() == wanted)
    };
    let epoch = |field: &str| field.contains('.') && field.len() == 14 && field.parse::<f64>().is_ok();
    // Load balancers: times to microseconds, address and port in one field.
    let shorter = |field: &str| field.strip_suffix("000Z").is_some_and(|text| all.contains(&format!("{text}Z")));
    let endpoint = |field: &str| {
        let (host, port) = field.rsplit_once(':').unwrap_or_default();
        !host.is_empty() && number(port) && all.contains(host.trim_matches(['[', ']']))
    };
    fields
        .into_iter()
        .filter(|field| {
            !matches!(field.trim(), "" | "-")
                && !all.contains(field)
                && !is_time(field)
                && !number(field)
                && !epoch(field)
                && !seconds(field).is_some_and(|micros| all.contains(&instant(micros)))
                && !shorter(field)
                && !endpoint(field)
        })
        .map(|field| format!("`{field}`"))
        .collect()
}

/// What may stay unknown: what tools make of logs, prose, other logs.
#[test]
fn logs_of_other_kinds_are_left_alone() {
    let Some(root) = corpora() else { return };
    for folder in listed(&root).into_iter().filter(|path| path.is_dir()) {
        let folder = folder.file_name().unwrap().to_string_lossy().into_owned();
        if SOURCES.contains(&folder.as_str()) && folder != "cloudtrail-negative" {
            continue;
        }
        for log in logs(&root, &[&folder]) {
            let name = log.outcome.source.map(|source| source.name);
            // A CloudTrail event may be printed anywhere; none of the others may.
            let known = OTHERS.iter().filter(|(other, _)| *other == folder).flat_map(|(_, names)| *names);
            let fits = name.is_none_or(|name| known.into_iter().any(|known| *known == name));
            assert!(fits || log.name.contains("cloudtrail"), "{} is taken for {name:?}", log.name);
        }
    }
}

#[test]
#[ignore = "prints what became of every file"]
fn list_real_logs() {
    let Some(root) = corpora() else { return };
    for folder in listed(&root).into_iter().filter(|path| path.is_dir()) {
        for log in logs(&root, &[&folder.file_name().unwrap().to_string_lossy()]) {
            let outcome = &log.outcome;
            let source = outcome.source.map_or("-", |source| source.name);
            let (rows, rejects) = (outcome.rows(), outcome.rejects().count());
            let unknown = outcome.unknown.clone().unwrap_or_default();
            print(&format!("{source}\t{rows}\t{rejects}\t{}\t{unknown}", log.name));
            for (seen, reason) in outcome.rejects() {
                print(&format!("\treject {}: {reason}", seen.ordinal));
            }
            for trailer in &outcome.trailers {
                print(&format!("\ttrailer {}", trailer.chars().take(100).collect::<String>()));
            }
        }
    }
}
