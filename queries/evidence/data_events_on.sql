-- title: Data events that were recorded
-- question: Of which services and accounts are there data events, on which days, and which calls or states changed what is recorded, so that absence means something?
-- sources: cloudtrail, config_items
-- attack: T1562.008
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: A data event is recorded only where a trail selects its kind and resource: a bucket or function without a line may have been used as much as one with many.
-- trap: days_with says on how many days there are data events of that service, of days_of_account with any event of the account and region. A day without may be a day without use.
-- trap: The text of a selector stands in calls and states, where these are in the evidence; of a trail that never changed there is neither.
-- trap: Selectors of an organisation's trail stand in the management account.
-- next: evidence/coverage
-- next: defense_evasion/cloudtrail_tampering
-- next: exfiltration/reads_in_one_log
with events as (
  select account, region, eventsource, eventcategory, eventname, event_time, evidence_object, evidence_record,
    coalesce(json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'functionName'), json_as_text(requestparameters, 'tableName')) as resource
  from cloudtrail
  where eventcategory in ('Data', 'NetworkActivity')
    and event_time between $from and $to
), totals as (
  select account, region, count(distinct date_trunc('day', event_time)) as days_of_account
  from cloudtrail
  where event_time between $from and $to
  group by account, region
), seen as (
  select
    'events' as kind, e.account, e.region, e.eventsource as what, min(e.eventcategory) as category,
    count(*) as events, count(distinct e.resource) as resources,
    array_to_string(array_sort(array_agg(distinct e.eventname)), ', ') as detail,
    count(distinct date_trunc('day', e.event_time)) as days_with,
    min(e.event_time) as first_time, max(e.event_time) as last_time,
    first_value(e.evidence_object order by e.event_time, e.evidence_object, e.evidence_record) as evidence_object,
    first_value(e.evidence_record order by e.event_time, e.evidence_object, e.evidence_record) as evidence_record
  from events e
  group by e.account, e.region, e.eventsource, e.eventcategory
), calls as (
  select
    concat('call ', eventname) as kind, account, region, coalesce(json_as_text(requestparameters, 'trailName'), json_as_text(requestparameters, 'name')) as what,
    error_class as category, cast(1 as bigint) as events, cast(0 as bigint) as resources, json_as_text(requestparameters) as detail, cast(0 as bigint) as days_with,
    event_time as first_time, event_time as last_time, evidence_object, evidence_record
  from cloudtrail
  where eventsource = 'cloudtrail.amazonaws.com'
    and eventname in ('PutEventSelectors', 'PutInsightSelectors', 'CreateTrail', 'UpdateTrail', 'DeleteTrail', 'StopLogging', 'StartLogging', 'CreateEventDataStore', 'UpdateEventDataStore')
    and event_time between $from and $to
), states as (
  select
    'state of a trail' as kind, s.awsaccountid as account, s.awsregion as region, s.resourcename as what, s.configurationitemstatus as category, cast(1 as bigint) as events,
    cast(0 as bigint) as resources,
    concat('hasCustomEventSelectors=', coalesce(json_as_text(i.configuration, 'hasCustomEventSelectors'), '?'), ' isLogging=', coalesce(json_as_text(i.supplementaryconfiguration, 'TrailStatus', 'isLogging'), '?'),
      ' selectors=', coalesce(json_as_text(i.supplementaryconfiguration, 'EventSelectors'), json_as_text(i.supplementaryconfiguration, 'AdvancedEventSelectors'), '?')) as detail,
    cast(0 as bigint) as days_with, s.valid_from as first_time, coalesce(s.valid_to, s.last_confirmed, s.valid_from) as last_time, s.evidence_object, s.evidence_record
  from config_states s
  join config_items i on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
  where s.resourcetype = 'AWS::CloudTrail::Trail'
    and s.valid_from <= $to
    and coalesce(s.valid_to, $from) >= $from
), everything as (
  select kind, account, region, what, category, events, resources, detail, days_with, first_time, last_time, evidence_object, evidence_record from seen
  union all
  select kind, account, region, what, category, events, resources, detail, days_with, first_time, last_time, evidence_object, evidence_record from calls
  union all
  select kind, account, region, what, category, events, resources, detail, days_with, first_time, last_time, evidence_object, evidence_record from states
)
select
  e.kind, e.account, e.region, e.what, e.category, e.events, e.resources, e.days_with, t.days_of_account, e.detail, e.first_time, e.last_time, e.evidence_object, e.evidence_record
from everything e
left join totals t on t.account = e.account and t.region = e.region
order by e.kind = 'events' desc, e.account nulls first, e.region nulls first, e.what nulls first, e.category nulls first, e.first_time, e.evidence_object, e.evidence_record
