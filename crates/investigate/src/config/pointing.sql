-- The resources of an account whose relationships named this one, in the state that held at an instant.
select s.awsaccountid, s.awsregion, s.resourcetype, s.resourceid, s.resourcename, s.arn, s.state, s.valid_from,
  s.evidence_object, s.evidence_record
from (
  select distinct evidence_object, evidence_record from config_items
  where awsaccountid = $account and event_time <= $at and strpos(relationships, concat('"', $id, '"')) > 0
) i
join config_states s on s.evidence_object = i.evidence_object and s.evidence_record = i.evidence_record
where s.valid_from <= $at and (s.valid_to is null or s.valid_to > $at) and s.state <> 'deleted'
order by s.resourcetype, s.resourceid
