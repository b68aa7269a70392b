-- title: Ways set up that carry data away
-- question: Who set up replication, DataSync, file transfer, batch jobs, streams, exports of logs or queries that write to a bucket or account elsewhere?
-- sources: cloudtrail, s3_access, config_items
-- attack: T1537, T1020, T1119, T1567.002
-- parameter: only_outside boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_outside: true keeps calls that name another account, or a bucket that is not known as one's own
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The call sets the way up, and what then flows stands in no call: a replication copies every new object without a line of CloudTrail in the source account.
-- trap: A destination is read out of the request by its look (s3://…, arn:aws:s3:::…, bucketName); some services name it in a location that was made earlier.
-- trap: bucket_known says that the bucket stands in Config, in an access log or in a call that made or changed it.
-- trap: Failed attempts are listed too; see error_class.
-- next: collection/bulk_copies
-- next: exfiltration/all_ways_out
with calls as (
  select
    *,
    coalesce(
      array_to_string(regexp_match(requestparameters, 's3://([^/"\\\s]+)'), ''),
      array_to_string(regexp_match(requestparameters, '"(?:bucketARN|bucketArn|Bucket|bucket|s3BucketArn|S3BucketArn|destinationArn)"\s*:\s*"arn:[^:"]*:s3:::([^/"]+)'), ''),
      json_as_text(requestparameters, 'destination'),
      array_to_string(regexp_match(requestparameters, '"arn:[^:"]*:s3:::([^/"]+)'), '')
    ) as destination,
    replace(requestparameters, coalesce(account, '-'), '') ~ '(^|[^0-9a-f-])[0-9]{12}([^0-9a-f-]|$)' as names_other_account
  from cloudtrail
  where event_time between $from and $to
    and (
      (eventsource = 's3.amazonaws.com' and eventname in ('PutBucketReplication', 'PutBucketInventoryConfiguration', 'PutBucketAnalyticsConfiguration', 'CreateAccessPoint', 'PutAccessPointPolicy', 'CreateMultiRegionAccessPoint', 'PutBucketNotification', 'CreateJob', 'UpdateJobStatus'))
      or (eventsource = 's3control.amazonaws.com' and eventname ~ '^(CreateJob|UpdateJob|CreateAccess|PutAccess|CreateMultiRegion)')
      or (eventsource = 'datasync.amazonaws.com' and eventname ~ '^(Create|Start|Update)')
      or (eventsource = 'transfer.amazonaws.com' and eventname ~ '^(Create|Start|Update|ImportSshPublicKey)')
      or (eventsource = 'backup.amazonaws.com' and eventname ~ '^(StartCopyJob|StartRestoreJob|CreateBackupPlan|UpdateBackupPlan|PutBackupVaultAccessPolicy)')
      or (eventsource = 'glue.amazonaws.com' and eventname in ('CreateJob', 'UpdateJob', 'StartJobRun', 'CreateCrawler', 'CreateConnection', 'PutResourcePolicy'))
      or (eventsource = 'athena.amazonaws.com' and eventname in ('StartQueryExecution', 'CreateWorkGroup', 'UpdateWorkGroup'))
      or (eventsource in ('redshift.amazonaws.com', 'redshift-data.amazonaws.com', 'redshift-serverless.amazonaws.com') and eventname in ('ExecuteStatement', 'BatchExecuteStatement', 'AuthorizeDataShare', 'AuthorizeSnapshotAccess', 'PutResourcePolicy', 'EnableLogging', 'EnableSnapshotCopy'))
      or (eventsource = 'firehose.amazonaws.com' and eventname in ('CreateDeliveryStream', 'UpdateDestination'))
      or (eventsource = 'logs.amazonaws.com' and eventname in ('CreateExportTask', 'PutSubscriptionFilter', 'PutDestination', 'PutDestinationPolicy', 'CreateDelivery', 'PutAccountPolicy'))
      or (eventsource = 'dms.amazonaws.com' and eventname ~ '^(Create|Start|Modify)(Replication|Endpoint|DataMigration)')
      or (eventsource = 'snowball.amazonaws.com' and eventname in ('CreateJob', 'CreateCluster'))
      or (eventsource = 'appflow.amazonaws.com' and eventname in ('CreateFlow', 'StartFlow', 'UpdateFlow', 'CreateConnectorProfile'))
      or (eventsource = 'dynamodb.amazonaws.com' and eventname in ('ExportTableToPointInTime', 'CreateGlobalTable', 'EnableKinesisStreamingDestination', 'PutResourcePolicy'))
      or (eventsource = 'events.amazonaws.com' and eventname in ('PutTargets', 'CreateConnection', 'CreateApiDestination', 'PutPermission', 'CreateArchive', 'StartReplay'))
      or (eventsource = 'sns.amazonaws.com' and eventname in ('Subscribe', 'AddPermission'))
      or (eventsource = 'ecr.amazonaws.com' and eventname in ('PutReplicationConfiguration', 'SetRepositoryPolicy', 'PutRegistryPolicy'))
      or (eventsource = 'codecommit.amazonaws.com' and eventname in ('GitPull', 'PutRepositoryTriggers'))
    )
), known as (
  select resourcename as bucket from config_items where resourcetype = 'AWS::S3::Bucket'
  union
  select bucket_name as bucket from s3_access
  union
  select json_as_text(requestparameters, 'bucketName') as bucket from cloudtrail
  where eventsource = 's3.amazonaws.com' and eventcategory = 'Management' and eventname ~ '^(CreateBucket|PutBucket|DeleteBucket)' and error_class = 'success'
)
select
  c.evidence_object, c.evidence_record, c.event_time, c.account, c.region, c.eventsource as service, c.eventname as action, c.destination,
  known.bucket is not null as bucket_known, coalesce(c.names_other_account, false) as names_other_account, c.resources,
  c.useridentity.arn as actor, c.useridentity.accesskeyid as access_key, c.useridentity.invokedby as invoked_by, c.sourceipaddress as ip, c.useragent as user_agent, c.error_class,
  c.requestparameters as request
from calls c
left join known on known.bucket = c.destination
where not $only_outside or coalesce(c.names_other_account, false) or (c.destination is not null and known.bucket is null)
order by c.event_time, c.evidence_object, c.evidence_record
