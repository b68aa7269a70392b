select e.event_time, e.actor, e.session_id, e.ip, e.target
from events e
left join (select evidence_object, evidence_record from lake.cloudtrail where eventid = $event) c
  on c.evidence_object = e.evidence_object and c.evidence_record = e.evidence_record
where (c.evidence_object is not null)
  or ($object is not null and e.evidence_object like $object and e.evidence_record = $record)
limit 1
