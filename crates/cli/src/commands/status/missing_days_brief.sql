select source, account, region, sum(days) as days, count(*) as gaps,
  first_value(from_day order by days desc, from_day) as longest_from,
  first_value(to_day order by days desc, from_day) as longest_to
from ({all})
group by source, account, region
order by days desc, source, account nulls last, region nulls last
