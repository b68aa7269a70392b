-- title: Storms of errors by path or client
-- question: When did one client, or one path, get far more errors than usual?
-- sources: elb_access, cloudfront, waf
-- attack: T1595.002, T1595.003, T1499
-- parameter: minutes integer = 30
-- parameter: least_errors integer = 20
-- parameter: by text = client
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_errors: how many errors make a storm
-- about by: client or path
-- values by: client, path
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: 404 and 403 to one client are a search for paths; 5xx for many clients are trouble of the site; the mix says which.
-- trap: Of WAF only what it blocked counts here: what it let through is in the log of the load balancer or CloudFront too, and would count twice.
-- trap: A request through CloudFront to a load balancer stands in both logs; the load balancer then has an address of CloudFront as its client.
-- trap: Windows begin at fixed times, so a storm across an edge is cut in two.
-- trap: usual_errors is the median over the windows in which the client or path had any error.
-- next: edge/attack_strings
-- next: edge/rare_paths
-- next: triage/ip_activity
with requests as (
  select
    'elb_access' as source, client_ip as ip, request_host as host, request_path as path, elb_status_code as status,
    user_agent, event_time, evidence_object, evidence_record
  from elb_access
  where elb_status_code is not null
  union all
  select
    'cloudfront' as source, c_ip as ip, cs_host as host, cs_uri_stem_decoded as path, sc_status as status,
    cs_user_agent_decoded as user_agent, event_time, evidence_object, evidence_record
  from cloudfront
  union all
  select
    'waf' as source, httprequest_clientip as ip, host, httprequest_uri as path, coalesce(responsecodesent, 403) as status,
    useragent as user_agent, event_time, evidence_object, evidence_record
  from waf
  where action = 'BLOCK'
), windows as (
  select
    source,
    case when $by = 'client' then ip end as ip,
    case when $by = 'path' then host end as host,
    case when $by = 'path' then path end as path,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    count(*) as requests,
    count(*) filter (where status >= 400) as errors,
    count(*) filter (where status in (401, 403)) as refused,
    count(*) filter (where status = 404) as not_found,
    count(*) filter (where status >= 500) as server_errors,
    count(*) filter (where status < 400 and status > 0) as answered,
    count(distinct path) filter (where status >= 400) as paths,
    count(distinct ip) filter (where status >= 400) as clients,
    min(path) filter (where status >= 400) as a_path,
    min(ip) filter (where status >= 400) as a_client,
    min(user_agent) filter (where status >= 400) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by status >= 400 desc, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by status >= 400 desc, event_time, evidence_object, evidence_record) as evidence_record
  from requests
  where event_time is not null
  group by source, case when $by = 'client' then ip end, case when $by = 'path' then host end,
    case when $by = 'path' then path end, date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time)
), usual as (
  select source, ip, host, path, cast(median(cast(errors as double)) as double) as usual_errors, count(*) as windows_with_errors
  from windows
  where errors > 0
  group by source, ip, host, path
)
select
  w.window_start,
  w.source,
  w.ip,
  w.host,
  w.path,
  w.errors,
  u.usual_errors,
  round(w.errors / u.usual_errors, 2) as times_usual,
  u.windows_with_errors,
  w.refused,
  w.not_found,
  w.server_errors,
  w.answered,
  w.requests,
  w.paths,
  w.clients,
  w.a_path,
  w.a_client,
  w.a_user_agent,
  w.first_time,
  w.last_time,
  w.evidence_object,
  w.evidence_record
from windows w
join usual u
  on u.source = w.source and (u.ip is not distinct from w.ip) and (u.host is not distinct from w.host)
  and (u.path is not distinct from w.path)
where w.errors >= $least_errors
  and w.last_time >= $from
  and w.first_time <= $to
order by w.errors desc, w.window_start, w.source, w.ip nulls first, w.host nulls first, w.path nulls first
