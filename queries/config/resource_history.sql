-- title: History of a resource
-- question: What happened to this resource, as Config saw its states and as CloudTrail saw the calls?
-- sources: config_items, cloudtrail
-- attack: T1578
-- parameter: resource text = null
-- parameter: rare integer = 3
-- parameter: since timestamp = start
-- parameter: until timestamp = end
-- about resource: the id, the name or the ARN of the resource; null means every resource
-- about rare: where no resource is given, calls that the same principal made more often than this in the whole case are left out; null means none
-- about since: the first instant to look at
-- about until: the last instant to look at
-- trap: Without a resource only changes that Config saw, and calls that are rare for their principal, are listed; times counts how often it made the call.
-- trap: An item of Config follows the call that caused it by seconds to many minutes, and its time is that of the capture.
-- trap: A short name is looked for anywhere in request and answer of a call, so a common word finds too much; give an id or an ARN where you can.
-- trap: An item with changed false differs from the one before it in nothing but relationships, tags or supplementary state, or repeats it.
-- trap: States are compared as text, so a document that was written in another way, as notifications sometimes are, counts as changed.
-- trap: Snapshots repeat old items; they are listed once, and copies counts them.
-- trap: Calls that failed are listed too; see error_class.
-- next: config/state_at
-- next: config/changes_without_call
-- next: triage/key_activity
with items as (
  select
    *,
    case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end as place,
    count(*) over (
      partition by account, resourcetype, resourceid, event_time, configurationstateid,
        case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end
    ) as copies,
    row_number() over (
      partition by account, resourcetype, resourceid, event_time, configurationstateid,
        case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end
      order by case when configuration is null then 2 when item_source = 'history' then 0 else 1 end, evidence_object,
        evidence_record
    ) as copy
  from config_items
  where item_source in ('history', 'snapshot', 'notification', 'oversized', 'api', 'item')
    and resourcetype <> 'AWS::Config::ResourceCompliance'
    and ($resource is null or resourceid = $resource or resourcename = $resource or arn = $resource)
), states as (
  select
    *,
    lag(configuration) over (
      partition by account, place, resourcetype, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as before,
    row_number() over (
      partition by account, place, resourcetype, resourceid
      order by event_time, try_cast(configurationstateid as bigint), configurationstateid, evidence_object, evidence_record
    ) as nth
  from items
  where copy = 1
), story as (
  select
    evidence_object, evidence_record, event_time, 'config_items' as source, account, region, resourcetype as kind,
    coalesce(resourceid, arn) as resource, configurationitemstatus as what, cast(null as text) as actor,
    cast(null as text) as access_key, cast(null as text) as ip, error_class,
    case when nth > 1 then (configuration is distinct from before) end as changed,
    copies, configuration as document, configurationitemdiff as diff, cast(null as bigint) as times
  from states
  union all
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, region, eventsource as kind,
    coalesce($resource, resources[1]) as resource, eventname as what, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, error_class,
    cast(null as boolean) as changed, cast(1 as bigint) as copies, requestparameters as document,
    responseelements as diff,
    count(*) over (
      partition by coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid), eventsource,
        eventname
    ) as times
  from cloudtrail
  where coalesce(is_write, true)
    and (
      $resource is null
      or array_has(resources, $resource)
      or strpos(requestparameters, $resource) > 0
      or strpos(responseelements, $resource) > 0
    )
)
select
  evidence_object, evidence_record, event_time, source, account, region, kind, resource, what, changed, times, actor, access_key,
  ip, error_class, copies, document, diff as diff_or_answer
from story
where event_time between $since and $until
  and ($resource is not null or coalesce(changed, false) or $rare is null or times <= $rare)
order by event_time, source, evidence_object, evidence_record
