-- title: Large answers of a load balancer
-- question: Which paths and clients took the most bytes out through a load balancer, and which answers were larger than that path usually gives?
-- sources: elb_access
-- attack: T1567, T1048, T1213
-- parameter: least_bytes integer = 1000000
-- parameter: least_times number = 5
-- parameter: ip text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_bytes: how many bytes a client must have taken by one path, or null for none
-- about least_times: an answer that many times as large as the middle one of its path is told too, where the path has 10 answers or more
-- about ip: the address of the client or a network; null means every one, and with an address every path is shown
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Sent bytes are those of the whole answer with its head, compressed as it was sent.
-- trap: The middle answer of a path is over all collected logs (answers_of_path); a path that is seldom asked has no usual size.
-- trap: Websockets and downloads in parts (206) add up many bytes by nature.
-- trap: A small page can hold the one secret that matters: look also at edge/rare_paths.
-- next: edge/rare_paths
-- next: edge/large_responses
-- next: exfiltration/flow_bytes_by_day
with requests as (
  select
    account, elb, request_host as host, request_path as path, client_ip as ip, request_verb as method, sent_bytes as bytes, user_agent,
    elb_status_code as status, event_time, evidence_object, evidence_record
  from elb_access
  where elb_status_code between 200 and 299 or lb_type = 'net'
), usual as (
  select elb, host, path, cast(median(cast(bytes as double)) as double) as usual_answer, count(*) as answers_of_path
  from requests
  group by elb, host, path
), lines as (
  select
    account, elb, host, path, ip,
    count(*) as requests,
    sum(coalesce(bytes, 0)) as bytes,
    max(bytes) as largest,
    count(*) filter (where status = 206) as partial,
    min(method) as a_method,
    min(user_agent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by bytes desc nulls last, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by bytes desc nulls last, event_time, evidence_object, evidence_record) as evidence_record
  from requests
  where event_time between $from and $to
    and ($ip is null or ip = $ip or ip_in_cidr(ip, $ip))
  group by account, elb, host, path, ip
)
select
  l.account,
  l.elb,
  l.host,
  l.path,
  l.ip,
  l.requests,
  l.bytes,
  l.largest,
  u.usual_answer,
  case when u.usual_answer > 0 then round(l.largest / u.usual_answer, 2) end as largest_times_usual,
  u.answers_of_path,
  l.partial,
  l.a_method,
  l.a_user_agent,
  l.first_time,
  l.last_time,
  l.evidence_object,
  l.evidence_record
from lines l
join usual u on (u.elb is not distinct from l.elb) and (u.host is not distinct from l.host) and (u.path is not distinct from l.path)
where $ip is not null
  or l.bytes >= coalesce($least_bytes, 0)
  or (u.answers_of_path >= 10 and l.largest >= $least_times * u.usual_answer)
order by l.bytes desc, l.first_time, l.elb nulls first, l.host nulls first, l.path nulls first, l.ip nulls first, account nulls first
