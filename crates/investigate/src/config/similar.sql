-- Resources whose name begins like it, and calls that name it.
select distinct coalesce(arn, resourceid) as name, resourcetype
from config_states
where starts_with(lower(resourcename), lower($resource)) or starts_with(lower(resourceid), lower($resource))
  or ends_with(lower(arn), lower($resource))
order by 1
limit 10
