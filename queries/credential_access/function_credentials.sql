-- title: Credentials of functions and containers used elsewhere
-- question: Were the credentials of a function, container or build used from an address or with a program that its runtime never has?
-- sources: cloudtrail
-- attack: T1552.005, T1552.007, T1078.004
-- parameter: role text = null
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about role: part of the ARN of the role; null means every role that a function, container or build took
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A role counts as one of a runtime where Lambda, ECS, EKS, CodeBuild or another service took it, where the events say in whose scope they were issued (inScopeOf), or where most of its calls name an execution environment.
-- trap: Functions outside a VPC call from any address of AWS: a new address alone says little, no_runtime (no exec-env in the user agent) more, both together most.
-- trap: The user agent is written by the caller; old SDKs and some languages send no exec-env at all.
-- trap: A role that people take as well (for tests) looks alike; read session_names.
-- trap: Credentials of EC2 instances are in credential_access/instance_credentials.
-- next: credential_access/instance_credentials
-- next: privilege_escalation/assume_role_edges
-- next: triage/ip_activity
with calls as (
  select
    *,
    useridentity.sessioncontext.sessionissuer.arn as role_arn,
    coalesce(useragent ~* '(exec-env/|aws_lambda|AWS_ECS|AWS_EKS|codebuild)', false) as names_runtime,
    coalesce(extra like '%inScopeOf%', false) as in_scope
  from cloudtrail
  where useridentity.type = 'AssumedRole'
    and useridentity.invokedby is null
    and ip_kind(sourceipaddress) <> 'none'
), taken as (
  select distinct json_as_text(requestparameters, 'roleArn') as role_arn
  from cloudtrail
  where eventname = 'AssumeRole'
    and coalesce(useridentity.invokedby, sourceipaddress) in (
      'lambda.amazonaws.com', 'ecs-tasks.amazonaws.com', 'ecs.amazonaws.com', 'codebuild.amazonaws.com', 'pods.eks.amazonaws.com', 'glue.amazonaws.com',
      'batch.amazonaws.com', 'states.amazonaws.com', 'sagemaker.amazonaws.com', 'build.apprunner.amazonaws.com', 'edgelambda.amazonaws.com')
), judged_roles as (
  select
    calls.role_arn,
    bool_or(taken.role_arn is not null) as taken_by_service,
    bool_or(calls.in_scope) as has_scope,
    avg(case when calls.names_runtime then 1.0 else 0.0 end) as runtime_share
  from calls
  left join taken on taken.role_arn = calls.role_arn
  group by calls.role_arn
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), places as (
  select
    calls.role_arn, calls.sourceipaddress as ip, calls.names_runtime, calls.account,
    min(judged_roles.runtime_share) as runtime_share,
    bool_or(judged_roles.taken_by_service) as taken_by_service,
    count(*) as events,
    count(*) filter (where calls.is_write and calls.error_class = 'success') as writes,
    count(*) filter (where calls.error_class = 'denied') as denied,
    count(distinct calls.useridentity.accesskeyid) as keys,
    array_to_string(array_slice(array_sort(array_agg(distinct split_part(calls.useridentity.principalid, ':', 2))), 1, 5), ', ') as session_names,
    min(calls.useragent) as a_user_agent,
    min(calls.event_time) as first_time,
    max(calls.event_time) as last_time,
    first_value(calls.evidence_object order by calls.event_time, calls.evidence_object, calls.evidence_record) as evidence_object,
    first_value(calls.evidence_record order by calls.event_time, calls.evidence_object, calls.evidence_record) as evidence_record
  from calls
  join judged_roles on judged_roles.role_arn = calls.role_arn
  where judged_roles.taken_by_service or judged_roles.has_scope or judged_roles.runtime_share > 0.5
  group by calls.role_arn, calls.sourceipaddress, calls.names_runtime, calls.account
)
select
  places.role_arn,
  places.ip,
  places.first_time >= begun.quiet_until as is_new,
  not places.names_runtime as no_runtime,
  round(places.runtime_share * 100, 1) as runtime_percent_of_role,
  places.taken_by_service,
  places.events,
  places.writes,
  places.denied,
  places.keys,
  places.session_names,
  places.a_user_agent,
  places.account,
  places.first_time,
  places.last_time,
  places.evidence_object,
  places.evidence_record
from places
cross join begun
where places.last_time >= $from and places.first_time <= $to
  and ($role is null or strpos(places.role_arn, $role) > 0)
order by is_new desc, no_runtime desc, places.first_time, places.role_arn, places.ip, places.account nulls first
