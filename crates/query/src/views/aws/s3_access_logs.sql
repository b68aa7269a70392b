-- Columns as in "Querying access logs for requests by using Amazon Athena" (S3 User Guide), also `mybucket_logs`.
-- As in AWS's table, text columns hold `-` where the log has it and numbers are null there; `requester` is `-` when
-- anonymous. Where it differs: the day is that of the request; lines that AWS's expression cannot read are here, too;
-- `sourceregion` is in no table of AWS yet.
select
  coalesce(bucketowner, '-') as bucketowner,
  coalesce(bucket_name, '-') as bucket_name,
  to_char(event_time, '%d/%b/%Y:%H:%M:%S +0000') as requestdatetime,
  coalesce(remoteip, '-') as remoteip,
  coalesce(requester, '-') as requester,
  coalesce(requestid, '-') as requestid,
  coalesce(operation, '-') as operation,
  coalesce(key, '-') as key,
  coalesce(request_uri, '-') as request_uri,
  coalesce(cast(httpstatus as varchar), '-') as httpstatus,
  coalesce(errorcode, '-') as errorcode,
  bytessent, objectsize,
  coalesce(cast(totaltime as varchar), '-') as totaltime,
  coalesce(cast(turnaroundtime as varchar), '-') as turnaroundtime,
  coalesce(referrer, '-') as referrer,
  coalesce(useragent, '-') as useragent,
  coalesce(versionid, '-') as versionid,
  coalesce(hostid, '-') as hostid,
  coalesce(sigv, '-') as sigv,
  coalesce(ciphersuite, '-') as ciphersuite,
  coalesce(authtype, '-') as authtype,
  coalesce(endpoint, '-') as endpoint,
  coalesce(tlsversion, '-') as tlsversion,
  coalesce(accesspointarn, '-') as accesspointarn,
  coalesce(aclrequired, '-') as aclrequired,
  coalesce(sourceregion, '-') as sourceregion,
  -- The names that the page had before.
  coalesce(bucket_name, '-') as bucket,
  coalesce(split_part(request_uri, ' ', 1), '-') as requesturi_operation,
  coalesce(nullif(split_part(request_uri, ' ', 2), ''), '-') as requesturi_key,
  coalesce(nullif(split_part(request_uri, ' ', 3), ''), '-') as requesturi_httpprotoversion,
  day_path as "timestamp", year, month, day,
  evidence_object, evidence_record, event_time, account, region, ips, actors, keys, key_decoded, action, bytes_read,
  presigned_accesskeyid, parse_ambiguous, error_class, record_hash, extra, date
from lake.s3_access
