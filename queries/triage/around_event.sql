-- title: Around an event
-- question: What happened shortly before and after this event, by the same caller, from the same address, or to the same resource, in every log?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- attack: T1078
-- parameter: event text = null
-- parameter: minutes integer = 30
-- parameter: top integer = 200
-- parameter: quiet_days integer = 14
-- about event: the id of an event of CloudTrail; null means the first successful change from a place that was new for its principal after the quiet_days
-- about minutes: how long before and after it to look
-- about top: how many lines, the nearest in time; null means all
-- about quiet_days: how many days after the first event of the case count as quiet; asked only without an event
-- trap: Clocks and delays differ from log to log by seconds to minutes, and Config captures later than the change.
-- trap: link says what the line has in common with the event; several can hold. The same address can be many people (NAT, VPN).
-- trap: Where the log of an hour is missing nothing stands here; evidence/coverage tells.
-- trap: Resources are compared by the ids and ARNs in the records; an account's own id is none.
-- next: triage/key_activity
-- next: config/resource_history
-- next: triage/ip_activity
with known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    sourceipaddress as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), candidates as (
  select
    c.evidence_object, c.evidence_record, c.event_time, c.ips, c.actors, c.keys, c.resources,
    row_number() over (order by c.event_time, c.evidence_object, c.evidence_record) as nth
  from cloudtrail c
  left join known
    on known.place = c.sourceipaddress
    and known.issuer = coalesce(c.useridentity.sessioncontext.sessionissuer.arn, c.useridentity.arn, split_part(c.useridentity.principalid, ':', 1), '-')
  where case
      when $event is null then c.error_class = 'success' and c.is_write and known.pair_first >= known.quiet_until and ip_kind(c.sourceipaddress) <> 'none'
      else c.eventid = $event
    end
), seed as (
  select * from candidates where nth = 1
), linked as (
  select
    e.evidence_object, e.evidence_record, e.event_time, e.source, e.account, e.region, e.actor, e.action, e.target, e.ip, e.user_agent, e.error_class, e.is_write,
    seed.event_time as seed_time,
    e.evidence_object = seed.evidence_object and e.evidence_record = seed.evidence_record as is_event,
    concat_ws(', ',
      case when array_has_any(e.keys, seed.keys) then 'same key' end,
      case when array_has_any(e.actors, seed.actors) then 'same caller' end,
      case when array_has_any(e.ips, seed.ips) then 'same address' end,
      case when array_has_any(e.resources, seed.resources) then 'same resource' end
    ) as link
  from events e
  cross join seed
  where e.event_time between seed.event_time - cast(concat(cast($minutes as text), ' minutes') as interval)
    and seed.event_time + cast(concat(cast($minutes as text), ' minutes') as interval)
), ranked as (
  select
    *,
    round(date_part('epoch', event_time) - date_part('epoch', seed_time), 1) as seconds_after,
    row_number() over (
      order by abs(date_part('epoch', event_time) - date_part('epoch', seed_time)), event_time, source, evidence_object, evidence_record
    ) as rank,
    count(*) over () as of_lines
  from linked
  where link <> '' or is_event
)
select
  event_time, seconds_after, case when is_event then 'the event' else link end as link, source, account, region, actor, action, target, ip, user_agent,
  error_class, is_write, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by event_time, source, evidence_object, evidence_record
