-- title: History of a resource
-- question: What happened to this resource, as Config saw its states and as CloudTrail saw the calls?
-- sources: config_items, cloudtrail
-- attack: T1578
-- parameter: resource text = null
-- parameter: rare integer = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: the id, the name or the ARN of the resource; null means every resource
-- about rare: where no resource is given, calls that the same principal made more often than this in the whole case are left out; null means none
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Without a resource only changes that Config saw, and calls that are rare for their principal, are listed; times counts how often it made the call.
-- trap: A state of Config follows the call that caused it by seconds to many minutes, and its time is that of the capture.
-- trap: The actor of a row of Config is the caller at the root of the chain of the call that explains the change best, as in config_attribution; class says how sure that is. The actor of a call is the session that made it.
-- trap: A short name is looked for anywhere in request and answer of a call, so a common word finds too much; give an id or an ARN where you can.
-- trap: changed is null for the first state in the evidence, which has nothing to be compared with; what changes by itself, and other spellings of the same, are no change.
-- trap: Items that repeat a state, as snapshots do, are counted in copies.
-- trap: Calls that failed are listed too; see error_class.
-- next: config/state_at
-- next: config/changes_without_call
-- next: triage/key_activity
with states as (
  select *
  from config_states
  where resourcetype <> 'AWS::Config::ResourceCompliance'
    and valid_from between $from and $to
    and ($resource is null or resourceid = $resource or resourcename = $resource or arn = $resource)
), paths as (
  select evidence_object, evidence_record, resourcetype, array_to_string(array_sort(array_agg(distinct path)), ', ') as paths
  from config_changes
  group by evidence_object, evidence_record, resourcetype
), story as (
  select
    s.evidence_object, s.evidence_record, s.valid_from as event_time, 'config_items' as source,
    s.awsaccountid as account, s.awsregion as region, s.resourcetype as kind, s.resourceid as resource,
    s.configurationitemstatus as what, a.actor, c.useridentity_accesskeyid as access_key, a.sourceipaddress as ip,
    cast(null as text) as error_class, s.changes > 0 as changed, a.class, s.confirmations + 1 as copies,
    i.configuration as document, p.paths as diff, cast(null as bigint) as times
  from states s
  left join lake.config_items i
    on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
  left join paths p
    on p.evidence_object = s.evidence_object and p.evidence_record = s.evidence_record and p.resourcetype = s.resourcetype
  left join config_attribution a
    on a.evidence_object = s.evidence_object and a.evidence_record = s.evidence_record
    and a.resourcetype = s.resourcetype and a.configurationitemcapturetime = s.valid_from
  left join lake.cloudtrail c
    on c.evidence_object = a.event_object and c.evidence_record = a.event_record
  union all
  select
    evidence_object, evidence_record, event_time, 'cloudtrail' as source, account, region, eventsource as kind,
    coalesce($resource, resources[1]) as resource, eventname as what, useridentity.arn as actor,
    useridentity.accesskeyid as access_key, sourceipaddress as ip, error_class,
    cast(null as boolean) as changed, cast(null as text) as class, cast(1 as bigint) as copies,
    requestparameters as document, responseelements as diff,
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
  evidence_object, evidence_record, event_time, source, account, region, kind, resource, what, changed, class, times, actor,
  access_key, ip, error_class, copies, document, diff as diff_or_answer
from story
where event_time between $from and $to
  and ($resource is not null or coalesce(changed, false) or $rare is null or times <= $rare)
order by event_time, source, evidence_object, evidence_record
