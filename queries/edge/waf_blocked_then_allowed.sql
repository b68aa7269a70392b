-- title: Blocked or counted, then let through
-- question: Which requests of a client did WAF let through after it had blocked or counted that same client?
-- sources: waf, elb_access
-- attack: T1190, T1595.002
-- parameter: hours integer = 24
-- parameter: ip text = null
-- parameter: each boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the first request that was blocked or counted
-- about ip: the address of the client or a network; null means every one
-- about each: true gives a line for each request let through; false one for each client, host and path
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Let through by WAF is not answered with success: lowest_status is what the load balancer then answered, by the same trace id; it is empty where that log is not here or the web ACL stands before CloudFront.
-- trap: The address can be a proxy or a NAT with many users, of whom one was blocked.
-- trap: A client that changes its address is not followed; its agent and the fingerprint of its TLS help to find it again.
-- trap: Paths that were answered stand first, those with fewest clients in all before the others.
-- trap: A web ACL that does not log what it allows has no lines here, which is not the same as none.
-- next: edge/follow_request
-- next: edge/rare_paths
-- next: triage/ip_activity
with marked as (
  select
    httprequest_clientip as ip, httprequest_uri as path, host, useragent, ja4fingerprint, ja3fingerprint,
    coalesce(httprequest_httpmethod, '') as method, httprequest_args, action, terminatingruleid, httprequest_requestid,
    nonterminatingmatchingrules is not null and nonterminatingmatchingrules <> '[]' as is_counted,
    event_time, evidence_object, evidence_record
  from waf
  where httprequest_clientip is not null
    and ($ip is null or httprequest_clientip = $ip or ip_in_cidr(httprequest_clientip, $ip))
), offenders as (
  select
    ip,
    count(*) filter (where action <> 'ALLOW') as blocked,
    count(*) filter (where action = 'ALLOW') as counted,
    array_to_string(array_sort(array_agg(distinct terminatingruleid) filter (where action <> 'ALLOW')), ', ') as blocked_by,
    min(event_time) as first_marked,
    max(event_time) as last_marked,
    min(useragent) as an_agent
  from marked
  where (action <> 'ALLOW' and action <> 'COUNT') or is_counted
  group by ip
), paths as (
  select host, httprequest_uri as path, count(distinct httprequest_clientip) as clients_of_path
  from waf
  where action = 'ALLOW'
  group by host, httprequest_uri
), answers as (
  select
    split_part(regexp_replace(trace_id, '^.*Root=', ''), ';', 1) as request_id,
    min(elb_status_code) as status,
    max(sent_bytes) as bytes
  from elb_access
  where trace_id is not null
  group by split_part(regexp_replace(trace_id, '^.*Root=', ''), ';', 1)
), allowed as (
  select
    m.*, o.blocked, o.counted, o.blocked_by, o.first_marked, o.last_marked, o.an_agent, p.clients_of_path,
    a.status, a.bytes,
    case when $each then m.evidence_object else '' end as each_object,
    case when $each then m.evidence_record else 0 end as each_record
  from marked m
  join offenders o on o.ip = m.ip
  join paths p on (p.host is not distinct from m.host) and (p.path is not distinct from m.path)
  left join answers a on a.request_id = split_part(regexp_replace(m.httprequest_requestid, '^.*Root=', ''), ';', 1)
  where m.action = 'ALLOW'
    and not m.is_counted
    and m.event_time between $from and $to
    and m.event_time >= o.first_marked
    and m.event_time <= o.first_marked + cast(concat(cast($hours as text), ' hours') as interval)
)
select
  min(event_time) as first_time,
  max(event_time) as last_time,
  ip,
  host,
  path,
  count(*) as let_through,
  min(status) as lowest_status,
  count(*) filter (where status between 200 and 299) as answered,
  max(bytes) filter (where status between 200 and 299) as largest_answer_bytes,
  min(method) as a_method,
  min(httprequest_args) as a_query,
  clients_of_path,
  clients_of_path <= 2 as few_clients,
  blocked,
  counted,
  blocked_by,
  first_marked,
  last_marked,
  min(useragent) as an_agent,
  min(coalesce(ja4fingerprint, ja3fingerprint)) as a_fingerprint,
  first_value(httprequest_requestid order by event_time, evidence_object, evidence_record) as a_request_id,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from allowed
group by ip, host, path, clients_of_path, blocked, counted, blocked_by, first_marked, last_marked, each_object, each_record
order by answered > 0 desc, clients_of_path, first_time, ip, host nulls first, path nulls first, evidence_object, evidence_record
