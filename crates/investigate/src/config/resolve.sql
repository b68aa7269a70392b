-- The states of the resources that are called so.
select * from config_states
where arn = $resource or resourceid = $resource or resourcename = $resource
order by awsaccountid, awsregion, resourcetype, resourceid, valid_from, evidence_object, evidence_record
