-- title: Alarms and what they said
-- question: Which alarms of CloudWatch changed their state, when, why, for how long, and which had no data?
-- sources: eventbridge_events
-- attack: T1562.008
-- parameter: alarm text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about alarm: part of the name of the alarm; null means every alarm
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only alarms whose events a rule of EventBridge handed on, or whose history was collected, are here; an alarm that never changed is not.
-- trap: INSUFFICIENT_DATA means that the metric had no points: the resource stopped, or its metric did, or the alarm is new.
-- trap: A change and its item in the history can both be here; kind says which it is.
-- trap: minutes is how long the state lasted until the next change here; null for the last one.
-- trap: That an alarm went off does not say that anybody was told: actions are switched off and on apart (defense_evasion/alarms_turned_off).
-- next: defense_evasion/alarms_turned_off
-- next: metrics/spikes
-- next: metrics/around
with changes as (
  select
    evidence_object, evidence_record, event_time, account, region, detail_type as kind,
    coalesce(json_as_text(detail, 'alarmName'), json_as_text(detail, 'AlarmName')) as alarm,
    coalesce(json_as_text(detail, 'state', 'value'), json_as_text(detail, 'HistoryItemType')) as state,
    json_as_text(detail, 'previousState', 'value') as state_before,
    coalesce(json_as_text(detail, 'state', 'reason'), json_as_text(detail, 'HistorySummary')) as reason,
    coalesce(
      json_as_text(detail, 'configuration', 'metrics', 0, 'metricStat', 'metric', 'name'),
      json_as_text(detail, 'configuration', 'metrics', 0, 'expression')
    ) as metric,
    json_get_json(detail, 'configuration', 'metrics', 0, 'metricStat', 'metric', 'dimensions') as dimensions
  from eventbridge_events
  where (detail_type like 'CloudWatch Alarm%' or detail_type = 'CloudWatch Alarm History')
), followed as (
  select *, lead(event_time) over (partition by account, region, alarm, kind order by event_time, evidence_object, evidence_record) as next_time
  from changes
)
select
  evidence_object, evidence_record, event_time, account, region, alarm, kind, state_before, state,
  round((date_part('epoch', next_time) - date_part('epoch', event_time)) / 60, 1) as minutes, reason, metric, dimensions
from followed
where event_time between $from and $to
  and ($alarm is null or strpos(lower(alarm), lower($alarm)) > 0)
order by event_time, evidence_object, evidence_record
