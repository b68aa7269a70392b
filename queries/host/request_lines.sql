-- title: Lines of an application about a request
-- question: What did the application log about this request, found by the trace id that the load balancer gave it?
-- sources: cloudwatch_logs, elb_access
-- attack: T1190
-- parameter: trace text = null
-- parameter: ip text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about trace: the trace id, such as Root=1-67891233-abcdef012345678912345678, or a part of it; null means every trace
-- about ip: the address of the client as the load balancer saw it; null means every client
-- about top: how many lines where neither is given, the rarest paths first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only lines whose text has a trace id (Root=1-…, or 1- and 8 and 24 hexadecimal digits) are here; an application that does not log it cannot be followed so.
-- trap: A client can send a trace id of its own; the load balancer keeps what it gets in some forms, so one id can stand in requests of several clients (requests counts them).
-- trap: Where no request of the load balancer has the id, its columns are empty: the log is best effort, or the request came another way.
-- trap: What a line says was written by the application, partly out of what the client sent.
-- next: edge/attack_strings
-- next: triage/ip_activity
with lines as (
  select *, unnest(make_array(regexp_match(message, '1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}')[1])) as trace_id
  from cloudwatch_logs
  where event_time between $from and $to
    and message like '%1-%'
), requests as (
  select
    regexp_match(trace_id, '1-[0-9a-fA-F]{8}-[0-9a-fA-F]{24}')[1] as trace_id,
    count(*) as requests,
    array_to_string(array_sort(array_agg(distinct client_ip)), ', ') as clients,
    first_value(request_verb order by event_time, evidence_object, evidence_record) as verb,
    first_value(request_path order by event_time, evidence_object, evidence_record) as path,
    first_value(elb_status_code order by event_time, evidence_object, evidence_record) as status,
    first_value(sent_bytes order by event_time, evidence_object, evidence_record) as sent_bytes,
    first_value(user_agent order by event_time, evidence_object, evidence_record) as user_agent,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as request_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as request_record
  from elb_access
  where trace_id is not null
  group by 1
), joined as (
  select
    lines.*, requests.requests, requests.clients, requests.verb, requests.path, requests.status, requests.sent_bytes, requests.user_agent,
    requests.request_object, requests.request_record,
    count(*) over (partition by requests.path) as times_of_path
  from lines
  left join requests on requests.trace_id = lines.trace_id
  where lines.trace_id is not null
), ranked as (
  select
    *,
    row_number() over (order by path is null, times_of_path, event_time desc, evidence_object, evidence_record) as rank,
    count(*) over () as of_lines
  from joined
  where ($trace is null or strpos($trace, trace_id) > 0 or strpos(trace_id, $trace) > 0)
    and ($ip is null or strpos(concat(', ', clients, ','), concat(', ', $ip, ',')) > 0)
)
select
  evidence_object, evidence_record, event_time, account, log_group, log_stream, trace_id, message, clients, verb, path, status, sent_bytes, user_agent, requests,
  times_of_path, request_object, request_record, of_lines
from ranked
where $trace is not null or $ip is not null or $top is null or rank <= $top
order by event_time, evidence_object, evidence_record
