//! Logs that a definition describes: the examples of the documents, each framing, and lines that nobody expects.

use std::collections::BTreeMap;
use std::sync::Arc;

use coldtrail_evidence::ObjectKey;
use coldtrail_schema::tables::own_logs;
use coldtrail_sources::time::Years;
use coldtrail_sources::{Checked, Definition, Definitions, Recognised, check, recognise};
use proptest::prelude::*;

use crate::decoded;

fn example(name: &str) -> Arc<Definition> {
    let path = format!("{}/../../docs/own-sources/{name}.toml", env!("CARGO_MANIFEST_DIR"));
    definition(&fs_err::read_to_string(path).unwrap())
}

fn definition(text: &str) -> Arc<Definition> {
    Arc::new(Definition::parse(text).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// Reads bytes under that key, as `coldtrail sources check` does.
fn read(definition: &Arc<Definition>, key: &str, bytes: &[u8]) -> Checked {
    check(definition, key, bytes.to_vec(), std::io::empty(), Years::until(2027)).unwrap()
}

/// The cells of each row that are not null.
fn rows(checked: &Checked) -> Vec<BTreeMap<&'static str, String>> {
    let Some(batch) = &checked.first_rows else { return Vec::new() };
    let row = |at| decoded::cells(&own_logs::TABLE, &batch.slice(at, 1)).into_iter().collect();
    (0..batch.num_rows()).map(row).collect()
}

/// A column of each row, `-` where it is null.
fn column(checked: &Checked, name: &str) -> Vec<String> {
    rows(checked).iter().map(|row| row.get(name).map_or("-", String::as_str).to_owned()).collect()
}

const SECURE: &str = "Mar  7 23:59:59 ip-10-0-1-23 sshd[2154]: Invalid user admin from 198.51.100.7 port 40022
Mar  8 00:00:01 ip-10-0-1-23 sshd[2154]: Failed password for invalid user admin from 198.51.100.7 port 40022 ssh2
Mar  8 00:01:17 ip-10-0-1-23 sshd[2160]: Accepted publickey for ec2-user from 203.0.113.66 port 51234 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG
Mar  8 00:01:17 ip-10-0-1-23 sshd[2160]: pam_unix(sshd:session): session opened for user ec2-user(uid=1000) by (uid=0)
Mar  8 00:02:40 ip-10-0-1-23 sudo: ec2-user : TTY=pts/0 ; PWD=/tmp ; USER=root ; COMMAND=/bin/cat /etc/shadow
Dec 31 10:00:00 ip-10-0-1-23 sshd[99]: Invalid user x from 192.0.2.1 port 1 from 2001:DB8::1 port 40023
";

#[test]
fn logins_of_linux_hosts() {
    let secure = example("secure");
    let checked = read(&secure, "host-1/var/log/secure-20260308", SECURE.as_bytes());
    assert_eq!((checked.records, checked.rows, checked.rejects, checked.undated), (6, 6, 0, 0), "{checked:?}");
    assert!(checked.taken && checked.known_as.is_none() && checked.mistyped.json().is_none(), "{checked:?}");
    let times = column(&checked, "event_time");
    assert_eq!((times[0].as_str(), times[5].as_str()), ("2026-03-07T23:59:59Z", "2025-12-31T10:00:00Z"));
    let classes = ["login_failed", "login_failed", "success", "-", "-", "login_failed"];
    assert_eq!(column(&checked, "error_class"), classes);
    assert_eq!(column(&checked, "actor"), ["admin", "admin", "ec2-user", "ec2-user", "-", "x"]);
    let ips = ["[198.51.100.7]", "[198.51.100.7]", "[203.0.113.66]", "-", "-", "[2001:db8::1, 192.0.2.1]"];
    assert_eq!(column(&checked, "ips"), ips);
    let rows = rows(&checked);
    let expected = r#"{"host":"ip-10-0-1-23","program":"sshd","pid":2160,"body":"Accepted publickey for ec2-user from 203.0.113.66 port 51234 ssh2: ED25519 SHA256:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG","client":"203.0.113.66","result":"Accepted","username":"ec2-user"}"#;
    assert_eq!(rows[2]["fields"], expected);
    assert_eq!(rows[2]["message"], SECURE.lines().nth(2).unwrap());
    assert_eq!((rows[2]["log"].as_str(), rows[2]["definition"].as_str()), ("secure", secure.hash()));
    assert!(!rows[4].contains_key("extra"), "{:?}", rows[4]);
}

#[test]
fn events_of_windows_hosts() {
    let line = |id: u32, user: &str, client: &str| {
        format!(
            "{{\"Event\":{{\"#attributes\":{{\"xmlns\":\"http://schemas.microsoft.com/win/2004/08/events/event\"}},\"System\":{{\"Provider\":{{\"#attributes\":{{\"Name\":\"Microsoft-Windows-Security-Auditing\"}}}},\"EventID\":{id},\"TimeCreated\":{{\"#attributes\":{{\"SystemTime\":\"2026-03-08T00:01:17.123456Z\"}}}},\"Channel\":\"Security\",\"Computer\":\"web-1.corp.example\"}},\"EventData\":{{\"TargetUserName\":\"{user}\",\"TargetDomainName\":\"CORP\",\"LogonType\":3,\"IpAddress\":\"{client}\",\"ProcessName\":\"-\"}}}}}}\n"
        )
    };
    let text = line(4624, "alice", "203.0.113.66") + &line(4625, "bob", "-") + "{\"Event\":{}}\n";
    let checked = read(&example("windows_security"), "web-1/Security.jsonl", text.as_bytes());
    assert_eq!((checked.records, checked.rows, checked.undated), (3, 3, 1), "{checked:?}");
    assert!(checked.taken, "{checked:?}");
    assert_eq!(column(&checked, "error_class"), ["success", "login_failed", "-"]);
    assert_eq!(column(&checked, "actor"), ["alice", "bob", "-"]);
    assert_eq!(column(&checked, "ips"), ["[203.0.113.66]", "-", "-"]);
    assert_eq!(rows(&checked)[0]["event_time"], "2026-03-08T00:01:17.123456Z");
    assert!(rows(&checked)[0]["fields"].contains("\"event_id\":4624"), "{:?}", rows(&checked)[0]);
}

#[test]
fn requests_to_web_servers() {
    let text = "203.0.113.66 - - [08/Mar/2026:02:01:17 +0200] \"GET /admin?x=%22 HTTP/1.1\" 403 153 \"-\" \"curl/8.5.0\"
2001:db8::5 - alice [08/Mar/2026:00:01:18 +0000] \"POST /login HTTP/1.1\" 302 - \"https://shop.example/\" \"Mozilla/5.0 \\\"x\\\"\"
198.51.100.7 - - [08/Mar/2026:00:01:19 +0000] \"\\x16\\x03\\x01\" 400 150
not a request at all
";
    let checked = read(&example("web_access"), "web-1/var/log/nginx/access.log", text.as_bytes());
    assert_eq!((checked.records, checked.rows, checked.rejects, checked.undated), (4, 3, 1, 0), "{checked:?}");
    assert!(checked.taken, "{checked:?}");
    assert_eq!(checked.first_rejects[0].reason, "fits none of the patterns of web_access");
    assert_eq!((checked.first_rejects[0].record, checked.first_rejects[0].text.as_str()), (4, "not a request at all"));
    assert_eq!(column(&checked, "error_class"), ["denied", "success", "invalid"]);
    assert_eq!(column(&checked, "actor"), ["-", "alice", "-"]);
    assert_eq!(rows(&checked)[0]["event_time"], "2026-03-08T00:01:17Z");
    let fields = &rows(&checked)[1]["fields"];
    assert!(fields.contains("\"status\":302") && fields.contains("\"path\":\"/login\""), "{fields}");
    assert!(!fields.contains("\"bytes\""), "nothing was said: {fields}");
}

#[test]
fn lines_of_an_application() {
    let text = "{\"ts\":1772928077.25,\"level\":\"warn\",\"msg\":\"login refused\",\"user\":{\"id\":\"u-17\",\"ip\":\"203.0.113.66\"},\"took\":0.12,\"cached\":false,\"ends\":\"2026-03-08 01:00:00\",\"cart\":{\"items\":[\"a\",\"b\"]},\"aws\":{\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\",\"bucket\":\"acme-carts\"}}
{\"ts\":\"soon\",\"level\":7,\"msg\":{\"x\":1},\"took\":\"long\",\"cached\":\"maybe\",\"ends\":\"3/1/2026\",\"cart\":\"no JSON\"}
[1,2]
";
    let checked = read(&example("shop"), "shop/eu/2026.jsonl", text.as_bytes());
    assert!(checked.taken, "{checked:?}");
    let rows = rows(&checked);
    let expected = r#"{"cached":false,"cart":{"items":["a","b"]},"client":"203.0.113.66","ends":"2026-03-08T01:00:00Z","event":"login refused","first_item":"a","level":"warn","took":0.12,"user_id":"u-17"}"#;
    assert_eq!(rows[0]["fields"], expected);
    assert_eq!(rows[0]["event_time"], "2026-03-08T00:01:17.250Z");
    assert_eq!((rows[0]["account"].as_str(), rows[0]["region"].as_str()), ("111122223333", "eu-central-1"));
    assert_eq!((rows[0]["keys"].as_str(), rows[0]["resources"].as_str()), ("[AKIAIOSFODNN7EXAMPLE]", "[acme-carts]"));
    assert_eq!(rows[0]["error_class"], "denied");
    assert_eq!(rows[1]["fields"], r#"{"level":"7"}"#);
    let extra =
        r#"{"event_time":"soon","cached":"maybe","cart":"no JSON","ends":"3/1/2026","event":{"x":1},"took":"long"}"#;
    assert_eq!(rows[1]["extra"], extra);
    let mistyped = r#"{"cached":1,"cart":1,"ends":1,"event":1,"event_time":1,"took":1}"#;
    assert_eq!(checked.mistyped.json().as_deref(), Some(mistyped));
    assert_eq!(checked.records, checked.rows + checked.rejects);
    assert!(checked.undated == 1 && checked.rejects >= 1, "{checked:?}");
}

const ENTRIES: &str = "name = 'app'
objects = ['app.log']
framing = 'entries'
begins = '^\\d{4}-\\d\\d-\\d\\d '
patterns = ['(?s)^(?<time>\\S+ \\S+) (?<level>[A-Z]+) (?<said>.*)$']
[time]
field = 'time'
";

#[test]
fn entries_hold_their_further_lines() {
    let text = "  a line of an entry before\n2026-03-08 00:00:01 ERROR it broke\n\tat Main.java:1\nCaused by: Mar  8 00:00:01 host sshd[1]: x\n\n2026-03-08 00:00:02 INFO on\r\n";
    let checked = read(&definition(ENTRIES), "app.log", text.as_bytes());
    assert_eq!((checked.records, checked.rows, checked.rejects), (3, 2, 1), "{checked:?}");
    let messages = column(&checked, "message");
    assert!(messages[0].ends_with("host sshd[1]: x") && messages[0].contains("\n\tat Main"), "{messages:?}");
    assert_eq!(messages[1], "2026-03-08 00:00:02 INFO on");
    assert!(checked.taken);
}

#[test]
fn rows_of_a_table_and_columns_of_a_line() {
    let csv = "name = 'vpn'\nobjects = ['*.csv']\nframing = 'csv'\n[time]\nfield = 'Start'\n[fields.bytes]\nfrom = 'Bytes Out'\ntype = 'integer'\n[pivots]\naddresses = ['Client']\n";
    let text = "Start,Client,Bytes Out,Note\n2026-03-08T00:00:01Z,203.0.113.66,17,\"two\nlines\"\n2026-03-08T00:00:02Z,203.0.113.67,many,\nshort\n";
    let checked = read(&definition(csv), "vpn.csv", text.as_bytes());
    assert_eq!((checked.records, checked.rows, checked.rejects), (3, 2, 1), "{checked:?}");
    let fields = column(&checked, "fields");
    assert_eq!(fields[0], r#"{"bytes":17,"Client":"203.0.113.66","Note":"two\nlines"}"#);
    assert_eq!(fields[1], r#"{"Client":"203.0.113.67"}"#);
    assert_eq!(rows(&checked)[1]["extra"], r#"{"bytes":"many"}"#);
    let columns = "name = 'tabs'\nobjects = ['*']\nframing = 'lines'\ndelimiter = '\\t'\ncolumns = ['at', 'who', 'what']\n[time]\nfield = 'at'\n"
        .replace("'\\t'", "\"\\t\"");
    let checked = read(&definition(&columns), "x", b"2026-03-08T00:00:01Z\talice\tcame\n2026-03-08T00:00:01Z\talice\n");
    assert_eq!((checked.rows, checked.rejects), (1, 1), "{checked:?}");
    assert_eq!(column(&checked, "fields"), [r#"{"who":"alice","what":"came"}"#]);
    assert_eq!(checked.first_rejects[0].reason, "has not the 3 columns of tabs");
}

#[test]
fn lines_that_nobody_expects() {
    let secure = example("secure");
    let good = "Mar  8 00:00:01 h sshd[1]: Invalid user a from 192.0.2.9 port 1";
    let long = format!("Mar  8 00:00:01 h sshd[1]: {}", "a".repeat(1 << 20));
    let lines: [&[u8]; 6] = [
        good.as_bytes(),
        b"Mar  8 00:00:01 h sshd[1]: Invalid user \xff\xfe from 192.0.2.9 port 1",
        long.as_bytes(),
        b"{\"eventVersion\":\"1.08\",\"eventName\":\"X\"}",
        b"Mar 99 00:00:01 h sshd[1]: no such day",
        b"Mar  8 00:00:01 h sshd[99999999999999999999]: a number that is none",
    ];
    let checked = read(&secure, "secure-20260308", &lines.join(&b'\n'));
    assert_eq!((checked.records, checked.rows, checked.rejects, checked.undated), (6, 5, 1, 1), "{checked:?}");
    let extras = column(&checked, "extra");
    assert_eq!(extras[1], r#"{"invalid_utf8":true}"#);
    assert_eq!(extras[3], r#"{"event_time":"Mar 99 00:00:01"}"#);
    assert_eq!(extras[4], r#"{"pid":"99999999999999999999"}"#);
    assert_eq!(checked.first_rejects[0].record, 4, "another log's line is a reject, and joined to nothing");
}

#[test]
fn a_year_comes_from_the_definition_or_the_key() {
    let text = "Mar  8 00:00:01 h sshd[1]: x\n";
    let secure = fs_err::read_to_string(format!("{}/../../docs/own-sources/secure.toml", env!("CARGO_MANIFEST_DIR")));
    let dated = secure.unwrap().replace("framing = ", "year = 2024\nframing = ");
    let year = |definition: &Arc<Definition>, key: &str| {
        column(&read(definition, key, text.as_bytes()), "event_time")[0].chars().take(4).collect::<String>()
    };
    let (secure, dated) = (example("secure"), definition(&dated));
    assert_eq!(year(&secure, "secure"), "-", "no year stands anywhere");
    assert_eq!(year(&secure, "secure-20250901.gz"), "2025");
    assert_eq!(year(&secure, "2026/03/09/secure"), "2026");
    assert_eq!(year(&dated, "secure-20250901.gz"), "2024");
}

#[test]
fn a_definition_takes_only_what_no_source_knows() {
    let any = definition("name = 'any'\nobjects = ['**']\nframing = 'json'\n[time]\nfield = 'when'\n");
    let known = br#"{"Records":[{"eventVersion":"1.08","eventTime":"2026-03-08T00:00:01Z","eventName":"X","eventSource":"s3.amazonaws.com","when":"2026-03-08T00:00:01Z"}]}"#;
    let unknown = br#"{"when":"2026-03-08T00:00:01Z","what":"x"}"#;
    let other = br#"{"at":"2026-03-08T00:00:01Z"}"#;
    let key = ObjectKey::default();
    let all = Definitions::of([any, example("secure")]);
    let of = |name: &str, bytes: &[u8]| match all.recognise(name, &key, bytes, true, false) {
        Recognised::Source(source, _) => source.name.to_owned(),
        Recognised::Own(definition) => definition.name().to_owned(),
        Recognised::Empty => "empty".to_owned(),
        Recognised::Unknown(_) => "unknown".to_owned(),
    };
    assert_eq!(of("a.json", known), "cloudtrail");
    assert_eq!(of("a.json", unknown), "any");
    assert_eq!(of("a.json", other), "unknown", "it has no such time");
    assert_eq!(of("secure", SECURE.as_bytes()), "secure");
    assert_eq!(of("messages", SECURE.as_bytes()), "unknown", "under that name it is not looked at");
    assert_eq!(of("secure", b" \n"), "empty");
    let unknown_too = recognise("secure", &key, SECURE.as_bytes(), true, false);
    assert!(matches!(unknown_too, Recognised::Unknown(_)));
}

#[test]
fn what_is_wrong_is_told_by_its_key() {
    let good = "name = 'a'\nobjects = ['**']\nframing = 'lines'\npatterns = ['^(?<time>\\S+) (?<who>\\S+)$']\n";
    let (time, with) = ("[time]\nfield = 'time'\n", |more: &str| format!("{good}{more}"));
    definition(&with(time));
    for (text, wanted) in [
        ("name = ".to_owned(), "line 1"),
        (with(""), "`time`"),
        (with(time).replace("'a'", "'A b'"), "`name`"),
        (with(time).replace("['**']", "[]"), "`objects`"),
        (with(time).replace("'lines'", "'records'"), "`records`"),
        (with(time).replace("(?<who>", "(?<who"), "`patterns`"),
        (with(time).replace("?<who>", "?<message>"), "`message`"),
        (with(time).replace("?<who>", "?<Who>"), "`Who`"),
        (with(time).replace("patterns = ", "columns = ['a']\npatterns = "), "`delimiter`"),
        (with(time).replace("framing = ", "begins = '^a'\nframing = "), "`begins`"),
        (with(time).replace("'lines'", "'entries'"), "`begins`"),
        (with(time).replace("'lines'", "'json'"), "`patterns`"),
        (with("[time]\nfield = 'when'\n"), "`time.field`"),
        (with("[time]\nfield = 'time'\nzone = 'Europe/Berlin'\nformat = 'iso'\n"), "`time.zone`"),
        (with("[time]\nfield = 'time'\nformat = '%b %Z'\n"), "`time.format`"),
        (with(time) + "[fields.x]\nfrom = 'y'\n", "`fields.x`"),
        (with(time) + "[fields.who]\ntype = 'int'\n", "`int`"),
        (with(time) + "[fields.who]\npattern = '('\n", "`fields.who.pattern`"),
        (with(time) + "[fields.evidence_object]\nfrom = 'who'\n", "`evidence_object`"),
        (with(time) + "[pivots]\nactors = ['nobody']\n", "`pivots.actors`"),
        (with(time) + "[outcome]\nfield = 'what'\n", "`outcome.field`"),
        (with(time) + "[outcome]\nfield = 'who'\nmaybe = ['x']\n", "`maybe`"),
        (with(time).replace("framing = ", "account = '17'\nframing = "), "`account`"),
    ] {
        let error = Definition::parse(&text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted}: {error}\n{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_line_is_a_row_or_a_reject(lines in proptest::collection::vec(
        prop_oneof![
            "[ -~]{1,60}",
            "(Mar|Feb|Xyz) [ 0-9]{2} [0-9:]{8} h [a-z]{1,4}(\\[[0-9]{1,22}\\])?: [ -~]{0,40}",
        ], 0..40,
    )) {
        let text = lines.join("\n");
        let wanted = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
        let checked = read(&example("secure"), "secure-20260308", text.as_bytes());
        prop_assert_eq!(checked.records, wanted);
        prop_assert_eq!(checked.rows + checked.rejects, wanted);
    }

    #[test]
    fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        for log in [example("secure"), example("shop"), example("web_access"), definition(ENTRIES)] {
            let checked = read(&log, "secure-20260308", &bytes);
            prop_assert_eq!(checked.rows + checked.rejects, checked.records);
        }
    }
}
