//! `cargo xtask bench`: generated logs through the release binary, next to DuckDB doing the same work by hand.

mod acquisition;
mod correlation;
mod lines;
mod many;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use coldtrail_testkit::{BenchOptions, BenchSummary, write_bench_logs};

/// `bench ingest --source NAME [--lines N]`, or
/// `bench ingest|query|fetch|verify|objects|large|truth|derive [--events N] [--hours N] [--count N] [--bytes N]
/// [--seed N] [--changes N] [--background N] [--dir DIR] [--runs N] [--binary FILE]`
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let events = value("--events").map_or(Ok(1_000_000), |text| text.parse()).context("--events takes a number")?;
    let runs: usize = value("--runs").map_or(Ok(3), |text| text.parse()).context("--runs takes a number")?;
    let temporary = tempfile::tempdir()?;
    let directory = value("--dir").map_or_else(|| temporary.path().to_owned(), PathBuf::from);
    let binary = value("--binary").map_or_else(build, |path| Ok(PathBuf::from(path)))?;
    let number = |name: &'static str, default: u64| {
        value(name).map_or(Ok(default), |text| text.parse()).with_context(|| format!("{name} takes a number"))
    };
    match arguments.first().map(String::as_str) {
        Some("fetch") => return acquisition::fetch(&binary, &directory, runs),
        Some("verify") => {
            let hours = value("--hours").map_or(Ok(8760), |text| text.parse()).context("--hours takes a number")?;
            return acquisition::verify(&binary, &directory, runs, hours);
        }
        Some("objects") => return many::objects(&binary, &directory, number("--count", 30_000)?),
        Some("large") => return many::large(&binary, &directory, number("--bytes", 2_000_000_000)?),
        Some("truth") => {
            return correlation::truth(&binary, &directory, number("--seed", 1)?, number("--changes", 10_000)?);
        }
        Some("derive") => {
            let (changes, background) = (number("--changes", 900_000)?, number("--background", 4_000_000)?);
            return correlation::derive(&binary, &directory, number("--seed", 1)?, changes, background, runs);
        }
        Some("ingest") => {
            if let Some(source) = value("--source") {
                return lines::ingest(&binary, &directory, &source, number("--lines", 2_000_000)?, runs);
            }
        }
        _ => {}
    }
    let logs = Logs::prepare(&directory, events)?;
    match arguments.first().map(String::as_str) {
        Some("ingest") => {
            for _ in 0..runs {
                ingest(&binary, &directory, &logs)?;
            }
            duckdb(
                INGEST,
                &[&logs.directory.to_string_lossy(), &directory.join("duckdb").to_string_lossy()],
                Some(&logs),
            )
        }
        Some("query") => {
            if !directory.join("case/lake").is_dir() {
                ingest(&binary, &directory, &logs)?;
            }
            query(&binary, &directory, runs)
        }
        _ => bail!(
            "cargo xtask bench ingest --source NAME [--lines N], or cargo xtask bench ingest|query|fetch|verify|objects|large|truth|derive [--events N] [--hours N] [--count N] [--bytes N] [--seed N] [--changes N] [--background N] [--runs N] [--dir DIR] [--binary FILE]"
        ),
    }
}

fn build() -> Result<PathBuf> {
    let status = Command::new("cargo").args(["build", "--release", "--locked", "--package", "coldtrail"]).status()?;
    if !status.success() {
        bail!("the release build failed");
    }
    let metadata = Command::new("cargo").args(["metadata", "--format-version", "1", "--no-deps"]).output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout)?;
    let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?;
    Ok(Path::new(target).join("release/coldtrail"))
}

struct Logs {
    directory: PathBuf,
    summary: BenchSummary,
}

impl Logs {
    /// Writes the logs; they are the same each time.
    fn prepare(directory: &Path, events: u64) -> Result<Logs> {
        let logs = directory.join("logs");
        if logs.exists() {
            fs_err::remove_dir_all(&logs)?;
        }
        fs_err::create_dir_all(&logs)?;
        let started = Instant::now();
        let summary = write_bench_logs(&logs, &BenchOptions { events, ..BenchOptions::default() })?;
        println!(
            "logs: {} events in {} objects, {} MB inflated, {} MB stored (written in {:.1} s)",
            summary.events,
            summary.objects,
            summary.inflated_bytes / 1_000_000,
            summary.stored_bytes / 1_000_000,
            started.elapsed().as_secs_f64()
        );
        Ok(Logs { directory: logs, summary })
    }
}

/// What a process used.
struct Used {
    wall: Duration,
    cpu: f64,
    peak: u64,
}

/// Waits for a child and watches its time and memory in /proc; both are of the last look before it ended.
fn watch(mut child: Child) -> Result<Used> {
    let started = Instant::now();
    let (mut cpu, mut peak) = (0.0, 0);
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    loop {
        if let Some(status) = child.try_wait()? {
            if !matches!(status.code(), Some(0 | 3)) {
                bail!("the command failed: {status}");
            }
            return Ok(Used { wall: started.elapsed(), cpu, peak });
        }
        if let Ok(stat) = fs_err::read_to_string(proc.join("stat")) {
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
            cpu = (ticks(11) + ticks(12)) / 100.0;
        }
        if let Ok(status) = fs_err::read_to_string(proc.join("status")) {
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let found = line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse::<u64>().ok());
            peak = found.unwrap_or(peak).max(peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn spawn(binary: &Path, directory: &Path, arguments: &[&str]) -> Result<Used> {
    let child = Command::new(binary).current_dir(directory).args(arguments).stdout(Stdio::null()).spawn()?;
    watch(child)
}

fn tell(what: &str, used: &Used, logs: Option<&Logs>) {
    let seconds = used.wall.as_secs_f64();
    let rate = logs.map_or_else(String::new, |logs| {
        format!(
            ", {:.0} events/s, {:.0} MB/s inflated",
            logs.summary.events as f64 / seconds,
            logs.summary.inflated_bytes as f64 / 1e6 / seconds
        )
    });
    println!("{what}: {seconds:.2} s, {:.1} CPU-seconds, peak {} MB{rate}", used.cpu, used.peak / 1024);
}

fn ingest(binary: &Path, directory: &Path, logs: &Logs) -> Result<()> {
    let case = directory.join("case");
    if case.exists() {
        fs_err::remove_dir_all(&case)?;
    }
    spawn(binary, directory, &["--quiet", "init", "case"])?;
    let path = logs.directory.to_string_lossy().into_owned();
    let added = spawn(binary, &case, &["--quiet", "add", "--in-place", &path])?;
    tell("coldtrail add --in-place (both hashes)", &added, Some(logs));
    let ingested = spawn(binary, &case, &["--quiet", "ingest"])?;
    tell("coldtrail ingest", &ingested, Some(logs));
    let bytes = size(&case.join("lake"))?;
    println!("  lake: {} MB", bytes / 1_000_000);
    Ok(())
}

fn size(path: &Path) -> Result<u64> {
    let mut total = 0;
    for entry in fs_err::read_dir(path)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        total += if metadata.is_dir() { size(&entry.path())? } else { metadata.len() };
    }
    Ok(total)
}

/// Questions in the words of both engines: ours, and DuckDB's over the same Parquet.
const QUESTIONS: &[(&str, &str, &str)] = &[
    (
        "count by name",
        "select eventname, count(*) from cloudtrail group by 1 order by 2 desc",
        "select eventname, count(*) from t group by 1 order by 2 desc",
    ),
    (
        "denied by principal",
        "select useridentity.arn, count(*) from cloudtrail where error_class = 'denied' group by 1 order by 2 desc limit 20",
        "select useridentity_arn, count(*) from t where error_class = 'denied' group by 1 order by 2 desc limit 20",
    ),
    (
        "all of one event id",
        "select * from cloudtrail where eventid = (select max(eventid) from cloudtrail where date = (select min(date) from cloudtrail))",
        "select * from t where eventid = (select max(eventid) from t where date = (select min(date) from t))",
    ),
    (
        "an hour",
        "select * from cloudtrail where event_time >= (select min(event_time) from cloudtrail) and event_time < (select min(event_time) + interval '1 hour' from cloudtrail)",
        "select * from t where event_time >= (select min(event_time) from t) and event_time < (select min(event_time) + interval '1 hour' from t)",
    ),
    (
        "JSON in requests",
        "select json_as_text(requestparameters, 'bucketName') as bucket, count(*) from cloudtrail where eventsource = 's3.amazonaws.com' group by 1 order by 2 desc limit 10",
        "select requestparameters->>'$.bucketName' as bucket, count(*) from t where eventsource = 's3.amazonaws.com' group by 1 order by 2 desc limit 10",
    ),
];

fn query(binary: &Path, directory: &Path, runs: usize) -> Result<()> {
    let case = directory.join("case");
    for (name, ours, _) in QUESTIONS {
        let mut best: Option<Used> = None;
        for _ in 0..runs {
            let used = spawn(binary, &case, &["--quiet", "sql", ours, "--output", "jsonl"])?;
            if best.as_ref().is_none_or(|best| used.wall < best.wall) {
                best = Some(used);
            }
        }
        if let Some(best) = best {
            tell(&format!("coldtrail sql: {name} (whole process, best of {runs})"), &best, None);
        }
    }
    let theirs: Vec<String> = QUESTIONS.iter().map(|(name, _, sql)| format!("{name}\t{sql}")).collect();
    duckdb(QUERY, &[&case.join("lake/cloudtrail").to_string_lossy(), &theirs.join("\n"), &runs.to_string()], None)
}

/// The same columns by hand: read, take the records apart, sort, write by day.
const INGEST: &str = r#"
import duckdb, sys, time
logs, out = sys.argv[1], sys.argv[2]
text = lambda path, name: f"r->>'$.{path}' as {name}"
columns = [text(p, n) for p, n in [
  ("eventVersion","eventversion"),("userIdentity.type","useridentity_type"),("userIdentity.principalId","useridentity_principalid"),
  ("userIdentity.arn","useridentity_arn"),("userIdentity.accountId","useridentity_accountid"),("userIdentity.accessKeyId","useridentity_accesskeyid"),
  ("userIdentity.userName","useridentity_username"),("userIdentity.invokedBy","useridentity_invokedby"),
  ("userIdentity.sessionContext.attributes.creationDate","creationdate"),("userIdentity.sessionContext.attributes.mfaAuthenticated","mfa"),
  ("userIdentity.sessionContext.sessionIssuer.arn","issuer_arn"),("userIdentity.sessionContext.sessionIssuer.userName","issuer_username"),
  ("eventSource","eventsource"),("eventName","eventname"),("awsRegion","awsregion"),("sourceIPAddress","sourceipaddress"),("userAgent","useragent"),
  ("errorCode","errorcode"),("errorMessage","errormessage"),("requestID","requestid"),("eventID","eventid"),("eventType","eventtype"),
  ("apiVersion","apiversion"),("readOnly","readonly"),("managementEvent","managementevent"),("recipientAccountId","recipientaccountid"),
  ("sharedEventID","sharedeventid"),("vpcEndpointId","vpcendpointid"),("eventCategory","eventcategory"),
  ("tlsDetails.tlsVersion","tlsversion"),("tlsDetails.cipherSuite","ciphersuite")]]
columns += [f"r->'$.{p}' as {p.lower()}" for p in ["requestParameters","responseElements","additionalEventData","resources"]]
start, cpu = time.time(), time.process_time()
duckdb.execute(f"""copy (select cast(r->>'$.eventTime' as timestamp) as event_time, cast(r->>'$.eventTime' as date) as date, {", ".join(columns)}
  from (select unnest(Records) as r from read_json('{logs}/**/*.json.gz', columns={{Records: 'JSON[]'}}, maximum_object_size=100000000))
  order by event_time) to '{out}' (format parquet, compression zstd, partition_by (date), overwrite)""")
print(f"duckdb {duckdb.__version__} by hand: {time.time() - start:.2f} s, {time.process_time() - cpu:.1f} CPU-seconds")
"#;

const QUERY: &str = r#"
import duckdb, sys, time
duckdb.execute(f"create view t as select * from read_parquet('{sys.argv[1]}/**/*.parquet', hive_partitioning=true)")
for line in sys.argv[2].split("\n"):
    name, sql = line.split("\t")
    best = 1e9
    for _ in range(int(sys.argv[3])):
        start = time.time(); duckdb.execute(sql).fetchall(); best = min(best, time.time() - start)
    print(f"duckdb {duckdb.__version__}: {name}: {best:.2f} s (in a running process, best of {sys.argv[3]})")
"#;

fn duckdb(script: &str, arguments: &[&str], logs: Option<&Logs>) -> Result<()> {
    if !Command::new("python3")
        .args(["-c", "import duckdb"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        println!("duckdb: the Python package is not here; nothing to compare with");
        return Ok(());
    }
    let child = Command::new("python3").arg("-c").arg(script).args(arguments).spawn()?;
    let used = watch(child)?;
    tell("duckdb, whole process", &used, logs);
    Ok(())
}
