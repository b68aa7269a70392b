//! `bench ingest --source NAME`: logs of lines through the release binary, next to DuckDB that reads the same files into
//! the same Parquet: by day, in order of time, with every column typed.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{duckdb, size, spawn, tell};

/// A log of lines, and how DuckDB reads it.
struct Log {
    source: &'static str,
    /// How a file is called, by its number.
    name: fn(u64) -> String,
    header: &'static str,
    /// A line by its number, and the seconds since the first day began.
    line: fn(u64, u64) -> String,
    /// What stands in `from`, over the files `{logs}`.
    from: &'static str,
    /// The columns that are selected, with `event_time`.
    select: &'static str,
}

const LOGS: &[Log] = &[
    Log {
        source: "vpc_flow",
        name: |file| {
            format!("111122223333_vpcflowlogs_us-east-1_fl-0123456789abcdef0_20260301T0000Z_{file:08x}.log.gz")
        },
        header: "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status\n",
        line: |n, second| {
            let (start, (a, b)) = (FIRST_DAY + second, (n % 250, n / 250 % 250));
            format!(
                "2 111122223333 eni-0a1b2c3d4e5f60{:03x} 10.0.{a}.{b} 203.0.{b}.{a} {} 443 6 {} {} {start} {} {} OK\n",
                n % 512,
                1024 + n % 60_000,
                1 + n % 90,
                40 + n % 90_000,
                start + 59,
                if n % 7 == 0 { "REJECT" } else { "ACCEPT" }
            )
        },
        from: "read_csv('{logs}/*.gz', delim=' ', header=true, columns={'version':'INTEGER','account_id':'VARCHAR','interface_id':'VARCHAR','srcaddr':'VARCHAR','dstaddr':'VARCHAR','srcport':'INTEGER','dstport':'INTEGER','protocol':'INTEGER','packets':'BIGINT','bytes':'BIGINT','start':'BIGINT','end':'BIGINT','action':'VARCHAR','log_status':'VARCHAR'})",
        select: "make_timestamp(start * 1000000) as event_time, *",
    },
    Log {
        source: "elb_access",
        name: |file| {
            format!(
                "111122223333_elasticloadbalancing_us-east-1_app.web.50dc6c495c0c9188_20260301T0000Z_10.0.0.1_{file:08x}.log.gz"
            )
        },
        header: "",
        line: |n, second| {
            let time = clock(second, "T");
            format!(
                "https {time}.{:06}Z app/web/50dc6c495c0c9188 203.0.113.{}:{} 10.0.1.{}:80 0.00{} 0.0{} 0.000 200 200 {} {} \
                 \"GET https://www.example.com:443/orders/{n}?page={} HTTP/1.1\" \"Mozilla/5.0 (X11; Linux x86_64)\" \
                 ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/web/73e2d6bc24d8a067 \
                 \"Root=1-58337281-{n:024x}\" \"www.example.com\" \"-\" 0 {time}.000000Z \"forward\" \"-\" \"-\" \
                 \"10.0.1.{}:80\" \"200\" \"-\" \"-\" TID_{n:032x}\n",
                n % 1_000_000,
                n % 250,
                1024 + n % 60_000,
                n % 9,
                n % 10,
                n % 90,
                100 + n % 900,
                100 + n % 90_000,
                n % 50,
                n % 9,
            )
        },
        from: "read_csv('{logs}/*.gz', delim=' ', quote='\"', header=false, nullstr='-', columns={'type':'VARCHAR','time':'TIMESTAMP','elb':'VARCHAR','client':'VARCHAR','target':'VARCHAR','request_processing_time':'DOUBLE','target_processing_time':'DOUBLE','response_processing_time':'DOUBLE','elb_status_code':'INTEGER','target_status_code':'INTEGER','received_bytes':'BIGINT','sent_bytes':'BIGINT','request':'VARCHAR','user_agent':'VARCHAR','ssl_cipher':'VARCHAR','ssl_protocol':'VARCHAR','target_group_arn':'VARCHAR','trace_id':'VARCHAR','domain_name':'VARCHAR','chosen_cert_arn':'VARCHAR','rule':'INTEGER','created':'TIMESTAMP','actions':'VARCHAR','redirect_url':'VARCHAR','error_reason':'VARCHAR','target_list':'VARCHAR','status_list':'VARCHAR','classification':'VARCHAR','classification_reason':'VARCHAR','conn_trace_id':'VARCHAR'})",
        select: "time as event_time, split_part(client, ':', 1) as client_ip, cast(split_part(client, ':', 2) as integer) as client_port, split_part(request, ' ', 1) as verb, split_part(request, ' ', 2) as url, *",
    },
    Log {
        source: "s3_access",
        name: |file| format!("2026-03-01-00-00-00-{file:016X}.gz"),
        header: "",
        line: |n, second| super::many::line(second, n),
        from: "(select regexp_extract(line, '^(\\S+) (\\S+) \\[([^\\]]+)\\] (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) \"([^\"]*)\" (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) \"([^\"]*)\" \"([^\"]*)\" (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) (\\S+)', ['owner','bucket','time','ip','requester','id','operation','key','uri','status','error','sent','size','total','turn','referer','agent','version','host','signature','cipher','auth','header','tls','point']) as f from read_csv('{logs}/*.gz', delim='\u{1}', header=false, quote='', columns={'line':'VARCHAR'}))",
        select: "strptime(f.time, '%d/%b/%Y:%H:%M:%S %z') as event_time, f.owner, f.bucket, f.ip, f.requester, f.id, f.operation, f.key, f.uri, try_cast(f.status as integer) as status, f.error, try_cast(f.sent as bigint) as sent, try_cast(f.size as bigint) as size, try_cast(f.total as integer) as total, try_cast(f.turn as integer) as turn, f.referer, f.agent, f.version, f.host, f.signature, f.cipher, f.auth, f.header, f.tls, f.point",
    },
    Log {
        source: "rds_audit",
        name: |file| format!("server_audit_{file:04}.log.gz"),
        header: "",
        line: |n, second| {
            format!(
                "{},db-1,app,10.0.1.{},{},{n},QUERY,shop,'SELECT id, total FROM orders WHERE customer = {} AND state = \\'open\\'',0\n",
                clock(second, " ").replace('-', ""),
                n % 250,
                n / 50,
                n % 90_000
            )
        },
        from: "(select regexp_extract(line, '^(\\d{8} \\d\\d:\\d\\d:\\d\\d),([^,]*),([^,]*),([^,]*),(\\d+),(\\d+),(\\w+),([^,]*),(.*),(\\d*)$', ['time','server','username','host','connection','query','operation','database','object','code']) as f from read_csv('{logs}/*.gz', delim='\u{1}', header=false, quote='', columns={'line':'VARCHAR'}))",
        select: "strptime(f.time, '%Y%m%d %H:%M:%S') as event_time, f.server, f.username, f.host, cast(f.connection as bigint) as connection, cast(f.query as bigint) as query, f.operation, f.database, f.object, try_cast(f.code as integer) as code",
    },
];

/// 2026-03-01, seconds since 1970.
const FIRST_DAY: u64 = 1_772_323_200;

/// How many files the lines are in.
const FILES: u64 = 8;

/// `2026-03-04T05:06:07`, by the seconds since the first day began.
fn clock(second: u64, between: &str) -> String {
    let (day, hour, minute, second) = (second / 86_400 % 28, second / 3600 % 24, second / 60 % 60, second % 60);
    format!("2026-03-{:02}{between}{hour:02}:{minute:02}:{second:02}", day + 1)
}

pub(super) fn ingest(binary: &Path, directory: &Path, source: &str, count: u64, runs: usize) -> Result<()> {
    let Some(log) = LOGS.iter().find(|log| log.source == source) else {
        let known: Vec<&str> = LOGS.iter().map(|log| log.source).collect();
        bail!("--source takes {}", known.join(", "));
    };
    let logs = directory.join(format!("lines-{source}"));
    let bytes = write(log, &logs, count)?;
    println!("{source}: {count} lines, {} MB inflated, {} MB stored", bytes / 1_000_000, size(&logs)? / 1_000_000);
    let script = duckdb_script(log)?;
    let out = directory.join("duckdb-lines");
    for _ in 0..runs {
        let case = directory.join("case-lines");
        if case.exists() {
            fs_err::remove_dir_all(&case)?;
        }
        spawn(binary, directory, &["--quiet", "init", "case-lines"])?;
        spawn(binary, &case, &["--quiet", "add", "--in-place", &logs.to_string_lossy()])?;
        let used = spawn(binary, &case, &["--quiet", "ingest", "--no-derive"])?;
        let rate = count as f64 / used.wall.as_secs_f64() / 1e6;
        tell(&format!("coldtrail ingest --no-derive, {rate:.2} million lines/s"), &used, None);
        println!("  lake: {} MB", size(&case.join("lake").join(source))? / 1_000_000);
        if out.exists() {
            fs_err::remove_dir_all(&out)?;
        }
        duckdb(&script, &[&logs.to_string_lossy(), &out.to_string_lossy()], None)?;
    }
    Ok(())
}

/// Writes the lines, the same each time; how many bytes they are.
fn write(log: &Log, logs: &Path, count: u64) -> Result<u64> {
    if logs.exists() {
        fs_err::remove_dir_all(logs)?;
    }
    fs_err::create_dir_all(logs)?;
    let mut bytes = 0;
    for file in 0..FILES {
        let out = BufWriter::new(fs_err::File::create(logs.join((log.name)(file)))?);
        let mut out = GzEncoder::new(out, Compression::fast());
        let mut text = log.header.to_owned();
        for number in count * file / FILES..count * (file + 1) / FILES {
            // Ten days, however many lines they are.
            text.push_str(&(log.line)(number, number * 864_000 / count));
            if text.len() > 1 << 20 {
                out.write_all(text.as_bytes())?;
                bytes += text.len() as u64;
                text.clear();
            }
        }
        out.write_all(text.as_bytes())?;
        bytes += text.len() as u64;
        out.finish()?.flush()?;
    }
    Ok(bytes)
}

fn duckdb_script(log: &Log) -> Result<String> {
    let mut script = String::from(
        "import duckdb, sys, time\nlogs, out = sys.argv[1], sys.argv[2]\nduckdb.execute('set enable_progress_bar=false')\nstart = time.time()\n",
    );
    let from = log.from.replace("{logs}", "LOGS");
    let sql = format!(
        "copy (select *, cast(event_time as date) as date from (select {} from {from}) order by event_time) to 'OUT' \
         (format parquet, compression zstd, partition_by (date), overwrite)",
        log.select
    );
    let quoted = serde_json::to_string(&sql).context("a text is always JSON")?;
    writeln!(script, "duckdb.execute({quoted}.replace('LOGS', logs).replace('OUT', out))")?;
    script.push_str("rows = duckdb.execute(f\"select count(*), count(event_time) from read_parquet('{out}/**/*.parquet')\").fetchone()\n");
    script.push_str("print(f'duckdb {duckdb.__version__} by hand, {rows[1]} of {rows[0]} rows dated: {time.time() - start:.2f} s')\n");
    Ok(script)
}
