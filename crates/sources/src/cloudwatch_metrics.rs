//! Metrics of CloudWatch: metric streams in JSON, Parquet and OpenTelemetry, and answers of get-metric-data and
//! get-metric-statistics.
//!
//! An answer holds series of points; framing makes a record of each (`framing::points`). It does not say which metric
//! it is about, only a label: two equal points may be of two machines, and are both kept.

use std::borrow::Cow;

use coldtrail_schema::tables::cloudwatch_metrics::{self, CloudwatchMetricRow, CloudwatchMetricRows};
use coldtrail_schema::tables::common::EVENT_TIME;
use coldtrail_schema::{Common, Pivots, Rows};

use crate::canonical::Canonical;
use crate::fields::{Extra, Fields, Opened, json_hash, pivots_of};
use crate::framing::{Framing, Record};
use crate::json::{Tape, Type, Value};
use crate::members::members;
use crate::recognise;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::unwrap;

pub(crate) static SOURCE: LogSource = LogSource {
    name: "cloudwatch_metrics",
    title: "CloudWatch metrics",
    table: &cloudwatch_metrics::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Points | Framing::Parquet => recognise::any_framed(head, framing, holds),
        // Only streams of AWS's are framed like this, and one message may be longer than what is at hand.
        Framing::OpenTelemetry => true,
        Framing::Lines | Framing::Json | Framing::Csv => false,
    },
    decoder: || Box::<MetricDecoder>::default(),
};

fn holds(value: Value<'_>) -> bool {
    is_streamed(value) || is_point(value) || is_series(value) || unwrap::unwrap(value, is_streamed).is_some()
}

fn has(value: Value<'_>, name: &str) -> bool {
    value.get(name).is_some_and(|member| !member.is_null())
}

/// A value of a metric stream names the stream.
fn is_streamed(value: Value<'_>) -> bool {
    (has(value, "metric_stream_name") || has(value, "aws.exporter.arn"))
        && (has(value, "metric_name") || has(value, "namespace"))
}

/// A point of get-metric-data has the id of its query; one of get-metric-statistics has a unit and statistics.
fn is_point(value: Value<'_>) -> bool {
    value.get("Timestamp").is_some()
        && ((has(value, "Id") && value.get("Value").is_some())
            || (has(value, "Unit") && (has(value, "ExtendedStatistics") || STATISTICS.iter().any(|of| has(value, of)))))
}

const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// A series that could not be taken apart, or that has no points.
fn is_series(value: Value<'_>) -> bool {
    let array = |name: &str| value.get(name).is_some_and(|member| member.is_array());
    has(value, "Label") && (array("Datapoints") || (has(value, "Id") && array("Timestamps") && array("Values")))
}

#[derive(Default)]
struct MetricDecoder {
    account: Option<String>,
    region: Option<String>,
    form: Form,
    years: Years,
    mistyped: Mistyped,
    rows: CloudwatchMetricRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for MetricDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = MetricDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..MetricDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let root = record.json();
        let mut fields = Fields::of(record, self.years);
        if is_streamed(root) {
            fields.envelope(record.envelope, &[]);
            return self.streamed(record, fields, record.text, record.tape);
        }
        if is_point(root) {
            fields.envelope(record.envelope, &[]);
            return self.answered(record, fields);
        }
        if is_series(root) {
            return undivided(root);
        }
        let Some(inner) = unwrap::unwrap(root, is_streamed) else {
            return Err(Reject::new("neither a value of a metric stream nor a point of an answer of CloudWatch"));
        };
        self.form = Form::Wrapped;
        fields.envelope(record.envelope, &inner.envelopes);
        self.streamed(record, fields, &inner.text, &inner.tape)
    }

    fn form(&self) -> Form {
        self.form
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// A series that framing left whole. One without points is none; one for which CloudWatch had no answer is missing.
fn undivided(series: Value<'_>) -> Result<Decoded, Reject> {
    let count = |name: &str| series.get(name).map_or(0, |list| list.items().count());
    let (times, values) = (count("Timestamps"), count("Values"));
    if times != values {
        return Err(Reject::field("Values", format!("there are {times} timestamps and {values} values")));
    }
    if times + count("Datapoints") > 0 {
        return Err(Reject::new("a series with members that are no points, stand twice, or are too long"));
    }
    match series.get("StatusCode") {
        Some(status) if !status.is("Complete") => {
            Err(Reject::field("StatusCode", format!("no points, because of {}", status.raw())))
        }
        _ => Ok(Decoded::Nothing),
    }
}

members! {
    /// A value of a metric stream.
    Streamed {
        stream: "metric_stream_name",
        account: "account_id",
        region: "region",
        namespace: "namespace",
        name: "metric_name",
        dimensions: "dimensions",
        timestamp: "timestamp",
        value: "value",
        unit: "unit",
        period: "period",
        /// As OpenTelemetry has it.
        exporter: "aws.exporter.arn",
        account_of_resource: "cloud.account.id",
        region_of_resource: "cloud.region",
    }
}

members! {
    /// A point of an answer.
    Answered {
        id: "Id",
        label: "Label",
        status: "StatusCode",
        timestamp: "Timestamp",
        value: "Value",
        count: "SampleCount",
        average: "Average",
        sum: "Sum",
        minimum: "Minimum",
        maximum: "Maximum",
        unit: "Unit",
        extended: "ExtendedStatistics",
    }
}

/// The statistics of a value of a stream.
#[derive(Default)]
struct Statistics<'a> {
    count: Option<Value<'a>>,
    sum: Option<Value<'a>>,
    max: Option<Value<'a>>,
    min: Option<Value<'a>>,
    others: Extra,
}

impl<'a> Statistics<'a> {
    fn of(value: Option<Value<'a>>, f: &mut Fields) -> Statistics<'a> {
        let mut found = Statistics::default();
        let Some(value) = value.filter(|value| !value.is_null()) else { return found };
        if !value.is_object() {
            f.extra.misfit(&["value"], value.raw());
        }
        for (name, member) in value.entries() {
            let slot = match name.as_ref() {
                "count" => &mut found.count,
                "sum" => &mut found.sum,
                "max" => &mut found.max,
                "min" => &mut found.min,
                // As Parquet has what was not computed.
                _ if member.is_null() => continue,
                other => {
                    found.others.put(&[other], member.raw());
                    continue;
                }
            };
            if let Some(earlier) = slot.replace(member) {
                f.extra.put(&["duplicate_keys", "value", &name], earlier.raw());
            }
        }
        found
    }
}

/// A number; what is none, such as `NaN`, stays in the extra.
fn real(f: &mut Fields, column: &str, path: &[&str], value: Option<Value<'_>>) -> Option<f64> {
    let value = value.filter(|value| !value.is_null())?;
    let text = match value.ty() {
        Type::Number => Cow::Borrowed(value.raw()),
        _ => value.text().unwrap_or_default(),
    };
    let number = text.parse::<f64>().ok();
    let exact = number.is_some_and(|number| number.is_finite() && is_whole(&text, number));
    if !exact || value.ty() != Type::Number {
        f.extra.put(path, value.raw());
    }
    // `NaN` and the like are numbers to CloudWatch, though not to JSON.
    if number.is_none() {
        f.extra.mistype(column);
    }
    number.filter(|number| number.is_finite())
}

/// Are all digits of a text in the number?
fn is_whole(text: &str, number: f64) -> bool {
    // A double has at least 15 of them.
    text.len() <= 15 || digits(text) == digits(&format!("{number:e}"))
}

fn digits(text: &str) -> String {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let all: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    all.trim_matches('0').to_owned()
}

/// What says which metric it is, and when.
fn needed(name: &'static str, value: Option<Value<'_>>) -> Result<(), Reject> {
    match value {
        Some(value) if !value.is_null() => Ok(()),
        _ => Err(Reject::field(name, "it is missing")),
    }
}

/// When it was: milliseconds since 1970 in streams, any form in answers.
fn when(f: &mut Fields, path: &[&str], value: Option<Value<'_>>) -> Option<i64> {
    let value = value?;
    let found = f.instant(value);
    // From the time, a number of milliseconds can be made again.
    let millis = value.ty() == Type::Number && value.raw().len() == 13 && !value.raw().contains(['.', 'e', 'E', '-']);
    match found {
        None => {
            f.extra.put(path, value.raw());
            f.extra.mistype(EVENT_TIME);
            None
        }
        Some(_) if !millis => f.time(path, Some(value)),
        _ => found,
    }
}

/// Metric streams carry values of a minute.
const PERIOD: i64 = 60;

impl MetricDecoder {
    fn streamed(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        text: &str,
        tape: &Tape,
    ) -> Result<Decoded, Reject> {
        let f = &mut fields;
        let m = Streamed::of(Some(tape.root(text)), &[], &mut f.extra);
        for (name, member) in [("metric_name", m.name), ("namespace", m.namespace), ("timestamp", m.timestamp)] {
            needed(name, member)?;
        }
        let event_time = when(f, &["timestamp"], m.timestamp);
        let dimensions = Opened::of(m.dimensions);
        let statistics = Statistics::of(m.value, f);
        let (count, sum) = (
            real(f, "sample_count", &["value", "count"], statistics.count),
            real(f, "sum", &["value", "sum"], statistics.sum),
        );
        self.pivots.clear();
        pivots_of(text, tape, &mut self.pivots);
        let account = either(f, m.account, "cloud.account.id", m.account_of_resource);
        let account = f.account(&["account_id"], account);
        let region = either(f, m.region, "cloud.region", m.region_of_resource);
        let region = f.text(&["region"], region);
        let exporter = stream_of(f, m.exporter);
        let row = CloudwatchMetricRow {
            metric_source: Some(Cow::Borrowed("stream")),
            metric_stream_name: f.text(&["metric_stream_name"], m.stream).or(exporter),
            namespace: f.text(&["namespace"], m.namespace),
            metric_name: f.text(&["metric_name"], m.name),
            dimensions: f.opened(&dimensions),
            unit: f.text(&["unit"], m.unit),
            period: period(f, m.period),
            sample_count: count,
            sum,
            minimum: real(f, "minimum", &["value", "min"], statistics.min),
            maximum: real(f, "maximum", &["value", "max"], statistics.max),
            average: count.zip(sum).filter(|(count, _)| *count > 0.0).map(|(count, sum)| sum / count),
            percentiles: statistics.others.finish(&mut self.mistyped).map(Cow::Owned),
            value: None,
            id: None,
            label: None,
            status_code: None,
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: account.or_else(|| self.account.as_deref().map(Cow::Borrowed)),
            region: region.or_else(|| self.region.as_deref().map(Cow::Borrowed)),
            pivots: &self.pivots,
            hash: json_hash("", text, tape, &mut self.scratch),
            // It says of what it is and when; the same once more is the same delivered twice.
            unique: true,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }

    fn answered(&mut self, record: &Record<'_>, mut fields: Fields) -> Result<Decoded, Reject> {
        let f = &mut fields;
        let m = Answered::of(Some(record.json()), &[], &mut f.extra);
        needed("Timestamp", m.timestamp)?;
        let event_time = when(f, &["Timestamp"], m.timestamp);
        self.pivots.clear();
        pivots_of(record.text, record.tape, &mut self.pivots);
        let label = f.text(&["Label"], m.label);
        let of_data = m.value.is_some();
        let row = CloudwatchMetricRow {
            metric_source: Some(Cow::Borrowed(if of_data { "get_metric_data" } else { "get_metric_statistics" })),
            metric_stream_name: None,
            namespace: None,
            metric_name: label.clone().filter(|_| !of_data),
            dimensions: None,
            unit: f.text(&["Unit"], m.unit),
            period: None,
            sample_count: real(f, "sample_count", &["SampleCount"], m.count),
            sum: real(f, "sum", &["Sum"], m.sum),
            minimum: real(f, "minimum", &["Minimum"], m.minimum),
            maximum: real(f, "maximum", &["Maximum"], m.maximum),
            average: real(f, "average", &["Average"], m.average),
            percentiles: f.json(m.extended),
            value: real(f, "value", &["Value"], m.value),
            id: f.text(&["Id"], m.id),
            label,
            status_code: f.text(&["StatusCode"], m.status),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash: json_hash("", record.text, record.tape, &mut self.scratch),
            unique: false,
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// A member, or what OpenTelemetry has for it.
fn either<'a>(f: &mut Fields, own: Option<Value<'a>>, name: &str, other: Option<Value<'a>>) -> Option<Value<'a>> {
    if let (Some(_), Some(other)) = (own, other) {
        f.extra.put(&[name], other.raw());
    }
    own.or(other)
}

/// The name in `arn:aws:cloudwatch:us-east-1:111122223333:metric-stream/NAME`; the ARN stays in the extra.
fn stream_of<'a>(f: &mut Fields, arn: Option<Value<'a>>) -> Option<Cow<'a, str>> {
    let arn = arn?;
    f.extra.put(&["aws.exporter.arn"], arn.raw());
    let text = arn.text()?;
    text.split_once(":metric-stream/").map(|(_, name)| Cow::Owned(name.to_owned()))
}

fn period(f: &mut Fields, value: Option<Value<'_>>) -> Option<i64> {
    let Some(value) = value.filter(|value| !value.is_null()) else { return Some(PERIOD) };
    let seconds = value.raw().parse().ok();
    if seconds.is_none() {
        f.extra.misfit(&["period"], value.raw());
    }
    seconds
}
