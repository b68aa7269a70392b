-- title: Buckets open to everybody
-- question: When was each bucket open to everybody or to another account by its policy or access list, and what held it back?
-- sources: config_items, cloudtrail
-- attack: T1530, T1562.007
-- parameter: bucket text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about bucket: the name of the bucket; null means every bucket
-- about since: only times that reach past this instant
-- about until: only times that began before this instant
-- trap: A statement for everybody can be narrowed by conditions (conditions is true then), and the account-wide public access block, which is no resource of the bucket, can overrule it.
-- trap: restrictPublicBuckets and ignorePublicAcls hold back what stands in the policy and the access list; the column held_back says so.
-- trap: Deny statements for everybody are usual and harmless; only Allow counts.
-- trap: Config captures with delay: the change lies between item_before and seen.
-- trap: Snapshots repeat old items; they are counted once.
-- trap: changed_by is the last call before the capture that names the bucket, at most 15 minutes before item_before; with several candidates, read them all in config/resource_history.
-- next: exfiltration/buckets_opened
-- next: initial_access/anonymous_bucket_access
-- next: config/resource_history
with items as (
  select
    *,
    json_as_text(supplementaryconfiguration, 'BucketPolicy', 'policyText') as policy,
    json_as_text(supplementaryconfiguration, 'AccessControlList') as access_list,
    json_as_text(supplementaryconfiguration, 'PublicAccessBlockConfiguration') as block,
    row_number() over (
      partition by account, region, resourceid, event_time, configurationstateid
      order by case when supplementaryconfiguration is null then 1 else 0 end, evidence_object, evidence_record
    ) as copy
  from config_items
  where resourcetype = 'AWS::S3::Bucket'
    and item_source in ('history', 'snapshot', 'notification', 'oversized', 'api', 'item')
    and ($bucket is null or resourceid = $bucket or resourcename = $bucket)
), listed as (
  select
    *,
    case
      when json_get_json(policy, 'Statement') is null then '[{}]'
      when starts_with(trim(json_get_json(policy, 'Statement')), '[') then json_get_json(policy, 'Statement')
      else concat('[', json_get_json(policy, 'Statement'), ']')
    end as statements
  from items
  where copy = 1
), split as (
  select *, unnest(json_get_array(statements)) as statement
  from listed
), judged as (
  select
    *,
    coalesce(json_as_text(statement, 'Effect') = 'Allow', false) as allows,
    coalesce(json_get_json(statement, 'Principal') ~ '"\*"', false) as everybody,
    coalesce(replace(json_get_json(statement, 'Principal'), coalesce(account, '-'), '') ~ '(^|[^0-9])[0-9]{12}([^0-9]|$)', false) as other_account,
    json_get_json(statement, 'Condition') is not null as has_condition
  from split
), states as (
  select
    account, region, resourceid, event_time, configurationstateid, configurationitemstatus, evidence_object, evidence_record,
    case
      when configurationitemstatus in ('ResourceDeleted', 'ResourceDeletedNotRecorded') then ''
      else concat_ws(', ',
        case when bool_or(allows and everybody and not has_condition) then 'policy: everybody' end,
        case when bool_or(allows and everybody and has_condition) then 'policy: everybody under conditions' end,
        case when bool_or(allows and other_account) then 'policy: another account' end,
        case when max(access_list) ~ 'AllUsers' then 'access list: everybody' end,
        case when max(access_list) ~ 'AuthenticatedUsers' then 'access list: every AWS user' end
      )
    end as exposure,
    concat_ws(', ',
      case when max(block) ~* '"restrictPublicBuckets"\s*:\s*"?true' then 'restrictPublicBuckets' end,
      case when max(block) ~* '"ignorePublicAcls"\s*:\s*"?true' then 'ignorePublicAcls' end
    ) as held_back,
    string_agg(case when allows and (everybody or other_account) then statement end, ', ' order by statement) as statements
  from judged
  group by account, region, resourceid, event_time, configurationstateid, configurationitemstatus, evidence_object, evidence_record
), marked as (
  select *, concat(exposure, ' | ', held_back, ' | ', coalesce(statements, '')) as mark
  from states
), numbered as (
  select
    *,
    row_number() over (
      partition by account, region, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as nth
  from marked
), compared as (
  select
    numbered.*,
    earlier.event_time as item_before,
    earlier.mark as mark_before,
    earlier.exposure as exposure_before
  from numbered
  left join numbered as earlier
    on (earlier.account is not distinct from numbered.account)
    and (earlier.region is not distinct from numbered.region)
    and earlier.resourceid = numbered.resourceid
    and earlier.nth = numbered.nth - 1
), turned as (
  select *
  from compared
  where (mark is distinct from mark_before)
), turns as (
  select
    *,
    lead(event_time) over (partition by account, region, resourceid order by nth) as turned_again
  from turned
), calls as (
  select
    evidence_object, evidence_record, event_time, account, eventname as action, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip,
    json_as_text(requestparameters, 'bucketName') as named
  from cloudtrail
  where eventsource = 's3.amazonaws.com'
    and eventname in (
      'CreateBucket', 'PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketAcl', 'PutBucketPublicAccessBlock',
      'DeleteBucketPublicAccessBlock', 'PutBucketOwnershipControls', 'DeleteBucketOwnershipControls'
    )
    and error_class = 'success'
), candidates as (
  select
    turns.evidence_object as item_object, turns.evidence_record as item_record,
    calls.event_time, calls.action, calls.actor, calls.access_key, calls.ip, calls.evidence_object, calls.evidence_record,
    count(*) over (partition by turns.evidence_object, turns.evidence_record) as candidates,
    row_number() over (
      partition by turns.evidence_object, turns.evidence_record
      order by calls.event_time desc, calls.evidence_object, calls.evidence_record
    ) as nth
  from turns
  join calls
    on calls.named = turns.resourceid and calls.account = turns.account
    and calls.event_time <= turns.event_time
    and calls.event_time > coalesce(turns.item_before - interval '15 minutes', turns.event_time - interval '1 day')
)
select
  turns.evidence_object,
  turns.evidence_record,
  turns.account,
  turns.region,
  turns.resourceid as bucket,
  turns.exposure,
  turns.held_back,
  turns.item_before,
  turns.event_time as seen,
  turns.turned_again as seen_otherwise,
  round((date_part('epoch', coalesce(turns.turned_again, $until)) - date_part('epoch', turns.event_time)) / 3600, 2) as hours,
  turns.exposure_before,
  turns.statements,
  candidates.actor as changed_by,
  candidates.access_key,
  candidates.ip,
  candidates.action,
  candidates.event_time as call_time,
  coalesce(candidates.candidates, 0) as candidates,
  candidates.evidence_object as call_object,
  candidates.evidence_record as call_record
from turns
left join candidates
  on candidates.item_object = turns.evidence_object and candidates.item_record = turns.evidence_record
  and candidates.nth = 1
where turns.exposure <> ''
  and turns.event_time <= $until
  and coalesce(turns.turned_again, $until) >= $since
order by turns.event_time, turns.account nulls first, turns.region nulls first, turns.resourceid,
  turns.evidence_object, turns.evidence_record
