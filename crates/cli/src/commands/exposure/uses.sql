-- What others than the account itself did with a resource in a stretch of time, by log.
with
s3 as (
  select event_time, evidence_object, evidence_record, operation, bytessent, key, remoteip, requester
  from lake.s3_access
  where bucket_name = $bucket and event_time >= $from and event_time <= $to
    and (requester is null or requester not like concat('%:', $account, ':%'))
    and error_class = 'success'
    and not coalesce(ip_is_private(remoteip), false)
),
calls as (
  select event_time, evidence_object, evidence_record, eventname, additionaleventdata, requestparameters,
    sourceipaddress, useridentity_arn, useridentity_accountid, useridentity_type, readonly
  from lake.cloudtrail
  where event_time >= $from and event_time <= $to and account = $account
    and (array_has(resources, $id) or array_has(resources, $arn) or array_has(actors, $arn))
    and coalesce(useridentity_accountid, 'anonymous') <> $account
    and coalesce(useridentity_type, '') <> 'AWSService'
    and useridentity_invokedby is null
    and error_class = 'success'
)
select 's3_access' as source, count(*) as requests,
  count(*) filter (where operation like '%.GET.%') as reads,
  sum(bytessent) as bytes, count(distinct key) as keys, count(distinct remoteip) as addresses,
  string_agg(distinct coalesce(requester, 'anonymous'), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from s3
union all
select 'cloudtrail' as source, count(*) as requests,
  count(*) filter (where readonly) as reads,
  cast(sum(json_get_float(additionaleventdata, 'bytesTransferredOut')) as bigint) as bytes,
  count(distinct json_get_str(requestparameters, 'key')) as keys, count(distinct sourceipaddress) as addresses,
  string_agg(distinct coalesce(useridentity_arn, useridentity_accountid, 'anonymous'), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from calls
