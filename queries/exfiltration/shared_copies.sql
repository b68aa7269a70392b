-- title: Snapshots and images shared, copied or exported
-- question: Which snapshots, images, databases, tables or objects of buckets were shared, copied or exported, and to whom?
-- sources: cloudtrail
-- attack: T1537, T1578.001
-- parameter: only_outside boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about only_outside: true leaves calls out that name neither another account nor everybody
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Sharing and taking a share back are the same action; direction tells them apart, and to_whom shows one account only: read the column request for all of them.
-- trap: The copy that another account makes of a shared snapshot is logged in that account only.
-- trap: Copies of objects from one bucket into another are listed as copied; whose the other bucket is, the log does not say.
-- trap: EBS direct reads (GetSnapshotBlock) are data events and show only where these were on.
-- trap: Failed attempts and dry runs are listed as well; see error_class.
-- next: triage/key_activity
-- next: config/resource_history
with shares as (
  select
    *,
    requestparameters ~ '"(all|\*)"' as to_everybody,
    replace(requestparameters, coalesce(account, '-'), '') ~ '"(arn:[^"]*:)?[0-9]{12}(:[^"]*)?"' as names_other_account
  from cloudtrail
  where eventname in (
      'ModifySnapshotAttribute', 'ModifyImageAttribute', 'ModifyDBSnapshotAttribute', 'ModifyDBClusterSnapshotAttribute',
      'CopySnapshot', 'CopyImage', 'CopyDBSnapshot', 'CopyDBClusterSnapshot', 'StartExportTask',
      'CreateInstanceExportTask', 'ExportImage', 'CreateStoreImageTask', 'ExportTableToPointInTime',
      'CopyObject', 'UploadPartCopy', 'AuthorizeSnapshotAccess', 'ListSnapshotBlocks', 'GetSnapshotBlock', 'CreateDataShare', 'AuthorizeDataShare'
    )
    and event_time between $from and $to
    and (eventname not in ('CopyObject', 'UploadPartCopy')
      or split_part(ltrim(json_as_text(requestparameters, 'x-amz-copy-source'), '/'), '/', 1) <> json_as_text(requestparameters, 'bucketName'))
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventsource as service,
  eventname as action,
  coalesce(to_everybody, false) as to_everybody,
  coalesce(names_other_account, false) as names_other_account,
  case
    when requestparameters ~ '"add"\s*:' and requestparameters ~ '"remove"\s*:' then 'given and taken back'
    when requestparameters ~ '"add"\s*:' then 'given'
    when requestparameters ~ '"remove"\s*:' then 'taken back'
    when eventname in ('CopyObject', 'UploadPartCopy') then 'copied'
  end as direction,
  case
    when eventname in ('CopyObject', 'UploadPartCopy') then json_as_text(requestparameters, 'bucketName')
    else array_to_string(regexp_match(requestparameters, '"userId"\s*:\s*"([0-9]{12})"'), ', ')
  end as to_whom,
  resources,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from shares
where $only_outside = false or to_everybody or names_other_account
order by event_time, evidence_object, evidence_record
