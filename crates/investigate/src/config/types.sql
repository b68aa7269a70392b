-- The types of which anything was captured, the one whose name is nearest first.
select resourcetype as name, lower(resourcetype) = lower($type) as is_it,
  cast(levenshtein(lower(resourcetype), lower($type)) as bigint) as distance
from (select distinct resourcetype from config_states where resourcetype is not null)
order by distance, name
