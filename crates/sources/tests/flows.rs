//! Flow logs and DNS queries: fields in any order with any values, and real files with what others read in them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use coldtrail_schema::tables::vpc_flow;
use proptest::prelude::*;
use serde_json::Value;

use crate::decoded::{Fate, Outcome, decode};
use crate::fidelity::corpora;

type Cells = BTreeMap<&'static str, String>;

fn rows(outcome: &Outcome) -> Vec<(&str, Cells)> {
    let row = |fate: &Fate| match fate {
        Fate::Row { cells, .. } => Some(cells.iter().cloned().collect()),
        _ => None,
    };
    outcome.seen.iter().filter_map(|seen| Some((seen.text.as_str(), row(&seen.fate)?))).collect()
}

/// The names of fields that have a column of text under their own name.
fn text_fields() -> Vec<String> {
    let texts = ["vpc_id", "az_id", "sublocation_type", "flow_direction", "ecs_cluster_name", "ecs_service_name"];
    let more = ["instance_tag", "asg_tag_2", "reject_reason", "pkt_src_aws_service", "next_hop_az_id", "log_status"];
    let columns: Vec<&str> = vpc_flow::TABLE.columns().iter().map(|column| column.name).collect();
    assert!(texts.iter().chain(&more).all(|name| columns.contains(name)));
    texts.iter().chain(&more).map(|name| name.replace('_', "-")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever stands in a field, it stands in its column and in no other; more or fewer fields make no row.
    #[test]
    fn fields_stand_in_their_columns(
        order in Just(text_fields()).prop_shuffle(),
        count in 3usize..12,
        unknown in "[a-z]{3,8}-x",
        values in proptest::collection::vec("[!-~äß\u{202e}]{1,12}", 12),
        surplus in 0usize..3,
        spaces in 1usize..3,
    ) {
        let mut names: Vec<&str> = order.iter().take(count).map(String::as_str).collect();
        names.extend(["srcaddr", "dstaddr", "log-status-2", unknown.as_str(), "interface-id"]);
        let mut fields: Vec<&str> = values.iter().take(count).map(String::as_str).collect();
        fields.extend(["192.0.2.1", "192.0.2.2", "\"a,b", "{}", "eni-0123456789abcdef0"]);
        let short = fields[..fields.len() - 1 - surplus].join(" ");
        let long = format!("{} {}", fields.join(" "), vec!["x"; surplus + 1].join(" "));
        let good = fields.join(&" ".repeat(spaces));
        let text = format!("{}\n{good}\n{short}\n{long}\n{good}\n", names.join(" "));
        let outcome = decode("a.log", text.as_bytes(), false);
        prop_assert_eq!(outcome.source.map(|source| source.name), Some("vpc_flow"));
        prop_assert_eq!((outcome.rows(), outcome.rejects().count()), (2, 2));
        for (_, cells) in rows(&outcome) {
            let extra: Value = serde_json::from_str(&cells["extra"]).unwrap();
            prop_assert_eq!((&extra["log-status-2"], &extra[&unknown]), (&"\"a,b".into(), &"{}".into()));
            for (name, value) in names.iter().zip(&fields).filter(|(_, value)| **value != "-") {
                let column = name.replace('-', "_");
                let found = cells.get(column.as_str());
                let right = found.is_some_and(|found| found == value) || extra.get(*name).is_some();
                prop_assert!(right, "{}: {:?}", name, found);
            }
            let known = ["event_time", "record_hash", "ips", "resources", "actors", "keys", "extra"];
            let named = |column: &str| names.contains(&column.replace('_', "-").as_str());
            let none = cells.keys().find(|column| !known.contains(column) && !named(column));
            prop_assert_eq!(none, None);
        }
    }

    /// What a client puts into a name shifts no field.
    #[test]
    fn names_shift_no_field(name in "[!-~äß]{1,20}( [!-~]{1,8}){0,12}") {
        let line = format!("1.0 2026-01-01T00:00:00.130Z Z0123456789ABCDEFGHIJ {name} A NOERROR UDP FRA6 192.0.2.53 -");
        let outcome = decode("a.log", line.as_bytes(), false);
        prop_assert_eq!(outcome.source.map(|source| source.name), Some("route53_queries"));
        let rows = rows(&outcome);
        prop_assert_eq!(rows.len(), 1);
        let wanted = [("query_name", name.as_str()), ("query_type", "A"), ("response_code", "NOERROR")];
        for (column, value) in wanted.into_iter().chain([("resolver_ip", "192.0.2.53")]) {
            prop_assert_eq!(rows[0].1.get(column).map(String::as_str), Some(value));
        }
    }
}

/// The files of a folder of real logs, with their text.
fn real(folder: &str) -> Vec<(String, PathBuf)> {
    let Some(root) = corpora() else { return Vec::new() };
    let mut paths = Vec::new();
    crate::fidelity::files(&root.join(folder), &mut paths);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    paths.into_iter().map(|path| (name(&path), path)).collect()
}

/// What is no flow log by itself: prose, a command, remarks behind the fields, what other programs made of rows.
const NOT_LOGS: &[&str] = &[
    "flow-logs-s3__10.log",
    "flow-logs-records-examples__15.log",
    "bad.log",
    "aws-vpc-flow-logs.yml",
    "AWS.VPCFlow.dev.ndjson",
    "-expected.json",
    ".golden.json",
    ".parquet",
];

#[test]
fn every_real_file_is_recognised() {
    for (folder, source) in [("vpcflow", "vpc_flow"), ("route53public", "route53_queries")] {
        for (name, path) in real(folder).into_iter().filter(|(name, _)| !NOT_LOGS.iter().any(|end| name.ends_with(end)))
        {
            let outcome = decode(&name, &fs_err::read(&path).unwrap(), false);
            assert_eq!(outcome.source.map(|source| source.name), Some(source), "{name}: {:?}", outcome.unknown);
        }
    }
}

/// The column of a field of a flow log; none where its text goes somewhere else.
pub(crate) fn column(name: &str) -> String {
    match name.replace('-', "_").as_str() {
        "account_id" => "account".to_owned(),
        "start" => "start_time".to_owned(),
        "end" => "end_time".to_owned(),
        other => other.to_owned(),
    }
}

fn seconds(text: &str) -> Option<String> {
    text.parse::<i64>().ok().map(|seconds| crate::decoded::instant(seconds * 1_000_000))
}

#[test]
fn every_field_of_a_real_line_is_in_its_column() {
    let mut compared = 0;
    for (name, path) in real("vpcflow").into_iter().filter(|(name, _)| name.ends_with(".log")) {
        let text = fs_err::read_to_string(&path).unwrap();
        let mut names: Vec<&str> = Vec::new();
        let outcome = decode(&name, text.as_bytes(), false);
        let rows = rows(&outcome);
        for line in text.lines() {
            if line.contains("srcaddr") {
                names = line.split_whitespace().collect();
                continue;
            }
            let fields: Vec<&str> = line.split_whitespace().collect();
            for (_, cells) in rows.iter().filter(|(text, _)| *text == line && fields.len() == names.len()) {
                compared += 1;
                for (name, field) in names.iter().zip(&fields).filter(|(_, field)| **field != "-") {
                    let cell = cells.get(column(name).as_str()).map(String::as_str);
                    let time = seconds(field);
                    assert!(
                        cell == Some(field) || (cell.is_some() && cell == time.as_deref()),
                        "{line}: {name} is {cell:?}"
                    );
                }
            }
        }
    }
    assert!(compared >= 30 || corpora().is_none(), "{compared}");
}

/// The members of an object, with the names of those around them before theirs.
fn flat(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                flat(&if path.is_empty() { name.clone() } else { format!("{path}.{name}") }, member, found);
            }
        }
        Value::String(text) => _ = found.insert(path.to_owned(), text.clone()),
        Value::Number(number) => _ = found.insert(path.to_owned(), number.to_string()),
        _ => {}
    }
}

/// What Elastic calls the fields that it does not keep under AWS's names.
const ELASTIC: &[(&str, &str)] = &[
    ("source.address", "srcaddr"),
    ("destination.address", "dstaddr"),
    ("source.port", "srcport"),
    ("destination.port", "dstport"),
    ("network.iana_number", "protocol"),
    ("network.packets", "packets"),
    ("network.bytes", "bytes"),
    ("event.start", "start_time"),
    ("event.end", "end_time"),
    ("cloud.account.id", "account"),
    ("cloud.region", "region"),
    ("aws.route53.edge_location", "edge_location"),
    ("aws.route53.edns_client_subnet", "edns_client_subnet"),
    ("aws.route53.hosted_zone_id", "hosted_zone_id"),
    ("dns.question.name", "query_name"),
    ("dns.question.type", "query_type"),
    ("dns.response_code", "response_code"),
];

fn compare(file: &str, expected: &Value, cells: &Cells) -> usize {
    let mut fields = BTreeMap::new();
    flat("", expected, &mut fields);
    let mut compared = 0;
    for (name, wanted) in fields {
        let own = name.strip_prefix("aws.vpcflow.").filter(|name| !name.contains('.')).map(column);
        let elastic = ELASTIC.iter().find(|(known, _)| *known == name).map(|(_, column)| (*column).to_owned());
        let is_query = cells.contains_key("query_name");
        let query = match name.as_str() {
            // Its number, where the line has its name.
            "network.iana_number" if is_query => continue,
            "source.address" if is_query => Some("resolver_ip".to_owned()),
            "@timestamp" if is_query => Some("event_time".to_owned()),
            _ => None,
        };
        let Some(column) = query.or(own).or(elastic) else { continue };
        // Elastic splits the flags up, and tells IPv4 by a word of its own.
        let found = cells.get(column.as_str());
        let plain = wanted.replace(".000Z", "Z");
        assert_eq!(found, Some(&plain), "{file}: {name} in {column}");
        compared += 1;
    }
    compared
}

/// Elastic's modules have written beside their inputs what they make of them.
#[test]
fn common_fields_are_as_others_read_them() {
    let mut compared = 0;
    let files: Vec<_> = real("vpcflow").into_iter().chain(real("route53public")).collect();
    for (name, path) in files.iter().filter(|(name, _)| name.ends_with("-expected.json")) {
        let input = path.with_file_name(path.file_name().unwrap().to_string_lossy().replace("-expected.json", ""));
        let outcome = decode("a.log", &fs_err::read(input).unwrap(), false);
        let expected: Value = serde_json::from_slice(&fs_err::read(path).unwrap()).unwrap();
        let list = expected.get("expected").unwrap_or(&expected).as_array().unwrap();
        for one in list {
            let original = one.get("event.original").or_else(|| one.pointer("/event/original")).and_then(Value::as_str);
            let rows = rows(&outcome);
            let Some((_, cells)) =
                rows.iter().find(|(text, _)| original.is_some_and(|original| text.contains(original)))
            else {
                continue;
            };
            compared += compare(name, one, cells);
        }
    }
    // The formats and samples of Elastic's processor, with what it makes of them.
    let processor = files.iter().find(|(name, _)| name.ends_with("aws-vpc-flow-logs.yml"));
    if let Some((_, yaml)) = processor {
        for (title, text) in formats(&fs_err::read_to_string(yaml).unwrap()) {
            let golden = yaml.with_file_name(format!("{title}.golden.json"));
            let Ok(golden) = fs_err::read(golden) else { continue };
            let outcome = decode("a.log", text.as_bytes(), false);
            let expected: Value = serde_json::from_slice(&golden).unwrap();
            for one in expected.as_array().unwrap() {
                let message = one["message"].as_str().unwrap();
                let rows = rows(&outcome);
                let row = rows.iter().find(|(text, _)| *text == message);
                compared += compare(
                    &title,
                    one,
                    &row.unwrap_or_else(|| {
                        panic!("{title}: {message}: {:?} {:?} in {text}", outcome.unknown, outcome.seen)
                    })
                    .1,
                );
            }
        }
    }
    assert!(compared > 300 || corpora().is_none(), "{compared}");
}

/// Each format of the list as a log with a header.
fn formats(yaml: &str) -> BTreeMap<String, String> {
    let (mut title, mut found) = (String::new(), BTreeMap::<String, String>::new());
    for line in yaml.lines() {
        if !line.starts_with(' ') {
            line.split(':').next().unwrap_or_default().clone_into(&mut title);
        } else if let Some(format) = line.trim().strip_prefix("format: ") {
            found.insert(title.clone(), format!("{format}\n"));
        } else if let (Some(row), Some(text)) = (line.trim().strip_prefix("- "), found.get_mut(&title)) {
            // The list has quotes and remarks of its own.
            let row = row.split(" #").next().unwrap_or(row).trim_end().trim_matches('\'');
            writeln!(text, "{row}").unwrap();
        }
    }
    found
}
