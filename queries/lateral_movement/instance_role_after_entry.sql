-- title: What a machine's role did after somebody got in
-- question: After somebody entered an instance, what did the instance's own credentials do that they had not done before, and from where?
-- sources: cloudtrail, vpc_flow, config_items
-- attack: T1552.005, T1078.004
-- parameter: instance text = null
-- parameter: hours integer = 48
-- parameter: only_new boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about instance: the id of the instance; null means every one that was entered
-- about hours: how long after the last sign of control calls are taken
-- about only_new: true leaves actions out that the instance called before it was entered, from the same address
-- about from: the first entry to look at
-- about to: the last entry to look at
-- trap: Entry is judged by calls of SSM and instance connect, and by accepted flows from outside to ports 22 and 3389; an accepted flow is a connection and not a login (host/ssh_logins tells which worked).
-- trap: Whoever controls the machine can use its role for hours without a call of their own; that the machine goes on with its daily work at the same time is usual, and new_action and new_ip tell it apart.
-- trap: A session name that looks like an instance can be chosen by anybody; role_delivery is set only for real instance credentials in newer logs.
-- trap: How far the role reaches is not asked here, only what was called.
-- trap: A flow is of the instance that its row names, else of the one that Config saw at its interface, whenever that was.
-- trap: Of entries by flows, port_entries counts all from outside addresses, scanners too.
-- next: credential_access/instance_credentials
-- next: lateral_movement/into_instances
-- next: host/commands
with api as (
  select array_to_string(regexp_match(requestparameters, '(i-[0-9a-f]{8,17})'), '') as instance_id, event_time, eventname as how, 1 as by_api
  from cloudtrail
  where error_class = 'success'
    and ((eventsource = 'ssm.amazonaws.com' and eventname in ('SendCommand', 'StartSession', 'ResumeSession'))
      or eventsource = 'ec2-instance-connect.amazonaws.com')
    and requestparameters ~ 'i-[0-9a-f]{8,17}'
), owners as (
  select resourceid as interface_id, max(json_as_text(configuration, 'attachment', 'instanceId')) as instance_id
  from config_items
  where resourcetype = 'AWS::EC2::NetworkInterface'
  group by resourceid
), ports as (
  select coalesce(f.instance_id, o.instance_id) as instance_id, f.event_time, 'accepted flow' as how, 0 as by_api
  from vpc_flow f
  left join owners o on o.interface_id = f.interface_id
  where f.action = 'ACCEPT'
    and f.dstport in (22, 3389)
    and not ip_is_private(coalesce(f.pkt_srcaddr, f.srcaddr))
    and coalesce(f.instance_id, o.instance_id) is not null
), entries as (
  select
    instance_id,
    min(event_time) as first_entry,
    max(event_time) as last_entry,
    sum(by_api) as api_entries,
    count(*) - sum(by_api) as port_entries
  from (select * from api union all select * from ports)
  where event_time between $from and $to
    and ($instance is null or instance_id = $instance)
  group by instance_id
), calls as (
  select
    e.instance_id, e.first_entry, e.last_entry, e.api_entries, e.port_entries,
    c.useridentity.sessioncontext.sessionissuer.arn as role,
    c.useridentity.sessioncontext.ec2roledelivery as role_delivery,
    c.eventsource as service, c.eventname as action, c.sourceipaddress as ip, c.useragent, c.error_class, c.is_write, c.event_time, c.evidence_object,
    c.evidence_record
  from cloudtrail c
  join entries e on split_part(c.useridentity.principalid, ':', 2) = e.instance_id
  where c.useridentity.type = 'AssumedRole'
), firsts as (
  select
    *,
    min(event_time) over (partition by instance_id, service, action) >= first_entry as new_action,
    min(event_time) over (partition by instance_id, ip) >= first_entry as new_ip
  from calls
), lines as (
  select
    instance_id,
    service,
    action,
    ip,
    bool_or(new_action) as new_action,
    bool_or(new_ip) as new_ip,
    bool_or(coalesce(is_write, true)) as is_write,
    count(*) as events,
    count(*) filter (where error_class = 'denied') as denied,
    min(role) as role,
    max(role_delivery) as role_delivery,
    count(distinct useragent) as user_agents,
    min(useragent) as a_user_agent,
    min(event_time) as first_time,
    max(event_time) as last_time,
    min(first_entry) as first_entry,
    min(last_entry) as last_entry,
    min(api_entries) as api_entries,
    min(port_entries) as port_entries,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from firsts
  where event_time >= first_entry
    and event_time <= last_entry + cast(concat(cast($hours as text), ' hours') as interval)
    and (not $only_new or new_action or new_ip)
  group by instance_id, service, action, ip
)
select
  instance_id, service, action, ip, new_action, new_ip, is_write, events, denied, role, role_delivery, user_agents, a_user_agent, first_time, last_time,
  first_entry, last_entry, api_entries, port_entries, evidence_object, evidence_record
from lines
order by new_ip desc, new_action desc, first_time, instance_id, service, action, ip
