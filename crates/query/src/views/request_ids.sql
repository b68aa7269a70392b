-- Under which ids each row of a log knows its request: equal ids of two logs are the same request. A trace id is a
-- header that the client may have written: `id_written_by` says whether the service made it or the client may have.
with calls as (
  select requestid as request_id, 'request' as id_kind, 'service' as id_written_by, 'cloudtrail' as source,
    useridentity_arn as actor, concat(coalesce(eventsource, ''), ':', coalesce(eventname, '')) as action,
    resources[1] as target, sourceipaddress as ip, useragent as user_agent, coalesce(errorcode, error_class) as outcome,
    try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as bigint) as bytes,
    evidence_object, evidence_record, event_time, account, region
  from lake.cloudtrail
), objects as (
  select requestid as request_id, 'request' as id_kind, 'service' as id_written_by, 's3_access' as source,
    coalesce(requester, 'anonymous') as actor, operation as action,
    case when key_decoded is null then bucket_name else concat(bucket_name, '/', key_decoded) end as target,
    remoteip as ip, useragent as user_agent, cast(httpstatus as varchar) as outcome, bytessent as bytes,
    evidence_object, evidence_record, event_time, account, region
  from lake.s3_access
), viewers as (
  select x_edge_request_id as request_id, 'request' as id_kind, 'service' as id_written_by, 'cloudfront' as source,
    c_ip as actor, cs_method as action,
    concat(coalesce(x_host_header, cs_host, ''), coalesce(cs_uri_stem_decoded, '')) as target,
    arrow_cast(c_ip, 'Utf8View') as ip, cs_user_agent_decoded as user_agent, cast(sc_status as varchar) as outcome,
    sc_bytes as bytes, evidence_object, evidence_record, event_time, account, region
  from lake.cloudfront
), filtered as (
  -- Before CloudFront a web ACL knows CloudFront's id; before a load balancer the trace id, and what CloudFront sent on.
  select regexp_replace(httprequest_requestid, '^(Root|Self)=', '') as own,
    regexp_match(httprequest_headers, '(?i)"name":"x-amz-cf-id","value":"([^"\\]+)"')[1] as edge,
    regexp_match(httprequest_headers, '(?i)"name":"x-amzn-trace-id","value":"[^"\\]*Root=([^";\\]+)')[1] as trace,
    httpsourcename = 'ALB' as is_balanced, 'waf' as source, httprequest_clientip as actor, httprequest_httpmethod as action,
    concat(coalesce(host, ''), coalesce(httprequest_uri, '')) as target,
    arrow_cast(httprequest_clientip, 'Utf8View') as ip, useragent as user_agent,
    concat(coalesce(action, ''), ' by ', coalesce(terminatingruleid, 'no rule')) as outcome,
    cast(null as bigint) as bytes, evidence_object, evidence_record, event_time, account, region
  from lake.waf
), balanced as (
  -- Without a Self the load balancer made the Root itself; with one the client did.
  select regexp_match(trace_id, 'Self=([^;]+)')[1] as own, regexp_match(trace_id, 'Root=([^;]+)')[1] as root,
    'elb_access' as source, client_ip as actor, request_verb as action,
    concat(coalesce(request_host, ''), coalesce(request_path, '')) as target,
    arrow_cast(client_ip, 'Utf8View') as ip, user_agent, cast(elb_status_code as varchar) as outcome, sent_bytes as bytes,
    evidence_object, evidence_record, event_time, account, region
  from lake.elb_access
), told as (
  -- In a message the id may stand where the application wrote what the client had sent.
  select regexp_match(message, '\b(1-[0-9a-f]{8}-[0-9a-f]{24})\b')[1] as trace,
    regexp_match(message, '(?i)\brequest_?id"?\s*[:=]\s*"?([0-9a-z+/=_-]{12,80})')[1] as request,
    'cloudwatch_logs' as source, cast(null as varchar) as actor, 'message' as action,
    coalesce(log_group, log_stream) as target, ips[1] as ip, cast(null as varchar) as user_agent,
    cast(null as varchar) as outcome, cast(null as bigint) as bytes,
    evidence_object, evidence_record, event_time, account, region
  from lake.cloudwatch_logs
)
select request_id, id_kind, id_written_by, source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from calls where request_id is not null
union all
select request_id, id_kind, id_written_by, source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from objects where request_id is not null
union all
select request_id, id_kind, id_written_by, source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from viewers where request_id is not null
union all
select own, case when is_balanced then 'trace' else 'request' end, case when is_balanced then 'maybe client' else 'service' end, source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from filtered where own is not null
union all
select edge, 'request', 'maybe client', source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from filtered where edge is not null and edge is distinct from own
union all
select trace, 'trace', 'maybe client', source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from filtered where trace is not null and trace is distinct from own
union all
select own, 'trace', 'service', source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from balanced where own is not null
union all
select root, 'trace', case when own is null then 'service' else 'maybe client' end, source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from balanced where root is not null
union all
select trace, 'trace', 'maybe client', source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from told where trace is not null
union all
select request, 'request', 'maybe client', source, actor, action, target, ip, user_agent, outcome, bytes, evidence_object, evidence_record, event_time, account, region
from told where request is not null
