-- Which indicators of a list stand in no row.
with list as (
  select unnest(string_to_array($iocs, chr(10))) as ioc
),
seen as (
  select distinct unnest(array_concat(ips, keys, actors, resources, make_array(target))) as value from events
),
addresses as (
  select distinct unnest(ips) as ip from events
),
found as (
  select list.ioc from list join seen on seen.value = list.ioc
  union
  select list.ioc from list join addresses on strpos(list.ioc, '/') > 0 and ip_in_cidr(addresses.ip, list.ioc)
)
select distinct list.ioc from list left join found on found.ioc = list.ioc where found.ioc is null order by list.ioc
