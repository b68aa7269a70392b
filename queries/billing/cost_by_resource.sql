-- title: Cost by resource
-- question: What did each resource cost, for which use, from when to when, and does it stand in the bill since the incident only?
-- sources: billing
-- attack: T1496
-- parameter: resource text = null
-- parameter: quiet_days integer = 14
-- parameter: top integer = 50
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: part of the id, name or ARN; null means all
-- about quiet_days: resources that stand in the bill within so many days of its first day are not new
-- about top: how many lines where no resource is given, new resources first, then the dearest; null means all
-- about from: the first day to look at
-- about to: the last day to look at
-- trap: Only reports made with resources name them; the rest of the cost stands in the line without a resource.
-- trap: Only the latest delivery of each month is counted.
-- trap: tags are those that are activated for cost allocation, in the last line of the resource; aws:createdBy, where it is there, names who made it.
-- trap: Resources that cost nothing are here where the bill has a line for them, and not otherwise.
-- next: billing/unusual_days
-- next: config/resource_history
-- next: config/who_changed
with delivered as (
  select
    *,
    dense_rank() over (
      partition by form, payer_account, billing_period order by coalesce(assembly, '') desc, case when assembly is null then evidence_object end desc
    ) as delivery
  from billing
), begun as (
  select min(event_time) + cast(concat(cast($quiet_days as text), ' days') as interval) as quiet_until from billing
), grouped as (
  select
    account, region, service, resource,
    sum(unblended_cost) filter (where event_time between $from and $to) as cost,
    max(currency) as currency,
    count(*) filter (where event_time between $from and $to) as lines,
    array_to_string(array_sort(array_agg(distinct usage_type)), ', ') as usage_types,
    min(usage_start) as first_use,
    max(coalesce(usage_end, usage_start)) as last_use,
    count(distinct date_trunc('day', event_time)) as days,
    last_value(tags order by event_time, evidence_object, evidence_record) as tags,
    first_value(evidence_object order by event_time, evidence_object, evidence_record) as evidence_object,
    first_value(evidence_record order by event_time, evidence_object, evidence_record) as evidence_record
  from delivered
  where delivery = 1
    and coalesce(line_item_type, 'Usage') in ('Usage', 'DiscountedUsage', 'SavingsPlanCoveredUsage')
    and ($resource is null or strpos(resource, $resource) > 0)
  group by account, region, service, resource
), ranked as (
  select
    grouped.*, grouped.resource is not null and grouped.first_use >= begun.quiet_until as is_new,
    row_number() over (
      order by grouped.resource is not null and grouped.first_use >= begun.quiet_until desc, grouped.cost desc nulls last, grouped.first_use, grouped.account nulls first,
        grouped.region nulls first, grouped.service nulls first, grouped.resource nulls first
    ) as rank,
    count(*) over () as of_lines
  from grouped
  cross join begun
  where grouped.lines > 0
)
select
  resource, is_new, account, region, service, round(cost, 4) as cost, currency, usage_types, first_use, last_use, days, lines, tags, evidence_object, evidence_record, of_lines
from ranked
where $resource is not null or $top is null or rank <= $top
order by rank
