//! What an attacker wrote into logs, keys, and a case that is handed on, through every verb: nothing that a terminal
//! obeys comes out, and no value begins a line of its own.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use coldtrail_report::escape::is_active;
use serde_json::{Value, json};

use crate::support::{Ran, command, root, run};

/// Title of the window, colour through C1, direction, invisible, delete, lines of its own.
const HOSTILE: &str = "x\u{1b}]0;PWNED\u{7}\u{9b}31m\u{202e}\u{200b}\u{7f}\r\nFORGED: all is well\u{2028}FORGED";
/// The same for a name of a file and of a folder, which holds no line end in some places.
const NAME: &str = "n\u{1b}[31m\u{202e}\nFORGED name";

fn cloudtrail(number: usize, changed: &[(&str, Value)]) -> Value {
    let mut record = json!({
        "eventVersion": "1.08", "eventTime": format!("2026-03-02T04:{:02}:10Z", number % 60), "eventSource": "ec2.amazonaws.com",
        "eventName": "AuthorizeSecurityGroupIngress", "awsRegion": "us-east-1", "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2", "requestID": format!("request-{number:08}"), "eventID": format!("e{number}"), "readOnly": false,
        "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
        "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/a", "principalId": "AIDAEXAMPLE",
                          "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "userName": "a" },
        "requestParameters": { "groupId": "sg-0123456789abcdef0" }, "responseElements": { "_return": true },
    });
    for (pointer, value) in changed {
        *record.pointer_mut(pointer).unwrap() = value.clone();
    }
    record
}

fn item(hour: u32, open: bool) -> Value {
    let range = if open { json!([{ "cidrIp": "0.0.0.0/0", "description": HOSTILE }]) } else { json!([]) };
    json!({
        "configurationItemVersion": "1.3", "configurationItemCaptureTime": format!("2026-03-02T{hour:02}:30:00Z"),
        "configurationItemStatus": if open { HOSTILE } else { "OK" }, "configurationStateId": hour, "awsAccountId": "111122223333",
        "awsRegion": "us-east-1", "availabilityZone": HOSTILE, "resourceType": "AWS::EC2::SecurityGroup",
        "resourceId": "sg-0123456789abcdef0", "resourceName": HOSTILE,
        "ARN": "arn:aws:ec2:us-east-1:111122223333:security-group/sg-0123456789abcdef0",
        "tags": { HOSTILE: HOSTILE },
        "relationships": [{ "resourceType": "AWS::EC2::Instance", "resourceId": HOSTILE, "name": HOSTILE }],
        "configuration": { "groupName": HOSTILE, "description": HOSTILE, HOSTILE: open,
                           "ipPermissions": [{ "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipv4Ranges": range }] },
    })
}

/// Logs of every kind with the hostile text wherever a text may stand, and one file that is none.
fn evidence(dir: &Path) {
    let mut records = vec![cloudtrail(0, &[])];
    let texts = [
        "/eventSource",
        "/eventName",
        "/awsRegion",
        "/sourceIPAddress",
        "/userAgent",
        "/requestID",
        "/eventID",
        "/eventType",
        "/recipientAccountId",
        "/userIdentity/type",
        "/userIdentity/arn",
        "/userIdentity/principalId",
        "/userIdentity/accessKeyId",
        "/userIdentity/userName",
        "/requestParameters/groupId",
        "/eventVersion",
        "/eventTime",
    ];
    for (at, pointer) in texts.iter().enumerate() {
        records.push(cloudtrail(at + 1, &[(pointer, json!(HOSTILE))]));
    }
    records.push(cloudtrail(
        40,
        &[
            ("/userIdentity/arn", json!(HOSTILE)),
            ("/userAgent", json!(HOSTILE)),
            ("/requestParameters", json!({ HOSTILE: HOSTILE })),
        ],
    ));
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).unwrap();
    write("trail.json", json!({ "Records": records }).to_string());
    let items: Vec<Value> = [(2, false), (5, true), (8, false)].map(|(hour, open)| item(hour, open)).to_vec();
    write(
        "config.json",
        json!({ "fileVersion": "1.0", "configSnapshotId": HOSTILE, "configurationItems": items }).to_string(),
    );
    let agent = HOSTILE.replace(['\r', '\n'], " ");
    write(
        "access.log",
        format!(
            "79a5 bucket [02/Mar/2026:04:00:38 +0000] 198.51.100.7 {agent} 3E57427F3EXAMPLE REST.GET.OBJECT {agent} \"GET /{agent} HTTP/1.1\" 200 - 2662992 3462992 70 10 \"{agent}\" \"{agent}\" - h SigV4 c AuthHeader e TLSv1.2 - -\n"
        ),
    );
    write(
        "front.log",
        format!(
            "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken\n2026-03-02\t04:00:00\tFRA2\t2390\t198.51.100.7\tGET\td1.cloudfront.net\t/{agent}\t200\t{agent}\t{agent}\t-\t-\tHit\trid\th\thttps\t23\t0.001\n"
        ),
    );
    // Neither recognised nor whole.
    std::fs::write(dir.join(NAME), HOSTILE).unwrap();
    std::fs::write(dir.join(format!("{NAME}.json")), format!("{{\"Records\":[{{\"eventName\":\"{NAME}\"")).unwrap();
    std::fs::write(dir.join(format!("{NAME}.json.gz")), [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]).unwrap();
}

/// A case as somebody else may have made it: its name, its operator and its questions are theirs.
fn case(dir: &Path) -> PathBuf {
    let logs = dir.join(format!("{NAME} logs"));
    std::fs::create_dir(&logs).unwrap();
    evidence(&logs);
    let name = format!("{NAME} case");
    let made = run(dir, &["init", &name, "--operator", HOSTILE, "--reference", HOSTILE]).expect(0);
    assert_eq!(look(&["init"], &made, true), None);
    // Delta cannot write below a folder of such a name, so the case lies in a plain one, and its name is in `case.toml`.
    let case = dir.join("case");
    std::fs::rename(dir.join(name), &case).unwrap();
    let toml = std::fs::read_to_string(case.join("case.toml")).unwrap();
    assert!(toml.contains("FORGED"), "{toml}");
    let area = case.join("queries").join(format!("own{NAME}"));
    std::fs::create_dir_all(&area).unwrap();
    let text = HOSTILE.replace(['\r', '\n'], " ");
    let head = |sql: &str| {
        format!(
            "-- title: {text}\n-- question: {text}?\n-- sources: cloudtrail, {text}\n-- attack: {text}\n-- parameter: p text = {text}\n-- about p: {text}\n-- trap: {text}\n-- next: {text}\n{sql}"
        )
    };
    std::fs::write(area.join("hostile.sql"), head("select $p as p, useragent from cloudtrail")).unwrap();
    std::fs::write(area.join(format!("{NAME}.sql")), format!("-- {text}")).unwrap();
    case
}

/// Looks at everything that a run printed. `text` is false where lines of evidence are shown as they are, such as the
/// SQL of a question.
fn look(what: &[&str], ran: &Ran, text: bool) -> Option<String> {
    for (stream, out) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
        if let Some((at, c)) = out.char_indices().find(|(_, c)| is_active(*c) && !matches!(c, '\n' | '\t')) {
            let before: Vec<char> = out[..at].chars().rev().take(60).collect();
            return Some(format!("{what:?}: {c:?} on {stream} after {:?}", before.iter().rev().collect::<String>()));
        }
        let mut before = "";
        for line in out.lines() {
            if text && line.trim_start().starts_with("FORGED") {
                return Some(format!("{what:?}: a line of the attacker's on {stream} after {before:?}"));
            }
            before = line;
        }
    }
    ran.stderr.contains("panicked").then(|| format!("{what:?}: {}", ran.stderr))
}

/// Every verb, with what it is asked; each also with `--json`. `CASE` and such are filled in.
const VERBS: &[&[&str]] = &[
    &["add", "LOGS"],
    &["add", "/nowhere/HOSTILE"],
    &["ingest"],
    &["derive"],
    &["derive", "--again"],
    &["verify"],
    &["status"],
    &["sources", "list"],
    &["sources", "check", "HOSTILE", "LOGS"],
    &["tables"],
    &["tables", "cloudtrail"],
    &["tables", "HOSTILE"],
    &["sql", "select * from cloudtrail"],
    &["sql", "select * from events"],
    &["sql", "select * from config_items"],
    &["sql", "select * from rejects"],
    &["sql", "select * from objects"],
    &["sql", "select * from s3_access"],
    &["sql", "select * from cloudfront"],
    &["sql", "select 'HOSTILE"],
    &["sql", "select \"HOSTILE\" from cloudtrail"],
    &["sql", "select * from \"HOSTILE\""],
    &["sql", "select cast('HOSTILE' as int)"],
    &["query", "list"],
    &["query", "list", "HOSTILE"],
    &["query", "show", "hostile"],
    &["query", "show", "HOSTILE"],
    &["query", "run", "hostile"],
    &["query", "run", "hostile", "--help"],
    &["query", "run", "hostile", "--p", "HOSTILE"],
    &["query", "run", "HOSTILE"],
    &["query", "run", "triage/key_activity", "--from", "HOSTILE"],
    &["query", "run", "triage/key_activity", "--key", "HOSTILE"],
    &["record", "HOSTILE", "1"],
    &["trust"],
    &["trust", "LOGS"],
    &["trust", "/nowhere/HOSTILE"],
    &["trust", "--remove", "/nowhere/HOSTILE"],
    &["report", "area", "triage"],
    &["report", "area", "config"],
    &["report", "area", "HOSTILE"],
    &["custody"],
    &["lake", "clean", "--dry-run"],
    &["custody", "verify"],
    &["timeline", "--from", "start", "--to", "end"],
    &["timeline", "--around", "HOSTILE"],
    &["exposure", "--all"],
    &["exposure", "HOSTILE"],
    &["actor", "AKIAIOSFODNN7EXAMPLE", "--tree"],
    &["actor", "HOSTILE"],
    &["request", "HOSTILE"],
    &["request", "3E57427F3EXAMPLE"],
    &["request", "request-00000005"],
    &["request", "request-00000040"],
    &["config", "list"],
    &["config", "show", "sg-0123456789abcdef0", "--at", "2026-03-02T06:00:00Z"],
    &["config", "show", "HOSTILE"],
    &["config", "log", "sg-0123456789abcdef0"],
    &["config", "diff", "sg-0123456789abcdef0", "--from", "start", "--to", "end"],
    &["config", "blame", "sg-0123456789abcdef0"],
    &["config", "related", "sg-0123456789abcdef0"],
    &["config", "investigate", "sg-0123456789abcdef0"],
    &["fetch", "s3://bucket/HOSTILE", "--source", "HOSTILE"],
    &["fetch", "HOSTILE"],
    &["export-evidence", "OUT"],
    &["completions", "bash"],
    &["man"],
];

/// Verbs that are looked at elsewhere: `init` makes the case, `demo` shows our own data, the
/// shell takes what is typed.
const ELSEWHERE: &[&str] = &["init", "demo", "help", "shell"];

#[test]
fn nothing_hostile_leaves_through_any_verb() {
    let directory = tempfile::tempdir().unwrap();
    let case = case(directory.path());
    let logs = directory.path().join(format!("{NAME} logs")).to_string_lossy().into_owned();
    let mut wrong = Vec::new();
    for (number, verb) in VERBS.iter().enumerate() {
        let out = directory.path().join(format!("out {number} {NAME}")).to_string_lossy().into_owned();
        let fill = |word: &&str| word.replace("HOSTILE", HOSTILE).replace("LOGS", &logs).replace("OUT", &out);
        let mut words: Vec<String> = verb.iter().map(fill).collect();
        // The SQL of a question keeps its lines.
        let text = !matches!(verb, ["query", "show", _]);
        wrong.extend(look(verb, &run(&case, &words), text));
        words.push("--json".to_owned());
        wrong.extend(look(verb, &run(&case, &words), true));
    }
    for typed in [
        "select * from cloudtrail;",
        ".mode record\nselect * from config_items;",
        ".run hostile",
        ".run hostile --p HOSTILE",
        ".run HOSTILE",
        ".questions",
        ".schema HOSTILE",
        ".record HOSTILE 1",
        ".mode HOSTILE",
        ".read HOSTILE",
        ".HOSTILE",
        "select HOSTILE;",
    ] {
        let script = directory.path().join("typed");
        std::fs::write(&script, typed.replace("HOSTILE", HOSTILE)).unwrap();
        let typing = std::fs::File::open(&script).unwrap();
        let ran = Ran::of(command(&case).arg("shell").stdin(typing).output().unwrap());
        wrong.extend(look(&["shell", typed], &ran, true));
    }
    for format in ["table", "record", "csv", "json", "jsonl", "markdown", "html"] {
        let words = ["sql", "select * from events", "--output", format];
        wrong.extend(look(&words, &run(&case, &words), true));
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    // There was something to be seen.
    let seen = run(&case, &["sql", "select useragent, useridentity.arn from cloudtrail"]).expect(0).stdout;
    assert!(seen.contains("\\u{1b}]0;PWNED"), "{seen}");
    let items = run(&case, &["config", "list", "--json"]);
    assert!(items.stdout.contains("sg-0123456789abcdef0"), "{}{}", items.stdout, items.stderr);
}

/// A verb that nobody looks at is the one that lets it through.
#[test]
fn every_verb_is_looked_at() {
    let names = |arguments: &[&str]| -> BTreeSet<String> {
        let help = run(&root(), arguments).expect(0).stdout;
        let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
        let first = |line: &str| {
            line.strip_prefix("  ")
                .filter(|rest| !rest.starts_with(' '))
                .and_then(|r| r.split(' ').next().map(str::to_owned))
        };
        commands.lines().filter_map(first).collect()
    };
    for verb in names(&["--help"]) {
        let looked = VERBS.iter().any(|words| words.first() == Some(&&*verb)) || ELSEWHERE.contains(&&*verb);
        assert!(looked, "`{verb}` is in no line of VERBS");
    }
    for group in ["config", "query"] {
        for verb in names(&[group, "--help"]) {
            let looked = VERBS.iter().any(|words| words.starts_with(&[group, &verb])) || verb == "help";
            assert!(looked, "`{group} {verb}` is in no line of VERBS");
        }
    }
}

/// Progress is drawn with escape sequences of our own; what stands in keys and values must not be among them.
#[test]
fn progress_shows_nothing_hostile() {
    let directory = tempfile::tempdir().unwrap();
    let case = case(directory.path());
    let logs = directory.path().join(format!("{NAME} logs"));
    for words in
        [vec!["add", logs.to_str().unwrap()], vec!["ingest"], vec!["verify"], vec!["derive", "--again"], vec!["status"]]
    {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let line = format!("'{}' {}", env!("CARGO_BIN_EXE_coldtrail"), quoted.join(" "));
        let mut script = Command::new("script");
        script.env("XDG_STATE_HOME", crate::support::state());
        script.args(["-qec", &line, "/dev/null"]).current_dir(&case).env("PAGER", "cat").env_remove("COLDTRAIL_CASE");
        let output = match script.stdin(std::process::Stdio::null()).output() {
            Ok(output) => output,
            Err(error) => {
                crate::support::skipped("progress_shows_nothing_hostile", &format!("`script`: {error}"));
                return;
            }
        };
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(!shown.is_empty(), "{words:?}");
        for bad in ["\u{1b}]0;", "\u{9b}", "\u{202e}", "\u{200b}", "\u{7}"] {
            assert!(!shown.contains(bad), "{words:?}: {bad:?} in {shown:?}");
        }
    }
    // The program itself is there, and the case is what it says.
    assert!(command(&case).arg("status").output().unwrap().status.code().is_some());
}
