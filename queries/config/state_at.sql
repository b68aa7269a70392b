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
-- trap: Config says when it captured a state and not when the change happened: the change lies between the state before and this one.
-- trap: Where no item is old enough, the creation time in a later item tells whether the resource existed; its state is then unknown.
-- trap: ResourceNotRecorded means that nobody looked, and not that the resource was gone.
-- trap: IAM is recorded in several regions; its items are taken together, under the region global.
-- trap: What a rule of Config said of a resource is an item of its own, and is shown only where its type or id is asked for.
-- trap: Items that repeat a state, as snapshots do, are counted in copies; last_confirmed is the last of them.
-- trap: The recorder is judged by the last start or stop in CloudTrail; when there is none in the evidence, recorder is null.
-- trap: A resource that vanished without an item of deletion still counts as existing; compare with later snapshots.
-- next: config/resource_history
-- next: config/open_security_groups
with known as (
  select
    *, valid_from <= $at as is_known,
    row_number() over (
      partition by awsaccountid, awsregion, resourcetype, resourceid order by valid_from <= $at desc, valid_from
    ) as nth
  from config_states
  where (resourcetype <> 'AWS::Config::ResourceCompliance' or resourcetype = $type or resourceid = $resource)
    and (valid_to is null or valid_to > $at)
    and ($type is null or resourcetype = $type)
    and ($resource is null or resourceid = $resource or resourcename = $resource or arn = $resource)
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
  s.evidence_object,
  s.evidence_record,
  s.awsaccountid as account,
  s.awsregion as region,
  s.resourcetype,
  s.resourceid,
  s.resourcename,
  case
    when s.is_known and s.state = 'deleted' then 'deleted'
    when s.is_known and s.state = 'not recorded' then 'unknown: not recorded'
    when s.is_known then 'existed'
    when s.resourcecreationtime <= $at then 'existed, state unknown'
    when s.resourcecreationtime > $at then 'did not exist'
    else 'unknown: first item is later'
  end as verdict,
  s.configurationitemstatus as status,
  s.valid_from as captured,
  case when s.is_known then
    round((date_part('epoch', $at) - date_part('epoch', s.valid_from)) / 3600, 2)
  end as hours_old,
  s.last_confirmed,
  s.resourcecreationtime as created,
  s.confirmations + 1 as copies,
  case r.eventname
    when 'StartConfigurationRecorder' then 'started'
    when 'StopConfigurationRecorder' then 'stopped'
    when 'DeleteConfigurationRecorder' then 'deleted'
  end as recorder,
  r.event_time as recorder_since,
  i.tags,
  i.relationships,
  case when s.is_known then i.configuration end as configuration,
  case when s.is_known then i.supplementaryconfiguration end as supplementaryconfiguration
from known s
left join lake.config_items i
  on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
left join recorder r
  on r.account = s.awsaccountid and r.region = i.region and r.nth = 1
where s.nth = 1
order by s.awsaccountid nulls first, s.awsregion nulls first, s.resourcetype nulls first,
  s.resourceid nulls first, s.evidence_object, s.evidence_record
