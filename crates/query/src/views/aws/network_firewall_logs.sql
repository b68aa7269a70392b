-- Columns as in the tables for alert, netflow and TLS logs of "Create and query a table for network firewall logs"
-- (Athena User Guide), which are one here; `log_type` tells them apart. The columns of `network_firewall` are behind.
-- Where it differs: numbers in `event` are numbers; parts that the record does not have are null.
select
  firewall_name, availability_zone,
  cast(to_unixtime(event_timestamp) as varchar) as event_timestamp,
  named_struct(
    'timestamp', to_char(event_time, '%Y-%m-%dT%H:%M:%S%.6f+0000'),
    'flow_id', try_cast(event_flow_id as bigint),
    'event_type', event_event_type,
    'src_ip', event_src_ip,
    'src_port', event_src_port,
    'dest_ip', event_dest_ip,
    'dest_port', event_dest_port,
    'proto', event_proto,
    'app_proto', event_app_proto,
    'direction', event_direction,
    'sni', event_sni,
    'tls_inspected', event_tls_inspected,
    'alert', case when event_alert_action is not null or event_alert_signature_id is not null then named_struct(
      'action', event_alert_action,
      'signature_id', event_alert_signature_id,
      'rev', event_alert_rev,
      'signature', event_alert_signature,
      'category', event_alert_category,
      'severity', event_alert_severity) end,
    'netflow', case when event_netflow_pkts is not null or event_netflow_bytes is not null then named_struct(
      'pkts', event_netflow_pkts,
      'bytes', event_netflow_bytes,
      'start', to_char(event_netflow_start, '%Y-%m-%dT%H:%M:%S%.6f+0000'),
      'end', to_char(event_netflow_end, '%Y-%m-%dT%H:%M:%S%.6f+0000'),
      'age', event_netflow_age,
      'min_ttl', event_netflow_min_ttl,
      'max_ttl', event_netflow_max_ttl) end,
    'http', case when event_http_hostname is not null or event_http_url is not null
        or event_http_http_method is not null or event_http_status is not null then named_struct(
      'hostname', event_http_hostname,
      'url', event_http_url,
      'http_user_agent', event_http_http_user_agent,
      'http_method', event_http_http_method,
      'status', event_http_status) end,
    'tls', case when event_tls_sni is not null or event_tls_subject is not null or event_tls_version is not null
        or event_tls_fingerprint is not null then named_struct(
      'sni', event_tls_sni,
      'subject', event_tls_subject,
      'issuerdn', event_tls_issuerdn,
      'fingerprint', event_tls_fingerprint,
      'version', event_tls_version) end,
    'tls_error', case when event_tls_error_error_message is not null
      then named_struct('error_message', event_tls_error_error_message) end,
    'revocation_check', case when event_revocation_check_status is not null
        or event_revocation_check_leaf_cert_fpr is not null or event_revocation_check_action is not null
      then named_struct(
        'leaf_cert_fpr', event_revocation_check_leaf_cert_fpr,
        'status', event_revocation_check_status,
        'action', event_revocation_check_action) end,
    'verdict', case when event_verdict_action is not null then named_struct('action', event_verdict_action) end
  ) as event,
  year, month, day, to_char(event_time, '%H') as hour,
  log_type, account, region, hostname, event_dns, event_tcp, aws_category,
  evidence_object, evidence_record, event_time, ips, error_class, record_hash, extra, date
from lake.network_firewall
