//! Calls that change a resource of EC2, RDS, S3, KMS or Lambda.

use serde_json::{Value, json};

use super::make::{CLASSES, DATABASES, RUNTIMES, about, access_list, answer, digest, key_policy, stamp};
use super::resource::{Call, Edit, Kind, REGIONS, Resource, World, relate, relation, unrelate};
use super::text::{address, name, one};
use crate::world::Ids;

/// What a change may look at.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) ids: &'a mut Ids,
    pub(super) world: &'a World,
    pub(super) me: &'a Resource,
    /// In seconds.
    pub(super) time: i64,
}

impl Scene<'_> {
    pub(super) fn account(&self) -> &str {
        &self.world.accounts[self.me.account]
    }

    pub(super) fn partner(&mut self, kind: Kind) -> Option<usize> {
        let region = (!kind.global()).then_some(self.me.region);
        self.world.pick(self.ids, self.me.account, kind, region).filter(|at| self.world.resources[*at].id != self.me.id)
    }

    /// The answer of EC2 to nearly everything.
    pub(super) fn done(&mut self) -> Value {
        json!({"requestId": self.ids.uuid(), "_return": true})
    }
}

/// Changes the document as the call would, and gives the call; `None` where there is nothing to change.
pub(super) type Change = fn(&mut Scene<'_>, &mut Value) -> Option<Call>;

/// What is done how often.
pub(super) static CHANGES: &[(Kind, u32, Change)] = &[
    (Kind::Group, 12, authorize),
    (Kind::Group, 8, revoke),
    (Kind::Group, 2, authorize_egress),
    (Kind::Group, 3, tag_ec2),
    (Kind::Group, 1, super::remove::group),
    (Kind::Instance, 4, regroup_instance),
    (Kind::Instance, 3, resize_instance),
    (Kind::Instance, 3, tag_ec2),
    (Kind::Instance, 2, super::remove::instance),
    (Kind::Database, 4, expose_database),
    (Kind::Database, 3, regroup_database),
    (Kind::Database, 3, keep_backups),
    (Kind::Database, 3, protect_database),
    (Kind::Database, 1, resize_database),
    (Kind::Database, 1, super::remove::database),
    (Kind::Snapshot, 4, share_snapshot),
    (Kind::Snapshot, 1, super::remove::snapshot),
    (Kind::Bucket, 6, bucket_policy),
    (Kind::Bucket, 2, delete_bucket_policy),
    (Kind::Bucket, 2, bucket_acl),
    (Kind::Bucket, 3, bucket_block),
    (Kind::Bucket, 3, bucket_versioning),
    (Kind::Bucket, 3, tag_bucket),
    (Kind::Bucket, 1, super::remove::bucket),
    (Kind::Key, 3, put_key_policy),
    (Kind::Key, 4, switch_key),
    (Kind::Function, 5, configure_function),
    (Kind::Function, 4, function_code),
    (Kind::Function, 2, function_permission),
    (Kind::Function, 1, super::remove::function),
    (Kind::Role, 4, super::iam::trust_policy),
    (Kind::Role, 7, super::iam::attach),
    (Kind::Role, 5, super::iam::detach),
    (Kind::Role, 4, super::iam::inline),
    (Kind::Role, 2, super::iam::delete_inline),
    (Kind::Role, 1, super::remove::role),
    (Kind::User, 3, super::iam::join_group),
    (Kind::User, 3, super::iam::attach_user),
    (Kind::User, 1, super::remove::user),
    (Kind::Policy, 4, super::iam::policy_version),
    (Kind::Policy, 1, super::remove::policy),
];

const PORTS: &[u16] = &[22, 80, 443, 3306, 3389, 5432, 6379, 8080, 9200, 27017];

fn permission(port: u16, range: &str) -> Value {
    json!({
        "fromPort": port, "ipProtocol": "tcp", "ipv6Ranges": [], "prefixListIds": [], "toPort": port,
        "userIdGroupPairs": [], "ipv4Ranges": [{"cidrIp": range}], "ipRanges": [range],
    })
}

/// The request of both Authorize… and Revoke….
fn rule_request(id: &str, port: &Value, range: &str) -> Value {
    json!({"groupId": id, "ipPermissions": {"items": [{
        "ipProtocol": "tcp", "fromPort": port, "toPort": port, "groups": {}, "ipRanges": {"items": [{"cidrIp": range}]},
        "ipv6Ranges": {}, "prefixListIds": {},
    }]}})
}

fn rule_answer(scene: &mut Scene<'_>, port: u16, range: &str, egress: bool) -> Value {
    json!({"requestId": scene.ids.uuid(), "_return": true, "securityGroupRuleSet": {"items": [{
        "groupOwnerId": scene.account(), "groupId": scene.me.id, "isEgress": egress, "ipProtocol": "tcp",
        "fromPort": port, "toPort": port, "cidrIpv4": range,
        "securityGroupRuleId": format!("sgr-{}", scene.ids.hex(17)),
    }]}})
}

pub(super) fn authorize(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let port = one(scene.ids, PORTS);
    let range = if scene.ids.0.u32(..4) == 0 { "0.0.0.0/0".to_owned() } else { format!("{}/32", address(scene.ids)) };
    let rules = document["configuration"]["ipPermissions"].as_array_mut()?;
    match rules.iter_mut().find(|rule| rule["fromPort"] == port) {
        Some(rule) if rule["ipRanges"].as_array()?.iter().any(|other| *other == range.as_str()) => return None,
        Some(rule) => {
            rule["ipRanges"].as_array_mut()?.push(json!(range));
            rule["ipv4Ranges"].as_array_mut()?.push(json!({"cidrIp": range}));
        }
        None => rules.push(permission(port, &range)),
    }
    let response = rule_answer(scene, port, &range, false);
    Some(Call::new("ec2", "AuthorizeSecurityGroupIngress", rule_request(&scene.me.id, &json!(port), &range), response))
}

fn authorize_egress(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (port, range) = (one(scene.ids, PORTS), format!("{}/32", address(scene.ids)));
    document["configuration"]["ipPermissionsEgress"].as_array_mut()?.push(permission(port, &range));
    let response = rule_answer(scene, port, &range, true);
    Some(Call::new("ec2", "AuthorizeSecurityGroupEgress", rule_request(&scene.me.id, &json!(port), &range), response))
}

pub(super) fn revoke(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let rules = document["configuration"]["ipPermissions"].as_array_mut()?;
    let at = scene.ids.0.usize(..rules.len().max(1));
    let rule = rules.get_mut(at)?;
    let (port, range) = (rule["fromPort"].clone(), rule["ipRanges"].as_array_mut()?.pop()?);
    rule["ipv4Ranges"].as_array_mut()?.pop();
    if rule["ipRanges"].as_array()?.is_empty() {
        rules.remove(at);
    }
    let request = rule_request(&scene.me.id, &port, range.as_str()?);
    Some(Call::new("ec2", "RevokeSecurityGroupIngress", request, scene.done()))
}

fn tag(scene: &mut Scene<'_>) -> (&'static str, String) {
    let key = one(scene.ids, &["team", "stage", "cost-centre", "owner"]);
    (key, format!("{}-{}", one(scene.ids, &["red", "blue", "green"]), scene.ids.0.u32(..100)))
}

fn tag_ec2(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (key, value) = tag(scene);
    document["tags"][key] = json!(value);
    let list = document["configuration"]["tags"].as_array_mut()?;
    list.retain(|tag| tag["key"] != key);
    list.push(json!({"key": key, "value": value}));
    let request = json!({
        "resourcesSet": {"items": [{"resourceId": scene.me.id}]}, "tagSet": {"items": [{"key": key, "value": value}]},
    });
    Some(Call::new("ec2", "CreateTags", request, scene.done()))
}

/// Puts another security group in the place of those in `path`; gives the group, and what changes with it.
fn regroup(scene: &mut Scene<'_>, document: &mut Value, path: &str, id: &str) -> Option<(usize, Vec<Edit>)> {
    let new = scene.partner(Kind::Group)?;
    let group = &scene.world.resources[new];
    let mut edits = vec![Edit::relate(new, relation(scene.me, "Is associated with "))];
    for old in document["configuration"][path].as_array()?.clone() {
        let old_id = old[id].as_str()?;
        if old_id == group.id {
            return None;
        }
        let at = scene.world.find(old_id)?;
        if !scene.world.idle(at) {
            return None;
        }
        unrelate(document, old_id);
        edits.push(Edit::unrelate(at, &scene.me.id));
    }
    relate(document, relation(group, "Is associated with "));
    Some((new, edits))
}

fn regroup_instance(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (new, edits) = regroup(scene, document, "securityGroups", "groupId")?;
    let group = &scene.world.resources[new];
    document["configuration"]["securityGroups"] = json!([{"groupName": group.name, "groupId": group.id}]);
    let request = json!({"instanceId": scene.me.id, "groupSet": {"items": [{"groupId": group.id}]}});
    Some(Call::new("ec2", "ModifyInstanceAttribute", request, scene.done()).with(edits))
}

fn resize_instance(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let class = one(scene.ids, CLASSES);
    document["configuration"]["instanceType"] = json!(class);
    let request = json!({"instanceId": scene.me.id, "instanceType": {"value": class}});
    Some(Call::new("ec2", "ModifyInstanceAttribute", request, scene.done()))
}

/// `ModifyDBInstance` with these members.
pub(super) fn modify_database(scene: &mut Scene<'_>, document: &Value, members: Value) -> Call {
    let mut request = json!({"dBInstanceIdentifier": scene.me.name, "applyImmediately": true});
    for (key, value) in members.as_object().into_iter().flatten() {
        request[key.as_str()] = value.clone();
    }
    Call::new("rds", "ModifyDBInstance", request, answer(&document["configuration"], "available"))
}

fn toggle(document: &mut Value, member: &str) -> bool {
    let now = !document["configuration"][member].as_bool().unwrap_or(false);
    document["configuration"][member] = json!(now);
    now
}

fn expose_database(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let now = toggle(document, "publiclyAccessible");
    Some(modify_database(scene, document, json!({"publiclyAccessible": now})))
}

fn protect_database(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let now = toggle(document, "deletionProtection");
    Some(modify_database(scene, document, json!({"deletionProtection": now})))
}

fn keep_backups(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let days = one(scene.ids, &[0, 1, 7, 14, 30, 35]);
    document["configuration"]["backupRetentionPeriod"] = json!(days);
    Some(modify_database(scene, document, json!({"backupRetentionPeriod": days})))
}

fn resize_database(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let class = one(scene.ids, DATABASES);
    document["configuration"]["dBInstanceClass"] = json!(class);
    Some(modify_database(scene, document, json!({"dBInstanceClass": class})))
}

fn regroup_database(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (new, edits) = regroup(scene, document, "vpcSecurityGroups", "vpcSecurityGroupId")?;
    let id = &scene.world.resources[new].id;
    document["configuration"]["vpcSecurityGroups"] = json!([{"vpcSecurityGroupId": id, "status": "active"}]);
    Some(modify_database(scene, document, json!({"vpcSecurityGroupIds": [id]})).with(edits))
}

fn share_snapshot(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let attribute = &mut document["supplementaryConfiguration"]["DBSnapshotAttributes"][0];
    let values = attribute["attributeValues"].as_array_mut()?;
    let mut request = json!({"dBSnapshotIdentifier": scene.me.name, "attributeName": "restore"});
    if let Some(value) = values.pop() {
        request["valuesToRemove"] = json!([value]);
    } else {
        let guest = one(scene.ids, &["all", "999988887777", "888877776666"]);
        values.push(json!(guest));
        request["valuesToAdd"] = json!([guest]);
    }
    let response = json!({"dBSnapshotIdentifier": scene.me.name, "dBSnapshotAttributes": [attribute]});
    Some(Call::new("rds", "ModifyDBSnapshotAttribute", request, response))
}

/// A call about a bucket, with S3's own members.
pub(super) fn s3(scene: &mut Scene<'_>, name: &'static str, query: &str, member: Option<(&str, Value)>) -> Call {
    let bucket = &scene.me.name;
    let host = format!("{bucket}.s3.{}.amazonaws.com", REGIONS[scene.me.region]);
    let mut request = json!({"bucketName": bucket, "Host": host});
    if !query.is_empty() {
        request[query] = json!("");
    }
    if let Some((key, value)) = member {
        request[key] = value;
    }
    let more = format!(
        ",\"additionalEventData\":{{\"SignatureVersion\":\"SigV4\",\"CipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
         \"bytesTransferredIn\":{},\"AuthenticationMethod\":\"AuthHeader\",\"x-amz-id-2\":\"{}\",\
         \"bytesTransferredOut\":0}}{}",
        scene.ids.0.u32(..900),
        scene.ids.host_id(),
        about(scene.account(), "AWS::S3::Bucket", &scene.me.arn)
    );
    Call::new("s3", name, request, Value::Null).more(more)
}

fn bucket_policy(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let principal = match scene.ids.0.u32(..3) {
        0 => json!("*"),
        1 => json!({"AWS": "arn:aws:iam::999988887777:root"}),
        _ => json!({"Service": "delivery.logs.amazonaws.com"}),
    };
    let action = one(scene.ids, &["s3:GetObject", "s3:PutObject", "s3:*"]);
    let resource = format!("{}/*", scene.me.arn);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": format!("S{}", scene.ids.hex(6)), "Effect": "Allow", "Principal": principal, "Action": action,
        "Resource": resource,
    }]});
    document["supplementaryConfiguration"]["BucketPolicy"] = json!({"policyText": policy.to_string()});
    Some(s3(scene, "PutBucketPolicy", "policy", Some(("bucketPolicy", policy))))
}

fn delete_bucket_policy(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let place = &mut document["supplementaryConfiguration"]["BucketPolicy"]["policyText"];
    if place.is_null() {
        return None;
    }
    *place = Value::Null;
    Some(s3(scene, "DeleteBucketPolicy", "policy", None))
}

fn bucket_acl(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (canned, public) =
        one(scene.ids, &[("private", None), ("public-read", Some("Read")), ("public-read-write", Some("Write"))]);
    let owner = &scene.world.owners[scene.me.account];
    document["supplementaryConfiguration"]["AccessControlList"] = json!(access_list(owner, public));
    Some(s3(scene, "PutBucketAcl", "acl", Some(("x-amz-acl", json!(canned)))))
}

fn bucket_block(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (acls, policies) = (scene.ids.0.bool(), scene.ids.0.bool());
    document["supplementaryConfiguration"]["PublicAccessBlockConfiguration"] = json!({
        "blockPublicAcls": acls, "ignorePublicAcls": acls, "blockPublicPolicy": policies,
        "restrictPublicBuckets": policies,
    });
    let member = json!({
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "RestrictPublicBuckets": policies,
        "BlockPublicPolicy": policies, "BlockPublicAcls": acls, "IgnorePublicAcls": acls,
    });
    Some(s3(scene, "PutBucketPublicAccessBlock", "publicAccessBlock", Some(("PublicAccessBlockConfiguration", member))))
}

fn bucket_versioning(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let status = &mut document["supplementaryConfiguration"]["BucketVersioningConfiguration"]["status"];
    let now = if *status == "Enabled" { "Suspended" } else { "Enabled" };
    *status = json!(now);
    let member = json!({"Status": now, "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/"});
    Some(s3(scene, "PutBucketVersioning", "versioning", Some(("VersioningConfiguration", member))))
}

fn tag_bucket(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (key, value) = tag(scene);
    document["tags"] = json!({key: value});
    document["supplementaryConfiguration"]["BucketTaggingConfiguration"] = json!({"tagSets": [{"tags": {key: value}}]});
    let member = json!({
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "TagSet": {"Tag": {"Key": key, "Value": value}},
    });
    Some(s3(scene, "PutBucketTagging", "tagging", Some(("Tagging", member))))
}

fn put_key_policy(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let role = name(scene.ids);
    let guest = format!("arn:aws:iam::{}:role/{role}", scene.account());
    let policy = key_policy(scene.account(), Some(&guest));
    document["supplementaryConfiguration"]["Policy"] = json!(policy);
    let request = json!({
        "keyId": scene.me.id, "policyName": "default", "policy": policy, "bypassPolicyLockoutSafetyCheck": false,
    });
    let more = about(scene.account(), "AWS::KMS::Key", &scene.me.arn);
    Some(Call::new("kms", "PutKeyPolicy", request, Value::Null).more(more))
}

pub(super) fn switch_key(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let now = toggle(document, "enabled");
    document["configuration"]["keyState"] = json!(if now { "Enabled" } else { "Disabled" });
    let name = if now { "EnableKey" } else { "DisableKey" };
    let more = about(scene.account(), "AWS::KMS::Key", &scene.me.arn);
    Some(Call::new("kms", name, json!({"keyId": scene.me.id}), Value::Null).more(more))
}

fn touch_function(scene: &mut Scene<'_>, document: &mut Value) {
    document["configuration"]["lastModified"] = json!(stamp(scene.time));
    document["configuration"]["revisionId"] = json!(scene.ids.uuid());
}

fn configure_function(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let mut request = json!({"functionName": scene.me.name});
    let (member, value) = match scene.ids.0.u32(..4) {
        0 => ("timeout", json!(one(scene.ids, &[3, 30, 60, 300, 900]))),
        1 => ("memorySize", json!(one(scene.ids, &[128, 256, 512, 1024, 2048]))),
        2 => ("runtime", json!(one(scene.ids, RUNTIMES))),
        _ => {
            let role = &scene.world.resources[scene.partner(Kind::Role)?];
            if let Some(list) = document["relationships"].as_array_mut() {
                list.retain(|relation| relation["resourceType"] != Kind::Role.name());
            }
            let how = "Is associated with ";
            relate(document, json!({"resourceName": role.name, "resourceType": Kind::Role.name(), "name": how}));
            ("role", json!(role.arn))
        }
    };
    if document["configuration"][member] == value {
        return None;
    }
    request[member] = value.clone();
    document["configuration"][member] = value;
    touch_function(scene, document);
    let mut response = document["configuration"].clone();
    response["lastUpdateStatus"] = json!("InProgress");
    Some(Call::new("lambda", "UpdateFunctionConfiguration20150331v2", request, response))
}

fn function_code(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    document["configuration"]["codeSha256"] = json!(digest(scene.ids));
    document["configuration"]["codeSize"] = json!(scene.ids.0.u32(200..90_000));
    touch_function(scene, document);
    let request = json!({
        "functionName": scene.me.name, "s3Bucket": "deployments", "s3Key": format!("{}.zip", scene.me.name),
        "publish": false, "dryRun": false,
    });
    let mut response = document["configuration"].clone();
    response["lastUpdateStatus"] = json!("InProgress");
    Some(Call::new("lambda", "UpdateFunctionCode20150331v2", request, response))
}

/// A function's policy is a string of JSON, which grows by a statement.
fn function_permission(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let place = &mut document["supplementaryConfiguration"]["Policy"];
    let mut policy: Value = serde_json::from_str(place.as_str().unwrap_or("null")).unwrap_or(Value::Null);
    if policy.is_null() {
        policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": []});
    }
    let list = policy["Statement"].as_array_mut()?;
    if list.len() > 5 {
        return None;
    }
    let (sid, principal) =
        (format!("sid-{}", scene.ids.hex(8)), one(scene.ids, &["*", "999988887777", "s3.amazonaws.com"]));
    let statement = json!({
        "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "lambda:InvokeFunction",
        "Resource": scene.me.arn,
    });
    list.push(statement.clone());
    *place = json!(policy.to_string());
    document["configuration"]["revisionId"] = json!(scene.ids.uuid());
    let request = json!({
        "functionName": scene.me.name, "statementId": sid, "action": "lambda:InvokeFunction", "principal": principal,
    });
    let response = json!({"statement": statement.to_string()});
    Some(Call::new("lambda", "AddPermission20150331v2", request, response))
}
