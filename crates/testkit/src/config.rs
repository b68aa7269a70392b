//! AWS Config: configuration items, and the files and messages that carry them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::tree::{Object, Record, gzip};
use crate::world::{Ids, civil, compact, iso, iso_millis};

/// One configuration item, version 1.3.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) account: &'static str,
    /// The region in the key; IAM's items say `global` inside.
    pub(crate) region: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) arn: String,
    /// When Config captured it.
    pub(crate) time: i64,
    pub(crate) status: &'static str,
    pub(crate) created: i64,
    pub(crate) configuration: Value,
    pub(crate) supplementary: Value,
    pub(crate) tags: Value,
    pub(crate) relationships: Value,
}

impl Item {
    pub(crate) fn new(account: &'static str, region: &'static str, kind: &'static str, id: &str, time: i64) -> Item {
        let (service, rest) = kind.trim_start_matches("AWS::").split_once("::").unwrap_or((kind, ""));
        let arn = match kind {
            "AWS::S3::Bucket" => format!("arn:aws:s3:::{id}"),
            _ if service == "IAM" => format!("arn:aws:iam::{account}:{}/{id}", rest.to_lowercase()),
            "AWS::EC2::SecurityGroup" => format!("arn:aws:ec2:{region}:{account}:security-group/{id}"),
            _ => format!("arn:aws:{}:{region}:{account}:{}/{id}", service.to_lowercase(), rest.to_lowercase()),
        };
        Item {
            account,
            region,
            kind,
            id: id.to_owned(),
            name: id.to_owned(),
            arn,
            time,
            status: "OK",
            created: crate::world::at("02-11 09:30:00"),
            configuration: Value::Null,
            supplementary: json!({}),
            tags: json!({}),
            relationships: json!([]),
        }
    }

    pub(crate) fn value(&self) -> Value {
        // Config stamps milliseconds, and the state id is the same instant.
        let millis = self.time * 1_000 + 417;
        let global = self.kind.starts_with("AWS::IAM");
        json!({
            "relatedEvents": [],
            "relationships": self.relationships,
            "configuration": self.configuration,
            "supplementaryConfiguration": self.supplementary,
            "tags": self.tags,
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": iso_millis(millis),
            "configurationStateId": millis,
            "awsAccountId": self.account,
            "configurationItemStatus": self.status,
            "resourceType": self.kind,
            "resourceId": self.id,
            "resourceName": self.name,
            "ARN": self.arn,
            "awsRegion": if global { "global" } else { self.region },
            "availabilityZone": if global { "Not Applicable" } else { "Regional" },
            "configurationStateMd5Hash": "",
            "resourceCreationTime": iso_millis(self.created * 1_000),
        })
    }
}

/// The text as Config's own writer escapes it.
fn gson(value: &Value) -> String {
    let mut out = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '\'' => out.push_str("\\u0027"),
            '=' => out.push_str("\\u003d"),
            '&' => out.push_str("\\u0026"),
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            other => out.push(other),
        }
    }
    out
}

/// `AWSLogs/<acct>/Config/<region>/2026/4/9`: month and day are not padded.
fn path(account: &str, region: &str, time: i64) -> String {
    let c = civil(time);
    format!("AWSLogs/{account}/Config/{region}/{}/{}/{}", c.year, c.month, c.day)
}

fn file(key: String, delivered: i64, head: &str, items: &[&Item]) -> Object {
    let texts: Vec<String> = items.iter().map(|item| gson(&item.value())).collect();
    let body = format!("{{\"fileVersion\":\"1.0\",{head}\"configurationItems\":[{}]}}", texts.join(","));
    let records = texts.into_iter().map(Record::whole).collect();
    Object::new(format!("config-bucket/{key}"), "config_items", delivered, gzip(body.as_bytes()), records)
}

/// History files: one resource type each, every six hours, only where something changed.
pub(crate) fn histories(items: &[Item]) -> Vec<Object> {
    let mut groups: BTreeMap<(i64, &str, &str, &str), Vec<&Item>> = BTreeMap::new();
    for item in items {
        let end = (item.time / 21_600 + 1) * 21_600;
        groups.entry((end, item.account, item.region, item.kind)).or_default().push(item);
    }
    let name = |((end, account, region, kind), items): ((i64, &str, &str, &str), Vec<&Item>)| {
        let (first, last) = (compact(end - 21_600), compact(end));
        let name = format!("{account}_Config_{region}_ConfigHistory_{kind}_{first}_{last}_1.json.gz");
        file(format!("{}/ConfigHistory/{name}", path(account, region, end)), end, "", &items)
    };
    groups.into_iter().map(name).collect()
}

/// A snapshot: the last item of every resource, each exactly as it was delivered before.
pub(crate) fn snapshot(items: &[Item], account: &str, region: &str, time: i64, ids: &mut Ids) -> Object {
    let mut last: BTreeMap<(&str, &str), &Item> = BTreeMap::new();
    for item in items.iter().filter(|item| item.account == account && item.region == region && item.time < time) {
        last.insert((item.kind, &item.id), item);
    }
    let id = ids.uuid();
    let name = format!("{account}_Config_{region}_ConfigSnapshot_{}_{id}.json.gz", compact(time));
    let items: Vec<&Item> = last.into_values().filter(|item| item.status != "ResourceDeleted").collect();
    let head = format!("\"configSnapshotId\":\"{id}\",");
    file(format!("{}/ConfigSnapshot/{name}", path(account, region, time)), time, &head, &items)
}

/// The whole notification about an item that was too large for a message.
pub(crate) fn oversized(item: &Item) -> Object {
    let body = json!({
        "configurationItemDiff": {"changedProperties": {}, "changeType": "UPDATE"},
        "configurationItem": item.value(),
        "notificationCreationTime": iso_millis(item.time * 1_000 + 2_000),
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    })
    .to_string();
    let (account, region, kind) = (item.account, item.region, item.kind);
    let name = format!(
        "{account}_Config_{region}_ChangeNotification_{kind}_{}_{}_{}.json.gz",
        item.id,
        compact(item.time),
        item.time * 1_000 + 417
    );
    let folder = path(account, region, item.time);
    let key = format!("config-bucket/{folder}/OversizedChangeNotification/{kind}/{}/{name}", item.id);
    Object::new(key, "config_items", item.time, gzip(body.as_bytes()), vec![Record::whole(body)])
}

fn compliance(item: &Item, rule: &str, before: &str, after: &str) -> Value {
    let result = |compliance: &str, time: i64| {
        json!({
            "evaluationResultIdentifier": {
                "evaluationResultQualifier": {
                    "configRuleName": rule, "resourceType": item.kind, "resourceId": item.id,
                },
                "orderingTimestamp": iso_millis(time * 1_000),
            },
            "complianceType": compliance,
            "resultRecordedTime": iso_millis(time * 1_000 + 40_000),
            "configRuleInvokedTime": iso_millis(time * 1_000 + 39_000),
        })
    };
    json!({
        "awsAccountId": item.account,
        "configRuleName": rule,
        "configRuleARN": format!("arn:aws:config:{}:{}:config-rule/config-rule-mkzfah", item.region, item.account),
        "resourceType": item.kind,
        "resourceId": item.id,
        "awsRegion": item.region,
        "newEvaluationResult": result(after, item.time + 60),
        "oldEvaluationResult": result(before, item.created + 60),
        "notificationCreationTime": iso_millis(item.time * 1_000 + 101_000),
        "messageType": "ComplianceChangeNotification",
        "recordVersion": "1.0",
    })
}

/// Two messages about `item`'s rule by way of EventBridge and Firehose: one JSON document in a line each.
pub(crate) fn compliance_by_eventbridge(item: &Item, back: &Item, rule: &str, ids: &mut Ids) -> Object {
    let wrap = |item: &Item, before, after, ids: &mut Ids| {
        let detail = compliance(item, rule, before, after);
        json!({
            "version": "0", "id": ids.uuid(), "detail-type": "Config Rules Compliance Change", "source": "aws.config",
            "account": item.account, "time": iso(item.time + 101), "region": item.region, "resources": [],
            "detail": detail,
        })
        .to_string()
    };
    let texts = [wrap(item, "COMPLIANT", "NON_COMPLIANT", ids), wrap(back, "NON_COMPLIANT", "COMPLIANT", ids)];
    let time = back.time + 300;
    let c = civil(time);
    let (day, stamp) = (crate::world::folder(time), crate::world::dashed(time));
    let key = format!("config-bucket/events/{day}/{:02}/config-events-1-{stamp}-{}.gz", c.hour, ids.uuid());
    let body = format!("{}\n", texts.join("\n"));
    let records = texts.into_iter().map(Record::whole).collect();
    Object::new(key, "config_items", time, gzip(body.as_bytes()), records)
}

/// A change notification as SNS delivers it: the message is a string in an envelope.
pub(crate) fn change_by_sns(item: &Item, ids: &mut Ids) -> Object {
    let message = json!({
        "configurationItemDiff": {
            "changedProperties": {"Configuration.IpPermissions.0": {
                "previousValue": null, "updatedValue": item.configuration["ipPermissions"][0], "changeType": "CREATE",
            }},
            "changeType": "UPDATE",
        },
        "configurationItem": item.value(),
        "notificationCreationTime": iso_millis(item.time * 1_000 + 1_900),
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    });
    let topic = format!("arn:aws:sns:{}:{}:config-topic", item.region, item.account);
    let body = json!({
        "Type": "Notification",
        "MessageId": ids.uuid(),
        "TopicArn": topic,
        "Subject": format!("[AWS Config:{}] {} {} Updated in Account {}", item.region, item.kind, item.id, item.account),
        "Message": gson(&message),
        "Timestamp": iso_millis(item.time * 1_000 + 2_100),
        "SignatureVersion": "1",
        "Signature": "EXAMPLEpH+DcEwjAPg8O9mY8dReBSwksfg2S7WKQcikcNKWLQjwu6A4VbeS0QHVCkhRS7fUQvi2egU3N858fiTDN6bkkOxYDVrY0Ad8L10Hs3zH81mtnPk5uvvolIC1CXGu43obcgFxeL3khZl8IKvO61GWB6jI9b5+gLPoBc1Q=",
        "SigningCertURL": "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-EXAMPLE.pem",
        "UnsubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=Unsubscribe",
    })
    .to_string();
    let key = format!("config-bucket/sns/{}-change.json", compact(item.time + 2));
    Object::new(key, "config_items", item.time + 2, body.clone().into_bytes(), vec![Record::whole(body)])
}
