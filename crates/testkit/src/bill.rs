//! The Cost and Usage Reports of two months: what left the account costs money.

use serde_json::json;

use crate::facts::Facts;
use crate::network::LOOT;
use crate::s3_access::Line;
use crate::tree::{Object, Record, gzip};
use crate::world::{EXPORTS, Ids, PROD, SEC, at, compact, iso};

const DAY: i64 = 86_400;
const GIGABYTE: f64 = 1_073_741_824.0;
const COLUMNS: &str = "identity/LineItemId,identity/TimeInterval,bill/InvoiceId,bill/BillingEntity,bill/BillType,\
    bill/PayerAccountId,bill/BillingPeriodStartDate,bill/BillingPeriodEndDate,lineItem/UsageAccountId,\
    lineItem/LineItemType,lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,\
    lineItem/Operation,lineItem/AvailabilityZone,lineItem/ResourceId,lineItem/UsageAmount,lineItem/CurrencyCode,\
    lineItem/UnblendedRate,lineItem/UnblendedCost,lineItem/BlendedRate,lineItem/BlendedCost,\
    lineItem/LineItemDescription,product/ProductName,product/region,pricing/publicOnDemandCost,pricing/unit,\
    resourceTags/user:owner";

/// What is paid for each day: service, usage type, operation, resource, unit, price, description, region.
type Item = (&'static str, &'static str, &'static str, &'static str, &'static str, f64, &'static str, &'static str);

const MACHINE_OUT: Item = (
    "AmazonEC2",
    "DataTransfer-Out-Bytes",
    "RunInstances",
    "i-0a1b2c3d4000000a1",
    "GB",
    0.09,
    "$0.090 per GB - first 10 TB / month data transfer out",
    "us-east-1",
);
const BUCKET_OUT: Item = (
    "AmazonS3",
    "DataTransfer-Out-Bytes",
    "GetObject",
    EXPORTS,
    "GB",
    0.09,
    "$0.090 per GB - first 10 TB / month data transfer out",
    "us-east-1",
);
const SNAPSHOT: Item = (
    "AmazonEC2",
    "EU-EBS:SnapshotUsage",
    "CreateSnapshot",
    "arn:aws:ec2:eu-west-1:111122223333:snapshot/snap-0e5f60718a1b2c3d4",
    "GB-Mo",
    0.05,
    "$0.05 per GB-Month of snapshot data stored - EU (Ireland)",
    "eu-west-1",
);
const USUAL: [(Item, f64); 6] = [
    (
        (
            "AmazonEC2",
            "BoxUsage:t3.medium",
            "RunInstances",
            "i-0a1b2c3d4000000a1",
            "Hrs",
            0.0416,
            "$0.0416 per On Demand Linux t3.medium Instance Hour",
            "us-east-1",
        ),
        24.0,
    ),
    (
        (
            "AmazonEC2",
            "NatGateway-Hours",
            "NatGateway",
            "arn:aws:ec2:us-east-1:111122223333:natgateway/nat-0a1b2c3d4e5f60718",
            "Hrs",
            0.045,
            "$0.045 per NAT Gateway Hour",
            "us-east-1",
        ),
        24.0,
    ),
    (
        (
            "AWSELB",
            "LoadBalancerUsage",
            "LoadBalancing:Application",
            "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/orders-web/50dc6c495c0c9188",
            "Hrs",
            0.0225,
            "$0.0225 per Application LoadBalancer-hour (or partial hour)",
            "us-east-1",
        ),
        24.0,
    ),
    (
        (
            "AmazonRDS",
            "InstanceUsage:db.r6g.large",
            "CreateDBInstance:0016",
            "arn:aws:rds:us-east-1:111122223333:db:orders-db-1",
            "Hrs",
            0.26,
            "\"USD 0.26 per db.r6g.large Single-AZ instance hour (or partial hour) running Aurora MySQL\"",
            "us-east-1",
        ),
        24.0,
    ),
    (
        (
            "AmazonS3",
            "TimedStorage-ByteHrs",
            "StandardStorage",
            EXPORTS,
            "GB-Mo",
            0.023,
            "$0.023 per GB - first 50 TB / month of storage used",
            "us-east-1",
        ),
        0.4,
    ),
    (
        (
            "AmazonGuardDuty",
            "USE1-PaidEventsAnalyzed",
            "",
            "",
            "Events",
            0.000_004,
            "$4.00 per 1M events analyzed",
            "us-east-1",
        ),
        1_900.0,
    ),
];

/// Gigabytes that left on this day: from the machine, for the intruder's server, and from the bucket, for whoever read.
fn taken(day: i64, lines: &[Line]) -> (f64, f64) {
    let machine = if day == at("04-10 00:00:00") { LOOT as f64 } else { 0.0 };
    let ours = |line: &&Line| line.bucket == EXPORTS && (day..day + DAY).contains(&line.time);
    let bucket: u64 = lines.iter().filter(ours).map(|line| line.sent).sum();
    (machine / GIGABYTE, bucket as f64 / GIGABYTE)
}

fn line(item: &Item, day: i64, amount: f64, period: (i64, i64), ids: &mut Ids) -> Record {
    let (service, usage, operation, resource, unit, price, description, region) = item;
    let (start, end) = (iso(day), iso(day + DAY));
    let (from, to) = (iso(period.0), iso(period.1));
    let cost = format!("{:.10}", amount * price);
    let id = ids.alnum(52).to_lowercase();
    let owner = if resource.is_empty() { "" } else { "orders" };
    Record::whole(format!(
        "{id},{start}/{end},,AWS,Anniversary,{SEC},{from},{to},{PROD},Usage,{start},{end},{service},{usage},{operation},,\
         {resource},{amount:.10},USD,{price:.10},{cost},{price:.10},{cost},{description},{service},{region},{cost},{unit},\
         {owner}"
    ))
}

/// What left on one of the two days, and what it cost.
fn tell(day: i64, machine: f64, bucket: f64, facts: &mut Facts) {
    let name = &iso(day)[..10].replace('-', "_");
    let both = |price: f64| {
        let amount = |gigabytes: f64| format!("{:.10}", gigabytes * price);
        json!({"orders_1": amount(machine), "acme_customer_exports": amount(bucket)})
    };
    let what = "GB out of orders-1 and of the bucket (usual: 0.13 and 0.005)";
    facts.note("bill", &format!("out_{name}"), what, both(1.0));
    facts.note("bill", &format!("cost_{name}"), "What that cost, in USD", both(0.09));
}

/// The reports of March and April, each with its manifest.
pub(crate) fn reports(lines: &[Line], seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 39);
    let mut objects = Vec::new();
    let part = "bill";
    for (from, to) in [("03-01 00:00:00", "04-01 00:00:00"), ("04-01 00:00:00", "05-01 00:00:00")] {
        let period = (at(from), at(to));
        let (mut records, mut day) = (Vec::new(), period.0);
        while day < period.1 {
            for (item, amount) in &USUAL {
                records.push(line(item, day, *amount, period, &mut ids));
            }
            let more = taken(day, lines);
            let (machine, bucket) = (0.11 + ids.0.f64() * 0.02 + more.0, 0.004 + ids.0.f64() * 0.001 + more.1);
            records.push(line(&MACHINE_OUT, day, machine, period, &mut ids));
            records.push(line(&BUCKET_OUT, day, bucket, period, &mut ids));
            if day >= at("04-10 00:00:00") {
                records.push(line(&SNAPSHOT, day, 500.0 / 30.0, period, &mut ids));
            }
            if (at("04-09 00:00:00")..=at("04-10 00:00:00")).contains(&day) {
                tell(day, machine, bucket, facts);
            }
            day += DAY;
        }
        objects.extend(report(period, records, &mut ids));
    }
    facts.note(part, "snapshot_since", "A snapshot in eu-west-1 is paid for since", "2026-04-10");
    facts.note(part, "lines", "Lines in all", objects.iter().map(|object| object.records.len()).sum::<usize>());
    objects
}

fn report((from, to): (i64, i64), records: Vec<Record>, ids: &mut Ids) -> [Object; 2] {
    let assembly = compact(to + 3 * DAY + 6 * 3_600);
    let day = |time: i64| compact(time)[..8].to_owned();
    let folder = format!("billing/acme-cur/{}-{}", day(from), day(to));
    let key = format!("{folder}/{assembly}/acme-cur-1.csv.gz");
    let manifest = json!({
        "assemblyId": assembly, "account": SEC, "reportName": "acme-cur", "compression": "GZIP", "contentType": "text/csv",
        "charset": "UTF-8", "bucket": "billing", "reportId": ids.hex(64), "reportKeys": [key.trim_start_matches("billing/")],
        "billingPeriod": {"start": compact(from), "end": compact(to)},
        "columns": COLUMNS.split(',').map(|name| {
            let (category, name) = name.split_once('/').unwrap_or_default();
            json!({"category": category, "name": name})
        }).collect::<Vec<_>>(),
    });
    let manifest = Object::other(&format!("{folder}/acme-cur-Manifest.json"), format!("{manifest:#}\n"));
    let mut body = format!("{COLUMNS}\n");
    records.iter().for_each(|record| body.push_str(&format!("{}\n", record.text)));
    let delivered = to + 3 * DAY + 6 * 3_600;
    // The time is that of a folder, whose hour nobody reads.
    [Object::new(key, "billing", delivered, gzip(body.as_bytes()), records), manifest]
}
