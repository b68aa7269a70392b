-- title: Alarms and rules turned off
-- question: Who deleted or muted alarms of CloudWatch, rules of EventBridge, log groups, filters or metric streams, and what had these alarms said before?
-- sources: cloudtrail, eventbridge_events
-- attack: T1562.008, T1562.001
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Refused calls are listed too; see error_class.
-- trap: Tools that build environments delete and make alarms all day; by_tool is the user agent.
-- trap: A threshold that was raised (PutMetricAlarm on an alarm that was there) mutes as well and is listed as changed; whether it was there before the call does not say.
-- trap: last_state is the last change of that alarm before the call that EventBridge handed on; null means that none is here, not that it was quiet.
-- next: metrics/alarm_states
-- next: defense_evasion/security_services_turned_down
-- next: config/resource_history
with calls as (
  select
    evidence_object, evidence_record, event_time, account, region, eventname as action, error_class,
    useridentity.arn as actor, useridentity.accesskeyid as access_key, useridentity.principalid as principal, sourceipaddress as ip, useragent,
    unnest(coalesce(
      json_get_array(requestparameters, 'alarmNames'),
      make_array(to_json_name)
    )) as named_json
  from (
    select
      *,
      concat('"', coalesce(
        json_as_text(requestparameters, 'alarmName'), json_as_text(requestparameters, 'rule'), json_as_text(requestparameters, 'name'),
        json_as_text(requestparameters, 'logGroupName'), json_as_text(requestparameters, 'topicArn'), json_as_text(requestparameters, 'subscriptionArn')
      ), '"') as to_json_name
    from cloudtrail
    where event_time between $from and $to
      and (
        (eventsource = 'monitoring.amazonaws.com' and eventname in (
          'DeleteAlarms', 'DisableAlarmActions', 'SetAlarmState', 'PutMetricAlarm', 'PutCompositeAlarm', 'DeleteMetricStream', 'StopMetricStreams',
          'DeleteAnomalyDetector', 'DeleteInsightRules', 'DisableInsightRules', 'DeleteAlarmMuteRule', 'PutAlarmMuteRule'))
        or (eventsource = 'events.amazonaws.com' and eventname in ('DeleteRule', 'DisableRule', 'RemoveTargets', 'DeleteEventBus', 'DeleteArchive'))
        or (eventsource = 'logs.amazonaws.com' and eventname in (
          'DeleteLogGroup', 'DeleteLogStream', 'DeleteMetricFilter', 'DeleteSubscriptionFilter', 'PutRetentionPolicy', 'DeleteDestination'))
        or (eventsource = 'sns.amazonaws.com' and eventname in ('DeleteTopic', 'Unsubscribe'))
      )
  ) chosen
), targets as (
  select *, trim(both '"' from named_json) as named from calls
), states as (
  select
    event_time, account, region, json_as_text(detail, 'alarmName') as alarm, json_as_text(detail, 'state', 'value') as state
  from eventbridge_events
  where detail_type = 'CloudWatch Alarm State Change'
), last_states as (
  select
    targets.evidence_object, targets.evidence_record, targets.named,
    last_value(states.state order by states.event_time, states.state) as last_state,
    max(states.event_time) as last_change,
    count(*) as changes_before
  from targets
  join states
    on states.alarm = targets.named and (states.account is not distinct from targets.account) and states.event_time <= targets.event_time
  group by targets.evidence_object, targets.evidence_record, targets.named
)
select
  targets.evidence_object, targets.evidence_record, targets.event_time, targets.account, targets.region, targets.action, nullif(targets.named, '') as named,
  case when targets.action like 'Put%' then 'changed' when targets.action = 'SetAlarmState' then 'state set by hand' else 'turned off' end as what,
  last_states.last_state, last_states.last_change, coalesce(last_states.changes_before, 0) as changes_before, targets.error_class, targets.actor, targets.access_key,
  targets.ip, targets.useragent as by_tool
from targets
left join last_states
  on last_states.evidence_object = targets.evidence_object and last_states.evidence_record = targets.evidence_record and last_states.named = targets.named
where $actor is null or targets.access_key = $actor or strpos(targets.actor, $actor) > 0 or strpos(targets.principal, $actor) > 0
order by what = 'changed', targets.event_time desc, targets.evidence_object, targets.evidence_record, named nulls first
