-- title: Silent hours of CloudTrail
-- question: In which hours is an account and region silent that otherwise always logs, and do the digests explain it?
-- sources: cloudtrail, cloudtrail_digests
-- attack: T1562.008
-- parameter: usual_share number = 0.5
-- parameter: least_hours integer = 1
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about usual_share: a region counts as busy when it has events in at least this share of its hours, between 0 and 1
-- about least_hours: how many silent hours in a row are worth a line
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: Silence is not proof that nothing happened. Only a digest that lists no file proves that CloudTrail delivered nothing in that hour; without a digest nothing can be said.
-- trap: Digests count the hour of delivery and the events the hour in which they happened; an event arrives some minutes later, so the edges of a gap can be off by one digest.
-- trap: A region that went silent and never spoke again is silent until the end of the time looked at.
-- trap: Silence before the first event of a region is not listed, as nothing shows that it should have logged.
-- next: evidence/coverage
-- next: defense_evasion/cloudtrail_tampering
-- next: evidence/objects_not_ingested
with hours as (
  select account, region, date_trunc('hour', event_time) as hour, count(*) as events
  from cloudtrail
  where event_time between $since and $until
  group by account, region, date_trunc('hour', event_time)
), spans as (
  select
    account,
    region,
    count(*) as active_hours,
    1 + cast(round((date_part('epoch', date_trunc('hour', $until)) - date_part('epoch', min(hour))) / 3600) as bigint) as all_hours
  from hours
  group by account, region
), gaps as (
  select
    account,
    region,
    hour + interval '1 hour' as silent_from,
    coalesce(
      lead(hour) over (partition by account, region order by hour),
      date_trunc('hour', $until) + interval '1 hour'
    ) as silent_until
  from hours
), long_gaps as (
  select
    gaps.*,
    spans.active_hours,
    spans.all_hours,
    cast(round((date_part('epoch', silent_until) - date_part('epoch', silent_from)) / 3600) as bigint) as silent_hours
  from gaps
  join spans
    on (spans.account is not distinct from gaps.account) and (spans.region is not distinct from gaps.region)
)
select
  long_gaps.account,
  long_gaps.region,
  long_gaps.silent_from,
  long_gaps.silent_until,
  long_gaps.silent_hours,
  long_gaps.active_hours,
  long_gaps.all_hours,
  count(digests.digeststarttime) as digests,
  count(digests.digeststarttime) filter (where digests.logfile_count = 0) as empty_digests,
  coalesce(sum(digests.logfile_count), 0) as files_listed,
  case
    when count(digests.digeststarttime) = 0 then 'cannot say: no digest for this time'
    when sum(digests.logfile_count) > 0 then 'digests list files delivered in this time: events may be missing here'
    when count(digests.digeststarttime) >= long_gaps.silent_hours then 'digests say that nothing was delivered'
    else 'digests cover only a part'
  end as verdict
from long_gaps
left join cloudtrail_digests as digests
  on digests.awsaccountid = long_gaps.account
  and digests.region = long_gaps.region
  and digests.digeststarttime >= long_gaps.silent_from
  and digests.digestendtime <= long_gaps.silent_until
where long_gaps.silent_hours >= $least_hours
  and cast(long_gaps.active_hours as double) / long_gaps.all_hours >= $usual_share
group by long_gaps.account, long_gaps.region, long_gaps.silent_from, long_gaps.silent_until, long_gaps.silent_hours,
  long_gaps.active_hours, long_gaps.all_hours
order by long_gaps.silent_from, long_gaps.account nulls first, long_gaps.region nulls first
