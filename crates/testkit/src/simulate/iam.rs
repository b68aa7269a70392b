//! Calls that change a role, a user or a policy.

use serde_json::{Value, json};

use super::calls::Scene;
use super::make::{permissions, trust};
use super::resource::{Call, Edit, Kind, relate, relation, unrelate};
use super::text::{one, percent, us_date};
use crate::world::iso_millis;

/// Policies of AWS, which no account records.
const MANAGED: &[&str] =
    &["ReadOnlyAccess", "AmazonS3FullAccess", "PowerUserAccess", "AdministratorAccess", "SecurityAudit"];

pub(super) fn trust_policy(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let policy = match scene.ids.0.u32(..4) {
        0 => trust("ec2.amazonaws.com"),
        1 => trust("lambda.amazonaws.com"),
        2 => trust("ecs-tasks.amazonaws.com"),
        _ => {
            let guest = one(scene.ids, &["999988887777", "888877776666"]);
            json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{guest}:root")}, "Action": "sts:AssumeRole",
            }]})
            .to_string()
        }
    };
    document["configuration"]["assumeRolePolicyDocument"] = json!(percent(&policy));
    let request = json!({"roleName": scene.me.name, "policyDocument": policy});
    Some(Call::new("iam", "UpdateAssumeRolePolicy", request, Value::Null))
}

/// Adds a policy to the attached ones; gives its ARN, and what changes with it.
fn attach_to(scene: &mut Scene<'_>, document: &mut Value) -> Option<(String, Vec<Edit>)> {
    let partner = if scene.ids.0.bool() { scene.partner(Kind::Policy) } else { None };
    let policy = partner.map(|at| &scene.world.resources[at]);
    let (name, arn) = match policy {
        Some(policy) => (policy.name.clone(), policy.arn.clone()),
        None => {
            let name = one(scene.ids, MANAGED);
            (name.to_owned(), format!("arn:aws:iam::aws:policy/{name}"))
        }
    };
    let list = document["configuration"]["attachedManagedPolicies"].as_array_mut()?;
    if list.len() > 9 || list.iter().any(|other| other["policyArn"] == arn.as_str()) {
        return None;
    }
    list.push(json!({"policyName": name, "policyArn": arn}));
    let mut edits = Vec::new();
    if let (Some(at), Some(policy)) = (partner, policy) {
        relate(document, relation(policy, "Is attached to "));
        edits.push(Edit::relate(at, relation(scene.me, "Is attached to ")).counted(1));
    }
    Some((arn, edits))
}

/// What it takes to detach the policy with this ARN from the resource; `None` while the policy cannot be changed.
fn detach_edit(scene: &Scene<'_>, document: &mut Value, arn: &str) -> Option<Vec<Edit>> {
    let name = arn.rsplit('/').next()?;
    let related = document["relationships"].as_array()?.iter().find(|relation| relation["resourceName"] == name);
    let Some(id) = related.and_then(|relation| relation["resourceId"].as_str()).map(str::to_owned) else {
        return Some(Vec::new());
    };
    let at = scene.world.find(&id).filter(|at| scene.world.idle(*at))?;
    unrelate(document, &id);
    Some(vec![Edit::unrelate(at, &scene.me.id).counted(-1)])
}

pub(super) fn attach(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (arn, edits) = attach_to(scene, document)?;
    let request = json!({"roleName": scene.me.name, "policyArn": arn});
    Some(Call::new("iam", "AttachRolePolicy", request, Value::Null).with(edits))
}

pub(super) fn attach_user(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let (arn, edits) = attach_to(scene, document)?;
    let request = json!({"userName": scene.me.name, "policyArn": arn});
    Some(Call::new("iam", "AttachUserPolicy", request, Value::Null).with(edits))
}

pub(super) fn detach(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let list = document["configuration"]["attachedManagedPolicies"].as_array_mut()?;
    if list.is_empty() {
        return None;
    }
    let at = scene.ids.0.usize(..list.len());
    let arn = list.remove(at)["policyArn"].as_str()?.to_owned();
    let edits = detach_edit(scene, document, &arn)?;
    let request = json!({"roleName": scene.me.name, "policyArn": arn});
    Some(Call::new("iam", "DetachRolePolicy", request, Value::Null).with(edits))
}

pub(super) fn inline(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let name = one(scene.ids, &["access", "data", "extra", "pass-role"]);
    let policy = permissions(scene.ids);
    let list = document["configuration"]["rolePolicyList"].as_array_mut()?;
    let entry = json!({"policyName": name, "policyDocument": percent(&policy)});
    match list.iter_mut().find(|other| other["policyName"] == name) {
        Some(place) => *place = entry,
        None => list.push(entry),
    }
    let request = json!({"roleName": scene.me.name, "policyName": name, "policyDocument": policy});
    Some(Call::new("iam", "PutRolePolicy", request, Value::Null))
}

pub(super) fn delete_inline(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let gone = document["configuration"]["rolePolicyList"].as_array_mut()?.pop()?;
    let request = json!({"roleName": scene.me.name, "policyName": gone["policyName"]});
    Some(Call::new("iam", "DeleteRolePolicy", request, Value::Null))
}

pub(super) fn join_group(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let group = one(scene.ids, &["developers", "operators", "admins", "auditors"]);
    let list = document["configuration"]["groupList"].as_array_mut()?;
    let member = list.iter().position(|other| *other == group);
    let name = match member {
        Some(at) => {
            list.remove(at);
            "RemoveUserFromGroup"
        }
        None => {
            list.push(json!(group));
            "AddUserToGroup"
        }
    };
    Some(Call::new("iam", name, json!({"groupName": group, "userName": scene.me.name}), Value::Null))
}

/// A new default version; IAM keeps five.
pub(super) fn policy_version(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let configuration = &mut document["configuration"];
    let number: u32 = configuration["defaultVersionId"].as_str()?.trim_start_matches('v').parse().ok()?;
    let (version, text) = (format!("v{}", number + 1), permissions(scene.ids));
    let list = configuration["policyVersionList"].as_array_mut()?;
    if list.len() > 4 {
        return None;
    }
    let date = iso_millis(scene.time * 1_000);
    for other in list.iter_mut() {
        other["isDefaultVersion"] = json!(false);
    }
    list.insert(
        0,
        json!({
            "document": percent(&text), "versionId": version, "isDefaultVersion": true, "createDate": date,
        }),
    );
    configuration["defaultVersionId"] = json!(version);
    configuration["updateDate"] = json!(date);
    let request = json!({"policyArn": scene.me.arn, "policyDocument": text, "setAsDefault": true});
    let response = json!({"policyVersion": {
        "versionId": version, "isDefaultVersion": true, "createDate": us_date(scene.time),
    }});
    Some(Call::new("iam", "CreatePolicyVersion", request, response))
}
