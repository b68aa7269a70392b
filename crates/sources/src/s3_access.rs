//! S3 server access logs: lines of 17 to 27 and more fields, in which nothing is escaped.
//!
//! Request line, referrer and user agent are written by the client and may hold quotes and spaces. A
//! line is therefore read from both ends: up to the request line from the left, from the closing quote
//! of the user agent on from the right. When what lies between can be split in more than one way, the
//! row says so and keeps the line.

use std::borrow::Cow;

use coldtrail_schema::tables::s3_access::{self, S3AccessRow, S3AccessRows};
use coldtrail_schema::{Common, Pivots, Rows, partition, pivots};
use percent_encoding::percent_decode;

use crate::canonical::Canonical;
use crate::fields::{Extra, Fields, content_hash, json_hash, json_string};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::s3_operations::{self as operations, Action, Bytes};
use crate::source::{Decoded, Decoder, Head, LogSource, Mistyped, Reject, shown};
use crate::time::{self, Years};
use crate::{error_class, recognise, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "s3_access",
    title: "S3 server access logs",
    table: &s3_access::TABLE,
    version: 1,
    claims: |head, framing| {
        if framing == Framing::Json {
            return recognise::any_record(head, holds_json);
        }
        // Some lines may be broken; in a text about such logs most lines are prose.
        let good = |line: &[u8]| std::str::from_utf8(line).is_ok_and(|line| Left::of(line).is_ok());
        let (good, all) =
            recognise::lines(head).fold((0, 0), |(sum, all), line| (sum + usize::from(good(line)), all + 1));
        framing == Framing::Lines && good * 2 >= all && good > 0
    },
    decoder: || Box::<S3AccessDecoder>::default(),
};

#[derive(Default)]
struct S3AccessDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    rows: S3AccessRows,
    pivots: Pivots,
    scratch: String,
    canonical: Canonical,
}

/// The fields before the request line.
struct Left<'a> {
    owner: &'a str,
    bucket: &'a str,
    time: i64,
    /// The time as it stands, without brackets.
    stamp: &'a str,
    /// Does the time as instant say all that stands there?
    plain: bool,
    ip: &'a str,
    requester: &'a str,
    request_id: &'a str,
    operation: &'a str,
    key: &'a str,
    rest: &'a str,
}

impl<'a> Left<'a> {
    fn of(line: &'a str) -> Result<Left<'a>, Reject> {
        let mut rest = line;
        let mut word = |name: &'static str| {
            let (word, after) = rest
                .split_once(' ')
                .ok_or_else(|| Reject::field(name, format!("the line ends before it: {}", shown(line))))?;
            rest = after;
            Ok(word)
        };
        let owner = word("bucketowner")?;
        let bucket = word("bucket_name")?;
        let start = line.get(owner.len() + 1 + bucket.len() + 1..).unwrap_or_default();
        let (day, zone) = (word("requestdatetime")?, word("requestdatetime")?);
        let stamp = start.get(..day.len() + 1 + zone.len()).unwrap_or_default();
        let inner = stamp.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        let time = inner.and_then(time::common_log);
        let time = time.ok_or_else(|| Reject::field("requestdatetime", format!("no time: {}", shown(stamp))))?;
        let (ip, requester, request_id) = (word("remoteip")?, word("requester")?, word("requestid")?);
        let (operation, key) = (word("operation")?, word("key")?);
        Ok(Left {
            owner,
            bucket,
            time,
            plain: inner.is_some_and(|stamp| stamp.ends_with(" +0000")),
            stamp: inner.unwrap_or_default(),
            ip,
            requester,
            request_id,
            operation,
            key,
            rest,
        })
    }
}

/// Status, error code, bytes, size, total time, turn-around time.
struct Status<'a> {
    words: [&'a str; 6],
    /// What follows it.
    rest: &'a str,
}

impl<'a> Status<'a> {
    fn of(text: &'a str) -> Option<Status<'a>> {
        let mut rest = text;
        let mut words = [""; 6];
        for (at, word) in words.iter_mut().enumerate() {
            let (found, after) = rest.split_once(' ')?;
            let number = found == "-" || (!found.is_empty() && found.bytes().all(|b| b.is_ascii_digit()));
            let fits = match at {
                0 => found == "-" || (found.len() == 3 && number),
                1 => {
                    !found.is_empty()
                        && found.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
                }
                _ => number,
            };
            if !fits {
                return None;
            }
            (*word, rest) = (found, after);
        }
        matches!(rest.as_bytes().first(), Some(b'"' | b'-')).then_some(Status { words, rest })
    }
}

/// The request line, the status block and what follows, with whether there was a choice.
fn split_request<'a>(text: &'a str) -> Option<(&'a str, Status<'a>, bool)> {
    if let Some(rest) = text.strip_prefix("- ") {
        return Status::of(rest).map(|status| ("-", status, false));
    }
    let inner = text.strip_prefix('"')?;
    let mut found: Option<(&str, Status<'_>)> = None;
    let mut choices = 0;
    for (at, _) in inner.match_indices("\" ") {
        let Some(status) = inner.get(at + 2..).and_then(Status::of) else { continue };
        choices += 1;
        // The first one is true, since referrer and user agent stand behind it; but a status block can also be
        // forged inside the request line, and that ends in its protocol.
        let uri = inner.get(..at).unwrap_or_default();
        if found.as_ref().is_none_or(|(earlier, _)| !names_protocol(earlier) && names_protocol(uri)) {
            found = Some((uri, status));
        }
    }
    found.map(|(uri, status)| (uri, status, choices > 1))
}

/// `GET /key HTTP/1.1`
fn names_protocol(uri: &str) -> bool {
    uri.rsplit_once(' ').is_some_and(|(_, last)| last.starts_with("HTTP/"))
}

/// Referrer, user agent, the fields after them, and whether there was a choice.
fn split_agents(text: &str) -> Option<(&str, &str, &str, bool)> {
    let Some(close) = text.rfind('"') else {
        // Nothing is quoted: both are null.
        let rest = text.strip_prefix("- -")?;
        return (rest.is_empty() || rest.starts_with(' ')).then(|| ("-", "-", rest.trim_start(), false));
    };
    let (quoted, tail) = (text.get(..close)?, text.get(close + 1..)?.trim_start());
    if let Some(agent) = quoted.strip_prefix("- \"") {
        return Some(("-", agent, tail, false));
    }
    let quoted = quoted.strip_prefix('"')?;
    let mut splits = quoted.match_indices("\" \"");
    match splits.next() {
        Some((at, _)) => {
            let ambiguous = splits.next().is_some();
            Some((quoted.get(..at)?, quoted.get(at + 3..)?, tail, ambiguous))
        }
        // Only the referrer is quoted.
        None => {
            let rest = tail.strip_prefix('-')?;
            (rest.is_empty() || rest.starts_with(' ')).then(|| (quoted, "-", rest.trim_start(), quoted.contains('"')))
        }
    }
}

fn present(field: &str) -> Option<Cow<'_, str>> {
    (field != "-" && !field.is_empty()).then_some(Cow::Borrowed(field))
}

impl Decoder for S3AccessDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = S3AccessDecoder {
            account: head.key.account.clone(),
            years,
            region: head.key.region.clone(),
            rows: std::mem::take(&mut self.rows),
            ..S3AccessDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let line = record.text;
        if line.starts_with('{') {
            return self.json(record);
        }
        let left = Left::of(line)?;
        let (uri, status, choice) = split_request(left.rest)
            .ok_or_else(|| Reject::field("request_uri", format!("no request line and status: {}", shown(left.rest))))?;
        let (referrer, agent, tail, agent_choice) = split_agents(status.rest)
            .ok_or_else(|| Reject::field("referrer", format!("no referrer and user agent: {}", shown(status.rest))))?;
        let ambiguous = choice || agent_choice;
        let parts = Parts {
            left,
            uri,
            words: status.words,
            referrer,
            agent,
            tail: tail.split(' ').filter(|word| !word.is_empty()).collect(),
            ambiguous: ambiguous.then_some(line),
        };
        self.push(record, &parts, Extra::default(), content_hash("", line))
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// The fields of a request, from a line or from JSON.
struct Parts<'a> {
    left: Left<'a>,
    uri: &'a str,
    /// Status, error code, bytes, size, total time, turn-around time.
    words: [&'a str; 6],
    referrer: &'a str,
    agent: &'a str,
    /// From the version on.
    tail: Vec<&'a str>,
    /// The whole line, if it can be split in more than one way.
    ambiguous: Option<&'a str>,
}

/// The fields as CloudWatch Logs gets them, in the order of the line.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/sal-cw-log-format.html>
const JSON_FIELDS: [&[&str]; 26] = [
    &["bucket_owner_id", "bucket_owner"],
    &["bucket_name", "bucket"],
    &["request_time", "time"],
    &["remote_ip"],
    &["requester"],
    &["request_id"],
    &["operation"],
    &["key"],
    &["request_uri"],
    &["http_status"],
    &["error_code"],
    &["bytes_sent"],
    &["object_size"],
    &["total_time", "total_time_ms"],
    &["turn_around_time", "turnaround_time", "turn_around_time_ms"],
    &["referer", "referrer"],
    &["user_agent"],
    &["version_id"],
    &["host_id"],
    &["signature_version"],
    &["cipher_suite"],
    &["authentication_type", "auth_type"],
    &["host_header"],
    &["tls_version"],
    &["access_point_arn"],
    &["acl_required"],
];

fn is_json(value: Value<'_>) -> bool {
    let has = |name: &str| value.get(name).is_some_and(|value| value.text().is_some());
    has("bucket_name") && has("operation") && has("request_id") && has("request_time")
}

pub(crate) fn holds_json(value: Value<'_>) -> bool {
    is_json(value) || unwrap::unwrap(value, is_json).is_some()
}

impl S3AccessDecoder {
    /// A request as CloudWatch Logs gets it; nothing in it is ambiguous.
    fn json(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let outer = record.json();
        let inner = if is_json(outer) { None } else { unwrap::unwrap(outer, is_json) };
        let (value, text, tape) = match &inner {
            Some(inner) => (inner.tape.root(&inner.text), inner.text.as_str(), &inner.tape),
            None => (outer, record.text, record.tape),
        };
        let mut fields = Fields::of(record, self.years);
        fields.envelope(record.envelope, inner.as_ref().map_or(&[], |inner| inner.envelopes.as_slice()));
        let mut extra = fields.extra;
        let mut found: [Option<Cow<'_, str>>; JSON_FIELDS.len()] = [const { None }; JSON_FIELDS.len()];
        for (name, member) in value.entries().filter(|(_, member)| !member.is_null()) {
            let place = JSON_FIELDS.iter().position(|names| names.contains(&name.as_ref()));
            match place.and_then(|at| found.get_mut(at)) {
                Some(slot) if slot.is_none() && !member.is_object() && !member.is_array() => {
                    *slot = Some(member.text().unwrap_or(Cow::Borrowed(member.raw())));
                }
                _ => extra.put(&[&name], member.raw()),
            }
        }
        let field = |at: usize| found.get(at).and_then(|field| field.as_deref()).unwrap_or("-");
        let time = time::iso(field(2));
        let Some(instant) = time else {
            return Err(Reject::field("requestdatetime", format!("no time: {}", shown(field(2)))));
        };
        let left = Left {
            owner: field(0),
            bucket: field(1),
            time: instant.micros,
            stamp: field(2),
            plain: instant.canonical,
            ip: field(3),
            requester: field(4),
            request_id: field(5),
            operation: field(6),
            key: field(7),
            rest: "",
        };
        let parts = Parts {
            left,
            uri: field(8),
            words: [field(9), field(10), field(11), field(12), field(13), field(14)],
            referrer: field(15),
            agent: field(16),
            tail: (17..JSON_FIELDS.len()).map(field).collect(),
            ambiguous: None,
        };
        let hash = json_hash("", text, tape, &mut self.canonical);
        self.push(record, &parts, extra, hash)
    }

    fn push(&mut self, record: &Record<'_>, parts: &Parts<'_>, mut extra: Extra, hash: i64) -> Result<Decoded, Reject> {
        let Parts { left, uri, words, referrer, agent, tail, ambiguous } = parts;
        let (uri, referrer, agent) = (*uri, *referrer, *agent);
        let mut tail_words = tail.iter().copied();
        let mut tail_field = || tail_words.next().and_then(present);
        let (versionid, hostid, sigv) = (tail_field(), tail_field(), tail_field());
        let (ciphersuite, authtype, endpoint) = (tail_field(), tail_field(), tail_field());
        let (tlsversion, accesspointarn, aclrequired, sourceregion) =
            (tail_field(), tail_field(), tail_field(), tail_field());
        let surplus: Vec<String> = tail_words.map(json_string).collect();
        if !surplus.is_empty() {
            extra.put(&["fields"], &format!("[{}]", surplus.join(",")));
        }
        let event_time = Some(left.time).filter(|time| self.years.hold(*time));
        if event_time.is_none() {
            extra.misfit(&["event_time"], &json_string(left.stamp));
        } else if !left.plain {
            extra.put(&["requestdatetime"], &json_string(left.stamp));
        }
        if let Some(line) = ambiguous {
            extra.put(&["line"], &json_string(line));
        }
        if record.lossy {
            extra.put(&["invalid_utf8"], "true");
        }
        let mut number = |name: &str, word: &str| {
            let number = word.parse::<i64>().ok();
            if number.is_none() && word != "-" {
                extra.misfit(&[name], &json_string(word));
            }
            number
        };
        let [http, code, bytes, size, total, turnaround] = *words;
        let httpstatus = number("httpstatus", http);
        let (bytessent, objectsize) = (number("bytessent", bytes), number("objectsize", size));
        let (totaltime, turnaroundtime) = (number("totaltime", total), number("turnaroundtime", turnaround));
        let key_decoded = (left.key != "-").then(|| decoded_key(left.key, left.operation, uri));
        let presigned = presigned_key(uri);
        let error_class = error_class::of_http(httpstatus, present(code).as_deref());
        let operation = operations::of(left.operation);
        let whole = error_class == error_class::class::SUCCESS && matches!(httpstatus, None | Some(200 | 206));
        let bytes_read = match operation {
            Some((Action::Read, Bytes::Sent)) if whole => bytessent,
            Some((Action::Read, Bytes::Size)) if whole => objectsize,
            _ => None,
        };

        self.pivots.clear();
        self.pivots.addresses(left.ip);
        if let Some(requester) = present(left.requester) {
            self.pivots.actors.push(&requester);
        }
        if let Some(key) = &presigned {
            self.pivots.keys.push(key);
        }
        if let Some(bucket) = present(left.bucket) {
            let arn = &mut self.scratch;
            arn.clear();
            arn.push_str("arn:");
            let host = || endpoint.as_deref().and_then(partition::of_host);
            arn.push_str(
                match [Some(left.requester), accesspointarn.as_deref()]
                    .into_iter()
                    .flatten()
                    .find_map(partition::of_arn)
                {
                    Some(said) => said,
                    None => {
                        self.region.as_deref().map(partition::of_region).or_else(host).unwrap_or(partition::COMMERCIAL)
                    }
                },
            );
            arn.push_str(":s3:::");
            arn.push_str(&bucket);
            self.pivots.resources.push(arn);
            if let Some(key) = &key_decoded {
                arn.push('/');
                arn.push_str(key);
                self.pivots.resources.push(arn);
            }
        }
        if let Some(point) = &accesspointarn {
            self.pivots.resources.push(point);
        }
        let row = S3AccessRow {
            error_class: Some(Cow::Borrowed(error_class)),
            is_write: operation.map(|(action, _)| action.is_write()),
            session_id: present(left.requester).or_else(|| {
                let address = pivots::address(left.ip).map(|address| Cow::Owned(address.to_string()));
                address.or_else(|| present(left.ip))
            }),
            parse_ambiguous: Some(ambiguous.is_some()),
            bucketowner: present(left.owner),
            bucket_name: present(left.bucket),
            remoteip: present(left.ip),
            requester: present(left.requester),
            requestid: present(left.request_id),
            operation: present(left.operation),
            key: present(left.key),
            key_decoded,
            request_uri: present(uri),
            httpstatus,
            errorcode: present(code),
            bytessent,
            objectsize,
            totaltime,
            turnaroundtime,
            referrer: present(referrer),
            useragent: present(agent),
            versionid,
            hostid,
            sigv,
            ciphersuite,
            authtype,
            endpoint,
            tlsversion,
            accesspointarn,
            aclrequired,
            sourceregion,
            presigned_accesskeyid: presigned.map(Cow::Owned),
            action: Some(Cow::Borrowed(operation.map_or(Action::Other, |(action, _)| action).name())),
            bytes_read,
            extra: extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: self.account.as_deref().map(Cow::Borrowed),
            region: self.region.as_deref().map(Cow::Borrowed),
            pivots: &self.pivots,
            hash,
            // A multi-object delete may name one key twice: equal lines are then different deletes.
            unique: left.request_id != "-" && !left.operation.starts_with("BATCH."),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }
}

/// The access key id in the query string of a presigned URL.
pub(crate) fn presigned_key(uri: &str) -> Option<String> {
    let value =
        ["X-Amz-Credential=", "AWSAccessKeyId="].iter().find_map(|name| uri.split_once(name)).map(|(_, rest)| rest)?;
    let value = value.split(['&', ' ', '%', '/']).next()?;
    (value.len() >= 16 && value.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| value.to_owned())
}

/// The name of the object. S3 encodes it twice, but once in lines of some operations, and did otherwise in some years;
/// where the request line has the name, as the client encoded it, that decides.
fn decoded_key<'a>(key: &'a str, operation: &str, uri: &str) -> Cow<'a, str> {
    if !key.contains('%') {
        return Cow::Borrowed(key);
    }
    let once: Vec<u8> = percent_decode(key.as_bytes()).collect();
    let text = |bytes: &[u8]| Cow::Owned(String::from_utf8_lossy(bytes).into_owned());
    if !once.contains(&b'%') {
        return text(&once);
    }
    let twice: Vec<u8> = percent_decode(&once).collect();
    let path = uri.split(' ').nth(1).and_then(|target| target.split('?').next()).unwrap_or_default();
    let asked: Vec<u8> = percent_decode(path.as_bytes()).collect();
    // The path may begin with the bucket; a key may begin with a slash.
    let names = |name: &[u8]| asked.strip_suffix(name).is_some_and(|before| before.ends_with(b"/"));
    match (names(&once), names(&twice)) {
        (true, false) => text(&once),
        (false, true) => text(&twice),
        _ if operations::encoded(operation) == 1 => text(&once),
        _ => text(&twice),
    }
}

#[cfg(test)]
mod tests {
    use super::decoded_key;

    #[test]
    fn keys_are_decoded_as_often_as_they_were_encoded() {
        let get = |key| format!("GET /{key} HTTP/1.1");
        for (key, operation, uri, name) in [
            ("plain.csv", "REST.GET.OBJECT", get("plain.csv"), "plain.csv"),
            ("q1%2520final%252Bv2.csv", "REST.GET.OBJECT", get("q1%20final%2Bv2.csv"), "q1 final+v2.csv"),
            ("q1%20final%2Bv2.csv", "BATCH.DELETE.OBJECT", "-".to_owned(), "q1 final+v2.csv"),
            ("old%20%2541.txt", "S3.EXPIRE.OBJECT", "-".to_owned(), "old %41.txt"),
            ("100%2525.txt", "REST.COPY.OBJECT_GET", "-".to_owned(), "100%.txt"),
            // An object whose name has an escape in it.
            ("a%252520b", "REST.GET.OBJECT", get("a%2520b"), "a%20b"),
            // Encoded once, as the request line shows.
            ("a%2520b", "REST.GET.OBJECT", get("a%2520b"), "a%20b"),
            ("a%2520b", "REST.GET.OBJECT", get("bucket/a%20b?versionId=1"), "a b"),
            // The client encoded more than it had to.
            ("a%2520b", "REST.GET.OBJECT", get("%61%20%62"), "a b"),
            ("a%20b", "REST.GET.OBJECT", get("a%20b"), "a b"),
            ("%25C3%25A4.txt", "REST.GET.OBJECT", get("%C3%A4.txt"), "ä.txt"),
        ] {
            assert_eq!(decoded_key(key, operation, &uri), name, "{key} {uri}");
        }
    }
}
