//! Access logs of load balancers.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One request to an Application or Classic Load Balancer, or one TLS connection to a Network Load Balancer (best effort: it may be late, doubled or missing).
    "elb_access", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",
        services: &["elasticloadbalancing"],
        athena: Some("alb_logs"),
        view: InEvents::Rows,
    }),
    ElbAccessRow => ElbAccessRows, ElbAccessColumn, TABLE {
        /// The kind of load balancer: app, net or classic.
        lb_type: Text,
        /// The kind of request or connection: http, https, h2, grpcs, ws, wss or tls; null for classic load balancers, which do not say it.
        r#type: Text,
        /// The version of the entry (network only).
        version: Text,
        /// The load balancer: `app/name/id`, `net/name/id`, or the name of a classic one.
        elb: Key,
        /// The resource id of the TLS listener (network only).
        listener_id: Key,
        /// The address of the client, or of the proxy before the load balancer.
        client_ip: Key,
        /// The port of the client.
        client_port: Int,
        /// The address of the target (of the backend instance for classic ones); null when the request was sent to none.
        target_ip: Key,
        /// The port of the target.
        target_port: Int,
        /// Seconds from receipt to sending it to the target; -1 when it could not be sent.
        request_processing_time: Real,
        /// Seconds until the target began to answer; -1 when it did not.
        target_processing_time: Real,
        /// Seconds from the target's answer to sending it to the client; -1 when none was sent.
        response_processing_time: Real,
        /// Milliseconds that the TLS connection lasted, from start to closure (network only).
        tcp_connection_time_ms: Real,
        /// Milliseconds that the TLS handshake took (network only).
        tls_handshake_time_ms: Real,
        /// The HTTP status that the load balancer gave the client.
        elb_status_code: Int,
        /// The HTTP status that the target gave.
        target_status_code: Int,
        /// Bytes received from the client.
        received_bytes: Int,
        /// Bytes sent to the client.
        sent_bytes: Int,
        /// The HTTP method; null when the request was malformed or is none of HTTP.
        request_verb: Text,
        /// The URL, with the host that the client named and the port of the listener, as logged; the client may have put spaces into it.
        request_url: Text,
        /// The HTTP version.
        request_proto: Text,
        /// What the client says it is, as logged.
        user_agent: Text,
        /// The TLS cipher between the client and the load balancer.
        ssl_cipher: Text,
        /// The TLS version between the client and the load balancer.
        ssl_protocol: Text,
        /// The target group.
        target_group_arn: Key,
        /// The header `X-Amzn-Trace-Id` as the target got it; the client may have written parts of it.
        trace_id: Id,
        /// The host name that the client asked for in the TLS handshake (SNI).
        domain_name: Text,
        /// The certificate shown to the client, or `session-reused`.
        chosen_cert_arn: Key,
        /// The priority of the rule that matched: 0 for the default rule, -1 when none could be evaluated.
        matched_rule_priority: Int,
        /// When the load balancer received the request.
        request_creation_time: Time,
        /// What was done with the request, in order, such as `waf,forward`.
        actions_executed: Text,
        /// Where the client was redirected to.
        redirect_url: Text,
        /// Why the action failed (AWS: `error_reason`).
        lambda_error_reason: Text,
        /// Addresses and ports of all targets that got the request, separated by spaces.
        target_port_list: Text,
        /// The statuses that all these targets gave, separated by spaces.
        target_status_code_list: Text,
        /// How desync mitigation classed the request: Acceptable, Ambiguous or Severe; null when it complies with RFC 7230.
        classification: Text,
        /// Why it was classed so, such as `SpaceInUri`.
        classification_reason: Text,
        /// The id of the client's connection; equal to `elb_connections.conn_trace_id`.
        conn_trace_id: Key,
        /// The host after a transform of the rule changed it.
        transformed_host: Text,
        /// The URI after a transform of the rule changed it.
        transformed_uri: Text,
        /// How the transform ended.
        request_transform_status: Text,
        /// The address of the node of the load balancer that handled the request.
        ip_address: Key,
        /// The number of the TLS alert that the client sent (network only).
        incoming_tls_alert: Int,
        /// The serial number of the certificate shown to the client (network only; always null so far).
        certificate_serial: Key,
        /// The group of the TLS key exchange (network only).
        tls_named_group: Text,
        /// The protocol negotiated with the client (network only).
        alpn_fe_protocol: Text,
        /// The protocol negotiated with the target (network only).
        alpn_be_protocol: Text,
        /// The protocols that the client offered, as logged (network only).
        alpn_client_preference_list: Text,
        /// When the TLS connection began (network only).
        tls_connection_creation_time: Time,
        /// The host in the URL, without its port.
        request_host: Text,
        /// The path in the URL, without its query, URL-decoded once.
        request_path: Text,
        /// Can the line be split in more than one way, because a value that the client wrote contains quotes? Then the whole line is in `extra`.
        parse_ambiguous: Flag,
        /// How it ended, by one word for all services: success, denied, throttled, invalid or other.
        error_class: Text,
        /// Did the method ask for a change?
        is_write: Flag,
        /// Which stretch of acting it belongs to: the address of the client.
        session_id: Key,
        /// Everything in the record that has no column: fields that AWS appended later, under `fields`; the whole line, under `line`, when it was ambiguous; the request line, under `request`, when it cannot be put together from its three columns.
        extra: Json,
    }
}
