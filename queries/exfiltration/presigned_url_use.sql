-- title: Use of presigned URLs
-- question: Which objects were fetched or written by presigned URLs, made with which key, and from how many places?
-- sources: s3_access, cloudtrail
-- attack: T1530, T1567
-- parameter: key text = null
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about key: the access key id that signed the URL; null means every key
-- about bucket: the name of the bucket; null means all buckets
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A presigned URL works for whoever holds it: actor and key are those of the one who signed it, the address is that of the one who used it.
-- trap: Making a URL leaves no trace in any log; only its use does.
-- trap: Console downloads and many web applications use presigned URLs in their normal work.
-- trap: A use that stands in both logs is listed once, from the access log.
-- next: triage/key_activity
-- next: triage/ip_activity
-- next: exfiltration/objects_read
with logged as (
  select
    evidence_object, evidence_record, event_time, 's3_access' as source, account, region, bucket_name as bucket,
    key_decoded as object_key, operation as action, requester as actor, presigned_accesskeyid as access_key,
    remoteip as ip, useragent as user_agent, error_class, bytessent as bytes, requestid as request_id
  from s3_access
  where (authtype = 'QueryString' or presigned_accesskeyid is not null)
    and event_time between $from and $to
), trailed as (
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, region,
    json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'key') as object_key,
    eventname as action, useridentity.arn as actor, useridentity.accesskeyid as access_key,
    sourceipaddress as ip, useragent as user_agent, error_class,
    cast(try_cast(json_as_text(additionaleventdata, 'bytesTransferredOut') as double) as bigint) as bytes,
    requestid as request_id
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and json_as_text(additionaleventdata, 'AuthenticationMethod') = 'QueryString'
    and event_time between $from and $to
), logged_ids as (
  select distinct request_id, bucket from logged
), found as (
  select * from logged
  union all
  select trailed.*
  from trailed
  left join logged_ids on logged_ids.request_id = trailed.request_id and logged_ids.bucket = trailed.bucket
  where logged_ids.request_id is null
)
select
  *,
  min(event_time) over (partition by access_key) as first_use_of_key,
  dense_rank() over (partition by access_key, bucket, object_key order by ip) as nth_address
from found
where ($key is null or access_key = $key)
  and ($bucket is null or bucket = $bucket)
order by event_time, source, evidence_object, evidence_record
