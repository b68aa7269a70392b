//! How fast records are decoded: `cargo test --release -p coldtrail-sources -- --ignored --nocapture speed`.

use std::fmt::Write as _;
use std::time::Instant;

use coldtrail_evidence::ObjectKey;
use coldtrail_sources::{Broken, Decoder, Head, Recognised, Record, Sink, frame, recognise};

use crate::cases;

struct Push(Box<dyn Decoder>, usize, usize);

impl Sink for Push {
    fn record(&mut self, record: &Record<'_>) {
        if self.0.record(record).is_ok() {
            self.1 += 1;
        }
        if self.0.rows().len() >= 8192 {
            self.2 += self.0.rows().finish().rows.num_rows();
        }
    }
    fn broken(&mut self, _broken: Broken<'_>) {}
    fn trailer(&mut self, _text: &str) {}
}

fn measure(title: &str, key: &str, bytes: &[u8]) {
    let parsed = ObjectKey::parse(key);
    let head = &bytes[..bytes.len().min(256 << 10)];
    let Recognised::Source(source, framing) = recognise(key, &parsed, head, false, false) else {
        panic!("{title} is not recognised")
    };
    let best = (0..15).map(|_| {
        let start = Instant::now();
        let mut decoder = (source.decoder)();
        decoder.begin(&Head { name: key, key: &parsed, bytes: head, whole: false }, Default::default());
        let entries = decoder.entries();
        let mut sink = Push(decoder, 0, 0);
        frame(Vec::new(), bytes, framing, entries, &mut sink).unwrap();
        (start.elapsed().as_secs_f64(), sink.1)
    });
    let (seconds, records) = best.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    let megabytes = bytes.len() as f64 / 1e6;
    print(&format!(
        "{title}: {:.0} MB/s, {:.0} ns a record, {records} records",
        megabytes / seconds,
        seconds * 1e9 / records as f64
    ));
}

#[expect(clippy::print_stdout, reason = "this is what the measurement is for")]
fn print(line: &str) {
    println!("{line}");
}

/// The fields of versions 3 to 5, behind those of version 2.
const V5: &str = " vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr region az-id sublocation-type \
    sublocation-id pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path";

/// Flow logs of a few interfaces, in which addresses, ports and sizes differ as they do in real ones.
fn flows(more: &str, count: u64) -> Vec<u8> {
    const V2: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
        action log-status";
    let mut state = 1u64;
    let mut number = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut text = format!("{V2}{more}\n");
    for at in 0..count {
        let interface = 0x0123_4567_89ab_cd00 + number(24);
        let outside = format!("{}.{}.{}.{}", 1 + number(222), number(256), number(256), number(256));
        let inside = format!("10.0.{}.{}", number(8), number(256));
        let (src, dst) = if number(2) == 0 { (outside, inside) } else { (inside, outside) };
        let (packets, start) = (1 + number(60), 1_767_225_600 + at / 64);
        let (end, bytes) = (start + number(60), packets * (40 + number(1400)));
        let action = if number(5) == 0 { "REJECT" } else { "ACCEPT" };
        let (from, to) = (1024 + number(64000), [22, 80, 443, 3306, 8080][number(5) as usize]);
        write!(
            text,
            "2 111122223333 eni-0{interface:016x} {src} {dst} {from} {to} 6 {packets} {bytes} {start} {end} {action} OK"
        )
        .unwrap();
        if !more.is_empty() {
            write!(
                text,
                " vpc-0123456789abcdef0 subnet-0{interface:016x} - 19 IPv4 {src} {dst} eu-central-1 euc1-az1 - - - - \
                 ingress -"
            )
            .unwrap();
        }
        text.push('\n');
    }
    text.into_bytes()
}

/// A report as large accounts have it: 200 columns, of which a line fills a third.
fn bill() -> Vec<u8> {
    let own = "identity/LineItemId,identity/TimeInterval,bill/PayerAccountId,bill/BillingPeriodStartDate,\
        lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,\
        lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,lineItem/AvailabilityZone,lineItem/ResourceId,\
        lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedRate,lineItem/UnblendedCost,\
        lineItem/BlendedCost,lineItem/LineItemDescription,pricing/unit";
    let others: String = (0..180).map(|n| format!(",product/attributeNumber{n}")).collect();
    let mut text = format!("{own}{others}\n");
    for n in 0..20_000 {
        let values: String = (0..180).map(|at| if at % 4 == 0 { ",some value" } else { "," }).collect();
        text += &format!(
            "line{n}example,2026-03-02T04:00:00Z/2026-03-02T05:00:00Z,111122223333,2026-03-01T00:00:00Z,444455556666,\
            Usage,2026-03-02T04:00:00Z,2026-03-02T05:00:00Z,AmazonEC2,EUC1-BoxUsage:m5.large,RunInstances,\
            eu-central-1a,i-{n:017x},1.0000000000,USD,0.1150000000,0.1150000000,0.1150000000,\
            \"$0.115 per On Demand Linux m5.large, per hour\",Hrs{values}\n"
        );
    }
    text.into_bytes()
}

#[test]
#[ignore = "measures; run it in release"]
fn speed() {
    let cases = cases::all();
    let find = |folder: &str, name: &str| {
        let case = cases.iter().find(|c| c.source == folder && c.path.file_name().is_some_and(|n| n == name));
        case.unwrap_or_else(|| panic!("no case {folder}/{name}")).bytes.clone()
    };
    let wrap = |record: &[u8]| {
        let record = String::from_utf8(record.to_vec()).unwrap();
        let records = vec![record.trim(); (64 << 20) / record.len()];
        format!("{{\"Records\":[{}]}}", records.join(",")).into_bytes()
    };
    measure("cloudtrail", "a.json", &wrap(&find("cloudtrail", "single_event.json")));
    let lines = |bytes: &[u8]| bytes.repeat((32 << 20) / bytes.len());
    measure("cloudtrail ndjson", "a.json", &lines(&find("cloudtrail", "ndjson.jsonl")));
    measure("s3_access", "a.log", &lines(&find("s3_access", "width_26.log")));
    measure("elb_access", "a.log", &lines(&find("elb_access", "alb_kinds.log")));
    measure("elb_connections", "a.log", &lines(&find("elb_connections", "connections.log")));
    measure("cloudfront", "a.log", &lines(&find("cloudfront", "v1_width_33.log")));
    measure("billing, 200 columns as CSV", "a.csv", &bill());
    let small = find("cloudtrail", "records.json");
    let start = Instant::now();
    for _ in 0..1000 {
        assert!(matches!(recognise("a", &ObjectKey::default(), &small, true, false), Recognised::Source(..)));
    }
    print(&format!("recognising a small object: {:.1} us", start.elapsed().as_secs_f64() * 1e3));
}

#[test]
#[ignore = "measures; run it in release"]
fn speed_of_flow_logs() {
    measure("vpc_flow version 2", "a.log", &flows("", 200_000));
    measure("vpc_flow version 5", "a.log", &flows(V5, 100_000));
}
