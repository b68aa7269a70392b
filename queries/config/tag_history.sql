-- title: History of tags
-- question: Which tags did resources have, from when to when, and who changed them?
-- sources: config_items, cloudtrail
-- attack: T1578
-- parameter: resource text = null
-- parameter: tag text = null
-- parameter: only_changes boolean = true
-- parameter: from timestamp = start
-- parameter: to timestamp = end
-- about resource: the id, the name or the ARN of the resource; null means every resource
-- about tag: the key of the tag, such as owner; null means every tag
-- about only_changes: false lists the tags that a resource had when Config first saw it, too
-- about from: the first capture to look at
-- about to: the last capture to look at
-- trap: The change lies somewhat before the capture; where class is none found nobody knows who made it, and CreateTags is often made by programs.
-- trap: Tags that AWS or CloudFormation sets (aws:…) change by themselves.
-- trap: Rights can hang on tags (aws:ResourceTag), so a changed tag can be a changed right.
-- next: config/who_changed
-- next: config/state_at
with changed as (
  select
    c.configurationitemcapturetime as captured, c.awsaccountid, c.awsregion, c.resourcetype, c.resourceid, c.resourcename, c.arn,
    regexp_replace(c.path, '^tags[.]?', '') as tag, c.before, c.after, a.class, a.api, a.actor, a.event_time, c.evidence_object, c.evidence_record, a.event_object, a.event_record
  from config_changes c
  left join config_attribution a
    on a.evidence_object = c.evidence_object and a.evidence_record = c.evidence_record and a.configurationitemcapturetime = c.configurationitemcapturetime
  where starts_with(c.path, 'tags')
), firsts as (
  select
    s.valid_from, s.awsaccountid, s.awsregion, s.resourcetype, s.resourceid, s.resourcename, s.arn, i.tags, s.evidence_object, s.evidence_record,
    row_number() over (partition by s.awsaccountid, s.awsregion, s.resourcetype, s.resourceid order by s.valid_from, s.evidence_object, s.evidence_record) as nth
  from config_states s
  join config_items i on i.evidence_object = s.evidence_object and i.evidence_record = s.evidence_record and i.resourcetype = s.resourcetype
), begun as (
  select
    valid_from as captured, awsaccountid, awsregion, resourcetype, resourceid, resourcename, arn, '(all)' as tag, cast(null as text) as before, tags as after,
    'first seen' as class, cast(null as text) as api, cast(null as text) as actor, cast(null as timestamp) as event_time, evidence_object, evidence_record,
    cast(null as text) as event_object, cast(null as bigint) as event_record
  from firsts
  where nth = 1
    and not $only_changes
    and tags is not null
    and tags <> '{}'
)
select *
from (select * from changed union all select * from begun)
where captured between $from and $to
  and ($resource is null or resourceid = $resource or resourcename = $resource or arn = $resource)
  and ($tag is null or tag = $tag or (tag = '(all)' and strpos(after, $tag) > 0))
order by captured, evidence_object, evidence_record, tag, before nulls first, after nulls first
