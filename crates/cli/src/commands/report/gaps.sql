-- Sentences about what is not there.
with expected as (
  select unnest(make_array('cloudtrail', 'cloudtrail_digests', 's3_access', 'cloudfront', 'config_items')) as source
), present as (
  select source, sum(kept) as kept from objects group by source
), days as (
  select distinct source, account, region, date from events where date is not null
), gaps as (
  select source, account, region, date, lag(date) over (partition by source, account, region order by date) as before from days
)
select sentence from (
  select 1 as part, concat('There is no evidence of ', e.source, '.') as sentence
  from expected e left join present p on e.source = p.source where coalesce(p.kept, 0) = 0
  union all
  select 2, concat(cast(sum(rejects) as varchar), ' records of ', source, ' were not understood; they are in the table rejects.')
  from objects where rejects > 0 group by source
  union all
  select 3, concat(key, ': ', coalesce(damage, reason, status))
  from objects where status in ('failed', 'unrecognised') or damage is not null
  union all
  select 4, concat(source, ' has no event of account ', coalesce(account, 'unknown'), ', region ', coalesce(region, 'none'), ', for ',
    cast(cast(date as int) - cast(before as int) - 1 as varchar), ' days after ', cast(before as varchar), '.')
  from gaps where cast(date as int) - cast(before as int) > 1
  union all
  select 5, concat(cast(count(*) as varchar), ' CloudTrail ', what, ' ', verdict, ' (', state, ').')
  from (
    select case when evidence_object is null then 'hours or intervals without digest:' else 'digests:' end as what, verdict, state from digest_verdicts
    union all
    select 'log files:', verdict, state from log_verdicts
  )
  where verdict <> 'verified'
  group by what, verdict, state
  union all
  select 5, 'CloudTrail''s digests were not verified: whether its log files are what it delivered was not checked.'
  from (select count(*) as verdicts from digest_verdicts), (select count(*) as logs from log_verdicts), present
  where verdicts = 0 and logs = 0 and source = 'cloudtrail' and kept > 0
  union all
  select 6, 'S3 access logs and CloudFront logs are best effort: a request that is not in them may have been made all the same.'
  from present where source in ('s3_access', 'cloudfront') and kept > 0 group by 1, 2
)
order by part, sentence
