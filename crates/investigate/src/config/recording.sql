-- Calls that switch the recording of Config on or off, or change what is recorded; failed attempts too.
select event_time, eventname, useridentity_arn as arn, error_class, evidence_object, evidence_record
from lake.cloudtrail
where event_time >= $from and event_time <= $to
  and eventsource = 'config.amazonaws.com'
  and eventname in ('StopConfigurationRecorder', 'StartConfigurationRecorder', 'PutConfigurationRecorder',
    'DeleteConfigurationRecorder', 'DeleteDeliveryChannel', 'PutDeliveryChannel')
  and account = $account
  and ($region = 'global' or region = $region)
order by event_time, evidence_object, evidence_record
