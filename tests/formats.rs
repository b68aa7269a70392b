//! One answer in every format, read back by programs of others.

use std::process::Command;

use calamine::{Data, Reader, Xlsx, open_workbook};
use serde_json::{Value, json};

use crate::support::{run, sample_case};

/// Nulls, nested values, times, numbers at their limits, and texts that would like to be something else.
const ANSWER: &str = "select * from (values
  (1, cast(null as varchar), '=1+1', timestamp '2026-04-09T01:12:04.250', 0.5, make_array('a', 'b,c'), true),
  (9223372036854775807, 'x', '@SUM(A1)', timestamp '2026-04-09T01:12:04.000001', -1.0, make_array('\"q\"'), false),
  (-5, 'über, \"quoted\"', '  -cmd', cast(null as timestamp), null, cast(null as varchar[]), null)
) as t(whole, text, formula, seen, number, list, flag)";

const SCRIPT: &str = r#"
import csv, json, sys
import duckdb
folder = sys.argv[1]
out = {}
out["csv"] = list(csv.DictReader(open(f"{folder}/x.csv", newline="")))
out["json"] = json.load(open(f"{folder}/x.json"))
out["jsonl"] = [json.loads(line) for line in open(f"{folder}/x.jsonl")]
db = duckdb.connect()
rows = db.execute(f"select * replace (strftime(seen, '%Y-%m-%dT%H:%M:%S.%f') as seen) from read_parquet('{folder}/x.parquet')")
out["parquet"] = [list(row) for row in rows.fetchall()]
print(json.dumps(out))
"#;

#[test]
fn an_answer_is_the_same_in_every_format() {
    let directory = tempfile::tempdir().unwrap();
    for extension in ["csv", "json", "jsonl", "parquet", "xlsx"] {
        let file = directory.path().join(format!("x.{extension}"));
        run(sample_case(), &["sql", ANSWER, "-o", &file.to_string_lossy()]).expect(0);
    }

    let mut workbook: Xlsx<_> = open_workbook(directory.path().join("x.xlsx")).unwrap();
    let sheet = workbook.worksheet_range_at(0).unwrap().unwrap();
    let rows: Vec<&[Data]> = sheet.rows().collect();
    let text = |text: &str| Data::String(text.to_owned());
    assert_eq!(rows[0][..3], [text("whole"), text("text"), text("formula")]);
    assert_eq!(rows[1][..3], [Data::Float(1.0), Data::Empty, text("=1+1")]);
    // What a spreadsheet cannot hold exactly is a text.
    assert_eq!(rows[2][..3], [text("9223372036854775807"), text("x"), text("@SUM(A1)")]);
    assert_eq!(rows[3][..3], [Data::Float(-5.0), text("über, \"quoted\""), text("  -cmd")]);
    let Data::DateTime(time) = &rows[1][3] else { panic!("{:?}", rows[1][3]) };
    assert_eq!(time.to_ymd_hms_milli(), (2026, 4, 9, 1, 12, 4, 250));
    assert_eq!(rows[2][3], text("2026-04-09T01:12:04.000001Z"));
    assert_eq!(rows[1][4..], [Data::Float(0.5), text("[\"a\",\"b,c\"]"), Data::Bool(true)]);
    assert_eq!(rows[3][3..], [Data::Empty, Data::Empty, Data::Empty, Data::Empty]);

    let ran = Command::new("python3").arg("-c").arg(SCRIPT).arg(directory.path()).output();
    let output = match ran {
        Ok(output) if output.status.success() => output,
        other => {
            let required = std::env::var_os("COLDTRAIL_REQUIRE_ENGINES").is_some();
            assert!(!required, "Python with duckdb is required here: {other:?}");
            crate::support::skipped("an_answer_is_the_same_in_every_format", "Python with duckdb");
            return;
        }
    };
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = json!([
        { "whole": 1, "text": null, "formula": "=1+1", "seen": "2026-04-09T01:12:04.25Z", "number": 0.5, "list": ["a", "b,c"], "flag": true },
        { "whole": i64::MAX, "text": "x", "formula": "@SUM(A1)", "seen": "2026-04-09T01:12:04.000001Z", "number": -1.0, "list": ["\"q\""], "flag": false },
        { "whole": -5, "text": "über, \"quoted\"", "formula": "  -cmd", "seen": null, "number": null, "list": null, "flag": null },
    ]);
    assert_eq!(found["json"], expected);
    assert_eq!(found["jsonl"], expected);
    // In CSV a formula gets a quote in front, and what is not there is empty.
    assert_eq!(
        found["csv"][0],
        json!({ "whole": "1", "text": "", "formula": "'=1+1", "seen": "2026-04-09T01:12:04.25Z", "number": "0.5", "list": "[\"a\",\"b,c\"]", "flag": "true" })
    );
    assert_eq!(found["csv"][2]["formula"], "'  -cmd");
    assert_eq!(found["csv"][2]["text"], "über, \"quoted\"");
    assert_eq!(
        found["parquet"],
        json!([
            [1, null, "=1+1", "2026-04-09T01:12:04.250000", 0.5, ["a", "b,c"], true],
            [i64::MAX, "x", "@SUM(A1)", "2026-04-09T01:12:04.000001", -1.0, ["\"q\""], false],
            [-5, "über, \"quoted\"", "  -cmd", null, null, null, null],
        ])
    );
}

#[test]
fn a_file_is_not_written_over_and_its_name_tells_the_format() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_string_lossy().into_owned();
    run(sample_case(), &["sql", "select 1 as a", "-o", &path("a.csv")]).expect(0);
    let again = run(sample_case(), &["sql", "select 2 as a", "-o", &path("a.csv")]).expect(2);
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(std::fs::read_to_string(path("a.csv")).unwrap(), "a\n1\n");
    run(sample_case(), &["sql", "select 2 as a", "-o", &path("a.csv"), "--force"]).expect(0);
    assert_eq!(std::fs::read_to_string(path("a.csv")).unwrap(), "a\n2\n");
    let unknown = run(sample_case(), &["sql", "select 1", "-o", &path("a.docx")]).expect(2);
    assert!(unknown.stderr.contains(".xlsx") && !directory.path().join("a.docx").exists(), "{}", unknown.stderr);
    run(sample_case(), &["sql", "select 1 as a", "-o", &path("a.docx"), "--output", "csv"]).expect(0);
    let two = run(sample_case(), &["sql", "select 1; select 2", "-o", &path("b.csv")]).expect(2);
    assert!(two.stderr.contains("one statement"), "{}", two.stderr);
    let some = run(sample_case(), &["sql", "select eventid from cloudtrail", "--max-rows", "3", "--json"]).expect(0);
    assert_eq!((some.rows().len(), &some.json()["more"]), (3, &Value::Bool(true)));
    run(sample_case(), &["sql", "select 1", "--max-rows", "0"]).expect(2);
    run(sample_case(), &["sql", " -- nothing"]).expect(2);
    // An error after the first rows: they and it are one object.
    let late = "select * from (select 1 as x, 1 as y union all
      select 2, 1/(case when eventid > '0' then 0 else 1 end) from cloudtrail)";
    let late = run(sample_case(), &["sql", late, "--json"]).expect(1).json();
    assert!(late["error"].as_str().unwrap().contains("Divide by zero") && late["rows"].is_array(), "{late}");
}

/// A name is taken for the one user or role that is called so, never for a session's name, which anybody can choose.
#[test]
fn a_name_stands_for_one_arn_or_none() {
    let directory = tempfile::tempdir().unwrap();
    let event = |number: u32, account: &str, arn: &str, kind: &str| {
        json!({
            "eventVersion": "1.08", "eventTime": format!("2026-03-01T10:{number:02}:00Z"), "eventSource": "iam.amazonaws.com",
            "eventName": "ListUsers", "awsRegion": "us-east-1", "sourceIPAddress": "203.0.113.7", "eventID": format!("e{number}"),
            "eventType": "AwsApiCall", "recipientAccountId": account, "readOnly": true,
            "userIdentity": { "type": kind, "arn": arn, "principalId": format!("AIDA{number}"), "accountId": account,
                              "accessKeyId": format!("AKIAIOSFODNN7EXAM{number:03}") },
        })
    };
    let events = [
        event(1, "111122223333", "arn:aws:iam::111122223333:user/alice", "IAMUser"),
        event(2, "111122223333", "arn:aws:iam::111122223333:user/bob", "IAMUser"),
        event(3, "444455556666", "arn:aws:iam::444455556666:user/bob", "IAMUser"),
        event(4, "111122223333", "arn:aws:sts::111122223333:assumed-role/Dev/carol", "AssumedRole"),
        event(5, "111122223333", "arn:aws:sts::111122223333:assumed-role/Dev/alice", "AssumedRole"),
    ];
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    std::fs::write(directory.path().join("logs/a.json"), json!({ "Records": events }).to_string()).unwrap();
    let case = crate::support::case_of(directory.path(), &[directory.path().join("logs").to_string_lossy()], &[]);
    run(&case, &["ingest"]).expect(0);
    let alice = run(&case, &["timeline", "--actor", "alice", "--json"]).expect(0);
    assert_eq!((alice.rows().len(), &alice.json()["takenFor"]), (1, &json!("arn:aws:iam::111122223333:user/alice")));
    let who = run(&case, &["actor", "alice", "--json"]).expect(0).json();
    assert_eq!(who["takenFor"], "arn:aws:iam::111122223333:user/alice");
    for command in ["timeline --actor", "actor"] {
        let words: Vec<&str> = command.split(' ').chain(["bob"]).collect();
        let two = run(&case, &words).expect(2);
        assert!(two.stderr.contains("more than one") && two.stderr.contains("444455556666"), "{}", two.stderr);
    }
    let carol = run(&case, &["timeline", "--actor", "carol", "--json"]).expect(5);
    assert!(carol.json()["takenFor"].is_null() && carol.rows().is_empty(), "{}", carol.stdout);
    // A beginning after the data is no wrong usage: of that time nothing is here.
    run(&case, &["query", "run", "triage/failed_actions", "--from", "2026-06-01"]).expect(5);
    run(&case, &["query", "run", "triage/failed_actions", "--from", "2026-06-02", "--to", "2026-06-01"]).expect(2);
}

#[test]
fn timesketch_can_read_it() {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("iocs.txt");
    std::fs::write(&list, "203.0.113[.]66\n# a comment\n198.51.100.0/24 # the scanner\n192.0.2.250\n").unwrap();
    let file = directory.path().join("t.jsonl").to_string_lossy().into_owned();
    let list = list.to_string_lossy().into_owned();
    let ran = run(sample_case(), &["timeline", "--iocs", &list, "--format", "timesketch", "-o", &file]).expect(3);
    assert!(ran.stderr.contains("in no row: 192.0.2.250"), "{}", ran.stderr);
    let text = std::fs::read_to_string(&file).unwrap();
    let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() > 100);
    for row in &rows {
        assert_eq!(row["timestamp_desc"], "Event Logged");
        assert!(row["datetime"].as_str().unwrap().ends_with("+00:00") && row["message"].is_string(), "{row}");
        // The address may be the other end of a flow, or an answer of DNS: then the reason names it.
        let sought = |ip: &str| ip == "203.0.113.66" || ip.starts_with("198.51.100.");
        let reason = row["reason"].as_str().unwrap_or_default();
        let by = reason.strip_prefix("indicator ").unwrap_or_default();
        assert!(sought(row["ip"].as_str().unwrap_or_default()) || sought(by), "{row}");
    }

    // A name is not looked for: that it was not seen says nothing, and a region that is nowhere is mistyped.
    let names = directory.path().join("names.txt");
    std::fs::write(&names, "backup-svc\n").unwrap();
    let ran = run(sample_case(), &["timeline", "--iocs", &names.to_string_lossy()]).expect(3);
    assert!(ran.stderr.contains("are not looked for"), "{}", ran.stderr);
    run(sample_case(), &["timeline", "--ip", "203.0.113.66", "--region", "eu-wst-1"]).expect(5);

    // Several filters are all needed, and a name stands for its ARN.
    let count = |arguments: &[&str]| run(sample_case(), &[arguments, &["--json"]].concat()).rows().len();
    let ip = count(&["timeline", "--ip", "203.0.113.66"]);
    let actor = count(&["timeline", "--actor", "ci-deploy"]);
    let both = count(&["timeline", "--ip", "203.0.113.66", "--actor", "ci-deploy"]);
    assert!(both > 0 && both < actor && both <= ip, "{both} of {ip} and {actor}");
    let listed = count(&["timeline", "--actor", "ci-deploy", "--iocs", &list]);
    assert!(listed > 0 && listed < actor, "{listed} of {actor}");
    assert_eq!(actor, count(&["timeline", "--actor", "arn:aws:iam::444455556666:user/ci-deploy"]));
}
