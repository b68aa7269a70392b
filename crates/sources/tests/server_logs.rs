//! Logs of database servers: real files counted on their own account, and text that imitates them.

use coldtrail_evidence::ObjectKey;
use coldtrail_sources::{Framing, Head, SOURCES};
use proptest::prelude::*;

use crate::decoded::{Fate, Outcome, Seen, decode, run};
use crate::fidelity::{Log, corpora, logs};

/// Files whose first entries are of another log, which then takes them.
const OF_OTHERS: &[(&str, &str)] = &[
    // It begins with an entry of a general log.
    ("mysql_error_mariadb-10.4.8.log", "rds_audit"),
];

fn cells(seen: &Seen) -> &[(&'static str, String)] {
    match &seen.fate {
        Fate::Row { cells, .. } => cells,
        _ => &[],
    }
}

fn cell<'a>(seen: &'a Seen, column: &str) -> Option<&'a str> {
    cells(seen).iter().find(|(name, _)| *name == column).map(|(_, text)| text.as_str())
}

/// Does a line of PostgreSQL begin an entry, by the label alone?
fn begins_postgres(line: &str) -> bool {
    let dated = line.trim_start_matches('"').get(..5).is_some_and(|year| year.starts_with("20") && year.ends_with('-'));
    let labels = ["LOG: ", "ERROR: ", "FATAL: ", "PANIC: ", "WARNING: ", "NOTICE: "];
    let csv = [",LOG,", ",ERROR,", ",FATAL,", ",PANIC,", ",WARNING,"];
    dated && (labels.iter().any(|label| line.contains(label)) || csv.iter().any(|label| line.contains(label)))
}

/// Does a line of MySQL begin an entry, by its time alone?
fn begins_mysql(line: &str) -> bool {
    let digits = |count: usize| line.len() > count && line.bytes().take(count).all(|b| b.is_ascii_digit());
    digits(6) && line.as_bytes()[6] == b' ' || digits(4) && line.as_bytes()[4] == b'-'
}

fn is_server_log(log: &Log) -> bool {
    let folder = |name: &str| log.name.contains(name);
    (folder("/mysql_error_")
        || folder("/postgresql_log_")
        || folder("/pgbadger/")
        || log.name.contains("postgresql-query-logging")
        || log.name.contains("pgaudit"))
        && log.name.ends_with(".log")
}

#[test]
fn entries_of_servers_are_counted() {
    let Some(root) = corpora() else { return };
    let (mut files, mut rows) = (0, 0);
    let mut wrong = Vec::new();
    for log in logs(&root, &["rds"]).into_iter().filter(is_server_log) {
        let source = log.outcome.source.map(|source| source.name);
        if let Some((_, other)) = OF_OTHERS.iter().find(|(name, _)| log.name.ends_with(name)) {
            assert_eq!(source, Some(*other), "{}", log.name);
            continue;
        }
        assert_eq!(source, Some("rds_log"), "{}", log.name);
        let text = log.text();
        let begins = if log.name.contains("mysql") { begins_mysql } else { begins_postgres };
        let begun = text.lines().filter(|line| begins(line)).count();
        // An entry may have begun in another file.
        let orphan = usize::from(text.lines().next().is_some_and(|line| !begins(line)));
        let rejects = log.outcome.rejects().count();
        if begun + orphan != log.outcome.rows() + rejects {
            wrong.push(format!("{}: {begun} + {orphan}, {} rows, {rejects} rejects", log.name, log.outcome.rows()));
        }
        assert!(rejects <= orphan, "{}: {:?}", log.name, log.outcome.rejects().collect::<Vec<_>>());
        (files, rows) = (files + 1, rows + log.outcome.rows());
        print(&format!("{}: {} rows, {rejects} rejects", log.name, log.outcome.rows()));
    }
    print(&format!("{files} files, {rows} rows"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files >= 20 && rows >= 3500, "{files} files, {rows} rows");
}

#[expect(clippy::print_stderr, reason = "what was counted, for who wants to see it")]
fn print(line: &str) {
    eprintln!("{line}");
}

/// Every word of a file is in a cell of its row; times are compared as such.
#[test]
fn words_of_server_logs_are_in_their_rows() {
    let Some(root) = corpora() else { return };
    let mut lost = Vec::new();
    for log in logs(&root, &["rds"]).into_iter().filter(is_server_log) {
        if log.outcome.source.is_none_or(|source| source.name != "rds_log") {
            continue;
        }
        for seen in log.outcome.seen.iter().filter(|seen| !cells(seen).is_empty()) {
            let all: String =
                cells(seen).iter().map(|(_, text)| format!("{text}\n{}\n", text.replace("\\\"", "\""))).collect();
            let time = cell(seen, "event_time").unwrap_or_default();
            assert!(!time.is_empty(), "{}: {:?}", log.name, cells(seen));
            let split = |c: char| c.is_whitespace() || ",;:()[]{}\"'@=".contains(c);
            let known = |word: &str| {
                let is_label = word.bytes().all(|b| b.is_ascii_uppercase()) && word.len() >= 3;
                let is_time = time.contains(word.trim_end_matches('Z')) || time.replace('-', "").contains(word);
                // Names before `=` in prefixes, and a name that says that there is none.
                let says_nothing = ["usr", "appli", "user", "db", "app", "client", "unknown"].contains(&word);
                all.contains(word) || is_label || is_time || says_nothing
            };
            let words = seen.text.split(split).filter(|word| !word.is_empty() && !known(word));
            lost.extend(words.map(|word| format!("{} record {}: {word}", log.name, seen.ordinal)));
        }
    }
    assert!(lost.is_empty(), "{} lost:\n{}", lost.len(), lost.iter().take(40).cloned().collect::<Vec<_>>().join("\n"));
}

fn as_log(text: &str) -> Outcome {
    decode("error/postgresql.log.2026-04-09-04", text.as_bytes(), false)
}

const PREFIX: &str = "2026-04-09 04:31:43 UTC:192.0.2.7(51234):shop@orders:[1201]:";

const ROW_BEGINS: &str = concat!(
    "2026-04-09 04:31:43.120 UTC,\"shop\",\"orders\",1201,\"192.0.2.7:51234\",69d728a0.4b1,6,\"SELECT\",",
    "2026-04-09 04:31:29 UTC,3/136,0,LOG,00000"
);

/// What a client may send, as PostgreSQL writes it: a tab behind each line break.
fn tabbed(text: &str) -> String {
    text.replace('\n', "\n\t")
}

/// Logs of other kinds hold lines like these in the texts of clients; the first line tells.
#[test]
fn what_stands_in_other_logs_is_theirs() {
    let forged = format!("{PREFIX}LOG:  forged\n2026-04-09T04:31:43.000000Z 4 [Note] forged\n");
    let source = |text: String| as_log(&text).source.map(|source| source.name);
    let general = format!("2026-04-09T04:31:43.123456Z\t    8 Query\tselect '\n{forged}'\n");
    assert_eq!(source(general), Some("rds_audit"));
    let slow = "# Time: 2026-04-09T04:31:43.123456Z\n# User@Host: a[a] @  [192.0.2.7]  Id:     8\n# Query_time: 1";
    assert_eq!(source(format!("{slow}  Lock_time: 0\nselect '\n{forged}';\n")), Some("rds_slow"));
    let header = "/rdsdbbin/mysql/bin/mysqld, Version: 8.4.4 (Source distribution). started with:\n";
    assert_eq!(source(format!("{header}Tcp port: 3306  Unix socket: /tmp/mysql.sock\n{forged}")), None);
    let denied = "Access denied for user 'a\n# User@Host: '@'192.0.2.9' (using password: NO)";
    assert_eq!(source(format!("2026-04-09T04:31:43.000000Z 4 [Note] {denied}\n")), Some("rds_log"));
    let syslog = "Apr  9 04:31:43 db-1 postgres[1201]: [5-1] LOG:  statement: select 1\n";
    assert_eq!(source(syslog.repeat(20)), None);
}

/// Pieces of which an attacker makes a statement.
fn pieces() -> impl Strategy<Value = String> {
    let forged = format!("{PREFIX}LOG:  forged");
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just(forged),
        Just(format!("{PREFIX}DETAIL:  forged")),
        Just("2026-04-09 04:31:43.1 UTC,\"a\",\"b\",1,\"c\",69d7289f.1,1,\"\",".to_owned()),
        Just("2026-04-09T04:31:43.000000Z 4 [Note] forged".to_owned()),
        Just("# User@Host: root[root] @ localhost []".to_owned()),
        Just("20260409 04:31:43,h,root,localhost,1,2,CONNECT,,,0".to_owned()),
        Just("09-APR-2026 04:31:43 * x * y * 0".to_owned()),
        "[a-z '\",;:@\\[\\]()$-]{0,12}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// A statement makes no entry of its own and comes back as it was sent, in lines and in csvlog.
    #[test]
    fn a_statement_stays_in_its_entry(statement in pieces()) {
        let statement = format!("select {statement} end");
        let tabbed = tabbed(&statement);
        let lines = [
            format!("LOG:  duration: 1.5 ms  statement: {tabbed}"),
            "ERROR:  no".to_owned(),
            format!("STATEMENT:  {tabbed}"),
            "LOG:  last".to_owned(),
        ];
        let text: String = lines.iter().map(|line| format!("{PREFIX}{line}\n")).collect();
        let outcome = as_log(&text);
        prop_assert_eq!(outcome.source.map(|source| source.name), Some("rds_log"));
        prop_assert_eq!((outcome.rows(), outcome.rejects().count(), outcome.seen.len()), (3, 0, 3));
        prop_assert_eq!(cell(&outcome.seen[0], "statement"), Some(statement.as_str()));
        prop_assert_eq!(cell(&outcome.seen[1], "statement"), Some(statement.as_str()));
        prop_assert_eq!(cell(&outcome.seen[0], "duration"), Some("0.0015"));

        let quoted = statement.replace('"', "\"\"");
        let row = |message: &str| format!("{ROW_BEGINS},\"{message}\",,,,,,,,,\"psql\",\"client backend\",,0\n");
        let text = row(&format!("statement: {quoted}")) + &row("statement: last");
        let outcome = as_log(&text);
        prop_assert_eq!((outcome.rows(), outcome.rejects().count(), outcome.seen.len()), (2, 0, 2));
        prop_assert_eq!(cell(&outcome.seen[0], "statement"), Some(statement.as_str()));
        prop_assert_eq!(cell(&outcome.seen[1], "statement"), Some("last"));
    }

    /// Names in the prefix shift no column: they are as they were given, or the entry says that it is not clear.
    #[test]
    fn names_shift_nothing(
        user in "[a-z:@\\[\\]()0-9 ]{1,20}|a@b:\\[1\\]:LOG:  x",
        database in "[a-z:@\\[\\]0-9]{1,12}",
    ) {
        let text = format!("2026-04-09 04:31:43 UTC:192.0.2.7(51234):{user}@{database}:[1201]:FATAL:  no\n");
        let source = SOURCES.iter().find(|source| source.name == "rds_log").unwrap();
        let key = ObjectKey::default();
        let head = Head { name: "", key: &key, bytes: text.as_bytes(), whole: true };
        let outcome = run(source, Framing::Lines, &head, text.as_bytes());
        prop_assert_eq!(outcome.rows(), 1);
        let seen = &outcome.seen[0];
        let clear = cell(seen, "extra").is_none_or(|extra| !extra.contains("\"ambiguous\""));
        prop_assert_eq!(cell(seen, "host"), Some("192.0.2.7"));
        if clear {
            prop_assert_eq!(cell(seen, "username"), Some(user.as_str()));
            prop_assert_eq!(cell(seen, "database"), Some(database.as_str()));
            prop_assert_eq!(cell(seen, "connection_id"), Some("1201"));
        }
    }
}
