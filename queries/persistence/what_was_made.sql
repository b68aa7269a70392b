-- title: What was made, and what became of it
-- question: What did an actor make (users, keys, roles, machines, snapshots, functions, rules and the like), and was it deleted again or is it still there at the end of the logs?
-- sources: cloudtrail, config_items
-- attack: T1136.003, T1578, T1070
-- parameter: actor text = null
-- parameter: fate text = null
-- parameter: quick_hours integer = 24
-- parameter: top integer = 50
-- parameter: quiet_days integer = 14
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about actor: an access key id, or part of the actor's ARN or unique id; null means everybody
-- about fate: left, deleted, or deleted soon (within quick_hours); null means all
-- values fate: left, deleted, deleted soon
-- about quick_hours: how many hours of life count as soon
-- about top: how many lines where no actor is given, the most unusual first; null means all
-- about quiet_days: how many days after the first event of the case count as quiet
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without an actor only as many lines are shown as top says, things made from places that were new after the quiet_days first and rare kinds next; of_lines tells how many there are.
-- trap: Left means that no deletion stands in the collected logs; the call can stand in hours that are missing, so see in_config, the last state that AWS Config has of it.
-- trap: The commonest kinds are read, others are missed; changes of things that were there before (policies, code, groups) are no makings and not here.
-- trap: What CloudFormation or Auto Scaling made for the actor carries their name, and is deleted with the stack without a call of the actor's.
-- trap: A name can be made again after it was deleted; the first deletion after the making counts.
-- next: config/resource_history
-- next: exfiltration/shared_copies
-- next: triage/successful_writes
with calls as (
  select
    *,
    case
      when eventname in ('CreateUser', 'DeleteUser') and eventsource = 'iam.amazonaws.com' then 'user'
      when eventname in ('CreateAccessKey', 'DeleteAccessKey') then 'access key'
      when eventname in ('CreateLoginProfile', 'DeleteLoginProfile') then 'password'
      when eventname in ('CreateRole', 'DeleteRole') then 'role'
      when eventname in ('CreatePolicy', 'DeletePolicy') and eventsource = 'iam.amazonaws.com' then 'policy'
      when eventname in ('RunInstances', 'TerminateInstances') then 'instance'
      when eventname in ('CreateSnapshot', 'CopySnapshot', 'DeleteSnapshot') and eventsource = 'ec2.amazonaws.com' then 'snapshot'
      when eventname in ('CreateVolume', 'DeleteVolume') then 'volume'
      when eventname in ('CreateImage', 'CopyImage', 'RegisterImage', 'DeregisterImage') then 'image'
      when eventname in ('CreateSecurityGroup', 'DeleteSecurityGroup') then 'security group'
      when eventname in ('CreateKeyPair', 'ImportKeyPair', 'DeleteKeyPair') then 'key pair'
      when eventname in ('CreateLaunchTemplate', 'DeleteLaunchTemplate') then 'launch template'
      when eventname in ('AllocateAddress', 'ReleaseAddress') then 'address'
      when eventname ~ '^(Create|Delete)Function[0-9]*(v[0-9])?$' then 'function'
      when eventname in ('CreateFunctionUrlConfig', 'DeleteFunctionUrlConfig') then 'function url'
      when eventname in ('CreateBucket', 'DeleteBucket') then 'bucket'
      when eventname in ('CreateStack', 'DeleteStack') then 'stack'
      when eventname in ('PutRule', 'DeleteRule') and eventsource = 'events.amazonaws.com' then 'rule'
      when eventname in ('CreateSchedule', 'DeleteSchedule') then 'schedule'
      when eventname in ('CreateTopic', 'DeleteTopic') then 'topic'
      when eventname in ('CreateQueue', 'DeleteQueue') then 'queue'
      when eventname in ('CreateStateMachine', 'DeleteStateMachine') then 'state machine'
      when eventname in ('CreateDBInstance', 'RestoreDBInstanceFromDBSnapshot', 'RestoreDBInstanceToPointInTime', 'DeleteDBInstance') then 'database'
      when eventname in ('CreateDBSnapshot', 'CopyDBSnapshot', 'DeleteDBSnapshot') then 'database snapshot'
      when eventname in ('CreateSAMLProvider', 'DeleteSAMLProvider', 'CreateOpenIDConnectProvider', 'DeleteOpenIDConnectProvider') then 'identity provider'
      when eventname in ('CreateTrustAnchor', 'DeleteTrustAnchor') then 'trust anchor'
      when eventname in ('CreateSecret', 'DeleteSecret') then 'secret'
    end as kind
  from cloudtrail
  where error_class = 'success'
    and eventname ~ '^(Create|Delete|Run|Terminate|Copy|Register|Deregister|Import|Allocate|Release|Put|Restore)'
), named as (
  select
    *,
    eventname !~ '^(Delete|Terminate|Deregister|Release)' as is_making,
    case
      when kind = 'user' or kind = 'password' then make_array(json_as_text(requestparameters, 'userName'))
      when kind = 'access key' then make_array(coalesce(json_as_text(responseelements, 'accessKey', 'accessKeyId'), json_as_text(requestparameters, 'accessKeyId')))
      when kind = 'role' then make_array(json_as_text(requestparameters, 'roleName'))
      when kind = 'policy' then make_array(coalesce(json_as_text(responseelements, 'policy', 'arn'), json_as_text(requestparameters, 'policyArn')))
      when kind = 'instance' then array_concat(
        coalesce(json_get_array(json_get_json(responseelements, 'instancesSet', 'items')), make_array('{}')), make_array('{}'))
      when kind = 'snapshot' then make_array(coalesce(json_as_text(responseelements, 'snapshotId'), json_as_text(requestparameters, 'snapshotId')))
      when kind = 'volume' then make_array(coalesce(json_as_text(responseelements, 'volumeId'), json_as_text(requestparameters, 'volumeId')))
      when kind = 'image' then make_array(coalesce(json_as_text(responseelements, 'imageId'), json_as_text(requestparameters, 'imageId')))
      when kind = 'security group' then make_array(coalesce(json_as_text(responseelements, 'groupId'), json_as_text(requestparameters, 'groupId')))
      when kind = 'launch template' then make_array(coalesce(
        json_as_text(responseelements, 'CreateLaunchTemplateResponse', 'launchTemplate', 'launchTemplateId'),
        json_as_text(requestparameters, 'DeleteLaunchTemplateRequest', 'LaunchTemplateId')))
      when kind = 'address' then make_array(coalesce(json_as_text(responseelements, 'allocationId'), json_as_text(requestparameters, 'allocationId')))
      when kind = 'topic' then make_array(coalesce(json_as_text(responseelements, 'topicArn'), json_as_text(requestparameters, 'topicArn')))
      when kind = 'queue' then make_array(coalesce(json_as_text(responseelements, 'queueUrl'), json_as_text(requestparameters, 'queueUrl')))
      when kind = 'state machine' then make_array(coalesce(json_as_text(responseelements, 'stateMachineArn'), json_as_text(requestparameters, 'stateMachineArn')))
      when kind = 'identity provider' then make_array(coalesce(
        json_as_text(responseelements, 'sAMLProviderArn'), json_as_text(responseelements, 'openIDConnectProviderArn'),
        json_as_text(requestparameters, 'sAMLProviderArn'), json_as_text(requestparameters, 'openIDConnectProviderArn')))
      when kind = 'trust anchor' then make_array(coalesce(
        json_as_text(responseelements, 'trustAnchor', 'trustAnchorId'), json_as_text(requestparameters, 'trustAnchorId')))
      else make_array(coalesce(
        json_as_text(requestparameters, 'functionName'), json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'stackName'),
        json_as_text(requestparameters, 'keyName'), json_as_text(requestparameters, 'targetDBSnapshotIdentifier'),
        json_as_text(requestparameters, 'dBSnapshotIdentifier'), json_as_text(requestparameters, 'dBInstanceIdentifier'),
        json_as_text(requestparameters, 'secretId'), json_as_text(requestparameters, 'name')))
    end as ids
  from calls
  where kind is not null
), things as (
  select *, unnest(ids) as id_or_json from named
), told as (
  select
    evidence_object, evidence_record, event_time, account, region, kind, is_making, eventname, useridentity, sourceipaddress, useragent,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    case
      when kind = 'instance' then json_as_text(id_or_json, 'instanceId')
      else id_or_json
    end as id
  from things
), ended as (
  select
    evidence_object, evidence_record, event_time, account, region, kind, is_making, eventname, useridentity, sourceipaddress, useragent, issuer, id,
    first_value(case when not is_making then event_time end) ignore nulls over later as deleted_at,
    first_value(case when not is_making then useridentity.arn end) ignore nulls over later as deleted_by,
    count(*) filter (where is_making) over (partition by issuer, kind) as times
  from told
  where id is not null
  window later as (
    partition by account, region, kind, id order by event_time, evidence_object, evidence_record rows between 1 following and unbounded following
  )
), known as (
  select
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, split_part(useridentity.principalid, ':', 1), '-') as issuer,
    sourceipaddress as place,
    min(event_time) as pair_first,
    (select min(event_time) from cloudtrail) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from cloudtrail
  group by 1, 2
), captured as (
  select
    awsaccountid, coalesce(resourceid, '') as id, resourcename, state,
    row_number() over (partition by awsaccountid, resourcetype, resourceid order by valid_from desc, evidence_object, evidence_record) as nth
  from config_states
), last_states as (
  select awsaccountid, id, min(state) as state
  from (
    select awsaccountid, id, state from captured where nth = 1
    union
    select awsaccountid, resourcename as id, state from captured where nth = 1 and resourcename is not null
  ) both_names
  group by awsaccountid, id
), judged as (
  select
    ended.*,
    coalesce(known.pair_first >= known.quiet_until, true) as is_new,
    case
      when deleted_at is null then 'left'
      when deleted_at <= event_time + cast(concat(cast($quick_hours as text), ' hours') as interval) then 'deleted soon'
      else 'deleted'
    end as fate
  from ended
  left join known on known.issuer = ended.issuer and known.place = ended.sourceipaddress
  where is_making
    and event_time between $from and $to
    and (
      $actor is null
      or useridentity.accesskeyid = $actor
      or strpos(useridentity.arn, $actor) > 0
      or strpos(useridentity.principalid, $actor) > 0
    )
), ranked as (
  select
    *,
    row_number() over (order by is_new desc, times, event_time, evidence_object, evidence_record, id) as rank,
    count(*) over () as of_lines
  from judged
  where $fate is null or fate = $fate
)
select
  ranked.evidence_object,
  ranked.evidence_record,
  ranked.event_time,
  ranked.account,
  ranked.region,
  ranked.kind,
  ranked.id,
  ranked.fate,
  ranked.deleted_at,
  ranked.deleted_by,
  case when ranked.kind not in ('password', 'function url') then last_states.state end as in_config,
  ranked.is_new,
  ranked.times,
  ranked.eventname as action,
  ranked.useridentity.arn as actor,
  ranked.useridentity.accesskeyid as access_key,
  ranked.useridentity.invokedby as invoked_by,
  ranked.sourceipaddress as ip,
  ranked.useragent as user_agent,
  ranked.of_lines
from ranked
left join last_states on last_states.awsaccountid = ranked.account and last_states.id = ranked.id
where $actor is not null or $top is null or ranked.rank <= $top
order by case when $actor is null then ranked.rank end, ranked.event_time, ranked.evidence_object, ranked.evidence_record, ranked.id
