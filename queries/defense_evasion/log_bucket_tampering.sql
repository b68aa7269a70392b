-- title: Tampering with buckets that hold logs
-- question: Did anybody delete logs, shorten their life, open, redirect or lock the buckets in which logs lie, or try to?
-- sources: cloudtrail, s3_access
-- attack: T1070, T1562.008, T1485
-- parameter: buckets text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about buckets: names of buckets, separated by commas; null means buckets that a trail, Config or a log names, and those whose keys look like AWS's logs
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without buckets, those are taken that CloudTrail, Config, flow logs or load balancers are told to write to, those into which AWS's log services write, and requests for keys that hold AWSLogs/.
-- trap: Deletions of single objects show only where data events or S3 access logs were on for that bucket: no line is "cannot say".
-- trap: BATCH.DELETE.OBJECT has a line for each key; in CloudTrail DeleteObjects is one event for all of them. The same deletion can stand in both logs; request_id tells.
-- trap: What two accounts recorded (the caller's and the bucket's) is counted once.
-- trap: A lifecycle rule deletes later, and without any call by a person; read the days in request.
-- trap: Failed attempts are listed as well; see error_class.
-- next: defense_evasion/cloudtrail_tampering
-- next: evidence/digest_problems
-- next: triage/key_activity
with said as (
  select coalesce(json_as_text(requestparameters, 's3BucketName'), json_as_text(requestparameters, 'deliveryChannel', 's3BucketName'),
    json_as_text(requestparameters, 'BucketLoggingStatus', 'LoggingEnabled', 'TargetBucket'), json_as_text(requestparameters, 'bucketName')) as bucket
  from cloudtrail
  where (eventname in ('CreateTrail', 'UpdateTrail', 'PutDeliveryChannel', 'PutBucketLogging') and error_class = 'success')
    or (eventname = 'PutObject' and sourceipaddress in (
      'cloudtrail.amazonaws.com', 'config.amazonaws.com', 'delivery.logs.amazonaws.com', 'logdelivery.elasticloadbalancing.amazonaws.com'))
    or (eventname = 'PutObject' and json_as_text(requestparameters, 'key') ~ '(^|/)AWSLogs/[0-9o]')
), log_buckets as (
  select distinct bucket from said where bucket is not null
), trailed as (
  select
    *,
    row_number() over (
      partition by coalesce(sharedeventid, concat(evidence_object, ' ', cast(evidence_record as text))) order by evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and event_time between $from and $to
    and eventname in (
      'DeleteObject', 'DeleteObjects', 'DeleteBucket', 'DeleteObjectVersion', 'PutBucketLifecycle', 'PutBucketLifecycleConfiguration', 'DeleteBucketLifecycle',
      'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketVersioning', 'PutBucketEncryption', 'DeleteBucketEncryption',
      'DeleteBucketPublicAccessBlock', 'PutBucketPublicAccessBlock', 'PutBucketReplication', 'DeleteBucketReplication', 'PutObjectLockConfiguration',
      'PutObjectRetention', 'PutObjectLegalHold', 'PutBucketLogging', 'PutBucketOwnershipControls'
    )
), requests as (
  select
    'cloudtrail' as source, evidence_object, evidence_record, event_time, account, region, eventname as action,
    json_as_text(requestparameters, 'bucketName') as bucket, json_as_text(requestparameters, 'key') as object_key,
    coalesce(useridentity.arn, useridentity.principalid) as actor, useridentity.accesskeyid as access_key, sourceipaddress as ip, useragent as user_agent,
    error_class, requestid as request_id, requestparameters as request
  from trailed
  where copy = 1
  union all
  select
    's3_access' as source, evidence_object, evidence_record, event_time, account, region, operation as action, bucket_name as bucket, key_decoded as object_key,
    requester as actor, cast(null as text) as access_key, remoteip as ip, useragent as user_agent, error_class, requestid as request_id,
    cast(null as text) as request
  from s3_access
  where operation in ('REST.DELETE.OBJECT', 'BATCH.DELETE.OBJECT', 'REST.DELETE.BUCKET', 'REST.PUT.LIFECYCLE', 'REST.PUT.BUCKETPOLICY', 'S3.EXPIRE.OBJECT',
      'REST.PUT.VERSIONING', 'REST.PUT.ACL', 'REST.DELETE.BUCKETPOLICY', 'REST.PUT.LOGGING_STATUS')
    and event_time between $from and $to
)
select
  requests.evidence_object,
  requests.evidence_record,
  requests.event_time,
  requests.source,
  requests.account,
  requests.region,
  case
    when requests.action ~* 'DELETE.?(OBJECT|BUCKET$)|EXPIRE' then 'deleted'
    when requests.action ~* 'lifecycle' then 'lifetime changed'
    when requests.action ~* '(policy|acl|publicaccess|ownership)' then 'access changed'
    when requests.action ~* '(versioning|lock|retention|legalhold)' then 'protection changed'
    when requests.action ~* 'encryption' then 'encryption changed'
    else 'logging or copies changed'
  end as kind,
  requests.action,
  requests.bucket,
  requests.object_key,
  requests.actor,
  requests.access_key,
  requests.ip,
  requests.user_agent,
  requests.error_class,
  requests.request_id,
  requests.request
from requests
left join log_buckets on log_buckets.bucket = requests.bucket
where case
    when $buckets is null then log_buckets.bucket is not null or requests.object_key ~ '(^|/)AWSLogs/' or requests.request ~ 'AWSLogs/'
    else array_has(string_to_array(replace($buckets, ' ', ''), ','), requests.bucket)
  end
order by requests.event_time, requests.source, requests.evidence_object, requests.evidence_record
