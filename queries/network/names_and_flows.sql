-- title: From a name to the flows to its answer
-- question: Who asked for a name, was given an address, and then talked to that address: when, how often, how many bytes?
-- sources: route53_resolver, vpc_flow
-- attack: T1071.004, T1071.001, T1048
-- parameter: name text = null
-- parameter: ip text = null
-- parameter: minutes integer = 60
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about name: a part of the name; null means every name
-- about ip: the address that was answered; null means every one
-- about minutes: how long after the last question a flow still counts
-- about top: how many lines where neither name nor address is given, the rarest and latest names first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One address serves many names (CDN, cloud): names_of_answer says for how many names the same asker was given it.
-- trap: Names that a host has in its own cache are not asked again: a flow long after the question may still belong to it.
-- trap: A program that has the address built in, or asks another resolver, has flows and no question.
-- trap: The asker is matched by its private address, and by the VPC where both logs name it; flow logs that do not name the VPC may mix equal addresses of several VPCs.
-- trap: When a resolver endpoint asked for others, its own address stands as the asker.
-- trap: bytes are those of all flows to that address after the question, small calls and large transfers alike.
-- next: network/who_asked
-- next: network/address_owner
-- next: exfiltration/large_uploads
with questions as (
  select
    account, vpc_id, srcaddr, srcids_instance as instance, domain, event_time, evidence_object, evidence_record,
    case when answers like '[%' then json_get_array(answers) else make_array(answers) end as list
  from route53_resolver
  where event_time between $from and $to
    and answers is not null
    and ($name is null or strpos(domain, lower($name)) > 0)
), answered as (
  select account, vpc_id, srcaddr, instance, domain, event_time, evidence_object, evidence_record, unnest(list) as one
  from questions
), pairs as (
  select
    min(account) as account, vpc_id, srcaddr, max(instance) as instance, domain, json_as_text(one, 'Rdata') as answer,
    count(*) as times_asked,
    min(event_time) as first_asked,
    max(event_time) as last_asked,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as question_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as question_record
  from answered
  where json_as_text(one, 'Type') in ('A', 'AAAA')
  group by vpc_id, srcaddr, domain, json_as_text(one, 'Rdata')
), counted as (
  select
    pairs.*,
    count(*) over (partition by vpc_id, srcaddr, answer) as names_of_answer,
    count(*) over (partition by domain) as askers_and_answers
  from pairs
  where $ip is null or answer = $ip
), flows as (
  select
    interface_id, vpc_id, srcaddr, dstaddr, srcport, dstport, bytes, event_time, evidence_object, evidence_record,
    ip_is_private(dstaddr) and not ip_is_private(srcaddr) as is_back
  from vpc_flow
  where action = 'ACCEPT' and coalesce(log_status, 'OK') = 'OK'
), sent as (
  select
    c.vpc_id, c.srcaddr, c.domain, c.answer,
    f.interface_id, f.dstport as port, f.bytes, f.event_time, f.evidence_object, f.evidence_record
  from counted c
  join flows f on f.srcaddr = c.srcaddr and f.dstaddr = c.answer
  where f.event_time >= c.first_asked - interval '2 minutes'
    and f.event_time <= c.last_asked + cast(concat(cast($minutes as text), ' minutes') as interval)
    and (f.vpc_id is null or c.vpc_id is null or f.vpc_id = c.vpc_id)
), used as (
  select
    vpc_id, srcaddr, domain, answer,
    min(interface_id) as interface_id,
    first_value(port order by event_time, evidence_object, evidence_record) as port,
    count(*) as flows,
    sum(bytes) as bytes_out,
    min(event_time) as first_flow,
    max(event_time) as last_flow,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from sent
  group by vpc_id, srcaddr, domain, answer
), ranked as (
  select
    c.*, u.interface_id, u.port, u.flows, u.bytes_out, u.first_flow, u.last_flow, u.evidence_object, u.evidence_record,
    row_number() over (
      order by c.askers_and_answers, c.times_asked, c.first_asked desc, c.domain, c.answer nulls first, c.srcaddr nulls first, c.vpc_id nulls first
    ) as rank,
    count(*) over () as of_lines
  from counted c
  join used u
    on (u.vpc_id is not distinct from c.vpc_id) and u.srcaddr = c.srcaddr and u.domain = c.domain and u.answer = c.answer
)
select
  first_asked,
  account,
  srcaddr as asker,
  instance,
  vpc_id as vpc,
  domain as name,
  answer,
  names_of_answer,
  times_asked,
  last_asked,
  first_flow,
  last_flow,
  round(date_part('epoch', first_flow) - date_part('epoch', first_asked), 0) as seconds_to_first_flow,
  interface_id as interface,
  port,
  flows,
  bytes_out,
  evidence_object,
  evidence_record,
  question_object,
  question_record,
  of_lines
from ranked
where $name is not null or $ip is not null or $top is null or rank <= $top
order by rank
