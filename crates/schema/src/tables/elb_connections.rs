//! Connection logs of Application Load Balancers.

use crate::column::{Event, InEvents, Role};
use crate::table_macro::table;

table! {
    /// One attempt of a client to connect to an Application Load Balancer (best effort: it may be late, doubled or missing).
    "elb_connections", Common, Role::Event(Event {
        reference: concat!(
            "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/",
            "load-balancer-connection-logs.html"
        ),
        services: &["elasticloadbalancing"],
        athena: Some("alb_connection_logs"),
        view: InEvents::Rows,
    }),
    ElbConnectionRow => ElbConnectionRows, ElbConnectionColumn, TABLE {
        /// The load balancer, `app/name/id`; from the object's key, since the lines do not name it.
        elb: Key,
        /// The address of the client.
        client_ip: Key,
        /// The port of the client.
        client_port: Int,
        /// The port of the listener.
        listener_port: Int,
        /// The TLS version; null when the connection is not of TLS.
        tls_protocol: Text,
        /// The TLS cipher.
        tls_cipher: Text,
        /// Seconds that the handshake took; null when it failed.
        tls_handshake_latency: Real,
        /// The subject of the client's certificate, as the client sent it.
        leaf_client_cert_subject: Key,
        /// From when to when the client's certificate is valid: `NotBefore=…;NotAfter=…`.
        leaf_client_cert_validity: Text,
        /// The serial number of the client's certificate.
        leaf_client_cert_serial_number: Key,
        /// `Success`, or `Failed:` and why, such as `Failed:ClientCertUntrusted`.
        tls_verify_status: Text,
        /// The id of the connection; equal to `elb_access.conn_trace_id` of its requests.
        conn_trace_id: Key,
        /// The key exchange of the handshake.
        tls_keyexchange: Text,
        /// The address of the node of the load balancer (only in logs delivered through CloudWatch Logs).
        ip_address: Key,
        /// How it ended, by one word for all services: success, denied (the client's certificate was refused) or other.
        error_class: Text,
        /// Did it ask for a change? Never: it is a connection.
        is_write: Flag,
        /// Which stretch of acting it belongs to: the address of the client.
        session_id: Key,
        /// Everything in the record that has no column; fields that AWS appended later, under `fields`.
        extra: Json,
    }
}
