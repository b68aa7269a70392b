//! The ledger as state: what is taken again, which copy is the row, and whether the account is right.

#![allow(clippy::unwrap_used, reason = "tests")]

mod lab;

use std::io::Write;
use std::time::Duration;

use coldtrail_evidence::Limits;
use coldtrail_schema::tables::ledger::RejectColumn;
use lab::{Lab, event, own_key};
use proptest::prelude::*;

const EXPORT: &str = "export/events.ndjson";

#[test]
fn an_object_that_failed_is_taken_again() {
    let lab = Lab::new();
    let path = lab.file("logs/a.json", &event(1, 1));
    lab.file("logs/b.json", &event(2, 1));
    lab.add_in_place("logs");
    let whole = fs_err::read(&path).unwrap();
    fs_err::write(&path, b"something else").unwrap();
    let first = lab.ingest();
    assert_eq!((first.failed, first.ingested, first.lake.failed), (1, 1, 1));
    assert!(!first.lake.is_whole());
    // Nothing new, and still not whole; nothing is written to say so again.
    let second = lab.ingest();
    assert_eq!((second.objects, second.again, second.lake.failed), (1, 1, 1));
    assert_eq!(second.version, first.version);
    fs_err::write(&path, whole).unwrap();
    let third = lab.ingest();
    assert_eq!((third.again, third.ingested, third.already), (1, 1, 1));
    assert!(third.lake.is_whole(), "{:?}", third.lake);
    assert_eq!(lab.statuses(), ["a.json ingested 1 0 0", "b.json ingested 1 0 0"]);
    assert_eq!(lab.rows(), ["1 a.json#1", "2 b.json#1"]);
    assert_eq!(lab.ingest().objects, 0);
}

/// A tar of one file, without its end.
fn cut_tar(name: &str, kind: char, text: &str) -> String {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..136].copy_from_slice(format!("{:011o}\0", text.len()).as_bytes());
    header[156] = kind as u8;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header.extend(text.as_bytes());
    header.resize(header.len().next_multiple_of(512), 0);
    String::from_utf8(header).unwrap()
}

#[test]
fn what_is_lost_in_an_archive_stays_in_the_account() {
    let lab = Lab::new();
    let bytes = cut_tar("kept.json", '0', &event(1, 1)) + &cut_tar("odd.json", 'Q', &event(2, 1));
    lab.file("logs/cut.tar", &bytes);
    lab.add("logs");
    let first = lab.ingest();
    assert_eq!((first.archives, first.ingested, first.failed), (1, 1, 1));
    assert_eq!((first.lake.failed, first.lake.damaged), (1, 2));
    assert_eq!(lab.statuses(), ["cut.tar archive 0 0 0", "kept.json ingested 1 0 0", "odd.json failed 0 0 0"]);
    assert_eq!(lab.rows(), ["1 kept.json#1"]);
    // It is looked at again, with the same outcome.
    let second = lab.ingest();
    assert_eq!((second.objects, second.lake.failed, second.lake.damaged), (1, 1, 2));
    assert_eq!(second.version, first.version);
    assert!(!second.lake.is_whole());
}

#[test]
fn a_folder_that_was_away_comes_back() {
    let lab = Lab::new();
    let text: String = (1..=5).map(|id| event(id, 1)).collect();
    lab.file("disk/all.json", &text);
    lab.add_in_place("disk");
    lab.rename("disk", "away");
    assert_eq!(lab.ingest().lake.failed, 1);
    lab.rename("away", "disk");
    assert!(lab.ingest().lake.is_whole());
    assert_eq!(lab.rows().len(), 5);
}

#[test]
fn what_a_limit_cut_is_taken_again_with_another() {
    let lab = Lab::new();
    let text: String = (1..=2000).map(|id| event(id, 1)).collect();
    let size = text.len() as u64;
    lab.gzip("logs/large.json.gz", &text);
    lab.gzip("logs/small.json.gz", &event(7, 2));
    lab.add("logs");
    let small = Limits { inflated: size / 2, ..Limits::default() };
    let cut = lab.ingest_with(small);
    assert_eq!(cut.lake.damaged, 1);
    let kept = cut.lake.kept;
    assert!(kept > 500 && kept < 2000, "{kept}");
    assert_eq!(lab.ingest_with(small).objects, 0, "the same limit would cut it again");
    let whole = lab.ingest();
    assert_eq!((whole.again, whole.lake.damaged, whole.lake.kept), (1, 0, 2001));
    assert!(whole.lake.is_whole(), "{:?}", whole.lake);
    assert_eq!(lab.rows().len(), 2001);
    // The records that were rejected at the cut are gone with it.
    assert_eq!(lab.count("rejects"), 0);
    assert_eq!(lab.ingest_with(small).objects, 0, "it was read whole");
}

#[test]
fn what_was_cut_when_it_was_collected_is_read_whole() {
    let lab = Lab::new();
    let text: String = (1..=2000).map(|id| event(id, 1)).collect();
    lab.gzip("logs/large.json.gz", &text);
    lab.add_with("logs", Limits { inflated: 10_000, ..Limits::default() });
    let all = lab.ingest();
    assert_eq!((all.lake.damaged, all.lake.kept), (0, 2000));
}

#[test]
fn a_member_that_a_limit_kept_from_being_read_leaves_the_ledger_when_it_is_read() {
    let lab = Lab::new();
    let large: String = (1..=50).map(|id| event(id, 1)).collect();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("large.json", &large), ("small.json", &event(51, 1))] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    fs_err::write(lab.file("logs/z.zip", ""), zip.finish().unwrap().into_inner()).unwrap();
    let small = Limits { inflated: large.len() as u64 - 1, ..Limits::default() };
    lab.add_with("logs", small);
    assert_eq!(lab.ingest().lake.failed, 1);
    assert_eq!(lab.statuses(), ["large.json failed 0 0 0", "small.json ingested 1 0 0", "z.zip archive 0 0 0"]);
    lab.add("logs");
    let run = lab.ingest();
    assert!(run.lake.is_whole(), "{:?}", run.lake);
    assert_eq!(lab.statuses(), ["large.json ingested 50 0 0", "small.json ingested 1 0 0", "z.zip archive 0 0 0"]);
    assert_eq!(lab.ingest().objects, 0);
}

/// No test can wait for a minute; with no time at all, every object is over it at once.
#[test]
fn what_takes_too_long_fails_and_the_next_object_is_taken() {
    let lab = Lab::new();
    lab.file("logs/a.json", &event(1, 1));
    lab.file("logs/b.json", &event(2, 1));
    lab.add("logs");
    let none = Limits { time: Duration::ZERO, ..Limits::default() };
    let run = lab.ingest_with(none);
    assert_eq!((run.objects, run.failed, run.lake.failed, run.lake.records), (2, 2, 2, 0));
    assert!(
        lab.reasons().iter().all(|reason| reason.starts_with("over the limit of time: 0ns")),
        "{:?}",
        lab.reasons()
    );
    assert_eq!(lab.ingest_with(none).version, run.version, "nothing new is said");
    assert!(lab.ingest().lake.is_whole());
    assert_eq!(lab.rows(), ["1 a.json#1", "2 b.json#1"]);
}

#[test]
fn rows_that_rest_on_an_object_that_changes_come_back() {
    let lab = Lab::new();
    // The same events in a log under its own key, and in an export; the log is cut later by a smaller limit.
    let text: String = (1..=2000).map(|id| event(id, 1)).collect();
    lab.gzip(&own_key(1), &text);
    lab.file(EXPORT, &text);
    lab.add("");
    let small = Limits { inflated: text.len() as u64 / 2, ..Limits::default() };
    let first = lab.ingest_with(small);
    assert_eq!(first.lake.kept, 2000, "the export has what the log lacks");
    let second = lab.ingest();
    assert_eq!((second.lake.kept, second.lake.duplicates), (2000, 2000));
    assert_eq!(lab.rows().iter().filter(|row| row.contains("CloudTrail")).count(), 2000);
}

#[test]
fn the_copy_that_can_be_proven_is_the_row() {
    let log = own_key(1);
    let name = log.rsplit('/').next().unwrap().to_owned();
    let other: String = format!("flat/{}", name.replace("T0001Z", "T0000Z"));
    let text = format!("{}{}", event(1, 1), event(2, 1));
    let spelled = format!("{}\n{}\n", lab::respelled(1, 1), lab::respelled(2, 1));
    let objects = [(log.as_str(), &text), (other.as_str(), &format!("{text} ")), (EXPORT, &spelled)];
    let mut seen = Vec::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for runs in [1, 3] {
            let lab = Lab::new();
            for (at, object) in order.into_iter().enumerate() {
                let (key, text) = objects[object];
                lab.file(key, text);
                lab.add("");
                if runs == 3 || at == 2 {
                    lab.ingest();
                }
            }
            let state = lab.ingest().lake;
            assert_eq!((state.kept, state.duplicates, state.records), (2, 4, 6));
            assert_eq!(lab.rows(), [format!("1 {name}#1"), format!("2 {name}#2")], "{order:?} in {runs} runs");
            seen.push((lab.rows(), lab.duplicates(), lab.statuses()));
        }
    }
    assert!(seen.windows(2).all(|two| two[0] == two[1]), "the ledger depends on the order:\n{seen:#?}");
}

#[test]
fn the_same_id_with_other_content_stays_twice() {
    let lab = Lab::new();
    let forged = event(1, 1).replace("198.51.100.7", "203.0.113.9");
    lab.file(&own_key(1), &event(1, 1));
    lab.file("x/other.json", &forged);
    lab.add("");
    assert_eq!(lab.ingest().lake.kept, 2);
}

#[test]
fn a_copy_of_an_unreadable_object_is_read() {
    let lab = Lab::new();
    let s3 = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be bucket [06/Feb/2019:00:00:38 +0000] 192.0.2.3 - - BATCH.DELETE.OBJECT key - 204 - - - - - - - - -\n";
    let name = "2019-02-06-00-10-00-0123456789ABCDEF";
    let first = lab.file(&format!("a/{name}"), s3);
    lab.file(&format!("b/{name}"), s3);
    lab.add_in_place("a");
    lab.add_in_place("b");
    fs_err::write(&first, "gone").unwrap();
    let run = lab.ingest();
    assert_eq!((run.failed, run.lake.kept), (1, 1), "the records are in the copy");
    fs_err::write(&first, s3).unwrap();
    let run = lab.ingest();
    assert_eq!((run.again, run.lake.kept, run.lake.duplicates), (2, 1, 1));
    assert!(run.lake.is_whole());
}

#[test]
fn rows_without_a_time_are_counted() {
    let lab = Lab::new();
    let timeless = event(1, 1).replace("2026-03-01T00:01:00Z", "at some time");
    let wrong = event(2, 1).replace("2026-03-01T00:01:00Z", "0001-01-01T00:00:00Z");
    lab.file("logs/a.json", &format!("{timeless}{wrong}{}", event(3, 1)));
    lab.add("logs");
    let run = lab.ingest();
    assert_eq!((run.lake.kept, run.lake.undated), (3, 2));
    assert!(!run.lake.is_whole());
    assert_eq!(lab.undated(), 2);
    assert!(!lab.ingest().lake.is_whole(), "the next run says it, too");
}

#[test]
fn comments_and_rejects_are_in_the_account() {
    let lab = Lab::new();
    let line = "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-";
    let fields = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n";
    lab.file("E2EXAMPLE12345.2019-12-04-21.d111111a", &format!("{fields}{line}\nnonsense\n"));
    lab.add("");
    let run = lab.ingest();
    assert_eq!((run.lake.records, run.lake.kept, run.lake.rejects), (2, 1, 1));
    assert_eq!(lab.comments(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Objects with events that overlap, in any order and any cut into runs, give the same rows and the same ledger.
    #[test]
    fn the_order_of_input_does_not_matter(
        objects in prop::collection::vec((0..4usize, prop::collection::vec((1..6u32, 1..3u32), 1..4)), 2..6),
        order in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<bool>(), 6),
    ) {
        let keys = |at: usize, kind: usize| match kind {
            0 => own_key(at as u32),
            1 => format!("flat/{}", own_key(at as u32).rsplit('/').next().unwrap()),
            2 => format!("export/{at}.ndjson"),
            // The same name in two places: copies, where the content is the same.
            _ => format!("{at}/same.json"),
        };
        let files: Vec<(String, String)> = objects
            .iter()
            .enumerate()
            .map(|(at, (kind, events))| (keys(at, *kind), events.iter().map(|(id, day)| event(*id, *day)).collect()))
            .collect();
        let at_once = Lab::new();
        files.iter().for_each(|(key, text)| drop(at_once.file(key, text)));
        at_once.add("");
        at_once.ingest();
        let step_by_step = Lab::new();
        let mut turned = files.clone();
        turned.rotate_left(order.index(files.len()));
        turned.reverse();
        for ((key, text), cut) in turned.iter().zip(cuts) {
            step_by_step.file(key, text);
            step_by_step.add("");
            if cut {
                step_by_step.ingest();
            }
        }
        step_by_step.ingest();
        prop_assert_eq!(at_once.rows(), step_by_step.rows());
        prop_assert_eq!(at_once.duplicates(), step_by_step.duplicates());
        prop_assert_eq!(at_once.statuses(), step_by_step.statuses());
    }
}

/// Rows of their own for a hundred thousand, and then a thousand in each: counted one by one, with the bytes of all.
#[test]
fn very_many_rejects_are_counted_and_told_together() {
    let lab = Lab::new();
    let broken = "{\"eventVersion\":tru}\n";
    let count = 102_500;
    lab.file("logs/a.json", &format!("{}\n{}", event(1, 1), broken.repeat(count)));
    lab.add("logs");
    let summary = lab.ingest();
    assert_eq!((summary.records, summary.kept, summary.rejects), (count as u64 + 1, 1, count as u64));
    assert_eq!(lab.count("rejects"), 100_003);
    assert_eq!(lab.sum_of_rejects(RejectColumn::records), count as i64);
    let bytes = usize::try_from(lab.sum_of_rejects(RejectColumn::size)).unwrap();
    let all = count * broken.len();
    assert!((all - count..=all).contains(&bytes), "{bytes} of {all}, with line ends or without");
}
