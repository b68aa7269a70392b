-- title: Silent hours of CloudTrail
-- question: In which hours is an account and region silent that otherwise logs, which of them are the most unusual, and do the digests explain it?
-- sources: cloudtrail, cloudtrail_digests
-- attack: T1562.008
-- parameter: usual_share number = 0.5
-- parameter: top integer = 50
-- parameter: least_hours integer = 1
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about usual_share: a region counts as busy when it has events in at least this share of its hours, between 0 and 1
-- about top: how many lines, the most unusual first; null means all
-- about least_hours: how many silent hours in a row are worth a line
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only the first lines are shown, as many as top says; of_gaps tells how many there are.
-- trap: files_missing counts files that a digest lists with events of these hours and that are not in the evidence: the strongest sign, and the first to look at. It is null where no digest covers the time.
-- trap: unusual adds up, over the silent hours, how surprising silence is in that hour on that kind of day (working day or weekend), as the negative logarithm of the share of such hours that are silent: a region that never rests scores some 3 for each hour, a night that is often quiet next to nothing.
-- trap: Silence is not proof that nothing happened. Only a digest that lists no file proves that CloudTrail delivered nothing in that hour; without a digest nothing can be said.
-- trap: Digests count the hour of delivery and list the oldest and newest event of each file; files are assigned to a gap by these times, digests by their hour, so the count of digests can be off by one at the edges.
-- trap: A region that went silent and never spoke again is silent until the end of the time looked at.
-- trap: Silence before the first event of a region is not listed, as nothing shows that it should have logged.
-- next: evidence/coverage
-- next: defense_evasion/cloudtrail_tampering
-- next: evidence/objects_not_ingested
with chosen as (
  select account, region, date_trunc('hour', event_time) as hour
  from cloudtrail
  where event_time between $from and $to
), hours as (
  select
    account,
    region,
    hour,
    count(*) as events,
    date_part('hour', hour) as of_day,
    case when date_part('dow', hour) in (0, 6) then 'weekend' else 'working day' end as kind_of_day
  from chosen
  group by account, region, hour
), spans as (
  select
    account,
    region,
    min(hour) as first_hour,
    count(*) as active_hours,
    1 + cast(round((date_part('epoch', date_trunc('hour', $to)) - date_part('epoch', min(hour))) / 3600) as bigint) as all_hours
  from hours
  group by account, region
), calendar as (
  select unnest(generate_series(
    date_trunc('hour', (select min(hour) from hours)), date_trunc('hour', $to), interval '1 hour'
  )) as hour
), expected as (
  select
    spans.account,
    spans.region,
    calendar.hour,
    date_part('hour', calendar.hour) as of_day,
    case when date_part('dow', calendar.hour) in (0, 6) then 'weekend' else 'working day' end as kind_of_day
  from spans
  join calendar on calendar.hour >= spans.first_hour
), slots as (
  select account, region, of_day, kind_of_day, count(*) as slot_hours
  from expected
  group by account, region, of_day, kind_of_day
), active as (
  select account, region, of_day, kind_of_day, count(*) as active_hours
  from hours
  group by account, region, of_day, kind_of_day
), shares as (
  select slots.*, ln((slots.slot_hours + 1) / (slots.slot_hours - coalesce(active.active_hours, 0) + 1.0)) as surprise
  from slots
  left join active
    on (active.account is not distinct from slots.account) and (active.region is not distinct from slots.region)
    and active.of_day = slots.of_day and active.kind_of_day = slots.kind_of_day
), gaps as (
  select
    account,
    region,
    hour + interval '1 hour' as silent_from,
    coalesce(
      lead(hour) over (partition by account, region order by hour),
      date_trunc('hour', $to) + interval '1 hour'
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
  where gaps.silent_until - gaps.silent_from >= cast(concat(cast($least_hours as text), ' hours') as interval)
), weighed as (
  select
    long_gaps.account, long_gaps.region, long_gaps.silent_from, long_gaps.silent_until, long_gaps.silent_hours,
    long_gaps.active_hours, long_gaps.all_hours, round(sum(shares.surprise), 2) as unusual
  from long_gaps
  join expected
    on (expected.account is not distinct from long_gaps.account) and (expected.region is not distinct from long_gaps.region)
    and expected.hour >= long_gaps.silent_from and expected.hour < long_gaps.silent_until
  join shares
    on (shares.account is not distinct from expected.account) and (shares.region is not distinct from expected.region)
    and shares.of_day = expected.of_day and shares.kind_of_day = expected.kind_of_day
  group by long_gaps.account, long_gaps.region, long_gaps.silent_from, long_gaps.silent_until, long_gaps.silent_hours,
    long_gaps.active_hours, long_gaps.all_hours
), digested as (
  select
    weighed.account, weighed.region, weighed.silent_from,
    count(*) as digests,
    count(*) filter (where digests.logfile_count = 0) as empty_digests
  from weighed
  join cloudtrail_digests as digests
    on digests.awsaccountid = weighed.account
    and digests.region = weighed.region
    and digests.digestendtime > weighed.silent_from
    and digests.digeststarttime < weighed.silent_until
  group by weighed.account, weighed.region, weighed.silent_from
), files as (
  select awsaccountid, region, unnest(json_get_array(logfiles)) as file
  from cloudtrail_digests
  where logfile_count > 0
), timed as (
  select
    awsaccountid,
    region,
    json_as_text(file, 's3Object') as file_key,
    json_as_text(file, 'hashValue') as hash,
    try_cast(json_as_text(file, 'oldestEventTime') as timestamp) as oldest,
    try_cast(json_as_text(file, 'newestEventTime') as timestamp) as newest
  from files
), collected as (
  select distinct inflated_sha256 as hash from objects where inflated_sha256 is not null
), named as (
  select distinct regexp_replace(key, '^.*/', '') as name from objects
), listed as (
  select
    weighed.account, weighed.region, weighed.silent_from,
    count(*) as files_listed,
    count(*) filter (where collected.hash is null and named.name is null) as files_missing,
    min(timed.file_key) filter (where collected.hash is null and named.name is null) as a_missing_file
  from weighed
  join timed
    on timed.awsaccountid = weighed.account
    and timed.region = weighed.region
    and timed.newest >= weighed.silent_from
    and timed.oldest < weighed.silent_until
  left join collected on collected.hash = timed.hash
  left join named on named.name = regexp_replace(timed.file_key, '^.*/', '')
  group by weighed.account, weighed.region, weighed.silent_from
), judged as (
  select
    weighed.*,
    coalesce(digested.digests, 0) as digests,
    coalesce(digested.empty_digests, 0) as empty_digests,
    coalesce(listed.files_listed, 0) as files_listed,
    case when digested.digests is not null then coalesce(listed.files_missing, 0) end as files_missing,
    listed.a_missing_file
  from weighed
  left join digested
    on digested.account = weighed.account and digested.region = weighed.region and digested.silent_from = weighed.silent_from
  left join listed
    on listed.account = weighed.account and listed.region = weighed.region and listed.silent_from = weighed.silent_from
  where coalesce(listed.files_missing, 0) > 0
    or cast(weighed.active_hours as double) / weighed.all_hours >= $usual_share
), ranked as (
  select
    *,
    row_number() over (
      order by coalesce(files_missing, 0) desc, unusual desc, silent_from, account nulls first, region nulls first
    ) as nth,
    count(*) over () as of_gaps
  from judged
)
select
  account,
  region,
  silent_from,
  silent_until,
  silent_hours,
  unusual,
  files_missing,
  case
    when files_missing > 0 then 'log files of this time are listed by a digest and are not in the evidence'
    when digests = 0 then 'cannot say: no digest for this time'
    when files_listed > 0 then 'digests list files of this time: events of another hour, or lost'
    when empty_digests >= silent_hours then 'digests say that nothing was delivered'
    else 'digests cover only a part'
  end as verdict,
  active_hours,
  all_hours,
  digests,
  empty_digests,
  files_listed,
  a_missing_file,
  of_gaps
from ranked
where $top is null or nth <= $top
order by nth
