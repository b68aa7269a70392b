-- title: Who could and did reach the databases
-- question: Which clients sent traffic to the ports of databases, whose addresses were these, and does the audit log have logins of them?
-- sources: vpc_flow, rds_audit, config_items
-- attack: T1021, T1046
-- parameter: ports text = 3306,5432,1433,1521
-- parameter: client text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about ports: the ports of the databases, separated by commas
-- about client: an address or a network; null means every client
-- about top: how many lines where no client is given, contradictions first; null means all
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: One line for each client and day. verdict compares the flows and the logins of that day: connections are kept open, so flows without a login on the same day are no contradiction where one was made the day before.
-- trap: Flow logs know addresses, the audit log what the server wrote, which can be a name; a client that stands there by name has logins and no flows.
-- trap: Flows without a login can be a health check, a connection that failed before the login, a database whose audit log is not here, or a tunnel; logins without flows that the interface is not logged or that SKIPDATA rows hide it.
-- trap: Each flow can be recorded at both interfaces; of these the greater sum is taken. Bytes include protocol overhead.
-- trap: owner is what AWS Config had captured by the time of the last flow; null means unknown, and not a stranger.
-- trap: The port says what is meant to listen there, not what does.
-- next: credential_access/database_logins
-- next: database/statements
-- next: config/open_security_groups
with wanted as (
  select
    *,
    array_has(string_to_array(replace($ports, ' ', ''), ','), cast(dstport as text)) as to_database
  from vpc_flow
  where protocol = 6
    and event_time between $from and $to
    and (array_has(string_to_array(replace($ports, ' ', ''), ','), cast(dstport as text))
      or array_has(string_to_array(replace($ports, ' ', ''), ','), cast(srcport as text)))
), sides as (
  select
    account,
    date_trunc('day', event_time) as day,
    interface_id,
    case when to_database then coalesce(pkt_srcaddr, srcaddr) else coalesce(pkt_dstaddr, dstaddr) end as client,
    case when to_database then coalesce(pkt_dstaddr, dstaddr) else coalesce(pkt_srcaddr, srcaddr) end as server,
    case when to_database then dstport else srcport end as port,
    coalesce(sum(bytes) filter (where to_database and action = 'ACCEPT'), 0) as bytes_to,
    coalesce(sum(bytes) filter (where not to_database and action = 'ACCEPT'), 0) as bytes_back,
    count(*) filter (where action = 'ACCEPT') as accepted,
    count(*) filter (where action = 'REJECT') as rejected,
    min(event_time) as first_flow,
    max(event_time) as last_flow,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from wanted
  group by 1, 2, 3, 4, 5, 6
), flows as (
  select
    account, client, day,
    array_to_string(array_sort(array_agg(distinct concat(server, ':', cast(port as text)))), ', ') as databases,
    sum(bytes_to) as bytes_to,
    sum(bytes_back) as bytes_back,
    sum(accepted) as accepted,
    sum(rejected) as rejected,
    min(first_flow) as first_flow,
    max(last_flow) as last_flow,
    first_value(evidence_object order by first_flow, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by first_flow, evidence_object, evidence_record) as evidence_record
  from (
    select
      account, client, server, port, day, max(bytes_to) as bytes_to, max(bytes_back) as bytes_back, max(accepted) as accepted, max(rejected) as rejected,
      min(first_flow) as first_flow, max(last_flow) as last_flow,
      first_value(evidence_object order by first_flow, evidence_object, evidence_record) as evidence_object,
      first_value(evidence_record order by first_flow, evidence_object, evidence_record) as evidence_record
    from sides
    group by account, client, server, port, day
  ) once
  group by account, client, day
), logins as (
  select
    host as client, date_trunc('day', event_time) as day,
    count(*) filter (where lower(operation) in ('connect') and error_class = 'success') as logins,
    count(*) filter (where lower(operation) in ('connect', 'failed_connect') and coalesce(error_class, 'other') <> 'success') as failures,
    count(*) as lines,
    array_to_string(array_sort(array_agg(distinct username)), ', ') as users,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from rds_audit
  where event_time between $from and $to
    and host is not null and host not in ('', 'localhost', '127.0.0.1', '::1')
    and coalesce(username, '') not in ('rdsadmin', 'rdsrepladmin', 'rdsproxyadmin')
  group by host, date_trunc('day', event_time)
), both_sides as (
  select
    coalesce(flows.client, logins.client) as client,
    coalesce(flows.day, logins.day) as day,
    case
      when coalesce(flows.accepted, 0) > 0 and logins.client is not null then 'flows and lines of the audit log'
      when flows.client is null and flow_days.day is null then 'cannot say: no flow log of that day'
      when coalesce(flows.accepted, 0) > 0 and audit_days.day is null then 'cannot say: no audit log of that day'
      when coalesce(flows.accepted, 0) > 0 then 'flows, and nothing in the audit log'
      when flows.client is not null then 'refused by the network'
      else 'lines of the audit log, and no flow'
    end as verdict,
    flows.account, flows.databases, flows.accepted, flows.rejected, flows.bytes_to, flows.bytes_back, flows.first_flow, flows.last_flow,
    logins.logins, logins.failures, logins.lines as audit_lines, logins.users,
    coalesce(flows.evidence_object, logins.evidence_object) as evidence_object,
    coalesce(flows.evidence_record, logins.evidence_record) as evidence_record
  from flows
  full join logins on logins.client = flows.client and logins.day = flows.day
  left join (select distinct date_trunc('day', event_time) as day from vpc_flow where log_status = 'OK') flow_days
    on flow_days.day = coalesce(flows.day, logins.day)
  left join (select distinct date_trunc('day', event_time) as day from rds_audit) audit_days
    on audit_days.day = coalesce(flows.day, logins.day)
), owners as (
  select
    both_sides.client, both_sides.day,
    min(coalesce(ip_owner.instance_id, ip_owner.description, ip_owner.interface_id)) as owner
  from both_sides
  join ip_owner
    on ip_owner.ip = both_sides.client
    and ip_owner.valid_from <= coalesce(both_sides.last_flow, both_sides.day + interval '1 day')
    and (ip_owner.valid_to is null or ip_owner.valid_to > coalesce(both_sides.first_flow, both_sides.day))
  group by both_sides.client, both_sides.day
), ranked as (
  select
    both_sides.*, owners.owner,
    row_number() over (
      order by
        case both_sides.verdict when 'flows, and nothing in the audit log' then 0 when 'lines of the audit log, and no flow' then 1
          when 'flows and lines of the audit log' then 2 when 'refused by the network' then 3 else 4 end,
        coalesce(both_sides.bytes_back, 0) desc, both_sides.day desc, both_sides.client, both_sides.evidence_object, both_sides.evidence_record
    ) as rank,
    count(*) over () as of_lines
  from both_sides
  left join owners on owners.client = both_sides.client and owners.day = both_sides.day
  where $client is null or ip_in_cidr(both_sides.client, $client)
)
select
  client, owner, day, verdict, account, databases, accepted as accepted_flows, rejected as rejected_flows, bytes_to as bytes_to_database, bytes_back as bytes_to_client,
  first_flow, last_flow, coalesce(logins, 0) as logins, coalesce(failures, 0) as failures, coalesce(audit_lines, 0) as audit_lines, users,
  evidence_object, evidence_record, of_lines
from ranked
where $client is not null or $top is null or rank <= $top
order by rank
