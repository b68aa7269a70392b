-- The states that held at $at, with the documents of their items.
select
  s.awsaccountid, s.awsregion, s.resourcetype, s.resourceid, s.resourcename, s.arn,
  s.state, s.valid_from, s.valid_to, s.confirmations, s.last_confirmed, s.recordingfrequency, s.resourcecreationtime,
  s.configurationitemstatus, s.configurationstateid, s.valid_from as configurationitemcapturetime,
  i.availabilityzone, i.tags, i.relationships, i.configuration, i.supplementaryconfiguration,
  s.evidence_object, s.evidence_record
from lake.config_states s
join lake.config_items i
  on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
where s.valid_from <= $at
  and (s.valid_to is null or s.valid_to > $at)
  and s.state <> 'deleted'
  and i.event_time <= $at
