//! Metrics of CloudWatch: metric streams, and answers of its API.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One point of a metric: a value as a metric stream sent it, or a point of an answer of get-metric-data or get-metric-statistics.
    /// A stream sends a value again when more of it has come in; all emissions are rows.
    "cloudwatch_metrics", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-metric-streams-formats-json.html",
        services: &[],
        athena: None,
        view: InEvents::Left("a metric is a measurement; nobody did anything"),
    }),
    CloudwatchMetricRow => CloudwatchMetricRows, CloudwatchMetricColumn, TABLE {
        /// Where the point stood: stream, get_metric_data or get_metric_statistics.
        metric_source: Text,
        /// The metric stream; null for answers of the API.
        metric_stream_name: Text,
        /// The namespace, such as AWS/EC2; null for answers of the API, which do not say it.
        namespace: Text,
        /// The metric, such as CPUUtilization; for get-metric-statistics its label; null for get-metric-data.
        metric_name: Text,
        /// What the metric is of, as object of names and values; null for answers of the API, which do not say it.
        dimensions: Json,
        /// The unit, such as Count or Bytes/Second; of OpenTelemetry streams by the Unified Code for Units of Measure, such as {Count} or By/s.
        unit: Text,
        /// How many seconds the point stands for: of a stream 60 unless the record says otherwise; null for answers of the API, which do not say it.
        period: Int,
        /// How many measurements are in the point.
        sample_count: Real,
        /// Their sum.
        sum: Real,
        /// The smallest of them.
        minimum: Real,
        /// The largest of them.
        maximum: Real,
        /// Their mean; of a stream, which does not send it, `sum` by `sample_count`.
        average: Real,
        /// Further statistics by their names, such as `{"p99": 17.56, "TM(25%:75%)": 16.43}`.
        percentiles: Json,
        /// For get-metric-data: the value, of whichever statistic or expression was asked for.
        value: Real,
        /// For get-metric-data: the id of the query; what it asked for is not in the answer.
        id: Text,
        /// For answers of the API: what the caller, or CloudWatch, called the series.
        label: Text,
        /// For get-metric-data: Complete, PartialData, InternalError or Forbidden.
        status_code: Text,
        /// Everything in the record that has no column of its own, values that are no number among it; what surrounded it is under `envelope`.
        extra: Json,
    }
}
