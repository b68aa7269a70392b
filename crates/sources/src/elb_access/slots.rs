//! The fields of access logs that have columns.

/// Declares the slots, each with the name of its column.
macro_rules! slots {
    ($($slot:ident: $name:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Slot {
            $($slot,)*
        }

        pub(super) const NAMES: [&str; COUNT] = [$($name,)*];
        const SLOTS: [Slot; COUNT] = [$(Slot::$slot,)*];
        pub(super) const COUNT: usize = [$($name,)*].len();
    };
}

slots! {
    Type: "type",
    Version: "version",
    Time: "time",
    Elb: "elb",
    ListenerId: "listener_id",
    // Address and port together, and the request line: they are split into the columns behind them.
    Client: "client:port",
    ClientIp: "client_ip",
    ClientPort: "client_port",
    Target: "target:port",
    TargetIp: "target_ip",
    TargetPort: "target_port",
    RequestProcessingTime: "request_processing_time",
    TargetProcessingTime: "target_processing_time",
    ResponseProcessingTime: "response_processing_time",
    TcpConnectionTimeMs: "tcp_connection_time_ms",
    TlsHandshakeTimeMs: "tls_handshake_time_ms",
    ElbStatusCode: "elb_status_code",
    TargetStatusCode: "target_status_code",
    ReceivedBytes: "received_bytes",
    SentBytes: "sent_bytes",
    Request: "request",
    RequestVerb: "request_verb",
    RequestUrl: "request_url",
    RequestProto: "request_proto",
    UserAgent: "user_agent",
    SslCipher: "ssl_cipher",
    SslProtocol: "ssl_protocol",
    TargetGroupArn: "target_group_arn",
    TraceId: "trace_id",
    DomainName: "domain_name",
    ChosenCertArn: "chosen_cert_arn",
    MatchedRulePriority: "matched_rule_priority",
    RequestCreationTime: "request_creation_time",
    ActionsExecuted: "actions_executed",
    RedirectUrl: "redirect_url",
    LambdaErrorReason: "lambda_error_reason",
    TargetPortList: "target_port_list",
    TargetStatusCodeList: "target_status_code_list",
    Classification: "classification",
    ClassificationReason: "classification_reason",
    ConnTraceId: "conn_trace_id",
    TransformedHost: "transformed_host",
    TransformedUri: "transformed_uri",
    RequestTransformStatus: "request_transform_status",
    IpAddress: "ip_address",
    IncomingTlsAlert: "incoming_tls_alert",
    CertificateSerial: "certificate_serial",
    TlsNamedGroup: "tls_named_group",
    AlpnFeProtocol: "alpn_fe_protocol",
    AlpnBeProtocol: "alpn_be_protocol",
    AlpnClientPreferenceList: "alpn_client_preference_list",
    TlsConnectionCreationTime: "tls_connection_creation_time",
}

/// The other names that they have: in AWS's documents of the three kinds, in their examples for Athena, and in logs
/// that are delivered through CloudWatch Logs.
const ALIASES: &[(&str, Slot)] = &[
    ("timestamp", Slot::Time),
    ("elb_name", Slot::Elb),
    ("listener", Slot::ListenerId),
    ("request_ip", Slot::ClientIp),
    ("request_port", Slot::ClientPort),
    ("backend:port", Slot::Target),
    ("destination:port", Slot::Target),
    ("destination_port", Slot::TargetPort),
    ("backend_ip", Slot::TargetIp),
    ("backend_port", Slot::TargetPort),
    ("backend_processing_time", Slot::TargetProcessingTime),
    ("client_response_time", Slot::ResponseProcessingTime),
    ("connection_time", Slot::TcpConnectionTimeMs),
    ("tls_handshake_time", Slot::TlsHandshakeTimeMs),
    ("elb_response_code", Slot::ElbStatusCode),
    ("backend_status_code", Slot::TargetStatusCode),
    ("backend_response_code", Slot::TargetStatusCode),
    ("request_line", Slot::Request),
    ("url", Slot::RequestUrl),
    ("protocol", Slot::RequestProto),
    ("tls_cipher", Slot::SslCipher),
    ("tls_cipher_suite", Slot::SslCipher),
    ("tls_protocol_version", Slot::SslProtocol),
    ("cert_arn", Slot::ChosenCertArn),
    ("chosen_cert_serial", Slot::CertificateSerial),
    ("tls_keyexchange", Slot::TlsNamedGroup),
    ("error_reason", Slot::LambdaErrorReason),
    ("target:port_list", Slot::TargetPortList),
];

/// The slot of a field of that name.
pub(super) fn named(name: &str) -> Option<Slot> {
    let own = NAMES.iter().zip(SLOTS).find(|(known, _)| **known == name).map(|(_, slot)| slot);
    own.or_else(|| ALIASES.iter().find(|(known, _)| *known == name).map(|(_, slot)| *slot))
}
