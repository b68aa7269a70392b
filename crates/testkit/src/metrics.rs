//! The metric stream: how busy the machine and the database were, by the minute when it mattered.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cloudwatch::firehose;
use crate::facts::Facts;
use crate::states::INSTANCE;
use crate::tree::{Object, Record};
use crate::world::{HOME, Ids, PROD, at, iso, weekday};

/// Namespace, metric, dimension, its value, unit.
const METRICS: [(&str, &str, &str, &str, &str); 4] = [
    ("AWS/EC2", "CPUUtilization", "InstanceId", INSTANCE, "Percent"),
    ("AWS/EC2", "NetworkOut", "InstanceId", INSTANCE, "Bytes"),
    ("AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", "orders-db-1", "Count"),
    ("AWS/RDS", "ReadThroughput", "DBInstanceIdentifier", "orders-db-1", "Bytes/Second"),
];

/// When the machine was busy with the dump.
fn busy(time: i64) -> bool {
    (at("04-10 05:15:00")..=at("04-10 05:55:00")).contains(&time)
}

/// The value of a metric at a time: usual ones follow the hour of the week.
fn value(metric: &str, time: i64, ids: &mut Ids) -> f64 {
    let hour = time / 3_600 % 24;
    let day = if (8..20).contains(&hour) { 1.0 } else { 0.35 };
    let week = if weekday(time) > 4 { 0.6 } else { 1.0 };
    let shape = day * week;
    let noise = ids.0.f64();
    let (low, height, then) = match metric {
        "CPUUtilization" => (8.0, 9.5, 93.0),
        "NetworkOut" => (60_000.0, 900_000.0, 60_397_977.0),
        "DatabaseConnections" => (4.0, 9.0, 15.0),
        _ => (20_000.0, 700_000.0, 7_900_000.0),
    };
    let usual = low + height * shape + noise * low * 0.25;
    let found = match metric {
        // The database is done before the machine is.
        "ReadThroughput" if busy(time) && time > at("04-10 05:19:00") => usual,
        _ if busy(time) => then,
        _ => usual,
    };
    let round = if metric == "DatabaseConnections" { 1.0 } else { 100.0 };
    (found * round).round() / round
}

fn point(metric: (&str, &str, &str, &str, &str), time: i64, value: f64, count: f64) -> Record {
    let (namespace, name, dimension, of, unit) = metric;
    Record::whole(
        json!({
            "metric_stream_name": "acme-metrics", "account_id": PROD, "region": HOME, "namespace": namespace,
            "metric_name": name, "dimensions": {dimension: of}, "timestamp": time * 1_000,
            "value": {"max": value, "min": value, "sum": value * count, "count": count}, "unit": unit,
        })
        .to_string(),
    )
}

/// How far apart points are: an hour, five minutes in the days of the intrusion, a minute while the dump runs.
fn step(time: i64) -> i64 {
    if (at("04-10 05:00:00")..at("04-10 06:00:00")).contains(&time) {
        60
    } else if (at("04-09 00:00:00")..at("04-11 00:00:00")).contains(&time) {
        300
    } else {
        3_600
    }
}

/// All files of the stream, one for each day and for each hour of 04-10.
pub(crate) fn stream(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 34);
    let mut files: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    let mut time = at("03-01 00:00:00");
    let (mut points, mut high) = (0u32, Vec::new());
    while time < at("05-01 00:00:00") {
        let window = if (at("04-10 00:00:00")..at("04-11 00:00:00")).contains(&time) { 3_600 } else { 86_400 };
        for metric in METRICS {
            let value = value(metric.1, time, &mut ids);
            if metric.1 == "CPUUtilization" && value > 50.0 {
                high.push(time);
            }
            points += 1;
            files.entry((time / window + 1) * window).or_default().push(point(metric, time, value, 1.0));
        }
        time += step(time);
    }
    // A value of before, again, when more of it had come in.
    let (early, late) = (at("04-10 05:20:00"), at("04-10 07:00:00"));
    files.entry(late).or_default().push(point(METRICS[1], early, 60_397_977.0, 2.0));
    let part = "metrics";
    facts.note(part, "points", "Points in all, without the one that was sent again", points);
    facts.note(
        part,
        "sent_again",
        "The point that was sent again with more in it: NetworkOut; both are rows",
        iso(early),
    );
    facts.note(part, "cpu_high", "Points of CPUUtilization above 50: 93 each", high.len());
    let span = [high.first(), high.last()].map(|time| time.map(|time| iso(*time)));
    facts.note(part, "cpu_high_span", "The first and the last of them", json!(span));
    facts.note(part, "cpu_usual", "CPUUtilization otherwise lies between", json!([8, 20]));
    let file = |(end, records): (i64, Vec<Record>)| {
        let key = firehose("metric-stream/acme-metrics", end + 61, &mut ids);
        Object::of_lines(key, "cloudwatch_metrics", end + 61, "", records)
    };
    files.into_iter().map(file).collect()
}
