//! What goes wrong with the delivered logs: duplicates, late and missing files, damage, an altered record.

use serde_json::{Value, json};

use crate::cloudtrail::{self, Event, LogFile};
use crate::digests::sha256;
use crate::s3_access;
use crate::story::Story;
use crate::tree::{Object, Record, gzip, gzip_truncated, gzip_two_members};
use crate::world::{
    ASSETS, CI_AGENT, CI_IP, DEV, EUROPE, EXPORTS, HOME, INTRUDER_IP, Ids, KALI_AGENT, PROD, SEC, TRAIL_BUCKET, at,
};

/// What was planted, for the ground truth.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// One sentence for each fault: kind, objects, what.
    pub(crate) list: Vec<Value>,
    pub(crate) damaged: Vec<String>,
    pub(crate) altered: Value,
    pub(crate) missing: Value,
    pub(crate) lost_event_ids: Vec<String>,
}

impl Faults {
    pub(crate) fn note(&mut self, kind: &str, objects: &[&str], what: &str) {
        self.list.push(json!({"kind": kind, "objects": objects, "what": what}));
    }
}

const MISSING: (&str, &str) = ("04-10 02:00:00", "04-10 04:00:00");
const THREE_DAYS: i64 = 3 * 86_400;

/// Marks the events that CloudTrail delivers three days late.
pub(crate) fn delay(events: &mut [Event]) {
    let mut single = 0;
    for event in events.iter_mut().filter(|event| event.folder == "CloudTrail") {
        let within = |from: &str, to: &str| (at(from)..at(to)).contains(&event.time);
        let whole_file = match (event.account, event.region) {
            (DEV, EUROPE) => within("03-18 00:00:00", "03-18 12:00:00"),
            (PROD, EUROPE) => within("04-10 12:00:00", "04-11 00:00:00"),
            _ => false,
        };
        let one = event.account == PROD && event.region == HOME && within("04-09 05:00:00", "04-09 06:00:00");
        single += usize::from(one);
        if whole_file || one && single == 1 {
            event.late = THREE_DAYS;
        }
    }
}

/// The first file of an account and region that was delivered at or after `from`, with at least `least` events.
fn find<'a>(files: &'a [LogFile], account: &str, region: &str, from: &str, least: usize) -> &'a LogFile {
    let fits = |file: &&LogFile| {
        (file.account, file.region) == (account, region)
            && file.key.contains("/CloudTrail/")
            && file.delivered >= at(from)
            && file.events.len() >= least
    };
    files.iter().find(fits).expect("the background fills every account and region with files")
}

fn path(file: &LogFile) -> String {
    format!("{TRAIL_BUCKET}/{}", file.key)
}

/// Removes the files of the missing hours.
fn remove(files: &mut Vec<LogFile>, faults: &mut Faults) {
    let gone = |file: &LogFile| {
        let hours = at(MISSING.0)..at(MISSING.1);
        (file.account, file.region) == (PROD, HOME)
            && file.key.contains("/CloudTrail/")
            && file.events.iter().any(|event| hours.contains(&event.time))
    };
    let lost: Vec<LogFile> = files.iter().filter(|file| gone(file)).cloned().collect();
    files.retain(|file| !gone(file));
    faults.lost_event_ids = lost.iter().flat_map(|file| &file.events).map(|event| event.id.clone()).collect();
    let objects: Vec<Value> = lost
        .iter()
        .map(|file| json!({"key": path(file), "records": file.events.len(), "sha256_inflated": sha256(file.json().as_bytes())}))
        .collect();
    faults.missing = json!([{
        "source": "cloudtrail", "account": PROD, "region": HOME,
        "from": "2026-04-10T02:00:00Z", "to": "2026-04-10T04:00:00Z",
        "why": "the log files of these hours of events are not in the archive, although the digests list them",
        "objects": objects,
    }]);
    let keys: Vec<String> = lost.iter().map(path).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    faults.note("missing_hours", &keys, "not in the archive; listed, with their hashes, by the digests");
}

/// Changes one record of a file after its digest was signed.
fn alter(files: &mut [LogFile], story: &Story, faults: &mut Faults) {
    let id = story.named["get_parameters"].as_str().unwrap_or_default();
    let holds = |file: &&mut LogFile| file.events.iter().any(|event| event.id == id);
    let file = files.iter_mut().find(holds).expect("the step is in a file");
    let before = sha256(file.json().as_bytes());
    let number = file.events.iter().position(|event| event.id == id).unwrap_or_default();
    let original = file.events[number].text.clone();
    file.events[number].text = original.replace(INTRUDER_IP, CI_IP).replace(KALI_AGENT, CI_AGENT);
    let key = path(file);
    faults.note("altered", &[&key], "one record was changed after the digest was signed");
    faults.altered = json!({
        "object": key, "record": number + 1, "event_id": id,
        "changed": {
            "sourceIPAddress": {"original": INTRUDER_IP, "now": CI_IP},
            "userAgent": {"original": KALI_AGENT, "now": CI_AGENT},
        },
        "original_record": original,
        "sha256_inflated_original": before,
        "sha256_inflated_now": sha256(file.json().as_bytes()),
    });
}

/// Files whose container or text is not as it should be.
fn damage(file: &LogFile, kind: &str, faults: &mut Faults) -> Object {
    let mut object = file.object(TRAIL_BUCKET);
    let json = file.json();
    match kind {
        "truncated" => {
            let before: usize = file.events[..3].iter().map(|event| event.text.len() + 1).sum();
            let cut = "{\"Records\":[".len() + before + file.events[3].text.len() / 2;
            object.body = gzip_truncated(json.as_bytes(), cut);
            object.records.truncate(3);
            object.records.push(Record::broken(&json[cut - file.events[3].text.len() / 2..cut]));
            let lost = file.events.len() - 4;
            faults.note(
                kind,
                &[&object.key],
                &format!("gzip data ends in record 4; {lost} records after it are lost uncounted"),
            );
        }
        "broken_json" => {
            let (start, rest) = file.events[1].text.split_once("\"eventName\":").unwrap_or_default();
            let (_, end) = rest.split_once(',').unwrap_or_default();
            let broken = format!("{start}\"eventName\": Run!,{end}");
            object.body = gzip(json.replace(&file.events[1].text, &broken).as_bytes());
            object.records[1] = Record::broken(broken);
            faults.note(kind, &[&object.key], "record 2 of the array is not JSON; the others are");
        }
        "two_members" => {
            object.body = gzip_two_members(json.as_bytes());
            faults.note(
                kind,
                &[&object.key],
                "two gzip members, the border in the middle of a record: all records count",
            );
            return object;
        }
        _ => {
            object.body = json.into_bytes();
            faults.note("plain", &[&object.key], "plain JSON, although its name ends in .gz: all records count");
            return object;
        }
    }
    faults.damaged.push(object.key.clone());
    object
}

/// The same records once more, in other files.
fn repeat(files: &[LogFile], objects: &mut Vec<Object>, seed: u64, faults: &mut Faults) {
    let mut ids = Ids::new(seed, 7);
    let day = at("04-06 00:00:00")..at("04-08 00:00:00");
    for file in files.iter().filter(|file| (file.account, file.region) == (DEV, HOME) && day.contains(&file.delivered))
    {
        let mut copy = file.object(TRAIL_BUCKET);
        let key = copy.key.clone();
        copy.key = key.replace("org-trail-bucket/AWSLogs/o-exampleorg/", "dev-trail-bucket/AWSLogs/");
        faults.note("second_trail", &[&key, &copy.key], "the same bytes, delivered by the account's own trail as well");
        objects.push(copy);
    }
    let file = find(files, PROD, EUROPE, "03-12 00:00:00", 5);
    let mut again = file.clone();
    again.delivered += 2_400;
    again.events.truncate(4);
    again.key = cloudtrail::key(Some("o-exampleorg"), PROD, "CloudTrail", EUROPE, again.delivered, &ids.alnum(16));
    faults.note("delivered_twice", &[&path(file), &path(&again)], "four events of the first file, once more");
    objects.push(again.object(TRAIL_BUCKET));

    let file = find(files, SEC, HOME, "03-22 00:00:00", 2);
    let mut other = file.clone();
    other.delivered += 3_600;
    other.events.truncate(1);
    let text = &mut other.events[0].text;
    *text = text.replacen("\"eventVersion\":\"", "\"eventVersion\":\"1.11\",\"formerVersion\":\"", 1);
    other.key = cloudtrail::key(Some("o-exampleorg"), SEC, "CloudTrail", HOME, other.delivered, &ids.alnum(16));
    let id = other.events[0].id.clone();
    let what = format!("event {id} once more with other content: not a duplicate, both are kept");
    faults.note("same_id_other_content", &[&path(file), &path(&other)], &what);
    objects.push(other.object(TRAIL_BUCKET));
}

/// CloudTrail's objects, with all that is wrong with them.
pub(crate) fn cloudtrail(mut files: Vec<LogFile>, story: &Story, seed: u64, faults: &mut Faults) -> Vec<Object> {
    remove(&mut files, faults);
    alter(&mut files, story, faults);
    let special = [
        (find(&files, PROD, EUROPE, "03-27 00:00:00", 6).key.clone(), "truncated"),
        (find(&files, DEV, HOME, "03-30 00:00:00", 4).key.clone(), "broken_json"),
        (find(&files, PROD, EUROPE, "04-02 00:00:00", 4).key.clone(), "two_members"),
        (find(&files, SEC, HOME, "04-05 00:00:00", 3).key.clone(), "plain"),
    ];
    let mut objects = Vec::new();
    for file in &files {
        let kind = special.iter().find(|(key, _)| *key == file.key);
        objects.push(kind.map_or_else(|| file.object(TRAIL_BUCKET), |(_, kind)| damage(file, kind, faults)));
    }
    let late: Vec<String> =
        files.iter().filter(|file| file.events.iter().any(|event| event.late > 0)).map(path).collect();
    let late: Vec<&str> = late.iter().map(String::as_str).collect();
    faults.note("late", &late, "delivered three days after the events");
    repeat(&files, &mut objects, seed, faults);

    let (time, id) = (at("04-03 00:05:00"), "EmptyRecordsFile");
    let key = cloudtrail::key(Some("o-exampleorg"), SEC, "CloudTrail", EUROPE, time, id);
    let empty = LogFile { key, account: SEC, region: EUROPE, delivered: time, events: Vec::new() };
    faults.note("empty", &[&path(&empty)], "a file without records");
    objects.push(empty.object(TRAIL_BUCKET));
    objects
}

/// S3 access logs: lines delivered twice, lines without an id that only look so, a line that is too short.
pub(crate) fn s3_access(objects: &mut Vec<Object>, seed: u64, faults: &mut Faults) {
    let mut ids = Ids::new(seed, 8);
    let flat = |time: i64, ids: &mut Ids| format!("access/{}-{}", crate::world::dashed(time), ids.upper_hex(16));
    let first = |objects: &[Object], part: &str| -> Object {
        objects.iter().find(|object| object.key.contains(part)).expect("there is a file for every day").clone()
    };
    let site = first(objects, "access/2026-03-15");
    let time = at("03-15 04:10:07");
    let again = s3_access::object(flat(time, &mut ids), time, site.records.iter().take(3).cloned().collect());
    faults.note("delivered_twice", &[&site.key, &again.key], "three lines of the first file, once more");

    let deletes = first(objects, &format!("{EXPORTS}/2026/04/10/2026-04-10-10"));
    let time = at("04-10 13:15:33");
    let name = format!("{PROD}/{HOME}/{EXPORTS}/2026/04/10/{}-{}", crate::world::dashed(time), ids.upper_hex(16));
    let tail = deletes.records.iter().rev().take(4).rev().cloned().collect();
    let deletes_again = s3_access::object(name, time, tail);
    let what =
        "four lines once more; three of them are BATCH.DELETE.OBJECT, which are kept, because real ones look alike";
    faults.note("delivered_twice", &[&deletes.key, &deletes_again.key], what);

    let mut expire = crate::s3_access::Line::get(at("04-12 01:00:00"), ASSETS, "logs/tmp.log", 0, &mut ids);
    (expire.operation, expire.uri, expire.auth) = ("S3.EXPIRE.OBJECT", String::new(), "-");
    (expire.requester, expire.request_id) = ("AmazonS3".to_owned(), "-".to_owned());
    let times = [at("04-12 02:00:20"), at("04-12 03:00:20")];
    let alike = times.map(|time| s3_access::object(flat(time, &mut ids), time, vec![expire.record(25)]));
    faults.note(
        "alike_without_id",
        &[&alike[0].key, &alike[1].key],
        "two equal lines without a request id: both are kept",
    );

    let time = at("04-10 12:15:33");
    let whole = crate::s3_access::Line::get(at("04-10 11:40:00"), ASSETS, "index.html", 812, &mut ids);
    let short: String = whole.render(27).split(' ').take(6).collect::<Vec<_>>().join(" ");
    let short = s3_access::object(flat(time, &mut ids), time, vec![whole.record(27), Record::broken(short)]);
    faults.note("short_line", &[&short.key], "line 2 ends after the requester");
    faults.damaged.push(short.key.clone());
    objects.extend([again, deletes_again, short]);
    objects.extend(alike);
}

/// CloudFront: one line in two files of the same hour.
pub(crate) fn cloudfront(objects: &mut Vec<Object>, faults: &mut Faults) {
    let file = objects.iter().find(|object| object.key.contains(".2026-04-10-12.")).expect("the hour has requests");
    let text = String::from_utf8_lossy(&gunzip(&file.body)).into_owned();
    let head: String = text.split_inclusive('\n').take(2).collect();
    let mut again = file.clone();
    again.key = "cloudfront-logs/E2EXAMPLE1ABCD.2026-04-10-12.a1b2c3d4.gz".to_owned();
    again.records.truncate(2);
    let lines: Vec<&str> = again.records.iter().map(|record| record.text.as_str()).collect();
    again.body = gzip(format!("{head}{}\n", lines.join("\n")).as_bytes());
    faults.note("delivered_twice", &[&file.key, &again.key], "two lines in both files of the hour");
    objects.push(again);
}

fn gunzip(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(body), &mut out).expect("written a moment ago");
    out
}

/// Files that are no logs of any source.
pub(crate) fn strangers(faults: &mut Faults) -> Vec<Object> {
    let event = json!({"Records": [{"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": HOME, "eventTime": "2026-04-10T12:00:00.000Z", "eventName": "ObjectCreated:Put", "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": TRAIL_BUCKET}, "object": {"key": "x", "size": 1}}}]});
    let mut objects = vec![
        Object::other("config-bucket/AWSLogs/111122223333/Config/ConfigWritabilityCheckFile", ""),
        Object::other("org-trail-bucket/notifications/s3-event.json", format!("{event}\n")),
    ];
    let keys: Vec<&str> = objects.iter().map(|object| object.key.as_str()).collect();
    faults.note("unrecognised", &keys, "Config's check file, an S3 notification that only looks like CloudTrail");
    let test_file = "org-trail-bucket/AWSLogs/111122223333/ELBAccessLogTestFile";
    let text = "Enable AccessLog for ELB: orders at 2026-03-01T09:00:00.000Z\n";
    faults.note("no_record", &[test_file], "the file with which a load balancer tries whether it may write");
    objects.push(Object { source: "elb_access", ..Object::other(test_file, text) });
    objects
}
