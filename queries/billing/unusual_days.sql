-- title: Cost by service and day against usual
-- question: On which days did a service cost more in an account and region than it usually does?
-- sources: billing
-- attack: T1496, T1567
-- parameter: account text = null
-- parameter: service text = null
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about account: the account that used it; null means all
-- about service: the code of the service, such as AmazonEC2; null means all
-- about top: how many lines where neither is given, the greatest surplus first; null means all
-- about from: the first day to look at
-- about to: the last day to look at
-- trap: A month is delivered again and again, each time whole: only the latest delivery of each account, form and month is counted (the greatest assembly, and without one the latest object).
-- trap: usual is the median over all days of the bill, days without a line counted as 0; how_unusual says how many times the usual spread (median absolute deviation, at least a hundredth of the median day, at least 0.01) lies between.
-- trap: Lines by the month, taxes, credits, refunds and fees are left out: only use is counted, by the day on which it began. A line that is longer than a day stands whole on its first day.
-- trap: Bills come late and change until they are final; use of the last days may not be in it.
-- trap: Use that is free, or covered by a reservation, costs nothing here; billing/first_usage and billing/data_transfer_out count amounts.
-- trap: dearest_usage is what cost most on that day, not what rose.
-- next: billing/cost_by_resource
-- next: billing/first_usage
-- next: billing/without_events
-- next: billing/data_transfer_out
with delivered as (
  select
    *,
    dense_rank() over (
      partition by form, payer_account, billing_period order by coalesce(assembly, '') desc, case when assembly is null then evidence_object end desc
    ) as delivery
  from billing
), used as (
  select
    *, coalesce(account, '') as in_account,
    coalesce(region, case when availability_zone is not null then regexp_replace(availability_zone, '[a-z]$', '') end, '') as in_region,
    coalesce(service, '') as of_service, date_trunc('day', event_time) as day
  from delivered
  where delivery = 1
    and coalesce(line_item_type, 'Usage') in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
), daily as (
  select
    in_account, in_region, of_service, coalesce(currency, '') as currency, day,
    sum(coalesce(unblended_cost, 0)) as cost, count(*) as lines, count(distinct resource) as resources,
    first_value(usage_type order by unblended_cost desc nulls last, usage_type) as dearest_usage,
    first_value(resource order by unblended_cost desc nulls last, usage_type, evidence_object, evidence_record) as dearest_resource,
    first_value(evidence_object order by unblended_cost desc nulls last, usage_type, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by unblended_cost desc nulls last, usage_type, evidence_object, evidence_record) as evidence_record
  from used
  group by in_account, in_region, of_service, coalesce(currency, ''), day
), days as (
  select distinct day from used
), keys as (
  select distinct in_account, in_region, of_service, currency from daily
), filled as (
  select keys.in_account, keys.in_region, keys.of_service, keys.currency, days.day, coalesce(daily.cost, 0) as cost
  from keys
  cross join days
  left join daily
    on daily.in_account = keys.in_account and daily.in_region = keys.in_region and daily.of_service = keys.of_service and daily.currency = keys.currency
    and daily.day = days.day
), usual as (
  select in_account, in_region, of_service, currency, cast(median(cost) as double) as usual, count(*) as days_of_bill
  from filled
  group by in_account, in_region, of_service, currency
), spread as (
  select
    filled.in_account, filled.in_region, filled.of_service, filled.currency,
    greatest(cast(median(abs(filled.cost - usual.usual)) as double), usual.usual / 100, 0.01) as spread
  from filled
  join usual
    on usual.in_account = filled.in_account and usual.in_region = filled.in_region and usual.of_service = filled.of_service and usual.currency = filled.currency
  group by filled.in_account, filled.in_region, filled.of_service, filled.currency, usual.usual
), ranked as (
  select
    daily.*, usual.usual, usual.days_of_bill, (daily.cost - usual.usual) / spread.spread as distance,
    row_number() over (
      order by daily.cost - usual.usual desc, daily.day, daily.in_account, daily.in_region, daily.of_service, daily.currency
    ) as rank,
    count(*) over () as of_lines
  from daily
  join usual
    on usual.in_account = daily.in_account and usual.in_region = daily.in_region and usual.of_service = daily.of_service and usual.currency = daily.currency
  join spread
    on spread.in_account = daily.in_account and spread.in_region = daily.in_region and spread.of_service = daily.of_service and spread.currency = daily.currency
  where daily.day between date_trunc('day', $from) and $to
    and (daily.cost - usual.usual) / spread.spread >= 3
    and ($account is null or daily.in_account = $account)
    and ($service is null or daily.of_service = $service)
)
select
  day, in_account as account, in_region as region, of_service as service, round(cost, 4) as cost, round(usual, 4) as usual_cost, currency, round(distance, 1) as how_unusual,
  days_of_bill, lines, resources, dearest_usage, dearest_resource, evidence_object, evidence_record, of_lines
from ranked
where $account is not null or $service is not null or $top is null or rank <= $top
order by rank
