-- title: Bursts of names that do not exist
-- question: Which machines asked within a short time for many different names that do not exist, more than they usually do?
-- sources: route53_resolver
-- attack: T1568.002, T1018
-- parameter: minutes integer = 30
-- parameter: least_names integer = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: the length of the windows into which time is cut
-- about least_names: how many different names that do not exist make a burst
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A host with a search list asks every short name below each of its domains; such names end in the domain of the network, and are not of an attacker.
-- trap: Windows begin at fixed times, so a burst across an edge is cut in two.
-- trap: Negative answers are cached: the same name is asked again only after some minutes.
-- trap: usual_names is the median over the windows in which the machine had any such name; without others it is the window itself.
-- next: network/random_names
-- next: network/who_asked
with windows as (
  select
    coalesce(srcids_instance, srcaddr) as asker,
    min(account) as account,
    min(vpc_id) as vpc,
    date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time) as window_start,
    count(distinct domain) filter (where rcode = 'NXDOMAIN') as names,
    count(*) filter (where rcode = 'NXDOMAIN') as questions,
    count(*) as questions_of_all,
    count(distinct regexp_replace(domain, '^.*?([^.]+\.[^.]+)$', '\1')) filter (where rcode = 'NXDOMAIN') as domains,
    min(regexp_replace(domain, '^.*?([^.]+\.[^.]+)$', '\1')) filter (where rcode = 'NXDOMAIN') as a_domain,
    min(domain) filter (where rcode = 'NXDOMAIN') as an_example,
    min(event_time) filter (where rcode = 'NXDOMAIN') as first_time,
    max(event_time) filter (where rcode = 'NXDOMAIN') as last_time,
    first_value(evidence_object order by rcode = 'NXDOMAIN' desc, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by rcode = 'NXDOMAIN' desc, event_time, evidence_object, evidence_record) as evidence_record
  from route53_resolver
  where event_time is not null and rcode is not null
  group by coalesce(srcids_instance, srcaddr), date_bin(cast(concat(cast($minutes as text), ' minutes') as interval), event_time)
), usual as (
  select asker, cast(median(cast(names as double)) as double) as usual_names, count(*) as windows
  from windows
  where names > 0
  group by asker
)
select
  windows.window_start,
  windows.account,
  windows.vpc,
  windows.asker,
  windows.names,
  round(windows.names / usual.usual_names, 2) as times_usual,
  usual.usual_names,
  usual.windows as windows_with_any,
  windows.questions,
  windows.questions_of_all,
  windows.domains,
  windows.a_domain,
  windows.an_example,
  windows.first_time,
  windows.last_time,
  windows.evidence_object,
  windows.evidence_record
from windows
join usual on (usual.asker is not distinct from windows.asker)
where windows.names >= $least_names
  and windows.last_time >= $from
  and windows.first_time <= $to
order by windows.names desc, windows.window_start, windows.asker nulls first
