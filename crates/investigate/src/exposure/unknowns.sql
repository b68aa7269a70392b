-- Why it cannot be said of resources whether they were open, by reason and type.
select reason, detail, resourcetype, count(distinct concat(awsaccountid, ' ', awsregion, ' ', resourceid)) as resources,
  first_value(evidence_object order by valid_from, evidence_object, evidence_record) as first_object,
  first_value(evidence_record order by valid_from, evidence_object, evidence_record) as first_record
from exposure_unknowns
where ($id is null
    or (awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id))
group by reason, detail, resourcetype
order by resourcetype, reason, detail
