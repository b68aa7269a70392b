-- title: Reads of settings that hold secrets
-- question: Who read the settings of functions, containers, builds, stacks, templates or machines, in which passwords and keys often lie, and had they done so before?
-- sources: cloudtrail
-- attack: T1552.001, T1552.005, T1526
-- parameter: actor text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: What stood in the settings is in no log; Config has a part of it (config/state_at).
-- trap: GetFunction also hands out a link to the code; ListFunctions gives the environment of all functions at once, without a call for each.
-- trap: Deployment tools read these all day: one line for each principal, action and address, those first that were new after the quiet_days.
-- trap: things counts different names that were asked for, and a call without a name (lists) as none.
-- trap: Refused reads are counted in denied.
-- next: credential_access/rotation_list
-- next: credential_access/secrets_read
-- next: discovery/enumeration_bursts
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as reader,
    coalesce(
      json_as_text(requestparameters, 'functionName'), json_as_text(requestparameters, 'taskDefinition'), json_as_text(requestparameters, 'stackName'),
      json_as_text(requestparameters, 'instanceId'), json_get_json(requestparameters, 'names'), json_get_json(requestparameters, 'jobDefinitions'),
      json_as_text(requestparameters, 'DescribeLaunchTemplateVersionsRequest', 'LaunchTemplateId'), json_as_text(requestparameters, 'name'),
      json_as_text(requestparameters, 'jobName'), json_as_text(requestparameters, 'notebookInstanceName'), json_as_text(requestparameters, 'appId')
    ) as thing
  from cloudtrail
  where (
      (eventsource = 'lambda.amazonaws.com' and eventname ~ '^(GetFunction|ListFunctions|GetFunctionConfiguration|GetLayerVersion)')
      or (eventsource = 'ec2.amazonaws.com' and eventname = 'DescribeInstanceAttribute' and requestparameters ~* 'userData')
      or (eventsource = 'ec2.amazonaws.com' and eventname in ('DescribeLaunchTemplateVersions', 'GetLaunchTemplateData', 'GetConsoleOutput'))
      or (eventsource = 'autoscaling.amazonaws.com' and eventname = 'DescribeLaunchConfigurations')
      or (eventsource = 'ecs.amazonaws.com' and eventname in ('DescribeTaskDefinition', 'DescribeTasks'))
      or (eventsource = 'codebuild.amazonaws.com' and eventname in ('BatchGetProjects', 'BatchGetBuilds'))
      or (eventsource = 'batch.amazonaws.com' and eventname in ('DescribeJobDefinitions', 'DescribeJobs'))
      or (eventsource = 'cloudformation.amazonaws.com' and eventname in ('GetTemplate', 'GetStackPolicy', 'ListExports'))
      or (eventsource = 'glue.amazonaws.com' and eventname in ('GetConnection', 'GetConnections', 'GetJob', 'GetJobs'))
      or (eventsource = 'sagemaker.amazonaws.com' and eventname in ('DescribeNotebookInstanceLifecycleConfig', 'DescribeModel'))
      or (eventsource in ('amplify.amazonaws.com', 'elasticbeanstalk.amazonaws.com', 'apprunner.amazonaws.com')
        and eventname in ('GetApp', 'GetBranch', 'DescribeConfigurationSettings', 'DescribeService'))
      or (eventsource = 'ssm.amazonaws.com' and eventname in ('GetDocument', 'GetCommandInvocation'))
    )
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), folded as (
  select
    account, region, reader, eventsource as service, eventname as action, sourceipaddress as ip,
    count(*) filter (where event_time between $from and $to) as reads,
    count(*) filter (where error_class = 'denied' and event_time between $from and $to) as denied,
    count(distinct thing) filter (where event_time between $from and $to) as things,
    array_to_string(array_slice(array_sort(array_agg(distinct thing) filter (where event_time between $from and $to)), 1, 10), ', ') as a_few_things,
    array_to_string(array_sort(array_agg(distinct useridentity.accesskeyid) filter (where starts_with(useridentity.accesskeyid, 'AKIA'))), ', ') as long_keys,
    min(useragent) as a_user_agent,
    min(event_time) as first_ever,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where $actor is null
    or useridentity.accesskeyid = $actor
    or strpos(useridentity.arn, $actor) > 0
    or strpos(useridentity.principalid, $actor) > 0
  group by account, region, reader, eventsource, eventname, sourceipaddress
)
select
  folded.first_ever >= begun.quiet_until as is_new, reader, service, action, reads, denied, things, a_few_things, ip, a_user_agent, long_keys, account,
  region, first_ever, last_time, evidence_object, evidence_record
from folded
cross join begun
where reads > 0
order by is_new desc, first_ever desc, reader nulls first, service, action, ip nulls first, account nulls first, region nulls first
