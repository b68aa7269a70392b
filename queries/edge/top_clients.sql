-- title: Busiest clients of CloudFront
-- question: Which addresses sent the most requests, how fast at their peak, and how did the requests end?
-- sources: cloudfront
-- attack: T1498, T1499
-- parameter: distribution text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about distribution: the id of the distribution; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An address can be a proxy or a whole network behind NAT; X-Forwarded-For is written by the client.
-- trap: Status 0 means that the client left before the answer.
-- trap: Real-time logs may be sampled, and standard logs are best effort: the numbers are lower bounds. A distribution that has both kinds of log counts a request twice; compare log_types.
-- next: edge/attack_strings
-- next: triage/ip_activity
with minutes as (
  select
    c_ip as ip,
    date_trunc('minute', event_time) as minute,
    count(*) as requests,
    count(*) filter (where sc_status between 400 and 499) as client_errors,
    count(*) filter (where sc_status >= 500) as server_errors,
    count(*) filter (where error_class = 'denied') as denied,
    count(*) filter (where sc_status = 0) as left_early,
    count(*) filter (where is_write) as writes,
    sum(coalesce(sc_bytes, 0)) as bytes,
    min(event_time) as first_time,
    max(event_time) as last_time
  from cloudfront
  where event_time between $from and $to
    and ($distribution is null or distribution = $distribution)
  group by c_ip, date_trunc('minute', event_time)
), clients as (
  select
    c_ip as ip,
    count(distinct cs_uri_stem) as paths,
    count(distinct cs_user_agent) as user_agents,
    min(cs_user_agent_decoded) as a_user_agent,
    array_to_string(array_sort(array_agg(distinct log_type)), ', ') as log_types,
    min(c_country) as country,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from cloudfront
  where event_time between $from and $to
    and ($distribution is null or distribution = $distribution)
  group by c_ip
)
select
  clients.ip,
  sum(minutes.requests) as requests,
  max(minutes.requests) as most_per_minute,
  sum(minutes.client_errors) as client_errors,
  sum(minutes.server_errors) as server_errors,
  sum(minutes.denied) as denied,
  sum(minutes.left_early) as left_early,
  sum(minutes.writes) as writes,
  sum(minutes.bytes) as bytes,
  clients.paths,
  clients.user_agents,
  clients.a_user_agent,
  clients.log_types,
  clients.country,
  min(minutes.first_time) as first_time,
  max(minutes.last_time) as last_time,
  clients.evidence_object,
  clients.evidence_record
from clients
join minutes on (minutes.ip is not distinct from clients.ip)
group by clients.ip, clients.paths, clients.user_agents, clients.a_user_agent, clients.log_types, clients.country,
  clients.evidence_object, clients.evidence_record
order by requests desc, clients.ip nulls first
