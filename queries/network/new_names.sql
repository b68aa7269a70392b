-- title: Names never asked for before
-- question: Which names did the network resolve for the first time, after how much history, and is the domain above them or the top-level domain new too?
-- sources: route53_resolver
-- attack: T1071.004, T1568
-- parameter: history_days integer = 14
-- parameter: new_domains_only boolean = true
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about history_days: how many days of earlier questions there have to be
-- about new_domains_only: false shows new names below known domains too
-- about top: how many lines, names below new domains with the fewest askers first; null means all
-- about from: the first instant in which a name may be new
-- about to: the last instant in which a name may be new
-- trap: New means new in the collected logs; history_from says since when there are any, and before that nothing is known.
-- trap: The domain is taken as the last two labels, which is too short for names such as example.co.uk or a name of a cloud service.
-- trap: Deployments, updates and people meet new names every day: the asker says whether that is usual for it.
-- trap: A new name below a known domain (a cloud, a CDN, a site for files) is left out unless new_domains_only is false.
-- next: network/who_asked
-- next: network/names_and_flows
-- next: network/random_names
with names as (
  select
    domain,
    case when domain ~ '[^.]+\.[^.]+$' then regexp_replace(domain, '^.*?([^.]+\.[^.]+)$', '\1') else domain end as parent,
    regexp_replace(domain, '^.*\.', '') as top_level,
    count(*) as times,
    count(distinct coalesce(srcids_instance, srcaddr)) as askers,
    first_value(coalesce(srcids_instance, srcaddr) order by event_time, evidence_object, evidence_record) as first_asker,
    array_to_string(array_sort(array_agg(distinct query_type)), ', ') as types,
    array_to_string(array_sort(array_agg(distinct rcode)), ', ') as outcomes,
    first_value(answers order by answers is null, event_time, evidence_object, evidence_record) as first_answers,
    min(account) as account,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from route53_resolver
  where domain is not null and event_time is not null
  group by domain
), weighed as (
  select
    *,
    min(first_time) over () as history_from,
    min(first_time) over (partition by parent) as parent_first_time,
    count(*) over (partition by parent) as names_of_domain,
    min(first_time) over (partition by top_level) as top_level_first_time
  from names
), fresh as (
  select
    *,
    parent_first_time >= history_from + cast(concat(cast($history_days as text), ' days') as interval) as domain_is_new,
    top_level_first_time >= history_from + cast(concat(cast($history_days as text), ' days') as interval) as top_level_is_new
  from weighed
  where first_time >= history_from + cast(concat(cast($history_days as text), ' days') as interval)
    and first_time between $from and $to
    and domain not like '%.in-addr.arpa'
    and domain not like '%.ip6.arpa'
), ranked as (
  select
    *,
    row_number() over (order by domain_is_new desc, top_level_is_new desc, askers, first_time, domain) as rank,
    count(*) over () as of_lines
  from fresh
  where $new_domains_only = false or domain_is_new
)
select
  first_time,
  account,
  domain as name,
  parent as domain,
  domain_is_new,
  top_level_is_new,
  first_asker,
  askers,
  times,
  types,
  outcomes,
  first_answers,
  names_of_domain,
  last_time,
  history_from,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $top is null or rank <= $top
order by rank
