//! What exists in the simulated accounts, and what Config has recorded of it.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::session::Session;
use crate::world::{Ids, iso_millis};

pub(super) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

/// The recorded types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Policy,
    Role,
    Group,
    User,
    Bucket,
    Key,
    Instance,
    Database,
    Snapshot,
    Function,
}

/// In an order in which each can refer to those before it.
pub(super) const KINDS: [Kind; 10] = [
    Kind::Policy,
    Kind::Role,
    Kind::Group,
    Kind::User,
    Kind::Bucket,
    Kind::Key,
    Kind::Instance,
    Kind::Database,
    Kind::Snapshot,
    Kind::Function,
];

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Policy => "AWS::IAM::Policy",
            Kind::Role => "AWS::IAM::Role",
            Kind::Group => "AWS::EC2::SecurityGroup",
            Kind::User => "AWS::IAM::User",
            Kind::Bucket => "AWS::S3::Bucket",
            Kind::Key => "AWS::KMS::Key",
            Kind::Instance => "AWS::EC2::Instance",
            Kind::Database => "AWS::RDS::DBInstance",
            Kind::Snapshot => "AWS::RDS::DBSnapshot",
            Kind::Function => "AWS::Lambda::Function",
        }
    }

    /// IAM is in no region; its calls are recorded in us-east-1.
    pub(super) fn global(self) -> bool {
        matches!(self, Kind::Policy | Kind::Role | Kind::User)
    }

    /// How many of a hundred resources are of this type.
    pub(super) fn share(self) -> usize {
        match self {
            Kind::Group => 24,
            Kind::Role => 14,
            Kind::Policy | Kind::Bucket | Kind::Database | Kind::Instance => 10,
            Kind::Function => 9,
            Kind::User => 5,
            Kind::Key | Kind::Snapshot => 4,
        }
    }
}

/// One resource: its present document, and the last one that Config recorded.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) account: usize,
    /// 0 for global types.
    pub(super) region: usize,
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arn: String,
    /// In seconds since 1970.
    pub(super) created: i64,
    pub(super) living: bool,
    /// `{"relationships":…,"configuration":…,"supplementaryConfiguration":…,"tags":…}`: text, because there are many.
    pub(super) document: Rc<str>,
    pub(super) seen: Option<Seen>,
    /// Changes that no item shows yet.
    pub(super) pending: Vec<Pending>,
    /// A capture is in the queue.
    pub(super) due: bool,
}

/// The last recorded item.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// In milliseconds since 1970.
    pub(super) captured: i64,
    /// The capture by the other region's recorder; the same for all but some items of IAM.
    pub(super) elsewhere: i64,
    pub(super) status: &'static str,
    pub(super) document: Rc<str>,
    pub(super) late: bool,
    pub(super) twice: bool,
}

/// A change that waits for its item.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) called: i64,
    pub(super) event: Option<String>,
    pub(super) name: &'static str,
    pub(super) class: &'static str,
    pub(super) concurrent: bool,
    /// The call is about another resource, and this one changes with it.
    pub(super) indirect: bool,
    pub(super) quick: bool,
    pub(super) event_late: bool,
    pub(super) event_twice: bool,
    pub(super) paths: Vec<String>,
    pub(super) session: Rc<Session>,
}

impl Resource {
    pub(super) fn value(&self) -> Value {
        serde_json::from_str(&self.document).expect("documents are written by this module")
    }

    /// A configuration item as its file has it, before Gson's escapes.
    pub(super) fn item(&self, world: &World, seen: &Seen, region: usize, out: &mut String) {
        let captured = if region == 0 || !self.kind.global() { seen.captured } else { seen.elsewhere };
        let mut push = |parts: &[&str]| parts.iter().for_each(|part| out.push_str(part));
        push(&["{\"relatedEvents\":[],", inner(&seen.document)]);
        push(&[",\"configurationItemVersion\":\"1.3\",\"configurationItemCaptureTime\":\"", &iso_millis(captured)]);
        push(&["\",\"configurationStateId\":", &captured.to_string(), ",\"awsAccountId\":\""]);
        push(&[&world.accounts[self.account], "\",\"configurationItemStatus\":\"", seen.status]);
        push(&["\",\"resourceType\":\"", self.kind.name(), "\",\"resourceId\":\"", &self.id, "\""]);
        if !self.name.is_empty() {
            push(&[",\"resourceName\":\"", &self.name, "\""]);
        }
        push(&[",\"ARN\":\"", &self.arn, "\",\"awsRegion\":\"", self.region_name()]);
        push(&["\",\"availabilityZone\":\"", self.zone(), "\",\"configurationStateMd5Hash\":\"\""]);
        // Config does not know when a security group was made.
        if self.kind != Kind::Group {
            push(&[",\"resourceCreationTime\":\"", &iso_millis(self.created * 1_000), "\""]);
        }
        push(&["}"]);
    }

    pub(super) fn region_name(&self) -> &'static str {
        if self.kind.global() { "global" } else { REGIONS[self.region] }
    }

    fn zone(&self) -> &'static str {
        match (self.kind, self.region) {
            (Kind::Bucket, _) => "Regional",
            (Kind::Instance | Kind::Database | Kind::Snapshot, 0) => "us-east-1a",
            (Kind::Instance | Kind::Database | Kind::Snapshot, _) => "eu-west-1a",
            _ => "Not Applicable",
        }
    }

    /// How the truth names it.
    pub(super) fn naming(&self, world: &World) -> String {
        let name = if self.name.is_empty() { Value::Null } else { json!(self.name) };
        format!(
            "{{\"account\":\"{}\",\"region\":\"{}\",\"type\":\"{}\",\"id\":\"{}\",\"name\":{name},\"arn\":\"{}\"}}",
            world.accounts[self.account],
            self.region_name(),
            self.kind.name(),
            self.id,
            self.arn
        )
    }
}

/// The members of a document, without its braces.
pub(super) fn inner(document: &str) -> &str {
    document.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(document)
}

/// The document of something deleted, as Config records it.
pub(super) const GONE: &str =
    "{\"relationships\":[],\"configuration\":null,\"supplementaryConfiguration\":{},\"tags\":{}}";

/// The paths in which two documents differ: members of the configurations, and the rest as a whole.
pub(super) fn paths(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for part in ["configuration", "supplementaryConfiguration"] {
        let (Some(old), Some(new)) = (before[part].as_object(), after[part].as_object()) else {
            if before[part] != after[part] {
                found.push(part.to_owned());
            }
            continue;
        };
        let keys = old.keys().chain(new.keys().filter(|key| !old.contains_key(*key)));
        found.extend(keys.filter(|key| old.get(*key) != new.get(*key)).map(|key| format!("{part}.{key}")));
    }
    let whole = ["tags", "relationships"].into_iter().filter(|part| before[part] != after[part]);
    found.extend(whole.map(str::to_owned));
    found
}

/// A relationship as version 1.3 writes it: the name ends in a space.
pub(super) fn relation(resource: &Resource, name: &str) -> Value {
    let mut relation = json!({"resourceId": resource.id});
    if !resource.name.is_empty() && !matches!(resource.kind, Kind::Group) {
        relation["resourceName"] = json!(resource.name);
    }
    relation["resourceType"] = json!(resource.kind.name());
    relation["name"] = json!(name);
    relation
}

pub(super) fn relate(document: &mut Value, relation: Value) {
    if let Some(list) = document["relationships"].as_array_mut() {
        list.push(relation);
    }
}

pub(super) fn unrelate(document: &mut Value, id: &str) {
    if let Some(list) = document["relationships"].as_array_mut() {
        list.retain(|relation| relation["resourceId"] != id);
    }
}

/// A change that a call brings to another resource than its own.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) other: usize,
    pub(super) relate: Option<Value>,
    pub(super) unrelate: Option<String>,
    /// By how much `attachmentCount` of a policy changes.
    pub(super) attachments: i64,
}

impl Edit {
    pub(super) fn relate(other: usize, relation: Value) -> Edit {
        Edit { other, relate: Some(relation), unrelate: None, attachments: 0 }
    }

    pub(super) fn unrelate(other: usize, id: &str) -> Edit {
        Edit { other, relate: None, unrelate: Some(id.to_owned()), attachments: 0 }
    }

    pub(super) fn counted(mut self, attachments: i64) -> Edit {
        self.attachments = attachments;
        self
    }

    pub(super) fn apply(&self, document: &mut Value) {
        if let Some(id) = &self.unrelate {
            unrelate(document, id);
        }
        if let Some(relation) = &self.relate {
            relate(document, relation.clone());
        }
        if self.attachments != 0 {
            let count = document["configuration"]["attachmentCount"].as_i64().unwrap_or(0);
            document["configuration"]["attachmentCount"] = json!((count + self.attachments).max(0));
        }
    }
}

/// One call of an API, and what it does to others.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) request: Value,
    pub(super) response: Value,
    /// Further members of the record (`,"resources":[…]`), each with its comma in front.
    pub(super) more: String,
    pub(super) others: Vec<Edit>,
}

impl Call {
    pub(super) fn new(service: &'static str, name: &'static str, request: Value, response: Value) -> Call {
        Call { service, name, request, response, more: String::new(), others: Vec::new() }
    }

    pub(super) fn with(mut self, others: Vec<Edit>) -> Call {
        self.others = others;
        self
    }

    pub(super) fn more(mut self, more: String) -> Call {
        self.more = more;
        self
    }
}

/// Everything that exists.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) accounts: Vec<String>,
    /// Per account and region: the VPC, and two subnets.
    pub(super) vpcs: Vec<[String; 3]>,
    pub(super) owners: Vec<String>,
    pub(super) resources: Vec<Resource>,
    /// Per account and type, those that may be changed; dead ones are taken out when they are met.
    lists: Vec<Vec<usize>>,
    /// For looking up only.
    by_id: HashMap<String, usize>,
}

impl World {
    pub(super) fn new(accounts: usize, ids: &mut Ids) -> World {
        let mut world = World { lists: vec![Vec::new(); accounts * KINDS.len()], ..World::default() };
        for _ in 0..accounts {
            world.accounts.push(format!("{:012}", ids.0.u64(100_000_000_000..999_999_999_999)));
            world.owners.push(ids.hex(64));
            for _ in REGIONS {
                let (vpc, one, two) = (ids.hex(17), ids.hex(17), ids.hex(17));
                world.vpcs.push([format!("vpc-{vpc}"), format!("subnet-{one}"), format!("subnet-{two}")]);
            }
        }
        world
    }

    pub(super) fn vpc(&self, account: usize, region: usize) -> &[String; 3] {
        &self.vpcs[account * REGIONS.len() + region]
    }

    /// The last of several accounts is recorded once a day.
    pub(super) fn daily(&self, account: usize) -> bool {
        account > 0 && account + 1 == self.accounts.len()
    }

    /// `fixed` ones are never picked for a change.
    pub(super) fn add(&mut self, resource: Resource, fixed: bool) -> usize {
        let at = self.resources.len();
        if !fixed {
            self.lists[resource.account * KINDS.len() + resource.kind as usize].push(at);
        }
        self.by_id.insert(resource.id.clone(), at);
        self.resources.push(resource);
        at
    }

    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// Is no change of it waiting for its item? With daily recording, changes wait for each other anyhow.
    pub(super) fn idle(&self, at: usize) -> bool {
        let resource = &self.resources[at];
        resource.living && (resource.pending.is_empty() || self.daily(resource.account))
    }

    /// A living resource of the type that no other change waits on, in this region or (for `None`) in any.
    pub(super) fn pick(&self, ids: &mut Ids, account: usize, kind: Kind, region: Option<usize>) -> Option<usize> {
        let list = &self.lists[account * KINDS.len() + kind as usize];
        let fits = |at: usize| self.idle(at) && region.is_none_or(|region| self.resources[at].region == region);
        (0..12).filter(|_| !list.is_empty()).map(|_| list[ids.0.usize(..list.len())]).find(|at| fits(*at))
    }

    pub(super) fn forget(&mut self, at: usize) {
        let resource = &mut self.resources[at];
        resource.living = false;
        let list = &mut self.lists[resource.account * KINDS.len() + resource.kind as usize];
        if let Some(place) = list.iter().position(|other| *other == at) {
            list.swap_remove(place);
        }
    }
}
