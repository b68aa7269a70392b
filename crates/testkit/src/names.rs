//! What was asked of the name servers: by the VPC, and by the world about acme.example; and the alerts of the network
//! firewall about a name that nobody had asked for before.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::network::{ORDERS, VPC};
use crate::states::INSTANCE;
use crate::tree::{Object, Record};
use crate::world::{HOME, Ids, PRESIGNED_IP, PROD, at, compact_minute, folder, iso, iso_millis};

const DAY: i64 = 86_400;
pub(crate) const SERVER_NAME: &str = "cdn-sync.paste-example.net";
const USUAL: [(&str, &str); 5] = [
    ("s3.us-east-1.amazonaws.com.", "192.0.2.130"),
    ("orders-db-1.c1example2ab.us-east-1.rds.amazonaws.com.", "10.0.2.40"),
    ("api.payments.example.", "198.51.100.5"),
    ("secretsmanager.us-east-1.amazonaws.com.", "192.0.2.131"),
    ("ssm.us-east-1.amazonaws.com.", "192.0.2.132"),
];

struct Query {
    time: i64,
    name: String,
    kind: &'static str,
    answer: Option<&'static str>,
    address: &'static str,
    instance: &'static str,
}

impl Query {
    fn record(&self, ids: &mut Ids) -> Record {
        let answers: Vec<Value> =
            self.answer.iter().map(|data| json!({"Rdata": data, "Type": self.kind, "Class": "IN"})).collect();
        let mut value = json!({
            "version": "1.100000", "account_id": PROD, "region": HOME, "vpc_id": VPC, "query_timestamp": iso(self.time),
            "query_name": self.name, "query_type": self.kind, "query_class": "IN",
            "rcode": if self.answer.is_some() { "NOERROR" } else { "NXDOMAIN" }, "answers": answers,
            "srcaddr": self.address, "srcport": ids.0.u32(20_000..61_000).to_string(), "transport": "UDP", "srcids": {},
        });
        if !self.instance.is_empty() {
            value["srcids"] = json!({"instance": self.instance});
        }
        Record::nameless(value.to_string())
    }
}

/// The query logs of the resolver.
pub(crate) fn resolver_logs(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 24);
    let mut queries = Vec::new();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        for number in 0..8 {
            let (name, answer) = USUAL[ids.0.usize(..USUAL.len())];
            let time = day + number * 10_800 + ids.0.i64(0..10_000);
            queries.push(usual(time, name.to_owned(), Some(answer)));
        }
        day += DAY;
    }
    queries.extend(stranger(&mut ids, facts));
    queries.sort_by_key(|query| query.time);
    facts.note("names", "queries", "Queries of the VPC in all", queries.len());
    let busy = at("04-10 00:00:00")..at("04-12 00:00:00");
    let mut files: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    for query in &queries {
        let window = if busy.contains(&query.time) { 3_600 } else { DAY };
        files.entry((query.time / window + 1) * window).or_default().push(query.record(&mut ids));
    }
    let file = |(end, records): (i64, Vec<Record>)| {
        let name = format!("{VPC}_vpcdnsquerylogs_{PROD}_{}_{}.log.gz", compact_minute(end), ids.hex(8));
        let key = format!("resolver-logs/AWSLogs/{PROD}/vpcdnsquerylogs/{VPC}/{}/{name}", folder(end));
        Object::of_lines(key, "route53_resolver", end, "", records)
    };
    files.into_iter().map(file).collect()
}

fn usual(time: i64, name: String, answer: Option<&'static str>) -> Query {
    Query { time, name, kind: "A", answer, address: ORDERS, instance: INSTANCE }
}

/// The intruder's server, names that carry data out, and names that attack whoever splits or shows them.
fn stranger(ids: &mut Ids, facts: &mut Facts) -> Vec<Query> {
    let mut queries = vec![usual(at("04-10 05:19:40"), format!("{SERVER_NAME}."), Some(PRESIGNED_IP))];
    let mut time = at("04-10 06:00:00") - 1;
    while time < at("04-11 09:40:00") {
        queries.push(usual(time, format!("{SERVER_NAME}."), Some(PRESIGNED_IP)));
        time += 3_600;
    }
    let asked = queries.len();
    let mut random: Vec<String> =
        (0..17).map(|_| format!("{}.paste-example.net.", ids.alnum(10).to_lowercase())).collect();
    random.insert(0, "q7x2k9vjw1.paste-example.net.".to_owned());
    for (number, name) in random.iter().enumerate() {
        queries.push(usual(at("04-10 05:20:12") + number as i64 * 69, name.clone(), None));
    }
    let hostile =
        ["a\\.b\\\\c\\032d\\\"e.paste-example.net.", "\\027[31mred.paste-example.net.", "=cmd|calc.paste-example.net."];
    for (number, name) in hostile.iter().enumerate() {
        queries.push(usual(at("04-10 05:43:00") + number as i64 * 9, (*name).to_owned(), None));
    }
    let function = Query {
        address: "10.0.1.77",
        instance: "",
        ..usual(at("04-02 12:00:07"), USUAL[2].0.to_owned(), Some(USUAL[2].1))
    };
    queries.push(function);
    let part = "names";
    facts.note(part, "server", "The name that nobody asked for before", SERVER_NAME);
    facts.note(part, "server_first_asked", "When i-0a1b2c3d4000000a1 first asked for it", iso(at("04-10 05:19:40")));
    facts.note(part, "server_address", "The answer", PRESIGNED_IP);
    facts.note(part, "server_asked", "How often it was asked for", asked);
    facts.note(part, "random", "Names that look random, NXDOMAIN, 04-10 05:20 to 05:40", json!(random));
    facts.note(part, "hostile", "Names with escapes", json!(hostile));
    queries
}

/// The log of the public zone, exported from CloudWatch Logs: the time of the export task before each line.
pub(crate) fn public_zone(seed: u64, facts: &mut Facts) -> Object {
    let mut ids = Ids::new(seed, 25);
    let mut times: Vec<i64> = Vec::new();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        times.extend((0..4).map(|_| (day + ids.0.i64(0..DAY)) * 1_000 + ids.0.i64(0..1_000)));
        day += DAY;
    }
    times.sort_unstable();
    let mut line = |millis: i64| {
        let (name, kind, answer) = match ids.0.u32(0..9) {
            0..=4 => ("orders.acme.example", "A", "NOERROR"),
            5 | 6 => ("www.acme.example", "A", "NOERROR"),
            7 => ("acme.example", "MX", "NOERROR"),
            _ => ("vpn.acme.example", "A", "NXDOMAIN"),
        };
        let stamp = iso_millis(millis);
        let from = ids.0.u32(1..250);
        Record::nameless(format!(
            "{stamp} 1.0 {stamp} Z0EXAMPLE1ACME {name} {kind} {answer} UDP IAD12 198.51.100.{from} 198.51.100.0/24"
        ))
    };
    let records: Vec<Record> = times.into_iter().map(&mut line).collect();
    facts.note("names", "public_queries", "Queries for names of the zone acme.example", records.len());
    let key = format!("cwl-export/{}/Z0EXAMPLE1ACME-IAD12/000000.gz", "0b7d5c1e-6a52-4c1b-9d0f-3f2e1d0c9b8a");
    let mut object = Object::of_lines(key, "route53_queries", 0, "", records);
    object.delivered = "~".to_owned();
    object
}

/// Two alerts of the network firewall, which lets the connections through.
pub(crate) fn network_firewall(seed: u64, facts: &mut Facts) -> Object {
    let mut ids = Ids::new(seed, 26);
    let alert = |(time, port): (i64, u16)| {
        let value = json!({
            "firewall_name": "egress", "availability_zone": "us-east-1a", "event_timestamp": (time + 4).to_string(),
            "event": {
                "timestamp": format!("{}.{:06}+0000", &iso(time)[..19], 318_201 + i64::from(port)),
                "flow_id": ids.0.u64(1_000_000_000_000_000..2_000_000_000_000_000), "event_type": "alert",
                "src_ip": ORDERS, "src_port": port, "dest_ip": PRESIGNED_IP, "dest_port": 443, "proto": "TCP",
                "tx_id": 0, "pkt_src": "geneve encapsulation", "direction": "to_server", "app_proto": "tls",
                "alert": {
                    "action": "allowed", "signature_id": 2_000_041, "rev": 3, "severity": 3,
                    "signature": "TLS to a domain that is not on the list", "category": "",
                },
                "tls": {"sni": SERVER_NAME, "version": "UNDETERMINED", "ja3": {"hash": "1be8360b66649edee1de25f81d98ec27"}},
                "verdict": {"action": "alert"}, "tls_inspected": false,
            },
        });
        Record::whole(value.to_string())
    };
    let times = [(at("04-10 05:20:05"), 48_812), (at("04-10 05:20:41"), 48_830)];
    let records = times.into_iter().map(alert).collect();
    facts.note(
        "names",
        "firewall_alerts",
        "Alerts of the network firewall (let through)",
        json!(times.map(|(time, _)| iso(time))),
    );
    let end = at("04-10 05:25:00");
    let name = format!("{PROD}_network-firewall_alert_{HOME}_egress_202604100525_{}.log.gz", ids.hex(8));
    let key =
        format!("network-firewall-logs/AWSLogs/{PROD}/network-firewall/alert/{HOME}/egress/{}/05/{name}", folder(end));
    Object::of_lines(key, "network_firewall", end, "", records)
}
