-- title: Who asked for a name
-- question: Which machines asked for this name, when, and what were they answered?
-- sources: route53_resolver
-- attack: T1071.004, T1016
-- parameter: name text = null
-- parameter: ip text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about name: a part of the name; null means every name
-- about ip: an address that was answered; null means all
-- about top: how many lines where neither name nor address is given, the latest new and rarest names first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Only what goes through the Route 53 Resolver of a VPC with query logging is here; a host may ask elsewhere (network/dns_elsewhere).
-- trap: Only the first question within a time to live is logged: what the host or the resolver answers from a cache is not here, so times is a lower bound.
-- trap: Where a forwarder or a resolver endpoint asks for others, its address is the asker.
-- trap: A host asks with upper and lower case mixed at will; names are compared in lower case without the dot at the end.
-- next: network/names_and_flows
-- next: network/new_names
-- next: network/address_owner
with asked as (
  select
    account, vpc_id, srcaddr, srcids_instance, srcids_resolver_endpoint, domain, query_type, rcode, answers,
    firewall_rule_action, event_time, evidence_object, evidence_record
  from route53_resolver
  where event_time between $from and $to
    and ($name is null or strpos(domain, lower($name)) > 0)
    and ($ip is null or strpos(answers, concat('"', $ip, '"')) > 0)
), lines as (
  select
    account,
    vpc_id,
    srcaddr,
    coalesce(srcids_instance, srcids_resolver_endpoint) as instance,
    domain,
    count(*) as times,
    array_to_string(array_sort(array_agg(distinct query_type)), ', ') as types,
    array_to_string(array_sort(array_agg(distinct rcode)), ', ') as outcomes,
    array_to_string(array_sort(array_agg(distinct firewall_rule_action)), ', ') as dns_firewall,
    first_value(answers order by answers is null, event_time, evidence_object, evidence_record) as first_answers,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from asked
  group by account, vpc_id, srcaddr, coalesce(srcids_instance, srcids_resolver_endpoint), domain
), weighed as (
  select *, count(*) over (partition by domain) as askers_of_name, min(first_time) over (partition by domain) as name_first_asked
  from lines
), ranked as (
  select
    *,
    row_number() over (
      order by askers_of_name, name_first_asked desc, domain, first_time, srcaddr nulls first, instance nulls first, vpc_id nulls first, account nulls first
    ) as rank,
    count(*) over () as of_lines
  from weighed
)
select
  first_time,
  last_time,
  account,
  vpc_id as vpc,
  srcaddr as asker,
  instance,
  domain as name,
  times,
  types,
  outcomes,
  dns_firewall,
  first_answers,
  askers_of_name,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $name is not null or $ip is not null or $top is null or rank <= $top
order by rank
