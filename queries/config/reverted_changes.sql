-- title: Changes that were put back
-- question: Which values were changed and later put back to what they had been, by whom, and for how long?
-- sources: config_items, cloudtrail
-- attack: T1070, T1578
-- parameter: within_hours integer = 168
-- about within_hours: the longest time between the change and its reversal
-- trap: A change that was put back before Config captured it does not show at all; config/calls_without_change has its calls.
-- trap: Elements of unordered lists are told apart by their content, so one that was taken out and put in again counts.
-- next: config/who_changed
with changes as (
  select c.*, a.actor, a.class, a.api
  from config_changes c
  left join config_attribution a
    on a.configurationitemcapturetime = c.configurationitemcapturetime
    and a.evidence_object = c.evidence_object and a.evidence_record = c.evidence_record
  where c.kind = 'changed'
)
select
  x.configurationitemcapturetime as changed_at, y.configurationitemcapturetime as put_back_at,
  x.awsaccountid, x.awsregion, x.resourcetype, x.resourceid, x.resourcename, x.path, x.before, x.after,
  x.actor as changed_by, x.class as changed_class, y.actor as put_back_by, y.class as put_back_class,
  x.evidence_object, x.evidence_record, y.evidence_object as put_back_object, y.evidence_record as put_back_record
from changes x
join changes y
  on y.awsaccountid = x.awsaccountid and y.awsregion = x.awsregion and y.resourcetype = x.resourcetype
  and y.resourceid = x.resourceid and y.path = x.path
  and (y.before is not distinct from x.after) and (y.after is not distinct from x.before)
  and y.configurationitemcapturetime > x.configurationitemcapturetime
  and y.configurationitemcapturetime <= x.configurationitemcapturetime + cast(concat(cast($within_hours as text), ' hours') as interval)
order by changed_at, x.evidence_object, x.evidence_record, x.path, put_back_at
