-- title: Regular calls to the outside
-- question: Which interfaces opened connections to an outside address at intervals too regular for people?
-- sources: vpc_flow
-- attack: T1071, T1029
-- parameter: least_times integer = 12
-- parameter: most_variation number = 0.25
-- parameter: least_seconds integer = 120
-- parameter: most_seconds integer = 21600
-- parameter: ip text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about least_times: how many connections there have to be
-- about most_variation: the highest coefficient of variation of the intervals (their deviation through their mean); 0 is a clock
-- about least_seconds: the shortest mean interval; below twice the aggregation interval of the log nothing can be told
-- about most_seconds: the longest mean interval; what runs once or twice a day is mostly a job
-- about ip: an outside address or network; null means every one
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A flow log cuts long connections into windows of 1 or 10 minutes: those come as regularly as a beacon. Only a new source port or a SYN counts as a new connection here.
-- trap: A start is told as exactly as the aggregation interval allows; window_seconds is the middle length of the windows of this pair, and intervals shorter than two of them say nothing.
-- trap: Time service, monitoring, updates and health checks are regular as well: ask whether the address is new and who owns it.
-- trap: A beacon with much jitter, or with long pauses, has a higher variation: raise most_variation. The middle interval stays telling where pauses spoil the mean.
-- trap: Behind a NAT gateway the interface of the gateway has the beacons of all hosts mixed; look at the interfaces of the hosts.
-- trap: bytes are those of all flows between the two, large transfers among them.
-- next: network/names_and_flows
-- next: network/new_outside_peers
-- next: network/address_owner
with outgoing as (
  select
    account, interface_id, srcaddr, coalesce(pkt_dstaddr, dstaddr) as peer, srcport, dstport, protocol, bytes, event_time,
    date_part('epoch', end_time) - date_part('epoch', start_time) as window_length,
    coalesce(tcp_flags & 18, 0) = 2 as has_syn,
    evidence_object, evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
    and event_time between $from and $to
    and (flow_direction is null or flow_direction = 'egress')
    and ip_is_private(srcaddr)
    and not ip_is_private(coalesce(pkt_dstaddr, dstaddr))
    and ($ip is null or coalesce(pkt_dstaddr, dstaddr) = $ip or ip_in_cidr(coalesce(pkt_dstaddr, dstaddr), $ip))
    and case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      else srcport is null or srcport > dstport
    end
), pairs as (
  select account, interface_id, srcaddr, peer, dstport, protocol, count(*) as flows
  from outgoing
  group by account, interface_id, srcaddr, peer, dstport, protocol
  having count(*) >= $least_times
    and date_part('epoch', max(event_time)) - date_part('epoch', min(event_time)) >= ($least_times - 1) * $least_seconds
), ordered as (
  select
    o.*,
    lag(o.srcport) over same_pair as srcport_before
  from outgoing o
  join pairs p
    on (p.account is not distinct from o.account) and (p.interface_id is not distinct from o.interface_id)
    and p.srcaddr = o.srcaddr and p.peer = o.peer
    and (p.dstport is not distinct from o.dstport) and (p.protocol is not distinct from o.protocol)
  window same_pair as (
    partition by o.account, o.interface_id, o.srcaddr, o.peer, o.dstport, o.protocol
    order by o.event_time, o.evidence_object, o.evidence_record
  )
), starts as (
  select
    account, interface_id, srcaddr, peer, dstport, protocol, event_time,
    min(evidence_object) as evidence_object, min(evidence_record) as evidence_record, sum(bytes) as bytes
  from ordered
  where has_syn or (srcport is distinct from srcport_before)
  group by account, interface_id, srcaddr, peer, dstport, protocol, event_time
), steps as (
  select
    starts.*,
    date_part('epoch', event_time) - date_part('epoch', lag(event_time) over (
      partition by account, interface_id, srcaddr, peer, dstport, protocol order by event_time)) as seconds
  from starts
), lengths as (
  select account, interface_id, srcaddr, peer, dstport, protocol, cast(median(window_length) as double) as window_seconds, sum(bytes) as bytes, count(*) as flows
  from ordered
  group by account, interface_id, srcaddr, peer, dstport, protocol
), regular as (
  select
    account, interface_id, srcaddr, peer, dstport, protocol,
    count(*) as times,
    avg(seconds) as mean_seconds,
    cast(median(seconds) as double) as middle_seconds,
    stddev_pop(seconds) / nullif(avg(seconds), 0) as variation,
    min(seconds) as shortest_seconds,
    max(seconds) as longest_seconds,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from steps
  group by account, interface_id, srcaddr, peer, dstport, protocol
  having count(*) >= $least_times
    and avg(seconds) between $least_seconds and $most_seconds
    and stddev_pop(seconds) / nullif(avg(seconds), 0) <= $most_variation
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
  r.account,
  r.interface_id as interface,
  owners.owner,
  r.srcaddr as source,
  r.peer,
  case r.protocol when 1 then 'icmp' when 6 then 'tcp' when 17 then 'udp' when 58 then 'icmpv6'
    else cast(r.protocol as text) end as protocol,
  r.dstport as port,
  r.times,
  round(r.mean_seconds, 1) as mean_seconds,
  round(r.middle_seconds, 1) as middle_seconds,
  round(r.variation, 3) as variation,
  r.shortest_seconds,
  r.longest_seconds,
  l.window_seconds,
  r.mean_seconds >= 2 * l.window_seconds as interval_can_be_told,
  l.flows,
  l.bytes,
  r.first_time,
  r.last_time,
  r.evidence_object,
  r.evidence_record
from regular r
join lengths l
  on (l.account is not distinct from r.account) and (l.interface_id is not distinct from r.interface_id)
  and l.srcaddr = r.srcaddr and l.peer = r.peer
  and (l.dstport is not distinct from r.dstport) and (l.protocol is not distinct from r.protocol)
left join owners
  on owners.interface_id = r.interface_id
order by variation, times desc, account nulls first, interface nulls first, source, peer, port nulls first, protocol nulls first,
  owner nulls first
