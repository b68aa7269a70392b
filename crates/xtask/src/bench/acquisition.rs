//! Fetching next to other tools from one S3 server on the loopback, and verifying a year of digests.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use coldtrail_testkit::forge::{YearOptions, write_year};
use coldtrail_testkit::s3_server::{READER_KEY, READER_SECRET, S3Server, Uploader};

use super::{Used, watch};

/// Objects of one size.
struct Load {
    what: &'static str,
    bucket: &'static str,
    objects: usize,
    bytes: usize,
}

const LOADS: &[Load] = &[
    Load { what: "small objects of 10 KB", bucket: "small", objects: 20_000, bytes: 10_000 },
    Load { what: "large objects of 20 MB", bucket: "large", objects: 200, bytes: 20_000_000 },
];

/// `bench fetch`: needs `weed` (SeaweedFS) in the PATH; compares with `aws`, `s5cmd` and `rclone` where they are.
pub(super) fn fetch(binary: &Path, directory: &Path, runs: usize) -> Result<()> {
    let weed = S3Server::find(std::env::var_os("PATH").as_deref()).context("there is no `weed` in the PATH")?;
    let data = directory.join("server");
    fs_err::create_dir_all(&data)?;
    let server = S3Server::start(&weed, &data)?;
    for load in LOADS {
        fill(&server, load)?;
        println!("{} {}:", load.objects, load.what);
        for _ in 0..runs {
            for tool in ["coldtrail", "s5cmd", "rclone", "aws"] {
                let target = directory.join("target");
                if target.exists() {
                    fs_err::remove_dir_all(&target)?;
                }
                fs_err::create_dir_all(&target)?;
                if let Some(used) = one(tool, binary, &server, load, &target)? {
                    let seconds = used.wall.as_secs_f64();
                    let rate = (load.objects * load.bytes) as f64 / 1e6 / seconds;
                    println!(
                        "  {tool}: {seconds:.2} s, {:.1} CPU-seconds, peak {} MB, {:.0} objects/s, {rate:.0} MB/s",
                        used.cpu,
                        used.peak / 1024,
                        load.objects as f64 / seconds
                    );
                }
            }
        }
    }
    Ok(())
}

fn fill(server: &S3Server, load: &Load) -> Result<()> {
    Uploader::connect(server)?.create_bucket(load.bucket)?;
    let threads = 4;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> std::io::Result<()> {
                    let mut uploader = Uploader::connect(server)?;
                    let mut body = vec![0; load.bytes];
                    let mut random = thread as u64 + 1;
                    for number in (thread..load.objects).step_by(threads) {
                        // Only a part need differ for no two objects to be alike.
                        for byte in body.iter_mut().take(10_000) {
                            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                            *byte = (random >> 56) as u8;
                        }
                        let key = format!("logs/{:02}/{number:06}.bin", number % 50);
                        uploader.put(load.bucket, &key, &body, &[])?;
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    })
}

/// Runs one tool; none when it is not there.
fn one(tool: &str, binary: &Path, server: &S3Server, load: &Load, target: &Path) -> Result<Option<Used>> {
    let url = format!("s3://{}/", load.bucket);
    let endpoint = server.endpoint.as_str();
    let into = target.to_string_lossy().into_owned();
    let mut command = match tool {
        "coldtrail" => {
            let case = target.join("case");
            let made = Command::new(binary).args(["--quiet", "init"]).arg(&case).status()?;
            anyhow::ensure!(made.success(), "init failed");
            let mut command = Command::new(binary);
            command.current_dir(case).args(["--quiet", "fetch", &url, "--endpoint-url", endpoint]);
            command
        }
        "aws" => {
            let mut command = Command::new("aws");
            command.args(["--endpoint-url", endpoint, "s3", "sync", &url, &into, "--only-show-errors"]);
            command
        }
        "s5cmd" => {
            let mut command = Command::new("s5cmd");
            command.args(["--endpoint-url", endpoint, "--log", "error", "cp", &format!("{url}*"), &format!("{into}/")]);
            command
        }
        _ => {
            let remote = format!(
                ":s3,provider=Other,env_auth=true,endpoint=\"{endpoint}\",force_path_style=true:{}",
                load.bucket
            );
            let mut command = Command::new("rclone");
            command.args(["copy", "--transfers", "64", "--config", "/dev/null", &remote, &into]);
            command
        }
    };
    command
        .env("AWS_ACCESS_KEY_ID", READER_KEY)
        .env("AWS_SECRET_ACCESS_KEY", READER_SECRET)
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdout(Stdio::null());
    match command.spawn() {
        Ok(child) => Ok(Some(watch(child)?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// `bench verify`: a year of digests of 17 regions, each with a real signature.
pub(super) fn verify(binary: &Path, directory: &Path, runs: usize, hours: u32) -> Result<()> {
    let logs: PathBuf = directory.join("year");
    let summary = write_year(&logs, &YearOptions { hours, ..YearOptions::default() })?;
    println!("{} digests, {} MB stored", summary.digests, summary.bytes / 1_000_000);
    let case = directory.join("case");
    let run = |what: &str, inside: &Path, arguments: &[&str]| -> Result<()> {
        let child = Command::new(binary).current_dir(inside).args(arguments).stdout(Stdio::null()).spawn()?;
        let used = watch(child)?;
        let seconds = used.wall.as_secs_f64();
        println!("{what}: {seconds:.2} s, {:.1} CPU-seconds, peak {} MB", used.cpu, used.peak / 1024);
        Ok(())
    };
    run("coldtrail init", directory, &["--quiet", "init", "case"])?;
    for folder in fs_err::read_dir(&logs)? {
        let folder = folder?.path();
        if folder.is_dir() {
            let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let place = format!("s3://{name}/");
            run(
                "coldtrail add --in-place",
                &case,
                &["--quiet", "add", "--in-place", &folder.to_string_lossy(), "--as", &place],
            )?;
        }
    }
    let keys = logs.join("public-keys.json").to_string_lossy().into_owned();
    for _ in 0..runs {
        run("coldtrail verify", &case, &["--quiet", "verify", "--keys", &keys])?;
    }
    Ok(())
}
