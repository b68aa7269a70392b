-- title: Gaps of the audit logs of databases
-- question: In which hours does the audit log of a database have no line, though there usually is one, and how unusual is that?
-- sources: rds_audit
-- attack: T1562.008
-- parameter: usual_share number = 0.5
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about usual_share: an hour is missed where the server wrote lines in at least this share of the same hours of the week, between 0 and 1
-- about top: how many lines, the most unusual first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Silence can mean that the audit was switched off, that the log was not collected, that the database was stopped, or that nobody used it; the parameter group and the calls in database/calls_then_logins tell more.
-- trap: The same hour of the week is compared (UTC); with few weeks of log the share is rough, and holidays look like gaps. The hour itself is not counted.
-- trap: Servers are told apart by their name alone, as an exported file does not name the account: two of one name count as one.
-- trap: RDS keeps only the newest files of a log and lets go of the older ones: hours that were never exported are gone.
-- trap: A server that went silent and never wrote again is silent until the end of the time looked at; silence before its first line is not listed.
-- next: database/calls_then_logins
-- next: evidence/objects_not_ingested
-- next: metrics/around
with chosen as (
  select coalesce(server_host, '') as server, date_trunc('hour', event_time) as hour, count(*) as lines
  from rds_audit
  where event_time between $from and $to
  group by 1, 2
), spans as (
  select server, min(hour) as first_hour, count(*) as active_hours from chosen group by server
), calendar as (
  select unnest(generate_series((select min(hour) from chosen), date_trunc('hour', $to), interval '1 hour')) as hour
), expected as (
  select
    spans.server, calendar.hour,
    date_part('dow', calendar.hour) * 24 + date_part('hour', calendar.hour) as slot,
    case when chosen.hour is null then 0 else 1 end as spoke
  from spans
  join calendar on calendar.hour >= spans.first_hour
  left join chosen
    on chosen.server = spans.server and chosen.hour = calendar.hour
), shares as (
  select
    *,
    sum(spoke) over (partition by server, slot) as spoke_in_slot,
    count(*) over (partition by server, slot) as hours_in_slot
  from expected
), marked as (
  select
    *,
    cast(spoke_in_slot as double) / (hours_in_slot - 1) as usual,
    max(case when spoke = 1 then hour end) over (
      partition by server order by hour rows between unbounded preceding and current row
    ) as last_spoken
  from shares
  where hours_in_slot > 1
), gaps as (
  select
    server, last_spoken,
    min(hour) as silent_from,
    max(hour) + interval '1 hour' as silent_until,
    count(*) as silent_hours,
    count(*) filter (where usual >= $usual_share) as missed_hours,
    round(max(usual), 2) as usual_share,
    round(sum(case when usual >= 1 then 3.0 else -ln(1 - usual) end), 2) as unusual
  from marked
  where spoke = 0
  group by server, last_spoken
), ranked as (
  select
    *,
    row_number() over (order by unusual desc, silent_from, server) as nth,
    count(*) over () as of_gaps
  from gaps
  where missed_hours > 0
)
select
  server, silent_from, silent_until, silent_hours, missed_hours, unusual, usual_share, of_gaps
from ranked
where $top is null or nth <= $top
order by nth
