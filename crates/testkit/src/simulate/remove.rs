//! Calls that delete a resource. The document of something deleted is null.

use serde_json::{Value, json};

use super::calls::{Scene, s3};
use super::make::answer;
use super::resource::{Call, Edit};

fn is_empty(document: &Value, member: &str) -> bool {
    document["configuration"][member].as_array().is_none_or(Vec::is_empty)
}

/// Takes the resource out of the relationships of its security groups.
fn leave_groups(scene: &Scene<'_>, document: &Value) -> Option<Vec<Edit>> {
    let mut edits = Vec::new();
    for relation in document["relationships"].as_array()? {
        if relation["resourceType"] == "AWS::EC2::SecurityGroup" {
            let at = scene.world.find(relation["resourceId"].as_str()?).filter(|at| scene.world.idle(*at))?;
            edits.push(Edit::unrelate(at, &scene.me.id));
        }
    }
    Some(edits)
}

pub(super) fn group(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    // One that is in use cannot be deleted; the VPC is always there.
    if document["relationships"].as_array()?.len() > 1 {
        return None;
    }
    *document = Value::Null;
    Some(Call::new("ec2", "DeleteSecurityGroup", json!({"groupId": scene.me.id}), scene.done()))
}

pub(super) fn instance(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let edits = leave_groups(scene, document)?;
    *document = Value::Null;
    let response = json!({"requestId": scene.ids.uuid(), "instancesSet": {"items": [{
        "instanceId": scene.me.id, "currentState": {"code": 32, "name": "shutting-down"},
        "previousState": {"code": 16, "name": "running"},
    }]}});
    let request = json!({"instancesSet": {"items": [{"instanceId": scene.me.id}]}});
    Some(Call::new("ec2", "TerminateInstances", request, response).with(edits))
}

pub(super) fn database(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    if document["configuration"]["deletionProtection"] == true {
        return None;
    }
    let edits = leave_groups(scene, document)?;
    let response = answer(&document["configuration"], "deleting");
    *document = Value::Null;
    let request = json!({"dBInstanceIdentifier": scene.me.name, "skipFinalSnapshot": true});
    Some(Call::new("rds", "DeleteDBInstance", request, response).with(edits))
}

pub(super) fn snapshot(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    let mut response = document["configuration"].clone();
    response["status"] = json!("deleted");
    *document = Value::Null;
    Some(Call::new("rds", "DeleteDBSnapshot", json!({"dBSnapshotIdentifier": scene.me.name}), response))
}

pub(super) fn bucket(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    *document = Value::Null;
    Some(s3(scene, "DeleteBucket", "", None))
}

pub(super) fn function(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    *document = Value::Null;
    Some(Call::new("lambda", "DeleteFunction20150331", json!({"functionName": scene.me.name}), Value::Null))
}

pub(super) fn role(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    if !is_empty(document, "attachedManagedPolicies") || !is_empty(document, "rolePolicyList") {
        return None;
    }
    *document = Value::Null;
    Some(Call::new("iam", "DeleteRole", json!({"roleName": scene.me.name}), Value::Null))
}

pub(super) fn user(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    // IAM wants a user stripped of everything first.
    if !is_empty(document, "groupList") || !is_empty(document, "attachedManagedPolicies") {
        return None;
    }
    *document = Value::Null;
    Some(Call::new("iam", "DeleteUser", json!({"userName": scene.me.name}), Value::Null))
}

pub(super) fn policy(scene: &mut Scene<'_>, document: &mut Value) -> Option<Call> {
    if document["configuration"]["attachmentCount"] != 0 {
        return None;
    }
    *document = Value::Null;
    Some(Call::new("iam", "DeletePolicy", json!({"policyArn": scene.me.arn}), Value::Null))
}
