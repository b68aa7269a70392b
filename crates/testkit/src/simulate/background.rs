//! What goes on beside the changes: reading, writing that nobody records, and services looking around.

use std::rc::Rc;

use super::resource::{Kind, REGIONS, Resource};
use super::session::Session;
use super::text::one;
use super::unseen::passing;
use super::{DAY, DAYS, Deed, Simulation};

/// A read that names nothing: service and name.
const READS: &[(&str, &str)] = &[
    ("ec2", "DescribeInstances"),
    ("ec2", "DescribeVolumes"),
    ("sts", "GetCallerIdentity"),
    ("iam", "ListRoles"),
    ("s3", "ListBuckets"),
    ("cloudwatch", "DescribeAlarms"),
    ("logs", "DescribeLogGroups"),
    ("lambda", "ListFunctions20150331"),
    ("rds", "DescribeDBInstances"),
    ("kms", "ListAliases"),
];

/// A write on something that is not recorded: service, name, request.
const WRITES: &[(&str, &str, &str)] = &[
    ("logs", "CreateLogStream", "{\"logGroupName\":\"/app/web\",\"logStreamName\":\"web-1\"}"),
    (
        "sqs",
        "SetQueueAttributes",
        "{\"queueUrl\":\"https://sqs.us-east-1.amazonaws.com/jobs\",\"attributes\":{\"VisibilityTimeout\":\"60\"}}",
    ),
    ("ssm", "PutParameter", "{\"name\":\"/app/web/limit\",\"type\":\"String\",\"overwrite\":true}"),
    ("sns", "Subscribe", "{\"topicArn\":\"arn:aws:sns:us-east-1:999988887777:alerts\",\"protocol\":\"email\"}"),
    ("monitoring", "PutMetricAlarm", "{\"alarmName\":\"cpu-high\",\"metricName\":\"CPUUtilization\"}"),
    ("ecs", "UpdateService", "{\"cluster\":\"main\",\"service\":\"web\",\"desiredCount\":3}"),
];

impl Simulation {
    /// The background up to this time.
    pub(super) fn noise(&mut self, until: i64) {
        let wanted = self.settings.background.unwrap_or(self.settings.changes * 2);
        while self.summary.background < wanted {
            let share = self.summary.background as f64 / wanted as f64;
            let time = self.start + 60 + ((DAYS * DAY - 60) as f64 * share) as i64;
            if time > until {
                return;
            }
            self.summary.background += 1;
            self.noise_once(time);
        }
    }

    fn noise_once(&mut self, time: i64) {
        let account = self.ids.0.usize(..self.world.accounts.len());
        let session = self.somebody(account, time);
        let kind = self.ids.0.u32(..100);
        let named = if kind < 50 { self.anything(account) } else { None };
        match (named, kind) {
            (Some(at), ..10) => {
                let call = passing(&mut self.ids, &self.world, &self.world.resources[at]);
                let region = self.world.resources[at].region;
                self.called(&session, &call, region, time, false, None);
            }
            (Some(at), _) => {
                let (service, name, request) = read(&self.world.resources[at]);
                let region = self.world.resources[at].region;
                self.look_at(&session, region, time, (service, name, &request), true);
            }
            (None, 50..62) => {
                let (service, name, request) = one(&mut self.ids, WRITES);
                let region = self.some_region();
                self.look_at(&session, region, time, (service, name, request), false);
            }
            (None, 62..75) => self.config_looks(account, time),
            (None, _) => {
                let (service, name) = one(&mut self.ids, READS);
                let region = self.some_region();
                self.look_at(&session, region, time, (service, name, ""), true);
            }
        }
    }

    fn look_at(
        &mut self,
        session: &Rc<Session>,
        region: usize,
        time: i64,
        (service, name, request): (&str, &str, &str),
        read_only: bool,
    ) {
        self.log(&Deed {
            identity: &session.identity,
            ip: &session.ip,
            agent: session.agent,
            account: session.account,
            region: if service == "iam" { 0 } else { region },
            time,
            service,
            name,
            request,
            tail: if session.console { ",\"sessionCredentialFromConsole\":\"true\"" } else { "" },
            read_only,
            ..Deed::default()
        });
    }

    /// Config's own role describes what it records.
    fn config_looks(&mut self, account: usize, time: i64) {
        let number = &self.world.accounts[account];
        let (name, id) = ("AWSServiceRoleForConfig", &self.linked[account][1]);
        let identity = format!(
            "{{\"type\":\"AssumedRole\",\"principalId\":\"{id}:AWSConfig-Describe\",\
             \"arn\":\"arn:aws:sts::{number}:assumed-role/{name}/AWSConfig-Describe\",\"accountId\":\"{number}\",\
             \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"{id}\",\
             \"arn\":\"arn:aws:iam::{number}:role/aws-service-role/config.amazonaws.com/{name}\",\
             \"accountId\":\"{number}\",\"userName\":\"{name}\"}},\"attributes\":{{\"mfaAuthenticated\":\"false\"}}}},\
             \"invokedBy\":\"config.amazonaws.com\"}}"
        );
        let (service, name) = one(&mut self.ids, READS);
        let region = self.some_region();
        self.log(&Deed {
            identity: &identity,
            ip: "config.amazonaws.com",
            agent: "\"config.amazonaws.com\"",
            account,
            region: if service == "iam" { 0 } else { region },
            time,
            service,
            name,
            read_only: true,
            ..Deed::default()
        });
    }
}

/// A call that reads this resource.
fn read(resource: &Resource) -> (&'static str, &'static str, String) {
    let (id, name) = (&resource.id, &resource.name);
    match resource.kind {
        Kind::Group => {
            let request = format!(
                "{{\"securityGroupSet\":{{}},\"securityGroupIdSet\":{{\"items\":[{{\"groupId\":\"{id}\"}}]}},\"filterSet\":{{}}}}"
            );
            ("ec2", "DescribeSecurityGroups", request)
        }
        Kind::Instance => {
            let request =
                format!("{{\"instancesSet\":{{\"items\":[{{\"instanceId\":\"{id}\"}}]}},\"filterSet\":{{}}}}");
            ("ec2", "DescribeInstances", request)
        }
        Kind::Role => ("iam", "GetRole", format!("{{\"roleName\":\"{name}\"}}")),
        Kind::User => ("iam", "GetUser", format!("{{\"userName\":\"{name}\"}}")),
        Kind::Policy => ("iam", "GetPolicy", format!("{{\"policyArn\":\"{}\"}}", resource.arn)),
        Kind::Bucket => {
            let region = REGIONS[resource.region];
            let request =
                format!("{{\"bucketName\":\"{name}\",\"Host\":\"{name}.s3.{region}.amazonaws.com\",\"policy\":\"\"}}");
            ("s3", "GetBucketPolicy", request)
        }
        Kind::Key => ("kms", "DescribeKey", format!("{{\"keyId\":\"{id}\"}}")),
        Kind::Database => ("rds", "DescribeDBInstances", format!("{{\"dBInstanceIdentifier\":\"{name}\"}}")),
        Kind::Snapshot => ("rds", "DescribeDBSnapshots", format!("{{\"dBSnapshotIdentifier\":\"{name}\"}}")),
        Kind::Function => ("lambda", "GetFunction20150331v2", format!("{{\"functionName\":\"{name}\"}}")),
    }
}
