//! Logs of your own: a definition in the case makes a table of them.

use std::path::{Path, PathBuf};

use crate::support::{Ran, case_of, command, root, run, sql};

const SECURE: &str = "Mar  7 23:59:59 ip-10-0-1-23 sshd[2154]: Invalid user admin from 198.51.100.7 port 40022
Mar  8 00:01:17 ip-10-0-1-23 sshd[2160]: Accepted publickey for ec2-user from 203.0.113.66 port 51234 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
Mar  8 00:02:40 ip-10-0-1-23 sudo: ec2-user : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/bin/cat /etc/shadow
";

fn example() -> String {
    std::fs::read_to_string(root().join("docs/own-sources/secure.toml")).unwrap()
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A case with these lines in a file of a Linux host.
fn case_with(directory: &Path, lines: &str) -> PathBuf {
    write(&directory.join("host-1/secure-20260308"), lines);
    case_of(directory, &[directory.join("host-1").to_string_lossy()], &[])
}

#[test]
fn a_definition_makes_a_table_and_a_changed_one_makes_it_anew() {
    let directory = tempfile::tempdir().unwrap();
    let case = case_with(directory.path(), SECURE);
    let ran = run(&case, &["ingest"]).expect(3);
    assert!(ran.stderr.contains("1 unrecognised"), "{}", ran.stderr);
    let file = case.join("sources/secure.toml");
    write(&file, &example());
    let ran = run(&case, &["ingest", "--json"]).expect(0).json();
    assert_eq!((&ran["again"], &ran["lake"]["kept"]), (&1.into(), &3.into()), "{ran}");
    let rows = sql(
        &case,
        "select username, pid, ips[1] as ip, error_class from secure where program = 'sshd' order by event_time",
    );
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!((&rows[0]["username"], &rows[0]["error_class"]), (&"admin".into(), &"login_failed".into()));
    assert_eq!((&rows[1]["pid"], &rows[1]["ip"]), (&2160.into(), &"203.0.113.66".into()));
    let events = sql(&case, "select actor, action, ip from events where source = 'own_logs' and actor = 'ec2-user'");
    assert_eq!((&events[0]["action"], &events[0]["ip"]), (&"secure".into(), &"203.0.113.66".into()));
    let custody = std::fs::read_to_string(case.join("custody.jsonl")).unwrap();
    assert!(custody.contains("own_sources"), "the custody log names the definitions");
    // Nothing is new: nothing is read again.
    let ran = run(&case, &["ingest", "--json"]).expect(0).json();
    assert_eq!((&ran["objects"], &ran["already"]), (&0.into(), &1.into()), "{ran}");
    let object = sql(&case, "select evidence_object from secure")[0]["evidence_object"].as_str().unwrap().to_owned();
    let record = run(&case, &["record", &object, "2", "--json"]).expect(0).json();
    assert!(record["text"].as_str().unwrap().starts_with("Mar  8 00:01:17"), "{record}");
    // Another field, and another zone.
    let changed = example().replace("zone = \"UTC\"", "zone = \"+02:00\"");
    write(&file, &(changed + "\n[fields.command]\nfrom = \"body\"\npattern = 'COMMAND=(.*)$'\n"));
    let ran = run(&case, &["ingest", "--json"]).expect(0).json();
    assert_eq!((&ran["again"], &ran["lake"]["kept"]), (&1.into(), &3.into()), "{ran}");
    let rows =
        sql(&case, "select command, cast(event_time as varchar) as happened from secure where command is not null");
    assert_eq!((rows.len(), &rows[0]["command"]), (1, &"/bin/cat /etc/shadow".into()), "{rows:?}");
    assert!(rows[0]["happened"].as_str().unwrap().starts_with("2026-03-07 22:02:40"), "{rows:?}");
    // Without it, the object is unknown again.
    std::fs::remove_file(&file).unwrap();
    let ran = run(&case, &["ingest", "--json"]).expect(3).json();
    assert_eq!((&ran["lake"]["unrecognised"], &ran["lake"]["kept"]), (&1.into(), &0.into()), "{ran}");
    run(&case, &["sql", "select * from secure"]).expect(2);
}

#[test]
fn what_is_wrong_with_a_definition_costs_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let case = case_with(directory.path(), SECURE);
    write(&case.join("sources/a.toml"), &example().replace("\"secure\"", "\"cloudtrail\""));
    write(&case.join("sources/b.toml"), "name = ");
    write(&case.join("sources/secure.toml"), &example());
    write(&directory.path().join("mine/secure.toml"), &example().replace("Logins", "My logins"));
    let ran = run(&case, &["ingest"]).expect(0);
    for part in ["`cloudtrail` is a table or a view already", "b.toml: line 1"] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    let tables = run(&case, &["tables"]).expect(0).stdout;
    assert!(tables.contains("Logins of Linux hosts"), "{tables}");
    let listed = run(&case, &["sources", "list", "--json"]).expect(0).rows();
    assert!(listed.iter().any(|one| one["name"] == "cloudtrail" && one["file"].is_null()), "{listed:?}");
    assert!(listed.iter().any(|one| one["name"] == "secure" && one["sha256"].is_string()), "{listed:?}");
    // The user's own comes first.
    let mine = directory.path().join("mine");
    let output = command(&case).args(["sources", "list"]).env("COLDTRAIL_SOURCES", &mine).output().unwrap();
    let ran = Ran::of(output).expect(0);
    assert!(ran.stdout.contains("My logins of Linux hosts") && ran.stderr.contains("is that of"), "{}", ran.stderr);
}

#[test]
#[cfg(unix)]
fn no_link_of_a_case_is_followed_to_a_definition() {
    let directory = tempfile::tempdir().unwrap();
    let case = case_with(directory.path(), SECURE);
    write(&directory.path().join("elsewhere/secure.toml"), &example());
    std::os::unix::fs::symlink(directory.path().join("elsewhere"), case.join("sources")).unwrap();
    let ran = run(&case, &["ingest"]).expect(3);
    assert!(ran.stderr.contains("is a symbolic link"), "{}", ran.stderr);
}

#[test]
fn a_sample_is_read_as_the_definition_says() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    write(&here.join("secure.toml"), &example());
    write(&here.join("secure-20260308"), SECURE);
    let ran = run(here, &["sources", "check", "secure.toml", "secure-20260308"]).expect(0);
    for part in ["3 records: 3 rows, 0 rejects; 0 rows without a time", "ec2-user", "2026-03-08T00:01:17Z"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    write(&here.join("other/secure"), &format!("{SECURE}no line of this log \u{1b}[31m\n"));
    let ran = run(here, &["sources", "check", "secure.toml", "other/secure"]).expect(3);
    for part in ["3 rows without a time", "record 4 at byte", "fits none of the patterns of secure", "\\u{1b}"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let told = run(here, &["sources", "check", "secure.toml", "other/secure", "--json"]).expect(3).json();
    let sample = &told["samples"][0];
    assert_eq!((&sample["rows"], &sample["rejects"], &sample["undated"]), (&3.into(), &1.into(), &3.into()), "{told}");
    assert_eq!(sample["first_rows"][1]["username"], "ec2-user", "{told}");
    write(&here.join("wrong.toml"), &example().replace("type = \"integer\"", "type = \"int\""));
    let ran = run(here, &["sources", "check", "wrong.toml", "secure-20260308"]).expect(2);
    assert!(ran.stderr.contains("wrong.toml: line") && ran.stderr.contains("`int`"), "{}", ran.stderr);
    let event = "{\"eventVersion\":\"1.10\",\"eventTime\":\"2026-03-01T10:00:00Z\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"ListBuckets\"}\n";
    write(&here.join("secure.json"), event);
    let ran = run(here, &["sources", "check", "secure.toml", "secure.json"]).expect(3);
    assert!(ran.stdout.contains("it is known as cloudtrail"), "{}", ran.stdout);
}
