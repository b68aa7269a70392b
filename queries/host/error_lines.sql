-- title: Error lines by hour
-- question: In which hours did a log group have more lines about errors than it usually has?
-- sources: cloudwatch_logs
-- attack: T1190, T1499
-- parameter: group text = null
-- parameter: least integer = 5
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about group: part of the name of the log group or stream; null means all
-- about least: how many error lines an hour must have
-- about top: how many lines, the most unusual first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A line counts as an error by its words (error, exception, fatal, critical, failed, denied, panic, traceback) or by a level in its JSON; what an application calls an error differs.
-- trap: usual is the median over all hours in which the group has lines of any kind; how_unusual says how many times the usual spread (median absolute deviation, at least 1) lies between.
-- trap: An export task writes no name of the group; such lines are grouped by the stream.
-- trap: Hours without any line are not here; see evidence/log_groups.
-- next: host/request_lines
-- next: evidence/log_groups
-- next: metrics/spikes
with lines as (
  select
    *,
    coalesce(account, '') as in_account,
    coalesce(log_group, log_stream, '') as name,
    date_trunc('hour', event_time) as hour,
    unnest(make_array(
      regexp_like(message, '(?i)(^|[^a-z])(error|exception|fatal|critical|failed|denied|panic|traceback|authentication failure)')
      or lower(coalesce(json_as_text(message_json, 'level'), json_as_text(message_json, 'severity'), json_as_text(message_json, 'status'), '')) in ('error', 'fatal', 'critical')
    )) as is_error
  from cloudwatch_logs
  where event_time between $from and $to
    and ($group is null or strpos(coalesce(log_group, log_stream, ''), $group) > 0)
), hours as (
  select
    in_account as account, name, hour, count(*) as lines, count(*) filter (where is_error) as errors,
    first_value(message order by event_time, evidence_object, evidence_record) filter (where is_error) as a_message,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where is_error) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where is_error) as evidence_record,
    min(event_time) filter (where is_error) as first_time,
    max(event_time) filter (where is_error) as last_time
  from lines
  group by in_account, name, hour
), usual as (
  select account, name, cast(median(cast(errors as double)) as double) as usual, count(*) as hours_seen
  from hours
  group by account, name
), spread as (
  select hours.account, hours.name, cast(median(abs(hours.errors - usual.usual)) as double) as spread
  from hours
  join usual on usual.account = hours.account and usual.name = hours.name
  group by hours.account, hours.name
), ranked as (
  select
    hours.*, usual.usual, usual.hours_seen, spread.spread,
    round((hours.errors - usual.usual) / greatest(spread.spread, 1.0), 1) as how_unusual,
    row_number() over (
      order by (hours.errors - usual.usual) / greatest(spread.spread, 1.0) desc, hours.errors desc, hours.hour, hours.account, hours.name
    ) as rank,
    count(*) over () as of_lines
  from hours
  join usual on usual.account = hours.account and usual.name = hours.name
  join spread on spread.account = hours.account and spread.name = hours.name
  where hours.errors >= $least
    and hours.errors > usual.usual
)
select
  account, name as log_group, hour, errors, usual, how_unusual, lines, hours_seen, first_time, last_time, a_message, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
