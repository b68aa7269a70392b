-- What others than the account itself did with open resources while they were open, by exposure and log; and whether
-- S3's access log says anything at all of an open bucket in that time.
with open as (
  select distinct awsaccountid, resourcetype, resourceid, arn, valid_from, coalesce(valid_to, $end) as until
  from exposures
  where ($id is null
      or (awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id))
    and ($kind is null or kind = $kind)
),
logged as (
  select o.resourcetype, o.resourceid, o.valid_from, s.event_time, s.evidence_object, s.evidence_record,
    s.action, coalesce(s.bytes_read, s.bytessent) as bytes, s.key, s.remoteip, s.requester,
    (s.requester is null or s.requester not like concat('%:', o.awsaccountid, ':%'))
      and s.error_class = 'success' and not coalesce(ip_is_private(s.remoteip), false) as is_strange
  from open o
  join lake.s3_access s
    on s.bucket_name = o.resourceid and s.event_time >= o.valid_from and s.event_time <= o.until
  where o.resourcetype = 'AWS::S3::Bucket'
),
names as (
  select awsaccountid, resourcetype, resourceid, valid_from, until, resourceid as name from open
  union
  select awsaccountid, resourcetype, resourceid, valid_from, until, arn from open where arn is not null
),
named as (
  select evidence_object, evidence_record, event_time, account, unnest(array_concat(resources, actors)) as name,
    additionaleventdata, requestparameters, sourceipaddress, useridentity_arn, useridentity_accountid, readonly
  from lake.cloudtrail
  where event_time >= (select min(valid_from) from open) and event_time <= (select max(until) from open)
    and coalesce(useridentity_accountid, 'anonymous') <> account
    and coalesce(useridentity_type, '') <> 'AWSService'
    and useridentity_invokedby is null
    and error_class = 'success'
),
calls as (
  select distinct n.resourcetype, n.resourceid, n.valid_from, c.evidence_object, c.evidence_record, c.event_time,
    c.additionaleventdata, c.requestparameters, c.sourceipaddress, c.useridentity_arn, c.useridentity_accountid,
    c.readonly
  from named c
  join names n
    on n.name = c.name and n.awsaccountid = c.account and c.event_time >= n.valid_from and c.event_time <= n.until
)
select resourcetype, resourceid, valid_from, 's3_access' as source,
  count(*) filter (where is_strange) as requests,
  count(*) filter (where is_strange and action = 'read') as reads,
  sum(bytes) filter (where is_strange) as bytes,
  count(distinct key) filter (where is_strange) as keys,
  count(distinct remoteip) filter (where is_strange) as addresses,
  array_to_string(array_sort(array_agg(distinct coalesce(requester, 'anonymous')) filter (where is_strange)), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where is_strange) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where is_strange) as evidence_record
from logged
group by resourcetype, resourceid, valid_from
union all
select resourcetype, resourceid, valid_from, 'cloudtrail' as source, count(*) as requests,
  count(*) filter (where readonly) as reads,
  cast(sum(json_get_float(additionaleventdata, 'bytesTransferredOut')) as bigint) as bytes,
  count(distinct json_get_str(requestparameters, 'key')) as keys, count(distinct sourceipaddress) as addresses,
  array_to_string(array_sort(array_agg(distinct coalesce(useridentity_arn, useridentity_accountid, 'anonymous'))), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from calls
group by resourcetype, resourceid, valid_from
order by 1, 2, 3, 4
