//! AWS Network Firewall: alert, flow and TLS logs.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One event of AWS Network Firewall: an alert of a stateful rule, one direction of a flow, or a failure of TLS inspection. The columns of `event` are named as AWS's queries name them.
    "network_firewall", Common, Role::Event(Event {
        reference: "https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html",
        services: &["network-firewall"],
        athena: Some("network_firewall_logs"),
        view: InEvents::Rows,
    }),
    FirewallRow => FirewallRows, FirewallColumn, TABLE {
        /// What became of the packet: success (let through, or a flow), denied (dropped or rejected), or other (a failure of TLS inspection).
        error_class: Text,
        /// Did the HTTP method ask for a change? Null where there is none.
        is_write: Flag,
        /// Which stretch of acting it belongs to: the address that sent the packet.
        session_id: Key,
        /// The kind of log: alert, flow or tls.
        log_type: Text,
        /// The host that was asked for: of the HTTP request, else of TLS, else the name in a DNS query.
        hostname: Key,
        /// The name of the firewall.
        firewall_name: Key,
        /// The availability zone of the firewall's endpoint.
        availability_zone: Text,
        /// When the log was written; `event_time` is the time of the event itself.
        event_timestamp: Time,
        /// Suricata's name for the kind of event: alert, netflow.
        event_event_type: Text,
        /// The id of the flow; the same in its alerts and flow records.
        event_flow_id: Id,
        /// The address that sent the packet.
        event_src_ip: Key,
        /// The port from which it was sent.
        event_src_port: Int,
        /// The address to which it was sent.
        event_dest_ip: Key,
        /// The port to which it was sent.
        event_dest_port: Int,
        /// TCP, UDP, ICMP and so on.
        event_proto: Text,
        /// The protocol that was recognised inside, such as tls, http or dns.
        event_app_proto: Text,
        /// to_server or to_client.
        event_direction: Text,
        /// The host that the client named in TLS; in TLS logs.
        event_sni: Text,
        /// Was the connection decrypted for inspection?
        event_tls_inspected: Flag,
        /// For alerts: allowed or blocked, as the rule says.
        event_alert_action: Text,
        /// For alerts: the id of the rule's signature.
        event_alert_signature_id: Int,
        /// For alerts: the revision of the signature.
        event_alert_rev: Int,
        /// For alerts: the text of the signature.
        event_alert_signature: Text,
        /// For alerts: the category of the signature.
        event_alert_category: Text,
        /// For alerts: the severity; 1 is the highest.
        event_alert_severity: Int,
        /// What was done with the packet in the end: alert, pass, drop or reject.
        event_verdict_action: Text,
        /// For flows: how many packets.
        event_netflow_pkts: Int,
        /// For flows: how many bytes.
        event_netflow_bytes: Int,
        /// For flows: when the first packet was seen.
        event_netflow_start: Time,
        /// For flows: when the last packet was seen.
        event_netflow_end: Time,
        /// For flows: how many seconds the flow lasted.
        event_netflow_age: Int,
        /// For flows: the smallest time to live of its packets.
        event_netflow_min_ttl: Int,
        /// For flows: the largest time to live of its packets.
        event_netflow_max_ttl: Int,
        /// The flags of TCP.
        event_tcp: Json,
        /// The host of the HTTP request.
        event_http_hostname: Text,
        /// The path and query string of the HTTP request.
        event_http_url: Text,
        /// What the HTTP client says it is.
        event_http_http_user_agent: Text,
        /// The HTTP method.
        event_http_http_method: Text,
        /// The HTTP status.
        event_http_status: Int,
        /// The host that the client named in TLS; in alerts.
        event_tls_sni: Text,
        /// The subject of the server's certificate.
        event_tls_subject: Text,
        /// The issuer of the server's certificate.
        event_tls_issuerdn: Text,
        /// The fingerprint of the server's certificate.
        event_tls_fingerprint: Key,
        /// The version of TLS.
        event_tls_version: Text,
        /// The JA3 fingerprint of the client.
        event_tls_ja3_hash: Key,
        /// The DNS query or answer.
        event_dns: Json,
        /// For TLS logs: why inspection failed.
        event_tls_error_error_message: Text,
        /// For TLS logs: the fingerprint of the certificate that was checked for revocation.
        event_revocation_check_leaf_cert_fpr: Key,
        /// For TLS logs: REVOKED or UNKNOWN.
        event_revocation_check_status: Text,
        /// For TLS logs: what the firewall did then: DROP, REJECT or PASS.
        event_revocation_check_action: Text,
        /// The categories of the URL or domain that a rule matched.
        aws_category: Json,
        /// Everything in the record that has no column of its own, under its own names; what surrounded the record is under `envelope`.
        extra: Json,
    }
}
