-- title: Activity of an access key
-- question: What did this access key do, in order, and from where?
-- sources: cloudtrail, s3_access
-- attack: T1078, T1078.004
-- parameter: key text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about key: the access key id, AKIA… or ASIA…; null means every key
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: S3 access logs name the requester and not the key; only presigned URLs show a key there. What else the key's owner did in S3 is in triage/ip_activity and exfiltration/objects_read.
-- trap: A key can be named in an event without having signed it, for instance when it was created or deactivated; see the column role.
-- trap: A dry run that would have been allowed is an error in the log, but no refusal; see error_class.
-- next: triage/principal_sessions
-- next: privilege_escalation/assume_role_edges
-- next: triage/accounts_regions
with rows as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, region,
    case when $key is null or useridentity.accesskeyid = $key then 'signed' else 'named' end as role,
    coalesce($key, useridentity.accesskeyid) as access_key,
    useridentity.arn as actor, eventsource as service, eventname as action,
    sourceipaddress as ip, useragent as user_agent, error_class, errorcode as error, is_write, requestparameters as request
  from cloudtrail
  where event_time between $since and $until
    and (($key is null and useridentity.accesskeyid is not null) or array_has(keys, $key))
  union all
  select
    evidence_object, evidence_record, event_time, 's3_access' as source, account, region,
    'presigned' as role, presigned_accesskeyid as access_key,
    requester as actor, 's3.amazonaws.com' as service, operation as action,
    remoteip as ip, useragent as user_agent, error_class, errorcode as error, is_write, request_uri as request
  from s3_access
  where event_time between $since and $until
    and presigned_accesskeyid is not null
    and ($key is null or presigned_accesskeyid = $key)
)
select *
from rows
order by event_time, source, evidence_object, evidence_record
