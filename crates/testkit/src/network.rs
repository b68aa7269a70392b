//! The flow log of the VPC: who talked to whom, how much, and who was let in at port 22.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::facts::Facts;
use crate::host::Attempt;
use crate::states::INSTANCE;
use crate::tree::{Object, Record};
use crate::web::{NODES, Request};
use crate::world::{HOME, INTRUDER_IP, Ids, PRESIGNED_IP, PROD, at, compact_minute, folder, iso};

const DAY: i64 = 86_400;
pub(crate) const VPC: &str = "vpc-0a1b2c3d4e5f60718";
pub(crate) const ORDERS: &str = "10.0.1.25";
const ORDERS_ENI: &str = "eni-0a1b2c3d4e5f60a01";
const DATABASE: &str = "10.0.2.40";
const DATABASE_ENI: &str = "eni-0a1b2c3d4e5f60a04";
const GATEWAY_ENI: &str = "eni-0a1b2c3d4e5f60a05";
/// An address that two interfaces had, one after the other.
const REUSED: &str = "10.0.1.77";
/// When port 22 was open to the world.
pub(crate) const OPEN: (&str, &str) = ("04-09 01:58:10", "04-11 09:35:12");
/// How much left for the intruder's server, between 05:20 and 05:52.
pub(crate) const LOOT: u64 = 1_932_735_283;

/// One row: one direction of a conversation, at one interface, within one window.
#[derive(Debug, Clone)]
struct Flow {
    eni: &'static str,
    from: (String, u16),
    to: (String, u16),
    bytes: u64,
    start: i64,
    end: i64,
    accept: bool,
    flags: u8,
    egress: bool,
}

impl Flow {
    /// Packets carry some 1,400 bytes at most.
    fn packets(&self) -> u64 {
        self.bytes.div_ceil(1_400).max(1)
    }

    fn text(&self) -> String {
        let subnet = subnet(self.eni);
        let instance = match self.eni {
            ORDERS_ENI => INSTANCE,
            "eni-0a1b2c3d4e5f60a06" => "i-0dead00000000beef",
            _ => "-",
        };
        let within = self.from.0.starts_with("10.") && self.to.0.starts_with("10.");
        let path = match (self.egress, within) {
            (false, _) => "-",
            (true, true) => "1",
            (true, false) => "8",
        };
        let service = |address: &str| if address == STORE { "S3" } else { "-" };
        format!(
            "5 {PROD} {} {} {} {} {} 6 {} {} {} {} {} OK {VPC} {subnet} {instance} {} IPv4 {} {} {HOME} use1-az1 - - {} \
             {} {} {path}",
            self.eni,
            self.from.0,
            self.to.0,
            self.from.1,
            self.to.1,
            self.packets(),
            self.bytes,
            self.start,
            self.end,
            if self.accept { "ACCEPT" } else { "REJECT" },
            self.flags,
            self.from.0,
            self.to.0,
            service(&self.from.0),
            service(&self.to.0),
            if self.egress { "egress" } else { "ingress" },
        )
    }
}

/// An address of S3 as the flow log knows it.
const STORE: &str = "192.0.2.130";
const PAYMENTS: &str = "198.51.100.5";
const HEADER: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
    action log-status vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type \
    sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path\n";

fn subnet(eni: &str) -> &'static str {
    match eni {
        DATABASE_ENI => "subnet-0a1b2c3d4e5f60712",
        ORDERS_ENI | "eni-0a1b2c3d4e5f60a06" | "eni-0a1b2c3d4e5f60a07" => "subnet-0a1b2c3d4e5f60711",
        _ => "subnet-0a1b2c3d4e5f60710",
    }
}

/// A conversation as one interface sees it.
#[derive(Debug, Clone, Copy)]
struct Talk<'a> {
    eni: &'static str,
    here: (&'a str, u16),
    there: (&'a str, u16),
    /// Bytes from here, and from there.
    out: u64,
    back: u64,
    /// Did this side begin it?
    ours: bool,
    start: i64,
    end: i64,
}

#[derive(Debug, Default)]
struct Flows(Vec<Flow>);

impl Flows {
    fn talk(&mut self, talk: Talk<'_>) {
        let place = |(address, port): (&str, u16)| (address.to_owned(), port);
        // The side that begins sends SYN, the other one SYN and ACK; both end.
        let flags = |begins: bool| if begins { 3 } else { 19 };
        let row = |from, to, bytes, egress: bool| Flow {
            eni: talk.eni,
            from: place(from),
            to: place(to),
            bytes,
            start: talk.start,
            end: talk.end,
            accept: true,
            flags: flags(talk.ours == egress),
            egress,
        };
        self.0.push(row(talk.there, talk.here, talk.back, false));
        self.0.push(row(talk.here, talk.there, talk.out, true));
    }

    /// One that both interfaces see: the other one, seen from there.
    fn within(&mut self, talk: Talk<'_>, other: &'static str) {
        self.talk(talk);
        let (out, back) = (talk.back, talk.out);
        self.talk(Talk { eni: other, here: talk.there, there: talk.here, out, back, ours: !talk.ours, ..talk });
    }

    fn rejected(&mut self, ip: &str, port: u16, to: u16, time: i64) {
        self.0.push(Flow {
            eni: ORDERS_ENI,
            from: (ip.to_owned(), port),
            to: (ORDERS.to_owned(), to),
            bytes: 44,
            start: time,
            end: time + 27,
            accept: false,
            flags: 2,
            egress: false,
        });
    }
}

/// All files of the flow log.
pub(crate) fn flow_logs(requests: &[Request], attempts: &[Attempt], seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 23);
    let mut flows = Flows::default();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        ordinary(day, &mut ids, &mut flows);
        day += DAY;
    }
    customers(requests, &mut ids, &mut flows);
    logins(attempts, &mut flows);
    loot(&mut ids, &mut flows);
    flows.0.sort_by_key(|flow| (flow.end, flow.start));
    tell(&flows.0, facts);
    pack(&flows.0, &mut ids)
}

/// Health checks, the database, payments, the function behind the gateway; and what the internet throws at any address.
fn ordinary(day: i64, ids: &mut Ids, flows: &mut Flows) {
    for quarter in 0..4 {
        let base = day + quarter * 21_600 + ids.0.i64(60..15_000);
        let (start, end) = (base, base + 540);
        let (_, node, eni) = NODES[quarter as usize % 2];
        let port = ids.0.u16(20_000..60_000);
        let check = (ids.0.u64(2_000..2_400), ids.0.u64(2_900..3_300));
        let (out, back) = check;
        let here = (node, port);
        flows.within(Talk { eni, here, there: (ORDERS, 8080), out, back, ours: true, start, end }, ORDERS_ENI);
        let (out, back) = (ids.0.u64(4_000..40_000), ids.0.u64(30_000..600_000));
        let here = (ORDERS, ids.0.u16(33_000..60_000));
        let there = (DATABASE, 3306);
        let eni = ORDERS_ENI;
        flows.within(Talk { eni, here, there, out, back, ours: true, start, end }, DATABASE_ENI);
        let there = ([STORE, PAYMENTS][quarter as usize % 2], 443);
        let here = (ORDERS, ids.0.u16(33_000..60_000));
        let (out, back) = (ids.0.u64(9_000..220_000), ids.0.u64(5_000..90_000));
        let start = base + 1_300;
        flows.talk(Talk { eni, here, there, out, back, ours: true, start, end: start + 61 });
    }
    // Who has the address at this time; the gateway sees only the later one.
    let start = day + 43_200 + ids.0.i64(0..3_000);
    let (here, out, back) = ((REUSED, ids.0.u16(33_000..60_000)), ids.0.u64(900..4_000), ids.0.u64(2_000..9_000));
    let mut reused =
        Talk { eni: GATEWAY_ENI, here, there: (PAYMENTS, 443), out, back, ours: true, start, end: start + 40 };
    if start < at("03-20 15:01:32") {
        flows.talk(Talk { eni: "eni-0a1b2c3d4e5f60a06", there: (STORE, 443), ..reused });
    } else if start > at("03-25 09:30:00") {
        flows.talk(Talk { eni: "eni-0a1b2c3d4e5f60a07", ..reused });
        let port = ids.0.u16(1_024..60_000);
        reused.here = ("10.0.0.5", port);
        flows.talk(reused);
    }
    for _ in 0..5 {
        let time = day + ids.0.i64(0..DAY);
        let closed = !(at(OPEN.0)..at(OPEN.1)).contains(&time);
        let port = [22, 22, 23, 445, 3_389, 8_443][ids.0.usize(..6)];
        let ip = match ids.0.bool() {
            true => format!("198.51.100.{}", ids.0.u32(100..150)),
            false => format!("203.0.113.{}", ids.0.u32(100..200)),
        };
        let from = ids.0.u16(30_000..60_000);
        if closed || port != 22 {
            flows.rejected(&ip, from, port, time);
        }
    }
}

/// The customers at the load balancer, and the load balancer at the application.
fn customers(requests: &[Request], ids: &mut Ids, flows: &mut Flows) {
    let mut visits: BTreeMap<(i64, &str, u16, usize), Vec<&Request>> = BTreeMap::new();
    for request in requests {
        let key = (request.window(), request.ip.as_str(), request.port, request.node);
        visits.entry(key).or_default().push(request);
    }
    for ((_, ip, port, node), requests) in visits {
        let (start, end) = (requests[0].seconds(), requests[requests.len() - 1].seconds() + 5);
        let (_, address, eni) = NODES[node];
        let sum = |of: &dyn Fn(&Request) -> u64| requests.iter().map(|request| of(request)).sum::<u64>();
        let (out, back) = (sum(&|one| one.sent + 900), sum(&|one| one.received() + 400));
        let talk = Talk { eni, here: (address, 443), there: (ip, port), out, back, ours: false, start, end };
        flows.talk(talk);
        let passed = sum(&|one| if one.blocked() { 0 } else { one.sent + 300 });
        if passed > 0 {
            let here = (address, ids.0.u16(20_000..60_000));
            let (out, back) = (sum(&|one| one.received()), passed);
            flows.within(Talk { here, there: (ORDERS, 8080), out, back, ours: true, ..talk }, ORDERS_ENI);
        }
    }
}

/// Connections to port 22 while it was open.
fn logins(attempts: &[Attempt], flows: &mut Flows) {
    for attempt in attempts {
        let (start, end) = (attempt.time - 2, attempt.time + 3);
        let (here, there) = ((ORDERS, 22), (attempt.ip.as_str(), attempt.port));
        flows.talk(Talk { eni: ORDERS_ENI, here, there, out: 2_014, back: 1_722, ours: false, start, end });
    }
    let here = (ORDERS, 22);
    let mut talk = Talk {
        eni: ORDERS_ENI,
        here,
        there: (INTRUDER_IP, 50_122),
        out: 2_214,
        back: 1_964,
        ours: false,
        start: at("04-09 02:03:11"),
        end: at("04-09 02:03:19"),
    };
    flows.talk(talk);
    // The session in which the database is dumped lasts for an hour.
    talk.there = (INTRUDER_IP, 51_514);
    (talk.start, talk.end) = (at("04-10 05:06:02"), at("04-10 05:10:00"));
    while talk.start < at("04-10 05:58:40") {
        (talk.out, talk.back) = (31_040 + talk.start as u64 % 9_000, 14_210 + talk.start as u64 % 3_000);
        flows.talk(talk);
        (talk.start, talk.end) = (talk.end, (talk.end + 600).min(at("04-10 05:58:40")));
    }
}

/// The dump comes from the database and leaves for the intruder's server; then something calls there, every ten minutes.
fn loot(ids: &mut Ids, flows: &mut Flows) {
    let (here, there) = ((ORDERS, 44_306), (DATABASE, 3306));
    let (start, end) = (at("04-10 05:15:02"), at("04-10 05:19:00"));
    let dump = Talk { eni: ORDERS_ENI, here, there, out: 412_660, back: 1_904_217_442, ours: true, start, end };
    flows.within(dump, DATABASE_ENI);
    let parts = [("05:20:04", "05:30:00", 611_904_112), ("05:30:00", "05:40:00", 640_118_907)];
    let parts = parts.into_iter().chain([("05:40:00", "05:50:00", 571_330_048), ("05:50:00", "05:51:58", 0)]);
    let mut left = LOOT;
    for (from, to, bytes) in parts {
        let out = if bytes == 0 { left } else { bytes };
        left -= out;
        let (start, end) = (at(&format!("04-10 {from}")), at(&format!("04-10 {to}")));
        let (here, there) = ((ORDERS, 48_812), (PRESIGNED_IP, 443));
        flows.talk(Talk { eni: ORDERS_ENI, here, there, out, back: out / 610, ours: true, start, end });
    }
    let mut start = at("04-10 06:00:00");
    while start <= at("04-11 09:40:00") {
        let (here, there) = ((ORDERS, ids.0.u16(33_000..60_000)), (PRESIGNED_IP, 443));
        let out = ids.0.u64(588..613);
        flows.talk(Talk { eni: ORDERS_ENI, here, there, out, back: 544, ours: true, start, end: start + 2 });
        start += 600;
    }
}

/// A file for each day; for each hour in the days around the intrusion.
fn pack(flows: &[Flow], ids: &mut Ids) -> Vec<Object> {
    let busy = at("04-08 00:00:00")..at("04-12 00:00:00");
    let mut files: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    for flow in flows {
        let window = if busy.contains(&flow.end) { 3_600 } else { DAY };
        files.entry((flow.end / window + 1) * window).or_default().push(Record::nameless(flow.text()));
    }
    let file = |(end, records): (i64, Vec<Record>)| object(end, records, ids);
    files.into_iter().map(file).collect()
}

/// A file with its header, which is no record.
pub(crate) fn object(end: i64, records: Vec<Record>, ids: &mut Ids) -> Object {
    let delivered = compact_minute(end + 300);
    let name = format!("{PROD}_vpcflowlogs_{HOME}_fl-0a1b2c3d4e5f60718_{delivered}_{}.log.gz", ids.hex(8));
    let key = format!("flow-logs/AWSLogs/{PROD}/vpcflowlogs/{HOME}/{}/{name}", folder(end + 300));
    Object::of_lines(key, "vpc_flow", end + 300, HEADER, records)
}

/// A row that says that there was nothing, or that what there was is not known.
pub(crate) fn nothing(start: i64, status: &str) -> Record {
    let subnet = subnet(GATEWAY_ENI);
    Record::nameless(format!(
        "5 {PROD} {GATEWAY_ENI} - - - - - - - {start} {} - {status} {VPC} {subnet} - - - - - {HOME} use1-az1 - - - - - -",
        start + 60
    ))
}

fn tell(flows: &[Flow], facts: &mut Facts) {
    let part = "network";
    let sum = |fits: &dyn Fn(&Flow) -> bool| flows.iter().filter(|flow| fits(flow)).map(|flow| flow.bytes).sum::<u64>();
    let to_server = |flow: &Flow| flow.to.0 == PRESIGNED_IP && flow.accept;
    let early = |flow: &Flow| flow.end < at("04-10 05:55:00");
    facts.note(
        part,
        "loot_bytes",
        "Bytes from 10.0.1.25 to 198.51.100.77:443, 04-10 05:20 to 05:52",
        sum(&|flow| to_server(flow) && early(flow)),
    );
    facts.note(part, "beacon_bytes", "Bytes there after that", sum(&|flow| to_server(flow) && !early(flow)));
    let beacons: Vec<&Flow> = flows.iter().filter(|flow| to_server(flow) && !early(flow)).collect();
    let times: Vec<String> =
        [beacons.first(), beacons.last()].into_iter().flatten().map(|flow| iso(flow.start)).collect();
    facts.note(part, "beacons", "Calls there, one every ten minutes", beacons.len());
    facts.note(part, "beacon_span", "The first and the last of them", json!(times));
    let dumped = |flow: &Flow| flow.eni == ORDERS_ENI && flow.from.0 == DATABASE && flow.bytes > 1_000_000_000;
    facts.note(part, "dump_bytes", "Bytes from the database to 10.0.1.25, 04-10 05:15 to 05:19", sum(&dumped));
    let mut accepted: BTreeMap<&str, u64> = BTreeMap::new();
    let knocks = |flow: &&Flow| flow.eni == ORDERS_ENI && flow.to.1 == 22 && flow.to.0 == ORDERS;
    flows
        .iter()
        .filter(knocks)
        .filter(|flow| flow.accept)
        .for_each(|flow| *accepted.entry(&flow.from.0).or_default() += 1);
    facts.note(part, "ssh_accepted", "Accepted flows to port 22 of 10.0.1.25, by address", json!(accepted));
    let first = flows.iter().filter(knocks).filter(|flow| flow.accept).map(|flow| flow.start).min();
    facts.note(
        part,
        "ssh_first_accepted",
        "The first of them, from 203.0.113.66",
        first.map_or(Value::Null, |time| json!(iso(time))),
    );
    let rejected = flows.iter().filter(knocks).filter(|flow| !flow.accept);
    facts.note(part, "ssh_rejected", "Rejected flows to port 22", rejected.count());
    facts.note(part, "flows", "Flows in all (some of them are in the cut file)", flows.len());
}
