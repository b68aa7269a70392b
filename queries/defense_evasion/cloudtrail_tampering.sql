-- title: Tampering with CloudTrail
-- question: Did anybody stop, delete, narrow or redirect CloudTrail, or try to?
-- sources: cloudtrail
-- attack: T1562.008, T1562.001
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: Failed attempts and dry runs are listed as well, as they show the intent; see error_class.
-- trap: A call that narrows a trail is no error: read the selectors in the column request and compare them with those before.
-- trap: UpdateTrail without isMultiRegionTrail or with another bucket changes what is recorded without stopping anything.
-- trap: After StopLogging the log itself is silent, so what followed may not be in it; see defense_evasion/silent_hours.
-- next: defense_evasion/silent_hours
-- next: defense_evasion/security_services_turned_down
-- next: triage/key_activity
select
  evidence_object,
  evidence_record,
  event_time,
  account,
  region,
  eventname as action,
  case
    when eventname in ('StopLogging', 'StopEventDataStoreIngestion') then 'stopped'
    when eventname in ('DeleteTrail', 'DeleteEventDataStore', 'DeleteChannel') then 'deleted'
    when eventname = 'UpdateTrail' and json_as_text(requestparameters, 'isMultiRegionTrail') = 'false' then 'one region only'
    when eventname = 'UpdateTrail' and json_as_text(requestparameters, 'includeGlobalServiceEvents') = 'false' then 'global services left out'
    when eventname = 'UpdateTrail' and json_as_text(requestparameters, 'enableLogFileValidation') = 'false' then 'no digests'
    when eventname = 'UpdateTrail' and json_as_text(requestparameters, 's3BucketName') is not null then 'bucket set'
    when eventname = 'PutEventSelectors' and requestparameters ~ '"includeManagementEvents"\s*:\s*false' then 'management events left out'
    when eventname = 'PutEventSelectors' and requestparameters ~ '"excludeManagementEventSources"\s*:\s*\[\s*"' then 'services left out'
    when eventname = 'PutEventSelectors' and requestparameters ~ '"readWriteType"\s*:\s*"(ReadOnly|WriteOnly)"' then 'reads or writes left out'
    when eventname = 'PutInsightSelectors' and requestparameters ~ '"insightSelectors"\s*:\s*\[\s*\]' then 'insights switched off'
    else 'changed'
  end as effect,
  coalesce(
    json_as_text(requestparameters, 'name'), json_as_text(requestparameters, 'trailName'),
    json_as_text(requestparameters, 'trailARN'), json_as_text(requestparameters, 'eventDataStore')
  ) as trail,
  useridentity.arn as actor,
  useridentity.accesskeyid as access_key,
  sourceipaddress as ip,
  useragent as user_agent,
  error_class,
  requestparameters as request
from cloudtrail
where eventsource = 'cloudtrail.amazonaws.com'
  and eventname in (
    'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'PutInsightSelectors',
    'DeleteEventDataStore', 'UpdateEventDataStore', 'StopEventDataStoreIngestion', 'DisableFederation',
    'DeleteChannel', 'UpdateChannel', 'DeleteResourcePolicy', 'PutResourcePolicy',
    'DeregisterOrganizationDelegatedAdmin'
  )
  and event_time between $from and $to
order by event_time, evidence_object, evidence_record
