//! What a state of a resource lays open to strangers.
//!
//! A reading of one document: what an account-wide block of public access, a service control policy, or
//! a Deny in the same policy takes away again is not seen.

mod bucket;
mod conditions;
mod grants;
mod network;
mod sharing;

use serde_json::Value;

use crate::open;
use crate::policy::{Statement, policies};
use grants::{Grant, Who};

/// Every kind of exposure that there is.
pub const EXPOSURE_KINDS: &[&str] = &[
    "bucket_shared",
    "open_security_group",
    "public_bucket",
    "public_database",
    "public_function",
    "public_image",
    "public_key",
    "public_queue",
    "public_repository",
    "public_secret",
    "public_snapshot",
    "public_topic",
    "role_trusts_stranger",
    "shared_image",
    "shared_snapshot",
];

/// Something that is open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// Such as `open_security_group`; see [`exposures`].
    pub kind: &'static str,
    /// Such as `tcp 22 from 0.0.0.0/0`.
    pub detail: String,
    /// Where it stands, as in [`crate::diff`], under `configuration` or `supplementaryConfiguration`.
    pub path: String,
}

pub(crate) const CONFIGURATION: &str = "configuration";
pub(crate) const SUPPLEMENTARY: &str = "supplementaryConfiguration";

/// What is asked about.
pub(crate) struct Resource<'a> {
    /// Is this account the resource's own, or another of ours?
    pub(crate) ours: &'a dyn Fn(&str) -> bool,
    pub(crate) configuration: &'a Value,
    pub(crate) supplementary: &'a Value,
}

impl Resource<'_> {
    /// Both documents, with the roots of their paths.
    pub(crate) fn documents(&self) -> [(&'static str, &Value); 2] {
        [(CONFIGURATION, self.configuration), (SUPPLEMENTARY, self.supplementary)]
    }

    /// Every policy of the resource.
    pub(crate) fn policies(&self) -> Vec<(String, Vec<Statement>)> {
        self.documents().into_iter().flat_map(|(root, document)| policies(root, document)).collect()
    }

    /// What strangers may do by the policies of the resource.
    pub(crate) fn grants(&self) -> Vec<Grant> {
        self.policies().iter().flat_map(|(path, statements)| grants::by_policy(path, statements, self.ours)).collect()
    }

    /// A member of either document, by its name in any case.
    pub(crate) fn member(&self, name: &str) -> Option<(String, &Value)> {
        self.documents().into_iter().find_map(|(root, document)| {
            let (written, value) = member(document, name)?;
            Some((crate::path::member(root, written), value))
        })
    }
}

/// What the resource lays open, ordered by kind, detail and path. `account` is the resource's own,
/// and `known` says of another whether it is one of ours.
///
/// | kind | what |
/// | --- | --- |
/// | open_security_group | inbound from the whole of the Internet, or more than a /8 of it |
/// | public_bucket, bucket_shared | by access control list or policy: to anyone; to an account that is not ours |
/// | public_snapshot, shared_snapshot, public_image, shared_image | restored or launched by anyone; by an account that is not ours |
/// | public_database | publiclyAccessible, or a search domain outside a VPC that lets anyone in |
/// | role_trusts_stranger | assumed by anyone, an account that is not ours, or whoever an identity provider signs in |
/// | public_function, public_key, public_queue, public_topic, public_secret, public_repository | by policy: to anyone or to an account that is not ours |
pub fn exposures(
    resource_type: &str,
    account: &str,
    known: &dyn Fn(&str) -> bool,
    configuration: &Value,
    supplementary: &Value,
) -> Vec<Exposure> {
    let Some(finder) = finder(resource_type) else { return Vec::new() };
    let (configuration, supplementary) = (open::deep(configuration), open::deep(supplementary));
    let ours = |other: &str| other == account || known(other);
    let resource = Resource { ours: &ours, configuration: &configuration, supplementary: &supplementary };
    let mut found = finder(&resource);
    found.sort_unstable();
    found.dedup();
    found
}

type Finder = fn(&Resource<'_>) -> Vec<Exposure>;

fn finder(resource_type: &str) -> Option<Finder> {
    Some(match resource_type {
        "AWS::EC2::SecurityGroup" => network::security_group,
        "AWS::S3::Bucket" | "AWS::S3::AccessPoint" => bucket::bucket,
        "AWS::EC2::Snapshot" | "AWS::RDS::DBSnapshot" | "AWS::RDS::DBClusterSnapshot" => sharing::snapshot,
        "AWS::EC2::Image" => sharing::image,
        "AWS::IAM::Role" => sharing::role,
        "AWS::KMS::Key" => |resource| by_policy(resource, "public_key"),
        "AWS::SQS::Queue" | "AWS::SQS::QueuePolicy" => |resource| by_policy(resource, "public_queue"),
        "AWS::SNS::Topic" | "AWS::SNS::TopicPolicy" => |resource| by_policy(resource, "public_topic"),
        "AWS::SecretsManager::Secret" | "AWS::SecretsManager::ResourcePolicy" => {
            |resource| by_policy(resource, "public_secret")
        }
        "AWS::ECR::Repository" => |resource| by_policy(resource, "public_repository"),
        "AWS::ECR::PublicRepository" => sharing::public_gallery,
        "AWS::Elasticsearch::Domain" | "AWS::OpenSearch::Domain" | "AWS::OpenSearchService::Domain" => {
            network::search_domain
        }
        _ if resource_type.starts_with("AWS::Lambda::") => sharing::function,
        _ if DATABASES.iter().any(|service| resource_type.starts_with(service)) => network::database,
        _ => return None,
    })
}

static DATABASES: &[&str] =
    &["AWS::RDS::", "AWS::Redshift::", "AWS::RedshiftServerless::", "AWS::DMS::", "AWS::Neptune::", "AWS::DocDB::"];

fn by_policy(resource: &Resource<'_>, kind: &'static str) -> Vec<Exposure> {
    let exposure = |grant: Grant| Exposure { kind, detail: grant.detail(), path: grant.path };
    resource.grants().into_iter().map(exposure).collect()
}

/// A member by its name in any case, with its name as written: services write camelCase or PascalCase.
pub(crate) fn member<'a>(value: &'a Value, name: &str) -> Option<(&'a str, &'a Value)> {
    let mut members = value.as_object()?.iter();
    let (written, value) = members.find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())?;
    Some((written, value))
}

pub(crate) fn get<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    member(value, name).map(|(_, value)| value)
}

/// Booleans are written as such or as text.
pub(crate) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// The text of a scalar.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(crate::node::number(value)),
        _ => None,
    }
}

/// Each element of a list with its path.
pub(crate) fn elements<'a>(path: &str, list: &'a Value) -> Vec<(String, &'a Value)> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let identity = crate::identity::choose(&[list]);
    let label = |element| identity.as_ref().and_then(|identity| identity.label(element)).unwrap_or_default();
    list.iter().map(|element| (crate::path::element(path, &label(element)), element)).collect()
}

/// Is the kind that of the grant to everybody, or of one to an account?
pub(crate) fn kind_of(grant: &Grant, public: &'static str, shared: &'static str) -> &'static str {
    if matches!(grant.who, Who::Anyone) { public } else { shared }
}
