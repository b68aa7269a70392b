-- title: Changes without a call
-- question: Which changes that Config saw have no call in CloudTrail that could have caused them?
-- sources: config_items, cloudtrail
-- attack: T1562.008, T1578
-- parameter: show_all boolean = false
-- parameter: slack_minutes integer = 60
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about show_all: true lists changes with a call, too
-- about slack_minutes: how long before the capture the call may have been, as Config captures with delay; 1500 for resources that are recorded daily
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: Only calls of the last slack_minutes before the capture count: an earlier call that names the resource explains an earlier item.
-- trap: Changes in hours in which the log is silent stand first. log_silent is true where CloudTrail has no event at all of that account and region in the hour of the capture: the call may stand in a log that is missing.
-- trap: What a user or role did itself is no change of it; for IAM only calls of IAM, Identity Center and CloudFormation count.
-- trap: No call found is not the same as no call made: the log of that region or hour may be missing (evidence/coverage), or the call named the resource otherwise.
-- trap: Services change resources on their own (autoscaling, lifecycle, relations to a neighbour that changed), without any call.
-- trap: Only changes of the document itself count; relationships and tags alone do not.
-- trap: States are compared as text, so a document that was written in another way, as notifications sometimes are, counts as changed.
-- trap: The first item of a resource is compared with nothing and not listed.
-- next: config/resource_history
-- next: defense_evasion/silent_hours
-- next: evidence/coverage
with items as (
  select
    *,
    case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end as place,
    row_number() over (
      partition by account, resourcetype, resourceid, event_time, configurationstateid,
        case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end
      order by case when configuration is null then 2 when item_source = 'history' then 0 else 1 end, evidence_object,
        evidence_record
    ) as copy
  from config_items
  where item_source in ('history', 'snapshot', 'notification', 'oversized', 'api', 'item')
    and resourcetype <> 'AWS::Config::ResourceCompliance'
), states as (
  select
    *,
    lag(configuration) over (
      partition by account, place, resourcetype, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as before,
    lag(event_time) over (
      partition by account, place, resourcetype, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as item_before
  from items
  where copy = 1
), changes as (
  select
    evidence_object, evidence_record, event_time, account, region, resourcetype, resourceid, resourcename,
    configurationitemstatus, item_before, make_array(resourceid, resourcename, arn) as names
  from states
  where item_before is not null
    and (configuration is distinct from before)
    and event_time between $since and $until
), named_changes as (
  select *, unnest(names) as name
  from changes
), writes as (
  select *
  from cloudtrail
  where coalesce(is_write, true)
    and error_class = 'success'
    and event_time between $since - interval '2 days' and $until
), calls as (
  select evidence_object, evidence_record, event_time, account, eventsource, eventname, useridentity.arn as actor, unnest(resources) as name
  from writes
  union all
  select evidence_object, evidence_record, event_time, account, eventsource, eventname, useridentity.arn as actor, unnest(actors) as name
  from writes
  union all
  select
    evidence_object, evidence_record, event_time, account, eventsource, eventname, useridentity.arn as actor,
    unnest(make_array(
      json_as_text(requestparameters, 'bucketName'), json_as_text(requestparameters, 'roleName'),
      json_as_text(requestparameters, 'userName'), json_as_text(requestparameters, 'groupName'),
      json_as_text(requestparameters, 'policyName'), json_as_text(requestparameters, 'functionName'),
      json_as_text(requestparameters, 'stackName'), json_as_text(requestparameters, 'trailName'),
      json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'keyId'),
      json_as_text(requestparameters, 'tableName'), json_as_text(requestparameters, 'dBInstanceIdentifier')
    )) as name
  from writes
), matched as (
  select distinct
    named_changes.evidence_object as item_object, named_changes.evidence_record as item_record,
    calls.evidence_object, calls.evidence_record, calls.event_time, calls.eventname, calls.actor
  from named_changes
  join calls
    on calls.name = named_changes.name
    and calls.account = named_changes.account
    and calls.event_time <= named_changes.event_time
    and calls.event_time > named_changes.event_time - cast(concat(cast($slack_minutes as text), ' minutes') as interval)
  where not starts_with(named_changes.resourcetype, 'AWS::IAM::')
    or (
      calls.eventsource in ('iam.amazonaws.com', 'sso.amazonaws.com', 'cloudformation.amazonaws.com')
      and (calls.actor is distinct from named_changes.name)
    )
), counted as (
  select
    item_object,
    item_record,
    count(*) as calls,
    last_value(eventname order by event_time, evidence_object, evidence_record) as last_call,
    last_value(actor order by event_time, evidence_object, evidence_record) as last_actor,
    last_value(evidence_object order by event_time, evidence_object, evidence_record) as call_object,
    last_value(evidence_record order by event_time, evidence_object, evidence_record) as call_record
  from matched
  group by item_object, item_record
), hours as (
  select distinct account, region, date_trunc('hour', event_time) as hour
  from cloudtrail
)
select
  changes.evidence_object,
  changes.evidence_record,
  changes.event_time,
  changes.account,
  changes.region,
  changes.resourcetype,
  changes.resourceid,
  changes.resourcename,
  changes.configurationitemstatus as status,
  changes.item_before,
  case when counted.calls is null then 'no call found' when counted.calls = 1 then 'one call' else 'several calls' end as verdict,
  coalesce(counted.calls, 0) as calls,
  hours.hour is null as log_silent,
  counted.last_call,
  counted.last_actor,
  counted.call_object,
  counted.call_record
from changes
left join counted
  on counted.item_object = changes.evidence_object and counted.item_record = changes.evidence_record
left join hours
  on hours.account = changes.account
  and hours.region = case when changes.region = 'global' then 'us-east-1' else changes.region end
  and hours.hour = date_trunc('hour', changes.event_time)
where $show_all = true or counted.calls is null
order by log_silent desc, changes.event_time, changes.evidence_object, changes.evidence_record
