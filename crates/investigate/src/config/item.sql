select evidence_object, evidence_record, configurationitemversion, configurationitemcapturetime,
  configurationitemstatus, configurationstateid, awsaccountid, awsregion, availabilityzone, resourcetype, resourceid,
  resourcename, arn, resourcecreationtime, tags, relationships, configuration, supplementaryconfiguration
from config_items
where evidence_object = $object and evidence_record = $record and event_time = $time
