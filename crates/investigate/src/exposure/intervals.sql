-- Exposures, with the last time at which Config said anything of the resource.
select e.*, s.last_seen
from exposures e
left join (
  select awsaccountid, awsregion, resourcetype, resourceid, max(coalesce(last_confirmed, valid_from)) as last_seen
  from config_states
  group by awsaccountid, awsregion, resourcetype, resourceid
) s
  on s.awsaccountid = e.awsaccountid and s.awsregion = e.awsregion and s.resourcetype = e.resourcetype
  and s.resourceid = e.resourceid
where ($id is null
    or (e.awsaccountid = $account and e.awsregion = $region and e.resourcetype = $type and e.resourceid = $id))
  and ($kind is null or e.kind = $kind)
order by e.awsaccountid, e.resourcetype, e.resourceid, e.valid_from, e.kind, e.detail
