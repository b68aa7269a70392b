-- Rows of every source in one order, each with the reason why it is here.
with
chosen as (
  select * from events
  where event_time >= $from and event_time <= $to
    and ($account is null or account = $account)
    and ($region is null or region = $region)
),
own as (select distinct session_id from sessions where actor = $actor),
-- A resource goes by its ARN in one log, by its id in another, and by its name in calls.
resource as (
  select distinct awsaccountid, resourcetype, resourceid, arn from config_states
  where arn = $resource or resourceid = $resource or resourcename = $resource
),
names as (
  select $resource as name where $resource is not null
  union
  select resourceid from resource
  union
  select arn from resource where arn is not null
),
named as (
  select e.evidence_object, e.evidence_record
  from (
    select evidence_object, evidence_record, unnest(array_concat(resources, actors, make_array(target))) as name
    from chosen
    where $resource is not null
  ) e
  join names on names.name = e.name
  union
  select c.event_object, c.event_record
  from config_calls c
  join resource r
    on r.awsaccountid = c.awsaccountid and r.resourcetype = c.resourcetype and r.resourceid = c.resourceid
),
list as (
  select distinct unnest(string_to_array($iocs, chr(10))) as ioc where $iocs is not null
),
-- What of a row stands in the list of indicators, itself or within a network.
hits as (
  select e.evidence_object, e.evidence_record, e.value
  from (
    select evidence_object, evidence_record, unnest(array_concat(ips, keys, actors, resources, make_array(target))) as value
    from chosen
    where $iocs is not null
  ) e
  join list on list.ioc = e.value
  union
  select e.evidence_object, e.evidence_record, e.ip
  from (select evidence_object, evidence_record, unnest(ips) as ip from chosen where $iocs is not null) e
  join list on strpos(list.ioc, '/') > 0 and ip_in_cidr(e.ip, list.ioc)
),
indicated as (
  select evidence_object, evidence_record, array_to_string(array_sort(array_agg(distinct value)), ' ') as found
  from hits
  group by evidence_object, evidence_record
),
judged as (
  select
    e.event_time, e.source, e.action, e.actor, e.target, e.ip, e.error_class, e.account, e.region,
    coalesce(e.actor = $actor or array_has(e.actors, $actor) or array_has(e.keys, $actor) or e.session_id = $actor
      or own.session_id is not null, false) as is_actor,
    coalesce(e.session_id = $session, false) as is_session,
    coalesce(e.ip = $ip or array_has(e.ips, $ip)
      or case when strpos($ip, '/') > 0 then ip_in_cidr(array_to_string(e.ips, ','), $ip) end, false) as is_ip,
    named.evidence_object is not null as is_resource,
    indicated.found,
    e.evidence_object, e.evidence_record
  from chosen e
  left join own on own.session_id = e.session_id
  left join named on named.evidence_object = e.evidence_object and named.evidence_record = e.evidence_record
  left join indicated on indicated.evidence_object = e.evidence_object and indicated.evidence_record = e.evidence_record
)
select
  event_time, source, action, actor, target, ip, error_class,
  concat_ws(', ',
    case when is_actor then 'actor' end,
    case when is_session then 'session' end,
    case when is_ip then 'address' end,
    case when is_resource then 'resource' end,
    case when found is not null then concat('indicator ', found) end
  ) as reason,
  account, region, evidence_object, evidence_record
from judged
where (is_actor or is_session or is_ip or is_resource or found is not null)
  -- What was asked for is needed, all of it; what an event brings with it is enough by itself.
  and (is_actor or not $needs_actor)
  and (is_ip or not $needs_ip)
  and (is_resource or not $needs_resource)
  and (found is not null or $iocs is null)
order by event_time, evidence_object, evidence_record
