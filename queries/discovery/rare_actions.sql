-- title: Actions that hardly anybody ever calls
-- question: Which API actions were called only a few times in all the collected history, by whom, and did they work?
-- sources: cloudtrail
-- attack: T1526, T1580
-- parameter: most_events integer = 5
-- parameter: only_writes boolean = false
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about most_events: how many calls in all the history still count as rare
-- about only_writes: true leaves actions out that only read
-- about top: how many lines, changes that worked first; null means all
-- about from: the first instant of use to look at; rarity is counted over all the history
-- about to: the last instant of use to look at
-- trap: Rare in the collected logs: with little history before the incident everything looks rare, and logs of another account may have the action every day.
-- trap: A call that two accounts recorded is counted once (sharedEventID).
-- trap: Versions in names of actions (Lambda, CloudFront) are cut off, so that a new version of the API is no new action.
-- trap: Only as many lines are shown as top says; of_lines tells how many there are.
-- next: discovery/first_ever
-- next: triage/successful_writes
with calls as (
  select
    evidence_object, evidence_record, event_time, account, region, eventsource, error_class, is_write, sourceipaddress, session_id,
    regexp_replace(eventname, '(20[0-9]{2}_?[0-9]{2}_?[0-9]{2})(v[0-9]+)?$', '') as action,
    coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.principalid, useridentity.invokedby) as actor,
    row_number() over (
      partition by coalesce(sharedeventid, concat(evidence_object, ' ', cast(evidence_record as text)))
      order by event_time, evidence_object, evidence_record
    ) as copy
  from cloudtrail
  where eventname is not null
    and (eventcategory is distinct from 'Insight')
), rare as (
  select
    eventsource as service,
    action,
    bool_or(coalesce(is_write, true)) as is_write,
    count(*) as events,
    count(*) filter (where error_class = 'success') as succeeded,
    count(*) filter (where error_class = 'denied') as denied,
    count(distinct actor) as actors,
    array_to_string(array_sort(array_agg(distinct actor)), ', ') as who,
    array_to_string(array_sort(array_agg(distinct account)), ', ') as accounts,
    array_to_string(array_sort(array_agg(distinct region)), ', ') as regions,
    array_to_string(array_sort(array_agg(distinct sourceipaddress)), ', ') as ips,
    min(event_time) as first_time,
    max(event_time) as last_time,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from calls
  where copy = 1
  group by eventsource, action
  having count(*) <= $most_events
), ranked as (
  select
    *,
    row_number() over (order by is_write and succeeded > 0 desc, is_write desc, events, first_time, service, action) as rank,
    count(*) over () as of_lines
  from rare
  where last_time >= $from
    and first_time <= $to
    and (not $only_writes or is_write)
)
select
  service, action, is_write, events, succeeded, denied, actors, who, accounts, regions, ips, first_time, last_time,
  evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
