-- Items of AWS Config in an event data store of CloudTrail Lake: columns as in "Schema for AWS Config configuration
-- items" (CloudTrail User Guide). A statement that names `eventData` means these.
-- Where it differs: `eventdata` is JSON text, into which dots lead; `eventjson` is put together from the columns.
select
  eventversion, eventcategory, eventtype, eventid, eventtime, awsregion, recipientaccountid, eventdata,
  '{"eventVersion":"' || eventversion || '","eventCategory":"ConfigurationItem","eventTime":"' || aws_time(eventtime)
    || '","eventData":' || eventdata || '}' as eventjson,
  evidence_object, evidence_record, event_time, account, region, date
from (
  select
    coalesce(configurationitemversion, '1.0') as eventversion, 'ConfigurationItem' as eventcategory,
    'AwsConfigurationItem' as eventtype,
    concat(evidence_object, '#', cast(evidence_record as varchar)) as eventid,
    event_time as eventtime, awsregion, awsaccountid as recipientaccountid,
    '{' || concat_ws(',',
    '"configurationItemVersion":' || json_union_to_text(json_from_scalar(configurationitemversion)),
    '"configurationItemStatus":' || json_union_to_text(json_from_scalar(configurationitemstatus)),
    '"configurationStateId":' || json_union_to_text(json_from_scalar(configurationstateid)),
    '"accountId":' || json_union_to_text(json_from_scalar(awsaccountid)),
    '"resourceType":' || json_union_to_text(json_from_scalar(resourcetype)),
    '"resourceId":' || json_union_to_text(json_from_scalar(resourceid)),
    '"resourceName":' || json_union_to_text(json_from_scalar(resourcename)),
    '"arn":' || json_union_to_text(json_from_scalar(arn)),
    '"awsRegion":' || json_union_to_text(json_from_scalar(awsregion)),
    '"availabilityZone":' || json_union_to_text(json_from_scalar(availabilityzone)),
    '"configurationItemCaptureTime":"' || aws_time(event_time) || '"',
    '"resourceCreationTime":"' || aws_time(resourcecreationtime) || '"',
    '"configuration":' || configuration,
    '"supplementaryConfiguration":' || supplementaryconfiguration,
    '"relationships":' || relationships,
    '"tags":' || tags) || '}' as eventdata,
    evidence_object, evidence_record, event_time, account, region, date
  from lake.config_items
)
