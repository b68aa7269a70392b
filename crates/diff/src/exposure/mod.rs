//! What a state of a resource lays open to strangers.
//!
//! A reading of one document: what an account-wide block of public access, a service control policy, or
//! a Deny in the same policy takes away again is not seen.

mod bucket;
mod conditions;
mod grants;
mod network;
pub(crate) mod ranges;
mod sharing;
mod unread;

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
    "public_endpoint",
    "public_function",
    "public_image",
    "public_key",
    "public_policy",
    "public_queue",
    "public_repository",
    "public_secret",
    "public_snapshot",
    "public_topic",
    "role_trusts_stranger",
    "security_group_shared",
    "shared_image",
    "shared_policy",
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

/// Something that could not be judged: where it is, "not open" cannot be said.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    pub reason: Reason,
    /// What it is about, such as the type or the id of a prefix list.
    pub detail: String,
    /// Where it stands in the document; empty where it is about the whole.
    pub path: String,
}

/// Why something could not be judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing is known of the type but what its policies say.
    Type,
    /// A rule refers to a prefix list whose entries at that time are not in the evidence.
    PrefixList,
    /// A rule refers to a security group of which it is not known whose it is.
    Group,
    /// A range of addresses in a form that is not understood.
    Range,
    /// A document, or a policy in it, that does not parse.
    Document,
    /// The part of the item that would tell is not there.
    Part,
}

impl Reason {
    /// The reason in words, as it stands in `exposure_unknowns.reason`.
    pub fn name(self) -> &'static str {
        match self {
            Reason::Type => "type not examined",
            Reason::PrefixList => "prefix list not in the evidence",
            Reason::Group => "security group not in the evidence",
            Reason::Range => "range not understood",
            Reason::Document => "document not parsed",
            Reason::Part => "part of the item not in the evidence",
        }
    }
}

/// What is open, and what cannot be said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// Ordered by kind, detail and path.
    pub exposures: Vec<Exposure>,
    /// Ordered by reason, detail and path.
    pub unknowns: Vec<Unknown>,
}

/// What is known beside the document.
pub trait Surroundings {
    /// Is it one of our accounts?
    fn is_ours(&self, account: &str) -> bool;
    /// The ranges of a prefix list as they were at the time; none where the evidence does not tell.
    fn prefix_list(&self, id: &str) -> Option<Vec<String>>;
}

/// The ranges that the document of an `AWS::EC2::PrefixList` lists; none where it has no list of them.
///
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-prefixlist.html>
pub fn prefix_list(configuration: &Value) -> Option<Vec<String>> {
    let configuration = open::deep(configuration);
    let entries = get(&configuration, "entries")?.as_array()?;
    entries.iter().map(|entry| text(entry).or_else(|| get(entry, "cidr").and_then(text))).collect()
}

/// The prefix lists that the rules of a security group refer to.
pub fn prefix_lists(resource_type: &str, configuration: &Value) -> Vec<String> {
    match resource_type {
        network::GROUP => network::prefix_lists(&open::deep(configuration)),
        _ => Vec::new(),
    }
}

pub(crate) const CONFIGURATION: &str = "configuration";
pub(crate) const SUPPLEMENTARY: &str = "supplementaryConfiguration";

/// What is asked about.
pub(crate) struct Resource<'a> {
    pub(crate) kind: &'a str,
    pub(crate) around: &'a dyn Surroundings,
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

/// What the resource lays open, and what of it cannot be judged. `account` is the resource's own.
///
/// | kind | what |
/// | --- | --- |
/// | open_security_group | inbound from the whole of the Internet, or more than a /8 of it |
/// | public_bucket, bucket_shared | by access control list or policy: to anyone; to an account that is not ours |
/// | public_snapshot, shared_snapshot, public_image, shared_image | restored or launched by anyone; by an account that is not ours |
/// | public_database | publiclyAccessible, or a search domain outside a VPC that lets anyone in |
/// | role_trusts_stranger | assumed by anyone, an account that is not ours, or whoever an identity provider signs in |
/// | public_function, public_key, public_queue, public_topic, public_secret, public_repository | by policy: to anyone or to an account that is not ours |
/// | public_endpoint | the API of a Kubernetes cluster, reached from the whole of the Internet |
/// | public_policy, shared_policy | a policy in any other document that lets in anyone; an account that is not ours |
pub fn exposures(
    resource_type: &str,
    account: &str,
    around: &dyn Surroundings,
    configuration: &Value,
    supplementary: &Value,
) -> Judgement {
    let mut unknowns = unread::unread(&[(CONFIGURATION, configuration), (SUPPLEMENTARY, supplementary)]);
    let (configuration, supplementary) = (open::deep(configuration), open::deep(supplementary));
    let ours = |other: &str| other == account || around.is_ours(other);
    let resource = Resource {
        kind: resource_type,
        around,
        ours: &ours,
        configuration: &configuration,
        supplementary: &supplementary,
    };
    let mut found = Vec::new();
    match finder(resource_type) {
        Some(Finder::Whole(find)) => found.extend(find(&resource)),
        Some(Finder::ButPolicies(find)) => {
            found.extend(find(&resource));
            found.extend(by_any_policy(&resource));
        }
        Some(Finder::Group) => {
            let (open, unknown) = network::security_group(&resource);
            found.extend(open);
            unknowns.extend(unknown);
        }
        None => {
            found.extend(by_any_policy(&resource));
            if !is_never_reached(resource_type) {
                unknowns.push(Unknown { reason: Reason::Type, detail: resource_type.to_owned(), path: String::new() });
            }
        }
    }
    unknowns.extend(bucket::missing(&resource));
    found.sort_unstable();
    found.dedup();
    unknowns.sort_unstable();
    unknowns.dedup();
    Judgement { exposures: found, unknowns }
}

/// Is it known how such a resource can be laid open?
pub fn is_examined(resource_type: &str) -> bool {
    finder(resource_type).is_some() || is_never_reached(resource_type)
}

/// How what is open is found.
enum Finder {
    /// It judges the policies too.
    Whole(fn(&Resource<'_>) -> Vec<Exposure>),
    /// It looks at other things; a policy in the document is judged as in any other.
    ButPolicies(fn(&Resource<'_>) -> Vec<Exposure>),
    /// The rules of a security group, which refer to other resources.
    Group,
}

fn finder(resource_type: &str) -> Option<Finder> {
    use Finder::{ButPolicies, Whole};
    Some(match resource_type {
        network::GROUP => Finder::Group,
        bucket::BUCKET | "AWS::S3::AccessPoint" => Whole(bucket::bucket),
        "AWS::EC2::Snapshot" | "AWS::RDS::DBSnapshot" | "AWS::RDS::DBClusterSnapshot" => ButPolicies(sharing::snapshot),
        "AWS::EC2::Image" => ButPolicies(sharing::image),
        "AWS::IAM::Role" => Whole(sharing::role),
        "AWS::KMS::Key" => Whole(|resource| by_policy(resource, "public_key")),
        "AWS::SQS::Queue" | "AWS::SQS::QueuePolicy" => Whole(|resource| by_policy(resource, "public_queue")),
        "AWS::SNS::Topic" | "AWS::SNS::TopicPolicy" => Whole(|resource| by_policy(resource, "public_topic")),
        "AWS::SecretsManager::Secret" | "AWS::SecretsManager::ResourcePolicy" => {
            Whole(|resource| by_policy(resource, "public_secret"))
        }
        "AWS::ECR::Repository" => Whole(|resource| by_policy(resource, "public_repository")),
        "AWS::ECR::PublicRepository" => ButPolicies(sharing::public_gallery),
        "AWS::Elasticsearch::Domain" | "AWS::OpenSearch::Domain" | "AWS::OpenSearchService::Domain" => {
            Whole(network::search_domain)
        }
        "AWS::EKS::Cluster" => ButPolicies(network::cluster),
        _ if resource_type.starts_with("AWS::Lambda::") => Whole(sharing::function),
        _ if DATABASES.iter().any(|service| resource_type.starts_with(service)) => ButPolicies(network::database),
        _ => return None,
    })
}

/// What has neither an address nor a policy about others: there is nothing to examine.
fn is_never_reached(resource_type: &str) -> bool {
    NEVER_REACHED.contains(&resource_type)
}

static NEVER_REACHED: &[&str] = &[
    "AWS::CloudWatch::Alarm",
    "AWS::Config::ResourceCompliance",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Volume",
    "AWS::IAM::Group",
    "AWS::IAM::Policy",
    "AWS::IAM::User",
];

static DATABASES: &[&str] =
    &["AWS::RDS::", "AWS::Redshift::", "AWS::RedshiftServerless::", "AWS::DMS::", "AWS::Neptune::", "AWS::DocDB::"];

fn by_policy(resource: &Resource<'_>, kind: &'static str) -> Vec<Exposure> {
    let exposure = |grant: Grant| Exposure { kind, detail: grant.detail(), path: grant.path };
    resource.grants().into_iter().map(exposure).collect()
}

/// What any document's policies grant to strangers, whatever the resource is.
fn by_any_policy(resource: &Resource<'_>) -> Vec<Exposure> {
    if network::is_private_api(resource) {
        return Vec::new();
    }
    let exposure = |grant: Grant| Exposure {
        kind: kind_of(&grant, "public_policy", "shared_policy"),
        detail: grant.detail(),
        path: grant.path,
    };
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
