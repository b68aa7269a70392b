-- title: Remote login from outside, then traffic out
-- question: Which outside addresses were let in to SSH, RDP or another remote login, and what new connections did that machine open afterwards?
-- sources: vpc_flow
-- attack: T1021.001, T1021.004, T1133
-- parameter: hours integer = 24
-- parameter: least_bytes integer = 0
-- parameter: ip text = null
-- parameter: top integer = 100
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about hours: how long after the last accepted flow to look for new connections out, from the first one on
-- about least_bytes: how many bytes the address must have sent to that port
-- about ip: an outside address or network; null means every one
-- about top: how many lines where no address is given, most bytes in first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: ACCEPT means that packets passed, not that anybody logged in: a handshake and a refused password are a few thousand bytes. The log of the host tells.
-- trap: Many scanners stand here where a port was open; the one that stayed long and moved more bytes both ways is the one to look at.
-- trap: New connections out are looked for from the first accepted flow of the address to some hours after its last; while several addresses came, the same ones stand at each of them.
-- trap: New connections out are those to addresses that the interface never talked to before; they need not have come of that login.
-- trap: Remote login on another port, or by Session Manager, which comes out of the machine, is not seen.
-- next: network/open_ports_used
-- next: exfiltration/large_uploads
-- next: network/beaconing
with flows as (
  select
    account,
    interface_id,
    srcaddr,
    dstaddr,
    coalesce(pkt_srcaddr, srcaddr) as source,
    coalesce(pkt_dstaddr, dstaddr) as destination,
    srcport,
    dstport,
    protocol,
    action,
    bytes,
    event_time,
    evidence_object,
    evidence_record
  from vpc_flow
  where coalesce(log_status, 'OK') = 'OK' and protocol in (6, 17)
), inbound as (
  select
    account,
    interface_id,
    source as peer,
    dstport as port,
    min(event_time) filter (where action = 'ACCEPT') as first_time,
    max(event_time) filter (where action = 'ACCEPT') as last_time,
    count(*) filter (where action = 'ACCEPT') as flows,
    coalesce(sum(bytes) filter (where action = 'ACCEPT'), 0) as bytes_in,
    count(*) filter (where action = 'REJECT') as rejected,
    first_value(evidence_object order by action, event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by action, event_time, evidence_object, evidence_record) as evidence_record
  from flows
  where dstport in (22, 2222, 23, 3389, 5900, 5901, 5985, 5986)
    and srcport > dstport
    and not ip_is_private(source)
  group by account, interface_id, source, dstport
  having count(*) filter (where action = 'ACCEPT') > 0
), ranked as (
  select
    *,
    row_number() over (order by bytes_in desc, first_time, account nulls first, interface_id nulls first, peer, port) as rank,
    count(*) over () as of_lines
  from inbound
  where bytes_in >= $least_bytes
    and first_time between $from and $to
    and ($ip is null or peer = $ip or ip_in_cidr(peer, $ip))
), logins as (
  select * from ranked where $ip is not null or $top is null or rank <= $top
), back as (
  select interface_id, destination as peer, srcport as port, sum(bytes) as bytes
  from flows
  where srcport in (22, 2222, 23, 3389, 5900, 5901, 5985, 5986)
    and dstport > srcport
    and action = 'ACCEPT'
    and not ip_is_private(destination)
  group by interface_id, destination, srcport
), outgoing as (
  select interface_id, destination as peer, min(event_time) as first_out, sum(bytes) as bytes
  from flows
  where action = 'ACCEPT'
    and ip_is_private(srcaddr)
    and srcport > dstport
    and interface_id in (select interface_id from logins)
  group by interface_id, destination
), after as (
  select
    logins.interface_id, logins.peer, logins.port,
    count(*) as new_peers,
    sum(outgoing.bytes) as bytes,
    first_value(outgoing.peer order by outgoing.bytes desc, outgoing.peer) as largest_peer,
    first_value(outgoing.first_out order by outgoing.bytes desc, outgoing.peer) as largest_first_time,
    max(outgoing.bytes) as largest_bytes
  from logins
  join outgoing on outgoing.interface_id = logins.interface_id
  where outgoing.first_out >= logins.first_time
    and outgoing.first_out <= logins.last_time + cast(concat(cast($hours as text), ' hours') as interval)
    and outgoing.peer <> logins.peer
  group by logins.interface_id, logins.peer, logins.port
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
  logins.first_time,
  logins.account,
  logins.interface_id as interface,
  owners.owner,
  logins.peer,
  logins.port,
  logins.flows,
  logins.bytes_in,
  coalesce(back.bytes, 0) as bytes_back,
  round((date_part('epoch', logins.last_time) - date_part('epoch', logins.first_time)) / 60, 1) as minutes_from_first_to_last,
  logins.rejected,
  coalesce(after.new_peers, 0) as new_peers_after,
  coalesce(after.bytes, 0) as bytes_to_new_peers,
  after.largest_peer,
  after.largest_first_time,
  after.largest_bytes,
  logins.last_time,
  logins.evidence_object,
  logins.evidence_record,
  logins.of_lines
from logins
left join back on back.interface_id = logins.interface_id and back.peer = logins.peer and back.port = logins.port
left join after on after.interface_id = logins.interface_id and after.peer = logins.peer and after.port = logins.port
left join owners
  on owners.interface_id = logins.interface_id
order by logins.bytes_in + coalesce(back.bytes, 0) desc, logins.first_time, logins.account nulls first, logins.interface_id nulls first,
  logins.peer, logins.port, owners.owner nulls first
