-- title: What an actor did for the first time
-- question: Which calls, services, regions, addresses, networks and user agents were new for an actor, and on how much history does that rest?
-- sources: cloudtrail
-- attack: T1078.004, T1580
-- parameter: actor text = null
-- parameter: kind text = null
-- parameter: history_days integer = 1
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: the user's or role's ARN; null means every actor
-- about kind: api, service, region, ip, network or user_agent; null means all
-- values kind: api, service, region, ip, network, user_agent
-- about history_days: how many days of earlier events of that actor there have to be
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: First means first in this evidence; history_from says since when there are events of that actor.
-- trap: An actor whose history begins in the incident has nothing that is new by this rule.
-- next: triage/principal_sessions
select
  first_time, actor, kind, value, events, last_time, history_from,
  round((date_part('epoch', first_time) - date_part('epoch', history_from)) / 86400, 1) as days_of_history,
  evidence_object, evidence_record
from first_seen
where scope = 'actor'
  and ($actor is null or actor = $actor)
  and ($kind is null or kind = $kind)
  and first_time between $from and $to
  and first_time >= history_from + cast(concat(cast($history_days as text), ' days') as interval)
order by first_time, evidence_object, evidence_record, kind, value
