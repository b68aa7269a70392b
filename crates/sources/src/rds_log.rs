//! Logs of database servers: PostgreSQL, MySQL and MariaDB, SQL Server, Oracle.

mod entry;
mod lines;
mod message;
mod mysql;
mod oracle;
mod postgres;
mod prefix;
mod sql_server;
mod stamp;

use std::borrow::Cow;

use coldtrail_schema::tables::rds_log::{self, RdsLogRow, RdsLogRows};
use coldtrail_schema::{Common, Pivots, Rows};

use self::entry::Entry;
use self::lines::Lines;
use crate::canonical::Canonical;
use crate::carried::{self, Carried, Group};
use crate::fields::{Fields, content_hash, json_hash, json_string, words};
use crate::framing::{Entries, Framing, Record};
use crate::json::Tape;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::sql_text::Dialect;
use crate::time::Years;
use crate::{rds_audit, rds_slow, recognise, sql_text};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "rds_log",
    title: "RDS and Aurora logs of the database servers",
    table: &rds_log::TABLE,
    version: 1,
    claims: |head, framing| match framing {
        Framing::Lines => claims_lines(head),
        Framing::Json => recognise::any_record(head, postgres::is_json),
        Framing::Parquet | Framing::Csv | Framing::Points | Framing::OpenTelemetry => false,
    },
    decoder: || Box::<LogDecoder>::default(),
};

/// By the first line; where that is a part of an entry, by any of the first ones, unless they are of a log that holds
/// whatever text clients send.
fn claims_lines(head: &Head<'_>) -> bool {
    let lines: Vec<Cow<'_, str>> = recognise::lines(head).map(String::from_utf8_lossy).collect();
    if lines.first().is_some_and(|line| lines::is_known(line)) {
        return true;
    }
    let others = |line: &Cow<'_, str>| rds_audit::looks_like_one(line) || rds_slow::looks_like_one(line);
    if lines.iter().any(|line| others(line) || sql_text::begins_file(line)) {
        return false;
    }
    let alert = || lines.iter().any(|line| oracle::alert_stamp(line).is_some());
    lines.iter().any(|line| lines::is_known(line)) || alert() && lines.iter().any(|line| oracle::is_alert_text(line))
}

/// The logs of RDS in CloudWatch Logs that are read here, by the last part of the name of their group:
/// `/aws/rds/instance/shop/postgresql`.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html>
pub(crate) fn is_group(name: &str) -> bool {
    const LOGS: [&str; 6] = ["error", "postgresql", "upgrade", "agent", "alert", "listener"];
    let Some(rest) = name.strip_prefix("/aws/rds/") else { return false };
    let mut parts = rest.split('/');
    let kind = parts.next();
    let log = parts.nth(1);
    matches!(kind, Some("instance" | "cluster")) && log.is_some_and(|log| LOGS.contains(&log)) && parts.next().is_none()
}

/// Is it a further line of PostgreSQL, which goes on with the entry before?
pub(crate) fn goes_on(message: &[u8]) -> bool {
    // A look at the first letters passes over nearly all.
    message.first().is_some_and(u8::is_ascii_digit) && lines::is_further(&lines::near(message))
}

#[derive(Default)]
struct LogDecoder {
    account: Option<String>,
    region: Option<String>,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: RdsLogRows,
    pivots: Pivots,
    scratch: Canonical,
    tape: Tape,
}

impl Decoder for LogDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = LogDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..LogDecoder::default()
        };
    }

    fn entries(&self) -> Option<Box<dyn Entries>> {
        Some(Box::<Lines>::default())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        self.group.read(record);
        let mut fields = Fields::of(record, self.years);
        if !record.tape.is_empty() && postgres::is_json(record.json()) {
            if !record.envelope.is_empty() {
                fields.extra.put(&["envelope"], record.envelope);
            }
            let hash = json_hash(record.continued, record.text, record.tape, &mut self.scratch);
            let stamp = record.json().get("timestamp").and_then(|stamp| stamp.text()).unwrap_or_default();
            let entry = postgres::json(record.json(), &stamp);
            let entry = entry.ok_or_else(|| Reject::field("event_time", "an entry without a time"))?;
            return self.push(record, fields, entry, None, hash);
        }
        let Carried { text, time, stamp } =
            carried::text_of(record).ok_or_else(|| Reject::new("an event without a message"))?;
        if lines::is_end(&text) {
            return Ok(Decoded::Nothing);
        }
        carried::keep_around(record, &mut fields.extra);
        let hash = content_hash("", record.text);
        let mut tape = std::mem::take(&mut self.tape);
        let json = text.trim_start().starts_with('{') && tape.read(text.as_bytes()).is_ok();
        let result = if json && postgres::is_json(tape.root(&text)) {
            let stamp = tape.root(&text).get("timestamp").and_then(|stamp| stamp.text()).unwrap_or_default();
            let entry = postgres::json(tape.root(&text), &stamp).unwrap_or_default();
            self.push(record, fields, entry, time, hash)
        } else {
            match read(&text)? {
                Some(entry) => self.push(record, fields, entry, time, hash),
                // The group says what it is: a part of an entry, or an entry of a form that is not known.
                None if time.is_some() && stamp.is_empty() => {
                    let entry = Entry { message: Some(Cow::Borrowed(&text)), ..Entry::default() };
                    self.push(record, fields, entry, time, hash)
                }
                None => Err(Reject::new(format!("no entry of a database server's log: {}", shown(&text)))),
            }
        };
        self.tape = tape;
        result
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// Reads an entry by the form of its first line; none where that is none of a log that is known.
fn read(text: &str) -> Result<Option<Entry<'_>>, Reject> {
    let start = text.strip_prefix('"').unwrap_or(text);
    if let Some(stamp) = stamp::Stamp::postgres(start) {
        if stamp.rest.trim_start_matches('"').starts_with(',') {
            return postgres::row(text).map(Some).map_err(Reject::new);
        }
        return Ok(postgres::lines(text));
    }
    Ok(mysql::entry(text)
        .or_else(|| sql_server::entry(text))
        .or_else(|| sql_server::agent(text))
        .or_else(|| oracle::listener(text))
        .or_else(|| oracle::alert(text)))
}

impl LogDecoder {
    fn push(
        &mut self,
        record: &Record<'_>,
        mut fields: Fields,
        entry: Entry<'_>,
        carried: Option<i64>,
        hash: i64,
    ) -> Result<Decoded, Reject> {
        let event_time = self.time(&entry, carried, &mut fields);
        for (name, raw) in &entry.others {
            fields.extra.put(&[name], raw);
        }
        if entry.ambiguous {
            fields.extra.put(&["ambiguous"], &json_string(record.text));
        }
        let mut int = |name: &'static str, text: &Option<Cow<'_, str>>| {
            let text = text.as_deref()?;
            let Ok(number) = text.parse::<i64>() else {
                fields.extra.misfit(&[name], &json_string(text));
                return None;
            };
            Some(number)
        };
        let (port, connection_id) = (int("port", &entry.port), int("connection_id", &entry.connection));
        self.find_pivots(&entry);
        let own_stream = if record.tape.is_empty() { None } else { carried::stream_of(record.json()) };
        let server = own_stream.as_deref().or(self.group.stream.as_deref());
        let of_server = || Some(Cow::Owned(format!("{}/{}", server?, entry.connection.as_deref()?)));
        let session_id = entry.session.clone().or_else(of_server);
        // Only PostgreSQL writes statements here.
        let normalised = entry.statement.as_deref().map(|sql| sql_text::normalised(sql, Dialect::Postgres));
        let fingerprint = normalised.as_deref().map(|form| format!("{:016x}", content_hash("", form)));
        let row = RdsLogRow {
            error_class: entry.class.map(Cow::Borrowed),
            is_write: entry.statement.as_deref().and_then(sql_text::is_write),
            session_id,
            engine: entry.engine.map(Cow::Borrowed),
            log_type: Some(Cow::Borrowed(entry.log_type)).filter(|kind| !kind.is_empty()),
            severity: entry.severity,
            code: entry.code,
            operation: entry.operation.map(Cow::Borrowed),
            username: entry.user,
            database: entry.database,
            host: entry.host,
            port,
            connection_id,
            application: entry.application,
            subsystem: entry.subsystem,
            message: entry.message,
            detail: entry.detail,
            hint: entry.hint,
            context: entry.context,
            statement: entry.statement,
            normalised: normalised.map(Cow::Owned),
            fingerprint: fingerprint.map(Cow::Owned),
            duration: entry.duration.filter(|seconds| seconds.is_finite()),
            audit_type: entry.audit.kind,
            audit_class: entry.audit.class,
            audit_command: entry.audit.command,
            audit_object_type: entry.audit.object_type,
            audit_object: entry.audit.object,
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let account = self.group.owner.as_deref().or(self.account.as_deref());
        self.rows.push(
            &Common {
                record: record.ordinal,
                offset: record.offset,
                event_time,
                account: account.map(Cow::Borrowed),
                region: self.region.as_deref().map(Cow::Borrowed),
                pivots: &self.pivots,
                hash,
                unique: entry.unique,
            },
            &row,
        );
        Ok(Decoded::Row)
    }

    /// When it was written, by the entry itself; by CloudWatch Logs where the entry says nothing. A time in a zone that
    /// is not known is none.
    fn time(&mut self, entry: &Entry<'_>, carried: Option<i64>, fields: &mut Fields) -> Option<i64> {
        if entry.stamp.is_empty() {
            return carried.filter(|time| self.years.hold(*time));
        }
        let time = entry.time.filter(|time| self.years.hold(*time));
        if time.is_none() {
            fields.extra.misfit(&["event_time"], &json_string(entry.stamp));
        } else if !entry.in_utc {
            fields.extra.put(&["time"], &json_string(entry.stamp));
        }
        time
    }

    fn find_pivots(&mut self, entry: &Entry<'_>) {
        self.pivots.clear();
        if let Some(host) = &entry.host {
            self.pivots.addresses(host);
        }
        let texts = [&entry.message, &entry.detail, &entry.context, &entry.statement, &entry.application];
        for text in texts.into_iter().flatten() {
            words(text, &mut self.pivots);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_by_their_whole_name() {
        for name in ["/aws/rds/instance/shop/postgresql", "/aws/rds/cluster/shop/error"] {
            assert!(is_group(name), "{name}");
        }
        for name in [
            "/aws/rds/instance/shop/slowquery",
            "/aws/rds/instance/shop/error/more",
            "/my/aws/rds/instance/shop/error",
            "/aws/rds/instance/error",
            "/aws/rds/proxy/shop/error",
            "error",
        ] {
            assert!(!is_group(name), "{name}");
        }
    }
}
