-- What sessions called, most often first; their ids come one on each line.
with found as (
  select session_id, part, first_time, last_time from sessions
  where session_id in (select unnest(string_to_array($sessions, chr(10))))
),
calls as (
  select f.session_id, f.part,
    concat(replace(coalesce(c.eventsource, ''), '.amazonaws.com', ''), ':', coalesce(c.eventname, '')) as api,
    c.error_class, count(*) as events
  from found f
  join lake.cloudtrail c
    on c.session_id = f.session_id and c.event_time >= f.first_time and c.event_time <= f.last_time
  group by 1, 2, 3, 4
),
ranked as (
  select *, row_number() over (partition by session_id, part order by events desc, api, error_class) as rank from calls
)
select session_id, part, api, error_class, events from ranked
where rank <= 12
order by session_id, part, rank
