-- title: What was let in from outside
-- question: Which machines and ports took connections from outside addresses, from how many, and since when?
-- sources: vpc_flow
-- attack: T1133, T1190
-- parameter: owner text = null
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about owner: an interface, an instance or a part of the description of the interface; null means all
-- about top: how many lines where no owner is given, the latest opened first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: ACCEPT means that the packets passed the security group and the network ACL; whether anything listened, the bytes back tell (0 or one packet: nothing did).
-- trap: Answers to connections that went out are left out by the SYN of TCP where the log has tcp_flags, else by the larger source port; some remain.
-- trap: Where no owner is given, ports that were first used latest stand first, since what always was open is known.
-- trap: The owner is what had the interface in the evidence, all of them where there were several; null means unknown.
-- next: network/open_ports_used
-- next: network/rejected_then_accepted
with inbound as (
  select
    account,
    interface_id,
    instance_id,
    coalesce(pkt_srcaddr, srcaddr) as source,
    dstport as port,
    protocol,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
    and event_time between $from and $to
    and (flow_direction is null or flow_direction = 'ingress')
    and not ip_is_private(coalesce(pkt_srcaddr, srcaddr))
    and ip_is_private(dstaddr)
    and case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      else srcport is null or srcport > dstport or protocol not in (6, 17)
    end
), by_source as (
  select
    account, interface_id, max(instance_id) as instance_id, port, protocol, source,
    count(*) as flows, sum(bytes) as bytes, min(event_time) as first_time, max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from inbound
  group by account, interface_id, port, protocol, source
), lines as (
  select
    account,
    interface_id,
    max(instance_id) as instance_id,
    port,
    protocol,
    count(*) as sources,
    sum(flows) as flows,
    sum(bytes) as bytes_in,
    first_value(source order by bytes desc, source) as largest_source,
    max(bytes) as bytes_of_largest,
    min(first_time) as first_time,
    max(last_time) as last_time,
    first_value(evidence_object order by first_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by first_time, evidence_object, evidence_record) as evidence_record
  from by_source
  group by account, interface_id, port, protocol
), owners as (
  select
    interface_id,
    coalesce(
      nullif(array_to_string(array_sort(array_agg(distinct instance_id)), ', '), ''),
      nullif(array_to_string(array_sort(array_agg(distinct description)), ', '), ''),
      min(interface_type)
    ) as owner
  from ip_owner
  where interface_id is not null
  group by interface_id
), named as (
  select lines.*, coalesce(owners.owner, lines.instance_id) as owner
  from lines
  left join owners
    on owners.interface_id = lines.interface_id
), ranked as (
  select
    *,
    row_number() over (
      order by first_time desc, account nulls first, interface_id nulls first, port nulls first, protocol nulls first, owner nulls first
    ) as rank,
    count(*) over () as of_lines
  from named
  where $owner is null or interface_id = $owner or strpos(owner, $owner) > 0
)
select
  account,
  interface_id as interface,
  owner,
  case protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'icmpv6'
    else cast(protocol as text) end as protocol,
  port,
  sources,
  flows,
  bytes_in,
  largest_source,
  bytes_of_largest,
  first_time,
  last_time,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $owner is not null or $top is null or rank <= $top
order by rank
