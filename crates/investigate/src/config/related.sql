-- The states of resources of an account, by their ids or names, that held at an instant.
select awsaccountid, awsregion, resourcetype, resourceid, resourcename, arn, state, valid_from, evidence_object,
  evidence_record
from config_states
where awsaccountid = $account and valid_from <= $at and (valid_to is null or valid_to > $at) and state <> 'deleted'
  and (resourceid in (select unnest(string_to_array($ids, chr(10))))
    or resourcename in (select unnest(string_to_array($ids, chr(10)))))
order by awsregion, resourcetype, resourceid
