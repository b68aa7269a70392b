-- title: Security groups open to the world
-- question: When was each security group open to the whole internet, on which ports, and who opened it?
-- sources: config_items, cloudtrail
-- attack: T1562.007, T1133
-- parameter: security_group text = null
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about security_group: the id or the name of the group; null means every group
-- about from: only times that reach past this instant
-- about to: only times that began before this instant
-- trap: One row for each range and port that was open, from `exposures`; ranges of one rule are judged together, and prefix lists as they were at the time.
-- trap: Config captures with delay: the group was opened between not_open_at and seen_open, and closed between the last item that shows it open and seen_closed.
-- trap: seen_closed is null when no later item shows it closed: it may be open still.
-- trap: opened_by is the caller at the root of the chain of the call that explains the change best, as in config_attribution; opened_class says how sure that is, and with several candidates read them all in config/who_changed.
-- trap: What a rule refers to that is not in the evidence stands in exposure_unknowns: of that it cannot be said that it was not open.
-- trap: An open group does harm only where something uses it; relationships in config/state_at tell what.
-- next: config/resource_history
-- next: config/state_at
-- next: triage/key_activity
with open as (
  select *, regexp_replace(detail, '^([a-z]+) ([0-9])', '\1/\2') as open_ports
  from exposures
  where kind = 'open_security_group'
    and ($security_group is null or resourceid = $security_group or resourcename = $security_group)
    and valid_from <= $to
    and coalesce(valid_to, $to) >= $from
), before as (
  select
    e.evidence_object, e.evidence_record, e.open_ports,
    array_to_string(array_sort(array_agg(distinct o.open_ports)), ', ') as open_before
  from open e
  join open o
    on o.awsaccountid = e.awsaccountid and o.awsregion = e.awsregion and o.resourceid = e.resourceid
    and o.valid_from < e.valid_from and coalesce(o.valid_to, e.valid_from) >= e.valid_from
  group by e.evidence_object, e.evidence_record, e.open_ports
)
select
  e.evidence_object,
  e.evidence_record,
  e.awsaccountid as account,
  e.awsregion as region,
  e.resourceid as security_group,
  e.resourcename as group_name,
  e.open_ports,
  s.valid_from as not_open_at,
  e.valid_from as seen_open,
  e.valid_to as seen_closed,
  round((date_part('epoch', coalesce(e.valid_to, $to)) - date_part('epoch', e.valid_from)) / 3600, 2) as hours_open,
  case when b.open_before is null then 'opened' else 'changed while open' end as kind,
  b.open_before,
  a.class as opened_class,
  a.actor as opened_by,
  c.useridentity_accesskeyid as access_key,
  a.sourceipaddress as ip,
  split_part(a.api, ':', 2) as action,
  a.event_time as call_time,
  coalesce(array_length(a.candidates), 0) as candidates,
  a.event_object as call_object,
  a.event_record as call_record
from open e
left join before b
  on b.evidence_object = e.evidence_object and b.evidence_record = e.evidence_record and b.open_ports = e.open_ports
left join config_states s
  on s.awsaccountid = e.awsaccountid and s.awsregion = e.awsregion and s.resourcetype = e.resourcetype
  and s.resourceid = e.resourceid and s.valid_to = e.valid_from
left join config_attribution a
  on a.configurationitemcapturetime = e.valid_from
  and a.evidence_object = e.evidence_object and a.evidence_record = e.evidence_record
left join lake.cloudtrail c
  on c.evidence_object = a.event_object and c.evidence_record = a.event_record
order by e.valid_from, e.awsaccountid nulls first, e.awsregion nulls first, e.resourceid,
  e.evidence_object, e.evidence_record, e.open_ports
