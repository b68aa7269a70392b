select kind, detail, valid_from, valid_to, evidence_object, evidence_record
from exposures
where awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id
  and valid_from <= $at and (valid_to is null or valid_to > $at)
order by valid_from, kind, detail
