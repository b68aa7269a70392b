-- title: Large uploads to an outside address
-- question: Which interfaces sent much to one outside address, much more than came back, and was the address new?
-- sources: vpc_flow
-- attack: T1048, T1041, T1567
-- parameter: least_bytes integer = 100000000
-- parameter: ip text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_bytes: how many bytes must have gone out
-- about ip: an outside address or network; null means every one, with null for least_bytes to see all of it
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A server that answers large requests sends much as well: began_inside counts the flows that this side began.
-- trap: The same bytes stand at the host and again at a NAT gateway.
-- trap: Bytes are counted with the headers of packets, and a flow log may skip records: network/flow_log_gaps.
-- trap: days_before says on how much history of the interface the word new rests.
-- trap: Data may also leave through S3 or another service of AWS, with the keys of the machine; that is not here.
-- trap: One line for each peer: a large transfer and regular small calls to the same address are one sum; network/beaconing has the calls.
-- next: network/names_and_flows
-- next: network/new_outside_peers
-- next: exfiltration/flow_bytes_by_day
with flows as (
  select
    account,
    interface_id,
    case
      when flow_direction = 'egress' then 'out'
      when flow_direction = 'ingress' then 'in'
      when ip_is_private(srcaddr) and not ip_is_private(dstaddr) then 'out'
      when not ip_is_private(srcaddr) then 'in'
    end as way,
    coalesce(pkt_srcaddr, srcaddr) as source,
    coalesce(pkt_dstaddr, dstaddr) as destination,
    coalesce(pkt_dst_aws_service, pkt_src_aws_service) as aws_service,
    case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      when srcport > dstport then true
      when srcport < dstport then false
    end as source_began,
    least(srcport, dstport) as port,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK' and action = 'ACCEPT'
), outside as (
  select *, case when way = 'out' then destination else source end as peer
  from flows
  where way is not null
    and event_time between $from and $to
    and not ip_is_private(case when way = 'out' then destination else source end)
), histories as (
  select interface_id, min(event_time) as history_from
  from vpc_flow
  group by interface_id
), pairs as (
  select
    account,
    interface_id,
    peer,
    min(aws_service) as aws_service,
    coalesce(sum(bytes) filter (where way = 'out'), 0) as bytes_out,
    coalesce(sum(bytes) filter (where way = 'in'), 0) as bytes_back,
    count(*) filter (where way = 'out') as flows_out,
    count(*) filter (where way = 'out' and source_began) as began_inside,
    min(event_time) as first_time,
    max(event_time) as last_time
  from outside
  where $ip is null or peer = $ip or ip_in_cidr(peer, $ip)
  group by account, interface_id, peer
), large as (
  select *
  from pairs
  where ($least_bytes is null or bytes_out >= $least_bytes)
    and bytes_out > bytes_back
), examples as (
  select
    l.account, l.interface_id, l.peer,
    count(distinct date_trunc('hour', o.event_time)) as hours_active,
    first_value(o.port order by o.way desc, o.bytes desc, o.event_time, o.evidence_object, o.evidence_record) as port,
    first_value(o.evidence_object order by o.way desc, o.bytes desc, o.event_time, o.evidence_object, o.evidence_record) as evidence_object,
    first_value(o.evidence_record order by o.way desc, o.bytes desc, o.event_time, o.evidence_object, o.evidence_record) as evidence_record
  from large l
  join outside o
    on o.peer = l.peer and (o.interface_id is not distinct from l.interface_id) and (o.account is not distinct from l.account)
  group by l.account, l.interface_id, l.peer
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
)
select
  p.first_time,
  p.last_time,
  p.account,
  p.interface_id as interface,
  owners.owner,
  p.peer,
  p.aws_service,
  e.port,
  p.bytes_out,
  p.bytes_back,
  case when p.bytes_back > 0 then round(p.bytes_out * 1.0 / p.bytes_back, 1) end as out_per_back,
  p.flows_out,
  p.began_inside,
  e.hours_active,
  round((date_part('epoch', p.first_time) - date_part('epoch', h.history_from)) / 86400, 1) as days_before,
  e.evidence_object,
  e.evidence_record
from large p
join examples e
  on e.peer = p.peer and (e.interface_id is not distinct from p.interface_id) and (e.account is not distinct from p.account)
join histories h on (h.interface_id is not distinct from p.interface_id)
left join owners
  on owners.interface_id = p.interface_id
order by p.bytes_out desc, p.first_time, account nulls first, interface nulls first, p.peer, owner nulls first
