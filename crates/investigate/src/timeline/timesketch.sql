select
  concat_ws(' ', source, action, error_class, 'by', coalesce(actor, 'nobody known'), 'from', ip, 'on', target) as message,
  to_char(event_time, '%Y-%m-%dT%H:%M:%S%.6f+00:00') as datetime,
  'Event Logged' as timestamp_desc,
  source, action, actor, target, ip, error_class, reason, account, region, evidence_object, evidence_record
from (
{rows}
)
order by datetime, evidence_object, evidence_record
