//! Slow logs of MySQL, MariaDB and Aurora: some lines that begin with `#`, then the statement.
//! <https://dev.mysql.com/doc/refman/8.4/en/slow-query-log.html>
//!
//! The statement stands as it came, and may hold lines that look like those of the log. The server ends each with a
//! semicolon and a line break; so an entry begins only behind such an end, outside of quotes and comments.

use std::borrow::Cow;

use coldtrail_schema::tables::rds_slow::{self, RdsSlowRow, RdsSlowRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::carried::{self, Group};
use crate::error_class::class;
use crate::fields::{Fields, content_hash, json_string, words};
use crate::framing::{Entries, Framing, Record};
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::sql_text::{self, Dialect, Inside};
use crate::time::{self, Years};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "rds_slow",
    title: "RDS and Aurora slow query logs",
    table: &rds_slow::TABLE,
    version: 1,
    claims: |head, framing| {
        framing == Framing::Lines
            && recognise::lines(head).any(|line| std::str::from_utf8(line).is_ok_and(looks_like_one))
    },
    decoder: || Box::<SlowDecoder>::default(),
};

/// Does a text begin like an entry of such a log?
pub(crate) fn looks_like_one(text: &str) -> bool {
    let mut lines = text.lines();
    lines.next().is_some_and(|line| {
        line.starts_with("# User@Host: ")
            || (line.starts_with("# Query_time: ") && line.contains("Lock_time: "))
            || (line.starts_with("# Time: ")
                && (line.contains("# User@Host: ")
                    || lines
                        .next()
                        .is_some_and(|next| next.starts_with("# User@Host: ") || next.starts_with("# Thread_id: "))))
    })
}

/// Where an entry is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Among the lines that begin with `#`.
    #[default]
    Head,
    /// In the statement.
    Statement,
    /// Behind a semicolon.
    End,
    /// In lines that are of no entry: the beginning of the file, or the end of an entry of another one.
    Outside,
}

#[derive(Default)]
struct Lines {
    at: At,
    inside: Inside,
}

impl Entries for Lines {
    fn begins(&self, line: &[u8], alone: bool) -> bool {
        let begins = |text: &str| line.starts_with(text.as_bytes());
        alone
            || begins("# Time:")
            || (begins("# User@Host:") || begins("# Thread_id: ") || begins("# Query_time: ")) && self.at != At::Head
            || std::str::from_utf8(line).is_ok_and(sql_text::begins_file)
    }

    fn open(&mut self, line: &[u8], first: bool) -> bool {
        if first {
            *self = Lines::default();
            if !line.starts_with(b"#") {
                self.at = At::Outside;
            }
        }
        if self.at == At::Outside {
            return false;
        }
        let command = line.starts_with(b"# administrator command: ");
        if self.at == At::Head && line.starts_with(b"#") && !command {
            return false;
        }
        if !command {
            self.inside = self.inside.over(line);
        }
        let ends = self.inside == Inside::Nothing && line.ends_with(b";");
        self.at = if ends { At::End } else { At::Statement };
        self.at == At::Statement && !command
    }
}

#[derive(Default)]
struct SlowDecoder {
    account: Option<String>,
    region: Option<String>,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: RdsSlowRows,
    pivots: Pivots,
    /// Of the entry before: old servers write the time only when it changes, and all write the database only then.
    time: Option<i64>,
}

impl Decoder for SlowDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = SlowDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..SlowDecoder::default()
        };
    }

    fn entries(&self) -> Option<Box<dyn Entries>> {
        Some(Box::<Lines>::default())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        self.group.read(record);
        let carried = carried::text_of(record).ok_or_else(|| Reject::new("an event without a message"))?;
        if sql_text::is_file_header(&carried.text) {
            return Ok(Decoded::Nothing);
        }
        let entry = Entry::read(&carried.text);
        if entry.query_time.is_none() && entry.user_host.is_none() {
            return Err(Reject::new(format!("no entry of a slow log: {}", shown(&carried.text))));
        }
        self.push(record, entry, carried.time)
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// The parts of an entry.
#[derive(Default)]
struct Entry<'a> {
    stamp: Option<&'a str>,
    user_host: Option<&'a str>,
    connection: Option<&'a str>,
    database: Option<&'a str>,
    query_time: Option<&'a str>,
    lock_time: Option<&'a str>,
    rows_sent: Option<&'a str>,
    rows_examined: Option<&'a str>,
    rows_affected: Option<&'a str>,
    bytes_sent: Option<&'a str>,
    errno: Option<&'a str>,
    /// What else the server says, under its names.
    others: Vec<(&'a str, &'a str)>,
    /// Lines that are no names and values.
    notes: Vec<&'a str>,
    /// Seconds since 1970, from `SET timestamp`.
    timestamp: Option<&'a str>,
    statement: &'a str,
    /// Does the statement hold lines that look like those of the log?
    forged: bool,
}

impl<'a> Entry<'a> {
    fn read(text: &'a str) -> Entry<'a> {
        let mut entry = Entry::default();
        let mut rest = text;
        while let Some(line) = rest.strip_prefix('#') {
            let (line, after) = line.split_once('\n').unwrap_or((line, ""));
            let line = line.trim();
            if let Some(command) = line.strip_prefix("administrator command: ") {
                entry.statement = command.trim_end_matches(';');
                return entry;
            }
            // Some tools write both in one line.
            let (line, more) = line.split_once(" # ").map_or((line, ""), |(line, more)| (line, more));
            entry.line(line.trim());
            if !more.is_empty() {
                entry.line(more.trim());
            }
            rest = after;
        }
        if let Some((database, after)) = rest.strip_prefix("use ").and_then(|rest| rest.split_once(';'))
            && !database.contains('\n')
        {
            entry.database = Some(database.trim_matches('`'));
            rest = after.trim_start();
        }
        if let Some((timestamp, after)) = rest.strip_prefix("SET ").and_then(|rest| rest.split_once(';'))
            && let Some(at) = timestamp.find("timestamp=")
            && !timestamp.contains('\n')
        {
            let value = timestamp.get(at + 10..).unwrap_or_default();
            entry.timestamp = Some(value.split(',').next().unwrap_or_default());
            if let Some(before) =
                timestamp.get(..at).map(|text| text.trim_end_matches(',')).filter(|text| !text.is_empty())
            {
                entry.others.push(("SET", before));
            }
            rest = after;
        }
        let statement = rest.trim().trim_end_matches(';');
        entry.statement = statement.strip_prefix("# administrator command: ").unwrap_or(statement);
        entry.forged =
            entry.statement.lines().any(|line| line.starts_with("# User@Host: ") || line.starts_with("# Time: "));
        entry
    }

    fn line(&mut self, line: &'a str) {
        if let Some(stamp) = line.strip_prefix("Time:") {
            self.stamp = Some(stamp.trim()).filter(|stamp| !stamp.is_empty());
        } else if let Some(who) = line.strip_prefix("User@Host:") {
            let (who, id) = who
                .rsplit_once("] Id:")
                .or_else(|| who.rsplit_once("]  Id:"))
                .unwrap_or((who.trim_end_matches(']'), ""));
            self.user_host = Some(who);
            self.connection = Some(id.trim()).filter(|id| !id.is_empty());
        } else if line.contains(':') && !line.starts_with("explain:") {
            self.pairs(line);
        } else {
            self.notes.push(line);
        }
    }

    /// Reads `Name: value  Name: value`.
    fn pairs(&mut self, line: &'a str) {
        let names: Vec<usize> = line
            .match_indices(':')
            .filter(|(at, _)| {
                line.get(at + 1..).is_some_and(|after| after.is_empty() || after.starts_with([' ', '\t']))
            })
            .map(|(at, _)| at)
            .collect();
        for (n, end) in names.iter().enumerate() {
            let name = line.get(..*end).unwrap_or_default();
            let start = name.rfind([' ', '\t']).map_or(0, |at| at + 1);
            let name = name.get(start..).unwrap_or_default();
            let until = names
                .get(n + 1)
                .map_or(line.len(), |next| line.get(..*next).and_then(|text| text.rfind([' ', '\t'])).unwrap_or(*next));
            let value = line.get(end + 1..until).unwrap_or_default().trim();
            let slot = match name {
                "Thread_id" | "Id" if self.connection.is_none() => &mut self.connection,
                "Schema" if !value.is_empty() => &mut self.database,
                "Query_time" => &mut self.query_time,
                "Lock_time" => &mut self.lock_time,
                "Rows_sent" => &mut self.rows_sent,
                "Rows_examined" => &mut self.rows_examined,
                "Rows_affected" => &mut self.rows_affected,
                "Bytes_sent" => &mut self.bytes_sent,
                "Last_errno" | "Errno" => &mut self.errno,
                _ => {
                    self.others.push((name, value));
                    continue;
                }
            };
            if let Some(earlier) = slot.replace(value) {
                self.others.push((name, earlier));
            }
        }
    }
}

/// The user, the name of the host and its address, from `user[user] @ host [address`: the name of the user may hold
/// anything, so it is read from the end.
fn who(text: &str) -> (&str, &str, &str) {
    let (user, host) = text.trim().rsplit_once(" @ ").unwrap_or((text, ""));
    let (name, address) = host.rsplit_once('[').unwrap_or((host, ""));
    let user = user.strip_suffix(']').and_then(|user| user.rsplit_once('[')).map_or(user, |(user, inner)| {
        // A replica's thread has no name before the bracket.
        if user.is_empty() { inner } else { user }
    });
    (user, name.trim(), address.trim_end_matches(']').trim())
}

/// The time of an entry: `2026-04-09T04:31:43.123456Z`, or `260409  4:31:43`, which on RDS is UTC.
fn instant(stamp: &str) -> Option<i64> {
    if let Some(found) = time::iso(stamp) {
        return Some(found.micros);
    }
    let (day, clock) = stamp.split_once(' ')?;
    let (year, month, day) = (day.get(..2)?, day.get(2..4)?, day.get(4..)?);
    time::iso(&format!("20{year}-{month}-{day}T{:0>8}Z", clock.trim())).map(|found| found.micros)
}

impl SlowDecoder {
    /// When the statement ended, by the best that the entry has; where it has nothing, the time of the one before.
    fn time(&mut self, entry: &Entry<'_>, carried: Option<i64>, fields: &mut Fields) -> Option<i64> {
        let stamped = entry.stamp.map(|stamp| (stamp, instant(stamp)));
        let set = entry.timestamp.and_then(time::epoch);
        let exact = stamped.filter(|(stamp, _)| stamp.contains('T')).and_then(|(_, time)| time);
        let time = exact.or(set).or(stamped.and_then(|(_, time)| time)).or(carried);
        for (name, text) in [("time", entry.stamp), ("timestamp", entry.timestamp)] {
            if let Some(text) = text {
                fields.extra.put(&[name], &json_string(text));
            }
        }
        if entry.stamp.is_some() || time.is_some() {
            self.time = time.filter(|time| self.years.hold(*time));
            if self.time.is_none() {
                fields.extra.misfit(&["event_time"], &json_string(entry.stamp.unwrap_or_default()));
            }
        }
        self.time
    }

    fn push(&mut self, record: &Record<'_>, entry: Entry<'_>, carried: Option<i64>) -> Result<Decoded, Reject> {
        let mut fields = Fields::of(record, self.years);
        carried::keep_around(record, &mut fields.extra);
        let event_time = self.time(&entry, carried, &mut fields);
        for (name, value) in &entry.others {
            fields.extra.put(&[name], &json_string(value));
        }
        if !entry.notes.is_empty() {
            let notes: Vec<String> = entry.notes.iter().map(|note| json_string(note)).collect();
            fields.extra.put(&["notes"], &format!("[{}]", notes.join(",")));
        }
        if entry.forged {
            fields.extra.put(&["lines_of_the_log_in_the_statement"], "true");
        }
        let (user, name, address) = who(entry.user_host.unwrap_or_default());
        if !name.is_empty() && !address.is_empty() {
            fields.extra.put(&["host_name"], &json_string(name));
        }
        let host = [address, name].into_iter().find(|text| !text.is_empty());
        self.pivots.clear();
        host.into_iter().for_each(|host| self.pivots.addresses(host));
        words(entry.statement, &mut self.pivots);
        let mut int = |name: &'static str, text: Option<&str>| {
            let number = text.and_then(|text| text.parse::<i64>().ok());
            if let (None, Some(text)) = (number, text) {
                fields.extra.misfit(&[name], &json_string(text));
            }
            number
        };
        let (rows_sent, rows_examined) = (int("rows_sent", entry.rows_sent), int("rows_examined", entry.rows_examined));
        let (rows_affected, bytes_sent) =
            (int("rows_affected", entry.rows_affected), int("bytes_sent", entry.bytes_sent));
        let (connection_id, errno) = (int("connection_id", entry.connection), int("errno", entry.errno));
        if let Some(errno) = errno {
            fields.extra.put(&["errno"], &errno.to_string());
        }
        let mut real = |name: &'static str, text: Option<&str>| {
            let number = text.and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
            if let (None, Some(text)) = (number, text) {
                fields.extra.misfit(&[name], &json_string(text));
            }
            number
        };
        let (query_time, lock_time) = (real("query_time", entry.query_time), real("lock_time", entry.lock_time));
        let normalised = sql_text::normalised(entry.statement, Dialect::Mysql);
        let fingerprint = format!("{:016x}", content_hash("", &normalised));
        let server = self.group.stream.as_deref();
        let row = RdsSlowRow {
            error_class: errno.map(|errno| {
                Cow::Borrowed(match errno {
                    0 => class::SUCCESS,
                    1044 | 1045 | 1142 | 1143 | 1227 | 1370 => class::DENIED,
                    _ => class::OTHER,
                })
            }),
            is_write: sql_text::is_write(entry.statement),
            session_id: connection_id.zip(server).map(|(id, server)| Cow::Owned(format!("{server}/{id}"))),
            username: Some(Cow::Borrowed(user)).filter(|user| !user.is_empty()),
            host: host.map(Cow::Borrowed),
            connection_id,
            database: entry.database.map(Cow::Borrowed),
            query_time,
            lock_time,
            rows_sent,
            rows_examined,
            rows_affected,
            bytes_sent,
            statement: Some(Cow::Borrowed(entry.statement)),
            normalised: Some(Cow::Owned(normalised)),
            fingerprint: Some(Cow::Owned(fingerprint)),
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
                hash: content_hash("", record.text),
                unique: false,
            },
            &row,
        );
        Ok(Decoded::Row)
    }
}
