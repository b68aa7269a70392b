//! CloudFront standard and real-time logs.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One request to a CloudFront distribution, from standard logs (legacy or v2) or real-time logs.
    "cloudfront", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html",
        services: &["CloudFront"],
        athena: Some("cloudfront_standard_logs"),
        view: InEvents::Rows,
    }),
    CloudfrontRow => CloudfrontRows, CloudfrontColumn, TABLE {
        /// How it ended: success, denied, throttled, invalid or other.
        error_class: Text,
        /// Did the method ask for a change?
        is_write: Flag,
        /// Which stretch of acting it belongs to: the address of the client.
        session_id: Key,
        /// The kind of log: standard, standard_v2 or realtime.
        log_type: Text,
        /// The distribution, from the object's key.
        distribution: Text,
        /// The time of day as logged (UTC).
        time: Text,
        /// The edge location that answered.
        x_edge_location: Text,
        /// Bytes sent to the viewer.
        sc_bytes: Int,
        /// The address of the viewer or of its proxy.
        c_ip: Key,
        /// The HTTP method.
        cs_method: Text,
        /// The domain name of the distribution (`cs(Host)` of standard logs, `x-host-header` of real-time logs).
        cs_host: Text,
        /// The path of the request, as logged.
        cs_uri_stem: Text,
        /// The path, URL-decoded once.
        cs_uri_stem_decoded: Text,
        /// The HTTP status; 0 when the viewer closed the connection first.
        sc_status: Int,
        /// The referrer, as logged.
        cs_referrer: Text,
        /// What the client says it is, as logged.
        cs_user_agent: Text,
        /// What the client says it is, decoded (twice where CloudFront had encoded it twice).
        cs_user_agent_decoded: Text,
        /// The query string, as logged.
        cs_uri_query: Text,
        /// The query string, URL-decoded once.
        cs_uri_query_decoded: Text,
        /// The cookies, as logged.
        cs_cookie: Text,
        /// Hit, Miss, Error and so on, after the last byte.
        x_edge_result_type: Text,
        /// The id that CloudFront gave the request; equal to WAF's `httpRequest.requestId`.
        x_edge_request_id: Id,
        /// The `Host` header that the viewer sent.
        x_host_header: Text,
        /// http, https, ws or wss.
        cs_protocol: Text,
        /// Bytes of the request.
        cs_bytes: Int,
        /// Seconds from the viewer's request to the last byte of the answer.
        time_taken: Real,
        /// The addresses in `X-Forwarded-For`, as logged.
        x_forwarded_for: Text,
        /// The TLS version.
        ssl_protocol: Text,
        /// The TLS cipher.
        ssl_cipher: Text,
        /// Hit, Miss, Error and so on, before the answer.
        x_edge_response_result_type: Text,
        /// HTTP/1.1, HTTP/2.0 and so on.
        cs_protocol_version: Text,
        /// Field-level encryption: its outcome.
        fle_status: Text,
        /// Field-level encryption: how many fields.
        fle_encrypted_fields: Int,
        /// The viewer's port.
        c_port: Int,
        /// Seconds to the first byte.
        time_to_first_byte: Real,
        /// The result with more detail.
        x_edge_detailed_result_type: Text,
        /// The type of the content.
        sc_content_type: Text,
        /// The length of the content in bytes.
        sc_content_len: Int,
        /// Where a range answer begins.
        sc_range_start: Int,
        /// Where a range answer ends.
        sc_range_end: Int,
        /// The viewer's country.
        c_country: Text,
        /// The viewer's autonomous system.
        asn: Int,
        /// Every field that has no column of its own, or whose value does not fit its column, under CloudFront's name.
        extra: Json,
    }
}
