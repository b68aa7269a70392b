-- title: Data that left, by the bill
-- question: How much data did the bill say that each resource sent out per day, against its usual day?
-- sources: billing
-- attack: T1567, T1048, T1537
-- parameter: resource text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: part of the id or name of the resource; null means all
-- about top: how many lines where no resource is given, the greatest surplus first; null means all
-- about from: the first day to look at
-- about to: the last day to look at
-- trap: Usage types with Out-Bytes count traffic to the internet, to other regions (to= a region) and out of CloudFront (DataTransfer-Out-OBytes); to where it went stands in no bill.
-- trap: A resource is named only where the report was made with resources; where it is null the line is of many.
-- trap: The bill counts what AWS charges: what goes to CloudFront or to another service of the region is not in it. Amounts are gigabytes of 10^9 or 2^30 bytes, as unit says nothing about it; bytes here are of 10^9 and so a lower bound.
-- trap: Only the latest delivery of each month is counted. usual_gigabytes is the median over all days of the bill, days without a line counted as 0.
-- trap: Hours and days of a bill are UTC, and their edges are those of the bill, not of the traffic.
-- next: exfiltration/bytes_out_by_requester
-- next: billing/unusual_days
-- next: metrics/spikes
with delivered as (
  select
    *,
    dense_rank() over (
      partition by form, payer_account, billing_period order by coalesce(assembly, '') desc, case when assembly is null then evidence_object end desc
    ) as delivery
  from billing
), moved as (
  select
    coalesce(account, '') as in_account, coalesce(region, '') as in_region, coalesce(service, '') as of_service, coalesce(usage_type, '') as of_usage,
    coalesce(resource, '') as of_resource, date_trunc('day', event_time) as day,
    sum(usage_amount) as gigabytes, sum(unblended_cost) as cost, count(*) as lines,
    max(usage_unit) as unit,
    first_value(evidence_object order by usage_amount desc nulls last, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by usage_amount desc nulls last, evidence_object, evidence_record) as evidence_record
  from delivered
  where delivery = 1
    and (usage_type like '%Out-Bytes%' or usage_type like '%Out-OBytes%' or usage_type like '%OutBytes%')
  group by 1, 2, 3, 4, 5, 6
), days as (
  select distinct date_trunc('day', event_time) as day from billing
), filled as (
  select keys.in_account, keys.in_region, keys.of_service, keys.of_usage, keys.of_resource, days.day, coalesce(moved.gigabytes, 0) as gigabytes
  from (select distinct in_account, in_region, of_service, of_usage, of_resource from moved) keys
  cross join days
  left join moved
    on moved.in_account = keys.in_account and moved.in_region = keys.in_region and moved.of_service = keys.of_service and moved.of_usage = keys.of_usage
    and moved.of_resource = keys.of_resource and moved.day = days.day
), usual as (
  select in_account, in_region, of_service, of_usage, of_resource, cast(median(gigabytes) as double) as usual, count(*) as days_of_bill
  from filled
  group by in_account, in_region, of_service, of_usage, of_resource
), ranked as (
  select
    moved.*, usual.usual, usual.days_of_bill,
    row_number() over (
      order by moved.gigabytes - usual.usual desc, moved.day, moved.in_account, moved.in_region, moved.of_service, moved.of_usage, moved.of_resource
    ) as rank,
    count(*) over () as of_lines
  from moved
  join usual
    on usual.in_account = moved.in_account and usual.in_region = moved.in_region and usual.of_service = moved.of_service and usual.of_usage = moved.of_usage
    and usual.of_resource = moved.of_resource
  where moved.day between date_trunc('day', $from) and $to
    and ($resource is null or strpos(moved.of_resource, $resource) > 0)
)
select
  day, in_account as account, in_region as region, of_service as service, of_usage as usage_type, nullif(of_resource, '') as resource, round(gigabytes, 4) as gigabytes,
  round(usual, 4) as usual_gigabytes, case when usual > 0 then round(gigabytes / usual, 1) end as times_usual, round(cost, 4) as cost, unit, days_of_bill, lines, evidence_object, evidence_record, of_lines
from ranked
where $resource is not null or $top is null or rank <= $top
order by rank
