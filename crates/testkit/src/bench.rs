//! Many CloudTrail logs of realistic size for benchmarks, written quickly and always the same.

use std::fmt::Write as _;
use std::path::Path;

use crate::Error;
use crate::catalogue::{Fill, SHAPES, Shape};
use crate::cloudtrail::{self, CloudTrailRecord};
use crate::tree;
use crate::world::{Ids, ORG, at, iso, principal_id};

/// What to write.
#[derive(Debug, Clone)]
pub struct BenchOptions {
    pub events: u64,
    pub seed: u64,
    pub accounts: u32,
    pub days: u32,
    pub events_per_object: u32,
    /// How many users and roles act, over all accounts.
    pub principals: u32,
    /// Every n-th object is delivered a second time under another key; `None` for no duplicates.
    pub duplicate_every: Option<u64>,
    /// gzip level.
    pub level: u32,
}

impl Default for BenchOptions {
    fn default() -> BenchOptions {
        BenchOptions {
            events: 1_000_000,
            seed: 1,
            accounts: 6,
            days: 30,
            events_per_object: 500,
            principals: 800,
            duplicate_every: None,
            level: 6,
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BenchSummary {
    /// All events, duplicates included.
    pub events: u64,
    pub objects: u64,
    pub inflated_bytes: u64,
    pub stored_bytes: u64,
}

impl BenchSummary {
    fn plus(self, other: BenchSummary) -> BenchSummary {
        BenchSummary {
            events: self.events + other.events,
            objects: self.objects + other.objects,
            inflated_bytes: self.inflated_bytes + other.inflated_bytes,
            stored_bytes: self.stored_bytes + other.stored_bytes,
        }
    }
}

const REGIONS: &[&str] = &["us-east-1", "us-east-1", "eu-west-1", "us-west-2"];
const AGENTS: &[&str] = &[
    r#""Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.0 md/arch#x86_64 lang/python#3.12.2 Botocore/1.34.69""#,
    r#""aws-sdk-java/2.25.11 Linux/5.10.213 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS io/sync http/Apache""#,
    r#""aws-sdk-go-v2/1.26.0 os/linux lang/go#1.22.1 md/GOOS#linux md/GOARCH#amd64 api/ec2#1.153.0""#,
    r#""aws-cli/2.17.9 md/awscrt#0.20.11 ua/2.0 os/linux#5.15.0 md/arch#x86_64 lang/python#3.11.9""#,
    r#""aws-sdk-nodejs/2.1583.0 linux/v20.11.1 exec-env/AWS_Lambda_nodejs20.x promise""#,
    r#""APN/1.0 HashiCorp/1.0 Terraform/1.7.5 (+https://www.terraform.io) terraform-provider-aws/5.42.0""#,
    r#""Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/122.0.0.0 Safari/537.36""#,
    r#""[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10.213 vendor/Oracle_Corporation]""#,
];
const SERVICES: &[&str] =
    &["config.amazonaws.com", "lambda.amazonaws.com", "autoscaling.amazonaws.com", "ecs-tasks.amazonaws.com"];
const ERRORS: &[(&str, &str)] = &[
    ("AccessDenied", "User is not authorized to perform this action because no identity-based policy allows it"),
    ("AccessDeniedException", "User is not authorized to perform this action"),
    ("Client.UnauthorizedOperation", "You are not authorized to perform this operation."),
    ("ThrottlingException", "Rate exceeded"),
    ("ResourceNotFoundException", "The requested resource was not found"),
    ("ValidationException", "1 validation error detected"),
];

/// Writes CloudTrail logs in the layout of an organisation trail below `dir`, with two threads.
/// The same options give the same files.
pub fn write_bench_logs(dir: &Path, options: &BenchOptions) -> Result<BenchSummary, Error> {
    let per_object = u64::from(options.events_per_object.max(1));
    let objects = options.events.div_ceil(per_object);
    let work = |from: u64| -> Result<BenchSummary, Error> {
        let mut maker = Maker::new(options);
        let mut sum = BenchSummary::default();
        for index in (from..objects).step_by(2) {
            let events = per_object.min(options.events - index * per_object);
            sum = sum.plus(maker.object(dir, index, objects, events)?);
        }
        Ok(sum)
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| work(1));
        let mine = work(0)?;
        let other = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(mine.plus(other))
    })
}

/// Makes one object after the other, in buffers that are used again.
struct Maker<'a> {
    options: &'a BenchOptions,
    weights: u32,
    principals: Vec<String>,
    json: String,
    identity: String,
    parts: [String; 3],
    gzip: Vec<u8>,
}

impl<'a> Maker<'a> {
    fn new(options: &'a BenchOptions) -> Maker<'a> {
        let name = |index| principal_id(if index % 8 == 0 { "AIDA" } else { "AROA" }, &format!("principal-{index}"));
        Maker {
            options,
            weights: SHAPES.iter().map(|shape| shape.weight).sum(),
            principals: (0..options.principals.max(1)).map(name).collect(),
            json: String::new(),
            identity: String::new(),
            parts: Default::default(),
            gzip: Vec::new(),
        }
    }

    fn object(&mut self, dir: &Path, index: u64, objects: u64, events: u64) -> Result<BenchSummary, Error> {
        let mut ids = Ids::new(self.options.seed, index + 1_000);
        let span = i64::from(self.options.days.max(1)) * 86_400;
        let start = at("03-01 00:00:00") + (span as f64 * index as f64 / objects as f64) as i64;
        let accounts = self.options.accounts.clamp(1, self.principals.len() as u32);
        let number = ids.0.usize(..accounts as usize);
        let account = format!("{:012}", 100_000_000_001 + number as u64 * 1_111);
        let region = REGIONS[ids.0.usize(..REGIONS.len())];
        self.json.clear();
        self.json.push_str("{\"Records\":[");
        for index in 0..events {
            if index > 0 {
                self.json.push(',');
            }
            self.record(&mut ids, (&account, number), region, start + (index * 300 / events) as i64);
        }
        self.json.push_str("]}");
        self.gzip.clear();
        self.gzip = tree::gzip_level(self.json.as_bytes(), std::mem::take(&mut self.gzip), self.options.level);

        let mut copies = vec![Some(ORG)];
        if self.options.duplicate_every.is_some_and(|every| index.is_multiple_of(every.max(1))) {
            copies.push(None);
        }
        let id = ids.alnum(16);
        for organisation in &copies {
            let key = cloudtrail::key(*organisation, &account, "CloudTrail", region, start + 540, &id);
            tree::write(dir, &key, &self.gzip)?;
        }
        let count = copies.len() as u64;
        Ok(BenchSummary {
            events: events * count,
            objects: count,
            inflated_bytes: self.json.len() as u64 * count,
            stored_bytes: self.gzip.len() as u64 * count,
        })
    }

    fn shape(&self, ids: &mut Ids) -> &'static Shape {
        let mut left = ids.0.u32(..self.weights);
        let mut shapes = SHAPES.iter();
        shapes
            .find(|shape| {
                left.checked_sub(shape.weight).is_none_or(|less| {
                    left = less;
                    false
                })
            })
            .unwrap_or(&SHAPES[0])
    }

    fn record(&mut self, ids: &mut Ids, (account, number): (&str, usize), region: &str, time: i64) {
        let shape = self.shape(ids);
        // Each account has its principals; a square makes few of them busy and many rare, as they are.
        let accounts = self.options.accounts.clamp(1, self.principals.len() as u32) as usize;
        let (share, mine) = (ids.0.f64(), (self.principals.len() - number).div_ceil(accounts));
        let who = (share * share * mine as f64) as usize * accounts + number;
        let service = (ids.0.u32(..100) < 24).then(|| SERVICES[ids.0.usize(..SERVICES.len())]);
        match service {
            Some(name) => self.identity = format!("{{\"type\":\"AWSService\",\"invokedBy\":\"{name}\"}}"),
            None => self.identity(account, who, time),
        }
        let fill = Fill { account, region, time, pool: 200, pick: ids.0.u32(..200), key_pick: ids.0.u32(..1_000_000) };
        let error = (ids.0.u32(..100) < 4).then(|| ERRORS[ids.0.usize(..ERRORS.len())]);
        let response = if error.is_some() { "null" } else { shape.response };
        for (part, template) in self.parts.iter_mut().zip([shape.request, response, shape.more]) {
            part.clear();
            fill.write(part, template, ids);
        }
        let (mut event_id, mut request_id) = (String::with_capacity(36), String::with_capacity(36));
        ids.push_uuid(&mut event_id);
        if shape.service == "s3" {
            ids.push(&mut request_id, b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", 16);
        } else {
            ids.push_uuid(&mut request_id);
        }
        let ip = format!("10.{}.{}.{}", who % 7, who / 250, who % 250 + 1);
        let tail = format!(
            ",\"tlsDetails\":{{\"tlsVersion\":\"TLSv1.3\",\"cipherSuite\":\"TLS_AES_128_GCM_SHA256\",\
             \"clientProvidedHostHeader\":\"{}.{region}.amazonaws.com\"}}",
            shape.service
        );
        // What a service does for itself has no client: no address, no TLS.
        let agent = service.map(|name| format!("\"{name}\""));
        CloudTrailRecord {
            version: shape.version,
            identity: &self.identity,
            time,
            service: shape.service,
            name: shape.name,
            region,
            ip: service.unwrap_or(&ip),
            agent: agent.as_deref().unwrap_or(AGENTS[who / 3 % AGENTS.len()]),
            error,
            request: &self.parts[0],
            response: &self.parts[1],
            more: &self.parts[2],
            request_id: &request_id,
            event_id: &event_id,
            read_only: shape.read_only,
            event_type: "AwsApiCall",
            category: if shape.data { "Data" } else { "Management" },
            account,
            tail: if service.is_some() { "" } else { &tail },
        }
        .write(&mut self.json);
    }

    fn identity(&mut self, account: &str, who: usize, time: i64) {
        let id = &self.principals[who];
        self.identity.clear();
        let out = &mut self.identity;
        let written = if who.is_multiple_of(8) {
            write!(
                out,
                "{{\"type\":\"IAMUser\",\"principalId\":\"{id}\",\"arn\":\"arn:aws:iam::{account}:user/user{who}\",\
                 \"accountId\":\"{account}\",\"accessKeyId\":\"AKIA{:016}\",\"userName\":\"user{who}\"}}",
                who * 7_919
            )
        } else {
            // Temporary credentials live for six hours; each has its own key and session.
            let since = time - time % 21_600;
            let mut session = Ids::new(self.options.seed + who as u64, since as u64);
            let (key, name) = (session.asia(), session.0.u32(1_000_000_000..));
            // Some sessions are named after their task, most after the workload.
            let session = if who.is_multiple_of(3) { name } else { who as u32 + 1_775_000_000 };
            write!(
                out,
                "{{\"type\":\"AssumedRole\",\"principalId\":\"{id}:{session}\",\
                 \"arn\":\"arn:aws:sts::{account}:assumed-role/app-role-{who}/{session}\",\
                 \"accountId\":\"{account}\",\"accessKeyId\":\"{key}\",\"sessionContext\":{{\
                 \"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"{id}\",\
                 \"arn\":\"arn:aws:iam::{account}:role/app-role-{who}\",\"accountId\":\"{account}\",\
                 \"userName\":\"app-role-{who}\"}},\"attributes\":{{\"creationDate\":\"{}\",\
                 \"mfaAuthenticated\":\"false\"}}}}}}",
                iso(since)
            )
        };
        written.expect("a string takes all");
    }
}
