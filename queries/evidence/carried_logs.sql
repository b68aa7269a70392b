-- title: Logs that came inside other records
-- question: Which logs came wrapped in messages of CloudWatch Logs, EventBridge and the like and stand in other tables, out of which objects and how many rows?
-- sources: cloudwatch_logs, eventbridge_events
-- parameter: top integer = 50
-- about top: how many objects, the most rows first; null means all
-- trap: Found by how the records of an object were framed (objects.form = wrapped); a record that was taken out of its envelope before it came here, or whose object is of mixed kinds, may not be known as such.
-- trap: One object can have rows in one table only; what in it is of no known kind is in cloudwatch_logs or was not understood.
-- trap: The same line can have come by another way too (a file in S3); then one copy is the row and the other stands in `duplicates`.
-- next: evidence/log_groups
-- next: evidence/duplicates_by_object
-- next: evidence/objects_not_ingested
with wrapped as (
  select evidence_object, key, source, form, status, records, kept, duplicates, rejects, account, region, first_event_time, last_event_time,
    row_number() over (order by records desc, key, evidence_object) as rank,
    count(*) over () as of_lines
  from objects
  where source is not null
    and source <> 'cloudwatch_logs'
    and form = 'wrapped'
)
select
  source as in_table, key, status, records, kept, duplicates, rejects, account, region, first_event_time as first_time, last_event_time as last_time,
  evidence_object, of_lines
from wrapped
where $top is null or rank <= $top
order by rank
