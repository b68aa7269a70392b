-- Exposures, with the last time at which Config said anything of the resource, and in how many hours of that time there
-- is CloudTrail of its account.
with seen as (
  select awsaccountid, awsregion, resourcetype, resourceid, max(coalesce(last_confirmed, valid_from)) as last_seen
  from config_states
  group by awsaccountid, awsregion, resourcetype, resourceid
),
stretches as (select distinct awsaccountid, valid_from, coalesce(valid_to, $end) as until from exposures),
trailed as (
  select s.awsaccountid, s.valid_from, s.until, count(distinct c.hour) as trail_hours
  from stretches s
  join coverage c
    on c.account = s.awsaccountid and c.hour >= date_trunc('hour', s.valid_from) and c.hour <= s.until
  where c.source = 'cloudtrail'
  group by s.awsaccountid, s.valid_from, s.until
)
select e.*, seen.last_seen, coalesce(trailed.trail_hours, 0) as trail_hours
from exposures e
left join seen
  on seen.awsaccountid = e.awsaccountid and seen.awsregion = e.awsregion and seen.resourcetype = e.resourcetype
  and seen.resourceid = e.resourceid
left join trailed
  on trailed.awsaccountid = e.awsaccountid and trailed.valid_from = e.valid_from
  and trailed.until = coalesce(e.valid_to, $end)
where ($id is null
    or (e.awsaccountid = $account and e.awsregion = $region and e.resourcetype = $type and e.resourceid = $id))
  and ($kind is null or e.kind = $kind)
order by e.awsaccountid, e.resourcetype, e.resourceid, e.valid_from, e.kind, e.detail
