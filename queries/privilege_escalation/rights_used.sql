-- title: Rights that were used
-- question: Which actions did each user and role use, since when, how often, and which of them only since the quiet days ended?
-- sources: cloudtrail
-- attack: T1078.004
-- parameter: actor text = null
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the ARN or unique id of the user or role; null means all
-- about top: how many lines where no actor is given, the newest and rarest first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Used is not granted: what a principal may do besides stands in privilege_escalation/policies_at, and only in part.
-- trap: Data events (objects, items, invocations) stand here only where they were switched on, so a right can have been used without a line.
-- trap: Without an actor only as many lines are shown as top says, writes that were new after the quiet_days first; of_lines tells how many there are.
-- trap: A call of a service in the principal's name uses its rights as well; by_services counts these.
-- trap: Refused actions are counted in denied and were not used.
-- next: privilege_escalation/policies_at
-- next: triage/failed_actions
-- next: discovery/first_ever
with begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), used as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1)) as actor,
    eventsource as service,
    regexp_replace(eventname, '20[0-9]{2}_?[0-9]{2}_?[0-9]{2}(v[0-9]+)?$', '') as action,
    bool_or(coalesce(is_write, true)) as is_write,
    count(*) filter (where error_class = 'success' and event_time between $from and $to) as used,
    count(*) filter (where error_class = 'denied' and event_time between $from and $to) as denied,
    count(*) filter (where useridentity.invokedby is not null and event_time between $from and $to) as by_services,
    count(distinct awsregion) as regions,
    min(event_time) filter (where error_class = 'success') as first_used,
    max(event_time) filter (where error_class = 'success') as last_used,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where error_class = 'success') as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where error_class = 'success') as evidence_record
  from cloudtrail
  where eventname is not null
  group by 1, 2, 3
), ranked as (
  select
    used.*,
    first_used >= begun.quiet_until as is_new,
    row_number() over (
      order by first_used >= begun.quiet_until desc, used.is_write desc, used.used, used.first_used, used.actor nulls first, used.service nulls first, used.action
    ) as rank,
    count(*) over () as of_lines
  from used
  cross join begun
  where used.used > 0
    and ($actor is null or strpos(used.actor, $actor) > 0)
)
select
  actor, service, action, is_write, is_new, used, denied, by_services, regions, first_used, last_used, evidence_object, evidence_record, of_lines
from ranked
where $actor is not null or $top is null or rank <= $top
order by rank
