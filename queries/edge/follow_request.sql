-- title: One request through all logs
-- question: Where does one request stand in CloudFront, WAF, load balancer and application log, and what did each of them say?
-- sources: cloudfront, waf, elb_access, cloudwatch_logs
-- attack: T1190
-- parameter: id text = null
-- parameter: ip text = null
-- parameter: at timestamp = null
-- parameter: seconds integer = 30
-- parameter: top integer = 50
-- about id: the id of the request: the trace id (with or without Root=), or the id that CloudFront gave it
-- about ip: the address of the client or a network
-- about at: the time of the request; with an address, only what lies near it
-- about seconds: how far from that time
-- about top: how many requests where neither id nor address is given: those that WAF marked or blocked, the latest first; null means all
-- trap: The id is the same in WAF and in the log that stands behind it: the trace id for a load balancer, CloudFront's id for a distribution; a request through both has two ids, so look for the client and the time as well.
-- trap: The client can send a trace id of its own: the load balancer keeps the field Root, so the same id may then stand for several requests.
-- trap: The application has to write the trace id into its log, or there is no line of it.
-- trap: The times differ: WAF has the beginning, the load balancer writes the end of the answer (its beginning is request_creation_time), the application its own clock.
-- trap: Access logs are best effort: a step that is missing was not seen, which does not mean that it did not happen.
-- next: triage/ip_activity
-- next: edge/waf_blocked_then_allowed
with rows as (
  select
    1 as step, 'cloudfront' as source, x_edge_request_id as request_id, c_ip as ip, event_time, cs_method as method,
    cs_host as host, concat(cs_uri_stem, case when cs_uri_query is null then '' else concat('?', cs_uri_query) end) as asked,
    cast(sc_status as text) as said, sc_bytes as bytes, cs_user_agent_decoded as user_agent,
    false as is_marked, evidence_object, evidence_record
  from cloudfront
  union all
  select
    2 as step, 'waf' as source, split_part(regexp_replace(httprequest_requestid, '^.*Root=', ''), ';', 1) as request_id,
    httprequest_clientip as ip, event_time, httprequest_httpmethod as method,
    host, concat(httprequest_uri, case when coalesce(httprequest_args, '') = '' then '' else concat('?', httprequest_args) end) as asked,
    concat(action, ' by ', coalesce(terminatingruleid, '?'),
      case when coalesce(nonterminatingmatchingrules, '[]') = '[]' then '' else ', counted by other rules' end) as said,
    requestbodysize as bytes, useragent as user_agent,
    coalesce(action, '') <> 'ALLOW' or coalesce(nonterminatingmatchingrules, '[]') <> '[]' as is_marked,
    evidence_object, evidence_record
  from waf
  union all
  select
    3 as step, 'elb_access' as source, split_part(regexp_replace(trace_id, '^.*Root=', ''), ';', 1) as request_id,
    client_ip as ip, coalesce(request_creation_time, event_time) as event_time, request_verb as method,
    request_host as host, request_url as asked,
    concat(cast(elb_status_code as text), ', target ', coalesce(concat(target_ip, ':', cast(target_port as text), ' ', cast(target_status_code as text)), 'none'),
      ', ', coalesce(actions_executed, '')) as said,
    sent_bytes as bytes, user_agent, false as is_marked, evidence_object, evidence_record
  from elb_access
  union all
  select
    4 as step, 'cloudwatch_logs' as source, regexp_match(message, '1-[0-9a-f]{8}-[0-9a-f]{24}')[1] as request_id,
    ips[1] as ip, event_time, cast(null as varchar) as method, log_group as host, message as asked, cast(null as varchar) as said, cast(null as bigint) as bytes,
    cast(null as varchar) as user_agent, false as is_marked, evidence_object, evidence_record
  from cloudwatch_logs
), keyed as (
  select *, coalesce(request_id, concat(evidence_object, ' ', cast(evidence_record as text))) as key
  from rows
), chosen as (
  select key, min(event_time) as request_time
  from keyed
  where case
    when $id is not null then request_id = split_part(regexp_replace($id, '^.*Root=', ''), ';', 1) or (step = 4 and strpos(asked, $id) > 0)
    when $ip is not null or $at is not null then ($ip is null or ip = $ip or ip_in_cidr(ip, $ip))
      and ($at is null or abs(date_part('epoch', event_time) - date_part('epoch', $at)) <= $seconds)
    else is_marked
  end
  group by key
), ranked as (
  select
    key,
    request_time,
    row_number() over (order by request_time desc nulls last, key) as rank,
    count(*) over () as of_requests
  from chosen
), steps as (
  select
    keyed.*,
    ranked.rank,
    ranked.request_time,
    ranked.of_requests,
    count(*) over (partition by keyed.key) as rows_of_request
  from keyed
  join ranked on ranked.key = keyed.key
  where $id is not null or $ip is not null or $at is not null or $top is null or ranked.rank <= $top
)
select
  request_time,
  request_id,
  step,
  source,
  event_time,
  ip,
  method,
  host,
  asked,
  said,
  bytes,
  user_agent,
  rows_of_request,
  evidence_object,
  evidence_record,
  of_requests
from steps
order by request_time nulls last, key, step, event_time nulls last, source, evidence_object, evidence_record
