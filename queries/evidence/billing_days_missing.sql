-- title: Days without a bill
-- question: Which months and deliveries of the bill are here, and on which days of them does an account have no line?
-- sources: billing
-- parameter: gaps_only boolean = false
-- about gaps_only: true lists only the months in which days are missing
-- trap: A bill without a line of a day means that the report is not complete, was made before that day was counted, or that nothing at all was used; an account with resources has lines every day.
-- trap: Reports by the month have one line for it: days_with_lines is then 1, and by_month is true.
-- trap: Of a month that is delivered many times only the latest delivery is looked at; deliveries counts them.
-- trap: A month of which nothing was collected is not here at all.
-- next: billing/unusual_days
-- next: evidence/objects_not_ingested
with delivered as (
  select
    *,
    dense_rank() over (
      partition by form, payer_account, billing_period order by coalesce(assembly, '') desc, case when assembly is null then evidence_object end desc
    ) as delivery
  from billing
), deliveries as (
  select form, payer_account, billing_period, max(delivery) as deliveries, max(assembly) as latest from delivered group by form, payer_account, billing_period
), months as (
  select
    form, payer_account, account, billing_period,
    count(*) as lines, count(distinct date_trunc('day', event_time)) as days_with_lines,
    min(event_time) as first_time, max(event_time) as last_time,
    max(date_part('epoch', usage_end) - date_part('epoch', usage_start)) > 20 * 86400 and count(distinct date_trunc('day', event_time)) = 1 as by_month,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from delivered
  where delivery = 1
    and coalesce(line_item_type, 'Usage') in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
    and billing_period is not null
  group by form, payer_account, account, billing_period
), calendar as (
  select
    form, payer_account, account, billing_period,
    unnest(generate_series(billing_period, billing_period + interval '1 month' - interval '1 day', interval '1 day')) as day
  from months
), there as (
  select distinct form, payer_account, account, billing_period, date_trunc('day', event_time) as day from delivered where delivery = 1
), missing as (
  select
    calendar.form, calendar.payer_account, calendar.account, calendar.billing_period,
    count(*) as days_missing, array_to_string(array_sort(array_agg(cast(cast(calendar.day as date) as text))), ', ') as days
  from calendar
  left join there
    on there.form = calendar.form and (there.payer_account is not distinct from calendar.payer_account) and (there.account is not distinct from calendar.account)
    and there.billing_period = calendar.billing_period and there.day = calendar.day
  where there.day is null
  group by calendar.form, calendar.payer_account, calendar.account, calendar.billing_period
)
select
  months.form, months.payer_account, months.account, months.billing_period, deliveries.deliveries, deliveries.latest as latest_delivery, months.lines, months.days_with_lines, months.by_month,
  coalesce(missing.days_missing, 0) as days_missing, missing.days as days_without_lines, months.first_time, months.last_time, months.evidence_object, months.evidence_record
from months
join deliveries
  on deliveries.form = months.form and (deliveries.payer_account is not distinct from months.payer_account) and deliveries.billing_period = months.billing_period
left join missing
  on missing.form = months.form and (missing.payer_account is not distinct from months.payer_account) and (missing.account is not distinct from months.account)
  and missing.billing_period = months.billing_period
where not $gaps_only or (missing.days_missing > 0 and not months.by_month)
order by months.billing_period, months.form, months.payer_account nulls first, months.account nulls first
