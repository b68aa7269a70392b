-- What Config knew of at an instant.
select awsaccountid, awsregion, resourcetype, resourceid, resourcename, arn, state, valid_from, last_confirmed,
  resourcecreationtime, tags, evidence_object, evidence_record
from config_asof($at)
where ($type is null or lower(resourcetype) = lower($type))
  and ($account is null or awsaccountid = $account)
order by resourcetype, awsaccountid, awsregion, resourceid
