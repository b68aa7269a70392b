//! Buckets: access control lists, policies, and the block of public access.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use serde_json::Value;

use crate::path;

use super::grants::Who;
use super::{Exposure, Reason, Resource, SUPPLEMENTARY, Unknown, elements, get, is_true, kind_of, member, text};

pub(super) const BUCKET: &str = "AWS::S3::Bucket";

/// A bucket's policy and access list stand in the second document of its item, which a notification can lack.
pub(super) fn missing(resource: &Resource<'_>) -> Option<Unknown> {
    let has = ["BucketPolicy", "AccessControlList", "AccessControl"].iter().any(|name| resource.member(name).is_some());
    let empty = resource.supplementary.as_object().is_none_or(serde_json::Map::is_empty);
    (resource.kind == BUCKET && empty && !has).then(|| Unknown {
        reason: Reason::Part,
        detail: "policy and access list of the bucket".to_owned(),
        path: SUPPLEMENTARY.to_owned(),
    })
}

pub(super) fn bucket(resource: &Resource<'_>) -> Vec<Exposure> {
    let block = resource.member("PublicAccessBlockConfiguration").map(|(_, block)| block);
    let blocks = |name: &str| is_true(block.and_then(|block| get(block, name)));
    let mut found = Vec::new();
    if !blocks("ignorePublicAcls") && !lists_are_off(resource) {
        found.extend(by_list(resource));
    }
    let grants = resource.grants();
    let public = grants.iter().any(|grant| grant.who == Who::Anyone);
    // Restricted, a public policy lets in services and the own account only; it is not enough that new
    // public policies are refused (blockPublicPolicy), because one that is there stays in force.
    if !(public && blocks("restrictPublicBuckets")) {
        found.extend(grants.into_iter().map(|grant| Exposure {
            kind: kind_of(&grant, "public_bucket", "bucket_shared"),
            detail: grant.detail(),
            path: grant.path,
        }));
    }
    found
}

/// Where the owner of the bucket owns everything in it, access control lists have no effect.
fn lists_are_off(resource: &Resource<'_>) -> bool {
    ["OwnershipControls", "BucketOwnershipControls"].iter().filter_map(|name| resource.member(name)).any(
        |(_, value)| {
            let mut off = false;
            crate::leaves(value, &mut |leaf| off |= leaf == "BucketOwnerEnforced");
            off
        },
    )
}

/// Config writes `{"grantList": [{"grantee": "AllUsers", "permission": "Read"}]}`, the API
/// `{"Grants": [{"Grantee": {"URI": "http://acs.amazonaws.com/groups/global/AllUsers"}, "Permission": "READ"}]}`.
fn by_list(resource: &Resource<'_>) -> Vec<Exposure> {
    let mut found = Vec::new();
    if let Some((place, list)) = resource.member("AccessControlList") {
        for name in ["grantList", "grantSet", "grants"] {
            let Some((written, grants)) = member(list, name) else { continue };
            for (place, grant) in elements(&path::member(&place, written), grants) {
                found.extend(granted(grant).map(|detail| Exposure { kind: "public_bucket", detail, path: place }));
            }
        }
    }
    if let Some((path, canned)) = resource.member("AccessControl") {
        let who = match canned.as_str() {
            Some("PublicRead") => Some("AllUsers may Read"),
            Some("PublicReadWrite") => Some("AllUsers may Read and Write"),
            Some("AuthenticatedRead") => Some("AuthenticatedUsers may Read"),
            _ => None,
        };
        found.extend(who.map(|detail| Exposure { kind: "public_bucket", detail: detail.to_owned(), path }));
    }
    found
}

fn granted(grant: &Value) -> Option<String> {
    let mut group = None;
    crate::leaves(get(grant, "grantee")?, &mut |leaf| {
        let name = leaf.rsplit('/').next().unwrap_or(leaf);
        if matches!(name, "AllUsers" | "AuthenticatedUsers") {
            group = Some(name.to_owned());
        }
    });
    let permission = get(grant, "permission").and_then(text).unwrap_or_else(|| "something".to_owned());
    group.map(|group| format!("{group} may {permission}"))
}
