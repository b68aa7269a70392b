-- title: Many things stopped or ended at once
-- question: Who stopped, scaled down, isolated or ended machines, databases, functions or stacks, several within a few minutes?
-- sources: cloudtrail
-- attack: T1489, T1529, T1499
-- parameter: minutes integer = 15
-- parameter: least integer = 1
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least: how many calls make a line
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Test machines are stopped every evening and scaling ends machines all the time: usual_calls is the median of the windows of the same actor with the same action, windows says how many there are.
-- trap: A machine that stops without a call (from within, by a failure, by AWS) is in defense_evasion/state_changes_without_call.
-- trap: Windows begin at fixed times, so a burst across an edge is cut in two.
-- trap: Refused attempts count in failed.
-- next: impact/bulk_deletions
-- next: defense_evasion/state_changes_without_call
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as who
  from cloudtrail
  where eventname in (
      'StopInstances', 'TerminateInstances', 'RebootInstances', 'StopDBInstance', 'StopDBCluster', 'DeleteDBInstance', 'DeleteDBCluster', 'RebootDBInstance', 'DeleteStack', 'DeleteStackSet',
      'DeleteStackInstances', 'StopTask', 'DeleteService', 'DeleteCluster', 'DeleteNodegroup', 'DeleteAutoScalingGroup', 'SuspendProcesses', 'DetachInstances', 'TerminateInstanceInAutoScalingGroup',
      'TerminateJobFlows', 'StopNotebookInstance', 'DeleteEndpoint', 'DeleteLoadBalancer', 'DeregisterTargets', 'DeregisterInstancesFromLoadBalancer', 'DeleteFunctionConcurrency', 'StopEnvironment',
      'TerminateEnvironment', 'TerminateWorkspaces', 'StopWorkspaces', 'StopPipelineExecution', 'DisableStageTransition', 'StopDeployment', 'StopBuild', 'CancelJob', 'TerminateJob', 'DeleteTable', 'DeleteBucket', 'DeleteDomain', 'PurgeQueue'
    )
    or eventname ~ '^(DeleteFunction|PutFunctionConcurrency)20'
    or (eventname = 'UpdateService' and requestparameters ~ '"desiredCount"\s*:\s*0')
    or (eventname in ('UpdateAutoScalingGroup', 'SetDesiredCapacity') and requestparameters ~ '"(desiredCapacity|maxSize)"\s*:\s*0')
), windows as (
  select
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    account, region, who as actor, eventname as action,
    count(*) as calls,
    count(*) filter (where error_class <> 'success') as failed,
    count(distinct array_to_string(resources, ' ')) as targets,
    min(array_to_string(resources, ' ')) as some_targets,
    min(useridentity.invokedby) as invoked_by,
    min(useridentity.accesskeyid) as access_key,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  group by 1, 2, 3, 4, 5
), usual as (
  select actor, action, cast(median(cast(calls as double)) as double) as usual_calls, count(*) as windows
  from windows
  group by actor, action
)
select
  w.window_start, w.account, w.region, w.actor, w.action, w.calls, w.failed, w.targets, w.some_targets, u.usual_calls, u.windows, w.invoked_by, w.access_key, w.ips, w.first_time,
  w.last_time, w.evidence_object, w.evidence_record
from windows w
join usual u on (u.actor is not distinct from w.actor) and u.action = w.action
where w.calls >= $least
  and w.first_time between $from and $to
order by w.window_start, w.account nulls first, w.region nulls first, w.actor nulls first, w.action
