//! What EventBridge handed on and an archive keeps: alarms, state changes of instances, a notice of AWS Health.

use serde_json::{Value, json};

use crate::cloudwatch::firehose;
use crate::facts::Facts;
use crate::states::INSTANCE;
use crate::tree::{Object, Record};
use crate::world::{HOME, Ids, PROD, at, iso, iso_millis};

const DEAD: &str = "i-0dead00000000beef";

fn event(kind: &str, source: &str, time: i64, resource: String, detail: Value, ids: &mut Ids) -> (i64, Record) {
    let value = json!({
        "version": "0", "id": ids.uuid(), "detail-type": kind, "source": source, "account": PROD, "time": iso(time),
        "region": HOME, "resources": [resource], "detail": detail,
    });
    (time, Record::whole(value.to_string()))
}

fn instance(id: &str, state: &str, time: &str, ids: &mut Ids) -> (i64, Record) {
    let arn = format!("arn:aws:ec2:{HOME}:{PROD}:instance/{id}");
    let detail = json!({"instance-id": id, "state": state});
    event("EC2 Instance State-change Notification", "aws.ec2", at(time), arn, detail, ids)
}

fn alarm(before: (&str, &str), now: (&str, &str), value: f64, ids: &mut Ids) -> (i64, Record) {
    let (name, time) = ("orders-1-cpu", at(now.1));
    let stamp = |time: i64| iso_millis(time * 1_000).replace('Z', "+0000");
    let word = if now.0 == "ALARM" { "was greater" } else { "was not greater" };
    let detail = json!({
        "alarmName": name,
        "state": {
            "value": now.0, "timestamp": stamp(time),
            "reason": format!("Threshold Crossed: 1 datapoint [{value:.1}] {word} than the threshold (80.0)."),
            "reasonData": json!({"version": "1.0", "queryDate": stamp(time), "statistic": "Average", "period": 300, "recentDatapoints": [value], "threshold": 80.0}).to_string(),
        },
        "previousState": {"value": before.0, "timestamp": stamp(at(before.1))},
        "configuration": {"metrics": [{
            "id": "m1", "returnData": true,
            "metricStat": {
                "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": INSTANCE}},
                "period": 300, "stat": "Average",
            },
        }]},
    });
    let arn = format!("arn:aws:cloudwatch:{HOME}:{PROD}:alarm:{name}");
    event("CloudWatch Alarm State Change", "aws.cloudwatch", time, arn, detail, ids)
}

/// The archive: a file of JSON lines for each time at which something happened.
pub(crate) fn archive(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 38);
    let health = json!({
        "eventArn": format!("arn:aws:health:{HOME}::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_EXAMPLE"),
        "service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE", "eventTypeCategory": "issue",
        "startTime": "Thu, 12 Mar 2026 07:01:00 GMT",
        "eventDescription": [{"language": "en_US", "latestDescription": "Increased latencies in one Availability Zone."}],
    });
    let files = [
        vec![event("AWS Health Event", "aws.health", at("03-12 07:20:00"), DEAD.to_owned(), health, &mut ids)],
        vec![
            instance(DEAD, "shutting-down", "03-20 15:01:32", &mut ids),
            instance(DEAD, "terminated", "03-20 15:02:05", &mut ids),
        ],
        vec![alarm(("OK", "02-27 10:00:00"), ("ALARM", "04-10 05:20:05"), 93.0, &mut ids)],
        vec![alarm(("ALARM", "04-10 05:20:05"), ("OK", "04-10 05:58:05"), 11.4, &mut ids)],
    ];
    let part = "events";
    facts.note(part, "alarm", "The alarm orders-1-cpu goes from OK to ALARM", iso(at("04-10 05:20:05")));
    facts.note(part, "alarm_over", "And back", iso(at("04-10 05:58:05")));
    facts.note(part, "instance_terminated", "i-0dead00000000beef is terminated", iso(at("03-20 15:02:05")));
    facts.note(part, "events", "Events in all", files.iter().map(Vec::len).sum::<usize>());
    let file = |events: Vec<(i64, Record)>| {
        let time = events.last().map_or(0, |(time, _)| time + 75);
        let key = firehose("eventbridge-archive/acme-events", time, &mut ids);
        Object::of_lines(key, "eventbridge_events", time, "", events.into_iter().map(|(_, record)| record).collect())
    };
    files.into_iter().map(file).collect()
}
