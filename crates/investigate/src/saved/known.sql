-- Does a value stand in any row: as address, key, actor or resource, or, unless it is compared whole, as a part of the
-- name of one?
select count(*) > 0 as known from (
  select 1 from events
  where ip = $value or actor = $value or target = $value or account = $value or region = $value or action = $value
    or array_has(ips, $value) or array_has(keys, $value)
    or case when strpos($value, '/') > 0 then ip_in_cidr(array_to_string(ips, ','), $value) end
    or array_has(actors, $value) or array_has(resources, $value)
    or (not $whole and strpos(array_to_string(actors, chr(10)), $value) > 0)
    or (not $whole and strpos(array_to_string(resources, chr(10)), $value) > 0)
  union all
  select 1 from config_states
  where resourceid = $value or resourcename = $value or arn = $value or resourcetype = $value
  union all
  select 1 from sessions
  where session_id = $value or actor = $value or useridentity_principalid = $value or federation_subject = $value
    or sourceidentity = $value
  limit 1
)
