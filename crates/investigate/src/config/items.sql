select evidence_object, evidence_record, configurationitemversion, configurationitemcapturetime,
  configurationitemstatus, configurationstateid, awsaccountid, awsregion, availabilityzone, resourcetype, resourceid,
  resourcename, arn, resourcecreationtime, tags, relationships, configuration, supplementaryconfiguration
from config_items
where resourceid = $id and resourcetype = $type and awsaccountid = $account and event_time <= $until
order by event_time, evidence_object, evidence_record
