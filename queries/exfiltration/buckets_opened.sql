-- title: Calls that can open a bucket
-- question: Who changed the policy, the access list or the public access block of a bucket or account, and does it open to everybody?
-- sources: cloudtrail
-- attack: T1530, T1562.007
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the name of the bucket; null means all buckets and the account-wide block
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The API PutPublicAccessBlock is logged as PutBucketPublicAccessBlock or PutAccountPublicAccessBlock, and deleting as DeleteBucketPublicAccessBlock or DeleteAccountPublicAccessBlock.
-- trap: A policy with a star can still be narrowed by conditions, and a public access block can overrule it; config/public_bucket_policies has the state that came out.
-- trap: Buckets can open objects one by one by PutObjectAcl, which is a data event.
-- next: config/public_bucket_policies
-- next: initial_access/anonymous_bucket_access
-- next: exfiltration/objects_read
with calls as (
  select
    *,
    json_as_text(requestparameters, 'bucketName') as bucket,
    json_as_text(requestparameters, 'bucketPolicy') as policy,
    json_get_json(requestparameters, 'PublicAccessBlockConfiguration') as block
  from cloudtrail
  where eventname in (
      'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutObjectAcl', 'PutBucketPublicAccessBlock',
      'DeleteBucketPublicAccessBlock', 'PutAccountPublicAccessBlock', 'DeleteAccountPublicAccessBlock',
      'PutBucketOwnershipControls', 'DeleteBucketOwnershipControls', 'PutBucketWebsite', 'PutBucketReplication',
      'PutAccessPointPolicy', 'PutBucketCors'
    )
    and event_time between $from and $to
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  bucket,
  case
    when eventname ~ '^Delete(Bucket|Account)PublicAccessBlock$' then 'block removed'
    when eventname ~ 'PublicAccessBlock$' and block ~* ':\s*"?false' then 'block loosened'
    when eventname = 'PutBucketPolicy' and policy ~ '"Allow"' and policy ~ '"(Principal|AWS)"\s*:\s*(\[\s*)?"\*"' then 'policy names everybody'
    when eventname = 'PutBucketPolicy' and replace(policy, coalesce(account, '-'), '') ~ '"arn:[^"]*:[0-9]{12}:|"[0-9]{12}"' then 'policy names another account'
    when eventname in ('PutBucketAcl', 'PutObjectAcl')
      and requestparameters ~ '(AllUsers|AuthenticatedUsers|public-read|public-read-write|authenticated-read)' then 'access list names everybody'
    else 'to be read'
  end as effect,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from calls
where $bucket is null or bucket = $bucket
order by event_time, evidence_object, evidence_record
