-- title: First use of services that run code
-- question: Which principals used a service that runs code (Lambda, ECS, Batch, Glue, SageMaker, CodeBuild, CloudShell, Bedrock and others) for the first time, and how new is that?
-- sources: cloudtrail
-- attack: T1648, T1610, T1059.009
-- parameter: actor text = null
-- parameter: history_days integer = 1
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: part of the user's or role's ARN; null means every actor
-- about history_days: how many days of earlier events of that actor there have to be before something is called new
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: First means first in this evidence; is_new is false where the actor's own history is shorter than history_days, which is not the same as usual.
-- trap: The use may be a mere look (List, Describe); writes counts what changed or ran something.
-- trap: Calls that a service made for the actor count as the actor's.
-- next: discovery/first_ever
-- next: execution/jobs_and_builds
-- next: persistence/lambda_changes
with services as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor,
    eventsource as service,
    min(event_time) as first_time,
    max(event_time) as last_time,
    count(*) as events,
    count(*) filter (where is_write and error_class = 'success') as writes,
    count(*) filter (where error_class = 'denied') as denied,
    array_to_string(array_slice(array_sort(array_agg(distinct eventname)), 1, 12), ', ') as actions,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(account) as account,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from cloudtrail
  where eventsource in (
    'lambda.amazonaws.com', 'ecs.amazonaws.com', 'eks.amazonaws.com', 'batch.amazonaws.com', 'glue.amazonaws.com', 'sagemaker.amazonaws.com',
    'codebuild.amazonaws.com', 'codepipeline.amazonaws.com', 'cloudshell.amazonaws.com', 'ssm.amazonaws.com', 'elasticmapreduce.amazonaws.com',
    'emr-serverless.amazonaws.com', 'apprunner.amazonaws.com', 'lightsail.amazonaws.com', 'states.amazonaws.com', 'scheduler.amazonaws.com',
    'pipes.amazonaws.com', 'amplify.amazonaws.com', 'elasticbeanstalk.amazonaws.com', 'cloudformation.amazonaws.com', 'bedrock.amazonaws.com',
    'athena.amazonaws.com', 'gamelift.amazonaws.com', 'cloud9.amazonaws.com', 'workspaces.amazonaws.com', 'appstream.amazonaws.com'
  )
  group by 1, 2
), histories as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid) as actor,
    min(event_time) as history_from
  from cloudtrail
  group by 1
), judged as (
  select
    services.*,
    histories.history_from,
    services.first_time >= histories.history_from + cast(concat(cast($history_days as text), ' days') as interval) as is_new
  from services
  join histories on histories.actor = services.actor
)
select
  actor, service, is_new, first_time, history_from,
  round((date_part('epoch', first_time) - date_part('epoch', history_from)) / 86400, 1) as days_of_history,
  events, writes, denied, actions, ips, last_time, account, evidence_object, evidence_record
from judged
where first_time between $from and $to
  and ($actor is null or strpos(actor, $actor) > 0)
order by is_new desc, first_time desc, actor, service
