-- title: First use of regions
-- question: When was each region first used to change something, by whom, and was a region switched on?
-- sources: cloudtrail
-- attack: T1535
-- parameter: from timestamp = start
-- about from: only regions whose first change by a person or workload came at or after this instant
-- trap: The newest stands first, as a region that was new late in the logs is the unusual one.
-- trap: First means first in the collected logs; collect some quiet weeks before the incident to know what is new.
-- trap: Global services are recorded under us-east-1, which therefore always looks used.
-- trap: Calls by AWS services and by service-linked roles are left out, as they touch every region.
-- next: triage/accounts_regions
-- next: discovery/dry_run_probes
with changes as (
  select
    *,
    useridentity.arn as actor,
    useridentity.accesskeyid as access_key,
    row_number() over (partition by account, region order by event_time, evidence_object, evidence_record) as nth,
    count(*) over (partition by account, region) as changes
  from cloudtrail
  where coalesce(is_write, true)
    and useridentity.invokedby is null
    and (useridentity.type is distinct from 'AWSService')
    and coalesce(useridentity.sessioncontext.sessionissuer.arn, '') !~ '/aws-service-role/'
)
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  case when eventname = 'EnableRegion' then 'region switched on' else 'first change here' end as kind,
  eventsource as service,
  eventname as action,
  actor,
  access_key,
  sourceipaddress as ip,
  error_class,
  changes as changes_in_region,
  case when eventname = 'EnableRegion' then json_as_text(requestparameters, 'RegionName') end as region_switched_on
from changes
where (nth = 1 or eventname = 'EnableRegion')
  and event_time >= $from
order by event_time desc, evidence_object, evidence_record
