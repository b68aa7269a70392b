//! What stands before the application: the log of the load balancer and that of the web application firewall.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::tree::{Object, Record};
use crate::web::{NODES, Request};
use crate::world::{HOME, Ids, PROD, civil, compact_minute, folder, iso};

const BALANCER: &str = "app/orders-web/50dc6c495c0c9188";
const WEB_ACL: &str =
    "arn:aws:wafv2:us-east-1:111122223333:regional/webacl/orders-web/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

/// The access logs of the load balancer: a file for each node and five minutes.
pub(crate) fn load_balancer(requests: &[Request], seed: u64) -> Vec<Object> {
    let mut ids = Ids::new(seed, 21);
    let mut files: BTreeMap<(i64, usize), Vec<(i64, Record)>> = BTreeMap::new();
    for request in requests {
        let (answered, line) = access_line(request, &mut ids);
        files.entry((request.window(), request.node)).or_default().push((answered, Record::whole(line)));
    }
    let file = |((end, node), mut lines): ((i64, usize), Vec<(i64, Record)>)| {
        lines.sort_by_key(|(answered, _)| *answered);
        let name = format!(
            "{PROD}_elasticloadbalancing_{HOME}_app.orders-web.50dc6c495c0c9188_{}_{}_{}.log.gz",
            compact_minute(end),
            NODES[node].0,
            ids.alnum(8).to_lowercase()
        );
        let day = folder(end);
        let key = format!("elb-logs/AWSLogs/{PROD}/elasticloadbalancing/{HOME}/{day}/{name}");
        Object::of_lines(key, "elb_access", end, "", lines.into_iter().map(|(_, record)| record).collect())
    };
    files.into_iter().map(file).collect()
}

/// What the load balancer writes for bytes that would break its line.
fn escaped(text: &str) -> String {
    let plain = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
    let escape = |c: char| match plain(c) {
        true => c.to_string(),
        false => c.to_string().bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
    };
    text.chars().map(escape).collect()
}

/// When it was answered, in microseconds, and the line.
fn access_line(request: &Request, ids: &mut Ids) -> (i64, String) {
    let took = ids.0.i64(4..60) + if request.status == 502 { 3_000 } else { 0 };
    let received = request.millis * 1_000 + ids.0.i64(0..1_000);
    let answered = received + took * 1_000 + ids.0.i64(0..900);
    let micros = |time: i64| format!("{}.{:06}Z", &iso(time / 1_000_000)[..19], time % 1_000_000);
    let forwarded = !request.blocked();
    let target = if forwarded { "10.0.1.25:8080" } else { "-" };
    let times = if forwarded { format!("0.001 {:.3} 0.000", took as f64 / 1_000.0) } else { "-1 -1 -1".to_owned() };
    let target_status = if forwarded { request.status.to_string() } else { "-".to_owned() };
    let group = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/orders-web/73e2d6bc24d8a067";
    let certificate = "arn:aws:acm:us-east-1:111122223333:certificate/12345678-1234-1234-1234-123456789012";
    let line = format!(
        "{} {} {BALANCER} {}:{} {target} {times} {} {target_status} {} {} \"{} {} {}\" \"{}\" TLS_AES_128_GCM_SHA256 \
         TLSv1.3 {} \"Root={}\" \"orders.acme.example\" \"{certificate}\" 0 {} \"{}\" \"-\" \"-\" \"{target}\" \
         \"{target_status}\" \"-\" \"-\" TID_{} \"-\" \"-\" \"-\"",
        if request.agent.starts_with("curl") { "https" } else { "h2" },
        micros(answered),
        request.ip,
        request.port,
        request.status,
        request.received(),
        request.sent,
        request.verb,
        escaped(&request.url()),
        if request.agent.starts_with("curl") { "HTTP/1.1" } else { "HTTP/2.0" },
        escaped(&request.agent),
        if forwarded { group } else { "-" },
        request.trace,
        micros(received),
        if forwarded { "waf,forward" } else { "waf" },
        ids.hex(32),
    );
    (answered, line)
}

/// The log of the web ACL: a file for each five minutes.
pub(crate) fn firewall(requests: &[Request], seed: u64) -> Vec<Object> {
    let mut ids = Ids::new(seed, 22);
    let mut files: BTreeMap<i64, Vec<Record>> = BTreeMap::new();
    for request in requests {
        files.entry(request.window()).or_default().push(Record::whole(verdict(request).to_string()));
    }
    let file = |(end, records): (i64, Vec<Record>)| {
        let start = end - crate::web::WINDOW;
        let c = civil(start);
        let stamp = compact_minute(start);
        let name = format!("{PROD}_waflogs_{HOME}_orders-web_{stamp}_{}.log.gz", ids.hex(8));
        let path = format!("{}/{:02}/{:02}/{name}", folder(start), c.hour, c.minute);
        let key = format!("aws-waf-logs-acme/AWSLogs/{PROD}/WAFLogs/{HOME}/orders-web/{path}");
        Object::of_lines(key, "waf", start, "", records)
    };
    files.into_iter().map(file).collect()
}

fn verdict(request: &Request) -> Value {
    let blocked = request.blocked();
    let injected = request.rule == "block-sqli";
    let header = |name: &str, value: &str| json!({"name": name, "value": value});
    let mut headers = vec![header("host", "orders.acme.example"), header("user-agent", &request.agent)];
    headers.extend(request.header.iter().map(|(name, value)| header(name, value)));
    let counted = request.rule == "count-dotfiles";
    let country = if request.ip.starts_with("203.0.113.") { "NL" } else { "DE" };
    json!({
        "timestamp": request.millis,
        "formatVersion": 1,
        "webaclId": WEB_ACL,
        "terminatingRuleId": if blocked { request.rule } else { "Default_Action" },
        "terminatingRuleType": if request.rule == "rate" { "RATE_BASED" } else { "REGULAR" },
        "action": if blocked { "BLOCK" } else { "ALLOW" },
        "terminatingRuleMatchDetails": if injected {
            json!([{"conditionType": "SQL_INJECTION", "sensitivityLevel": "LOW", "location": "ALL_QUERY_ARGS",
                "matchedData": ["'"], "matchedFieldName": "q"}])
        } else {
            json!([])
        },
        "httpSourceName": "ALB",
        "httpSourceId": format!("{PROD}-{BALANCER}"),
        "ruleGroupList": [],
        "rateBasedRuleList": if request.rule == "rate" {
            json!([{"rateBasedRuleId": format!("{WEB_ACL}_rate"), "rateBasedRuleName": "rate", "limitKey": "IP",
                "maxRateAllowed": 100, "evaluationWindowSec": 60, "limitValue": request.ip}])
        } else {
            json!([])
        },
        "nonTerminatingMatchingRules": if counted {
            json!([{"ruleId": "count-dotfiles", "action": "COUNT", "ruleMatchDetails": []}])
        } else {
            json!([])
        },
        "requestHeadersInserted": null,
        "responseCodeSent": null,
        "httpRequest": {
            "clientIp": request.ip, "country": country, "headers": headers, "uri": request.path, "args": request.args,
            "httpVersion": if request.agent.starts_with("curl") { "HTTP/1.1" } else { "HTTP/2.0" },
            "httpMethod": request.verb, "requestId": request.trace, "fragment": "", "scheme": "https",
            "host": "orders.acme.example",
        },
        "labels": if counted { json!([{"name": "awswaf:111122223333:webacl:orders-web:dotfile"}]) } else { json!([]) },
        "requestBodySize": if request.verb == "POST" { 640 } else { 0 },
        "requestBodySizeInspectedByWAF": if request.verb == "POST" { 640 } else { 0 },
    })
}
