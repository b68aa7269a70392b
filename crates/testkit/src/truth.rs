//! The ground truth: counted from the objects as they were made, for programs (JSON) and for people (Markdown).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::facts::Facts;
use crate::faults::Faults;
use crate::story::{SECRETS, Story};
use crate::tree::{Object, Record};
use crate::world::{
    BACKUP_KEY, CI_KEY, DEV, EXPORTS, INTRUDER_IP, INTRUDER_IP2, INTRUDER_IP6, PRESIGNED_IP, PROD, SEC, STRANGER, iso,
};

/// How many there are of each, for one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub objects: u64,
    /// `kept + duplicates + rejects`
    pub records: u64,
    pub kept: u64,
    pub duplicates: u64,
    pub rejects: u64,
}

impl Counts {
    fn value(self) -> Value {
        json!({"objects": self.objects, "records": self.records, "kept": self.kept, "duplicates": self.duplicates, "rejects": self.rejects})
    }
}

/// A record that is neither duplicate nor reject, and the object where it stands first.
#[derive(Debug)]
pub(crate) struct Kept {
    source: &'static str,
    key: String,
    text: String,
}

/// Counts per source, and per object.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) sources: BTreeMap<&'static str, Counts>,
    pub(crate) objects: BTreeMap<String, Counts>,
    /// Rows per table: not the same as what is kept per source, since CloudWatch Logs carries logs of others.
    pub(crate) rows: BTreeMap<&'static str, u64>,
    /// Every record that is kept.
    kept: Vec<Kept>,
}

/// What a record must share with an equal one to be its duplicate: a snapshot repeats the last item of each resource
/// to say that it still is so, so its items are doubled only by the same snapshot.
fn delivery(key: &str) -> &str {
    if key.contains("ConfigSnapshot") { key } else { "" }
}

/// Counts. Objects are visited in the order of (delivery, key); a record is a duplicate if an earlier object of the
/// same source has an equal one.
pub(crate) fn tally(objects: &[Object]) -> Tally {
    let mut logs: Vec<&Object> = objects.iter().filter(|object| !object.source.is_empty()).collect();
    logs.sort_by_key(|object| (object.delivered.as_str(), object.key.as_str()));
    let mut seen: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    let mut tally = Tally::default();
    for object in logs {
        let mut counts = Counts { objects: 1, ..Counts::default() };
        for record in &object.records {
            let table = record.table.unwrap_or(object.source);
            counts.records += 1;
            if record.broken {
                counts.rejects += 1;
            } else if !record.never_duplicate && seen.contains(&(table, delivery(&object.key), record.text.as_str())) {
                counts.duplicates += 1;
            } else {
                counts.kept += 1;
                *tally.rows.entry(table).or_default() += 1;
                tally.kept.push(Kept { source: table, key: object.key.clone(), text: record.text.clone() });
            }
        }
        let place = delivery(&object.key);
        let named = |record: &'_ Record| record.table.unwrap_or(object.source);
        seen.extend(object.records.iter().map(|record| (named(record), place, record.text.as_str())));
        let sum = tally.sources.entry(object.source).or_default();
        sum.objects += 1;
        sum.records += counts.records;
        sum.kept += counts.kept;
        sum.duplicates += counts.duplicates;
        sum.rejects += counts.rejects;
        tally.objects.insert(object.key.clone(), counts);
    }
    tally
}

/// Everything that the two files of ground truth tell.
#[derive(Debug)]
pub(crate) struct Truth<'a> {
    pub(crate) seed: u64,
    pub(crate) tally: &'a Tally,
    pub(crate) story: &'a Story,
    pub(crate) faults: &'a Faults,
    pub(crate) objects: &'a [Object],
    pub(crate) hostile: &'a [(&'static str, String)],
    /// What the logs other than CloudTrail's, Config's, S3's and CloudFront's tell.
    pub(crate) logs: &'a Facts,
}

impl Truth<'_> {
    fn lost(&self, id: &str) -> bool {
        self.faults.lost_event_ids.iter().any(|lost| lost == id)
    }

    /// Events whose `userIdentity` has this key (the altered record and all).
    fn events_by_key(&self, key: &str) -> usize {
        let needle = format!("\"accessKeyId\":\"{key}\"");
        let acts = |kept: &&Kept| {
            let identity = kept.text.split("\"eventTime\"").next().unwrap_or_default();
            kept.source == "cloudtrail" && identity.contains(&needle)
        };
        self.tally.kept.iter().filter(acts).count()
    }

    /// Rows that came from this address, per source.
    fn rows_by_ip(&self, ip: &str) -> Value {
        let count = |source: &str, needle: String| {
            self.tally.kept.iter().filter(|kept| kept.source == source && kept.text.contains(&needle)).count()
        };
        json!({
            "cloudtrail": count("cloudtrail", format!("\"sourceIPAddress\":\"{ip}\"")),
            "s3_access": count("s3_access", format!(" +0000] {ip} ")),
            "cloudfront": count("cloudfront", format!("\t{ip}\t")),
        })
    }

    fn unrecognised(&self) -> Vec<&str> {
        let is_log_like = |object: &&Object| object.source.is_empty() && !not_a_log(&object.key);
        self.objects.iter().filter(is_log_like).map(|object| object.key.as_str()).collect()
    }

    fn reads(&self) -> Value {
        let mut ways: BTreeMap<&str, (u64, BTreeSet<&str>, u64)> = BTreeMap::new();
        let mut all = BTreeSet::new();
        let mut bytes = 0;
        for read in &self.story.reads {
            let way = ways.entry(read.way).or_default();
            way.0 += 1;
            way.1.insert(&read.key);
            way.2 += read.bytes;
            all.insert(read.key.as_str());
            bytes += read.bytes;
        }
        let ways: Map<String, Value> = ways
            .into_iter()
            .map(|(way, (requests, objects, bytes))| {
                (way.to_owned(), json!({"requests": requests, "objects": objects.len(), "bytes": bytes}))
            })
            .collect();
        let lost = |id: &String| self.lost(id);
        let only_s3 = self.story.reads.iter().filter(|read| lost(&read.event_id)).count();
        let cached = self.story.reads.iter().filter(|read| read.event_id.is_empty()).count();
        json!({
            "bucket": EXPORTS, "objects": all.len(), "requests": self.story.reads.len(), "bytes": bytes, "ways": ways,
            "requests_in_s3_access_only": only_s3, "requests_in_cloudfront_only": cached,
            "requests_in_both": self.story.reads.len() - only_s3 - cached,
            "request_ids_in_s3_access_only": self.story.reads.iter().filter(|read| lost(&read.event_id)).map(|read| read.request_id.as_str()).collect::<Vec<_>>(),
        })
    }

    pub(crate) fn value(&self) -> Value {
        let story = self.story;
        let (first, last) = story.span();
        let reads = self.reads();
        let mut keys = vec![CI_KEY, BACKUP_KEY, story.backup_console.key.as_str(), crate::persist::FEDERATED_KEY];
        keys.extend(story.sessions.iter().map(|who| who.key.as_str()));
        let by_key: Map<String, Value> =
            keys.iter().map(|key| ((*key).to_owned(), json!(self.events_by_key(key)))).collect();
        let ips = [INTRUDER_IP, INTRUDER_IP2, INTRUDER_IP6, PRESIGNED_IP];
        let by_ip: Map<String, Value> = ips.iter().map(|ip| ((*ip).to_owned(), self.rows_by_ip(ip))).collect();
        let split = |lost: bool| -> Map<String, Value> {
            let ours = |(_, id): &(&String, &Value)| self.lost(id.as_str().unwrap_or_default()) == lost;
            story.named.iter().filter(ours).map(|(name, id)| (name.clone(), id.clone())).collect()
        };
        let present = story.intruder.iter().filter(|id| !self.lost(id)).count();
        let per_object: Map<String, Value> = self
            .tally
            .objects
            .iter()
            .map(|(key, c)| {
                (
                    key.clone(),
                    json!({"records": c.records, "kept": c.kept, "duplicates": c.duplicates, "rejects": c.rejects}),
                )
            })
            .collect();
        let counts: Map<String, Value> =
            self.tally.sources.iter().map(|(source, counts)| ((*source).to_owned(), counts.value())).collect();
        let mut not_logs: Vec<&str> =
            self.objects.iter().map(|object| object.key.as_str()).filter(|key| not_a_log(key)).collect();
        not_logs.extend(["GROUND-TRUTH.md", "ground-truth.json"]);
        json!({
            "seed": self.seed,
            "organisation": {"id": "o-exampleorg", "accounts": {"production": PROD, "development": DEV, "security": SEC}, "stranger": STRANGER, "from": "2026-03-01", "to": "2026-04-30"},
            "counts": counts,
            "rows": self.tally.rows,
            "logs": self.logs.value(),
            "unrecognised": self.unrecognised(),
            "not_logs": not_logs,
            "damaged": self.faults.damaged,
            "faults": self.faults.list,
            "altered": self.faults.altered,
            "missing_hours": self.faults.missing,
            "hostile": self.hostile.iter().map(|(source, id)| json!({"source": source, "id": id})).collect::<Vec<_>>(),
            "intrusion": {
                "access_key": CI_KEY,
                "access_keys": keys,
                "user_arn": story.ci.arn,
                "ips": ips,
                "anonymous_ips": ["198.51.100.201", "198.51.100.202", "2001:db8:5ca::9"],
                "chain": [story.ci.arn, format!("arn:aws:iam::{DEV}:role/DeployRole"), format!("arn:aws:iam::{PROD}:role/OrgAdmin")],
                "sessions": story.sessions.iter().map(|who| json!({"arn": who.arn, "access_key": who.key})).collect::<Vec<_>>(),
                "cloudtrail_events_by_key": by_key,
                "rows_by_ip": by_ip,
                "new_key": {"user_arn": story.backup.arn, "access_key": BACKUP_KEY},
                "first_event_time": first,
                "last_event_time": last,
                "cloudtrail_events": present,
                "lost_cloudtrail_events": story.intruder.len() - present,
                "objects_read": reads["objects"],
                "bytes_read": reads["bytes"],
                "reads": reads,
                "secrets": SECRETS,
                "security_group": {"id": crate::story::GROUP, "opened": "2026-04-09T01:58:10Z", "closed": "2026-04-11T09:35:12Z", "config_opened": "2026-04-09T01:59:12.417Z", "config_closed": "2026-04-11T09:36:20.417Z"},
                "bucket_public": {"bucket": EXPORTS, "from": "2026-04-10T04:30:00Z", "to": "2026-04-10T07:30:00Z", "config_from": "2026-04-10T04:31:05.417Z", "config_to": "2026-04-10T07:31:10.417Z"},
                "snapshot_shared": {"id": crate::story::SNAPSHOT, "with": STRANGER},
                "event_ids": split(false),
                "lost_event_ids": split(true),
            },
            "records_by_object": per_object,
        })
    }

    pub(crate) fn markdown(&self, value: &Value) -> String {
        let mut out = String::from(INTRODUCTION);
        out.push_str("\n## Counts\n\n| source | objects | records | kept | duplicates | rejects |\n|---|---:|---:|---:|---:|---:|\n");
        let mut say = |text: String| out.push_str(&text);
        for (source, c) in &self.tally.sources {
            say(format!(
                "| {source} | {} | {} | {} | {} | {} |\n",
                c.objects, c.records, c.kept, c.duplicates, c.rejects
            ));
        }
        say(format!(
            "\nNot recognised, each to be listed and none to be skipped: {}.\n",
            self.unrecognised().iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
        ));
        say(COUNTING.to_owned());
        say("\n## The intrusion\n\n".to_owned());
        let intrusion = &value["intrusion"];
        let reads = &intrusion["reads"];
        say(format!(
            "From {} to {}: {} events of CloudTrail (and {} in the missing hours). Keys: {}. Addresses: {}.\n\
             {} objects of `{EXPORTS}` were read in {} requests, {} bytes in all; {} of the requests are in the bucket's own log only.\n\n",
            intrusion["first_event_time"],
            intrusion["last_event_time"],
            intrusion["cloudtrail_events"],
            intrusion["lost_cloudtrail_events"],
            intrusion["access_keys"],
            intrusion["ips"],
            reads["objects"],
            reads["requests"],
            reads["bytes"],
            reads["requests_in_s3_access_only"],
        ));
        say("| time (UTC) | what | step | event id | object |\n|---|---|---|---|---|\n".to_owned());
        for (time, sentence, step) in &self.story.timeline {
            let id = self.story.named[step].as_str().unwrap_or_default();
            let needle = format!("\"{id}\"");
            let found = self.tally.kept.iter().find(|kept| kept.text.contains(&needle));
            let place = found.map_or("in the missing hours", |kept| kept.key.as_str());
            say(format!("| {} | {sentence} | `{step}` | `{id}` | `{place}` |\n", iso(*time)));
        }
        say("\n## What AWS Config saw\n\n| captured | resource | status |\n|---|---|---|\n".to_owned());
        for item in &self.story.items {
            say(format!(
                "| {} | {} `{}` in {} | {} |\n",
                iso(item.time),
                item.kind,
                item.name,
                item.account,
                item.status
            ));
        }
        say(LOGS.to_owned());
        say(self.logs.markdown());
        say("\n## Planted faults\n\n".to_owned());
        for fault in &self.faults.list {
            let (kind, what) = (fault["kind"].as_str().unwrap_or_default(), fault["what"].as_str().unwrap_or_default());
            say(format!("- **{kind}**: {what}\n"));
            for key in fault["objects"].as_array().into_iter().flatten() {
                say(format!("  - `{}`\n", key.as_str().unwrap_or_default()));
            }
        }
        let altered = &self.faults.altered;
        write!(
            out,
            "\nThe altered record is number {} of its object (event {}): its source address was {}, its user agent {}.\n\
             Hostile values stand in {} records; their ids are in `ground-truth.json` under `hostile`.\n",
            altered["record"], altered["event_id"], altered["changed"]["sourceIPAddress"]["original"],
            altered["changed"]["userAgent"]["original"], self.hostile.len()
        )
        .expect("a string takes all");
        out
    }
}

/// Files that lie beside the logs: metadata of digests, the public keys.
fn not_a_log(key: &str) -> bool {
    key.ends_with(".metadata.json") || key == "public-keys.json"
}

const INTRODUCTION: &str = "\
# What happened, and where it stands

Everything here is invented. Written by `coldtrail-testkit` from a seed together with the logs; `ground-truth.json`
says the same for programs.

The organisation `o-exampleorg` has three accounts: 111122223333 (production), 444455556666 (development) and
777788889999 (security and log archive). It works in us-east-1 and eu-west-1. The logs go from 2026-03-01 to
2026-04-30. CI uses the key of the user `ci-deploy` from 192.0.2.10; people log in with MFA from 192.0.2.21 to .24.

In the night of 2026-04-09 somebody uses the leaked key of `ci-deploy`, looks around, goes through DeployRole to
OrgAdmin in production, opens a port, makes a key and a password for `backup-svc`, reads secrets, reads the bucket
of customer exports in five ways, makes it public for three hours, shares a snapshot, tries to start large machines
in a region that nobody uses, stops a trail and tries to delete logs. On 2026-04-11 the people of the organisation
find it and clean up. Two hours of production's log files are missing; in them `backup-svc` became administrator,
which only AWS Config saw, and twelve objects were read, which only the bucket's own log saw.
";

const LOGS: &str = "
## What the other logs tell

The same intrusion in the logs of the load balancer, the firewalls, the network, the name servers, the host, the
database, the metrics, the findings and the bill. The key of `ci-deploy` was read from a forgotten page of the
application on the evening before; later the machine orders-1 was entered, the database copied through it, and a table
dropped.
";

const COUNTING: &str = "
How it is counted: a duplicate is a record whose minified JSON (or line) equals one in an earlier object of the same
source; objects are in the order of delivery time in the key, then of the key. Lines of S3 with the operation
`BATCH.DELETE.…` or the request id `-` are never duplicates. Comments and blank lines are no records. A truncated gzip
keeps its whole records, and what is left of the cut one is one reject. In a broken array the broken record is one
reject. A digest, a message and a configuration item are one record each. A snapshot of AWS Config repeats the last item
of each resource to say that it still is so: that is a row, and a duplicate only within the same snapshot.

Records that have no id (flows, queries of name servers, lines of exported logs, entries of slow and error logs, keys of
an inventory) are never duplicates, because two that are equal may both have happened. Objects whose key tells no time
come after those that have one. An entry of Aurora's audit log is the same in a file and in a message of CloudWatch
Logs, and counts once. The counts are of objects by the source that their first records tell; the messages of the audit
log in CloudWatch Logs are rows of `rds_audit` all the same: `rows` in `ground-truth.json` says how many rows each table
has.
";
