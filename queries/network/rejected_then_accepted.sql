-- title: First refused, then let in
-- question: Which ports refused outside addresses and later let them in, when did that turn, and who came then?
-- sources: vpc_flow
-- attack: T1562.007, T1133
-- parameter: port integer = null
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about port: only this port; null means every one
-- about top: how many lines, most refusals first; null means all
-- about from: the first instant in which it may have turned
-- about to: the last instant in which it may have turned
-- trap: The turn lies between last_refused_before and first_accepted: a security group or network ACL changed, or another address came that always was allowed.
-- trap: sources_of_both counts addresses that were refused before and let in later: with those the rule changed for certain.
-- trap: Answers to old connections can be refused too, as REJECT of a large port; such ports are left out unless asked for.
-- trap: The action is by interface; what was refused before the interface had a flow log is not known.
-- next: network/open_ports_used
-- next: config/open_security_groups
-- next: network/accepted_from_outside
with inbound as (
  select
    account,
    interface_id,
    coalesce(pkt_srcaddr, srcaddr) as source,
    dstport as port,
    protocol,
    action,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and protocol in (6, 17)
    and (flow_direction is null or flow_direction = 'ingress')
    and not ip_is_private(coalesce(pkt_srcaddr, srcaddr))
    and ip_is_private(dstaddr)
    and (dstport = $port or ($port is null and dstport < 32768))
    and (action = 'REJECT' or coalesce(tcp_flags & 18, 0) = 2 or (coalesce(tcp_flags & 18, 0) = 0 and srcport > dstport))
), by_source as (
  select
    account, interface_id, port, protocol, source,
    count(*) filter (where action = 'REJECT') as refused,
    count(*) filter (where action = 'ACCEPT') as accepted,
    min(event_time) filter (where action = 'REJECT') as first_refused,
    max(event_time) filter (where action = 'REJECT') as last_refused,
    min(event_time) filter (where action = 'ACCEPT') as first_accepted,
    max(event_time) filter (where action = 'ACCEPT') as last_accepted
  from inbound
  group by account, interface_id, port, protocol, source
), doors as (
  select
    account, interface_id, port, protocol,
    min(first_refused) as first_refused,
    min(first_accepted) as first_accepted,
    max(last_accepted) as last_accepted,
    max(last_refused) as last_refused,
    count(*) filter (where accepted > 0) as sources_accepted,
    count(*) filter (where first_refused < first_accepted) as sources_of_both
  from by_source
  group by account, interface_id, port, protocol
  having min(first_refused) < min(first_accepted)
), lines as (
  select
    d.account, d.interface_id, d.port, d.protocol, d.first_refused, d.first_accepted, d.last_accepted, d.last_refused,
    d.sources_accepted, d.sources_of_both,
    count(*) filter (where i.action = 'REJECT' and i.event_time < d.first_accepted) as refused_before,
    count(distinct i.source) filter (where i.action = 'REJECT' and i.event_time < d.first_accepted) as sources_refused_before,
    max(i.event_time) filter (where i.action = 'REJECT' and i.event_time < d.first_accepted) as last_refused_before,
    count(*) filter (where i.action = 'REJECT' and i.event_time > d.last_accepted) as refused_afterwards,
    count(*) filter (where i.action = 'ACCEPT') as accepted,
    sum(i.bytes) filter (where i.action = 'ACCEPT') as bytes_in,
    first_value(i.source order by i.action, i.event_time, i.evidence_object, i.evidence_record) as first_source_accepted,
    first_value(i.evidence_object order by i.action, i.event_time, i.evidence_object, i.evidence_record) as evidence_object,
    first_value(i.evidence_record order by i.action, i.event_time, i.evidence_object, i.evidence_record) as evidence_record
  from inbound i
  join doors d
    on (d.account is not distinct from i.account) and (d.interface_id is not distinct from i.interface_id)
    and d.port = i.port and d.protocol = i.protocol
  group by d.account, d.interface_id, d.port, d.protocol, d.first_refused, d.first_accepted, d.last_accepted, d.last_refused,
    d.sources_accepted, d.sources_of_both
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
), ranked as (
  select
    *,
    row_number() over (
      order by refused_before desc, first_accepted, account nulls first, interface_id nulls first, port, protocol
    ) as rank,
    count(*) over () as of_lines
  from lines
  where first_accepted between $from and $to
)
select
  ranked.account,
  ranked.interface_id as interface,
  owners.owner,
  case ranked.protocol when 6 then 'tcp' when 17 then 'udp' end as protocol,
  ranked.port,
  ranked.first_refused,
  ranked.last_refused_before,
  ranked.first_accepted,
  ranked.first_source_accepted,
  ranked.last_accepted,
  ranked.refused_before,
  ranked.sources_refused_before,
  ranked.accepted,
  ranked.sources_accepted,
  ranked.sources_of_both,
  ranked.refused_afterwards,
  ranked.bytes_in,
  ranked.evidence_object,
  ranked.evidence_record,
  ranked.of_lines
from ranked
left join owners
  on owners.interface_id = ranked.interface_id
where $port is not null or $top is null or ranked.rank <= $top
order by ranked.rank, owners.owner nulls first
