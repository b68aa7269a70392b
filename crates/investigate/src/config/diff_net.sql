-- What differs between two instants, for one resource or all.
select * from config_diff($from, $to)
where ($id is null or (resourceid = $id and resourcetype = $type and awsaccountid = $account and awsregion = $region))
order by awsaccountid, awsregion, resourcetype, resourceid, path
