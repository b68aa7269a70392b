-- Users and roles that are called so: the last part of their ARN. Not the names of sessions of roles, which whoever
-- assumes the role can choose.
select distinct name from (
  select actor as name from sessions
  union select useridentity_arn from sessions
  union select sessionissuer_arn from sessions
)
where ends_with(name, concat('/', $who)) and (strpos(name, ':user/') > 0 or strpos(name, ':role/') > 0)
order by name
limit 10
