-- title: Known callers from unknown places
-- question: Which user agents of our own tools, of AWS services or of CI came from an address, or with a principal, that never used them before?
-- sources: cloudtrail
-- attack: T1036.005, T1078.004
-- parameter: quiet_days integer = 14
-- parameter: least_before integer = 20
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about quiet_days: how many days after the first event of the case count as quiet
-- about least_before: how many calls a user agent must have made before it counts as known
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The user agent is written by the caller: who has seen one in a log can send it. Only that place and agent never met before is a fact here.
-- trap: A new office, a new build server or a new colleague with the same tool looks alike; common browsers are left out.
-- trap: claims_service is true where the agent is the name of an AWS service, though the call came from an address: services are recorded under their own name.
-- trap: known_places is how many addresses used the agent before; the fewer, the odder the new one.
-- trap: One line for each agent, principal and address.
-- next: triage/user_agents
-- next: triage/ip_activity
-- next: initial_access/keys_at_new_places
with begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), calls as (
  select
    useragent, sourceipaddress as ip, coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor,
    useridentity.accesskeyid as access_key, account, event_time, evidence_object, evidence_record, is_write, error_class, eventname
  from cloudtrail
  where useragent is not null
    and useridentity.invokedby is null
    and ip_kind(sourceipaddress) <> 'none'
), known as (
  select useragent, count(*) as calls_before, count(distinct ip) as known_places, count(distinct actor) as known_actors
  from calls
  cross join begun
  where event_time < begun.quiet_until
  group by useragent
), pairs as (
  select
    useragent, actor, ip,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as events,
    count(*) filter (where is_write and error_class = 'success') as writes,
    count(*) filter (where error_class = 'denied') as denied,
    count(distinct access_key) as keys,
    count(distinct eventname) as actions,
    min(account) as account,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by useragent, actor, ip
), places as (
  select useragent, ip, min(first_time) as first_here from pairs group by useragent, ip
), people as (
  select useragent, actor, min(first_time) as first_of_actor from pairs group by useragent, actor
)
select
  pairs.useragent as user_agent,
  pairs.actor,
  pairs.ip,
  places.first_here >= begun.quiet_until as new_place,
  people.first_of_actor >= begun.quiet_until as new_actor,
  coalesce(pairs.useragent ~ '\.amazonaws\.com$', false) as claims_service,
  coalesce(known.calls_before, 0) as calls_before,
  coalesce(known.known_places, 0) as known_places,
  coalesce(known.known_actors, 0) as known_actors,
  pairs.events,
  pairs.writes,
  pairs.denied,
  pairs.actions,
  pairs.keys,
  pairs.first_time,
  pairs.last_time,
  pairs.account,
  pairs.evidence_object,
  pairs.evidence_record
from pairs
cross join begun
join places on places.useragent = pairs.useragent and (places.ip is not distinct from pairs.ip)
join people on people.useragent = pairs.useragent and (people.actor is not distinct from pairs.actor)
left join known on known.useragent = pairs.useragent
where pairs.first_time between $from and $to
  and (
    (known.calls_before >= $least_before and ua_family(pairs.useragent) <> 'browser'
      and (places.first_here >= begun.quiet_until or people.first_of_actor >= begun.quiet_until))
    or (pairs.useragent ~ '\.amazonaws\.com$' and ua_family(pairs.useragent) = 'aws-service')
  )
order by new_place desc, known_places, pairs.first_time, user_agent, actor nulls first, ip nulls first
