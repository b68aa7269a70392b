-- title: Activity outside of usual hours
-- question: Which users and roles were active at hours of the day, or on days of the week, at which they never were before?
-- sources: cloudtrail
-- attack: T1078
-- parameter: actor text = null
-- parameter: zone_hours integer = 0
-- parameter: quiet_days integer = 28
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN of the user or role; null means all
-- about zone_hours: how many hours the people's clock is ahead of UTC, only so that local_day and local_hours read well and weekends are theirs
-- about quiet_days: how many days after the first event of the case are the baseline
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The baseline is the principal's own: hours, an hour before and after them included, in which it had events in the quiet_days, on weekdays and weekends apart.
-- trap: A principal that was not there in the quiet_days has no baseline and is left out; initial_access/dormant_keys has those.
-- trap: Few events make a thin baseline: days_before says on how many days it rests.
-- trap: Machines work at all hours, so an intruder with a machine's key does not show here.
-- trap: Summer time moves a person's hours by one; calls of services are left out.
-- next: triage/principal_sessions
-- next: initial_access/keys_at_new_places
-- next: initial_access/console_logins
with calls as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor_name,
    event_time, event_time + cast(concat(cast($zone_hours as text), ' hours') as interval) as local_time,
    sourceipaddress as ip, eventname, is_write, error_class, account, evidence_object, evidence_record
  from cloudtrail
  where useridentity.invokedby is null
    and coalesce(useridentity.type, '') <> 'AWSService'
    and ip_kind(sourceipaddress) <> 'none'
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), placed as (
  select
    calls.*,
    cast(date_part('hour', local_time) as bigint) as hour,
    date_part('dow', local_time) in (0, 6) as weekend,
    event_time < begun.quiet_until as in_baseline
  from calls
  cross join begun
  where actor_name is not null
    and ($actor is null or strpos(actor_name, $actor) > 0)
), usual as (
  select distinct actor_name, weekend, unnest(make_array((hour + 23) % 24, hour, (hour + 1) % 24)) as hour
  from placed
  where in_baseline
), bases as (
  select actor_name, count(distinct date_trunc('day', local_time)) as days_before, count(*) as events_before
  from placed
  where in_baseline
  group by actor_name
), odd as (
  select placed.*, bases.days_before, bases.events_before
  from placed
  join bases on bases.actor_name = placed.actor_name
  left join usual on usual.actor_name = placed.actor_name and usual.weekend = placed.weekend and usual.hour = placed.hour
  where not placed.in_baseline
    and usual.hour is null
    and placed.event_time between $from and $to
)
select
  actor_name as actor,
  date_trunc('day', local_time) as local_day,
  weekend,
  array_to_string(array_sort(array_agg(distinct lpad(cast(hour as text), 2, '0'))), ', ') as local_hours,
  count(*) as events,
  count(*) filter (where is_write and error_class = 'success') as writes,
  count(*) filter (where error_class = 'denied') as denied,
  array_to_string(array_slice(array_sort(array_agg(distinct eventname)), 1, 12), ', ') as a_few_actions,
  array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
  min(days_before) as days_before,
  min(events_before) as events_before,
  min(account) as account,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from odd
group by actor_name, date_trunc('day', local_time), weekend
order by denied desc, writes desc, first_time, actor, weekend
