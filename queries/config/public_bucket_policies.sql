-- title: Buckets open to everybody
-- question: When was each bucket open to everybody or to another account by its policy or access list, and who opened it?
-- sources: config_items, cloudtrail
-- attack: T1530, T1562.007
-- parameter: bucket text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about bucket: the name of the bucket; null means every bucket
-- about from: only times that reach past this instant
-- about to: only times that began before this instant
-- trap: What restrictPublicBuckets and ignorePublicAcls hold back is not open and not listed; the public access block of the whole account, which is no part of the bucket, can overrule what is.
-- trap: A statement for everybody whose conditions confine it to one's own network, accounts or organisation is not listed; other conditions stand in the detail.
-- trap: Accounts of which there is evidence count as one's own; a trusted partner is a stranger.
-- trap: Config captures with delay: the change lies between item_before and seen.
-- trap: changed_by is the caller at the root of the chain of the call that explains the change best, as in config_attribution; changed_class says how sure that is, and with several candidates read them all in config/who_changed.
-- next: exfiltration/buckets_opened
-- next: initial_access/anonymous_bucket_access
-- next: config/resource_history
select
  e.evidence_object,
  e.evidence_record,
  e.awsaccountid as account,
  e.awsregion as region,
  e.resourceid as bucket,
  case
    when e.path like 'supplementaryConfiguration.AccessControl%' and e.detail like 'AllUsers %' then 'access list: everybody'
    when e.path like 'supplementaryConfiguration.AccessControl%' then 'access list: every AWS user'
    when e.kind = 'bucket_shared' then 'policy: another account'
    when e.detail like '% if %' then 'policy: everybody under conditions'
    else 'policy: everybody'
  end as exposure,
  e.detail,
  s.valid_from as item_before,
  e.valid_from as seen,
  e.valid_to as seen_otherwise,
  round((date_part('epoch', coalesce(e.valid_to, $to)) - date_part('epoch', e.valid_from)) / 3600, 2) as hours,
  a.class as changed_class,
  a.actor as changed_by,
  c.useridentity_accesskeyid as access_key,
  a.sourceipaddress as ip,
  split_part(a.api, ':', 2) as action,
  a.event_time as call_time,
  coalesce(array_length(a.candidates), 0) as candidates,
  a.event_object as call_object,
  a.event_record as call_record
from exposures e
left join config_states s
  on s.awsaccountid = e.awsaccountid and s.awsregion = e.awsregion and s.resourcetype = e.resourcetype
  and s.resourceid = e.resourceid and s.valid_to = e.valid_from
left join config_attribution a
  on a.configurationitemcapturetime = e.valid_from
  and a.evidence_object = e.evidence_object and a.evidence_record = e.evidence_record
left join lake.cloudtrail c
  on c.evidence_object = a.event_object and c.evidence_record = a.event_record
where e.resourcetype = 'AWS::S3::Bucket'
  and ($bucket is null or e.resourceid = $bucket or e.resourcename = $bucket)
  and e.valid_from <= $to
  and coalesce(e.valid_to, $to) >= $from
order by e.valid_from, e.awsaccountid nulls first, e.awsregion nulls first, e.resourceid,
  e.evidence_object, e.evidence_record, e.kind, e.detail
