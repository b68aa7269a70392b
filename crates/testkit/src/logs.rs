//! The logs of everything but CloudTrail, AWS Config, S3 and CloudFront, and what is wrong with them.

#[cfg(test)]
mod tests;

use crate::facts::Facts;
use crate::faults::Faults;
use crate::s3_access::Line;
use crate::tree::{Object, Record, gzip_truncated};
use crate::world::{Ids, at};
use crate::{bill, database, edge, events, findings, host, interfaces, inventory, metrics, names, network, web};

/// All objects. `lines` are those of the buckets' own logs, which say what left and what lies there.
pub(crate) fn all(lines: &[Line], seed: u64, faults: &mut Faults, facts: &mut Facts) -> Vec<Object> {
    let requests = web::all(seed, facts);
    let attempts = host::attempts(seed);
    let mut objects = edge::load_balancer(&requests, seed);
    objects.extend(edge::firewall(&requests, seed));
    objects.extend(network::flow_logs(&requests, &attempts, seed, facts));
    objects.extend(names::resolver_logs(seed, facts));
    objects.extend([names::public_zone(seed, facts), names::network_firewall(seed, facts)]);
    objects.push(host::secure(&attempts, seed, facts));
    objects.extend(host::application(&requests, seed, facts));
    objects.extend(database::audit(seed, facts));
    objects.extend([database::slow(seed, facts), database::error_log(seed, facts)]);
    objects.extend(metrics::stream(seed, facts));
    objects.extend(events::archive(seed, facts));
    objects.extend(findings::guardduty(seed, facts));
    objects.extend(findings::security_hub(seed, facts));
    objects.extend(bill::reports(lines, seed, facts));
    objects.extend(inventory::inventories(lines, seed, facts));
    interfaces::tell(facts);
    plant(&mut objects, seed, faults);
    objects
}

/// What is wrong with what was delivered.
fn plant(objects: &mut Vec<Object>, seed: u64, faults: &mut Faults) {
    let mut ids = Ids::new(seed, 41);
    cut_flows(objects, faults);
    let doubled = doubled_verdict(objects, &mut ids, faults);
    let silent = silent_flows(&mut ids, faults);
    objects.extend([doubled, silent]);
    let with = |part: &str| -> Vec<&str> {
        objects.iter().map(|object| object.key.as_str()).filter(|key| key.contains(part)).collect()
    };
    let mut twice = with("cwl-firehose/orders-db-audit/");
    twice.extend(with("/audit/server_audit.log"));
    let what = "entries of the audit log of 04-08 to 04-11 are in CloudWatch Logs and in the files of the server: each is \
                one row, its copy in the file is a duplicate";
    faults.note("delivered_twice", &twice, what);
    let again = "one value of 05:20 again at 07:00, with more measurements in it: both are rows";
    faults.note("sent_again", &with("acme-metrics-1-2026-04-10-07-01-01"), again);
    let test_file = Object::other("cwl-export/aws-logs-write-test", "Permission Check Successful");
    faults.note("unrecognised", &[&test_file.key], "the file with which an export task tries whether it may write");
    objects.push(test_file);
}

/// A file of the flow log ends in the middle of a row.
fn cut_flows(objects: &mut [Object], faults: &mut Faults) {
    let day =
        |object: &&mut Object| object.key.contains("vpcflowlogs_us-east-1_fl-") && object.key.contains("_20260327T");
    let object = objects.iter_mut().find(day).expect("there is a file for every day");
    let text = inflated(&object.body);
    let (kept, all) = (object.records.len() - 7, object.records.len());
    let cut_row = object.records[kept].text.clone();
    let rest: usize = object.records[kept..].iter().map(|record| record.text.len() + 1).sum();
    let half = cut_row.len() / 2;
    object.body = gzip_truncated(&text, text.len() - rest + half);
    object.records.truncate(kept);
    object.records.push(Record::broken(&cut_row[..half]));
    let what = format!("gzip data end within row {} of {all}: {kept} rows are whole, one is a reject", kept + 1);
    faults.note("truncated", &[&object.key], &what);
    faults.damaged.push(object.key.clone());
}

fn inflated(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(body), &mut out).expect("written a moment ago");
    out
}

/// A verdict of the firewall in a second file of the same five minutes.
fn doubled_verdict(objects: &[Object], ids: &mut Ids, faults: &mut Faults) -> Object {
    let scan = |object: &&Object| object.source == "waf" && object.key.contains("_20260408T2135Z_");
    let first = objects.iter().find(scan).expect("the scan is under way");
    let (name, _) = first.key.rsplit_once('_').unwrap_or_default();
    let key = format!("{name}_f{}.log.gz", ids.hex(7));
    let again = Object::of_lines(key, "waf", at("04-08 21:35:00"), "", vec![first.records[0].clone()]);
    faults.note("delivered_twice", &[&first.key, &again.key], "one verdict of the firewall in both files");
    again
}

/// A file of the flow log that says that there was nothing, or that something was left out.
fn silent_flows(ids: &mut Ids, faults: &mut Faults) -> Object {
    let start = at("04-01 03:00:00");
    let rows = [("NODATA", 0), ("NODATA", 60), ("SKIPDATA", 120)];
    let records = rows.into_iter().map(|(status, after)| network::nothing(start + after, status)).collect();
    let object = network::object(start + 300, records, ids);
    faults.note("no_data", &[&object.key], "rows of the flow log without a flow: NODATA twice, SKIPDATA once");
    object
}
