-- title: Events of EventBridge by kind
-- question: Which kinds of events did EventBridge hand on, from whom, how many and when?
-- sources: eventbridge_events
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only events that a rule chose and sent to where they were collected are here, so the absence of a kind says nothing.
-- trap: Who may put events can write any sender but those that begin with aws.; of others, sender is what they called themselves.
-- trap: Events whose detail another table takes (CloudTrail, GuardDuty, Security Hub, Config) stand there.
-- trap: replayed counts events that came out of an archive again.
-- next: metrics/alarm_states
-- next: defense_evasion/state_changes_without_call
select
  account,
  region,
  source as sender,
  detail_type as kind,
  count(*) as events,
  count(distinct coalesce(id, concat(evidence_object, cast(evidence_record as text)))) as ids,
  count(replay_name) as replayed,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(resources[1] order by event_time, evidence_object, evidence_record) as a_resource,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from eventbridge_events
where event_time between $from and $to
group by account, region, source, detail_type
order by account nulls first, region nulls first, sender nulls first, kind nulls first
