-- What a session called, most often first.
select concat(replace(coalesce(eventsource, ''), '.amazonaws.com', ''), ':', coalesce(eventname, '')) as api,
  error_class, count(*) as events
from lake.cloudtrail
where session_id = $session and event_time >= $from and event_time <= $to
group by 1, 2
order by 3 desc, 1, 2
limit 12
