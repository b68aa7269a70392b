//! What AWS itself noticed: findings of GuardDuty that nobody read, and two of them in Security Hub.

use serde_json::{Value, json};

use crate::cloudwatch::firehose;
use crate::facts::Facts;
use crate::names::SERVER_NAME;
use crate::network::{ORDERS, VPC};
use crate::states::INSTANCE;
use crate::story::GROUP;
use crate::tree::{Object, Record};
use crate::world::{
    BACKUP_KEY, CI_KEY, DEV, EXPORTS, HOME, INTRUDER_IP, INTRUDER_IP6, Ids, PROD, at, folder, iso, iso_millis,
    principal_id,
};

const DETECTOR: &str = "12abc34d567e8fa901bc2d34e56789f0";

/// A finding, in each of its states.
struct Finding {
    id: String,
    account: &'static str,
    kind: &'static str,
    severity: u32,
    title: String,
    resource: Value,
    action: Value,
    first_seen: i64,
    /// When it was written, and how often it had been seen by then.
    states: Vec<(i64, u32)>,
}

impl Finding {
    fn arn(&self) -> String {
        format!("arn:aws:guardduty:{HOME}:{}:detector/{DETECTOR}/finding/{}", self.account, self.id)
    }

    fn state(&self, (time, count): (i64, u32)) -> Value {
        json!({
            "schemaVersion": "2.0", "accountId": self.account, "region": HOME, "partition": "aws", "id": self.id,
            "arn": self.arn(), "type": self.kind, "resource": self.resource,
            "service": {
                "serviceName": "guardduty", "detectorId": DETECTOR, "action": self.action, "resourceRole": "TARGET",
                "additionalInfo": {"value": "{}", "type": "default"}, "evidence": null,
                "eventFirstSeen": iso_millis(self.first_seen * 1_000), "eventLastSeen": iso_millis((time - 300) * 1_000),
                "archived": false, "count": count,
            },
            "severity": self.severity, "createdAt": iso_millis(self.states[0].0 * 1_000 + 123),
            "updatedAt": iso_millis(time * 1_000 + 123), "title": self.title,
            "description": format!("{} Seen {count} times.", self.title),
        })
    }
}

fn remote(ip: &str) -> Value {
    let address = if ip.contains(':') { "ipAddressV6" } else { "ipAddressV4" };
    json!({
        address: ip, "organization": {"asn": "64500", "asnOrg": "Example Transit", "isp": "Example", "org": "Example"},
        "country": {"countryName": "Netherlands"}, "city": {"cityName": "Anytown"}, "geoLocation": {"lat": 52.4, "lon": 4.9},
    })
}

fn api_call(api: &str, service: &str, ip: &str) -> Value {
    json!({"actionType": "AWS_API_CALL", "awsApiCallAction": {
        "api": api, "serviceName": service, "callerType": "Remote IP", "remoteIpDetails": remote(ip), "affectedResources": {},
    }})
}

fn key_of(key: &str, user: &str) -> Value {
    json!({"accessKeyId": key, "principalId": principal_id("AIDA", user), "userType": "IAMUser", "userName": user})
}

fn instance() -> Value {
    json!({"resourceType": "Instance", "instanceDetails": {
        "instanceId": INSTANCE, "instanceType": "t3.medium", "launchTime": "2026-02-11T09:30:00.000Z",
        "networkInterfaces": [{
            "networkInterfaceId": "eni-0a1b2c3d4e5f60a01", "privateIpAddress": ORDERS, "publicIp": "192.0.2.60",
            "subnetId": "subnet-0a1b2c3d4e5f60711", "vpcId": VPC,
            "securityGroups": [{"groupName": "orders-app", "groupId": GROUP}],
        }],
        "tags": [{"key": "Name", "value": "orders-1"}], "instanceState": "running", "availabilityZone": "us-east-1a",
    }})
}

fn all(seed: u64) -> Vec<Finding> {
    let mut ids = Ids::new(seed, 35);
    let once = |time: &str, count| vec![(at(time), count)];
    vec![
        Finding {
            id: ids.hex(32),
            account: DEV,
            kind: "Discovery:IAMUser/AnomalousBehavior",
            severity: 5,
            title: "The user ci-deploy called APIs that are used to discover resources, in an unusual way.".to_owned(),
            resource: json!({"resourceType": "AccessKey", "accessKeyDetails": key_of(CI_KEY, "ci-deploy")}),
            action: api_call("ListUsers", "iam.amazonaws.com", INTRUDER_IP),
            first_seen: at("04-09 01:13:10"),
            states: once("04-09 02:20:00", 44),
        },
        Finding {
            id: ids.hex(32),
            account: PROD,
            kind: "Exfiltration:S3/AnomalousBehavior",
            severity: 8,
            title: "The user backup-svc read objects of the bucket acme-customer-exports in an unusual way.".to_owned(),
            resource: json!({
                "resourceType": "S3Bucket", "accessKeyDetails": key_of(BACKUP_KEY, "backup-svc"),
                "s3BucketDetails": [{"arn": format!("arn:aws:s3:::{EXPORTS}"), "name": EXPORTS, "type": "Destination"}],
            }),
            action: api_call("GetObject", "s3.amazonaws.com", INTRUDER_IP6),
            first_seen: at("04-09 22:06:20"),
            states: vec![
                (at("04-09 22:31:00"), 41),
                (at("04-10 03:31:00"), 53),
                (at("04-10 04:46:00"), 59),
                (at("04-10 10:46:00"), 64),
            ],
        },
        Finding {
            id: ids.hex(32),
            account: PROD,
            kind: "Trojan:EC2/DNSDataExfiltration",
            severity: 8,
            title: format!("The instance {INSTANCE} asks for names that look as if they carried data out."),
            resource: instance(),
            action: json!({"actionType": "DNS_REQUEST", "dnsRequestAction": {
                "domain": "q7x2k9vjw1.paste-example.net", "protocol": "UDP", "blocked": false,
                "domainWithSuffix": SERVER_NAME,
            }}),
            first_seen: at("04-10 05:20:12"),
            states: once("04-10 05:30:00", 9),
        },
        Finding {
            id: ids.hex(32),
            account: PROD,
            kind: "UnauthorizedAccess:EC2/SSHBruteForce",
            severity: 2,
            title: format!("The instance {INSTANCE} is the target of tries to guess passwords at port 22."),
            resource: instance(),
            action: json!({"actionType": "NETWORK_CONNECTION", "networkConnectionAction": {
                "connectionDirection": "INBOUND", "remoteIpDetails": remote("198.51.100.151"),
                "remotePortDetails": {"port": 40_211, "portName": "Unknown"},
                "localPortDetails": {"port": 22, "portName": "SSH"}, "localIpDetails": {"ipAddressV4": ORDERS},
                "protocol": "TCP", "blocked": false,
            }}),
            first_seen: at("04-09 02:41:19"),
            states: once("04-10 05:31:00", 38),
        },
    ]
}

/// The export of GuardDuty: a file for each time at which findings were written.
pub(crate) fn guardduty(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let findings = all(seed);
    let mut ids = Ids::new(seed, 36);
    let mut objects = Vec::new();
    for finding in &findings {
        for state in &finding.states {
            let time = state.0 + 240;
            let account = finding.account;
            let key = format!("guardduty/AWSLogs/{account}/GuardDuty/{HOME}/{}/{}.jsonl.gz", folder(time), ids.uuid());
            // Only the day stands in the key.
            let day = time / 86_400 * 86_400;
            let record = Record::whole(finding.state(*state).to_string());
            objects.push(Object::of_lines(key, "guardduty", day, "", vec![record]));
        }
    }
    let told = |finding: &Finding| {
        json!({
            "id": finding.id, "type": finding.kind, "severity": finding.severity, "account": finding.account,
            "written": finding.states.iter().map(|(time, _)| iso(*time)).collect::<Vec<_>>(),
            "count": finding.states.last().map(|(_, count)| count),
        })
    };
    for finding in &findings {
        let name = finding.kind.split([':', '/']).next_back().unwrap_or_default().to_lowercase();
        let name = format!("{}_{name}", finding.kind.split(':').next().unwrap_or_default().to_lowercase());
        facts.note("findings", &name, "A finding of GuardDuty, not archived, read by nobody", told(finding));
    }
    let states: usize = findings.iter().map(|finding| finding.states.len()).sum();
    facts.note("findings", "states", "States of findings (rows)", states);
    objects
}

/// Two of them in Security Hub, as EventBridge and Firehose deliver them.
pub(crate) fn security_hub(seed: u64, facts: &mut Facts) -> Vec<Object> {
    let mut ids = Ids::new(seed, 37);
    let findings = all(seed);
    let mut objects = Vec::new();
    for finding in findings.iter().filter(|finding| finding.severity == 8) {
        let state = finding.states[0];
        let (time, stamp) = (state.0 + 310, |time: i64| iso_millis(time * 1_000));
        let resource = match finding.resource["s3BucketDetails"][0]["arn"].as_str() {
            Some(arn) => json!({"Type": "AwsS3Bucket", "Id": arn, "Partition": "aws", "Region": HOME}),
            None => {
                let arn = format!("arn:aws:ec2:{HOME}:{PROD}:instance/{INSTANCE}");
                json!({"Type": "AwsEc2Instance", "Id": arn, "Partition": "aws", "Region": HOME})
            }
        };
        let asff = json!({
            "SchemaVersion": "2018-10-08", "Id": finding.arn(), "ProductName": "GuardDuty", "CompanyName": "Amazon",
            "ProductArn": format!("arn:aws:securityhub:{HOME}::product/aws/guardduty"), "Region": HOME,
            "GeneratorId": format!("arn:aws:guardduty:{HOME}:{PROD}:detector/{DETECTOR}"), "AwsAccountId": PROD,
            "Types": [format!("TTPs/{}", finding.kind.replace(':', "/"))],
            "FirstObservedAt": stamp(finding.first_seen), "LastObservedAt": stamp(state.0 - 300),
            "CreatedAt": stamp(state.0), "UpdatedAt": stamp(state.0), "ProcessedAt": stamp(time - 60),
            "Severity": {"Product": finding.severity, "Label": "HIGH", "Normalized": 70},
            "Title": finding.title, "Description": finding.title, "Resources": [resource],
            "ProductFields": {"aws/guardduty/service/archived": "false", "aws/guardduty/service/count": state.1.to_string()},
            "WorkflowState": "NEW", "Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE", "Sample": false,
        });
        let event = json!({
            "version": "0", "id": ids.uuid(), "detail-type": "Security Hub Findings - Imported",
            "source": "aws.securityhub", "account": PROD, "time": iso(time), "region": HOME,
            "resources": [finding.arn()], "detail": {"findings": [asff]},
        });
        let key = firehose("securityhub-events/acme-findings", time + 70, &mut ids);
        objects.push(Object::of_lines(key, "securityhub", time + 70, "", vec![Record::whole(event.to_string())]));
    }
    facts.note(
        "findings",
        "security_hub",
        "Findings in Security Hub, workflow NEW: the two of severity 8",
        objects.len(),
    );
    objects
}
