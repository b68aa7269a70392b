-- title: State of resources at a time
-- question: What was the state of this resource at that time, how old is that knowledge, and was Config recording?
-- sources: config_items, cloudtrail
-- attack: T1580
-- parameter: resource text = null
-- parameter: type text = null
-- parameter: at timestamp = end
-- about resource: the id, the name or the ARN of the resource; null means every resource
-- about type: the type, such as AWS::EC2::SecurityGroup; null means every type
-- about at: the instant that is asked about
-- trap: Config says when it captured a state and not when the change happened: the change lies between the item before and this one.
-- trap: Where no item is old enough, the creation time in a later item tells whether the resource existed; its state is then unknown.
-- trap: ResourceNotRecorded means that nobody looked, and not that the resource was gone.
-- trap: IAM is recorded in several regions; its items are taken together.
-- trap: Snapshots repeat the last item with its old capture time; copies counts them.
-- trap: The recorder is judged by the last start or stop in CloudTrail; when there is none in the evidence, recorder is null.
-- trap: A resource that vanished without an item of deletion still counts as existing; compare with later snapshots.
-- next: config/resource_history
-- next: config/open_security_groups
with items as (
  select
    *,
    case when starts_with(resourcetype, 'AWS::IAM::') then 'global' else region end as place,
    try_cast(configurationstateid as bigint) as state_number
  from config_items
  where item_source in ('history', 'snapshot', 'notification', 'oversized', 'api', 'item')
    and resourcetype <> 'AWS::Config::ResourceCompliance'
    and ($type is null or resourcetype = $type)
    and ($resource is null or resourceid = $resource or resourcename = $resource or arn = $resource)
), ranked as (
  select
    *,
    event_time <= $at as is_known,
    count(*) over (partition by account, place, resourcetype, resourceid, event_time, configurationstateid) as copies,
    row_number() over (
      partition by account, place, resourcetype, resourceid, event_time <= $at
      order by
        case when event_time <= $at then event_time end desc nulls last,
        case when event_time <= $at then state_number end desc nulls last,
        case when configuration is null then 1 else 0 end,
        event_time, evidence_object, evidence_record
    ) as nth
  from items
), chosen as (
  select *, row_number() over (partition by account, place, resourcetype, resourceid order by is_known desc) as choice
  from ranked
  where nth = 1
), recorder as (
  select account, region, eventname, event_time,
    row_number() over (partition by account, region order by event_time desc, evidence_object desc, evidence_record desc) as nth
  from cloudtrail
  where eventsource = 'config.amazonaws.com'
    and eventname in ('StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'StartConfigurationRecorder')
    and error_class = 'success'
    and event_time <= $at
)
select
  chosen.evidence_object,
  chosen.evidence_record,
  chosen.account,
  chosen.region,
  chosen.resourcetype,
  chosen.resourceid,
  chosen.resourcename,
  case
    when chosen.is_known and chosen.configurationitemstatus in ('ResourceDeleted', 'ResourceDeletedNotRecorded') then 'deleted'
    when chosen.is_known and chosen.configurationitemstatus = 'ResourceNotRecorded' then 'unknown: not recorded'
    when chosen.is_known and chosen.configuration is null then 'existed, document not in the evidence'
    when chosen.is_known then 'existed'
    when chosen.resourcecreationtime <= $at then 'existed, state unknown'
    when chosen.resourcecreationtime > $at then 'did not exist'
    else 'unknown: first item is later'
  end as verdict,
  chosen.configurationitemstatus as status,
  chosen.event_time as captured,
  case when chosen.is_known then
    round((date_part('epoch', $at) - date_part('epoch', chosen.event_time)) / 3600, 2)
  end as hours_old,
  chosen.resourcecreationtime as created,
  chosen.copies,
  case recorder.eventname
    when 'StartConfigurationRecorder' then 'started'
    when 'StopConfigurationRecorder' then 'stopped'
    when 'DeleteConfigurationRecorder' then 'deleted'
  end as recorder,
  recorder.event_time as recorder_since,
  chosen.tags,
  chosen.relationships,
  case when chosen.is_known then chosen.configuration end as configuration,
  case when chosen.is_known then chosen.supplementaryconfiguration end as supplementaryconfiguration
from chosen
left join recorder
  on recorder.account = chosen.account and recorder.region = chosen.region and recorder.nth = 1
where chosen.choice = 1
order by chosen.account nulls first, chosen.region nulls first, chosen.resourcetype nulls first,
  chosen.resourceid nulls first, chosen.evidence_object, chosen.evidence_record
