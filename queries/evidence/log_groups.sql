-- title: Log groups and what became of them
-- question: Which log groups are here, from when to when, with how many lines, and how many hours of them are silent?
-- sources: cloudwatch_logs
-- attack: T1562.008, T1070
-- parameter: group text = null
-- about group: part of the name of the log group or stream; null means all
-- trap: Lines that other tables take (flow logs, CloudTrail, audit logs of databases, queries to resolvers …) stand there and not here; their objects are in evidence/carried_logs.
-- trap: An export task writes no name of its group down: group is empty there, and lines stand by their stream.
-- trap: longest_silence is the longest time between two lines; whether that is unusual depends on what writes there. Retention deletes old lines, and a new first line may mean no more than that.
-- trap: repeats counts lines with the same text and time in the same stream; without ids (event_id) it cannot be told whether they happened twice or were collected twice.
-- next: evidence/carried_logs
-- next: host/error_lines
-- next: defense_evasion/security_services_turned_down
with lines as (
  select
    evidence_object, evidence_record, event_time, account, region, log_group, log_stream, message, event_id,
    lag(event_time) over (partition by account, region, log_group, log_stream order by event_time, evidence_object, evidence_record) as before
  from cloudwatch_logs
  where $group is null or strpos(coalesce(log_group, ''), $group) > 0 or strpos(coalesce(log_stream, ''), $group) > 0
), silences as (
  select *, row_number() over (partition by account, region, log_group, log_stream order by date_part('epoch', event_time) - date_part('epoch', before) desc nulls last, event_time, evidence_object, evidence_record) as nth
  from lines
)
select
  account,
  region,
  log_group,
  log_stream,
  count(*) as lines,
  count(*) - count(distinct concat(coalesce(cast(event_time as text), ''), message)) as repeats,
  count(event_id) as with_id,
  min(event_time) as first_time,
  max(event_time) as last_time,
  count(distinct date_trunc('hour', event_time)) as hours_with_lines,
  cast((date_part('epoch', date_trunc('hour', max(event_time))) - date_part('epoch', date_trunc('hour', min(event_time)))) / 3600 as bigint) + 1
    - count(distinct date_trunc('hour', event_time)) as silent_hours,
  round((date_part('epoch', max(event_time) filter (where nth = 1)) - date_part('epoch', max(before) filter (where nth = 1))) / 3600, 1) as longest_silence_hours,
  max(before) filter (where nth = 1) as silent_from,
  max(event_time) filter (where nth = 1 and before is not null) as silent_until,
  count(distinct evidence_object) as objects,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from silences
group by account, region, log_group, log_stream
order by account nulls first, region nulls first, log_group nulls first, log_stream nulls first
