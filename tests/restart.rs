//! A run that is killed and started again gives the same rows; so does another order of input.

use std::time::Duration;

use crate::support::{case_of, command, rows, run, sample_folders};

/// Small batches, so that there are many commits to be killed between.
const BATCH: [&str; 3] = ["ingest", "--batch", "600K"];

#[test]
fn killed_at_six_moments() {
    killed(3);
}

#[test]
#[ignore = "takes 5 minutes: for a change of how ingest writes"]
fn killed_at_forty_moments() {
    killed(20);
}

/// A part of the sample that has every kind of object: arrays, lines, states, and messages of other logs.
fn folders() -> Vec<String> {
    let taken = ["config-bucket", "cwl-firehose", "org-trail-bucket", "rds-logs", "s3-access-logs"];
    let mut all = sample_folders();
    all.retain(|folder| taken.iter().any(|name| folder.ends_with(name)));
    assert_eq!(all.len(), taken.len());
    all
}

/// Ingests these `rounds` times, each killed twice and then left to finish; the rows are the same each time.
fn killed(rounds: u64) {
    let directory = tempfile::tempdir().unwrap();
    let case = case_of(directory.path(), &folders(), &["--in-place"]);
    let started = std::time::Instant::now();
    run(&case, &BATCH).expect(3);
    let undisturbed = started.elapsed();
    let expected = rows(&case);
    assert!(expected.len() > 8000);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut interrupted = 0;
    for round in 0..rounds {
        std::fs::remove_dir_all(case.join("lake")).unwrap();
        // Killed twice, then left to finish.
        for _ in 0..2 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let moment = Duration::from_micros(random % u64::try_from(undisturbed.as_micros()).unwrap());
            let mut child = command(&case).args(BATCH).stderr(std::process::Stdio::null()).spawn().unwrap();
            std::thread::sleep(moment);
            interrupted += u64::from(child.try_wait().unwrap().is_none());
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let last = run(&case, &BATCH);
        assert!(matches!(last.status, 0 | 3), "{}", last.stderr);
        assert!(rows(&case) == expected, "round {round}: the rows differ");
    }
    assert!(interrupted >= rounds, "only {interrupted} runs were still going when they were killed");
}

#[test]
fn order_of_input_and_size_of_batches_do_not_matter() {
    let mut folders = folders();
    let all = |folders: &[String], batch: &[&str]| {
        let directory = tempfile::tempdir().unwrap();
        let case = case_of(directory.path(), folders, &["--in-place"]);
        run(&case, batch).expect(3);
        rows(&case)
    };
    let one = all(&folders, &["ingest"]);
    folders.reverse();
    assert!(one == all(&folders, &["ingest"]), "the other order");
    assert!(one == all(&folders, &BATCH), "small batches");
}
