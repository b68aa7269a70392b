-- title: Keys being tested
-- question: After which calls of GetCallerIdentity did the same key at once begin to look around?
-- sources: cloudtrail
-- attack: T1078.004, T1087.004
-- parameter: minutes integer = 5
-- parameter: least_actions integer = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about minutes: how long after GetCallerIdentity to look
-- about least_actions: how many different actions must follow
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Tools such as Terraform and the AWS CLI call GetCallerIdentity by habit; look for an address that the key never used before.
-- trap: A key that is only tested and then sold shows nothing after the call; set least_actions to 0 to see those too.
-- next: triage/key_activity
-- next: discovery/enumeration_bursts
with tests as (
  select
    evidence_object, evidence_record, event_time, account, region, useridentity.accesskeyid as access_key,
    useridentity.arn as actor, sourceipaddress as ip, useragent as user_agent
  from cloudtrail
  where eventname = 'GetCallerIdentity'
    and useridentity.accesskeyid is not null
    and useridentity.invokedby is null
    and event_time between $from and $to
), calls as (
  select
    useridentity.accesskeyid as access_key, event_time, concat(eventsource, ':', eventname) as action, sourceipaddress,
    error_class
  from cloudtrail
  where useridentity.accesskeyid is not null
    and eventname <> 'GetCallerIdentity'
)
select
  tests.evidence_object,
  tests.evidence_record,
  tests.event_time,
  tests.account,
  tests.region,
  tests.access_key,
  tests.actor,
  tests.ip,
  tests.user_agent,
  count(distinct calls.action) as actions_after,
  count(calls.action) as events_after,
  count(calls.action) filter (where calls.error_class = 'denied') as denied_after,
  count(distinct calls.sourceipaddress) as ips_after
from tests
left join calls
  on calls.access_key = tests.access_key
  and calls.event_time >= tests.event_time
  and calls.event_time <= tests.event_time + cast(concat(cast($minutes as text), ' minutes') as interval)
group by tests.evidence_object, tests.evidence_record, tests.event_time, tests.account, tests.region, tests.access_key,
  tests.actor, tests.ip, tests.user_agent
having count(distinct calls.action) >= $least_actions
order by denied_after desc, actions_after desc, tests.event_time, tests.evidence_object, tests.evidence_record
