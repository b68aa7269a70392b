-- Rows of every source in one order, each with the reason why it is here.
with
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
    from events
    where event_time >= $from and event_time <= $to and $resource is not null
  ) e
  join names on names.name = e.name
  union
  select c.event_object, c.event_record
  from config_calls c
  join resource r
    on r.awsaccountid = c.awsaccountid and r.resourcetype = c.resourcetype and r.resourceid = c.resourceid
),
listed as (
  select string_to_array($iocs, chr(10)) as all, replace($iocs, chr(10), ',') as networks
),
reasons as (
  select
    e.event_time, e.source, e.account, e.region, e.action, e.actor, e.target, e.ip, e.error_class,
    concat_ws(', ',
      case when e.actor = $actor or array_has(e.actors, $actor) or array_has(e.keys, $actor) or e.session_id = $actor
        or own.session_id is not null then 'actor' end,
      case when e.session_id = $session then 'session' end,
      case when e.ip = $ip or array_has(e.ips, $ip)
        or case when strpos($ip, '/') > 0 then ip_in_cidr(array_to_string(e.ips, ','), $ip) end then 'address' end,
      case when named.evidence_object is not null then 'resource' end,
      case
        when array_has_any(array_concat(e.ips, e.keys, e.actors, e.resources, make_array(e.target)), listed.all)
          then concat('indicator ', array_to_string(
            array_intersect(array_concat(e.ips, e.keys, e.actors, e.resources, make_array(e.target)), listed.all), ' '))
        when ip_in_cidr(array_to_string(e.ips, ','), listed.networks) then concat('indicator ', array_to_string(e.ips, ' '))
      end
    ) as reason,
    e.evidence_object, e.evidence_record
  from events e
  cross join listed
  left join own on own.session_id = e.session_id
  left join named on named.evidence_object = e.evidence_object and named.evidence_record = e.evidence_record
  where e.event_time >= $from and e.event_time <= $to
    and ($account is null or e.account = $account)
    and ($region is null or e.region = $region)
)
select * from reasons
where reason <> ''
  -- What was asked for is needed, all of it; what an event brings with it is enough by itself.
  and (not $needs_actor or strpos(reason, 'actor') > 0)
  and (not $needs_ip or strpos(reason, 'address') > 0)
  and (not $needs_resource or strpos(reason, 'resource') > 0)
  and ($iocs is null or strpos(reason, 'indicator ') > 0)
order by event_time, evidence_object, evidence_record
