-- title: Changes without a call
-- question: Which changes that Config saw have no call in CloudTrail that could have caused them?
-- sources: config_items, cloudtrail
-- attack: T1562.008, T1578
-- parameter: show_all boolean = false
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about show_all: true lists the changes with a call, too
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: log_silent is true where CloudTrail has no event at all of that account and region in the hour of the capture: the call may stand in a log that is missing. Those stand first. why begins with "cannot say" where there is none for the whole time in which it can have happened.
-- trap: calls counts the calls that could have made the change; mentions counts all successful write calls that name the resource in that time, most of which do something else.
-- trap: No call found is not the same as no call made: a log file of an hour that is otherwise there may be missing (coldtrail verify), or the call named the resource in a way that is not known.
-- trap: Services change resources on their own (relations to a neighbour that changed, values that they keep), without any call.
-- trap: The first item of a resource is compared with nothing and not listed, unless it says that the resource was new.
-- next: config/who_changed
-- next: config/calls_without_change
-- next: defense_evasion/silent_hours
-- next: evidence/coverage
with hours as (
  select account, region, hour from coverage where source = 'cloudtrail'
), calls as (
  select awsaccountid, awsregion, resourcetype, resourceid, configurationitemcapturetime, count(*) as calls
  from config_calls
  where configurationitemcapturetime is not null
  group by awsaccountid, awsregion, resourcetype, resourceid, configurationitemcapturetime
)
select
  a.evidence_object, a.evidence_record, a.configurationitemcapturetime, a.awsaccountid, a.awsregion, a.resourcetype,
  a.resourceid, a.resourcename, a.class, coalesce(calls.calls, 0) as calls,
  cardinality(a.candidates) as mentions, hours.hour is null as log_silent, a.why,
  a.api, a.actor, a.event_object, a.event_record
from config_attribution a
left join calls
  on calls.awsaccountid = a.awsaccountid and calls.awsregion = a.awsregion and calls.resourcetype = a.resourcetype
  and calls.resourceid = a.resourceid and calls.configurationitemcapturetime = a.configurationitemcapturetime
left join hours
  on hours.account = a.awsaccountid
  and hours.region = case when a.awsregion = 'global' then 'us-east-1' else a.awsregion end
  and hours.hour = date_trunc('hour', a.configurationitemcapturetime)
where ($show_all or a.class = 'none found')
  and a.configurationitemcapturetime between $from and $to
order by log_silent desc, a.configurationitemcapturetime, a.evidence_object, a.evidence_record
