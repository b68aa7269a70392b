//! The states that AWS Config saw: of ordinary resources, and of those that the intrusion touched.

use serde_json::{Value, json};

use crate::config::Item;
use crate::exfil::public_policy;
use crate::story::{GROUP, Story};
use crate::world::{ASSETS, BUCKET_OWNER, DEV, EXPORTS, HOME, PROD, STRANGER, at, principal_id};

pub(crate) const INSTANCE: &str = "i-0a1b2c3d4000000a1";

/// A policy document as IAM's items carry it.
fn url_encoded(document: &Value) -> String {
    let mut out = String::new();
    for byte in document.to_string().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

fn security_group(time: i64, open: bool) -> Item {
    let mut item = Item::new(PROD, HOME, "AWS::EC2::SecurityGroup", GROUP, time);
    let range = |cidr: &str, port: u32, text: Option<&str>| {
        json!({
            "fromPort": port, "ipProtocol": "tcp", "ipv6Ranges": [], "prefixListIds": [], "toPort": port,
            "userIdGroupPairs": [], "ipv4Ranges": [{"cidrIp": cidr, "description": text}], "ipRanges": [cidr],
        })
    };
    let mut rules = vec![range("192.0.2.0/24", 443, Some("office"))];
    if open {
        rules.insert(0, range("0.0.0.0/0", 22, None));
    }
    item.name = "orders-app".to_owned();
    item.configuration = json!({
        "description": "orders application", "groupName": "orders-app", "ipPermissions": rules, "ownerId": PROD,
        "groupId": GROUP, "ipPermissionsEgress": [range("0.0.0.0/0", 443, None)],
        "tags": [{"key": "owner", "value": "orders"}], "vpcId": "vpc-0a1b2c3d4e5f60718",
    });
    item.tags = json!({"owner": "orders"});
    item.relationships = json!([
        {"resourceType": "AWS::EC2::Instance", "resourceId": INSTANCE, "name": "Is associated with Instance"},
        {"resourceType": "AWS::EC2::VPC", "resourceId": "vpc-0a1b2c3d4e5f60718", "name": "Is contained in Vpc"},
    ]);
    item
}

fn bucket(name: &str, time: i64, blocked: bool, public: bool) -> Item {
    let mut item = Item::new(PROD, HOME, "AWS::S3::Bucket", name, time);
    item.configuration = json!({
        "name": name, "creationDate": "2026-02-11T09:30:00.000Z",
        "owner": {"displayName": null, "id": BUCKET_OWNER}, "region": HOME,
    });
    let block = json!({
        "blockPublicAcls": blocked, "ignorePublicAcls": blocked, "blockPublicPolicy": blocked,
        "restrictPublicBuckets": blocked,
    });
    // Some values of this map are documents, some are texts that hold JSON: both occur.
    let acl = json!({"grantSet": null, "grantList": [{"grantee": {"id": BUCKET_OWNER, "displayName": null}, "permission": "FullControl"}]});
    item.supplementary = json!({
        "AccessControlList": acl.to_string(),
        "BucketPolicy": {"policyText": public.then(|| public_policy().to_string())},
        "BucketVersioningConfiguration": {"status": "Enabled", "isMfaDeleteEnabled": null},
        "BucketLoggingConfiguration": {"destinationBucketName": "s3-access-logs", "logFilePrefix": ""},
        "IsRequesterPaysEnabled": "false",
    });
    if blocked {
        item.supplementary["PublicAccessBlockConfiguration"] = block;
    }
    item
}

fn user(account: &'static str, name: &str, time: i64, policies: &[&str]) -> Item {
    let mut item = Item::new(account, HOME, "AWS::IAM::User", &principal_id("AIDA", name), time);
    item.name = name.to_owned();
    item.arn = format!("arn:aws:iam::{account}:user/{name}");
    let attached: Vec<Value> = policies
        .iter()
        .map(|policy| json!({"policyName": policy, "policyArn": format!("arn:aws:iam::aws:policy/{policy}")}))
        .collect();
    item.configuration = json!({
        "path": "/", "userName": name, "userId": item.id, "arn": item.arn, "createDate": "2026-02-11T09:30:00.000Z",
        "userPolicyList": [], "groupList": [], "attachedManagedPolicies": attached, "permissionsBoundary": null, "tags": [],
    });
    item
}

fn role(account: &'static str, name: &str, time: i64, trusted: &str, policy: &str) -> Item {
    let mut item = Item::new(account, HOME, "AWS::IAM::Role", &principal_id("AROA", name), time);
    item.name = name.to_owned();
    item.arn = format!("arn:aws:iam::{account}:role/{name}");
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole",
    }]});
    item.configuration = json!({
        "path": "/", "roleName": name, "roleId": item.id, "arn": item.arn, "createDate": "2026-02-11T09:30:00.000Z",
        "assumeRolePolicyDocument": url_encoded(&trust), "instanceProfileList": [], "rolePolicyList": [],
        "attachedManagedPolicies": [{"policyName": policy, "policyArn": format!("arn:aws:iam::aws:policy/{policy}")}],
        "permissionsBoundary": null, "tags": [], "roleLastUsed": null,
    });
    item
}

fn instance(id: &str, time: i64, release: i64) -> Item {
    let mut item = Item::new(PROD, HOME, "AWS::EC2::Instance", id, time);
    item.configuration = json!({
        "amiLaunchIndex": 0, "imageId": "ami-0c02fb55956c7d316", "instanceId": id, "instanceType": "t3.medium",
        "launchTime": "2026-02-11T09:30:00.000Z", "privateIpAddress": "10.0.1.25", "publicIpAddress": "192.0.2.60",
        "state": {"code": 16, "name": "running"}, "vpcId": "vpc-0a1b2c3d4e5f60718", "architecture": "x86_64",
        "iamInstanceProfile": {"arn": format!("arn:aws:iam::{PROD}:instance-profile/AppServerRole")},
        "securityGroups": [{"groupName": "orders-app", "groupId": GROUP}],
    });
    item.tags = json!({"Name": "orders-1", "owner": "orders", "release": release.to_string()});
    item.relationships = json!([
        {"resourceType": "AWS::EC2::SecurityGroup", "resourceId": GROUP, "name": "Is associated with SecurityGroup"},
        {"resourceType": "AWS::EC2::Volume", "resourceId": "vol-0a1b2c3d4e5f60718", "name": "Is attached to Volume"},
    ]);
    item
}

fn trail(time: i64, logging: bool) -> Item {
    let mut item = Item::new(DEV, HOME, "AWS::CloudTrail::Trail", "dev-trail", time);
    item.configuration = json!({
        "name": "dev-trail", "s3BucketName": "dev-trail-bucket", "includeGlobalServiceEvents": true,
        "isMultiRegionTrail": true, "homeRegion": HOME, "trailARN": item.arn, "logFileValidationEnabled": false,
        "hasCustomEventSelectors": false, "isOrganizationTrail": false,
    });
    item.supplementary = json!({"TrailStatus": json!({"isLogging": logging}).to_string()});
    item
}

/// Whether the bucket keeps a rule, as an item of the compliance history.
fn compliance(time: i64, kept: bool) -> Item {
    let id = format!("AWS::S3::Bucket/{EXPORTS}");
    let mut item = Item::new(PROD, HOME, "AWS::Config::ResourceCompliance", &id, time);
    let verdict = if kept { "COMPLIANT" } else { "NON_COMPLIANT" };
    item.configuration = json!({
        "targetResourceId": EXPORTS, "targetResourceType": "AWS::S3::Bucket", "complianceType": verdict,
        "configRuleList": [{"configRuleName": "s3-bucket-public-read-prohibited", "complianceType": verdict}],
    });
    item
}

pub(crate) fn tell(story: &mut Story) {
    let march = at("03-01 06:10:00");
    let found = |mut item: Item| {
        item.status = "ResourceDiscovered";
        item
    };
    let hostile_tags = json!({
        "owner": "web", "note": "</td><script>alert('tag')</script>", "cell": "=cmd|' /C calc'!A0",
        "image": "![logo](https://collector.example/p.png?x=1)", "name": "invoice\u{202e}fdp.exe",
    });
    let mut assets = found(bucket(ASSETS, march + 12, true, false));
    assets.tags = hostile_tags;
    let dead = "i-0dead00000000beef";
    let mut deleted = instance(dead, at("03-20 15:02:11"), 1);
    deleted.status = "ResourceDeleted";
    (deleted.configuration, deleted.tags, deleted.relationships) = (Value::Null, json!({}), json!([]));
    let mut ended = found(instance(dead, march + 41, 1));
    ended.configuration["privateIpAddress"] = json!("10.0.1.77");
    ended.configuration["publicIpAddress"] = Value::Null;
    let mut unrecorded = Item::new(PROD, HOME, "AWS::EC2::EIP", "eipalloc-0a1b2c3d4e5f60718", march + 20);
    unrecorded.status = "ResourceNotRecorded";
    let root = |account: &str| format!("arn:aws:iam::{account}:root");
    let mut items = vec![
        found(security_group(march, false)),
        assets,
        found(bucket(EXPORTS, march + 15, true, false)),
        found(user(PROD, "backup-svc", march + 30, &["AmazonS3ReadOnlyAccess"])),
        found(user(DEV, "ci-deploy", march + 31, &["AmazonEC2ContainerRegistryPowerUser"])),
        found(role(
            PROD,
            "OrgAdmin",
            march + 33,
            &format!("arn:aws:iam::{DEV}:role/DeployRole"),
            "AdministratorAccess",
        )),
        found(role(PROD, "MonitoringRole", march + 34, &root(PROD), "ReadOnlyAccess")),
        role(PROD, "MonitoringRole", at("04-10 04:53:25"), &root(STRANGER), "ReadOnlyAccess"),
        role(PROD, "MonitoringRole", at("04-11 10:21:12"), &root(PROD), "ReadOnlyAccess"),
        found(role(DEV, "DeployRole", march + 35, &format!("arn:aws:iam::{DEV}:user/ci-deploy"), "PowerUserAccess")),
        found(instance(INSTANCE, march + 40, 1)),
        ended,
        found(trail(march + 50, true)),
        unrecorded,
        deleted,
        // The intrusion, about a minute after each call.
        security_group(at("04-09 01:59:12"), true),
        trail(at("04-10 01:53:20"), false),
        user(PROD, "backup-svc", at("04-10 02:41:30"), &["AmazonS3ReadOnlyAccess", "AdministratorAccess"]),
        bucket(EXPORTS, at("04-10 04:30:15"), false, false),
        bucket(EXPORTS, at("04-10 04:31:05"), false, true),
        compliance(at("04-10 04:33:40"), false),
        bucket(EXPORTS, at("04-10 07:31:10"), false, false),
        compliance(at("04-10 07:34:20"), true),
        security_group(at("04-11 09:36:20"), false),
        trail(at("04-11 09:41:15"), true),
        bucket(EXPORTS, at("04-11 09:50:40"), true, false),
        user(PROD, "backup-svc", at("04-11 10:05:12"), &["AmazonS3ReadOnlyAccess"]),
    ];
    // Ordinary change: a release every third day.
    for number in 1..20 {
        items.push(instance(INSTANCE, at("03-02 11:20:00") + number * 3 * 86_400, number + 1));
    }
    items.extend(crate::interfaces::items());
    items.sort_by_key(|item| item.time);
    story.items = items;
}
