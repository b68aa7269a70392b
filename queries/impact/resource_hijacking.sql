-- title: Machines started for somebody else
-- question: Who started or tried to start large or many machines, containers or models, asked for higher quotas, or used a region for it that nobody uses?
-- sources: cloudtrail
-- attack: T1496, T1535, T1578.002
-- parameter: only_suspicious boolean = true
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_suspicious: true keeps lines with a mark: kinds of machines that mining takes, many at once, a new region, a new actor, or refusals
-- about quiet_days: an actor or region is new when it was first seen with such a call later than this many days after the first event of the case
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A refused or dry attempt says as much about the intention as a start; it costs nothing, so no bill shows it.
-- trap: Kinds of machines that mining takes: graphics and training (p, g, trn, inf, dl), many cores (c, hpc, with 8xlarge and above), metal.
-- trap: Auto scaling and services that start machines for somebody appear as invoked_by.
-- trap: What runs on machines, and what was taken over instead of started, no call shows: network/names_and_flows, metrics/spikes.
-- trap: asked adds up maxCount of the requests.
-- next: billing/first_usage
-- next: defense_evasion/first_use_of_regions
-- next: discovery/quota_and_organization_probes
with calls as (
  select
    *,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as who,
    useridentity.invokedby as invoked_by,
    coalesce(
      json_as_text(requestparameters, 'instanceType'), json_as_text(requestparameters, 'InstanceType'),
      array_to_string(regexp_match(requestparameters, '"(?:instanceType|InstanceType|dBInstanceClass|masterInstanceType)"\s*:\s*"([^"]+)"'), ''),
      json_as_text(requestparameters, 'modelId'), json_as_text(requestparameters, 'quotaCode')
    ) as kind,
    coalesce(
      try_cast(array_to_string(regexp_match(requestparameters, '"maxCount"\s*:\s*"?([0-9]+)'), '') as bigint),
      try_cast(array_to_string(regexp_match(requestparameters, '"(?:targetCapacity|instanceCount|desiredCount|count|desiredCapacity|totalTargetCapacity|maxvCpus)"\s*:\s*"?([0-9]+)'), '') as bigint), 1
    ) as wanted
  from cloudtrail
  where eventname in (
      'RunInstances', 'RequestSpotInstances', 'RequestSpotFleet', 'CreateFleet', 'CreateLaunchTemplate', 'CreateAutoScalingGroup', 'UpdateAutoScalingGroup', 'SetDesiredCapacity',
      'CreateCapacityReservation', 'PurchaseReservedInstancesOffering', 'PurchaseHostReservation', 'AllocateHosts',
      'RunTask', 'CreateCluster', 'CreateService', 'CreateComputeEnvironment', 'SubmitJob', 'RunJobFlow', 'CreateNodegroup', 'CreateFargateProfile',
      'CreateNotebookInstance', 'CreateTrainingJob', 'CreateEndpointConfig', 'CreateProcessingJob', 'CreateInstances', 'CreateCodespace', 'StartBuild', 'CreateProject', 'CreateApp',
      'InvokeModel', 'InvokeModelWithResponseStream', 'Converse', 'ConverseStream', 'RequestServiceQuotaIncrease', 'CreateProvisionedModelThroughput', 'PutUseCaseForModelAccess', 'PutFoundationModelEntitlement', 'CreateFoundationModelAgreement', 'CreateGameServerGroup'
    )
), placed as (
  select
    *,
    min(event_time) over (partition by who, eventname) as actor_from,
    min(event_time) over (partition by account, region) as region_from
  from calls
), regions as (
  select value as region, first_time as region_first from first_seen where scope = 'all' and kind = 'region'
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from cloudtrail
), lines as (
  select
    date_trunc('hour', p.event_time) as hour, p.account, p.region, p.who as actor, p.eventname as action, p.kind,
    count(*) as calls,
    sum(p.wanted) as asked,
    count(*) filter (where p.error_class = 'success') as started,
    count(*) filter (where p.error_class = 'denied') as denied,
    count(*) filter (where p.error_class like 'dry_run%') as dry_runs,
    min(p.errorcode) as an_error,
    min(p.actor_from) as actor_from,
    min(r.region_first) as region_first,
    min(p.invoked_by) as invoked_by,
    min(p.useridentity.accesskeyid) as access_key,
    array_to_string(array_sort(array_agg(distinct p.sourceipaddress)), ', ') as ips,
    min(p.event_time) as first_time,
    max(p.event_time) as last_time,
    first_value(p.evidence_object order by p.event_time, p.evidence_object, p.evidence_record) as evidence_object,
    first_value(p.evidence_record order by p.event_time, p.evidence_object, p.evidence_record) as evidence_record
  from placed p
  left join regions r on r.region = p.region
  group by 1, 2, 3, 4, 5, 6
), judged as (
  select
    l.*,
    coalesce(regexp_like(l.kind, '^((p|g|trn|inf|dl|vt)[0-9]|.*[.]metal|(c|hpc|m|r)[0-9][a-z0-9-]*[.]((8|9|1[0-9]|2[0-9]|3[0-9]|4[0-9]|5[0-9]|6[0-9])xlarge))'), false) as mining_kind,
    coalesce(l.region_first >= b.quiet_until, false) as new_region,
    l.actor_from >= b.quiet_until as new_actor
  from lines l
  cross join begun b
)
select
  hour, account, region, actor, action, kind, mining_kind, new_region, new_actor, calls, asked, started, denied, dry_runs, an_error, invoked_by, access_key, ips, first_time, last_time,
  evidence_object, evidence_record
from judged
where first_time <= $to
  and last_time >= $from
  and (not $only_suspicious or mining_kind or new_region or new_actor or denied + dry_runs > 0 or asked >= 10)
order by first_time, account nulls first, region nulls first, actor nulls first, action, kind nulls first
