-- title: Anonymous access to buckets
-- question: Which buckets and objects were asked for without credentials, from where, and with what success?
-- sources: s3_access, cloudtrail
-- attack: T1530, T1619
-- parameter: bucket text = null
-- parameter: only_success boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the name of the bucket; null means all buckets
-- about only_success: true leaves refused requests out
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A line without a requester and without an address is S3's own doing (lifecycle, for instance) and not anonymous.
-- trap: In CloudTrail an anonymous caller has the type AWSAccount and the account or principal ANONYMOUS_PRINCIPAL, and shows only where data events were switched on.
-- trap: One request can stand in both logs; the request id tells, and it is counted once here, with both logs named.
-- trap: S3 access logs are delivered on best effort: a request that is missing may still have happened.
-- next: exfiltration/objects_read
-- next: config/public_bucket_policies
-- next: triage/ip_activity
with logged as (
  select
    evidence_object, evidence_record, event_time, account, region, bucket_name as bucket, key_decoded as object_key,
    operation as action, remoteip as ip, useragent as user_agent, error_class, bytessent as bytes, requestid as request_id
  from s3_access
  where requester is null
    and remoteip is not null
    and event_time between $from and $to
), trailed as (
  select
    evidence_object, evidence_record, event_time, account, region,
    json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'key') as object_key,
    eventname as action, sourceipaddress as ip, useragent as user_agent, error_class,
    cast(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double) as bigint) as bytes,
    requestid as request_id
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and (
      useridentity.accountid in ('ANONYMOUS_PRINCIPAL', 'anonymous')
      or useridentity.principalid in ('ANONYMOUS_PRINCIPAL', 'anonymous')
    )
    and event_time between $from and $to
), logged_ids as (
  select distinct bucket, request_id from logged
), trailed_ids as (
  select distinct bucket, request_id from trailed
), both_logs as (
  select
    logged.*, 's3_access' as source,
    case when trailed_ids.request_id is not null then 'both' else 's3_access only' end as seen_by
  from logged
  left join trailed_ids on trailed_ids.request_id = logged.request_id and trailed_ids.bucket = logged.bucket
  union all
  select trailed.*, 'cloudtrail' as source, 'cloudtrail only' as seen_by
  from trailed
  left join logged_ids on logged_ids.request_id = trailed.request_id and logged_ids.bucket = trailed.bucket
  where logged_ids.request_id is null
)
select
  evidence_object, evidence_record, event_time, source, seen_by, account, region, bucket, object_key, action, ip,
  user_agent, error_class, bytes, request_id
from both_logs
where ($bucket is null or bucket = $bucket)
  and ($only_success = false or error_class = 'success')
order by event_time, source, evidence_object, evidence_record
