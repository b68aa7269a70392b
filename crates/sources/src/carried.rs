//! Lines of a log that CloudWatch Logs carries: as the message of an event, or behind the time that an export task
//! puts before each.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html>

use std::borrow::Cow;

use crate::fields::Extra;
use crate::framing::Record;
use crate::json::{Tape, Value};
use crate::log_group;
use crate::source::LogSource;
use crate::{cloudtrail, config_items, guardduty, network_firewall, route53_resolver, securityhub, waf};
use crate::{rds_audit, rds_log, rds_slow, route53_queries, time, vpc_flow};

/// Does a text look like an entry of a log?
pub(crate) type Looks = fn(&str) -> bool;

/// The sources whose logs CloudWatch Logs carries as text, and how a text of theirs is told. Where such texts are
/// believed, `log_group` says.
pub(crate) static CARRIED: &[(&LogSource, Looks)] = &[
    (&rds_audit::SOURCE, rds_audit::looks_like_one),
    (&rds_slow::SOURCE, rds_slow::looks_like_one),
    (&vpc_flow::SOURCE, vpc_flow::looks_like_one),
    (&route53_queries::SOURCE, route53_queries::looks_like_one),
];

/// Is a record one of a source, or does it wrap one?
pub(crate) type Holds = fn(Value<'_>) -> bool;

/// The sources whose records are JSON and say by themselves what they are.
pub(crate) static IN_JSON: &[(&LogSource, Holds)] = &[
    (&cloudtrail::SOURCE, cloudtrail::holds_event),
    (&guardduty::SOURCE, guardduty::holds),
    (&securityhub::SOURCE, securityhub::holds),
    (&config_items::SOURCE, config_items::holds),
    (&waf::SOURCE, waf::holds),
    (&route53_resolver::SOURCE, route53_resolver::holds),
    (&network_firewall::SOURCE, network_firewall::holds),
];

/// The source whose entries a message looks like. Of those in JSON, only where the name of the log group would tell.
pub(crate) fn resembles(message: &str, json: Option<Value<'_>>) -> Option<&'static str> {
    let found = match json {
        None => CARRIED.iter().find(|(_, looks)| looks(message)).map(|(source, _)| source),
        Some(json) => IN_JSON
            .iter()
            .find(|(source, holds)| log_group::is_told(source.name) && holds(json))
            .map(|(source, _)| source),
    };
    found.map(|source| source.name)
}

/// The text that a log has written, taken out of what CloudWatch Logs has put around it.
pub(crate) struct Carried<'a> {
    pub(crate) text: Cow<'a, str>,
    /// When CloudWatch Logs says that it was written, microseconds since 1970.
    pub(crate) time: Option<i64>,
    /// The time of an export task as it stands before the line; empty when there is none.
    pub(crate) stamp: &'a str,
}

/// Is it no entry of its own, but a further line of the one before? Stack traces, and the further lines of PostgreSQL,
/// are indented; or they have the label of one.
pub(crate) fn goes_on(message: &[u8]) -> bool {
    matches!(message.first(), Some(b' ' | b'\t')) || rds_log::goes_on(message)
}

/// The length of `2023-07-10T12:00:00.000Z ` before a line, as export tasks write it; 0 when there is none. Always
/// three digits: logs that begin with such a time themselves have six, or none.
pub(crate) fn export_stamp(line: &[u8]) -> usize {
    match line.get(..25) {
        Some([b'0'..=b'9', .., b' ']) if line[10] == b'T' && line[19] == b'.' && line[23] == b'Z' => 25,
        _ => 0,
    }
}

/// The text of an event.
pub(crate) fn message_of(value: Value<'_>) -> Option<Cow<'_, str>> {
    if !value.is_object() {
        return None;
    }
    value.get("message").or_else(|| value.get("Message")).or_else(|| value.get("@message"))?.text()
}

/// The stream of an event, where it stands in the event itself (`filter-log-events`).
pub(crate) fn stream_of(value: Value<'_>) -> Option<String> {
    ["logStreamName", "logStream", "@logStream"].iter().find_map(|name| value.get(name)?.text()).map(Cow::into_owned)
}

/// The text of a record: the line itself, without the time of an export task, or the message of an event. None for
/// JSON that carries no message.
pub(crate) fn text_of<'a>(record: &Record<'a>) -> Option<Carried<'a>> {
    if !record.text.starts_with('{') || record.tape.is_empty() {
        let (stamp, text) = split_stamp(record.text);
        let time = time::iso(stamp).map(|instant| instant.micros);
        let text = if stamp.is_empty() { Cow::Borrowed(text) } else { without_stamps(text) };
        return Some(Carried { text, time, stamp });
    }
    let value = record.json();
    let message = message_of(value)?;
    let text = match record.continued {
        "" => message,
        more => Cow::Owned(format!("{message}\n{more}")),
    };
    let time = ["timestamp", "@timestamp", "Timestamp"].iter().find_map(|name| value.get(name));
    let time = time.and_then(|value| time::read(&value.text().unwrap_or(Cow::Borrowed(value.raw()))));
    Some(Carried { text, time: time.map(|instant| instant.micros), stamp: "" })
}

/// The time of an export task, and the text behind it.
fn split_stamp(line: &str) -> (&str, &str) {
    let (stamp, text) = line.split_at_checked(export_stamp(line.as_bytes())).unwrap_or(("", line));
    (stamp.trim_end(), text)
}

/// Further lines that were events of their own have the time before them, too.
fn without_stamps(text: &str) -> Cow<'_, str> {
    let stamped = |line: &str| {
        let (stamp, rest) = split_stamp(line);
        !stamp.is_empty() && goes_on(rest.as_bytes())
    };
    if !text.contains('\n') || !text.lines().skip(1).any(stamped) {
        return Cow::Borrowed(text);
    }
    let lines = text.lines().enumerate();
    let plain = lines.map(|(at, line)| if at > 0 && stamped(line) { split_stamp(line).1 } else { line });
    Cow::Owned(plain.collect::<Vec<_>>().join("\n"))
}

/// Keeps the events that go on with the one of the record, whole.
pub(crate) fn keep_continued(record: &Record<'_>, extra: &mut Extra) {
    if record.continued.is_empty() {
        return;
    }
    let mut rest = record.text.get(record.json().raw().len()..).unwrap_or_default().trim_start();
    let (mut tape, mut events) = (Tape::default(), Vec::new());
    while let Ok(end) = tape.read(rest.as_bytes()) {
        events.push(rest.get(..end).unwrap_or_default());
        rest = rest.get(end..).unwrap_or_default().trim_start();
    }
    extra.put(&["continued"], &format!("[{}]", events.join(",")));
}

/// Keeps what an event and the document around it say beside the message.
pub(crate) fn keep_around(record: &Record<'_>, extra: &mut Extra) {
    if !record.envelope.is_empty() {
        extra.put(&["envelope"], record.envelope);
    }
    if record.text.starts_with('{') && !record.tape.is_empty() {
        let message = |name: &str| matches!(name, "message" | "Message" | "@message");
        keep_continued(record, extra);
        for (name, value) in record.json().entries().filter(|(name, _)| !message(name)) {
            extra.put(&["event", &name], value.raw());
        }
    }
}

/// Who wrote a document of CloudWatch Logs, and where.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// The envelope from which it was read, so that it is read once for all events of a document.
    envelope: String,
    pub(crate) owner: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) stream: Option<String>,
    /// The subscription filters that chose the events, as JSON.
    pub(crate) filters: Option<String>,
    /// Is it no log, but CloudWatch Logs looking whether it can deliver?
    pub(crate) control: bool,
}

impl Group {
    /// Is nothing known of who wrote it?
    pub(crate) fn is_unknown(&self) -> bool {
        self.group.is_none() && self.stream.is_none()
    }

    /// What the document around a record says; the same object as before where the document is the same.
    pub(crate) fn read(&mut self, record: &Record<'_>) {
        if self.envelope == record.envelope {
            return;
        }
        let mut tape = Tape::default();
        *self = Group { envelope: record.envelope.to_owned(), ..Group::default() };
        if tape.read(record.envelope.as_bytes()).is_err() {
            return;
        }
        let root = tape.root(record.envelope);
        let text = |name: &str| root.get(name).and_then(|value| value.text()).map(Cow::into_owned);
        (self.owner, self.group, self.stream) = (text("owner"), text("logGroup"), text("logStream"));
        self.filters = root.get("subscriptionFilters").map(|value| value.raw().to_owned());
        self.control = text("messageType").as_deref() == Some("CONTROL_MESSAGE");
    }

    /// Keeps the members of the document around a record that are not read here.
    pub(crate) fn keep_rest(&self, record: &Record<'_>, extra: &mut Extra) {
        let mut tape = Tape::default();
        if record.envelope.is_empty() || tape.read(record.envelope.as_bytes()).is_err() {
            return;
        }
        const READ: [&str; 4] = ["owner", "logGroup", "logStream", "subscriptionFilters"];
        for (name, value) in tape.root(record.envelope).entries() {
            if !READ.contains(&name.as_ref()) && value.raw() != "\"DATA_MESSAGE\"" {
                extra.put(&["envelope", &name], value.raw());
            }
        }
    }
}
