-- title: Inventory before and after
-- question: Which resources appeared, vanished or changed between two instants, how often, and by how many known calls?
-- sources: config_items, cloudtrail
-- attack: T1578, T1580
-- parameter: type text = null
-- parameter: from timestamp = end-30d
-- parameter: to timestamp = end
-- parameter: with_same boolean = false
-- about type: the type, such as AWS::EC2::Instance; null means every type
-- about from: the first instant
-- about to: the second instant
-- about with_same: true lists resources that did not change, too
-- trap: A resource that Config first saw after the first instant appears here as appeared only where Config says that it was new, or its creation is later; else it was first seen, and may have been there all the time.
-- trap: A resource that was made and deleted between the two stands as made and gone; one that was changed and put back as changed.
-- trap: What Config was told not to record cannot be compared; kind is not recorded then.
-- trap: A resource that vanished without an item of deletion still counts as there; last_confirmed says when it was last seen.
-- next: config/who_changed
-- next: config/state_at
with states as (
  select
    awsaccountid, awsregion, resourcetype, resourceid,
    max(resourcename) as resourcename,
    min(valid_from) as first_capture,
    max(coalesce(last_confirmed, valid_from)) as last_confirmed,
    min(resourcecreationtime) as created,
    bool_or(state = 'exists' and valid_from <= $from and (valid_to is null or valid_to > $from)) as there_before,
    bool_or(state = 'exists' and valid_from <= $to and (valid_to is null or valid_to > $to)) as there_after,
    bool_or(state = 'not recorded' and valid_from <= $to and (valid_to is null or valid_to > $to)) as not_recorded,
    bool_or(configurationitemstatus = 'ResourceDiscovered' and valid_from > $from and valid_from <= $to) as discovered,
    count(*) filter (where valid_from > $from and valid_from <= $to) as states_between,
    last_value(evidence_object order by valid_from, evidence_object, evidence_record) filter (where valid_from <= $to) as evidence_object,
    last_value(evidence_record order by valid_from, evidence_object, evidence_record) filter (where valid_from <= $to) as evidence_record
  from config_states
  where valid_from <= $to
    and resourcetype <> 'AWS::Config::ResourceCompliance'
    and ($type is null or resourcetype = $type)
  group by awsaccountid, awsregion, resourcetype, resourceid
), changed as (
  select
    awsaccountid, awsregion, resourcetype, resourceid,
    count(*) as changes,
    array_to_string(array_sort(array_agg(distinct path)), ', ') as paths,
    min(configurationitemcapturetime) as first_change,
    max(configurationitemcapturetime) as last_change
  from config_changes
  where configurationitemcapturetime > $from and configurationitemcapturetime <= $to
  group by awsaccountid, awsregion, resourcetype, resourceid
), calls as (
  select awsaccountid, awsregion, resourcetype, resourceid, count(distinct eventid) as calls, array_to_string(array_sort(array_agg(distinct api)), ', ') as apis
  from config_calls
  where event_time between $from and $to
  group by awsaccountid, awsregion, resourcetype, resourceid
), judged as (
  select
    s.*, c.changes, c.paths, c.first_change, c.last_change, k.calls, k.apis,
    case
      when s.not_recorded and not s.there_after then 'not recorded'
      when s.there_before and s.there_after and c.changes > 0 then 'changed'
      when s.there_before and s.there_after then 'same'
      when s.there_before then 'vanished'
      when s.there_after and (s.created > $from) then 'appeared'
      when s.there_after then 'first seen'
      when s.states_between > 0 then 'made and gone'
    end as kind
  from states s
  left join changed c on c.awsaccountid = s.awsaccountid and c.awsregion = s.awsregion and c.resourcetype = s.resourcetype and c.resourceid = s.resourceid
  left join calls k on k.awsaccountid = s.awsaccountid and k.awsregion = s.awsregion and k.resourcetype = s.resourcetype and k.resourceid = s.resourceid
)
select
  kind, awsaccountid as account, awsregion as region, resourcetype, resourceid, resourcename, created, first_capture, last_confirmed, states_between,
  coalesce(changes, 0) as changes, paths, first_change, last_change, coalesce(calls, 0) as calls, apis, evidence_object, evidence_record
from judged
where kind is not null and ($with_same or kind <> 'same')
order by kind, account nulls first, region nulls first, resourcetype, resourceid
