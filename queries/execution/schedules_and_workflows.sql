-- title: Rules, schedules and workflows
-- question: Who made or changed rules, schedules, pipes or state machines that run something by themselves, and what do they call?
-- sources: cloudtrail
-- attack: T1053, T1546, T1648
-- parameter: name text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about name: part of the name of the rule, schedule, pipe or state machine; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: PutRule alone calls nothing; its targets come with PutTargets, which can be sent at any time, also to a rule that was there long ago.
-- trap: outside is true where a target lies in an account other than the one that recorded the call; whether that is the organisation's own, the evidence does not say.
-- trap: What a state machine or schedule does is written in its definition or input, which are hidden or cut in some logs.
-- trap: Deployment tools make rules all day; the newest stand last.
-- next: persistence/lambda_changes
-- next: privilege_escalation/passed_roles
-- next: defense_evasion/alarms_turned_off
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'rule'), json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'stateMachineArn'),
      json_as_text(requestparameters, 'eventBusName'), json_as_text(requestparameters, 'functionName'), json_as_text(requestparameters, 'bucketName')
    ) as named,
    coalesce(
      json_get_json(requestparameters, 'targets'), json_get_json(requestparameters, 'target', 'arn'), json_get_json(requestparameters, 'target'),
      json_get_json(requestparameters, 'eventSourceArn'), json_get_json(requestparameters, 'notificationConfiguration')
    ) as targets,
    coalesce(json_as_text(requestparameters, 'scheduleExpression'), json_as_text(requestparameters, 'eventPattern')) as when_it_runs,
    coalesce(json_as_text(requestparameters, 'roleArn'), json_as_text(requestparameters, 'target', 'roleArn')) as role
  from cloudtrail
  where (
      (eventsource = 'events.amazonaws.com' and eventname in (
        'PutRule', 'PutTargets', 'EnableRule', 'PutPermission', 'CreateEventBus', 'CreateApiDestination', 'UpdateApiDestination', 'CreateConnection'))
      or (eventsource = 'scheduler.amazonaws.com' and eventname in ('CreateSchedule', 'UpdateSchedule'))
      or (eventsource = 'pipes.amazonaws.com' and eventname in ('CreatePipe', 'UpdatePipe', 'StartPipe'))
      or (eventsource = 'states.amazonaws.com' and eventname in ('CreateStateMachine', 'UpdateStateMachine', 'StartExecution', 'CreateActivity'))
      or (eventsource = 'autoscaling.amazonaws.com' and eventname in ('PutScheduledUpdateGroupAction', 'PutLifecycleHook'))
      or (eventsource = 's3.amazonaws.com' and eventname = 'PutBucketNotification')
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  named,
  when_it_runs,
  targets,
  role,
  coalesce(replace(targets, coalesce(account, '-'), '') ~ ':[0-9]{12}:', false) as outside,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from calls
where $name is null or strpos(named, $name) > 0
order by event_time, evidence_object, evidence_record
