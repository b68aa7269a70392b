-- What others than the account itself did with open resources while they were open, by exposure and log; and whether
-- S3's access log says anything at all of an open bucket in that time.
with open as (
  select distinct awsaccountid, resourcetype, resourceid, arn, valid_from, coalesce(valid_to, $end) as until
  from exposures
  where ($id is null
      or (awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id))
    and ($kind is null or kind = $kind)
),
logged as (
  select o.resourcetype, o.resourceid, o.valid_from, s.event_time, s.evidence_object, s.evidence_record,
    s.action, coalesce(s.bytes_read, s.bytessent) as bytes, s.key, s.remoteip, s.requester,
    (s.requester is null or s.requester not like concat('%:', o.awsaccountid, ':%'))
      and s.error_class = 'success' and not coalesce(ip_is_private(s.remoteip), false) as is_strange
  from open o
  join lake.s3_access s
    on s.bucket_name = o.resourceid and s.event_time >= o.valid_from and s.event_time <= o.until
  where o.resourcetype = 'AWS::S3::Bucket'
),
names as (
  select awsaccountid, resourcetype, resourceid, valid_from, until, resourceid as name from open
  union
  select awsaccountid, resourcetype, resourceid, valid_from, until, arn from open where arn is not null
),
named as (
  select evidence_object, evidence_record, event_time, account, unnest(array_concat(resources, actors)) as name,
    additionaleventdata, requestparameters, sourceipaddress, useridentity_arn, useridentity_accountid, readonly
  from lake.cloudtrail
  where event_time >= (select min(valid_from) from open) and event_time <= (select max(until) from open)
    and coalesce(useridentity_accountid, 'anonymous') <> account
    and coalesce(useridentity_type, '') <> 'AWSService'
    and useridentity_invokedby is null
    and error_class = 'success'
),
calls as (
  select distinct n.resourcetype, n.resourceid, n.valid_from, c.evidence_object, c.evidence_record, c.event_time,
    c.additionaleventdata, c.requestparameters, c.sourceipaddress, c.useridentity_arn, c.useridentity_accountid,
    c.readonly
  from named c
  join names n
    on n.name = c.name and n.awsaccountid = c.account and c.event_time >= n.valid_from and c.event_time <= n.until
),
-- What an opening lets in: the ports of a rule, or those of a database.
doors as (
  select awsaccountid, resourcetype, resourceid, valid_from, coalesce(valid_to, $end) as until, resourceid as group_id,
    case split_part(detail, ' ', 1) when 'tcp' then 6 when 'udp' then 17 end as protocol,
    detail like 'all traffic%' as is_any,
    coalesce(try_cast(split_part(split_part(detail, ' ', 2), '-', 1) as bigint), 0) as first_port,
    coalesce(
      try_cast(nullif(split_part(split_part(detail, ' ', 2), '-', 2), '') as bigint),
      try_cast(split_part(detail, ' ', 2) as bigint), 65535
    ) as last_port
  from exposures
  where kind in ('open_security_group', 'security_group_shared')
    and ($id is null
      or (awsaccountid = $account and awsregion = $region and resourcetype = $type and resourceid = $id))
    and ($kind is null or kind = $kind)
),
owned as (
  select ip, account, interface_id, valid_from, valid_to, unnest(coalesce(json_get_array(security_groups), make_array('{}'))) as grouped
  from ip_owner
  where basis = 'config' and ip_is_private(ip)
),
members as (
  select distinct ip, account, interface_id, valid_from, coalesce(valid_to, $end) as until, json_as_text(grouped, 'groupId') as group_id
  from owned
),
behind as (
  select d.resourcetype, d.resourceid, d.valid_from, d.protocol, d.is_any, d.first_port, d.last_port, m.ip, m.interface_id,
    greatest(d.valid_from, m.valid_from) as since, least(d.until, m.until) as until
  from doors d
  join members m on m.group_id = d.group_id and m.account = d.awsaccountid
  where m.valid_from <= d.until and m.until >= d.valid_from
),
accepted as (
  select dstaddr as ip, srcaddr as peer, dstport as port, protocol, bytes as bytes_in, 0 as bytes_out, true as is_in,
    event_time, evidence_object, evidence_record
  from lake.vpc_flow
  where action = 'ACCEPT' and event_time >= (select min(valid_from) from exposures)
  union all
  select srcaddr as ip, dstaddr as peer, srcport as port, protocol, 0 as bytes_in, bytes as bytes_out, false as is_in,
    event_time, evidence_object, evidence_record
  from lake.vpc_flow
  where action = 'ACCEPT' and event_time >= (select min(valid_from) from exposures)
),
-- Two rules of a group may let in one flow.
flows as (
  select b.resourcetype, b.resourceid, b.valid_from, b.ip, f.peer, f.bytes_in, f.bytes_out, f.event_time, f.evidence_object,
    f.evidence_record,
    bool_or(
      not coalesce(ip_is_private(f.peer), false)
      and (b.is_any and f.is_in or f.protocol = b.protocol and f.port between b.first_port and b.last_port)
    ) as is_through
  from behind b
  join accepted f on f.ip = b.ip
  where f.event_time >= b.since and f.event_time <= b.until
  group by b.resourcetype, b.resourceid, b.valid_from, b.ip, f.peer, f.bytes_in, f.bytes_out, f.event_time, f.evidence_object,
    f.evidence_record
),
-- In which hours of that time the flow log says anything of what is behind an opening, be it that nothing flowed, and in
-- which it says that records were lost.
hours as (
  select interface_id, date_trunc('hour', event_time) as hour, bool_or(log_status = 'SKIPDATA') as is_skipped
  from lake.vpc_flow
  where event_time >= (select min(valid_from) from exposures) and interface_id is not null
  group by interface_id, date_trunc('hour', event_time)
),
guarded as (
  select distinct resourcetype, resourceid, valid_from, ip, interface_id, since, until from behind
),
watched as (
  select g.resourcetype, g.resourceid, g.valid_from, g.ip, h.hour, h.is_skipped
  from guarded g
  join hours h on h.interface_id = g.interface_id
  where h.hour >= date_trunc('hour', g.since) and h.hour <= g.until
  union all
  select resourcetype, resourceid, valid_from, ip, date_trunc('hour', event_time) as hour, false as is_skipped
  from flows
),
watch as (
  select resourcetype, resourceid, valid_from, count(distinct concat(ip, ' ', cast(hour as text))) as hours,
    count(distinct concat(ip, ' ', cast(hour as text))) filter (where is_skipped) as hours_skipped
  from watched
  group by resourcetype, resourceid, valid_from
),
spread as (
  select resourcetype, resourceid, valid_from, ip,
    unnest(generate_series(date_trunc('hour', since), until, interval '1 hour')) as hour
  from guarded
),
asked as (
  select resourcetype, resourceid, valid_from, count(distinct concat(ip, ' ', cast(hour as text))) as hours_asked
  from spread
  group by resourcetype, resourceid, valid_from
),
through as (
  select resourcetype, resourceid, valid_from, count(*) as requests, sum(bytes_out) as bytes, sum(bytes_in) as bytes_in,
    count(distinct peer) as addresses, array_to_string(array_sort(array_agg(distinct peer)), ', ') as who,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from flows
  where is_through
  group by resourcetype, resourceid, valid_from
),
sessions as (
  select o.resourcetype, o.resourceid, o.valid_from, a.host, a.username, a.event_time, a.error_class,
    a.evidence_object, a.evidence_record
  from open o
  join lake.rds_audit a
    on a.server_host = o.resourceid and a.event_time >= o.valid_from and a.event_time <= o.until
  where o.resourcetype like 'AWS::RDS::%' and lower(a.operation) in ('connect', 'failed_connect')
    and not coalesce(ip_is_private(a.host), false)
)
select resourcetype, resourceid, valid_from, 's3_access' as source,
  count(*) filter (where is_strange) as requests,
  count(*) filter (where is_strange and action = 'read') as reads,
  sum(bytes) filter (where is_strange) as bytes, cast(null as bigint) as bytes_in,
  count(distinct key) filter (where is_strange) as keys,
  count(distinct remoteip) filter (where is_strange) as addresses,
  array_to_string(array_sort(array_agg(distinct coalesce(requester, 'anonymous')) filter (where is_strange)), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) filter (where is_strange) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) filter (where is_strange) as evidence_record,
  cast(null as bigint) as hours, cast(null as bigint) as hours_skipped, cast(null as bigint) as hours_asked
from logged
group by resourcetype, resourceid, valid_from
union all
select resourcetype, resourceid, valid_from, 'cloudtrail' as source, count(*) as requests,
  count(*) filter (where readonly) as reads,
  cast(sum(json_get_float(additionaleventdata, 'bytesTransferredOut')) as bigint) as bytes, cast(null as bigint) as bytes_in,
  count(distinct json_get_str(requestparameters, 'key')) as keys, count(distinct sourceipaddress) as addresses,
  array_to_string(array_sort(array_agg(distinct coalesce(useridentity_arn, useridentity_accountid, 'anonymous'))), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record,
  cast(null as bigint) as hours, cast(null as bigint) as hours_skipped, cast(null as bigint) as hours_asked
from calls
group by resourcetype, resourceid, valid_from
union all
select asked.resourcetype, asked.resourceid, asked.valid_from, 'vpc_flow' as source,
  coalesce(requests, 0) as requests, 0 as reads, bytes, bytes_in, 0 as keys, coalesce(addresses, 0) as addresses, who,
  evidence_object, evidence_record, hours, hours_skipped, hours_asked
from asked
join watch
  on watch.resourcetype = asked.resourcetype and watch.resourceid = asked.resourceid
  and watch.valid_from = asked.valid_from
left join through
  on through.resourcetype = asked.resourcetype and through.resourceid = asked.resourceid
  and through.valid_from = asked.valid_from
union all
select resourcetype, resourceid, valid_from, 'rds_audit' as source, count(*) as requests,
  count(*) filter (where error_class = 'success') as reads, cast(null as bigint) as bytes,
  cast(null as bigint) as bytes_in, 0 as keys, count(distinct host) as addresses,
  array_to_string(array_sort(array_agg(distinct concat(coalesce(username, 'nobody'), '@', coalesce(host, 'unknown')))), ', ') as who,
  first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
  first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record,
  cast(null as bigint) as hours, cast(null as bigint) as hours_skipped, cast(null as bigint) as hours_asked
from sessions
group by resourcetype, resourceid, valid_from
order by 1, 2, 3, 4
