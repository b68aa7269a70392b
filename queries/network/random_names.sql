-- title: Random-looking and many-named domains
-- question: Below which domains did a machine ask for names that look made by a machine, or for very many or very long names?
-- sources: route53_resolver
-- attack: T1568.002, T1071.004, T1048.003
-- parameter: least_names integer = 3
-- parameter: with_cloud boolean = false
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_names: how many such names below one domain make a line
-- about with_cloud: true keeps names of AWS and of other large clouds, which look random by nature
-- about top: how many lines, most random names first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Random is a guess by the first label: long with few vowels, digits among letters, or hexadecimal. Names made of words are missed, and CDN, mail and antivirus names look random.
-- trap: Tunnels carry data in the names: look at longest_name, at bytes_in_names and at questions for TXT, NULL and CNAME.
-- trap: Generated names are mostly unregistered (NXDOMAIN); names below an attacker's own domain may all be answered.
-- trap: The domain is taken as the last two labels; below co.uk and the like different owners come together.
-- next: network/nxdomain_bursts
-- next: network/who_asked
-- next: network/names_and_flows
with names as (
  select
    coalesce(srcids_instance, srcaddr) as asker,
    domain,
    min(account) as account,
    split_part(domain, '.', 1) as label,
    case when domain ~ '[^.]+\.[^.]+\.[^.]+$' then regexp_replace(domain, '^.*?([^.]+\.[^.]+)$', '\1') else domain end as parent,
    count(*) as times,
    count(*) filter (where rcode = 'NXDOMAIN') as nxdomain,
    count(*) filter (where query_type in ('TXT', 'NULL', 'CNAME', 'MX', '10')) as odd_types,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from route53_resolver
  where event_time between $from and $to
    and domain is not null
    and domain not like '%.arpa'
    and ($with_cloud or not domain ~ '(amazonaws\.com|\.aws|compute\.internal|ec2\.internal|cloudfront\.net|awsdns-[0-9]+\.[a-z.]+|azure\.com|windows\.net|googleapis\.com)$')
  group by coalesce(srcids_instance, srcaddr), domain
), judged as (
  select
    *,
    length(label) >= 8 and (
      label ~ '^[0-9a-f]{12,}$'
      or (label ~ '[a-z][0-9]+[a-z]' and label ~ '^[a-z0-9]+$')
      or (length(regexp_replace(label, '[^aeiouy]', '', 'g')) * 5 < length(label) and label ~ '^[a-z0-9]+$')
      or label ~ '[bcdfghjklmnpqrstvwxz]{6,}'
      or length(label) >= 40
    ) as is_random
  from names
), lines as (
  select
    asker,
    parent,
    min(account) as account,
    count(*) as names,
    count(*) filter (where is_random) as random_names,
    count(*) filter (where nxdomain > 0) as names_nxdomain,
    sum(times) as questions,
    sum(odd_types) as questions_of_odd_types,
    max(length(domain)) as longest_name,
    sum(length(domain) - length(parent)) as bytes_in_names,
    first_value(domain order by is_random desc, first_time, domain) as an_example,
    min(first_time) as first_time,
    max(last_time) as last_time,
    first_value(evidence_object order by is_random desc, first_time, domain) as evidence_object,
    first_value(evidence_record order by is_random desc, first_time, domain) as evidence_record
  from judged
  group by asker, parent
  having count(*) filter (where is_random) >= $least_names or count(*) >= 50 * $least_names or max(length(domain)) >= 120
), ranked as (
  select
    *,
    row_number() over (order by random_names desc, names_nxdomain desc, names desc, parent, asker nulls first) as rank,
    count(*) over () as of_lines
  from lines
)
select
  account,
  asker,
  parent as domain,
  random_names,
  names,
  names_nxdomain,
  questions,
  questions_of_odd_types,
  longest_name,
  bytes_in_names,
  an_example,
  round((date_part('epoch', last_time) - date_part('epoch', first_time)) / 60, 1) as minutes_from_first_to_last,
  first_time,
  last_time,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $top is null or rank <= $top
order by rank
