-- Messages in which the id stands anywhere, for logs that write ids in their own way.
select log_group, log_stream, event_time, message, evidence_object, evidence_record
from lake.cloudwatch_logs
where strpos(message, $id) > 0
order by event_time nulls last, evidence_object, evidence_record
limit 50
