//! What the organisation does on ordinary days: CI, monitoring, workloads, people at their consoles, AWS's services.

use serde_json::json;

use crate::catalogue::{Fill, shape};
use crate::cloudfront::Visit;
use crate::cloudtrail::{CloudTrailRecord, Deed, Event};
use crate::s3_access::Line;
use crate::story::data_event;
use crate::world::{
    ASSETS, BROWSER, CI_AGENT, CI_IP, CI_KEY, DEV, EUROPE, EXPORTS, HOME, Ids, PROD, SEC, Who, at, civil, weekday,
};

/// Everything that the background leaves in logs.
#[derive(Debug, Default)]
pub(crate) struct Background {
    pub(crate) events: Vec<Event>,
    pub(crate) lines: Vec<Line>,
    pub(crate) visits: Vec<Visit>,
    /// For the second distribution, whose logs are of the newer kinds.
    pub(crate) newer_visits: Vec<Visit>,
}

const DAY: i64 = 86_400;
const LAMBDA_AGENT: &str = "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.0 md/arch#x86_64 \
                            lang/python#3.12.2 exec-env/AWS_Lambda_python3.12";
const JAVA_AGENT: &str = "aws-sdk-java/2.25.11 Linux/5.10.213 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS io/sync";

/// When an actor is at work.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hours {
    Always,
    Office,
    /// In the small hours, as backups do.
    Night,
}

#[derive(Debug)]
struct Actor {
    account: &'static str,
    region: &'static str,
    /// `user/NAME/KEY` or `role/NAME/SESSION`
    principal: &'static str,
    ip: &'static str,
    agent: &'static str,
    per_day: i64,
    hours: Hours,
    calls: &'static [&'static str],
}

const MONITORING: &[&str] = &[
    "ec2:DescribeInstances",
    "monitoring:DescribeAlarms",
    "monitoring:GetMetricData",
    "elasticloadbalancing:DescribeTargetHealth",
    "ec2:DescribeInstanceStatus",
    "autoscaling:DescribeAutoScalingGroups",
    "rds:DescribeDBInstances",
    "logs:DescribeLogGroups",
];
const ACTORS: &[Actor] = &[
    Actor {
        account: DEV,
        region: HOME,
        principal: "user/ci-deploy/AKIACIDEPLOY7EXAMPLE",
        ip: CI_IP,
        agent: CI_AGENT,
        per_day: 14,
        hours: Hours::Office,
        calls: &[
            "sts:GetCallerIdentity",
            "ecr:GetAuthorizationToken",
            "ecr:PutImage",
            "ecr:BatchGetImage",
            "lambda:UpdateFunctionCode20150331v2",
            "cloudformation:CreateChangeSet",
            "cloudformation:DescribeStacks",
            "s3:PutObject",
        ],
    },
    Actor {
        account: PROD,
        region: HOME,
        principal: "role/MonitoringRole/monitor",
        ip: "192.0.2.40",
        agent: "aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64",
        per_day: 24,
        hours: Hours::Always,
        calls: MONITORING,
    },
    Actor {
        account: PROD,
        region: EUROPE,
        principal: "role/MonitoringRole/monitor",
        ip: "192.0.2.40",
        agent: "aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64",
        per_day: 8,
        hours: Hours::Always,
        calls: MONITORING,
    },
    Actor {
        account: PROD,
        region: HOME,
        principal: "role/orders-lambda/orders-api",
        ip: "192.0.2.50",
        agent: LAMBDA_AGENT,
        per_day: 22,
        hours: Hours::Always,
        calls: &[
            "kms:Decrypt",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "logs:CreateLogStream",
            "secretsmanager:GetSecretValue",
            "lambda:Invoke",
            "ssm:GetParameter",
        ],
    },
    Actor {
        account: PROD,
        region: EUROPE,
        principal: "role/AppServerRole/i-0a1b2c3d4000000a1",
        ip: "192.0.2.60",
        agent: JAVA_AGENT,
        per_day: 10,
        hours: Hours::Always,
        calls: &["s3:GetObject", "s3:HeadObject", "ssm:UpdateInstanceInformation", "kms:GenerateDataKey"],
    },
    Actor {
        account: PROD,
        region: HOME,
        principal: "user/backup-svc/AKIABACKUP1XXEXAMPLE",
        ip: "192.0.2.70",
        agent: "aws-cli/2.13.0 Python/3.11.4 Linux/5.15.0 exe/x86_64.amzn.2 prompt/off",
        per_day: 3,
        hours: Hours::Night,
        calls: &["s3:ListObjects", "ec2:DescribeSnapshots", "ec2:CreateSnapshot"],
    },
    Actor {
        account: SEC,
        region: HOME,
        principal: "role/SecurityAudit/audit",
        ip: "192.0.2.80",
        agent: "Boto3/1.34.11 md/Botocore#1.34.11 ua/2.0 os/linux#5.10.0 lang/python#3.10.13",
        per_day: 6,
        hours: Hours::Always,
        calls: &["guardduty:ListDetectors", "cloudtrail:DescribeTrails", "cloudtrail:LookupEvents", "s3:GetBucketAcl"],
    },
    Actor {
        account: DEV,
        region: EUROPE,
        principal: "role/DevSandbox/tests",
        ip: CI_IP,
        agent: JAVA_AGENT,
        per_day: 4,
        hours: Hours::Office,
        calls: &["dynamodb:DescribeTable", "dynamodb:PutItem", "sqs:ListQueues", "sns:ListTopics"],
    },
];

const PEOPLE: &[(&str, &str, &str)] = &[
    (PROD, "alice", "192.0.2.21"),
    (PROD, "bob", "192.0.2.22"),
    (DEV, "anna", "192.0.2.23"),
    (SEC, "dave", "192.0.2.24"),
];
const CONSOLE_CALLS: &[&str] = &[
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "s3:ListBuckets",
    "s3:GetBucketLocation",
    "iam:GetAccountSummary",
    "iam:ListUsers",
    "iam:GetRole",
    "lambda:ListFunctions20150331",
    "monitoring:DescribeAlarms",
    "ec2:CreateTags",
];

/// An event of the catalogue's shape `name`.
pub(crate) fn call(
    who: &Who,
    account: &'static str,
    region: &'static str,
    time: i64,
    name: &str,
    ids: &mut Ids,
) -> Event {
    let shape = shape(name);
    let fill = Fill { account, region, time, pool: 8, pick: ids.0.u32(..8), key_pick: ids.0.u32(..2_000) };
    let error = match ids.0.u32(..100) {
        0 => Some(("AccessDenied", "You are not authorized to perform this operation.")),
        1 => Some(("ThrottlingException", "Rate exceeded")),
        _ => None,
    };
    let mut parts: [String; 3] = Default::default();
    let response = if error.is_some() { "null" } else { shape.response };
    for (part, template) in parts.iter_mut().zip([shape.request, response, shape.more]) {
        fill.write(part, template, ids);
    }
    let console = if who.agent == BROWSER { ",\"sessionCredentialFromConsole\":\"true\"" } else { "" };
    let host = format!("{}.{region}.amazonaws.com", shape.service);
    let tail = format!(
        ",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
         \"clientProvidedHostHeader\":\"{host}\"}}{console}"
    );
    let (id, mut text) = (ids.uuid(), String::new());
    CloudTrailRecord {
        version: shape.version,
        identity: &who.identity.to_string(),
        time,
        service: shape.service,
        name: shape.name,
        region,
        ip: who.ip,
        agent: &json!(who.agent).to_string(),
        error,
        request: &parts[0],
        response: &parts[1],
        more: &parts[2],
        request_id: &if shape.service == "s3" { ids.upper_hex(16) } else { ids.uuid() },
        event_id: &id,
        read_only: shape.read_only,
        event_type: "AwsApiCall",
        category: if shape.data { "Data" } else { "Management" },
        account,
        tail: &tail,
    }
    .write(&mut text);
    Event { account, folder: "CloudTrail", region, time, late: 0, id, text }
}

impl Actor {
    fn who(&self, day: i64) -> Who {
        let mut parts = self.principal.splitn(3, '/');
        let (kind, name, last) = (parts.next(), parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let who = match kind {
            Some("user") => Who::user(self.account, name, last, self.ip, self.agent),
            _ => {
                // A role's key changes every day.
                let mut ids = Ids::new(day as u64, self.principal.len() as u64 * 31 + self.per_day as u64);
                let mut who = Who::role(self.account, name, last, &ids.asia(), day);
                if last.starts_with("i-") {
                    who.identity["sessionContext"]["ec2RoleDelivery"] = json!("2.0");
                }
                who
            }
        };
        who.from(self.ip, self.agent)
    }

    fn day(&self, day: i64, ids: &mut Ids, out: &mut Vec<Event>) {
        if self.hours == Hours::Office && weekday(day) > 4 {
            return;
        }
        let (first, length) = match self.hours {
            Hours::Always => (0, DAY),
            Hours::Office => (8 * 3_600, 9 * 3_600),
            Hours::Night => (2 * 3_600 + 600, 2_400),
        };
        let who = self.who(day);
        let step = length / self.per_day;
        for number in 0..self.per_day {
            let time = day + first + number * step + ids.0.i64(1..step);
            let name = self.calls[ids.0.usize(..self.calls.len())];
            out.push(call(&who, self.account, self.region, time, name, ids));
        }
    }
}

fn person(
    day: i64,
    (account, name, ip): (&'static str, &'static str, &'static str),
    ids: &mut Ids,
    out: &mut Vec<Event>,
) {
    let login = day + 8 * 3_600 + ids.0.i64(0..5_400);
    let signed_in = Who::user(account, name, "", ip, BROWSER);
    let mut deed = Deed::new(&signed_in, account, login, "signin", "ConsoleLogin");
    deed.event_type = "AwsConsoleSignIn";
    deed.version = "1.08";
    deed.response = json!({"ConsoleLogin": "Success"});
    deed.more = json!({"additionalEventData": {
        "LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes",
        "MFAIdentifier": format!("arn:aws:iam::{account}:mfa/{name}"),
    }});
    out.push(deed.event(ids));
    let who = Who::console(account, name, &ids.asia(), ip, login, true);
    for number in 0..5 {
        let name = CONSOLE_CALLS[ids.0.usize(..CONSOLE_CALLS.len())];
        out.push(call(&who, account, HOME, login + 120 + number * 4_000 + ids.0.i64(0..900), name, ids));
    }
}

fn services(day: i64, ids: &mut Ids, out: &mut Vec<Event>) {
    for account in [PROD, DEV, SEC] {
        for hour in [5, 17] {
            let time = day + hour * 3_600 + ids.0.i64(0..1_800);
            let who = Who::service("config.amazonaws.com");
            let mut deed = Deed::new(&who, account, time, "sts", "AssumeRole");
            let role =
                format!("arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig");
            deed.version = "1.07";
            deed.request = json!({"roleArn": role, "roleSessionName": "AWSConfig-Describe"});
            deed.response =
                json!({"credentials": {"accessKeyId": ids.asia(), "expiration": crate::world::iso(time + 3_600)}});
            deed.tail = json!({"sharedEventID": ids.uuid()});
            out.push(deed.event(ids));
        }
    }
    let time = day + 6 * 3_600 + ids.0.i64(0..3_000);
    let who = Who::service("cloudtrail.amazonaws.com");
    let mut deed = Deed::new(&who, SEC, time, "kms", "GenerateDataKey");
    deed.request = json!({"keyId": "arn:aws:kms:us-east-1:777788889999:key/1f2e3d4c-0000-4000-8000-000000000009", "keySpec": "AES_256"});
    deed.read_only = true;
    out.push(deed.event(ids));
    if day / DAY % 14 == 0 {
        let who = Who::service("kms.amazonaws.com");
        let mut deed = Deed::new(&who, PROD, time + 60, "kms", "RotateKey");
        deed.version = "1.05";
        deed.event_type = "AwsServiceEvent";
        deed.tail = json!({"serviceEventDetails": {"keyId": "1f2e3d4c-0000-4000-8000-000000000001", "rotationType": "AUTOMATIC"}});
        out.push(deed.event(ids));
    }
}

/// CI takes the deploy role of its own account, as it does on every working day.
fn deploy(day: i64, ids: &mut Ids, out: &mut Vec<Event>) {
    let time = day + 10 * 3_600 + ids.0.i64(0..7_000);
    let ci = Who::user(DEV, "ci-deploy", CI_KEY, CI_IP, CI_AGENT);
    let (key, session) = (ids.asia(), format!("build-{}", ids.0.u32(1_000..9_999)));
    let mut deed = Deed::new(&ci, DEV, time, "sts", "AssumeRole");
    deed.version = "1.08";
    deed.request = json!({"roleArn": format!("arn:aws:iam::{DEV}:role/DeployRole"), "roleSessionName": session});
    let role = Who::role(DEV, "DeployRole", &session, &key, time);
    deed.response = json!({
        "credentials": {"accessKeyId": key, "expiration": crate::world::iso(time + 3_600)},
        "assumedRoleUser": {"assumedRoleId": role.identity["principalId"], "arn": role.arn},
    });
    out.push(deed.event(ids));
    for (number, name) in ["lambda:GetFunction20150331v2", "lambda:UpdateFunctionCode20150331v2"].iter().enumerate() {
        out.push(call(&role, DEV, HOME, time + 30 + number as i64 * 40, name, ids));
    }
}

fn buckets(day: i64, ids: &mut Ids, out: &mut Background) {
    let reports = Who::role(PROD, "reports-role", "nightly-export", &ids.asia(), day).from("192.0.2.50", LAMBDA_AGENT);
    for number in 0..2 {
        let c = civil(day);
        let key = format!("exports/{}/{:02}/daily-{:02}-{number}.csv.gz", c.year, c.month, c.day);
        let mut line = Line::get(day + 4 * 3_600 + number * 90, EXPORTS, &key, 0, ids);
        line.operation = "REST.PUT.OBJECT";
        line.uri = format!("PUT /{key} HTTP/1.1");
        line.size = ids.0.u64(200_000..900_000);
        line.ip = reports.ip.to_owned();
        line.requester = reports.arn.clone();
        line.agent = reports.agent.to_owned();
        out.events.push(data_event(&line, &reports, "PutObject", ids));
        out.lines.push(line);
    }
    for number in 0..5 {
        let key = ["index.html", "img/logo.svg", "css/site.css", "fonts/a%2Bb.woff2", "robots.txt"][number];
        let mut line = Line::get(day + 3_600 * (number as i64 * 4 + 1) + ids.0.i64(0..3_000), ASSETS, key, 9_000, ids);
        line.size = ids.0.u64(2_000..60_000);
        line.sent = line.size;
        if number == 4 {
            line.ip = format!("198.51.100.{}", ids.0.u32(10..60));
            (line.operation, line.auth, line.status, line.error) = ("WEBSITE.GET.OBJECT", "-", 404, "NoSuchKey");
            (line.sent, line.size) = (320, 0);
        } else {
            line.ip = "192.0.2.200".to_owned();
            line.requester = "svc:cloudfront.amazonaws.com".to_owned();
        }
        line.agent = "Amazon CloudFront".to_owned();
        out.lines.push(line);
    }
    if day / DAY % 7 == 0 {
        let mut line = Line::get(day + 1_800, ASSETS, "logs/old%20build.log", 0, ids);
        line.operation = "S3.EXPIRE.OBJECT";
        (line.uri, line.auth, line.requester) = (String::new(), "-", "AmazonS3".to_owned());
        out.lines.push(line);
    }
}

fn web(day: i64, ids: &mut Ids, out: &mut Background) {
    let hour = day + ids.0.i64(6..22) * 3_600;
    for stem in ["/", "/css/site.css", "/img/logo.svg", "/pricing", "/blog/hello%20world", "/api/search"] {
        let ip = format!("198.51.100.{}", ids.0.u32(10..60));
        let bytes = ids.0.u64(900..60_000);
        let mut visit = Visit::new(hour + ids.0.i64(0..3_600), &ip, stem, bytes, ids);
        if stem == "/api/search" {
            (visit.query, visit.hit) = ("q=shoes%2520red&page=2".to_owned(), false);
            visit.ip = format!("2001:db8:1::{:x}", ids.0.u32(1..500));
        }
        if day / DAY % 9 == 0 {
            out.newer_visits.push(visit.clone());
        }
        out.visits.push(visit);
    }
}

/// Two months of ordinary days.
pub(crate) fn all(seed: u64) -> Background {
    let mut out = Background::default();
    let mut day = at("03-01 00:00:00");
    while day < at("05-01 00:00:00") {
        let mut ids = Ids::new(seed, 100_000 + (day / DAY) as u64);
        ACTORS.iter().for_each(|actor| actor.day(day, &mut ids, &mut out.events));
        services(day, &mut ids, &mut out.events);
        if weekday(day) < 5 {
            PEOPLE.iter().for_each(|one| person(day, *one, &mut ids, &mut out.events));
            deploy(day, &mut ids, &mut out.events);
        }
        buckets(day, &mut ids, &mut out);
        web(day, &mut ids, &mut out);
        day += DAY;
    }
    out
}
