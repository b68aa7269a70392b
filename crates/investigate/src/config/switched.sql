-- The first and the last call that switched the recording of Config, in any account; null when there was none.
select min(first_time) as first_time, max(last_time) as last_time from first_seen
where scope = 'all' and kind = 'api'
  and value in ('config:StopConfigurationRecorder', 'config:StartConfigurationRecorder',
    'config:PutConfigurationRecorder', 'config:DeleteConfigurationRecorder', 'config:DeleteDeliveryChannel',
    'config:PutDeliveryChannel')
