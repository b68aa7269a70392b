-- Is somebody or something that acted called exactly so? That it was acted upon is no sign.
select count(*) > 0 as known from (
  select 1 from sessions
  where session_id = $value or actor = $value or useridentity_arn = $value or useridentity_accesskeyid = $value
    or sessionissuer_arn = $value or useridentity_principalid = $value or federation_subject = $value
    or sourceidentity = $value
  union all
  select 1 from events where actor = $value or session_id = $value or array_has(keys, $value)
  limit 1
)
