-- Days in a period of which no Config file is here: every day that an account and region skips, of all or of one.
with
days as (
  select distinct account, region, date_trunc('day', hour) as day from coverage
  where source = 'config_items' and ($account is null or account = $account) and ($region is null or region = $region)
),
spans as (
  select account, region, unnest(generate_series(date_trunc('day', $from), date_trunc('day', $to), interval '1 day')) as day
  from (select distinct account, region from days)
)
select cast(cast(s.day as date) as varchar) as day, s.account, s.region
from spans s
left join days d on d.account = s.account and d.region = s.region and d.day = s.day
where d.day is null
order by 2, 3, 1
