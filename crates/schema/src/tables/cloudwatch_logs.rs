//! CloudWatch Logs: events of log groups.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One event of a log group that is of no other kind known here: out of an export task, a subscription, or what the API answers.
    "cloudwatch_logs", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_OutputLogEvent.html",
        services: &[],
        athena: None,
        view: InEvents::Rows,
    }),
    CloudwatchLogRow => CloudwatchLogRows, CloudwatchLogColumn, TABLE {
        /// Always null: what came of it only the message says.
        error_class: Text,
        /// Always null: whether anything was changed only the message says.
        is_write: Flag,
        /// Null: an event knows no session.
        session_id: Key,
        /// The log group; an export task does not write it down.
        log_group: Key,
        /// The log stream; of an export task, as its folder has it, with `-` for each `/`.
        log_stream: Key,
        /// The id of the event; export tasks and `get-log-events` have none, so what they repeat is not told apart from what happened twice.
        event_id: Id,
        /// When CloudWatch Logs took the event.
        ingestion_time: Time,
        /// The message, with all its lines.
        message: Text,
        /// The message, if it is a JSON object.
        message_json: Json,
        /// The subscription filters that chose it.
        subscription_filters: Json,
        /// Every member of the event and of the document around it that has no column; `looks_like`: the table whose entries the message looks like, but which the log group is not known to hold.
        extra: Json,
    }
}
