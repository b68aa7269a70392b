-- title: What the flow logs cannot tell
-- question: When did the flow log of an interface skip records, or say nothing at all?
-- sources: vpc_flow
-- attack: T1562.008
-- parameter: interface text = null
-- parameter: least_hours integer = 6
-- parameter: least_times number = 3
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about interface: the interface; null means every one
-- about least_hours: how many hours without any row, not even NODATA, are told as silence
-- about least_times: how many times as long as nearly all other pauses of the interface (95 of 100) a silence must be
-- about from: the first instant to look at
-- about to: the last instant to look at
-- trap: SKIPDATA says that records were lost in that window: what is missing there proves nothing.
-- trap: NODATA says that there was no traffic, and is evidence of it; an hour without any row is none.
-- trap: Silence is measured by the pauses that the interface usually makes: with little traffic and without NODATA rows they are long.
-- trap: Silence has many causes: the interface was gone, the flow log was deleted, files were not delivered or not collected.
-- trap: A log that is filtered (only ACCEPT or only REJECT) keeps silent about the rest; actions_seen shows what it holds.
-- trap: Traffic to the resolver, the metadata address, DHCP and the time service is never in a flow log.
-- next: evidence/coverage
-- next: defense_evasion/silent_hours
with hours as (
  select
    account,
    interface_id,
    date_trunc('hour', event_time) as hour,
    count(*) filter (where log_status = 'SKIPDATA') as skipped,
    count(*) filter (where log_status = 'NODATA') as nodata,
    count(*) as rows,
    max(case when action = 'ACCEPT' then 1 else 0 end) as has_accept,
    max(case when action = 'REJECT' then 1 else 0 end) as has_reject,
    min(event_time) as first_time,
    max(coalesce(end_time, event_time)) as last_time,
    min(event_time) filter (where log_status = 'SKIPDATA') as first_skipped,
    max(coalesce(end_time, event_time)) filter (where log_status = 'SKIPDATA') as last_skipped,
    first_value(evidence_object order by log_status <> 'SKIPDATA', event_time desc, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by log_status <> 'SKIPDATA', event_time desc, evidence_object, evidence_record) as evidence_record
  from vpc_flow
  where event_time is not null
    and interface_id is not null
    and ($interface is null or interface_id = $interface)
  group by account, interface_id, date_trunc('hour', event_time)
), numbered as (
  select
    hours.*,
    lag(hour) over same_interface as hour_before,
    lag(last_time) over same_interface as time_before,
    lag(evidence_object) over same_interface as object_before,
    lag(evidence_record) over same_interface as record_before
  from hours
  window same_interface as (partition by account, interface_id order by hour)
), pauses as (
  select account, interface_id, approx_percentile_cont(date_part('epoch', first_time) - date_part('epoch', time_before), 0.95) as usual_pause
  from numbered
  where hour_before is not null
  group by account, interface_id
), totals as (
  select
    account, interface_id,
    count(*) as hours_with_rows,
    sum(rows) as rows_in_all,
    sum(nodata) as nodata_in_all,
    case when max(has_accept) = 1 and max(has_reject) = 1 then 'both' when max(has_accept) = 1 then 'ACCEPT only'
      when max(has_reject) = 1 then 'REJECT only' else 'none' end as actions_seen
  from hours
  group by account, interface_id
), gaps as (
  select
    account, interface_id, 'SKIPDATA: records lost' as kind, first_skipped as gap_from, last_skipped as gap_to,
    skipped as rows_skipped, evidence_object, evidence_record
  from hours
  where skipped > 0
  union all
  select
    account, interface_id, 'silence: no row at all' as kind, time_before as gap_from, first_time as gap_to,
    0 as rows_skipped, object_before as evidence_object, record_before as evidence_record
  from numbered
  where hour_before is not null
    and date_part('epoch', first_time) - date_part('epoch', time_before) >= $least_hours * 3600
)
select
  gaps.gap_from,
  gaps.gap_to,
  round((date_part('epoch', gaps.gap_to) - date_part('epoch', gaps.gap_from)) / 3600, 2) as hours,
  gaps.kind,
  gaps.account,
  gaps.interface_id as interface,
  gaps.rows_skipped,
  round(pauses.usual_pause / 3600, 2) as usual_pause_hours,
  totals.hours_with_rows,
  totals.rows_in_all,
  totals.nodata_in_all,
  totals.actions_seen,
  gaps.evidence_object,
  gaps.evidence_record
from gaps
join totals
  on (totals.account is not distinct from gaps.account) and totals.interface_id = gaps.interface_id
left join pauses
  on (pauses.account is not distinct from gaps.account) and pauses.interface_id = gaps.interface_id
where (gaps.kind like 'SKIPDATA%' or date_part('epoch', gaps.gap_to) - date_part('epoch', gaps.gap_from) >= $least_times * pauses.usual_pause)
  and gaps.gap_to >= $from and gaps.gap_from <= $to
order by gaps.kind, hours desc, gaps.gap_from, account nulls first, interface, gaps.evidence_object, gaps.evidence_record
