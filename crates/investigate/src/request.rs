//! One request in every log that knows it: by its request id or trace id, and by the ids that the logs found so name.

use std::collections::BTreeSet;

use coldtrail_query::Value;
use coldtrail_report::{Answer, RowName};
use serde::Deserialize;
use serde_json::json;

use crate::error::{Error, Result};
use crate::rows::{ask, cut, micros};
use crate::scope::{About, Scope};

/// A row under one of the ids by which it knows its request.
#[derive(Debug, Clone, Deserialize)]
struct Known {
    request_id: String,
    id_kind: String,
    id_written_by: String,
    source: String,
    event_time: Option<String>,
    actor: Option<String>,
    action: Option<String>,
    target: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    outcome: Option<String>,
    bytes: Option<i64>,
    #[serde(flatten)]
    row: RowName,
}

/// A message in which the id stands.
#[derive(Debug, Deserialize)]
struct Mention {
    log_group: Option<String>,
    log_stream: Option<String>,
    event_time: Option<String>,
    message: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// A row that may be the same request.
#[derive(Debug, Deserialize)]
struct Alike {
    source: String,
    ip: Option<String>,
    method: Option<String>,
    path: Option<String>,
    outcome: Option<String>,
    event_time: Option<String>,
    #[serde(flatten)]
    row: RowName,
}

/// The logs that know requests by an id, in the order in which a request passes them.
const LOGS: [&str; 6] = ["cloudfront", "waf", "elb_access", "cloudwatch_logs", "cloudtrail", "s3_access"];
const ABOUT: About<'_> = About { tables: &LOGS, derived: false, timed: false };

/// Ids are followed from row to row so many times, and no more than so many of them: a client may write ids of others.
const ROUNDS: usize = 4;
const IDS: usize = 64;

/// The request of this id: a request id of CloudTrail, S3 or CloudFront, or a trace id of a load balancer.
pub fn request(scope: &Scope<'_>, id: &str) -> Result<Answer> {
    let id = bare(id)?;
    let (rows, is_cut) = follow(scope, id)?;
    let mentions: Vec<Mention> = ask(scope.session, include_str!("request/mentions.sql"), &[named("id", id)])?;
    let mut answer = Answer { left_aside: scope.left_aside(&ABOUT)?, ..Answer::default() };
    if rows.is_empty() && mentions.is_empty() {
        return Err(absent(scope, id, &answer));
    }
    answer.title = format!("request {id}");
    tell_rows(&mut answer, &rows);
    tell_mentions(&mut answer, &mentions);
    let alike = alike(scope, &rows)?;
    tell_alike(&mut answer, &alike);
    tell_absent(scope, &mut answer, &rows, &mentions);
    if is_cut {
        answer.cannot_say.push(format!("whether more rows belong to it: its rows name more than {IDS} other ids"));
    }
    answer.set("request", json!(id));
    Ok(answer)
}

/// The id without what ALB writes before it: `Root=1-…;Self=…` is asked for by its first id.
fn bare(id: &str) -> Result<&str> {
    let first = id.split(';').next().unwrap_or_default().trim();
    let id = first.strip_prefix("Root=").or_else(|| first.strip_prefix("Self=")).unwrap_or(first);
    if id.len() < 8 {
        return Err(Error::usage(format!("`{id}` is too short for the id of a request"), "give it whole"));
    }
    Ok(id)
}

fn named(name: &str, value: &str) -> (String, Value) {
    (name.to_owned(), Value::Text(Some(value.to_owned())))
}

/// Rows that know the request, and those that know it by another id that one of them has; and whether ids were left
/// that were not followed.
fn follow(scope: &Scope<'_>, id: &str) -> Result<(Vec<Known>, bool)> {
    let (mut ids, mut asked) = (BTreeSet::from([id.to_owned()]), BTreeSet::new());
    let mut rows: Vec<Known> = Vec::new();
    for _ in 0..ROUNDS {
        let new: Vec<&String> = ids.difference(&asked).collect();
        if new.is_empty() {
            return Ok((in_order(rows), false));
        }
        let found = known_by(scope, "request_id", &new)?;
        asked.extend(new.into_iter().cloned().collect::<Vec<_>>());
        // A row may know the request by other ids, too.
        let objects: BTreeSet<&String> = found.iter().map(|known| &known.row.evidence_object).collect();
        let places: BTreeSet<&RowName> = found.iter().map(|known| &known.row).collect();
        let beside = known_by(scope, "evidence_object", &objects.into_iter().collect::<Vec<_>>())?;
        let beside: Vec<Known> = beside.into_iter().filter(|known| places.contains(&known.row)).collect();
        ids.extend(beside.iter().map(|known| known.request_id.clone()));
        rows.extend(beside);
        if ids.len() > IDS {
            return Ok((in_order(rows), true));
        }
    }
    let is_cut = ids.len() > asked.len();
    Ok((in_order(rows), is_cut))
}

/// Rows in which this column has one of these values.
fn known_by(scope: &Scope<'_>, column: &str, values: &[&String]) -> Result<Vec<Known>> {
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = (0..values.len()).map(|number| format!("$v{number}")).collect();
    let sql = format!("select * from request_ids where {column} in ({})", names.join(", "));
    let parameters: Vec<(String, Value)> =
        values.iter().enumerate().map(|(number, value)| named(&format!("v{number}"), value)).collect();
    ask(scope.session, &sql, &parameters)
}

/// By time, each row under each id once.
fn in_order(mut rows: Vec<Known>) -> Vec<Known> {
    let place = |known: &Known| {
        let time = known.event_time.as_deref().and_then(micros);
        (time.is_none(), time, known.source.clone(), known.row.clone(), known.request_id.clone())
    };
    rows.sort_by_cached_key(place);
    rows.dedup_by_key(|known| place(known));
    rows
}

/// Each row once, with the ids under which it knows the request.
fn tell_rows(answer: &mut Answer, known: &[Known]) {
    let mut data = Vec::new();
    let mut told: Vec<&RowName> = Vec::new();
    for one in known {
        if told.contains(&&one.row) {
            continue;
        }
        told.push(&one.row);
        let ids: Vec<&Known> = known.iter().filter(|other| other.row == one.row).collect();
        let what: Vec<String> = [
            one.action.clone(),
            one.target.as_deref().map(|target| cut(target, 120)),
            one.outcome.as_ref().map(|outcome| format!("→ {outcome}")),
            one.bytes.map(|bytes| format!("{bytes} bytes")),
            one.actor.as_ref().map(|actor| format!("by {actor}")),
            one.ip.as_ref().filter(|ip| one.actor.as_ref() != Some(*ip)).map(|ip| format!("from {ip}")),
            one.user_agent.as_deref().map(|agent| format!("with {}", cut(agent, 80))),
        ]
        .into_iter()
        .flatten()
        .collect();
        let time = one.event_time.as_deref().unwrap_or("no time");
        answer.say(0, &one.source, format!("{time} {}", what.join(" ")), [one.row.clone()]);
        for id in &ids {
            let doubt = if id.id_written_by == "service" { "" } else { ", which the client may have written" };
            answer.say(1, "", format!("{} id {}{doubt}", id.id_kind, id.request_id), None);
        }
        data.push(json!({
            "source": one.source, "time": one.event_time, "actor": one.actor, "action": one.action, "target": one.target,
            "ip": one.ip, "userAgent": one.user_agent, "outcome": one.outcome, "bytes": one.bytes,
            "ids": ids.iter().map(|id| json!({"id": id.request_id, "kind": id.id_kind, "writtenBy": id.id_written_by})).collect::<Vec<_>>(),
            "evidence": one.row.as_json(),
        }));
    }
    answer.set("rows", json!(data));
}

fn tell_mentions(answer: &mut Answer, mentions: &[Mention]) {
    if !mentions.is_empty() {
        answer.section("the id stands in these messages");
    }
    for one in mentions {
        let place = one.log_group.as_deref().or(one.log_stream.as_deref()).unwrap_or("no log group");
        let message = cut(one.message.as_deref().unwrap_or_default(), 200);
        let time = one.event_time.as_deref().unwrap_or("no time");
        answer.say(0, "message", format!("{time} {place}: {message}"), [one.row.clone()]);
    }
    let data = mentions.iter().map(|one| {
        json!({"logGroup": one.log_group, "logStream": one.log_stream, "time": one.event_time, "message": one.message,
            "evidence": one.row.as_json()})
    });
    answer.set("mentions", json!(data.collect::<Vec<_>>()));
}

/// What may be the same request in a log of the edge that knows none of its ids.
fn alike(scope: &Scope<'_>, rows: &[Known]) -> Result<Vec<Alike>> {
    let known: BTreeSet<&str> = rows.iter().map(|known| known.source.as_str()).collect();
    let Some(first) = rows.iter().find(|known| LOGS.iter().take(3).any(|edge| *edge == known.source)) else {
        return Ok(Vec::new());
    };
    let parameters = [
        named("object", &first.row.evidence_object),
        ("record".to_owned(), Value::Integer(Some(first.row.evidence_record))),
    ];
    let found: Vec<Alike> = ask(scope.session, include_str!("request/alike.sql"), &parameters)?;
    Ok(found.into_iter().filter(|one| !known.contains(one.source.as_str())).collect())
}

fn tell_alike(answer: &mut Answer, alike: &[Alike]) {
    if !alike.is_empty() {
        answer.section("may be the same request: same method and path within 3 seconds, no id says so");
    }
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    for one in alike {
        let what = format!(
            "{} {} {} → {} from {}",
            text(&one.event_time),
            text(&one.method),
            cut(&text(&one.path), 120),
            text(&one.outcome),
            text(&one.ip)
        );
        answer.say(0, &one.source, what, [one.row.clone()]);
    }
    let data = alike.iter().map(|one| {
        json!({"source": one.source, "time": one.event_time, "method": one.method, "path": one.path, "ip": one.ip,
            "outcome": one.outcome, "evidence": one.row.as_json()})
    });
    answer.set("maybe", json!(data.collect::<Vec<_>>()));
}

/// The logs that do not know it: that they have no row of it, or that nothing of them is here.
fn tell_absent(scope: &Scope<'_>, answer: &mut Answer, rows: &[Known], mentions: &[Mention]) {
    let knows =
        |log: &str| rows.iter().any(|known| known.source == log) || log == "cloudwatch_logs" && !mentions.is_empty();
    let (here, missing): (Vec<&str>, Vec<&str>) =
        LOGS.into_iter().filter(|log| !knows(log)).partition(|log| scope.session.rows(log) > 0);
    if !here.is_empty() {
        let among: Vec<String> = here.iter().map(|log| format!("{} rows of {log}", scope.session.rows(log))).collect();
        answer.section("");
        answer.say(0, "no row", format!("under these ids among {}", among.join(", ")), None);
    }
    if !missing.is_empty() {
        answer.cannot_say.push(format!("what {} knew of it: nothing of them is here", missing.join(", ")));
    }
    answer.set("withoutRow", json!(here));
    answer.set("notHere", json!(missing));
}

fn absent(scope: &Scope<'_>, id: &str, answer: &Answer) -> Error {
    let among = scope.among(&ABOUT);
    let aside = match answer.left_aside.is_empty() {
        true => String::new(),
        false => format!("; left aside: {}", answer.left_aside.sentence()),
    };
    let hint = "request ids of CloudTrail, S3 and CloudFront, trace ids of load balancers; `coldtrail timeline --iocs` \
                looks for addresses, keys, actors and resources";
    Error::absent(format!("no row knows a request `{id}` among {among}{aside}"), hint)
}
