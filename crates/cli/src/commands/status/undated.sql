-- They lie in the partition without a day; one of them as example.
select source, count(*) as rows, min(concat(evidence_object, ' ', cast(evidence_record as varchar))) as example
from (
  select 'cloudtrail' as source, evidence_object, evidence_record, date from cloudtrail
  union all
  select 'cloudtrail_digests', evidence_object, evidence_record, date from cloudtrail_digests
  union all
  select 's3_access', evidence_object, evidence_record, date from s3_access
  union all
  select 'cloudfront', evidence_object, evidence_record, date from cloudfront
  union all
  select 'config_items', evidence_object, evidence_record, date from config_items
)
where date is null
group by source
order by source
