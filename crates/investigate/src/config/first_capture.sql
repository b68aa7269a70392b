-- When the first state was captured, of one resource or of all.
select min(valid_from) as first from config_states
where ($id is null or (resourceid = $id and resourcetype = $type and awsaccountid = $account and awsregion = $region))
