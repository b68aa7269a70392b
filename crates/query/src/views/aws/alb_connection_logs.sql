-- Columns as in "Create the table for ALB connection logs" (Athena User Guide).
-- As in AWS's table, text columns hold `-` where the log has it, and numbers are null there; `day` is of the form
-- 2026/04/09, as in the table with partition projection.
select
  to_char(event_time, '%Y-%m-%dT%H:%M:%S%.6fZ') as time,
  coalesce(client_ip, '-') as client_ip,
  client_port, listener_port,
  coalesce(tls_protocol, '-') as tls_protocol,
  coalesce(tls_cipher, '-') as tls_cipher,
  tls_handshake_latency,
  coalesce(leaf_client_cert_subject, '-') as leaf_client_cert_subject,
  coalesce(leaf_client_cert_validity, '-') as leaf_client_cert_validity,
  coalesce(leaf_client_cert_serial_number, '-') as leaf_client_cert_serial_number,
  coalesce(tls_verify_status, '-') as tls_verify_status,
  coalesce(conn_trace_id, '-') as conn_trace_id,
  day_path as day, account, region,
  evidence_object, evidence_record, event_time, ips, elb, error_class, record_hash, extra, date
from lake.elb_connections
