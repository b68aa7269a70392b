-- title: Rows without a time
-- question: Which rows have no time of their own, and so fall out of every answer that looks at a span of time?
-- sources: cloudtrail, s3_access, cloudfront, config_items
-- trap: Questions with from and to never see these rows; read them by eye.
-- trap: Messages of Config about deliveries and rules may have no time; for an API event it is unusual.
-- next: evidence/unparsed_records
select
  evidence_object, evidence_record, source, account, region, actor, action, target, ip, error_class, is_write
from events
where event_time is null
order by source, evidence_object, evidence_record
