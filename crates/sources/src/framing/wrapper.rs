//! Where the records stand in a wrapper: an array of a known name, perhaps inside other objects and arrays.

use super::json_documents::space;
use crate::json::{Fault, Tape};

/// Names of wrapper members that hold the records; capitals do not matter.
const CONTAINERS: &[&str] = &[
    "Records",
    "configurationItems",
    "baseConfigurationItems",
    "logEvents",
    "Events",
    "MetricDataResults",
    FINDINGS,
    "AlarmHistoryItems",
];

/// The findings of GuardDuty's and Security Hub's API; Security Hub's events have several of them in their detail.
const FINDINGS: &str = "Findings";

/// Names of wrapper members that may hold any wrapper. In others, only `Records` counts.
const OUTER: &[&str] = &["data", "response", "result"];

/// What the records of such an array begin with, when its name tells nothing.
const FIRST_KEYS: &[&str] = &["eventVersion", "eventTime", "userIdentity"];

/// How deep a wrapper may stand inside others.
const MAX_DEPTH: usize = 6;

/// Members of records: an object that has one of them before any array of records is no wrapper. This
/// spares looking through all members of each record of a file of single documents. Names that wrappers have
/// as well, such as `version`, are not among them.
const OF_RECORDS: &[&str] = &[
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "eventID",
    "eventType",
    "eventCategory",
    "requestParameters",
    "responseElements",
    "sourceIPAddress",
    "userAgent",
    "additionalEventData",
    "recipientAccountId",
    "requestID",
    "apiVersion",
    "EventId",
    "CloudTrailEvent",
    "eventversion",
    "useridentity",
    "eventtime",
    "eventsource",
    "eventname",
    "awsregion",
    DETAIL,
    "MessageId",
    "TopicArn",
    "awsAccountId",
    "digestStartTime",
    "logFiles",
    "configurationItem",
    "configurationItemDiff",
    "configurationItemCaptureTime",
    "configurationItemVersion",
    "relatedEvents",
    "relationships",
    "configuration",
    "resourceType",
    "invokingEvent",
    "timestamp(ms)",
    "x-edge-location",
    "bucket_name",
    "bucket_owner_id",
    "schema_version_id",
    "webaclId",
    "webaclid",
    "query_timestamp",
    "query_name",
    "firewall_name",
    "class_uid",
    "activity_id",
    "schemaVersion",
    "SchemaVersion",
    "ProductArn",
    "GeneratorId",
    "metric_stream_name",
    "Datapoints",
];

/// The member of an event of EventBridge in which what happened stands.
const DETAIL: &str = "detail";

/// An array of records that was found.
pub(super) struct Found {
    /// Where the member begins that holds them.
    pub(super) member: usize,
    /// Where the first record begins.
    pub(super) first: usize,
    /// What is open around them, outermost first; the array itself is the last.
    pub(super) open: Vec<Open>,
}

/// Something that was opened and not closed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    Object,
    /// `records`: its items are records; else they may be wrappers again.
    Array {
        records: bool,
    },
}

/// What was found at the beginning of the bytes at hand.
pub(super) enum Look {
    Found(Found),
    /// There are no records in an array.
    Nothing,
    /// More bytes are needed to tell.
    Incomplete,
}

/// Looks for records in the object that begins at `bytes[0]`.
pub(super) fn in_object(tape: &mut Tape, bytes: &[u8]) -> Look {
    let mut search = Search { tape, bytes, open: Vec::new() };
    match search.object(0, 0, true) {
        Step::Records { member, first } => Look::Found(Found { member, first, open: search.open }),
        Step::Past(_) | Step::Other => Look::Nothing,
        Step::Incomplete => Look::Incomplete,
    }
}

/// One member of a wrapper, behind its records.
pub(super) enum Member {
    /// It holds records, too.
    Found(Found),
    /// It holds something else; it ends here.
    Other(usize),
    Incomplete,
    NoJson,
}

/// Looks at the member whose key begins at `bytes[0]`.
pub(super) fn member(tape: &mut Tape, bytes: &[u8]) -> Member {
    let mut search = Search { tape, bytes, open: Vec::new() };
    let (key, value) = match search.key(0) {
        Ok(found) => found,
        Err(Step::Incomplete) => return Member::Incomplete,
        Err(_) => return Member::NoJson,
    };
    match search.value(key, value, 0, true) {
        Step::Records { first, .. } => Member::Found(Found { member: 0, first, open: search.open }),
        Step::Past(end) => Member::Other(end),
        Step::Other => Member::NoJson,
        Step::Incomplete => Member::Incomplete,
    }
}

/// Where a search has come to.
enum Step {
    Records {
        member: usize,
        first: usize,
    },
    /// No records up to here, where the value ends.
    Past(usize),
    /// No wrapper, or no JSON.
    Other,
    Incomplete,
}

struct Search<'a> {
    tape: &'a mut Tape,
    bytes: &'a [u8],
    open: Vec<Open>,
}

impl<'a> Search<'a> {
    fn at(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    fn read(&mut self, at: usize) -> Result<usize, Step> {
        match self.tape.read(self.bytes.get(at..).unwrap_or_default()) {
            Ok(length) => Ok(at + length),
            Err(Fault::Incomplete) => Err(Step::Incomplete),
            Err(_) => Err(Step::Other),
        }
    }

    /// The key that begins at `at`, and where its value begins.
    fn key(&mut self, at: usize) -> Result<(&'a [u8], usize), Step> {
        match self.at(at) {
            Some(b'"') => {}
            Some(_) => return Err(Step::Other),
            None => return Err(Step::Incomplete),
        }
        let end = self.read(at)?;
        let colon = space(self.bytes, end);
        match self.at(colon) {
            Some(b':') => {}
            Some(_) => return Err(Step::Other),
            None => return Err(Step::Incomplete),
        }
        let value = space(self.bytes, colon + 1);
        match self.at(value) {
            Some(_) => Ok((self.bytes.get(at + 1..end - 1).unwrap_or_default(), value)),
            None => Err(Step::Incomplete),
        }
    }

    /// Looks through the members of an object. `any`: may any container be in it?
    fn object(&mut self, start: usize, depth: usize, any: bool) -> Step {
        self.open.push(Open::Object);
        let mut at = space(self.bytes, start + 1);
        loop {
            if self.at(at) == Some(b'}') {
                self.open.pop();
                return Step::Past(at + 1);
            }
            let (key, value) = match self.key(at) {
                Ok(found) => found,
                Err(step) => return step,
            };
            if OF_RECORDS.iter().any(|name| name.as_bytes() == key) {
                let detail = any && key == DETAIL.as_bytes() && self.at(value) == Some(b'{');
                return if detail { self.detail(value) } else { Step::Other };
            }
            let end = match self.value(key, value, depth, any) {
                Step::Records { member, first } => {
                    // The innermost member counts: what is before it is the envelope.
                    return Step::Records { member: member.max(at), first };
                }
                Step::Past(end) => space(self.bytes, end),
                other => return other,
            };
            at = match self.at(end) {
                Some(b',') => space(self.bytes, end + 1),
                Some(b'}') => end,
                Some(_) => return Step::Other,
                None => return Step::Incomplete,
            };
        }
    }

    /// Looks for findings among the members of the detail of an event. Whatever else is in it is its own affair, also
    /// what has the name of a container.
    fn detail(&mut self, start: usize) -> Step {
        self.open.push(Open::Object);
        let mut at = space(self.bytes, start + 1);
        loop {
            let (key, value) = match self.key(at) {
                Ok(found) => found,
                Err(step) => return step,
            };
            if OF_RECORDS.iter().any(|name| name.as_bytes() == key) {
                return Step::Other;
            }
            if key.eq_ignore_ascii_case(FINDINGS.as_bytes()) && self.at(value) == Some(b'[') {
                return match self.at(space(self.bytes, value + 1)) {
                    Some(b'{') => {
                        self.open.push(Open::Array { records: true });
                        Step::Records { member: at, first: value + 1 }
                    }
                    Some(_) => Step::Other,
                    None => Step::Incomplete,
                };
            }
            let end = match self.read(value) {
                Ok(end) => space(self.bytes, end),
                Err(step) => return step,
            };
            at = match self.at(end) {
                Some(b',') => space(self.bytes, end + 1),
                Some(_) => return Step::Other,
                None => return Step::Incomplete,
            };
        }
    }

    /// Looks at the value of a member; passes over it when there are no records in it.
    fn value(&mut self, key: &[u8], at: usize, depth: usize, any: bool) -> Step {
        let open = self.open.len();
        let records = |first| Step::Records { member: 0, first };
        let found = match self.at(at) {
            Some(b'[') => {
                let first = space(self.bytes, at + 1);
                // Whatever the first item of `Records` is, perhaps a broken one, the others follow.
                let certain = key.eq_ignore_ascii_case(b"Records");
                let container = is_one_of(CONTAINERS, key) && any;
                match self.at(first) {
                    None => return Step::Incomplete,
                    Some(byte) if certain || (container && matches!(byte, b'{' | b'[' | b']')) => {
                        self.open.push(Open::Array { records: true });
                        return records(at + 1);
                    }
                    Some(b'{') if depth < MAX_DEPTH => {
                        let own = self.key(space(self.bytes, first + 1));
                        if own.is_ok_and(|(key, _)| is_one_of(FIRST_KEYS, key)) {
                            self.open.push(Open::Array { records: true });
                            return records(at + 1);
                        }
                        self.open.push(Open::Array { records: false });
                        // The array is entered where it begins, so that its items are looked at one by one.
                        match self.object(first, depth + 1, any && is_one_of(OUTER, key)) {
                            Step::Records { .. } => {
                                self.open.truncate(open + 1);
                                return records(at + 1);
                            }
                            other => other,
                        }
                    }
                    Some(_) => Step::Other,
                }
            }
            Some(b'{') if depth < MAX_DEPTH => self.object(at, depth + 1, any && is_one_of(OUTER, key)),
            _ => Step::Other,
        };
        if matches!(found, Step::Records { .. } | Step::Incomplete) {
            return found;
        }
        self.open.truncate(open);
        match self.read(at) {
            Ok(end) => Step::Past(end),
            Err(step) => step,
        }
    }
}

/// The names are those of JSON texts as they stand; escaped ones are none of ours.
fn is_one_of(names: &[&str], key: &[u8]) -> bool {
    names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(key))
}

/// Does this text end with the beginning of an array of records, such as `"Records": [`?
pub(super) fn opens_records(before: &[u8]) -> bool {
    let Some(rest) = before.strip_suffix(b"[") else { return false };
    let Some(rest) = rest.trim_ascii_end().strip_suffix(b":") else { return false };
    let Some(rest) = rest.trim_ascii_end().strip_suffix(b"\"") else { return false };
    let key = rest.iter().rposition(|byte| *byte == b'"').and_then(|quote| rest.get(quote + 1..));
    key.is_some_and(|key| is_one_of(CONTAINERS, key))
}
