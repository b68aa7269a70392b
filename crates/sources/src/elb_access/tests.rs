//! Lines with whatever a client may say in them.

use proptest::prelude::*;

use super::*;

/// What stands before and behind the client's own words.
const LEFT: &str =
    "https 2026-03-01T09:00:00.186641Z app/web/50dc6c495c0c9188 192.0.2.7:2817 10.0.0.1:80 0.1 0.2 0.3 403 200 34 366";
const RIGHT: &str = concat!(
    "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 ",
    "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/t/73e2 \"Root=1-58337262-36d2\" ",
    "\"www.example.com\" \"-\" 7 2026-03-01T09:00:00.100000Z \"waf,forward\" \"-\" \"-\" \"10.0.0.1:80\" \"200\" ",
    "\"-\" \"-\" TID_1 \"-\" \"-\" \"-\" 203.0.113.9",
);

fn get<'a>(line: &Line<'a>, slot: Slot) -> &'a str {
    line.values[slot as usize]
}

#[test]
fn requests_end_with_their_version() {
    for (request, parts) in [
        ("GET http://h:80/ HTTP/1.1", ["GET", "http://h:80/", "HTTP/1.1"]),
        ("GET http://h:80/a b c HTTP/1.1", ["GET", "http://h:80/a b c", "HTTP/1.1"]),
        ("GET http://h:80/a HTTP/1.1 HTTP/1.0", ["GET", "http://h:80/a HTTP/1.1", "HTTP/1.0"]),
        ("GET http://h:80/a b", ["GET", "http://h:80/a b", "-"]),
        ("- http://h:80- -", ["-", "http://h:80-", "-"]),
        ("GET http://h:80- -", ["GET", "http://h:80-", "-"]),
        ("- - -", ["-", "-", "-"]),
        ("GET", ["GET", "-", "-"]),
    ] {
        assert_eq!(line::request_line(request), parts, "{request}");
    }
    for (request, kept) in [("GET /a HTTP/1.1", true), ("- - - ", true), ("GET /a", false), ("GET", false)] {
        assert_eq!(line::is_kept(request), kept, "{request}");
    }
}

#[test]
fn urls_have_host_path_and_query() {
    for (text, host, path, query) in [
        ("https://www.example.com:443/a/b?c=d?e", Some("www.example.com"), Some("/a/b"), Some("c=d?e")),
        ("http://[2001:db8::1]:80/", Some("2001:db8::1"), Some("/"), None),
        ("http://www.example.com:80-", Some("www.example.com"), None, None),
        ("http://h?x", Some("h"), None, Some("x")),
        ("/only/path", None, Some("/only/path"), None),
        ("h:443", None, None, None),
        ("/go?to=http://other/", None, Some("/go"), Some("to=http://other/")),
    ] {
        let url = Url::of(text);
        assert_eq!((url.host, url.path, url.query), (host, path, query), "{text}");
    }
}

/// As an Application Load Balancer writes what a client says.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '"' | '\\' => format!("\\x{:02X}", c as u32),
            c if c.is_ascii_control() => format!("\\x{:02X}", c as u32),
            c => c.to_string(),
        })
        .collect()
}

const WORDS: &str = "[ -~äß\\x00-\\x1f]{1,40}";
/// What an attacker would write to look like the end of a line.
const FORGED: &str = "(\"|\" |\" \"|\" - - -|HTTP/1.1|-| |x|\\\\|,|arn:|200|\" TLSv1.2 ){0,12}";

proptest! {
    #[test]
    fn words_of_the_client_shift_no_column(path in WORDS, agent in WORDS, sni in "[ -~]{1,20}") {
        let (path, agent, sni) = (escaped(&path), escaped(&agent), escaped(&sni));
        prop_assume!(!matches!(agent.trim(), "" | "-") && sni != "-");
        let right = RIGHT.replace("www.example.com", &sni);
        let text = format!("{LEFT} \"GET https://h:443/{path} HTTP/1.1\" \"{agent}\" {right}");
        let line = Line::of(&text).map_err(|reject| TestCaseError::fail(format!("{reject:?}: {text}")))?;
        let url = format!("https://h:443/{path}");
        prop_assert_eq!(get(&line, Slot::RequestUrl), url);
        prop_assert_eq!(get(&line, Slot::UserAgent), agent);
        prop_assert_eq!(get(&line, Slot::DomainName), sni);
        prop_assert_eq!(get(&line, Slot::IpAddress), "203.0.113.9");
        prop_assert!(!line.ambiguous && line.surplus.is_empty());
    }

    /// Were quotes not escaped: either the line says that it is ambiguous, or it is none, or nothing has shifted.
    #[test]
    fn raw_quotes_are_noticed(path in FORGED, agent in FORGED) {
        let text = format!("{LEFT} \"GET https://h:443/{path} HTTP/1.1\" \"{agent}\" {RIGHT}");
        if let Ok(line) = Line::of(&text)
            && !line.ambiguous
        {
            prop_assert_eq!(get(&line, Slot::UserAgent), if agent.is_empty() { "-" } else { &agent });
            prop_assert_eq!(get(&line, Slot::MatchedRulePriority), "7");
        }
    }

    /// What a Classic Load Balancer does with quotes is not known; status, sizes, cipher and protocol stay.
    #[test]
    fn classic_lines_are_read_from_both_ends(path in FORGED, agent in FORGED) {
        let text = format!(
            "2026-03-01T09:00:00.186641Z web 192.0.2.7:2817 10.0.0.1:80 0.1 0.2 0.3 403 200 34 366 \
             \"GET https://h:443/{path} HTTP/1.1\" \"{agent}\" ECDHE-X TLSv1.2"
        );
        let line = Line::of(&text).map_err(|reject| TestCaseError::fail(format!("{reject:?}: {text}")))?;
        prop_assert_eq!(get(&line, Slot::ElbStatusCode), "403");
        prop_assert_eq!((get(&line, Slot::SslCipher), get(&line, Slot::SslProtocol)), ("ECDHE-X", "TLSv1.2"));
        let quotes = path.contains('"') || agent.contains('"');
        prop_assert_eq!(line.ambiguous, quotes, "{}", text);
        if !quotes {
            prop_assert_eq!(get(&line, Slot::UserAgent), agent);
        }
    }
}
