-- title: Instances that changed state without a call
-- question: Which instances started, stopped or ended, and is there a call in CloudTrail that did it?
-- sources: eventbridge_events, cloudtrail
-- attack: T1578.002, T1578.003, T1562.008
-- parameter: minutes integer = 15
-- parameter: show_all boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: how long before the change the call may have been made
-- about show_all: true lists the changes with a call, too
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: An instance can stop without any call: shutdown inside of it, a spot interruption, a failed machine, Auto Scaling. verdict says only that no call that names the instance was found.
-- trap: log_silent is true where CloudTrail has no event at all of that account and region in the hour: the call may stand in a log that is missing. That is "cannot say".
-- trap: The call that made an instance names it in its answer only.
-- trap: States on the way (pending, stopping, shutting-down) follow the same call as the states they lead to.
-- next: config/calls_without_change
-- next: defense_evasion/silent_hours
-- next: config/resource_history
with changes as (
  select
    evidence_object, evidence_record, event_time, account, region, json_as_text(detail, 'instance-id') as instance, json_as_text(detail, 'state') as state
  from eventbridge_events
  where detail_type = 'EC2 Instance State-change Notification'
    and event_time between $from and $to
), called as (
  select
    evidence_object, evidence_record, event_time, account, region, eventname, useridentity.arn as actor, sourceipaddress, resources
  from cloudtrail
  where eventsource = 'ec2.amazonaws.com'
    and eventname in ('RunInstances', 'StartInstances', 'StopInstances', 'TerminateInstances', 'RebootInstances', 'CreateFleet', 'BidEvictedEvent')
    and error_class = 'success'
), calls as (
  select evidence_object, evidence_record, event_time, account, region, eventname, actor, sourceipaddress, unnest(resources) as resource
  from called
), matched as (
  select
    changes.evidence_object, changes.evidence_record,
    count(*) as calls,
    last_value(calls.eventname order by calls.event_time, calls.evidence_object, calls.evidence_record) as call,
    last_value(calls.actor order by calls.event_time, calls.evidence_object, calls.evidence_record) as actor,
    last_value(calls.sourceipaddress order by calls.event_time, calls.evidence_object, calls.evidence_record) as ip,
    last_value(calls.event_time order by calls.event_time, calls.evidence_object, calls.evidence_record) as call_time,
    last_value(calls.evidence_object order by calls.event_time, calls.evidence_object, calls.evidence_record) as call_object,
    last_value(calls.evidence_record order by calls.event_time, calls.evidence_object, calls.evidence_record) as call_record
  from changes
  join calls
    on calls.resource = changes.instance
    and calls.event_time <= changes.event_time + interval '1 minute'
    and calls.event_time >= changes.event_time - cast(concat(cast($minutes as text), ' minutes') as interval)
    and (
      (calls.eventname in ('RunInstances', 'StartInstances', 'CreateFleet') and changes.state in ('pending', 'running'))
      or (calls.eventname = 'StopInstances' and changes.state in ('stopping', 'stopped'))
      or (calls.eventname in ('TerminateInstances', 'BidEvictedEvent') and changes.state in ('shutting-down', 'terminated', 'stopping', 'stopped'))
    )
  group by changes.evidence_object, changes.evidence_record
)
select
  changes.evidence_object, changes.evidence_record, changes.event_time, changes.account, changes.region, changes.instance, changes.state,
  case
    when matched.calls is not null then 'a call did it'
    when hours.hour is null then 'cannot say: no CloudTrail of that hour'
    else 'no call found'
  end as verdict,
  hours.hour is null as log_silent,
  matched.call, matched.call_time, matched.actor, matched.ip, matched.call_object, matched.call_record
from changes
left join matched on matched.evidence_object = changes.evidence_object and matched.evidence_record = changes.evidence_record
left join coverage hours
  on hours.source = 'cloudtrail' and hours.account = changes.account and hours.region = changes.region
  and hours.hour = date_trunc('hour', changes.event_time)
where $show_all or matched.calls is null
order by changes.event_time, changes.evidence_object, changes.evidence_record
