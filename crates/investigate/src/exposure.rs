//! When resources were open to strangers, and what strangers did with them meanwhile.

use coldtrail_query::Value;
use coldtrail_report::{Answer, RowName};
use coldtrail_schema::Table;
use coldtrail_schema::tables::{cloudfront, cloudtrail, rds_audit, s3_access, vpc_flow};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::error::{Error, Result};
use crate::resource::{Resource, resolve};
use crate::rows::{ask, cut, micros, span};
use crate::scope::{About, Scope};

/// Which exposures are asked about.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exposed<'a> {
    /// An ARN, an id or a unique name; none for all resources.
    pub resource: Option<&'a str>,
    /// Such as `open_security_group`.
    pub kind: Option<&'a str>,
}

/// One interval in which something was open.
#[derive(Debug, Deserialize)]
struct Interval {
    #[serde(flatten)]
    resource: Resource,
    kind: String,
    detail: String,
    path: Option<String>,
    valid_from: String,
    valid_to: Option<String>,
    last_seen: Option<String>,
    /// In how many hours of that time there is CloudTrail of the account.
    trail_hours: i64,
    closing_object: Option<String>,
    closing_record: Option<i64>,
    #[serde(flatten)]
    row: RowName,
}

/// What strangers did with it meanwhile, in one log.
#[derive(Debug, Clone, Deserialize)]
struct Use {
    resourcetype: String,
    resourceid: String,
    valid_from: String,
    source: String,
    requests: i64,
    reads: i64,
    /// Out of the resource, and into it where the log tells both.
    bytes: Option<i64>,
    bytes_in: Option<i64>,
    keys: i64,
    addresses: i64,
    who: Option<String>,
    evidence_object: Option<String>,
    evidence_record: Option<i64>,
    /// Of flow logs: in how many hours, of each address behind the opening, there is any row.
    hours: Option<i64>,
    /// In how many of them the log says that records were lost.
    hours_skipped: Option<i64>,
    /// In how many there could be one.
    hours_asked: Option<i64>,
}

/// An interval with its use.
struct Opening {
    interval: Interval,
    uses: Vec<Use>,
    /// How much of the time the flow log tells of, where it tells anything.
    watch: Option<Watch>,
    /// Why the absence of a use says nothing.
    blind: Option<&'static str>,
}

/// In how many hours the flow log says anything of the addresses behind an opening.
#[derive(Debug, Clone, Copy)]
struct Watch {
    hours: i64,
    skipped: i64,
    asked: i64,
}

impl Watch {
    fn of(uses: &[Use]) -> Option<Watch> {
        uses.iter().find_map(|one| {
            Some(Watch { hours: one.hours?, skipped: one.hours_skipped.unwrap_or_default(), asked: one.hours_asked? })
        })
    }

    /// Does it say nothing of some of the time?
    fn has_gaps(&self) -> bool {
        self.hours < self.asked || self.skipped > 0
    }

    fn sentence(&self) -> String {
        let lost = match self.skipped {
            0 => String::new(),
            hours => format!(", and says of {hours} of them that records were lost (SKIPDATA)"),
        };
        format!(
            "the flow log has rows in {} of {} hours, each address behind it counted by itself{lost}",
            self.hours, self.asked
        )
    }
}

/// Items of Config say what was open, the logs say who used it.
const ABOUT: About<'_> = About {
    tables: &["config_items", "cloudtrail", "s3_access", "cloudfront", "vpc_flow", "rds_audit"],
    derived: true,
    timed: true,
};

/// The exposures of a resource or of all, with their use by strangers.
pub fn exposure(scope: &Scope<'_>, exposed: &Exposed<'_>) -> Result<Answer> {
    scope.histories()?;
    if let Some(kind) = exposed.kind.filter(|kind| !coldtrail_diff::EXPOSURE_KINDS.contains(kind)) {
        let known = coldtrail_diff::EXPOSURE_KINDS.join(", ");
        return Err(Error::usage(format!("`{kind}` is no kind of exposure"), format!("known are {known}")));
    }
    let resource = exposed.resource.map(|name| resolve(scope, name)).transpose()?.map(|found| found.resource);
    let mut answer = Answer::about(resource.as_ref().map(Resource::title).unwrap_or_default());
    answer.left_aside = scope.left_aside(&ABOUT)?;
    let openings = openings(scope, resource.as_ref(), exposed.kind)?;
    for one in &openings {
        one.tell(&mut answer, resource.is_none());
    }
    let unknowns = unknowns(scope, resource.as_ref())?;
    let among = scope.among(&crate::resource::ABOUT);
    match (openings.is_empty(), unknowns.is_empty(), resource.is_some()) {
        (true, true, _) => {
            let what = "no state in which it was open is in the Config items that are here";
            answer.say(0, "", format!("{what}: none among {among}"), None);
        }
        // What could not be judged follows, and for one resource that is all there is to say.
        (true, false, false) => {
            answer.say(0, "", format!("nothing open among what could be judged of {among}"), None);
        }
        _ => {}
    }
    tell_unknowns(&unknowns, resource.is_some(), &mut answer);
    answer.set("resource", json!(resource));
    answer.set("exposures", Json::Array(openings.iter().map(Opening::as_json).collect()));
    limits(scope, &openings, &mut answer);
    Ok(answer)
}

fn openings(scope: &Scope<'_>, resource: Option<&Resource>, kind: Option<&str>) -> Result<Vec<Opening>> {
    let mut parameters = match resource {
        Some(resource) => resource.parameters(),
        None => ["account", "region", "type", "id"].map(|name| (name.to_owned(), Value::Text(None))).to_vec(),
    };
    parameters.push(("kind".to_owned(), Value::Text(kind.map(str::to_owned))));
    parameters.push(("end".to_owned(), Value::Time(Some(scope.session.bounds().end))));
    let intervals: Vec<Interval> = ask(scope.session, include_str!("exposure/intervals.sql"), &parameters)?;
    if intervals.is_empty() {
        return Ok(Vec::new());
    }
    let uses: Vec<Use> = ask(scope.session, include_str!("exposure/uses.sql"), &parameters)?;
    let openings = intervals.into_iter().map(|interval| {
        let is_of = |one: &&Use| {
            one.resourceid == interval.resource.resourceid
                && one.resourcetype == interval.resource.resourcetype
                && one.valid_from == interval.valid_from
        };
        let uses: Vec<Use> = uses.iter().filter(is_of).cloned().collect();
        let blind = blind(&interval, &uses);
        let watch = Watch::of(&uses);
        Opening { interval, uses: uses.into_iter().filter(|one| one.requests > 0).collect(), watch, blind }
    });
    Ok(openings.collect())
}

/// Which log would tell about use, if it is not here. A row about the bucket's access log is there when anything of
/// it is, also when none of it was a stranger's.
fn blind(interval: &Interval, uses: &[Use]) -> Option<&'static str> {
    let is_bucket = interval.resource.resourcetype == BUCKET;
    let tells = |table: &Table| uses.iter().any(|one| one.source == table.name);
    match () {
        () if is_reached(interval) && !tells(&vpc_flow::TABLE) && !tells(&rds_audit::TABLE) => {
            Some("who connected stands in flow logs, of which nothing of an address behind it is here for that time")
        }
        () if is_bucket && !tells(&s3_access::TABLE) => {
            Some("who read it stands in S3's access log, of which nothing of this bucket is here for that time")
        }
        () if interval.trail_hours == 0 => {
            Some("who used it stands in CloudTrail, of which nothing of this account is here for that time")
        }
        () => None,
    }
}

/// A reason why it cannot be said of resources whether they were open.
#[derive(Debug, Deserialize)]
struct Unknown {
    reason: String,
    detail: Option<String>,
    resourcetype: String,
    resources: u64,
    first_object: Option<String>,
    first_record: Option<i64>,
}

fn unknowns(scope: &Scope<'_>, resource: Option<&Resource>) -> Result<Vec<Unknown>> {
    let parameters = match resource {
        Some(resource) => resource.parameters(),
        None => ["account", "region", "type", "id"].map(|name| (name.to_owned(), Value::Text(None))).to_vec(),
    };
    ask(scope.session, include_str!("exposure/unknowns.sql"), &parameters)
}

/// The reason of `exposure_unknowns` for types that nothing is known of but their policies.
const NOT_EXAMINED: &str = "type not examined";

/// What could not be judged: types that are not examined, lists and documents that are not here.
fn tell_unknowns(all: &[Unknown], named: bool, answer: &mut Answer) {
    let mut data = Vec::new();
    for unknown in all {
        let of = format!("{} resources of type {}", unknown.resources, unknown.resourcetype);
        let detail = unknown.detail.as_deref().filter(|detail| *detail != unknown.resourcetype);
        let sentence = match (unknown.reason.as_str(), detail) {
            (NOT_EXAMINED, _) => {
                format!("exposure of {} is not examined, but for policies in its document", unknown.resourcetype)
            }
            (reason, Some(detail)) => format!("{reason}: {detail}"),
            (reason, None) => reason.to_owned(),
        };
        let sentence = if named { sentence } else { format!("{sentence} ({of})") };
        let row = RowName::of(unknown.first_object.as_deref(), unknown.first_record);
        data.push(json!({
            "reason": unknown.reason, "detail": unknown.detail, "resourceType": unknown.resourcetype,
            "resources": unknown.resources, "evidence": row.map(|row| row.as_json()),
        }));
        answer.cannot_say.push(sentence);
    }
    answer.set("unknowns", Json::Array(data));
}

/// What of the use of these openings the logs that are here cannot tell.
fn limits(scope: &Scope<'_>, openings: &[Opening], answer: &mut Answer) {
    let has = |table: &Table| scope.session.rows(table.name) > 0;
    let any = |is: fn(&Interval) -> bool| openings.iter().any(|one| is(&one.interval));
    let is_bucket = |one: &Interval| one.resource.resourcetype == BUCKET;
    let limits = [
        (any(is_reached) && !has(&vpc_flow::TABLE), "who connected to open ports or databases: no flow log is here"),
        (any(is_bucket) && !has(&s3_access::TABLE), "who read buckets without credentials: no S3 access log is here"),
        (!openings.is_empty() && !has(&cloudtrail::TABLE), "who used it with credentials: no CloudTrail is here"),
        (any(is_bucket) && !has(&cloudfront::TABLE), "who read it through CloudFront: no CloudFront log is here"),
    ];
    let told = limits.into_iter().filter(|(is_so, _)| *is_so).map(|(_, limit)| limit.to_owned());
    answer.cannot_say.extend(told);
    let unseen = openings.iter().filter(|one| one.blind.is_some()).count();
    if unseen > 0 {
        let of = openings.len();
        answer
            .cannot_say
            .push(format!("whether {unseen} of {of} openings were used: a log that would tell is not here"));
    }
    let partly = openings.iter().filter(|one| one.blind.is_none() && one.watch.is_some_and(|watch| watch.has_gaps()));
    let (partly, of) = (partly.count(), openings.len());
    if partly > 0 {
        answer.cannot_say.push(format!(
            "all use of {partly} of {of} openings: the flow log has no rows of some of their hours, or says that it lost some"
        ));
    }
}

const BUCKET: &str = "AWS::S3::Bucket";

/// Is it reached by connecting to it?
fn is_reached(interval: &Interval) -> bool {
    matches!(
        interval.kind.as_str(),
        "open_security_group" | "public_database" | "public_endpoint" | "security_group_shared"
    )
}

impl Opening {
    /// How long it was open: to the state without it, or else to the last time that Config said so.
    fn length(&self) -> Option<i64> {
        let from = micros(&self.interval.valid_from)?;
        let to = self.interval.valid_to.as_deref().or(self.interval.last_seen.as_deref()).and_then(micros)?;
        Some((to - from).max(0))
    }

    fn closed_by(&self) -> Option<RowName> {
        RowName::of(self.interval.closing_object.as_deref(), self.interval.closing_record)
    }

    fn tell(&self, answer: &mut Answer, named: bool) {
        let open = &self.interval;
        answer.section(if named { open.resource.title() } else { String::new() });
        let length = span(self.length().unwrap_or_default());
        let until = match &open.valid_to {
            Some(to) => format!("until {to}, for {length}"),
            None => format!(
                "still open in the last state here; for {length} at least, as Config said last at {}",
                open.last_seen.as_deref().unwrap_or("its first capture")
            ),
        };
        let rows = [Some(open.row.clone()), self.closed_by()].into_iter().flatten();
        answer.say(1, "", format!("{}: {}", open.kind, cut(&open.detail, 200)), None);
        answer.say(2, "", format!("from {} {until}", open.valid_from), rows);
        for one in &self.uses {
            let used = format!("used meanwhile ({}): {}", one.source, one.sentence());
            answer.say(2, "", used, one.row());
        }
        if let Some(sentence) = self.unused_or_unseen() {
            answer.say(2, "", sentence, None);
        }
    }

    /// What is not known of its use: nothing is said to be unused whose hours were not all looked at.
    fn unused_or_unseen(&self) -> Option<String> {
        let watch = self.watch.filter(Watch::has_gaps);
        match (self.blind, watch, self.uses.is_empty()) {
            (Some(blind), ..) => Some(format!("cannot say whether it was used: {blind}")),
            (None, Some(watch), true) => Some(format!(
                "cannot say whether it was used: no stranger is in the rows that are here, but {}",
                watch.sentence()
            )),
            (None, Some(watch), false) => {
                Some(format!("cannot say what was let in in the other hours: {}", watch.sentence()))
            }
            (None, None, true) => Some(format!(
                "no use of it by strangers stands in the logs that are here; CloudTrail has rows of the account in {} of \
                 {} hours",
                self.interval.trail_hours,
                self.hours().max(self.interval.trail_hours)
            )),
            (None, None, false) => None,
        }
    }

    /// How many hours it touches at most.
    fn hours(&self) -> i64 {
        self.length().unwrap_or_default().div_euclid(3_600_000_000) + 1
    }

    fn as_json(&self) -> Json {
        let open = &self.interval;
        let uses = self.uses.iter().map(|one| {
            json!({
                "source": one.source, "requests": one.requests, "reads": one.reads, "bytes": one.bytes, "bytesIn": one.bytes_in,
                "keys": one.keys, "externalAddresses": one.addresses, "who": one.who,
                "evidence": one.row().map(|row| row.as_json()),
            })
        });
        json!({
            "resource": open.resource, "kind": open.kind, "detail": open.detail, "path": open.path,
            "from": open.valid_from, "to": open.valid_to, "seconds": self.length().map(|length| length / 1_000_000),
            "evidence": open.row.as_json(), "closedBy": self.closed_by().map(|row| row.as_json()),
            "uses": Json::Array(uses.collect()), "cannotSay": self.blind,
            "flowLog": self.watch.map(|watch| {
                json!({ "hours": watch.hours, "hoursSkipped": watch.skipped, "hoursAsked": watch.asked })
            }),
        })
    }
}

impl Use {
    fn sentence(&self) -> String {
        let (addresses, bytes) = (self.addresses, self.bytes.unwrap_or_default());
        let what = match self.source.as_str() {
            name if name == vpc_flow::TABLE.name => {
                let bytes_in = self.bytes_in.unwrap_or_default();
                format!(
                    "{addresses} external addresses, {} accepted flows both ways, {bytes_in} bytes in, {bytes} bytes out",
                    self.requests
                )
            }
            name if name == rds_audit::TABLE.name => {
                format!("{addresses} external addresses, {} logins, {} of them let in", self.requests, self.reads)
            }
            _ => format!(
                "{addresses} external addresses, {} requests, {} of them reads, {bytes} bytes, {} keys",
                self.requests, self.reads, self.keys
            ),
        };
        format!("{what}; by {}", cut(self.who.as_deref().unwrap_or("nobody named"), 200))
    }

    fn row(&self) -> Option<RowName> {
        RowName::of(self.evidence_object.as_deref(), self.evidence_record)
    }
}
