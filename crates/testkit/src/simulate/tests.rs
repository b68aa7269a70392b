//! A small simulation: the same twice, and its truth is in its evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

use super::{Settings, Summary, simulate};

/// Every file below a folder, with its bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).expect("it is below").to_string_lossy().replace('\\', "/");
                found.insert(name, fs_err::read(&path).expect("a file"));
            }
        }
    }
    found
}

struct Run {
    summary: Summary,
    truth: Vec<Value>,
    /// By event id; of copies in two files, one.
    events: BTreeMap<String, Value>,
    /// By account, region, type, id and capture time.
    items: BTreeMap<[String; 5], Vec<Value>>,
}

fn run() -> Run {
    let dir = tempfile::tempdir().expect("a folder");
    let summary = simulate(&Settings::new(7, 300), dir.path()).expect("it is written");
    let mut run = Run { summary, truth: Vec::new(), events: BTreeMap::new(), items: BTreeMap::new() };
    for (name, bytes) in files(dir.path()) {
        if name == "truth.jsonl" {
            let text = String::from_utf8(bytes).expect("text");
            run.truth = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        } else if name.starts_with("evidence/") {
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
            run.read(&serde_json::from_str(&text).expect("JSON"));
        }
    }
    run
}

impl Run {
    fn read(&mut self, file: &Value) {
        for event in file["Records"].as_array().into_iter().flatten() {
            let id = text(event, "eventID");
            if let Some(other) = self.events.insert(id, event.clone()) {
                assert_eq!(&other, event, "a repeated event is the same");
            }
        }
        for item in file["configurationItems"].as_array().into_iter().flatten() {
            let members = ["awsAccountId", "awsRegion", "resourceType", "resourceId", "configurationItemCaptureTime"];
            let key = members.map(|member| text(item, member));
            self.items.entry(key).or_default().push(item.clone());
        }
    }

    fn lines(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.truth.iter().filter(move |line| line["kind"] == kind)
    }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

fn place(line: &Value, time: &str) -> [String; 5] {
    let of = |member| text(&line["resource"], member);
    [of("account"), of("region"), of("type"), of("id"), text(line, time)]
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let [one, other] = folders.map(|folder| {
        simulate(&Settings::new(3, 300), folder.path()).expect("it is written");
        files(folder.path())
    });
    assert!(one.len() > 100);
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    assert!(one == other, "the same names, and other bytes");
}

#[test]
fn the_truth_about_changes_is_in_the_evidence() {
    let run = run();
    let states: BTreeSet<_> = run.lines("state").map(|line| place(line, "from")).collect();
    for line in run.lines("change") {
        assert_eq!(line["event_id"].is_null(), line["class"] == "no_log");
        if line["class"] != "no_log" {
            let event = &run.events[&*text(line, "event_id")];
            assert_eq!(event["eventTime"], line["called"]);
            assert_eq!(event["eventName"], line["event_name"]);
            assert_eq!(text(&event["userIdentity"], "accessKeyId"), line["access_key"]);
            assert_eq!(event["recipientAccountId"], line["resource"]["account"]);
            assert!(event["errorCode"].is_null());
        }
        if !line["captured"].is_null() {
            assert!(states.contains(&place(line, "captured")), "no state for {line}");
            assert!(text(line, "captured") > text(line, "called"));
        }
    }
    for line in run.lines("unseen") {
        let event = &run.events[&*text(line, "event_id")];
        assert_eq!(event["errorCode"].is_null(), line["why"] != "failed");
    }
}

#[test]
fn every_state_has_its_item_and_every_item_its_state() {
    let run = run();
    let mut known = BTreeSet::new();
    for line in run.lines("state") {
        let items = run.items.get(&place(line, "from")).expect("every state has an item");
        for item in items {
            assert_eq!(item["configurationItemStatus"], line["status"]);
            for member in ["configuration", "supplementaryConfiguration", "tags", "relationships"] {
                assert_eq!(item[member], line[member]);
            }
        }
        known.insert(place(line, "from"));
        known.insert(place(line, "elsewhere"));
    }
    let strangers = run.items.keys().filter(|key| !known.contains(*key)).count();
    assert_eq!(strangers, 0);
}

#[test]
fn every_chain_leads_to_its_origin() {
    let run = run();
    // Who gave out a key: the record of the caller's account, which shows the caller's own key.
    let mut givers: BTreeMap<String, &Value> = BTreeMap::new();
    for event in run.events.values() {
        let key = text(&event["responseElements"]["credentials"], "accessKeyId");
        if !key.is_empty() && event["userIdentity"]["type"] != "AWSAccount" {
            givers.insert(key, event);
        }
    }
    assert!(run.lines("chain").count() > 50);
    for line in run.lines("chain") {
        let mut key = text(line, "access_key");
        for hop in line["hops"].as_array().expect("hops are a list").iter().rev() {
            assert_eq!(hop["access_key"], key.as_str());
            let event = &run.events[&*text(hop, "event_id")];
            let given = givers.get(&key).copied().unwrap_or(event);
            assert_eq!(given["eventID"], hop["event_id"]);
            key = text(&given["userIdentity"], "accessKeyId");
        }
        let first = &run.events[&*text(&line["hops"][0], "event_id")];
        let (who, origin) = (&first["userIdentity"], text(line, "origin"));
        let found = match &*text(line, "origin_kind") {
            "user" => key.starts_with("AKIA") && who["arn"] == origin.as_str(),
            "console" => first["eventName"] == "ConsoleLogin" && who["arn"] == origin.as_str(),
            "saml" | "oidc" => who["userName"] == origin.as_str(),
            "service" => who["invokedBy"] == origin.as_str(),
            "instance" | "function" => origin.ends_with(&text(&first["requestParameters"], "roleSessionName")),
            other => panic!("an unknown kind of origin: {other}"),
        };
        assert!(found, "{line} does not begin at its origin");
    }
}

#[test]
fn two_accounts_have_a_record_of_a_hop_between_them() {
    let run = run();
    let mut shared: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for event in run.events.values().filter(|event| !event["sharedEventID"].is_null()) {
        shared.entry(text(event, "sharedEventID")).or_default().push(event);
    }
    assert!(!shared.is_empty());
    for pair in shared.values() {
        assert_eq!(pair.len(), 2);
        assert_ne!(pair[0]["recipientAccountId"], pair[1]["recipientAccountId"]);
        assert_eq!(pair[0]["responseElements"], pair[1]["responseElements"]);
        assert_eq!(pair[0]["requestID"], pair[1]["requestID"]);
        assert_eq!(pair.iter().filter(|event| event["userIdentity"]["type"] == "AWSAccount").count(), 1);
    }
}

#[test]
fn the_summary_counts_what_is_there() {
    let run = run();
    let sum = run.summary;
    assert_eq!(sum.changes, 300);
    assert_eq!(sum.changes, sum.calls + sum.service + sum.no_log);
    assert_eq!(sum.changes + sum.indirect, run.lines("change").count() as u64);
    assert_eq!(sum.states, run.lines("state").count() as u64);
    assert_eq!(sum.sessions, run.lines("chain").count() as u64);
    assert_eq!(sum.events - sum.events_twice, run.events.len() as u64);
    let unseen = sum.failed + sum.idempotent + sum.reverted + sum.not_recorded;
    assert_eq!(unseen, run.lines("unseen").count() as u64);
    assert_eq!(sum.background, 600);
    // Whether a day undoes something is luck.
    for (name, count) in sum.counts().into_iter().filter(|(name, _)| *name != "unshown") {
        assert!(count > 0, "there is no {name}");
    }
}
