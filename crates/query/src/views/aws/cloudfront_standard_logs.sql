-- Columns as in "Create a table for CloudFront standard logs" (Athena User Guide): legacy standard logs only. Standard
-- logs v2 and real-time logs, which may hold the same requests again, are in `cloudfront`.
-- As in AWS's table, text columns hold `-` where the log has it, and numbers are null there.
-- Behind them are the names that the guide had until 2023: published queries use either.
select
  *,
  x_edge_location as location, sc_bytes as bytes, c_ip as request_ip, cs_method as method, cs_host as host,
  cs_uri_stem as uri, sc_status as status, cs_referrer as referrer, cs_user_agent as user_agent,
  cs_uri_query as query_string, cs_cookie as cookie, x_edge_result_type as result_type,
  x_edge_request_id as request_id, x_host_header as host_header, cs_protocol as request_protocol,
  cs_bytes as request_bytes, x_forwarded_for as xforwarded_for, x_edge_response_result_type as response_result_type,
  cs_protocol_version as http_version
from (
  select
    date,
    time,
    coalesce(x_edge_location, '-') as x_edge_location,
    sc_bytes,
    coalesce(c_ip, '-') as c_ip,
    coalesce(cs_method, '-') as cs_method,
    coalesce(cs_host, '-') as cs_host,
    coalesce(cs_uri_stem, '-') as cs_uri_stem,
    sc_status,
    coalesce(cs_referrer, '-') as cs_referrer,
    coalesce(cs_user_agent, '-') as cs_user_agent,
    coalesce(cs_uri_query, '-') as cs_uri_query,
    coalesce(cs_cookie, '-') as cs_cookie,
    coalesce(x_edge_result_type, '-') as x_edge_result_type,
    coalesce(x_edge_request_id, '-') as x_edge_request_id,
    coalesce(x_host_header, '-') as x_host_header,
    coalesce(cs_protocol, '-') as cs_protocol,
    cs_bytes,
    time_taken,
    coalesce(x_forwarded_for, '-') as x_forwarded_for,
    coalesce(ssl_protocol, '-') as ssl_protocol,
    coalesce(ssl_cipher, '-') as ssl_cipher,
    coalesce(x_edge_response_result_type, '-') as x_edge_response_result_type,
    coalesce(cs_protocol_version, '-') as cs_protocol_version,
    coalesce(fle_status, '-') as fle_status,
    fle_encrypted_fields, c_port, time_to_first_byte,
    coalesce(x_edge_detailed_result_type, '-') as x_edge_detailed_result_type,
    coalesce(sc_content_type, '-') as sc_content_type,
    sc_content_len, sc_range_start, sc_range_end,
    year, month, day, to_char(event_time, '%H') as hour,
    distribution as distributionid,
    evidence_object, evidence_record, event_time, account, ips, error_class, record_hash, extra
  from lake.cloudfront
  where log_type = 'standard'
)
