-- title: Request rates against the usual
-- question: When did one client, path or status get far more requests than in its usual hour?
-- sources: elb_access, cloudfront, waf
-- attack: T1498, T1499
-- parameter: by text = client
-- parameter: minutes integer = 60
-- parameter: least_requests integer = 30
-- parameter: least_times number = 5
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about by: client, path, status, or all (the whole log)
-- values by: client, path, status, all
-- about minutes: the length of the windows into which time is cut
-- about least_requests: how many requests a window must have
-- about least_times: how many times the usual window it must be
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The usual window is the median over the windows with any such request; of something that was seen in one window only, usual is that window, and it is shown as new.
-- trap: WAF and the log behind it both have a request: lines of different sources do not add up.
-- trap: Access logs are best effort, and real-time and WAF logs may be sampled: the numbers are lower bounds, most of all in a flood.
-- trap: A flood of half-open connections or of other packets than requests is in no log of requests: look at the flows.
-- trap: Hours of the day differ; a median over all hours is low for a site that sleeps at night.
-- next: edge/top_clients
-- next: edge/error_storms
-- next: network/top_talkers
with requests as (
  select
    'elb_access' as source, elb as place, client_ip as ip, concat(request_host, request_path) as path, elb_status_code as status,
    user_agent, event_time, evidence_object, evidence_record
  from elb_access
  union all
  select
    'cloudfront' as source, distribution as place, c_ip as ip, concat(cs_host, cs_uri_stem_decoded) as path, sc_status as status,
    cs_user_agent_decoded as user_agent, event_time, evidence_object, evidence_record
  from cloudfront
  union all
  select
    'waf' as source, webaclid as place, httprequest_clientip as ip, concat(host, httprequest_uri) as path, responsecodesent as status,
    useragent as user_agent, event_time, evidence_object, evidence_record
  from waf
), windows as (
  select
    source,
    place,
    case $by when 'client' then ip when 'path' then path when 'status' then cast(status as text) else 'all' end as what,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    count(*) as requests,
    count(distinct ip) as clients,
    count(distinct path) as paths,
    count(*) filter (where status between 200 and 399) as answered,
    count(*) filter (where status between 400 and 499) as client_errors,
    count(*) filter (where status >= 500) as server_errors,
    min(ip) as a_client,
    min(path) as a_path,
    min(user_agent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from requests
  where event_time is not null
  group by source, place, case $by when 'client' then ip when 'path' then path when 'status' then cast(status as text) else 'all' end,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time)
), usual as (
  select source, place, what, cast(median(cast(requests as double)) as double) as usual_requests, count(*) as windows_seen
  from windows
  group by source, place, what
)
select
  w.window_start,
  w.source,
  w.place,
  w.what,
  w.requests,
  round(w.requests * 60.0 / (date_part('epoch', w.last_time) - date_part('epoch', w.first_time) + 1), 1) as per_minute_while_active,
  u.usual_requests,
  round(w.requests / u.usual_requests, 2) as times_usual,
  u.windows_seen,
  u.windows_seen = 1 as is_new,
  w.clients,
  w.paths,
  w.answered,
  w.client_errors,
  w.server_errors,
  w.a_client,
  w.a_path,
  w.a_user_agent,
  w.first_time,
  w.last_time,
  w.evidence_object,
  w.evidence_record
from windows w
join usual u on u.source = w.source and (u.place is not distinct from w.place) and (u.what is not distinct from w.what)
where w.requests >= $least_requests
  and (u.windows_seen <= 2 or w.requests >= $least_times * u.usual_requests)
  and w.last_time >= $from
  and w.first_time <= $to
order by w.requests desc, w.window_start, w.source, w.place nulls first, w.what nulls first
