//! The database orders-db: who connected and what was asked (audit log), what took long (slow log), and what the server
//! itself said (error log).

use std::collections::BTreeMap;

use serde_json::json;

use crate::cloudwatch::{Event, Stream};
use crate::facts::Facts;
use crate::tree::{Object, Record};
use crate::world::{Ids, at, iso, weekday};

const DAY: i64 = 86_400;
const APPLICATION: &str = "10.0.1.25";

/// An entry of the audit log.
#[derive(Debug, Clone)]
struct Entry {
    /// Microseconds since 1970.
    micros: i64,
    user: &'static str,
    connection: u32,
    query: u32,
    operation: &'static str,
    database: &'static str,
    /// The statement as the client wrote it; empty for connections.
    statement: String,
    code: u16,
}

impl Entry {
    fn line(&self) -> String {
        let statement = match self.operation {
            "QUERY" => format!("'{}'", self.statement.replace('\\', "\\\\").replace('\'', "\\'")),
            _ => String::new(),
        };
        let Entry { micros, user, connection, query, operation, database, code, .. } = self;
        format!(
            "{micros},orders-db-1,{user},{APPLICATION},{connection},{query},{operation},{database},{statement},{code}"
        )
    }
}

/// Counts connections and statements, as the server does.
struct Server {
    ids: Ids,
    connection: u32,
    query: u32,
    entries: Vec<Entry>,
}

impl Server {
    fn connect(&mut self, user: &'static str, time: i64, code: u16) {
        self.connection += self.ids.0.u32(1..5);
        let operation = if code == 0 { "CONNECT" } else { "FAILED_CONNECT" };
        self.push(user, time, operation, "", String::new(), code);
    }

    fn query(&mut self, user: &'static str, time: i64, database: &'static str, statement: &str) {
        self.query += self.ids.0.u32(1..40);
        self.push(user, time, "QUERY", database, statement.to_owned(), 0);
    }

    fn push(
        &mut self,
        user: &'static str,
        time: i64,
        operation: &'static str,
        database: &'static str,
        statement: String,
        code: u16,
    ) {
        let micros = time * 1_000_000 + self.ids.0.i64(1..900_000);
        let query = if operation == "QUERY" { self.query } else { 0 };
        let connection = self.connection;
        self.entries.push(Entry { micros, user, connection, query, operation, database, statement, code });
    }

    /// The application does some work over a connection.
    fn work(&mut self, time: i64) {
        self.connect("orders_app", time, 0);
        for number in 0..self.ids.0.i64(2..4) {
            let order = self.ids.0.u32(4_000..9_000);
            let statement = match self.ids.0.u32(0..6) {
                0 => format!("SELECT id, total FROM invoices WHERE order_id = {order}"),
                1 => format!("SELECT name, email FROM customers WHERE id = {order}"),
                2 => format!("UPDATE sessions SET seen = NOW() WHERE token = 'tok_{order}'"),
                3 => format!("INSERT INTO invoices (order_id, total) VALUES ({order}, 49.90)"),
                4 => format!("DELETE FROM sessions WHERE expires < '2026-03-01' LIMIT {}", order % 100),
                _ => format!("SELECT last4 FROM cards WHERE customer_id = {order}"),
            };
            self.query("orders_app", time + 1 + number, "orders", &statement);
        }
        self.push("orders_app", time + 6, "DISCONNECT", "orders", String::new(), 0);
    }
}

/// What the dump asked for, and how it went: table, when it was asked, seconds, rows.
const DUMP: [(&str, &str, &str, u64); 4] = [
    ("customers", "05:15:02", "41.207318", 1_204_331),
    ("cards", "05:15:44", "36.018442", 998_210),
    ("invoices", "05:16:21", "138.774020", 4_410_876),
    ("sessions", "05:18:40", "11.360917", 320_554),
];

fn dump_statement(table: &str) -> String {
    format!("SELECT /*!40001 SQL_NO_CACHE */ * FROM `{table}`")
}

/// What came of the stolen password.
const AFTERWARDS: [(&str, &str); 8] = [
    ("05:13:25", "SHOW DATABASES"),
    (
        "05:13:41",
        "SELECT table_schema, table_name, table_rows FROM information_schema.tables WHERE table_schema = 'orders'",
    ),
    ("05:13:58", "SELECT table_name, column_name FROM information_schema.columns WHERE column_name LIKE '%card%'"),
    ("05:19:05", "CREATE USER 'support'@'%' IDENTIFIED BY <secret>"),
    ("05:19:06", "GRANT ALL PRIVILEGES ON *.* TO 'support'@'%' WITH GRANT OPTION"),
    ("05:24:10", "DROP TABLE sessions"),
    ("05:24:30", "CREATE TABLE `README_RECOVER` (note TEXT)"),
    ("05:24:31", "INSERT INTO `README_RECOVER` VALUES ('Your data is with us. Write to recover@paste-example.net')"),
];

/// Statements that pretend to be something else, from a customer's search.
const HOSTILE: [&str; 3] = [
    "SELECT id FROM orders WHERE note = 'first line\nsecond, with \"quotes\", commas\n# Time: 2026-04-10T12:41:00.000000Z'",
    "SELECT id FROM orders WHERE note = 'x\n1775798000000001,orders-db-1,root,10.0.1.25,1,1,QUERY,orders,''DROP TABLE cards'',0'",
    "SELECT id FROM orders WHERE note = '=cmd|'' /C calc''!A0 \u{1b}[2J <b>'",
];

fn entries(seed: u64) -> Vec<Entry> {
    let mut server = Server { ids: Ids::new(seed, 30), connection: 1_200, query: 40_000, entries: Vec::new() };
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        if day == at("04-10 00:00:00") {
            intruder(&mut server);
        }
        let sessions = if weekday(day) > 4 { 1 } else { 3 };
        for number in 0..sessions {
            let time = day + 6 * 3_600 + number * 18_000 + server.ids.0.i64(0..14_000);
            server.work(time);
        }
        day += DAY;
    }
    server.entries
}

/// The connections of `admin` that ended like this.
fn connections(seed: u64, operation: &str) -> Vec<u32> {
    let fits = |entry: &Entry| entry.user == "admin" && entry.operation == operation;
    entries(seed).into_iter().filter(fits).map(|entry| entry.connection).collect()
}

fn intruder(server: &mut Server) {
    let time = |clock: &str| at(&format!("04-10 {clock}"));
    for (clock, code) in [("05:12:31", 1_045), ("05:12:44", 1_045), ("05:13:20", 0)] {
        server.connect("admin", time(clock), code);
    }
    let dump = DUMP.iter().map(|(table, clock, ..)| (*clock, dump_statement(table)));
    let others = AFTERWARDS.iter().map(|(clock, statement)| (*clock, (*statement).to_owned()));
    let mut statements: Vec<(&str, String)> = dump.chain(others).collect();
    statements.sort();
    for (clock, statement) in &statements {
        let database = if *clock < "05:14:00" { "" } else { "orders" };
        server.query("admin", time(clock), database, statement);
    }
    server.push("admin", time("05:25:02"), "DISCONNECT", "orders", String::new(), 0);
    server.connect("orders_app", time("12:41:10"), 0);
    for (number, statement) in HOSTILE.iter().enumerate() {
        server.query("orders_app", time("12:41:11") + number as i64, "orders", statement);
    }
}

const AUDIT: Stream = Stream {
    group: "/aws/rds/cluster/orders-db/audit",
    stream: "orders-db-1.audit.log.0.2026-04-10-05-00.0",
    filter: "audit-to-archive",
};

/// The audit log twice: what the subscription of its log group delivered in the days around the intrusion, and the
/// files that were taken from the server, of all days. The same entries are in both, and are the same.
pub(crate) fn audit(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let entries = entries(seed);
    let mut ids = Ids::new(seed, 31);
    let table = Some("rds_audit");
    let mut hours: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    let subscribed = at("04-08 00:00:00") * 1_000_000..at("04-12 00:00:00") * 1_000_000;
    let twice: Vec<&Entry> = entries.iter().filter(|entry| subscribed.contains(&entry.micros)).collect();
    for entry in &twice {
        let event = Event { millis: entry.micros / 1_000, message: entry.line(), table };
        hours.entry(entry.micros / 3_600_000_000).or_default().push(event);
    }
    let mut objects = Vec::new();
    for (hour, mut events) in hours {
        events.sort_by_key(|event| event.millis);
        let time = (hour + 1) * 3_600 + ids.0.i64(20..80);
        objects.push(AUDIT.file("cwl-firehose/orders-db-audit", time, &events, objects.is_empty(), &mut ids));
    }
    // The server writes four files at a time, each entry into one of them.
    let mut files: [Vec<Record>; 4] = Default::default();
    for entry in &entries {
        files[entry.connection as usize % 4].push(Record::whole(entry.line()));
    }
    for (number, records) in files.into_iter().enumerate() {
        let key = format!("rds-logs/orders-db-1/audit/server_audit.log.{number}");
        objects.push(lines(&key, "rds_audit", "", records));
    }
    tell(&entries, twice.len(), facts);
    objects
}

fn lines(key: &str, source: &'static str, head: &str, records: Vec<Record>) -> Object {
    let mut object = Object::of_lines(key.to_owned(), source, 0, head, records);
    object.delivered = "~".to_owned();
    object
}

fn tell(entries: &[Entry], twice: usize, facts: &mut Facts) {
    let part = "database";
    let clock = |operation: &str| {
        let fits = |entry: &&Entry| entry.user == "admin" && entry.operation == operation;
        entries.iter().filter(fits).map(|entry| iso(entry.micros / 1_000_000)).collect::<Vec<_>>()
    };
    facts.note(part, "audit_entries", "Entries of the audit log: so many rows, each once", entries.len());
    facts.note(
        part,
        "audit_twice",
        "Of them both in the files and in CloudWatch Logs (duplicates, no further rows)",
        twice,
    );
    facts.note(part, "failed_connects", "Failed connections of `admin` (1045)", json!(clock("FAILED_CONNECT")));
    facts.note(
        part,
        "connected",
        "Then it succeeds, with the password of the secret prod/orders/db",
        json!(clock("CONNECT")),
    );
    facts.note(
        part,
        "statements",
        "Statements of `admin`",
        entries.iter().filter(|one| one.user == "admin" && one.operation == "QUERY").count(),
    );
    let dump = DUMP.map(|(table, clock, seconds, rows)| {
        let asked = format!("2026-04-10T{clock}Z");
        json!({"table": table, "asked": asked, "seconds": seconds, "rows": rows})
    });
    facts.note(part, "dump", "The dump; times are of the audit log, seconds and rows of the slow log", json!(dump));
    facts.note(part, "new_user", "The user of the database that the intruder makes", "support");
    facts.note(part, "dropped", "The table that is dropped at 05:24:10", "sessions");
    facts.note(part, "ransom_table", "The table with the note", "README_RECOVER");
    facts.note(part, "hostile", "Statements that pretend to be entries of logs", HOSTILE.len());
}

/// The slow log, one file.
pub(crate) fn slow(seed: u64, facts: &mut Facts) -> Object {
    let mut ids = Ids::new(seed, 32);
    let admin = connections(seed, "CONNECT")[0];
    let mut entries: Vec<(i64, String)> = Vec::new();
    let mut entry = |time: i64,
                     user: &str,
                     connection: u32,
                     seconds: &str,
                     sent: u64,
                     examined: u64,
                     statement: &str| {
        let micros = ids.0.u32(1..999_999);
        let text = format!(
            "# Time: {}.{micros:06}Z\n# User@Host: {user}[{user}] @  [{APPLICATION}]  Id: {connection:5}\n# Query_time: \
             {seconds}  Lock_time: 0.000021 Rows_sent: {sent}  Rows_examined: {examined}\nuse orders;\nSET \
             timestamp={time};\n{statement};",
            &iso(time)[..19],
        );
        entries.push((time, text));
    };
    for number in 0..20 {
        let time = at("03-02 03:10:00") + number * 3 * DAY + number * 37;
        let seconds = format!("{}.{:06}", 2 + number % 4, 104_207 + number * 31_007);
        let statement = "SELECT customer_id, SUM(total)\nFROM invoices\nGROUP BY customer_id";
        entry(time, "orders_app", 1_300 + number as u32 * 40, &seconds, 3_100 + number as u64, 4_400_000, statement);
    }
    for (table, clock, seconds, rows) in DUMP {
        let whole: i64 = seconds[..seconds.len() - 7].parse().expect("seconds are a literal");
        let time = at(&format!("04-10 {clock}")) + whole;
        entry(time, "admin", admin, seconds, rows, rows, &dump_statement(table));
    }
    for (number, statement) in HOSTILE.iter().enumerate() {
        entry(at("04-10 12:41:19") + number as i64, "orders_app", admin + 1, "2.000101", 0, 91_000, statement);
    }
    entries.sort();
    facts.note("database", "slow_entries", "Entries of the slow log", entries.len());
    let head = "/rdsdbbin/oscar/bin/mysqld, Version: 8.0.36 (Source distribution). started with:\nTcp port: 3306  Unix \
                socket: /tmp/mysql.sock\nTime                 Id Command    Argument\n";
    let records = entries.into_iter().map(|(_, text)| Record::nameless(text)).collect();
    lines("rds-logs/orders-db-1/slowquery/mysql-slowquery.log", "rds_slow", head, records)
}

/// The error log of the instance.
pub(crate) fn error_log(seed: u64, facts: &mut Facts) -> Object {
    let mut ids = Ids::new(seed, 33);
    let mut lines_of: Vec<(i64, String)> = Vec::new();
    let mut say = |time: i64, text: &str| {
        lines_of.push((time, format!("{}.{:06}Z {text}", &iso(time)[..19], ids.0.u32(1..999_999))));
    };
    for week in 0..9 {
        let text =
            "8 [Warning] [MY-010055] [Server] IP address '10.0.1.25' could not be resolved: Name or service not known";
        say(at("03-02 04:00:11") + week * 7 * DAY, text);
    }
    for (clock, thread) in ["05:12:31", "05:12:44"].iter().zip(connections(seed, "FAILED_CONNECT")) {
        let text = "[Note] [MY-010926] [Server] Access denied for user 'admin'@'10.0.1.25' (using password: YES)";
        say(at(&format!("04-10 {clock}")), &format!("{thread} {text}"));
    }
    for (clock, text) in [
        (
            "05:41:02",
            "0 [System] [MY-013172] [Server] Received SHUTDOWN from user rdsadmin. Shutting down mysqld (Version: 8.0.36).",
        ),
        (
            "05:41:09",
            "0 [System] [MY-010910] [Server] /rdsdbbin/oscar/bin/mysqld: Shutdown complete (mysqld 8.0.36)  Source distribution.",
        ),
        (
            "05:41:14",
            "0 [System] [MY-010116] [Server] /rdsdbbin/oscar/bin/mysqld (mysqld 8.0.36) starting as process 611",
        ),
        ("05:41:15", "1 [System] [MY-013576] [InnoDB] InnoDB initialization has started."),
        ("05:41:18", "1 [System] [MY-013577] [InnoDB] InnoDB initialization has ended."),
        (
            "05:41:19",
            "0 [Warning] [MY-010068] [Server] CA certificate /rdsdbdata/rds-metadata/ca-cert.pem is self signed.",
        ),
        (
            "05:41:19",
            "0 [System] [MY-010931] [Server] /rdsdbbin/oscar/bin/mysqld: ready for connections. Version: '8.0.36'  \
                      socket: '/tmp/mysql.sock'  port: 3306  Source distribution.",
        ),
    ] {
        say(at(&format!("04-10 {clock}")), text);
    }
    lines_of.sort_by_key(|(time, _)| *time);
    let part = "database";
    facts.note(part, "error_lines", "Lines of the error log", lines_of.len());
    facts.note(part, "restarted", "The server says that it is ready again", iso(at("04-10 05:41:19")));
    let records = lines_of.into_iter().map(|(_, text)| Record::nameless(text)).collect();
    lines("rds-logs/orders-db-1/error/mysql-error-running.log", "rds_log", "", records)
}
