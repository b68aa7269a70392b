//! A case that came from somebody else: nothing outside of it is changed, nothing is read that the user does not trust,
//! nothing waits for ever, and no question or name of it stands for what the program itself says.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Ran, case_of, command, root, run, sql, state};

/// A run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs the binary, and fails the test when it does not end.
#[track_caller]
fn limited<S: AsRef<std::ffi::OsStr> + std::fmt::Debug>(directory: &Path, arguments: &[S]) -> Ran {
    let mut run = command(directory);
    run.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = run.spawn().unwrap();
    let (stdout, stderr) = (reading(child.stdout.take().unwrap()), reading(child.stderr.take().unwrap()));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{arguments:?} did not end: {}", stderr.join().unwrap());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    Ran { status: status.code().unwrap_or(-1), stdout, stderr }
}

fn reading(mut from: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn fifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
}

/// The files below a folder, with their bytes; of a folder nothing, of a link where it leads.
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let about = path.symlink_metadata().unwrap();
        if about.is_dir() {
            found.insert(path.clone(), Vec::new());
            found.extend(everything(&path));
        } else if about.is_symlink() {
            found.insert(path.clone(), path.read_link().unwrap().to_string_lossy().as_bytes().to_vec());
        } else {
            found.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    found
}

/// A small case with a lake.
fn small(directory: &Path) -> PathBuf {
    let folder = root().join("sample-data/config-bucket").to_string_lossy().into_owned();
    let case = case_of(directory, &[&folder], &[]);
    run(&case, &["ingest"]).expect(0);
    case
}

/// Puts a link in a place of the case.
fn replace(place: &Path, target: &Path) {
    if place.is_dir() {
        std::fs::remove_dir_all(place).unwrap();
    } else if place.exists() {
        std::fs::remove_file(place).unwrap();
    }
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    symlink(target, place).unwrap();
}

/// A place of a case that may be a link, whether it is a folder, and the verbs that need it and must say so.
struct Place {
    path: &'static str,
    is_folder: bool,
    refused: &'static [&'static str],
}

const PLACES: &[Place] = &[
    Place { path: "evidence/.lock", is_folder: false, refused: &["add"] },
    Place { path: "lake/.lock", is_folder: false, refused: &["ingest", "derive"] },
    Place { path: "custody.jsonl", is_folder: false, refused: &["add", "ingest", "verify", "report"] },
    Place { path: "evidence/manifest.jsonl", is_folder: false, refused: &["add", "ingest", "verify"] },
    Place { path: "evidence/absent.jsonl", is_folder: false, refused: &["add"] },
    // It may also be taken away: it is a file that never lasts.
    Place { path: ".manifest-sha256.txt.new", is_folder: false, refused: &[] },
    Place { path: "lake", is_folder: true, refused: &["ingest", "derive"] },
    Place { path: "lake/sessions", is_folder: true, refused: &["ingest", "derive", "verify"] },
    Place { path: "lake/objects/_delta_log", is_folder: true, refused: &["ingest", "derive", "sql"] },
    Place { path: "lake/.spill", is_folder: true, refused: &[] },
    Place { path: "evidence/objects", is_folder: true, refused: &["add"] },
    Place { path: "queries", is_folder: true, refused: &[] },
];

#[test]
fn no_link_leads_out_of_a_case() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let more = directory.path().join("more");
    std::fs::create_dir(&more).unwrap();
    std::fs::write(more.join("new.json"), "{\"Records\":[]}").unwrap();
    // What is not taken is noted in `absent.jsonl`, and its name is the attacker's.
    symlink("nowhere", more.join("$(touch PWNED)")).unwrap();
    let mut wrong = Vec::new();
    for place in PLACES {
        let here = directory.path().join(format!("case of {}", place.path.replace('/', " ")));
        copy(&case, &here);
        let outside = tempfile::tempdir().unwrap();
        let target = outside.path().join("target");
        if place.is_folder {
            std::fs::create_dir(&target).unwrap();
            std::fs::write(target.join("kept"), "kept").unwrap();
        } else {
            std::fs::write(&target, "kept as it is, without a line end").unwrap();
        }
        replace(&here.join(place.path), &target);
        let before = everything(outside.path());
        let more = more.to_string_lossy();
        let out = here.join("reports/out.html").to_string_lossy().into_owned();
        let export = directory.path().join(format!("export {}", place.path.replace('/', " ")));
        let export = export.to_string_lossy();
        let verbs: &[&[&str]] = &[
            &["add", &more],
            &["ingest"],
            &["derive", "--again"],
            &["verify"],
            &["report", "area", "triage", "-o", &out, "--force"],
            &["status"],
            &["sql", "select count(*) from objects"],
            &["custody"],
            &["custody", "verify"],
            &["query", "list"],
            &["lake", "clean"],
            &["export-evidence", &export],
        ];
        // Those that write wherever they can; the others where they must say so, as they take their time.
        let always = ["add", "ingest", "sql", "query", "lake", "export-evidence"];
        for verb in verbs.iter().filter(|verb| always.contains(&verb[0]) || place.refused.contains(&verb[0])) {
            let ran = limited(&here, verb);
            if everything(outside.path()) != before {
                wrong.push(format!("{}: {verb:?} changed what is outside", place.path));
            }
            let name = place.path.rsplit('/').next().unwrap();
            if place.refused.contains(&verb[0]) && (ran.status == 0 || !ran.stderr.contains(name)) {
                let (status, stderr) = (ran.status, ran.stderr);
                wrong.push(format!("{}: {verb:?} ends in {status} and names no link: {stderr}", place.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A question as a case has it.
const QUESTION: &str = "-- title: REPLACED\n-- question: q?\n-- sources: cloudtrail\nselect 1 as one";

#[test]
fn questions_of_a_case_replace_none_and_nothing_waits_for_them() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["init", "case"]).expect(0);
    let case = directory.path().join("case");
    let area = case.join("queries/triage");
    std::fs::create_dir_all(&area).unwrap();
    std::fs::write(area.join("failed_actions.sql"), QUESTION).unwrap();
    std::fs::write(area.join("of_mine.sql"), QUESTION).unwrap();
    std::fs::write(area.join("long.sql"), " ".repeat(2 << 20)).unwrap();
    fifo(&area.join("pipe.sql"));
    symlink("/dev/zero", area.join("device.sql")).unwrap();
    symlink("/etc", case.join("queries/linked")).unwrap();
    let list = limited(&case, &["query", "list"]).expect(0);
    for name in ["long.sql", "pipe.sql", "device.sql", "linked"] {
        let is_told = list.stderr.lines().any(|line| line.contains(name) && line.contains("not opened"));
        assert!(is_told, "{name}: {}", list.stderr);
    }
    assert!(list.stdout.contains("case (they lie with this case"), "{}", list.stdout);
    assert!(list.stdout.contains("case/triage/failed_actions"), "{}", list.stdout);
    for name in ["triage/failed_actions", "failed_actions"] {
        let shown = limited(&case, &["query", "show", name]).expect(0);
        assert!(!shown.stdout.contains("REPLACED"), "{name}: {}", shown.stdout);
    }
    for name in ["case/triage/failed_actions", "case/triage/of_mine", "of_mine"] {
        let shown = limited(&case, &["query", "show", name]).expect(0);
        assert!(shown.stdout.contains("REPLACED") && shown.stdout.contains("from: this case"), "{}", shown.stdout);
    }
    limited(&case, &["query", "show", "triage/of_mine"]).expect(2);
    let report = limited(&case, &["report", "area", "triage"]);
    assert!(report.stdout.contains("triage") && !report.stdout.contains("REPLACED"), "{}", report.stdout);
    let all = limited(&case, &["query", "list", "--json"]).expect(0).rows();
    let of_case = all.iter().filter(|question| question["of_case"] == true).count();
    assert_eq!(of_case, 2);
}

/// A case whose files in place are: one that is what it says, a file that is nobody's business, a pipe, and a device.
fn case_in_place(directory: &Path) -> PathBuf {
    let logs = directory.join("logs");
    std::fs::create_dir(&logs).unwrap();
    for name in ["good", "secret", "pipe", "device"] {
        std::fs::write(logs.join(format!("{name}.json")), format!("{{\"Records\":[],\"n\":\"{name}\"}}")).unwrap();
    }
    std::fs::create_dir(directory.join("private")).unwrap();
    std::fs::write(directory.join("private/secret"), "THE SECRET").unwrap();
    fifo(&directory.join("private/pipe"));
    let case = case_of(directory, &[logs.to_string_lossy()], &["--in-place"]);
    // It was made elsewhere, and so nothing is trusted here.
    let theirs = directory.join("theirs");
    std::fs::rename(case, &theirs).unwrap();
    let manifest = theirs.join("evidence/manifest.jsonl");
    let lines: Vec<String> = std::fs::read_to_string(&manifest)
        .unwrap()
        .lines()
        .map(|line| {
            let mut entry: Value = serde_json::from_str(line).unwrap();
            let key = entry["key"].as_str().unwrap().to_owned();
            let place = match key.as_str() {
                "logs/secret.json" => directory.join("private/secret"),
                "logs/pipe.json" => directory.join("private/pipe"),
                "logs/device.json" => PathBuf::from("/dev/zero"),
                _ => return line.to_owned(),
            };
            entry["location"]["in_place"]["path"] = json!(place);
            entry.to_string()
        })
        .collect();
    std::fs::write(&manifest, format!("{}\n", lines.join("\n"))).unwrap();
    theirs
}

/// How many objects have a status.
fn objects(case: &Path, condition: &str) -> u64 {
    let rows = sql(case, &format!("select count(*) as n from objects where {condition}"));
    rows[0]["n"].as_u64().unwrap()
}

#[test]
fn nothing_in_place_is_read_unless_it_is_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path().canonicalize().unwrap();
    let case = case_in_place(&here);
    limited(&case, &["ingest"]).expect(3);
    assert_eq!(objects(&case, "status = 'failed'"), 4);
    assert_eq!(objects(&case, "status = 'failed' and reason like '%coldtrail trust%'"), 4);
    let ran = limited(&case, &["verify"]).expect(4);
    assert!(ran.stdout.contains("4 cannot be read"), "{}", ran.stdout);
    assert!(ran.stdout.contains("0 do not"), "what is not read contradicts nothing: {}", ran.stdout);
    let ran = limited(&case, &["record", "logs/secret.json", "1"]);
    assert!(ran.status != 0 && ran.stderr.contains("coldtrail trust"), "{}", ran.stderr);
    let export = |name: &str, trust: &[&str]| {
        let out = here.join(name);
        let words = [&["export-evidence", out.to_str().unwrap()][..], trust].concat();
        limited(&case, &words).expect(3);
        let text: String = everything(&out).values().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect();
        assert!(!text.contains("THE SECRET"), "{text}");
        everything(&out).keys().filter(|path| path.is_file()).count()
    };
    assert_eq!(export("nothing", &[]), 2, "the index and the sums");
    // Trusted for one run: what is not what was collected is not written all the same, and what has no end is not read.
    let private = here.join("private").to_string_lossy().into_owned();
    let logs = here.join("logs").to_string_lossy().into_owned();
    let trust = ["--trust", &private, "--trust", "/dev", "--trust", &logs];
    assert_eq!(export("one", &trust), 3);
    let ran = limited(&case, &[&["verify"][..], &trust].concat()).expect(4);
    assert!(ran.stdout.contains("1 have the hash of the manifest, 1 do not, 2 cannot be read"), "{}", ran.stdout);
    // Remembered: the good one is read from now on.
    limited(&case, &["trust", &logs]).expect(0);
    limited(&case, &["ingest"]);
    assert_eq!(objects(&case, "status = 'failed'"), 3);
    assert_eq!(objects(&case, "status = 'failed' and key like '%good%'"), 0);
}

#[test]
fn who_adds_in_place_trusts_and_may_think_again() {
    let directory = tempfile::tempdir().unwrap();
    let folder = root().join("sample-data/config-bucket").canonicalize().unwrap().to_string_lossy().into_owned();
    let case = case_of(directory.path(), &[&folder], &["--in-place"]);
    assert_eq!(run(&case, &["trust", "--json"]).expect(0).json()["trusted"], json!([folder]));
    assert!(state().join("coldtrail/trusted.json").is_file());
    run(&case, &["verify"]).expect(0);
    run(&case, &["trust", "--remove", &folder]).expect(0);
    let ran = run(&case, &["verify"]).expect(3);
    assert!(ran.stdout.contains("outside the case"), "{}", ran.stdout);
    run(&case, &["verify", "--trust", &folder]).expect(0);
    run(&case, &["trust", "/no/such/folder"]).expect(1);
    run(&case, &["trust", &folder]).expect(0);
    assert!(run(&case, &["trust"]).expect(0).stdout.contains(&folder));
    run(&case, &["verify"]).expect(0);
    // Without a place to remember it in that is said, and one run can be told.
    let homeless = |words: &[&str]| {
        let mut command = command(&case);
        Ran::of(command.env_remove("HOME").env_remove("XDG_STATE_HOME").args(words).output().unwrap())
    };
    let ran = homeless(&["add", "--in-place", &folder]);
    assert!(ran.stderr.contains("--trust DIR"), "{}", ran.stderr);
    let ran = homeless(&["trust", &folder]).expect(2);
    assert!(ran.stderr.contains("--trust DIR"), "{}", ran.stderr);
    homeless(&["verify"]).expect(3);
    homeless(&["verify", "--trust", &folder]).expect(0);
}

#[test]
fn no_name_of_a_case_begins_a_line_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let case = small(directory.path());
    let toml = case.join("case.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    let forged = r#"name = "x\nhint: FORGED\nVerdict: FORGED\u001b[31m""#;
    let text: Vec<&str> = text.lines().map(|line| if line.starts_with("name") { forged } else { line }).collect();
    std::fs::write(&toml, text.join("\n")).unwrap();
    let log = case.join("custody.jsonl");
    let lines = std::fs::read_to_string(&log).unwrap();
    let mut last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    for member in ["time", "actor", "host", "command", "hash"] {
        last[member] = json!("x\nhint: FORGED\r\nVerdict: FORGED\u{1b}[31m");
    }
    std::fs::write(&log, format!("{lines}{last}\n")).unwrap();
    let case_words = case.to_string_lossy().into_owned();
    for verb in [
        &["status"][..],
        &["custody"],
        &["custody", "verify"],
        &["verify", "--read-only"],
        &["report", "area", "config", "--read-only"],
        &["trust"],
        &["query", "list"],
        &["shell"],
    ] {
        for directory in [case.as_path(), directory.path()] {
            let ran = limited(directory, &[verb, &["--case", &case_words]].concat());
            for line in ran.stdout.lines().chain(ran.stderr.lines()) {
                let begins = ["hint: FORGED", "Verdict: FORGED"].iter().any(|forged| line.starts_with(forged));
                assert!(!begins && !line.contains('\u{1b}'), "{verb:?}: {line:?}");
            }
        }
    }
}

#[test]
fn a_record_in_a_pipe_is_escaped_unless_it_is_asked_for_raw() {
    let directory = tempfile::tempdir().unwrap();
    let logs = directory.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let record = json!({
        "eventVersion": "1.08", "eventTime": "2026-03-02T04:00:10Z", "eventSource": "ec2.amazonaws.com",
        "eventName": "x\u{202e}\u{9b}31m", "awsRegion": "us-east-1", "eventID": "e1", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "userIdentity": { "type": "IAMUser" },
    })
    .to_string();
    std::fs::write(logs.join("trail.json"), format!("{{\"Records\":[{record}]}}")).unwrap();
    let case = case_of(directory.path(), &[logs.to_string_lossy()], &[]);
    let shown = limited(&case, &["record", "logs/trail.json", "1"]).expect(0).stdout;
    assert!(shown.contains("\\u{202e}") && !shown.contains(['\u{202e}', '\u{9b}']), "{shown:?}");
    let raw = limited(&case, &["record", "logs/trail.json", "1", "--raw"]).expect(0).stdout;
    assert_eq!(raw, record);
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_made_is_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let bin = env!("CARGO_BIN_EXE_coldtrail");
    let loose = |words: &str| {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("umask 0; exec '{bin}' {words}")).current_dir(directory.path());
        Ran::of(shell.env_remove("COLDTRAIL_CASE").env("XDG_STATE_HOME", state()).output().unwrap())
    };
    let folder = |name: &str| {
        let path = directory.path().join(name);
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        path
    };
    // An empty folder that is there is closed; one with something in it is left, and that is said.
    let case = folder("case");
    loose("init case").expect(0);
    assert_eq!((mode(&case), mode(&case.join("case.toml"))), (0o700, 0o600));
    let used = folder("used");
    std::fs::write(used.join("notes"), "").unwrap();
    let ran = loose("init used").expect(0);
    assert!(ran.stderr.contains("chmod 700"), "{}", ran.stderr);
    assert_eq!(mode(&used), 0o777);
    std::fs::create_dir(directory.path().join("logs")).unwrap();
    std::fs::write(directory.path().join("logs/a.json"), "{}").unwrap();
    loose("add logs --case case").expect(0);
    let out = folder("out");
    loose("export-evidence out --case case").expect(0);
    assert_eq!(mode(&out), 0o700);
    for path in everything(&out).keys() {
        assert_eq!(mode(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    // Libraries write into the case too.
    let _nothing_that_is_known = loose("ingest --case case");
    loose("sql 'select count(*) from objects' --case case -o answer.csv").expect(0);
    assert!(case.join("lake/objects/_delta_log").is_dir());
    assert_eq!(mode(&directory.path().join("answer.csv")), 0o600);
    for path in everything(&case).keys() {
        assert_eq!(mode(path) & 0o077, 0, "{}: {:o}", path.display(), mode(path));
    }
}
