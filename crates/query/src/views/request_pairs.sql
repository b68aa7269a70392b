-- Rows of two logs that know a request under the same id, each pair once. What is in one log only is in no pair.
select
  a.request_id, a.id_kind,
  case when a.id_written_by = 'service' and b.id_written_by = 'service' then 'service' else 'maybe client' end as id_written_by,
  a.source, a.event_time, a.actor, a.action, a.target, a.ip, a.outcome, a.bytes, a.evidence_object, a.evidence_record,
  b.source as other_source, b.event_time as other_event_time, b.actor as other_actor, b.action as other_action,
  b.target as other_target, b.ip as other_ip, b.outcome as other_outcome, b.bytes as other_bytes,
  b.evidence_object as other_evidence_object, b.evidence_record as other_evidence_record
from request_ids a
join request_ids b on b.request_id = a.request_id and b.source > a.source
