-- title: What else was done at the same time
-- question: What else did the same actor change within minutes of a change that Config saw, and on which related resources?
-- sources: config_items, cloudtrail
-- attack: T1578, T1098
-- parameter: resource text = null
-- parameter: minutes integer = 15
-- parameter: only_writes boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: the id, the name or the ARN of the resource whose change is the centre; null means every change with a call
-- about minutes: how far before and after the call
-- about only_writes: true leaves calls out that only read
-- about from: the first call to look at
-- about to: the last call to look at
-- trap: The centre is the best candidate for a change in config_attribution; where class is ambiguous it may be another one.
-- trap: The same actor means the same root of the chain, so sessions of other roles of the same person count; two people who share a user count as one.
-- trap: related says that the other call names the resource, or one that Config holds to be in relation with it in some state.
-- trap: Refused calls are listed, too: see error_class.
-- next: config/resource_history
-- next: config/changes_of_actor
with centre as (
  select
    a.awsaccountid, a.resourcetype, a.resourceid, a.resourcename, a.arn, a.class, a.api, a.eventid, a.event_time, a.actor, a.evidence_object, a.evidence_record,
    a.configurationitemcapturetime
  from config_attribution a
  where a.event_time between $from and $to
    and a.actor is not null
    and ($resource is null or a.resourceid = $resource or a.resourcename = $resource or a.arn = $resource)
), roots as (
  select session_id, min(actor) as root from sessions group by session_id
), calls as (
  select
    c.evidence_object, c.evidence_record, c.event_time, c.account, c.region, c.eventsource, c.eventname, c.eventid, c.error_class, c.sourceipaddress, c.resources,
    c.requestparameters, c.useridentity.arn as caller, r.root
  from cloudtrail c
  join roots r on r.session_id = c.session_id
  where not $only_writes or coalesce(c.is_write, true)
), relations as (
  select distinct i.resourceid, json_as_text(rel, 'resourceId') as related_id
  from (select resourceid, unnest(json_get_array(relationships)) as rel from config_items) i
  where json_as_text(rel, 'resourceId') is not null
), related as (
  select resourceid, array_agg(related_id) as related_ids from relations group by resourceid
)
select
  ce.event_time as centre_time, ce.api as centre_call, ce.resourcetype, ce.resourceid, ce.resourcename, ce.class, ce.actor,
  round((date_part('epoch', k.event_time) - date_part('epoch', ce.event_time)) / 60, 2) as minutes_after,
  k.account, k.region, k.eventsource as service, k.eventname as action, k.caller, k.error_class,
  coalesce(strpos(k.requestparameters, ce.resourceid) > 0 or strpos(k.requestparameters, ce.resourcename) > 0 or array_has_any(k.resources, rel.related_ids), false) as related,
  k.resources, k.sourceipaddress as ip, ce.evidence_object as change_object, ce.evidence_record as change_record, k.evidence_object, k.evidence_record
from centre ce
join calls k on k.root = ce.actor and within(k.event_time, ce.event_time, $minutes * 60) and (k.eventid is distinct from ce.eventid)
left join related rel on rel.resourceid = ce.resourceid
order by ce.event_time, ce.evidence_object, ce.evidence_record, k.event_time, k.evidence_object, k.evidence_record
