-- What advanced queries of AWS Config ask (`SELECT resourceId WHERE resourceType = 'AWS::EC2::Instance'`): the last
-- state of each resource in the evidence, of those that were not deleted. Columns as in "Querying the Current
-- Configuration State of AWS Resources" (AWS Config Developer Guide); needs `coldtrail derive`.
-- Where it differs: documents are JSON text; resource types
-- that Config was told not to record any more stay with their last state (configurationItemStatus
-- ResourceNotRecorded).
select
  s.resourceid, s.resourcename, s.resourcetype,
  s.awsaccountid as accountid, s.awsregion, i.availabilityzone, s.arn,
  i.configuration, i.supplementaryconfiguration, aws_tags(i.tags) as tags, i.relationships,
  i.relatedevents, i.compliancetype, cast(null as varchar) as compliancestate,
  cast(null as bigint) as compliancecontributorcount,
  to_char(s.valid_from, '%Y-%m-%dT%H:%M:%S%.3fZ') as configurationitemcapturetime,
  s.configurationitemstatus,
  to_char(s.resourcecreationtime, '%Y-%m-%dT%H:%M:%S%.3fZ') as resourcecreationtime,
  s.configurationstateid,
  i.configurationitemversion as version,
  i.configurationstatemd5hash,
  s.state, s.valid_from, s.last_confirmed, s.evidence_object, s.evidence_record
from lake.config_states s
join lake.config_items i
  on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
where s.valid_to is null and s.state <> 'deleted'
