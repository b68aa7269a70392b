select * from exposures
where ($id is null or (awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id))
  and ($kind is null or kind = $kind)
order by awsaccountid, resourcetype, resourceid, valid_from, kind, detail
