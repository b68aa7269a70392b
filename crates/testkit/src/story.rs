//! The intrusion as the API saw it: a leaked key, enumeration, a chain of roles, a foothold, secrets, tampering.

use serde_json::{Map, Value, json};

use crate::cloudfront::Visit;
use crate::cloudtrail::{Deed, Event};
use crate::config::Item;
use crate::exfil::{self, Read};
use crate::persist;
use crate::s3_access::Line;
use crate::states;
use crate::world::{
    BACKUP_KEY, BOTO_AGENT, BROWSER, CI_KEY, DEV, EUROPE, HOME, INTRUDER_IP, INTRUDER_IP2, INTRUDER_IP6, Ids,
    KALI_AGENT, ODD_REGION, PROD, SEC, STRANGER, TRAIL_BUCKET, Who, at, iso,
};

pub(crate) const GROUP: &str = "sg-0a1b2c3d4e5f60718";
pub(crate) const SNAPSHOT: &str = "snap-0e5f60718a1b2c3d4";
pub(crate) const SECRETS: [&str; 3] = ["prod/orders/db", "prod/payments/api-key", "prod/mailer/smtp"];

/// The story so far: what it leaves in each log, and what is to be known about it.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) ids: Ids,
    pub(crate) events: Vec<Event>,
    pub(crate) lines: Vec<Line>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) items: Vec<Item>,
    pub(crate) reads: Vec<Read>,
    /// Event ids by the name of the step.
    pub(crate) named: Map<String, Value>,
    /// What happened, for people: time, sentence, step.
    pub(crate) timeline: Vec<(i64, String, String)>,
    /// Ids of all events of the intruder.
    pub(crate) intruder: Vec<String>,
    pub(crate) ci: Who,
    /// The sessions of the two roles that are in use; each lives for an hour, then the chain is gone through again.
    pub(crate) deploy: Who,
    pub(crate) admin: Who,
    /// All sessions of roles.
    pub(crate) sessions: Vec<Who>,
    pub(crate) backup: Who,
    pub(crate) backup_console: Who,
}

/// Tells the whole story.
pub(crate) fn tell(seed: u64) -> Story {
    let mut ids = Ids::new(seed, 2);
    let ci = Who::user(DEV, "ci-deploy", CI_KEY, INTRUDER_IP, KALI_AGENT);
    let console = Who::console(PROD, "backup-svc", &ids.asia(), INTRUDER_IP2, at("04-09 04:25:40"), false);
    let mut story = Story {
        deploy: ci.clone(),
        admin: ci.clone(),
        ci,
        backup: Who::user(PROD, "backup-svc", BACKUP_KEY, INTRUDER_IP6, BOTO_AGENT),
        backup_console: console,
        sessions: Vec::new(),
        ids,
        events: Vec::new(),
        lines: Vec::new(),
        visits: Vec::new(),
        items: Vec::new(),
        reads: Vec::new(),
        named: Map::new(),
        timeline: Vec::new(),
        intruder: Vec::new(),
    };
    story.enumerate();
    story.chain();
    story.look_around();
    story.foothold();
    story.secrets();
    story.tamper();
    exfil::tell(&mut story);
    persist::tell(&mut story);
    story.impact();
    story.response();
    states::tell(&mut story);
    story.timeline.sort();
    story
}

/// The data event of CloudTrail for the request that `line` logs: same request id, same host id.
pub(crate) fn data_event(line: &Line, who: &Who, name: &str, ids: &mut Ids) -> Event {
    let mut deed = Deed::new(who, PROD, line.time, "s3", name);
    let host = format!("{}.s3.us-east-1.amazonaws.com", line.bucket);
    deed.request = json!({"bucketName": line.bucket, "Host": host, "key": line.key});
    deed.data = true;
    deed.version = "1.11";
    deed.request_id = line.request_id.clone();
    let mut more = json!({"CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0});
    if line.operation.contains("PUT") {
        more["bytesTransferredIn"] = json!(line.size);
    }
    if line.auth != "-" {
        more["SignatureVersion"] = json!("SigV4");
        more["AuthenticationMethod"] = json!(line.auth);
    }
    more["x-amz-id-2"] = json!(line.host_id);
    more["bytesTransferredOut"] = json!(line.sent);
    deed.more = json!({"additionalEventData": more, "resources": [
        {"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{}/{}", line.bucket, line.key)},
        {"accountId": PROD, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{}", line.bucket)},
    ]});
    if line.status >= 400 {
        deed.error = Some((line.error, "Access Denied".to_owned()));
    }
    deed.event(ids)
}

/// A trust policy that lets an account take a role.
pub(crate) fn trust(account: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{account}:root")}, "Action": "sts:AssumeRole",
    }]})
}

/// The call by which `who` becomes `target`.
fn assume<'a>(who: &'a Who, target: &Who, account: &str, role: &str, time: i64) -> Deed<'a> {
    let session = target.arn.rsplit('/').next().unwrap_or_default();
    let arn = format!("arn:aws:iam::{account}:role/{role}");
    let mut deed = Deed::new(who, DEV, time, "sts", "AssumeRole");
    deed.version = "1.08";
    deed.request = json!({"roleArn": arn, "roleSessionName": session, "durationSeconds": 3_600});
    deed.response = json!({
        "credentials": {
            "accessKeyId": target.key, "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLE", "expiration": iso(time + 3_600),
        },
        "assumedRoleUser": {"assumedRoleId": target.identity["principalId"], "arn": target.arn},
    });
    deed.more = json!({"resources": [{"accountId": account, "type": "AWS::IAM::Role", "ARN": arn}]});
    deed
}

impl Story {
    /// Records a deed of the intruder, under a name if it is a step worth one.
    pub(crate) fn act(&mut self, step: &str, sentence: &str, deed: &Deed<'_>) -> String {
        let event = deed.event(&mut self.ids);
        self.intruder.push(event.id.clone());
        self.keep(step, sentence, event)
    }

    pub(crate) fn keep(&mut self, step: &str, sentence: &str, event: Event) -> String {
        let id = event.id.clone();
        if !step.is_empty() {
            self.named.insert(step.to_owned(), json!(id));
            self.timeline.push((event.time, sentence.to_owned(), step.to_owned()));
        }
        self.events.push(event);
        id
    }

    fn enumerate(&mut self) {
        let who = self.ci.clone();
        let first = Deed::new(&who, DEV, at("04-09 01:12:04"), "sts", "GetCallerIdentity");
        self.act("first_use", "The leaked key of `ci-deploy` is used from 203.0.113.66 for the first time", &first);
        let calls = "iam:ListUsers iam:ListRoles iam:ListAttachedUserPolicies iam:GetUser iam:ListAccessKeys \
             iam:GetAccountAuthorizationDetails iam:ListPolicies iam:ListGroups iam:GetAccountPasswordPolicy s3:ListBuckets \
             ec2:DescribeInstances ec2:DescribeSecurityGroups ec2:DescribeVpcs ec2:DescribeSnapshots ec2:DescribeImages \
             ec2:DescribeKeyPairs ec2:DescribeRegions lambda:ListFunctions20150331 ecr:DescribeRepositories \
             ecr:GetAuthorizationToken rds:DescribeDBInstances dynamodb:ListTables secretsmanager:ListSecrets \
             ssm:DescribeParameters kms:ListKeys kms:ListAliases cloudtrail:DescribeTrails cloudtrail:GetTrailStatus \
             guardduty:ListDetectors config:DescribeConfigurationRecorders organizations:DescribeOrganization \
             organizations:ListAccounts sns:ListTopics sqs:ListQueues ecs:ListClusters eks:ListClusters \
             logs:DescribeLogGroups cloudformation:ListStacks cloudformation:DescribeStacks route53:ListHostedZones \
             cloudfront:ListDistributions elasticloadbalancing:DescribeLoadBalancers ses:GetSendQuota bedrock:ListFoundationModels";
        let allowed = ["DescribeRegions", "DescribeStacks", "GetAuthorizationToken", "DescribeRepositories"];
        let mut time = at("04-09 01:13:10");
        for region in [HOME, EUROPE, ODD_REGION] {
            for call in calls.split_whitespace() {
                let (service, name) = call.split_once(':').unwrap_or_default();
                let global = ["iam", "organizations", "route53", "cloudfront", "s3"].contains(&service);
                if region != HOME && (global || !["ec2", "lambda", "rds", "secretsmanager"].contains(&service)) {
                    continue;
                }
                let mut deed = Deed::new(&who, DEV, time, service, name);
                deed.region = region;
                if !allowed.contains(&name) {
                    deed = deed.denied(match service {
                        "ec2" => "Client.UnauthorizedOperation",
                        "s3" | "iam" | "sns" | "sqs" | "ses" | "cloudformation" => "AccessDenied",
                        _ => "AccessDeniedException",
                    });
                }
                if name == "ListKeys" {
                    deed.error = Some(("ThrottlingException", "Rate exceeded".to_owned()));
                }
                self.act("", "", &deed);
                time += self.ids.0.i64(11..24);
            }
        }
        let mut dry = Deed::new(&who, DEV, time, "ec2", "RunInstances");
        dry.request = json!({"instancesSet": {"items": [{"imageId": "ami-0c02fb55956c7d316", "minCount": 1, "maxCount": 1}]}, "instanceType": "t3.micro", "dryRun": true});
        dry.error =
            Some(("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set.".to_owned()));
        self.act("dry_run", "A dry run of RunInstances says that it would succeed", &dry);
    }

    fn chain(&mut self) {
        let ci = self.ci.clone();
        for (number, role) in ["Admin", "OrganizationAccountAccessRole"].iter().enumerate() {
            let mut deed = Deed::new(&ci, DEV, at("04-09 01:38:20") + number as i64 * 25, "sts", "AssumeRole");
            deed.request = json!({"roleArn": format!("arn:aws:iam::{DEV}:role/{role}"), "roleSessionName": "aws-cli"});
            self.act("", "", &deed.denied("AccessDenied"));
        }
        self.take_roles("04-09 01:40:30", true);
    }

    /// `ci-deploy` → DeployRole in the development account → OrgAdmin in production.
    pub(crate) fn take_roles(&mut self, time: &str, first: bool) {
        let step = |name| if first { name } else { "" };
        let (ci, times) = (self.ci.clone(), [at(time), at(time) + 342]);
        let mut session = |account: &str, role: &str, time: i64| {
            let name = format!("aws-cli-{time}");
            Who::role(account, role, &name, &self.ids.asia(), time).from(INTRUDER_IP, KALI_AGENT)
        };
        let deploy = session(DEV, "DeployRole", times[0]);
        let admin = session(PROD, "OrgAdmin", times[1]);
        let deed = assume(&ci, &deploy, DEV, "DeployRole", times[0]);
        self.act(step("assume_deploy_role"), "`ci-deploy` takes the role DeployRole in the development account", &deed);

        let mut deed = assume(&deploy, &admin, PROD, "OrgAdmin", times[1]);
        deed.tail = json!({"sharedEventID": self.ids.uuid()});
        deed.request_id = self.ids.uuid();
        let sentence = "DeployRole takes OrgAdmin in production (the copy of the development account)";
        self.act(step("assume_org_admin"), sentence, &deed);
        // The account of the role sees the caller only from outside.
        let outside = Who {
            identity: json!({"type": "AWSAccount", "principalId": deploy.identity["principalId"], "accountId": DEV}),
            ..deploy.clone()
        };
        deed.who = &outside;
        deed.account = PROD;
        let sentence = "The same call, as the production account recorded it (same `sharedEventID`)";
        self.act(step("assume_org_admin_prod_copy"), sentence, &deed);
        self.sessions.extend([deploy.clone(), admin.clone()]);
        (self.deploy, self.admin) = (deploy, admin);
    }

    fn look_around(&mut self) {
        let who = self.admin.clone();
        let calls = "sts:GetCallerIdentity iam:GetAccountAuthorizationDetails s3:ListBuckets ec2:DescribeInstances \
                     ec2:DescribeSecurityGroups secretsmanager:ListSecrets organizations:ListAccounts \
                     cloudtrail:DescribeTrails iam:ListUsers";
        for (number, call) in calls.split_whitespace().enumerate() {
            let (service, name) = call.split_once(':').unwrap_or_default();
            self.act("", "", &Deed::new(&who, PROD, at("04-09 01:48:00") + number as i64 * 37, service, name));
        }
        let mut deed = Deed::new(&who, PROD, at("04-09 01:58:10"), "ec2", "AuthorizeSecurityGroupIngress");
        deed.request = json!({"groupId": GROUP, "ipPermissions": {"items": [{
            "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]},
            "ipv6Ranges": {}, "prefixListIds": {},
        }]}});
        deed.response = json!({"requestId": self.ids.uuid(), "_return": true, "securityGroupRuleSet": {"items": [{
            "groupOwnerId": PROD, "groupId": GROUP, "securityGroupRuleId": "sgr-0718a1b2c3d4e5f60", "isEgress": false,
            "ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "cidrIpv4": "0.0.0.0/0",
        }]}});
        self.act("open_security_group", "OrgAdmin opens port 22 of the security group to 0.0.0.0/0", &deed);
    }

    fn foothold(&mut self) {
        self.take_roles("04-09 04:02:10", false);
        let admin = self.admin.clone();
        let mut deed = Deed::new(&admin, PROD, at("04-09 04:10:31"), "iam", "CreateAccessKey");
        deed.request = json!({"userName": "backup-svc"});
        deed.response = json!({"accessKey": {"userName": "backup-svc", "accessKeyId": BACKUP_KEY, "status": "Active", "createDate": "Apr 9, 2026 4:10:31 AM"}});
        self.act("create_access_key", "OrgAdmin makes a second access key for the user `backup-svc`", &deed);
        let mut deed = Deed::new(&admin, PROD, at("04-09 04:12:05"), "iam", "CreateLoginProfile");
        deed.request = json!({"userName": "backup-svc", "passwordResetRequired": false});
        deed.response = json!({"loginProfile": {"userName": "backup-svc", "createDate": "Apr 9, 2026 4:12:05 AM", "passwordResetRequired": false}});
        self.act("create_login_profile", "OrgAdmin gives `backup-svc` a console password", &deed);
        let backup = self.backup.clone();
        let deed = Deed::new(&backup, PROD, at("04-09 04:20:44"), "sts", "GetCallerIdentity");
        self.act("new_key_first_use", "The new key is used for the first time, from 2001:db8:bad::66", &deed);

        let person = Who::user(PROD, "backup-svc", "", INTRUDER_IP2, BROWSER);
        for (number, step) in ["console_login_failed", "console_login"].iter().enumerate() {
            let mut deed =
                Deed::new(&person, PROD, at("04-09 04:24:58") + number as i64 * 42, "signin", "ConsoleLogin");
            deed.event_type = "AwsConsoleSignIn";
            deed.version = "1.08";
            deed.more = json!({"additionalEventData": {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No"}});
            deed.response = json!({"ConsoleLogin": if number == 0 { "Failure" } else { "Success" }});
            let mut sentence = "`backup-svc` logs in at the console without MFA, from 203.0.113.91";
            if number == 0 {
                deed.error = Some(("", "Failed authentication".to_owned()));
                sentence = "A console login as `backup-svc` fails";
            }
            self.act(step, sentence, &deed);
        }
        let console = self.backup_console.clone();
        for (number, call) in ["ListBuckets", "GetBucketLocation", "GetBucketPolicy"].iter().enumerate() {
            let mut deed = Deed::new(&console, PROD, at("04-09 04:26:30") + number as i64 * 20, "s3", call);
            deed.request = json!({"bucketName": "acme-customer-exports"});
            deed.tail = json!({"sessionCredentialFromConsole": "true"});
            self.act("", "", &deed);
        }
    }

    fn secrets(&mut self) {
        let admin = self.admin.clone();
        let mut time = at("04-09 04:31:02");
        self.act("", "", &Deed::new(&admin, PROD, time, "secretsmanager", "ListSecrets"));
        for (number, name) in SECRETS.iter().chain(&["prod/root/break-glass"]).enumerate() {
            time += 41;
            let mut deed = Deed::new(&admin, PROD, time, "secretsmanager", "GetSecretValue");
            deed.request = json!({"secretId": name});
            if number == SECRETS.len() {
                let deed = deed.denied("AccessDeniedException");
                self.act("secret_denied", "The secret prod/root/break-glass is denied", &deed);
                continue;
            }
            self.act(&format!("secret_read_{}", number + 1), &format!("The secret {name} is read"), &deed);
            let mut service = admin.clone();
            service.identity["invokedBy"] = json!("secretsmanager.amazonaws.com");
            (service.ip, service.agent) = ("secretsmanager.amazonaws.com", "secretsmanager.amazonaws.com");
            let mut deed = Deed::new(&service, PROD, time, "kms", "Decrypt");
            deed.request = json!({"encryptionContext": {"SecretARN": format!("arn:aws:secretsmanager:us-east-1:{PROD}:secret:{name}-AbCdEf")}});
            self.act("", "", &deed);
        }
        let mut deed = Deed::new(&admin, PROD, time + 30, "ssm", "GetParametersByPath");
        deed.request = json!({"path": "/prod", "recursive": true, "withDecryption": true});
        self.act("get_parameters", "All parameters below /prod are read with decryption", &deed);
    }

    fn tamper(&mut self) {
        self.take_roles("04-10 01:45:02", false);
        let (deploy, admin) = (self.deploy.clone(), self.admin.clone());
        let mut deed = Deed::new(&deploy, DEV, at("04-10 01:52:16"), "cloudtrail", "StopLogging");
        deed.request = json!({"name": format!("arn:aws:cloudtrail:us-east-1:{DEV}:trail/dev-trail")});
        self.act("stop_logging", "DeployRole stops the trail dev-trail of the development account", &deed);
        for (number, name) in ["PutEventSelectors", "DeleteTrail"].iter().enumerate() {
            let mut deed = Deed::new(&admin, PROD, at("04-10 01:54:40") + number as i64 * 21, "cloudtrail", name);
            deed.request = json!({"trailName": format!("arn:aws:cloudtrail:us-east-1:{SEC}:trail/org-trail")});
            let step = ["put_event_selectors_denied", "delete_trail_denied"][number];
            self.act(
                step,
                &format!("{name} on the organisation's trail is denied"),
                &deed.denied("AccessDeniedException"),
            );
        }
        for number in 0..3 {
            let time = at("04-10 01:57:03") + number * 4;
            let key = format!("AWSLogs/o-exampleorg/{PROD}/CloudTrail/us-east-1/2026/04/09/part-{number}.json.gz");
            let tail = json!({"sharedEventID": self.ids.uuid()});
            let request_id = self.ids.upper_hex(16);
            for (account, step) in [(PROD, "delete_log_denied"), (SEC, "delete_log_denied_sec_copy")] {
                let mut deed = Deed::new(&admin, account, time, "s3", "DeleteObject").denied("AccessDenied");
                deed.request = json!({"bucketName": TRAIL_BUCKET, "key": key});
                deed.tail = tail.clone();
                deed.request_id = request_id.clone();
                deed.data = true;
                deed.more = json!({"resources": [{"type": "AWS::S3::Object", "ARN": format!("arn:aws:s3:::{TRAIL_BUCKET}/{key}")},
                    {"accountId": SEC, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{TRAIL_BUCKET}")}]});
                let step = if number == 0 { step } else { "" };
                self.act(step, &format!("Deleting log objects is denied (copy of account {account})"), &deed);
            }
        }
        // What follows happens in the two hours whose log files are not there.
        let mut deed = Deed::new(&admin, PROD, at("04-10 02:40:12"), "iam", "AttachUserPolicy");
        deed.request = json!({"userName": "backup-svc", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
        self.act("attach_administrator", "`backup-svc` becomes administrator", &deed);
    }

    fn impact(&mut self) {
        self.take_roles("04-10 08:04:30", false);
        let admin = self.admin.clone();
        let mut deed = Deed::new(&admin, PROD, at("04-10 08:15:20"), "ec2", "CreateSnapshot");
        deed.region = EUROPE;
        deed.request = json!({"volumeId": "vol-0a1b2c3d4e5f60718", "description": "x"});
        deed.response = json!({"requestId": self.ids.uuid(), "snapshotId": SNAPSHOT, "volumeId": "vol-0a1b2c3d4e5f60718", "status": "pending", "ownerId": PROD, "volumeSize": "500", "encrypted": false});
        self.act("create_snapshot", "A snapshot of the database's volume is made in eu-west-1", &deed);
        let mut deed = Deed::new(&admin, PROD, at("04-10 08:22:41"), "ec2", "ModifySnapshotAttribute");
        deed.region = EUROPE;
        deed.request = json!({"snapshotId": SNAPSHOT, "createVolumePermission": {"add": {"items": [{"userId": STRANGER}]}}, "attributeType": "CREATE_VOLUME_PERMISSION"});
        deed.response = json!({"requestId": self.ids.uuid(), "_return": true});
        self.act("share_snapshot", "The snapshot is shared with the stranger account 999988887777", &deed);
        for number in 0..5 {
            let mut deed = Deed::new(&admin, PROD, at("04-10 08:40:00") + number * 33, "ec2", "RunInstances");
            deed.region = ODD_REGION;
            deed.request = json!({"instancesSet": {"items": [{"imageId": "ami-0b5eea76982371e91", "minCount": 20, "maxCount": 20}]}, "instanceType": "p4d.24xlarge", "blockDeviceMapping": {}, "monitoring": {"enabled": false}});
            deed.error = Some(if number < 3 {
                ("Client.UnauthorizedOperation", "You are not authorized to perform this operation.".to_owned())
            } else {
                (
                    "Client.VcpuLimitExceeded",
                    "You have requested more vCPU capacity than your current limit of 0 allows.".to_owned(),
                )
            });
            let step = if number == 0 { "run_instances_denied" } else { "" };
            self.act(step, "20 × p4d.24xlarge in ap-southeast-3 are denied (five attempts)", &deed);
        }
    }

    /// The clean-up by the people of the organisation; none of it is the intruder's.
    fn response(&mut self) {
        let alice = Who::console(PROD, "alice", &self.ids.asia(), "192.0.2.21", at("04-11 09:15:00"), true);
        let anna = Who::console(DEV, "anna", &self.ids.asia(), "192.0.2.23", at("04-11 09:10:00"), true);
        let deeds = [
            (
                &anna,
                DEV,
                "04-11 09:20:10",
                "iam",
                "UpdateAccessKey",
                json!({"userName": "ci-deploy", "accessKeyId": CI_KEY, "status": "Inactive"}),
                "disable_leaked_key",
                "anna disables the leaked key",
            ),
            (
                &alice,
                PROD,
                "04-11 09:24:33",
                "iam",
                "UpdateAccessKey",
                json!({"userName": "backup-svc", "accessKeyId": BACKUP_KEY, "status": "Inactive"}),
                "disable_new_key",
                "alice disables the intruder's second key",
            ),
            (
                &alice,
                PROD,
                "04-11 09:25:50",
                "iam",
                "DeleteLoginProfile",
                json!({"userName": "backup-svc"}),
                "delete_login_profile",
                "alice removes the console password of `backup-svc`",
            ),
            (
                &alice,
                PROD,
                "04-11 09:35:12",
                "ec2",
                "RevokeSecurityGroupIngress",
                json!({"groupId": GROUP, "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]}}),
                "close_security_group",
                "alice closes port 22",
            ),
            (
                &anna,
                DEV,
                "04-11 09:40:00",
                "cloudtrail",
                "StartLogging",
                json!({"name": format!("arn:aws:cloudtrail:us-east-1:{DEV}:trail/dev-trail")}),
                "start_logging",
                "anna starts dev-trail again",
            ),
            (
                &alice,
                PROD,
                "04-11 09:49:30",
                "s3",
                "PutBucketPublicAccessBlock",
                json!({"bucketName": "acme-customer-exports", "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "IgnorePublicAcls": true, "BlockPublicPolicy": true, "RestrictPublicBuckets": true}}),
                "block_public_access",
                "alice blocks public access to the bucket",
            ),
            (
                &alice,
                PROD,
                "04-11 10:04:05",
                "iam",
                "DetachUserPolicy",
                json!({"userName": "backup-svc", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
                "detach_administrator",
                "alice takes AdministratorAccess from `backup-svc`: a policy that no call in the logs attached",
            ),
            (
                &alice,
                PROD,
                "04-11 10:12:45",
                "ec2",
                "ModifySnapshotAttribute",
                json!({"snapshotId": SNAPSHOT, "createVolumePermission": {"remove": {"items": [{"userId": STRANGER}]}}, "attributeType": "CREATE_VOLUME_PERMISSION"}),
                "unshare_snapshot",
                "alice takes the snapshot back",
            ),
        ];
        for (who, account, time, service, name, request, step, sentence) in deeds {
            let mut deed = Deed::new(who, account, at(time), service, name);
            deed.request = request;
            deed.tail = json!({"sessionCredentialFromConsole": "true"});
            if name == "ModifySnapshotAttribute" {
                deed.region = EUROPE;
            }
            let event = deed.event(&mut self.ids);
            self.keep(step, sentence, event);
        }
    }

    /// When the intruder acted first and last, as CloudTrail has it.
    pub(crate) fn span(&self) -> (String, String) {
        let mine = |event: &&Event| self.intruder.contains(&event.id);
        let times: Vec<i64> = self.events.iter().filter(mine).map(|event| event.time).collect();
        let text = |time: Option<&i64>| time.map(|time| iso(*time)).unwrap_or_default();
        (text(times.iter().min()), text(times.iter().max()))
    }
}
