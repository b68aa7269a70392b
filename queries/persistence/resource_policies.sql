-- title: Policies of resources that let others in
-- question: Which policies, permissions, grants and access lists of resources (buckets, functions, queues, topics, keys, secrets, images, tables) were set, and do they let in everybody or another account?
-- sources: cloudtrail
-- attack: T1098, T1537, T1546
-- parameter: only_outside boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_outside: false lists policies that let in nobody from outside, too, and those that were removed
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A call sets the whole policy: what it let in before, only an earlier call or Config tells.
-- trap: A statement for everybody can be held back by conditions; read the column conditions, and the block of public access.
-- trap: Accounts of the same organisation count as outside; accounts_named lists them.
-- trap: Policies that the log cut or hid are listed with outside null.
-- trap: A grant of KMS gives rights that no policy shows.
-- trap: Roles' trust policies are in persistence/trust_policy_changes, sharing of snapshots and images in exfiltration/shared_copies.
-- next: config/exposure_intervals
-- next: exfiltration/buckets_opened
-- next: triage/key_activity
with calls as (
  select
    *,
    coalesce(
      json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'functionName'), json_as_text(requestparameters, 'layerName'),
      json_as_text(requestparameters, 'queueUrl'), json_as_text(requestparameters, 'topicArn'), json_as_text(requestparameters, 'keyId'),
      json_as_text(requestparameters, 'secretId'), json_as_text(requestparameters, 'repositoryName'), json_as_text(requestparameters, 'resourceArn'),
      json_as_text(requestparameters, 'resourceARN'), json_as_text(requestparameters, 'domainName'), json_as_text(requestparameters, 'vaultName'),
      json_as_text(requestparameters, 'backupVaultName'), json_as_text(requestparameters, 'eventBusName'), json_as_text(requestparameters, 'name')
    ) as resource,
    coalesce(
      json_as_text(requestparameters, 'bucketPolicy'), nullif(json_as_text(requestparameters, 'policy'), ''), json_as_text(requestparameters, 'resourcePolicy'),
      json_as_text(requestparameters, 'policyText'), json_as_text(requestparameters, 'attributes', 'Policy'),
      json_as_text(requestparameters, 'policyInJson'), json_as_text(requestparameters, 'policyDocument'), json_as_text(requestparameters, 'accessPolicies'),
      case when json_as_text(requestparameters, 'attributeName') = 'Policy' then json_as_text(requestparameters, 'attributeValue') end
    ) as document,
    coalesce(
      json_as_text(requestparameters, 'principal'), json_as_text(requestparameters, 'granteePrincipal'),
      json_get_json(requestparameters, 'accountIds'), json_get_json(requestparameters, 'aWSAccountIds'), json_get_json(requestparameters, 'AWSAccountId'),
      json_get_json(requestparameters, 'AccessControlPolicy', 'AccessControlList'), json_get_json(requestparameters, 'x-amz-acl')
    ) as given_plainly
  from cloudtrail
  where coalesce(is_write, true)
    and event_time between $from and $to
    and (
      (eventsource = 's3.amazonaws.com' and eventname in (
        'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutAccessPointPolicy', 'PutMultiRegionAccessPointPolicy'))
      or (eventsource = 'lambda.amazonaws.com' and eventname ~ '^(AddPermission|RemovePermission|AddLayerVersionPermission|PutResourcePolicy)')
      or (eventsource = 'sqs.amazonaws.com' and eventname in ('SetQueueAttributes', 'AddPermission', 'CreateQueue'))
      or (eventsource = 'sns.amazonaws.com' and eventname in ('SetTopicAttributes', 'AddPermission', 'CreateTopic'))
      or (eventsource = 'kms.amazonaws.com' and eventname in ('PutKeyPolicy', 'CreateGrant', 'CreateKey'))
      or (eventsource = 'ecr.amazonaws.com' and eventname in ('SetRepositoryPolicy', 'PutRegistryPolicy'))
      or eventname in ('PutResourcePolicy', 'DeleteResourcePolicy', 'PutVaultAccessPolicy', 'SetVaultAccessPolicy', 'PutBackupVaultAccessPolicy')
      or (eventsource = 'events.amazonaws.com' and eventname = 'PutPermission')
      or (eventsource = 'es.amazonaws.com' and eventname ~ '^(Update|Create)(Elasticsearch)?Domain')
    )
), listed as (
  select
    *,
    case
      when starts_with(trim(json_get_json(document, 'Statement')), '[') then json_get_json(document, 'Statement')
      when json_get_json(document, 'Statement') is not null then concat('[', json_get_json(document, 'Statement'), ']')
      else '[{}]'
    end as statements
  from calls
  where eventname not in ('CreateQueue', 'CreateTopic', 'SetQueueAttributes', 'SetTopicAttributes', 'CreateKey')
    or document is not null
), split as (
  select *, unnest(json_get_array(statements)) as statement
  from listed
), judged as (
  select
    *,
    coalesce(json_get_json(statement, 'Principal'), given_plainly) as principals,
    json_get_json(statement, 'Action') as actions,
    coalesce(json_get_json(statement, 'Condition'), json_as_text(requestparameters, 'sourceArn'), json_as_text(requestparameters, 'principalOrgID')) as conditions,
    coalesce(json_as_text(statement, 'Effect'), case when given_plainly is not null then 'Allow' end) as effect
  from split
), weighed as (
  select
    *,
    case
      when starts_with(eventname, 'Delete') or starts_with(eventname, 'Remove') then false
      when effect is distinct from 'Allow' then case when effect = 'Deny' then false end
      when principals is null then null
      else principals ~ '(^|")\*("|$)' or principals ~ '(AllUsers|AuthenticatedUsers|public-read)'
        or replace(principals, coalesce(account, '-'), '') ~ '(^|[^0-9])[0-9]{12}([^0-9]|$)'
    end as outside
  from judged
)
select distinct
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  resource,
  outside,
  effect,
  principals,
  coalesce(actions, json_get_json(requestparameters, 'action'), json_get_json(requestparameters, 'operations')) as actions,
  conditions,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  useridentity.invokedby as invoked_by,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class
from weighed
where $only_outside = false or coalesce(outside, true)
order by event_time, evidence_object, evidence_record, principals nulls first, effect nulls first, actions nulls first, conditions nulls first
