//! AWS WAF: the logs of web ACLs, from S3, Firehose or CloudWatch Logs, of WAFv2 and of WAF Classic.

use std::borrow::Cow;

use coldtrail_evidence::object_key::{is_account, is_region};
use coldtrail_schema::tables::waf::{self, WafRow, WafRows};
use coldtrail_schema::{Common, Pivots, Rows, pivots};
use percent_encoding::percent_decode_str;

use crate::canonical::Canonical;
use crate::error_class::class;
use crate::fields::{Stamp, json_hash, words};
use crate::framing::{Framing, Record};
use crate::json::Value;
use crate::members::members;
use crate::recognise;
use crate::source::{Decoded, Decoder, Form, Head, LogSource, Mistyped, Reject};
use crate::time::Years;
use crate::unwrap::{Entry, unwrap};

pub(crate) static SOURCE: LogSource = LogSource {
    name: "waf",
    title: "AWS WAF web ACL logs",
    table: &waf::TABLE,
    version: 1,
    claims: |head, framing| {
        matches!(framing, Framing::Json | Framing::Parquet) && (recognise::any_record(head, holds) || named(head))
    },
    decoder: || Box::<WafDecoder>::default(),
};

pub(crate) fn holds(value: Value<'_>) -> bool {
    is_one(value) || unwrap(value, is_one).is_some()
}

/// A record of WAF has the request, and the web ACL or the rule that judged it.
fn is_one(value: Value<'_>) -> bool {
    member(value, "httpRequest").is_some_and(|request| request.is_object())
        && ["webaclId", "terminatingRuleId"].iter().any(|name| member(value, name).is_some())
}

/// Where the first records are broken, key and content tell together.
fn named(head: &Head<'_>) -> bool {
    head.key.service.as_deref() == Some("WAFLogs") && memchr::memmem::find(head.bytes, b"\"webaclId\"").is_some()
}

/// The member of that name; capitals do not matter.
fn member<'a>(value: Value<'a>, wanted: &str) -> Option<Value<'a>> {
    value.entries().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
}

members! {
    any_case
    /// A record. Tables, and what Firehose makes for them, have the names in lower case.
    Log {
        timestamp: "timestamp",
        version: "formatVersion",
        acl: "webaclId",
        rule: "terminatingRuleId",
        rule_type: "terminatingRuleType",
        action: "action",
        matches: "terminatingRuleMatchDetails",
        source_name: "httpSourceName",
        source_id: "httpSourceId",
        groups: "ruleGroupList",
        rates: "rateBasedRuleList",
        counted: "nonTerminatingMatchingRules",
        inserted: "requestHeadersInserted",
        sent: "responseCodeSent",
        request: "httpRequest",
        labels: "labels",
        captcha: "captchaResponse",
        challenge: "challengeResponse",
        oversize: "oversizeFields",
        size: "requestBodySize",
        inspected: "requestBodySizeInspectedByWAF",
        ja3: "ja3Fingerprint",
        ja4: "ja4Fingerprint",
        asn: "clientAsn",
        forwarded_asn: "forwardedAsn",
        tenant: "cfDistributionTenantId",
    }
}

members! {
    any_case
    Request {
        ip: "clientIp",
        country: "country",
        headers: "headers",
        uri: "uri",
        args: "args",
        version: "httpVersion",
        method: "httpMethod",
        id: "requestId",
        fragment: "fragment",
        scheme: "scheme",
        host: "host",
    }
}

#[derive(Default)]
struct WafDecoder {
    account: Option<String>,
    region: Option<String>,
    years: Years,
    mistyped: Mistyped,
    form: Form,
    rows: WafRows,
    pivots: Pivots,
    scratch: Canonical,
}

impl Decoder for WafDecoder {
    fn begin(&mut self, head: &Head<'_>, years: Years) {
        *self = WafDecoder {
            account: head.key.account.clone(),
            region: head.key.region.clone(),
            years,
            rows: std::mem::take(&mut self.rows),
            ..WafDecoder::default()
        };
    }

    fn record(&mut self, record: &Record<'_>) -> Result<Decoded, Reject> {
        let Some((entry, mut fields)) = Entry::of(record, self.years, is_one)? else { return Ok(Decoded::Nothing) };
        self.form = self.form.max(entry.form);
        let f = &mut fields;
        let e = Log::of(Some(entry.root()), &[], &mut f.extra);
        const REQUEST: &str = "httpRequest";
        let r = Request::of(e.request, &[REQUEST], &mut f.extra);
        let headers = Headers::of(r.headers);
        let event_time = f.stamp(&["timestamp"], e.timestamp, Stamp::Millis);
        let acl = f.text(&["webaclId"], e.acl);
        let place = Place::of(acl.as_deref().unwrap_or_default());
        let (rule_type, action) = (f.text(&["terminatingRuleType"], e.rule_type), f.text(&["action"], e.action));
        let (source_name, source_id) =
            (f.text(&["httpSourceName"], e.source_name), f.text(&["httpSourceId"], e.source_id));
        let ip = f.text(&[REQUEST, "clientIp"], r.ip);
        let (uri, args) = (f.text(&[REQUEST, "uri"], r.uri), f.text(&[REQUEST, "args"], r.args));
        let method = f.text(&[REQUEST, "httpMethod"], r.method);
        let request_host = f.text(&[REQUEST, "host"], r.host);
        let host = request_host.clone().filter(|host| !host.is_empty()).or_else(|| headers.first("host"));

        self.pivots.clear();
        if let Some(ip) = &ip {
            self.pivots.addresses(ip);
        }
        for text in [&uri, &args].into_iter().flatten() {
            written(text, true, &mut self.pivots);
        }
        headers.pivots(&mut self.pivots);
        rules(&[e.acl, e.rule, e.groups, e.rates, e.counted], &mut self.pivots);
        if let (Some(name), Some(id)) = (&source_name, &source_id) {
            protected(name, id, &place, &mut self.pivots);
        }
        if let Some(host) = &host {
            self.pivots.resources.push(host);
        }
        let row = WafRow {
            error_class: action.as_deref().map(|action| Cow::Borrowed(judged(action, rule_type.as_deref()))),
            is_write: Some(method.as_deref().is_some_and(|m| !matches!(m, "GET" | "HEAD" | "OPTIONS"))),
            session_id: ip.clone().map(|ip| pivots::address(&ip).map_or(ip, |address| Cow::Owned(address.to_string()))),
            host,
            useragent: headers.first("user-agent"),
            referer: headers.first("referer"),
            x_forwarded_for: headers.first("x-forwarded-for"),
            terminatingrule_in_group: e.groups.and_then(rule_in_group),
            formatversion: f.int(&["formatVersion"], e.version),
            terminatingruleid: f.text(&["terminatingRuleId"], e.rule),
            terminatingruletype: rule_type,
            action,
            terminatingrulematchdetails: f.json(e.matches),
            httpsourcename: source_name,
            httpsourceid: source_id,
            rulegrouplist: f.json(e.groups),
            ratebasedrulelist: f.json(e.rates),
            nonterminatingmatchingrules: f.json(e.counted),
            requestheadersinserted: f.json(e.inserted),
            responsecodesent: f.int(&["responseCodeSent"], e.sent),
            httprequest_clientip: ip,
            httprequest_country: f.text(&[REQUEST, "country"], r.country),
            httprequest_headers: f.json(r.headers),
            httprequest_uri: uri,
            httprequest_args: args,
            httprequest_httpversion: f.text(&[REQUEST, "httpVersion"], r.version),
            httprequest_httpmethod: method,
            httprequest_requestid: f.text(&[REQUEST, "requestId"], r.id),
            httprequest_fragment: f.text(&[REQUEST, "fragment"], r.fragment),
            httprequest_scheme: f.text(&[REQUEST, "scheme"], r.scheme),
            httprequest_host: request_host,
            labels: f.json(e.labels),
            captcharesponse: f.json(e.captcha),
            challengeresponse: f.json(e.challenge),
            ja3fingerprint: f.text(&["ja3Fingerprint"], e.ja3),
            ja4fingerprint: f.text(&["ja4Fingerprint"], e.ja4),
            oversizefields: f.json(e.oversize),
            requestbodysize: f.int(&["requestBodySize"], e.size),
            requestbodysizeinspectedbywaf: f.int(&["requestBodySizeInspectedByWAF"], e.inspected),
            clientasn: f.int(&["clientAsn"], e.asn),
            forwardedasn: f.int(&["forwardedAsn"], e.forwarded_asn),
            cfdistributiontenantid: f.text(&["cfDistributionTenantId"], e.tenant),
            webaclid: acl.clone(),
            extra: fields.extra.finish(&mut self.mistyped).map(Cow::Owned),
        };
        let common = Common {
            record: record.ordinal,
            offset: record.offset,
            event_time,
            account: place.account.or(self.account.as_deref()).map(Cow::Borrowed),
            region: place.region.or(self.region.as_deref()).map(Cow::Borrowed),
            pivots: &self.pivots,
            hash: json_hash("", entry.text(), entry.tape(), &mut self.scratch),
            unique: row.httprequest_requestid.is_some(),
        };
        self.rows.push(&common, &row);
        Ok(Decoded::Row)
    }

    fn form(&self) -> Form {
        self.form
    }

    fn rows(&mut self) -> &mut dyn Rows {
        &mut self.rows
    }

    fn mistyped(&self) -> &Mistyped {
        &self.mistyped
    }
}

/// The class of an action: what it meant for who asked.
fn judged(action: &str, rule_type: Option<&str>) -> &'static str {
    let is = |word: &str| action.eq_ignore_ascii_case(word);
    if is("ALLOW") || is("COUNT") {
        class::SUCCESS
    } else if is("BLOCK") && rule_type == Some("RATE_BASED") {
        class::THROTTLED
    } else if is("BLOCK") || is("CAPTCHA") || is("CHALLENGE") {
        class::DENIED
    } else {
        class::OTHER
    }
}

/// The rule in the first group that has one which ended the evaluation.
fn rule_in_group(groups: Value<'_>) -> Option<Cow<'_, str>> {
    groups.items().find_map(|group| member(member(group, "terminatingRule")?, "ruleId")?.text())
}

/// Where a web ACL is, by its ARN.
struct Place<'a> {
    partition: &'a str,
    region: Option<&'a str>,
    account: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(arn: &'a str) -> Place<'a> {
        let mut parts = arn.split(':').skip(1);
        let partition = parts.next().filter(|name| name.starts_with("aws")).unwrap_or("aws");
        let region = parts.nth(1).filter(|name| is_region(name));
        Place { partition, region, account: parts.next().filter(|number| is_account(number)) }
    }
}

/// The resource that the web ACL protects, by its ARN where what is logged tells it.
fn protected(name: &str, id: &str, place: &Place<'_>, pivots: &mut Pivots) {
    let (partition, region) = (place.partition, place.region.unwrap_or_default());
    let arn = match name {
        _ if matches!(id, "" | "-") => return,
        "ALB" => id.split_once('-').filter(|(account, _)| is_account(account)).map(|(account, rest)| {
            format!("arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{rest}")
        }),
        "APIGW" => id
            .split_once(':')
            .and_then(|(_, rest)| rest.split_once(':'))
            .map(|(api, stage)| format!("arn:{partition}:apigateway:{region}::/restapis/{api}/stages/{stage}")),
        _ => None,
    };
    match arn.filter(|_| place.region.is_some()) {
        Some(arn) => pivots.classify(&arn),
        None => pivots.resources.push(id),
    }
}

/// The ARNs in what names rules.
fn rules(values: &[Option<Value<'_>>], pivots: &mut Pivots) {
    for value in values.iter().flatten() {
        match value.text() {
            Some(text) => pivots.classify(&text),
            None => {
                let ids = ["ruleGroupId", "rateBasedRuleId", "ruleId"];
                let found = value.items().flat_map(|item| ids.map(|id| member(item, id)?.text()));
                found.flatten().for_each(|id| pivots.classify(&id));
            }
        }
    }
}

/// The headers of a request.
struct Headers<'a>(Option<Value<'a>>);

impl<'a> Headers<'a> {
    fn of(list: Option<Value<'a>>) -> Headers<'a> {
        Headers(list)
    }

    fn all(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> + use<'a> {
        let list = self.0;
        list.into_iter()
            .flat_map(|list| list.items())
            .filter_map(|header| Some((member(header, "name")?.text()?, member(header, "value")?.text()?)))
    }

    /// The first one of that name, which is in lower case.
    fn first(&self, wanted: &str) -> Option<Cow<'a, str>> {
        self.all().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
    }

    fn pivots(&self, pivots: &mut Pivots) {
        for (name, value) in self.all() {
            // The versions of browsers look like addresses.
            let name = name.to_ascii_lowercase();
            written(&value, name != "user-agent" && !name.starts_with("sec-ch-"), pivots);
        }
    }
}

/// What a client wrote: the hosts of URLs in it, the key that signed it and, if they count, the words. Also where it
/// is encoded.
fn written(text: &str, count_words: bool, pivots: &mut Pivots) {
    let text = match text.contains('%') {
        true => percent_decode_str(text).decode_utf8_lossy(),
        false => Cow::Borrowed(text),
    };
    if count_words {
        words(&text, pivots);
    }
    for (at, mark) in text.match_indices("//") {
        let rest = text.get(at + mark.len()..).unwrap_or_default();
        let host = rest.split(['/', '?', '#', '&', '"', '\'', '}', ')', '>', ' ']).next().unwrap_or_default();
        pivots.addresses(host.rsplit('@').next().unwrap_or(host));
    }
    for name in ["Credential=", "AWSAccessKeyId="] {
        if let Some((_, rest)) = text.split_once(name) {
            let end = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
            pivots.classify(rest.get(..end).unwrap_or_default());
        }
    }
}
