-- title: Deletions in bulk
-- question: Who deleted or ended many things within an hour, or deleted something for the first time, and how often was that refused?
-- sources: cloudtrail, s3_access
-- attack: T1485, T1490, T1489
-- parameter: least integer = 3
-- parameter: actor text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least: how many things must be deleted in an hour, unless the actor never deleted with that action before
-- about actor: part of the name of the actor, or an address; null means everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: DeleteObjects is one event for up to a thousand keys, and CloudTrail does not name them; the line of s3_access with BATCH.DELETE.OBJECT has each. Do not add up both logs.
-- trap: Several lines BATCH.DELETE.OBJECT of one key and instant may be the same one delivered twice, so things counts different keys.
-- trap: What a lifecycle rule deletes (S3.EXPIRE.…) has no requester and is left out; who made the rule stands in impact/objects_encrypted_or_replaced.
-- trap: A deletion in a bucket with versions is a marker only, unless a version was named.
-- trap: Refused deletions count in failed; a call that two accounts recorded is counted once.
-- next: impact/what_to_restore
-- next: impact/backups_removed
with trail as (
  select
    'cloudtrail' as log,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby, 'anonymous') as who,
    account, eventname as action, eventsource as service,
    coalesce(
      json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'stackName'), json_as_text(requestparameters, 'tableName'),
      json_as_text(requestparameters, 'name'), array_to_string(resources, ' ')
    ) as container,
    coalesce(json_as_text(requestparameters, 'key'), array_to_string(resources, ' '), json_as_text(requestparameters)) as thing,
    sourceipaddress as ip, error_class, event_time, evidence_object, evidence_record,
    row_number() over (
      partition by coalesce(sharedeventid, concat(evidence_object, ' ', cast(evidence_record as text))) order by event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventname ~ '^(Delete|BatchDelete|Terminate|Purge|Deregister|ScheduleKeyDeletion|Remove|Cancel|Release|Destroy|Drop)'
    and eventname !~ '^(DeleteMessage|DeleteItem|DeleteNetworkInterface$|RemoveTags|DeleteTags|CancelQuery|DeleteLogStream$|DeleteAlarms)'
    and useridentity.invokedby is null
), bucket as (
  select
    's3_access' as log,
    coalesce(regexp_replace(requester, '^(arn:[^:]*:sts::[0-9]*:assumed-role/[^/]+)/.*$', '\1'), 'anonymous') as who,
    account, operation as action, 's3' as service, bucket_name as container, coalesce(key_decoded, request_uri) as thing, remoteip as ip, error_class, event_time,
    evidence_object, evidence_record
  from s3_access
  where action = 'delete'
    and operation not like 'S3.%'
    and operation <> 'REST.POST.MULTI_OBJECT_DELETE'
), everything as (
  select log, who, account, action, service, container, thing, ip, error_class, event_time, evidence_object, evidence_record from trail where copy = 1
  union all
  select log, who, account, action, service, container, thing, ip, error_class, event_time, evidence_object, evidence_record from bucket
), placed as (
  select *, min(event_time) over (partition by log, who, action) as first_ever from everything
), hours as (
  select
    date_trunc('hour', event_time) as hour, log, account, who as actor, service, action,
    min(first_ever) as first_ever,
    count(*) as events,
    count(distinct thing) as things,
    count(*) filter (where error_class <> 'success') as failed,
    count(distinct container) as containers,
    min(container) as a_container,
    min(thing) as a_thing,
    array_to_string(array_sort(array_agg(distinct ip)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from placed
  group by 1, 2, 3, 4, 5, 6
)
select
  hour, log, account, actor, service, action, events, things, failed, first_ever = first_time as first_of_actor, containers, a_container, a_thing, ips, first_time, last_time,
  evidence_object, evidence_record
from hours
where (things >= $least or first_ever = first_time)
  and last_time >= $from
  and first_time <= $to
  and ($actor is null or strpos(actor, $actor) > 0 or strpos(ips, $actor) > 0)
order by hour, log, account nulls first, actor, service, action
