-- The changes that Config captured between two instants, with who made them.
select c.awsaccountid, c.awsregion, c.resourcetype, c.resourceid, max(c.resourcename) as resourcename, max(c.arn) as arn,
  c.configurationitemcapturetime,
  max(a.class) as class, max(a.actor) as actor, max(a.api) as api, max(a.event_time) as event_time,
  array_sort(array_agg(distinct c.path)) as paths, c.evidence_object, c.evidence_record,
  max(a.event_object) as event_object, max(a.event_record) as event_record
from config_changes c
left join config_attribution a
  on a.configurationitemcapturetime = c.configurationitemcapturetime
  and a.evidence_object = c.evidence_object and a.evidence_record = c.evidence_record
where c.configurationitemcapturetime > $from and c.configurationitemcapturetime <= $to
  and ($id is null or (c.resourceid = $id and c.resourcetype = $type and c.awsaccountid = $account and c.awsregion = $region))
group by c.awsaccountid, c.awsregion, c.resourcetype, c.resourceid, c.configurationitemcapturetime,
  c.evidence_object, c.evidence_record
order by c.configurationitemcapturetime, c.evidence_object, c.evidence_record
