//! AWS WAF: the log of a web ACL.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One web request as AWS WAF judged it, from the log of a web ACL (WAFv2, or WAF Classic).
    "waf", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
        services: &["WAFLogs"],
        athena: Some("waf_logs"),
        view: InEvents::Rows,
    }),
    WafRow => WafRows, WafColumn, TABLE {
        /// What became of the request: success (allowed), denied (blocked, or stopped by a CAPTCHA or challenge), throttled (blocked by a rate-based rule) or other; null when the log does not say.
        error_class: Text,
        /// Did the method ask for a change?
        is_write: Flag,
        /// Which stretch of acting it belongs to: the address of the client.
        session_id: Key,
        /// The host that the client asked for: `httprequest_host`, else the header Host.
        host: Key,
        /// What the client says it is: the header User-Agent.
        useragent: Text,
        /// The header Referer, as the client wrote it.
        referer: Text,
        /// The header X-Forwarded-For, as the client or a proxy wrote it.
        x_forwarded_for: Text,
        /// The rule inside a rule group that ended the evaluation; `terminatingruleid` then names the group as the web ACL does.
        terminatingrule_in_group: Text,
        /// The version of the log's format.
        formatversion: Int,
        /// The ARN of the web ACL; an id in logs of WAF Classic.
        webaclid: Key,
        /// The rule that decided, or Default_Action.
        terminatingruleid: Key,
        /// REGULAR, RATE_BASED, GROUP or MANAGED_RULE_GROUP.
        terminatingruletype: Text,
        /// ALLOW, BLOCK, CAPTCHA or CHALLENGE; COUNT in some logs.
        action: Text,
        /// For SQL injection and cross-site scripting: which part of the request matched, and by what.
        terminatingrulematchdetails: Json,
        /// Where the request came in: CF, ALB, APIGW, APPSYNC, COGNITOIDP, APPRUNNER, VERIFIED_ACCESS.
        httpsourcename: Text,
        /// The protected resource, such as the distribution of CloudFront.
        httpsourceid: Key,
        /// The rule groups that looked at the request, with what matched in them.
        rulegrouplist: Json,
        /// The rate-based rules that looked at the request.
        ratebasedrulelist: Json,
        /// The rules that matched and did not end the evaluation.
        nonterminatingmatchingrules: Json,
        /// The headers that WAF inserted before it passed the request on.
        requestheadersinserted: Json,
        /// The HTTP status of WAF's own answer.
        responsecodesent: Int,
        /// The address of the client, or of the proxy before it.
        httprequest_clientip: Key,
        /// The country of that address, two letters, or `-`.
        httprequest_country: Text,
        /// The headers of the request in their order: `[{"name", "value"}]`; redacted ones are missing or say so.
        httprequest_headers: Json,
        /// The path of the request.
        httprequest_uri: Text,
        /// The query string, as the client wrote it.
        httprequest_args: Text,
        /// HTTP/1.1, HTTP/2.0 and so on.
        httprequest_httpversion: Text,
        /// The HTTP method.
        httprequest_httpmethod: Text,
        /// The id of the request; equal to CloudFront's `x_edge_request_id`, the trace id of a load balancer, or API Gateway's request id.
        httprequest_requestid: Id,
        /// What follows `#` in the URI.
        httprequest_fragment: Text,
        /// http or https.
        httprequest_scheme: Text,
        /// The host of the request, in newer logs.
        httprequest_host: Text,
        /// The labels that rules put on the request: `[{"name"}]`.
        labels: Json,
        /// The outcome of a CAPTCHA.
        captcharesponse: Json,
        /// The outcome of a silent challenge.
        challengeresponse: Json,
        /// The JA3 fingerprint of the client's TLS.
        ja3fingerprint: Key,
        /// The JA4 fingerprint of the client's TLS.
        ja4fingerprint: Key,
        /// Which parts of the request were longer than WAF looks at.
        oversizefields: Json,
        /// The length of the body in bytes.
        requestbodysize: Int,
        /// How many bytes of the body WAF looked at.
        requestbodysizeinspectedbywaf: Int,
        /// The autonomous system of the client's address.
        clientasn: Int,
        /// The autonomous system of the address that forwarded the request.
        forwardedasn: Int,
        /// The tenant of the CloudFront distribution.
        cfdistributiontenantid: Text,
        /// Everything in the record that has no column of its own, under its own names; what surrounded the record is under `envelope`.
        extra: Json,
    }
}
