-- title: User data set or changed
-- question: Who set or changed the script that a machine runs at its start, and was the machine stopped and started around it?
-- sources: cloudtrail
-- attack: T1059, T1578
-- parameter: minutes integer = 60
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: how long before a stop, and after a start, may lie
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The script itself is not in the log (<sensitiveDataRemoved>), and Config does not keep it either; it has to be read from the instance or the template.
-- trap: User data runs at the first start only, unless the script says otherwise; ModifyInstanceAttribute needs the instance to be stopped.
-- trap: Templates do nothing until an instance or a scaling group uses that version.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: execution/ssm_commands
-- next: defense_evasion/state_changes_without_call
-- next: triage/key_activity
with calls as (
  select
    *,
    case when eventname = 'RunInstances' then json_as_text(responseelements, 'instancesSet', 'items', 0, 'instanceId')
      else coalesce(
        json_as_text(requestparameters, 'instanceId'), json_as_text(requestparameters, 'CreateLaunchTemplateVersionRequest', 'LaunchTemplateId'),
        json_as_text(requestparameters, 'CreateLaunchTemplateRequest', 'LaunchTemplateName'),
        json_as_text(requestparameters, 'ModifyLaunchTemplateRequest', 'LaunchTemplateId'), json_as_text(requestparameters, 'launchConfigurationName')
      ) end as target
  from cloudtrail
  where (
      (eventsource = 'ec2.amazonaws.com' and eventname in (
        'RunInstances', 'ModifyInstanceAttribute', 'CreateLaunchTemplate', 'CreateLaunchTemplateVersion', 'RequestSpotInstances', 'RequestSpotFleet'))
      or (eventsource = 'autoscaling.amazonaws.com' and eventname = 'CreateLaunchConfiguration')
    )
    and requestparameters ~* '"user_?data"'
    and event_time between $from and $to
), starts as (
  select event_time, account, eventname, unnest(resources) as machine
  from cloudtrail
  where eventsource = 'ec2.amazonaws.com'
    and eventname in ('StopInstances', 'StartInstances')
    and error_class = 'success'
), around as (
  select
    calls.evidence_object, calls.evidence_record,
    max(starts.event_time) filter (where starts.eventname = 'StopInstances' and starts.event_time <= calls.event_time) as stopped_at,
    min(starts.event_time) filter (where starts.eventname = 'StartInstances' and starts.event_time >= calls.event_time) as started_at
  from calls
  join starts
    on starts.machine = calls.target and (starts.account is not distinct from calls.account)
    and starts.event_time >= calls.event_time - cast(concat(cast($minutes as text), ' minutes') as interval)
    and starts.event_time <= calls.event_time + cast(concat(cast($minutes as text), ' minutes') as interval)
  group by calls.evidence_object, calls.evidence_record
)
select
  calls.evidence_object,
  calls.evidence_record,
  calls.event_time,
  calls.account,
  calls.region,
  calls.eventname as action,
  calls.target,
  around.stopped_at,
  around.started_at,
  coalesce(around.stopped_at is not null and around.started_at is not null, false) as stop_change_start,
  calls.useridentity.arn as actor,
  calls.useridentity.accesskeyid as access_key,
  calls.useridentity.invokedby as invoked_by,
  calls.sourceipaddress as ip,
  calls.useragent as user_agent,
  calls.error_class
from calls
left join around on around.evidence_object = calls.evidence_object and around.evidence_record = calls.evidence_record
order by stop_change_start desc, calls.event_time, calls.evidence_object, calls.evidence_record
