//! RDS audit logs: the MariaDB plugin (RDS for MariaDB and MySQL), Aurora's advanced auditing, MySQL's general log.
//!
//! A line of an audit log is separated by commas, and nothing but the statement is quoted. The name of the user comes
//! from the client, who may put commas, quotes and whole lines into it; so a line is read by what cannot be in other
//! places: two numbers and an operation, and behind them exactly the fields that the operation has.

mod general;

use std::borrow::Cow;

use coldtrail_schema::tables::rds_audit::{self, RdsAuditRow, RdsAuditRows};
use coldtrail_schema::{Common, Pivots, Rows};

use crate::carried::{self, Group};
use crate::error_class::class;
use crate::fields::{Fields, content_hash, json_string, words};
use crate::framing::{Entries, Framing, Record};
use crate::recognise;
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::sql_text;
use crate::time::{self, Years};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "rds_audit",
    title: "RDS and Aurora audit logs",
    table: &rds_audit::TABLE,
    version: 1,
    claims: |head, framing| {
        framing == Framing::Lines
            && recognise::lines(head).any(|line| std::str::from_utf8(line).is_ok_and(looks_like_one))
    },
    decoder: || Box::<AuditDecoder>::default(),
};

/// Does a text begin like an entry of such a log?
pub(crate) fn looks_like_one(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    (stamp_of(first).is_some() && Anchor::all(first).next().is_some()) || general::looks_like_one(first)
}

/// The time that begins a line of an audit log, and where it ends: `20260409 04:31:43,` or microseconds since 1970.
fn stamp_of(line: &str) -> Option<(&str, usize)> {
    let stamp = line.split(',').next().filter(|stamp| stamp.len() < line.len())?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let civil = stamp.len() == 17
        && stamp.get(..8).is_some_and(digits)
        && stamp.as_bytes()[8] == b' '
        && stamp.get(9..).is_some_and(|clock| clock.bytes().enumerate().all(|(at, b)| (b == b':') == (at % 3 == 2)));
    (civil || (stamp.len() == 16 && digits(stamp))).then_some((stamp, stamp.len() + 1))
}

/// A place in a line where two numbers and an operation stand: `,70558,0,CONNECT,`.
#[derive(Debug, Clone, Copy)]
struct Anchor<'a> {
    /// Where the comma before the numbers stands.
    start: usize,
    connection: &'a str,
    query: &'a str,
    operation: &'a str,
    /// Where what follows the operation begins.
    rest: usize,
}

impl<'a> Anchor<'a> {
    /// All of them, in order.
    fn all(line: &'a str) -> impl Iterator<Item = Anchor<'a>> {
        memchr::memchr_iter(b',', line.as_bytes()).filter_map(move |start| Anchor::at(line, start))
    }

    fn at(line: &'a str, start: usize) -> Option<Anchor<'a>> {
        let mut parts = line.get(start + 1..)?.splitn(4, ',');
        let (connection, query, operation) = (parts.next()?, parts.next()?, parts.next()?);
        let number = |text: &str| !text.is_empty() && text.len() <= 20 && text.bytes().all(|b| b.is_ascii_digit());
        let word = |text: &str| text.len() >= 4 && text.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        parts.next()?;
        (number(connection) && number(query) && word(operation)).then(|| Anchor {
            start,
            connection,
            query,
            operation,
            rest: start + 1 + connection.len() + 1 + query.len() + 1 + operation.len() + 1,
        })
    }
}

/// What stands behind the operation.
#[derive(Debug, Clone, Copy)]
struct Rest<'a> {
    database: &'a str,
    object: &'a str,
    /// Is `object` a statement, in quotes that are not part of it?
    quoted: bool,
    code: &'a str,
    connection_type: Option<&'a str>,
}

/// How a client can be connected.
/// <https://mariadb.com/kb/en/mariadb-audit-plugin-log-format/>
const CONNECTIONS: [&str; 7] = ["Undefined", "TCP/IP", "Socket", "Named pipe", "SSL/TLS", "Shared memory", "0"];

impl<'a> Rest<'a> {
    /// Reads `database,object,retcode[,connection type[,]]`, to the end of the text and nothing else.
    fn of(text: &'a str) -> Option<Rest<'a>> {
        let (database, after) = text.split_once(',')?;
        let (object, quoted, after) = match after.strip_prefix('\'') {
            Some(inner) => {
                let end = closing_quote(inner)?;
                (inner.get(..end)?, true, inner.get(end + 1..)?.strip_prefix(',')?)
            }
            None => {
                let (object, after) = after.split_once(',')?;
                (object, false, after)
            }
        };
        let mut tail = after.trim_end().split(',');
        let code = tail.next()?;
        let connection_type = tail.next().filter(|kind| !kind.is_empty());
        let known = |kind: &str| CONNECTIONS.iter().any(|known| known.eq_ignore_ascii_case(kind));
        let ends = tail.next().is_none_or(str::is_empty) && tail.next().is_none();
        (code.bytes().all(|b| b.is_ascii_digit()) && ends && connection_type.is_none_or(known)).then_some(Rest {
            database,
            object,
            quoted,
            code,
            connection_type,
        })
    }
}

/// Where the quote closes that was opened before the text.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'\'', b'\\', bytes.get(at..)?)?;
        if bytes[at] == b'\'' {
            return Some(at);
        }
        at += 2;
    }
}

/// The statement without the escapes of the log.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        out.push(match escaped {
            None => c,
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some(other) => other,
        });
    }
    Cow::Owned(out)
}

/// An entry begins with its time, but not inside the quotes of a statement. Behind a whole entry begins another,
/// whatever it looks like: else a line that is damaged would cost the entry before it, too.
#[derive(Default)]
struct Lines {
    quoted: bool,
    /// Was the entry's last column read?
    whole: bool,
    /// Stands something else behind the closing quote? Then it is the opening one of a later entry, and this one has lost
    /// its own.
    lost: bool,
    general: general::Lines,
}

impl Entries for Lines {
    fn begins(&self, line: &[u8], alone: bool) -> bool {
        let text = String::from_utf8_lossy(line);
        alone || stamp_of(&text).is_some() || (self.whole && !line.is_empty()) || self.general.begins(line, alone)
    }

    fn open(&mut self, line: &[u8], first: bool) -> bool {
        let text = String::from_utf8_lossy(line);
        if first {
            (self.whole, self.lost) = (false, false);
        }
        if first && stamp_of(&text).is_none() {
            self.quoted = false;
            return self.general.open(line, true);
        }
        if self.general.is_going() && !first {
            return self.general.open(line, false);
        }
        let inside = if first {
            self.general.rest();
            // Behind the database, the statement begins with a quote.
            Anchor::all(&text).find_map(|anchor| text.get(anchor.rest..)?.split_once(',')?.1.strip_prefix('\''))
        } else if self.quoted {
            Some(text.as_ref())
        } else {
            None
        };
        (self.quoted, self.whole) = match inside {
            Some(inside) if closing_quote(inside).is_none() => (true, false),
            Some(inside) => {
                self.lost |= Rest::of(&format!(",'{inside}")).is_none();
                (self.lost, !self.lost)
            }
            None => {
                let ends = |anchor: Anchor<'_>| text.get(anchor.rest..).and_then(Rest::of).is_some();
                (false, self.whole || Anchor::all(&text).any(ends))
            }
        };
        self.quoted
    }
}

#[derive(Default)]
struct AuditDecoder {
    account: Option<String>,
    region: Option<String>,
    group: Group,
    years: Years,
    mistyped: Mistyped,
    rows: RdsAuditRows,
    pivots: Pivots,
    /// The time of the entry before: general logs write it only when it changes.
    general: general::State,
}

impl Decoder for AuditDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = AuditDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..AuditDecoder::default()
        };
    }

    fn entries(&self) -> Option<Box<dyn Entries>> {
        Some(Box::<Lines>::default())
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        self.group.read(record);
        let carried = carried::text_of(record).ok_or_else(|| Reject::new("an event without a message"))?;
        let text = carried.text.as_ref();
        let (row, time) = match stamp_of(text) {
            Some((stamp, start)) => (audited(text, start)?, Some(stamp)),
            None if sql_text::is_file_header(text) => return Ok(Decoded::Nothing),
            None => {
                let (row, time) = self.general.entry(text)?;
                return self.push(record, row, time, carried.time, content_hash("", record.text));
            }
        };
        let time = time.and_then(instant);
        // Times to the microsecond and the numbers of connection and statement name an entry of Aurora, wherever it is: in
        // a file of the server, or as a message of CloudWatch Logs.
        let named = if row.log_type == "aurora" { text.trim_end() } else { record.text };
        self.push(record, row, time, None, content_hash("", named))
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// `20260409 04:31:43`, in UTC, or microseconds since 1970.
fn instant(stamp: &str) -> Option<i64> {
    if stamp.len() == 16 {
        return time::epoch(stamp);
    }
    let (day, clock) = stamp.split_once(' ')?;
    let iso = format!("{}-{}-{}T{clock}Z", day.get(..4)?, day.get(4..6)?, day.get(6..)?);
    time::iso(&iso).map(|instant| instant.micros)
}

/// The fields of an entry, of whichever log.
#[derive(Default)]
struct Entry<'a> {
    log_type: &'static str,
    /// The time as it stands.
    stamp: &'a str,
    server: Option<&'a str>,
    user: Option<Cow<'a, str>>,
    host: Option<Cow<'a, str>>,
    connection: Option<&'a str>,
    query: Option<&'a str>,
    operation: &'a str,
    database: Option<Cow<'a, str>>,
    object: Option<&'a str>,
    statement: Option<Cow<'a, str>>,
    code: Option<&'a str>,
    connection_type: Option<&'a str>,
    /// What became of it.
    class: Option<&'static str>,
    /// Can the line be read in more than one way?
    ambiguous: bool,
}

/// Reads an entry of an audit log whose time ends at `start`.
fn audited(text: &str, start: usize) -> Result<Entry<'_>, Reject> {
    let mut found: Option<(Anchor<'_>, Rest<'_>)> = None;
    let mut ambiguous = false;
    // What stands on a further line belongs to a statement, or to another entry.
    let first = text.find('\n').unwrap_or(text.len());
    for anchor in Anchor::all(text).take_while(|anchor| anchor.start < first) {
        if let Some((first, rest)) = &found {
            // What stands in the statement is none.
            let statement = first.rest + rest.database.len();
            ambiguous |= anchor.start < statement || !rest.quoted;
            continue;
        }
        found = text.get(anchor.rest..).and_then(Rest::of).map(|rest| (anchor, rest));
        ambiguous |= found.is_none();
    }
    let Some((anchor, rest)) = found else {
        return Err(Reject::new(format!("no entry of an audit log: {}", shown(text))));
    };
    let who = text.get(start..anchor.start).unwrap_or_default();
    let (server, who) = who.split_once(',').unwrap_or(("", who));
    let (user, host) = who.rsplit_once(',').unwrap_or((who, ""));
    let present = |text: &'_ str| (!text.is_empty()).then(|| Cow::Owned(text.to_owned()));
    let class = match (anchor.operation, rest.code) {
        (_, "") => None,
        (_, "0") => Some(class::SUCCESS),
        ("CONNECT" | "FAILED_CONNECT", _) => Some(class::LOGIN_FAILED),
        // ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR and their kin.
        (_, "1044" | "1045" | "1142" | "1143" | "1227" | "1370" | "1698") => Some(class::DENIED),
        _ => Some(class::OTHER),
    };
    Ok(Entry {
        log_type: if text.as_bytes().get(8) == Some(&b' ') { "mariadb" } else { "aurora" },
        stamp: text.get(..start - 1).unwrap_or_default(),
        server: Some(server).filter(|server| !server.is_empty()),
        user: present(user),
        host: present(host),
        connection: Some(anchor.connection),
        query: Some(anchor.query),
        operation: anchor.operation,
        database: present(rest.database),
        object: Some(rest.object).filter(|object| !rest.quoted && !object.is_empty()),
        statement: rest.quoted.then(|| unescaped(rest.object)),
        code: Some(rest.code).filter(|code| !code.is_empty()),
        connection_type: rest.connection_type,
        class,
        ambiguous,
    })
}

impl AuditDecoder {
    fn push(
        &mut self,
        record: &Record<'_>,
        entry: Entry<'_>,
        time: Option<i64>,
        otherwise: Option<i64>,
        hash: i64,
    ) -> Result<Decoded, Reject> {
        let mut fields = Fields::of(record, self.years);
        carried::keep_around(record, &mut fields.extra);
        let time = time.or(otherwise).filter(|time| self.years.hold(*time));
        if time.is_none() {
            fields.extra.misfit(&["event_time"], &json_string(entry.stamp));
        }
        if entry.ambiguous {
            fields.extra.put(&["line"], &json_string(record.text));
        }
        let mut number = |name: &'static str, text: Option<&str>| {
            let number = text.and_then(|text| text.parse::<i64>().ok());
            if let (None, Some(text)) = (number, text) {
                fields.extra.misfit(&[name], &json_string(text));
            }
            number
        };
        let (connection_id, query_id) = (number("connection_id", entry.connection), number("query_id", entry.query));
        let retcode = number("retcode", entry.code);
        self.pivots.clear();
        if let Some(host) = &entry.host {
            self.pivots.addresses(host);
        }
        if let Some(statement) = &entry.statement {
            words(statement, &mut self.pivots);
        }
        let server = entry.server.or(self.group.stream.as_deref());
        let session = server.zip(entry.connection).map(|(server, connection)| format!("{server}/{connection}"));
        let statement = entry.statement.as_deref();
        let row = RdsAuditRow {
            error_class: entry.class.map(Cow::Borrowed),
            is_write: match entry.operation {
                "WRITE" | "CREATE" | "ALTER" | "RENAME" | "DROP" => Some(true),
                "READ" => Some(false),
                _ => statement.and_then(sql_text::is_write),
            },
            session_id: session.map(Cow::Owned),
            log_type: Some(Cow::Borrowed(entry.log_type)),
            server_host: server.map(Cow::Borrowed),
            username: entry.user,
            host: entry.host,
            connection_id,
            query_id,
            operation: Some(Cow::Borrowed(entry.operation)),
            database: entry.database,
            object: entry.object.map(Cow::Borrowed),
            statement: statement.map(Cow::Borrowed),
            retcode,
            connection_type: entry.connection_type.map(Cow::Borrowed),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let account = self.group.owner.as_deref().or(self.account.as_deref());
        self.rows.push(
            &Common {
                record: record.ordinal,
                offset: record.offset,
                event_time: time,
                account: account.map(Cow::Borrowed),
                region: self.region.as_deref().map(Cow::Borrowed),
                pivots: &self.pivots,
                hash,
                unique: entry.log_type == "aurora",
            },
            &row,
        );
        Ok(Decoded::Row)
    }
}
