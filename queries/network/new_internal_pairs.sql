-- title: Machines that never talked before
-- question: Which inside addresses opened an accepted connection to another inside address and port for the first time?
-- sources: vpc_flow
-- attack: T1021, T1210, T1018
-- parameter: ip text = null
-- parameter: history_days integer = 14
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ip: an inside address or network at either end; null means all
-- about history_days: how many days of earlier flows there have to be at the interface
-- about top: how many lines where no address is given, most bytes first; null means all
-- about from: the first instant in which a pair may be new
-- about to: the last instant in which a pair may be new
-- trap: New means new in the collected flow logs of that interface; history_from says since when there are any.
-- trap: Addresses are used again: a new machine with an old address makes no new pair, and an old machine with a new address makes many.
-- trap: Who began is told by the SYN of TCP where the log has tcp_flags, else by the larger source port.
-- trap: Both ends may have a flow log: the pair then stands once for each interface.
-- trap: Scaling and deployments make new pairs every day.
-- next: discovery/port_scans
-- next: network/address_owner
with flows as (
  select
    account, interface_id, coalesce(pkt_srcaddr, srcaddr) as source, coalesce(pkt_dstaddr, dstaddr) as destination,
    srcport, dstport, protocol, bytes, event_time, evidence_object, evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK'
    and action = 'ACCEPT'
    and protocol in (6, 17)
    and case
      when protocol = 6 and (tcp_flags & 18) = 2 then true
      when protocol = 6 and (tcp_flags & 18) = 18 then false
      else srcport > dstport
    end
), histories as (
  select interface_id, min(event_time) as history_from
  from vpc_flow
  where coalesce(log_status, 'OK') in ('OK', 'NODATA')
  group by interface_id
), pairs as (
  select
    account, interface_id, source, destination, dstport as port, protocol,
    count(*) as flows,
    sum(bytes) as bytes_sent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from flows
  where ip_is_private(source) and ip_is_private(destination)
  group by account, interface_id, source, destination, dstport, protocol
), ranked as (
  select
    pairs.*,
    histories.history_from,
    row_number() over (
      order by bytes_sent desc, first_time, account nulls first, pairs.interface_id nulls first, source, destination, port, protocol
    ) as rank,
    count(*) over () as of_lines
  from pairs
  join histories on (histories.interface_id is not distinct from pairs.interface_id)
  where pairs.first_time >= histories.history_from + cast(concat(cast($history_days as text), ' days') as interval)
    and pairs.first_time between $from and $to
    and ($ip is null or source = $ip or destination = $ip or ip_in_cidr(source, $ip) or ip_in_cidr(destination, $ip))
)
select
  first_time,
  account,
  interface_id as interface,
  source,
  destination,
  case protocol when 6 then 'tcp' when 17 then 'udp' end as protocol,
  port,
  flows,
  bytes_sent,
  last_time,
  history_from,
  evidence_object,
  evidence_record,
  of_lines
from ranked
where $ip is not null or $top is null or rank <= $top
order by rank
