-- Columns as in "Create the table for Network Load Balancer logs" (Athena User Guide); network load balancers only.
-- As in AWS's table, text columns hold `-` where the log has it, and numbers are null there.
select
  coalesce(type, '-') as type,
  coalesce(version, '-') as version,
  to_char(event_time, '%Y-%m-%dT%H:%M:%S') as time,
  coalesce(elb, '-') as elb,
  coalesce(listener_id, '-') as listener_id,
  coalesce(client_ip, '-') as client_ip,
  client_port,
  coalesce(target_ip, '-') as target_ip,
  target_port, tcp_connection_time_ms, tls_handshake_time_ms, received_bytes, sent_bytes, incoming_tls_alert,
  coalesce(chosen_cert_arn, '-') as cert_arn,
  coalesce(certificate_serial, '-') as certificate_serial,
  coalesce(ssl_cipher, '-') as tls_cipher_suite,
  coalesce(ssl_protocol, '-') as tls_protocol_version,
  coalesce(tls_named_group, '-') as tls_named_group,
  coalesce(domain_name, '-') as domain_name,
  coalesce(alpn_fe_protocol, '-') as alpn_fe_protocol,
  coalesce(alpn_be_protocol, '-') as alpn_be_protocol,
  coalesce(alpn_client_preference_list, '-') as alpn_client_preference_list,
  coalesce(to_char(tls_connection_creation_time, '%Y-%m-%dT%H:%M:%S'), '-') as tls_connection_creation_time,
  day_path as day, account, region,
  evidence_object, evidence_record, event_time, ips, error_class, record_hash, extra, date
from lake.elb_access
where lb_type = 'net'
