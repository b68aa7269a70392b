//! Snapshots, images, roles and functions that others may use.

use serde_json::Value;

use crate::path;
use crate::policy::{self, Statement};

use super::conditions::{is_account, is_positive};
use super::grants::{Grant, provided, strangers};
use super::{CONFIGURATION, Exposure, Resource, by_policy, elements, get, is_true, text};

/// EC2: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolumePermission.html>;
/// RDS: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshotAttribute.html>.
pub(super) fn snapshot(resource: &Resource<'_>) -> Vec<Exposure> {
    let mut found = Vec::new();
    for name in ["createVolumePermissions", "createVolumePermission"] {
        found.extend(permissions(resource, name, ["public_snapshot", "shared_snapshot"], "create volumes"));
    }
    for name in ["DBSnapshotAttributes", "DBClusterSnapshotAttributes"] {
        let Some((place, attributes)) = resource.member(name) else { continue };
        for (place, attribute) in elements(&place, attributes) {
            let name = get(attribute, "attributeName").and_then(Value::as_str);
            if name != Some("restore") {
                continue;
            }
            let values = get(attribute, "attributeValues").and_then(Value::as_array);
            let path = format!("{place}.attributeValues[]");
            for value in values.into_iter().flatten().filter_map(text) {
                found.extend(shared(resource, &value, ["public_snapshot", "shared_snapshot"], "restore", &path));
            }
        }
    }
    found
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchPermission.html>
pub(super) fn image(resource: &Resource<'_>) -> Vec<Exposure> {
    let kinds = ["public_image", "shared_image"];
    let mut found = Vec::new();
    for name in ["launchPermissions", "launchPermission"] {
        found.extend(permissions(resource, name, kinds, "launch"));
    }
    if let Some((path, flag)) = resource.member("public")
        && is_true(Some(flag))
        && !found.iter().any(|exposure| exposure.kind == "public_image")
    {
        found.push(Exposure { kind: "public_image", detail: "anyone may launch".to_owned(), path });
    }
    found
}

/// `[{"group": "all"}, {"userId": "111122223333"}]`
fn permissions(resource: &Resource<'_>, name: &str, kinds: [&'static str; 2], act: &str) -> Vec<Exposure> {
    let Some((place, list)) = resource.member(name) else { return Vec::new() };
    let mut found = Vec::new();
    for (place, permission) in elements(&place, list) {
        for who in ["group", "userId"].iter().filter_map(|name| get(permission, name)).filter_map(text) {
            found.extend(shared(resource, &who, kinds, act, &place));
        }
    }
    found
}

fn shared(resource: &Resource<'_>, who: &str, kinds: [&'static str; 2], act: &str, path: &str) -> Option<Exposure> {
    let [public, to_stranger] = kinds;
    let (kind, who) = match who {
        "all" => (public, "anyone".to_owned()),
        account if is_account(account) && !(resource.ours)(account) => (to_stranger, format!("account {account}")),
        _ => return None,
    };
    Some(Exposure { kind, detail: format!("{who} may {act}"), path: path.to_owned() })
}

/// Every repository there is in the public gallery.
pub(super) fn public_gallery(_: &Resource<'_>) -> Vec<Exposure> {
    let detail = "anyone may pull from a repository of the public gallery".to_owned();
    vec![Exposure { kind: "public_repository", detail, path: CONFIGURATION.to_owned() }]
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html>
pub(super) fn function(resource: &Resource<'_>) -> Vec<Exposure> {
    let mut found = by_policy(resource, "public_function");
    for (root, document) in resource.documents() {
        urls(root, document, &mut found);
    }
    found
}

fn urls(path: &str, value: &Value, found: &mut Vec<Exposure>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let place = path::member(path, name);
                if name.eq_ignore_ascii_case("authType") && value.as_str() == Some("NONE") {
                    let detail = "function URL without authentication".to_owned();
                    found.push(Exposure { kind: "public_function", detail, path: place });
                } else {
                    urls(&place, value, found);
                }
            }
        }
        Value::Array(_) => elements(path, value).iter().for_each(|(place, element)| urls(place, element, found)),
        _ => {}
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html>
pub(super) fn role(resource: &Resource<'_>) -> Vec<Exposure> {
    let mut found = Vec::new();
    for (path, statements) in resource.policies() {
        if !path.to_ascii_lowercase().contains("assumerolepolicydocument") {
            continue;
        }
        for statement in statements.iter().filter(|statement| statement.effect == "Allow") {
            let place = policy::place(&path, statement);
            let mut push = |detail: String| {
                found.push(Exposure { kind: "role_trusts_stranger", detail, path: place.clone() });
            };
            for who in strangers(statement, resource.ours) {
                let grant = Grant { who, path: String::new(), what: String::new() };
                push(format!("{}{}", grant.who(), provided(statement)));
            }
            for provider in statement.principals.iter().filter_map(|p| p.strip_prefix("Federated:")) {
                federated(provider, statement, resource).into_iter().for_each(&mut push);
            }
        }
    }
    found
}

/// Issuers whose audience is the same for all of their customers: only the subject tells them apart.
static SHARED_ISSUERS: &[&str] = &[
    "token.actions.githubusercontent.com",
    "gitlab.com",
    "app.terraform.io",
    "agent.buildkite.com",
    "oidc.vercel.com",
];

/// Claims that say who it is.
static SUBJECTS: &[&str] = &[
    "sub",
    "job_workflow_ref",
    "repository",
    "repository_id",
    "repository_owner",
    "repository_owner_id",
    "project_path",
    "project_id",
    "namespace_id",
    "namespace_path",
    "email",
    "terraform_organization_name",
    "organization_id",
];

/// Claims that say for whom it was signed.
static AUDIENCES: &[&str] = &["aud", "oaud", "azp", "app_id", "user_id", "id"];

/// What is wrong with trust in an identity provider, if anything is. Providers of SAML are ours to configure.
fn federated(provider: &str, statement: &Statement, resource: &Resource<'_>) -> Option<String> {
    let account = provider.split(':').nth(4).filter(|account| is_account(account));
    if let Some(account) = account.filter(|account| !(resource.ours)(account)) {
        return Some(format!("identity provider of account {account} ({provider}){}", provided(statement)));
    }
    if provider.contains(":saml-provider/") {
        return None;
    }
    let issuer = provider.split_once(":oidc-provider/").map_or(provider, |(_, issuer)| issuer);
    if confines(statement, issuer, SUBJECTS) {
        return None;
    }
    if SHARED_ISSUERS.contains(&issuer) {
        return Some(format!("anyone with a token of {issuer}: no condition on its subject"));
    }
    (!confines(statement, issuer, AUDIENCES))
        .then(|| format!("anyone with a token of {issuer}: no condition on its subject or audience"))
}

/// Does a condition demand a value of one of the issuer's claims? They are in every token.
fn confines(statement: &Statement, issuer: &str, claims: &[&str]) -> bool {
    statement.tests().iter().any(|(operator, key, values)| {
        let key = key.to_ascii_lowercase();
        let claim = key.strip_prefix(&issuer.to_ascii_lowercase()).and_then(|rest| rest.strip_prefix(':'));
        claim.is_some_and(|claim| claims.contains(&claim))
            && is_positive(operator, true)
            && !values.is_empty()
            && values.iter().all(|value| !is_any_subject(value))
    })
}

/// `*`, or a kind of subject and then a wildcard, such as `repo:*`.
fn is_any_subject(value: &str) -> bool {
    let subject = value.split_once(':').map_or(value, |(_, subject)| subject);
    [value, subject].iter().any(|text| text.starts_with(['*', '?']))
}
