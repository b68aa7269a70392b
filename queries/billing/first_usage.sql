-- title: Never billed before
-- question: Which usage types, services and regions stand in the bill that were never billed in that account before?
-- sources: billing
-- attack: T1496, T1535
-- parameter: quiet_days integer = 14
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about quiet_days: what was first billed within so many days of the first day of an account's bill is taken for usual
-- about top: how many lines, new regions first, then new services; null means all
-- about from: the first day to look at
-- about to: the last day to look at
-- trap: Before means in the bill that was collected; with one month of it nearly everything is new.
-- trap: All deliveries of a month are read, so a line that a later delivery took back is here, too; amount and cost are of the latest delivery that has it.
-- trap: Names of usage types change when AWS changes its prices; a name can be new though the use is not.
-- trap: Use can be billed in another region than it was asked for in, and much of it stands without a region (global).
-- trap: Amounts count even where the cost is 0 (free tier).
-- next: billing/without_events
-- next: billing/cost_by_resource
-- next: defense_evasion/first_use_of_regions
with used as (
  select
    *, coalesce(account, '') as in_account, coalesce(region, '') as in_region, coalesce(service, '') as of_service, coalesce(usage_type, '') as of_usage,
    dense_rank() over (
      partition by form, payer_account, billing_period order by coalesce(assembly, '') desc, case when assembly is null then evidence_object end desc
    ) as delivery
  from billing
  where coalesce(line_item_type, 'Usage') in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
), begun as (
  select in_account, min(event_time) as bill_begins from used group by in_account
), kinds as (
  select
    in_account, in_region, of_service, of_usage,
    min(event_time) as first_time, max(event_time) as last_time, count(distinct date_trunc('day', event_time)) as days,
    sum(usage_amount) filter (where delivery = 1) as amount, max(usage_unit) as unit, sum(unblended_cost) filter (where delivery = 1) as cost, max(currency) as currency,
    first_value(resource order by event_time, resource nulls last, evidence_object, evidence_record) as a_resource,
    first_value(operation order by event_time, operation nulls last, evidence_object, evidence_record) as an_operation,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from used
  group by in_account, in_region, of_service, of_usage
), placed as (
  select
    kinds.*, begun.bill_begins,
    min(first_time) over (partition by kinds.in_account, in_region) as first_of_region,
    min(first_time) over (partition by kinds.in_account, of_service) as first_of_service,
    begun.bill_begins + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until
  from kinds
  join begun on begun.in_account = kinds.in_account
), judged as (
  select
    *,
    case when first_of_region >= quiet_until then 'region' when first_of_service >= quiet_until then 'service' else 'usage type' end as new
  from placed
  where first_time >= quiet_until
    and first_time between $from and $to
), ranked as (
  select
    *,
    row_number() over (
      order by case new when 'region' then 0 when 'service' then 1 else 2 end, first_time, in_account, in_region, of_service, of_usage
    ) as rank,
    count(*) over () as of_lines
  from judged
)
select
  new, first_time, last_time, days, in_account as account, in_region as region, of_service as service, of_usage as usage_type, an_operation, a_resource, round(amount, 4) as amount, unit,
  round(cost, 4) as cost, currency, bill_begins, evidence_object, evidence_record, of_lines
from ranked
where $top is null or rank <= $top
order by rank
