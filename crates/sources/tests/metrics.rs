//! Metrics: real files, series taken apart, and messages of OpenTelemetry made here.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::decoded::{Fate, Outcome, decode, instant};
use crate::fidelity::{corpora, logs};

fn rows(outcome: &Outcome) -> Vec<&[(&'static str, String)]> {
    let rows = outcome.seen.iter().filter_map(|seen| match &seen.fate {
        Fate::Row { cells, .. } => Some(cells.as_slice()),
        _ => None,
    });
    rows.collect()
}

fn cell<'a>(row: &'a [(&'static str, String)], column: &str) -> Option<&'a str> {
    row.iter().find(|(name, _)| *name == column).map(|(_, text)| text.as_str())
}

#[test]
fn real_metrics_are_recognised() {
    let Some(root) = corpora() else { return };
    for log in logs(&root, &["cwmetrics"]) {
        // Prose, and the schema of a table.
        let other = log.name.ends_with(".md") || log.name.ends_with("formats-json__1.json");
        let name = log.outcome.source.map(|source| source.name);
        assert_eq!(name, if other { None } else { Some("cloudwatch_metrics") }, "{}", log.name);
        let rows = rows(&log.outcome);
        assert_eq!((rows.len(), log.outcome.rejects().count()), (usize::from(!other), 0), "{}", log.name);
        for row in rows {
            assert_eq!(cell(row, "event_time"), Some("2021-01-29T14:14:58Z"));
            // The one without a value is a row all the same.
            let sum = if log.name.contains("invalid") { None } else { Some("20") };
            assert_eq!(cell(row, "sum"), sum, "{}", log.name);
        }
    }
}

/// Something that looks like JSON, a series, or the next record.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\n".to_owned()),
        Just("},{\"metric_stream_name\":\"x\",\"metric_name\":\"y\"}".to_owned()),
        Just("\"Timestamps\":[1],\"Values\":[2]".to_owned()),
        Just("\\".to_owned()),
        "[a-z0-9,:{}\\[\\] ]{0,8}",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

const SECONDS: std::ops::Range<i64> = 1_200_000_000..1_760_000_000;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_point_of_a_series_is_a_row(
        series in proptest::collection::vec(
            (hostile(), hostile(), proptest::collection::vec((SECONDS, -1e12..1e12f64), 1..12)), 1..5),
        pretty: bool, statistics: bool,
    ) {
        let time = |seconds: i64| instant(seconds * 1_000_000);
        let documents: Vec<Value> = series.iter().map(|(id, label, points)| {
            if statistics {
                let point = |(at, value): &(i64, f64)| json!({"Timestamp": time(*at), "Sum": value, "Unit": id});
                json!({"Datapoints": points.iter().map(point).collect::<Vec<_>>(), "Label": label})
            } else {
                let times: Vec<String> = points.iter().map(|(at, _)| time(*at)).collect();
                let values: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
                json!({"Id": id, "Label": label, "Timestamps": times, "Values": values, "StatusCode": "Complete"})
            }
        }).collect();
        let all = match statistics {
            true => Value::from(documents),
            false => json!({"MetricDataResults": documents, "Messages": []}),
        };
        let text = if pretty { serde_json::to_string_pretty(&all).unwrap() } else { all.to_string() };
        let outcome = decode("metrics.json", text.as_bytes(), false);
        let wanted: Vec<_> = series.iter().flat_map(|(id, label, points)| {
            points.iter().map(move |(at, value)| (Some(id.as_str()), label.as_str(), Some(time(*at)), Some(*value)))
        }).collect();
        let (name, number) = if statistics { ("unit", "sum") } else { ("id", "value") };
        let rows = rows(&outcome);
        let found: Vec<_> = rows.iter().map(|row| (
            cell(row, name),
            cell(row, "label").unwrap(),
            cell(row, "event_time").map(str::to_owned),
            cell(row, number).and_then(|text| text.parse::<f64>().ok()),
        )).collect();
        prop_assert_eq!(outcome.rejects().count(), 0);
        prop_assert_eq!(found, wanted);
        prop_assert!(outcome.mistyped.is_none());
    }

    #[test]
    fn texts_of_a_stream_make_no_row(texts in proptest::collection::vec((hostile(), hostile()), 1..6), glued: bool) {
        let records: Vec<String> = texts.iter().map(|(name, dimension)| json!({
            "metric_stream_name": "s", "account_id": "111122223333", "region": "eu-central-1", "namespace": name,
            "metric_name": name, "dimensions": {dimension.as_str(): name}, "timestamp": 1_772_424_000_000_i64,
            "value": {"count": 1.0, "sum": 2.0, "max": 2.0, "min": 2.0, dimension.as_str(): 1}, "unit": name,
        }).to_string()).collect();
        let outcome = decode("stream", records.join(if glued { "" } else { "\n" }).as_bytes(), false);
        let rows = rows(&outcome);
        prop_assert_eq!((rows.len(), outcome.rejects().count()), (texts.len(), 0));
        for (row, (name, dimension)) in rows.iter().zip(&texts) {
            prop_assert_eq!(cell(row, "metric_name"), Some(name.as_str()));
            prop_assert_eq!(cell(row, "unit"), Some(name.as_str()));
            let dimensions: Value = serde_json::from_str(cell(row, "dimensions").unwrap()).unwrap();
            prop_assert_eq!(dimensions, json!({dimension.as_str(): name}));
        }
    }

    #[test]
    fn every_data_point_of_open_telemetry_is_a_row(
        metrics in proptest::collection::vec(
            (hostile(), hostile(), proptest::collection::vec((SECONDS, any::<u32>(), any::<f64>()), 1..6)), 1..6),
        message_size in 1usize..4,
    ) {
        let metric = |(name, dimension, points): &(String, String, Vec<(i64, u32, f64)>)| {
            points.iter().map(|(at, count, sum)| data_point(name, dimension, *at, *count, *sum)).collect::<Vec<_>>()
        };
        let messages = metrics.chunks(message_size).map(|of| message(&of.iter().map(metric).collect::<Vec<_>>()));
        let bytes: Vec<u8> = messages.flatten().collect();
        let outcome = decode("stream", &bytes, false);
        let rows = rows(&outcome);
        prop_assert_eq!(outcome.rejects().count(), 0);
        let points = metrics.iter().flat_map(|(name, dimension, points)| {
            points.iter().map(move |point| (name, dimension, point))
        });
        let mut count_of_points = 0;
        for (row, (name, dimension, (at, count, sum))) in rows.iter().zip(points) {
            count_of_points += 1;
            prop_assert_eq!(cell(row, "metric_name"), Some(name.as_str()));
            prop_assert_eq!(cell(row, "metric_stream_name"), Some("all"));
            prop_assert_eq!(cell(row, "account"), Some("111122223333"));
            prop_assert_eq!(cell(row, "event_time").map(str::to_owned), Some(instant(at * 1_000_000)));
            let number = |column| cell(row, column).and_then(|text| text.parse::<f64>().ok());
            prop_assert_eq!(number("sample_count"), Some(f64::from(*count)));
            let finite = Some(*sum).filter(|sum| sum.is_finite());
            prop_assert_eq!(number("sum"), finite);
            let dimensions: Value = serde_json::from_str(cell(row, "dimensions").unwrap()).unwrap();
            prop_assert_eq!(dimensions, json!({"d": dimension}));
        }
        prop_assert_eq!(count_of_points, metrics.iter().map(|(_, _, points)| points.len()).sum::<usize>());
        prop_assert_eq!(rows.len(), count_of_points);
    }
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 127 {
        out.push((number & 127) as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// A field with a length before it.
fn field(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag], varint(content.len()).as_slice(), content].concat()
}

fn eight(tag: u8, bits: u64) -> Vec<u8> {
    [&[tag], bits.to_le_bytes().as_slice()].concat()
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    [field(0x0a, key.as_bytes()), field(0x12, value)].concat()
}

fn text(text: &str) -> Vec<u8> {
    field(0x0a, text.as_bytes())
}

fn data_point(name: &str, dimension: &str, at: i64, count: u32, sum: f64) -> Vec<u8> {
    let nanos = at.cast_unsigned() * 1_000_000_000;
    [
        field(0x3a, &attribute("Namespace", &text("AWS/EC2"))),
        field(0x3a, &attribute("MetricName", &text(name))),
        field(0x3a, &attribute("Dimensions", &field(0x32, &field(0x0a, &attribute("d", &text(dimension)))))),
        eight(0x11, nanos),
        eight(0x19, nanos + 60_000_000_000),
        eight(0x21, u64::from(count)),
        eight(0x29, sum.to_bits()),
    ]
    .concat()
}

/// A message with its length, of the data points of each metric.
fn message(metrics: &[Vec<Vec<u8>>]) -> Vec<u8> {
    let arn = "arn:aws:cloudwatch:eu-central-1:111122223333:metric-stream/all";
    let attributes = [("cloud.account.id", "111122223333"), ("aws.exporter.arn", arn)];
    let resource: Vec<u8> =
        attributes.iter().flat_map(|(key, value)| field(0x0a, &attribute(key, &text(value)))).collect();
    let metrics: Vec<u8> = metrics
        .iter()
        .flat_map(|points| {
            let summary: Vec<u8> = points.iter().flat_map(|point| field(0x0a, point)).collect();
            field(0x12, &[field(0x0a, b"name"), field(0x5a, &summary)].concat())
        })
        .collect();
    let content = field(0x0a, &[field(0x0a, &resource), field(0x12, &metrics)].concat());
    [varint(content.len()), content].concat()
}
