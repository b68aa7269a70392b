-- title: Objects held to ransom
-- question: Were objects encrypted with a foreign key, written over, their versions or protection taken away, or notes left?
-- sources: cloudtrail, s3_access
-- attack: T1486, T1485, T1491.002, T1490
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the bucket; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: SSE-C with a key that only the caller has leaves the object unreadable for its owner, without any call to KMS. Some programs use it honestly.
-- trap: Copying an object onto itself is how encryption, storage class or owner are changed, by administrators, too.
-- trap: A foreign key of KMS is judged by the account in its ARN; a key that is named by its id alone cannot be judged.
-- trap: Objects are data events: where they were off, only the access log tells of writes, and it knows nothing of encryption.
-- trap: A note is guessed by its name: readme, ransom, recover, decrypt, how to, warning and the like, written by somebody.
-- next: impact/what_to_restore
-- next: impact/bulk_deletions
-- next: inventory/encryption_and_grants
with calls as (
  select
    evidence_object, evidence_record, event_time, account, eventname as action, json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'key') as object_key, useridentity.accesskeyid as access_key, sourceipaddress as ip, error_class, useragent,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, 'anonymous') as actor,
    requestparameters as request,
    json_as_text(requestparameters, 'x-amz-server-side-encryption-aws-kms-key-id') as kms_key,
    ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/') as copied_from
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and eventname in (
      'PutObject', 'CopyObject', 'CreateMultipartUpload', 'CompleteMultipartUpload', 'UploadPartCopy', 'PutBucketEncryption', 'DeleteBucketEncryption',
      'PutBucketVersioning', 'PutBucketLifecycle', 'PutBucketLifecycleConfiguration', 'PutObjectLockConfiguration', 'PutObjectRetention', 'PutObjectLegalHold',
      'DeleteObject', 'DeleteObjectVersion', 'UpdateObjectEncryption', 'RenameObject'
    )
), judged as (
  select
    *,
    unnest(make_array(case
      when request ~ 'x-amz-server-side-encryption-customer-algorithm' then 'key of the caller (SSE-C)'
      when kms_key like 'arn:%' and arn_account(kms_key) <> account then 'key of another account'
      when action = 'CopyObject' and copied_from = concat(bucket, '/', object_key) then 'copied onto itself'
      when action = 'PutBucketEncryption' and replace(request, account, '') ~ 'arn:[^"]*:kms:[^"]*:[0-9]{12}:' then 'default key of another account'
      when action in ('PutBucketEncryption', 'DeleteBucketEncryption', 'UpdateObjectEncryption') then 'encryption changed'
      when action = 'PutBucketVersioning' and request ~* 'suspended' then 'versions switched off'
      when action = 'PutBucketVersioning' and request ~* 'mfadelete"?\s*[:=]\s*"?disabled' then 'protection of versions off'
      when action like 'PutBucketLifecycle%' then 'lifecycle changed'
      when action in ('PutObjectLockConfiguration', 'PutObjectRetention', 'PutObjectLegalHold') then 'lock changed'
      when action in ('DeleteObject', 'DeleteObjectVersion') and json_as_text(request, 'versionId') is not null then 'version deleted'
      when action = 'RenameObject' then 'renamed'
      when action in ('PutObject', 'CompleteMultipartUpload')
        and regexp_like(lower(object_key), '(^|/)[^/]*(ransom|readme[_-]?(for|to|now|decrypt|recover)|recover[_-]?(your|files|data)|how[_-]?to|decrypt|your[_-]?(files|data)|warning|hacked|bitcoin|restore[_-]?(your|files))[^/]*$')
        then 'looks like a note'
    end)) as sign
  from calls
), logged as (
  select
    evidence_object, evidence_record, event_time, account, operation as action, bucket_name as bucket, key_decoded as object_key, cast(null as text) as access_key,
    remoteip as ip, error_class, useragent, coalesce(requester, 'anonymous') as actor,
    case
      when operation = 'REST.DELETE.OBJECT' and versionid is not null then 'version deleted'
      when operation = 'REST.PUT.OBJECT' then 'looks like a note'
    end as sign
  from s3_access
  where (operation = 'REST.DELETE.OBJECT' and versionid is not null)
    or (operation = 'REST.PUT.OBJECT'
      and regexp_like(lower(key_decoded), '(^|/)[^/]*(ransom|readme[_-]?(for|to|now|decrypt|recover)|recover[_-]?(your|files|data)|how[_-]?to|decrypt|your[_-]?(files|data)|warning|hacked|bitcoin|restore[_-]?(your|files))[^/]*$'))
), everything as (
  select 'cloudtrail' as log, evidence_object, evidence_record, event_time, account, action, bucket, object_key, access_key, ip, error_class, useragent, actor, sign from judged where sign is not null
  union all
  select 's3_access' as log, evidence_object, evidence_record, event_time, account, action, bucket, object_key, access_key, ip, error_class, useragent, actor, sign from logged
)
select
  date_trunc('hour', event_time) as hour,
  sign,
  log,
  account,
  bucket,
  actor,
  ip,
  action,
  count(*) as events,
  count(distinct object_key) as objects,
  count(*) filter (where error_class <> 'success') as failed,
  min(object_key) as an_object,
  min(access_key) as access_key,
  min(useragent) as a_user_agent,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from everything
where event_time between $from and $to
  and ($bucket is null or bucket = $bucket)
group by 1, 2, 3, 4, 5, 6, 7, 8
order by hour, sign, log, account nulls first, bucket nulls first, actor, ip nulls first, action
