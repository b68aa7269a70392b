//! What the logs of edge, network and databases tell together, against the ground truth.

use serde_json::Value;

use crate::support::{run, sample_case, sql, truth};

#[test]
fn strangers_at_the_open_port_are_counted_by_flow_logs() {
    let truth = truth();
    let accepted = truth["logs"]["network"]["ssh_accepted"].as_object().unwrap();
    let group = truth["intrusion"]["security_group"]["id"].as_str().unwrap();
    let answer = run(sample_case(), &["exposure", group, "--json"]).expect(3).json();
    let open = &answer["exposures"][0];
    assert_eq!(open["kind"], "open_security_group");
    let uses = open["uses"].as_array().unwrap();
    let flows = uses.iter().find(|one| one["source"] == "vpc_flow").expect("flows tell who used it");
    assert_eq!(flows["externalAddresses"], accepted.len());
    let who: Vec<&str> = flows["who"].as_str().unwrap().split(", ").collect();
    assert!(accepted.keys().all(|address| who.contains(&address.as_str())), "{who:?}");
    // There and back: a flow that was accepted has one of the answer.
    let ways = sql(
        sample_case(),
        "select count(*) as flows from vpc_flow where action = 'ACCEPT' and not ip_is_private(srcaddr)
         and dstaddr = '10.0.1.25' and dstport = 22",
    );
    let expected: u64 = accepted.values().map(|flows| flows.as_u64().unwrap()).sum();
    assert_eq!(ways[0]["flows"], expected);
    assert_eq!(flows["requests"].as_u64().unwrap(), 2 * expected);
    assert!(open["cannotSay"].is_null());
}

#[test]
fn a_request_is_followed_through_the_logs() {
    let truth = truth();
    let web = &truth["logs"]["web"];
    let trace = web["key_leaked_trace"].as_str().unwrap();
    let answer = run(sample_case(), &["request", trace, "--json"]).expect(3).json();
    let rows = answer["rows"].as_array().unwrap();
    let sources: Vec<&str> = rows.iter().map(|row| row["source"].as_str().unwrap()).collect();
    assert_eq!(sources, ["waf", "cloudwatch_logs", "elb_access"], "in the order of their times");
    assert_eq!(rows[2]["bytes"], web["key_leaked_bytes"]);
    assert_eq!(rows[2]["ids"][0]["writtenBy"], "service");
    assert_eq!(rows[1]["ids"][0]["writtenBy"], "maybe client");
    assert!(answer["mentions"][0]["message"].as_str().unwrap().contains(trace));
    assert_eq!(answer["withoutRow"], serde_json::json!(["cloudfront", "cloudtrail", "s3_access"]));
    // As ALB writes the header, and one that nobody made.
    let header = format!("Root={trace}");
    assert_eq!(run(sample_case(), &["request", &header, "--json"]).expect(3).json()["rows"], answer["rows"]);
    let none = run(sample_case(), &["request", "1-00000000-000000000000000000000000"]).expect(5);
    assert!(none.stderr.contains("no row knows a request"), "{}", none.stderr);
    run(sample_case(), &["request", "short"]).expect(2);
}

/// An object read that two logs saw is one request: each pair has equal keys.
#[test]
fn reads_that_two_logs_saw_are_pairs() {
    let reads = &truth()["intrusion"]["reads"];
    let pairs = sql(
        sample_case(),
        "select count(distinct request_id) as requests from request_pairs p join s3_access s
           on s.evidence_object = p.other_evidence_object and s.evidence_record = p.other_evidence_record
         where p.source = 'cloudtrail' and p.other_source = 's3_access' and p.id_written_by = 'service'
           and s.bucket_name = 'acme-customer-exports' and s.action = 'read' and s.error_class = 'success'
           and s.event_time between timestamp '2026-04-09T22:05:30Z' and timestamp '2026-04-10T13:00:00Z'",
    );
    assert!(pairs[0]["requests"].as_u64().unwrap() >= reads["requests_in_both"].as_u64().unwrap(), "{pairs:?}");
    let only = reads["request_ids_in_s3_access_only"].as_array().unwrap();
    let answer = run(sample_case(), &["request", only[0].as_str().unwrap(), "--json"]).expect(3).json();
    let sources: Vec<&Value> = answer["rows"].as_array().unwrap().iter().map(|row| &row["source"]).collect();
    assert_eq!(sources, ["s3_access"]);
}

#[test]
fn an_address_belongs_to_whom_it_belonged_then() {
    let truth = truth();
    let reused = truth["logs"]["addresses"]["10.0.1.77"].as_array().unwrap();
    let found = sql(
        sample_case(),
        "select interface_id, instance_id, owner_kind, valid_from, valid_to from ip_owner
         where ip = '10.0.1.77' and basis = 'config' and interface_id is not null order by valid_from",
    );
    assert_eq!(found.len(), reused.len(), "{found:?}");
    for (row, expected) in found.iter().zip(reused) {
        assert_eq!(row["interface_id"], expected["interface"]);
        assert_eq!(row["instance_id"], expected["instance"]);
        assert_eq!(row["valid_from"], expected["from"]);
        assert_eq!(row["valid_to"], expected["to"]);
    }
    let at = |instant: &str| {
        let asked = format!(
            "select distinct owner_kind, owner from ip_owner_asof('{instant}') where ip = '10.0.1.77' and basis = 'config'"
        );
        sql(sample_case(), &asked)
    };
    assert_eq!(at("2026-03-10T00:00:00Z")[0]["owner"], "i-0dead00000000beef");
    assert!(at("2026-03-22T00:00:00Z").is_empty(), "unknown then");
    assert_eq!(at("2026-04-01T00:00:00Z")[0]["owner_kind"], "function");
    let flows =
        sql(sample_case(), "select distinct interface_id from ip_owner where ip = '10.0.1.25' and basis = 'flows'");
    assert_eq!(flows[0]["interface_id"], truth["logs"]["addresses"]["10.0.1.25"]["interface"]);
    assert_eq!(flows.len(), 1);
}

#[test]
fn databases_tell_what_was_done_in_them() {
    let truth = truth();
    let database = &truth["logs"]["database"];
    let failed = sql(
        sample_case(),
        "select event_time from database_activity where operation = 'FAILED_CONNECT' and source = 'rds_audit'
         and username = 'admin' order by event_time",
    );
    assert_eq!(failed.len(), database["failed_connects"].as_array().unwrap().len(), "{failed:?}");
    let log = sql(sample_case(), "select count(*) as entries from rds_log");
    assert_eq!(log[0]["entries"], database["error_lines"]);
    let twice = sql(sample_case(), "select count(*) as entries from duplicates where source = 'rds_audit'");
    assert_eq!(twice[0]["entries"], database["audit_twice"], "in the file and in CloudWatch Logs");
}
