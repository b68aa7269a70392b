//! The forge against a small verifier that shares no code with it but gzip.

#![allow(clippy::unwrap_used, reason = "tests")]

mod verifier;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use self::verifier::Verdicts;
use super::flip::content;
use super::*;

fn small() -> ForgeOptions {
    ForgeOptions { hours: 14, events_per_log: 2, ..ForgeOptions::default() }
}

fn document(store: &Store, place: &(String, String)) -> Value {
    serde_json::from_slice(&content(&store.objects[place].body).unwrap()).unwrap()
}

fn documents(store: &Store) -> Vec<Value> {
    store.digests().map(|place| document(store, place)).collect()
}

/// The places that differ between two stores, as paths.
fn changed(a: &Store, b: &Store) -> BTreeSet<String> {
    let places = a.objects.keys().chain(b.objects.keys());
    places
        .filter(|place| a.objects.get(*place) != b.objects.get(*place))
        .map(|(bucket, key)| format!("{bucket}/{key}"))
        .collect()
}

fn files(dir: &Path, found: &mut BTreeMap<String, Vec<u8>>, root: &Path) {
    for entry in fs_err::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found, root);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs_err::read(&path).unwrap());
        }
    }
}

/// The store that was written to a folder.
fn read(dir: &Path) -> Store {
    let mut found = BTreeMap::new();
    files(dir, &mut found, dir);
    let mut store = Store { objects: BTreeMap::new(), keys: found.remove("public-keys.json").unwrap() };
    let is_metadata = |name: &str| name.ends_with(".metadata.json");
    for (name, body) in found.iter().filter(|(name, _)| !is_metadata(name)) {
        let (bucket, key) = name.split_once('/').unwrap();
        let metadata = found.get(&format!("{name}.metadata.json")).cloned();
        store.objects.insert((bucket.to_owned(), key.to_owned()), Stored { body: body.clone(), metadata });
    }
    store
}

#[test]
fn the_clean_chain_is_a_chain() {
    let options = ForgeOptions::default();
    let store = forge(&options, Scenario::Clean).store;
    let digests = documents(&store);
    assert_eq!((digests.len(), store.logs().count()), (24, 72));
    assert_eq!(digests[0]["digestStartTime"], "2026-03-01T00:14:07Z");
    assert_eq!(
        digests[0]["digestS3Object"],
        "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/03/01/\
         111122223333_CloudTrail-Digest_us-east-1_forge-trail_us-east-1_20260301T011407Z.json.gz"
    );
    for name in ["Bucket", "Object"].map(|part| format!("previousDigestS3{part}")) {
        assert_eq!(digests[0][&name], Value::Null);
    }
    for name in ["Value", "Algorithm"].map(|part| format!("previousDigestHash{part}")) {
        assert_eq!(digests[0][&name], Value::Null);
    }
    assert_eq!(digests[0]["previousDigestSignature"], Value::Null);
    for pair in digests.windows(2) {
        assert_eq!(pair[1]["previousDigestS3Object"], pair[0]["digestS3Object"]);
        assert_eq!(pair[1]["digestStartTime"], pair[0]["digestEndTime"]);
    }
    let verdicts = Verdicts::of(&store);
    assert_eq!(verdicts.broken_links, BTreeSet::new());
    assert_eq!(verdicts.digests, forge(&options, Scenario::Clean).expected.digests);
}

#[test]
fn logs_are_of_their_hour() {
    let store = forge(&ForgeOptions::default(), Scenario::Clean).store;
    let mut ids = BTreeSet::new();
    for digest in documents(&store) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let (start, end) = (text(&digest["digestStartTime"]), text(&digest["digestEndTime"]));
        for entry in digest["logFiles"].as_array().unwrap() {
            let key = text(&entry["s3Object"]);
            let (_, name) = key.rsplit_once('/').unwrap();
            let parts: Vec<&str> = name.split('_').collect();
            assert_eq!(parts[..3], ["111122223333", "CloudTrail", "us-east-1"]);
            assert_eq!((parts[3].len(), parts[4].len()), ("20260301T0055Z".len(), 16 + ".json.gz".len()));
            assert!(key.contains(&format!("/{}/", start[..10].replace('-', "/"))) || start[..10] != end[..10]);
            let minute = |time: &str| time.replace(['-', ':'], "")[..13].to_owned();
            assert!((minute(&start)..=minute(&end)).contains(&parts[3][..13].to_owned()), "{key}");
            let log = document(&store, &(text(&entry["s3Bucket"]), key));
            let events = log["Records"].as_array().unwrap();
            assert_eq!(events.len(), 4);
            let times: BTreeSet<String> = events.iter().map(|event| text(&event["eventTime"])).collect();
            assert!(start < times.first().unwrap().clone() && times.last().unwrap() < &end);
            assert_eq!(times.first().unwrap(), &text(&entry["oldestEventTime"]));
            assert_eq!(times.last().unwrap(), &text(&entry["newestEventTime"]));
            assert!(events.iter().all(|event| ids.insert(text(&event["eventID"]))));
        }
    }
    assert_eq!(ids.len(), 72 * 4);
}

#[test]
fn what_is_expected_is_what_a_verifier_finds() {
    for seed in 1..3 {
        for scenario in Scenario::ALL {
            let Forged { store, expected } = forge(&ForgeOptions { seed, ..small() }, *scenario);
            let mut verdicts = Verdicts::of(&store);
            if *scenario == Scenario::LogUnreadable {
                verdicts.logs = expected.logs;
            }
            let same = |expected: Counts, found: Counts| {
                let pairs = [
                    (expected.verified, found.verified),
                    (expected.contradicted, found.contradicted),
                    (expected.not_checkable, found.not_checkable),
                    (expected.missing, found.missing),
                ];
                pairs.iter().all(|(expected, found)| expected.is_none() || expected == found)
            };
            let name = scenario.name();
            assert!(same(expected.digests, verdicts.digests), "{name} {:?} {:?}", expected.digests, verdicts.digests);
            assert!(same(expected.logs, verdicts.logs), "{name} {:?} {:?}", expected.logs, verdicts.logs);
            assert_eq!(expected.uncovered, verdicts.uncovered, "{name}");
            assert!(!expected.exit.is_empty());
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    for scenario in [Scenario::LoggingOff, Scenario::DigestForked, Scenario::BackfillChain, Scenario::KeyRotated] {
        let (a, b) = (forge(&small(), scenario), forge(&small(), scenario));
        assert_eq!((a.store, a.expected), (b.store, b.expected), "{}", scenario.name());
    }
    let other = forge(&ForgeOptions { seed: 2, ..small() }, Scenario::Clean).store;
    assert_ne!(other, forge(&small(), Scenario::Clean).store);
}

#[test]
fn names_are_different_and_the_first_are_numbered() {
    let names: BTreeSet<&str> = Scenario::ALL.iter().map(|scenario| scenario.name()).collect();
    assert_eq!(names.len(), Scenario::ALL.len());
    for (number, scenario) in Scenario::ALL.iter().take(28).enumerate() {
        assert!(scenario.name().starts_with(&format!("{number:02}-")));
    }
}

/// Faults that are made in what is stored touch what they say, and nothing else.
#[test]
fn faults_change_what_they_say() {
    use Scenario::*;
    let clean = forge(&small(), Clean).store;
    let touch = [
        (LogModified, 1),
        (LogDeleted, 1),
        (LogSecondMember, 1),
        (LogTrailerCut, 1),
        (DigestSecondMember, 1),
        (DigestModified, 1),
        (DigestDeleted, 1),
        (TwoDigestsDeleted, 2),
        (SixDigestsDeleted, 6),
        (NewestDigestsDeleted, 6),
        (AllDigestsDeleted, 14),
        (OldestDigestsDeleted, 6),
        (LogForged, 1),
        (MetadataAlgorithmAltered, 1),
        (DigestMetadataLost, 1),
        (DigestReplayed, 1),
        (DigestForked, 1),
        (SignatureNotHex, 1),
        (LogPlain, 1),
        (DigestTrailerCut, 1),
        (MetadataLostMiddle, 6),
        (DigestDeletedLast, 1),
        (ReplacedBySignedOther, 1),
    ];
    for (scenario, count) in touch {
        let Forged { store, expected } = forge(&small(), scenario);
        let affected: BTreeSet<String> = expected.affected.into_iter().collect();
        assert_eq!(changed(&clean, &store), affected, "{}", scenario.name());
        assert_eq!(affected.len(), count, "{}", scenario.name());
        assert_eq!(store.keys, clean.keys);
    }
    for scenario in [Clean, LogUnreadable, FetchDenied, FetchSlowedDown, OffsetInTime] {
        assert_eq!(forge(&small(), scenario).store, clean);
    }
    for scenario in [KeyMissing, KeyFingerprintWrong, KeyOutsideValidity] {
        let store = forge(&small(), scenario).store;
        assert!(store.objects == clean.objects && store.keys != clean.keys);
    }
}

#[test]
fn faults_before_signing_are_what_they_say() {
    let digests = |scenario| documents(&forge(&small(), scenario).store);
    let starts = |digests: &[Value]| -> Vec<usize> {
        let starting = |(_, digest): &(usize, &Value)| digest["previousDigestS3Object"].is_null();
        digests.iter().enumerate().filter(starting).map(|(at, _)| at).collect()
    };
    let jumps = |digests: &[Value]| {
        digests.windows(2).filter(|pair| pair[0]["digestEndTime"] != pair[1]["digestStartTime"]).count()
    };

    let off = forge(&small(), Scenario::LoggingOff);
    let chain = documents(&off.store);
    assert_eq!((chain.len(), starts(&chain).len(), jumps(&chain)), (9, 2, 1));
    assert_eq!(off.store.logs().count(), 9 * 3 + 2);
    let logs = || off.store.logs().map(|place| document(&off.store, place).to_string());
    for call in ["StopLogging", "StartLogging"] {
        assert_eq!(logs().filter(|log| log.contains(call)).count(), 1);
    }

    let skipped = digests(Scenario::HourSkipped);
    assert_eq!((skipped.len(), starts(&skipped), jumps(&skipped)), (13, vec![0], 1));
    let starting = digests(Scenario::StartingDigest);
    assert_eq!((starting.len(), starts(&starting).len(), jumps(&starting)), (14, 2, 0));
    let empty = digests(Scenario::EmptyDigests);
    assert_eq!(empty.iter().filter(|digest| digest["newestEventTime"].is_null()).count(), 7);

    let buckets = forge(&small(), Scenario::BucketChanged).store;
    let crossing = |digest: &&Value| {
        digest["digestS3Bucket"] == "forge-bucket-2" && digest["previousDigestS3Bucket"] == "forge-bucket"
    };
    assert_eq!(documents(&buckets).iter().filter(crossing).count(), 1);

    let backfill = forge(&small(), Scenario::BackfillChain).store;
    let late: Vec<_> = backfill.digests().filter(|(_, key)| key.ends_with("Z_backfill.json.gz")).collect();
    assert_eq!(late.len(), 6);
    let metadata = backfill.objects[late[0]].metadata.as_ref().unwrap();
    let metadata: Value = serde_json::from_slice(metadata).unwrap();
    assert_eq!(metadata["Metadata"]["backfill-generation-timestamp"], "2026-03-01T16:14:07.000Z");

    let organisation = forge(&small(), Scenario::OrganisationTrail).store;
    assert!(organisation.objects.keys().all(|(_, key)| key.starts_with("AWSLogs/o-exampleorg1/")));
    let trails = forge(&small(), Scenario::TwoTrails).store;
    assert_eq!(trails.digests().filter(|(_, key)| key.contains("forge-trail_us-east-1_us-east-1_2026")).count(), 14);

    let doubled = forge(&small(), Scenario::DuplicateKeysInDigest);
    let text = |place| String::from_utf8(content(&doubled.store.objects[place].body).unwrap()).unwrap();
    assert_eq!(doubled.store.digests().filter(|place| text(place).matches("\"logFiles\":").count() == 2).count(), 1);
    assert_eq!(
        forge(&ForgeOptions::default(), Scenario::OffsetInTime).expected.from.unwrap(),
        "2026-03-01T02:14:07+02:00"
    );
}

#[test]
fn a_flipped_bit_can_be_flipped_back() {
    let whole = forge(&small(), Scenario::Clean).store;
    let mut store = whole.clone();
    let mut rng = fastrand::Rng::with_seed(7);
    let mut parts = BTreeSet::new();
    let mut harmless = 0;
    for _ in 0..2_000 {
        let flipped = flip_bit(&mut store, &mut rng);
        assert_ne!(store, whole);
        parts.insert(format!("{:?}", flipped.part));
        harmless += u32::from(flipped.harmless);
        if flipped.part == Part::Body && (4..10).contains(&flipped.byte) {
            assert!(flipped.harmless, "time, level and system of gzip: {flipped:?}");
        }
        store.flip_back(&flipped);
        assert_eq!(store, whole);
    }
    assert_eq!(parts.len(), 3);
    assert!((1..200).contains(&harmless), "{harmless}");
}

#[test]
fn a_store_is_written_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let Forged { store, .. } = forge(&small(), Scenario::MetadataLostMiddle);
    store.write(dir.path()).unwrap();
    assert_eq!(read(dir.path()), store);
}

#[test]
fn a_year_is_written_in_chains() {
    for logs in [false, true] {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let options = YearOptions { regions: 3, hours: 26, logs, ..YearOptions::default() };
        let summary = write_year(dirs[0].path(), &options).unwrap();
        assert_eq!((summary.digests, summary.logs), (78, if logs { 78 } else { 0 }));
        let store = read(dirs[0].path());
        let verdicts = Verdicts::of(&store);
        assert_eq!((verdicts.digests.verified, verdicts.logs.verified), (Some(78), Some(summary.logs)));
        assert_eq!(verdicts.broken_links, BTreeSet::new());
        assert_eq!(summary.bytes, store.objects.values().map(|object| object.body.len() as u64).sum::<u64>());
        write_year(dirs[1].path(), &options).unwrap();
        assert_eq!(read(dirs[1].path()), store);
    }
}
