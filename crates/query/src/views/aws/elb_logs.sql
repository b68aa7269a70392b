-- Columns as in "Create the table for Classic Load Balancer logs" (Athena User Guide); classic load balancers only.
-- As in AWS's table, text columns hold `-` where the log has it, backend_ip is empty there, and numbers are null.
select
  *, request_timestamp as "timestamp", response_processing_time as client_response_time
from (
  select
    to_char(event_time, '%Y-%m-%dT%H:%M:%S%.6fZ') as request_timestamp,
    coalesce(elb, '-') as elb_name,
    coalesce(client_ip, '-') as request_ip,
    client_port as request_port,
    coalesce(target_ip, '') as backend_ip,
    target_port as backend_port,
    request_processing_time,
    target_processing_time as backend_processing_time,
    response_processing_time,
    coalesce(cast(elb_status_code as varchar), '-') as elb_response_code,
    coalesce(cast(target_status_code as varchar), '-') as backend_response_code,
    received_bytes, sent_bytes,
    coalesce(request_verb, '-') as request_verb,
    coalesce(request_url, '-') as url,
    coalesce(request_proto, '-') as protocol,
    coalesce(user_agent, '-') as user_agent,
    coalesce(ssl_cipher, '-') as ssl_cipher,
    coalesce(ssl_protocol, '-') as ssl_protocol,
    year, month, day, account, region,
    evidence_object, evidence_record, event_time, ips, request_host, request_path, parse_ambiguous, error_class,
    record_hash, extra, date
  from lake.elb_access
  where lb_type = 'classic'
)
