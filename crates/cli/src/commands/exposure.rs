//! `coldtrail exposure`

use anyhow::Result;
use coldtrail_query::{Session, Value};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::args::Exposure;
use crate::commands::config::{Resource, history_session, resolve};
use crate::diagnostics::Status;
use crate::rows::{Row, ask, cut, micros, safe, span};
use crate::settings::Settings;
use crate::terminal;

#[derive(Debug, Deserialize)]
struct Open {
    #[serde(flatten)]
    resource: Resource,
    kind: String,
    detail: String,
    path: Option<String>,
    valid_from: String,
    valid_to: Option<String>,
    last_seen: Option<String>,
    closing_object: Option<String>,
    closing_record: Option<i64>,
    #[serde(flatten)]
    row: Row,
}

/// What strangers did with it meanwhile, in one log.
#[derive(Debug, Deserialize)]
struct Use {
    source: String,
    requests: i64,
    reads: i64,
    bytes: Option<i64>,
    keys: i64,
    addresses: i64,
    who: Option<String>,
    evidence_object: Option<String>,
    evidence_record: Option<i64>,
}

struct Found {
    open: Open,
    uses: Vec<Use>,
    /// Why the absence of a use says nothing.
    blind: Option<&'static str>,
}

pub(crate) fn run(arguments: &Exposure, settings: &Settings) -> Result<Status> {
    let session = history_session(settings, &arguments.reading)?;
    let resource =
        arguments.resource.as_deref().map(|name| resolve(&session, name)).transpose()?.map(|found| found.resource);
    let mut parameters = match &resource {
        Some(resource) => resource.parameters(),
        None => ["account", "region", "type", "id"].map(|name| (name.to_owned(), Value::Text(None))).to_vec(),
    };
    parameters.push(("kind".to_owned(), Value::Text(arguments.kind.clone())));
    let all: Vec<Open> = ask(&session, include_str!("exposure/intervals.sql"), &parameters)?;
    let mut found = Vec::with_capacity(all.len());
    for open in all {
        let uses = uses(&session, &open)?;
        let blind = blind(&session, &open)?;
        found.push(Found { open, uses, blind });
    }
    let gaps = gaps(&session);
    if settings.json {
        let all: Vec<Json> = found.iter().map(|found| found.as_json()).collect();
        terminal::print_json(settings, &json!({ "resource": resource, "exposures": all, "cannotSay": gaps }))?;
        return Ok(Status::Clean);
    }
    let mut text = String::new();
    if let Some(resource) = &resource {
        text.push_str(&format!("{}\n", safe(&resource.title())));
    }
    for one in &found {
        text.push_str(&one.text(resource.is_none()));
    }
    if found.is_empty() {
        text.push_str("no state in which it was open is in the Config items that are here\n");
    }
    for gap in &gaps {
        text.push_str(&format!("cannot say: {gap}\n"));
    }
    terminal::print(settings, &text)?;
    Ok(Status::Clean)
}

fn uses(session: &Session, open: &Open) -> Result<Vec<Use>> {
    let end = open.valid_to.as_deref().and_then(micros).unwrap_or(session.bounds().end);
    let text = |name: &str, value: Option<&str>| (name.to_owned(), Value::Text(value.map(str::to_owned)));
    let bucket = open.resource.resourcetype == "AWS::S3::Bucket";
    let parameters = [
        text("bucket", bucket.then_some(open.resource.resourceid.as_str())),
        text("id", Some(&open.resource.resourceid)),
        text("arn", open.resource.arn.as_deref()),
        text("account", open.resource.awsaccountid.as_deref()),
        ("from".to_owned(), Value::Time(micros(&open.valid_from))),
        ("to".to_owned(), Value::Time(Some(end))),
    ];
    let mut uses: Vec<Use> = ask(session, include_str!("exposure/uses.sql"), &parameters)?;
    uses.retain(|one| one.requests > 0);
    Ok(uses)
}

/// Which log would tell about use, if it is not here.
fn blind(session: &Session, open: &Open) -> Result<Option<&'static str>> {
    use coldtrail_schema::tables::cloudtrail;
    Ok(match open.kind.as_str() {
        "open_security_group" | "public_database" => Some("who connected stands in flow logs, which are not read yet"),
        _ if open.resource.resourcetype == "AWS::S3::Bucket" && !is_watched(session, open)? => {
            Some("who read it stands in S3's access log, of which nothing of this bucket is here for that time")
        }
        _ if session.rows(cloudtrail::TABLE.name) == 0 => {
            Some("who used it stands in CloudTrail, of which nothing is here")
        }
        _ => None,
    })
}

#[derive(Deserialize)]
struct Watched {
    rows: i64,
}

/// Is there anything of the bucket in S3's access log while it was open?
fn is_watched(session: &Session, open: &Open) -> Result<bool> {
    let end = open.valid_to.as_deref().and_then(micros).unwrap_or(session.bounds().end);
    let parameters = [
        ("bucket".to_owned(), Value::Text(Some(open.resource.resourceid.clone()))),
        ("from".to_owned(), Value::Time(micros(&open.valid_from))),
        ("to".to_owned(), Value::Time(Some(end))),
    ];
    let watched: Option<Watched> = ask(session, include_str!("exposure/watched.sql"), &parameters)?.pop();
    Ok(watched.is_some_and(|watched| watched.rows > 0))
}

/// Which logs that could tell about use are not here.
fn gaps(session: &Session) -> Vec<&'static str> {
    let mut gaps = vec!["who connected to open ports or databases: flow logs are not read yet"];
    use coldtrail_schema::tables::{cloudfront, cloudtrail, s3_access};
    if session.rows(s3_access::TABLE.name) == 0 {
        gaps.push("who read buckets without credentials: no S3 access log is here");
    }
    if session.rows(cloudtrail::TABLE.name) == 0 {
        gaps.push("who used it with credentials: no CloudTrail is here");
    }
    if session.rows(cloudfront::TABLE.name) == 0 {
        gaps.push("who read it through CloudFront: no CloudFront log is here");
    }
    gaps
}

impl Found {
    /// How long it was open: to the state without it, or else to the last time that Config said so.
    fn length(&self) -> Option<i64> {
        let from = micros(&self.open.valid_from)?;
        let to = self.open.valid_to.as_deref().or(self.open.last_seen.as_deref()).and_then(micros)?;
        Some((to - from).max(0))
    }

    fn text(&self, named: bool) -> String {
        let open = &self.open;
        let mut text = String::new();
        if named {
            text.push_str(&format!("\n{}\n", safe(&open.resource.title())));
        }
        let length = span(self.length().unwrap_or_default());
        let until = match &open.valid_to {
            Some(to) => format!("until {to}, for {length}"),
            None => format!(
                "still open in the last state here; for {length} at least, as Config said last at {}",
                open.last_seen.as_deref().unwrap_or("its first capture")
            ),
        };
        let closing = Row::of(open.closing_object.as_deref(), open.closing_record);
        let closing = closing.map(|row| format!(", closed by {}", row.short())).unwrap_or_default();
        text.push_str(&format!(
            "  {}: {}\n    from {} {until}\n    rows item {}{closing}\n",
            safe(&open.kind),
            safe(&cut(&open.detail, 200)),
            open.valid_from,
            open.row.short()
        ));
        for one in &self.uses {
            text.push_str(&format!(
                "    used meanwhile ({}): {} external addresses, {} requests, {} of them reads, {} bytes, {} keys; by {}; first row {}\n",
                one.source,
                one.addresses,
                one.requests,
                one.reads,
                one.bytes.unwrap_or_default(),
                one.keys,
                safe(&cut(one.who.as_deref().unwrap_or("nobody named"), 200)),
                Row::of(one.evidence_object.as_deref(), one.evidence_record).map(|row| row.short()).unwrap_or_default(),
            ));
        }
        match self.blind {
            Some(blind) => text.push_str(&format!("    cannot say whether it was used: {blind}\n")),
            None if self.uses.is_empty() => {
                text.push_str("    no use of it by strangers stands in the logs that are here\n");
            }
            None => {}
        }
        text
    }

    fn as_json(&self) -> Json {
        let open = &self.open;
        let uses: Vec<Json> = self
            .uses
            .iter()
            .map(|one| {
                json!({
                    "source": one.source, "requests": one.requests, "reads": one.reads, "bytes": one.bytes,
                    "keys": one.keys, "externalAddresses": one.addresses, "who": one.who,
                    "evidence": Row::of(one.evidence_object.as_deref(), one.evidence_record).map(|row| row.as_json()),
                })
            })
            .collect();
        json!({
            "resource": open.resource, "kind": open.kind, "detail": open.detail, "path": open.path,
            "from": open.valid_from, "to": open.valid_to, "seconds": self.length().map(|length| length / 1_000_000),
            "evidence": open.row.as_json(),
            "closedBy": Row::of(open.closing_object.as_deref(), open.closing_record).map(|row| row.as_json()),
            "uses": uses, "cannotSay": self.blind,
        })
    }
}
