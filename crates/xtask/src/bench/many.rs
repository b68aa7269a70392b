//! Memory next to the number and the size of objects: many small logs, or one large one.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{spawn, tell};

/// `bench objects`: so many access logs of S3 with two lines each, as one bucket has them in a folder.
pub(super) fn objects(binary: &Path, directory: &Path, count: u64) -> Result<()> {
    let logs = directory.join("small");
    if !logs.is_dir() {
        for folder in 0..count.div_ceil(IN_A_FOLDER) {
            fs_err::create_dir_all(logs.join(format!("logs-{folder:03}")))?;
        }
        for number in 0..count {
            let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
            let day = 1 + number / 86_400 % 28;
            let name = format!(
                "logs-{:03}/2026-03-{day:02}-{hour:02}-{minute:02}-{second:02}-{number:016X}",
                number / IN_A_FOLDER
            );
            fs_err::write(logs.join(name), line(number, 2 * number) + &line(number, 2 * number + 1))?;
        }
    }
    println!("{count} objects:");
    commands(binary, directory, &logs)
}

/// `bench large`: one access log of so many bytes.
pub(super) fn large(binary: &Path, directory: &Path, bytes: u64) -> Result<()> {
    let log = directory.join("2026-03-01-00-00-00-0123456789ABCDEF");
    if !log.is_file() {
        let mut out = BufWriter::new(fs_err::File::create(&log)?);
        let (mut written, mut number) = (0, 0);
        while written < bytes {
            let line = line(number / 100, number);
            out.write_all(line.as_bytes())?;
            written += line.len() as u64;
            number += 1;
        }
        out.flush()?;
    }
    println!("one object of {} MB:", bytes / 1_000_000);
    commands(binary, directory, &log)
}

const IN_A_FOLDER: u64 = 100_000;

/// A line of an access log; `second` tells when it was, `id` makes it one of its own.
pub(super) fn line(second: u64, id: u64) -> String {
    let (hour, minute, second, day) = (second / 3600 % 24, second / 60 % 60, second % 60, 1 + second / 86_400 % 28);
    format!(
        "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be acme-data \
         [{day:02}/Mar/2026:{hour:02}:{minute:02}:{second:02} +0000] 203.0.113.{} \
         arn:aws:iam::111122223333:user/app-{} {id:016X} REST.GET.OBJECT data/{id}.json \
         \"GET /acme-data/data/{id}.json HTTP/1.1\" 200 - {} {} 17 16 \"-\" \"aws-sdk-rust/1.0\" - {id:032x} SigV4 \
         TLS_AES_128_GCM_SHA256 AuthHeader acme-data.s3.us-east-1.amazonaws.com TLSv1.3 - -\n",
        id % 250,
        id % 40,
        id % 9000,
        id % 9000,
    )
}

/// Each command by itself, on what was made.
fn commands(binary: &Path, directory: &Path, logs: &Path) -> Result<()> {
    let case = directory.join("case");
    if case.exists() {
        fs_err::remove_dir_all(&case)?;
    }
    spawn(binary, directory, &["--quiet", "init", "case"])?;
    let logs = logs.to_string_lossy();
    let csv: PathBuf = directory.join("all.csv");
    let csv = csv.to_string_lossy();
    for arguments in [
        vec!["add", "--in-place", &logs],
        vec!["ingest"],
        vec!["ingest"],
        vec!["verify"],
        vec!["status"],
        vec!["sql", "select * from s3_access", "-o", &csv],
    ] {
        let used = spawn(binary, &case, &[vec!["--quiet"], arguments.clone()].concat())?;
        tell(&format!("  coldtrail {}", arguments.first().copied().unwrap_or_default()), &used, None);
    }
    Ok(())
}
