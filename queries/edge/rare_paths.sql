-- title: Paths that hardly anybody asks for
-- question: Which paths were answered with success to one or two clients only in all the time, and who were they?
-- sources: elb_access, cloudfront
-- attack: T1190, T1505.003, T1083
-- parameter: most_clients integer = 2
-- parameter: ip text = null
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about most_clients: how many clients at most ever were answered by that path
-- about ip: the address of the client or a network; null means every one
-- about top: how many lines where no address is given, clients with most errors elsewhere first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Rare means rare in the collected logs, which may be short or leave requests out.
-- trap: Paths with an id in them are all rare; a pattern such as /orders/8412 is no finding. Digits are shown as they are.
-- trap: The text is that of the client: what a site does not know and answers with 200 all the same is rare too.
-- trap: errors_of_client counts what the same client asked for in vain within this evidence: a scanner finds its one page after many 404.
-- trap: The status is that of the load balancer or CloudFront; what was in the answer is in no log.
-- next: edge/follow_request
-- next: edge/large_alb_responses
-- next: triage/ip_activity
with requests as (
  select
    'elb_access' as source, client_ip as ip, request_host as host, request_path as path, request_verb as method,
    elb_status_code as status, sent_bytes as bytes, user_agent, trace_id as request_id, event_time, evidence_object, evidence_record
  from elb_access
  where request_path is not null
  union all
  select
    'cloudfront' as source, c_ip as ip, cs_host as host, cs_uri_stem_decoded as path, cs_method as method,
    sc_status as status, sc_bytes as bytes, cs_user_agent_decoded as user_agent, x_edge_request_id as request_id, event_time,
    evidence_object, evidence_record
  from cloudfront
  where cs_uri_stem_decoded is not null
), clients as (
  select source, ip, count(*) as requests_of_client, count(*) filter (where status >= 400) as errors_of_client
  from requests
  group by source, ip
), answered as (
  select
    source, host, path, ip,
    count(*) as requests,
    sum(coalesce(bytes, 0)) as bytes,
    max(bytes) as largest,
    min(method) as a_method,
    min(status) as a_status,
    min(user_agent) as a_user_agent,
    first_value(request_id order by event_time, evidence_object, evidence_record) as request_id,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from requests
  where status between 200 and 299
  group by source, host, path, ip
), weighed as (
  select *, count(*) over (partition by source, host, path) as clients_of_path
  from answered
), ranked as (
  select
    w.*, c.requests_of_client, c.errors_of_client,
    row_number() over (
      order by c.errors_of_client desc, w.clients_of_path, w.first_time, w.source, w.host nulls first, w.path, w.ip nulls first
    ) as rank,
    count(*) over () as of_lines
  from weighed w
  join clients c on c.source = w.source and (c.ip is not distinct from w.ip)
  where w.clients_of_path <= $most_clients
    and w.last_time >= $from
    and w.first_time <= $to
    and ($ip is null or w.ip = $ip or ip_in_cidr(w.ip, $ip))
)
select
  first_time,
  source,
  ip,
  a_method,
  host,
  path,
  a_status,
  requests,
  bytes,
  largest,
  clients_of_path,
  errors_of_client,
  requests_of_client,
  a_user_agent,
  request_id,
  last_time,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $ip is not null or $top is null or rank <= $top
order by rank
