-- title: Security groups open to the world
-- question: When was each security group open to the whole internet, on which ports, and who opened it?
-- sources: config_items, cloudtrail
-- attack: T1562.007, T1133
-- parameter: security_group text = null
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about security_group: the id or the name of the group; null means every group
-- about since: only times that reach past this instant
-- about until: only times that began before this instant
-- trap: Both 0.0.0.0/0 and ::/0 count. Networks that are only very large, and prefix lists, are not found.
-- trap: Config captures with delay: the group was opened between not_open_at and seen_open, and closed between the last item that shows it open and seen_closed.
-- trap: seen_closed is null when no later item shows it closed: it may be open still.
-- trap: Snapshots repeat old items; they are counted once.
-- trap: opened_by is the last call in CloudTrail before the capture that names the group, at most 15 minutes before not_open_at; with several candidates, read them all in config/resource_history.
-- trap: An open group does harm only where something uses it; relationships in config/state_at tell what.
-- next: config/resource_history
-- next: config/state_at
-- next: triage/key_activity
with items as (
  select
    *,
    row_number() over (
      partition by account, region, resourceid, event_time, configurationstateid
      order by case when configuration is null then 1 else 0 end, evidence_object, evidence_record
    ) as copy
  from config_items
  where resourcetype = 'AWS::EC2::SecurityGroup'
    and item_source in ('history', 'snapshot', 'notification', 'oversized', 'api', 'item')
    and ($security_group is null or resourceid = $security_group or resourcename = $security_group
      or json_as_text(configuration, 'groupName') = $security_group)
), permissions as (
  select
    account, region, resourceid, resourcename, event_time, configurationstateid, configurationitemstatus,
    evidence_object, evidence_record, json_as_text(configuration, 'groupName') as group_name,
    unnest(case
      when configurationitemstatus in ('ResourceDeleted', 'ResourceDeletedNotRecorded') then make_array('{}')
      when coalesce(json_length(configuration, 'ipPermissions'), 0) = 0 then make_array('{}')
      else string_to_array(array_to_string(json_get_array(configuration, 'ipPermissions'), chr(31)), chr(31))
    end) as permission
  from items
  where copy = 1
), ranges as (
  select
    *,
    concat_ws(' ',
      json_get_json(permission, 'ipRanges'), json_get_json(permission, 'ipv4Ranges'), json_get_json(permission, 'ipv6Ranges')
    ) as networks,
    case
      when json_as_text(permission, 'ipProtocol') = '-1' then 'all'
      when json_as_text(permission, 'fromPort') is null then json_as_text(permission, 'ipProtocol')
      when json_as_text(permission, 'fromPort') = json_as_text(permission, 'toPort')
        then concat(json_as_text(permission, 'ipProtocol'), '/', json_as_text(permission, 'fromPort'))
      else concat(
        json_as_text(permission, 'ipProtocol'), '/', json_as_text(permission, 'fromPort'), '-',
        json_as_text(permission, 'toPort')
      )
    end as ports
  from permissions
), states as (
  select
    account, region, resourceid, event_time, configurationstateid, configurationitemstatus, evidence_object,
    evidence_record,
    max(coalesce(group_name, resourcename)) as group_name,
    array_to_string(array_sort(array_agg(distinct case
      when networks ~ '("cidrIp"\s*:|[\[,])\s*"0\.0\.0\.0/0"' and networks ~ '("cidrIpv6"\s*:|[\[,])\s*"::/0"' then concat(ports, ' from 0.0.0.0/0 and ::/0')
      when networks ~ '("cidrIp"\s*:|[\[,])\s*"0\.0\.0\.0/0"' then concat(ports, ' from 0.0.0.0/0')
      when networks ~ '("cidrIpv6"\s*:|[\[,])\s*"::/0"' then concat(ports, ' from ::/0')
    end)), ', ') as open_ports
  from ranges
  group by account, region, resourceid, event_time, configurationstateid, configurationitemstatus, evidence_object,
    evidence_record
), compared as (
  select
    *,
    lag(event_time) over (
      partition by account, region, resourceid order by event_time, try_cast(configurationstateid as bigint), configurationstateid
    ) as item_before,
    lag(open_ports) over (
      partition by account, region, resourceid order by event_time, try_cast(configurationstateid as bigint), configurationstateid
    ) as ports_before
  from states
), turns as (
  select
    *,
    lead(event_time) over (
      partition by account, region, resourceid order by event_time, try_cast(configurationstateid as bigint), configurationstateid
    ) as turned_again
  from compared
  where (open_ports is distinct from ports_before)
), calls as (
  select
    evidence_object, evidence_record, event_time, account, eventname as action, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, unnest(resources) as named
  from cloudtrail
  where eventsource = 'ec2.amazonaws.com'
    and eventname in (
      'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'ModifySecurityGroupRules', 'CreateSecurityGroup'
    )
    and error_class = 'success'
), candidates as (
  select
    turns.account, turns.region, turns.resourceid, turns.evidence_object as item_object, turns.evidence_record as item_record,
    calls.event_time, calls.action, calls.actor, calls.access_key, calls.ip, calls.evidence_object, calls.evidence_record,
    count(*) over (partition by turns.evidence_object, turns.evidence_record) as candidates,
    row_number() over (
      partition by turns.evidence_object, turns.evidence_record
      order by calls.event_time desc, calls.evidence_object, calls.evidence_record
    ) as nth
  from turns
  join calls
    on calls.named = turns.resourceid and calls.account = turns.account
    and calls.event_time <= turns.event_time
    and calls.event_time > coalesce(turns.item_before - interval '15 minutes', turns.event_time - interval '1 day')
)
select
  turns.evidence_object,
  turns.evidence_record,
  turns.account,
  turns.region,
  turns.resourceid as security_group,
  turns.group_name,
  turns.open_ports,
  turns.item_before as not_open_at,
  turns.event_time as seen_open,
  turns.turned_again as seen_closed,
  round((date_part('epoch', coalesce(turns.turned_again, $until)) - date_part('epoch', turns.event_time)) / 3600, 2) as hours_open,
  case when turns.ports_before is null or turns.ports_before = '' then 'opened' else 'changed while open' end as kind,
  turns.ports_before as open_before,
  candidates.actor as opened_by,
  candidates.access_key,
  candidates.ip,
  candidates.action,
  candidates.event_time as call_time,
  coalesce(candidates.candidates, 0) as candidates,
  candidates.evidence_object as call_object,
  candidates.evidence_record as call_record
from turns
left join candidates
  on candidates.item_object = turns.evidence_object and candidates.item_record = turns.evidence_record
  and candidates.nth = 1
where turns.open_ports <> ''
  and turns.event_time <= $until
  and coalesce(turns.turned_again, $until) >= $since
order by turns.event_time, turns.account nulls first, turns.region nulls first, turns.resourceid,
  turns.evidence_object, turns.evidence_record
