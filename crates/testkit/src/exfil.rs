//! How the bucket of customer exports was read, made public, read again, copied out and tidied up.

use serde_json::{Value, json};

use crate::cloudfront::Visit;
use crate::cloudtrail::Deed;
use crate::s3_access::Line;
use crate::story::{Story, data_event};
use crate::world::{BACKUP_KEY, EXPORTS, INTRUDER_IP2, PRESIGNED_IP, PROD, Who, at};

/// One successful read of an object's bytes by the intruder or by somebody unknown while the bucket was public.
#[derive(Debug, Clone)]
pub(crate) struct Read {
    /// api, presigned, anonymous, cloudfront or copy.
    pub(crate) way: &'static str,
    pub(crate) key: String,
    pub(crate) bytes: u64,
    /// The data event, if there was one.
    pub(crate) event_id: String,
    pub(crate) request_id: String,
}

/// The policy that made the bucket public.
pub(crate) fn public_policy() -> Value {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "backup", "Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": [format!("arn:aws:s3:::{EXPORTS}"), format!("arn:aws:s3:::{EXPORTS}/*")],
    }]})
}

pub(crate) fn tell(story: &mut Story) {
    let objects: Vec<(String, u64)> = (1..=40)
        .map(|number| (format!("exports/2026/03/customers-{number:04}.csv.gz"), story.ids.0.u64(1_000_000..9_000_000)))
        .collect();
    by_api(story, &objects);
    in_the_missing_hours(story, &objects[..12]);
    presigned(story, &objects[10..16]);
    public(story, &objects);
    by_cloudfront(story, &objects[..8]);
    copied(story, &objects[30..35]);
    tidied(story);
}

fn line(story: &mut Story, who: &Who, time: i64, key: &str, size: u64) -> Line {
    let mut line = Line::get(time, EXPORTS, key, size, &mut story.ids);
    line.ip = who.ip.to_owned();
    line.requester = who.arn.clone();
    line.agent = who.agent.to_owned();
    line
}

/// Logs a read in both logs.
fn both(story: &mut Story, line: Line, who: &Who, name: &str, way: &'static str, step: &str, sentence: &str) {
    let event = data_event(&line, who, name, &mut story.ids);
    story.intruder.push(event.id.clone());
    let event_id = story.keep(step, sentence, event);
    if name == "GetObject" {
        let (key, request_id) = (line.key.clone(), line.request_id.clone());
        story.reads.push(Read { way, key, bytes: line.sent, event_id, request_id });
    }
    story.lines.push(line);
}

fn by_api(story: &mut Story, objects: &[(String, u64)]) {
    let who = story.backup.clone();
    let mut list = line(story, &who, at("04-09 22:05:11"), "-", 0);
    (list.operation, list.sent) = ("REST.GET.BUCKET", 14_220);
    list.uri = "GET /?list-type=2&prefix=exports%2F&encoding-type=url HTTP/1.1".to_owned();
    let event = data_event(&list, &who, "ListObjects", &mut story.ids);
    story.intruder.push(event.id.clone());
    story.keep("list_bucket", "The bucket acme-customer-exports is listed with the new key", event);
    story.lines.push(list);

    let mut head = line(story, &who, at("04-09 22:06:02"), &objects[0].0, objects[0].1);
    (head.operation, head.sent) = ("REST.HEAD.OBJECT", 0);
    head.uri = format!("HEAD /{} HTTP/1.1", objects[0].0);
    both(story, head, &who, "HeadObject", "api", "", "");

    let mut time = at("04-09 22:06:20");
    for (number, (key, size)) in objects.iter().enumerate() {
        let step = ["first_object_read", ""][usize::from(number > 0)];
        let sentence = "The objects of the bucket are read one by one (40 objects)";
        // One file comes in two ranges.
        let ranges = if number == 7 { vec![size / 2, size - size / 2] } else { vec![*size] };
        for bytes in ranges {
            let mut get = line(story, &who, time, key, *size);
            get.sent = bytes;
            get.status = if bytes == *size { 200 } else { 206 };
            both(story, get, &who, "GetObject", "api", step, sentence);
            time += story.ids.0.i64(6..19);
        }
    }
}

/// Only the bucket's own log has these: CloudTrail's files of these hours are gone.
fn in_the_missing_hours(story: &mut Story, objects: &[(String, u64)]) {
    let who = story.backup.clone();
    for (number, (key, size)) in objects.iter().enumerate() {
        let get = line(story, &who, at("04-10 02:45:00") + number as i64 * 95, key, *size);
        both(story, get, &who, "GetObject", "api", "", "");
    }
}

fn presigned(story: &mut Story, objects: &[(String, u64)]) {
    let mut who = story.backup.clone();
    (who.ip, who.agent) = (PRESIGNED_IP, "curl/8.5.0");
    for (number, (key, size)) in objects.iter().enumerate() {
        let mut get = line(story, &who, at("04-10 04:15:00") + number as i64 * 21, key, *size);
        get.auth = "QueryString";
        get.uri = format!(
            "GET /{key}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={BACKUP_KEY}%2F20260410%2Fus-east-1%2Fs3%2F\
             aws4_request&X-Amz-Date=20260410T041200Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&\
             X-Amz-Signature=EXAMPLE{number:057} HTTP/1.1"
        );
        let step = ["presigned_read", ""][usize::from(number > 0)];
        both(
            story,
            get,
            &who,
            "GetObject",
            "presigned",
            step,
            "Six objects are read with presigned URLs from 198.51.100.77",
        );
    }
}

fn public(story: &mut Story, objects: &[(String, u64)]) {
    story.take_roles("04-10 04:20:08", false);
    let bucket = json!({"bucketName": EXPORTS, "Host": format!("{EXPORTS}.s3.us-east-1.amazonaws.com")});
    let policy = |value: Value| {
        let mut request = bucket.clone();
        request["bucketPolicy"] = value;
        request["policy"] = json!("");
        request
    };
    let private = json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": format!("arn:aws:s3:::{EXPORTS}/*"),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }]});
    let steps = [
        (
            "04-10 04:29:20",
            "DeleteBucketPublicAccessBlock",
            bucket.clone(),
            "delete_public_access_block",
            "The block of public access is removed from the bucket",
        ),
        (
            "04-10 04:30:00",
            "PutBucketPolicy",
            policy(public_policy()),
            "make_bucket_public",
            "The bucket's policy makes it public",
        ),
        (
            "04-10 07:30:00",
            "PutBucketPolicy",
            policy(private),
            "revert_bucket_policy",
            "The policy is put back after three hours",
        ),
    ];
    for (time, name, request, step, sentence) in steps {
        if step == "revert_bucket_policy" {
            story.take_roles("04-10 07:21:40", false);
        }
        let admin = story.admin.clone();
        let mut deed = Deed::new(&admin, PROD, at(time), "s3", name);
        deed.request = request;
        deed.version = "1.10";
        deed.more = json!({"resources": [{"accountId": PROD, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{EXPORTS}")}]});
        story.act(step, sentence, &deed);
    }
    let addresses = ["198.51.100.201", "198.51.100.202", "2001:db8:5ca::9"];
    for number in 0..15 {
        let nobody = Who {
            identity: json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
            arn: "-".to_owned(),
            key: String::new(),
            ip: addresses[number % 3],
            agent: "Wget/1.21.4",
        };
        let (key, size) = &objects[(number * 3) % 36];
        let mut get = line(story, &nobody, at("04-10 04:41:30") + number as i64 * 600, key, *size);
        get.auth = "-";
        let step = ["anonymous_read", ""][usize::from(number > 0)];
        both(
            story,
            get,
            &nobody,
            "GetObject",
            "anonymous",
            step,
            "Anonymous requests from three addresses read the public bucket (15 reads)",
        );
    }
    // After the policy was put back, a last try fails.
    let nobody = Who {
        identity: json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
        arn: "-".to_owned(),
        key: String::new(),
        ip: addresses[0],
        agent: "Wget/1.21.4",
    };
    let mut late = line(story, &nobody, at("04-10 07:44:10"), &objects[0].0, 243);
    (late.auth, late.status, late.error, late.size) = ("-", 403, "AccessDenied", 0);
    let event = data_event(&late, &nobody, "GetObject", &mut story.ids);
    story.intruder.push(event.id.clone());
    story.keep("anonymous_read_denied", "An anonymous read after that is denied", event);
    story.lines.push(late);
}

fn by_cloudfront(story: &mut Story, objects: &[(String, u64)]) {
    let admin = story.admin.clone();
    let mut deed = Deed::new(&admin, PROD, at("04-10 07:51:00"), "cloudfront", "UpdateDistribution2020_05_31");
    deed.request = json!({"id": "E2EXAMPLE1ABCD", "ifMatch": "E2QWRUHEXAMPLE", "distributionConfig": {
        "origins": {"quantity": 2, "items": [
            {"id": "site", "domainName": "acme-web-assets.s3.us-east-1.amazonaws.com", "originPath": ""},
            {"id": "x", "domainName": format!("{EXPORTS}.s3.us-east-1.amazonaws.com"), "originPath": ""},
        ]},
        "cacheBehaviors": {"quantity": 1, "items": [{"pathPattern": "/exports/*", "targetOriginId": "x"}]},
    }});
    story.act("cloudfront_origin", "The distribution E2EXAMPLE1ABCD gets the bucket as a second origin", &deed);
    let service = Who::service("cloudfront.amazonaws.com");
    for (number, (key, size)) in objects.iter().enumerate() {
        let time = at("04-10 12:05:10") + number as i64 * 40;
        let mut visit = Visit::new(time, INTRUDER_IP2, &format!("/{key}"), size + 420, &mut story.ids);
        visit.agent = "curl/8.5.0".to_owned();
        visit.hit = number >= 6;
        // What was in the cache did not reach the bucket again.
        if visit.hit {
            let (key, request_id) = (key.clone(), visit.request_id.clone());
            story.reads.push(Read { way: "cloudfront", key, bytes: *size, event_id: String::new(), request_id });
        } else {
            let mut get = line(story, &service, time, key, *size);
            (get.ip, get.agent) = ("192.0.2.200".to_owned(), "Amazon CloudFront".to_owned());
            get.requester = "svc:cloudfront.amazonaws.com".to_owned();
            let step = ["cloudfront_read", ""][usize::from(number > 0)];
            both(
                story,
                get,
                &service,
                "GetObject",
                "cloudfront",
                step,
                "Eight objects are fetched through CloudFront from 203.0.113.91",
            );
        }
        story.visits.push(visit);
    }
}

fn copied(story: &mut Story, objects: &[(String, u64)]) {
    let who = story.backup.clone();
    for (number, (key, size)) in objects.iter().enumerate() {
        let mut copy = line(story, &who, at("04-10 09:05:00") + number as i64 * 12, key, *size);
        (copy.operation, copy.uri, copy.sent) = ("REST.COPY.OBJECT_GET", String::new(), 0);
        let mut deed = Deed::new(&who, PROD, copy.time, "s3", "CopyObject");
        deed.request =
            json!({"bucketName": "s3-mirror-tmp", "key": key, "x-amz-copy-source": format!("{EXPORTS}/{key}")});
        deed.more = json!({"additionalEventData": {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader", "x-amz-id-2": copy.host_id}});
        (deed.data, deed.request_id) = (true, copy.request_id.clone());
        let step = ["copy_out", ""][usize::from(number > 0)];
        let event_id = story.act(step, "Five objects are copied into the foreign bucket s3-mirror-tmp", &deed);
        let (key, request_id) = (key.clone(), copy.request_id.clone());
        story.reads.push(Read { way: "copy", key, bytes: *size, event_id, request_id });
        story.lines.push(copy);
    }
}

fn tidied(story: &mut Story) {
    let who = story.backup.clone();
    let mut post = line(story, &who, at("04-10 09:31:15"), "-", 610);
    (post.operation, post.size) = ("REST.POST.MULTI_OBJECT_DELETE", 0);
    post.uri = "POST /?delete HTTP/1.1".to_owned();
    let mut deed = Deed::new(&who, PROD, post.time, "s3", "DeleteObjects");
    deed.request = json!({"bucketName": EXPORTS, "delete": ""});
    deed.more = json!({"additionalEventData": {"SignatureVersion": "SigV4", "AuthenticationMethod": "AuthHeader", "x-amz-id-2": post.host_id, "bytesTransferredIn": 214, "bytesTransferredOut": 610}});
    (deed.data, deed.request_id) = (true, post.request_id.clone());
    story.act("delete_objects", "Three of the intruder's own files are deleted in one call", &deed);
    for number in 0..3 {
        let mut deleted = post.clone();
        (deleted.operation, deleted.uri, deleted.sent) = ("BATCH.DELETE.OBJECT", String::new(), 0);
        deleted.key = format!("tmp/list-{number}.txt");
        deleted.status = 204;
        story.lines.push(deleted);
    }
    story.lines.push(post);
}
