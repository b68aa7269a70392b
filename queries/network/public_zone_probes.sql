-- title: Who feels out the public zone
-- question: Which resolvers asked a public hosted zone for many names, or for names that do not exist?
-- sources: route53_queries
-- attack: T1590.002, T1596.001
-- parameter: least_names integer = 5
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_names: how many different names, or names that do not exist, a resolver must have asked for in a day
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: The address is that of a resolver, which asks for all its users; edns_client_subnet, where it is sent, comes nearer to the one who asked.
-- trap: Answers from caches of resolvers are not here; a name that was asked for seldom may have been used often.
-- trap: Questions of type ANY, AXFR or TXT, and names such as vpn, dev or staging, point to one who maps the zone.
-- next: triage/ip_activity
select
  date_trunc('day', event_time) as day,
  hosted_zone_id as zone,
  resolver_ip as resolver,
  edns_client_subnet as client_network,
  count(distinct lower(query_name)) as names,
  count(distinct lower(query_name)) filter (where response_code = 'NXDOMAIN') as names_not_there,
  count(*) as questions,
  count(*) filter (where error_class = 'denied') as refused,
  array_to_string(array_sort(array_agg(distinct query_type)), ', ') as types,
  min(query_name) filter (where response_code = 'NXDOMAIN') as an_example_not_there,
  min(edge_location) as an_edge_location,
  min(event_time) as first_time,
  max(event_time) as last_time,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
from route53_queries
where event_time between $from and $to
group by date_trunc('day', event_time), hosted_zone_id, resolver_ip, edns_client_subnet
having count(distinct lower(query_name)) >= $least_names
  or count(distinct lower(query_name)) filter (where response_code = 'NXDOMAIN') >= $least_names
  or count(*) filter (where query_type in ('ANY', 'AXFR', 'IXFR')) > 0
order by names_not_there desc, names desc, day, zone nulls first, resolver nulls first, client_network nulls first
