select * from config_attribution
where awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id
order by configurationitemcapturetime, evidence_object, evidence_record
